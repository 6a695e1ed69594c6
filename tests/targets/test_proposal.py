"""What a proposal weighs, computed by hand: quarters, trend, outliers, pipeline, accounts, skills, guardrails."""

from datetime import date
from decimal import Decimal as D
from typing import Any

import pytest

from sales.models import Account, Credit, Deal, Order, Stage
from salesmgmt.lib.ranges import half_open
from salesmgmt.lib.refusals import Refused
from targets.models import Allocation, Plan, QuotaEntry
from targets.selectors import line_story, past_by_cut
from targets.services import change_allocation, make_plan, propose_allocation, set_hedge, shape_plan
from teams.models import Holiday, Organisation, Posting, Skill, SkillRating, Territory
from tests.cast import Cast

from .test_plan import AT, ON, Q3, amounts, credit, line, login

QUARTERS = [date(2025, 5, 12), date(2025, 8, 11), date(2025, 11, 10), date(2026, 2, 9)]


@pytest.fixture
def flat(cast: Cast) -> Cast:
    """No holidays: every quarter of the year before has 65 or 66 working days for all alike."""
    Organisation.objects.update(holiday_region="")
    Holiday.objects.all().delete()
    return cast


def bring(cast: Cast, **of: list[int]) -> None:
    for name, quarters in of.items():
        for day, amount in zip(QUARTERS[-len(quarters) :], quarters, strict=True):
            if amount:
                credit(getattr(cast, name), day, amount)


def a_plan(cast: Cast, amount: str = "100000", **settings: Any) -> Plan:
    plan = make_plan(name="Plan Q3", period=Q3, amount=D(amount), by=cast.admin, at=AT)
    plan = shape_plan(plan=plan, by=cast.admin, at=AT, **settings)
    propose_allocation(plan=plan, by=cast.admin, at=AT, on=ON)
    return plan


def people(plan: Plan) -> tuple[D, D, D]:
    found = amounts(plan)
    return found["Ana"], found["Ben"], found["Cleo"]


def test_quarters_weigh_as_they_are_told_to(flat: Cast) -> None:
    bring(flat, ana=[40_000, 10_000], ben=[10_000, 40_000], cleo=[25_000, 25_000])
    # Q4 2025 weighs 1, Q1 2026 weighs 3: Ana 40 + 30 = 70, Ben 10 + 120 = 130, Cleo 25 + 75 = 100 of 300.
    plan = a_plan(flat, "300000", quarter_weights=[3, 1])
    assert people(plan) == (D(70_000), D(130_000), D(100_000))


def test_an_outlier_counts_as_three_spreads_from_the_median(flat: Cast) -> None:
    Posting.objects.filter(person__in=[flat.ben, flat.cleo]).update(during=half_open(date(2026, 6, 1)))
    bring(flat, ana=[10_000, 12_000, 11_000, 60_000])
    plan = a_plan(flat)
    story = line_story(line(plan, "Ana"))
    assert story is not None
    # Median of 10, 12, 11, 60 thousand: 11,500; deviations 1,500, 500, 500, 48,500: median 1,000; spread 1,482.60.
    # 60,000 counts as 11,500 + 3 × 1,482.60 = 15,947.80.
    assert [quarter.counted for quarter in story.quarters] == [D(10_000), D(12_000), D(11_000), D("15947.80")]
    assert [quarter.is_tamed for quarter in story.quarters] == [False, False, False, True]
    plain = shape_plan(plan=plan, by=flat.admin, at=AT, tames_outliers=False)
    propose_allocation(plan=plain, by=flat.admin, at=AT, on=ON)
    story = line_story(line(plain, "Ana"))
    assert story is not None
    assert story.quarters[3].counted == D(60_000)


def test_a_trend_goes_on_by_the_median_slope_and_a_quarter_at_most(flat: Cast) -> None:
    bring(flat, ana=[10_000] * 4, ben=[9_400, 9_800, 10_200, 10_600], cleo=[4_000, 8_000, 12_000, 16_000])
    plan = a_plan(flat, follows_trend=True)
    story = line_story(line(plan, "Ben"))
    assert story is not None
    # Q3 2026 begins two quarters after the last one known: Ben's slope of 400 for 3.5 quarters from their middle is
    # 1,400, 14% of 10,000. Cleo's 4,000 × 3.5 is more than a quarter of 10,000: 25%.
    assert story.evidence["trend"] == 11_400
    # 40,000 : 45,600 : 50,000 of 135,600.
    assert people(plan) == (D("29498.52"), D("33628.32"), D("36873.16"))
    cleo = line_story(line(plan, "Cleo"))
    assert cleo is not None
    assert cleo.evidence["trend"] == 12_500


def test_pipeline_in_hand_counts_at_the_odds_of_its_stage(flat: Cast) -> None:
    stage = Stage.objects.order_by("position").first()
    assert stage is not None
    Stage.objects.filter(pk=stage.pk).update(probability=D(40), reached=None)
    for owner, amount, day in (
        (flat.ana, 50_000, date(2026, 8, 1)),
        (flat.ben, 25_000, date(2026, 9, 30)),
        (flat.cleo, 99_000, date(2026, 10, 1)),  # closes after the period
    ):
        Deal.objects.create(name="Open", owner=owner, stage=stage, amount=amount, currency="EUR", expected_close_on=day)
    plan = a_plan(flat, "90000", weight_past=0, weight_pipeline=50, weight_equal=50)
    # Pipeline 20,000 : 10,000 : 0 at half of 90,000, the other half alike: 30 + 15, 15 + 15, 15 thousand.
    assert people(plan) == (D(45_000), D(30_000), D(15_000))
    story = line_story(line(plan, "Ana"))
    assert story is not None
    assert [(element.key, element.weight, element.value, element.amount) for element in story.elements] == [
        ("pipeline", 50, D(20_000), D(30_000)),
        ("equal", 50, D(1), D(15_000)),
    ]


def test_territory_counts_what_accounts_bought_and_could_buy(flat: Cast) -> None:
    for number in range(6):
        account = Account.objects.create(
            name=f"Works {number}", owner=flat.ana if number < 4 else flat.ben, industry="Steel", revenue=1_000_000
        )
        if number < 5:
            order = Order.objects.create(
                owner=flat.cleo, account=account, amount=10_000, currency="EUR", ordered_on=date(2026, 2, 9)
            )
            Credit.objects.create(
                order=order,
                person=flat.cleo,
                team=flat.south,
                kind="primary",
                occurred_on=date(2026, 2, 9),
                posted_on=date(2026, 2, 9),
                amount=10_000,
                currency="EUR",
                reporting_amount=10_000,
                recorded_at=AT,
                reason="Booked",
            )
    plan = a_plan(flat, "60000", weight_past=0, weight_territory=100)
    # The middle one of five buyers spends 1% of revenue: the sixth account could bring 10,000 too. Ana 4, Ben 2.
    assert people(plan) == (D(40_000), D(20_000), D(0))


def test_capability_is_half_rating_half_tenure_and_a_contested_rating_counts_not(flat: Cast) -> None:
    skill = Skill.objects.get(name="Closing")
    for person, score in ((flat.ana, 5), (flat.ben, 1)):
        SkillRating.objects.create(person=person, skill=skill, is_own=False, score=score, at=AT)
    SkillRating.objects.create(person=flat.cleo, skill=skill, is_own=True, score=5, at=AT)
    plan = a_plan(flat, "10000", weight_past=0, weight_capability=20, weight_equal=80)
    # Hired 1 January 2024: 30 months, 2.50 of 5. Ana (5 + 2.5) ÷ 2 = 3.75, Ben 1.75, Cleo the mean 3: 2.75; of 8.25.
    # 20% of 10,000 by that, 80% alike: 909.09 + 2,666.67 …
    assert people(plan) == (D("3575.76"), D("3090.91"), D("3333.33"))
    SkillRating.objects.filter(person=flat.ben).update(contested_at=AT, contest="Two big ones closed")
    propose_allocation(plan=plan, by=flat.admin, at=AT, on=ON)
    # Nobody's rating but Ana's counts: 5 is the mean of those rated.
    assert people(plan) == (D("3333.34"), D("3333.33"), D("3333.33"))
    with pytest.raises(Refused, match="at most 20%"):
        shape_plan(plan=plan, by=flat.admin, at=AT, weight_capability=30, weight_equal=70)
    with pytest.raises(Refused, match="sum to 120%"):
        shape_plan(plan=plan, by=flat.admin, at=AT, weight_past=20)


def test_quota_taken_from_others_is_left_out_of_the_base(flat: Cast) -> None:
    bring(flat, ana=[40_000], ben=[30_000], cleo=[30_000])
    for kind, amount in (("base", 25_000), ("redistribution", 10_000)):
        QuotaEntry.objects.create(
            person=flat.ana,
            seat=flat.ana,
            team=flat.north,
            during=half_open(date(2026, 1, 1), date(2026, 4, 1)),
            kind=kind,
            amount=amount,
            reporting_amount=amount,
            currency="EUR",
            recorded_at=AT,
            reason="Test",
        )
    # Delivered on the 10,000 taken: min(10,000, 40,000 − 25,000) = 10,000. Her base is 30,000, like the others'.
    assert people(a_plan(flat, "90000", quarter_weights=[1])) == (D(30_000), D(30_000), D(30_000))


def test_nobody_is_above_a_stretch_of_their_own_spread(flat: Cast) -> None:
    bring(flat, ana=[10_000, 12_000, 11_000, 13_000], ben=[10_000] * 4, cleo=[40_000] * 4)
    plan = a_plan(flat, "63000", stretch=D(1), tames_outliers=False)
    story = line_story(line(plan, "Ana"))
    assert story is not None
    # Full quarters on the 66 days ahead of 65, 66, 66 and 64: the ceiling is their mean plus one spread.
    assert story.evidence["stretch"] == story.evidence["mean"] + story.evidence["spread"]
    assert line(plan, "Ana").amount <= story.evidence["stretch"]
    assert sum(people(plan)) == D(63_000)
    with pytest.raises(Refused, match=r"ceilings sum to .* \(no one above 1 spreads\) for Cleo, Ana, Ben"):
        a_plan(flat, "900000", stretch=D(1), tames_outliers=False)


def test_infeasible_floors_are_refused_with_who_holds_them(flat: Cast) -> None:
    bring(flat, ana=[30_000], ben=[20_000], cleo=[50_000])
    with pytest.raises(Refused) as told:
        a_plan(flat, "80000", shrink=D(10))
    # Q1 2026 has 64 working days, Q3 66: 90% of 100,000 × 66 ÷ 64.
    assert "The floors sum to 92,812.50, which is 12,812.50 more than the 80,000.00 to share." in told.value.sentence
    assert "at most 10% less than the latest result) for Cleo, Ana, Ben" in told.value.sentence
    assert not Allocation.objects.exists()


def test_a_manager_s_own_line_stays_when_the_rest_follows(flat: Cast) -> None:
    bring(flat, maya=[20_000], ana=[40_000], ben=[40_000], cleo=[100_000])
    plan = a_plan(flat, "200000")
    change_allocation(
        allocation=line(plan, "Ana"), amount=D(50_000), reason="Patch", rule="spread", by=login(flat.maya), at=AT
    )
    assert (amounts(plan)["Maya"], amounts(plan)["Ben"]) == (D(20_000), D(30_000))
    set_hedge(allocation=line(plan, "North"), amount=D(3_000), reason="Cover", by=login(flat.maya), at=AT)
    assert (amounts(plan)["Maya"], amounts(plan)["Ben"], amounts(plan)["North"]) == (D(20_000), D(33_000), D(100_000))


def test_the_same_target_cut_by_territory_comes_to_the_whole(flat: Cast) -> None:
    east, west = Territory.objects.create(name="East"), Territory.objects.create(name="West")
    Posting.objects.filter(person=flat.ana).update(territory=east)
    Posting.objects.filter(person=flat.cleo).update(territory=west)
    bring(flat, ana=[30_000], ben=[20_000], cleo=[50_000])
    plan = a_plan(flat, "100000.01")
    parts = {part.name: part.amount for part in plan.slices.filter(cut="territory")}
    assert parts == {"East": D("30000.00"), "West": D("50000.01"), "None named": D("20000.00")}
    assert set(past_by_cut(plan, as_of=ON)) == {"territory"}
