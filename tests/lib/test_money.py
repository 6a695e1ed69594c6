"""Shares sum to the whole, to the cent, whatever the weights."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesmgmt.lib.money import CENT, Money, share_out, to_cents
from salesmgmt.lib.ratios import ratio, win_rate

cents = st.integers(-(10**12), 10**12).map(lambda n: n * CENT)
weights = st.lists(st.decimals(0, 10**6, places=4), min_size=1, max_size=12).filter(any)


@given(cents, weights)
def test_parts_equal_the_whole_and_none_strays_by_more_than_a_cent(
    total: Decimal, given_weights: list[Decimal]
) -> None:
    shares = dict(enumerate(given_weights))
    parts = share_out(total, shares, order=list(shares))
    whole = sum(given_weights)
    assert sum(parts.values()) == total
    assert all(abs(parts[key] - total * weight / whole) <= CENT for key, weight in shares.items())
    assert all(parts[key] == 0 for key, weight in shares.items() if weight == 0)


def test_a_tie_is_broken_by_the_order_given() -> None:
    equal = {"b": Decimal(1), "a": Decimal(1), "c": Decimal(1)}
    parts = share_out(Decimal("100.00"), equal, order=["a", "b", "c"])
    assert parts == {"a": Decimal("33.34"), "b": Decimal("33.33"), "c": Decimal("33.33")}


def test_half_a_cent_rounds_away_from_zero() -> None:
    assert to_cents(Decimal("0.005")) == Decimal("0.01")
    assert to_cents(Decimal("-0.005")) == Decimal("-0.01")


def test_two_currencies_cannot_be_added() -> None:
    with pytest.raises(ValueError, match="EUR and USD"):
        Money(Decimal(1), "EUR") + Money(Decimal(1), "USD")


def test_an_empty_denominator_is_unknown() -> None:
    assert ratio(Decimal(5), Decimal(0)) is None
    assert ratio(0, None) is None
    assert win_rate(0, 0) is None


def test_a_win_rate_below_zero_wins_is_unknown() -> None:
    assert win_rate(-1, 5) is None
    assert win_rate(2, -2) is None
    assert win_rate(3, 1) == Decimal("0.75")
