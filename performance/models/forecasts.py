"""Stored forecasts: what was said on a day about a period. Made nightly, and for a person on a save."""

from typing import Self

from django.db import models
from django.db.models import Q

from teams.models import Viewer, access_of


class ForecastQuerySet(models.QuerySet):
    def visible_to(self, user: Viewer) -> Self:
        """Those of people one sees, of teams one leads and below, of the company for who sees all."""
        access = access_of(user)
        if access.sees_all:
            return self.all()
        person = Q(level=ForecastRow.Level.PERSON, subject_id__in=access.people)
        return self.filter(person | Q(level=ForecastRow.Level.TEAM, subject_id__in=_led(access.led_team_ids)))


def _led(team_ids: list[int] | tuple[int, ...]) -> models.QuerySet:
    from teams.models import Team

    return Team.objects.under(list(team_ids)).values("pk")


class ForecastRow(models.Model):
    """Where a person, team or the company will land in a period, as it was forecast on `as_of`.

    Whatever is not known is empty, and `note` says why. What lies behind a figure is kept with it (`parts`, floats):
    mean and variance of the rest of the period, what all share, and how lumpy it is, so that a save can refresh the
    team without reading everybody.
    """

    class Level(models.TextChoices):
        PERSON = "person"
        TEAM = "team"
        COMPANY = "company"

    level = models.CharField(max_length=7, choices=Level)
    subject_id = models.BigIntegerField(help_text="Person or team; 0 for the company")
    measure = models.CharField(max_length=30)
    period = models.CharField(max_length=8)
    as_of = models.DateField()
    quota = models.DecimalField(max_digits=38, decimal_places=2, null=True)
    credited = models.DecimalField(max_digits=38, decimal_places=2)
    expected = models.DecimalField(max_digits=38, decimal_places=2, null=True, help_text="The landing")
    low = models.DecimalField(max_digits=38, decimal_places=2, null=True, help_text="Of the 80 % range")
    high = models.DecimalField(max_digits=38, decimal_places=2, null=True)
    p_miss = models.DecimalField(max_digits=5, decimal_places=4, null=True)
    note = models.CharField(max_length=200, blank=True)
    parts = models.JSONField(default=dict)
    made_at = models.DateTimeField()

    objects = ForecastQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["level", "subject_id", "measure", "period", "as_of"], name="one_forecast_a_day"
            ),
            models.CheckConstraint(
                condition=Q(p_miss=None) | Q(p_miss__gte=0, p_miss__lte=1), name="p_miss_is_a_probability"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.level} {self.subject_id} in {self.period} as of {self.as_of}"


class ForecastBasis(models.Model):
    """What everybody's forecasts of a period share, learned nightly from all people: used for one on a save."""

    measure = models.CharField(max_length=30)
    period = models.CharField(max_length=8)
    as_of = models.DateField()
    learned = models.JSONField()
    made_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["measure", "period", "as_of"], name="one_forecast_basis_a_day")]

    def __str__(self) -> str:
        return f"{self.period} as of {self.as_of}"


class BacktestCase(models.Model):
    """A person at a checkpoint of a past period, replayed with only what was known then, and what came of it."""

    person_id = models.BigIntegerField()
    team_id = models.BigIntegerField(default=0, help_text="Where they were posted on that day; 0: nowhere")
    measure = models.CharField(max_length=30)
    period = models.CharField(max_length=8)
    checkpoint = models.DecimalField(max_digits=4, decimal_places=3)
    as_of = models.DateField()
    quota = models.DecimalField(max_digits=38, decimal_places=2)
    credited = models.DecimalField(max_digits=38, decimal_places=2)
    expected = models.DecimalField(max_digits=38, decimal_places=2, null=True)
    low = models.DecimalField(max_digits=38, decimal_places=2, null=True)
    high = models.DecimalField(max_digits=38, decimal_places=2, null=True)
    p_miss = models.DecimalField(max_digits=5, decimal_places=4, null=True)
    p_before = models.DecimalField(
        max_digits=5, decimal_places=4, null=True, help_text="Before earlier periods put it right"
    )
    flagged = models.BooleanField()
    final = models.DecimalField(max_digits=38, decimal_places=2)
    last_final = models.DecimalField(max_digits=38, decimal_places=2, null=True, help_text="Of the period before")
    pipeline = models.DecimalField(
        max_digits=38, decimal_places=2, null=True, help_text="Open deals × stage probability; empty: no deals"
    )
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person_id", "measure", "period", "checkpoint"], name="one_backtest_case_per_checkpoint"
            )
        ]

    def __str__(self) -> str:
        return f"person {self.person_id} at {self.checkpoint} of {self.period}"


class BacktestScore(models.Model):
    """What the replay of a period at a checkpoint comes to, of all people, or of teams and the company.

    Counts and sums that add up over periods, so that pages cost the same however long the past is, and name nobody.
    """

    class Level(models.TextChoices):
        PERSON = "person"
        TEAM = "team"

    level = models.CharField(max_length=6, choices=Level)
    measure = models.CharField(max_length=30)
    period = models.CharField(max_length=8)
    checkpoint = models.DecimalField(max_digits=4, decimal_places=3)
    as_of = models.DateField()
    tally = models.JSONField()
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["level", "measure", "period", "checkpoint"], name="one_backtest_score_per_checkpoint"
            )
        ]

    def __str__(self) -> str:
        return f"{self.level} at {self.checkpoint} of {self.period}"


class BacktestRun(models.Model):
    """How far the past has been replayed: every period that was over by `until`."""

    measure = models.CharField(max_length=30, unique=True)
    until = models.DateField(help_text="The day after the last period that was judged")
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.measure} until {self.until}"
