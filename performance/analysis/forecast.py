"""Where each person will land in a period, how far that may vary, and how likely they miss.

What is credited is known; the method is about the rest of the period. Two views of it are put together.

*The rate.* Each person brings amounts at a level of their own, which the company as a whole moves up and down. The
share of a period that has fallen by a day (quarter-end rush) is learned from earlier periods and drawn towards the
calendar where these are few. The company's level follows a damped trend (E. S. Gardner, E. McKenzie, "Forecasting
trends in time series", Management Science 31, 1985), corrected by how the running period compares. A person's level
is drawn towards that of all people, the more the shorter and more restless their past is: best linear prediction with
a lasting part, a part that fades from period to period, and chance, whose sizes are found by likelihood with weak
priors (H. Bühlmann, E. Straub, "Glaubwürdigkeit für Schadensätze", 1970; C. Morris, "Parametric empirical Bayes
inference", JASA 78, 1983). Newcomers rise to their level as fast as earlier ones did.

*The pipeline.* Open deals are won at a hazard by age, estimated from cohorts with those still open counted as such
(rules.md R16; R. L. Prentice, L. A. Gloeckler, "Regression analysis of grouped survival data", Biometrics 34, 1978),
faster in the rush, times the person's own speed, drawn towards one; an open deal is worth what it is put down for,
else what its product usually brings; and deals not yet opened come at the person's own pace.

*Together.* Each earlier period is forecast from what was known at the same point of it. That says how far the
pipeline is to be believed beside the rate (stacking: D. H. Wolpert, Neural Networks 5, 1992), how far forecasts lay
off as a whole, how far the whole company and each person then lay from what was said, and so whether ranges were too
narrow or too wide (a variance matched to past errors: W. H. Williams, M. L. Goodman, "A simple method for the
construction of empirical confidence limits for economic forecasts", JASA 66, 1971); all are drawn towards a prior
where periods are few.

*The range.* The rest is a sum of a random number of amounts: a chance of nothing, else a gamma distribution, by its
first two moments (B. Jørgensen, M. C. P. de Souza, "Fitting Tweedie's compound Poisson model", 1994). A variance that
all people share makes teams as uncertain as they are (rules.md R22). No simulation: the same data, the same answer.

*The probability to miss* is put right by what was said of earlier periods and what came of it: intercept and slope of
its log odds (D. R. Cox, "Two further applications of a model for binary regression", Biometrika 45, 1958), drawn
towards none. So a company whose people reach their quotas more often than their results let expect is not warned for
ever.

Days are whole numbers; amounts are floats here and only here.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

Ints = NDArray[Any]
Floats = NDArray[Any]
Bools = NDArray[Any]

NEVER = 10**7
"""The day of what has not happened."""


@dataclass(frozen=True)
class Known:
    """All that is known of a company's people at the end of a day. Later days must not be in it: see `at`."""

    people: int
    since: int
    """First day of the records."""
    # credited entries
    seller: Ints
    on: Ints
    said: Ints
    """The day from which it was known."""
    amount: Floats
    # presence: [start, until) at a weight (FTE); leave has a weight below zero
    person: Ints
    start: Ints
    until: Ints
    weight: Floats
    # deals: a row for each state a deal stood in, known in [told, untold)
    told: Ints
    untold: Ints
    owner: Ints
    opened: Ints
    closed: Ints
    won: Bools
    listed: Floats
    """What an open deal is put down for; NaN where nobody said."""
    worth: Floats
    """What a won deal brought."""
    kind: Ints
    """Product, from 0; −1 unknown."""

    def at(self, last: int, since: int = -NEVER) -> "Known":
        """What of this was known at the end of an earlier day; of what happened from `since` on."""
        said = (np.maximum(self.on, self.said) <= last) & (self.on >= since)
        here = self.start <= last
        there = (self.opened <= last) & (self.told <= last) & (self.closed >= since) & (self.untold > since)
        later = self.closed[there] > last
        first = min(self.on[said].min(initial=NEVER), self.closed[there][~later].min(initial=NEVER))
        return replace(
            self, since=max(self.since, int(first)) if since > self.since else self.since,
            seller=self.seller[said], on=self.on[said], said=self.said[said], amount=self.amount[said],
            person=self.person[here], start=self.start[here], weight=self.weight[here],
            until=np.where((self.until > last + 1) & (self.weight > 0), NEVER, self.until)[here],
            told=self.told[there], untold=np.where(self.untold[there] > last, NEVER, self.untold[there]),
            owner=self.owner[there], opened=self.opened[there], closed=np.where(later, NEVER, self.closed[there]),
            won=self.won[there] & ~later, kind=self.kind[there], listed=self.listed[there],
            worth=np.where(later, np.nan, self.worth[there]),
        )  # fmt: skip

    def standing(self) -> "Known":
        """Each deal once, as it stands on the last day that is known."""
        now = self.untold == NEVER
        names = ("told", "untold", "owner", "opened", "closed", "won", "kind", "listed", "worth")
        return replace(self, **{name: getattr(self, name)[now] for name in names})


Cuts = Ints
"""First days of the parts of a period (months of a quarter), and the day after its last: parts weigh the same, so that
ends of months fall together."""


@dataclass(frozen=True)
class Landing:
    """For each person: credited, and mean and variance of the rest of the period."""

    credited: Floats
    rest: Floats
    variance: Floats
    """Of a person alone."""
    shared: Floats
    """Standard deviation of what all people share, of this person: covariances are products of these."""
    unit: Floats
    """E[X²] ÷ E[X] of a person's amounts: how lumpy the rest is."""
    seen: Floats
    """Periods' worth of own history."""
    entries: Ints
    """How many amounts each was credited."""


# Priors, and how many periods, people or deals they are worth. Chosen on made-up companies and on one real one.
PAST = 8
REPLAYS = 6
SHAPE_WORTH, SHAPE_AMOUNTS, SHAPE_SPREAD = 0.035, 4.0, 0.25
OWN_SHAPE, FEW_SHAPE = (10.0, 1000.0), 60.0  # where fewer than five people tell how far they differ
TOGETHER, ALONE, TREND_WORTH, PARTIAL = 0.15, 0.4, 0.8, 0.3
LASTING, FADING, CHANCE, MEMORY = 0.12, 0.015, 1.0, 0.6
SIZES_WORTH, SPEED_WORTH, OPENED_WORTH, KIND_WORTH = 10.0, 200.0, 8.0, 1.0
BELIEVED, BELIEVED_WORTH, PIPELINE_SPREAD = (0.6, 0.1), 200.0, 0.3
PIPELINE_WHOLE, TOTALS_WORTH, RATE_TOTAL, PIPELINE_TOTAL = 0.15, 2.0, 0.1, 0.25
INTERCEPT, SLOPE, ALIKE = 0.5, 0.25, 0.05
OFF_WORTH, SPREAD_WORTH, SHARED_WORTH, MOST_SHARED = 3.0, 2.0, 2.0, 16.0
FIRST, WARM_WORTH = 91, 3.0
STILL = 0.25  # of what a day usually brings, that may come yet, whatever it has brought
ALIKE_LONG = 0.05  # by how much the lengths of periods may differ that are taken as the same

GRID = np.linspace(0, 1, 93)
AGES = np.array([0, 1, 2, 3, 5, 7, 10, 14, 21, 28, 42, 56, 70, 84, 98, 112, 126, 150, 180, 240, 300, 365, 540, 10**6])
OLDEST = 720


def clock(cuts: Cuts) -> Floats:
    """How much of the period is over at the start of each of its days, and at its end: 0 … 1."""
    parts = [k + np.arange(1, b - a + 1) / (b - a) for k, (a, b) in enumerate(pairwise(cuts))]
    return np.concatenate([[0.0], *parts]) / (len(cuts) - 1)


@dataclass(frozen=True)
class Hazards:
    """How open deals are won and lost, and what they bring."""

    won: Floats  # by age
    lost: Floats
    closing: Floats  # of a deal by age today: probability to be won in the rest of the period
    new: Floats  # number of wins of one deal opened on each remaining day: their sum
    worth: float
    kinds: Floats
    opened: float  # a day and person
    first: int
    busy: Floats  # cumulated intensity by day from `first`


@dataclass(frozen=True)
class Learned:
    """What is the same for everybody: made nightly from all people, used for one on a save."""

    last: int
    since: int
    shape: Floats
    shape_variance: float
    own_shape: float
    usual_share: float
    size: float
    unit: float
    level: float
    company: Floats
    company_variance: float
    mixtures: tuple[tuple[float, float, float, float], ...]  # probability, lasting, fading, chance
    hazards: Hazards | None
    believed: tuple[float, float] = BELIEVED  # of the pipeline beside the rate: open deals, new deals
    warm_up: float = 0.0  # days in which newcomers come nearer to the usual by about two thirds
    whole: float = PIPELINE_WHOLE
    totals: float = 1.0
    new: float = 0.0
    off: float = 1.0
    shared: float = 1.0
    spread: float = 1.0
    odds: tuple[float, float] = (0.0, 1.0)  # intercept and slope that put probabilities right
    days: float = 0.0  # that a period usually has


def learn(known: Known, periods: Sequence[Cuts], last: int) -> Learned:
    """What everybody shares, from all people. `periods`: earliest first, the running one last."""
    sells = np.bincount(known.seller, minlength=known.people) + np.bincount(known.owner, minlength=known.people) > 0
    history = replace(known, weight=np.where(sells[known.person], known.weight, 0.0))
    known = history.standing()
    found = _fit(known, periods, last)
    point = clock(periods[-1])[last + 1 - periods[-1][0]]
    replays: list[Replay] = []
    for k in range(len(periods) - 2, max(len(periods) - 2 - REPLAYS, 0), -1):
        if not any(_is_whole(known, cuts) for cuts in periods[:k]):
            break
        then = int(periods[k][0] + np.searchsorted(clock(periods[k]), point - 1e-9)) - 1
        before = history.at(then).standing()
        fitted = _fit(before, periods[: k + 1], then)
        views = _views(fitted, before, periods[: k + 1], then)
        end = periods[k][-1]
        late = (known.on > then) & (known.on < end)
        rest = np.bincount(known.seller[late], known.amount[late], minlength=known.people).clip(0)
        here = views.seen > 0.3
        if here.sum() and rest.sum() > 0:
            replays.append((fitted, views, rest, here))
    if found.hazards is not None:
        found = _believe(found, known, periods, last, replays)
    return _corrected(found, replays)


def _corrected(found: Learned, replays: "list[Replay]") -> Learned:
    """By how far earlier forecasts lay off: as a whole, the company beyond what it said, and each person."""

    def landings() -> Iterator[tuple[Floats, Landing, Bools]]:
        for fitted, views, rest, here in replays:
            yield rest, _together(_as_now(found, fitted, views, here), views), here

    offs = [
        float(np.log(max(rest[here].sum(), 1e-9) / max(landing.rest[here].sum(), 1e-9)))
        for rest, landing, here in landings()
    ]
    found = replace(found, off=float(np.exp(np.clip(sum(offs) / (len(offs) + OFF_WORTH), -0.3, 0.3))))
    times, spreads = [], []
    for off, (_, landing, here) in zip(offs, landings(), strict=True):
        mean = max(float(landing.rest[here].sum()), 1e-9)
        own, shared = landing.variance[here].sum() / mean**2, landing.shared[here].sum() / mean
        times.append(float(np.clip(((off - np.log(found.off)) ** 2 - own) / max(shared**2, 1e-9), 0.0, MOST_SHARED)))
    found = replace(found, shared=(sum(times) + SHARED_WORTH) / (len(times) + SHARED_WORTH))
    for rest, landing, here in landings():
        z = (rest - landing.rest) ** 2 / np.maximum(landing.variance + landing.shared**2, 1e-9)
        spreads.append(float(np.minimum(z[here], 9).mean()))
    spread = (sum(spreads) + SPREAD_WORTH) / (len(spreads) + SPREAD_WORTH)
    return replace(found, spread=float(np.clip(spread, 0.4, 2.5)))


def _as_now(found: Learned, fitted: Learned, views: "Views", here: Bools) -> Learned:
    """What was fitted then, with what all replays say of how to put the views together."""
    totals, new = _totals(views, here)
    same = {name: getattr(found, name) for name in ("believed", "whole", "off", "shared")}
    return replace(fitted, totals=totals, new=new, **same)


def _totals(views: "Views", here: Bools) -> tuple[float, float]:
    if views.pipeline is None:
        return 1.0, 0.0
    both, new = views.pipeline.totals(here)
    return float(np.clip(both / max(float(views.rate[here].sum()), 1e-9), 0.2, 5)), new


def _believe(found: Learned, known: Known, periods: Sequence[Cuts], last: int, replays: "list[Replay]") -> Learned:
    """How far the pipeline is believed beside the rate: for the whole company, and between people."""
    errors = [TOTALS_WORTH * RATE_TOTAL**2], [TOTALS_WORTH * PIPELINE_TOTAL**2]
    products, sides, people = np.zeros((2, 2)), np.zeros(2), 0
    for _, views, rest, here in replays:
        if views.pipeline is None:
            continue
        came, by_rate = float(rest[here].sum()), float(views.rate[here].sum())
        totals, new = _totals(views, here)
        errors[0].append(float(np.log(came / by_rate)) ** 2)
        errors[1].append(float(np.log(came / (by_rate * totals))) ** 2)
        apart = np.stack(
            [views.pipeline.open / totals - (1 - new) * views.rate, views.pipeline.new / totals - new * views.rate]
        )[:, here]
        scale = (views.rate_variance + views.chance * views.rate + 1e-9)[here]
        products += apart / scale @ apart.T
        sides += apart / scale @ (rest * by_rate / came - views.rate)[here]
        people += int(here.sum())
    believed = BELIEVED
    if people:
        prior = np.diag(np.diag(products) * BELIEVED_WORTH / people + 1e-9)
        one, two = np.linalg.solve(products + prior, sides + prior @ np.array(BELIEVED)).clip(0, 1).tolist()
        believed = (one, two)
    views = _views(found, known, periods, last)
    totals, new = _totals(views, np.ones(known.people, dtype=bool))
    whole = sum(errors[0]) / (sum(errors[0]) + sum(errors[1]))
    return replace(found, believed=believed, whole=whole, totals=totals, new=new)


def project(learned: Learned, known: Known, periods: Sequence[Cuts], last: int) -> Landing:
    """Where the people in `known` will land; what they share is `learned`, on this day or an earlier one."""
    known = replace(known.standing(), since=learned.since)
    at = learned.hazards
    if at is not None and learned.last != last:
        closing, new = _closing(at.won, at.lost, np.diff(at.busy)[last + 1 - at.first :])
        learned = replace(learned, last=last, hazards=replace(at, closing=closing, new=new))
    return _together(learned, _views(learned, known, periods, last))


def begun(landing: Landing, learned: Learned, cuts: Cuts, last: int, brought: Floats) -> Landing:
    """The landing on the day after `last`, of which something is here already: that much less is to come of that day.

    A day that has brought more than it usually does takes nothing from those that follow.
    """
    before, after = _share(learned.shape, cuts, np.array([last + 1, last + 2]))
    usual = landing.rest * (after - before) / max(1 - before, 1e-9)
    left = 1 - np.minimum(brought.clip(0), (1 - STILL) * usual) / np.maximum(landing.rest, 1e-9)
    return replace(
        landing, rest=landing.rest * left, variance=landing.variance * left, shared=landing.shared * left
    )  # fmt: skip


# ── The rate ────────────────────────────────────────────────────────────────────────────────────────────────────


def _earlier(known: Known, periods: Sequence[Cuts]) -> list[Cuts]:
    return [cuts for cuts in periods[:-1] if cuts[-1] > known.since][-PAST:]


def _is_whole(known: Known, cuts: Cuts) -> bool:
    return bool(known.since - cuts[0] <= 7)


def _within(known: Known, cuts: Cuts) -> Bools:
    inside: Bools = (known.on >= cuts[0]) & (known.on < cuts[-1])
    return inside


def _share(learned_shape: Floats, cuts: Cuts, days: Ints) -> Floats:
    """How much of the period falls before these days."""
    over = clock(cuts)
    shares: Floats = np.interp(over[np.clip(days - cuts[0], 0, len(over) - 1)], GRID, learned_shape)
    return shares


def _exposure(known: Known, learned: "Learned", cuts: Cuts, until: int) -> Floats:
    """How much of a period's worth each person was there for, before `until`; a newcomer's first weeks count less."""
    begin, end = np.maximum(known.start, known.since), np.minimum(known.until, until)
    end = np.maximum(end, begin)
    part = (_share(learned.shape, cuts, end) - _share(learned.shape, cuts, begin)) * _length(learned, cuts)
    if learned.warm_up:
        inside = np.maximum(begin, cuts[0]), np.minimum(end, cuts[-1])
        part = part * _warmth(learned.warm_up, *(days - _joined(known)[known.person] for days in inside))
    return np.bincount(known.person, known.weight * part, minlength=known.people).clip(0)


def _length(learned: Learned, cuts: Cuts) -> float:
    """How long a period is, × the usual: a quarter of four periods of weeks, one with a 53rd week."""
    long = float(cuts[-1] - cuts[0]) / learned.days if learned.days else 1.0
    return long if abs(long - 1) > ALIKE_LONG else 1.0


def _joined(known: Known) -> Ints:
    """The day each person came, of those who came after the records began; long ago of the others."""
    first = np.full(known.people, NEVER)
    np.minimum.at(first, known.person[known.weight > 0], known.start[known.weight > 0])
    return np.where(first > known.since + 31, first, -NEVER)


def _warmth(warm_up: float, begin: Ints, end: Ints) -> Floats:
    """What share of the usual somebody brings between two days since they came: it rises to all of it."""
    days = np.maximum(end - begin, 1)
    cold = np.exp(-np.maximum(begin, 0) / warm_up) - np.exp(-np.maximum(begin + days, 1) / warm_up)
    found: Floats = 1 - warm_up * cold / days
    return found


def _warm_up(found: "Learned", known: Known, earlier: Sequence[Cuts], now: Cuts, last: int) -> float:
    """How slowly newcomers come to what is usual for them: by their first three months beside what followed."""
    joined = _joined(known)
    new = joined > -NEVER
    if not new.any():
        return 0.0
    early = replace(known, until=np.minimum(known.until, (joined + FIRST)[known.person]))
    begun = known.on < joined[known.seller] + FIRST
    brought, first = np.zeros(known.people), np.zeros(known.people)
    whole, exposure = _history(found, known, [*earlier, now], last)
    for k, cuts in enumerate([*earlier, now]):
        first += found.company[k] * _exposure(early, found, cuts, min(int(cuts[-1]), last + 1))
        inside = _within(known, cuts) & begun
        brought += np.bincount(known.seller[inside], known.amount[inside], minlength=known.people)
    first *= new
    later = (whole.sum(1) - brought, (exposure * found.company).sum(1) - first)
    own = (later[0].clip(0) + found.level) / (later[1].clip(0) + 1)
    prior = WARM_WORTH * found.level
    ratio = ((brought * new).sum() + prior) / ((own * first).sum() + prior)
    tried = np.array([0.0, 5, 10, 15, 20, 25, 30, 40, 50, 60, 75, 90, 120])
    cold = np.array([0.0, *(1 - float(_warmth(one, np.array(0), np.array(FIRST))) for one in tried[1:])])
    return float(np.interp(1 - ratio, cold, tried))


def presence(known: Known, cuts: Cuts) -> Floats:
    """How much of a period each person is there for, by the days."""
    days = (np.minimum(known.until, cuts[-1]) - np.maximum(known.start, cuts[0])).clip(0)
    found: Floats = np.bincount(known.person, known.weight * days, minlength=known.people) / (cuts[-1] - cuts[0])
    return found


def sums(known: Known, all_cuts: Sequence[Cuts]) -> Floats:
    columns = []
    for cuts in all_cuts:
        inside = _within(known, cuts)
        columns.append(np.bincount(known.seller[inside], known.amount[inside], minlength=known.people))
    return np.array(columns).T.clip(0).reshape(known.people, len(all_cuts))


def _fit(known: Known, periods: Sequence[Cuts], last: int) -> Learned:
    earlier, now = _earlier(known, periods), periods[-1]
    point = clock(now)[last + 1 - now[0]]
    taken = known.amount.clip(0)
    size = float(taken[taken > 0].mean()) if (taken > 0).any() else 1.0
    shape, shape_variance = _shape(known, earlier, point, np.minimum(taken, 3 * size))
    share = float(np.interp(point, GRID, shape))
    own_n, own_before = _own_shares(known, earlier, point)
    usual = float(own_before.sum() / own_n.sum()) if own_n.sum() else share
    own_shape = FEW_SHAPE
    enough = own_n >= 5
    if enough.sum() >= 5:
        shares, n = own_before[enough] / own_n[enough], own_n[enough]
        between = float(((shares - usual) ** 2).mean() - (usual * (1 - usual) / n).mean())
        own_shape = float(np.clip(usual * (1 - usual) / max(between, 1e-6), *OWN_SHAPE))
    unit = float((taken**2).sum() / taken.sum()) if taken.any() else 1.0
    found = Learned(
        last=last,
        since=known.since,
        days=float(np.median([cuts[-1] - cuts[0] for cuts in earlier or [now]])),
        shape=shape, shape_variance=shape_variance, own_shape=own_shape, usual_share=usual, size=size, unit=unit,
        level=1.0, company=np.ones(len(earlier) + 1), company_variance=0.0, mixtures=(), hazards=None,
    )  # fmt: skip
    sums, exposure = _history(found, known, periods, last)
    whole = np.array([_is_whole(known, cuts) for cuts in earlier], dtype=bool)
    found = _levels(found, sums, exposure, share, whole)
    if len(earlier) > 1 and (warm_up := _warm_up(found, known, earlier, now, last)):
        found = replace(found, warm_up=warm_up)
        sums, exposure = _history(found, known, periods, last)
        found = _levels(found, sums, exposure, share, whole)
    found = replace(found, mixtures=_mixtures(found, known, sums, exposure))
    return replace(found, hazards=_hazards(found, known, earlier, now, last))


def _shape(known: Known, earlier: Sequence[Cuts], point: float, taken: Floats) -> tuple[Floats, float]:
    """Cumulated share of a period by its clock, and how far a period's own may lie from it at `point`."""
    shapes, sizes = [], []
    for cuts in earlier:
        inside = _within(known, cuts)
        days = np.bincount(known.on[inside] - cuts[0], taken[inside], minlength=cuts[-1] - cuts[0])
        if not _is_whole(known, cuts) or not days.any():
            continue
        shapes.append(np.interp(GRID, clock(cuts), np.concatenate([[0], days.cumsum() / days.sum()])))
        sizes.append(days.sum() ** 2 / (taken[inside] ** 2).sum())
    prior = (SHAPE_SPREAD * point * (1 - point)) ** 2
    if not shapes:
        return GRID, 2 * prior
    n, many = len(shapes), float(sum(sizes))
    weights = np.sqrt(sizes)
    believed = n / (n + SHAPE_WORTH) * many / (many + SHAPE_AMOUNTS)
    shape = believed * (weights[:, None] * np.array(shapes)).sum(0) / weights.sum() + (1 - believed) * GRID
    variance = prior
    if n > 1:
        points = np.array([np.interp(point, GRID, one) for one in shapes])
        chance = point * (1 - point) / (many / n)
        variance = (3 * prior + (n - 1) * max(float(points.var(ddof=1)) - chance, 0.0)) / (n + 2)
    return shape, variance * (1 + 1 / n)


def _own_shares(known: Known, earlier: Sequence[Cuts], point: float) -> tuple[Floats, Floats]:
    """How many amounts each person had in earlier whole periods, and how many before the same point."""
    n, before = np.zeros(known.people), np.zeros(known.people)
    for cuts in earlier:
        if _is_whole(known, cuts):
            inside = _within(known, cuts) & (known.amount > 0)
            early = inside & (known.on < cuts[0] + np.searchsorted(clock(cuts), point - 1e-9))
            n += np.bincount(known.seller[inside], minlength=known.people)
            before += np.bincount(known.seller[early], minlength=known.people)
    return n, before


def _history(learned: Learned, known: Known, periods: Sequence[Cuts], last: int) -> tuple[Floats, Floats]:
    """Person × period: credited, and how much of a period's worth they were there for."""
    earlier, now = _earlier(known, periods), periods[-1]
    over = [_exposure(known, learned, cuts, cuts[-1]) for cuts in earlier]
    over.append(_exposure(known, learned, now, last + 1))
    return sums(known, [*earlier, now]), np.array(over).T.reshape(known.people, len(earlier) + 1)


def _units(learned: Learned, known: Known) -> Floats:
    taken = known.amount.clip(0)
    squares = np.bincount(known.seller, taken**2, minlength=known.people)
    sums = np.bincount(known.seller, taken, minlength=known.people)
    prior = SIZES_WORTH * learned.size
    found: Floats = (squares + prior * learned.unit) / (sums + prior)
    return found


def _own_levels(learned: Learned, sums: Floats, exposure: Floats) -> Floats:
    """A first guess of each person's level: recent periods count more, one period's worth of the usual is added."""
    decay = 0.8 ** np.arange(sums.shape[1])[::-1]
    there = exposure > 0.02
    found: Floats = ((decay * sums * there).sum(1) + learned.level) / (
        (decay * learned.company * exposure * there).sum(1) + 1
    )
    return found


def _levels(learned: Learned, sums: Floats, exposure: Floats, share: float, whole: Bools) -> Learned:
    """The usual level of a person, the company's level in each period, and what it is in the running one."""
    there = exposure > 0.02
    n = sums.shape[1]
    level = max(float((sums * there).sum() / max((exposure * there).sum(), 1e-9)), 1e-9)
    found = replace(learned, level=level)
    own = _own_levels(found, sums, exposure)
    company = np.ones(n)
    for _ in range(6 if n > 1 else 0):
        expected = (own[:, None] * exposure * there).sum(0)
        company = np.where(expected > 0, (sums * there).sum(0) / np.maximum(expected, 1e-9), 1.0)
        company = np.maximum(company / company[:-1].mean(), 0.05)
        if share < 0.03:
            company[-1] = company[-2]
        found = replace(found, company=company)
        own = _own_levels(found, sums, exposure)
    expected = (own[:, None] * exposure * there).sum(0)
    unit = learned.unit
    if n > 1:
        noise = unit / np.maximum(expected[:-1] * company[:-1], 1e-9) + np.where(whole, 0.0, PARTIAL**2)
        logs, ago = np.log(company[:-1]), np.arange(n - 1, 0, -1)
        variance = TOGETHER**2 + noise
        steps, weights = np.diff(logs), 1 / (variance[1:] + variance[:-1])
        trend = float((steps * weights).sum() / (weights.sum() + TREND_WORTH / (2 * TOGETHER**2)))
        excess = ((steps - trend) ** 2 - noise[1:] - noise[:-1]).sum() / 2
        walk = (max(float(excess), 0.0) + 3 * TOGETHER**2) / (len(steps) + 3)
        weights = 1 / (noise + walk * (1 + ago) / 2)
        prior, prior_variance = (
            float((weights * (logs + trend * ago)).sum() / weights.sum()),
            float(1 / weights.sum()) + walk,
        )
    else:
        prior, prior_variance = 0.0, ALONE**2
    to_date = float(sums[:, -1].sum())
    if expected[-1] > 0 and to_date > 0:
        doubt = unit / to_date + learned.shape_variance / max(share, 0.02) ** 2
        gain = prior_variance / (prior_variance + doubt)
        prior += gain * (float(np.log(to_date / expected[-1])) - prior)
        prior_variance *= 1 - gain
    company = company.copy()
    company[-1] = np.exp(prior)
    rest = learned.shape_variance / max(1 - share, 0.05) ** 2 / 2
    return replace(found, company=company, company_variance=prior_variance + rest)


def _relative(learned: Learned, known: Known, sums: Floats, exposure: Floats) -> tuple[Floats, Floats, Bools]:
    """Levels as multiples of the usual, the variance of each by chance alone, and which there are."""
    there = exposure > 0.03
    expected = np.maximum(learned.company * exposure, 1e-9) * learned.level
    own = _own_levels(learned, sums, exposure) / learned.level
    chance = _units(learned, known)[:, None] * own[:, None] / expected
    return np.where(there, sums / expected, 1.0), chance, there


def _mixtures(
    learned: Learned, known: Known, sums: Floats, exposure: Floats
) -> tuple[tuple[float, float, float, float], ...]:
    """Likely sizes of what lasts, what fades and what is chance, with their probabilities."""
    some = np.unique(np.linspace(0, known.people - 1, min(known.people, 250)).astype(int))
    levels, chance, there = (part[some] for part in _relative(learned, known, sums, exposure))
    tried = []
    for lasting in (0.03, 0.1, 0.25, 0.5):
        for fading in (0.003, 0.015, 0.04, 0.1):
            for by_chance in (0.1, 0.3, 0.6, 1.0, 1.5):
                covariance, noise = _covariance(lasting, fading, by_chance * chance, there)
                factor = np.linalg.cholesky(covariance)
                white = np.linalg.solve(factor, (levels - 1)[:, :, None])[:, :, 0]
                logs = np.log(np.einsum("nii->ni", factor)).sum() - 0.5 * np.log(noise[~there]).sum()
                prior = np.log(lasting / LASTING) ** 2 + (np.log(fading / FADING) / 0.8) ** 2
                prior += (np.log(by_chance / CHANCE) / 0.5) ** 2
                tried.append(
                    (-0.5 * float((white**2).sum()) - float(logs) - 0.5 * float(prior), lasting, fading, by_chance)
                )
    best = max(tried)[0]
    likely = [(float(np.exp(log - best)), *rest) for log, *rest in tried if log > best - 4]
    whole = sum(weight for weight, *_ in likely)
    return tuple((weight / whole, a, b, c) for weight, a, b, c in likely)


def _covariance(lasting: float, fading: float, chance: Floats, there: Bools) -> tuple[Floats, Floats]:
    n = there.shape[1]
    ago = np.arange(n)
    noise = np.where(there, chance, 1e6)
    return lasting + fading * MEMORY ** np.abs(ago[:, None] - ago) + np.eye(n) * noise[:, :, None], noise


# ── The pipeline ────────────────────────────────────────────────────────────────────────────────────────────────


def _hazards(learned: Learned, known: Known, earlier: Sequence[Cuts], now: Cuts, last: int) -> Hazards | None:
    if len(known.owner) < 30 or (known.won & ~np.isnan(known.worth)).sum() < 15:
        return None
    all_cuts = [*earlier, now]
    first = int(all_cuts[0][0])
    busy = np.concatenate([np.diff(np.interp(clock(c), GRID, learned.shape)) * (c[-1] - c[0]) for c in all_cuts])
    busy = np.convolve(np.pad(busy, 3, mode="edge"), np.ones(7) / 7, "valid")
    none = np.zeros(0)
    at = Hazards(none, none, none, none, 0.0, none, opened=0.0, first=first, busy=np.r_[0, busy.cumsum()])
    risk = _risk(at, known, last).sum(0)
    closed = (known.closed <= last) & (known.closed >= first) & (known.opened <= known.closed)
    age = np.clip(np.searchsorted(AGES, known.closed - known.opened, side="right") - 1, 0, len(AGES) - 2)
    won, lost = (
        (count + 2 * count.sum() / max(risk.sum(), 1)) / (risk + 2)
        for count in (np.bincount(age[closed & side], minlength=len(AGES) - 1) for side in (known.won, ~known.won))
    )
    closing, new = _closing(won, lost, busy[last + 1 - first :])
    worth = known.won & ~np.isnan(known.worth)
    mean = float(known.worth[worth].mean())
    kinds = int(known.kind.max()) + 2
    values = np.bincount(known.kind[worth] + 1, known.worth[worth], minlength=kinds) + KIND_WORTH * mean
    values /= np.bincount(known.kind[worth] + 1, minlength=kinds) + KIND_WORTH
    opened, days = _opened(known, first, last)
    return replace(
        at, won=won, lost=lost, closing=closing, new=new, worth=mean, kinds=values,
        opened=float(opened.sum() / max(days.sum(), 1)),
    )  # fmt: skip


def _risk(at: Hazards, known: Known, last: int) -> Floats:
    """Person × age: days at which deals were open, each as long as it was busy."""

    def until(days: Ints) -> Floats:
        found: Floats = at.busy[np.clip(days - at.first, 0, len(at.busy) - 1)]
        return found

    begin = np.maximum(known.opened, max(at.first, known.since))
    end = np.where(known.closed <= last, known.closed, last) + 1
    valid = known.opened <= known.closed
    columns = []
    for low, high in pairwise(AGES):
        a, b = np.maximum(known.opened + low, begin), np.minimum(known.opened + high, end)
        part = np.where(valid & (b > a), until(b) - until(a), 0)
        columns.append(np.bincount(known.owner, part, minlength=known.people))
    return np.array(columns).T


def _closing(won: Floats, lost: Floats, busy: Floats) -> tuple[Floats, Floats]:
    """Probability to be won in the remaining days by age today, and of a deal opened on each of these days."""
    left = len(busy)
    band = np.searchsorted(AGES, np.arange(OLDEST + left + 1), side="right") - 1
    ages, alive, closing = np.arange(OLDEST), np.ones(OLDEST), np.zeros(OLDEST)
    young, new = np.ones(left), np.zeros(left)
    for day in range(left):
        for of, start, gains in (
            (alive, ages + 1 + day, closing),
            (young[: day + 1], day - np.arange(day + 1), new[: day + 1]),
        ):
            wins, losses = won[band[start]] * busy[day], lost[band[start]] * busy[day]
            ends = 1 - np.exp(-(wins + losses))
            gains += of * ends * wins / np.maximum(wins + losses, 1e-12)
            of *= 1 - ends
    return closing, new


def _is_here(known: Known, day: int) -> Bools:
    """Of each row of presence: whether it is work, on leave or not, that goes on after that day."""
    here: Bools = (known.start <= day) & (known.until > day) & (known.weight > 0)
    return here


def _staying(learned: Learned, known: Known, cuts: Cuts, last: int) -> tuple[Floats, Floats]:
    """Who is there in the rest of the period: × somebody who is there all of it; × what they are there for now."""
    plain = replace(learned, warm_up=0.0)
    goes_on = replace(
        known, until=np.full_like(known.until, NEVER), weight=np.where(_is_here(known, last), known.weight, 0.0)
    )
    left, full = (
        _exposure(one, plain, cuts, int(cuts[-1])) - _exposure(one, plain, cuts, last + 1) for one in (known, goes_on)
    )
    whole = float(1 - _share(learned.shape, cuts, np.array([last + 1]))[0]) * _length(learned, cuts)
    return left.clip(0) / max(whole, 1e-9), np.where(full > 0, left / np.maximum(full, 1e-9), 1.0).clip(0, 1)


def _opened(known: Known, first: int, last: int) -> tuple[Floats, Floats]:
    """Deals opened in the last half year, and the days each person was there for."""
    since = max(last - 180, known.since, first)
    here = _is_here(known, last)
    days = known.weight * (np.minimum(known.until, last + 1) - np.maximum(known.start, since)).clip(0)
    there = np.bincount(known.person, days, minlength=known.people)
    stays = np.bincount(known.person, here * known.weight, minlength=known.people) > 0
    counts = np.bincount(known.owner[known.opened >= since], minlength=known.people)
    return counts * stays, there * stays


def _pipeline(at: Hazards, known: Known, last: int, there: Floats, stays: Floats) -> "Pipeline":
    """What open deals and those still to come should bring in the rest of the period, while their people are there."""
    own = (known.closed <= last) & (known.closed >= at.first) & known.won & (known.opened <= known.closed)
    wins = np.bincount(known.owner[own], minlength=known.people)
    speed = (wins + SPEED_WORTH) / (_risk(at, known, last) @ at.won + SPEED_WORTH)
    kinds = np.where(known.kind + 1 < len(at.kinds), known.kind + 1, 0)  # what is new brings what is usual
    value = np.where(np.isnan(known.listed), at.kinds[kinds], known.listed)
    is_open = (known.closed > last) & (known.opened <= last)
    closing = at.closing[np.clip(last - known.opened, 0, OLDEST - 1)] * (speed * stays)[known.owner]
    closing = np.minimum(closing, 0.98) * is_open
    opened, days = _opened(known, at.first, last)
    rate = (opened + OPENED_WORTH) / (days + OPENED_WORTH / max(at.opened, 1e-9)) * (days > 0)
    worth = known.won & ~np.isnan(known.worth)
    size = np.bincount(known.owner[worth], known.worth[worth], minlength=known.people) + SIZES_WORTH * at.worth
    size /= np.bincount(known.owner[worth], minlength=known.people) + SIZES_WORTH
    return Pipeline(
        open=np.bincount(known.owner, closing * value, minlength=known.people),
        open_variance=np.bincount(known.owner, closing * (1 - closing) * value**2, minlength=known.people),
        new=speed * rate * at.new.sum() * size * there,
    )


# ── Together ────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Pipeline:
    """What open deals and those still to come should bring in the rest of the period."""

    open: Floats
    open_variance: Floats
    new: Floats

    def totals(self, people: Bools) -> tuple[float, float]:
        """Of open and new deals together, and the share of new ones in it."""
        both = float(self.open[people].sum() + self.new[people].sum())
        return both, float(self.new[people].sum()) / max(both, 1e-9)


@dataclass(frozen=True)
class Views:
    credited: Floats
    rate: Floats
    rate_variance: Floats
    chance: Floats  # variance by chance per amount expected
    by_chance: float
    pipeline: "Pipeline | None"
    unit: Floats
    seen: Floats
    entries: Ints


def _views(learned: Learned, known: Known, periods: Sequence[Cuts], last: int) -> Views:
    sums, exposure = _history(learned, known, periods, last)
    now = periods[-1]
    point = clock(now)[last + 1 - now[0]]
    n, before = _own_shares(known, _earlier(known, periods), point)
    share = float(np.interp(point, GRID, learned.shape))
    own = (before + learned.own_shape * learned.usual_share) / (n + learned.own_shape) + share - learned.usual_share
    own = own.clip(0, 1)
    whole = _exposure(known, learned, now, int(now[-1]))
    rest = (whole - exposure[:, -1]).clip(0) * ((1 - own) / max(1 - share, 1e-9) if share < 1 else 0.0)
    exposure[:, -1] *= own / share if share > 0 else 0.0
    levels, chance, there = _relative(learned, known, sums, exposure)
    mean, variance, by_chance = np.zeros(known.people), np.zeros(known.people), 0.0
    for weight, lasting, fading, part in learned.mixtures:
        covariance, _ = _covariance(lasting, fading, part * chance, there)
        ago = np.arange(sums.shape[1])[::-1]
        towards = np.broadcast_to(lasting + fading * MEMORY**ago, levels.shape)
        solved = np.linalg.solve(covariance, np.stack([levels - 1, towards], axis=2))
        mean += weight * (1 + (towards * solved[:, :, 0]).sum(1))
        variance += weight * (lasting + fading - (towards * solved[:, :, 1]).sum(1))
        by_chance += weight * part
    scale = learned.level * learned.company[-1] * rest
    unit = _units(learned, known)
    return Views(
        credited=np.bincount(known.seller[i := _within(known, now)], known.amount[i], minlength=known.people),
        rate=np.maximum(mean, 0.02) * scale,
        rate_variance=np.maximum(variance, 1e-4) * scale**2,
        chance=by_chance * unit,
        by_chance=by_chance,
        pipeline=None
        if learned.hazards is None
        else _pipeline(learned.hazards, known, last, *_staying(learned, known, now, last)),
        unit=unit,
        seen=exposure.sum(1),
        entries=np.bincount(known.seller, minlength=known.people),
    )


Replay = tuple[Learned, Views, Floats, Bools]
"""What was fitted then, its views, what then came, and whom it says something of."""


def _together(learned: Learned, views: Views) -> Landing:
    rest, variance, chance = views.rate, views.rate_variance, views.chance * views.rate
    if views.pipeline is not None:
        (open_part, new_part), totals, new = learned.believed, learned.totals, learned.new
        by_rate = 1 - open_part * (1 - new) - new_part * new
        pipeline = (open_part * views.pipeline.open + new_part * views.pipeline.new) / totals
        rest = (by_rate * views.rate + pipeline) * totals**learned.whole
        variance = by_rate**2 * variance + (PIPELINE_SPREAD * pipeline) ** 2
        certain = open_part * (1 - new)
        chance = (
            1 - certain
        ) * views.chance * rest + open_part * views.by_chance * views.pipeline.open_variance / totals
    rest, chance = rest * learned.off, chance * learned.off
    return Landing(
        credited=views.credited,
        rest=rest,
        variance=(variance + chance) * learned.spread,
        shared=np.sqrt(learned.company_variance * learned.shared * learned.spread) * rest,
        unit=np.maximum(views.unit, chance / np.maximum(rest, 1e-9)),
        seen=views.seen,
        entries=views.entries,
    )


# ── Answers ─────────────────────────────────────────────────────────────────────────────────────────────────────


def below(x: Floats, mean: Floats, variance: Floats, unit: Floats) -> Floats:
    """The probability that the rest is below `x`: nothing at all, or gamma, by moments."""
    mean, variance = np.maximum(mean, 1e-9), np.maximum(variance, 1e-12)
    count = 2 * mean / np.maximum(unit, 1e-9)
    spread = np.maximum(variance / (unit / 2) ** 2 / count - 1, 1.0 + 1e-6)
    nothing = np.minimum(spread ** (-count / (spread - 1)), 0.95)
    mean_some = mean / (1 - nothing)
    variance_some = np.maximum((variance + mean**2) / (1 - nothing) - mean_some**2, 1e-6 * mean_some**2)
    some = special.gammainc(mean_some**2 / variance_some, np.maximum(x, 0) * mean_some / variance_some)
    return np.where(x <= 0, 0.0, nothing + (1 - nothing) * some)


def quantile(q: float, mean: Floats, variance: Floats, unit: Floats) -> Floats:
    low: Floats = np.zeros_like(mean)
    high: Floats = mean + 12 * np.sqrt(np.maximum(variance, 0))
    for _ in range(40):
        middle = (low + high) / 2
        under = below(middle, mean, variance, unit) < q
        low, high = np.where(under, middle, low), np.where(under, high, middle)
    return high


def odds_of(said: Floats, missed: Bools, period: Ints) -> tuple[float, float]:
    """Intercept and slope of log odds from what was said and what came; cases of a period are somewhat alike (Kish)."""
    if not len(said):
        return 0.0, 1.0
    x = special.logit(np.clip(said, 0.01, 0.99))
    many = len(said) / len(np.unique(period))
    weight = 1 / (1 + (many - 1) * ALIKE)
    design, precision = np.stack([np.ones_like(x), x]), np.diag([INTERCEPT**-2, SLOPE**-2])
    usual = np.array([0.0, 1.0])
    found = usual
    for _ in range(20):
        p = special.expit(found @ design)
        gradient = weight * design @ (missed - p) - precision @ (found - usual)
        found = found + np.linalg.solve(weight * (design * p * (1 - p)) @ design.T + precision, gradient)
    return float(found[0]), float(found[1])


def put_right(p_miss: Floats, odds: tuple[float, float]) -> Floats:
    """Probabilities with their log odds put right; what is certain stays so."""
    right = special.expit(odds[0] + odds[1] * special.logit(np.clip(p_miss, 1e-6, 1 - 1e-6)))
    found: Floats = np.where((p_miss <= 0) | (p_miss >= 1), p_miss, right)
    return found


def packed(learned: Learned) -> dict[str, Any]:
    """As JSON keeps it."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: plain(part) for key, part in value.items()}
        return value.tolist() if isinstance(value, np.ndarray) else value

    found: dict[str, Any] = plain(asdict(learned))
    return found


def unpacked(kept: dict[str, Any]) -> Learned:
    """The way back from `packed`."""

    def arrays(values: dict[str, Any]) -> dict[str, Any]:
        return {key: np.array(part) if isinstance(part, list) else part for key, part in values.items()}

    found = arrays(kept)
    return Learned(
        **found
        | {
            "hazards": kept["hazards"] and Hazards(**arrays(kept["hazards"])),
            "mixtures": tuple(map(tuple, kept["mixtures"])),
            "believed": tuple(kept["believed"]),
            "odds": tuple(kept.get("odds", (0.0, 1.0))),
        }
    )
