"""What goes with better results: groups of deals beside comparable ones, with what chance alone would do.

Win rates have Wilson's interval (1927); differences are the Mantel–Haenszel risk difference over strata of comparable
deals with Sato's variance (1989), which holds for many small strata; medians have the interval of order statistics;
size and cycle are compared by ranks (Mann–Whitney) after each stratum's own median is taken off. Of many comparisons
some differ by chance: Benjamini and Hochberg (1995) keep false claims to one in twenty.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Numbers = np.ndarray[Any, np.dtype[np.float64]]
Flags = np.ndarray[Any, np.dtype[np.bool_]]
Codes = np.ndarray[Any, np.dtype[np.int64]]

Z = 1.959964  # of a 95 % interval
LEAST = 30  # deals on either side: below, nothing is claimed
CHANCE = 0.05


@dataclass(frozen=True, slots=True)
class Interval:
    """A value with the range that holds it in 95 of 100 cases."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Difference:
    """How a group differs from comparable cases, and how often chance alone would do as much."""

    interval: Interval
    p: float
    group: int
    others: int
    """Cases on either side in strata that hold both."""


def wilson(successes: int, cases: int) -> Interval | None:
    """A share with its interval; unknown without a case."""
    if cases <= 0:
        return None
    share, spread = successes / cases, Z * Z / cases
    middle = (share + spread / 2) / (1 + spread)
    half = Z * math.sqrt(share * (1 - share) / cases + spread / (4 * cases)) / (1 + spread)
    return Interval(share, max(middle - half, 0.0), min(middle + half, 1.0))


def difference_of_shares(won: Flags, group: Flags, strata: Codes) -> Difference | None:
    """The group's share less that of the others, like compared with like; none where no stratum holds both."""
    size = int(strata.max(initial=-1)) + 1

    def counts(which: Flags) -> Numbers:
        return np.bincount(strata[which], minlength=size).astype(float)

    n1, n0, x1, x0 = counts(group), counts(~group), counts(group & won), counts(~group & won)
    both = (n1 > 0) & (n0 > 0)
    n1, n0, x1, x0 = n1[both], n0[both], x1[both], x0[both]
    n = n1 + n0
    weight = float((n1 * n0 / n).sum())
    if not weight:
        return None
    value = float(((x1 * n0 - x0 * n1) / n).sum()) / weight
    p = (n1**2 * x0 - n0**2 * x1 + n1 * n0 * (n0 - n1) / 2) / n**2
    q = (x1 * (n0 - x0) + x0 * (n1 - x1)) / (2 * n)
    error = math.sqrt(max(value * float(p.sum()) + float(q.sum()), 0.0)) / weight
    interval = Interval(value, max(value - Z * error, -1.0), min(value + Z * error, 1.0))
    return Difference(interval, two_sided(value / error if error else 0.0), int(n1.sum()), int(n0.sum()))


def two_sided(z: float) -> float:
    """How often chance alone goes as far on either side."""
    return math.erfc(abs(z) / math.sqrt(2))


def median(values: Numbers) -> Interval | None:
    """The median with the order statistics that hold it in 95 of 100 cases; no interval can be had below six values."""
    ordered = np.sort(values)
    size = len(ordered)
    if size < 6:
        return None
    reach = Z * math.sqrt(size) / 2
    low = max(math.floor(size / 2 - reach), 1)
    high = min(math.ceil(size / 2 + 1 + reach), size)
    return Interval(float(np.median(ordered)), float(ordered[low - 1]), float(ordered[high - 1]))


def less_own_median(values: Numbers, strata: Codes) -> Numbers:
    """Each value less the median of its stratum: what is left when like is compared with like."""
    order = np.argsort(strata, kind="stable")
    found = np.empty(len(values))
    for part in np.split(order, np.flatnonzero(np.diff(strata[order])) + 1):
        if len(part):
            found[part] = values[part] - np.median(values[part])
    return found


def ranks(values: Numbers) -> Numbers:
    """Ranks from 1, equal values share the mean of theirs."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    shared: Numbers = (last - (counts - 1) / 2)[place]
    return shared


def rank_test(ranked: Numbers, group: Flags) -> float:
    """How often chance alone would rank a group as far off (Mann–Whitney, with ties)."""
    n1 = int(group.sum())
    n0 = len(ranked) - n1
    if not n1 or not n0:
        return 1.0
    n = n1 + n0
    _, counts = np.unique(ranked, return_counts=True)
    ties = float((counts**3 - counts).sum()) / (n * (n - 1)) if n > 1 else 0.0
    spread = math.sqrt(n1 * n0 / 12 * (n + 1 - ties))
    off = float(ranked[group].sum()) - n1 * (n + 1) / 2
    return two_sided(off / spread) if spread else 1.0


def beyond_chance(chances: Sequence[float], *, share: float = CHANCE) -> list[bool]:
    """Which of many comparisons differ, at one false claim in twenty or another share (Benjamini–Hochberg)."""
    order = sorted(range(len(chances)), key=lambda at: chances[at])
    last = max((n for n, at in enumerate(order, start=1) if chances[at] <= share * n / len(order)), default=0)
    kept = set(order[:last])
    return [at in kept for at in range(len(chances))]
