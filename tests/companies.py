"""Companies made up from a seed, whose truth is known: what forecasts, flags and levers are judged by.

Pure: no database. Days are `datetime64[D]`; a deal that is open on the last day has no closing (NaT).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from performance.analysis import forecast as method

Days = NDArray[np.datetime64]
Ints = NDArray[np.int64]
Floats = NDArray[Any]
NEVER = np.datetime64("NaT", "D")


@dataclass(frozen=True)
class Style:
    """How a company sells. Rates are per person and quarter; spreads are standard deviations of logarithms."""

    people: int = 16
    quarters: int = 8
    deals: float = 30  # opened
    win_rate: float = 0.6
    size: float = 4000
    size_spread: float = 0.8
    cycle: float = 40  # median days from opened to decided
    cycle_spread: float = 0.7
    growth: float = 0.0  # a quarter
    season: float = 0.0  # how far the best quarter of a year lies above its mean
    rush: float = 0.3  # share of decisions that wait for the last three weeks of a quarter
    spread: float = 0.3  # between people
    drift: float = 0.1  # of a person, from quarter to quarter
    together: float = 0.08  # of the whole company, from quarter to quarter
    churn: float = 0.03  # of people replaced, a quarter
    monthly: bool = False  # customers pay a bill at the end of each month
    pipeline: bool = True  # deals are recorded before they are won


STYLES: Mapping[str, Style] = {
    "steady": Style(),
    "growing": Style(growth=0.12, together=0.1, rush=0.2),
    "lumpy": Style(deals=8, win_rate=0.4, size=60000, size_spread=1.3, cycle=60, rush=0.4),
    "monthly": Style(monthly=True, pipeline=False, size=900, size_spread=0.6, together=0.05),
    "long cycles": Style(deals=10, win_rate=0.5, size=25000, cycle=150, cycle_spread=0.5, quarters=9),
    "no pipeline": Style(pipeline=False, deals=40, cycle=3, rush=0.1),
    "one quarter": Style(quarters=2, rush=0.5),
    "rush": Style(rush=0.75, season=0.25, quarters=10),
    "churning": Style(churn=0.15, drift=0.25, together=0.12),
}


@dataclass(frozen=True)
class Cause:
    """Something that goes wrong for a person from a day on, to `factor` of what was usual.

    activity: fewer activities and so fewer deals opened; conversion: fewer of the decided are won; size: smaller
    deals; speed: deals take 1 ÷ factor as long; leave: nothing at all.
    """

    kind: str
    since: np.datetime64
    factor: float = 0.5
    until: np.datetime64 = field(default=NEVER)

    def on(self, day: Days) -> NDArray[np.bool_]:
        return (day >= self.since) & (np.isnat(self.until) | (day < self.until))


@dataclass(frozen=True)
class Company:
    """What is in the records, and how it came about."""

    style: Style
    quarters: Days  # first days, and the first day after the last
    joined: Days
    left: Days
    owner: Ints  # of each deal
    opened: Days
    decided: Days
    won: NDArray[np.bool_]
    amount: Floats
    listed: Floats  # what the deal is put down for while it is open
    seller: Ints  # of each order
    ordered: Days
    booked: Floats
    actor: Ints  # of each activity
    acted: Days
    level: Floats  # person × quarter: what they bring on average in such a quarter

    @property
    def people(self) -> int:
        return len(self.joined)

    def credited(self, start: np.datetime64, until: np.datetime64) -> Floats:
        """What each person booked in [start, until)."""
        inside = (self.ordered >= start) & (self.ordered < until)
        return np.bincount(self.seller[inside], self.booked[inside], minlength=self.people)


def generate(
    seed: int, style: str | Style = "steady", causes: Mapping[int, Cause] | None = None, *,
    rushed: Mapping[int, float] | None = None, **more: float,
) -> Company:  # fmt: skip
    """A company of a style; `causes` by person, and `rush` of those who sell later than the others.

    Same seed, same company.
    """
    of = replace(STYLES[style] if isinstance(style, str) else style, **more)
    rng = np.random.default_rng([seed, sum(str(style).encode())])
    causes = causes or {}
    months = np.datetime64("2023-01", "M") + np.arange(0, 3 * of.quarters + 1)
    quarters = months[::3].astype("datetime64[D]")
    joined, left, seats = _staff(rng, of, quarters)
    level = _levels(rng, of, seats)
    level[joined[:, None] >= quarters[None, 1:]] = 0
    level[left[:, None] <= quarters[None, :-1]] = 0
    made = (
        _billed(rng, of, quarters, level, joined, left)
        if of.monthly
        else _sold(rng, of, quarters, level, joined, left, causes, rushed or {})
    )
    return Company(style=of, quarters=quarters, joined=joined, left=left, level=level, **made)


def _staff(rng: np.random.Generator, of: Style, quarters: Days) -> tuple[Days, Days, Ints]:
    """Joining and leaving days; a seat that is left is filled again after some weeks by somebody new."""
    joined, left, seats = [], [], []
    for seat in range(of.people):
        since = quarters[0] - 400
        for start in quarters[1:-1]:
            if rng.random() < of.churn:
                gone = start + int(rng.integers(0, 80))
                if gone <= since:
                    continue
                joined.append(since)
                left.append(gone)
                seats.append(seat)
                since = gone + int(rng.integers(10, 50))
        joined.append(since)
        left.append(np.datetime64("2100-01-01", "D"))
        seats.append(seat)
    return np.array(joined), np.array(left), np.array(seats)


def _levels(rng: np.random.Generator, of: Style, seats: Ints) -> Floats:
    """Person × quarter, as a multiple of the usual: own level, own drift, growth, season and what all share."""
    n = len(seats)
    own = rng.lognormal(-(of.spread**2) / 2, of.spread, n)[:, None]
    steps = rng.normal(0, of.drift, (n, of.quarters))
    drift = np.zeros_like(steps)
    for k in range(of.quarters):
        drift[:, k] = steps[:, k] + (0.6 * drift[:, k - 1] if k else 0)
    shared = rng.normal(0, of.together, of.quarters)
    growth = (1 + of.growth) ** np.arange(of.quarters)
    season = 1 + of.season * np.array([-0.6, -0.2, -0.2, 1.0])[np.arange(of.quarters) % 4]
    return own * np.exp(drift - of.drift**2 / 2 + shared) * growth * season


def _sold(
    rng: np.random.Generator,
    of: Style,
    quarters: Days,
    level: Floats,
    joined: Days,
    left: Days,
    causes: Mapping[int, Cause],
    rushed: Mapping[int, float],
) -> dict:
    """Deals, opened day by day, decided after a while, some waiting for the end of the quarter."""
    warm = 400
    first, last = quarters[0], quarters[-1]
    days = np.arange(first - warm, last)
    quarter = np.clip(np.searchsorted(quarters, days, side="right") - 1, 0, of.quarters - 1)
    rate = level[:, quarter] * of.deals / 91.0
    rate[(days[None] < joined[:, None]) | (days[None] >= left[:, None])] = 0
    busy = np.full_like(rate, 1.0)
    for person, cause in causes.items():
        if cause.kind in ("activity", "leave"):
            busy[person, cause.on(days)] = 0 if cause.kind == "leave" else cause.factor
    count = rng.poisson(rate * busy)
    owner, at = (np.repeat(axis, count[np.nonzero(count)]) for axis in np.nonzero(count))
    opened = days[at]
    wait = np.ceil(of.cycle * rng.lognormal(0, of.cycle_spread, len(owner))).astype(int)
    won_share = np.full(len(owner), of.win_rate)
    amount = of.size * rng.lognormal(-(of.size_spread**2) / 2, of.size_spread, len(owner))
    for person, cause in causes.items():
        if cause.kind == "speed":
            late = (owner == person) & (opened + wait >= cause.since)
            since = np.maximum((cause.since - opened).astype(int), 0)
            wait = np.where(late, since + np.ceil((wait - since) / cause.factor).astype(int), wait)
    decided = opened + wait
    quarter_end = quarters[np.clip(np.searchsorted(quarters, decided, side="right"), 0, of.quarters)]
    rush = np.array([rushed.get(person, of.rush) for person in range(len(joined))])
    waits = (rng.random(len(owner)) < rush[owner]) & (decided < last) & (decided >= first)
    decided = np.where(waits, np.maximum(decided, quarter_end - rng.integers(1, 22, len(owner))), decided)
    for person, cause in causes.items():
        if cause.kind == "conversion":
            won_share[(owner == person) & cause.on(decided)] *= cause.factor
        if cause.kind == "size":
            amount[(owner == person) & cause.on(decided)] *= cause.factor
        if cause.kind == "leave":
            hit = (owner == person) & cause.on(decided)
            decided[hit] = cause.until + rng.integers(0, 30, int(hit.sum()))
    won = rng.random(len(owner)) < won_share
    gone = decided >= left[owner]
    decided = np.where(gone, left[owner], decided)
    won &= ~gone
    listed = amount * rng.lognormal(0, 0.25, len(owner))
    kept = decided >= first
    owner, opened, decided, won, amount, listed = (x[kept] for x in (owner, opened, decided, won, amount, listed))
    closed = np.where(decided < last, decided, NEVER)
    booked = won & ~np.isnat(closed)
    actor, acted = _activities(rng, owner, opened, decided, rate * busy, days, of)
    shown = np.full(len(owner), of.pipeline)
    return {
        "owner": owner[shown], "opened": opened[shown], "decided": closed[shown], "won": booked[shown],
        "amount": amount[shown], "listed": listed[shown],
        "seller": owner[booked], "ordered": closed[booked], "booked": np.round(amount[booked], 2),
        "actor": actor, "acted": acted,
    }  # fmt: skip


def _activities(
    rng: np.random.Generator, owner: Ints, opened: Days, decided: Days, rate: Floats, days: Days, of: Style
) -> tuple[Ints, Days]:
    """Some for each deal while it runs, and some to find the next."""
    each = rng.poisson(4, len(owner))
    on = np.repeat(opened, each) + (
        rng.random(each.sum()) * np.repeat((decided - opened).astype(int) + 1, each)
    ).astype(int)
    seeking = rng.poisson(3 * rate)
    people, at = (np.repeat(axis, seeking[np.nonzero(seeking)]) for axis in np.nonzero(seeking))
    actor, acted = np.concatenate([np.repeat(owner, each), people]), np.concatenate([on, days[at]])
    inside = acted < days[-1] + 1
    return actor[inside], acted[inside]


def _billed(rng: np.random.Generator, of: Style, quarters: Days, level: Floats, joined: Days, left: Days) -> dict:
    """Customers who pay at the end of each month, as long as they stay, and new ones now and then."""
    seller, ordered, booked = [], [], []
    months = np.arange(quarters[0].astype("datetime64[M]"), quarters[-1].astype("datetime64[M]"))
    for person in range(len(joined)):
        here = level[person][level[person] > 0]
        usual = here.mean() if len(here) else 1.0
        fees = list(of.size * rng.lognormal(0, of.size_spread, rng.poisson(12 * usual)))
        for k, month in enumerate(months):
            end = (month + 1).astype("datetime64[D]")
            if end <= joined[person] or end > left[person]:
                continue
            fees = [fee for fee in fees if rng.random() > 0.03]
            fees += list(of.size * rng.lognormal(0, of.size_spread, rng.poisson(12 * usual * (0.03 + of.growth / 3))))
            swing = level[person, k // 3] / usual
            for fee in fees:
                seller.append(person)
                ordered.append(end - int(rng.integers(1, 4)))
                booked.append(round(fee * swing * rng.lognormal(0, 0.1), 2))
    none = np.zeros(0)
    ints, days = none.astype(int), none.astype("datetime64[D]")
    return {
        "owner": ints, "opened": days, "decided": days, "won": none.astype(bool), "amount": none, "listed": none,
        "seller": np.array(seller, dtype=int), "ordered": np.array(ordered, dtype="datetime64[D]"),
        "booked": np.array(booked, dtype=float), "actor": ints, "acted": days,
    }  # fmt: skip


def known_of(company: Company) -> method.Known:
    """All of it, as the forecast reads it."""
    people, closed = company.people, np.where(np.isnat(company.decided), method.NEVER, company.decided.astype(int))
    ordered = company.ordered.astype(int)
    return method.Known(
        people=people, since=int(company.quarters[0].astype(int)), seller=company.seller, on=ordered, said=ordered,
        amount=company.booked, person=np.arange(people), start=company.joined.astype(int),
        until=company.left.astype(int), weight=np.ones(people), told=company.opened.astype(int),
        untold=np.full(len(closed), method.NEVER), owner=company.owner,
        opened=company.opened.astype(int), closed=closed, won=company.won, listed=company.listed,
        worth=np.where(company.won, company.amount, np.nan),
        kind=np.zeros(len(company.owner), dtype=int),
    )  # fmt: skip


def quarters_of(company: Company) -> list[method.Cuts]:
    months = [quarter.astype("datetime64[M]") + np.arange(4) for quarter in company.quarters[:-1]]
    return [part.astype("datetime64[D]").astype(int) for part in months]
