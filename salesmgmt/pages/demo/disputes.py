"""Writes two disputes: one that waits for a statement, one that was dismissed and may still be appealed."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

from coaching.models import Decider, Decision, Dispute, DisputeEvent, Evidence, Party, Statement
from coaching.selectors.disputes import evidence_for
from sales.models import Account, Order
from salesmgmt.lib import clock
from teams.models import Person

from .loading import Moments
from .organisation import ZONE

Kind = DisputeEvent.Kind
CLAIM = (
    "I brought the plant manager and our calibration lead together at the trade fair and wrote the first quote. "
    "The order came four weeks later without a part for me. I ask for a third of the credit."
)
OWNED = "The account was mine until the new territories were drawn, and the contract is still to be renewed by me."
ANSWER = "The handover was agreed in writing. I have visited them every three weeks since."
REASONS = "Both consented to the handover, and the renewal was part of it. Nothing has changed since that day."


@transaction.atomic
def write_disputes(*, today: date) -> None:
    """After handovers and orders; no credit, quota or owner is changed."""
    seats = ["E-101", "E-102", "E-103", "E-110"]
    found = Person.objects.filter(external_id__in=seats).select_related("user")
    people = {str(one.external_id): one for one in found}
    if len(people) < 4 or Dispute.objects.exists():
        return
    moments = Moments(today, ZONE, earliest=-60, latest=60)
    ana, ben, jonas, omar = (people[name] for name in seats)
    orders = Order.objects.present().standing().filter(owner=ana, deal__isnull=False, ordered_on__lte=today)
    if (order := orders.order_by("-ordered_on", "-pk").first()) is not None:
        made = _Writing(moments, today, -3, ben, omar).open(
            subject="credit", ground="left_out", title=f"Credit of {order}"[:200], order=order
        )
        made.ask(ben, said=CLAIM)
        made.ask(ana)
    account = Account.objects.present().filter(owner=jonas).order_by("pk").first()
    if account is not None:
        made = _Writing(moments, today, -24, ben, omar).open(
            subject="territory", ground="changed", title=f"Who looks after {account}"[:200], account=account
        )
        made.ask(ben, said=OWNED)
        made.ask(jonas, said=ANSWER, after=4)
        made.decide(after=18)


@dataclass
class _Writing:
    """A dispute as it is written, by the days after it was opened."""

    moments: Moments
    today: date
    opened: int  # days from today
    claimant: Person
    decider: Person
    dispute: Any = None

    def at(self, after: int = 0) -> datetime:
        return self.moments.moment(self.opened + after, 9 * 60 + 40)

    def open(self, **said: Any) -> "_Writing":
        day = self.today + timedelta(days=self.opened)
        due = day + timedelta(days=7)
        self.dispute = Dispute.objects.create(
            opened_by=self.claimant,
            opened_at=self.at(),
            statements_due_on=due,
            decide_by=due + timedelta(days=14),
            **said,
        )
        self.note(Kind.OPENED, person=self.claimant, by=self.claimant.user)
        Evidence.objects.bulk_create(
            Evidence(dispute=self.dispute, kind=kind, as_of=day, at=self.at(), content=content, link=link)
            for kind, content, link in evidence_for(self.dispute)
        )
        Decider.objects.create(dispute=self.dispute, round=1, person=self.decider, since=self.at())
        self.note(Kind.DECIDER, person=self.decider)
        return self

    def ask(self, person: Person, *, said: str = "", after: int = 0) -> None:
        party = Party.objects.create(
            dispute=self.dispute, person=person, is_claimant=person == self.claimant, added_at=self.at()
        )
        due = self.dispute.statements_due_on
        Statement.objects.create(
            party=party, round=1, asked_at=self.at(), due_on=due, due_at=clock.close_of(due, ZONE), text=said,
            said_at=self.at(after) if said else None,
        )  # fmt: skip
        if said:
            self.note(Kind.STATEMENT, person=person, by=person.user, after=after)

    def decide(self, *, after: int) -> None:
        Decision.objects.create(
            dispute=self.dispute, round=1, decider=self.decider, outcome=Decision.Outcome.DISMISSED, reasons=REASONS,
            decided_at=self.at(after), by=self.decider.user,
        )  # fmt: skip
        self.note(Kind.DECIDED, person=self.decider, by=self.decider.user, after=after)
        Dispute.objects.filter(pk=self.dispute.pk).update(
            state=Dispute.State.DECIDED, appeal_until=self.today + timedelta(days=self.opened + after + 14)
        )

    def note(self, kind: str, *, person: Person, by: Any = None, after: int = 0) -> None:
        DisputeEvent.objects.create(dispute=self.dispute, kind=kind, at=self.at(after), by=by, person=person, round=1)
