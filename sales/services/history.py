"""Decisions that a deal went through, brought into the ledgers in the sequence in which they were taken (R11)."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import transaction
from django.db.models import Sum

from sales.models import Deal, DealChange, LostReason, Order, Outcome
from salesmgmt.lib import clock
from teams.models import Organisation, User

from .credits import post_outcomes, recredit_orders
from .orders import book_won_deals

Field = DealChange.Field


@dataclass(slots=True)
class Decision:
    """A deal was won or lost on a day, at an amount; perhaps reopened on another."""

    status: str
    on: date
    amount: Decimal | None
    reopened_on: date | None = None


@transaction.atomic
def settle_decisions(*, deal_ids: Iterable[int], by: User | None, at: datetime, reason: str) -> None:
    """Have the ledgers say every decision that these deals' changes tell; twice adds nothing.

    A reopening takes count and credit back on its own day; what was won again counts again.
    """
    ids = set(deal_ids)
    said: dict[str, Any] = {"by": by, "at": at, "reason": reason}
    told = decisions_of(ids)
    again = {pk for pk, rows in told.items() if any(one.reopened_on for one in rows)}
    _post(ids - again, said)
    standing: dict[int, Counter[tuple[str, date]]] = defaultdict(Counter)
    sums = Outcome.objects.filter(deal__in=ids).values_list("deal_id", "status", "occurred_on")
    for pk, status, on, count in sums.annotate(net=Sum("count")).order_by():
        standing[pk][status, on] += count
    for deal in Deal.objects.filter(pk__in=ids, withdrawn_at=None).order_by("pk").select_for_update():
        decisions = told.get(deal.pk, []) if deal.pk in again else _decided(deal)
        due: Counter[tuple[str, date]] = Counter()
        for one in decisions:
            due[one.status, one.on] += 1
            if one.reopened_on is not None:
                due[one.status, one.reopened_on] -= 1
        if {key: net for key, net in due.items() if net} != {key: net for key, net in standing[deal.pk].items() if net}:
            _replay(deal, decisions, said)
        elif deal.pk in again:
            _post({deal.pk}, said)


def _decided(deal: Deal) -> list[Decision]:
    """What a deal itself says of its decision."""
    return [Decision(deal.status, deal.closed_on, deal.amount)] if deal.closed_on else []


def decisions_of(deal_ids: Iterable[int]) -> dict[int, list[Decision]]:
    """The decisions of deals as their changes tell them; the last one is dated as the deal itself says."""
    zone = Organisation.get().time_zone
    found: dict[int, list[Decision]] = defaultdict(list)
    amounts: dict[int, Decimal | None] = {}
    states: dict[int, str] = {}
    changes = DealChange.objects.filter(deal__in=deal_ids, field__in=[Field.STATUS, Field.AMOUNT])
    for change in changes.order_by("deal_id", "changed_at", "id"):
        pk, on = change.deal_id, clock.day_of(change.changed_at, zone)
        if change.field == Field.AMOUNT:
            amounts[pk] = _amount(change.value)
            continue
        was, states[pk] = states.get(pk, Deal.Status.OPEN), change.value
        if was == change.value:
            continue
        if was != Deal.Status.OPEN:
            found[pk][-1].reopened_on = max(on, found[pk][-1].on)
        if change.value != Deal.Status.OPEN:
            found[pk].append(Decision(change.value, on, amounts.get(pk)))
    for deal in Deal.objects.filter(pk__in=found).exclude(status=Deal.Status.OPEN):
        last = found[deal.pk][-1]
        if last.reopened_on is None and last.status == deal.status and deal.closed_on is not None:
            before = [one.reopened_on for one in found[deal.pk] if one.reopened_on]
            last.on, last.amount = max([deal.closed_on, *before]), deal.amount
    return dict(found)


def _amount(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def _replay(deal: Deal, decisions: list[Decision], said: dict[str, Any]) -> None:
    """Forget what the ledgers say of a deal, and let it be decided anew from the first time on."""
    one, ids = Deal.objects.filter(pk=deal.pk), {deal.pk}
    books = not Order.objects.present().filter(deal=deal, is_booked_by_win=False).exists()
    stood = {name: getattr(deal, name) for name in ("status", "closed_on", "lost_reason_id", "amount", "withdrawn_at")}
    not_given = LostReason.objects.get(key="not_given").pk
    one.update(withdrawn_at=said["at"])
    _post(ids, said, books=books)
    for decision in decisions:
        lost = deal.lost_reason_id or not_given if decision.status == Deal.Status.LOST else None
        amount = deal.amount if decision.amount is None else decision.amount
        one.update(status=decision.status, closed_on=decision.on, lost_reason=lost, amount=amount, withdrawn_at=None)
        _post(ids, said, books=books)
        if decision.reopened_on is not None:
            one.update(status=Deal.Status.OPEN, closed_on=None, lost_reason=None)
            _post(ids, said, on=decision.reopened_on, books=books)
    one.update(**stood)
    _post(ids, said, books=books)


def _post(deal_ids: set[int], said: dict[str, Any], *, on: date | None = None, books: bool = True) -> None:
    if not deal_ids:
        return
    if books and (orders := book_won_deals(deal_ids=deal_ids, at=said["at"], on=on)):
        recredit_orders(order_ids=orders, **said)
    post_outcomes(deal_ids=deal_ids, on=on, **said)
