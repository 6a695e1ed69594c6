"""Products on a deal, discounts and their approval, and who shares the credit of a win to come."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from sales import selectors, services
from sales.models import (
    Credit,
    CreditShare,
    Deal,
    DealChange,
    DealLine,
    DiscountApproval,
    DiscountLimit,
    Order,
    OrderLine,
    Product,
)
from sales.services import Line
from salesmgmt.desk.models import Notice
from salesmgmt.lib.ranges import half_open
from salesmgmt.lib.refusals import Refused, Stale
from teams.models import ExchangeRate
from tests.cast import Cast
from tests.exchange.test_kinds import take
from tests.sales.test_pages import signed_in

AT, FEB = datetime(2026, 7, 1, 9, 0, tzinfo=UTC), date(2026, 2, 10)
D = Decimal


@pytest.fixture
def deal(cast: Cast) -> Deal:
    return services.open_deal(owner=cast.ana, name="Forklifts", by=cast.ana.user, at=AT, amount=D(900))


@pytest.fixture
def truck(db: None) -> Product:
    return Product.objects.create(name="Truck", family="Machines", list_price=D(100), unit_cost=D(60), currency="EUR")


def add(deal: Deal, cast: Cast, **more: Any) -> DealLine:
    return services.add_line(deal=deal, by=cast.ana.user, at=AT, on=FEB, **more)


def totals(deal: Deal) -> selectors.Totals:
    return selectors.totals_of(selectors.lines_of(deal))


def test_the_amount_follows_from_the_lines_and_every_change_is_kept(deal: Deal, cast: Cast, truck: Product) -> None:
    line = add(deal, cast, product=truck, quantity=D(3), discount=D(10))
    assert (line.list_price, line.unit_price, line.unit_cost) == (D(100), D(90), D(60))
    deal.refresh_from_db()
    assert deal.amount == D("270.00")
    changes = DealChange.objects.filter(deal=deal, field="amount").order_by("pk")
    assert [(row.was, row.value) for row in changes] == [("", "900.00"), ("900.00", "270.00")]
    with pytest.raises(Refused, match="follows from the products"):
        services.change_deal(deal=deal, by=cast.ana.user, at=AT, amount=D(5))
    with pytest.raises(Refused, match="currency follows"):
        services.change_deal(deal=deal, by=cast.ana.user, at=AT, currency="USD")
    services.remove_line(line=line, by=cast.ana.user, at=AT)
    assert services.change_deal(deal=deal, by=cast.ana.user, at=AT, amount=D(5)).amount == 5


def test_lines_keep_four_decimals_and_the_sum_is_rounded_once(deal: Deal, cast: Cast) -> None:
    for _ in range(3):
        add(deal, cast, text="Screw", quantity=D(1), list_price=D("0.3349"))
    deal.refresh_from_db()
    assert deal.amount == D("1.00"), "1.0047, and not three times 0.33"


def test_first_year_and_total_one_off_and_recurring_stand_apart(deal: Deal, cast: Cast) -> None:
    add(deal, cast, text="Licence", list_price=D(40_000), recurs="year", term_months=36)
    add(deal, cast, text="Set-up", list_price=D(5_000))
    found = totals(deal)
    assert (found.recurring, found.one_off, found.first_year, found.amount) == (120_000, 5_000, 45_000, 125_000)
    short = add(deal, cast, text="Support", list_price=D(10), recurs="month", term_months=6)
    assert (short.amount, short.first_year) == (60, 60)


def test_the_discount_is_weighted_by_list_value_and_free_goods_count(deal: Deal, cast: Cast, truck: Product) -> None:
    add(deal, cast, product=truck, quantity=D(9))
    add(deal, cast, product=truck, quantity=D(1), unit_price=D(0))
    found = totals(deal)
    assert (found.discount, found.discount_by_family) == (D("10.00"), {"Machines": D("10.00")})
    assert (found.amount, found.cost, found.margin) == (900, 600, 300)


def test_the_list_price_stays_as_it_stood_at_the_quote(deal: Deal, cast: Cast, truck: Product) -> None:
    line = add(deal, cast, product=truck)
    Product.objects.update(list_price=D(120))
    services.change_line(line=line, by=cast.ana.user, at=AT, quantity=D(2))
    line.refresh_from_db()
    assert line.list_price == 100
    services.quote_deal(deal=deal, on=FEB, by=cast.ana.user, at=AT)
    line.refresh_from_db()
    deal.refresh_from_db()
    assert (line.list_price, line.unit_price, deal.quoted_on) == (120, 100, FEB)
    with pytest.raises(Refused, match="comes from the price list"):
        add(deal, cast, product=truck, list_price=D(500))


def test_a_price_list_in_another_currency_is_converted_at_the_days_rate(deal: Deal, cast: Cast, truck: Product) -> None:
    Product.objects.update(currency="USD")
    truck.refresh_from_db()
    ExchangeRate.objects.create(currency="USD", rate=D("0.5"), during=half_open(date(2020, 1, 1)))
    line = add(deal, cast, product=truck)
    assert (line.list_price, line.unit_cost) == (50, 30)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({}, "list_price"),
        ({"list_price": D(1)}, "text"),
        ({"text": "x", "list_price": D(1), "quantity": D(0)}, "quantity"),
        ({"text": "x", "list_price": D("NaN")}, "list_price"),
        ({"text": "x", "list_price": D(1), "discount": D(101)}, "discount"),
        ({"text": "x", "list_price": D(1), "discount": D(1), "unit_price": D(1)}, "discount"),
        ({"text": "x", "list_price": D(1), "unit_price": D(-1)}, "unit_price"),
        ({"text": "x", "list_price": D(1), "recurs": "year"}, "term_months"),
        ({"text": "x", "list_price": D(1), "term_months": 3}, "recurs"),
        ({"text": "x", "list_price": D(10) ** 13, "quantity": D(10) ** 5}, "quantity"),
    ],
)
def test_a_line_that_makes_no_sense_is_refused_at_its_field(deal: Deal, cast: Cast, wrong: Any, field: str) -> None:
    with pytest.raises(Refused) as refused:
        add(deal, cast, **wrong)
    assert refused.value.field == field


def test_a_stale_line_is_refused_and_a_won_deal_keeps_its_lines(deal: Deal, cast: Cast, truck: Product) -> None:
    line = add(deal, cast, product=truck, version=1)
    with pytest.raises(Stale):
        add(deal, cast, product=truck, version=1)
    services.win_deal(deal=deal, by=cast.ana.user, at=AT, on=FEB)
    with pytest.raises(Refused, match="keeps its products"):
        services.remove_line(line=line, by=cast.ana.user, at=AT)


# ── The win ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_win_books_an_order_with_the_lines(deal: Deal, cast: Cast, truck: Product) -> None:
    add(deal, cast, product=truck, quantity=D(2), discount=D(25))
    add(deal, cast, text="Licence", list_price=D(10), recurs="month", term_months=24)
    services.win_deal(deal=deal, by=cast.ana.user, at=AT, on=FEB)
    order = Order.objects.get()
    assert order.amount == D("390.00")
    rows = OrderLine.objects.filter(order=order).order_by("pk")
    assert [(row.product, row.text, row.quantity, row.list_price, row.discount, row.amount) for row in rows] == [
        (truck, "", 2, 100, 25, 150),
        (None, "Licence", 1, 10, 0, 240),
    ]
    services.change_deal(deal=deal, by=cast.ana.user, at=AT, source="Fair")
    assert OrderLine.objects.count() == 2


def test_winning_again_books_the_lines_as_they_are_then(deal: Deal, cast: Cast, truck: Product) -> None:
    line = add(deal, cast, product=truck)
    services.win_deal(deal=deal, by=cast.ana.user, at=AT, on=FEB)
    services.reopen_deal(deal=deal, by=cast.ana.user, at=AT, on=FEB)
    services.change_line(line=line, by=cast.ana.user, at=AT, quantity=D(5))
    services.win_deal(deal=deal, by=cast.ana.user, at=AT, on=FEB)
    latest = Order.objects.latest("pk")
    assert [row.quantity for row in latest.lines.all()] == [5]
    assert Credit.objects.all().total() == 500


def test_a_win_at_another_amount_than_the_lines_is_refused(deal: Deal, cast: Cast, truck: Product) -> None:
    add(deal, cast, product=truck)
    with pytest.raises(Refused, match="follows from the products"):
        services.win_deal(deal=deal, by=cast.ana.user, at=AT, on=FEB, amount=D(5))


# ── Discount limits (R14) ───────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def limits(db: None) -> None:
    DiscountLimit.objects.create(role="rep", percent=D(10))
    DiscountLimit.objects.create(role="manager", percent=D(20))


def test_a_discount_above_the_limit_is_approved_before_the_win(
    deal: Deal, cast: Cast, truck: Product, limits: None
) -> None:
    assert cast.ana.user
    assert cast.maya.user
    line = add(deal, cast, product=truck, quantity=D(10), discount=D(15))
    with pytest.raises(Refused, match="15 % off this deal is more than the 10 % that Ana may give; ask for approval"):
        services.win_deal(deal=deal, by=cast.ana.user, at=AT, on=FEB)
    asked = services.ask_discount(deal=deal, reason="Three sites follow", by=cast.ana.user, at=AT)
    assert [(row.user, row.link) for row in Notice.objects.all()] == [(cast.maya.user, f"/deals/{deal.pk}/")]
    with pytest.raises(Refused, match="may give this much"):
        services.decide_discount(approval=asked, approved=True, by=cast.ana.user, at=AT)
    services.decide_discount(approval=asked, approved=True, by=cast.maya.user, at=AT)
    # Above what was approved the approval is void; below it holds.
    services.change_line(line=line, by=cast.ana.user, at=AT, discount=D(16))
    with pytest.raises(Refused, match="ask for approval"):
        services.win_deal(deal=deal, by=cast.ana.user, at=AT, on=FEB)
    services.change_line(line=line, by=cast.ana.user, at=AT, discount=D(12))
    assert services.win_deal(deal=deal, by=cast.ana.user, at=AT, on=FEB).status == "won"


def test_there_is_no_way_round_the_approval(deal: Deal, cast: Cast, truck: Product, limits: None) -> None:
    add(deal, cast, product=truck, quantity=D(10), discount=D(15))
    with pytest.raises(Refused, match="ask for approval"):  # on a day before anybody was posted
        services.win_deal(deal=deal, by=cast.ana.user, at=AT, on=date(2023, 1, 5))
    with pytest.raises(Refused, match="ask for approval"):  # an order instead of the win
        services.book_order(owner=cast.ana, amount=D(850), ordered_on=FEB, deal=deal, by=cast.ana.user, at=AT)
    services.change_line(line=deal.lines.get(), by=cast.ana.user, at=AT, discount=D(0))
    services.win_deal(deal=deal, by=cast.ana.user, at=AT, on=FEB)
    order = Order.objects.get()
    said = {"product": truck, "quantity": D(10)}
    for cheaper in ({"discount": D(60)}, {"unit_price": truck.list_price * D("0.4")}, {"amount": D(1)}):
        with pytest.raises(Refused, match="ask for approval"):  # lines after it
            services.set_order_lines(order=order, lines=[Line(**said | cheaper)], by=cast.ana.user, at=AT)
    less = {"product": truck, "quantity": D(10), "unit_price": D(40)}
    for others in (  # lines that list nothing, and a list price of one's own
        [Line(text="Trucks", amount=D(400))], [Line(text="Trucks", quantity=D(10), list_price=D(40), unit_price=D(40))],
        [Line(**said | {"quantity": D(4)}), Line(text="More", amount=D(1))],
    ):  # fmt: skip
        with pytest.raises(Refused, match="ask for approval"):
            services.set_order_lines(order=order, lines=others, by=cast.ana.user, at=AT)
    with pytest.raises(Refused, match="comes from the price list"):
        services.set_order_lines(order=order, lines=[Line(**less, list_price=D(40))], by=cast.ana.user, at=AT)
    anew = {"owner": cast.ana, "ordered_on": FEB, "deal": deal, "by": cast.ana.user, "at": AT}
    for less_in_all in ({"amount": D(400)}, {"lines": [Line(text="Trucks", amount=D(400))]}):  # in the win's place
        with pytest.raises(Refused, match="ask for approval"):
            services.book_order(**anew, **less_in_all)
    with pytest.raises(Refused, match="comes from the price list"):
        services.book_order(**anew, lines=[Line(**less, list_price=D(40))])
    services.set_order_lines(order=order, lines=[Line(**said, discount=D(10))], by=cast.ana.user, at=AT)
    Product.objects.update(list_price=D(500))  # what was frozen stays
    services.set_order_lines(order=order, lines=[Line(**said, unit_price=D(90))], by=cast.ana.user, at=AT)


def test_the_last_line_taken_off_takes_the_amount_it_made_along(
    deal: Deal, cast: Cast, truck: Product, limits: None
) -> None:
    line = add(deal, cast, product=truck, quantity=D(10), discount=D(60))
    services.remove_line(line=line, by=cast.ana.user, at=AT)
    with pytest.raises(Refused, match="needs an amount"):
        services.win_deal(deal=deal, by=cast.ana.user, at=AT, on=FEB)


def test_an_import_is_no_way_round_the_approval(deal: Deal, cast: Cast, truck: Product, limits: None) -> None:
    add(deal, cast, product=truck, quantity=D(10), discount=D(60))
    Deal.objects.filter(pk=deal.pk).update(external_id="D2")
    DealChange.objects.update(changed_at=datetime(2026, 1, 1, tzinfo=UTC))
    told = "60 % off this deal is more than the 10 % that Ana may give; have it approved before the win."
    won = take("deal_changes", "deal,changed_at,field,value\nD2,2026-05-07,status,won\n", by=cast.olga.user)
    assert [one.reason for one in won.refusals] == [told]
    # The amount alone does it no more than the lines: it is what is paid for what they list.
    services.change_line(line=deal.lines.get(), by=cast.ana.user, at=AT, discount=D(0))
    row = "external_id,owner,status,amount,closed_on\nD2,Ana,won,400,2026-05-07\n"
    assert [one.reason for one in take("deals", row, by=cast.olga.user).refusals] == [told]
    ordered = "number,owner,deal,amount,ordered_on\nA-1,Ana,D2,{},2026-05-07\n"
    orders = take("orders", ordered.format(400), by=cast.olga.user)
    assert [one.reason for one in orders.refusals] == [told.replace("the win", "the order")]
    assert take("orders", ordered.format(950), by=cast.olga.user, dry_run=True).refused == 0
    DealChange.objects.update(changed_at=datetime(2026, 1, 1, tzinfo=UTC))
    header = "deal,changed_at,field,value\n"
    take("deal_changes", f"{header}D2,2026-05-08,amount,400\n", by=cast.olga.user)
    with pytest.raises(Refused, match="60 % off this deal"):
        services.win_deal(deal=deal, by=cast.ana.user, at=AT, on=FEB)
    take("deal_changes", f"{header}D2,2026-05-09,amount,950\n", by=cast.olga.user)
    assert take("deal_changes", f"{header}D2,2026-05-10,status,won\n", by=cast.olga.user).refused == 0


def test_only_who_may_give_as_much_decides_and_never_for_a_deal_of_their_own(
    deal: Deal, cast: Cast, truck: Product, limits: None
) -> None:
    add(deal, cast, product=truck, discount=D(30))
    assert cast.ana.user
    asked = services.ask_discount(deal=deal, reason="Key account", by=cast.ana.user, at=AT)
    assert set(Notice.objects.values_list("user__username", flat=True)) == {"vera"}, "30 % is above maya's own limit"
    may = [who for who in ("ana", "ben", "maya", "omar") if selectors.may_decide(getattr(cast, who).user, asked)]
    assert may == []
    assert all(selectors.may_decide(who, asked) for who in (cast.vera.user, cast.olga.user, cast.admin))
    with pytest.raises(Refused, match="Say why not"):
        services.decide_discount(approval=asked, approved=False, by=cast.admin, at=AT)
    services.decide_discount(approval=asked, approved=False, by=cast.admin, at=AT, answer="Too much")
    with pytest.raises(Refused, match="refused this already"):
        services.decide_discount(approval=asked, approved=True, by=cast.admin, at=AT)
    with pytest.raises(Refused, match="ask for approval"):
        services.win_deal(deal=deal, by=cast.ana.user, at=AT, on=FEB)


def test_all_that_waits_is_listed_and_the_limits_are_read_once(cast: Cast, limits: None) -> None:
    client, counts = signed_in(cast.maya), []
    for more in (1, 30, 40):
        deals = Deal.objects.bulk_create(
            Deal(name="D", owner=cast.ana, stage=services.first_stage(), currency="EUR") for _ in range(more)
        )
        DiscountApproval.objects.bulk_create(
            DiscountApproval(deal=one, percent=D(16), reason="x", asked_at=AT, asked_by=cast.ana.user) for one in deals
        )
        first = client.get("/discounts/")
        counts.append(int(first["X-Query-Count"]))
    assert len(set(counts)) == 1
    assert "50 discounts on this page wait for your answer." in first.content.decode()
    rest = client.get("/discounts/", {"cursor": first.context["page"].next})
    assert len(first.context["mine"]) + len(rest.context["mine"]) == 71
    assert client.get("/discounts/?export=csv").getvalue().count(b"\r\n") == 72


def test_a_family_of_products_has_a_limit_of_its_own(deal: Deal, cast: Cast, truck: Product) -> None:
    DiscountLimit.objects.create(role="rep", family="Machines", percent=D(5))
    add(deal, cast, product=truck, discount=D(6))
    add(deal, cast, text="Training", list_price=D(10_000))
    with pytest.raises(Refused, match="6 % off Machines is more than the 5 %"):
        services.win_deal(deal=deal, by=cast.ana.user, at=AT, on=FEB)
    assert cast.ana.user
    services.ask_discount(deal=deal, reason="First machine", by=cast.ana.user, at=AT)
    with pytest.raises(Refused, match="asked for already"):
        services.ask_discount(deal=deal, reason="Again", by=cast.ana.user, at=AT)
    assert DiscountApproval.objects.count() == 1


# ── Split credit before the win ─────────────────────────────────────────────────────────────────────────────────


def test_shares_agreed_before_the_win_go_over_to_the_order(deal: Deal, cast: Cast) -> None:
    shares, overlays = {cast.ana: D(60), cast.cleo: D(40)}, {cast.ben: D(10)}
    with pytest.raises(Refused, match="credit of their own"):
        services.share_deal(deal=deal, shares=shares, overlays=overlays, by=cast.ana.user, at=AT)
    with pytest.raises(Refused, match="not to 100 %"):
        services.share_deal(deal=deal, shares={cast.ana: D(60)}, overlays={}, by=cast.maya.user, at=AT)
    services.share_deal(deal=deal, shares=shares, overlays=overlays, by=cast.maya.user, at=AT)
    for user in (cast.cleo.user, cast.ben.user):
        assert Deal.objects.visible_to(user).get() == deal, "the deal team sees the deal while it is open"
    services.win_deal(deal=deal, by=cast.ana.user, at=AT, on=FEB)
    assert CreditShare.objects.count() == 3
    assert [Credit.objects.filter(person=who).total() for who in (cast.ana, cast.cleo, cast.ben)] == [540, 360, 90]
    order = Order.objects.get()
    services.share_credit(order=order, shares={}, overlays={}, by=cast.maya.user, at=AT)
    services.change_deal(deal=deal, by=cast.ana.user, at=AT, source="Fair")
    assert not CreditShare.objects.exists(), "what was said of the order later stands"


def test_an_order_from_elsewhere_takes_the_deals_shares_with_the_win(deal: Deal, cast: Cast) -> None:
    services.share_deal(deal=deal, shares={cast.ana: D(50), cast.ben: D(50)}, overlays={}, by=cast.maya.user, at=AT)
    services.book_order(owner=cast.ana, amount=D(900), ordered_on=FEB, deal=deal, by=cast.admin, at=AT)
    services.win_deal(deal=deal, by=cast.ana.user, at=AT, on=FEB)
    assert [Credit.objects.filter(person=who).total() for who in (cast.ana, cast.ben)] == [450, 450]
