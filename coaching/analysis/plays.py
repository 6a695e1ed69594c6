"""What came of deals on which a play was used, beside deals that had come as far without it.

A play is used on deals that are still open: all that died before would make it look good (immortal time: Suissa 2008).
Each deal is therefore set against those like it that were open at the same age and stood at the same stage, and on
which it was not used by then, whatever came later (sequential trials: Hernán and Robins 2016). Deals that stand in for
several count with all they weigh.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from performance.analysis.works import Codes, Difference, Flags, Interval, Z, two_sided

NEVER = 2**31
FAR = 2**32


class Histories:
    """Stages of deals by age: `moves` are row, days since the opening, stage moved to."""

    def __init__(self, opening: Codes, moves: Sequence[tuple[int, int, int]]) -> None:
        self.opening = opening
        found = np.array(sorted(moves), dtype=np.int64).reshape(-1, 3)
        self._rows, self._stages, self._keys = found[:, 0], found[:, 2], found[:, 0] * FAR + found[:, 1]

    def at(self, rows: Codes, age: int) -> Codes:
        """Where deals stood as a day of theirs began."""
        if not len(self._keys):
            return self.opening[rows]
        last = np.searchsorted(self._keys, rows * FAR + age, side="left") - 1
        found: Codes = np.where((last >= 0) & (self._rows[last] == rows), self._stages[last], self.opening[rows])
        return found


def difference_at_use(
    won: Flags, like: Codes, lasted: Codes, stages: Histories, used: Mapping[int, int]
) -> Difference | None:
    """The share won of deals a play was `used` on (row: age in days), less that of deals without it at that age."""
    first = np.full(len(won), NEVER, dtype=np.int64)
    first[list(used)] = list(used.values())
    sets: list[tuple[int, Any]] = []
    for row, age in used.items():
        others = np.flatnonzero((like == like[row]) & (lasted >= age) & (first > age))
        others = others[stages.at(others, age) == stages.at(np.array([row]), age)[0]]
        if len(others):
            sets.append((row, others))
    if not sets:
        return None
    expected = np.array([won[others].mean() for _, others in sets])
    gains = won[[row for row, _ in sets]] - expected
    value = float(gains.mean())
    leans = np.zeros(len(won))
    for (_, others), share in zip(sets, expected, strict=True):
        leans[others] += (won[others] - share) / len(others)
    error = math.sqrt(float(((gains - value) ** 2).sum() + (leans**2).sum())) / len(sets)
    interval = Interval(value, max(value - Z * error, -1.0), min(value + Z * error, 1.0))
    compared = len(np.unique(np.concatenate([others for _, others in sets])))
    return Difference(interval, two_sided(value / error if error else 0.0), len(sets), compared)
