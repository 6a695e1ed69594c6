"""What a part of a scorecard comes to: values in, points out. 100 points are the goal, and nothing is capped."""

from decimal import Decimal

from salesmgmt.lib.money import to_cents

FULL = Decimal(100)


def score(value: Decimal, goal: Decimal, *, is_lower_better: bool = False) -> Decimal:
    """How far the goal is reached: 1 at the goal, in a straight line on both sides of it.

    Where lower is better each per cent below the goal is one per cent more: half the goal is 1.5, twice the goal 0.
    """
    reached = value / goal
    return 2 - reached if is_lower_better else reached


def points(weight: Decimal, reached: Decimal) -> Decimal:
    """What a part adds to the total, to two places; the total is the sum of these, so that the parts make it up."""
    return to_cents(weight * reached)
