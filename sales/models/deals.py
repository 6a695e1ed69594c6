"""Sales in the making, what became of them, and the ledger of decisions."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper

from salesmgmt.desk.audit import audited
from salesmgmt.lib.finding import Words
from salesmgmt.lib.ledger import APPEND_ONLY
from teams.models import (
    Access,
    Person,
    Record,
    RecordQuerySet,
    Role,
    Team,
    User,
    Viewer,
    access_of,
    external_id_is_unique,
)

from .customers import Account, Contact, Product


class ForecastCategory(models.TextChoices):
    OMITTED = "omitted", "Omitted"
    PIPELINE = "pipeline", "Pipeline"
    BEST_CASE = "best_case", "Best case"
    COMMIT = "commit", "Commit"
    CLOSED = "closed", "Closed"


# As many deals as the default probability of a stage weighs.
THIN = 10


class Pipeline(models.Model):
    """A way of selling with its own stages."""

    name = models.CharField(max_length=100, unique=True)
    position = models.PositiveSmallIntegerField(default=0, db_default=0)
    is_active = models.BooleanField(default=True, db_default=True, help_text="New deals may start here")
    # What its won deals were like, learned every night; empty: too few, or not yet.
    won_deals = models.PositiveIntegerField(null=True, editable=False)
    least_won = models.DecimalField(max_digits=18, decimal_places=2, null=True, editable=False)
    most_won = models.DecimalField(max_digits=18, decimal_places=2, null=True, editable=False)
    longest_won_days = models.PositiveIntegerField(null=True, editable=False)

    def __str__(self) -> str:
        return self.name


class Stage(models.Model):
    """A step of a pipeline, with the probability and forecast category a deal has there unless it says otherwise."""

    pipeline = models.ForeignKey(Pipeline, models.PROTECT, related_name="stages")
    name = models.CharField(max_length=100)
    position = models.PositiveSmallIntegerField()
    probability = models.DecimalField(max_digits=5, decimal_places=2, default=0, help_text="Percent")
    forecast_category = models.CharField(max_length=10, choices=ForecastCategory, default=ForecastCategory.PIPELINE)
    # What became of the deals that reached it, of cohorts old enough to be decided (R16); learned every night.
    reached = models.PositiveIntegerField(null=True, editable=False)
    reached_won = models.PositiveIntegerField(null=True, editable=False)
    reached_from = models.DateField(null=True, editable=False)
    reached_until = models.DateField(null=True, editable=False)
    skipped_won = models.PositiveIntegerField(null=True, editable=False, help_text="Won deals that never stood here")
    quiet_days = models.PositiveIntegerField(
        null=True, editable=False, help_text="Nine of ten won deals were never left alone here for longer"
    )
    quiet_deals = models.PositiveIntegerField(null=True, editable=False)

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

    @property
    def odds(self) -> Decimal:
        """Percent of the deals here that will be won: its own history, drawn towards the default while that is thin."""
        if not self.reached:
            return self.probability
        share = (Decimal(100) * (self.reached_won or 0) + THIN * self.probability) / (self.reached + THIN)
        return share.quantize(Decimal("0.1"))

    @property
    def is_thin(self) -> bool:
        """Whether the default still weighs more than a tenth in its odds."""
        return (self.reached or 0) < 9 * THIN


class LostReason(models.Model):
    """Why a deal was lost. Duplicates and bad fits don't count in the win rate (R16)."""

    key = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=100)
    counts = models.BooleanField(default=True, help_text="Counts in the win rate")

    def __str__(self) -> str:
        return self.name


FEW = 2000


def credited_on(user: Viewer, path: str) -> models.QuerySet | list[int]:
    """Ids of others' orders (or deals, decided or open) on which one's people hold a share of the credit.

    Mostly a handful: given as a list, the index on owners and the one on ids are used together; a subquery would have
    the whole list walked. Looked up once per user object, as `access_of` is.
    """
    name = f"_credited_on_{path}"
    held: models.QuerySet | list[int] | None = getattr(user, name, None)
    if held is None:
        ids = _credited_on(access_of(user), path)
        some = list(ids[: FEW + 1])
        held = some if len(some) <= FEW else ids
        setattr(user, name, held)
    return held


def _credited_on(access: Access, path: str) -> models.QuerySet:
    from .orders import CreditShare  # orders name deals

    shares = CreditShare.objects.filter(person__in=access.people, **{f"{path}__isnull": False})
    ids = shares.exclude(**{f"{path}__owner__in": access.people}).values_list(path, flat=True)
    if path == "order__deal":
        to_come = DealShare.objects.filter(person__in=access.people).exclude(deal__owner__in=access.people)
        ids = ids.union(to_come.values_list("deal", flat=True))
    return ids


Shares = tuple[tuple[str, tuple[int, ...] | None], ...]


def shares_of(user: Viewer) -> Shares:
    """What decides beside the access what somebody sees: others' records they hold a share of; None for many."""
    if access_of(user).sees_all:
        return ()
    held = ((path, credited_on(user, path)) for path in ("order__deal", "order"))
    return tuple((path, tuple(ids) if isinstance(ids, list) else None) for path, ids in held)


def viewer_of(access: Access, shares: Shares) -> User:
    """Whoever has this access and these shares, for a statement that is kept for all of them."""
    viewer = User()
    viewer._access = access
    for path, ids in shares:
        setattr(viewer, f"_credited_on_{path}", _credited_on(access, path) if ids is None else list(ids))
    return viewer


class CreditedQuerySet(RecordQuerySet):
    """Verbs of records on which others than the owner may hold a share of the credit."""

    shared_by: str  # the way from a share to the record

    def visible_to(self, user: Viewer) -> Self:
        """One's people's, and those on which they hold a share, or of a deal will once it is won."""
        access = access_of(user)
        present = self.present()
        if access.sees_all:
            return present
        if not access.people:
            return self.none()
        return present.filter(Q(owner__in=access.people) | Q(pk__in=credited_on(user, self.shared_by)))

    def visible_parts(self, user: Viewer) -> list[Self]:
        """The same in parts that share none, each of which an index finds by itself."""
        access = access_of(user)
        if access.sees_all or not access.people:
            return [self.visible_to(user)]
        present = self.present()
        others = present.filter(pk__in=credited_on(user, self.shared_by)).exclude(owner__in=access.people)
        return [present.filter(owner__in=access.people), others]


class DealQuerySet(CreditedQuerySet):
    shared_by = "order__deal"

    def open(self) -> Self:
        return self.filter(status=Deal.Status.OPEN)

    def won(self) -> Self:
        return self.filter(status=Deal.Status.WON)

    def lost(self) -> Self:
        return self.filter(status=Deal.Status.LOST)


def _listed(name: str, *by: str, **condition: str) -> models.Index:
    """An index that holds all that lists filter and order by: however long a walk, no row is read but those shown."""
    held = ("owner", "stage", "product", "status", "opened_on", "expected_close_on", "closed_on", "amount", "id")
    others = [one for one in held if one not in by and f"-{one}" not in by]
    return models.Index(fields=by, include=others, condition=Q(withdrawn_at=None, **condition), name=name)


class Deal(Record):
    """A sale in the making. `stage` and `status` are copies of the last DealChange, written by the same service."""

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        WON = "won", "Won"
        LOST = "lost", "Lost"

    name = models.CharField(max_length=300)
    owner = models.ForeignKey(Person, models.PROTECT, related_name="deals", db_index=False)
    account = models.ForeignKey(Account, models.PROTECT, null=True, blank=True, related_name="deals", db_index=False)
    contact = models.ForeignKey(Contact, models.SET_NULL, null=True, blank=True, related_name="deals")
    product = models.ForeignKey(Product, models.PROTECT, null=True, blank=True, related_name="deals", db_index=False)
    stage = models.ForeignKey(Stage, models.PROTECT, related_name="deals", db_index=False)
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
    quoted_on = models.DateField(null=True, blank=True, help_text="The day of the (last) quote")
    competitors: models.ManyToManyField = models.ManyToManyField("Competitor", blank=True, related_name="deals")
    tags = ArrayField(models.CharField(max_length=50), default=list, blank=True, db_default=[])
    custom = models.JSONField(default=dict, blank=True, db_default={}, help_text="Values of CustomField, by key")
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
            _listed("deal_list_by_owner", "owner", "status", "expected_close_on"),
            _listed("deal_list_by_stage", "stage", "status"),
            _listed("deal_list_by_product", "product", "status"),
            _listed("deal_list_by_opening", "-opened_on", "-id"),
            _listed("deal_list_by_closing", "-closed_on", "-id"),
            _listed("deal_list_by_amount", "-amount", "-id"),
            _listed("deal_list_by_name", "name", "id"),
            _listed("open_deal_list_by_close", "expected_close_on", "id", status="open"),
            models.Index(fields=["account"], name="deal_by_account"),
            models.Index(  # at which accounts somebody's people have deals
                fields=["owner", "account"],
                condition=Q(withdrawn_at=None, account__isnull=False),
                name="deal_by_owner_and_account",
            ),
            GinIndex(OpClass(Upper("name"), name="gin_trgm_ops"), name="deal_name_likeness"),
            GinIndex(fields=["tags"], name="deal_by_tag", condition=~Q(tags=[])),
            GinIndex(Words("name"), name="deal_by_words"),
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
    def odds(self) -> Decimal:
        """Percent: what its stage's own history says; decided deals are certain."""
        return self.stage.odds if self.is_open else Decimal(100 if self.status == self.Status.WON else 0)

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
        QUOTED_ON = "quoted_on"
        CUSTOM = "custom"
        TAGS = "tags"
        COMPETITORS = "competitors"

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


class ByDealQuerySet(models.QuerySet):
    def visible_to(self, user: Viewer) -> Self:
        """What hangs on the deals one sees."""
        if access_of(user).sees_all:
            return self.filter(deal__withdrawn_at=None)
        return self.filter(deal__in=Deal.objects.visible_to(user).values("pk"))


class CompetitorQuerySet(models.QuerySet):
    def visible_to(self, user: Viewer) -> Self:
        """Everybody's who works here."""
        return self.all() if user.is_authenticated and access_of(user).role != "none" else self.none()


class Competitor(models.Model):
    """Somebody else who sells to the same customers."""

    name = models.CharField(max_length=200, unique=True)
    strengths = models.CharField(max_length=500, blank=True)
    weaknesses = models.CharField(max_length=500, blank=True)
    is_active = models.BooleanField(default=True)

    objects = CompetitorQuerySet.as_manager()

    class Meta:
        triggers = audited()

    def __str__(self) -> str:
        return self.name


class DealLine(models.Model):
    """A product on a deal. The list price is frozen at the quote; free goods are lines at a price of nothing (R14)."""

    class Recurs(models.TextChoices):
        ONCE = "once", "Once"
        MONTH = "month", "Every month"
        YEAR = "year", "Every year"

    deal = models.ForeignKey(Deal, models.CASCADE, related_name="lines")
    product = models.ForeignKey(Product, models.PROTECT, null=True, blank=True, related_name="deal_lines")
    text = models.CharField(max_length=200, blank=True)
    quantity = models.DecimalField(max_digits=18, decimal_places=4, default=1)
    list_price = models.DecimalField(max_digits=18, decimal_places=4, help_text="Of one, as it stood at the quote")
    unit_price = models.DecimalField(max_digits=18, decimal_places=4, help_text="Of one, after discount, net of tax")
    unit_cost = models.DecimalField(max_digits=18, decimal_places=4, null=True, blank=True)
    recurs = models.CharField(max_length=5, choices=Recurs, default=Recurs.ONCE)
    term_months = models.PositiveSmallIntegerField(null=True, blank=True, help_text="How long a recurring line runs")
    position = models.PositiveSmallIntegerField(default=0)

    objects = ByDealQuerySet.as_manager()

    class Meta:
        triggers = audited()
        indexes = [models.Index(fields=["product"], name="deal_line_by_product")]
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="deal_line_has_a_quantity"),
            models.CheckConstraint(
                condition=Q(list_price__gte=0, unit_price__gte=0), name="deal_line_prices_are_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(recurs="once", term_months=None) | (~Q(recurs="once") & Q(term_months__gte=1)),
                name="recurring_lines_have_a_term",
            ),
        ]

    def __str__(self) -> str:
        return self.text or (self.product.name if self.product else "")

    @property
    def times(self) -> Decimal:
        """How often its price falls due in all."""
        return self._due(self.term_months)

    @property
    def times_in_first_year(self) -> Decimal:
        return self._due(min(self.term_months or 0, 12))

    def _due(self, months: int | None) -> Decimal:
        if self.recurs == self.Recurs.ONCE:
            return Decimal(1)
        return Decimal(months or 0) / (1 if self.recurs == self.Recurs.MONTH else 12)

    @property
    def amount(self) -> Decimal:
        """Net of discount over the whole term, to four decimals (R12)."""
        return four(self.quantity * self.unit_price * self.times)

    @property
    def first_year(self) -> Decimal:
        return four(self.quantity * self.unit_price * self.times_in_first_year)

    @property
    def list_value(self) -> Decimal:
        return four(self.quantity * self.list_price * self.times)

    @property
    def cost(self) -> Decimal | None:
        return None if self.unit_cost is None else four(self.quantity * self.unit_cost * self.times)

    @property
    def discount(self) -> Decimal | None:
        """Percent off the list price; unknown without one."""
        return discount_of(self.list_price, self.unit_price)


def four(value: Decimal) -> Decimal:
    """Lines keep four decimals (R12)."""
    return value.quantize(Decimal("0.0001"), rounding=ROUND_HALF_UP)


def discount_of(listed: Decimal, net: Decimal) -> Decimal | None:
    """Percent, to two places; more than the list price is no discount, and nothing off nothing is unknown."""
    if listed <= 0:
        return None
    return max(Decimal(0), (100 * (listed - net) / listed).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP))


class DiscountLimit(models.Model):
    """How much discount a role may give by itself, on a family of products or (empty) on a deal as a whole.

    A role without a row has no limit.
    """

    role = models.CharField(max_length=12, choices=Role)
    family = models.CharField(max_length=100, blank=True)
    percent = models.DecimalField(max_digits=5, decimal_places=2)

    class Meta:
        triggers = audited()
        constraints = [
            models.UniqueConstraint(fields=["role", "family"], name="one_limit_per_role_and_family"),
            models.CheckConstraint(condition=Q(percent__range=(0, 100)), name="discount_limit_is_a_percentage"),
        ]


class DiscountApproval(models.Model):
    """A discount above one's limit: asked for, and answered by who may give it, before the win (R14)."""

    deal = models.ForeignKey(Deal, models.CASCADE, related_name="discount_approvals")
    percent = models.DecimalField(max_digits=5, decimal_places=2, help_text="Of the deal's list value, as asked for")
    by_family = models.JSONField(default=dict, db_default={}, help_text="Percent by product family, as asked for")
    reason = models.CharField(max_length=500)
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    is_approved = models.BooleanField(null=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    answer = models.CharField(max_length=500, blank=True)

    objects = ByDealQuerySet.as_manager()

    class Meta:
        triggers = audited()
        constraints = [
            models.UniqueConstraint(fields=["deal"], condition=Q(is_approved=None), name="one_open_approval_per_deal"),
            models.CheckConstraint(
                condition=Q(is_approved=None, decided_at=None) | Q(is_approved__isnull=False, decided_at__isnull=False),
                name="approval_is_decided_on_a_day",
            ),
        ]


class DealReason(models.Model):
    """Why a deal was won or lost: several, one of them the main one; the buyer's own word apart (R26)."""

    class Side(models.TextChoices):
        REP = "rep", "Ours"
        BUYER = "buyer", "The buyer's"

    deal = models.ForeignKey(Deal, models.CASCADE, related_name="reasons")
    reason = models.ForeignKey(LostReason, models.PROTECT, related_name="+")
    side = models.CharField(max_length=5, choices=Side, default=Side.REP)
    is_main = models.BooleanField(default=False)
    note = models.CharField(max_length=500, blank=True)

    objects = ByDealQuerySet.as_manager()

    class Meta:
        triggers = audited()
        constraints = [
            models.UniqueConstraint(fields=["deal", "side", "reason"], name="deal_reason_is_given_once"),
            models.UniqueConstraint(fields=["deal", "side"], condition=Q(is_main=True), name="one_main_reason"),
        ]


class DealShare(models.Model):
    """Who will share the credit of a deal once it is won: percent of 100 (primary) or on top (overlay)."""

    deal = models.ForeignKey(Deal, models.CASCADE, related_name="shares")
    person = models.ForeignKey(Person, models.PROTECT, related_name="deal_shares")
    kind = models.CharField(max_length=7, choices=[("primary", "Primary"), ("overlay", "Overlay")], default="primary")
    percent = models.DecimalField(max_digits=7, decimal_places=4)

    objects = ByDealQuerySet.as_manager()

    class Meta:
        triggers = audited()
        indexes = [models.Index(fields=["person"], name="deal_share_by_person")]
        constraints = [
            models.UniqueConstraint(fields=["deal", "person", "kind"], name="one_deal_share_per_person"),
            models.CheckConstraint(condition=Q(percent__gt=0, percent__lte=100), name="deal_share_is_a_percentage"),
        ]


class HandoverQuerySet(models.QuerySet):
    def visible_to(self, user: Viewer) -> Self:
        """Those one gives, takes or proposed, and those of the people under one."""
        access = access_of(user)
        if access.sees_all:
            return self.all()
        return self.filter(
            Q(giver__in=access.people) | Q(taker__in=access.people) | Q(proposed_by=user.pk if access.people else None)
        )


class OwnQuerySet(models.QuerySet):
    def visible_to(self, user: Viewer) -> Self:
        """What one did oneself."""
        return self.filter(by=user.pk)


class BulkAct(models.Model):
    """One change to many deals: what stood before and what was set, so that it can be undone for a day."""

    class Act(models.TextChoices):
        OWNER = "owner", "Change owner"
        STAGE = "stage", "Move to stage"
        CLOSE = "close", "Set closing day"
        LOSE = "lose", "Close as lost"
        TAG = "tag", "Add tag"
        NEXT_STEP = "next_step", "Set next step"

    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    at = models.DateTimeField()
    act = models.CharField(max_length=10, choices=Act)
    said = models.CharField(max_length=300, help_text="What was set, in words")
    changed = models.PositiveIntegerField()
    before = models.JSONField(default=dict, help_text="By deal: what each field held")
    after = models.JSONField(default=dict, help_text="By deal: what each field was set to")
    left = models.JSONField(default=dict, help_text="Why deals were left as they were, and which")
    undone_at = models.DateTimeField(null=True)
    kept = models.JSONField(default=dict, help_text="Why deals were not set back, and which")

    objects = OwnQuerySet.as_manager()

    class Meta:
        triggers = audited("before", "after")
        indexes = [models.Index(fields=["by", "-at"], name="bulk_act_by_user")]

    def __str__(self) -> str:
        return f"{self.get_act_display()}: {self.said}"


class Handover(models.Model):
    """A book of business that goes from one person to another on a day, once both managers have consented."""

    giver = models.ForeignKey(Person, models.PROTECT, related_name="handovers_given")
    taker = models.ForeignKey(Person, models.PROTECT, related_name="handovers_taken")
    on = models.DateField()
    reason = models.CharField(max_length=500)
    proposed_at = models.DateTimeField()
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    giver_consent_at = models.DateTimeField(null=True)
    giver_consent_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    taker_consent_at = models.DateTimeField(null=True)
    taker_consent_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    refused_at = models.DateTimeField(null=True)
    refused_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    answer = models.CharField(max_length=500, blank=True)
    done_at = models.DateTimeField(null=True)
    moved = models.JSONField(null=True, editable=False, help_text="Tasks, contracts and complaints that went along")

    objects = HandoverQuerySet.as_manager()

    class Meta:
        triggers = audited()
        indexes = [
            models.Index(F("proposed_at").desc(), F("id").desc(), name="handover_by_time"),
            models.Index(fields=["on"], condition=Q(done_at=None, refused_at=None), name="handover_to_come"),
        ]
        constraints = [
            models.CheckConstraint(condition=~Q(giver=F("taker")), name="handover_is_between_two"),
            models.CheckConstraint(
                condition=Q(done_at=None)
                | Q(giver_consent_at__isnull=False, taker_consent_at__isnull=False, refused_at=None),
                name="handover_needs_both_consents",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.giver} to {self.taker} on {self.on:%d %b %Y}"

    @property
    def state(self) -> str:
        """waiting for consent, agreed (its day is to come), done, or refused."""
        if self.refused_at:
            return "refused"
        if self.done_at:
            return "done"
        return "agreed" if self.giver_consent_at and self.taker_consent_at else "waiting"


class HandoverItem(models.Model):
    """An account or an open deal that a handover takes along."""

    handover = models.ForeignKey(Handover, models.CASCADE, related_name="items")
    account = models.ForeignKey(Account, models.CASCADE, null=True, related_name="+")
    deal = models.ForeignKey(Deal, models.CASCADE, null=True, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(account=None, deal__isnull=False) | Q(account__isnull=False, deal=None),
                name="handover_item_is_one_thing",
            ),
            models.UniqueConstraint(fields=["handover", "account", "deal"], name="handover_item_is_listed_once"),
        ]


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
    currency = models.CharField(max_length=3, blank=True, default="", db_default="", help_text="Of the deal")
    rate = models.DecimalField(
        max_digits=18, decimal_places=8, null=True, help_text="One unit in reporting currency; empty: not noted"
    )
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
