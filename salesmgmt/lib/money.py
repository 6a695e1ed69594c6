"""Money is Decimal plus currency. It rounds half away from zero, only when an entry is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import TypeVar

CENT = Decimal("0.01")
K = TypeVar("K")


def to_cents(amount: Decimal) -> Decimal:
    """Rounded to the cent, half away from zero."""
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in one currency. Adding two currencies raises."""

    amount: Decimal
    currency: str

    def _same(self, other: "Money") -> None:
        if self.currency != other.currency:
            raise ValueError(f"{self.currency} and {other.currency} can't be added.")

    def __add__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(self.amount + other.amount, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(self.amount - other.amount, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount, self.currency)


def share_out(
    total: Decimal, weights: Mapping[K, Decimal], *, order: Sequence[K], unit: Decimal = CENT
) -> dict[K, Decimal]:
    """`total` split by `weights` into multiples of `unit` that sum to it exactly (largest remainder).

    `order` lists the keys as ties are broken (external id). Weights are not negative and not all zero;
    `total` may be negative (a refund) and must itself be a multiple of `unit`.
    """
    whole = sum(weights.values(), Decimal(0))
    if whole <= 0:
        raise ValueError("Weights must sum to more than zero.")
    sign = -1 if total < 0 else 1
    exact = {key: abs(total) * weights[key] / whole for key in order}
    parts = {key: (value / unit).to_integral_value(ROUND_FLOOR) * unit for key, value in exact.items()}
    left = int((abs(total) - sum(parts.values(), Decimal(0))) / unit)
    rank = {key: place for place, key in enumerate(order)}
    for key in sorted((k for k in order if weights[k] > 0), key=lambda k: (parts[k] - exact[k], rank[k]))[:left]:
        parts[key] += unit
    return {key: sign * part for key, part in parts.items()}
