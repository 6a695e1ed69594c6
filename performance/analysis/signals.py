"""Shares of what went wrong, now and usually, and whether the difference is more than chance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

FEW = 5  # of either, before a share says anything
STANDS_OUT = 0.10  # points of a share
CHANCE = 2.33  # standard deviations: one in a hundred


@dataclass(frozen=True, slots=True)
class Share:
    """So much of so many, and of how many cases; where each case weighs the same, that is the whole."""

    part: float = 0.0
    whole: float = 0.0
    cases: int = 0

    def __add__(self, other: "Share") -> "Share":
        return Share(self.part + other.part, self.whole + other.whole, self.cases + other.cases)

    def __sub__(self, other: "Share") -> "Share":
        return Share(self.part - other.part, self.whole - other.whole, self.cases - other.cases)

    @property
    def value(self) -> float | None:
        return self.part / self.whole if self.whole > 0 else None


def away(now: Share, before: Share) -> float | None:
    """How far a share has grown, in standard deviations (two proportions, pooled); unknown for too few cases."""
    if now.cases < FEW or before.cases < FEW or now.value is None or before.value is None:
        return None
    both = now + before
    pooled = min(max(both.value or 0.0, 1 / both.cases), 1 - 1 / both.cases)
    return float((now.value - before.value) / (pooled * (1 - pooled) * (1 / now.cases + 1 / before.cases)) ** 0.5)


def is_worse(now: Share, before: Share) -> bool:
    """The share has grown by enough to matter, and by more than chance explains."""
    far = away(now, before)
    return far is not None and far >= CHANCE and (now.value or 0.0) - (before.value or 0.0) >= STANDS_OUT


@dataclass(frozen=True, slots=True)
class Signal:
    """One sign beside the levers: of the person, and of the others in the team."""

    key: str
    now: Share
    before: Share
    others_now: Share
    others_before: Share
    is_team_wide: bool
    """The others show it too, also without the one of them who shows it most: no cause that lies with one person."""

    @property
    def is_personal(self) -> bool:
        return is_worse(self.now, self.before) and not self.is_team_wide

    @property
    def of_team(self) -> tuple[Share, Share]:
        return self.now + self.others_now, self.before + self.others_before


def signals(person: int, team: Mapping[int, Mapping[str, tuple[Share, Share]]], keys: tuple[str, ...]) -> list[Signal]:
    """The shares (now, before) of a team from the side of one person; what nobody has a case of is left out."""
    nothing = (Share(), Share())
    found = []
    for key in keys:
        own = team.get(person, {}).get(key, nothing)
        others = [shares.get(key, nothing) for pk, shares in team.items() if pk != person]
        now = sum((share for share, _ in others), Share())
        before = sum((share for _, share in others), Share())
        if own[0].cases or now.cases:
            found.append(Signal(key, own[0], own[1], now, before, _is_shared(others, now, before)))
    return found


def _is_shared(others: Sequence[tuple[Share, Share]], now: Share, before: Share) -> bool:
    if not is_worse(now, before):
        return False
    usual = before.value or 0.0
    most, then = max(others, key=lambda one: one[0].part - usual * one[0].whole)
    return is_worse(now - most, before - then)
