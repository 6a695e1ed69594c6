"""Ratios are made on reading; an empty denominator is unknown (None), never 0 or 100 %."""

from decimal import Decimal


def ratio(numerator: Decimal | int | None, denominator: Decimal | int | None) -> Decimal | None:
    """numerator ÷ denominator, or None where either is unknown or the denominator is not positive."""
    if numerator is None or denominator is None or denominator <= 0:
        return None
    return Decimal(numerator) / Decimal(denominator)


def win_rate(won: Decimal | int, lost: Decimal | int) -> Decimal | None:
    """won ÷ (won + lost); unknown where reopenings make won negative or nothing is decided (R11)."""
    if won < 0:
        return None
    return ratio(won, won + lost)


OPEN = 10  # times as much and more: no end worth a figure


def signed(share: float) -> str:
    """In whole percent: +12%, −3%, or that there is no end."""
    return f"{share:+.0%}".replace("-", "−") if share < OPEN else "open"
