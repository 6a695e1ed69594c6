"""Whether one share is lower than another by more than chance."""

from math import erfc, sqrt

LEAST = 20  # deals on each side before anything is said
CHANCE = 0.05


def chance_of(part: int, whole: int, other_part: int, other_whole: int) -> float | None:
    """How often chance alone makes two shares at least as different (two-sided, pooled); None: too few to say."""
    if min(whole, other_whole) < LEAST:
        return None
    pooled = (part + other_part) / (whole + other_whole)
    spread = sqrt(pooled * (1 - pooled) * (1 / whole + 1 / other_whole))
    if spread == 0:
        return 1.0
    gap = abs(part / whole - other_part / other_whole) - (1 / whole + 1 / other_whole) / 2
    return erfc(max(gap, 0.0) / spread / sqrt(2))


def is_clearly_lower(part: int, whole: int, other_part: int, other_whole: int, *, comparisons: int) -> bool:
    """Lower by more than chance, with as many comparisons made at once (Bonferroni)."""
    chance = chance_of(part, whole, other_part, other_whole)
    return chance is not None and part * other_whole < other_part * whole and chance < CHANCE / max(comparisons, 1)
