"""Plans of coaching: what help somebody gets for which measure, and what it is compared with."""

import math
from datetime import date
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from salesmgmt.desk.audit import audited
from salesmgmt.lib import clock
from salesmgmt.lib.ratios import signed
from teams.models import Organisation, Person, Posting, Viewer, access_of, led_by

from .cases import Case
from .plays import sees_plays


class CoachingPlanQuerySet(models.QuerySet):
    def standing(self) -> Self:
        return self.filter(cancelled_at=None)

    def visible_to(self, user: Viewer) -> Self:
        """The person's own, of who leads them, of who helps while it goes on, and the executive's; admin's and
        operations' of whom they lead alone."""
        access = access_of(user)
        if access.role == "executive":
            return self.all()
        if access.person_id is None:
            return self.none()
        today = clock.today(Organisation.get().time_zone)
        mine = led_by(access) | Q(person=access.person_id) | Q(coach=access.person_id, until__gt=today)
        if access.sees_all and access.leads:
            mine |= Q(person__in=Posting.objects.on(today).under(access.led_team_ids).values("person"))
        return self.filter(mine)


class CoachingPlan(models.Model):
    """A kind of help for somebody over some weeks, judged by one measure beside comparable people."""

    class Kind(models.TextChoices):
        COURSE = "course", "Course"
        TALKS = "talks", "1:1 plan"
        RIDE_ALONG = "ride_along", "Ride-along"
        MENTORING = "mentoring", "Mentoring"
        PRACTICE = "practice", "Play practice"
        TOOL = "tool", "Tool"
        WORKLOAD = "workload", "Workload"
        OTHER = "other", "Other help"

    person = models.ForeignKey(Person, models.PROTECT, related_name="coaching_plans")
    coach = models.ForeignKey(Person, models.PROTECT, related_name="led_coaching_plans", help_text="Who helps")
    kind = models.CharField(max_length=10, choices=Kind)
    measure = models.CharField(max_length=60, help_text="Key of the measure it is for")
    starts_on = models.DateField()
    until = models.DateField(help_text="The first day it is over")
    text = models.CharField(max_length=500, blank=True)
    case = models.ForeignKey(Case, models.SET_NULL, null=True, blank=True, related_name="coaching_plans")
    planned_at = models.DateTimeField()
    cancelled_at = models.DateTimeField(null=True, help_text="Before it began")
    version = models.PositiveIntegerField(default=1)
    frozen_at = models.DateTimeField(null=True, help_text="When baseline and comparable people were fixed")
    counts_until = models.DateField(
        null=True, help_text="The first day whose weeks no longer count, fixed at the start"
    )
    peers = models.JSONField(default=list, help_text="Comparable people, as of the start")
    baseline_amount = models.DecimalField(max_digits=24, decimal_places=4, null=True)
    baseline_units = models.DecimalField(
        max_digits=24, decimal_places=4, null=True, help_text="Days present, or cases a ratio is of"
    )

    objects = CoachingPlanQuerySet.as_manager()

    class Meta:
        triggers = audited("text")
        constraints = [
            models.CheckConstraint(condition=Q(until__gt=F("starts_on")), name="coaching_takes_a_while"),
            models.CheckConstraint(condition=~Q(person=F("coach")), name="nobody_helps_themselves"),
            models.UniqueConstraint(
                fields=["person", "kind", "measure", "starts_on"],
                condition=Q(cancelled_at=None),
                name="planned_once",
            ),
        ]
        indexes = [models.Index(fields=["coach", "starts_on"], name="coaching_plan_by_coach")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} from {self.starts_on:%d %b %Y}"

    def state_on(self, day: date) -> str:
        if self.cancelled_at is not None:
            return "cancelled"
        return "planned" if day < self.starts_on else "running" if day < self.until else "ended"


class CoachingPlanChange(models.Model):
    """What happened to a plan: planned, moved, ended early."""

    plan = models.ForeignKey(CoachingPlan, models.CASCADE, related_name="changes")
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    what = models.CharField(max_length=300)


class EffectKept(models.Model):
    """An effect as it was worked out some night."""

    as_of = models.DateField()
    people = models.PositiveIntegerField(help_text="Who had it and could be compared")
    verdict = models.CharField(max_length=60)
    value = models.DecimalField(max_digits=9, decimal_places=4, null=True, help_text="0.12: 12 % above the expected")
    low = models.DecimalField(max_digits=9, decimal_places=4, null=True)
    high = models.DecimalField(max_digits=9, decimal_places=4, null=True, help_text="Empty: open")

    class Meta:
        abstract = True

    @property
    def shares(self) -> tuple[float, float, float] | None:
        """Value, low and high; None where nothing could be told."""
        if self.low is None:
            return None
        value, high = (math.inf if one is None else float(one) for one in (self.value, self.high))
        return value, float(self.low), high

    @property
    def shown(self) -> tuple[str, str, str] | None:
        return (signed(self.shares[0]), signed(self.shares[1]), signed(self.shares[2])) if self.shares else None


class HelpEffectQuerySet(models.QuerySet):
    def visible_to(self, user: Viewer) -> Self:
        """About groups of five and more: for all who sell, lead or run it."""
        return self.all() if sees_plays(access_of(user)) else self.none()


class HelpEffect(EffectKept):
    """What a kind of help does to a measure, for everybody or a group."""

    kind = models.CharField(max_length=40)
    measure = models.CharField(max_length=100)
    whom = models.CharField(max_length=120)
    plans = models.PositiveIntegerField()
    peers = models.PositiveIntegerField(help_text="Comparable people")

    objects = HelpEffectQuerySet.as_manager()
