"""Budgets and spending as tables."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Sum

from salesmgmt.lib.kinds import Field, Kind, Occurrences, Plan
from salesmgmt.lib.money import to_cents
from salesmgmt.lib.periods import Kind as PeriodKind
from salesmgmt.lib.periods import Period
from salesmgmt.lib.ranges import half_open
from targets.models import BudgetEntry, Cost, Expense
from targets.services import reverse_budgets, reverse_expenses
from targets.services.budgets import hold_teams
from teams.exchange import RatesOn
from teams.models import Leadership, Organisation


def _plan_budgets(plan: Plan) -> None:
    """What a budget is to be; the difference to what stands becomes an entry."""
    standing: dict[tuple[Any, ...], Decimal] = {}
    hold_teams(one.pk for known in plan.index("team").values() for one in known)
    sums = BudgetEntry.objects.values_list("team_id", "cost", "during").annotate(total=Sum("amount"))
    for team, cost, during, amount in sums.order_by("team_id"):
        standing[team, cost, during.lower, during.upper] = amount
    lines: dict[tuple[Any, ...], int] = {}
    led = set(
        Leadership.objects.on(plan.today).filter(person=plan.own_person_id or 0).values_list("team_id", flat=True)
    )
    for row in plan.taken():
        try:
            period = Period.parse(row.values["period"].upper(), plan.organisation.calendar)
        except ValueError as error:
            plan.refuse(row, "period", str(error))
        if not plan.refer(row):
            continue
        team, cost = row.found["team"], row.values["cost"]
        if team.pk in led:
            plan.refuse(row, "team", "Nobody sets the budget of the team they lead; ask a colleague.")
            continue
        key = (team.pk, cost, period.start, period.end)
        if lines.setdefault(key, row.line) != row.line:
            plan.refuse(row, "cost", f"Line {lines[key]} already gives this budget.")
            continue
        if any(
            total and (whose, kind) == (team.pk, cost) and (start, end) != key[2:] and start < period.end
            and period.start < end
            for (whose, kind, start, end), total in standing.items()
        ):  # fmt: skip
            plan.refuse(row, "period", f"{team} has a budget for days of {period.label} under another period already.")
            continue
        difference = to_cents(row.values["amount"]) - standing.get(key, Decimal(0))
        if difference:
            plan.create(
                BudgetEntry(
                    team=team,
                    cost=cost,
                    during=half_open(period.start, period.end),
                    amount=difference,
                    currency=plan.organisation.currency,
                    reporting_amount=difference,
                    recorded_at=plan.at,
                    by=plan.by,
                    reason=row.get("reason", plan.reason),
                ),
                row,
            )
            row.act = "created"


def _budget_rows() -> Iterator[dict[str, Any]]:
    sums = BudgetEntry.objects.values_list("team__name", "cost", "during").annotate(total=Sum("amount"))
    for team, cost, during, amount in sums.order_by("team__name", "during", "cost"):
        key = next(iter(_keys(during.lower, during.upper)), None)
        if amount and key:
            yield {"team": team, "period": key, "cost": cost, "amount": amount}


def _keys(start: date, end: date) -> Iterator[str]:
    kinds: tuple[PeriodKind, ...] = ("month", "quarter", "year")
    calendar = Organisation.get().calendar
    for kind in kinds:
        period = Period.of(start, kind, calendar)
        if (period.start, period.end) == (start, end):
            yield period.key


def _plan_expenses(plan: Plan) -> None:
    rates = RatesOn(plan.organisation.currency)
    standing = Expense.objects.filter(reverses=None, reversed_by=None).order_by("pk")
    by_id = {one.external_id: one for one in standing if one.external_id}
    same = Occurrences.of((_key(one), one) for one in standing if not one.external_id)
    lines: dict[str, int] = {}
    for row in plan.taken():
        if row.values["spent_on"] > plan.today:
            plan.refuse(row, "spent_on", "It is still to come: note it when it is spent.")
        if not plan.refer(row):
            continue
        currency = row.get("currency", plan.organisation.currency)
        rate = rates.on(currency, row.values["spent_on"])
        if rate is None:
            plan.refuse(row, "currency", f"There is no rate for {currency} on {row.values['spent_on']:%-d %b %Y}.")
            continue
        expense = Expense(
            external_id=row.get("external_id"),
            team=row.found["team"],
            cost=row.values["cost"],
            spent_on=row.values["spent_on"],
            amount=row.values["amount"],
            currency=currency,
            rate=rate,
            reporting_amount=to_cents(row.values["amount"] * rate),
            recorded_at=plan.at,
            by=plan.by,
            reason=row.get("reason", plan.reason),
        )
        if expense.external_id is None:
            stands = same.next(_key(expense))
        else:
            if lines.setdefault(expense.external_id, row.line) != row.line:
                plan.refuse(row, "external_id", f"Line {lines[expense.external_id]} already gives this expense.")
                continue
            stands = by_id.get(expense.external_id)
            if stands is not None and _key(stands) != _key(expense):
                plan.refuse(row, "amount", "This expense is noted otherwise; take it back first, with its reason.")
                continue
        if stands is None:
            plan.create(expense, row)
            row.act = "created"


def _key(one: Expense) -> tuple[Any, ...]:
    return one.team_id, one.cost, one.spent_on, one.amount, one.currency


def _expense_rows() -> Iterator[dict[str, Any]]:
    """What stands: neither what was taken back nor what takes back."""
    standing = Expense.objects.filter(reverses=None, reversed_by=None).select_related("team").order_by("pk")
    for one in standing.iterator(2000):
        yield {
            name: getattr(one, name)
            for name in ("external_id", "team", "cost", "spent_on", "amount", "currency", "reason")
        }


COST = Field("cost", "choice", needed=True, choices=tuple(Cost.values), also=("category", "kind", "type"))
TEAM = Field("team", "reference", needed=True, to="team", also=("department",))

KINDS = [
    Kind(
        "budgets",
        (
            TEAM,
            Field("period", needed=True, longest=8, also=("quarter", "month", "year")),
            COST,
            Field("amount", "money", needed=True, least=Decimal(0), also=("budget", "value")),
            Field("reason"),
        ),
        _plan_budgets,
        _budget_rows,
        is_ledger=True,
        reverse=reverse_budgets,
        by_period=True,
    ),
    Kind(
        "expenses",
        (
            Field("external_id", longest=100, also=("id",)),
            TEAM,
            COST,
            Field("spent_on", "date", needed=True, also=("date", "day")),
            Field("amount", "money", needed=True, least=Decimal("0.01"), also=("value", "cost_amount")),
            Field("currency", "currency"),
            Field("reason", also=("description", "note")),
        ),
        _plan_expenses,
        _expense_rows,
        together=("external_id", "team+cost+spent_on+amount"),
        is_ledger=True,
        reverse=reverse_expenses,
    ),
]
