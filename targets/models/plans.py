"""Plans: a company target, its lines, and the targets of teams that follow from it."""

from decimal import Decimal
from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce

from salesmgmt.desk.audit import audited
from salesmgmt.lib.ledger import APPEND_ONLY
from salesmgmt.lib.periods import FiscalCalendar, Period
from salesmgmt.lib.ranges import Dated, DatedQuerySet, is_a_range
from teams.models import Person, Team, Territory, Viewer, access_of

from .measures import BOOKINGS, PlanMeasure, measure_of

ELEMENTS = ("past", "pipeline", "territory", "capability", "equal")
MOST_CAPABILITY = 20  # percent: what people think of somebody never decides (R5)


STOOD = Coalesce("path", "team__path")
"""The team of a line or target with those above it: as they stood when it was published, in a draft as they stand."""


def alike() -> list[int]:
    return [1, 1, 1, 1]


class PlanQuerySet(DatedQuerySet):
    def visible_to(self, user: Viewer) -> Self:
        """Drafts are for those who plan: who sees all, or leads a team. Published plans are everybody's."""
        access = access_of(user)
        if access.sees_all or access.leads:
            return self.all()
        return self.filter(published_at__isnull=False) if access.role != "none" else self.none()

    def asking(self, user: Viewer) -> Self:
        """Drafts open for commitments that hold a line of the user, or of a team they lead."""
        access = access_of(user)
        lines = Q(allocations__team__in=access.led_team_ids, allocations__person=None)
        if access.person_id is not None:
            lines |= Q(allocations__person=access.person_id)
        return self.filter(lines, asks_commitments=True, published_at=None).distinct()


class Plan(Dated):
    """A company target for a period, and how it is split. Published once; later changes are quota entries."""

    name = models.CharField(max_length=100)
    period = models.CharField(max_length=8, help_text="Key: 2026-Q3")
    measure = models.CharField(max_length=30, default=BOOKINGS)
    amount = models.DecimalField(max_digits=18, decimal_places=2, help_text="The company's target, reporting currency")
    strategy = models.TextField(blank=True, max_length=10_000)
    market = models.TextField("The market", blank=True, max_length=10_000, db_default="")
    competition = models.TextField("Competition", blank=True, max_length=10_000, db_default="")
    copied_from = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="copies")
    # How it is split (R6): the weight of each element in percent.
    weight_past = models.PositiveSmallIntegerField("Past results", default=100, db_default=100)
    weight_pipeline = models.PositiveSmallIntegerField("Pipeline in hand", default=0, db_default=0)
    weight_territory = models.PositiveSmallIntegerField("Territory potential", default=0, db_default=0)
    weight_capability = models.PositiveSmallIntegerField("Capability", default=0, db_default=0)
    weight_equal = models.PositiveSmallIntegerField("Equal share", default=0, db_default=0)
    quarter_weights = ArrayField(
        models.PositiveSmallIntegerField(), default=alike, db_default=[1, 1, 1, 1], help_text="Latest quarter first"
    )
    follows_trend = models.BooleanField("Follow the trend", default=False, db_default=False)
    tames_outliers = models.BooleanField("Tame outliers", default=True, db_default=True)
    shrink = models.DecimalField("At most this much less", max_digits=6, decimal_places=2, null=True, blank=True)
    growth = models.DecimalField("At most this much more", max_digits=6, decimal_places=2, null=True, blank=True)
    stretch = models.DecimalField("No one above", max_digits=4, decimal_places=2, null=True, blank=True)
    asks_commitments = models.BooleanField(default=False, db_default=False)
    proposed_at = models.DateTimeField(null=True, editable=False)
    version = models.PositiveIntegerField(default=1, db_default=1, help_text="Of its settings; a stale form is refused")
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    published_at = models.DateTimeField(null=True, editable=False)
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    published_despite = models.CharField(
        max_length=200, blank=True, db_default="", help_text="Why it was published while splits waited for approval"
    )

    objects = PlanQuerySet.as_manager()

    class Meta:
        triggers = audited()
        constraints = [
            is_a_range("plan_is_a_range"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="plan_amount_is_positive"),
            models.UniqueConstraint(
                fields=["period", "measure"],
                condition=Q(published_at__isnull=False),
                name="one_published_plan_per_period",
            ),
            models.CheckConstraint(
                condition=Q(
                    weight_past=100
                    - F("weight_pipeline")
                    - F("weight_territory")
                    - F("weight_capability")
                    - F("weight_equal")
                ),
                name="plan_weights_sum_to_a_hundred",
            ),
            models.CheckConstraint(
                condition=Q(weight_capability__lte=MOST_CAPABILITY), name="capability_weighs_at_most_a_fifth"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_published(self) -> bool:
        return self.published_at is not None

    def kept_period(self, calendar: FiscalCalendar) -> Period:
        """Its period, with the days it was made for: a change of the calendar doesn't move them."""
        return Period.kept(self.period, self.starts_on, self.until or self.starts_on, calendar)

    @property
    def of(self) -> PlanMeasure:
        """What it is for."""
        return measure_of(self.measure)

    @property
    def weights(self) -> dict[str, int]:
        """The elements that weigh anything, in percent."""
        found = {element: getattr(self, f"weight_{element}") for element in ELEMENTS}
        return {element: weight for element, weight in found.items() if weight}


class AllocationQuerySet(models.QuerySet):
    def visible_to(self, user: Viewer) -> Self:
        """Of the plans one sees: all lines, those of the teams one leads and below, or one's own."""
        access = access_of(user)
        rows = self.filter(plan__in=Plan.objects.visible_to(user))
        if access.sees_all:
            return rows
        return rows.filter(Q(team__path__overlap=list(access.led_team_ids)) | Q(person=access.person_id))


class Allocation(models.Model):
    """One line of a plan: what a team or a person in it is to bring; children sum to their parent."""

    plan = models.ForeignKey(Plan, models.CASCADE, related_name="allocations")
    team = models.ForeignKey(Team, models.PROTECT, related_name="+")
    person = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="allocations")
    proposed = models.DecimalField(max_digits=18, decimal_places=2)
    amount = models.DecimalField(max_digits=18, decimal_places=2)
    past = models.DecimalField(max_digits=18, decimal_places=2, null=True, help_text="Past results it was derived from")
    is_locked = models.BooleanField(default=False)
    floor = models.DecimalField(max_digits=18, decimal_places=2, null=True, editable=False)
    ceiling = models.DecimalField(max_digits=18, decimal_places=2, null=True, editable=False)
    hedge = models.DecimalField(
        max_digits=18,
        decimal_places=2,
        default=0,
        db_default=0,
        help_text="Given below it beyond its amount, on purpose",
    )
    hedge_reason = models.CharField(max_length=200, blank=True, db_default="")
    path = ArrayField(
        models.BigIntegerField(), null=True, editable=False, help_text="Of its team when the plan was published"
    )

    objects = AllocationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(hedge__gte=0), name="hedge_is_not_negative"),
            models.CheckConstraint(condition=Q(person=None) | Q(hedge=0), name="only_teams_hedge"),
            models.UniqueConstraint(
                fields=["plan", "team", "person"], name="one_allocation_per_line", nulls_distinct=False
            ),
            models.CheckConstraint(condition=Q(amount__gte=0), name="allocation_is_not_negative"),
        ]

    @property
    def stood(self) -> list[int]:
        """Its team with those above it, as `STOOD` has them."""
        return self.path or self.team.path


class AllocationReason(models.Model):
    """What the proposal made a person's line of. Beside the line: it is ten times as long, and amounts change often."""

    allocation = models.OneToOneField(Allocation, models.CASCADE, primary_key=True, related_name="reason")
    made_of = models.JSONField()


class Commitment(models.Model):
    """What somebody says they can bring, and why; a manager for their team. The latest counts, and sets no quota."""

    plan = models.ForeignKey(Plan, models.PROTECT, related_name="commitments")
    team = models.ForeignKey(Team, models.PROTECT, related_name="+")
    person = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="commitments")
    amount = models.DecimalField(max_digits=18, decimal_places=2)
    reason = models.CharField(max_length=1000)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    class Meta:
        triggers = [APPEND_ONLY]
        constraints = [models.CheckConstraint(condition=Q(amount__gte=0), name="commitment_is_not_negative")]


class Slice(models.Model):
    """The same target cut another way: by product family or by territory. The parts of a cut sum to the whole."""

    class Cut(models.TextChoices):
        FAMILY = "family", "Product family"
        TERRITORY = "territory", "Territory"

    plan = models.ForeignKey(Plan, models.CASCADE, related_name="slices")
    cut = models.CharField(max_length=9, choices=Cut)
    family = models.CharField(max_length=100, blank=True)
    territory = models.ForeignKey(Territory, models.PROTECT, null=True, blank=True, related_name="+")
    past = models.DecimalField(max_digits=18, decimal_places=2)
    proposed = models.DecimalField(max_digits=18, decimal_places=2)
    amount = models.DecimalField(max_digits=18, decimal_places=2)
    is_locked = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "cut", "family", "territory"], name="one_slice_per_part", nulls_distinct=False
            ),
            models.CheckConstraint(condition=Q(amount__gte=0), name="slice_is_not_negative"),
        ]

    so_far: Decimal | None = None
    """What was booked of it in the days of the plan, where that was asked for."""

    @property
    def name(self) -> str:
        return (self.territory.name if self.territory else self.family) or "None named"


class SliceChange(models.Model):
    """Somebody changed a slice of a plan, and why."""

    slice = models.ForeignKey(Slice, models.CASCADE, related_name="changes")
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    was = models.DecimalField(max_digits=18, decimal_places=2)
    amount = models.DecimalField(max_digits=18, decimal_places=2)
    reason = models.CharField(max_length=200)


class TargetQuerySet(DatedQuerySet):
    def visible_to(self, user: Viewer) -> Self:
        """Those of the teams one leads and below; a rep's own figure is their quota."""
        access, teams = access_of(user), Team.objects.present()
        return self.filter(team__in=teams if access.sees_all else teams.under(access.led_team_ids))


class Target(Dated):
    """What a team as a whole is held to; the manager's goal (R7). The company's is that of the root team.

    The row with the latest `published_at` for a team, range and measure holds; earlier ones are history.
    """

    team = models.ForeignKey(Team, models.PROTECT, related_name="targets")
    measure = models.CharField(max_length=30, default=BOOKINGS)
    amount = models.DecimalField(max_digits=18, decimal_places=2)
    plan = models.ForeignKey(Plan, models.PROTECT, null=True, related_name="targets")
    published_at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    path = ArrayField(
        models.BigIntegerField(), null=True, editable=False, help_text="Of its team when it was published"
    )

    objects = TargetQuerySet.as_manager()

    class Meta:
        constraints = [is_a_range("target_is_a_range")]
        indexes = [models.Index(fields=["team", "measure"], name="target_by_team")]
