"""What is heard in the market, and what alike customers would buy next."""

from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q

from salesmgmt.desk.audit import audited
from salesmgmt.lib.finding import Words
from teams.models import Access, Person, Record, RecordQuerySet, Viewer, access_of, external_id_is_unique

from .activities import Task
from .contracts import Contract
from .customers import Account, Contact, Product
from .deals import Competitor, Deal
from .orders import Order


class MarketNoteQuerySet(RecordQuerySet):
    def seen_by(self, access: Access) -> Q:
        """Notes about the market are everybody's who works here; those about an account are of who sees it."""
        if access.role == "none":
            return Q(pk__in=[])
        seen = Account.objects.all().ids_seen_by(access)
        return Q(owner__in=access.people) | Q(account=None) | Q(account__in=seen)


class MarketNote(Record):
    """What a competitor or a customer does, noted in ten seconds."""

    owner = models.ForeignKey(Person, models.PROTECT, related_name="market_notes")
    noted_at = models.DateTimeField()
    text = models.TextField(max_length=2000)
    tags = ArrayField(models.CharField(max_length=50), default=list, blank=True)
    product = models.ForeignKey(Product, models.SET_NULL, null=True, blank=True, related_name="market_notes")
    competitor = models.ForeignKey(Competitor, models.SET_NULL, null=True, blank=True, related_name="market_notes")
    account = models.ForeignKey(Account, models.SET_NULL, null=True, blank=True, related_name="market_notes")
    version = models.PositiveIntegerField(default=1)

    objects = MarketNoteQuerySet.as_manager()

    class Meta:
        triggers = audited()
        constraints = [external_id_is_unique("market_note")]
        indexes = [
            models.Index(models.F("noted_at").desc(), models.F("id").desc(), name="market_note_by_time"),
            GinIndex(fields=["tags"], name="market_note_by_tag"),
            models.Index(fields=["account", "noted_at"], name="market_note_by_account"),
            GinIndex(Words("text"), name="market_note_by_words"),
        ]


class RecommendationQuerySet(models.QuerySet):
    def visible_to(self, user: Viewer) -> Self:
        """Those of one's people, and of nobody's accounts whoever sees all."""
        access = access_of(user)
        return self.all() if access.sees_all else self.filter(owner__in=access.people)

    def open(self) -> Self:
        return self.filter(state=Recommendation.State.OPEN)


class Recommendation(models.Model):
    """What to do next for a customer, and why; taken, it becomes a task, and what came of it is measured."""

    class Kind(models.TextChoices):
        REORDER = "reorder", "Overdue by its own rhythm"
        CROSS_SELL = "cross_sell", "What alike customers buy"
        RENEWAL = "renewal", "Contract to renew"
        BIRTHDAY = "birthday", "Birthday"
        REFERRAL = "referral", "Ask for a referral"

    class State(models.TextChoices):
        OPEN = "open", "Open"
        TAKEN = "taken", "Taken"
        DISMISSED = "dismissed", "Dismissed"
        EXPIRED = "expired", "Expired"

    account = models.ForeignKey(Account, models.CASCADE, related_name="recommendations")
    owner = models.ForeignKey(Person, models.CASCADE, null=True, related_name="recommendations")
    kind = models.CharField(max_length=10, choices=Kind)
    product = models.ForeignKey(Product, models.CASCADE, null=True, related_name="+")
    contact = models.ForeignKey(Contact, models.CASCADE, null=True, related_name="+")
    contract = models.ForeignKey(Contract, models.CASCADE, null=True, related_name="+")
    sentence = models.CharField(max_length=300)
    evidence = models.JSONField(default=dict, help_text="The counts behind the sentence")
    made_on = models.DateField()
    state = models.CharField(max_length=9, choices=State, default=State.OPEN)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    task = models.OneToOneField(Task, models.SET_NULL, null=True, related_name="recommendation")
    order = models.ForeignKey(
        Order, models.SET_NULL, null=True, related_name="+", help_text="The first order that answers it"
    )
    deal = models.ForeignKey(Deal, models.SET_NULL, null=True, related_name="+")

    objects = RecommendationQuerySet.as_manager()

    class Meta:
        triggers = audited()
        indexes = [
            models.Index(fields=["owner", "state"], name="recommendation_by_owner"),
            models.Index(F("made_on").desc(), F("id").desc(), name="recommendation_by_day"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "kind", "product", "contact", "contract"],
                condition=Q(state="open"),
                nulls_distinct=False,
                name="recommendation_is_made_once",
            )
        ]


class Gift(Record):
    """The register of gifts: a yearly limit per recipient, none to public officials (R27)."""

    contact = models.ForeignKey(Contact, models.PROTECT, related_name="gifts")
    account = models.ForeignKey(Account, models.PROTECT, related_name="gifts")
    owner = models.ForeignKey(Person, models.PROTECT, related_name="gifts", help_text="Who gives")
    occasion = models.CharField(max_length=200)
    amount = models.DecimalField(max_digits=18, decimal_places=2)
    currency = models.CharField(max_length=3)
    given_on = models.DateField()

    objects = RecordQuerySet.as_manager()

    class Meta:
        triggers = audited()
        indexes = [models.Index(fields=["contact", "given_on"], name="gift_by_contact")]
        constraints = [
            external_id_is_unique("gift"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="gift_is_worth_something"),
        ]
