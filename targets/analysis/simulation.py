"""The chance of reaching a target: simulated from past results and how they moved together (R22).

Results per full working day are taken apart as `level of the person × effect of the period × (1 + own deviation)`,
a two-way multiplicative fit by alternating proportions (Deming & Stephan 1940). Levels are shrunk towards the mean by
empirical Bayes (Efron & Morris 1975). The effects of periods are a line and a season of the year, both shrunk towards
none, and a swing that nothing explains: a Gaussian process with linear kernels, swing and strength of the season drawn
from a posterior over them (Rasmussen & Williams 2006, ch. 2 and 5). Own deviations are drawn anew from those seen, so
that fat tails stay fat.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FEWEST_PERIODS = 3  # two points make a line of anything
# What is believed of the effects of periods before any data, as standard deviations.
LEVEL_SPREAD = 0.2
SLOPE_SPREAD = 0.015  # results per day rarely grow by more than some per cent from one period to the next
SEASON_SPREADS = ((0.0, 0.6), (0.08, 0.2), (0.2, 0.2))  # none, mild, strong, and how often each is met
COMMON_SPREADS = np.linspace(0, 0.6, 61)  # by how much a whole company may swing from one period to the next …
COMMON_SCALE = 0.25  # … believed before any data by a half-normal of this scale, where it swings at all:
COMMON_BELIEF = np.exp(-(COMMON_SPREADS**2) / (2 * COMMON_SCALE**2))
COMMON_BELIEF[0] = COMMON_BELIEF[1:].sum() / 3  # one company of four does not
OWN_SPREAD_WEIGHT = 8.0  # as many periods' worth of everybody's spread stand beside a person's own
QUANTILES = np.linspace(0.005, 0.995, 199)
CELLS = 4_000_000  # draws × people at a time, 32 MB


@dataclass(frozen=True, slots=True)
class Simulated:
    """What may come: one column of `quantiles` per person, `totals` one per draw and group, in money.

    `correlation` is that of two people's results in one period, `spread` the deviation of one's own result as a share.
    """

    quantiles: Floats
    totals: Floats
    correlation: float
    spread: float
    periods: int

    def chances(self, amounts: Floats) -> Floats:
        """Of each person, the chance of at least this amount (shape: people)."""
        below = [
            np.interp(amount, column, QUANTILES, left=0, right=1)
            for amount, column in zip(amounts, self.quantiles.T, strict=True)
        ]
        return 1 - np.array(below, dtype=float)

    def ranges(self) -> Floats:
        """Of each person, what one of ten, of two and nine of ten outcomes stay below (shape: 3 × people)."""
        return np.stack([self.quantiles[np.searchsorted(QUANTILES, level)] for level in (0.1, 0.5, 0.9)])

    def chance_of(self, group: int, amount: float) -> float:
        """The chance that a group brings at least this amount."""
        return float((self.totals[:, group] >= amount).mean())


def simulate(
    rates: Floats,
    ahead: Floats,
    *,
    groups: Floats,
    year: int = 4,
    draws: int = 4_000,
    seed: int = 0,
) -> Simulated | None:
    """Draw what everybody brings in the periods ahead; None where fewer than three past ones have any result.

    `rates`: people × past periods, results per full working day, oldest first, NaN where somebody was hardly there.
    `ahead`: people × periods ahead, full working days. `groups`: groups × people, how much of somebody counts. The
    periods ahead follow the past ones; `year` periods make a year, whose season counts from two past years on.
    """
    fitted = _fit(rates, ahead.shape[1], year)
    if fitted is None:
        return None
    people, periods = ahead.shape
    random = np.random.default_rng(seed)
    draws = max(500, min(draws, CELLS // max(people, 1)))
    effects = fitted.effects
    # What is not known of line, season and swing is drawn once and holds for every period ahead.
    swing = random.choice(len(effects.plausible), size=draws, p=effects.plausible)
    common = effects.means[swing] + np.einsum(
        "dij,dj->di", effects.roots[swing], random.standard_normal((draws, periods))
    )
    totals = np.zeros((draws, len(groups)))
    quantiles = np.empty((len(QUANTILES), people))
    step = max(1, CELLS // draws)
    for first in range(0, people, step):
        part = slice(first, first + step)
        shape = (draws, len(fitted.level[part]))
        level = fitted.level[part] + fitted.unsure[part] * random.standard_normal(shape)
        results = np.zeros(shape)
        for n in range(periods):
            own = 1 + random.choice(fitted.pool, size=shape) * fitted.own[part]
            results += np.maximum(level * common[:, n, None] * own, 0) * ahead[part, n]
        totals += results @ groups[:, part].T
        quantiles[:, part] = _quantiles(results)
    return Simulated(quantiles, totals, fitted.correlation, fitted.spread, fitted.periods)


def _quantiles(results: Floats) -> Floats:
    """As `np.quantile` has them at so many levels, which cuts once for each: sorting once is far quicker."""
    ordered = np.sort(results, axis=0)
    places = QUANTILES * (len(ordered) - 1)
    low = places.astype(np.int64)
    share = (places - low)[:, None]
    found: Floats = ordered[low] * (1 - share) + ordered[low + 1] * share
    return found


@dataclass(frozen=True, slots=True)
class _Fit:
    """The parts of past results, and how sure each is. Effects of periods are around 1, deviations around 0."""

    level: Floats  # of each person
    unsure: Floats  # its standard deviation
    own: Floats  # spread of the person's own deviations
    pool: Floats  # everybody's deviations, standardised
    effects: "_Effects"
    correlation: float
    spread: float
    periods: int


@dataclass(frozen=True, slots=True)
class _Effects:
    """Of each way it may be (how far all swing together, how strong the season), the effects of the periods ahead."""

    plausible: Floats
    swings: Floats
    means: Floats  # ways × periods ahead
    roots: Floats  # square roots of their covariances


def _fit(rates: Floats, ahead: int, year: int) -> _Fit | None:
    seen = ~np.isnan(rates) & (np.nansum(np.nan_to_num(rates), axis=0) > 0)
    kept = seen.any(axis=0)
    times = np.concatenate([np.flatnonzero(kept), len(kept) + np.arange(ahead)])
    rates, seen = rates[:, kept], seen[:, kept]
    periods = rates.shape[1]
    if periods < FEWEST_PERIODS:
        return None
    values, counts = np.where(seen, rates, 0.0), seen.sum(axis=1)
    effect = np.ones(periods)
    for _ in range(50):
        level = values.sum(axis=1) / np.maximum((seen * effect).sum(axis=1), 1e-12)
        effect = values.sum(axis=0) / np.maximum((seen * level[:, None]).sum(axis=0), 1e-12)
        effect /= effect.mean()
    known = counts > 0
    # Own deviations from what person and period say; a degree of freedom went into each level.
    fit = level[:, None] * effect
    told = seen & (fit > 0)
    own = np.where(told, values / np.where(told, fit, 1) - 1, 0.0)
    loose = max(float(told.sum() - told.any(axis=1).sum() - (periods - 1)), 1.0)
    pooled = float((own**2).sum() / loose)
    squares, free = (own**2).sum(axis=1), np.maximum(counts - 1, 0)
    variance = (OWN_SPREAD_WEIGHT * pooled + squares) / (OWN_SPREAD_WEIGHT + free)
    # Levels: what they differ by beyond their own noise says how far to believe one.
    centre = float(level[known].mean()) if known.any() else 0.0
    noise = pooled * centre**2 / np.maximum(counts, 1)
    between = max(float(level[known].var(ddof=1)) - float(noise[known].mean()), 1e-12) if known.sum() > 1 else 1e-12
    trust = np.where(known, between / (between + noise), 0.0)
    level = np.where(known, trust * level + (1 - trust) * centre, centre)
    unsure = np.sqrt(np.where(known, trust * noise, between))
    weights = seen * level[:, None]
    of_people = pooled * (weights**2).sum(axis=0) / np.maximum(weights.sum(axis=0), 1e-12) ** 2
    effects = _effects(effect, of_people, times, year)
    together = float(effects.plausible @ effects.swings**2)
    standard = own[told] / np.sqrt(pooled) if pooled else np.zeros(1)
    standard = standard - standard.mean() if len(standard) else np.zeros(1)
    return _Fit(
        level=level,
        unsure=unsure,
        own=np.sqrt(variance),
        pool=standard / (standard.std() or 1.0),
        effects=effects,
        correlation=together / (together + pooled) if together + pooled else 0.0,
        spread=float(np.sqrt(pooled)),
        periods=periods,
    )


def _effects(effect: Floats, noise: Floats, times: NDArray[np.int64], year: int) -> _Effects:
    """What the effects of the periods ahead may be, under each common swing and each strength of the season."""
    past = len(effect)
    centred = times - times[:past].mean()
    line = LEVEL_SPREAD**2 + SLOPE_SPREAD**2 * np.outer(centred, centred)
    same = (times[:, None] % year == times % year).astype(float)
    seasons = SEASON_SPREADS if past >= 2 * year else ((0.0, 1.0),)
    swings = COMMON_SPREADS[:, None, None] ** 2
    parts = []
    for season, often in seasons:
        believed = line + season**2 * same
        between, ours, theirs = believed[past:, :past], believed[:past, :past], believed[past:, past:]
        inverse = np.linalg.inv(ours + np.eye(past) * (swings + noise + 1e-9))  # one person alone has no noise
        explained = inverse @ (effect - 1)
        likely = 0.5 * np.linalg.slogdet(inverse)[1] - 0.5 * explained @ (effect - 1)
        likely += np.log(often) + np.log(COMMON_BELIEF)
        covariance = theirs - between @ inverse @ between.T + (swings + 1e-12) * np.eye(len(theirs))
        parts.append((likely, 1 + explained @ between.T, np.linalg.cholesky(covariance)))
    likely = np.concatenate([part[0] for part in parts])
    plausible = np.exp(likely - likely.max())
    return _Effects(
        plausible=plausible / plausible.sum(),
        swings=np.tile(COMMON_SPREADS, len(parts)),
        means=np.concatenate([part[1] for part in parts]),
        roots=np.concatenate([part[2] for part in parts]),
    )
