"""Writes what was asked: a plan for each quarter, the targets of teams, and everybody's quota."""

from collections import defaultdict
from datetime import datetime, timedelta
from decimal import Decimal

import numpy as np

from salesmgmt.lib.periods import Period
from salesmgmt.lib.ranges import half_open
from targets.models import Allocation, Plan, QuotaEntry, Target
from targets.services import QuotaLine, enter_quotas
from teams.models import User

from .calendars import QUARTERS
from .loading import Moments
from .organisation import ZONE, Company

HEDGE = Decimal("1.03")  # the quotas of a team sum to a little more than its target (R7)
ROUND = 1000


def write_plans(company: Company) -> None:
    """Each quarter as planned two weeks before it began: quotas from a base of the seat, targets from their sum."""
    calendar = company.calendar
    planner = User.objects.filter(username="vera").first()
    moments = Moments(calendar.start, ZONE, earliest=-30, latest=len(calendar.days))
    quarter = Period.of(calendar.start, "quarter")
    while quarter.start <= calendar.today:
        at = moments.moment(calendar.of(quarter.start) - 14, 600)
        lines = _lines(company, quarter)
        plan = Plan.objects.create(
            name=f"Plan {quarter.label}",
            period=quarter.key,
            during=half_open(quarter.start, quarter.end),
            amount=1,
            strategy="Win back measuring points from spreadsheets; every plant visit ends with a next step.",
            made_at=at - timedelta(days=5),
            made_by=planner,
            published_at=at,
            published_by=planner,
        )
        entries = enter_quotas(lines=lines, reason=plan.name, by=None, at=at, plan=plan)
        _write_targets(company, plan, entries, at)
        quarter = quarter.shift(1)


def _lines(company: Company, quarter: Period) -> list[QuotaLine]:
    """What a full seat is held to; presence, part time, ramp and leave follow from it (R1 to R4)."""
    calendar = company.calendar
    middle = calendar.of(quarter.start) + 45
    growth = float(calendar.growth[min(max(middle, 0), len(calendar.growth) - 1)])
    lines = []
    for seat, tenure, person in zip(company.seats, company.tenures, company.people, strict=True):
        market = company.markets.get(seat.team)
        gone = tenure.hired >= quarter.end or (tenure.left is not None and tenure.left <= quarter.start)
        if market is None or seat.role != "rep" or gone:
            continue
        amount = Decimal(round(market.quarter * QUARTERS[(quarter.start.month - 1) // 3] * growth / ROUND) * ROUND)
        teams = [seat.team]
        if tenure.moved and tenure.moved >= quarter.end:
            teams = ["DACH Mid-market"]
        elif tenure.moved and tenure.moved > quarter.start:
            teams = ["DACH Mid-market", seat.team]
        lines += [QuotaLine(person, quarter.start, quarter.end, amount, "base", company.teams[team]) for team in teams]
    return lines


FULL_SEATS = "Seats are full ones; ramp, leave and part time come off, and a little is kept in hand"


def _write_targets(company: Company, plan: Plan, entries: list[QuotaEntry], at: datetime) -> None:
    """The target of a team is what its people, vacant seats and uncovered leave carry, less the hedge."""
    carried: dict[int, Decimal] = defaultdict(Decimal)
    lines: dict[tuple[int, int], Decimal] = defaultdict(Decimal)
    for entry in entries:
        carried[entry.team_id or 0] += entry.amount
        if entry.person_id and entry.kind == QuotaEntry.Kind.BASE:
            lines[entry.team_id or 0, entry.person_id] += entry.amount
    paths = {team.pk: team.path for team in company.teams.values()}
    amounts: dict[int, Decimal] = defaultdict(Decimal)
    for team, total in carried.items():
        for above in paths[team]:
            amounts[above] += Decimal(int(np.round(float(total / HEDGE) / ROUND)) * ROUND)
    Target.objects.bulk_create(
        Target(
            team_id=team,
            during=plan.during,
            amount=amount,
            plan=plan,
            published_at=at,
            by=plan.published_by,
            path=paths[team],
        )
        for team, amount in amounts.items()
    )
    below: dict[int, Decimal] = defaultdict(Decimal)
    for (team, _), amount in lines.items():
        below[team] += amount
    for team, amount in amounts.items():
        if len(paths[team]) > 1:
            below[paths[team][-2]] += amount
    Allocation.objects.bulk_create(
        [
            *(
                Allocation(
                    plan=plan,
                    team_id=team,
                    proposed=amount,
                    amount=amount,
                    hedge=max(below[team] - amount, Decimal(0)),
                    hedge_reason=FULL_SEATS if below[team] > amount else "",
                    path=paths[team],
                )
                for team, amount in amounts.items()
            ),
            *(
                Allocation(plan=plan, team_id=team, person_id=person, proposed=amount, amount=amount, path=paths[team])
                for (team, person), amount in lines.items()
            ),
        ]
    )
    root = min(amounts, key=lambda team: len(paths[team]), default=None)
    if root is not None:
        plan.amount = max(amounts[root], Decimal(1))
        plan.save(update_fields=["amount"])
