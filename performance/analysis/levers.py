"""What a gap is made of (R21): result = activities × conversion × size × speed, split exactly by Shapley's value.

A activities, D mean open deals, W won, K decided, R credited: C = (D ÷ A) × (W ÷ K), S = R ÷ W, V = K ÷ D. The mean
over all 24 orders in which the four can change is taken, as no order is the right one and methods by logarithm fail
where nothing was won. L. S. Shapley, A Value for n-Person Games, 1953; for decompositions: A. F. Shorrocks, 2013.
Everything is counted in fractions, so that the parts sum to the whole and not nearly.
"""

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import combinations
from math import factorial, floor, prod
from typing import Any

LEVERS = ("activity", "conversion", "size", "speed")
ZERO = Fraction(0)


@dataclass(frozen=True, slots=True)
class Work:
    """What was done in a window, and on how many working days. Open deals are the mean of its days."""

    activities: Fraction = ZERO
    open_deals: Fraction = ZERO
    won: Fraction = ZERO
    decided: Fraction = ZERO
    credited: Fraction = ZERO
    working_days: Fraction = ZERO

    def scaled(self, days: Fraction) -> "Work":
        """To as many working days as another window has; open deals are a mean and stay."""
        by = days / self.working_days
        return Work(self.activities * by, self.open_deals, self.won * by, self.decided * by, self.credited * by, days)

    def __add__(self, other: "Work") -> "Work":
        return Work(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))

    def __sub__(self, other: "Work") -> "Work":
        return Work(*(a - b for a, b in zip(astuple(self), astuple(other), strict=True)))

    def ratios(self) -> dict[str, Fraction | None]:
        """The factors, with conversion in its two parts; None where the divisor is zero."""

        def over(a: Fraction, b: Fraction) -> Fraction | None:
            return a / b if b else None

        return {
            "activity": self.activities,
            "pipeline": over(self.open_deals, self.activities),
            "conversion": over(self.won, self.decided),
            "size": over(self.credited, self.won),
            "speed": over(self.decided, self.open_deals),
        }


def mean_work(windows: Sequence[Work]) -> Work:
    """The mean of several windows."""
    return Work(*(sum(values, ZERO) / len(windows) for values in zip(*map(astuple, windows), strict=True)))


def split(now: Work, reference: Work) -> dict[str, Fraction]:
    """What each lever adds to now.credited − reference.credited; the four sum to it exactly."""
    new, old = _factors(now, reference), _factors(reference, now)
    added = shapley(new, old)
    # Where a divisor is zero the product can't carry what was credited: it belongs to the lever that divides by it.
    added[_without_divisor(now)] += now.credited - prod(new.values())
    added[_without_divisor(reference)] -= reference.credited - prod(old.values())
    return added


def split_conversion(now: Work, reference: Work) -> dict[str, Fraction]:
    """The two parts of conversion apart: open deals per activity (`pipeline`) and the win rate (`conversion`)."""
    added = shapley(_parts(now, reference), _parts(reference, now))
    return {name: added[name] for name in ("pipeline", "conversion")}


def _parts(work: Work, other: Work) -> dict[str, Fraction]:
    """A factor whose divisor is zero takes the other's value; unknown in both, 1."""
    own, theirs = work.ratios(), other.ratios()
    return {name: next((v for v in (own[name], theirs[name]) if v is not None), Fraction(1)) for name in own}


def _factors(work: Work, other: Work) -> dict[str, Fraction]:
    parts = _parts(work, other)
    parts["conversion"] *= parts.pop("pipeline")
    return {name: parts[name] for name in LEVERS}


def _without_divisor(work: Work) -> str:
    return "size" if not work.won else "speed" if not work.open_deals else "conversion"


def shapley(now: Mapping[str, Fraction], reference: Mapping[str, Fraction]) -> dict[str, Fraction]:
    """What each factor of a product adds to the difference between two states, averaged over every order."""
    names = list(now)
    added = {}
    for name in names:
        others = [other for other in names if other != name]
        change = ZERO
        for size in range(len(names)):
            weight = Fraction(factorial(size) * factorial(len(others) - size), factorial(len(names)))
            for changed in combinations(others, size):
                change += weight * prod(now[other] if other in changed else reference[other] for other in others)
        added[name] = change * (now[name] - reference[name])
    return added


def in_cents(parts: Mapping[str, Fraction], total: Decimal) -> dict[str, Decimal]:
    """The parts in cents that sum to `total`, from which theirs is half a cent away at most: largest remainder."""
    cents = {name: floor(part * 100) for name, part in parts.items()}
    left = int(total * 100) - sum(cents.values())
    for name in sorted(parts, key=lambda name: cents[name] - parts[name] * 100)[:left]:
        cents[name] += 1
    return {name: Decimal(value) / 100 for name, value in cents.items()}


def rounded(value: Fraction) -> Decimal:
    """To the cent, half away from zero."""
    cents = floor(abs(value) * 100 + Fraction(1, 2))
    return Decimal(cents if value >= 0 else -cents) / 100


@dataclass(frozen=True, slots=True)
class Levers:
    """Credited − expected to date = plan stretch + four levers, to the cent; None where there is nothing to compare.

    Below zero is missing. Plan stretch = reference − expected: what the plan asks beyond it is nobody's fault.
    """

    now: Work
    reference: Work | None
    expected: Decimal | None
    plan_stretch: Decimal | None = None
    activity: Decimal | None = None
    conversion: Decimal | None = None
    size: Decimal | None = None
    speed: Decimal | None = None
    total: Decimal | None = None
    compared: tuple[str, ...] = ()
    """With what: keys of own earlier periods, or how many comparable people."""
    note: str = ""
    """Why there is nothing to compare with."""

    @classmethod
    def of(cls, now: Work, reference: Work | None, expected: Decimal | None, **about: Any) -> "Levers":
        credited = rounded(now.credited)
        total = None if expected is None else credited - expected
        if reference is None:
            return cls(now, None, expected, total=total, **about)
        before = rounded(reference.credited)
        parts: dict[str, Any] = in_cents(split(now, reference), credited - before)
        stretch = None if expected is None else before - expected
        return cls(now, reference, expected, stretch, **parts, total=total, **about)

    @property
    def parts(self) -> dict[str, Decimal]:
        """The five lines that are known, in their order."""
        lines = {"plan_stretch": self.plan_stretch, **{name: getattr(self, name) for name in LEVERS}}
        return {name: value for name, value in lines.items() if value is not None}
