"""What a proposal is made of: who is in it, what each element says of them, and the guardrails around them (R5, R6)."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db import connection
from django.db.models import Sum

from sales.models import Deal, Stage
from salesmgmt.lib.periods import Period
from targets.analysis.past import Quarter, Tamed, rounded, spread_of, tame, trend
from targets.models import Plan
from targets.selectors.past import LEVELS, WHOLE_DAY, There, first_days, levels, results, taken_over, times
from teams.models import ExchangeRate, Organisation, Posting, Role
from teams.selectors import rates, skill_scores

FEWEST_DAYS = 20  # fewer full days than a month say nothing about what somebody brings
LONGEST_TENURE = 60  # months; who is longer here knows the trade
MIDDLE = 300  # hundredths of a point, where nobody has rated anybody


@dataclass(slots=True)
class SeatAhead:
    """A person in the team of their first day in a plan's period, with what each element says of them."""

    person_id: int
    team_id: int
    name: str
    external_id: str
    is_rep: bool
    territory_id: int | None
    past: int | None = None
    """Credited in the quarters looked at, in hundredths; None: nothing is known."""
    values: dict[str, int] = field(default_factory=dict)
    floor: int = 0
    ceiling: int | None = None
    evidence: dict[str, Any] = field(default_factory=dict)


def past_quarters(plan: Plan, as_of: date) -> list[Period]:
    """The quarters whose results count, the oldest first: the last that were over on `as_of`, before the plan's own."""
    organisation = Organisation.get()
    until = min(plan.starts_on, Period.of(as_of, "quarter", organisation.calendar).start)
    latest = Period.of(until, "quarter", organisation.calendar).shift(-1)
    return [latest.shift(-back) for back in reversed(range(len(plan.quarter_weights)))]


def seats_ahead(plan: Plan, *, as_of: date) -> list[SeatAhead]:
    """Who carries a part of a plan: reps, and managers who brought something; for support, who is in its departments.

    In the order of ties: by external id, by name.
    """
    start, end = plan.starts_on, plan.until or plan.starts_on
    quarters = past_quarters(plan, as_of)
    ranges = [(quarter.start, quarter.end) for quarter in quarters]
    seats = _seats(plan, start, end)
    there = times(seats, [*ranges, (start, end)])
    seats = {pk: seat for pk, seat in seats.items() if there[pk][-1].posted}
    if not plan.of.adds_up:
        return _of_levels(seats.values(), plan, ranges)
    brought = results(plan.measure, ranges)
    seats = {pk: seat for pk, seat in seats.items() if seat.is_rep or sum(brought.get(pk, ())) > 0}
    taken = taken_over(plan.measure, ranges, brought)
    for pk, seat in seats.items():
        if pk in brought:
            _past_of(seat, plan, quarters, brought[pk], taken.get(pk), there[pk])
    _bound(seats.values(), plan)
    if "past" in plan.weights:
        _stand_in(seats.values())
    if "pipeline" in plan.weights:
        _pipeline(seats, plan, start, end)
    if "territory" in plan.weights:
        _potential(seats, ranges[0][0], ranges[-1][1])
    if "capability" in plan.weights:
        _capability(seats, start)
    for seat in seats.values():
        seat.values["equal"] = 1
    return sorted(seats.values(), key=lambda seat: (seat.external_id, seat.name, seat.person_id))


def _seats(plan: Plan, start: date, end: date) -> dict[int, SeatAhead]:
    found: dict[int, SeatAhead] = {}
    rows = Posting.objects.overlapping(start, end).filter(person__withdrawn_at=None, team__withdrawn_at=None)
    if plan.of.is_support:
        rows = rows.exclude(team__department="")
    else:
        rows = rows.filter(role__in=[Role.REP, Role.MANAGER], team__department="")
    columns = ("person_id", "team_id", "role", "territory_id", "person__name", "person__external_id")
    for person, team, role, territory, name, external_id in rows.order_by("during", "pk").values_list(*columns):
        if person not in found:
            is_rep = plan.of.is_support or role == Role.REP
            found[person] = SeatAhead(person, team, name, external_id or "", is_rep, territory)
    return found


def _of_levels(seats: Iterable[SeatAhead], plan: Plan, ranges: Sequence[tuple[date, date]]) -> list[SeatAhead]:
    """A level is everybody's goal alike until somebody changes one; beside it, where each was."""
    known = levels(plan.measure, ranges[0][0], ranges[-1][1]) if plan.measure in LEVELS else {}
    found = sorted(seats, key=lambda seat: (seat.external_id, seat.name, seat.person_id))
    for seat in found:
        seat.values = dict.fromkeys(plan.weights, 1)
        if seat.person_id in known:
            held, count = known[seat.person_id]
            seat.past, seat.evidence["level"] = rounded(10_000 * held, count), [held, count]
    return found


# ── Past results ────────────────────────────────────────────────────────────────────────────────────────────────


def _past_of(
    seat: SeatAhead,
    plan: Plan,
    quarters: Sequence[Period],
    brought: Sequence[int],
    taken: Sequence[int] | None,
    there: Sequence[There],
) -> None:
    """Credited ÷ full days there × all working days, each quarter at its weight; and the latest of them, full."""
    ahead = there[-1].days
    weights = plan.quarter_weights[::-1]
    rows = [
        Quarter(weight, credited - extra, here.days, here.full, WHOLE_DAY, FEWEST_DAYS)
        for weight, credited, extra, here in zip(weights, brought, taken or [0] * len(brought), there[:-1], strict=True)
    ]
    seat.past = sum(row.credited for row in rows)
    tamed = tame(rows) if plan.tames_outliers else Tamed([row.credited for row in rows])
    weighed = sum(row.weight * row.full for row in rows)
    if sum(row.full for row in rows) >= FEWEST_DAYS * WHOLE_DAY and weighed:
        credited = sum(row.weight * amount for row, amount in zip(rows, tamed.credited, strict=True))
        days = sum(row.weight * row.days for row in rows)
        value = rounded(max(credited, 0) * days * WHOLE_DAY, weighed)
        if plan.follows_trend:
            ahead_by = (plan.starts_on - quarters[-1].start).days / 91
            factor = trend(rows, tamed.credited, round(ahead_by))
            seat.evidence["trend"] = factor
            value = rounded(value * factor, 10_000)
        seat.values["past"] = value
    seat.evidence["quarters"] = [
        [quarter.key, row.weight, amount, extra, row.days, rounded(row.full * 100, WHOLE_DAY), kept]
        for quarter, row, amount, extra, kept in zip(
            quarters, rows, brought, taken or [0] * len(rows), tamed.credited, strict=True
        )
    ]
    last = rows[-1]
    if last.is_known:
        seat.evidence["latest"] = rounded(max(last.credited, 0) * ahead * WHOLE_DAY, last.full)
    full = [rounded(row.full_seat * ahead, row.days) for row in rows if row.is_known and row.days]
    if full:
        mean, spread = spread_of(full)
        seat.evidence["mean"], seat.evidence["spread"], seat.evidence["known"] = mean, spread, len(full)


def _bound(seats: Iterable[SeatAhead], plan: Plan) -> None:
    """Floors and ceilings around the latest result; none above the own mean and so many times its spread.

    The spread is 1.4826 × the median deviation from the median, a normal one's standard deviation; of fewer than four
    quarters it is that of everybody in the middle, relative to the mean.
    """
    seats = list(seats)
    relative = sorted(
        10_000 * seat.evidence["spread"] // seat.evidence["mean"]
        for seat in seats
        if seat.evidence.get("known", 0) >= 4 and seat.evidence["mean"] > 0
    )
    usual = relative[len(relative) // 2] if relative else None
    for seat in seats:
        latest, ceilings = seat.evidence.get("latest"), []
        if latest is not None and plan.shrink is not None:
            seat.floor = max(rounded(latest * int((100 - plan.shrink) * 100), 10_000), 0)
        if latest is not None and plan.growth is not None:
            ceilings.append(rounded(latest * int((100 + plan.growth) * 100), 10_000))
        if "mean" in seat.evidence and seat.evidence["known"] < 4:
            seat.evidence["spread"] = 0 if usual is None else seat.evidence["mean"] * usual // 10_000
        if plan.stretch is not None and "mean" in seat.evidence and (seat.evidence["known"] >= 4 or usual is not None):
            ceilings.append(
                max(seat.evidence["mean"] + rounded(seat.evidence["spread"] * int(plan.stretch * 100), 100), 0)
            )
            seat.evidence["stretch"] = ceilings[-1]
        seat.ceiling = min(ceilings) if ceilings else None


def _stand_in(seats: Iterable[SeatAhead]) -> None:
    """Who has no past of their own, being new or without any credit, stands with the mean of their team, or of all."""
    seats = list(seats)
    known: dict[int | None, list[int]] = defaultdict(list)
    for seat in seats:
        if "past" in seat.values:
            known[seat.team_id].append(seat.values["past"])
            known[None].append(seat.values["past"])
    for seat in seats:
        if "past" not in seat.values:
            mean = known.get(seat.team_id) or known.get(None)
            seat.values["past"] = rounded(sum(mean), len(mean)) if mean else 1
            seat.evidence["stands_in"] = "team" if seat.team_id in known else "all"


# ── Pipeline, territory, capability ─────────────────────────────────────────────────────────────────────────────


def open_deals(person_ids: Collection[int], start: date, end: date) -> Any:
    """The open deals of people that are expected to close in a period."""
    deals = Deal.objects.present().open().filter(owner__in=person_ids)
    return deals.filter(expected_close_on__gte=start, expected_close_on__lt=end)


def _pipeline(seats: dict[int, SeatAhead], plan: Plan, start: date, end: date) -> None:
    """Σ amount × what the stage's own history gives it, in reporting currency at the plan rate."""
    stages = {stage.pk: stage.odds for stage in Stage.objects.all()}
    rows = list(
        open_deals(seats, start, end)
        .filter(amount__isnull=False)
        .values_list("owner_id", "stage_id", "currency")
        .annotate(total=Sum("amount"))
    )
    worth = rates({(currency, start) for _, _, currency, _ in rows}, ExchangeRate.Kind.PLAN)
    sums: dict[int, Decimal] = defaultdict(Decimal)
    for owner, stage, currency, total in rows:
        sums[owner] += total * worth[currency, start] * stages[stage]
    for pk, seat in seats.items():
        seat.values["pipeline"] = (
            int(sums[pk].to_integral_value(ROUND_HALF_UP)) if pk in sums else 0
        )  # amount × percent is in cents


# What an account could bring: what it bought in the quarters looked at, or, where that is more, its revenue times what
# accounts of its industry that buy spend of theirs (the middle one; of at least five, else of all): the white space.
POTENTIAL = """
    WITH bought AS (
        SELECT o.account_id, sum(c.reporting_amount) AS total
          FROM sales_credit c JOIN sales_order o ON o.id = c.order_id
         WHERE c.kind = 'primary' AND c.occurred_on >= %(since)s AND c.occurred_on < %(until)s
               AND o.account_id IS NOT NULL
         GROUP BY 1
    ), usual AS MATERIALIZED (
        SELECT a.industry, grouping(a.industry) = 1 AS is_all, count(*) AS accounts,
               percentile_disc(0.5) WITHIN GROUP (ORDER BY b.total / a.revenue) AS share
          FROM bought b JOIN sales_account a ON a.id = b.account_id AND a.revenue > 0
         WHERE b.total > 0 AND a.withdrawn_at IS NULL GROUP BY GROUPING SETS ((a.industry), ())
    )
    SELECT a.id, a.owner_id, a.territory_id, a.revenue, greatest(coalesce(b.total, 0), 0) AS bought,
           greatest(coalesce(b.total, 0), round(coalesce(a.revenue * coalesce(i.share, e.share), 0), 2)) AS potential
      FROM sales_account a
      LEFT JOIN bought b ON b.account_id = a.id
      LEFT JOIN usual i ON i.industry = a.industry AND NOT i.is_all AND i.accounts >= 5
      LEFT JOIN usual e ON e.is_all
     WHERE a.withdrawn_at IS NULL
"""


def _potential(seats: dict[int, SeatAhead], since: date, until: date) -> None:
    """Σ potential of the accounts one owns, and an even part of those of one's territory that nobody owns."""
    posted: dict[int, list[int]] = defaultdict(list)
    for pk, seat in seats.items():
        if seat.territory_id is not None:
            posted[seat.territory_id].append(pk)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT owner_id, CASE WHEN owner_id IS NULL THEN territory_id END, count(*), coalesce(sum(revenue), 0),"
            f" sum(bought), round(sum(potential) * 100)::bigint FROM ({POTENTIAL}) p GROUP BY 1, 2",
            {"since": since, "until": until},
        )
        rows = cursor.fetchall()
    for seat in seats.values():
        seat.values["territory"] = 0
    for owner, territory, accounts, revenue, bought, potential in rows:
        if owner in seats:
            seats[owner].values["territory"] += potential
            seats[owner].evidence["accounts"] = [accounts, str(revenue), str(bought), potential]
        elif owner is None:
            theirs = posted.get(territory, [])
            for pk in theirs:
                part = rounded(potential, len(theirs))
                seats[pk].values["territory"] += part
                seats[pk].evidence["shared_accounts"] = [accounts, len(theirs), part]


def accounts_of(
    person_id: int, since: date, until: date, limit: int
) -> list[tuple[int, Decimal | None, Decimal, Decimal]]:
    """The accounts behind somebody's potential, the largest first: id, revenue, bought, potential."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id, revenue, bought, potential FROM ({POTENTIAL}) p WHERE owner_id = %(owner)s"
            " ORDER BY potential DESC, id LIMIT %(limit)s",
            {"since": since, "until": until, "owner": person_id, "limit": limit},
        )
        rows: list[tuple[int, Decimal | None, Decimal, Decimal]] = cursor.fetchall()
    return rows


def _capability(seats: dict[int, SeatAhead], start: date) -> None:
    """Half what who leads them thinks of their skills, half tenure, each from 0 to 5 points, in hundredths."""
    scores = {pk: rounded(100 * total, count) for pk, (total, count) in skill_scores(seats).items()}
    middle = rounded(sum(scores.values()), len(scores)) if scores else MIDDLE
    began = first_days(seats)
    for pk, seat in seats.items():
        on = began.get(pk, start)
        months = max((start.year - on.year) * 12 + start.month - on.month - (start.day < on.day), 0)
        tenure = rounded(500 * min(months, LONGEST_TENURE), LONGEST_TENURE)
        seat.values["capability"] = rounded(scores.get(pk, middle) + tenure, 2)
        seat.evidence["capability"] = [scores.get(pk), middle, months, tenure]
