"""Calls: what people and managers stake on a period. Appended, never changed; the last one stands."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from salesmgmt.lib.ledger import APPEND_ONLY
from salesmgmt.lib.periods import Period
from teams.models import Person, Team, Viewer, access_of


class CallQuerySet(models.QuerySet):
    def visible_to(self, user: Viewer) -> Self:
        """One's own, those of one's people, and all for who sees all."""
        access = access_of(user)
        return self.all() if access.sees_all else self.filter(person__in=access.people)

    def of(self, period: Period) -> Self:
        """Those for these days: another calendar may have had a period of the same key."""
        return self.filter(period=period.key, starts_on=period.start, until=period.end)

    def standing(self) -> Self:
        """The last of each person, team and period."""
        return self.order_by("person", "team", "period", "-made_on", "-made_at", "-pk").distinct(
            "person", "team", "period"
        )


class Call(models.Model):
    """The amount somebody stakes for a whole period: their own result, or that of a team they lead (R18).

    In the reporting currency. A later call overrides it and leaves it where it is, so that it can be judged.
    """

    person = models.ForeignKey(Person, models.CASCADE, related_name="calls", help_text="Who calls")
    team = models.ForeignKey(Team, models.CASCADE, null=True, related_name="calls", help_text="Empty: their own result")
    period = models.CharField(max_length=8)
    starts_on = models.DateField()
    until = models.DateField(help_text="First day after the period")
    commit = models.DecimalField(max_digits=18, decimal_places=2)
    best_case = models.DecimalField(max_digits=18, decimal_places=2)
    currency = models.CharField(max_length=3)
    note = models.CharField(max_length=300, blank=True)
    made_on = models.DateField()
    made_at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    people_commit = models.DecimalField(
        max_digits=24, decimal_places=2, null=True, help_text="Of a team: what its people's calls came to then"
    )
    people_best_case = models.DecimalField(max_digits=24, decimal_places=2, null=True)

    objects = CallQuerySet.as_manager()

    class Meta:
        triggers = [APPEND_ONLY]
        constraints = [
            models.CheckConstraint(condition=Q(commit__gte=0), name="call_is_not_negative"),
            models.CheckConstraint(condition=Q(best_case__gte=F("commit")), name="best_case_is_at_least_the_commit"),
            models.CheckConstraint(condition=Q(until__gt=F("starts_on")), name="call_is_for_days"),
            models.CheckConstraint(condition=Q(made_on__lt=F("until")), name="call_is_made_before_the_period_is_over"),
        ]
        indexes = [
            models.Index(fields=["person", "period", "-made_on"], name="call_by_person"),
            models.Index(fields=["team", "period", "-made_on"], name="call_by_team"),
        ]

    def __str__(self) -> str:
        return f"{self.person}, {self.period}: {self.commit}"

    @property
    def is_override(self) -> bool:
        """Of a team, and other than what its people's calls came to."""
        return self.people_commit is not None and self.people_commit != self.commit
