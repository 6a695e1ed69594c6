"""Geometry of a bridge: from one amount to another by steps. Values in, percent of the width out."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Bar:
    """A whole (from zero), or a step that adds or takes away."""

    label: str
    value: Decimal
    kind: str  # whole, up, down
    x: float
    width: float


def bridge(start: tuple[str, Decimal], steps: Sequence[tuple[str, Decimal]], end: str) -> list[Bar]:
    """The start, each step from where the one before ended, and the end they come to."""
    stops = [start[1]]
    for _, value in steps:
        stops.append(stops[-1] + value)
    low, high = min(*stops, Decimal(0)), max(*stops, Decimal(0))
    whole = float(high - low) or 1.0

    def bar(label: str, value: Decimal, kind: str, one: Decimal, other: Decimal) -> Bar:
        x, end = (float(stop - low) / whole * 100 for stop in sorted((one, other)))
        return Bar(label, value, kind, round(x, 2), round(max(end - x, 0.4), 2))

    zero = Decimal(0)
    return [
        bar(start[0], start[1], "whole", zero, start[1]),
        *(
            bar(label, value, "up" if value >= 0 else "down", stops[n], stops[n + 1])
            for n, (label, value) in enumerate(steps)
        ),
        bar(end, stops[-1], "whole", zero, stops[-1]),
    ]
