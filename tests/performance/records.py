"""Records as the services of sales and targets leave them, made straight from the models."""

from datetime import UTC, date, datetime
from decimal import Decimal

from sales.models import Activity, Credit, Deal, Order, Outcome, Stage
from salesmgmt.lib.ranges import half_open
from targets.models import QuotaEntry
from teams.models import Person, Posting, Team

AT = datetime(2026, 5, 20, 9, tzinfo=UTC)


def team_of(person: Person, on: date) -> Team:
    return Posting.objects.on(on).get(person=person).team


def an_order(owner: Person, amount: str, on: date) -> Order:
    return Order.objects.create(owner=owner, amount=Decimal(amount), currency="EUR", ordered_on=on)


def a_credit(
    person: Person, amount: str, on: date, *, order: Order | None = None, kind: str = "primary",
    posted: date | None = None, team: Team | None = None, reverses: Credit | None = None,
) -> Credit:  # fmt: skip
    return Credit.objects.create(
        order=order or an_order(person, "0", on), person=person, team=team or team_of(person, on), kind=kind,
        occurred_on=on, posted_on=posted or on, amount=Decimal(amount), currency="EUR",
        reporting_amount=Decimal(amount), recorded_at=AT, reason="test", reverses=reverses,
    )  # fmt: skip


def a_deal(
    owner: Person, amount: str | None = "100", *, close: date | None = None, currency: str = "EUR", **fields
) -> Deal:
    return Deal.objects.create(
        name="A deal", owner=owner, stage=Stage.objects.order_by("pk")[0], currency=currency,
        amount=None if amount is None else Decimal(amount), expected_close_on=close, **fields,
    )  # fmt: skip


def an_outcome(
    person: Person, status: str, on: date, *, amount: str = "100", days: int | None = None, counts: bool = True,
    deal: Deal | None = None, reverses: Outcome | None = None,
) -> Outcome:  # fmt: skip
    sign = -1 if reverses else 1
    return Outcome.objects.create(
        deal=deal or a_deal(person), person=person, team=team_of(person, on), status=status, count=sign,
        occurred_on=on, posted_on=on, amount=sign * Decimal(amount), cycle_days=days, counts=counts,
        recorded_at=AT, reason="test", reverses=reverses,
    )  # fmt: skip


def an_activity(owner: Person, on: date, kind: str = "call", **fields) -> Activity:
    at = datetime(on.year, on.month, on.day, 10, tzinfo=UTC)
    return Activity.objects.create(owner=owner, kind=kind, occurred_at=at, occurred_on=on, **fields)


def a_quota(
    person: Person | None, amount: str, start: date, end: date, *, team: Team | None = None, kind: str = "base",
    reason: str = "test",
) -> QuotaEntry:  # fmt: skip
    return QuotaEntry.objects.create(
        person=person, team=team or (team_of(person, start) if person else None), kind=kind,
        during=half_open(start, end), amount=Decimal(amount), currency="EUR", reporting_amount=Decimal(amount),
        recorded_at=AT, reason=reason,
    )  # fmt: skip
