"""The figures in a strip: value, track, status, definition, and the way to the records."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from performance.selectors import Figure, Pace, Scope, status_of
from performance.selectors.catalogue import ACTIVITY_KINDS, MEASURES
from performance.selectors.cells import Cells, Span
from performance.selectors.figures import records_url
from salesmgmt.lib.charts import Pace as Chart
from salesmgmt.lib.periods import Period
from salesmgmt.lib.ratios import ratio
from salesmgmt.pages.templatetags.paceline import day, money, money_exact, money_range, num, pct, times
from salesmgmt.pages.words import counted, days_left
from teams.models import Organisation

KINDS = tuple(ACTIVITY_KINDS.values())
FORECAST = (
    "Credited, and what the rest of the period should bring: from the own level, the season within earlier periods and "
    "open deals by age. Four of five such ranges should hold; “How good are the forecasts” says how many did."
)
WEEKS = 8  # that "usual" is the mean of
WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Metric:
    """One figure of a strip, already written."""

    key: str
    name: str
    text: str
    definition: str
    as_of: date
    href: str = ""
    status: str = ""
    note: str = ""
    value: Decimal | None = None
    goal: Decimal | None = None
    expected: Decimal | None = None
    said: str = ""
    """What the track says to those who don't see it; empty: "54% of the target"."""


@dataclass(frozen=True, slots=True)
class Usual:
    """What was done so far, and what is usual."""

    now: int
    usual: Decimal | None
    expected: Decimal | None

    @property
    def status(self) -> str:
        return status_of(ratio(Decimal(self.now), self.expected)) if self.expected else ""


def activity_spans(period: Period, today: date) -> list[Span]:
    """This week and the eight before it; for a period that is over, it and the one before."""
    if today >= period.end:
        before = period.shift(-1)
        return [Span("now", KINDS, period.start, period.end), Span("w1", KINDS, before.start, before.end)]
    monday = today - timedelta(days=today.weekday())
    weeks = [Span(f"w{n}", KINDS, monday - n * WEEK, monday - (n - 1) * WEEK) for n in range(1, WEEKS + 1)]
    return [Span("now", KINDS, monday, today + timedelta(days=1)), *weeks]


def usual_activity(cells: Cells, period: Period, today: date, organisation: Organisation) -> Usual:
    """Weeks before the first that anybody logged don't count; today counts once it is over."""
    past = [_count(cells, f"w{n}") for n in range(1, WEEKS + 1)]
    while past and not past[-1]:
        past.pop()
    usual = Decimal(sum(past)) / len(past) if past else None
    if usual is None or today >= period.end:
        return Usual(_count(cells, "now"), usual, usual)
    week = organisation.working_week
    over = sum(1 for weekday in week if weekday < today.isoweekday())
    return Usual(_count(cells, "now"), usual, usual * over / len(week) if week else None)


def _count(cells: Cells, span: str) -> int:
    return sum(cells.count(kind, span=span) for kind in KINDS)


def attainment(pace: Pace, scope: Scope) -> Metric:
    measure = MEASURES["attainment"]
    text = pct(pace.attainment, 1)
    note = f"{money(pace.credited, pace.currency)} of {money(pace.goal, pace.currency)}"
    if pace.target is not None and pace.target != pace.quota:
        note += f" target; the quotas come to {money(pace.quota, pace.currency)}"
    if pace.attainment_actual != pace.attainment:
        note += f"; {pct(pace.attainment_actual, 1)} at actual rates"
    return Metric(
        "attainment",
        "Attainment",
        text,
        f"{measure.definition} The tick stands where the plan expected it by today.",
        pace.as_of,
        _judged(scope, "attainment", pace),
        pace.status if pace.quota else "",
        note if pace.goal else f"{money(pace.credited, pace.currency)} booked, no quota",
        pace.credited,
        pace.goal,
        pace.expected,
    )


def landing(pace: Pace, chart: Chart, scope: Scope, *, learned: bool = False) -> Metric:
    """Where the period lands, while a forecast can be made; else what is still lacking."""
    if chart.forecast and pace.goal:
        middle, band = chart.forecast[-1].value, chart.band[-1]
        return Metric(
            "forecast",
            "Forecast",
            money(middle, pace.currency),
            FORECAST
            if learned
            else "What earlier periods still brought after the same point, scaled by how this one compares so far. "
            "The range is meant to hold four of five times; that was not checked here.",
            pace.as_of,
            _records(scope, "bookings", pace.period.start, pace.period.end),
            status_of(ratio(middle, pace.goal)),
            f"{money_range(band.low, band.high, pace.currency)} likely",
            middle,
            pace.goal,
            pace.goal,
            f"Forecast {pct(ratio(middle, pace.goal))} of the {'quota' if pace.target is None else 'target'}",
        )
    gap = pace.gap
    over = gap is not None and gap <= 0
    note = "no quota is published"
    if gap is not None:
        note = "above the quota" if over else f"{money(pace.needed_per_day, pace.currency)} a working day reaches it"
        if not over and not pace.days_left:
            note = "short of the quota"
    return Metric(
        "gap",
        "Over quota" if over else "Gap",
        money(-gap if over and gap is not None else gap, pace.currency),
        "Quota less what is credited. With four earlier periods of history a forecast stands here.",
        pace.as_of,
        _judged(scope, "gap", pace),
        "",
        note,
        pace.credited,
        pace.goal,
        pace.goal,
    )


def activities(usual: Usual, scope: Scope, period: Period, today: date) -> Metric:
    is_over = today >= period.end
    monday = today - timedelta(days=today.weekday())
    start, until = (period.start, period.end) if is_over else (monday, today + timedelta(days=1))
    if usual.usual is None:
        note = "nothing to compare with yet"
    elif is_over:
        note = f"{num(usual.usual)} the {period.kind} before"
    else:
        note = f"{num(usual.usual)} in a usual week"
    return Metric(
        "activities",
        "Activities" if is_over else "Activities this week",
        num(usual.now),
        f"{MEASURES['activities'].definition} Usual is the mean of the last {WEEKS} weeks; the tick is where a usual "
        "week would be by last night."
        if not is_over
        else MEASURES["activities"].definition,
        min(today, period.last_day),
        _records(scope, "activities", start, until),
        usual.status,
        note,
        Decimal(usual.now),
        usual.usual,
        usual.expected,
        f"{usual.now} of {num(usual.usual)} in a usual week" if usual.usual else "No usual week yet",
    )


def cover(pipeline: Decimal, count: int, pace: Pace, scope: Scope, period: Period, today: date) -> Metric:
    """Open deals that close in the period against the gap; no status, as no yield is known to judge it by (R17)."""
    href = records_url(scope=scope, measure="pipeline", start=period.start, until=period.end, as_of=today)
    deals = counted(count, "deal", "deals")
    if today >= period.end:
        text, name = money(pipeline, pace.currency), "Still open"
        note = f"{deals} should have closed by {day(period.last_day)}" if count else "nothing is left open"
        return Metric("pipeline", name, text, MEASURES["pipeline"].definition, today, href, "", note)
    definition = f"{MEASURES['coverage'].definition} The tick is the gap: one times."
    opened = f"{money(pipeline, pace.currency)} in {deals}"
    if pace.gap is None or not pace.goal:
        name, value = "Open pipeline", money(pipeline, pace.currency)
        return Metric("pipeline", name, value, MEASURES["pipeline"].definition, today,
                      href, "", f"{deals} due by {day(period.last_day)}")  # fmt: skip
    if pace.gap <= 0:
        return Metric("cover", "Pipeline cover", "Met", definition, today, href, "", f"{opened} besides")
    share = ratio(pipeline, pace.gap)
    return Metric(
        "cover", "Pipeline cover", times(share), definition, today, href, "",
        f"{opened}, gap {money(pace.gap, pace.currency)}",
        pipeline, max(pipeline, pace.gap), pace.gap, f"Open pipeline is {times(share)} the gap",
    )  # fmt: skip


def of_figure(figure: Figure, *, note: str = "", status: str = "") -> Metric:
    """A plain figure, without a goal."""
    return Metric(
        figure.measure.replace(".", "-"),
        figure.label,
        written(figure),
        figure.definition,
        figure.as_of,
        figure.records,
        status,
        note or figure.note,
    )


def written(figure: Figure, *, exact: bool = False) -> str:
    """A figure's value as people write it."""
    if figure.value is None:
        return "Met" if figure.note == "met" else num(None)
    match figure.unit:
        case "money":
            return (money_exact if exact else money)(figure.value, figure.currency)
        case "ratio":
            return times(figure.value) if figure.measure == "coverage" else pct(figure.value, 1)
        case "days":
            return f"{num(figure.value, 0 if figure.value == int(figure.value) else 1)} d"
        case "minutes":
            return f"{num(figure.value)} min"
        case "score":
            return num(figure.value, 1)
        case _:
            return num(figure.value)


def plain(metrics: Sequence[Metric]) -> bool:
    """Whether none of them has a goal."""
    return all(metric.goal is None for metric in metrics)


def day_line(period: Period, today: date) -> str:
    """Where in the period today is: "day 52 of 92"."""
    if today in period:
        return f"day {period.days - days_left(period, today)} of {period.days}"
    return f"{day(period.start)} to {day(period.last_day)}"


def _judged(scope: Scope, measure: str, pace: Pace) -> str:
    days = pace.period
    return records_url(scope=scope, measure=measure, start=days.start, until=days.end, as_of=pace.as_of)


def _records(scope: Scope, measure: str, start: date, until: date) -> str:
    return records_url(scope=scope, measure=measure, start=start, until=until)
