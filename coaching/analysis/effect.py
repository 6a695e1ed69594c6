"""What help has done: measures of people helped, beside those of comparable people at the same time.

Difference in differences of ratios. Weeks are summed to one figure before and one after, so that weeks that resemble
each other don't pass for more than they are (Bertrand, Duflo and Mullainathan 2004). People are helped when they are
low, and who is low by bad luck rises by itself: what to expect afterwards is therefore a regression on the weeks
before and on the time before those (analysis of covariance), learned from people at times when nobody helped them.
Chance is what the same reckoning finds where there was no help: as many comparable people, drawn at this and at
earlier starts (placebos in space and time: Abadie, Diamond and Hainmueller 2010). Where few are left to draw from,
fewer are drawn: how far a reckoning scatters goes with one over the people helped and the weight of each they are set
against. To that comes the doubt of the regression itself, by which all who are helped are off together: it does not
shrink with their number. Who is helped later counts among the comparable up to then: leaving them out would keep the
lucky ones. Comparable are the nearest by role, tenure, level and territory (Gower 1971).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy import special

from salesmgmt.lib.groups import SMALLEST_GROUP
from salesmgmt.lib.ratios import signed

Numbers = np.ndarray[Any, np.dtype[np.float64]]
Flags = np.ndarray[Any, np.dtype[np.bool_]]
Ints = np.ndarray[Any, np.dtype[np.int64]]

BASELINE = 13  # weeks before the start
HISTORY = 26  # weeks before those, as far as there are any
LEAST_AFTER = 4  # weeks: before that nothing can be told
PEERS = SMALLEST_GROUP
NEAREST = 20
STEP = 4  # weeks from one placebo start to the next
DRAWS = 60  # at each
ROOM = 3  # times as many people to draw from as are drawn, or too few are left to compare with
FEWEST = 3  # that somebody is set against
NOBODY = -1
NUDGE = 0.01  # of a slope
WIDE = 0.5  # a range from end to end: wider ones tell too little
SHARE = 0.9  # of cases the range holds

Verdict = Literal["better", "worse", "no effect seen", "too little to tell"]


@dataclass(frozen=True, slots=True)
class Help:
    """Who was helped: a row of the panel, and weeks of it, half-open."""

    person: int
    start: int
    until: int


@dataclass(frozen=True, slots=True)
class Effect:
    """How far the measure stands above what was to be expected, as a share of that; with its range."""

    value: float
    low: float
    high: float
    people: int
    peers: int
    before: float
    """Per unit (day, or decision of a ratio), of those helped."""
    after: float
    expected: float
    placebos: int
    chance: float
    """How often chance alone goes as far on either side."""

    @property
    def shown(self) -> tuple[str, str, str]:
        """Value, low and high in whole percent."""
        return signed(self.value), signed(self.low), signed(self.high)

    @property
    def verdict(self) -> Verdict:
        if self.low > 0:
            return "better"
        if self.high < 0:
            return "worse"
        return "too little to tell" if self.high - self.low > WIDE else "no effect seen"


@dataclass(frozen=True, slots=True)
class _View:
    """All people around one start: what came after, and what stood before, relative to the mean of all."""

    whole: tuple[Numbers, Numbers]
    """Amounts and units of all the weeks after."""
    after: Numbers
    units: Numbers
    """The same up to the week in which somebody was helped."""
    base: Numbers
    past: Numbers
    is_known: Flags
    """There before and after, not helped before and, for some weeks at least, not after."""


class Panel:
    """`amounts` per person and week, over `units` (days present, or the cases of a ratio); `helps`: all there was."""

    def __init__(self, amounts: Numbers, units: Numbers, helps: Sequence[Help]) -> None:
        self.people, self.weeks = amounts.shape
        self._helps = np.array([(one.person, one.start, one.until) for one in helps], dtype=np.int64).reshape(-1, 3).T
        first = np.zeros((self.people, 1))
        self._amounts = np.concatenate([first, np.cumsum(amounts, axis=1)], axis=1)
        self._units = np.concatenate([first, np.cumsum(units, axis=1)], axis=1)
        self._views: dict[tuple[int, int], _View] = {}

    def sums(self, start: int, until: int | Ints) -> tuple[Numbers, Numbers]:
        start, rows = max(start, 0), np.arange(self.people)
        amounts: Numbers = self._amounts[rows, until] - self._amounts[:, start]
        units: Numbers = self._units[rows, until] - self._units[:, start]
        return amounts, units

    def view(self, start: int, until: int) -> _View:
        if (start, until) not in self._views:
            person, since, ended = self._helps
            inside = (since >= start) & (since < until)
            begun = np.full(self.people, until)
            np.minimum.at(begun, person[inside], since[inside])
            clean = np.ones(self.people, dtype=bool)
            clean[person[(since < start) & (ended > start - BASELINE)]] = False
            after, units = self.sums(start, begun)
            base, base_units = self._relative(start - BASELINE, start)
            past, past_units = self._relative(start - BASELINE - HISTORY, start - BASELINE)
            there = (units > 0) & (base_units > 0) & (begun - start >= LEAST_AFTER)
            self._views[start, until] = _View(
                self.sums(start, until), after, units, base, np.where(past_units > 0, past, base), there & clean
            )
        return self._views[start, until]

    def _relative(self, start: int, until: int) -> tuple[Numbers, Numbers]:
        if until <= 0:
            return np.ones(self.people), np.zeros(self.people)
        amounts, units = self.sums(start, until)
        mean = amounts.sum() / units.sum() if units.sum() else 0.0
        with np.errstate(divide="ignore", invalid="ignore"):
            found = np.where((units > 0) & (mean > 0), amounts / units / (mean or 1), 1.0)
        return found, units


@dataclass(frozen=True, slots=True)
class _Drawn:
    """Of some people in the place of those helped: what they did, and what was to be expected."""

    actual: Numbers
    expected: Numbers
    """0 where too few are left to set somebody against."""
    scatter: Numbers
    """How far chance drives it, as a multiple of one person's."""


def effect_of(panel: Panel, helps: Sequence[Help], alike: Flags, *, seed: int = 1) -> Effect | None:
    """What help did for these people together; None where there is nothing to go by. `alike`: help × person."""
    rng = np.random.default_rng(seed)
    longest = max((one.until - one.start for one in helps), default=0)
    kept = [k for k, one in enumerate(helps) if one.until - one.start >= LEAST_AFTER and one.start >= BASELINE]
    helps, alike = [helps[k] for k in kept], alike[kept]
    if not helps:
        return None
    shifts = _shifts(min(one.start for one in helps), longest)
    learned = _slopes(panel, helps, alike, shifts)
    if learned is None:
        return None
    slopes, doubt = learned
    own = np.array([[one.person for one in helps]])
    found = _reckon(panel, helps, alike, 0, own, slopes, is_helped=True)
    if not found.expected[0] > 0:
        return None
    leans = []  # how far what was to be expected hangs on each slope: all who are helped are off by it together
    for step in ((NUDGE, 0.0), (0.0, NUDGE)):
        other = _reckon(panel, helps, alike, 0, own, (slopes[0] + step[0], slopes[1] + step[1]), is_helped=True)
        leans.append((math.log(other.expected[0] or found.expected[0]) - math.log(found.expected[0])) / NUDGE / 2)
    unsure = float(np.array(leans) @ doubt @ np.array(leans))
    off: list[Numbers] = []
    people: set[int] = set()
    also = np.zeros(panel.people, dtype=bool)
    also[[one.person for one in helps]] = True
    for shift in shifts:
        pool = alike | also if shift else alike  # before the help, those helped later are like the others
        drawn = _draw(rng, panel, helps, pool, shift)
        if drawn is None:
            continue
        made = _reckon(panel, helps, pool, shift, drawn, slopes)
        fine = made.expected > 0
        # The root makes chance about as wide above as below, and stands nothing at all (no order in three months).
        off.append((np.sqrt(made.actual[fine] / made.expected[fine]) - 1) / made.scatter[fine])
        people |= set(drawn[fine].ravel().tolist()) - {NOBODY}
    if not off or len(people) < PEERS:
        return None
    noise = np.concatenate(off) * float(found.scatter[0])
    middle, spread = float(noise.mean()), math.sqrt(float(noise.var(ddof=1)) + unsure)
    free = max(len(people) - 2, 2)  # what one person did at several starts tells once
    reach = float(special.stdtrit(free, (1 + SHARE) / 2)) * spread
    ratio = float(found.actual[0] / found.expected[0])

    def at(share: float) -> float:
        return ratio / share**2 - 1 if share > 0 and ratio > 0 else math.inf

    before = np.array([_of(panel, one.person, one.start - BASELINE, one.start) for one in helps]).sum(axis=0)
    units = sum(_of(panel, one.person, one.start, one.until)[1] for one in helps)
    return Effect(
        value=ratio / (1 + middle) ** 2 - 1, low=ratio / (1 + middle + reach) ** 2 - 1, high=at(1 + middle - reach),
        people=len({one.person for one in helps}), peers=int((alike.any(axis=0)).sum()),
        before=float(before[0] / before[1]), after=float(found.actual[0] / units),
        expected=float(found.expected[0] / units), placebos=len(noise),
        chance=2 * float(special.stdtr(free, -abs(math.sqrt(max(ratio, 0)) - 1 - middle) / spread)) if spread else 1.0,
    )  # fmt: skip


def _shifts(start: int, longest: int) -> list[int]:
    """How many weeks earlier help is supposed: never reaching into it, and with as much history where there is."""
    first = longest + STEP - longest % STEP
    full = start - BASELINE - HISTORY
    return [0, *range(first, full if full >= first + 3 * STEP else start - BASELINE - STEP, STEP)]


def _of(panel: Panel, person: int, start: int, until: int) -> tuple[float, float]:
    amounts, units = panel.sums(start, until)
    return float(amounts[person]), float(units[person])


def _slopes(
    panel: Panel, helps: Sequence[Help], alike: Flags, shifts: Sequence[int]
) -> tuple[tuple[float, float], Numbers] | None:
    """How much of a lead before the start is left after it, of the weeks before and of the time before those; and how
    sure that is (covariance, what one person did at several starts told once: Liang and Zeger 1986)."""
    xs, ys, ws, who = [], [], [], []
    asked = {(one.start - shift, one.until - shift) for one in helps for shift in shifts}
    anyone = alike.any(axis=0)
    for start, until in sorted(asked):
        if start < BASELINE:
            continue
        view = panel.view(start, until)
        which = view.is_known & anyone
        amount, units = view.after[which].sum(), view.units[which].sum()
        if which.sum() < PEERS or amount <= 0:
            continue
        w = view.units[which]
        x = np.stack([view.base[which], view.past[which]], axis=1)
        y = view.after[which] / w / (amount / units)
        xs.append(x - np.average(x, axis=0, weights=w))
        ys.append(y - 1)
        ws.append(w)
        who.append(np.flatnonzero(which))
    if not xs:
        return None
    x, y, w = np.concatenate(xs), np.concatenate(ys), np.sqrt(np.concatenate(ws))
    # Drawn a little towards “half of the lead stays”, which matters only while there is next to nothing to learn from.
    prior = float(w.mean()) * np.sqrt(2.0) * float(x.std() or 1.0)
    a = np.concatenate([x * w[:, None], np.eye(2) * prior])
    b = np.concatenate([y * w, np.array([0.3, 0.4]) * prior])
    found = np.linalg.lstsq(a, b, rcond=None)[0]
    scores = np.zeros((panel.people, 2))
    np.add.at(scores, np.concatenate(who), (a * (b - a @ found)[:, None])[: len(y)])
    bread = np.linalg.inv(a.T @ a)
    doubt: Numbers = bread @ (scores.T @ scores) @ bread
    return (float(np.clip(found[0], 0, 1)), float(np.clip(found[1], 0, 1))), doubt


def _reckon(
    panel: Panel,
    helps: Sequence[Help],
    alike: Flags,
    shift: int,
    who: Ints,
    slopes: tuple[float, float],
    *,
    is_helped: bool = False,
) -> _Drawn:
    """`who`: draw × help, or nobody. Each is set against those alike who are in none of the draw's places."""
    rows = np.arange(len(who))
    actual, expected, enough = np.zeros(len(who)), np.zeros(len(who)), np.ones(len(who), dtype=bool)
    placed = who != NOBODY
    taken = np.zeros((len(who), panel.people), dtype=bool)
    for k in range(len(helps)):
        taken[rows[placed[:, k]], who[placed[:, k], k]] = True
    weight = np.zeros(taken.shape)
    for k, one in enumerate(helps):
        view = panel.view(one.start - shift, one.until - shift)
        level = np.maximum(1 + slopes[0] * (view.base - 1) + slopes[1] * (view.past - 1), 0.05)
        others = (view.is_known & alike[k])[None] & ~taken
        count, did, would = others.sum(axis=1), others @ view.after, others @ (view.units * level)
        fine, here = (count >= FEWEST) & (would > 0), placed[:, k]
        enough &= fine | ~here
        here &= fine
        person = who[here, k]
        after, units = view.whole if is_helped else (view.after, view.units)
        actual[here] += after[person]
        expected[here] += (did[here] / would[here]) * units[person] * level[person]
        weight[here] += others[here] / count[here, None]
    helped = np.maximum(placed.sum(axis=1), 1)
    scatter = np.sqrt(1 / helped + ((weight / helped[:, None]) ** 2).sum(axis=1))
    return _Drawn(actual, np.where(enough, expected, 0), scatter)


def _draw(rng: np.random.Generator, panel: Panel, helps: Sequence[Help], alike: Flags, shift: int) -> Ints | None:
    """Comparable people whom nobody helped then, each in at most one place of a draw; some places stay empty where
    there is no room for all.
    """
    if any(one.start - shift < BASELINE for one in helps):
        return None
    may = np.stack([panel.view(one.start - shift, one.until - shift).is_known for one in helps]) & alike
    count = min(len(helps), int(may.any(axis=0).sum()) // ROOM)
    if not count:
        return None
    if len(helps) == 1:
        return np.flatnonzero(may[0])[:, None]
    keys = rng.random((DRAWS, panel.people))
    wanted = rng.random((DRAWS, len(helps))).argsort(axis=1).argsort(axis=1) < count
    found = np.full((DRAWS, len(helps)), NOBODY)
    for k, which in enumerate(may):
        rows = np.flatnonzero(wanted[:, k])
        free = np.where(which[None], keys[rows], -1.0)
        chosen = free.argmax(axis=1)
        there = free[np.arange(len(rows)), chosen] >= 0
        rows, chosen = rows[there], chosen[there]
        found[rows, k] = chosen
        keys[rows, chosen] = -1.0
    drawn: Ints = found[(found != NOBODY).any(axis=1)]
    return drawn


def nearest(
    person: int, *, numbers: Numbers, words: np.ndarray[Any, np.dtype[np.object_]], among: Flags, count: int = NEAREST
) -> Ints:
    """The people most like one, by Gower's distance: the mean over all columns of how far apart two are, 0 to 1.

    `numbers` and `words` are person × column; what is unknown (NaN) is half apart. Those at the same distance as the
    last are in.
    """
    spread = np.nanmax(numbers[among], axis=0, initial=-np.inf) - np.nanmin(numbers[among], axis=0, initial=np.inf)
    apart = np.abs(numbers - numbers[person]) / np.where(spread > 0, spread, 1)
    apart = np.minimum(np.where(np.isnan(apart), 0.5, apart), 1)
    distance = np.concatenate([apart, (words != words[person]).astype(float)], axis=1).mean(axis=1)
    which = np.flatnonzero(among & (np.arange(len(among)) != person))
    if len(which) <= count:
        return which
    near: Ints = which[distance[which] <= np.partition(distance[which], count - 1)[count - 1]]
    return near
