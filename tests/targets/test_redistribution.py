"""Redistribution (R8): zero-sum to the cent, by consent, reversible, judged by the original figure."""

import random
from datetime import UTC, date, datetime
from decimal import Decimal as D
from typing import Any

import pytest
from django.db.models import Sum
from hypothesis import given
from hypothesis import strategies as st

from sales.models import Account, Order, Product
from salesmgmt.desk.models import Notice
from salesmgmt.lib.periods import Period
from salesmgmt.lib.ranges import half_open
from salesmgmt.lib.refusals import Refused, Stale
from targets.models import Candidate, Offer, OfferEvent, QuotaEntry, Redistribution
from targets.selectors import Landing, delivered, moved, quota_of, quota_parts, room_by_rule, shared
from targets.selectors.redistribution import fits_of
from targets.services import (
    accept_offer,
    adjust_quota,
    agree_to_offer,
    agree_to_redistribution,
    enter_quota,
    propose_redistribution,
    refuse_offer,
    reverse_offer,
    withdraw_offer,
)
from teams.models import Leadership, Leave, LeaveKind, Person, Posting, User
from teams.services import close_period
from tests.cast import Cast
from tests.targets.test_plan import credit

AT = datetime(2026, 9, 1, 9, tzinfo=UTC)
ON = date(2026, 9, 1)
Q3, Q4 = (date(2026, 7, 1), date(2026, 10, 1)), (date(2026, 10, 1), date(2027, 1, 1))
QUARTER: Any = {"start": Q3[0], "end": Q3[1]}


def give(cast: Cast, person: Person, amount: str, during: tuple[date, date] = Q3) -> None:
    enter_quota(person=person, start=during[0], end=during[1], amount=D(amount), reason="Plan", by=cast.admin, at=AT)


def user(person: Person) -> User:
    assert person.user is not None
    return User.objects.get(pk=person.user.pk)


def landing(quota: str, lands: str) -> Landing:
    return Landing(D(quota), D(0), D(lands))


def rep(cast: Cast, name: str, team: str = "north") -> Person:
    account = User.objects.create(username=name.lower())
    made = Person.objects.create(external_id=f"E-{name}", name=name, user=account, hired_on=date(2024, 1, 1))
    Posting.objects.create(person=made, team=getattr(cast, team), role="rep", during=half_open(date(2024, 1, 1)))
    return made


@pytest.fixture
def dora(cast: Cast) -> Person:
    return rep(cast, "Dora")


@pytest.fixture
def team(cast: Cast, dora: Person) -> dict[int, Landing]:
    """Ben falls 15,000 short of 100,000. Ana lands 20,000 above 100,000, Dora 8,000 above 120,000.

    Ana's room: min(50 % of 20,000, 10 % of 100,000) = 10,000. Dora's: min(4,000, 12,000) = 4,000.
    """
    for person, amount in ((cast.ben, "100000"), (cast.ana, "100000"), (dora, "120000"), (cast.cleo, "100000")):
        give(cast, person, amount)
    return {
        cast.ben.pk: landing("100000", "85000"),
        cast.ana.pk: landing("100000", "120000"),
        dora.pk: landing("120000", "128000"),
        cast.cleo.pk: landing("100000", "150000"),
    }


def opened(cast: Cast, landings: dict[int, Landing], by: Person | None = None, **more: Any) -> Redistribution:
    values: dict[str, Any] = {"giver": cast.ben, "during": Q3, "reason": "Ben’s largest account has frozen its budget"}
    return propose_redistribution(landings=landings, by=user(by or cast.maya), at=AT, on=ON, **{**values, **more})


def offers(made: Redistribution) -> dict[str, D]:
    rows = Offer.objects.filter(candidate__redistribution=made).order_by("pk")
    return {row.candidate.person.name: row.amount for row in rows}


def offer_to(person: Person) -> Offer:
    return Offer.objects.filter(candidate__person=person, state="waiting").latest("pk")


def revised(*people: Person) -> list[D]:
    found = quota_of(person_ids=[one.pk for one in people], revised=True, **QUARTER)
    return [found[one.pk] for one in people]


# ── The arithmetic ──────────────────────────────────────────────────────────────────────────────────────────────


def test_redistribution_by_hand(cast: Cast, dora: Person, team: dict[int, Landing]) -> None:
    made = opened(cast, team)
    # Offered 100,000 − 85,000 = 15,000, room 10,000 + 4,000: 14,000 are offered, 1,000 stays with Ben.
    assert made.amount == 15000
    assert offers(made) == {"Ana": D(10000), "Dora": D(4000)}
    assert revised(cast.ben, cast.ana, dora) == [100000, 100000, 120000]  # nothing moves before they say yes
    accept_offer(offer=offer_to(cast.ana), by=user(cast.ana), at=AT, on=ON)
    refuse_offer(offer=offer_to(dora), by=user(dora), at=AT, on=ON, reason="No room")
    # Ana's room is used up, so Dora's 4,000 stay with Ben: 100,000 − 10,000 = 90,000.
    assert revised(cast.ben, cast.ana, dora) == [90000, 110000, 120000]
    assert moved(person_ids=[cast.ben.pk, cast.ana.pk], **QUARTER) == {cast.ben.pk: D(-10000), cast.ana.pk: D(10000)}
    # Judged by the original figure.
    assert quota_of(person_ids=[cast.ben.pk, cast.ana.pk], **QUARTER) == {
        cast.ben.pk: D(100000), cast.ana.pk: D(100000)
    }  # fmt: skip
    assert quota_parts(person_ids=[cast.ben.pk], **QUARTER) == {cast.ben.pk: {"base": D(100000)}}
    # Ana brings 107,500: 7,500 of the 10,000 she took are delivered.
    assert delivered(taken=D(10000), credited=D(107500), original=D(100000)) == 7500
    assert delivered(taken=D(10000), credited=D(99000), original=D(100000)) == 0
    assert delivered(taken=D(10000), credited=D(140000), original=D(100000)) == 10000


def test_a_smaller_amount_is_shared_in_proportion_to_room(cast: Cast, dora: Person, team: dict[int, Landing]) -> None:
    # 7,000.01 × 10 ÷ 14 = 5,000.007…, × 4 ÷ 14 = 2,000.002…: the cent goes to the larger remainder.
    assert offers(opened(cast, team, amount=D("7000.01"))) == {"Ana": D("5000.01"), "Dora": D("2000.00")}


def test_a_refusal_is_offered_again_in_proportion_to_the_room_left(
    cast: Cast, dora: Person, team: dict[int, Landing]
) -> None:
    opened(cast, team, amount=D(7000))
    refuse_offer(offer=offer_to(dora), by=user(dora), at=AT, on=ON)
    # Ana was asked for 5,000 of her 10,000: Dora's 2,000 fit, and need a yes of their own.
    again = Offer.objects.get(candidate__person=cast.ana, turn=2)
    assert (again.amount, again.state) == (2000, "waiting")
    accept_offer(offer=Offer.objects.get(candidate__person=cast.ana, turn=1), by=user(cast.ana), at=AT, on=ON)
    assert revised(cast.ben, cast.ana) == [95000, 105000]
    refuse_offer(offer=again, by=user(cast.ana), at=AT, on=ON)
    assert not Offer.objects.waiting().exists()
    assert revised(cast.ben, cast.ana) == [95000, 105000]


def test_a_manager_lowers_a_cap_and_never_raises_one(cast: Cast, dora: Person, team: dict[int, Landing]) -> None:
    made = opened(cast, team, caps={cast.ana.pk: D(3000), dora.pk: D(99000)})
    assert offers(made) == {"Ana": D(3000), "Dora": D(4000)}


def test_what_was_taken_before_leaves_less_room(cast: Cast, dora: Person, team: dict[int, Landing]) -> None:
    opened(cast, team, amount=D(7000))
    accept_offer(offer=offer_to(cast.ana), by=user(cast.ana), at=AT, on=ON)
    # Of 15,000 7,000 are taken or asked for; room is left for 5,000 and 2,000.
    made = opened(cast, team)
    assert made.amount == 8000
    assert offers(made) == {"Ana": D(5000), "Dora": D(2000)}


def test_the_same_team_or_territory_comes_first_where_chosen(cast: Cast, team: dict[int, Landing]) -> None:
    assert offers(opened(cast, team, by=cast.vera, prefer="team", amount=D(14500))) == {
        "Ana": D(10000), "Dora": D(4000), "Cleo": D(500)
    }  # fmt: skip


def test_who_has_sold_the_same_comes_first_where_chosen(cast: Cast, dora: Person, team: dict[int, Landing]) -> None:
    """Ben sold 3,000 of Pumps to Mining and 1,000 of Valves to Food. Dora has sold Pumps, to Food: (75 % + 25 %) ÷ 2.
    Ana sold Valves to Rail: (25 % + 0 %) ÷ 2."""
    for person, amount, family, industry in (
        (cast.ben, 3000, "Pumps", "Mining"),
        (cast.ben, 1000, "Valves", "Food"),
        (dora, 10, "Pumps", "Food"),
        (cast.ana, 90_000, "Valves", "Rail"),
    ):
        credit(person, date(2026, 3, 2), amount)
        Order.objects.filter(pk=Order.objects.latest("pk").pk).update(
            product=Product.objects.create(name=f"{family} for {person}", family=family),
            account=Account.objects.create(name=f"{industry} of {person}", industry=industry),
        )
    assert fits_of(cast.ben, [cast.ana.pk, dora.pk, cast.cleo.pk], ON) == {
        cast.ana.pk: D("0.125"), dora.pk: D("0.5"), cast.cleo.pk: D(0),
    }  # fmt: skip
    assert offers(opened(cast, team, amount=D(3000), prefer="sold")) == {"Dora": D(3000)}


@pytest.mark.parametrize("what", ["off track", "ramping", "away"])
def test_only_who_is_on_track_there_and_past_the_ramp_is_asked(cast: Cast, team: dict[int, Landing], what: str) -> None:
    from targets.models import RampProfile, RampStep

    if what == "off track":
        team[cast.ana.pk] = landing("100000", "99999.99")
    elif what == "ramping":
        profile = RampProfile.objects.create(name="Slow")
        RampStep.objects.create(profile=profile, month=33, percent=90)
        Posting.objects.filter(person=cast.ana).update(ramp="Slow")
    else:
        kind = LeaveKind.objects.get(key="vacation")
        Leave.objects.create(person=cast.ana, kind=kind, during=half_open(ON, date(2026, 9, 5)))
    assert offers(opened(cast, team)) == {"Dora": D(4000)}


def test_to_a_later_period_one_may_take_it_on_oneself(cast: Cast, team: dict[int, Landing]) -> None:
    give(cast, cast.ben, "110000", Q4)
    give(cast, cast.ana, "110000", Q4)
    later = {cast.ben.pk: landing("110000", "100000"), cast.ana.pk: landing("110000", "112000")}
    made = opened(cast, later, to=Q4, giver_landing=team[cast.ben.pk], caps={cast.ben.pk: D(14000)})
    # Ben may defer up to 14,000, Ana has room for 1,000: 15,000 in all.
    assert offers(made) == {"Ana": D(1000), "Ben": D(14000)}
    accept_offer(offer=offer_to(cast.ben), by=user(cast.ben), at=AT, on=ON)
    assert revised(cast.ben) == [86000]
    assert quota_of(person_ids=[cast.ben.pk], start=Q4[0], end=Q4[1], revised=True) == {cast.ben.pk: D(124000)}
    assert QuotaEntry.objects.filter(kind="redistribution").aggregate(total=Sum("amount"))["total"] == 0


# ── Who may ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_nobody_consents_for_somebody_else(cast: Cast, dora: Person, team: dict[int, Landing]) -> None:
    opened(cast, team)
    for other in (cast.ben, dora, cast.maya, cast.vera, cast.omar):
        with pytest.raises(Refused, match="for somebody else"):
            accept_offer(offer=offer_to(cast.ana), by=user(other), at=AT, on=ON)
    with pytest.raises(Refused, match="for somebody else"):
        accept_offer(offer=offer_to(cast.ana), by=cast.admin, at=AT, on=ON)
    with pytest.raises(Refused, match="Only who is asked refuses"):
        refuse_offer(offer=offer_to(cast.ana), by=user(cast.maya), at=AT, on=ON)


def test_nobody_shares_out_their_own_quota_or_that_of_another_team(cast: Cast, team: dict[int, Landing]) -> None:
    with pytest.raises(Refused, match="their own quota"):
        opened(cast, team, by=cast.ben)
    with pytest.raises(Refused, match="Only who leads Ben"):
        opened(cast, team, by=cast.omar)
    opened(cast, team)
    for other in (cast.ana, cast.ben):
        with pytest.raises(Refused, match="ask your manager"):
            withdraw_offer(offer=offer_to(cast.ana), reason="", by=user(other), at=AT, on=ON)


def test_where_nobody_leads_nobodys_agreement_is_waited_for(cast: Cast, team: dict[int, Landing]) -> None:
    Leadership.objects.all().delete()
    short = {cast.ben.pk: landing("100000", "84999.995"), cast.cleo.pk: team[cast.cleo.pk]}
    made = opened(cast, short, by=cast.olga)
    assert made.amount == D("15000.01")  # half away from zero
    accept_offer(offer=offer_to(cast.cleo), by=user(cast.cleo), at=AT, on=ON)
    assert revised(cast.ben, cast.cleo) == [90000, 110000]


def test_across_teams_both_managers_agree(cast: Cast, team: dict[int, Landing]) -> None:
    made = opened(cast, {cast.ben.pk: team[cast.ben.pk], cast.cleo.pk: team[cast.cleo.pk]}, by=cast.vera)
    offer = offer_to(cast.cleo)
    accept_offer(offer=offer, by=user(cast.cleo), at=AT, on=ON)
    with pytest.raises(Refused, match="Only the manager of who is asked"):
        agree_to_offer(offer=offer, by=user(cast.maya), at=AT, on=ON)
    with pytest.raises(Refused, match="Only the giver’s manager"):
        agree_to_redistribution(redistribution=made, by=user(cast.omar), at=AT, on=ON)
    agree_to_offer(offer=offer, by=user(cast.omar), at=AT, on=ON)
    assert revised(cast.ben, cast.cleo) == [100000, 100000]
    agree_to_redistribution(redistribution=made, by=user(cast.maya), at=AT, on=ON)
    assert revised(cast.ben, cast.cleo) == [90000, 110000]


def test_who_is_asked_is_not_told_whose_shortfall_it_is(cast: Cast, team: dict[int, Landing]) -> None:
    made = opened(cast, team)
    accept_offer(offer=offer_to(cast.ana), by=user(cast.ana), at=AT, on=ON)
    ana = user(cast.ana)
    assert not Redistribution.objects.visible_to(ana).exists()
    seen = QuotaEntry.objects.visible_to(ana).filter(kind="redistribution")
    assert [(one.person, one.by, "Ben" in one.reason) for one in seen] == [(cast.ana, ana, False)]
    assert not any("Ben" in notice.text for notice in Notice.objects.filter(user=ana))
    assert [one.candidate.person for one in Offer.objects.visible_to(ana)] == [cast.ana]
    assert not Redistribution.objects.visible_to(user(cast.ben)).exists()
    assert not Offer.objects.visible_to(user(cast.ben)).exists()
    assert list(Redistribution.objects.visible_to(user(cast.maya))) == [made]
    reverse_offer(offer=Offer.objects.get(state="counted"), reason="Ben is back", by=user(cast.maya), at=AT, on=ON)
    back = QuotaEntry.objects.visible_to(ana).filter(kind="redistribution", amount__lt=0).get()
    assert (back.by, back.reason) == (None, "Taken back")


def test_whoever_leads_the_giver_is_never_asked(cast: Cast, team: dict[int, Landing]) -> None:
    give(cast, cast.maya, "50000")
    team[cast.maya.pk] = landing("50000", "90000")
    made = opened(cast, team, by=cast.vera)
    assert "Maya" not in offers(made)


def test_a_manager_with_a_personal_quota_counts_once(cast: Cast) -> None:
    give(cast, cast.maya, "50000")
    give(cast, cast.ana, "100000")
    assert quota_of(team_ids=[cast.north.pk], **QUARTER) == {cast.north.pk: D(150000)}


# ── Periods, races, reversal ────────────────────────────────────────────────────────────────────────────────────


def test_past_periods_are_refused_and_closed_days_keep_what_they_carry(cast: Cast, team: dict[int, Landing]) -> None:
    with pytest.raises(Refused, match="This period is over"):
        propose_redistribution(
            giver=cast.ben, during=Q3, landings=team, reason="Late", by=user(cast.maya), at=AT, on=Q3[1]
        )
    opened(cast, team)
    offer = offer_to(cast.ana)
    with pytest.raises(Refused, match="This period is over"):
        accept_offer(offer=offer, by=user(cast.ana), at=AT, on=Q3[1])
    close_period(key="2026-07", by=cast.admin, at=AT, reason="Done")
    accept_offer(offer=offer, by=user(cast.ana), at=AT, on=ON)
    assert revised(cast.ben, cast.ana) == [100000 - offer.amount, 100000 + offer.amount]
    july: Any = {"start": Q3[0], "end": date(2026, 8, 1), "person_ids": [cast.ben.pk, cast.ana.pk]}
    assert quota_of(**july, revised=True) == quota_of(**july)
    for key in ("2026-08", "2026-09"):
        close_period(key=key, by=cast.admin, at=AT, reason="Done")
    with pytest.raises(Refused, match="2026-07 is closed"):
        opened(cast, team)
    offer.refresh_from_db()
    with pytest.raises(Refused, match="2026-07 is closed"):
        reverse_offer(offer=offer, reason="No", by=user(cast.maya), at=AT, on=ON)


def test_an_answer_counts_once(cast: Cast, team: dict[int, Landing]) -> None:
    opened(cast, team)
    offer = offer_to(cast.ana)
    accept_offer(offer=offer, by=user(cast.ana), at=AT, on=ON, version=1)
    with pytest.raises(Stale):
        accept_offer(offer=offer, by=user(cast.ana), at=AT, on=ON, version=1)
    with pytest.raises(Refused, match="settled already: taken on"):
        accept_offer(offer=offer, by=user(cast.ana), at=AT, on=ON)
    with pytest.raises(Refused, match="settled already: taken on"):
        refuse_offer(offer=offer, by=user(cast.ana), at=AT, on=ON)
    assert revised(cast.ben, cast.ana) == [90000, 110000]


def test_what_was_taken_on_is_taken_back_by_entries_that_name_what_they_reverse(
    cast: Cast, team: dict[int, Landing]
) -> None:
    opened(cast, team)
    accept_offer(offer=offer_to(cast.ana), by=user(cast.ana), at=AT, on=ON)
    counted = Offer.objects.get(state="counted")
    for other in (cast.ana, cast.ben, cast.omar):
        with pytest.raises(Refused):
            reverse_offer(offer=counted, reason="No", by=user(other), at=AT, on=ON)
    with pytest.raises(Refused, match="Say why"):
        reverse_offer(offer=counted, reason=" ", by=user(cast.maya), at=AT, on=ON)
    reverse_offer(offer=counted, reason="Ben’s account came back", by=user(cast.maya), at=AT, on=ON)
    with pytest.raises(Refused, match="taken back"):
        reverse_offer(offer=counted, reason="Again", by=user(cast.maya), at=AT, on=ON)
    assert revised(cast.ben, cast.ana) == [100000, 100000]
    backs = QuotaEntry.objects.filter(reverses__isnull=False).order_by("pk")
    assert [(one.person, one.amount, one.reverses.amount) for one in backs if one.reverses] == [
        (cast.ben, 10000, -10000), (cast.ana, -10000, 10000)
    ]  # fmt: skip


def test_plan_and_revised_stand_side_by_side_after_a_restated_quota(cast: Cast, team: dict[int, Landing]) -> None:
    opened(cast, team)
    accept_offer(offer=offer_to(cast.ana), by=user(cast.ana), at=AT, on=ON)
    adjust_quota(
        person=cast.ben, period=Period.parse("2026-Q3"), amount=D(95000), reason="Budget frozen", by=user(cast.maya),
        at=AT,
    )  # fmt: skip
    assert quota_of(person_ids=[cast.ben.pk], **QUARTER) == {cast.ben.pk: D(95000)}
    assert revised(cast.ben) == [85000]


# ── Properties ──────────────────────────────────────────────────────────────────────────────────────────────────

money = st.decimals(0, 1_000_000, places=2)


@given(total=money, rooms=st.lists(st.tuples(st.integers(0, 2), money), max_size=8))
def test_shares_fit_the_rooms_and_leave_only_what_has_none(total: D, rooms: list[tuple[int, D]]) -> None:
    found = shared(total, [(key, tier, room) for key, (tier, room) in enumerate(rooms)])
    assert all(0 < amount <= rooms[key][1] for key, amount in found.items())
    assert sum(found.values(), D(0)) == min(total, sum((room for _, room in rooms), D(0)))


@given(quota=money, lands=money)
def test_room_keeps_both_bounds(quota: D, lands: D) -> None:
    room = room_by_rule(Landing(quota, D(0), lands))
    assert 0 <= room <= quota / 10
    assert room == 0 or room <= (lands - quota) / 2


@pytest.mark.parametrize("seed", range(8))
def test_whatever_the_order_it_is_zero_sum_and_caps_hold(cast: Cast, seed: int) -> None:
    rng = random.Random(seed)
    people = [cast.ana, cast.ben, cast.cleo, rep(cast, "Dora"), rep(cast, "Emil", "south"), rep(cast, "Fay", "south")]
    landings = {}
    for person in people:
        quota = D(rng.randrange(1_000_00, 200_000_00)).scaleb(-2)
        give(cast, person, str(quota))
        landings[person.pk] = Landing(quota, D(0), (quota * D(rng.randrange(50, 160)) / 100).quantize(D("0.01")))
    managers = {cast.north.pk: cast.maya, cast.south.pk: cast.omar}
    everybody = [*people, cast.maya, cast.omar, cast.vera]

    def attempt(act: Any) -> None:
        try:
            act()
        except Refused:
            return

    for _ in range(40):
        by = rng.choice([cast.maya, cast.omar, cast.vera, cast.vera])
        open_ones = list(Offer.objects.select_related("candidate__person", "candidate__redistribution"))
        if not open_ones or rng.random() < 0.2:
            giver = rng.choice(people)
            attempt(lambda giver=giver, by=by: opened(cast, landings, giver=giver, by=by))
            continue
        offer = rng.choice(open_ones)
        one, who = offer.candidate, user(rng.choice(everybody))
        leads = user(managers[one.team_id])
        common: dict[str, Any] = {"offer": offer, "at": AT, "on": ON}
        act = rng.choice(
            [
                lambda c=common, p=one.person: accept_offer(by=user(p), **c),
                lambda c=common, p=one.person: accept_offer(by=user(p), **c),
                lambda c=common, w=who: accept_offer(by=w, **c),
                lambda c=common, p=one.person: refuse_offer(by=user(p), **c),
                lambda c=common, m=leads: agree_to_offer(by=m, **c),
                lambda c=common, w=who: withdraw_offer(by=w, reason="x", **c),
                lambda c=common, w=who: reverse_offer(by=w, reason="x", **c),
                lambda r=one.redistribution: agree_to_redistribution(
                    redistribution=r, by=user(managers[r.team_id]), at=AT, on=ON
                ),
            ]
        )
        attempt(act)
        ledger = QuotaEntry.objects.filter(kind="redistribution")
        assert (ledger.aggregate(total=Sum("reporting_amount"))["total"] or 0) == 0
        for candidate in Candidate.objects.all():
            asked = candidate.offers.filter(state__in=["waiting", "counted"]).aggregate(total=Sum("amount"))["total"]
            assert (asked or 0) <= candidate.cap <= candidate.room <= room_by_rule(landings[candidate.person_id])
        held = moved(person_ids=[person.pk for person in people], **QUARTER)
        for person in people:
            mine = landings[person.pk]
            assert held.get(person.pk, D(0)) <= room_by_rule(mine)
            assert -held.get(person.pk, D(0)) <= max(mine.quota - mine.landing, D(0))
        for event in OfferEvent.objects.filter(kind="accepted"):
            assert event.by == event.offer.candidate.person.user
