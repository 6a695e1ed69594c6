"""The ledgers of credit and of decisions, as they stand: to be given out, and taken into an organisation without."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from sales.models import Credit, Outcome
from sales.services.ledgers import reverse_credits, reverse_outcomes
from salesmgmt.lib.kinds import Field, Kind, Occurrences, Plan, Row
from salesmgmt.lib.money import to_cents
from teams.exchange import RatesOn
from teams.models import ExchangeRate

from . import HUNDRED, OWN, is_own

OTHERWISE = "The ledger says something else of it already; entries as they stand go where there are none yet."


class Entries:
    """Entries of a file, those they take back, and what stands of the same orders or deals."""

    def __init__(self, plan: Plan, standing: list[tuple[int, tuple[Any, ...], Any]]) -> None:
        self.plan = plan
        self.has_entries = {of for of, _, _ in standing}
        self._same = Occurrences.of((key, entry) for _, key, entry in standing)
        self._numbered: dict[str, Any] = {}

    def take(self, row: Row, of: int, key: tuple[Any, ...], entry: Any) -> None:
        """Create an entry, unless it stands; refuse it where others do."""
        stands = self._same.next(key)
        reverses = None
        if "reverses" in row.values:
            reverses = self._numbered.get(row.values["reverses"])
            if reverses is None:
                self.plan.refuse(row, "reverses", "There is no such entry above it in the file.")
                return
        if stands is None and of in self.has_entries:
            self.plan.refuse(row, "amount", OTHERWISE)
            return
        if stands is None:
            entry.reverses = reverses
            stands = self.plan.create(entry, row)
            row.act = "created"
        if "entry" in row.values:
            self._numbered[row.values["entry"]] = stands


# ── Credit ──────────────────────────────────────────────────────────────────────────────────────────────────────

CREDIT = ("order", "person", "team", "occurred_on", "posted_on", "kind", "amount", "currency")


def _plan_credits(plan: Plan) -> None:
    orders = {one.pk for found in plan.index("order").values() for one in found}
    entries = Entries(plan, [(one.order_id, _credit_key(one), one) for one in Credit.objects.filter(order__in=orders)])
    own = plan.organisation.currency
    rates, plans = RatesOn(own), RatesOn(own, ExchangeRate.Kind.PLAN)
    for row in plan.taken():
        if not plan.refer(row):
            continue
        order, person = row.found["order"], row.found["person"]
        if is_own(plan, person.pk, order=order.pk):
            plan.refuse(row, "person", OWN)
            continue
        values: dict[str, Any] = {"team": None, "kind": "primary", "currency": order.currency}
        values |= {name: row.found.get(name, row.values[name]) for name in CREDIT if name in row.values}
        rate = row.get("rate") or rates.on(values["currency"], order.ordered_on)
        if rate is None:
            plan.refuse(row, "currency", f"There is no rate for {values['currency']} on {order.ordered_on:%-d %b %Y}.")
            continue
        reporting = row.get("reporting_amount", to_cents(values["amount"] * rate))
        planned = row.get("plan_rate")
        if "rate" not in row.values and values["currency"] != own:  # a row that says one rate says all it has
            planned = planned or plans.on(values["currency"], order.ordered_on)
        entry = Credit(
            **{"posted_on": values["occurred_on"]} | values,
            rate=rate,
            reporting_amount=reporting,
            plan_rate=planned,
            plan_amount=None if planned is None else row.get("plan_amount", to_cents(values["amount"] * planned)),
            recorded_at=row.get("recorded_at", plan.at),
            by=row.found.get("by", plan.by),
            reason=row.get("reason", plan.reason),
        )
        entries.take(row, order.pk, _credit_key(entry), entry)


def _credit_key(one: Credit) -> tuple[Any, ...]:
    return (
        one.order_id, one.person_id, one.team_id, one.occurred_on, one.posted_on, one.kind, one.amount, one.currency,
    )  # fmt: skip


def _credit_rows() -> Iterator[dict[str, Any]]:
    credits = Credit.objects.filter(order__withdrawn_at=None).select_related("order__deal", "person", "team", "by")
    for entry in credits.order_by("pk").iterator(2000):
        names = (*CREDIT, "rate", "reporting_amount", "plan_rate", "plan_amount", "recorded_at", "reason")
        told = {name: getattr(entry, name) for name in names} | {"by": entry.by and entry.by.username}
        yield told | {"entry": entry.pk, "reverses": entry.reverses_id}


# ── Decisions ───────────────────────────────────────────────────────────────────────────────────────────────────

OUTCOME = (
    "deal", "person", "team", "status", "count", "occurred_on", "posted_on", "amount", "currency", "rate", "cycle_days",
    "recorded_at", "reason",
)  # fmt: skip


def _plan_outcomes(plan: Plan) -> None:
    deals = {one.pk for found in plan.index("deal").values() for one in found}
    entries = Entries(plan, [(one.deal_id, _outcome_key(one), one) for one in Outcome.objects.filter(deal__in=deals)])
    for row in plan.taken():
        if row.values["count"] not in (1, -1):
            plan.refuse(row, "count", "It is 1, or -1 where it takes back what it reverses.")
        elif (row.values["count"] == 1) == ("reverses" in row.values):
            plan.refuse(row, "reverses", "An entry of -1 names the one it takes back, and only such an entry does.")
        if not plan.refer(row):
            continue
        if plan.own_person_id is not None and row.found["person"].pk == plan.own_person_id:
            plan.refuse(row, "person", "Nobody takes in decisions of their own; ask a colleague to import this row.")
            continue
        values: dict[str, Any] = {"team": None, "recorded_at": plan.at, "reason": plan.reason}
        values |= {name: row.found.get(name, row.values[name]) for name in OUTCOME if name in row.values}
        entry = Outcome(
            **{"posted_on": values["occurred_on"]} | values,
            counts=row.get("counts", "yes") == "yes",
            by=row.found.get("by", plan.by),
        )
        entries.take(row, row.found["deal"].pk, _outcome_key(entry), entry)


def _outcome_key(one: Outcome) -> tuple[Any, ...]:
    return (
        one.deal_id, one.person_id, one.team_id, one.status, one.count, one.occurred_on, one.posted_on, one.amount,
        one.cycle_days, one.counts,
    )  # fmt: skip


def _outcome_rows() -> Iterator[dict[str, Any]]:
    outcomes = Outcome.objects.filter(deal__withdrawn_at=None).select_related("deal", "person", "team", "by")
    for entry in outcomes.order_by("pk").iterator(2000):
        yield {name: getattr(entry, name) for name in OUTCOME} | {
            "entry": entry.pk,
            "reverses": entry.reverses_id,
            "counts": "yes" if entry.counts else "no",
            "by": entry.by and entry.by.username,
        }


PERSON = Field("person", "reference", needed=True, to="person")
TEAM = Field("team", "reference", to="team")
TOLD = (Field("recorded_at", "moment"), Field("reason"), Field("by", "reference", to="login"))

KINDS = [
    Kind(
        "credit_entries",
        (
            Field("order", "reference", needed=True, to="order"),
            PERSON,
            TEAM,
            Field("occurred_on", "date", needed=True),
            Field("posted_on", "date"),
            Field("kind", "choice", choices=tuple(Credit.Kind.values)),
            Field("amount", "money", needed=True),
            Field("currency", "currency"),
            Field("reverses", longest=30),
            Field("entry", longest=30),
            Field("rate", "number", least=Decimal(0), places=8),
            Field("reporting_amount", "number"),
            Field("plan_rate", "number", least=Decimal(0), places=8),
            Field("plan_amount", "number"),
            *TOLD,
        ),
        _plan_credits,
        _credit_rows,
        is_ledger=True,
        reverse=reverse_credits,
        together=("order", "entry|reverses"),
    ),
    Kind(
        "outcome_entries",
        (
            Field("deal", "reference", needed=True, to="deal"),
            PERSON,
            TEAM,
            Field("status", "choice", needed=True, choices=("won", "lost")),
            Field("count", "whole", needed=True),
            Field("occurred_on", "date", needed=True),
            Field("posted_on", "date"),
            Field("amount", "number", needed=True),
            Field("currency", "currency"),
            Field("rate", "number", least=Decimal(0), places=8),
            Field("cycle_days", "whole", least=Decimal(0), most=HUNDRED * 1000),
            Field("counts", "choice", choices=("yes", "no")),
            Field("reverses", longest=30),
            Field("entry", longest=30),
            *TOLD,
        ),
        _plan_outcomes,
        _outcome_rows,
        is_ledger=True,
        reverse=reverse_outcomes,
        together=("deal", "entry|reverses"),
    ),
]
