"""Ranking and what is worth praise: values in, values out."""

from collections.abc import Hashable, Mapping, Sequence
from decimal import Decimal
from typing import TypeVar

K = TypeVar("K", bound=Hashable)


def ranks(scores: Mapping[K, Decimal]) -> dict[K, int]:
    """Shared ranks 1, 2, 2, 4, highest first; scores are compared as they are, uncapped."""
    ordered = sorted(scores.values(), reverse=True)
    return {key: ordered.index(score) + 1 for key, score in scores.items()}


def named(size: int) -> int:
    """How many places of a board carry a name: the top half, at most ten, and one at least (R24)."""
    return min(10, max(1, size // 2))


def streak(reached: Sequence[bool]) -> int:
    """How many of the last values in a row are true."""
    length = 0
    for value in reversed(reached):
        if not value:
            break
        length += 1
    return length


def is_best(amounts: Sequence[Decimal], *, fewest: int) -> bool:
    """Whether the last amount is above all before it, at least `fewest` of which are not zero."""
    *before, last = amounts
    return sum(1 for amount in before if amount) >= fewest and last > max(before)
