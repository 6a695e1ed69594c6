"""Writes what selling may cost and did: two quarters of every team, one of which travels more than was planned."""

from collections import defaultdict
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from salesmgmt.lib.periods import Period
from targets.models import BudgetEntry, Cost, Expense
from teams.models import Posting, Role, Team, User

from .loading import copy_into
from .organisation import ZONE

A_MONTH = {Role.REP: 5_400, Role.MANAGER: 7_600}  # of a full-time salary
OTHERS = 6_800
PER_HEAD = {Cost.INCENTIVES: 1_350, Cost.TRAVEL: 620, Cost.TRAINING: 140, Cost.TOOLS: 210}  # a month
SPENDS = {Cost.INCENTIVES: 0.94, Cost.TRAVEL: 0.9, Cost.TRAINING: 0.8, Cost.TOOLS: 1.0}
TRAVELS_MORE, BY = "UK & Ireland", 1.45
WORDS = {
    Cost.SALARIES: ("Salaries",),
    Cost.INCENTIVES: ("Commission", "Commission and spot bonus"),
    Cost.TRAVEL: ("Plant visits", "Trade fair", "Customer audits on site", "Quarterly team meeting"),
    Cost.TRAINING: ("Negotiation course", "Product training", "Language course"),
    Cost.TOOLS: ("Licences and telephony",),
}
ROUND = 100


def write_budgets(*, seed: int, today: date) -> None:
    """This quarter and the one before: budgets by head, and what was spent until yesterday."""
    random = np.random.default_rng([seed, today.toordinal(), 41])
    users = {user.username: user.pk for user in User.objects.filter(username__in=["vera", "olga"])}
    names = dict(Team.objects.values_list("pk", "name"))
    quarter = Period.of(today, "quarter")
    budgets, expenses = _Rows(users.get("vera")), _Rows(users.get("olga"))
    for period in (quarter.shift(-1), quarter):
        planned_at = datetime.combine(period.start - timedelta(days=20), time(10), ZoneInfo(ZONE))
        for team, (heads, salaries) in sorted(_seats_of(period).items()):
            monthly = {Cost.SALARIES: salaries} | {cost: heads * amount for cost, amount in PER_HEAD.items()}
            for cost, amount in monthly.items():
                total = round(amount * 3 * (1.02 if cost == Cost.SALARIES else 1) / ROUND) * ROUND
                during = f"[{period.start},{period.end})"
                budgets.add(planned_at, total, f"Budget {period.label}", team=team, cost=cost, during=during)
                more = BY if cost == Cost.TRAVEL and names[team] == TRAVELS_MORE else 1
                _spend(expenses, random, period, today, team=team, cost=cost, monthly=amount * more)
    budgets.write(BudgetEntry)
    expenses.write(Expense)


def _seats_of(period: Period) -> dict[int, tuple[float, int]]:
    """Full-time heads and monthly salaries of each team, as posted on the first day of a period."""
    heads: dict[int, float] = defaultdict(float)
    salaries: dict[int, int] = defaultdict(int)
    for team, role, fte in Posting.objects.on(period.start).values_list("team", "role", "fte"):
        heads[team] += float(fte)
        salaries[team] += round(A_MONTH.get(Role(role), OTHERS) * float(fte))
    return {team: (heads[team], salaries[team]) for team in heads}


def _spend(
    expenses: "_Rows",
    random: np.random.Generator,
    period: Period,
    today: date,
    *,
    team: int,
    cost: Cost,
    monthly: float,
) -> None:
    for month in period.months():
        share = 1.0 if cost == Cost.SALARIES else float(random.normal(SPENDS[cost], 0.08))
        day = month.start + timedelta(days=24 if cost == Cost.SALARIES else int(random.integers(3, 27)))
        word = WORDS[cost][int(random.integers(len(WORDS[cost])))]
        amount = round(monthly * max(share, 0.3), 2)
        if day < today and amount > 0:
            at = datetime.combine(day, time(16, 30), ZoneInfo(ZONE))
            expenses.add(at, amount, f"{word}, {month.label}", team=team, cost=cost, spent_on=day)


class _Rows:
    """Entries of a ledger as columns, to be loaded at once."""

    def __init__(self, by: int | None) -> None:
        self.by = by
        self.columns: dict[str, list[object]] = defaultdict(list)

    def add(self, at: datetime, amount: float, reason: str, **told: object) -> None:
        entry = {"amount": amount, "reporting_amount": amount, "currency": "EUR", "rate": 1, "by": self.by}
        for name, value in (entry | {"recorded_at": at, "reason": reason} | told).items():
            self.columns[name].append(value)

    def write(self, model: type[BudgetEntry] | type[Expense]) -> None:
        if self.columns:
            copy_into(model, self.columns)
