"""Geometry of the server-drawn marks: values in, SVG coordinates out. Nothing here knows a template."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from math import floor, log10

Number = int | float | Decimal

_STEPS = (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0)
GRIDLINES = 4


@dataclass(frozen=True, slots=True)
class Track:
    """A track in percent of its length: what is reached, and where it should be today."""

    fill: float
    tick: float | None


def track(value: Number | None, goal: Number | None, expected: Number | None = None) -> Track:
    """Scale to the goal; beyond it, to the largest of the three, so that 180 % never looks like 100 %."""
    if value is None or not goal or goal <= 0:
        return Track(0.0, None)
    whole = max(float(goal), float(value), float(expected or 0))
    return Track(_share(value, whole), None if expected is None else _share(expected, whole))


def _share(part: Number, whole: float) -> float:
    return round(min(max(float(part) / whole, 0.0), 1.0) * 100, 2)


@dataclass(frozen=True, slots=True)
class Step:
    """A value of a line on one day."""

    on: date
    value: Decimal


@dataclass(frozen=True, slots=True)
class Range:
    """The likely low and high on one day."""

    on: date
    low: Decimal
    high: Decimal


@dataclass(frozen=True, slots=True)
class Pace:
    """What a pace chart shows. Days are half-open, `start` to `until`; every line is cumulative."""

    start: date
    until: date
    today: date  # the last day of the period where that is over
    target: Sequence[Step]
    actual: Sequence[Step]
    forecast: Sequence[Step] = ()
    band: Sequence[Range] = ()
    coverage: int = 80
    currency: str | None = None
    title: str = "Pace to target"
    actual_label: str = "Booked"
    is_over: bool = False


@dataclass(frozen=True, slots=True)
class Tick:
    """A gridline's value and height."""

    value: float
    y: float


@dataclass(frozen=True, slots=True)
class Drawing:
    """A pace chart in the coordinates of one width."""

    width: int
    height: int
    left: float
    right: float
    top: float
    bottom: float
    ticks: Sequence[Tick]
    days: Sequence[tuple[float, date]]
    actual: str
    target: str
    forecast: str
    band: str
    today_x: float
    dot: tuple[float, float] | None
    ends: Sequence[tuple[str, float, Decimal]]

    @property
    def dot_anchor(self) -> str:
        """Today's label stands left of its dot where there is room."""
        return "end" if self.dot and self.dot[0] - self.left > 100 else "start"

    @property
    def dot_dx(self) -> int:
        return -7 if self.dot_anchor == "end" else 9


def gridlines(highest: Number, count: int = GRIDLINES) -> list[float]:
    """`count` round values from zero, the last at or below `highest`: 1,290,000 gives 0, 400k, 800k, 1.2M."""
    top = float(highest)
    if top <= 0:
        return [0.0]
    wanted = top / (count - 1)
    power = 10.0 ** floor(log10(wanted))
    step = max(s for s in _STEPS if s * power <= wanted * (1 + 1e-9)) * power
    return [step * i for i in range(count)]


def path(points: Iterable[tuple[float, float]]) -> str:
    """An SVG path through the points; empty for none."""
    return "".join(f"{'L' if i else 'M'}{x:.1f} {y:.1f}" for i, (x, y) in enumerate(points))


def spread(wanted: Sequence[float], gap: float) -> list[float]:
    """Heights at least `gap` apart, kept in order and as near as possible to where each wants to be."""
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    placed = list(wanted)
    for before, after in pairwise(order):
        lack = gap - (placed[after] - placed[before])
        if lack > 0:
            placed[before] -= lack / 2
            placed[after] += lack / 2
    return placed


def _days(start: date, until: date, width: float) -> list[date]:
    """The days to name on the axis: starts of months, or of weeks in a short range."""
    length = (until - start).days
    if length <= 45:
        every = 7 if width > 500 else 14
        return [start + timedelta(days=n) for n in range(0, length, every)]
    firsts = [start] + [d for n in range(1, length) if (d := start + timedelta(days=n)).day == 1]
    most = 12 if width > 500 else 4
    return firsts[:: -(-len(firsts) // most)]


def draw_pace(pace: Pace, width: int, height: int, *, left: int = 48, right: int = 56) -> Drawing:
    """Place every line of the chart for one width."""
    top, bottom = 12.0, float(height - 26)
    x0, x1 = float(left), float(width - right)
    length = max((pace.until - pace.start).days - 1, 1)
    values = [s.value for s in (*pace.target, *pace.actual, *pace.forecast)] + [r.high for r in pace.band]
    highest = float(max(values, default=Decimal(0)))
    grid = gridlines(highest)
    ceiling = max(highest, grid[-1]) * 1.02 or 1.0

    def x(on: date) -> float:
        return x0 + (x1 - x0) * min(max((on - pace.start).days, 0), length) / length

    def y(value: Number) -> float:
        return bottom - (bottom - top) * min(max(float(value), 0.0), ceiling) / ceiling

    def line(steps: Sequence[Step]) -> str:
        return path((x(s.on), y(s.value)) for s in steps)

    outline = [(x(r.on), y(r.high)) for r in pace.band] + [(x(r.on), y(r.low)) for r in reversed(pace.band)]
    named = [("target", pace.target[-1])] if pace.target else []
    if pace.forecast:
        named.append(("forecast", pace.forecast[-1]))
    heights = spread([y(s.value) for _, s in named], 15)
    last = pace.actual[-1] if pace.actual else None
    return Drawing(
        width=width,
        height=height,
        left=x0,
        right=x1,
        top=top,
        bottom=bottom,
        ticks=[Tick(v, y(v)) for v in grid],
        days=[(x(d), d) for d in _days(pace.start, pace.until, width)],
        actual=line(pace.actual),
        target=line(pace.target),
        forecast=line(pace.forecast),
        band=path(outline) + "Z" if outline else "",
        today_x=x(pace.today),
        dot=(x(last.on), y(last.value)) if last else None,
        ends=[(kind, h, s.value) for (kind, s), h in zip(named, heights, strict=True)],
    )


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table behind a pace chart."""

    on: date
    target: Decimal | None
    actual: Decimal | None
    forecast: Decimal | None
    low: Decimal | None
    high: Decimal | None


def pace_rows(pace: Pace) -> list[Row]:
    """The chart as figures: each week, today and the last day."""
    last = pace.until - timedelta(days=1)
    length = (pace.until - pace.start).days
    days = {pace.start + timedelta(days=n) for n in range(0, length, 7)} | {last}
    if pace.start <= pace.today < pace.until:
        days.add(pace.today)
    target, actual = _by_day(pace.target), _by_day(pace.actual)
    forecast = _by_day(pace.forecast)
    low = {r.on: r.low for r in pace.band}
    high = {r.on: r.high for r in pace.band}
    return [Row(d, target.get(d), actual.get(d), forecast.get(d), low.get(d), high.get(d)) for d in sorted(days)]


def _by_day(steps: Sequence[Step]) -> dict[date, Decimal]:
    return {s.on: s.value for s in steps}


@dataclass(frozen=True, slots=True)
class Spark:
    """A sparkline: its path and its last point."""

    path: str
    x: float
    y: float


def spark(values: Sequence[Number], width: float = 96, height: float = 24) -> Spark | None:
    """None for fewer than two values: one point is no line."""
    if len(values) < 2:
        return None
    low, high = float(min(values)), float(max(values))
    room = (high - low) or 1.0
    step = (width - 4) / (len(values) - 1)
    points = [(2 + i * step, height - 3 - (height - 6) * (float(v) - low) / room) for i, v in enumerate(values)]
    return Spark(path(points), round(points[-1][0], 1), round(points[-1][1], 1))
