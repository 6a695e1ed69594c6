"""What goals in other measures rest on: margin on costs, satisfaction and promised days on answers and deliveries."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal as D

import pytest

from sales.models import Account, Credit, Feedback, Order, OrderLine, Product
from salesmgmt.lib.periods import Period
from salesmgmt.lib.ranges import half_open
from salesmgmt.lib.refusals import Refused
from targets.models import Plan, QuotaEntry
from targets.selectors import company_results, so_far, story
from targets.selectors.past import results
from targets.services import (
    LineEdit,
    announce,
    change_allocation,
    change_allocations,
    make_plan,
    propose_allocation,
    publish_plan,
)
from teams.models import ExchangeRate, Organisation, Person, Team
from tests.cast import Cast
from tests.exchange.test_kinds import reasons, take
from tests.targets.letters import signed_in, text_of
from tests.targets.test_plan import credit

AT = datetime(2026, 6, 20, 9, tzinfo=UTC)
Q2, Q3 = Period.parse("2026-Q2"), Period.parse("2026-Q3")
MAY = date(2026, 5, 4)
RANGE = [(Q2.start, Q2.end)]


def order_of(person: Person) -> Order:
    return Order.objects.filter(owner=person).latest("pk")


def test_margin_is_what_credits_leave_after_the_cost_of_lines_and_products(cast: Cast) -> None:
    pump = Product.objects.create(name="Pump", currency="EUR", unit_cost=D("60"))
    dollars = Product.objects.create(name="Valve", currency="USD", unit_cost=D("60"))
    credit(cast.ana, MAY, 1000)  # 5 × (100 − 60) by the product and 500 − 5 × 80 by the line: 300 of 1,000
    for product, cost in ((pump, None), (dollars, D(80))):
        OrderLine.objects.create(order=order_of(cast.ana), product=product, quantity=5, unit_cost=cost, amount=500)
    credit(cast.ben, MAY, 1000)  # 10 × (100 − 60): 400 of 1,000, by the order's own product
    Order.objects.filter(pk=order_of(cast.ben).pk).update(product=pump, quantity=10)
    credit(cast.cleo, MAY, 1000)  # nothing known: the 35 % that others leave
    found = results("margin", RANGE)
    assert found == {cast.ana.pk: [300_00], cast.ben.pk: [400_00], cast.cleo.pk: [350_00]}
    assert company_results("margin", RANGE) == [D(1050)]


def test_without_any_cost_margin_follows_bookings(cast: Cast) -> None:
    credit(cast.ana, MAY, 1000)
    assert results("margin", RANGE) == {cast.ana.pk: [1000_00]}
    assert Credit.objects.count() == 1


def answers(cast: Cast, person: Person, *scores: int) -> None:
    account = Account.objects.create(name=f"Of {person}", owner=person)
    for score in scores:
        Feedback.objects.create(account=account, kind="csat", score=score, given_on=MAY)


def of_levels(cast: Cast, measure: str, amount: str) -> Plan:
    Team.objects.filter(pk=cast.south.pk).update(department="service")
    plan = make_plan(name="Level", period=Q3, amount=D(amount), measure=measure, by=cast.admin, at=AT)
    propose_allocation(plan=plan, by=cast.admin, at=AT, on=Q3.start)
    return plan


def test_satisfaction_is_the_share_of_customers_who_gave_a_four_or_five(cast: Cast) -> None:
    answers(cast, cast.cleo, 5, 4, 3, 1)
    answers(cast, cast.ana, 5)
    own = {"account": Account.objects.latest("pk"), "owner": cast.cleo, "kind": "csat", "score": 5, "given_on": MAY}
    Feedback.objects.create(**own, recorded_by=cast.cleo.user)
    Feedback.objects.create(**own, owner_had_link=True)
    plan = of_levels(cast, "satisfaction", "90")
    assert {str(line.person): (line.past, line.amount) for line in plan.allocations.exclude(person=None)} == {
        "Cleo": (D(50), D(90)),
        "Omar": (None, D(90)),
    }
    assert company_results("satisfaction", RANGE) == [D(60)]


def test_orders_on_time_are_those_delivered_by_the_promised_day_and_count_at_who_delivered(cast: Cast) -> None:
    for late, seller, deliverer in (
        (0, cast.ana, cast.cleo), (0, cast.ana, cast.cleo), (0, cast.cleo, None), (2, cast.ben, cast.cleo),
    ):  # fmt: skip
        Order.objects.create(
            owner=seller, amount=1, currency="EUR", ordered_on=MAY, promised_on=MAY, delivered_by=deliverer,
            delivered_on=date(2026, 5, 4 + late),
        )  # fmt: skip
    assert results("deliveries", RANGE) == {cast.cleo.pk: [400]}
    assert so_far("deliveries", [cast.cleo.pk], Q2.start, Q2.end) == {cast.cleo.pk: 4}
    plan = of_levels(cast, "on_time", "95")
    assert plan.allocations.get(person=cast.cleo).past == 75
    before = make_plan(name="Next", period=Q2.shift(4), amount=D(95), measure="on_time", by=cast.admin, at=AT)
    assert [(row.label, row.amount, row.growth) for row in story(before)] == [("Q2 2026", D(75), None)]


def test_one_person_may_have_another_level_for_a_goal_with_its_reason(cast: Cast) -> None:
    plan = of_levels(cast, "satisfaction", "90")
    line = plan.allocations.get(person=cast.cleo)
    change_allocation(allocation=line, amount=D(80), reason="New to the region", by=cast.vera.user, at=AT)  # type: ignore[arg-type]
    propose_allocation(plan=plan, by=cast.admin, at=AT, on=Q3.start)  # changed lines are locked and stay
    publish_plan(plan=plan, by=cast.admin, at=AT)
    assert sorted(plan.entries.values_list("person__name", "amount")) == [("Cleo", 80), ("Omar", 90)]


def test_a_goal_of_another_measure_is_written_in_its_unit_and_followed_up(cast: Cast) -> None:
    answers(cast, cast.cleo, 5, 5, 5, 1)
    Feedback.objects.update(given_on=date(2026, 7, 6))
    plan = of_levels(cast, "satisfaction", "92")
    publish_plan(plan=plan, by=cast.admin, at=AT)
    cleo, omar = signed_in(cast.cleo), signed_in(cast.omar)
    own = f"/plans/{plan.pk}/letters/{cast.cleo.pk}/"
    assert "held to 92%" in cleo.get(own).content.decode()
    assert "75% so far of 92%" in cleo.get(own).content.decode()
    page = cleo.get("/quotas/?period=2026-Q3").content.decode()
    assert "Your quota is 92%" in page
    assert "75% so far of 92%" in page
    assert own in page
    assert "€" not in cleo.get(own).content.decode() + page
    assert "92%" in cleo.get("/quotas/?period=2026-07").content.decode()
    assert cleo.get("/quotas/?measure=nothing").status_code == 404
    url = f"/quotas/{cast.cleo.pk}/?period=2026-Q3&measure=satisfaction"
    said = {"reason": "New region", "economy": "Trains stand still"}
    assert "at most 100" in omar.post(url, said | {"amount": "950"}).content.decode()
    assert omar.post(url, said | {"amount": "88"}).status_code == 302
    page = omar.get(url).content.decode()
    assert "quota is 88%" in page
    assert "New region" in page
    announce(plan=plan, person=cast.cleo, headline="Less.", results="x", figures={cast.cleo.pk: D(90)},
             by=cast.omar.user, at=AT + timedelta(days=20))  # fmt: skip
    assert "Your figure went from 88% to 90%" in cleo.get(own).content.decode()
    words = text_of(cleo.get(f"{own}pdf/").content)
    assert "Cleo: 90%" in words
    assert "EUR" not in words


def test_a_level_is_at_most_a_hundred_and_in_no_currency_by_any_way_in(cast: Cast) -> None:
    plan = of_levels(cast, "satisfaction", "90")
    line = plan.allocations.get(person=cast.cleo)
    with pytest.raises(Refused, match="at most 100"):
        change_allocation(allocation=line, amount=D(950), reason="More", by=cast.admin, at=AT)
    with pytest.raises(Refused, match="at most 100"):
        change_allocations(plan=plan, edits=[LineEdit(line.pk, D(950), line.amount)], reason="x", by=cast.admin, at=AT)
    Organisation.objects.update(currency="EUR")
    ExchangeRate.objects.create(currency="USD", rate=D("0.5"), kind="plan", during=half_open(date(2026, 1, 1)))
    head = "person,period,amount,currency,measure\n"
    wrong = take("quotas", f"{head}E-Cleo,2026-Q3,950,USD,satisfaction\n")
    assert [(one, reason) for _, one, reason in reasons(wrong)] == [
        ("amount", "Satisfaction (CSAT) is in percent: at most 100.")
    ]
    assert take("quotas", f"{head}E-Cleo,2026-Q3,92,USD,satisfaction\n").created == 1
    assert QuotaEntry.objects.get().reporting_amount == 92
    for kind, text in (
        ("targets", "team,period,amount,measure\nSouth,2026-Q3,950,satisfaction\n"),
        ("allocations", "plan,team,person,amount\nLevel,South,E-Cleo,950\n"),
    ):
        assert [one for _, one, _ in reasons(take(kind, text))] == ["amount"]


def test_a_count_is_no_money_and_what_came_stands_beside_it(cast: Cast) -> None:
    plan = make_plan(name="Wins", period=Q3, amount=D(40), measure="deals_won", by=cast.admin, at=AT)
    propose_allocation(plan=plan, by=cast.admin, at=AT, on=Q3.start)
    publish_plan(plan=plan, by=cast.admin, at=AT)
    vera = signed_in(cast.vera)
    assert "held to 13" in vera.get(f"/plans/{plan.pk}/letters/{cast.ana.pk}/").content.decode()
    page = vera.get("/quotas/?period=2026-Q3").content.decode()
    assert "40 is the target" in page
    assert "So far" in page
    assert "€" not in page.replace("€0", "")
    assert "€" not in vera.get(f"/plans/{plan.pk}/approvals/").content.decode()
