"""What people brought before and how much of the time they were there for it (R5), for many at once."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
from django.db import connection
from django.db.models import Min
from django.db.models.functions import Lower

from sales.selectors.feedback import OF_CUSTOMERS
from targets.analysis import FULL, RampProfiles, ramp_factors
from targets.analysis.past import rounded
from targets.models import QuotaEntry
from targets.selectors.quotas import quota_parts
from targets.selectors.shapes import clipped, ramps
from teams.models import Holiday, Leave, Organisation, Person, Posting
from teams.selectors import presence

WHOLE_DAY = FULL * FULL  # a full-time day without ramp
Range = tuple[date, date]


# ── Time ────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class There:
    """Of a range of days: working days in the own calendar, those posted, and what of them counts as full days (R5).

    `full` leaves out leave that relieves quota, and counts part time and ramp; a full day is `WHOLE_DAY`.
    """

    days: int
    posted: int
    full: int


def times(person_ids: Collection[int], ranges: Sequence[Range]) -> dict[int, list[There]]:
    """How much each person was, or will be, there in each range, in a fixed number of queries.

    Who is in one calendar and past any ramp is counted by sums over it; the rest day by day, as quotas are.
    """
    if not person_ids or not ranges:
        return {}
    organisation = Organisation.get()
    start, end = min(first for first, _ in ranges), max(last for _, last in ranges)
    own = (organisation.holiday_region, tuple(organisation.working_week))
    posted: dict[int, list[tuple[date, date, int]]] = defaultdict(list)
    calendars: dict[int, set[tuple[str, tuple[int, ...]]]] = defaultdict(set)
    ramping: set[int] = set()
    profiles = ramps()
    rows = Posting.objects.overlapping(start, end).filter(person__in=person_ids).order_by("during")
    for person, during, fte, region, week, ramp in rows.values_list(
        "person_id", "during", "fte", "holiday_region", "working_week", "ramp"
    ):
        posted[person].append((during.lower, during.upper or end, int(fte * FULL)))
        calendars[person].add((region or own[0], tuple(week or own[1])))
        if ramp in profiles:
            ramping.add(person)
    away: dict[int, list[tuple[date, date]]] = defaultdict(list)
    leaves = Leave.objects.overlapping(start, end).filter(person__in=person_ids, kind__relieves_quota=True)
    for person, during in leaves.values_list("person_id", "during"):
        away[person].append((during.lower, during.upper))
    slow = ramping | {person for person, used in calendars.items() if len(used) > 1}
    if profiles.rules:
        slow |= _started(person_ids, start, end, profiles)
    counts = {key: _Counts.of(*key, start, end) for key in {own, *(next(iter(used)) for used in calendars.values())}}
    found: dict[int, list[There]] = {}
    for person, hired, left in Person.objects.filter(pk__in=person_ids).values_list("pk", "hired_on", "left_on"):
        if person not in slow:
            of = counts[next(iter(calendars[person]))] if person in calendars else counts[own]
            here = [
                (max(first, hired) if hired else first, min(until, left) if left else until, fte)
                for first, until, fte in posted.get(person, ())
            ]
            found[person] = [_there(of, here, away.get(person, ()), first, last) for first, last in ranges]
    for person, days in presence(person_ids=slow, start=start, end=end).items() if slow else ():
        found[person] = []
        for first, last in ranges:
            inside = clipped(days, first, last)
            here_now = inside.employed & ~inside.relieved
            fte = np.rint(inside.fte.astype(float) * FULL).astype(np.int64)
            full = int((here_now * fte * ramp_factors(inside, profiles)).sum())
            found[person].append(There(len(inside), int(inside.employed.sum()), full))
    return found


def _started(person_ids: Collection[int], start: date, end: date, profiles: RampProfiles) -> set[int]:
    """Who began something so lately that a ramp may apply by rule: joined, moved, came back from leave."""
    longest = max((month for steps in profiles.values() for month in steps), default=0)
    since = start - timedelta(days=31 * (longest + 1))
    posted = Posting.objects.filter(person__in=person_ids, during__startswith__gte=since, during__startswith__lt=end)
    joined = Person.objects.filter(pk__in=person_ids, hired_on__gte=since, hired_on__lt=end)
    away = Leave.objects.filter(person__in=person_ids, during__endswith__gt=since, during__startswith__lt=end)
    return {
        *posted.values_list("person_id", flat=True),
        *joined.values_list("pk", flat=True),
        *away.values_list("person_id", flat=True),
    }


@dataclass(frozen=True, slots=True)
class _Counts:
    """Working days of a calendar, to be counted between two days."""

    days: list[date]

    @classmethod
    def of(cls, region: str, week: tuple[int, ...], start: date, end: date) -> "_Counts":
        grid = np.arange(np.datetime64(start, "D"), np.datetime64(end, "D"))
        off = list(Holiday.objects.of(region).filter(on__gte=start, on__lt=end).values_list("on", flat=True))
        weekday = (grid.astype(np.int64) + 3) % 7 + 1
        works = np.isin(weekday, week) & ~np.isin(grid, np.array(off, dtype="datetime64[D]"))
        return cls(grid[works].astype(object).tolist())

    def between(self, first: date, last: date) -> int:
        return max(bisect_left(self.days, last) - bisect_left(self.days, first), 0)


def _there(
    of: _Counts, posted: Sequence[tuple[date, date, int]], away: Sequence[Range], start: date, end: date
) -> There:
    here = full = 0
    for first, until, fte in posted:
        first, until = max(first, start), min(until, end)
        if first < until:
            days = of.between(first, until)
            relieved = sum(of.between(max(first, gone), min(until, back)) for gone, back in away)
            here += days
            full += (days - relieved) * fte * FULL
    return There(of.between(start, end), here, full)


def first_days(person_ids: Collection[int]) -> dict[int, date]:
    """When each person began: the day of joining, else of the first posting."""
    rows = Person.objects.filter(pk__in=person_ids).annotate(posted=Min(Lower("postings__during")))
    return {
        pk: hired or posted for pk, hired, posted in rows.values_list("pk", "hired_on", "posted") if hired or posted
    }


# ── Results ─────────────────────────────────────────────────────────────────────────────────────────────────────

# What orders leave after what their products cost, line by line; where no cost is known, the share that others leave.
MARGIN = """
    WITH known AS (
        SELECT l.order_id, sum(l.amount) AS net, sum(l.amount - l.quantity * coalesce(l.unit_cost, p.unit_cost)) AS left
          FROM sales_orderline l JOIN sales_order o ON o.id = l.order_id
          LEFT JOIN sales_product p ON p.id = l.product_id AND p.currency = o.currency
         WHERE l.withdrawn_at IS NULL AND l.quantity * coalesce(l.unit_cost, p.unit_cost) IS NOT NULL GROUP BY 1
         UNION ALL
        SELECT o.id, o.amount, o.amount - o.quantity * p.unit_cost
          FROM sales_order o JOIN sales_product p ON p.id = o.product_id AND p.currency = o.currency
         WHERE o.quantity * p.unit_cost IS NOT NULL
           AND NOT EXISTS (SELECT FROM sales_orderline l WHERE l.order_id = o.id AND l.withdrawn_at IS NULL)
    ), usual AS (
        SELECT sum(k.left) / nullif(sum(k.net), 0) AS share FROM known k
    )
    SELECT c.person_id, c.occurred_on AS day,
           round(c.reporting_amount * coalesce(k.left / nullif(k.net, 0), u.share, 1), 2) AS amount
      FROM sales_credit c CROSS JOIN usual u LEFT JOIN known k ON k.order_id = c.order_id WHERE c.kind = 'primary'
"""

# person, day and amount of what was brought, by measure; what has no records of its own follows the bookings. A
# delivery is brought by who delivered it, else by who sold.
BROUGHT = {
    "margin": MARGIN,
    "bookings": "SELECT person_id, occurred_on AS day, reporting_amount AS amount FROM sales_credit"
    " WHERE kind = 'primary'",
    "deals_won": "SELECT person_id, occurred_on AS day, count AS amount FROM sales_outcome WHERE status = 'won'",
    "activities": "SELECT owner_id AS person_id, occurred_on AS day, 1 AS amount FROM sales_activity"
    " WHERE withdrawn_at IS NULL",
    "activities.meeting": "SELECT owner_id AS person_id, occurred_on AS day, 1 AS amount FROM sales_activity"
    " WHERE withdrawn_at IS NULL AND kind = 'meeting'",
    "new_customers": "SELECT DISTINCT ON (o.account_id) c.person_id, c.occurred_on AS day, 1 AS amount"
    " FROM sales_credit c JOIN sales_order o ON o.id = c.order_id AND o.account_id IS NOT NULL"
    " WHERE c.kind = 'primary' AND c.amount > 0 ORDER BY o.account_id, c.occurred_on, c.id",
    "deliveries": "SELECT coalesce(delivered_by_id, owner_id) AS person_id, delivered_on AS day, 1 AS amount"
    " FROM sales_order WHERE withdrawn_at IS NULL AND cancelled_on IS NULL AND delivered_on IS NOT NULL",
}


# person, day and whether it was held, of goals that are levels: a promised day, a customer's 4 or 5 of 5.
LEVELS = {
    "on_time": "SELECT coalesce(delivered_by_id, owner_id) AS person_id, delivered_on AS day,"
    " delivered_on <= promised_on AS held FROM sales_order"
    " WHERE withdrawn_at IS NULL AND cancelled_on IS NULL AND delivered_on IS NOT NULL AND promised_on IS NOT NULL",
    "satisfaction": "SELECT coalesce(f.owner_id, a.owner_id) AS person_id, f.given_on AS day, f.score >= 4 AS held"
    " FROM sales_feedback f JOIN sales_account a ON a.id = f.account_id"
    f" WHERE f.kind = 'csat' AND f.withdrawn_at IS NULL AND {OF_CUSTOMERS}",
}


def brought_sql(measure: str) -> str:
    return BROUGHT.get(measure, BROUGHT["bookings"])


def results(measure: str, ranges: Sequence[Range], people: Collection[int] | None = None) -> dict[int, list[int]]:
    """What each person, or each of these, brought in each of these adjoining ranges, in hundredths (cents)."""
    edges = [*(first for first, _ in ranges), ranges[-1][1]]
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT person_id, width_bucket(day, %(edges)s::date[]), round(sum(amount) * 100)::bigint"
            f" FROM ({brought_sql(measure)}) b WHERE day >= %(first)s AND day < %(last)s"
            " AND (%(people)s::bigint[] IS NULL OR person_id = ANY(%(people)s)) GROUP BY 1, 2",
            {
                "edges": edges[:-1],
                "first": edges[0],
                "last": edges[-1],
                "people": None if people is None else [*people],
            },
        )
        found: dict[int, list[int]] = {}
        for person, place, total in cursor.fetchall():
            found.setdefault(person, [0] * len(ranges))[place - 1] = total
    return found


def levels(measure: str, start: date, end: date) -> dict[int, tuple[int, int]]:
    """Of each person, how many of how many were held in `[start, end)`."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT person_id, count(*) FILTER (WHERE held), count(*)"
            f" FROM ({LEVELS[measure]}) b WHERE day >= %s AND day < %s AND person_id IS NOT NULL GROUP BY 1",
            [start, end],
        )
        return {person: (held, count) for person, held, count in cursor.fetchall()}


def so_far(measure: str, people: Collection[int], start: date, end: date) -> dict[int, Decimal]:
    """What each of these people brought in `[start, end)`; of a level the percentage, of those who had any to hold.

    Of a measure without records of its own nothing is known.
    """
    if measure in LEVELS:
        held = levels(measure, start, end)
        return {pk: Decimal(rounded(10_000 * held[pk][0], held[pk][1])).scaleb(-2) for pk in people if pk in held}
    if measure not in BROUGHT or not people:
        return {}
    brought = results(measure, [(start, end)], people)
    return {pk: Decimal(brought[pk][0] if pk in brought else 0).scaleb(-2) for pk in people}


def company_results(measure: str, ranges: Sequence[Range]) -> list[Decimal]:
    """What everybody together brought in each range; of a level the percentage, 0 where there was nothing to hold."""
    brought, total = brought_sql(measure), "sum(b.amount)"
    if measure in LEVELS:
        brought, total = LEVELS[measure], "100.0 * count(*) FILTER (WHERE b.held) / nullif(count(b.held), 0)"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT coalesce(round({total}, 2), 0) FROM unnest(%(first)s::date[], %(last)s::date[])"
            f" WITH ORDINALITY r(first, last, place) LEFT JOIN ({brought}) b"
            " ON b.day >= r.first AND b.day < r.last GROUP BY r.place ORDER BY r.place",
            {"first": [first for first, _ in ranges], "last": [last for _, last in ranges]},
        )
        return [total for (total,) in cursor.fetchall()]


def taken_over(measure: str, ranges: Sequence[Range], brought: dict[int, list[int]]) -> dict[int, list[int]]:
    """What people delivered on quota they took from others, which no base is made from (R5, R8), in hundredths.

    Delivered is min(taken, max(0, credited − original)).
    """
    found: dict[int, list[int]] = {}
    for place, (start, end) in enumerate(ranges):
        takers = set(
            QuotaEntry.objects.overlapping(start, end)
            .filter(measure=measure, kind=QuotaEntry.Kind.REDISTRIBUTION, amount__gt=0, person__isnull=False)
            .values_list("person_id", flat=True)
        )
        if not takers:
            continue
        parts = quota_parts(person_ids=takers, start=start, end=end, measure=measure, revised=True)
        for person, kinds in parts.items():
            taken = int(kinds.get(QuotaEntry.Kind.REDISTRIBUTION, Decimal(0)) * 100)
            original = int(sum(kinds.values(), Decimal(0)) * 100) - taken
            delivered = min(taken, max(0, brought.get(person, [0] * len(ranges))[place] - original))
            if delivered > 0:
                found.setdefault(person, [0] * len(ranges))[place] = delivered
    return found
