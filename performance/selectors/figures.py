"""One figure with its definition and the records behind it; the same for pages, API and export."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from typing import Any
from urllib.parse import urlencode

from django.db import connection
from django.urls import reverse

from salesmgmt.lib.money import to_cents
from salesmgmt.lib.periods import FiscalCalendar, Period
from salesmgmt.lib.ratios import ratio, win_rate
from teams.models import Organisation

from .catalogue import Measure, measures_of
from .cells import Basis, Cells, Span, is_bucketed, of_scope, read
from .goals import targets
from .parts import middle_of
from .pipeline import NO_DEALS, Open, open_pipeline
from .scope import Scope

NO_SERIES = frozenset({"pipeline", "coverage", "attainment", "pace", "gap", "quota"})
"""What does not add up over days."""
AGAINST = frozenset({"attainment", "gap", "coverage"})
"""What is measured against a team's target, where it has one."""
WHOLE = frozenset({"pipeline", "coverage", "quota"})
"""What has its records in all of a period, on whichever day one asks."""
MADE_OF = {
    "attainment": ("bookings", "quota"),
    "pace": ("bookings", "expected"),
    "gap": ("quota", "bookings"),
    "coverage": ("pipeline", "gap"),
}
"""The figures that one is worked out from."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A value with everything needed to trust it. `value` is None where it is unknown."""

    measure: str
    label: str
    value: Decimal | None
    unit: str
    currency: str | None
    numerator: Decimal | None
    denominator: Decimal | None
    as_of: date
    definition: str
    records: str
    note: str = ""
    left_out: int = 0
    beside: Decimal | None = None
    """What is judged at the plan's rates at the actual ones, bookings at the plan's (R13); empty: it is equal."""


def figures(
    *,
    scope: Scope,
    measures: Collection[str],
    period: Period,
    as_of: date,
    basis: Basis = "restated",
    organisation: Organisation | None = None,
    known: Mapping[str, Measure] | None = None,
) -> dict[str, Figure]:
    """The asked measures of a scope, in at most four queries. KeyError for a measure there is none of.

    `known` is the catalogue, where the caller has it already.
    """
    asked = list(measures_of(measures).values() if known is None else (known[key] for key in measures))
    cells = read(spans_of(asked, period, as_of), **of_scope(scope), basis=basis, period=period)
    pipeline = NO_DEALS
    if any(measure.key in {"pipeline", "coverage"} for measure in asked):
        pipeline = open_pipeline(scope=scope, period=period, as_of=as_of)
    target = None
    if any(measure.key in AGAINST for measure in asked):
        [target] = targets(scope, [(period.start, period.end)])
    currency = (organisation or Organisation.get()).currency
    return {
        measure.key: figure_of(measure, cells, pipeline, scope, period, as_of, basis, currency, target)
        for measure in asked
    }


def spans_of(measures: Iterable[Measure], period: Period, as_of: date) -> list[Span]:
    """What the figures of a period read: up to the day, of what may lie ahead all of it, and the rest of the plan."""
    asked = list(measures)
    ahead = {name for measure in asked for name in measure.ahead}
    needed = sorted({name for measure in asked for name in measure.needs} - ahead)
    until = max(min(as_of + timedelta(days=1), period.end), period.start)
    spans = [Span("to_date", needed, period.start, until)]
    if ahead:
        spans.append(Span("to_date", sorted(ahead), period.start, period.end))
    if "expected" in needed:
        spans.append(Span("rest", ["expected"], until, period.end))
    return spans


def counts_until(measure: Measure, period: Period, as_of: date) -> date:
    """The first day after those whose records a figure of a period counts."""
    if measure.ahead or measure.key in WHOLE:
        return period.end
    return max(min(as_of + timedelta(days=1), period.end), period.start)


def figure(
    *,
    scope: Scope,
    measure: str,
    period: Period,
    as_of: date,
    basis: Basis = "restated",
    organisation: Organisation | None = None,
) -> Figure:
    """One measure of a scope."""
    found = figures(scope=scope, measures=[measure], period=period, as_of=as_of, basis=basis, organisation=organisation)
    return found[measure]


def figure_of(
    measure: Measure,
    cells: Cells,
    pipeline: Open,
    scope: Scope,
    period: Period,
    as_of: date,
    basis: Basis,
    currency: str,
    target: Decimal | None = None,
) -> Figure:
    """A measure's figure from cells that are read already; `target` of a team that was given one."""
    if measure.key in scope.without:
        note = "Not shown of single people, or of so few, here."
        return Figure(
            measure.key, measure.label, None, measure.unit, None, None, None, as_of, measure.definition, "", note
        )
    numerator: Decimal | None = None
    denominator: Decimal | None = None
    note = ""
    credited = credited_of(cells, scope.kind == "person")
    actual = actual_of(cells, scope.kind == "person")
    quota, expected = quota_and_expected(cells)
    goal = quota if target is None else target
    gap = None if goal is None else goal - credited
    beside: Decimal | None = None
    won, lost = cells.count("deals_won"), cells.count("deals_lost")
    match measure.key:
        case "bookings":
            value: Decimal | None = actual
            beside = credited
        case "overlay":
            beside = to_cents(cells.total("overlay"))
            value = to_cents(beside + cells.total("overlay.actual"))
        case "deals_won" | "deals_lost":
            value = Decimal(cells.count(measure.key))
        case "won_value":
            value = to_cents(cells.total("deals_won"))
        case "win_rate":
            won, lost = won - cells.count("uncounted_won"), lost - cells.count("uncounted_lost")
            numerator, denominator, value = Decimal(won), Decimal(won + lost), win_rate(won, lost)
        case "win_rate_value":
            gained = cells.total("deals_won") - cells.total("uncounted_won")
            missed = cells.total("deals_lost") - cells.total("uncounted_lost")
            numerator, denominator, value = gained, gained + missed, win_rate(gained, missed)
        case "average_deal":
            numerator, denominator = to_cents(cells.total("deals_won")), Decimal(won)
            mean = ratio(numerator, denominator)
            value = None if mean is None else to_cents(mean)
        case "sales_cycle":
            value = median(cells.buckets.get((0, "to_date", "sales_cycle"), {}))
        case "pipeline":
            value = to_cents(pipeline[0])
            beside = to_cents(pipeline[0] + pipeline[3])
        case "quota":
            value = quota
        case "expected":
            value = expected
        case "attainment":
            numerator, denominator, value = credited, goal, ratio(credited, goal)
            beside = ratio(actual, goal)
        case "pace":
            numerator, denominator, value = credited, expected, ratio(credited, expected)
            beside = ratio(actual, expected)
        case "gap":
            value, beside = gap, None if goal is None else goal - actual
        case "coverage":
            numerator, denominator, value = to_cents(pipeline[0]), gap, ratio(pipeline[0], gap)
            note = "met" if gap is not None and gap <= 0 else ""
        case _ if measure.method:
            is_person = scope.kind == "person" or _tells_of_one(
                measure, cells, scope, period.start, counts_until(measure, period, as_of)
            )
            value, numerator, denominator, note = defined_value(measure, cells, is_person=is_person)
        case _:
            value = Decimal(sum(cells.count(part) for part in measure.needs))
    if target is not None and measure.key in {"attainment", "gap"}:
        note = f"against the target of {target:,.2f}; the quotas below it come to {quota or 0:,.2f}"
    if measure.unit in {"ratio", "score"} and value is not None:
        value = round(value, 6)
        beside = None if beside is None else round(beside, 6)
    return Figure(
        measure=measure.key,
        label=measure.label,
        value=value,
        unit=measure.unit,
        currency=currency if measure.unit == "money" else None,
        numerator=numerator,
        denominator=denominator,
        as_of=as_of,
        definition=measure.definition,
        records=records_url(
            scope=scope, measure=measure.key, start=period.start, until=period.end, as_of=as_of, basis=basis
        ),
        note=note,
        left_out=pipeline[2] if measure.key in {"pipeline", "coverage"} else left_out_of(measure, cells),
        beside=None if beside == value else beside,
    )


Value = tuple[Decimal | None, Decimal | None, Decimal | None, str]


def _tells_of_one(measure: Measure, cells: Cells, scope: Scope, start: date, until: date) -> bool:
    """Whether the few records of a team or the company are of one person alone: then they are that person's (R23)."""
    names = [name for name in measure.needs if not name.endswith("!")]
    if not 0 < sum(cells.count(name) for name in measure.divisors or names) < measure.least:
        return False
    teams = list(scope.team_ids)
    people = "SELECT DISTINCT person_id FROM teams_posting WHERE team_id = ANY(%s)"
    if scope.kind == "company":
        people = "SELECT id AS person_id FROM teams_person WHERE %s::bigint[] IS NOT NULL"
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT count(*) < 2
              FROM (SELECT FROM ({people}) AS p
                     WHERE EXISTS (SELECT FROM performance_rollup r
                                    WHERE r.person_id = p.person_id AND r.measure = ANY(%s) AND r."on" >= %s
                                          AND r."on" < %s AND (r.team_id = ANY(%s) OR %s))
                     LIMIT 2) AS few
            """,  # nosec B608 (constants)
            [teams, names, start, until, teams, scope.kind == "company"],
        )
        return bool(cursor.fetchone()[0])


def defined_value(measure: Measure, cells: Cells, *, is_person: bool, key: int = 0, span: str = "to_date") -> Value:
    """Value, numerator, denominator and note of a measure that an admin defined."""
    above = [name for name in measure.needs if name not in measure.divisors and not name.endswith("!")]
    total = sum((cells.total(name, key=key, span=span) for name in above), Decimal(0))
    below = sum((cells.total(name, key=key, span=span) for name in measure.divisors), Decimal(0))
    count = sum(cells.count(name, key=key, span=span) for name in measure.divisors or above)
    if is_person and count < measure.least:
        return None, None, Decimal(count), f"shown from {measure.least} records on"
    is_money = measure.unit == "money"
    match measure.method:
        case "count" | "sum":
            return to_cents(total) if is_money else _plain(total), None, None, ""
        case "average":
            mean = ratio(total, Decimal(count))
            return (mean if mean is None or not is_money else to_cents(mean)), total, Decimal(count), ""
        case "ratio" | "share":
            below = below + total if measure.method == "share" else below
            share = ratio(total, below)
            if is_money:
                total, below, share = to_cents(total), _plain(below), None if share is None else to_cents(share)
            return share, _plain(total), _plain(below), ""
    buckets: dict[int, int] = {}
    for name in above:
        for bucket, times in cells.buckets.get((key, span, name), {}).items():
            buckets[bucket] = buckets.get(bucket, 0) + times
    if measure.method == "nps":
        promoters = sum(times for score, times in buckets.items() if score >= 9)
        detractors = sum(times for score, times in buckets.items() if score <= 6)
        difference, answers = Decimal(promoters - detractors), Decimal(count)
        share = ratio(100 * difference, answers)
        return share, difference, answers, f"{promoters} promoters, {detractors} detractors"
    value = median(buckets) if measure.method == "median" and not measure.is_sketch else None
    if value is None:
        share_of = Decimal(50 if measure.method == "median" else measure.percentile) / 100
        place = percentile(buckets, share_of)
        value = place if place is None or not measure.is_sketch else middle_of(int(place))
    return (to_cents(value) if is_money and value is not None else value), None, Decimal(count), ""


def left_out_of(measure: Measure, cells: Cells, *, key: int = 0, span: str = "to_date") -> int:
    """How many rows a defined measure leaves out because they lack what it adds up."""
    return sum(cells.count(name, key=key, span=span) for name in measure.needs if name.endswith("!"))


def _plain(number: Decimal) -> Decimal:
    """Without zeros behind the point."""
    return Decimal(int(number)) if number == int(number) else number.normalize()


def percentile(buckets: dict[int, int], share: Decimal) -> Decimal | None:
    """The smallest value that at least this share of all reach at most; unknown where there are none."""
    counted = sorted((value, count) for value, count in buckets.items() if count > 0)
    wanted = share * sum(count for _, count in counted)
    so_far = 0
    for value, count in counted:
        so_far += count
        if so_far >= wanted:
            return Decimal(value)
    return None


def credited_of(cells: Cells, is_person: bool, *, key: int = 0) -> Decimal:
    """What counts towards quota: a person's with overlays, a team's and the company's without (R9)."""
    overlay = cells.total("overlay", key=key) if is_person else Decimal(0)
    return to_cents(cells.total("bookings", key=key) + overlay)


def actual_of(cells: Cells, is_person: bool, *, key: int = 0) -> Decimal:
    """The same at the actual rates (R13)."""
    more = cells.total("bookings.actual", key=key) + (cells.total("overlay.actual", key=key) if is_person else 0)
    return to_cents(credited_of(cells, is_person, key=key) + more)


def quota_and_expected(cells: Cells, *, key: int = 0) -> tuple[Decimal | None, Decimal | None]:
    """The quota of the period and what it expects to date; unknown, not zero, where nobody set one."""
    to_date, rest = cells.total("expected", key=key), cells.total("expected", key=key, span="rest")
    if not cells.count("expected", key=key) and not cells.count("expected", key=key, span="rest"):
        return None, None
    return to_cents(to_date + rest), to_cents(to_date)


def median(buckets: dict[int, int]) -> Decimal | None:
    """The exact median of values given with how often each occurs; unknown where there are none."""
    counted = sorted((value, count) for value, count in buckets.items() if count > 0)
    size = sum(count for _, count in counted)
    if size == 0:
        return None

    def at(place: int) -> int:
        for value, count in counted:
            place -= count
            if place < 0:
                return value
        raise AssertionError

    return Decimal(at((size - 1) // 2) + at(size // 2)) / 2


def records_url(
    *, scope: Scope, measure: str, start: date, until: date, as_of: date | None = None, basis: Basis = "restated"
) -> str:
    """Where the rows behind a figure of `[start, until)` as of a day are; without it, as of their last so far."""
    asked = {"measure": measure, "of": scope.key, "from": start.isoformat(), "until": until.isoformat()}
    if as_of is not None:
        asked["as_of"] = as_of.isoformat()
    if basis != "restated":
        asked["basis"] = basis
    return f"{_records()}?{urlencode(asked)}"


@cache
def _records() -> str:
    return reverse("records")


def series(
    *, scope: Scope, measure: str, period: Period, as_of: date, by: str = "day"
) -> list[tuple[date, Decimal | None]]:
    """A measure over each day, week or month of the period up to `as_of`, in one query; each with its first day."""
    asked = measures_of([measure])[measure]
    if asked.key in NO_SERIES:
        raise ValueError(f"{asked.label} does not add up over days; ask for it as a figure.")
    until = counts_until(asked, period, as_of)
    steps = _steps(period.start, until, by, period.calendar)
    spans = [Span(step.isoformat(), asked.needs, step, end) for step, end in steps]
    cells = _daily(scope, asked, period.start, until, as_of, {d: s for s, e in steps for d in _days(s, e)})
    found: list[tuple[date, Decimal | None]] = []
    for span in spans:
        own = Cells(
            {(0, "to_date", part): cells.sums.get((0, span.name, part), (Decimal(0), 0)) for part in asked.needs},
            {},
            {(0, "to_date", part): cells.buckets.get((0, span.name, part), {}) for part in asked.needs},
        )
        days = replace(period, start=span.start, end=span.until)
        made = figure_of(asked, own, NO_DEALS, scope, days, as_of, "restated", "")
        zero = asked.key == "expected" and made.value is None
        found.append((span.start, Decimal(0) if zero else made.value))
    return found


def _steps(start: date, until: date, by: str, calendar: FiscalCalendar) -> list[tuple[date, date]]:
    if by == "month":
        return [(max(m.start, start), min(m.end, until)) for m in _months(start, until, calendar)]
    if by not in {"day", "week"}:
        raise ValueError("A series goes by day, week or month.")
    steps: list[tuple[date, date]] = []
    while start < until:
        end = start + timedelta(days=1 if by == "day" else 7 - start.weekday())
        steps.append((start, min(end, until)))
        start = end
    return steps


def _months(start: date, until: date, calendar: FiscalCalendar) -> list[Period]:
    found: list[Period] = []
    month = Period.of(start, "month", calendar)
    while month.start < until:
        found.append(month)
        month = month.shift(1)
    return found


def _days(start: date, until: date) -> list[date]:
    return [start + timedelta(days=n) for n in range((until - start).days)]


def daily(*, scope: Scope, measures: Sequence[str], start: date, until: date) -> dict[date, dict[str, Decimal]]:
    """Totals of additive measures by day, in one query."""
    found: dict[date, dict[str, Decimal]] = {}
    for on, measure, _, total, _ in _rows(scope, measures, start, until):
        day = found.setdefault(on, {})
        day[measure] = day.get(measure, Decimal(0)) + total
    return found


def _daily(scope: Scope, asked: Measure, start: date, until: date, as_of: date, step_of: Mapping[date, date]) -> Cells:
    cells = Cells({}, {}, {})
    for on, measure, bucket, total, count in _rows(scope, asked.needs, start, until):
        if on > as_of and measure not in asked.ahead:
            continue
        name = step_of[on].isoformat()
        was = cells.sums.get((0, name, measure), (Decimal(0), 0))
        cells.sums[0, name, measure] = (was[0] + total, was[1] + count)
        if is_bucketed(measure):
            mine = cells.buckets.setdefault((0, name, measure), {})
            mine[bucket] = mine.get(bucket, 0) + count
    return cells


def _rows(scope: Scope, measures: Sequence[str], start: date, until: date) -> list[tuple[date, str, int, Decimal, int]]:
    ids: list[Any] = []
    whose = "performance_rollupsum WHERE level = 'td'"
    if scope.kind == "person":
        whose, ids = "performance_rollup WHERE person_id = %s", [scope.pk]
    elif scope.kind == "team":
        whose, ids = f"{whose} AND team_id = ANY(%s)", [list(scope.team_ids)]
    with connection.cursor() as cursor:
        cursor.execute(
            f'SELECT "on", measure, bucket, sum(total), sum(count)::bigint FROM {whose}'
            ' AND measure = ANY(%s) AND "on" >= %s AND "on" < %s GROUP BY 1, 2, 3',  # nosec B608 (constants)
            [*ids, list(measures), start, until],
        )
        rows: list[tuple[date, str, int, Decimal, int]] = cursor.fetchall()
    return rows
