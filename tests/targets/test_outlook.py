"""The chance of a plan (R22): calibrated where the truth is known, honest where too little is."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal as D

import numpy as np
import pytest
from django.test import Client

from salesmgmt.lib.periods import Period
from salesmgmt.lib.ranges import half_open
from targets.analysis.simulation import Floats, simulate
from targets.models import Plan
from targets.selectors import Outlook, outlook, people_of, plan_rows, preview
from targets.services import (
    adjust_quota,
    change_allocation,
    enter_quota,
    make_plan,
    propose_allocation,
    publish_plan,
)
from teams.models import Organisation, Person, Posting, User
from tests.cast import Cast

from .test_plan import credit
from .test_proposals import user as user_of

AT = datetime(2026, 6, 20, 9, tzinfo=UTC)
ON = date(2026, 6, 20)
COMPANIES, FUTURES, TARGETS = 600, 100, 8
FIFTHS = ((0.0, 0.2), (0.2, 0.4), (0.4, 0.6), (0.6, 0.8), (0.8, 1.01))


def a_company(random: np.random.Generator, kind: str) -> tuple[Floats, Floats]:
    """Results of people in past quarters, and in so many next ones, drawn from a truth the simulation is not told."""
    people, periods, spread = int(random.integers(12, 50)), int(random.integers(6, 13)), random.uniform(0.2, 0.45)
    correlation = 0.0 if kind == "independent" else random.uniform(0.02, 0.3)
    shape = (people, periods + FUTURES)
    own = random.standard_t(3, shape) / np.sqrt(3) if kind == "fat-tailed" else random.standard_normal(shape)
    common = 1 + spread * np.sqrt(correlation) * random.standard_normal(periods + FUTURES)
    level = random.lognormal(7, 0.35, people)
    results = np.maximum(level[:, None] * common * (1 + spread * np.sqrt(1 - correlation) * own), 0)
    return results[:, :periods], results[:, periods:]


@pytest.mark.parametrize("kind", ["independent", "correlated", "fat-tailed"])
def test_of_all_that_is_given_a_chance_of_so_much_so_much_comes_true(kind: str) -> None:
    random = np.random.default_rng(11)
    said: dict[str, list[float]] = {"company": [], "people": []}
    came: dict[str, list[float]] = {"company": [], "people": []}
    for seed in range(COMPANIES):
        past, then = a_company(random, kind)
        drawn = simulate(past, np.ones((len(past), 1)), groups=np.ones((1, len(past))), draws=300, seed=seed)
        assert drawn is not None
        for share in random.uniform(0.8, 1.2, TARGETS):
            target = past.mean(axis=1).sum() * share
            said["company"].append(drawn.chance_of(0, target))
            came["company"].append(float((then.sum(axis=0) >= target).mean()))
        quotas = past.mean(axis=1) * random.uniform(0.5, 1.5, len(past))
        said["people"] += drawn.chances(quotas).tolist()
        came["people"] += (then >= quotas[:, None]).mean(axis=1).tolist()
    for of in said:
        chances, outcomes = np.array(said[of]), np.array(came[of])
        for low, high in FIFTHS:
            inside = (chances >= low) & (chances < high)
            apart = float((chances[inside] - outcomes[inside]).mean())
            assert abs(apart) <= 0.05, f"{of}, {low}: {apart:.3f} off"


def test_thirty_people_who_move_together_are_far_less_certain_than_thirty_who_do_not() -> None:
    """R22: with a spread of 30 % a team of thirty is ± 5.5 % apart and ± 14.3 % at a correlation of 0.2."""
    random = np.random.default_rng(3)
    people, periods = 30, 90
    common = random.standard_normal(periods)
    common = (common - common.mean()) / common.std()  # so few of them would swing a little more or less
    own = random.standard_normal((people, periods))
    widths = []
    for correlation in (0.0, 0.2):
        moved = 1 + 0.3 * (np.sqrt(correlation) * common + np.sqrt(1 - correlation) * own)
        drawn = simulate(1000 * moved, np.ones((people, 1)), groups=np.ones((1, people)), draws=4_000)
        assert drawn is not None
        widths.append(drawn.totals[:, 0].std() / drawn.totals[:, 0].mean())
    assert widths == pytest.approx([0.055, 0.143], abs=0.008)


def test_the_same_past_gives_the_same_chances() -> None:
    past, _ = a_company(np.random.default_rng(1), "correlated")
    first, again = (simulate(past, np.ones((len(past), 1)), groups=np.ones((1, len(past))), seed=4) for _ in range(2))
    assert first is not None
    assert again is not None
    assert (first.totals == again.totals).all()


def test_a_newcomer_stands_with_the_mean_and_is_less_certain() -> None:
    past, _ = a_company(np.random.default_rng(2), "independent")
    past = np.vstack([past, np.full((1, past.shape[1]), np.nan)])
    drawn = simulate(past, np.ones((len(past), 1)), groups=np.ones((1, len(past))))
    assert drawn is not None
    low, middle, high = drawn.ranges()
    assert middle[-1] == pytest.approx(np.nanmean(past), rel=0.15)
    assert (high - low)[-1] / middle[-1] > np.median((high - low)[:-1] / middle[:-1])


@pytest.fixture
def history(cast: Cast) -> Cast:
    """Nine quarters, 2024-Q1 to 2026-Q1: Ana about 30, Ben about 20, Cleo about 50 thousand each."""
    swing = (1.0, 1.1, 0.9, 1.2, 1.0, 0.8, 1.1, 0.95, 1.05)
    for n, share in enumerate(swing):
        start = Period.parse("2024-Q1").shift(n).start
        for person, amount in ((cast.ana, 30_000), (cast.ben, 20_000), (cast.cleo, 50_000)):
            credit(person, start.replace(day=10), int(amount * share * (1.1 if (n + amount) % 3 else 0.85)))
    return cast


def a_plan(cast: Cast, amount: str) -> Plan:
    plan = make_plan(name="Plan Q3", period=Period.parse("2026-Q3"), amount=D(amount), by=cast.admin, at=AT)
    propose_allocation(plan=plan, by=cast.admin, at=AT, on=ON)
    return plan


def chances(plan: Plan, user: User) -> Outlook | None:
    drafted = None if plan.is_published else preview(plan)
    came = set(people_of(plan, user).values_list("pk", flat=True))
    return outlook(plan, plan_rows(plan, user), as_of=ON, preview=drafted, came=came)


def test_a_low_target_is_likely_and_a_high_one_is_not(history: Cast) -> None:
    easy, hard = chances(a_plan(history, "70000"), history.admin), chances(a_plan(history, "160000"), history.admin)
    assert easy is not None
    assert hard is not None
    assert easy.whole.chance > 0.8
    assert hard.whole.chance < 0.15
    assert {one.word for one in hard.people} <= {"ambitious", "beyond past results"}
    assert easy.periods == 9


def test_a_changed_figure_shows_its_chance_before_and_after(history: Cast) -> None:
    plan = a_plan(history, "100000")
    change = next(one for one in plan.allocations.all() if one.person == history.ana)
    change_allocation(allocation=change, amount=D(60_000), reason="New market", by=history.admin, at=AT)
    found = chances(plan, history.admin)
    assert found is not None
    ana = next(one for one in found.people if one.line and one.line.person == history.ana)
    ben = next(one for one in found.people if one.line and one.line.person == history.ben)
    assert ana.was is not None
    assert ana.was > 0.3 > ana.chance
    assert ben.was is None


def test_the_chances_of_a_published_plan_are_those_of_the_figures_that_hold_by_now(history: Cast) -> None:
    plan, later = a_plan(history, "100000"), AT + timedelta(days=40)
    publish_plan(plan=plan, by=history.admin, at=AT)
    plan.refresh_from_db()
    period = Period.parse("2026-Q3")
    adjust_quota(person=history.ana, period=period, amount=D(10_000), reason="Lost", by=history.admin, at=later)
    nina = Person.objects.create(name="Nina", external_id="E-Nina")
    Posting.objects.create(person=nina, team=history.north, role="rep", during=half_open(date(2026, 1, 1)))
    enter_quota(
        person=nina, start=period.start, end=period.end, amount=D(5000), basis="base", team=history.north, reason="New",
        by=history.admin, at=later,
    )  # fmt: skip
    found = chances(plan, user_of(history.maya))
    assert found is not None
    people = {one.line.person: one for one in found.people if one.line}
    assert {str(person): one.amount for person, one in people.items()}.items() >= {("Ana", 10_000), ("Nina", 5000)}
    assert people[history.ana].was is not None
    assert people[history.ana].was < 0.8 < people[history.ana].chance
    assert people[nina].was is None
    north = next(one for one in found.teams if one.line and one.line.team == history.north)
    assert people[nina].within == {history.company.pk, history.north.pk} == set(north.line.stood)  # type: ignore[union-attr]
    south = chances(plan, user_of(history.omar))
    assert south is not None
    assert {str(one.line.person) for one in south.people if one.line} == {"Cleo"}


def test_without_three_quarters_of_results_nothing_is_claimed(cast: Cast, client: Client) -> None:
    credit(cast.ana, date(2026, 2, 10), 30_000)
    plan = a_plan(cast, "100000")
    assert chances(plan, cast.admin) is None
    client.force_login(cast.admin)
    assert b"Too little of the past" in client.get(f"/plans/{plan.pk}/outlook/").content


def test_a_manager_sees_the_chances_of_their_own_teams_only_and_people_only_where_they_may_be_shown(
    history: Cast, client: Client
) -> None:
    plan = a_plan(history, "100000")
    assert history.maya.user is not None
    assert history.ana.user is not None
    client.force_login(history.maya.user)
    page = client.get(f"/plans/{plan.pk}/outlook/").content.decode()
    assert "Ana" in page
    assert "Cleo" not in page
    assert "100k" not in page
    Organisation.objects.update(shows_individual_chances=False)
    assert "Ana" not in client.get(f"/plans/{plan.pk}/outlook/").content.decode()
    client.force_login(history.ana.user)
    assert client.get(f"/plans/{plan.pk}/outlook/").status_code == 404
