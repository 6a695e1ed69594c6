"""One figure with its definition and the records behind it; the same for pages, API and export."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.db import connection
from django.urls import reverse

from sales.models import Activity
from salesmgmt.lib.money import to_cents
from salesmgmt.lib.periods import FiscalCalendar, Period
from salesmgmt.lib.ratios import ratio, win_rate
from teams.models import Organisation

from .cells import Basis, Cells, Span, of_scope, read
from .pipeline import open_pipeline
from .scope import Scope

ACTIVITY_KINDS = {kind: f"activities.{kind}" for kind in Activity.Kind.values}


@dataclass(frozen=True, slots=True)
class Measure:
    """What a figure is called, what it is counted in, and how it is defined."""

    key: str
    label: str
    unit: str
    """`money`, `count`, `ratio` or `days`."""
    definition: str
    needs: tuple[str, ...]


MEASURES = {
    measure.key: measure
    for measure in (
        Measure(
            "bookings",
            "Bookings",
            "money",
            "Credited order value net of tax and discount, by order date, less refunds and cancellations. "
            "A person's include overlays; a team's and the company's do not.",
            ("bookings", "overlay"),
        ),
        Measure(
            "overlay",
            "Overlay",
            "money",
            "Credit on top of an order's value, in no team or company total.",
            ("overlay",),
        ),
        Measure(
            "deals_won",
            "Deals won",
            "count",
            "Deals won by the owner, by closing day; a reopening takes one back.",
            ("deals_won",),
        ),
        Measure(
            "deals_lost",
            "Deals lost",
            "count",
            "Deals lost by the owner, by closing day; a reopening takes one back.",
            ("deals_lost",),
        ),
        Measure("won_value", "Value won", "money", "Amount of the deals won, by closing day.", ("deals_won",)),
        Measure(
            "win_rate",
            "Win rate",
            "ratio",
            "Won ÷ (won + lost), by closing day; duplicates and bad fits left out. Unknown while nothing is decided.",
            ("deals_won", "deals_lost", "uncounted_won", "uncounted_lost"),
        ),
        Measure(
            "win_rate_value",
            "Win rate by value",
            "ratio",
            "Value won ÷ value decided, by closing day; duplicates and bad fits left out.",
            ("deals_won", "deals_lost", "uncounted_won", "uncounted_lost"),
        ),
        Measure("average_deal", "Average deal", "money", "Value won ÷ deals won.", ("deals_won",)),
        Measure(
            "sales_cycle",
            "Sales cycle",
            "days",
            "Median days from opened to won, of the deals won that say both.",
            ("sales_cycle",),
        ),
        Measure(
            "activities",
            "Activities",
            "count",
            "Calls, e-mails, meetings, demos, visits and tasks logged, by the day they took place.",
            ("activities",),
        ),
        *(
            Measure(
                key,
                f"Activities: {Activity.Kind(kind).label.lower()}",
                "count",
                "Activities of this kind, by the day they took place.",
                (key,),
            )
            for kind, key in ACTIVITY_KINDS.items()
        ),
        Measure(
            "pipeline",
            "Pipeline",
            "money",
            "Amount of the deals open now that are expected to close in the period.",
            (),
        ),
        Measure(
            "quota",
            "Quota",
            "money",
            "The sum of the quota entries, spread over working days, of the period.",
            ("expected",),
        ),
        Measure("expected", "Expected", "money", "What the plan expects up to and including the day.", ("expected",)),
        Measure("attainment", "Attainment", "ratio", "Credited ÷ quota.", ("bookings", "overlay", "expected")),
        Measure(
            "pace",
            "Pace",
            "ratio",
            "Credited ÷ what the plan expected up to and including the day.",
            ("bookings", "overlay", "expected"),
        ),
        Measure("gap", "Gap", "money", "Quota − credited.", ("bookings", "overlay", "expected")),
        Measure(
            "coverage",
            "Coverage",
            "ratio",
            "Pipeline ÷ gap; met when no gap is left.",
            ("bookings", "overlay", "expected"),
        ),
    )
}


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


def figures(
    *,
    scope: Scope,
    measures: Collection[str],
    period: Period,
    as_of: date,
    basis: Basis = "restated",
    organisation: Organisation | None = None,
) -> dict[str, Figure]:
    """The asked measures of a scope, in at most three queries. KeyError for a measure there is none of."""
    asked = [MEASURES[key] for key in measures]
    needed = sorted({part for measure in asked for part in measure.needs})
    until = min(as_of + timedelta(days=1), period.end)
    spans = [Span("to_date", needed, period.start, until)]
    if "expected" in needed:
        spans.append(Span("rest", ["expected"], max(until, period.start), period.end))
    cells = read(spans, **of_scope(scope), basis=basis, period=period)
    pipeline = (Decimal(0), 0, 0)
    if any(measure.key in {"pipeline", "coverage"} for measure in asked):
        pipeline = open_pipeline(scope=scope, period=period, as_of=as_of)
    currency = (organisation or Organisation.get()).currency
    return {
        measure.key: _figure(measure, cells, pipeline, scope, period, until, as_of, basis, currency)
        for measure in asked
    }


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


def _figure(
    measure: Measure,
    cells: Cells,
    pipeline: tuple[Decimal, int, int],
    scope: Scope,
    period: Period,
    until: date,
    as_of: date,
    basis: Basis,
    currency: str,
) -> Figure:
    numerator: Decimal | None = None
    denominator: Decimal | None = None
    note = ""
    credited = credited_of(cells, scope.kind == "person")
    quota, expected = quota_and_expected(cells)
    gap = None if quota is None else quota - credited
    won, lost = cells.count("deals_won"), cells.count("deals_lost")
    match measure.key:
        case "bookings":
            value: Decimal | None = credited
        case "overlay":
            value = to_cents(cells.total("overlay"))
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
            value = median(cells.buckets.get((0, "to_date"), {}))
        case "pipeline":
            value = to_cents(pipeline[0])
        case "quota":
            value = quota
        case "expected":
            value = expected
        case "attainment":
            numerator, denominator, value = credited, quota, ratio(credited, quota)
        case "pace":
            numerator, denominator, value = credited, expected, ratio(credited, expected)
        case "gap":
            value = gap
        case "coverage":
            numerator, denominator, value = to_cents(pipeline[0]), gap, ratio(pipeline[0], gap)
            note = "met" if gap is not None and gap <= 0 else ""
        case _:
            value = Decimal(sum(cells.count(part) for part in measure.needs))
    if measure.unit == "ratio" and value is not None:
        value = round(value, 6)
    ends = period.end if measure.key in {"pipeline", "quota"} else until
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
        records=records_url(scope=scope, measure=measure.key, start=period.start, until=ends, basis=basis),
        note=note,
        left_out=pipeline[2] if measure.key in {"pipeline", "coverage"} else 0,
    )


def credited_of(cells: Cells, is_person: bool, *, key: int = 0) -> Decimal:
    """What counts towards quota: a person's with overlays, a team's and the company's without (R9)."""
    overlay = cells.total("overlay", key=key) if is_person else Decimal(0)
    return to_cents(cells.total("bookings", key=key) + overlay)


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


def records_url(*, scope: Scope, measure: str, start: date, until: date, basis: Basis = "restated") -> str:
    """Where the rows behind a figure are."""
    asked = {"measure": measure, "of": scope.key, "from": start.isoformat(), "until": until.isoformat()}
    if basis != "restated":
        asked["basis"] = basis
    return f"{reverse('records')}?{urlencode(asked)}"


def series(
    *, scope: Scope, measure: str, period: Period, as_of: date, by: str = "day"
) -> list[tuple[date, Decimal | None]]:
    """A measure over each day, week or month of the period up to `as_of`, in one query; each with its first day."""
    asked = MEASURES[measure]
    if asked.key in {"pipeline", "coverage", "attainment", "pace", "gap", "quota"}:
        raise ValueError(f"{asked.label} does not add up over days; ask for it as a figure.")
    until = min(as_of + timedelta(days=1), period.end)
    steps = _steps(period.start, until, by, period.calendar)
    spans = [Span(step.isoformat(), asked.needs, step, end) for step, end in steps]
    cells = _daily(scope, asked.needs, period.start, until, {d: s for s, e in steps for d in _days(s, e)})
    found: list[tuple[date, Decimal | None]] = []
    for span in spans:
        own = Cells(
            {(0, "to_date", part): cells.sums.get((0, span.name, part), (Decimal(0), 0)) for part in asked.needs},
            {},
            {(0, "to_date"): cells.buckets.get((0, span.name), {})},
        )
        made = _figure(asked, own, (Decimal(0), 0, 0), scope, period, span.until, as_of, "restated", "")
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


def _daily(scope: Scope, measures: Sequence[str], start: date, until: date, step_of: dict[date, date]) -> Cells:
    cells = Cells({}, {}, {})
    for on, measure, bucket, total, count in _rows(scope, measures, start, until):
        name = step_of[on].isoformat()
        was = cells.sums.get((0, name, measure), (Decimal(0), 0))
        cells.sums[0, name, measure] = (was[0] + total, was[1] + count)
        if measure == "sales_cycle":
            mine = cells.buckets.setdefault((0, name), {})
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
