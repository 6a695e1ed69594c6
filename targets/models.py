"""What should happen? Plans, the targets of teams, and the quota ledger of people."""

from typing import Self

from django.conf import settings
from django.contrib.postgres.indexes import GistIndex
from django.db import models
from django.db.models import Q

from salesmgmt.lib.ledger import LedgerEntry
from salesmgmt.lib.ranges import Dated, DatedQuerySet, is_a_range
from teams.models import Person, Team, Viewer, access_of

BOOKINGS = "bookings"


class RampProfile(models.Model):
    """How much of a full quota is asked in each month of tenure (R2)."""

    name = models.CharField(max_length=100, unique=True)

    def __str__(self) -> str:
        return self.name


class RampStep(models.Model):
    """Month of tenure, from 1, and its percentage; after the last step it is 100."""

    profile = models.ForeignKey(RampProfile, models.CASCADE, related_name="steps")
    month = models.PositiveSmallIntegerField()
    percent = models.DecimalField(max_digits=5, decimal_places=2)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["profile", "month"], name="one_ramp_step_per_month"),
            models.CheckConstraint(condition=Q(month__gte=1), name="ramp_counts_from_one"),
            models.CheckConstraint(condition=Q(percent__range=(0, 100)), name="ramp_is_a_percentage"),
        ]


class SeasonShare(models.Model):
    """The share of a period that falls into a bucket of it (a month of a quarter): learned or set, totals 100."""

    period = models.CharField(max_length=7)
    bucket = models.CharField(max_length=8)
    percent = models.DecimalField(max_digits=7, decimal_places=4)
    is_learned = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["period", "bucket"], name="one_season_share_per_bucket"),
            models.CheckConstraint(condition=Q(percent__range=(0, 100)), name="season_share_is_a_percentage"),
        ]


class PlanQuerySet(DatedQuerySet):
    def visible_to(self, user: Viewer) -> Self:
        """Drafts are for those who plan: who sees all, or leads a team. Published plans are everybody's."""
        access = access_of(user)
        if access.sees_all or access.leads:
            return self.all()
        return self.filter(published_at__isnull=False) if access.role != "none" else self.none()


class Plan(Dated):
    """A company target for a period, and how it is split. Published once; later changes are quota entries."""

    name = models.CharField(max_length=100)
    period = models.CharField(max_length=7, help_text="Key: 2026-Q3")
    measure = models.CharField(max_length=30, default=BOOKINGS)
    amount = models.DecimalField(max_digits=18, decimal_places=2, help_text="The company's target, reporting currency")
    strategy = models.TextField(blank=True, max_length=10_000)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    published_at = models.DateTimeField(null=True, editable=False)
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    objects = PlanQuerySet.as_manager()

    class Meta:
        constraints = [
            is_a_range("plan_is_a_range"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="plan_amount_is_positive"),
            models.UniqueConstraint(
                fields=["period", "measure"],
                condition=Q(published_at__isnull=False),
                name="one_published_plan_per_period",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_published(self) -> bool:
        return self.published_at is not None


class Allocation(models.Model):
    """One line of a plan: what a team or a person in it is to bring; children sum to their parent."""

    plan = models.ForeignKey(Plan, models.CASCADE, related_name="allocations")
    team = models.ForeignKey(Team, models.PROTECT, related_name="+")
    person = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="allocations")
    proposed = models.DecimalField(max_digits=18, decimal_places=2)
    amount = models.DecimalField(max_digits=18, decimal_places=2)
    past = models.DecimalField(max_digits=18, decimal_places=2, null=True, help_text="Past results it was derived from")
    is_locked = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "team", "person"], name="one_allocation_per_line", nulls_distinct=False
            ),
            models.CheckConstraint(condition=Q(amount__gte=0), name="allocation_is_not_negative"),
        ]


class AllocationChange(models.Model):
    """Somebody changed a line of a plan, and why."""

    allocation = models.ForeignKey(Allocation, models.CASCADE, related_name="changes")
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

    objects = TargetQuerySet.as_manager()

    class Meta:
        constraints = [is_a_range("target_is_a_range")]
        indexes = [models.Index(fields=["team", "measure"], name="target_by_team")]


class QuotaEntryQuerySet(DatedQuerySet):
    def visible_to(self, user: Viewer) -> Self:
        access = access_of(user)
        return (
            self.all()
            if access.sees_all
            else self.filter(Q(person__in=access.people) | Q(team__in=access.led_team_ids))
        )


class QuotaEntry(Dated, LedgerEntry):
    """Ledger: a quota is the sum of its entries, each with its reason (R2); `team` is the one it counts in (R4)."""

    class Kind(models.TextChoices):
        BASE = "base", "Base"
        EMPLOYMENT = "employment", "Employment"
        FTE = "fte", "Part time"
        LEAVE = "leave", "Leave"
        RAMP = "ramp", "Ramp"
        RELIEF = "relief", "Relief"
        REDISTRIBUTION = "redistribution", "Redistribution"
        VACANT = "vacant", "Vacant seat"
        UNCOVERED = "uncovered", "Uncovered leave"

    person = models.ForeignKey(Person, models.PROTECT, null=True, related_name="quota_entries")
    seat = models.ForeignKey(
        Person,
        models.PROTECT,
        null=True,
        related_name="+",
        help_text="From whose quota it follows; theirs, or what it leaves",
    )
    team = models.ForeignKey(Team, models.PROTECT, null=True, related_name="quota_entries")
    measure = models.CharField(max_length=30, default=BOOKINGS)
    kind = models.CharField(max_length=14, choices=Kind, default=Kind.BASE)
    plan = models.ForeignKey(Plan, models.PROTECT, null=True, related_name="entries")

    objects = QuotaEntryQuerySet.as_manager()

    class Meta(LedgerEntry.Meta):
        verbose_name_plural = "quota entries"
        indexes = [
            models.Index(fields=["person", "measure"], name="quota_by_person"),
            models.Index(fields=["seat", "measure"], name="quota_by_seat"),
            models.Index(fields=["team", "measure"], name="quota_by_team"),
            GistIndex(fields=["during"], name="quota_during"),
        ]
        constraints = [
            is_a_range("quota_is_a_range"),
            models.CheckConstraint(condition=Q(during__endswith__isnull=False), name="quota_has_an_end"),
            models.CheckConstraint(
                condition=Q(kind__in=["vacant", "uncovered"], person=None) | Q(person__isnull=False),
                name="only_a_teams_rest_has_no_person",
            ),
        ]
