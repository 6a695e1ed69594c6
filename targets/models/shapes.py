"""What shapes a quota over its days: ramp profiles and seasons."""

from django.db import models
from django.db.models import Q


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
