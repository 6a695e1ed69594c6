"""How they sold: deals, and the work that went into them, as arrays with one row each.

Deals are made from their end. A rep's won value follows their share of the plan day by day, so that a figure says what
was built in and chance says little: sizes, cycles and days run through sequences that fill their range evenly.
"""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from .calendars import Bools, Calendar, Floats, Ints
from .cast import CAUSES, RIDE_RISE, RIDE_WEEKS, RIDES, Market, Seat

_EVENLY = tuple(np.sqrt(prime) % 1 for prime in (5, 2, 3, 7, 11))  # irrational steps, one per property
_NORMAL = np.array([NormalDist().inv_cdf((step + 0.5) / 1000) for step in range(1000)])
_SIZES, _CYCLES = 0.5, 0.4  # spread of the logarithms
_NONE: Ints = np.zeros(0, np.int64)
_BEHIND = 0.5  # what a built-in cause leaves of the measure it touches


@dataclass(slots=True)
class Deals:
    """Deals as parallel arrays; `decided` lies ahead of today where a deal is open."""

    owner: Ints
    opened: Ints  # day index; below 0 before the story starts
    decided: Ints
    won: Bools
    amount: Floats  # EUR

    def __len__(self) -> int:
        return len(self.owner)

    def only(self, kept: Bools | Ints) -> "Deals":
        return Deals(self.owner[kept], self.opened[kept], self.decided[kept], self.won[kept], self.amount[kept])


@dataclass(slots=True)
class Work:
    """Activities as parallel arrays; `deal` is −1 where there is none."""

    owner: Ints
    day: Ints
    minute: Ints
    kind: Ints
    deal: Ints


KINDS = ("call", "email", "meeting", "demo", "visit", "task")
_KIND_SHARES = (0.34, 0.30, 0.17, 0.08, 0.05, 0.06)


def factors_of(rng: np.random.Generator, seats: list[Seat], calendar: Calendar) -> tuple[Floats, Floats]:
    """people × days: what a person brings beside the plan, and what a built-in cause leaves from its turn on."""
    quarters = int(calendar.quarter[-1]) + 1
    turn = calendar.turn
    brings = np.ones((len(seats), len(calendar.days)))
    cause = np.ones_like(brings)
    behind_from = calendar.quarter >= turn
    for row, seat in enumerate(seats):
        talent = seat.talent or float(rng.uniform(0.95, 1.1))
        by_quarter = talent * np.exp(rng.normal(0, 0.09, quarters))
        steady = 0.98 if seat.story in CAUSES else max(talent, 1.01)
        by_quarter[turn:] = steady * rng.uniform(1.03, 1.09, quarters - turn)
        if seat.story in CAUSES:
            by_quarter[max(turn - 1, 0) : turn] = rng.uniform(0.99, 1.06)
            cause[row, behind_from] = _BEHIND
        brings[row] = by_quarter[calendar.quarter]
    return brings, cause


def make_deals(
    rng: np.random.Generator,
    seats: list[Seat],
    markets: dict[str, Market],
    calendar: Calendar,
    *,
    brings: Floats,
    cause: Floats,
    count: int,
) -> Deals:
    """Exactly `count` deals opened until yesterday, decided or still open."""
    sellers = [row for row, seat in enumerate(seats) if seat.team in markets and seat.role == "rep"]
    offsets = rng.random((len(seats), 2, 8))
    scale = 1.0
    deals = _deals(seats, markets, calendar, brings, cause, offsets, sellers, scale)
    for _ in range(6):
        if count <= len(deals) <= count * 1.004:
            break
        scale *= 1.002 * count / max(len(deals), 1)
        deals = _deals(seats, markets, calendar, brings, cause, offsets, sellers, scale)
    while len(deals) < count:
        scale *= 1.1
        deals = _deals(seats, markets, calendar, brings, cause, offsets, sellers, scale)
    # What is too much goes from the lost ones of the past: no sum depends on them.
    spare = len(deals) - count
    rank = np.where(deals.won, 2.0, np.where(deals.decided >= calendar.now - 120, 1.0, 0.0)) + rng.random(len(deals))
    return deals.only(np.sort(np.argsort(rank)[spare:]))


def _deals(
    seats: list[Seat],
    markets: dict[str, Market],
    calendar: Calendar,
    brings: Floats,
    cause: Floats,
    offsets: Floats,
    sellers: list[int],
    scale: float,
) -> Deals:
    parts = []
    for row in sellers:
        seat, market = seats[row], markets[seats[row].team]
        story, behind = seat.story, cause[row]
        share = (calendar.late if story == "quarter_end" else calendar.plan)[row] * brings[row]
        decided_in_quarter = 12 * scale * market.decided
        mean = market.quarter / (decided_in_quarter * market.win_rate)
        size = mean * calendar.growth**0.5 * (behind if story == "size" else 1)
        value = market.quarter * share * calendar.growth * behind
        wins = value / size
        losses = decided_in_quarter * (1 - market.win_rate) * share * calendar.growth**0.5
        if story == "conversion":
            losses = losses * (1 + (1 - behind) * market.win_rate / (1 - market.win_rate))
        elif story != "size":
            losses = losses * behind
        for won, rate in ((True, wins), (False, losses)):
            parts.append(_placed(row, won, rate, size, market, story, calendar, offsets[row, int(won)]))
    if not parts:
        return Deals(_NONE, _NONE, _NONE, np.zeros(0, bool), np.zeros(0))
    merged = Deals(*(np.concatenate([getattr(part, name) for part in parts]) for name in Deals.__slots__))
    merged = merged.only(merged.opened < calendar.now)
    return merged.only(np.lexsort((merged.owner, merged.opened)))


def _placed(
    row: int, won: bool, rate: Floats, size: Floats, market: Market, story: str, calendar: Calendar, offset: Floats
) -> Deals:
    """Deals of one rep: won ones take up as much of the way as they are worth, so that sums keep to it."""
    way = np.cumsum(rate)
    number = np.arange(int(way[-1] * 1.6) + 3)
    sizes = _lognormal(offset[0] + number * _EVENLY[0], _SIZES)
    step = sizes if won else np.ones(len(number))
    place = np.cumsum(step) - step * (0.5 + 0.3 * (np.modf(offset[1] + number * _EVENLY[1])[0] - 0.5))
    place = np.sort(place - (1 - offset[2]) * step[0] * 0.5)
    fits = (place > 0) & (place < way[-1])
    number, place, sizes = number[fits], place[fits], sizes[fits]
    decided = np.searchsorted(way, place)
    stretch = np.full(len(number), float(market.cycle))
    if story == "speed":
        stretch[calendar.quarter[decided] >= calendar.turn] *= 2
    cycle = np.maximum(2, stretch * _lognormal(offset[3] + number * _EVENLY[2], _CYCLES) * (1.0 if won else 1.08))
    opened = decided - cycle.astype(np.int64)
    # Nobody opens deals before they are there, or while they are away.
    there = np.flatnonzero(calendar.open[row])
    known = opened >= 0
    if len(there):
        earlier = np.searchsorted(there, opened, side="right") - 1
        snapped = np.where(earlier >= 0, there[np.maximum(earlier, 0)], there[0])
        gap = (opened - snapped > 21) | (earlier < 0)
        later = there[np.minimum(earlier + 1, len(there) - 1)]
        spread = (np.modf(offset[4] + number * _EVENLY[3])[0] * 5).astype(np.int64)
        later = np.minimum(there[np.minimum(np.searchsorted(there, later) + spread, len(there) - 1)], decided)
        opened = np.where(known, np.where(gap, later, snapped), opened)
        if story in {"ramp", "joined"}:
            opened = np.maximum(opened, np.minimum(there[0], decided))
    return Deals(
        np.full(len(number), row), opened, decided, np.full(len(number), won), np.maximum(100, size[decided] * sizes)
    )


def _lognormal(position: Floats, spread: float) -> Floats:
    """Evenly filled values around a mean of 1."""
    normal = _NORMAL[(np.modf(position)[0] * len(_NORMAL)).astype(np.int64)]
    return np.exp(normal * spread - spread * spread / 2)


def make_work(
    rng: np.random.Generator,
    seats: list[Seat],
    markets: dict[str, Market],
    calendar: Calendar,
    *,
    cause: Floats,
    deals: Deals,
    count: int,
) -> Work:
    """Exactly `count` activities until yesterday, most of them on a deal that was open then."""
    now = calendar.now
    weights = calendar.open[:, :now] * np.array([float(seat.fte) for seat in seats])[:, None]
    for row, seat in enumerate(seats):
        if seat.role != "rep" or seat.team not in markets:
            weights[row] = 0
        elif seat.story == "activity":
            weights[row] *= cause[row, :now]
    weights *= _rhythms(seats, now, count)
    ridden = max(now - 7 * RIDE_WEEKS - calendar.today.weekday(), 0)
    weights[[row for row, seat in enumerate(seats) if seat.external_id in RIDES], ridden:] *= RIDE_RISE
    totals = weights.sum(axis=1)
    shares = count * totals / max(totals.sum(), 1e-9)
    counts = np.floor(shares).astype(np.int64)
    counts[np.argsort(counts - shares)[: count - counts.sum()]] += 1
    if not totals.any():
        counts[:] = 0
    owners, days, found = [], [], []
    by_owner = np.argsort(deals.owner, kind="stable")
    bounds = np.searchsorted(deals.owner[by_owner], np.arange(len(seats) + 1))
    for row, wanted in enumerate(counts.tolist()):
        if not wanted:
            continue
        way = np.cumsum(weights[row]) * wanted / totals[row]
        place = np.arange(wanted) + 0.5 + rng.uniform(-0.49, 0.49, wanted)
        day = np.minimum(np.searchsorted(way, place), int(np.flatnonzero(weights[row])[-1]))
        owners.append(np.full(wanted, row))
        days.append(day)
        found.append(_deal_for(rng, day, by_owner[bounds[row] : bounds[row + 1]], deals))
    if not owners:
        return Work(_NONE, _NONE, _NONE, _NONE, _NONE)
    owner, day, deal = (np.concatenate(part) for part in (owners, days, found))
    order = np.argsort(day, kind="stable")
    kind = np.searchsorted(np.cumsum(_KIND_SHARES)[:-1], np.mod(owner * 0.37 + np.arange(len(owner)) * _EVENLY[0], 1))
    # Whoever does less now had sold in meetings, and falls behind with those above all.
    by_phone = (kind <= KINDS.index("email")) & _does_less(seats)[owner]
    kind[by_phone & (rng.random(len(owner)) < np.where(cause[owner, day] < 1, 0.2, 0.45))] = KINDS.index("meeting")
    minute = (8 * 60 + 30 + rng.integers(0, 108, len(owner)) * 5).astype(np.int64)
    return Work(owner[order], day[order], minute[order], kind[order], deal[order])


def _rhythms(seats: list[Seat], now: int, count: int) -> Floats:
    """people × days: some do more than others, each of them more in some weeks. Stories keep the level they tell of.

    Drawn apart, so that nothing that is drawn later moves.
    """
    own = np.random.default_rng([len(seats), count])
    level = own.lognormal(0, 0.22, len(seats))
    level[[seat.story != "" for seat in seats]] = 1
    weeks = own.lognormal(0, 0.15, (len(seats), now // 7 + 1))
    found: Floats = level[:, None] * np.repeat(weeks, 7, axis=1)[:, :now]
    return found


def _does_less(seats: list[Seat]) -> Bools:
    return np.array([seat.story == "activity" for seat in seats])


def _deal_for(rng: np.random.Generator, day: Ints, own: Ints, deals: Deals) -> Ints:
    """For each day one of the rep's deals that were open, or −1."""
    if not len(own):
        return np.full(len(day), -1)
    own = own[np.argsort(deals.decided[own], kind="stable")]
    opened, decided = deals.opened[own], deals.decided[own]
    at_once = max(1, int((decided - opened).sum() / max(decided[-1] - opened.min(), 1)))
    first = np.searchsorted(decided, day)
    chosen = np.minimum(first + (rng.random(len(day)) * at_once * 1.2).astype(np.int64), len(own) - 1)
    is_open = (opened[chosen] <= day) & (decided[chosen] >= day)
    return np.where(is_open & (rng.random(len(day)) < 0.93), own[chosen], -1)
