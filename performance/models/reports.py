"""Monthly reports up the ladder: commented by who leads the team, then frozen as sent."""

from typing import Self

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q

from salesmgmt.desk.audit import audited
from salesmgmt.lib.ledger import APPEND_ONLY
from salesmgmt.lib.periods import CALENDAR_YEARS, FiscalCalendar, Period
from teams.models import Person, Team, Viewer, access_of


class ReportQuerySet(models.QuerySet):
    def visible_to(self, user: Viewer) -> Self:
        """Those of the teams one leads and below."""
        access = access_of(user)
        return self.all() if access.sees_all else self.filter(team__path__overlap=list(access.led_team_ids))

    def waiting(self) -> Self:
        return self.filter(sent_at=None)


class Report(models.Model):
    """A month of a team. Until it is sent its figures are those of the day; then it keeps what was sent."""

    team = models.ForeignKey(Team, models.PROTECT, related_name="reports")
    period = models.CharField(max_length=8)
    starts_on = models.DateField(null=True)
    until = models.DateField(null=True, help_text="First day after the month")
    made_at = models.DateTimeField()
    due_on = models.DateField(help_text="The day it goes out at the latest")
    comment = models.TextField(blank=True, max_length=5000)
    commented_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    commented_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)
    as_of = models.DateField(null=True)
    sent_at = models.DateTimeField(null=True)
    sent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", help_text="Empty: by the schedule"
    )
    sentence = models.CharField(max_length=300, blank=True)
    figures = models.JSONField(default=dict, help_text="As sent")

    objects = ReportQuerySet.as_manager()

    class Meta:
        triggers = [
            *audited(),
            pgtrigger.Protect(
                name="append_only_once_sent",  # an erasure takes words out of what is called so
                operation=pgtrigger.Update | pgtrigger.Delete,
                condition=pgtrigger.Q(old__sent_at__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["-period", "-id"], name="report_by_period")]
        constraints = [
            models.UniqueConstraint(fields=["team", "period"], name="one_report_per_team_and_month"),
            models.CheckConstraint(
                condition=Q(sent_at=None, as_of=None)
                | (Q(sent_at__isnull=False, as_of__isnull=False) & ~Q(figures={})),
                name="a_sent_report_keeps_its_figures",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.team}, {self.period}"

    @property
    def is_sent(self) -> bool:
        return self.sent_at is not None

    def month(self, calendar: FiscalCalendar) -> Period:
        """The month it is about, with the days it had when it was made, whatever the calendar says now."""
        if self.starts_on and self.until:
            return Period.kept(self.period, self.starts_on, self.until, calendar)
        # Made by a version that kept the key alone: a calendar month has its days from that.
        found = Period.parse(self.period, calendar if "P" in self.period else CALENDAR_YEARS)
        return Period.kept(self.period, found.start, found.end, calendar)


class ReportRecipient(models.Model):
    """Whom a report was sent to: once each."""

    report = models.ForeignKey(Report, models.PROTECT, related_name="recipients")
    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        triggers = [APPEND_ONLY]
        constraints = [models.UniqueConstraint(fields=["report", "person"], name="one_copy_per_recipient")]
