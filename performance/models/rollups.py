"""Stored sums. Derived from records only; `rebuild_rollups` makes them anew."""

from django.db import models
from django.db.models import F, Q

from teams.models import Person, Team

# 0 stands for nobody and for no team, so that keys compare plainly; hence no constraint on the column.
NOBODY = 0


class Cell(models.Model):
    """Sum and count of a measure, zero cells are not stored."""

    on = models.DateField()
    posted_month = models.DateField(help_text="First day of the fiscal month it was posted in")
    measure = models.CharField(max_length=60, help_text="A defined one: topic:key, # by value, / the divisor")
    bucket = models.IntegerField(default=0, help_text="The value itself, where medians are made of it; else 0")
    # Wide enough for a sum of any number of the largest amounts: one overflow would hold up everybody's figures.
    total = models.DecimalField(max_digits=38, decimal_places=6)
    count = models.BigIntegerField()

    class Meta:
        abstract = True


class Rollup(Cell):
    """Sum and count of a measure for a person, the team it counted in, the day it occurred and the month it was posted.

    `on` is the day the measure goes by: booked, decided, done; for `pipeline` the expected close, for `expected` the
    day the quota is spread to. Restated figures sum by `on`, reported ones by `posted_month` (R10). `bookings`,
    `overlay` and `pipeline` are at the plan's rates, `bookings.actual` and the like what they are more at the actual
    ones (R13). `person` is 0 for a quota that nobody holds. Pipeline has no team: open deals belong to whoever is
    posted on the day one asks for.
    """

    person = models.ForeignKey(Person, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False)
    team = models.ForeignKey(Team, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "measure", "on", "team", "posted_month", "bucket"],
                include=["total", "count"],
                name="one_rollup_per_cell",
            )
        ]
        indexes = [
            models.Index(fields=["posted_month"], condition=Q(on__lt=F("posted_month")), name="late_rollup_by_posting")
        ]


class RollupSum(Cell):
    """Sums of rollups, kept by the same drainer, so that no figure reads more as people and years are added."""

    class Level(models.TextChoices):
        PERSON_MONTH = "pm"
        TEAM_DAY = "td"
        TEAM_MONTH = "tm"

    level = models.CharField(max_length=2, choices=Level)
    person_id = models.BigIntegerField()
    team_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["level", "measure", "on", "person_id", "team_id", "posted_month", "bucket"],
                include=["total", "count"],
                name="one_rollup_sum_per_cell",
            )
        ]
