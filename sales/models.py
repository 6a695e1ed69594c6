"""What happened: accounts, deals, activities, orders, and the credit ledger."""

from decimal import Decimal
from typing import Self

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper

from salesmgmt.desk.audit import audited
from salesmgmt.lib.ledger import APPEND_ONLY, LedgerEntry
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


class ForecastCategory(models.TextChoices):
    OMITTED = "omitted", "Omitted"
    PIPELINE = "pipeline", "Pipeline"
    BEST_CASE = "best_case", "Best case"
    COMMIT = "commit", "Commit"
    CLOSED = "closed", "Closed"


def may_write_for(user: Viewer, owner_id: int | None) -> bool:
    """May `user` change what this person owns? The person, who leads them today, admin and operations.

    Narrower than reading: an executive and a credited colleague read. What nobody owns, those may change who see all.
    """
    access = access_of(user)
    if access.imports:
        return True
    return owner_id is not None and (owner_id == access.person_id or owner_id in access.people)


# ── Customers and products ──────────────────────────────────────────────────────────────────────────────────────


class AccountQuerySet(RecordQuerySet):
    def seen_by(self, access: Access) -> Q:
        """Own accounts, those one has a deal with, and those that nobody owns."""
        dealt_with = Deal.objects.filter(owner__in=access.people, withdrawn_at=None, account__isnull=False)
        return Q(owner__in=access.people) | Q(owner=None) | Q(pk__in=dealt_with.values("account"))


class Account(Record):
    """A company that buys or might."""

    name = models.CharField(max_length=200)
    industry = models.CharField(max_length=100, blank=True)
    country = models.CharField(max_length=100, blank=True)
    revenue = models.DecimalField(max_digits=18, decimal_places=2, null=True, blank=True)
    employees = models.PositiveIntegerField(null=True, blank=True)
    parent = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="children")
    owner = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="accounts")
    territory = models.ForeignKey(Territory, models.SET_NULL, null=True, blank=True, related_name="accounts")

    objects = AccountQuerySet.as_manager()

    class Meta:
        triggers = audited()
        constraints = [external_id_is_unique("account")]
        indexes = [
            models.Index(fields=["name"], name="account_by_name"),
            models.Index(fields=["owner"], name="account_by_owner"),
            GinIndex(OpClass(Upper("name"), name="gin_trgm_ops"), name="account_name_likeness"),
        ]

    def __str__(self) -> str:
        return self.name


class ContactQuerySet(RecordQuerySet):
    def seen_by(self, access: Access) -> Q:
        return Q(account__in=Account.objects.present().filter(Account.objects.all().seen_by(access)).values("pk")) | Q(
            account=None, made_by__in=access.people
        )


class Contact(Record):
    """A person at a customer."""

    name = models.CharField(max_length=200)
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=50, blank=True)
    account = models.ForeignKey(Account, models.PROTECT, null=True, blank=True, related_name="contacts")
    made_by = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="+")
    birthday = models.DateField(null=True, blank=True)

    objects = ContactQuerySet.as_manager()

    class Meta:
        triggers = audited()
        constraints = [external_id_is_unique("contact")]
        indexes = [models.Index(fields=["name"], name="contact_by_name")]

    def __str__(self) -> str:
        return self.name


class ProductQuerySet(models.QuerySet):
    def present(self) -> Self:
        return self.filter(withdrawn_at=None)

    def visible_to(self, user: Viewer) -> Self:
        """The price list is everybody's who works here."""
        return self.present() if user.is_authenticated and access_of(user).role != "none" else self.none()


class Product(Record):
    """What is sold, at which list price."""

    name = models.CharField(max_length=200)
    family = models.CharField(max_length=100, blank=True)
    list_price = models.DecimalField(max_digits=18, decimal_places=4, null=True, blank=True)
    unit_cost = models.DecimalField(max_digits=18, decimal_places=4, null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True)

    objects = ProductQuerySet.as_manager()

    class Meta:
        triggers = audited()
        constraints = [
            external_id_is_unique("product"),
            models.UniqueConstraint(fields=["name"], condition=Q(withdrawn_at=None), name="product_name_is_unique"),
        ]

    def __str__(self) -> str:
        return self.name


# ── Deals ───────────────────────────────────────────────────────────────────────────────────────────────────────


class Pipeline(models.Model):
    """A way of selling with its own stages."""

    name = models.CharField(max_length=100, unique=True)

    def __str__(self) -> str:
        return self.name


class Stage(models.Model):
    """A step of a pipeline, with the probability and forecast category a deal has there unless it says otherwise."""

    pipeline = models.ForeignKey(Pipeline, models.PROTECT, related_name="stages")
    name = models.CharField(max_length=100)
    position = models.PositiveSmallIntegerField()
    probability = models.DecimalField(max_digits=5, decimal_places=2, default=0, help_text="Percent")
    forecast_category = models.CharField(max_length=10, choices=ForecastCategory, default=ForecastCategory.PIPELINE)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["pipeline", "name"], name="stage_name_is_unique"),
            models.UniqueConstraint(
                fields=["pipeline", "position"], name="stage_position_is_unique", deferrable=models.Deferrable.DEFERRED
            ),
            models.CheckConstraint(condition=Q(probability__range=(0, 100)), name="stage_probability_is_a_percentage"),
        ]

    def __str__(self) -> str:
        return self.name


class LostReason(models.Model):
    """Why a deal was lost. Duplicates and bad fits don't count in the win rate (R16)."""

    key = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=100)
    counts = models.BooleanField(default=True, help_text="Counts in the win rate")

    def __str__(self) -> str:
        return self.name


FEW = 2000


def credited_on(user: Viewer, path: str) -> models.QuerySet | list[int]:
    """Ids of others' orders (or their deals) on which one's people hold a share of the credit.

    Mostly a handful: given as a list, the index on owners and the one on ids are used together; a subquery would have
    the whole list walked. Looked up once per user object, as `access_of` is.
    """
    name = f"_credited_on_{path}"
    held: models.QuerySet | list[int] | None = getattr(user, name, None)
    if held is None:
        people = access_of(user).people
        shares = CreditShare.objects.filter(person__in=people, **{f"{path}__isnull": False})
        ids = shares.exclude(**{f"{path}__owner__in": people}).values_list(path, flat=True)
        some = list(ids[: FEW + 1])
        held = some if len(some) <= FEW else ids
        setattr(user, name, held)
    return held


class DealQuerySet(RecordQuerySet):
    def visible_to(self, user: Viewer) -> Self:
        """One's people's deals, and those on whose order they hold a share of the credit."""
        access = access_of(user)
        present = self.present()
        if access.sees_all:
            return present
        if not access.people:
            return self.none()
        return present.filter(Q(owner__in=access.people) | Q(pk__in=credited_on(user, "order__deal")))

    def open(self) -> Self:
        return self.filter(status=Deal.Status.OPEN)

    def won(self) -> Self:
        return self.filter(status=Deal.Status.WON)

    def lost(self) -> Self:
        return self.filter(status=Deal.Status.LOST)


class Deal(Record):
    """A sale in the making. `stage` and `status` are copies of the last DealChange, written by the same service."""

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        WON = "won", "Won"
        LOST = "lost", "Lost"

    name = models.CharField(max_length=300)
    owner = models.ForeignKey(Person, models.PROTECT, related_name="deals")
    account = models.ForeignKey(Account, models.PROTECT, null=True, blank=True, related_name="deals")
    contact = models.ForeignKey(Contact, models.SET_NULL, null=True, blank=True, related_name="deals")
    product = models.ForeignKey(Product, models.PROTECT, null=True, blank=True, related_name="deals")
    stage = models.ForeignKey(Stage, models.PROTECT, related_name="deals")
    status = models.CharField(max_length=4, choices=Status, default=Status.OPEN)
    amount = models.DecimalField(max_digits=18, decimal_places=2, null=True, blank=True)
    currency = models.CharField(max_length=3)
    opened_on = models.DateField(null=True, blank=True)
    expected_close_on = models.DateField(null=True, blank=True)
    closed_on = models.DateField(null=True, blank=True)
    lost_reason = models.ForeignKey(LostReason, models.PROTECT, null=True, blank=True, related_name="deals")
    own_forecast_category = models.CharField(
        max_length=10, choices=ForecastCategory, blank=True, help_text="Empty: the stage's"
    )
    source = models.CharField(max_length=100, blank=True)
    next_step = models.CharField(max_length=200, blank=True)
    next_step_on = models.DateField(null=True, blank=True)
    books_order = models.BooleanField(
        default=True, db_default=True, editable=False, help_text="Winning it books an order where none names it"
    )
    version = models.PositiveIntegerField(default=1, help_text="Goes up with each change; a stale form is refused")

    objects = DealQuerySet.as_manager()

    class Meta:
        triggers = audited()
        constraints = [
            external_id_is_unique("deal"),
            models.CheckConstraint(
                condition=Q(status="open", closed_on=None) | (~Q(status="open") & Q(closed_on__isnull=False)),
                name="closed_deals_have_a_closing_day",
            ),
            models.CheckConstraint(
                condition=Q(lost_reason=None) | Q(status="lost"), name="only_lost_deals_have_a_reason"
            ),
            models.CheckConstraint(condition=Q(amount=None) | Q(amount__gte=0), name="deal_amount_is_not_negative"),
        ]
        indexes = [
            models.Index(fields=["owner", "status", "expected_close_on"], name="deal_by_owner"),
            models.Index(fields=["account"], name="deal_by_account"),
            models.Index(
                F("expected_close_on"),
                F("id"),
                condition=Q(withdrawn_at=None, status="open"),
                name="open_deal_by_close",
            ),
            models.Index(F("opened_on").desc(), F("id").desc(), condition=Q(withdrawn_at=None), name="deal_by_opening"),
            models.Index(F("closed_on").desc(), F("id").desc(), condition=Q(withdrawn_at=None), name="deal_by_closing"),
            models.Index(F("amount").desc(), F("id").desc(), condition=Q(withdrawn_at=None), name="deal_by_amount"),
            GinIndex(OpClass(Upper("name"), name="gin_trgm_ops"), name="deal_name_likeness"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_open(self) -> bool:
        return self.status == self.Status.OPEN

    @property
    def forecast_category(self) -> str:
        return self.own_forecast_category or self.stage.forecast_category

    @property
    def cycle_days(self) -> int | None:
        """Days from opened to closed; unknown where either is missing or they contradict each other."""
        if self.opened_on is None or self.closed_on is None or self.opened_on > self.closed_on:
            return None
        return (self.closed_on - self.opened_on).days


class DealChange(models.Model):
    """One field of a deal changed: who, when, from, to. The first row of a field says what it was at the opening."""

    class Field(models.TextChoices):
        STAGE = "stage"
        STATUS = "status"
        AMOUNT = "amount"
        EXPECTED_CLOSE_ON = "expected_close_on"
        OWNER = "owner"
        FORECAST_CATEGORY = "forecast_category"
        NAME = "name"
        ACCOUNT = "account"
        CONTACT = "contact"
        PRODUCT = "product"
        CURRENCY = "currency"
        OPENED_ON = "opened_on"
        CLOSED_ON = "closed_on"
        LOST_REASON = "lost_reason"
        SOURCE = "source"
        NEXT_STEP = "next_step"
        NEXT_STEP_ON = "next_step_on"

    deal = models.ForeignKey(Deal, models.CASCADE, related_name="changes")
    changed_at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    field = models.CharField(max_length=20, choices=Field)
    was = models.CharField(max_length=200, blank=True)
    value = models.CharField(max_length=200, blank=True, help_text="Name of a stage, id of a person, ISO date, amount")

    class Meta:
        indexes = [models.Index(fields=["deal", "changed_at"], name="deal_change_by_deal")]

    def __str__(self) -> str:
        return f"{self.field}: {self.was} → {self.value}"


class OutcomeQuerySet(models.QuerySet):
    def visible_to(self, user: Viewer) -> Self:
        access = access_of(user)
        return self.all() if access.sees_all else self.filter(person__in=access.people)


class Outcome(models.Model):
    """Ledger of decisions: a deal won or lost counts 1, reopening it counts −1 on the day of the reopening (R11).

    Carries the owner and their team at the moment of posting. Undoing an import reverses it on its own day.
    """

    deal = models.ForeignKey(Deal, models.PROTECT, related_name="outcomes")
    person = models.ForeignKey(Person, models.PROTECT, related_name="outcomes")
    team = models.ForeignKey(Team, models.PROTECT, null=True, related_name="+")
    status = models.CharField(max_length=4, choices=[("won", "Won"), ("lost", "Lost")])
    count = models.SmallIntegerField(help_text="1, or −1 where it takes back what it reverses")
    occurred_on = models.DateField()
    posted_on = models.DateField()
    amount = models.DecimalField(max_digits=18, decimal_places=2, help_text="Reporting currency, signed like count")
    cycle_days = models.PositiveIntegerField(null=True)
    counts = models.BooleanField(default=True, help_text="False for duplicates and bad fits (R16)")
    recorded_at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    reason = models.CharField(max_length=200)
    reverses = models.ForeignKey("self", models.PROTECT, null=True, related_name="reversed_by")

    objects = OutcomeQuerySet.as_manager()

    class Meta:
        triggers = [APPEND_ONLY]
        indexes = [
            models.Index(fields=["person", "occurred_on"], name="outcome_by_person"),
            models.Index(fields=["deal"], name="outcome_by_deal"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(count__in=[1, -1]), name="outcome_counts_once"),
            models.CheckConstraint(
                condition=Q(count=1, reverses=None) | Q(count=-1, reverses__isnull=False),
                name="outcome_takes_back_what_it_reverses",
            ),
            models.UniqueConstraint(fields=["reverses"], name="outcome_is_reversed_once"),
        ]


# ── Activities and tasks ────────────────────────────────────────────────────────────────────────────────────────


class Activity(Record):
    """Something a rep did with or for a customer."""

    class Kind(models.TextChoices):
        CALL = "call", "Call"
        EMAIL = "email", "E-mail"
        MEETING = "meeting", "Meeting"
        DEMO = "demo", "Demo"
        VISIT = "visit", "Visit"
        TASK = "task", "Task"

    owner = models.ForeignKey(Person, models.PROTECT, related_name="activities")
    kind = models.CharField(max_length=8, choices=Kind)
    occurred_at = models.DateTimeField()
    occurred_on = models.DateField(editable=False, help_text="The day of occurred_at in the organisation's zone")
    account = models.ForeignKey(Account, models.PROTECT, null=True, blank=True, related_name="activities")
    contact = models.ForeignKey(Contact, models.SET_NULL, null=True, blank=True, related_name="activities")
    deal = models.ForeignKey(Deal, models.SET_NULL, null=True, blank=True, related_name="activities")
    outcome = models.CharField(max_length=100, blank=True)
    duration_minutes = models.PositiveIntegerField(null=True, blank=True)
    notes = models.TextField(blank=True, max_length=10_000)
    version = models.PositiveIntegerField(default=1)

    objects = RecordQuerySet.as_manager()

    class Meta:
        triggers = audited()
        verbose_name_plural = "activities"
        constraints = [
            external_id_is_unique("activity"),
            models.CheckConstraint(
                condition=Q(duration_minutes=None) | Q(duration_minutes__lte=1440), name="activity_fits_in_a_day"
            ),
        ]
        indexes = [
            models.Index(fields=["owner", "occurred_on"], name="activity_by_owner"),
            models.Index(
                F("occurred_at").desc(), F("id").desc(), condition=Q(withdrawn_at=None), name="activity_by_time"
            ),
            models.Index(fields=["deal"], condition=Q(deal__isnull=False), name="activity_by_deal"),
            models.Index(fields=["account"], condition=Q(account__isnull=False), name="activity_by_account"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} by {self.owner}"


class Task(models.Model):
    """The one to-do noun: what somebody has to do, by when, and what asked for it."""

    owner = models.ForeignKey(Person, models.CASCADE, related_name="tasks")
    text = models.CharField(max_length=300)
    due_on = models.DateField()
    source = models.CharField(max_length=20, help_text="manual, follow_up, flag, action_item")
    reason = models.CharField(max_length=300, blank=True)
    link = models.CharField(max_length=300, blank=True)
    account = models.ForeignKey(Account, models.SET_NULL, null=True, blank=True, related_name="tasks")
    deal = models.ForeignKey(Deal, models.SET_NULL, null=True, blank=True, related_name="tasks")
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["owner", "due_on"], condition=Q(done_at=None), name="open_task_by_owner")]

    def __str__(self) -> str:
        return self.text


# ── Orders and credit ───────────────────────────────────────────────────────────────────────────────────────────


class OrderQuerySet(RecordQuerySet):
    def visible_to(self, user: Viewer) -> Self:
        access = access_of(user)
        present = self.present()
        if access.sees_all:
            return present
        if not access.people:
            return self.none()
        return present.filter(Q(owner__in=access.people) | Q(pk__in=credited_on(user, "order")))


class Order(Record):
    """What a customer ordered. A won deal books one of its own only when none names it (R12)."""

    number = models.CharField(max_length=100, blank=True)
    owner = models.ForeignKey(Person, models.PROTECT, related_name="orders")
    account = models.ForeignKey(Account, models.PROTECT, null=True, blank=True, related_name="orders")
    deal = models.ForeignKey(Deal, models.PROTECT, null=True, blank=True, related_name="orders")
    product = models.ForeignKey(Product, models.PROTECT, null=True, blank=True, related_name="orders")
    quantity = models.DecimalField(max_digits=18, decimal_places=4, null=True, blank=True)
    amount = models.DecimalField(max_digits=18, decimal_places=2, help_text="Net of tax and discount")
    currency = models.CharField(max_length=3)
    ordered_on = models.DateField()
    promised_on = models.DateField(null=True, blank=True)
    produced_on = models.DateField(null=True, blank=True)
    delivered_on = models.DateField(null=True, blank=True)
    is_booked_by_win = models.BooleanField(default=False, editable=False, help_text="Made by winning the deal")
    cancelled_on = models.DateField(null=True, blank=True)

    objects = OrderQuerySet.as_manager()

    class Meta:
        triggers = audited()
        constraints = [
            external_id_is_unique("order"),
            models.UniqueConstraint(
                fields=["deal"],
                condition=Q(withdrawn_at=None, cancelled_on=None, deal__isnull=False),
                name="one_order_per_deal",
            ),
        ]
        indexes = [
            models.Index(fields=["owner", "ordered_on"], name="order_by_owner"),
            models.Index(fields=["account", "ordered_on"], name="order_by_account"),
            models.Index(F("ordered_on").desc(), F("id").desc(), condition=Q(withdrawn_at=None), name="order_by_day"),
        ]

    def __str__(self) -> str:
        return self.number or f"Order {self.pk}"


class RefundQuerySet(RecordQuerySet):
    owner_path = "order__owner"


class Refund(Record):
    """Money given back on an order. Net-to-date can't go below zero (R9)."""

    order = models.ForeignKey(Order, models.PROTECT, related_name="refunds")
    amount = models.DecimalField(max_digits=18, decimal_places=2, help_text="Positive, in the order's currency")
    occurred_on = models.DateField()
    reason = models.CharField(max_length=200, blank=True)

    objects = RefundQuerySet.as_manager()

    class Meta:
        triggers = audited()
        constraints = [
            external_id_is_unique("refund"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="refund_is_positive"),
        ]


class CreditShare(models.Model):
    """Who shares an order's credit: percent of 100 (primary) or on top (overlay). Without a row the owner has all."""

    class Kind(models.TextChoices):
        PRIMARY = "primary", "Primary"
        OVERLAY = "overlay", "Overlay"

    order = models.ForeignKey(Order, models.CASCADE, related_name="credit_shares")
    person = models.ForeignKey(Person, models.PROTECT, related_name="credit_shares")
    kind = models.CharField(max_length=7, choices=Kind, default=Kind.PRIMARY)
    percent = models.DecimalField(max_digits=7, decimal_places=4)

    class Meta:
        triggers = audited()
        constraints = [
            models.UniqueConstraint(fields=["order", "person", "kind"], name="one_share_per_person"),
            models.CheckConstraint(condition=Q(percent__gt=0, percent__lte=100), name="share_is_a_percentage"),
        ]


class CreditQuerySet(models.QuerySet):
    def visible_to(self, user: Viewer) -> Self:
        access = access_of(user)
        return self.all() if access.sees_all else self.filter(person__in=access.people)

    def total(self) -> Decimal:
        """Sum in reporting currency."""
        return self.aggregate(total=models.Sum("reporting_amount"))["total"] or Decimal(0)


class Credit(LedgerEntry):
    """Ledger: a person's share of an order. Team and rate are those at the moment of posting (R9, R10, R13)."""

    Kind = CreditShare.Kind

    order = models.ForeignKey(Order, models.PROTECT, related_name="credits")
    person = models.ForeignKey(Person, models.PROTECT, related_name="credits")
    team = models.ForeignKey(Team, models.PROTECT, null=True, related_name="+")
    kind = models.CharField(max_length=7, choices=CreditShare.Kind)
    occurred_on = models.DateField()
    posted_on = models.DateField()

    objects = CreditQuerySet.as_manager()

    class Meta(LedgerEntry.Meta):
        indexes = [
            models.Index(fields=["person", "occurred_on"], name="credit_by_person"),
            models.Index(fields=["order"], name="credit_by_order"),
        ]
