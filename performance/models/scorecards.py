"""Scorecards: what a role's score is made of, by dated versions."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from salesmgmt.desk.audit import audited
from salesmgmt.lib.ranges import Dated, DatedQuerySet, is_a_range, one_at_a_time
from teams.models import Role, Viewer, access_of


class ScorecardQuerySet(DatedQuerySet):
    def visible_to(self, user: Viewer) -> Self:
        """What a role is scored by is no secret within the company."""
        return self.all() if access_of(user).role != "none" else self.none()

    def standing(self) -> Self:
        """Without those that a later word on the same days has taken the place of."""
        return self.filter(superseded_at=None)


class Scorecard(Dated):
    """What the score of a role is made of while it holds. A change is a further version, never of days gone by."""

    role = models.CharField(max_length=10, choices=Role)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    reason = models.CharField(max_length=200)
    superseded_at = models.DateTimeField(null=True, editable=False)

    objects = ScorecardQuerySet.as_manager()

    class Meta:
        triggers = audited()
        constraints = [
            is_a_range("scorecard_is_a_range"),
            one_at_a_time("one_scorecard_per_role_at_a_time", "role", condition=Q(superseded_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()} from {self.starts_on}"


class ScorecardPart(models.Model):
    """A measure with its weight and its goal: at the goal it brings as many points as it weighs."""

    scorecard = models.ForeignKey(Scorecard, models.CASCADE, related_name="parts")
    measure = models.CharField(max_length=40)
    weight = models.DecimalField(max_digits=5, decimal_places=2, help_text="Percent")
    goal = models.DecimalField(
        max_digits=18, decimal_places=4, help_text="A ratio as 1 for 100 %; what adds up: per person and working week"
    )
    position = models.PositiveSmallIntegerField()

    class Meta:
        triggers = audited()
        constraints = [
            models.UniqueConstraint(fields=["scorecard", "measure"], name="one_part_per_measure"),
            models.CheckConstraint(condition=Q(weight__gt=0, weight__lte=100), name="part_weight_is_a_percentage"),
            models.CheckConstraint(condition=Q(goal__gt=0), name="part_goal_is_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.measure} {self.weight} %"
