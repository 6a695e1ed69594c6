"""The catalogue of measures that an admin extends: what each is called, and by which dated formula it is worked out."""

from typing import Self

import pgtrigger
from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q

from salesmgmt.desk.audit import audited
from salesmgmt.lib.ledger import APPEND_ONLY
from teams.models import Viewer, access_of

LONGEST_KEY = 30


class DefinitionQuerySet(models.QuerySet):
    def visible_to(self, user: Viewer) -> Self:
        """Everybody who works here may know how they are measured."""
        return self.all() if user.is_authenticated and access_of(user).role != "none" else self.none()


class MeasureDefinition(models.Model):
    """A measure: its name, its unit and how its parts make one value. What the parts count is for its versions.

    Key, method and percentile stay: what was worked out by another method can't be added to it.
    """

    class Unit(models.TextChoices):
        MONEY = "money", "Money"
        COUNT = "count", "Number"
        RATIO = "ratio", "Percent"
        DAYS = "days", "Days"
        MINUTES = "minutes", "Minutes"
        SCORE = "score", "Score"

    class Method(models.TextChoices):
        COUNT = "count", "Count"
        SUM = "sum", "Sum"
        AVERAGE = "average", "Average"
        MEDIAN = "median", "Median"
        PERCENTILE = "percentile", "Percentile"
        RATIO = "ratio", "One sum ÷ another"
        SHARE = "share", "One sum ÷ (it + another)"
        NPS = "nps", "Promoters less detractors"

    class Better(models.TextChoices):
        HIGHER = "higher", "Higher is better"
        LOWER = "lower", "Lower is better"
        NEITHER = "", "Neither"

    class Kind(models.TextChoices):
        LEADING = "leading", "Leading"
        LAGGING = "lagging", "Lagging"
        SUPPORT = "support", "Support"

    key = models.CharField(
        max_length=LONGEST_KEY,
        unique=True,
        validators=[RegexValidator(r"^[a-z][a-z0-9_]*$", "Small letters, digits and _ only, a letter first.")],
    )
    label = models.CharField(max_length=60)
    description = models.CharField(max_length=500, blank=True)
    kind = models.CharField(max_length=7, choices=Kind, default=Kind.LAGGING)
    unit = models.CharField(max_length=7, choices=Unit)
    method = models.CharField(max_length=10, choices=Method)
    percentile = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(99)]
    )
    better = models.CharField(max_length=6, choices=Better, default=Better.HIGHER, blank=True)
    is_prorated = models.BooleanField(
        default=True, help_text="A goal for it shrinks with part time, leave and ramp; a level doesn't"
    )
    least = models.PositiveSmallIntegerField(
        default=0, help_text="A person's value shows from this many records on (R23)"
    )
    is_active = models.BooleanField(default=True, help_text="Worked out and shown")
    position = models.PositiveSmallIntegerField(default=100)

    objects = DefinitionQuerySet.as_manager()

    class Meta:
        triggers = [
            *audited(),
            pgtrigger.Protect(name="stays", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="keeps_its_method",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__key__df=pgtrigger.F("new__key"))
                | pgtrigger.Q(old__method__df=pgtrigger.F("new__method"))
                | pgtrigger.Q(old__percentile__df=pgtrigger.F("new__percentile")),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(method="percentile", percentile__range=(1, 99))
                | (~Q(method="percentile") & Q(percentile=None)),
                name="percentile_measures_say_which",
            )
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def has_divisor(self) -> bool:
        return self.method in {self.Method.RATIO, self.Method.SHARE}


class MeasureVersion(models.Model):
    """What a measure counts from a day on, until a version that begins later; of two from the same day the newer holds.

    Appended only: a figure of the past can always say by which definition it was made. A part is a `source` of
    performance.selectors.sources, one of its values (none: its rows are counted), conditions on its fields, the day
    that counts and who is credited; `of_…` is the second part of a ratio or share.
    """

    definition = models.ForeignKey(MeasureDefinition, models.PROTECT, related_name="versions")
    from_on = models.DateField(help_text="First day it holds for")
    source = models.CharField(max_length=20)
    value = models.CharField(max_length=20, blank=True)
    day = models.CharField(max_length=20)
    credit = models.CharField(max_length=20)
    conditions = models.JSONField(default=list, blank=True, help_text="[field, test, values], all of which hold")
    of_source = models.CharField(max_length=20, blank=True)
    of_value = models.CharField(max_length=20, blank=True)
    of_day = models.CharField(max_length=20, blank=True)
    of_credit = models.CharField(max_length=20, blank=True)
    of_conditions = models.JSONField(default=list, blank=True)
    reason = models.CharField(max_length=200, blank=True)
    recorded_at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        triggers = [APPEND_ONLY]
        indexes = [models.Index(fields=["definition", "from_on"], name="version_by_measure")]

    def __str__(self) -> str:
        return f"{self.definition} from {self.from_on:%d %b %Y}"
