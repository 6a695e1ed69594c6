"""How likely somebody's results have a cause that lasts, and which, from what they did now and in earlier windows.

A mixture of hypotheses is weighed by Bayes' rule: nothing but chance, or one of the levers (or the result as a whole)
has dropped to about half. Each lever is compared on a logarithmic scale with the person's own earlier windows; how far
it varies by chance is its sampling error times a dispersion that is learned from everybody's earlier windows
(quasi-likelihood: Wedderburn, 1974). So a few deals more or less convince nobody, and what was always steady does soon.

How fast deals are decided is compared with how many would have been, at the age and in the week that they were open: a
ratio of occurred to expected (indirect standardisation: N. Breslow, N. Day, 1987), as deals that wait for the rush at a
quarter's end are no slower ones.

What can be known by the middle of a quarter, on companies made up with causes built in (tests/performance/
test_flag_truth.py): somebody who knew each person's true rates, and what a cause takes from them, would find all.
These have to be learned from each one's own past. So nine of ten are found where most or a part sell evenly; where all
sell at the quarter's end, seven to eight of ten, the missed ones mostly slower deals and less activity there.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import exp, log, pi, sqrt
from statistics import fmean, median
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[Any]

LEVERS = ("activity", "pipeline", "conversion", "size", "speed")
OPENED = "opened"  # deals a day: fewer by less activity and by less to show for it, and seen before either
DECIDED = frozenset({"conversion", "size", "speed"})  # that only decided deals show
LONG = 2  # the place of the window that holds a whole quarter's end
PRIOR = 0.12  # of the people have a cause
DROP, AROUND = log(0.55), 0.3  # what a cause leaves of a lever, and how far that varies (logarithms)
ODD, ODDLY = 0.02, 0.35  # one in fifty windows is odd for no lasting reason
LEAST, MOST = 0.5, 6.0  # dispersion
STEADY = 0.1  # nothing is known better than that
SHARED, COMPANY = 0.15, 8  # of a change that so many people share
CHI2_MEDIAN = 0.4549


@dataclass(frozen=True, slots=True)
class Counts:
    """What somebody did in a window."""

    days: float = 0.0  # working days they were there
    activities: float = 0.0
    opened: float = 0.0
    open_deals: float = 0.0  # mean of the days
    won: float = 0.0
    decided: float = 0.0
    log_size: float = 0.0  # mean logarithm of what was won
    log_spread: float | None = None  # variance of these logarithms
    still_open: float = 0.0  # of the deals: without any, they are written down only once they are decided
    due: float = 0.0  # decided, at the age and in the week they were open, if all went as usual

    def __add__(self, other: "Counts") -> "Counts":
        days = self.days + other.days
        won = self.won + other.won
        return Counts(
            days,
            self.activities + other.activities,
            self.opened + other.opened,
            (self.open_deals * self.days + other.open_deals * other.days) / days if days else 0.0,
            won,
            self.decided + other.decided,
            (self.log_size * self.won + other.log_size * other.won) / won if won else 0.0,
            None,
            self.still_open + other.still_open,
            self.due + other.due,
        )


@dataclass(frozen=True, slots=True)
class Seen:
    """A window, and the same days of earlier quarters."""

    now: Counts
    past: Sequence[Counts] = ()


@dataclass(frozen=True, slots=True)
class Chances:
    """The probability that there is a cause, and of each lever to be it; `change` is each lever now ÷ usually."""

    real: float = 0.0
    of: dict[str, float] = field(default_factory=dict)
    change: dict[str, float] = field(default_factory=dict)

    @property
    def lever(self) -> str:
        """The likeliest lever; empty where none is known."""
        return max(self.of, key=lambda name: self.of[name], default="")


@dataclass(frozen=True, slots=True)
class Result:
    """How far the result lies from usual, in standard deviations, and how far it would if it were about half."""

    deviation: float
    if_half: float


def dispersions(changes: Iterable[Mapping[str, tuple[float, float]]]) -> dict[str, float]:
    """How many times its sampling error each lever varies between windows of the same person."""
    squares: dict[str, list[float]] = {name: [] for name in (*LEVERS, OPENED)}
    for window in changes:
        for name, (change, error) in window.items():
            squares[name].append(change**2 / error)
    return {
        name: min(max(median(found) / CHI2_MEDIAN, LEAST), MOST) if len(found) >= 8 else 1.0
        for name, found in squares.items()
    }


def _without_what_all_share(
    changes: Mapping[int, Mapping[str, tuple[float, float]]],
) -> dict[int, dict[str, tuple[float, float]]]:
    """Less the usual change of everybody, up to a little: good and bad weeks are not one person's."""
    shared = {}
    for name in (*LEVERS, OPENED):
        found = [own[name][0] for own in changes.values() if name in own]
        shared[name] = min(max(median(found), -SHARED), SHARED) if len(found) >= COMPANY else 0.0
    return {
        person: {name: (change - shared[name], error) for name, (change, error) in own.items()}
        for person, own in changes.items()
    }


def _earlier(look: Mapping[int, "Seen"], spread: float) -> Iterator[dict[str, tuple[float, float]]]:
    """Each earlier window of each person beside their other ones."""
    for n in range(max((len(seen.past) for seen in look.values()), default=0)):
        changes = {
            person: _changes(seen.past[n], _sum([*seen.past[:n], *seen.past[n + 1 :]]), spread)
            for person, seen in look.items()
            if len(seen.past) > max(n, 1)
        }
        yield from _without_what_all_share(changes).values()


def spread_of(pasts: Iterable[Sequence[Counts]]) -> float:
    """The usual variance of the logarithm of a deal's size within a window."""
    found = [window.log_spread for own in pasts for window in own if window.log_spread is not None]
    return median(found) if found else 0.5


AGES = np.array([0, 7, 14, 21, 28, 42, 56, 84, 112, 168, 365])  # days a deal is open, from which it goes otherwise
WEEK, TURNS = 7, 4


def due_of(
    owner: Ints, opened: Ints, closed: Ints, windows: Sequence[tuple[int, int]], people: int
) -> NDArray[np.float64]:
    """Window × person: how many of the deals that were open would have been decided as usual, by age and by week.

    What is usual is read from everybody's earlier windows (all but the first): a rate by age times one by week, as
    quarters end in a rush. `closed` of an open deal is far off.
    """
    bands = len(AGES)
    weeks = max(-(-(until - start) // WEEK) for start, until in windows)
    risk = np.zeros((len(windows), weeks, bands, people))
    decided = np.zeros((weeks, bands))
    for k, (start, until) in enumerate(windows):
        for week in range(weeks):
            since, end = max(until - (week + 1) * WEEK, start), until - week * WEEK
            here = (opened < end) & (closed >= since) & (closed >= opened)
            if since >= end or not here.any():
                continue
            first = np.maximum(opened[here], since)
            days = np.minimum(closed[here] + 1, end) - first
            band = np.searchsorted(AGES, first - opened[here], side="right") - 1
            risk[k, week] = np.bincount(band * people + owner[here], days, bands * people).reshape(bands, people)
            if k:
                decided[week] += np.bincount(band[closed[here] < end], minlength=bands)
    usual = risk[1:].sum((0, 3))
    by_age, by_week = np.ones(bands), np.ones(weeks)
    for _ in range(TURNS):
        by_age = decided.sum(0) / np.maximum(by_week @ usual, 1e-9)
        by_week = decided.sum(1) / np.maximum(usual @ by_age, 1e-9)
    found: NDArray[np.float64] = np.einsum("kwap,w,a->kp", risk, by_week, by_age)
    return found


def chances(
    looks: Sequence[Mapping[int, "Seen"]], results: Mapping[int, Result], late: Collection[int] = frozenset()
) -> dict[int, Chances]:
    """For each person; `looks` are windows of different lengths, as nobody knows when a cause began.

    Each length is as likely, so their ratios are averaged. Who has no past has only a result. Of those who sell `late`
    in the quarter the few deals that are decided by now say nothing, and their result neither: only the window that
    holds the end of the quarter before does.
    """
    ratios: dict[int, dict[str, list[tuple[float, float]]]] = {person: {} for person in results}
    for n, look in enumerate(looks):
        spread = spread_of(seen.past for seen in look.values())
        dispersion = dispersions(_earlier(look, spread))
        now = {p: _changes(seen.now, _sum(seen.past), spread) for p, seen in look.items() if seen.past}
        for person, changes in _without_what_all_share(now).items():
            own = ratios.setdefault(person, {})
            for name, (moved, error) in changes.items():
                if person in late and n < LONG and name in DECIDED:
                    continue
                variance = dispersion[name] * error + STEADY**2
                own.setdefault(name, []).append((_ratio(moved, variance), exp(moved)))
    return {
        person: _weigh(found, None if person in late else results.get(person)) for person, found in ratios.items()
    }  # fmt: skip


def _weigh(found: Mapping[str, Sequence[tuple[float, float]]], result: Result | None) -> Chances:
    each = PRIOR / (len(LEVERS) + 1)
    odds = {name: each * fmean(ratio for ratio, _ in seen) for name, seen in found.items()}
    fewer, apart = odds.pop(OPENED, 0.0), {name: odds[name] for name in ("activity", "pipeline") if name in odds}
    for name, own in apart.items():  # one of the two, whichever it is
        odds[name] = max(own, fewer * own / sum(apart.values()))
    levers = sum(odds.values())
    causes = levers + (each * _result_ratio(result) if result else 0.0)
    real = causes / (causes + 1 - PRIOR)
    of = {name: value / levers * real for name, value in odds.items()} if levers else {}
    return Chances(real, of, {name: max(seen)[1] for name, seen in found.items() if name in LEVERS})


SEEN, RARE = 0.8, 0.02  # of such changes a test finds so many; so many people have one at a time


def believed(by_chance: float) -> float:
    """The probability that a finding is real which chance makes so often (positive predictive value)."""
    return RARE * SEEN / (RARE * SEEN + (1 - RARE) * max(by_chance, 1e-9))


def change_of(lever: str, seen: Sequence[Seen]) -> tuple[float | None, list[float]]:
    """What a lever is now, × usual: of several people together, and of each."""
    known = [one for one in seen if one.past]
    each = [_changes(one.now, _sum(one.past), 1.0) for one in known]
    if not known:
        return None, []
    whole = _changes(_sum([one.now for one in known]), _sum([_sum(one.past) for one in known]), 1.0)
    mine = [exp(changes[lever][0]) for changes in each if lever in changes]
    return exp(whole[lever][0]) if lever in whole else None, mine


def _sum(windows: Sequence[Counts]) -> Counts:
    whole = windows[0]
    for window in windows[1:]:
        whole = whole + window
    return whole


def _changes(now: Counts, usual: Counts, spread: float) -> dict[str, tuple[float, float]]:
    """The logarithm of each lever's change, and its sampling variance; of those that both windows can tell."""
    found: dict[str, tuple[float, float]] = {}
    if not (now.days and usual.days):
        return found
    scale = now.days / usual.days

    def counted(seen: float, expected: float, known: float) -> tuple[float, float]:
        return log((seen + 0.5) / (expected + 0.5)), 1 / (expected + 0.5) + 1 / (known + 0.5)

    if usual.activities:
        found["activity"] = counted(now.activities, usual.activities * scale, usual.activities)
    if usual.opened and now.still_open:
        found[OPENED] = counted(now.opened, usual.opened * scale, usual.opened)
    if usual.activities and usual.opened and now.activities and now.still_open:
        found["pipeline"] = counted(now.opened, usual.opened * now.activities / usual.activities, usual.opened)
    if usual.won and usual.decided and now.decided:
        rate = min(usual.won / usual.decided, 1 - 0.5 / (usual.decided + 1))
        change = log((now.won + rate) / (now.decided + 1) / rate)
        found["conversion"] = change, (1 - rate) / rate * (1 / (now.decided + 1) + 1 / (usual.decided + 1))
    if usual.won >= 2 and now.won:
        found["size"] = now.log_size - usual.log_size, max(spread, 0.01) * (1 / now.won + 1 / usual.won)
    if usual.decided and usual.due and now.due:
        found["speed"] = counted(now.decided, usual.decided * now.due / usual.due, usual.decided)
    return found


def _ratio(change: float, variance: float) -> float:
    """How much likelier the change is under a cause than by chance. A rise speaks for none."""
    chance = (1 - ODD) * _normal(change, 0.0, variance) + ODD * _normal(change, 0.0, variance + ODDLY**2)
    return _normal(change, DROP, variance + AROUND**2) / chance if chance else 1.0


def _result_ratio(result: Result) -> float:
    away, usual = result.deviation, 1.0
    chance = (1 - ODD) * _normal(away, 0.0, usual) + ODD * _normal(away, 0.0, usual + (ODDLY * result.if_half) ** 2)
    half = _normal(away, result.if_half, usual + (AROUND * result.if_half) ** 2)
    return half / chance if chance else 1.0


def _normal(x: float, mean: float, variance: float) -> float:
    return exp(-((x - mean) ** 2) / (2 * variance)) / sqrt(2 * pi * variance)
