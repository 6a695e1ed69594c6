"""Numbers in, numbers out: forecasts, usual rhythm, and what explains a difference."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import permutations
from math import factorial
from statistics import fmean, stdev

ENOUGH = 4  # earlier periods before a spread says anything
Z80 = 1.2816  # half of an 80 % range of a normal distribution, in standard deviations


@dataclass(frozen=True, slots=True)
class Landing:
    """Where a period may end: the middle and an 80 % range."""

    low: Decimal
    middle: Decimal
    high: Decimal


def landing_range(*, past: Sequence[tuple[Decimal, Decimal]], so_far: Decimal, elapsed: float) -> Landing | None:
    """`past` holds (by the same point, after it) of earlier periods; those that brought nothing tell nothing.

    What is still to come = what earlier periods brought after this point, scaled by how this one compares so far:
    not at all at the start, when that is chance, and fully at the end.
    """
    known = [(float(before), float(after)) for before, after in past if before + after > 0]
    if len(known) < ENOUGH:
        return None
    usual = fmean(before for before, _ in known)
    trend = 1.0 if usual <= 0 else 1 + elapsed * (max(float(so_far), 0.0) / usual - 1)
    rests = [after * trend for _, after in known]
    middle = float(so_far) + fmean(rests)
    spread = Z80 * stdev(rests) * (1 + 1 / len(rests)) ** 0.5
    low, high = max(middle - spread, min(float(so_far), middle)), middle + spread
    return Landing(*(Decimal(str(round(value, 2))) for value in (low, middle, high)))


def shapley(now: Mapping[str, float | None], reference: Mapping[str, float | None]) -> dict[str, float]:
    """What each factor of a product adds to the difference between two states, averaged over every order (R21).

    A factor that is unknown (0 ÷ 0) now takes the reference's value, and the other way round; unknown in both, 1.
    """
    names = list(now)
    new: dict[str, float] = {}
    old: dict[str, float] = {}
    for name in names:
        a, b = now[name], reference[name]
        new[name] = a if a is not None else b if b is not None else 1.0
        old[name] = b if b is not None else new[name]
    added = dict.fromkeys(names, 0.0)
    for order in permutations(names):
        state = dict(old)
        value = _product(state)
        for name in order:
            state[name] = new[name]
            changed = _product(state)
            added[name] += changed - value
            value = changed
    return {name: total / factorial(len(names)) for name, total in added.items()}


def _product(state: Mapping[str, float]) -> float:
    value = 1.0
    for factor in state.values():
        value *= factor
    return value
