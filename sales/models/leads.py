"""From a first word to a customer: campaigns, leads, who they go to, and who referred whom."""

from datetime import timedelta
from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper

from salesmgmt.desk.audit import audited
from salesmgmt.lib.finding import Words
from teams.models import (
    Access,
    Person,
    Record,
    RecordQuerySet,
    Team,
    Territory,
    Viewer,
    access_of,
    external_id_is_unique,
)

from .customers import Account, Contact
from .deals import Deal


class CampaignQuerySet(RecordQuerySet):
    def visible_to(self, user: Viewer) -> Self:
        """What the company does for its market is no secret within it."""
        return self.present() if user.is_authenticated and access_of(user).role != "none" else self.none()


class Campaign(Record):
    """What marketing does to be heard, and by whom it meant to be: an empty list of an audience means anybody."""

    name = models.CharField(max_length=200)
    channel = models.CharField(max_length=100, blank=True)
    audience = models.CharField("Meant for", max_length=500, blank=True)
    industries = ArrayField(models.CharField(max_length=100), default=list, blank=True)
    countries = ArrayField(models.CharField(max_length=100), default=list, blank=True)
    least_employees = models.PositiveIntegerField(null=True, blank=True)
    most_employees = models.PositiveIntegerField(null=True, blank=True)
    starts_on = models.DateField(null=True, blank=True)
    ends_on = models.DateField(null=True, blank=True)
    cost = models.DecimalField(max_digits=18, decimal_places=2, null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    version = models.PositiveIntegerField(default=1)

    objects = CampaignQuerySet.as_manager()

    class Meta:
        triggers = audited()
        constraints = [
            external_id_is_unique("campaign"),
            models.UniqueConstraint(fields=["name"], condition=Q(withdrawn_at=None), name="campaign_name_is_unique"),
            models.CheckConstraint(
                condition=Q(starts_on=None) | Q(ends_on=None) | Q(ends_on__gte=F("starts_on")),
                name="campaign_ends_after_it_starts",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class LeadQuerySet(RecordQuerySet):
    def seen_by(self, access: Access) -> Q:
        """One's people's; those that nobody has yet, whoever leads a team sees."""
        return Q(owner__in=access.people) | (Q(owner=None) if access.leads else Q(pk__in=[]))

    def waiting(self) -> Self:
        """Not yet decided."""
        return self.filter(status__in=[Lead.Status.NEW, Lead.Status.WORKING])


class Lead(Record):
    """Somebody who may become a customer. `status` is a copy of the last LeadChange, written by the same service."""

    class Status(models.TextChoices):
        NEW = "new", "New"
        WORKING = "working", "Working"
        QUALIFIED = "qualified", "Qualified"
        DISQUALIFIED = "disqualified", "Disqualified"

    class Reason(models.TextChoices):
        BAD_FIT = "bad_fit", "Bad fit"
        NO_NEED = "no_need", "No need"
        NO_BUDGET = "no_budget", "No budget"
        NO_ANSWER = "no_answer", "No answer"
        DUPLICATE = "duplicate", "Duplicate"
        NOT_REAL = "not_real", "Not a real enquiry"

    name = models.CharField(max_length=200)
    company = models.CharField(max_length=200, blank=True)
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=50, blank=True)
    country = models.CharField(max_length=100, blank=True)
    industry = models.CharField(max_length=100, blank=True)
    employees = models.PositiveIntegerField(null=True, blank=True)
    notes = models.TextField(blank=True, max_length=10_000)
    owner = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="leads")
    territory = models.ForeignKey(Territory, models.SET_NULL, null=True, blank=True, related_name="leads")
    source = models.CharField(max_length=100, blank=True)
    campaign = models.ForeignKey(Campaign, models.SET_NULL, null=True, blank=True, related_name="leads")
    referrer = models.ForeignKey(Contact, models.SET_NULL, null=True, blank=True, related_name="referred_leads")
    received_at = models.DateTimeField()
    first_response_at = models.DateTimeField(null=True, blank=True)
    status = models.CharField(max_length=12, choices=Status, default=Status.NEW)
    disqualified_for = models.CharField(max_length=10, choices=Reason, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    account = models.ForeignKey(Account, models.SET_NULL, null=True, blank=True, related_name="leads")
    contact = models.ForeignKey(Contact, models.SET_NULL, null=True, blank=True, related_name="leads")
    deal = models.ForeignKey(Deal, models.SET_NULL, null=True, blank=True, related_name="leads")
    custom = models.JSONField(default=dict, blank=True, db_default={}, help_text="Values of CustomField, by key")
    version = models.PositiveIntegerField(default=1)

    objects = LeadQuerySet.as_manager()

    class Meta:
        triggers = audited()
        constraints = [
            external_id_is_unique("lead"),
            models.CheckConstraint(
                condition=Q(disqualified_for="") | Q(status="disqualified"),
                name="only_the_disqualified_have_reasons",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["new", "working"], decided_at=None)
                | Q(status__in=["qualified", "disqualified"], decided_at__isnull=False),
                name="decided_leads_have_a_moment",
            ),
            models.CheckConstraint(
                condition=Q(first_response_at=None) | Q(first_response_at__gte=F("received_at")),
                name="lead_is_answered_after_it_came_in",
            ),
        ]
        indexes = [
            models.Index(fields=["owner", "status"], name="lead_by_owner"),
            models.Index(F("received_at").desc(), F("id").desc(), condition=Q(withdrawn_at=None), name="lead_by_time"),
            models.Index(fields=["campaign"], condition=Q(campaign__isnull=False), name="lead_by_campaign"),
            GinIndex(OpClass(Upper("name"), name="gin_trgm_ops"), name="lead_name_likeness"),
            GinIndex(OpClass(Upper("company"), name="gin_trgm_ops"), name="lead_company_likeness"),
            GinIndex(Words("name", "company", "email"), name="lead_by_words"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_waiting(self) -> bool:
        return self.status in {self.Status.NEW, self.Status.WORKING}

    @property
    def response_time(self) -> timedelta | None:
        """From coming in to the first answer, as the clock runs."""
        return self.first_response_at - self.received_at if self.first_response_at else None


class LeadChange(models.Model):
    """One field of a lead changed: who, when, from, to."""

    lead = models.ForeignKey(Lead, models.CASCADE, related_name="changes")
    changed_at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    field = models.CharField(max_length=20, help_text="status, owner, first_response_at, campaign …")
    was = models.CharField(max_length=200, blank=True)
    value = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=200, blank=True, help_text="The rule that assigned it, or why it was decided")

    class Meta:
        indexes = [models.Index(fields=["lead", "changed_at"], name="lead_change_by_lead")]


class AssignmentRule(models.Model):
    """Who gets a new lead: the first active rule whose conditions hold (an empty one always holds) says how."""

    class Method(models.TextChoices):
        PERSON = "person", "One person"
        TERRITORY = "territory", "Who covers its territory"
        LOAD = "load", "Who has the fewest open leads"
        ROUND_ROBIN = "round_robin", "In turn"

    name = models.CharField(max_length=100, unique=True)
    position = models.PositiveSmallIntegerField(default=0)
    is_active = models.BooleanField(default=True)
    source = models.CharField(max_length=100, blank=True)
    campaign = models.ForeignKey(Campaign, models.CASCADE, null=True, blank=True, related_name="rules")
    country = models.CharField(max_length=100, blank=True)
    industry = models.CharField(max_length=100, blank=True)
    territory = models.ForeignKey(Territory, models.CASCADE, null=True, blank=True, related_name="+")
    method = models.CharField(max_length=11, choices=Method)
    person = models.ForeignKey(Person, models.CASCADE, null=True, blank=True, related_name="+")
    team = models.ForeignKey(Team, models.CASCADE, null=True, blank=True, related_name="+", help_text="And those below")
    last_person = models.ForeignKey(
        Person, models.SET_NULL, null=True, blank=True, editable=False, related_name="+", help_text="Whose turn it was"
    )

    class Meta:
        triggers = audited("last_person_id")
        constraints = [
            models.CheckConstraint(
                condition=Q(method="person", person__isnull=False)
                | Q(method="territory")
                | Q(method__in=["load", "round_robin"], team__isnull=False),
                name="assignment_rule_says_to_whom",
            )
        ]

    def __str__(self) -> str:
        return self.name


class Referral(Record):
    """A happy customer asked for a referral: who asked whom, the lead that came of it, and the thanks."""

    owner = models.ForeignKey(Person, models.PROTECT, related_name="referrals")
    account = models.ForeignKey(Account, models.PROTECT, related_name="referrals")
    contact = models.ForeignKey(Contact, models.SET_NULL, null=True, blank=True, related_name="referrals")
    asked_on = models.DateField()
    note = models.CharField(max_length=500, blank=True)
    lead = models.OneToOneField(Lead, models.SET_NULL, null=True, blank=True, related_name="referral")
    declined_on = models.DateField(null=True, blank=True)
    thanked_on = models.DateField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    objects = RecordQuerySet.as_manager()

    class Meta:
        triggers = audited()
        constraints = [external_id_is_unique("referral")]
        indexes = [models.Index(fields=["account"], name="referral_by_account")]
