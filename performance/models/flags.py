"""Flags: who is behind or about to be, by how much, and the plainest reason; and what a wrong one costs."""

from datetime import date
from decimal import Decimal
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from salesmgmt.desk.audit import audited
from teams.models import Person, Team, Viewer, access_of, led_by


class FlagQuerySet(models.QuerySet):
    def visible_to(self, user: Viewer) -> Self:
        """The person themselves, who leads them, and who sees all (R25); no peer who stands in for them."""
        access = access_of(user)
        return self.all() if access.sees_all else self.filter(led_by(access))

    def open(self) -> Self:
        return self.filter(closed_on=None)

    def awake(self, day: date) -> Self:
        """Open and not put off."""
        return self.open().filter(Q(snoozed_until=None) | Q(snoozed_until__lte=day))


class FlagKind(models.TextChoices):
    """What was found, the weightiest first: somebody has one open flag, of the weightiest kind."""

    MISS = "miss", "Will miss the quota"
    TREND = "trend", "Trend break"
    ACTIVITY = "activity", "Activity drop"
    STALE = "stale", "Stale pipeline"
    QUALITY = "quality", "Quality"


class Flag(models.Model):
    """The system's finding that somebody is behind. About the gap, not about the person; it closes itself."""

    class Cause(models.TextChoices):
        ACTIVITY = "activity", "Less activity"
        CONVERSION = "conversion", "Fewer wins"
        SIZE = "size", "Smaller deals"
        PIPELINE = "pipeline", "Thin pipeline"
        SPEED = "speed", "Slower deals"
        STRETCH = "stretch", "The plan asks more than before"
        PRODUCT = "product", "Product, for the whole team"
        PRICE = "price", "Price, for the whole team"
        DELIVERY = "delivery", "Delivery, for the whole team"
        SERVICE = "service", "Service, for the whole team"
        STALE = "stale", "Open deals left alone"
        CONTENT = "content", "Customers less content"
        DISCOUNT = "discount", "Higher discounts"
        UNKNOWN = "unknown", "No single cause stands out"

    person = models.ForeignKey(Person, models.CASCADE, related_name="flags")
    team = models.ForeignKey(Team, models.SET_NULL, null=True, related_name="+")
    kind = models.CharField(max_length=8, choices=FlagKind, default=FlagKind.MISS, db_default=FlagKind.MISS)
    measure = models.CharField(max_length=30)
    period = models.CharField(max_length=8)
    raised_on = models.DateField()
    behind_since = models.DateField()
    expected = models.DecimalField(max_digits=38, decimal_places=2)
    actual = models.DecimalField(max_digits=38, decimal_places=2)
    gap = models.DecimalField(max_digits=38, decimal_places=2, help_text="expected − actual, as of as_of")
    severity = models.CharField(max_length=7, choices=[("behind", "Behind"), ("at_risk", "At risk")])
    cause = models.CharField(max_length=10, choices=Cause)
    sentence = models.CharField(max_length=300)
    evidence = models.JSONField(default=dict, help_text="The figures behind the sentence, with links to their records")
    p_miss = models.DecimalField(
        max_digits=3, decimal_places=2, null=True, help_text="Probability of missing the quota; empty: not known"
    )
    cost = models.DecimalField(
        max_digits=38, decimal_places=2, default=0, db_default=0, help_text="What it is likely to cost: the rank"
    )
    as_of = models.DateField()
    expires_on = models.DateField()
    seen_by_person_at = models.DateTimeField(null=True)
    snoozed_until = models.DateField(null=True, help_text="Put off until this day; it shows again on it")
    closed_on = models.DateField(null=True)
    closed_because = models.CharField(max_length=100, blank=True)

    objects = FlagQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person"], condition=Q(closed_on=None), name="one_open_flag_per_person")
        ]
        indexes = [models.Index(fields=["person", "-raised_on"], name="flag_by_person")]

    def __str__(self) -> str:
        return f"{self.person}: {self.sentence}"

    @property
    def is_open(self) -> bool:
        return self.closed_on is None

    def is_snoozed(self, day: date) -> bool:
        return self.is_open and self.snoozed_until is not None and day < self.snoozed_until

    @property
    def counted_from(self) -> date | None:
        """First day that `expected` and `actual` count, where that lies before the period: while it is young."""
        return self._day("counted_from")

    @property
    def compared_from(self) -> date | None:
        """First day of those that the reason compares; the gap itself may count fewer."""
        return self._day("compared_from")

    def _day(self, name: str) -> date | None:
        return date.fromisoformat(self.evidence[name]) if name in self.evidence else None


class FlagEvent(models.Model):
    """The history of a flag: raised, changed, answered by the person, put off, closed."""

    class Kind(models.TextChoices):
        RAISED = "raised"
        CHANGED = "changed"
        ANSWERED = "answered"
        SNOOZED = "snoozed"
        WOKEN = "woken"
        CLOSED = "closed"

    flag = models.ForeignKey(Flag, models.CASCADE, related_name="events")
    kind = models.CharField(max_length=8, choices=Kind)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    text = models.CharField(max_length=1000)


class FlagCost(models.Model):
    """What being wrong costs the organisation, per kind: a talk that was not needed, and a warning that was not given.

    Only their ratio counts: a flag is raised where needless talk ÷ (needless talk + missed warning) is reached.
    """

    kind = models.CharField(max_length=8, choices=FlagKind, unique=True)
    needless_talk = models.DecimalField(max_digits=6, decimal_places=1)
    missed_warning = models.DecimalField(max_digits=6, decimal_places=1)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        triggers = audited()
        constraints = [
            models.CheckConstraint(
                condition=Q(needless_talk__gt=0, missed_warning__gt=0), name="flag_costs_are_above_zero"
            )
        ]

    def __str__(self) -> str:
        return self.get_kind_display()

    @property
    def threshold(self) -> Decimal:
        """The probability from which on a warning costs less than none."""
        return self.needless_talk / (self.needless_talk + self.missed_warning)
