"""Repeat business: rhythm, what is bought together, suggestions that become tasks and are measured."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sales import analysis
from sales.models import Account, Contact, Contract, Deal, Feedback, Order, OrderLine, Product, Recommendation, Task
from sales.selectors import repeat
from sales.services import recommendations
from sales.services.orders import book_order
from salesmgmt.lib.refusals import Refused
from tests.cast import Cast
from tests.sales.test_pages import signed_in

AT = datetime(2026, 7, 1, 2, 0, tzinfo=UTC)
ON = date(2026, 7, 1)

UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

# ── Arithmetic ──────────────────────────────────────────────────────────────────────────────────────────────────


def bought(*days: int) -> list[tuple[int, date]]:
    """One account, order days so many days before the first of July."""
    return [(7, ON - timedelta(days=day)) for day in days]


def test_the_rhythm_of_gaps_of_10_20_and_60_days() -> None:
    # Gaps 10, 20, 60: the middle is 20; 80 % lies at position 1.6 of 0..2: 20 + 0.6 × 40 = 44.
    rhythm = analysis.rhythms(bought(110, 100, 80, 20), ON)[7]
    assert (rhythm.orders, rhythm.median, rhythm.p80, rhythm.since) == (4, 20.0, pytest.approx(44.0), 20)
    assert not rhythm.is_overdue
    later = analysis.rhythms(bought(110, 100, 80, 20), ON + timedelta(days=25))[7]
    assert (later.since, later.is_overdue) == (45, True)


@UNHURRIED
@given(st.lists(st.integers(0, 900), min_size=1), st.sampled_from([0.0, 0.5, 0.8, 1.0]))
def test_a_quantile_is_numpys(values: list[int], share: float) -> None:
    assert analysis.quantile(sorted(values), share) == pytest.approx(np.quantile(values, share))


def test_fewer_than_three_order_days_have_no_rhythm() -> None:
    rhythm = analysis.rhythms(bought(400, 300, 300), ON)[7]
    assert (rhythm.orders, rhythm.is_known, rhythm.is_overdue) == (2, False, False)
    assert repeat.rhythm_words(rhythm) == "2 orders: too few for a rhythm"
    assert analysis.rhythms(bought(), ON) == {}


def test_lift_by_hand_on_a_tiny_example() -> None:
    # 20 accounts. A and B: 8 of them, of which 6 also buy C. C: 8 of all. Confidence 6/8, of all 8/20: lift 1.875.
    held = np.zeros((20, 3), dtype=bool)
    held[:8, [0, 1]] = True  # A and B
    held[8:12, 0] = True  # A alone
    held[12:16, 1] = True  # B alone
    held[[0, 1, 2, 3, 4, 5, 18, 19], 2] = True  # C
    rules = {(rule.given, rule.then): rule for rule in analysis.find_rules(held)}
    pair = rules[(0, 1), 2]
    assert (pair.given_count, pair.both_count, pair.then_count, pair.total) == (8, 6, 8, 20)
    assert (pair.confidence, pair.lift) == (0.75, 1.875)
    assert ((0,), 2) not in rules  # 6 of 12 against 8 of 20: lift 1.25
    offered = analysis.offers(held, [pair], most=3)
    assert offered == {6: [pair], 7: [pair]}  # A and B without C


def _held(rows: list[int]) -> Any:
    return np.array([[row >> product & 1 for product in range(7)] for row in rows], dtype=bool).reshape(-1, 7)


# Few patterns, each of many accounts: what is bought together by chance alone is seldom enough.
MATRICES = (
    st.lists(st.integers(0, 127), min_size=1, max_size=4)
    .flatmap(lambda patterns: st.lists(st.sampled_from([0, *patterns]), max_size=40))
    .map(_held)
)


@UNHURRIED
@given(MATRICES)
def test_every_rule_counts_what_is_there_and_none_is_missed(held: Any) -> None:
    rules = analysis.find_rules(held)
    baskets = [frozenset(np.flatnonzero(row).tolist()) for row in held]
    many = Counter(product for basket in baskets for product in basket)

    def count(wanted: set[int]) -> int:
        return sum(wanted <= basket for basket in baskets)

    for rule in rules:
        assert rule.then not in rule.given
        assert rule.given_count == count({*rule.given})
        assert rule.both_count == count({*rule.given, rule.then}) >= analysis.LEAST_SUPPORT
        assert (rule.then_count, rule.total) == (many[rule.then], len(baskets))
        assert rule.lift > analysis.LEAST_LIFT
    found = {(rule.given, rule.then): rule for rule in rules}
    lifts = {key: rule.lift for key, rule in found.items()}
    for first, then in ((a, b) for a in many for b in many if a != b):
        both, given_ = count({first, then}), many[first]
        strong = both >= 5 and both * len(baskets) > Decimal("1.5") * given_ * many[then]
        assert (((first,), then) in found) == strong
    for first, second in combinations(sorted(many), 2):
        for then in set(many) - {first, second}:
            both, given_ = count({first, second, then}), count({first, second})
            strong = both >= 5 and both * len(baskets) > Decimal("1.5") * given_ * many[then]
            if strong and ((first, second), then) not in found:
                alone = max(lifts.get(((one,), then), 0) for one in (first, second))
                assert both * len(baskets) / given_ / many[then] <= alone * (1 + 1e-12)


@UNHURRIED
@given(MATRICES, st.integers(1, 3))
def test_nobody_is_offered_what_they_buy_or_more_than_was_asked_for(held: Any, most: int) -> None:
    for row, rules in analysis.offers(held, analysis.find_rules(held), most=most).items():
        assert 0 < len(rules) <= most
        assert len({rule.then for rule in rules}) == len(rules)
        for rule in rules:
            assert not held[row, rule.then]
            assert held[row, list(rule.given)].all()


# ── Suggestions ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def brandt(cast: Cast) -> Account:
    return Account.objects.create(name="Brandt Optik", owner=cast.ana, industry="Water")


@pytest.fixture
def probe(cast: Cast) -> Product:
    return Product.objects.create(name="Probe", family="Analysis")


def order(account: Account, days_ago: int, product: Product | None = None, **more: Any) -> Order:
    return book_order(
        owner=account.owner, account=account, product=product, amount=Decimal(100),
        ordered_on=ON - timedelta(days=days_ago), by=None, at=AT + timedelta(days=366), **more,
    )  # fmt: skip


def refresh(day: date = ON) -> dict[str, int]:
    return recommendations.refresh_recommendations(day=day, at=AT + (day - ON))


def test_what_is_bought_comes_from_orders_their_lines_and_won_deals(
    brandt: Account, probe: Product, cast: Cast
) -> None:
    pump = Product.objects.create(name="Pump")
    first = order(brandt, 30, probe)
    OrderLine.objects.create(order=first, product=pump, amount=1)
    OrderLine.objects.create(order=first, product=Product.objects.create(name="Gone"), amount=1, withdrawn_at=AT)
    cancelled = order(brandt, 20, pump)
    Order.objects.filter(pk=cancelled.pk).update(cancelled_on=ON)
    stage = Deal._meta.get_field("stage").related_model.objects.first()
    Deal.objects.create(
        name="D", owner=cast.ana, account=brandt, product=probe, stage=stage, status="won", currency="EUR",
        opened_on=ON, closed_on=ON - timedelta(days=5),
    )  # fmt: skip
    assert sorted((row.product, (ON - row.on).days) for row in repeat.purchases(ON)) == sorted(
        [(probe.pk, 30), (pump.pk, 30), (probe.pk, 5)]
    )


def test_an_account_overdue_by_its_own_rhythm_is_suggested_once(brandt: Account, cast: Cast) -> None:
    for days in (140, 110, 80, 50):
        order(brandt, days)
    assert refresh(ON - timedelta(days=25))["made"] == 0
    assert refresh() | {"measured": 0} == {"made": 1, "expired": 0, "changed": 0, "measured": 0, "thanks": 0}
    row = Recommendation.objects.get()
    assert (row.kind, row.account, row.owner, row.product) == ("reorder", brandt, cast.ana, None)
    assert row.sentence == (
        "Orders about every 30 days (4 orders, four of five gaps within 30 days); the last was on 12 May 2026."
    )
    again = refresh(ON + timedelta(days=1))
    assert (again["made"], again["changed"], again["expired"]) == (0, 0, 0)


def test_a_suggestion_expires_once_the_records_no_longer_make_it(brandt: Account) -> None:
    for days in (140, 110, 80, 50):
        order(brandt, days)
    refresh()
    order(brandt, -1)
    assert refresh(ON + timedelta(days=1))["expired"] == 1
    row = Recommendation.objects.get()
    assert row.state == "expired"
    assert row.order is not None  # let pass, and yet followed by an order


def test_what_is_overdue_of_one_product_is_suggested_where_the_account_is_not(brandt: Account, probe: Product) -> None:
    for days in (140, 110, 80):
        order(brandt, days, probe)
    for days in range(0, 75, 15):
        order(brandt, days)
    refresh()
    assert Recommendation.objects.get().product == probe


def test_what_alike_accounts_buy_is_said_with_its_counts(cast: Cast, brandt: Account, probe: Product) -> None:
    """16 Water accounts: 7 with Probe, of which 6 buy Pump, as do 6 of all. Lift (6/7) ÷ (6/16) = 2.3."""
    pump, valve = Product.objects.create(name="Pump"), Product.objects.create(name="Valve")
    for number in range(15):
        other = Account.objects.create(name=f"W {number}", owner=cast.ana, industry="water")
        for product in (probe, pump) if number < 6 else (valve,):
            order(other, 10, product)
    for number in range(20):
        order(Account.objects.create(name=f"P {number}", owner=cast.ana, industry="Paper"), 10, pump)
    order(brandt, 10, probe)
    refresh()
    row = Recommendation.objects.get()
    assert (row.account, row.kind, row.product) == (brandt, "cross_sell", pump)
    assert row.sentence == (
        "Of 7 accounts of the same industry (Water) that buy Probe, 6 also buy Pump; of all 16, 38 %: lift 2.3."
    )
    assert row.evidence == {
        "given": [probe.pk],
        "given_count": 7,
        "both_count": 6,
        "then_count": 6,
        "total": 16,
        "lift": 2.29,
    }


def test_a_contract_near_its_notice_is_to_be_renewed(brandt: Account) -> None:
    contract = Contract.objects.create(
        account=brandt, number="C-1", starts_on=date(2025, 1, 1), ends_on=date(2026, 12, 31), currency="EUR",
        notice_on=date(2026, 9, 30), renew_days_before=90, signed_on=date(2025, 1, 1),
    )  # fmt: skip
    Contract.objects.create(  # never signed: nothing is to be renewed
        account=brandt, number="C-2", starts_on=date(2025, 1, 1), ends_on=date(2026, 9, 30), currency="EUR"
    )
    assert refresh(date(2026, 7, 1))["made"] == 0
    assert refresh(date(2026, 7, 2))["made"] == 1
    row = Recommendation.objects.get()
    assert row.sentence == "C-1 is to be renewed. Notice can be given until 30 Sep 2026; no renewal is open."
    draft = Contract.objects.create(account=brandt, starts_on=date(2026, 8, 1), currency="EUR", amends=contract)
    assert refresh(date(2026, 8, 1))["expired"] == 0, "an amendment replaces it once it is signed"
    draft.signed_on = date(2026, 8, 1)
    draft.save()
    assert refresh(date(2026, 8, 2))["expired"] == 1


@pytest.mark.parametrize(
    ("birthday", "day", "said"),
    [
        (date(1980, 7, 15), ON, "15 Jul"),
        (date(1980, 7, 16), ON, None),
        (date(1980, 6, 30), ON, None),
        (date(1980, 1, 2), date(2026, 12, 30), "2 Jan"),
        (date(1980, 2, 29), date(2026, 2, 20), "1 Mar"),
        (date(1980, 2, 29), date(2028, 2, 20), "29 Feb"),
    ],
)
def test_birthdays_of_the_next_two_weeks(brandt: Account, birthday: date, day: date, said: str | None) -> None:
    Contact.objects.create(name="Marta", account=brandt, birthday=birthday)
    Contact.objects.create(name="Nadia", account=brandt, birthday=birthday, is_not_to_be_contacted=True)
    refresh(day)
    gift = "a small gift may be worth up to 50.00 EUR (given this year: 0.00 of 50.00)"
    assert list(Recommendation.objects.values_list("sentence", flat=True)) == (
        [f"Marta has a birthday on {said}; {gift}."] if said else []
    )


def test_a_happy_customer_is_suggested_to_be_asked(brandt: Account) -> None:
    Feedback.objects.create(account=brandt, kind="nps", score=10, given_on=ON)
    refresh()
    assert Recommendation.objects.get().sentence == (
        "Brandt Optik would recommend us with 10 of 10 (1 Jul): ask whom else we should know."
    )


def suggested(account: Account, **more: Any) -> Recommendation:
    said = {"account": account, "owner": account.owner, "kind": "reorder", "sentence": "Orders …", "made_on": ON}
    return Recommendation.objects.create(**(said | more))


def test_taken_it_is_a_task_and_is_not_made_again_for_a_while(cast: Cast, brandt: Account) -> None:
    for days in (140, 110, 80, 50):
        order(brandt, days)
    refresh()
    row = Recommendation.objects.get()
    task = recommendations.take_recommendation(recommendation=row, by=cast.ana.user, at=AT, on=ON)
    assert (task.owner, task.source, task.account) == (cast.ana, "recommendation", brandt)
    assert task.text == "Ask Brandt Optik about their next order"
    with pytest.raises(Refused, match="taken already"):
        recommendations.take_recommendation(recommendation=row, by=cast.ana.user, at=AT, on=ON)
    assert refresh(ON + timedelta(days=59))["made"] == 0
    assert refresh(ON + timedelta(days=61))["made"] == 1


def test_the_first_order_within_ninety_days_is_what_it_led_to(cast: Cast, brandt: Account, probe: Product) -> None:
    taken, dismissed, product_bound, late = (
        suggested(brandt),
        suggested(brandt, kind="birthday"),
        suggested(brandt, kind="cross_sell", product=probe),
        suggested(brandt, kind="renewal"),
    )
    recommendations.take_recommendation(recommendation=taken, by=cast.ana.user, at=AT, on=ON)
    recommendations.dismiss_recommendation(recommendation=dismissed, by=cast.ana.user, at=AT)
    recommendations.take_recommendation(recommendation=product_bound, by=cast.ana.user, at=AT, on=ON)
    Recommendation.objects.filter(pk=late.pk).update(
        state="taken", decided_at=AT - timedelta(days=120), made_on=ON - timedelta(days=120)
    )
    order(brandt, 10)
    first = order(brandt, -20)
    order(brandt, -30)
    of_product = order(brandt, -40, probe)
    recommendations.measure_recommendations(day=ON + timedelta(days=19))
    assert not Recommendation.objects.filter(order__isnull=False).exists()
    for _ in range(2):
        recommendations.measure_recommendations(day=ON + timedelta(days=90))
    answers = {row.kind: row.order for row in Recommendation.objects.select_related("order")}
    assert answers == {"reorder": first, "birthday": first, "cross_sell": of_product, "renewal": None}
    measured = {row.kind: row for row in repeat.measured(cast.ana.user, ON + timedelta(days=91))}
    reorder, birthday = measured["reorder"], measured["birthday"]
    assert (reorder.made, reorder.taken.ripe, reorder.taken.ordered, reorder.taken.amount) == (1, 1, 1, 100)
    assert (birthday.dismissed, birthday.left.ordered, birthday.left.amount) == (1, 1, 100)
    assert reorder.verdict == "too little to tell"
    assert {row.kind: row.taken.ripe for row in repeat.measured(cast.ana.user, ON + timedelta(days=30))}["reorder"] == 0


@pytest.mark.parametrize(
    ("taken", "left", "verdict"),
    [
        ((19, 19), (500, 5), "too little to tell"),
        ((100, 60), (100, 20), "more orders where taken"),
        ((100, 31), (100, 30), "no clear difference"),
        ((100, 10), (100, 60), "fewer orders where taken"),
    ],
)
def test_a_difference_is_called_one_only_where_it_is(taken: Any, left: Any, verdict: str) -> None:
    arms = [repeat.Arm(count=ripe, ripe=ripe, ordered=ordered) for ripe, ordered in (taken, left)]
    assert repeat.Measured("reorder", "R", 0, 0, arms[0], 0, 0, arms[1]).verdict == verdict


# ── Pages and API ───────────────────────────────────────────────────────────────────────────────────────────────


def test_one_tap_makes_the_task_and_a_second_does_nothing(cast: Cast, brandt: Account) -> None:
    row, other = suggested(brandt), suggested(brandt, kind="birthday")
    client = signed_in(cast.ana)
    said = {"idempotency_key": "k", "back": f"/accounts/{brandt.pk}/"}
    answers = [client.post(f"/repeat/{row.pk}/take/", said) for _ in range(2)]
    assert {answer["Location"] for answer in answers} == {f"/accounts/{brandt.pk}/"}
    assert Task.objects.count() == 1
    assert client.post(f"/repeat/{other.pk}/dismiss/", {"back": "//evil.example"})["Location"] == "/repeat/"
    late = client.post(f"/repeat/{other.pk}/take/", follow=True).content.decode()
    assert "This was dismissed already." in late
    for who, status in ((cast.cleo, 404), (cast.ben, 404), (cast.vera, 404)):
        assert signed_in(who).post(f"/repeat/{row.pk}/take/").status_code == status
    assert "Orders …" not in signed_in(cast.cleo).get("/repeat/?state=all").content.decode()
    assert "Orders …" in signed_in(cast.maya).get("/repeat/?state=all").content.decode()


def test_the_account_shows_its_rhythm_to_those_whose_it_is(cast: Cast, brandt: Account, probe: Product) -> None:
    for days in (140, 110, 80, 50):
        order(brandt, days, probe)
    refresh()
    found = repeat.of_account(cast.ana.user, brandt, ON)
    assert found.overall.rhythm.is_overdue
    assert [(line.name, line.rhythm.orders) for line in (*found.families, *found.products)] == [
        ("Analysis", 4),
        ("Probe", 4),
    ]
    assert [row.kind for row in found.open] == ["reorder"]
    stranger = repeat.of_account(cast.cleo.user, brandt, ON)
    assert (stranger.overall, stranger.open, stranger.shows_rhythm) == (None, [], False)


def test_suggestions_by_the_api(cast: Cast, brandt: Account) -> None:
    row = suggested(brandt)
    client = signed_in(cast.ana)
    path = f"/api/v1/recommendations/{row.pk}/"
    assert client.get(path).json()["sentence"] == "Orders …"
    taken = client.post(f"{path}take/", {"due_on": "2026-07-09"}, content_type="application/json").json()
    assert (taken["state"], Task.objects.get(pk=taken["task"]).due_on) == ("taken", date(2026, 7, 9))
    assert client.post(f"{path}dismiss/", {}, content_type="application/json").status_code == 409
    for who in (cast.cleo, cast.vera):
        assert signed_in(who).post(f"{path}take/", {}, content_type="application/json").status_code == 404
