"""Whom an observer would flag who knows how the company was made: the true rates, and what each cause does to them.

Nobody who reads records can do better (Neyman, Pearson, 1933), so what this one misses could not be known that day.
"""

import numpy as np
from scipy import stats

from tests.companies import Company
from tests.performance.planted import LATE, Planted

LONGEST = 720
PRIOR = 0.25 / 5  # three of twelve people, one of five causes each


def probabilities(of: Planted, factor: float, back: int) -> dict[int, float]:
    """That each has a cause, from all that happened by that day."""
    company, window = of.company, of.window
    end = np.datetime64(window.last, "D") + 1
    since = company.quarters[-2] - back
    found = {}
    for p in of.readings:
        ratios = [
            _activity(company, p, since, end, factor), _conversion(company, p, since, end, factor),
            _size(company, p, since, end, factor), _speed(of, p, since, end, factor),
        ]  # fmt: skip
        odds = PRIOR / (1 - 5 * PRIOR) * float(np.exp(np.clip(ratios, -50, 50)).sum())
        found[p] = 1.0 if of.truth.get(p) == "stretch" else odds / (1 + odds)
    return found


def _mine(company: Company, p: int, name: str) -> np.ndarray:
    return getattr(company, name)[company.owner == p]


def _activity(company: Company, p: int, since: np.datetime64, end: np.datetime64, factor: float) -> float:
    """Deals opened, and activities beside those that belong to deals."""
    days = np.arange(since, end)
    at = np.searchsorted(company.quarters, days, side="right") - 1
    usual = float(company.level[p, at].sum()) * company.style.deals / 91
    opened, decided = _mine(company, p, "opened"), _mine(company, p, "decided")
    until = np.where(np.isnat(decided), end + 20, decided)
    overlap = np.minimum(until, end).astype(int) - np.maximum(opened, since).astype(int)
    on_deals = 4 * float((overlap.clip(0) / ((until - opened).astype(int) + 1).clip(1)).sum())
    acted = int(((company.actor == p) & (company.acted >= since) & (company.acted < end)).sum())
    new = int(((opened >= since) & (opened < end)).sum())
    sought = np.log((on_deals + 3 * usual * factor) / (on_deals + 3 * usual))
    return float(new * np.log(factor) + acted * sought + 4 * usual * (1 - factor))


def _conversion(company: Company, p: int, since: np.datetime64, end: np.datetime64, factor: float) -> float:
    decided, won, rate = _mine(company, p, "decided"), _mine(company, p, "won"), company.style.win_rate
    inside = (decided >= since) & (decided < end)
    wins = int(won[inside].sum())
    lost = int(inside.sum()) - wins
    return float(wins * np.log(factor) + lost * np.log((1 - rate * factor) / (1 - rate)))


def _size(company: Company, p: int, since: np.datetime64, end: np.datetime64, factor: float) -> float:
    """What was won since, and what open deals are put down for."""
    of, decided = company.style, _mine(company, p, "decided")
    won = _mine(company, p, "won") & (decided >= since) & (decided < end)
    is_open = (_mine(company, p, "opened") < end) & ~(decided < end)
    usual = np.log(of.size) - of.size_spread**2 / 2
    found = 0.0
    for amounts, variance in (
        (_mine(company, p, "amount")[won], of.size_spread**2),
        (_mine(company, p, "listed")[is_open], of.size_spread**2 + 0.25**2),
    ):
        away = np.log(amounts) - usual
        found += float((away**2 - (away - np.log(factor)) ** 2).sum()) / (2 * variance)
    return found


def _speed(of: Planted, p: int, since: np.datetime64, end: np.datetime64, factor: float) -> float:
    """When each deal was decided, or that it was not."""
    company = of.company
    opened, decided = _mine(company, p, "opened"), _mine(company, p, "decided")
    some = (opened < end) & ~(decided < since)
    rush = LATE if p in of.rushed else company.style.rush
    return float(
        sum(
            _log(company, rush, a, b, end, since, factor) - _log(company, rush, a, b, end, since, 1.0)
            for a, b in zip(opened[some], decided[some], strict=True)
        )
    )


def _log(
    company: Company, rush: float, opened: np.datetime64, decided: np.datetime64, end: np.datetime64,
    since: np.datetime64, factor: float,
) -> float:  # fmt: skip
    style = company.style
    waits = np.arange(1, LONGEST)
    plain = np.diff(stats.norm.cdf(np.log(np.arange(LONGEST).clip(1e-9) / style.cycle) / style.cycle_spread))
    gone = int((since - opened).astype(int))
    ripe = np.where(waits >= gone, max(gone, 0) + np.ceil((waits - max(gone, 0)) / factor), waits).astype(int)
    days = opened + ripe
    quarter = np.searchsorted(company.quarters, days, side="right")
    if decided < end:
        number = int(np.searchsorted(company.quarters, decided, side="right"))
        left = int((company.quarters[min(number, len(company.quarters) - 1)] - decided).astype(int))
        same, now = (quarter == number) & (days < decided), days == decided
        held = plain[same].sum() / 21 if left <= 21 else 0.0
        kept = plain[now].sum() * max(21 - left + 1, 0) / 21
        chance = (1 - rush) * plain[now].sum() + rush * (held + kept)
    else:
        later, here = days >= end, (days < end) & (quarter == np.searchsorted(company.quarters, end, side="right"))
        chance = plain[later].sum() + (1 - plain.sum()) + rush * plain[here].sum()
    return float(np.log(max(chance, 1e-6)))
