"""The quota ledger of people."""

from typing import Self

from django.contrib.postgres.indexes import GistIndex
from django.db import models
from django.db.models import Q

from salesmgmt.lib.ledger import LedgerEntry
from salesmgmt.lib.ranges import Dated, DatedQuerySet, is_a_range
from teams.models import Person, Team, Viewer, access_of

from .measures import BOOKINGS
from .plans import Plan


class QuotaEntryQuerySet(DatedQuerySet):
    def visible_to(self, user: Viewer) -> Self:
        """Those of the people one sees today, wherever they were posted, and what is left to the teams one leads."""
        access = access_of(user)
        if access.sees_all:
            return self.all()
        return self.filter(Q(person__in=access.people) | Q(person=None, team__path__overlap=list(access.led_team_ids)))

    def of_people_who_left(self, user: Viewer) -> Self:
        """What counts in the teams one leads of people one no longer sees: only its sum is told."""
        access = access_of(user)
        if access.sees_all:
            return self.none()
        here = self.filter(person__isnull=False, team__path__overlap=list(access.led_team_ids))
        return here.exclude(person__in=access.people)


class QuotaEntry(Dated, LedgerEntry):
    """Ledger: a quota is the sum of its entries, each with its reason (R2); `team` is the one it counts in (R4)."""

    class Kind(models.TextChoices):
        BASE = "base", "Base"
        EMPLOYMENT = "employment", "Employment"
        FTE = "fte", "Part time"
        LEAVE = "leave", "Leave"
        RAMP = "ramp", "Ramp"
        RELIEF = "relief", "Relief"
        REDISTRIBUTION = "redistribution", "Redistribution"
        VACANT = "vacant", "Vacant seat"
        UNCOVERED = "uncovered", "Uncovered leave"

    class Basis(models.TextChoices):
        FINAL = "final", "Taken as it is"
        BASE = "base", "Of the seat: it follows postings, leave and calendars"
        TAKEN = "taken", "A vacant part that somebody has taken over"

    person = models.ForeignKey(Person, models.PROTECT, null=True, related_name="quota_entries")
    seat = models.ForeignKey(
        Person,
        models.PROTECT,
        null=True,
        related_name="+",
        help_text="From whose quota it follows; theirs, or what it leaves",
    )
    team = models.ForeignKey(Team, models.PROTECT, null=True, related_name="quota_entries")
    measure = models.CharField(max_length=30, default=BOOKINGS)
    kind = models.CharField(max_length=14, choices=Kind, default=Kind.BASE)
    basis = models.CharField(
        max_length=5, choices=Basis, blank=True, default="", db_default="", help_text="Of a base; empty: not said"
    )
    plan = models.ForeignKey(Plan, models.PROTECT, null=True, related_name="entries")

    objects = QuotaEntryQuerySet.as_manager()

    class Meta(LedgerEntry.Meta):
        verbose_name_plural = "quota entries"
        indexes = [
            models.Index(fields=["person", "measure"], name="quota_by_person"),
            models.Index(fields=["seat", "measure"], name="quota_by_seat"),
            models.Index(fields=["team", "measure"], name="quota_by_team"),
            GistIndex(fields=["during"], name="quota_during"),
        ]
        constraints = [
            is_a_range("quota_is_a_range"),
            models.CheckConstraint(condition=Q(during__endswith__isnull=False), name="quota_has_an_end"),
            models.CheckConstraint(
                condition=Q(kind__in=["vacant", "uncovered"], person=None) | Q(person__isnull=False),
                name="only_a_teams_rest_has_no_person",
            ),
            models.UniqueConstraint(
                fields=["reverses"], condition=Q(reverses__isnull=False), name="quota_is_taken_back_once"
            ),
        ]
