"""What a team or the company is held to as a whole: the target a plan gave it, not the sum of the quotas below (R7)."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from targets.selectors import published_targets
from teams.models import Team

from .scope import Scope


def targets(
    scope: Scope, ranges: Sequence[tuple[date, date]], *, known: datetime | None = None
) -> list[Decimal | None]:
    """The target of a scope in each of these ranges, as published by `known`; unknown of people, and without a plan."""
    if scope.kind == "person":
        return [None] * len(ranges)
    tops = _topmost() if scope.pk is None else scope.tops or (scope.pk,)
    found = published_targets(team_ids=tops, ranges=ranges, known=known)
    return [sum_of(held, tops) for held in found]


def sum_of(held: Mapping[int, Decimal], tops: Collection[int]) -> Decimal | None:
    """The target of several teams; unknown where one of them has none."""
    return sum((held[top] for top in tops), Decimal(0)) if tops and set(tops) <= set(held) else None


def _topmost() -> tuple[int, ...]:
    """The teams at the top that sell: a department has no target to wait for."""
    return tuple(Team.objects.present().filter(parent=None, department="").values_list("pk", flat=True))
