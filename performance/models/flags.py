"""Flags: who is behind, by how much, and the plainest reason."""

from datetime import date
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from teams.models import Person, Team, Viewer, access_of


class FlagQuerySet(models.QuerySet):
    def visible_to(self, user: Viewer) -> Self:
        """The person themselves, who leads them, and who sees all (R25)."""
        access = access_of(user)
        return self.all() if access.sees_all else self.filter(person__in=access.people)

    def open(self) -> Self:
        return self.filter(closed_on=None)


class Flag(models.Model):
    """The system's finding that somebody is behind. About the gap, not about the person; it closes itself."""

    class Cause(models.TextChoices):
        ACTIVITY = "activity", "Less activity"
        CONVERSION = "conversion", "Fewer wins"
        SIZE = "size", "Smaller deals"
        PIPELINE = "pipeline", "Thin pipeline"
        SPEED = "speed", "Slower deals"
        STRETCH = "stretch", "The plan asks more than before"
        UNKNOWN = "unknown", "No single cause stands out"

    person = models.ForeignKey(Person, models.CASCADE, related_name="flags")
    team = models.ForeignKey(Team, models.SET_NULL, null=True, related_name="+")
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
    as_of = models.DateField()
    expires_on = models.DateField()
    seen_by_person_at = models.DateTimeField(null=True)
    closed_on = models.DateField(null=True)
    closed_because = models.CharField(max_length=100, blank=True)

    objects = FlagQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "measure", "period"], condition=Q(closed_on=None), name="one_open_flag_per_measure"
            )
        ]
        indexes = [models.Index(fields=["person", "-raised_on"], name="flag_by_person")]

    def __str__(self) -> str:
        return f"{self.person}: {self.sentence}"

    @property
    def is_open(self) -> bool:
        return self.closed_on is None

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
    """The history of a flag: raised, changed, answered by the person, closed."""

    class Kind(models.TextChoices):
        RAISED = "raised"
        CHANGED = "changed"
        ANSWERED = "answered"
        CLOSED = "closed"

    flag = models.ForeignKey(Flag, models.CASCADE, related_name="events")
    kind = models.CharField(max_length=8, choices=Kind)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    text = models.CharField(max_length=1000)
