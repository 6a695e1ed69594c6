"""The method on companies whose truth is known: calibrated, better than plain methods, and modest where it is new."""

import os
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pytest

from performance.analysis import forecast as method
from tests.companies import STYLES, Company, generate, known_of, quarters_of

CHECKPOINTS = (0.1, 0.25, 0.5, 0.75)
COMPANIES = int(os.environ.get("COMPANIES", "9"))  # styles in turn, a seed each; thirty and more at leisure
SEEDS = range(COMPANIES)  # priors were chosen on others, from 100 on


@dataclass(frozen=True)
class Case:
    checkpoint: float
    quota: float
    credited: float
    last: float
    pipeline: float
    expected: float
    low: float
    high: float
    p_miss: float
    final: float

    @property
    def missed(self) -> bool:
        return self.final < self.quota

    def brier(self) -> tuple[float, ...]:
        """Of the forecast; and, as warnings, of the calendar, the period before, and pipeline × stage probability."""
        plain = (
            self.credited < self.checkpoint * self.quota,
            self.last < self.quota,
            self.credited + self.pipeline < self.quota,
        )
        return (self.p_miss - self.missed) ** 2, *(float(warns != self.missed) for warns in plain)


def pipeline_of(known: method.Known, last: int, end: int) -> np.ndarray:
    """What the open deals that are due by the end are put down for × how often deals were won, as a stage says it."""
    closed = known.closed < method.NEVER
    if not closed.any():
        return np.zeros(known.people)
    usual = np.median((known.closed - known.opened)[closed])
    due = ~closed & (known.opened + usual < end)
    worth = known.won[closed].mean() * known.listed[due]
    return np.bincount(known.owner[due], worth, minlength=known.people)


def cases(company: Company) -> Iterator[Case]:
    """The last three quarters of a company, judged as must be: quota = mean of up to four quarters before."""
    known, quarters = known_of(company), quarters_of(company)
    sums, joined, left = method.sums(known, quarters), company.joined.astype(int), company.left.astype(int)
    for k in range(max(1, len(quarters) - 3), len(quarters)):
        whole = np.array([joined <= quarters[j][0] for j in range(max(0, k - 4), k)])
        quota = (sums[:, max(0, k - 4) : k].T * whole).sum(0) / np.maximum(whole.sum(0), 1)
        start, end = int(quarters[k][0]), int(quarters[k][-1])
        for checkpoint in CHECKPOINTS:
            last = start + int(np.ceil(checkpoint * (end - start))) - 1
            then = known.at(last)
            landing = method.project(method.learn(then, quarters[: k + 1], last), then, quarters[: k + 1], last)
            spread = (landing.rest, landing.variance + landing.shared**2, landing.unit)
            p_miss = method.below(quota - landing.credited, *spread)
            pipeline = pipeline_of(then, last, end)
            low, high = (landing.credited + method.quantile(q, *spread) for q in (0.1, 0.9))
            for i in np.flatnonzero((left >= end) & whole.any(0) & (quota > 0)):
                yield Case(
                    checkpoint, quota[i], landing.credited[i], sums[i, k - 1], pipeline[i],
                    landing.credited[i] + landing.rest[i], low[i], high[i], p_miss[i], sums[i, k],
                )  # fmt: skip


@pytest.fixture(scope="module")
def judged() -> dict[str, list[Case]]:
    found: dict[str, list[Case]] = defaultdict(list)
    for seed in SEEDS:
        style = list(STYLES)[seed % len(STYLES)]
        found[style] += cases(generate(seed, style))
    return found


def test_in_no_kind_of_company_a_plain_method_warns_better(judged: dict[str, list[Case]]) -> None:
    for style, found in judged.items():
        ours, linear, *others = np.mean([case.brier() for case in found], axis=0)
        assert ours < linear, style
        assert ours <= min(linear, *others) + 0.01, style


def test_what_is_said_comes_true_as_often_as_it_says(judged: dict[str, list[Case]]) -> None:
    everything = [case for found in judged.values() for case in found]
    for fifth in range(5):
        inside = [case for case in everything if min(int(case.p_miss * 5), 4) == fifth]
        if len(inside) >= 300:
            said, missed = np.mean([case.p_miss for case in inside]), np.mean([case.missed for case in inside])
            assert abs(said - missed) <= 0.08, (fifth, said, missed)
    held = np.mean([case.low <= case.final <= case.high for case in everything])
    assert 0.72 <= held <= 0.88


def test_newcomers_are_expected_to_rise_as_earlier_ones_did() -> None:
    """Their first weeks bring little, as their deals take long: what follows brings more than those weeks say."""
    off: dict[bool, list[float]] = {True: [], False: []}
    for seed in SEEDS[:4]:
        company = generate(seed, "churning")
        known, quarters = known_of(company), quarters_of(company)
        last = int(quarters[-1][0]) + 9
        then = known.at(last)
        learned = method.learn(then, quarters, last)
        for rises in off:
            landing = method.project(learned if rises else replace(learned, warm_up=0.0), then, quarters, last)
            rest = method.sums(known, [np.array([last + 1, quarters[-1][-1]])])[:, 0]
            new = (company.joined.astype(int) > last - 180) & (company.joined.astype(int) <= last)
            off[rises] += [landing.rest[new].sum() - rest[new].sum()]
    assert abs(sum(off[True])) < abs(sum(off[False]))


def test_probabilities_are_put_right_by_what_came_the_more_the_longer_it_goes_on() -> None:
    """People who reach their quotas more often than their results let expect: said 50 %, came 25 %."""
    rng = np.random.default_rng(5)
    off = []
    for periods in (0, 1, 2, 8):
        truth = rng.uniform(-3, 3, 120 * periods)
        missed = rng.random(len(truth)) < 1 / (1 + np.exp(-truth))
        said = 1 / (1 + np.exp(-(truth + np.log(3))))
        odds = method.odds_of(said, missed, np.repeat(np.arange(periods), 120))
        off.append(float(method.put_right(np.array([0.5]), odds)[0]))
    assert off[0] == 0.5
    assert sorted(off, reverse=True) == off
    assert off[-1] <= 0.32
    assert off[1] > 0.33  # one quarter may have been a good one
    assert method.put_right(np.array([0.0, 1.0]), (-1.0, 0.8)).tolist() == [0.0, 1.0]


def test_nothing_later_than_the_day_is_seen_and_a_planted_leak_is_caught() -> None:
    """What comes after the day may be as it likes: the forecast stays as it is; a leak would move it."""
    company = generate(2, "steady")
    honest, quarters, rng = known_of(company), quarters_of(company), np.random.default_rng(1)
    last = int(quarters[-2][0]) + 22
    later, closes_later = honest.on > last, honest.closed > last
    other = replace(
        honest,
        amount=np.where(later, honest.amount * rng.uniform(0, 9, len(later)), honest.amount),
        won=np.where(closes_later, ~honest.won, honest.won),
        worth=np.where(closes_later, 1e6, honest.worth),
        closed=np.where(closes_later, method.NEVER, honest.closed),
        until=np.where(honest.until > last + 1, method.NEVER, honest.until),
    )
    leak = replace(
        honest, on=np.where(later & (honest.on < last + 30), last, honest.on), said=np.minimum(honest.said, last)
    )

    def rest(known: method.Known) -> np.ndarray:
        then = known.at(last)
        return method.project(method.learn(then, quarters[:-1], last), then, quarters[:-1], last).rest

    assert np.array_equal(rest(honest), rest(other))
    assert not np.array_equal(rest(honest), rest(leak))


def test_the_same_records_give_the_same_forecast_and_a_kept_one_is_the_same() -> None:
    company = generate(3, "steady")
    quarters = quarters_of(company)
    last = int(quarters[-1][0]) + 40
    then = known_of(company).at(last)
    learned = method.learn(then, quarters, last)
    said = method.project(learned, then, quarters, last)
    again = method.project(method.unpacked(method.packed(learned)), then, quarters, last)
    assert np.array_equal(said.rest, again.rest)
    assert np.array_equal(said.variance, again.variance)


def test_one_persons_records_alone_give_the_forecast_that_everybodys_give() -> None:
    company = generate(5, "rush")
    quarters = quarters_of(company)
    last = int(quarters[-1][0]) + 40
    then = known_of(company).at(last)
    learned = method.learn(then, quarters, last)
    everybody = method.project(learned, then, quarters, last)
    alone = method.project(learned, only(then, 4), quarters, last)
    assert alone.rest[4] == pytest.approx(everybody.rest[4], rel=1e-9)


def only(known: method.Known, person: int) -> method.Known:
    entry, here, deal = known.seller == person, known.person == person, known.owner == person
    parts = {name: getattr(known, name)[entry] for name in ("seller", "on", "said", "amount")}
    parts |= {name: getattr(known, name)[here] for name in ("person", "start", "until", "weight")}
    names = ("told", "untold", "owner", "opened", "closed", "won", "listed", "worth", "kind")
    parts |= {name: getattr(known, name)[deal] for name in names}
    return method.Known(people=known.people, since=int(parts["on"].min()), **parts)


def test_a_team_is_less_certain_than_if_its_people_were_independent() -> None:
    company = generate(1, "steady")
    quarters = quarters_of(company)
    last = int(quarters[-1][0]) + 20
    then = known_of(company).at(last)
    landing = method.project(method.learn(then, quarters, last), then, quarters, last)
    independent = (landing.variance + landing.shared**2).sum()
    assert landing.variance.sum() + landing.shared.sum() ** 2 > 1.2 * independent


def test_what_a_day_has_brought_is_not_expected_of_it_again_and_takes_nothing_from_later_days() -> None:
    company = generate(7, "rush")
    quarters = quarters_of(company)
    for last in (int(quarters[-1][0]) - 1, int(quarters[-1][0]) + 60, int(quarters[-1][-1]) - 2):
        then = known_of(company).at(last)
        learned = method.learn(then, quarters, last)
        landing = method.project(learned, then, quarters, last)
        nothing, much = np.zeros(company.people), np.full(company.people, 1e9)
        morning, evening = (method.begun(landing, learned, quarters[-1], last, part) for part in (nothing, much))
        assert np.array_equal(morning.rest, landing.rest)
        after = method.project(learned, then, quarters, last + 1).rest.sum()
        assert landing.rest.sum() > evening.rest.sum() > 0.9 * after
        assert (evening.variance <= landing.variance).all()


def test_among_a_few_people_who_sells_late_is_known_to() -> None:
    """Four people, one of whom sells in the last month of a quarter only."""
    rng = np.random.default_rng(4)
    starts = np.arange(8) * 91
    quarters = [np.array([a, a + 30, a + 61, a + 91]) for a in starts]
    days = [rng.integers(a + (61 if p == 3 else 0), a + 91, 24) for a in starts for p in range(4)]
    on, last = np.concatenate(days), int(starts[-1]) + 45
    known = _sold(4, np.tile(np.repeat(np.arange(4), 24), 8), on, np.full(len(on), 100.0))
    then = known.at(last)
    rest = method.project(method.learn(then, quarters, last), then, quarters, last).rest
    assert 1900 < rest[3] < 2700  # of 2,400
    assert (rest[:3] < 1600).all()


def _sold(people: int, seller: np.ndarray, on: np.ndarray, amount: np.ndarray) -> method.Known:
    """Amounts, of people who are there all the time."""
    nothing = {name: np.zeros(0, dtype=int) for name in ("told", "untold", "owner", "opened", "closed", "won", "kind")}
    return method.Known(
        people=people, since=0, seller=seller, on=on, said=on, amount=amount, person=np.arange(people),
        start=np.full(people, -900), until=np.full(people, method.NEVER), weight=np.ones(people),
        listed=np.zeros(0), worth=np.zeros(0), **nothing,
    )  # fmt: skip


def test_a_quarter_of_four_periods_of_weeks_is_a_third_longer() -> None:
    """Thirteen periods of four weeks: quarters of 12, 12, 12 and 16 weeks, at an even pace."""
    rng = np.random.default_rng(3)
    starts = np.cumsum([0, *([84, 84, 84, 112] * 3)])
    quarters = [np.array([a, b]) for a, b in pairwise(starts.tolist())]
    people, end = 12, int(starts[-1])
    on = np.sort(rng.integers(0, end, people * end // 3))
    known = _sold(people, rng.integers(0, people, len(on)), on, rng.uniform(500, 1500, len(on)))
    for k in (-1, -2):
        last = int(quarters[k][0]) + 20
        then, some = known.at(last), quarters[: len(quarters) + k + 1]
        rest = method.project(method.learn(then, some, last), then, some, last).rest.sum()
        came = known.amount[(on > last) & (on < quarters[k][-1])].sum()
        assert abs(rest / came - 1) < 0.08


def test_two_days_of_records_are_no_reason_to_fall_over() -> None:
    nothing = np.zeros(0, dtype=int)
    known = method.Known(
        people=2, since=100, seller=np.array([0, 1]), on=np.array([100, 101]), said=np.array([100, 101]),
        amount=np.array([10.0, 20.0]), person=np.array([0, 1]), start=np.array([90, 90]),
        until=np.array([method.NEVER] * 2), weight=np.ones(2), told=nothing, untold=nothing,
        owner=nothing, opened=nothing, closed=nothing,
        won=nothing.astype(bool), listed=nothing.astype(float), worth=nothing.astype(float),
        kind=nothing,
    )  # fmt: skip
    quarters = [np.array([start, start + 30, start + 60, start + 90]) for start in (0, 90)]
    landing = method.project(method.learn(known, quarters, 101), known, quarters, 101)
    assert np.isfinite(landing.rest).all()
    assert (landing.rest >= 0).all()
