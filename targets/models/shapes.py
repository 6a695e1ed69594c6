"""What shapes a quota over its days: ramp profiles and seasons."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from salesmgmt.desk.audit import audited
from salesmgmt.lib.ranges import Dated, DatedQuerySet, is_a_range
from teams.models import Posting, Role, Viewer, access_of


class SeasonProfileQuerySet(DatedQuerySet):
    def visible_to(self, user: Viewer) -> Self:
        return self.all() if access_of(user).sees_all else self.none()


class RampProfileQuerySet(models.QuerySet):
    def visible_to(self, user: Viewer) -> Self:
        return self.all() if access_of(user).sees_all else self.none()


class RampProfile(models.Model):
    """How much of a full quota is asked in each month after a start (R2).

    It applies to a posting that names it, counted from the day of joining; or by rule, to everybody of a role after a
    kind of start, counted from that start, unless their posting names another.
    """

    class Start(models.TextChoices):
        NEW = "new", "New in the company"
        TRANSFER = "transfer", "Moved from another team"
        RETURN = "return", "Back from a long leave"

    name = models.CharField(max_length=100, unique=True)
    start = models.CharField(
        "After which start",
        max_length=8,
        choices=Start,
        blank=True,
        db_default="",
        help_text="Empty: only where a posting names it",
    )
    role = models.CharField("Of which role", max_length=12, choices=Role, blank=True, db_default="")
    version = models.PositiveIntegerField(default=1, db_default=1, editable=False)

    objects = RampProfileQuerySet.as_manager()

    class Meta:
        triggers = audited()
        constraints = [
            models.UniqueConstraint(
                fields=["start", "role"], condition=~Q(start=""), name="one_ramp_per_role_and_start"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def is_named(self) -> bool:
        """Whether a posting, of whatever time, names it."""
        return Posting.objects.filter(ramp=self.name).exists()


class RampChange(models.Model):
    """Somebody changed a profile, and why: what it said before and after."""

    profile = models.ForeignKey(RampProfile, models.CASCADE, related_name="changes")
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    reason = models.CharField(max_length=200)
    was = models.JSONField(default=dict)
    now = models.JSONField(default=dict)


class RampStep(models.Model):
    """Month of tenure, from 1, and its percentage; after the last step it is 100."""

    profile = models.ForeignKey(RampProfile, models.CASCADE, related_name="steps")
    month = models.PositiveSmallIntegerField()
    percent = models.DecimalField(max_digits=5, decimal_places=2)

    class Meta:
        triggers = audited()
        constraints = [
            models.UniqueConstraint(fields=["profile", "month"], name="one_ramp_step_per_month"),
            models.CheckConstraint(condition=Q(month__gte=1), name="ramp_counts_from_one"),
            models.CheckConstraint(condition=Q(percent__range=(0, 100)), name="ramp_is_a_percentage"),
        ]


class SeasonProfile(Dated):
    """How the work of a quarter or year falls on its months or weeks: learned, or set by somebody.

    It has its own days, so that a change of the fiscal calendar moves no quota that was spread by it.
    """

    period = models.CharField(max_length=8, help_text="Key: 2026-Q3")
    is_learned = models.BooleanField(default=False)
    learned_from = models.PositiveSmallIntegerField(default=0, help_text="How many earlier periods it was learned from")
    weight = models.DecimalField(
        max_digits=5, decimal_places=4, null=True, help_text="How far what was learned counts; the rest is flat"
    )
    version = models.PositiveIntegerField(default=1)

    objects = SeasonProfileQuerySet.as_manager()

    class Meta:
        triggers = audited()
        constraints = [
            is_a_range("season_is_a_range"),
            models.UniqueConstraint(fields=["during"], name="one_season_per_period"),
        ]

    def __str__(self) -> str:
        return self.period


class SeasonShare(models.Model):
    """The share of a period that falls into a bucket of it (a month of a quarter); those of a period total 100."""

    profile = models.ForeignKey(SeasonProfile, models.CASCADE, related_name="shares")
    bucket = models.CharField(max_length=8, help_text="Key: 2026-07, 2026-P07 or 2026-W31")
    starts_on = models.DateField()
    percent = models.DecimalField(max_digits=7, decimal_places=4)
    raw = models.DecimalField(
        max_digits=7, decimal_places=4, null=True, help_text="As it was in earlier periods, before it was shrunk"
    )

    class Meta:
        triggers = audited()
        constraints = [
            models.UniqueConstraint(fields=["profile", "bucket"], name="one_season_share_per_bucket"),
            models.CheckConstraint(condition=Q(percent__range=(0, 100)), name="season_share_is_a_percentage"),
        ]


class SeasonChange(models.Model):
    """Somebody set the season of a period, or the past did: shares before and after, by bucket."""

    profile = models.ForeignKey(SeasonProfile, models.CASCADE, related_name="changes")
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    reason = models.CharField(max_length=200)
    was = models.JSONField(default=dict)
    now = models.JSONField(default=dict)
