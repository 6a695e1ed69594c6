"""What past quarters say once a single one that stands out is tamed, in whole hundredths."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

FENCE = 3  # times the spread
NORMAL = (14_826, 10_000)  # the median deviation of a normal distribution, as its standard deviation
STEEPEST = 2_500  # ten-thousandths that a trend adds or takes at most


@dataclass(frozen=True, slots=True)
class Quarter:
    """What was credited in a quarter, in how many working days, of which the person was there for `full`."""

    weight: int
    credited: int
    days: int
    full: int
    whole_day: int
    fewest: int

    @property
    def is_known(self) -> bool:
        """There for long enough that it says something."""
        return self.full >= self.fewest * self.whole_day

    @property
    def full_seat(self) -> int:
        """What it would have been, there on every working day."""
        return rounded(self.credited * self.days * self.whole_day, self.full)


@dataclass(frozen=True, slots=True)
class Tamed:
    """By quarter, what counts of what was credited."""

    credited: list[int]


def tame(quarters: Sequence[Quarter]) -> Tamed:
    """Winsorised: a quarter further than 3 spreads from the median of the full seats counts as if it were just there.

    The spread is 1.4826 × the median deviation from that median. Fewer than four known quarters, or more than half of
    them alike, say nothing about what stands out.
    """
    full = {place: row.full_seat for place, row in enumerate(quarters) if row.is_known}
    kept = [row.credited for row in quarters]
    if len(full) < 4:
        return Tamed(kept)
    middle, spread = _middle(full.values()), _spread(list(full.values()))
    if not spread:
        return Tamed(kept)
    for place, value in full.items():
        held = min(max(value, middle - FENCE * spread), middle + FENCE * spread)
        if held != value:
            row = quarters[place]
            kept[place] = rounded(held * row.full, row.days * row.whole_day)
    return Tamed(kept)


def spread_of(values: Sequence[int]) -> tuple[int, int]:
    """Mean and spread: 1.4826 × the median deviation from the median."""
    return rounded(sum(values), len(values)), _spread(values)


def trend(quarters: Sequence[Quarter], credited: Sequence[int], ahead: int) -> int:
    """By how much results go on as they went, in ten-thousandths of their mean, a quarter more or less at the most.

    The median of the slopes between all pairs of known quarters (Theil and Sen), carried on from their mean place to
    `ahead` quarters after the last. Fewer than three known quarters have no trend: 10,000.
    """
    known = [
        (place, rounded(amount * row.days * row.whole_day, row.full))
        for place, (row, amount) in enumerate(zip(quarters, credited, strict=True))
        if row.is_known
    ]
    mean = sum(value for _, value in known)
    if len(known) < 3 or mean <= 0:
        return 10_000
    slopes = [
        rounded(later[1] - value, later[0] - place)
        for at, (place, value) in enumerate(known)
        for later in known[at + 1 :]
    ]
    places = sum(place for place, _ in known)
    # slope × (target − mean place) ÷ mean value, both means times the number of quarters known
    distance = len(known) * (len(quarters) - 1 + max(ahead, 1)) - places
    change = rounded(10_000 * _middle(slopes) * distance, mean)
    return 10_000 + min(max(change, -STEEPEST), STEEPEST)


def _middle(values: Iterable[int]) -> int:
    found = sorted(values)
    half = len(found) // 2
    return found[half] if len(found) % 2 else rounded(found[half - 1] + found[half], 2)


def _spread(values: Sequence[int]) -> int:
    middle = _middle(values)
    return rounded(_middle(abs(value - middle) for value in values) * NORMAL[0], NORMAL[1])


def rounded(above: int, below: int) -> int:
    """A quotient as a whole number, half away from zero."""
    whole = (2 * abs(above) + below) // (2 * below)
    return whole if above >= 0 else -whole
