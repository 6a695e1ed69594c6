"""Geometry of a waterfall: totals from zero, and the steps between them hanging where the one before ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from .charts import Tick, gridlines

ROW = 44  # height of a row on a phone: a finger's width


@dataclass(frozen=True, slots=True)
class Step:
    """A bar to draw: a total, or what is added (below zero: taken away)."""

    key: str
    label: str
    value: Decimal
    count: int
    is_total: bool = False

    @property
    def kind(self) -> str:
        return "total" if self.is_total else "out" if self.value < 0 else "in"


@dataclass(frozen=True, slots=True)
class Bar:
    """A step in the coordinates of one width, with the whole place that opens it."""

    step: Step
    x: float
    y: float
    width: float
    height: float
    place: tuple[float, float, float, float]
    """x, y, width, height of the column or row it stands in."""
    level: tuple[float, float, float, float]
    """The line from where it ends to the next bar: x1, y1, x2, y2."""

    @property
    def middle(self) -> float:
        return self.place[0] + self.place[2] / 2


@dataclass(frozen=True, slots=True)
class Bridge:
    """A waterfall in the coordinates of one width: columns, or rows on a phone."""

    width: int
    height: int
    left: float
    right: float
    bars: list[Bar]
    ticks: list[Tick]


def _spans(steps: Sequence[Step]) -> list[tuple[float, float, float]]:
    """Low, high and end of each bar."""
    spans, at = [], 0.0
    for step in steps:
        end = float(step.value) if step.is_total else at + float(step.value)
        start = 0.0 if step.is_total else at
        spans.append((min(start, end), max(start, end), end))
        at = end
    return spans


def draw_columns(steps: Sequence[Step], width: int = 860, height: int = 300, left: int = 52) -> Bridge:
    """Columns from left to right over gridlines."""
    spans = _spans(steps)
    top, bottom = 26.0, float(height - 34)
    highest = max((high for _, high, _ in spans), default=0.0)
    lowest = min((low for low, _, _ in spans), default=0.0)
    reach = (highest - min(lowest, 0.0)) or 1.0
    wide = (width - left) / max(len(steps), 1)

    def y(value: float) -> float:
        return bottom - (bottom - top) * (value - min(lowest, 0.0)) / reach

    bars = []
    for place, (step, (low, high, end)) in enumerate(zip(steps, spans, strict=True)):
        x = left + place * wide
        column = (x, 0.0, wide, float(height))
        line = (x + wide * 0.84, y(end), x + wide * 1.16, y(end))
        bars.append(Bar(step, x + wide * 0.16, y(high), wide * 0.68, max(y(low) - y(high), 1.5), column, line))
    ticks = [Tick(value, y(value)) for value in gridlines(highest)]
    return Bridge(width, height, float(left), float(width), bars, ticks)


def draw_rows(steps: Sequence[Step], width: int = 358) -> Bridge:
    """Rows from top to bottom, each high enough for a finger: name and amount above its bar."""
    spans = _spans(steps)
    highest = max((high for _, high, _ in spans), default=0.0)
    lowest = min((low for low, _, _ in spans), default=0.0)
    reach = (highest - min(lowest, 0.0)) or 1.0

    def x(value: float) -> float:
        return width * (value - min(lowest, 0.0)) / reach

    bars = []
    for place, (step, (low, high, end)) in enumerate(zip(steps, spans, strict=True)):
        y = float(place * ROW)
        row = (0.0, y, float(width), float(ROW))
        line = (x(end), y + 34, x(end), y + ROW + 24)
        bars.append(Bar(step, x(low), y + 24, max(x(high) - x(low), 1.5), 10.0, row, line))
    return Bridge(width, ROW * len(steps), 0.0, float(width), bars, [])
