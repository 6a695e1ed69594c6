"""Numbers in, numbers out: the rhythm in which customers buy, and what is bought together."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np

FEWEST_ORDERS = 3  # fewer have no rhythm
LEAST_SUPPORT = 5  # accounts that bought all of it
LEAST_LIFT = 1.5
Z99 = 2.576  # of many pairs that are looked at, chance makes some look strong
PAIRS_AMONG = 40  # the products most bought, of which pairs are looked at
MOST_RULES = 1000

K = TypeVar("K")
Held = np.ndarray[Any, np.dtype[np.bool_]]


# ── Rhythm ──────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often something is bought: days between orders, in the middle and for four of five."""

    orders: int
    last_on: date
    since: int
    """Days since the last order."""
    median: float | None = None
    p80: float | None = None

    @property
    def is_known(self) -> bool:
        return self.median is not None

    @property
    def is_overdue(self) -> bool:
        """Longer ago than four of five of its own intervals."""
        return self.p80 is not None and self.since > self.p80


def rhythms(bought: Iterable[tuple[K, date]], today: date) -> dict[K, Rhythm]:
    """The rhythm of each key, from keys with the days on which they were bought. A day with two orders is one.

    Below three order days there is no rhythm: `median` and `p80` are unknown.
    """
    days: dict[K, set[date]] = {}
    for key, on in bought:
        days.setdefault(key, set()).add(on)
    return {key: _rhythm(sorted(found), today) for key, found in days.items()}


def _rhythm(days: list[date], today: date) -> Rhythm:
    since = (today - days[-1]).days
    if len(days) < FEWEST_ORDERS:
        return Rhythm(len(days), days[-1], since)
    gaps = sorted((later - earlier).days for earlier, later in pairwise(days))
    return Rhythm(len(days), days[-1], since, quantile(gaps, 0.5), quantile(gaps, 0.8))


def quantile(values: Sequence[int], share: float) -> float:
    """Of sorted values, between two of them in proportion."""
    place = share * (len(values) - 1)
    below = int(place)
    above = min(below + 1, len(values) - 1)
    return values[below] + (place - below) * (values[above] - values[below])


# ── What is bought together ─────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Rule:
    """Of `given_count` accounts that buy all of `given`, `both_count` buy `then`; of all `total`, `then_count` do."""

    given: tuple[int, ...]
    then: int
    given_count: int
    both_count: int
    then_count: int
    total: int

    @property
    def confidence(self) -> float:
        return self.both_count / self.given_count

    @property
    def lift(self) -> float:
        """How much more often than among all."""
        return self.confidence * self.total / self.then_count

    @property
    def is_sure(self) -> bool:
        """Is even the low end of the 99 % range of the confidence (Wilson's) above the share among all?"""
        count, share = self.given_count, self.confidence
        middle = share + Z99**2 / (2 * count)
        spread = Z99 * ((share * (1 - share) + Z99**2 / (4 * count)) / count) ** 0.5
        low: float = (middle - spread) / (1 + Z99**2 / count)
        return low > self.then_count / self.total


def find_rules(held: Held) -> list[Rule]:
    """Rules with one or two products given, over accounts × products; the most likely first.

    At least 5 accounts bought all of it, lift above 1.5. Pairs are looked for among the products most bought; a pair
    has to say more than each of its two alone.
    """
    total, products = held.shape
    if not total or not products:
        return []
    counts = held.sum(axis=0)
    whole = held.astype(np.float32)  # counts stay exact up to 16 million accounts, and multiply quickly
    together = (whole.T @ whole).astype(np.int64)
    single: dict[tuple[int, int], Rule] = {}
    for given, then in np.argwhere(_counts_enough(together, counts, counts, total)).tolist():
        if given != then:
            single[given, then] = Rule(
                (given,), then, int(counts[given]), int(together[given, then]), int(counts[then]), total
            )
    pairs = []
    common = sorted(np.argsort(-counts, kind="stable")[:PAIRS_AMONG].tolist())
    for first in common:
        inner = whole[held[:, first]]
        three = (inner.T @ inner).astype(np.int64)  # accounts with `first` and both others
        enough = _counts_enough(three, np.diagonal(three), counts, total)
        for second, then in np.argwhere(enough).tolist():
            if second <= first or then in (first, second) or second not in common:
                continue
            rule = Rule(
                (first, second), then, int(three[second, second]), int(three[second, then]), int(counts[then]), total
            )
            parts = (single.get((first, then)), single.get((second, then)))
            if all(part is None or rule.lift > part.lift for part in parts):
                pairs.append(rule)
    rules = sorted([*single.values(), *pairs], key=lambda rule: (-rule.confidence, -rule.lift, rule.given, rule.then))
    return rules[:MOST_RULES]


def _counts_enough(both: Any, given: Any, then: Any, total: int) -> Any:
    """Where `both[given, then]` is seen often enough, and often enough more than by chance."""
    expected = np.outer(given, then)
    return (both >= LEAST_SUPPORT) & (both * total > LEAST_LIFT * expected) & (expected > 0)


def offers(held: Held, rules: Iterable[Rule], *, most: int) -> dict[int, list[Rule]]:
    """For each account (row) the first `most` rules whose givens it buys and whose product it doesn't; each once."""
    open_ = ~held
    count = np.zeros(len(held), dtype=np.int64)
    found: dict[int, list[Rule]] = {}
    for rule in rules:
        rows = np.flatnonzero(held[:, list(rule.given)].all(axis=1) & open_[:, rule.then] & (count < most))
        open_[rows, rule.then] = False
        count[rows] += 1
        for row in rows.tolist():
            found.setdefault(row, []).append(rule)
    return found
