"""Changes of quotas that postings, leave and calendars ask for: shown before they count."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from salesmgmt.desk.audit import audited
from salesmgmt.lib.ranges import Dated, DatedQuerySet, is_a_range
from targets.models.measures import BOOKINGS
from targets.models.quotas import QuotaEntry
from teams.models import Person, Team, Viewer, access_of


class QuotaProposalQuerySet(DatedQuerySet):
    def visible_to(self, user: Viewer) -> Self:
        """The person's own, those of the teams one leads and below, and everything for who sees all."""
        access = access_of(user)
        if access.sees_all:
            return self.all()
        led = Team.objects.under(access.led_team_ids).values("pk")
        return self.filter(Q(seat=access.person_id) | Q(team__in=led))

    def open(self) -> Self:
        return self.filter(state=QuotaProposal.State.OPEN)


class QuotaProposal(Dated):
    """The ledger says one thing of a seat and its postings, leave and calendar another; or a vacant seat is to be had.

    Or who leads somebody asks for another figure than the published one, by more than they may change alone: it says
    what changed, and is announced once it counts. It is replaced while nobody has decided and goes when the difference
    does. A refused one comes back only where the facts are others. Then it counts: as soon as the manager says so, or
    by itself on `counts_on`.
    """

    class Kind(models.TextChoices):
        FOLLOW = "follow", "Follows postings, leave and calendars"
        SEAT = "seat", "Takes over a vacant seat"
        CHANGE = "change", "Asked for by who leads them"

    class State(models.TextChoices):
        OPEN = "open", "Proposed"
        COUNTED = "counted", "Counts"
        REFUSED = "refused", "Refused"
        GONE = "gone", "No longer needed"

    kind = models.CharField(max_length=6, choices=Kind, default=Kind.FOLLOW)
    seat = models.ForeignKey(Person, models.PROTECT, related_name="quota_proposals")
    left_by = models.ForeignKey(
        Person, models.PROTECT, null=True, related_name="+", help_text="Whose vacant seat is taken over"
    )
    team = models.ForeignKey(Team, models.PROTECT, related_name="+")
    measure = models.CharField(max_length=30, default=BOOKINGS)
    state = models.CharField(max_length=7, choices=State, default=State.OPEN)
    facts = models.CharField(max_length=64, help_text="Digest of what the ledger should say")
    decider = models.ForeignKey(
        Person,
        models.PROTECT,
        null=True,
        related_name="+",
        help_text="Who leads the team, or the next one up",
    )
    needs_yes = models.BooleanField(
        help_text="It never counts by itself: of who leads the team or imports, or asked for by a manager"
    )
    made_at = models.DateTimeField()
    counts_on = models.DateField(help_text="The day it counts by itself")
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    reason = models.CharField(max_length=200, blank=True)
    # Of a change that somebody asks for.
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    amount = models.DecimalField(max_digits=18, decimal_places=2, null=True, help_text="The figure asked for")
    headline = models.CharField(max_length=200, blank=True, db_default="", help_text="What changes, in one line")
    results = models.TextField(blank=True, max_length=2000, db_default="", help_text="What changed in results")
    economy = models.TextField(blank=True, max_length=2000, db_default="", help_text="What changed in the economy")
    competition = models.TextField(blank=True, max_length=2000, db_default="", help_text="What changed in competition")
    version = models.PositiveIntegerField(default=1)

    objects = QuotaProposalQuerySet.as_manager()

    class Meta:
        triggers = audited()
        constraints = [
            is_a_range("quota_proposal_is_a_range"),
            models.UniqueConstraint(
                fields=["seat", "team", "during", "measure", "kind"],
                condition=Q(state="open"),
                name="one_open_quota_proposal_per_line",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["open", "gone"]) | Q(decided_at__isnull=False), name="a_decision_has_a_moment"
            ),
            models.CheckConstraint(
                condition=Q(kind="change", amount__isnull=False) | (~Q(kind="change") & Q(amount=None)),
                name="a_figure_that_is_asked_for_is_named",
            ),
        ]
        indexes = [models.Index(fields=["decider"], condition=Q(state="open"), name="open_proposal_by_decider")]

    def __str__(self) -> str:
        return f"{self.seat}, {self.team}, from {self.starts_on}"

    @property
    def is_open(self) -> bool:
        return self.state == self.State.OPEN


class ProposedEntryQuerySet(models.QuerySet):
    def visible_to(self, user: Viewer) -> Self:
        return self.filter(proposal__in=QuotaProposal.objects.visible_to(user))


class ProposedEntry(Dated):
    """One entry of a proposal: what the ledger says of it, what it should say, and how that is worked out."""

    proposal = models.ForeignKey(QuotaProposal, models.CASCADE, related_name="entries")
    kind = models.CharField(max_length=14, choices=QuotaEntry.Kind)
    before = models.DecimalField(max_digits=18, decimal_places=2)
    after = models.DecimalField(max_digits=18, decimal_places=2)
    currency = models.CharField(max_length=3)
    note = models.CharField(max_length=300, blank=True)

    objects = ProposedEntryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "proposed entries"
        constraints = [
            is_a_range("proposed_entry_is_a_range"),
            models.CheckConstraint(condition=~Q(before=F("after")), name="a_proposed_entry_changes_something"),
        ]

    @property
    def change(self) -> object:
        return self.after - self.before
