"""Budgets and spending. Nobody sets the budget of the team they lead."""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Sum

from salesmgmt.lib.ledger import reversals
from salesmgmt.lib.money import to_cents
from salesmgmt.lib.periods import Period
from salesmgmt.lib.ranges import half_open
from salesmgmt.lib.refusals import Refused
from targets.models import BudgetEntry, Cost, Expense
from teams.models import ExchangeRate, Organisation, Team, User, access_of
from teams.selectors import rates


def hold_teams(team_ids: Iterable[int]) -> list[Team]:
    """One at a time per team: entries can't be locked, being only added to."""
    return list(Team.objects.filter(pk__in=set(team_ids)).order_by("pk").select_for_update(no_key=True))


@transaction.atomic
def set_budget(
    *, team: Team, period: Period, cost: str, amount: Decimal, reason: str, by: User, at: datetime
) -> BudgetEntry | None:
    """Give a team an amount for a kind of cost in a period, by the difference to what stands; None: it is that already.

    Who plans for all does so, and who leads a team above; nobody for a team they lead themselves.
    """
    access = access_of(by)
    own = set(team.path) & set(access.led_team_ids)
    if team.pk in access.led_team_ids or not (access.sees_all or own):
        raise Refused(f"Who leads above {team} or plans for all sets its budget.", field="amount")
    if amount < 0:
        raise Refused("A budget can't be below zero.", field="amount")
    if not reason.strip():
        raise Refused("Say why the budget is this.", field="reason")
    hold_teams([team.pk])
    standing = BudgetEntry.objects.overlapping(period.start, period.end).filter(team=team, cost=cost)
    stands = Decimal(0)
    for during, total in standing.values_list("during").annotate(total=Sum("amount")).order_by("during"):
        if (during.lower, during.upper) == (period.start, period.end):
            stands = total
        elif total:
            raise Refused(
                f"{Cost(cost).label} of {team} are planned from {during.lower:%-d %b %Y} until "
                f"{during.upper:%-d %b %Y} already; change that budget.",
                field="period",
            )
    difference = to_cents(amount) - stands
    if not difference:
        return None
    return BudgetEntry.objects.create(
        team=team,
        cost=cost,
        during=half_open(period.start, period.end),
        amount=difference,
        currency=Organisation.get().currency,
        reporting_amount=difference,
        recorded_at=at,
        by=by,
        reason=reason.strip(),
    )


@transaction.atomic
def record_expense(
    *,
    team: Team,
    cost: str,
    amount: Decimal,
    spent_on: date,
    reason: str,
    by: User,
    at: datetime,
    on: date,
    currency: str = "",
) -> Expense:
    """Note money spent; whoever leads the team, or plans for all, does so."""
    access = access_of(by)
    if not (access.sees_all or set(team.path) & set(access.led_team_ids)):
        raise Refused(f"Who leads {team} or plans for all notes what it spends.", field="amount")
    if amount <= 0:
        raise Refused("An expense is more than zero; take a wrong one back instead.", field="amount")
    if spent_on > on:
        raise Refused(f"{spent_on:%-d %b %Y} is still to come: note it when it is spent.", field="spent_on")
    if not reason.strip():
        raise Refused("Say what it was spent on.", field="reason")
    currency = currency or Organisation.get().currency
    rate = rates({(currency, spent_on)}, ExchangeRate.Kind.ACTUAL)[currency, spent_on]
    return Expense.objects.create(
        team=team,
        cost=cost,
        spent_on=spent_on,
        amount=to_cents(amount),
        currency=currency,
        rate=rate,
        reporting_amount=to_cents(amount * rate),
        recorded_at=at,
        by=by,
        reason=reason.strip(),
    )


@transaction.atomic
def take_back_expense(*, expense: Expense, by: User, at: datetime, reason: str = "Taken back") -> Expense:
    """Reverse an expense that was wrong."""
    access = access_of(by)
    if not (access.sees_all or set(expense.team.path) & set(access.led_team_ids)):
        raise Refused(f"Who leads {expense.team} or plans for all takes its expenses back.")
    if expense.reverses_id:
        raise Refused("This entry takes another one back itself.")
    if not reverse_expenses(entry_ids=[expense.pk], reason=reason, by=by, at=at):
        raise Refused("This is taken back already.")
    return Expense.objects.get(reverses=expense)


@transaction.atomic
def reverse_expenses(*, entry_ids: Iterable[int], reason: str, by: User | None, at: datetime) -> int:
    """Take expenses back, each by one entry that names it; those already taken back stay so."""
    found = Expense.objects.filter(pk__in=list(entry_ids), reverses=None)
    hold_teams(found.values_list("team_id", flat=True))
    rows = list(found.filter(reversed_by=None).order_by("pk"))
    return len(Expense.objects.bulk_create(reversals(rows, by=by, at=at, reason=reason)))


@transaction.atomic
def reverse_budgets(*, entry_ids: Iterable[int], reason: str, by: User | None, at: datetime) -> int:
    """Take budget entries back (undoing an import), each by one entry that names it; the latest first."""
    found = BudgetEntry.objects.filter(pk__in=list(entry_ids), reverses=None)
    teams = hold_teams(found.values_list("team_id", flat=True))
    if by is not None and {team.pk for team in teams} & set(access_of(by).led_team_ids):
        raise Refused("The budget of a team you lead is among these: somebody else takes it back.")
    rows = list(found.filter(reversed_by=None).order_by("pk"))
    mine = {(row.team_id, row.cost, row.during): row.pk for row in reversed(rows)}
    standing = BudgetEntry.objects.filter(team__in=teams, reverses=None, reversed_by=None)
    for later in standing.exclude(pk__in=[row.pk for row in rows]).select_related("team").order_by("pk"):
        if later.pk > mine.get((later.team_id, later.cost, later.during), later.pk):
            raise Refused(
                f"{Cost(later.cost).label} of {later.team} from {later.starts_on:%-d %b %Y} were changed later on:"
                " take that back first."
            )
    return len(BudgetEntry.objects.bulk_create(reversals(rows, by=by, at=at, reason=reason)))
