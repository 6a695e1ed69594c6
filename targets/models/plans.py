"""Plans: a company target, its lines, and the targets of teams that follow from it."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from salesmgmt.lib.ranges import Dated, DatedQuerySet, is_a_range
from teams.models import Person, Team, Viewer, access_of

BOOKINGS = "bookings"


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
