"""What works: honest intervals, like compared with like, no claim from few deals or from luck."""

import numpy as np
import pytest
from django.test import Client

from performance.analysis.works import beyond_chance, difference_of_shares, median, rank_test, ranks, wilson
from performance.selectors import works
from sales.models import Deal
from salesmgmt.lib import clock
from teams.models import Person
from tests.answers import content_of
from tests.cast import Cast
from tests.performance.test_scorecards import client_of, decide


def test_an_interval_is_wilsons() -> None:
    found = wilson(10, 20)
    assert found
    assert (round(found.low, 4), round(found.high, 4)) == (0.2993, 0.7007)
    assert wilson(0, 0) is None
    none = wilson(0, 5)
    assert none
    assert (none.low, round(none.high, 3)) == (0.0, 0.434)


def test_the_interval_of_a_difference_holds_it_in_95_of_100_cases_also_in_many_small_strata() -> None:
    random = np.random.default_rng(7)
    held = 0
    for _ in range(400):
        strata = random.integers(0, 30, 400)
        base = 0.2 + 0.5 * strata / 30
        group = random.random(400) < 0.3
        won = random.random(400) < base + 0.1 * group
        found = difference_of_shares(won, group, strata)
        assert found
        held += found.interval.low <= 0.1 <= found.interval.high
    assert 0.92 <= held / 400 <= 0.98


def test_like_is_compared_with_like() -> None:
    """Of large deals fewer are won; a source that brings large ones is no worse for it."""
    strata = np.repeat([0, 1], 1000)
    group = np.concatenate([np.arange(1000) < 100, np.arange(1000) < 900])
    won = np.concatenate([np.arange(1000) % 10 < 6, np.arange(1000) % 10 < 2])
    assert won[group].mean() < won[~group].mean() - 0.2
    found = difference_of_shares(won, group, strata)
    assert found
    assert abs(found.interval.value) < 1e-9


def test_luck_is_not_claimed() -> None:
    random = np.random.default_rng(3)
    claims = 0
    for _ in range(100):
        won = random.random(500) < 0.45
        chances = []
        for _ in range(20):
            found = difference_of_shares(won, random.random(500) < 0.3, np.zeros(500, dtype=np.int64))
            assert found
            chances.append(found.p)
        claims += any(beyond_chance(chances))
    assert claims <= 12  # about one in twenty, where one after the other would claim in two of three


def test_a_median_has_the_interval_of_order_statistics_and_none_from_five() -> None:
    found = median(np.arange(1.0, 101.0))
    assert found
    assert (found.value, found.low, found.high) == (50.5, 40.0, 61.0)
    assert median(np.arange(5.0)) is None


def test_ranks_share_ties_and_tell_two_groups_apart() -> None:
    assert list(ranks(np.array([3.0, 1.0, 3.0, 2.0]))) == [3.5, 1.0, 3.5, 2.0]
    group = np.arange(100) < 50
    assert rank_test(ranks(np.arange(100.0)), group) < 1e-6
    assert rank_test(ranks(np.zeros(100)), group) == 1.0


def decide_many(person: Person, source: str, won: int, lost: int) -> None:
    today = clock.today("Europe/Berlin")
    for number in range(won + lost):
        decide(person, "won" if number < won else "lost", today)
    Deal.objects.filter(owner=person, source="").update(source=source)


@pytest.fixture
def few(cast: Cast) -> Cast:
    decide_many(cast.ana, "Referral", 5, 0)
    decide_many(cast.cleo, "Website", 0, 5)
    return cast


def page(person: Person, query: str = "") -> str:
    return client_of(person).get(f"/what-works/{query}").content.decode()


def test_nothing_is_claimed_from_five_deals(few: Cast) -> None:
    found = page(few.ana)
    assert "Nothing stands out from chance" in found
    assert "too few to say" in found


def test_what_is_clear_is_said_with_its_range(cast: Cast) -> None:
    decide_many(cast.ana, "Referral", 35, 10)
    decide_many(cast.cleo, "Website", 10, 35)
    assert "Source “Referral”: +56" in page(cast.maya)


def test_a_row_opens_its_deals_and_counts_those_of_others(few: Cast) -> None:
    mine = client_of(few.ana).get("/what-works/deals/?cut=source&value=Referral").content.decode()
    assert mine.count("Probes") == 5
    others = client_of(few.ana).get("/what-works/deals/?cut=source&value=Website").content.decode()
    assert "Probes" not in others
    assert "and 5 deals of people you do not lead" in others
    assert works.deals_of(
        cut="source",
        value="Website",
        start=clock.today("UTC").replace(day=1),
        until=clock.today("UTC").replace(year=2030),
    )


@pytest.mark.parametrize("query", ["?months=7", "?months=x", "?team=999", "?months=24&team=abc"])
def test_nonsense_is_not_found(cast: Cast, query: str) -> None:
    assert client_of(cast.ana).get(f"/what-works/{query}").status_code == 404
    assert client_of(cast.ana).get("/what-works/deals/?cut=nonsense&value=x").status_code == 404


def test_the_file_says_what_the_page_says(few: Cast, client: Client) -> None:
    lines = content_of(client_of(few.ana).get("/what-works/?export=csv")).decode().splitlines()
    assert lines[0].startswith("group,value,deals,won,win_rate")
    assert any(line.startswith("Source,Referral,5,5,1.0") for line in lines)
    deals = client_of(few.ana).get("/what-works/deals/?cut=source&value=Referral&export=csv")
    assert content_of(deals).decode().count("Probes") == 5


def test_somebody_who_is_nobody_here_sees_nothing(cast: Cast) -> None:
    from teams.models import User

    client = Client()
    client.force_login(User.objects.create(username="nina"))
    assert client.get("/what-works/").status_code == 404
