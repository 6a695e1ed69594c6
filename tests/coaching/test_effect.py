"""What coaching did, on companies where it is known (tests.companies): ranges hold the truth, luck is not praised.

`EFFECT_SEEDS=60` asks all sixty companies of each style; a few, which every run looks at, may be off by luck.
"""

import os

import numpy as np
import pytest

from coaching.analysis.effect import Effect, Help, Panel, effect_of, nearest
from tests.coaching.helped import STYLES_HELPED, Told, many, told

ALL = 60
SEEDS = int(os.environ.get("EFFECT_SEEDS", "8"))


def luck(rate: float) -> float:
    """Two standard errors: the same company with another effect is no further company."""
    return 0.0 if SEEDS >= ALL else 2 * (rate * (1 - rate) / (SEEDS * len(STYLES_HELPED))) ** 0.5


@pytest.fixture(scope="module")
def all_told() -> list[Told]:
    return list(many(range(SEEDS)))


def share(of: list[bool]) -> float:
    return sum(of) / len(of)


def test_ranges_of_90_in_100_hold_the_planted_effect_in_85_to_95(all_told: list[Told]) -> None:
    assert {one.style for one in all_told} == set(STYLES_HELPED)
    held = [one.holds for one in all_told if one.effect]
    assert len(held) >= len(all_told) * 0.9
    assert 0.85 - luck(0.9) <= share(held) <= 0.95 + luck(0.9), share(held)


def test_where_help_did_nothing_one_is_claimed_in_10_of_100_at_most(all_told: list[Told]) -> None:
    claims = [one.effect.verdict in {"better", "worse"} for one in all_told if one.effect and one.truth == 0]
    assert share(claims) <= 0.10 + luck(0.1), share(claims)


def test_who_is_helped_when_low_rises_by_itself_and_that_is_no_effect(all_told: list[Told]) -> None:
    """Before and after alone would claim a rise: who was chosen was low by bad luck in part."""
    of_several = [one.effect for one in all_told if one.effect and one.truth == 0 and one.effect.people >= 4]
    rises = [one.after / one.before - 1 for one in of_several if one.before > 0]
    assert np.median(rises) > 0.10
    assert abs(np.median([one.value for one in of_several])) < 0.06


def test_a_large_effect_on_many_is_found_and_one_on_a_single_person_is_too_little_to_tell() -> None:
    found = [told(seed, "steady", "win_rate", 0.25, 8).effect for seed in range(300, 308)]
    assert share([one is not None and one.verdict == "better" for one in found]) >= 0.5
    single = [told(seed, "lumpy", "bookings", 0.10, 1).effect for seed in range(300, 308)]
    assert share([one is None or one.verdict == "too little to tell" for one in single]) >= 0.7


@pytest.mark.parametrize(("count", "people"), [(12, 60), (20, 60), (40, 60)])
def test_more_help_narrows_the_range_and_twenty_comparable_people_each_are_enough(count: int, people: int) -> None:
    """Also where more are helped than are left to compare with."""
    styles = ("steady", "lumpy", "no pipeline")
    pool = [told(seed, style, "bookings", 0.1, count, people=people) for seed in range(2) for style in styles]
    assert all(one.effect is not None and one.effect.people == count for one in pool)
    assert share([one.holds for one in pool]) >= 0.85 - 2 * (0.9 * 0.1 / len(pool)) ** 0.5
    steady = pool[0].effect
    one = told(0, "steady", "bookings", 0.1, 1).effect
    assert steady is not None
    assert one is not None
    assert steady.high - steady.low < (one.high - one.low) / 2


@pytest.mark.parametrize(("count", "people"), [(12, 60), (20, 60), (40, 60)])
def test_many_helped_at_once_for_nothing_claim_one_in_10_at_most(count: int, people: int) -> None:
    """What is learned of people falling back has its own doubt, by which all of them are off together."""
    seeds = SEEDS if SEEDS >= ALL else 1
    found = [
        told(seed, style, "bookings", 0.0, count, people=people).effect
        for seed in range(seeds)
        for style in STYLES_HELPED
    ]
    claims = [one is not None and one.verdict in {"better", "worse"} for one in found]
    assert share(claims) <= 0.10 + (0 if seeds >= ALL else 2 * (0.1 * 0.9 / len(claims)) ** 0.5), share(claims)


def test_who_is_helped_later_is_compared_up_to_then_and_who_was_long_ago_again() -> None:
    rng = np.random.default_rng(4)
    amounts, units = rng.gamma(20, 1, (14, 200)), np.full((14, 200), 5.0)
    amounts[1, 120:] *= 5
    before, own = Help(2, 20, 33), Help(0, 110, 123)
    alike = np.array([[False, *[True] * 13]])
    found = effect_of(Panel(amounts, units, [own]), [own], alike)
    cut = effect_of(Panel(amounts, units, [own, Help(1, 120, 133), before]), [own], alike)
    assert found is not None
    assert cut is not None
    assert cut.peers == 13
    assert cut.expected < found.expected, "the weeks of help of another aren't what was to be expected"
    view = Panel(amounts, units, [own, Help(1, 120, 133), before]).view(110, 123)
    assert view.is_known[1]
    assert view.is_known[2]
    assert view.units[1] == 50


def test_too_few_weeks_or_people_make_no_effect() -> None:
    panel = Panel(np.ones((8, 60)), np.full((8, 60), 5.0), [Help(0, 50, 60)])
    others = np.array([[False, *[True] * 7]])
    assert effect_of(panel, [Help(0, 50, 53)], others) is None
    assert effect_of(panel, [Help(0, 8, 20)], others) is None
    few = np.array([[False, True, True, *[False] * 5]])
    assert effect_of(panel, [Help(0, 46, 59)], few) is None


def test_nothing_done_at_all_has_no_upper_end_and_claims_nothing() -> None:
    rng = np.random.default_rng(3)
    amounts = rng.poisson(0.1, (12, 90)).astype(float) * 1000
    amounts[0, 70:] = 0
    panel = Panel(amounts, np.full((12, 90), 5.0), [Help(0, 70, 90)])
    alike = np.array([[False, *[True] * 11]])
    found = effect_of(panel, [Help(0, 70, 83)], alike)
    assert isinstance(found, Effect)
    assert (found.high, found.shown[2], found.verdict) == (float("inf"), "open", "too little to tell")


def test_the_same_figures_give_the_same_effect() -> None:
    assert told(5, "steady", "bookings", 0.1, 4) == told(5, "steady", "bookings", 0.1, 4)


def test_the_nearest_are_alike_in_tenure_territory_and_level() -> None:
    numbers = np.array([[1.0, 10], [1.1, 11], [9.0, 10], [1.0, np.nan], [1.0, 30], [1.0, 10]])
    words = np.array([["North"], ["North"], ["North"], ["North"], ["South"], ["North"]], dtype=object)
    among = np.array([True, True, True, True, True, False])
    assert nearest(0, numbers=numbers, words=words, among=among, count=2).tolist() == [1, 3]
    assert 5 not in nearest(0, numbers=numbers, words=words, among=among)
