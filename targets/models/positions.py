"""Seats that are to be filled: opened where the people of a plan can't bring its target."""

from datetime import date
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from salesmgmt.desk.audit import audited
from teams.models import Team, Viewer, access_of

from .plans import Plan
from .shapes import RampProfile


class PositionQuerySet(models.QuerySet):
    def visible_to(self, user: Viewer) -> Self:
        """Those of the teams one leads and below."""
        access = access_of(user)
        return self.all() if access.sees_all else self.filter(team__path__overlap=list(access.led_team_ids))

    def open(self) -> Self:
        return self.filter(closed_at=None)


class Position(models.Model):
    """A seat of a team that somebody is wanted for from a day on. It counts in capacity until it is closed."""

    team = models.ForeignKey(Team, models.PROTECT, related_name="positions")
    plan = models.ForeignKey(
        Plan, models.SET_NULL, null=True, related_name="positions", help_text="Whose gap opened it"
    )
    opens_on = models.DateField(help_text="The first day somebody is wanted")
    ramp = models.ForeignKey(RampProfile, models.SET_NULL, null=True, blank=True, related_name="+")
    reason = models.CharField(max_length=200)
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    closed_why = models.CharField(max_length=200, blank=True)

    objects = PositionQuerySet.as_manager()

    class Meta:
        triggers = audited()
        indexes = [models.Index(fields=["team"], condition=Q(closed_at=None), name="open_position_by_team")]
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="a_position_says_why"),
            models.CheckConstraint(condition=Q(closed_at=None) | ~Q(closed_why=""), name="a_closed_position_says_why"),
        ]

    def __str__(self) -> str:
        return f"{self.team} from {self.opens_on:%-d %b %Y}"

    @property
    def is_open(self) -> bool:
        return self.closed_at is None

    def month_of_tenure(self, day: date) -> int:
        """Which month after the start a day lies in, were somebody to start on time; below 1 before it."""
        months = (day.year - self.opens_on.year) * 12 + day.month - self.opens_on.month
        return months + (day.day >= self.opens_on.day)
