"""What selling may cost, what it did, and what it brought."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from math import ceil

from django.db.models import Sum

from sales.models import Credit
from salesmgmt.lib.money import share_out, to_cents
from salesmgmt.lib.periods import Period
from salesmgmt.lib.ratios import ratio
from targets.models import BudgetEntry, Cost, Expense, Plan, Position
from teams.models import Team, Viewer


@dataclass(slots=True)
class Spending:
    """A budget beside what was spent and booked, of a team with all below it."""

    budget: Decimal = Decimal(0)
    expected: Decimal = Decimal(0)  # of the budget, by the as-of day
    spent: Decimal = Decimal(0)
    booked: Decimal = Decimal(0)

    @property
    def left(self) -> Decimal:
        return self.budget - self.spent

    @property
    def pace(self) -> Decimal | None:
        """Spent against what the budget expected by now; above 1 is faster than planned."""
        return ratio(self.spent, self.expected)

    @property
    def cost_of_sales(self) -> Decimal | None:
        """Spent ÷ booked."""
        return ratio(self.spent, self.booked)

    @property
    def per_unit(self) -> Decimal | None:
        """Booked for each unit of the budget."""
        return ratio(self.booked, self.budget)


@dataclass(frozen=True, slots=True)
class TeamSpending:
    team: Team
    depth: int
    total: Spending
    costs: dict[str, Spending] = field(default_factory=dict)


def spending_of(teams: Iterable[Team], *, start: date, end: date, as_of: date) -> list[TeamSpending]:
    """Budget, spending and bookings of teams and all below them in `[start, end)`, in four queries.

    A budget for a longer range counts with the calendar days inside; what was expected by a day is the budget's share
    of calendar days until then. Bookings are credits by the day of their order, at the team they were posted to.
    """
    wanted = {team.pk: team for team in teams}
    above = {
        pk: [team for team in path if team in wanted]
        for pk, path in Team.objects.under(list(wanted)).values_list("pk", "path")
    }
    totals: dict[int, Spending] = defaultdict(Spending)
    costs: dict[int, dict[str, Spending]] = defaultdict(lambda: {cost: Spending() for cost in Cost.values})

    def places(team: int, cost: str) -> Iterable[Spending]:
        for pk in above.get(team, ()):
            yield totals[pk]
            yield costs[pk][cost]

    until = min(max(as_of.toordinal() + 1, start.toordinal()), end.toordinal())
    entries = BudgetEntry.objects.overlapping(start, end).filter(team__in=above)
    for team, cost, during, amount in (
        entries.values_list("team_id", "cost", "during").annotate(total=Sum("reporting_amount")).order_by("team_id")
    ):
        share = _of_days(amount, during.lower, during.upper, start, end)
        expected = _of_days(amount, during.lower, during.upper, start, date.fromordinal(until))
        for place in places(team, cost):
            place.budget += share
            place.expected += expected
    expenses = Expense.objects.filter(team__in=above, spent_on__gte=start, spent_on__lt=end)
    for team, cost, amount in expenses.values_list("team_id", "cost").annotate(total=Sum("reporting_amount")):
        for place in places(team, cost):
            place.spent += amount
    credits = Credit.objects.filter(
        kind=Credit.Kind.PRIMARY, team__in=above, occurred_on__gte=start, occurred_on__lt=end
    )
    for team, amount in credits.values_list("team_id").annotate(total=Sum("reporting_amount")).order_by("team_id"):
        for pk in above.get(team, ()):
            totals[pk].booked += amount
            for cost in costs[pk].values():
                cost.booked += amount
    least = min((len(team.path) for team in wanted.values()), default=0)
    return [
        TeamSpending(team, len(team.path) - least, totals[team.pk], costs[team.pk])
        for team in sorted(wanted.values(), key=lambda team: team.path)
    ]


def _of_days(amount: Decimal, first: date, last: date, start: date, end: date) -> Decimal:
    inside = (min(last, end) - max(first, start)).days
    whole = (last - first).days
    if inside <= 0:
        return Decimal(0)
    if inside == whole:
        return amount
    return share_out(amount, {0: Decimal(inside), 1: Decimal(whole - inside)}, order=[0, 1])[0]


# ── Capacity ────────────────────────────────────────────────────────────────────────────────────────────────────


def seats_of(plan: Plan) -> list[tuple[int, Decimal]]:
    """The people of a plan with the amount of a full seat each."""
    return list(plan.allocations.exclude(person=None).order_by("pk").values_list("person_id", "amount"))


@dataclass(frozen=True, slots=True)
class Capacity:
    """What people can bring against a target: people × ramp × expected attainment − attrition, and one more of them."""

    target: Decimal
    people: Decimal  # quotas after ramp, leave and part time, × attainment
    attrition: Decimal
    hires: Decimal
    per_hire: Decimal  # what one hired in that month brings within the period
    positions: Decimal = Decimal(0)  # what open positions bring, filled on their day

    @property
    def total(self) -> Decimal:
        return self.people - self.attrition + self.positions + self.hires

    @property
    def gap(self) -> Decimal:
        """What is lacking; below zero there is more than the target."""
        return self.target - self.total

    @property
    def people_short(self) -> int | None:
        """How many more hired then would close the gap; None where even one brings nothing within the period."""
        if self.gap <= 0:
            return 0
        return ceil(self.gap / self.per_hire) if self.per_hire > 0 else None


def capacity_of(
    *,
    target: Decimal,
    quotas: Decimal,
    seat: Decimal,
    months: list[Decimal],
    years: Decimal,
    attainment: Decimal,
    attrition: Decimal,
    hires: int,
    hired_in: int,
    ramp: Mapping[int, Decimal],
    positions: Sequence[tuple[int, Mapping[int, Decimal]]] = (),
) -> Capacity:
    """What-if: `seat` is a full quota for the period, `months` the share of it that each month carries (sum 1).

    `attainment` and yearly `attrition` are shares. People leave evenly and their seats stay empty, so a period of
    `years` loses half of what leaves in it. Who is hired in month `hired_in` (from 0) has tenure month 1 there;
    `positions` are open ones by that month (below 0: before the period) with their ramps.
    """
    people = to_cents(quotas * attainment)
    lost = to_cents(people * min(attrition * years / 2, Decimal(1)))

    def brings(first: int, steps: Mapping[int, Decimal]) -> Decimal:
        shares = ((share, steps.get(n - first + 1, Decimal(100))) for n, share in enumerate(months) if n >= first)
        return to_cents(seat * sum((share * percent / 100 for share, percent in shares), Decimal(0)) * attainment)

    per_hire = brings(hired_in, ramp)
    opened = sum((brings(first, steps) for first, steps in positions), Decimal(0))
    return Capacity(target, people, lost, per_hire * hires, per_hire, opened)


def positions_before(user: Viewer, until: date) -> list[Position]:
    """The positions one may see that want somebody before a day, the earliest first."""
    found = Position.objects.visible_to(user).open().filter(opens_on__lt=until).select_related("team", "ramp", "plan")
    return list(found.order_by("opens_on", "team__name", "pk"))


def months_from(position: Position, months: Sequence[Period]) -> int:
    """The place among these months in which somebody would start, from 0; below that before them."""
    return 1 - position.month_of_tenure(months[0].end - timedelta(days=1))
