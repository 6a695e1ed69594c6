"""Lines of orders: four decimals, one rounding, credit by difference; orders entered by page and API; returns."""

import html
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sales import services
from sales.models import Account, Credit, Deal, Order, OrderLine, Product
from sales.services import Line, renet_orders, set_order_lines
from salesmgmt.lib.refusals import Refused, Stale
from tests.cast import Cast
from tests.sales.test_pages import NAUGHTY, signed_in

AT = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)
JAN = date(2026, 1, 10)


def book(cast: Cast, **more: Any) -> Order:
    return services.book_order(**{"owner": cast.ana, "ordered_on": JAN, "by": None, "at": AT} | more)


def line(amount: str, **more: Any) -> Line:
    return Line(amount=Decimal(amount), **more)


def credited(order: Order) -> Decimal:
    return sum(Credit.objects.filter(order=order).values_list("amount", flat=True), Decimal(0))


def test_an_order_nets_its_lines_to_four_decimals_and_rounds_once(cast: Cast) -> None:
    order = book(cast, lines=[line("0.0049")] * 3)
    assert (order.amount, credited(order)) == (Decimal("0.01"), Decimal("0.01"))  # rounded one by one it were 0.00
    half = book(cast, lines=[line("0.0025"), line("0.0025")])
    assert half.amount == Decimal("0.01")


def test_a_line_is_quantity_by_price_less_discount_with_the_list_price_frozen(cast: Cast) -> None:
    probe = Product.objects.create(name="Probe", list_price=Decimal("12.5"), unit_cost=Decimal("7"), currency="EUR")
    order = book(cast, lines=[Line(product=probe, quantity=Decimal(3), discount=Decimal(15))])
    Product.objects.update(list_price=Decimal(99))
    kept = order.lines.get()
    assert (kept.amount, kept.list_price, kept.unit_price, kept.unit_cost) == (
        Decimal("31.8750"), Decimal("12.5"), Decimal("12.5"), Decimal(7),
    )  # fmt: skip
    assert order.amount == Decimal("31.88")


def test_tax_stands_apart_from_the_net(cast: Cast) -> None:
    order = book(cast, lines=[line("100")], tax=Decimal("19.00"))
    assert (order.amount, order.tax, credited(order)) == (Decimal("100.00"), Decimal("19.00"), Decimal("100.00"))


def test_changed_lines_credit_the_difference_and_the_same_lines_change_nothing(cast: Cast) -> None:
    order = book(cast, lines=[line("60", text="Probe"), line("40", text="Cable")])
    kept = order.lines.get(text="Probe").pk
    set_order_lines(order=order, lines=[line("60", text="Probe"), line("15", text="Cable")], by=None, at=AT)
    order.refresh_from_db()
    assert (order.amount, credited(order), Credit.objects.filter(order=order).count()) == (75, 75, 2)
    assert order.lines.present().get(text="Probe").pk == kept
    assert OrderLine.objects.filter(order=order, withdrawn_at__isnull=False).count() == 1
    set_order_lines(order=order, lines=[line("60", text="Probe"), line("15", text="Cable")], by=None, at=AT)
    assert Credit.objects.filter(order=order).count() == 2


def test_what_is_taken_back_names_the_entry_it_takes_back_with_person_team_and_rate(cast: Cast) -> None:
    order = book(cast, lines=[line("100")])
    services.share_credit(
        order=order, shares={cast.ana: Decimal(60), cast.ben: Decimal(40)}, overlays={}, by=cast.admin, at=AT
    )
    services.refund_order(
        order=order, amount=Decimal(30), kind="return", on=date(2026, 2, 1), reason="Broken", by=None, at=AT
    )
    services.cancel_order(order=order, on=date(2026, 3, 1), reason="Gave up", by=None, at=AT)
    back = Credit.objects.filter(order=order, amount__lt=0).select_related("reverses")
    assert back
    for entry in back:
        was = entry.reverses
        assert was is not None
        assert was.amount > 0
        assert (was.person_id, was.team_id, was.rate, was.kind) == (
            entry.person_id, entry.team_id, entry.rate, entry.kind,
        )  # fmt: skip
    assert credited(order) == 0


def test_many_orders_are_renetted_at_once_and_a_second_time_nothing_happens(
    cast: Cast, django_assert_max_num_queries: Any
) -> None:
    orders = [book(cast, amount=Decimal(1)) for _ in range(5)]
    plain = book(cast, amount=Decimal(7))
    OrderLine.objects.bulk_create(
        OrderLine(order=order, amount=Decimal("10.0049")) for order in orders for _ in range(2)
    )
    ids = [order.pk for order in (*orders, plain)]
    with django_assert_max_num_queries(14):
        assert renet_orders(order_ids=ids, by=None, at=AT, reason="Imported") == 5
    assert set(Order.objects.filter(pk__in=ids).values_list("amount", flat=True)) == {Decimal("20.01"), Decimal(7)}
    assert sum(credited(order) for order in orders) == Decimal("100.05")
    assert renet_orders(order_ids=ids, by=None, at=AT, reason="Imported") == 0


def test_an_order_of_the_win_with_lines_that_say_otherwise_stands_by_itself(cast: Cast) -> None:
    deal = services.open_deal(owner=cast.ana, name="Probes", amount=Decimal(500), by=None, at=AT)
    services.win_deal(deal=deal, on=JAN, by=None, at=AT)
    order = Order.objects.get(deal=deal)
    set_order_lines(order=order, lines=[line("500")], by=None, at=AT)
    order.refresh_from_db()
    assert order.is_booked_by_win
    set_order_lines(order=order, lines=[line("480")], by=None, at=AT)
    order.refresh_from_db()
    assert (order.is_booked_by_win, credited(order)) == (False, 480)
    services.book_won_deals(deal_ids=[deal.pk], at=AT)
    assert Order.objects.present().get(deal=deal).amount == 480


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"lines": [Line(text="?")]}, "neither a price nor an amount"),
        ({"lines": [line("-5")]}, "from zero on"),
        ({"lines": [Line(quantity=Decimal(10) ** 13, unit_price=Decimal(10) ** 13)]}, "larger than can be kept"),
        ({"lines": [Line(amount=Decimal(1), discount=Decimal(101))]}, "from 0 to 100"),
        ({"lines": [line("5")], "amount": Decimal(6)}, "The lines make 5.00, not 6"),
        ({}, "says its amount"),
        ({"lines": [line("1")] * 501}, "at most 500 lines"),
    ],
)
def test_lines_that_make_no_order_are_refused_in_a_sentence(cast: Cast, said: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Refused, match=sentence):
        book(cast, **said)
    assert not Order.objects.exists()


def test_lines_below_what_was_refunded_and_lines_of_a_cancelled_order_are_refused(cast: Cast) -> None:
    order = book(cast, lines=[line("100")])
    services.refund_order(order=order, amount=Decimal(50), on=JAN, reason="", by=None, at=AT)
    with pytest.raises(Refused, match=r"Refunds of 50.00 are more than the 40.00"):
        set_order_lines(order=order, lines=[line("40")], by=None, at=AT)
    order.refresh_from_db()
    with pytest.raises(Stale):
        set_order_lines(order=order, lines=[line("60")], by=None, at=AT, version=order.version + 1)
    services.cancel_order(order=order, on=JAN, reason="No", by=None, at=AT)
    with pytest.raises(Refused, match="cancelled"):
        set_order_lines(order=order, lines=[line("70")], by=None, at=AT)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    changes=st.lists(
        st.lists(st.decimals(0, 1000, places=4, allow_nan=False, allow_infinity=False), max_size=4),
        min_size=1,
        max_size=4,
    )
)
def test_whatever_the_lines_become_credit_equals_the_sum_rounded_once(cast: Cast, changes: list[list[Decimal]]) -> None:
    order = book(cast, amount=Decimal(3))
    for amounts in changes:
        set_order_lines(order=order, lines=[Line(amount=amount) for amount in amounts], by=None, at=AT)
        order.refresh_from_db()
        if amounts:
            assert order.amount == sum(amounts, Decimal(0)).quantize(Decimal("0.01"), "ROUND_HALF_UP")
        assert credited(order) == order.amount


# ── By page ─────────────────────────────────────────────────────────────────────────────────────────────────────


def form(**more: Any) -> dict[str, Any]:
    empty = {"lines-TOTAL_FORMS": 2, "lines-INITIAL_FORMS": 0, "ordered_on": "2026-07-01", "currency": "EUR"}
    return empty | more


def test_an_order_with_lines_is_entered_by_page_once_however_often_it_is_sent(cast: Cast) -> None:
    account = Account.objects.create(name="Brandt Optik", owner=cast.ana)
    probe = Product.objects.create(name="Probe", list_price=Decimal(10), currency="EUR")
    client = signed_in(cast.ana)
    assert client.get(f"/orders/add/?account={account.pk}").status_code == 200
    sent = form(**{
        "owner": cast.ana.pk, "account": "Brandt Optik", "tax": "3.80", "idempotency_key": "k",
        "lines-0-product": probe.pk, "lines-0-quantity": "2", "lines-1-text": "Service", "lines-1-unit_price": "5.5",
    })  # fmt: skip
    first, second = client.post("/orders/add/", sent), client.post("/orders/add/", sent)
    order = Order.objects.get()
    assert (first.status_code, second.status_code, first["Location"]) == (303, 303, f"/orders/{order.pk}/")
    assert (order.amount, order.tax, order.account, order.lines.count()) == (
        Decimal("25.50"), Decimal("3.80"), account, 2,
    )  # fmt: skip
    page = client.get(f"/orders/{order.pk}/").content.decode()
    assert "Probe" in page
    assert "Service" in page


def test_saving_the_lines_as_they_stand_changes_nothing_however_they_came(cast: Cast) -> None:
    probe = Product.objects.create(name="Probe", list_price=Decimal("12.5"), currency="EUR")
    order = book(cast, lines=[
        Line(product=probe, quantity=Decimal(9), unit_price=Decimal("1247.6667"), amount=Decimal("11229")),
        Line(product=probe, quantity=Decimal(2), discount=Decimal("7.5")), line("3.3333", text="Rest"),
    ])  # fmt: skip
    Product.objects.update(list_price=Decimal(99))
    before = list(order.lines.order_by("pk").values())
    client = signed_in(cast.ana)
    forms = client.get(f"/orders/{order.pk}/").context["line_forms"]
    sent: dict[str, Any] = {"lines-TOTAL_FORMS": 7, "lines-INITIAL_FORMS": 3, "version": order.version}
    for form in forms.initial_forms:
        sent |= {form.add_prefix(name): "" if value is None else value for name, value in form.initial.items()}
    assert client.post(f"/orders/{order.pk}/lines/", sent).status_code == 303
    assert list(order.lines.order_by("pk").values()) == before
    assert Credit.objects.count() == 1


def test_an_order_entered_for_a_won_deal_takes_the_place_of_the_wins_own(cast: Cast) -> None:
    deal = services.open_deal(owner=cast.ana, name="Probes", amount=Decimal(500), by=None, at=AT)
    services.win_deal(deal=deal, on=date(2026, 6, 1), by=None, at=AT)
    client = signed_in(cast.ana)
    assert client.get(f"/orders/add/?deal={deal.pk}").context["form"].initial["ordered_on"] == date(2026, 6, 1)
    said = form(owner=cast.ana.pk, deal=deal.pk, ordered_on="2026-06-01")
    assert client.post("/orders/add/", said | {"amount": "5000"}).status_code == 422  # more than she won
    client.post("/orders/add/", said | {"amount": "450"})
    order = Order.objects.present().get()
    assert (order.deal, order.amount, order.is_booked_by_win) == (deal, 450, False)
    assert sum(Credit.objects.values_list("amount", flat=True)) == 450


def test_lines_are_changed_by_page_and_a_stale_form_is_refused(cast: Cast) -> None:
    order = book(cast, lines=[line("80", text="Probe")])
    client = signed_in(cast.ana)
    sent = {
        "lines-TOTAL_FORMS": 1, "lines-INITIAL_FORMS": 1, "version": order.version,
        "lines-0-text": "Probe", "lines-0-quantity": "7", "lines-0-unit_price": "10",
    }  # fmt: skip
    assert client.post(f"/orders/{order.pk}/lines/", sent).status_code == 303
    order.refresh_from_db()
    assert order.amount == 70
    stale = client.post(f"/orders/{order.pk}/lines/", sent | {"lines-0-quantity": "8"})
    assert stale.status_code == 422
    assert "changed since you opened it" in stale.content.decode()
    raised = client.post(f"/orders/{order.pk}/lines/", sent | {"lines-0-quantity": "8", "version": order.version})
    assert "Nobody changes credit of their own; ask who leads you." in html.unescape(raised.content.decode())
    assert Order.objects.get().amount == 70


@pytest.mark.parametrize("value", NAUGHTY)
def test_naughty_input_is_answered_by_a_sentence_and_books_nothing(cast: Cast, value: str) -> None:
    client = signed_in(cast.ana)
    for field in ("ordered_on", "account", "owner", "currency", "deal", "lines-0-unit_price", "lines-0-product"):
        answer = client.post("/orders/add/", form(owner=cast.ana.pk, amount="5") | {field: value})
        assert answer.status_code in {200, 303, 422}, field
    for query in ("state", "late", "account", "start", "period", "team", "cursor"):
        assert client.get("/orders/", {query: value}).status_code == 200
    assert client.get("/orders/", {"step": value}).status_code in {200, 404}
    tampered = form(owner=cast.ana.pk, amount="5") | {"lines-TOTAL_FORMS": value}
    assert client.post("/orders/add/", tampered).status_code in {303, 422}


def test_orders_of_others_are_404_and_who_only_reads_may_not_write(cast: Cast) -> None:
    order = book(cast, amount=Decimal(5))
    for path in ("lines", "dates", "ask", "problems"):
        for who, status in ((cast.cleo, 404), (cast.ben, 404), (cast.omar, 404), (cast.vera, 404)):
            assert signed_in(who).post(f"/orders/{order.pk}/{path}/", {}).status_code == status, (path, who)
    assert Client().post(f"/orders/{order.pk}/lines/", {}).status_code == 302


# ── By API ──────────────────────────────────────────────────────────────────────────────────────────────────────


def api(client: Client, method: str, path: str, body: Any = None) -> Any:
    more = {"data": json.dumps(body), "content_type": "application/json"} if body is not None else {}
    return client.generic(method, f"/api/v1/{path}", **more)


def test_the_api_books_orders_with_lines_and_changes_them(cast: Cast) -> None:
    ana = signed_in(cast.ana)
    body = {
        "ordered_on": "2026-07-01",
        "tax": "1.90",
        "lines": [{"text": "Probe", "quantity": "3", "unit_price": "3.335"}],
    }
    made = api(ana, "POST", "orders/", body)
    assert made.status_code == 201
    assert (made.json()["amount"], made.json()["tax"]) == ("10.01", "1.90")
    pk = made.json()["id"]
    listed = api(ana, "GET", f"order-lines/?order={pk}").json()["results"]
    assert [row["amount"] for row in listed] == ["10.0050"]
    changed = api(ana, "POST", f"orders/{pk}/lines/", {"lines": [{"amount": "4"}], "version": made.json()["version"]})
    assert (changed.status_code, changed.json()["amount"]) == (200, "4.00")
    assert api(ana, "POST", f"orders/{pk}/lines/", {"lines": [], "version": 1}).status_code == 409
    refund = api(ana, "POST", f"orders/{pk}/refund/", {"amount": "1", "kind": "return", "reason": "Broken"})
    assert refund.json()["kind"] == "return"
    assert api(signed_in(cast.cleo), "POST", f"orders/{pk}/lines/", {"lines": []}).status_code == 404
    assert api(signed_in(cast.cleo), "GET", f"order-lines/?order={pk}").json()["results"] == []


@pytest.mark.parametrize(
    "lines",
    ["x", [1], [{"quantity": "NaN"}], [{"amount": "1e400"}], [{"nobody": 1}], [{"product": "x"}], [{"discount": "500"}],
     [{"text": "\x00", "amount": "1"}], {}, [[]]],
)  # fmt: skip
def test_bad_lines_are_a_400_that_says_where(cast: Cast, lines: Any) -> None:
    answer = api(signed_in(cast.ana), "POST", "orders/", {"ordered_on": "2026-07-01", "lines": lines})
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert not Order.objects.exists()


def test_the_page_of_an_order_costs_a_fixed_number_of_queries(cast: Cast, settings: Any) -> None:
    deal: Deal | None = None
    probe = Product.objects.create(name="Probe")
    order = book(cast, lines=[line("1", text=f"{n}", product=probe) for n in range(2)], deal=deal)
    client = signed_in(cast.ana)
    few = client.get(f"/orders/{order.pk}/")
    set_order_lines(order=order, lines=[line("1", text=f"{n}", product=probe) for n in range(40)], by=None, at=AT)
    for _ in range(5):
        services.record_problem(order=order, kind="damaged", found_on=JAN, on=JAN, by=None, at=AT)
    many = client.get(f"/orders/{order.pk}/")
    assert int(many["X-Query-Count"]) <= int(few["X-Query-Count"]) <= 24
