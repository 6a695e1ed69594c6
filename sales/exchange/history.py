"""What deals went through, as a table: the value of a field from a moment on."""

import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sales.models import Account, Contact, Deal, DealChange, ForecastCategory, LostReason, Product, Stage
from sales.selectors import beyond_limits
from sales.services.guards import MOST
from sales.services.history import settle_decisions
from salesmgmt.lib import clock
from salesmgmt.lib.days import OUTSIDE, is_of_our_time
from salesmgmt.lib.kinds import Field, Kind, Plan, Row, Settling
from salesmgmt.lib.money import to_cents
from teams.models import Person

from . import OWN, is_own

Changed = DealChange.Field
DAYS = {Changed.EXPECTED_CLOSE_ON, Changed.OPENED_ON, Changed.CLOSED_ON, Changed.NEXT_STEP_ON, Changed.QUOTED_ON}
NAMED: dict[str, Any] = {
    Changed.OWNER: ("person", Person),
    Changed.ACCOUNT: ("account", Account),
    Changed.CONTACT: ("contact", Contact),
    Changed.PRODUCT: ("product", Product),
}  # kept by their numbers
CREDITED = {Changed.STATUS, Changed.OWNER, Changed.AMOUNT}
SAYS_SOMETHING = {Changed.STAGE, Changed.STATUS, Changed.OWNER}


def _plan(plan: Plan) -> None:
    """Add the changes that are not there yet, in the place of those an import of the deal had to suppose.

    Where the last change of a field says something else than the deal, the deal follows.
    """
    history = _History(plan)
    rows: dict[tuple[int, str], list[tuple[Row, str]]] = defaultdict(list)
    for row in plan.taken():
        value = history.value_of(row)
        if row.values["changed_at"] > plan.at:
            plan.refuse(row, "changed_at", "That moment is still to come.")
        if value is not None and plan.refer(row):
            rows[row.found["deal"].pk, row.values["field"]].append((row, value))
    standing: dict[tuple[int, str], list[DealChange]] = defaultdict(list)
    changes = DealChange.objects.filter(deal__in={pk for pk, _ in rows}, field__in={field for _, field in rows})
    for change in changes.order_by("changed_at", "id"):
        standing[change.deal_id, change.field].append(change)
    _refuse_own(plan, rows)
    _refuse_unapproved(plan, rows, standing)
    for (pk, field), given in rows.items():
        given = [(row, value) for row, value in given if not row.refusals]
        if not given:
            continue
        history.merge(given[0][0].found["deal"], field, given, standing[pk, field])


def _refuse_own(plan: Plan, rows: dict[tuple[int, str], list[tuple[Row, str]]]) -> None:
    """Nobody takes in who is credited for a win of their own, with how much and when; nor that their loss was none."""
    if plan.own_person_id is None:
        return
    told: dict[int, set[tuple[str, str]]] = defaultdict(set)
    for (pk, field), given in rows.items():
        told[pk].update((field, value) for _, value in given)
    for (pk, field), given in rows.items():
        deal = given[0][0].found["deal"]
        is_decided = deal.status != Deal.Status.OPEN or (Changed.STATUS, Deal.Status.WON) in told[pk]
        becomes_own = (Changed.OWNER, str(plan.own_person_id)) in told[pk]
        if field in CREDITED and is_decided and (becomes_own or is_own(plan, deal.owner_id, deal=pk)):
            for row, _ in given:
                plan.refuse(row, "deal", OWN)


def _refuse_unapproved(
    plan: Plan, rows: dict[tuple[int, str], list[tuple[Row, str]]], standing: dict[tuple[int, str], list[DealChange]]
) -> None:
    """What is open here is won by the rules of here: a discount above the limit is approved before (R14)."""
    won = {}
    for (pk, field), given in rows.items():
        deal = given[0][0].found["deal"]
        if field == Changed.STATUS and deal.is_open:
            told = [(row.values["changed_at"], value) for row, value in given]
            told += [(one.changed_at, one.value) for one in standing[pk, field]]
            if max(told, key=lambda one: one[0])[1] == Deal.Status.WON:
                won[pk] = deal
    for deal, sentence in beyond_limits(won.values(), on=plan.today):
        for row, value in rows[deal.pk, Changed.STATUS]:
            if value == Deal.Status.WON:
                plan.refuse(row, "value", f"{sentence[0].upper()}{sentence[1:]}; have it approved before the win.")


class _History:
    """Changes of deals, as a file gives them."""

    def __init__(self, plan: Plan) -> None:
        self.plan, self.zone = plan, ZoneInfo(plan.organisation.time_zone)
        self.stages = {one.name.casefold(): one for one in Stage.objects.order_by("-pipeline", "-position")}
        self.of_pipeline = {(one.pipeline_id, one.name.casefold()): one for one in Stage.objects.order_by("-position")}
        self.named: dict[str, dict[str, list[Any]]] = {}
        for field, (key, _) in NAMED.items():
            texts = {row.get("value", "") for row in plan.taken() if row.values["field"] == field}
            self.named[field] = plan.find(key, texts) if texts else {}

    def value_of(self, row: Row) -> str | None:
        """The value as a change keeps it; None: it was refused."""
        field, text = row.values["field"], row.get("value", "")
        if not text:
            if field in SAYS_SOMETHING:
                return self._refuse(row, "It is needed and empty.")
            return ""
        if field == Changed.STAGE:
            stage = self.stages.get(text.casefold())
            known = ", ".join(dict.fromkeys(one.name for one in reversed(self.stages.values())))
            return stage.name if stage else self._refuse(row, f"There is no such stage; there is {known}.")
        if field in (Changed.STATUS, Changed.FORECAST_CATEGORY):
            choices = Deal.Status.values if field == Changed.STATUS else ForecastCategory.values
            word = text.strip().lower().replace(" ", "_")
            return word if word in choices else self._refuse(row, f"It must be one of {', '.join(choices)}.")
        if field == Changed.AMOUNT:
            if not re.fullmatch(r"[-+]?[0-9]+(\.[0-9]*)?", text.strip(), re.ASCII):
                return self._refuse(row, "It is not an amount; write it as 1234.56.")
            amount = Decimal(text)
            if amount < 0:
                return self._refuse(row, "It must be at least 0.")
            if amount >= MOST:
                return self._refuse(row, "It is larger than can be kept.")
            return f"{to_cents(amount):f}"
        if field in DAYS:
            try:
                day = datetime.fromisoformat(text.strip()).date()
            except ValueError:
                return self._refuse(row, "It is not a date; write 2026-03-31.")
            return day.isoformat() if is_of_our_time(day) else self._refuse(row, OUTSIDE)
        if field in NAMED:
            known_ones = self.named[field].get(text.casefold(), [])
            if len(known_ones) == 1:
                return str(known_ones[0].pk)
            called = f"{len(known_ones)} are called so; use the external id." if known_ones else "There is none."
            return self._refuse(row, f"It names no {NAMED[field][0]}: {called}")
        return str(text)[:200]

    def _refuse(self, row: Row, reason: str) -> str | None:
        self.plan.refuse(row, "value", reason)
        return None

    def merge(self, deal: Deal, field: str, given: list[tuple[Row, str]], standing: list[DealChange]) -> None:
        """One field's changes: those that stand and those given, in the sequence of their moments."""
        known = {(one.changed_at, one.value): one for one in standing}
        supposed = self._supposed(deal, field, min(row.values["changed_at"] for row, _ in given))
        merged: list[tuple[datetime, DealChange, Row | None]] = []
        for row, value in given:
            moment = row.values["changed_at"]
            change = known.pop((moment, value), None)
            if change is None:
                change = DealChange(deal=deal, changed_at=moment, field=field, value=value)
                change.by = row.found.get("by", self.plan.by)
                row.act = "created"
            merged.append((moment, change, row))
        for one in known.values():
            if (one.changed_at, one.value) in supposed:
                self.plan.remove(one, given[0][0])
            else:
                merged.append((one.changed_at, one, None))
        merged.sort(key=lambda entry: entry[0])
        was = ""
        for _, change, told_by in merged:
            if change.pk is None and told_by is not None:
                change.was = was
                self.plan.create(change, told_by)
            elif change.was != was and self.plan.change(change, told_by or given[0][0], was=was) and told_by:
                told_by.act = "changed"
            was = change.value
        self._follow(deal, field, merged[-1][1], merged[-1][2] or given[-1][0])

    def _supposed(self, deal: Deal, field: str, first_told: datetime) -> set[tuple[datetime, str]]:
        """What the import of a deal supposed for want of better knowledge; it stands where a file tells only what
        came after the decision."""
        if deal.closed_on is not None and self._midnight(deal.closed_on) + timedelta(days=1) < first_told:
            return set()
        first = min((day for day in (deal.opened_on, deal.closed_on) if day), default=None)
        days = {first, deal.closed_on} - {None}
        moments = {self._midnight(day) for day in days if day}
        moments |= {deal.created_at} if first is None else set()
        values = {Changed.STAGE: [deal.stage.name], Changed.STATUS: ["open", deal.status]}.get(field, [])  # type: ignore[call-overload]
        return {(moment, value) for moment in moments for value in values}

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), self.zone)

    def _follow(self, deal: Deal, field: str, last: DealChange, row: Row) -> None:
        values: dict[str, Any] = {}
        if field == Changed.STATUS and last.value != deal.status:
            on = clock.day_of(last.changed_at, self.plan.organisation.time_zone)
            is_open = last.value == Deal.Status.OPEN
            values = {"status": last.value, "closed_on": None if is_open else on, "lost_reason": None}
            if last.value == Deal.Status.LOST:
                values["lost_reason"] = LostReason.objects.get(key="not_given")
            if last.value == Deal.Status.WON and deal.amount is None:
                self.plan.note("A deal was won without an amount: it counts with 0 and books no order.")
        elif field == Changed.STAGE and last.value.casefold() != deal.stage.name.casefold():
            own = (deal.stage.pipeline_id, last.value.casefold())
            values = {"stage": self.of_pipeline.get(own, self.stages[last.value.casefold()])}
        elif field == Changed.AMOUNT:
            values = {"amount": Decimal(last.value) if last.value else None}
        elif field == Changed.EXPECTED_CLOSE_ON:
            values = {"expected_close_on": date.fromisoformat(last.value) if last.value else None}
        elif field == Changed.FORECAST_CATEGORY:
            values = {"own_forecast_category": last.value}
        elif field == Changed.OWNER:
            owner = next(
                (one for known in self.named[field].values() for one in known if str(one.pk) == last.value), None
            )
            values = {"owner": owner} if owner is not None else {}
        if values and self.plan.change(deal, row, **values) and row.act == "equal":
            row.act = "changed"


def _settle(settling: Settling) -> None:
    deals = settling.ids.get("sales.Deal", set())
    settle_decisions(deal_ids=deals, by=settling.by, at=settling.at, reason=settling.reason)


def _rows() -> Iterator[dict[str, Any]]:
    named = {
        field: {str(one.pk): one for one in model.objects.filter(pk__in=_numbers(field))}
        for field, (_, model) in NAMED.items()
    }
    changes = DealChange.objects.filter(deal__withdrawn_at=None).select_related("deal", "by")
    for change in changes.order_by("deal_id", "changed_at", "id").iterator(2000):
        value: Any = change.value
        if change.field in NAMED:
            value = named[change.field].get(change.value, change.value)
        told = {"deal": change.deal, "changed_at": change.changed_at, "field": change.field, "value": value}
        yield told | {"by": change.by and change.by.username}


def _numbers(field: str) -> set[int]:
    values = DealChange.objects.filter(field=field).order_by().values_list("value", flat=True).distinct()
    return {int(value) for value in values if value.isdigit()}


KINDS = [
    Kind(
        "deal_changes",
        (
            Field("deal", "reference", needed=True, to="deal", also=("deal_id", "opportunity", "opportunity_id")),
            Field("changed_at", "moment", needed=True, also=("at", "when", "date", "created_date", "timestamp")),
            Field("field", "choice", needed=True, choices=tuple(Changed.values), also=("property",)),
            Field("value", also=("new_value", "to")),
            Field("by", "reference", to="login"),
        ),
        _plan,
        _rows,
        settle=_settle,
        together=("deal",),
    )
]
