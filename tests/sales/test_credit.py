"""The credit ledger: splits, overlays, refunds, closed months, currencies, and random histories against arithmetic."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import Sum
from django.db.utils import DatabaseError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sales import services
from sales.models import Credit, CreditShare, Deal, LostReason, Order, Outcome, Refund
from salesmgmt.lib.money import share_out, to_cents
from salesmgmt.lib.ranges import half_open
from salesmgmt.lib.refusals import Refused
from teams.models import ExchangeRate, Period, Person, Posting
from tests.cast import Cast

AT = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)
JAN, FEB, MARCH = date(2026, 1, 10), date(2026, 2, 10), date(2026, 3, 3)


def book(owner: Person, amount: str = "100.00", on: date = JAN, **more: Any) -> Order:
    return services.book_order(owner=owner, amount=Decimal(amount), ordered_on=on, by=None, at=AT, **more)


def total(**where: Any) -> Decimal:
    return sum(Credit.objects.filter(**where).values_list("amount", flat=True), Decimal(0))


def test_a_split_sums_to_the_order_to_the_cent_with_ties_by_external_id(cast: Cast) -> None:
    order = book(cast.ana)
    third = Decimal(100) / 3
    shares = {cast.cleo: to_cents(third), cast.ana: to_cents(third), cast.ben: Decimal(100) - 2 * to_cents(third)}
    services.share_credit(order=order, shares=shares, overlays={cast.maya: Decimal(10)}, by=cast.admin, at=AT)
    assert [total(person=person) for person in (cast.ana, cast.ben, cast.cleo)] == [
        Decimal("33.33"), Decimal("33.34"), Decimal("33.33"),
    ]  # fmt: skip
    assert total(kind="primary") == Decimal("100.00")
    assert total(kind="overlay") == Decimal("10.00")
    services.share_credit(
        order=order, shares={cast.ben: Decimal(50), cast.ana: Decimal(50)}, overlays={}, by=cast.admin, at=AT
    )
    odd = book(cast.cleo, "0.05")
    services.share_credit(
        order=odd, shares={cast.ben: Decimal(50), cast.ana: Decimal(50)}, overlays={}, by=cast.admin, at=AT
    )
    assert (total(order=odd, person=cast.ana), total(order=odd, person=cast.ben)) == (Decimal("0.03"), Decimal("0.02"))


def test_shares_that_do_not_make_100_percent_are_refused(cast: Cast) -> None:
    with pytest.raises(Refused, match="sum to 90 %"):
        services.share_credit(
            order=book(cast.ana),
            shares={cast.ana: Decimal(50), cast.ben: Decimal(40)},
            overlays={},
            by=cast.admin,
            at=AT,
        )
    order = book(cast.ana)
    CreditShare.objects.create(order=order, person=cast.ana, percent=60)
    assert services.problems_with_orders(order_ids=[order.pk]) == {
        order.pk: "The shares of the order sum to 60 %, not to 100 %."
    }


def test_a_refund_takes_back_by_the_same_shares_and_names_what_it_reverses(cast: Cast) -> None:
    order = book(cast.ana)
    services.share_credit(
        order=order, shares={cast.ana: Decimal(60), cast.ben: Decimal(40)}, overlays={}, by=cast.admin, at=AT
    )
    services.refund_order(order=order, amount=Decimal(50), on=MARCH, by=cast.admin, at=AT, reason="Damaged")
    back = Credit.objects.filter(occurred_on=MARCH).order_by("person__external_id")
    assert [(entry.person, entry.amount) for entry in back] == [(cast.ana, Decimal(-30)), (cast.ben, Decimal(-20))]
    assert all(entry.reverses and entry.reverses.amount > 0 and entry.reverses.person == entry.person for entry in back)
    assert {entry.reason for entry in back} == {"Damaged"}


def test_a_refund_posted_together_with_its_order_names_it_too(cast: Cast) -> None:
    order = Order.objects.create(owner=cast.ana, amount=Decimal(80), currency="EUR", ordered_on=JAN)
    Refund.objects.create(order=order, amount=Decimal(30), occurred_on=FEB)
    assert services.recredit_orders(order_ids=[order.pk], by=None, at=AT, reason="Imported") == 2
    refund = Credit.objects.get(amount=Decimal(-30))
    assert refund.reverses == Credit.objects.get(amount=Decimal(80))


def test_net_to_date_never_goes_below_zero(cast: Cast) -> None:
    order = book(cast.ana)
    services.refund_order(order=order, amount=Decimal(70), on=FEB, by=None, at=AT, reason="")
    with pytest.raises(Refused, match=r"Only 30.00 EUR"):
        services.refund_order(order=order, amount=Decimal("30.01"), on=FEB, by=None, at=AT, reason="")
    with pytest.raises(Refused, match="positive"):
        services.refund_order(order=order, amount=Decimal(0), on=FEB, by=None, at=AT, reason="")
    Refund.objects.create(order=order, amount=Decimal(40), occurred_on=FEB)
    with pytest.raises(Refused, match="more than"):
        services.recredit_orders(order_ids=[order.pk], by=None, at=AT, reason="Imported")


def test_a_cancellation_takes_back_the_rest_on_its_day(cast: Cast) -> None:
    order = book(cast.ana)
    services.refund_order(order=order, amount=Decimal(30), on=FEB, by=None, at=AT, reason="")
    services.cancel_order(order=order, on=MARCH, by=None, at=AT, reason="Bankrupt")
    assert (total(occurred_on=JAN), total(occurred_on=FEB), total(occurred_on=MARCH)) == (100, -30, -70)


def test_a_reversal_carries_team_and_rate_of_what_it_reverses(cast: Cast) -> None:
    ExchangeRate.objects.create(currency="USD", rate=Decimal("0.9"), during=half_open(date(2026, 1, 1), FEB))
    ExchangeRate.objects.create(currency="USD", rate=Decimal("0.5"), during=half_open(FEB))
    order = book(cast.ana, currency="USD")
    Posting.objects.filter(person=cast.ana).update(during=half_open(date(2024, 1, 1), FEB))
    Posting.objects.create(person=cast.ana, team=cast.south, during=half_open(FEB))
    services.refund_order(order=order, amount=Decimal(100), on=MARCH, by=None, at=AT, reason="")
    back = Credit.objects.get(occurred_on=MARCH)
    assert (back.team, back.rate, back.reporting_amount) == (cast.north, Decimal("0.9"), Decimal("-90.00"))
    assert Credit.objects.total() == 0


def test_a_rate_corrected_later_moves_no_past_figure(cast: Cast) -> None:
    ExchangeRate.objects.create(currency="USD", rate=Decimal("0.9"), during=half_open(date(2026, 1, 1)))
    order = book(cast.ana, currency="USD")
    ExchangeRate.objects.update(rate=Decimal("0.8"))
    assert services.recredit_orders(order_ids=[order.pk], by=None, at=AT, reason="Again") == 0
    assert Credit.objects.total() == Decimal("90.00")


def test_a_decided_deal_keeps_the_rate_it_was_counted_at(cast: Cast) -> None:
    ExchangeRate.objects.create(currency="USD", rate=Decimal("0.9"), during=half_open(date(2026, 1, 1)))
    deal = services.open_deal(owner=cast.ana, name="D", by=None, at=AT, amount=Decimal(100), currency="USD")
    services.win_deal(deal=deal, by=None, at=AT, on=FEB)
    ExchangeRate.objects.update(rate=Decimal("0.8"))
    assert services.post_outcomes(deal_ids=[deal.pk], by=None, at=AT, reason="Corrected") == 0
    services.change_deal(deal=Deal.objects.get(), by=None, at=AT, amount=Decimal(200))
    assert list(Outcome.objects.order_by("pk").values_list("amount", "currency", "rate")) == [
        (90, "USD", Decimal("0.9")), (-90, "USD", Decimal("0.9")), (180, "USD", Decimal("0.9")),
    ]  # fmt: skip
    ExchangeRate.objects.all().delete()
    assert services.post_outcomes(deal_ids=[deal.pk], by=None, at=AT, reason="Again") == 0


def test_a_currency_without_a_rate_is_refused_by_name(cast: Cast) -> None:
    with pytest.raises(Refused, match="no rate for CHF on 10 Jan 2026"):
        book(cast.ana, currency="CHF")


def test_a_back_dated_posting_appends_a_reversal_and_a_new_entry(cast: Cast) -> None:
    order = book(cast.ana)
    Posting.objects.filter(person=cast.ana).update(team=cast.south)
    assert services.recredit_orders(order_ids=[order.pk], by=None, at=AT, reason="Posting corrected") == 2
    assert (total(team=cast.north), total(team=cast.south)) == (0, 100)


def test_a_late_fact_posts_to_the_first_open_month_and_keeps_its_day(cast: Cast) -> None:
    Period.objects.filter(key__in=["2026-01", "2026-02", "2026-04"]).update(closed_at=AT)
    book(cast.ana, on=JAN)
    late = Credit.objects.get()
    assert (late.occurred_on, late.posted_on) == (JAN, date(2026, 3, 1))
    book(cast.ana, on=date(2026, 4, 9))
    assert Credit.objects.get(occurred_on=date(2026, 4, 9)).posted_on == date(2026, 5, 1)
    book(cast.ana, on=MARCH)
    assert Credit.objects.get(occurred_on=MARCH).posted_on == MARCH


@pytest.mark.parametrize("statement", ["UPDATE {} SET reason = ''", "DELETE FROM {}"])
@pytest.mark.parametrize("table", ["sales_credit", "sales_outcome"])
def test_the_ledgers_refuse_to_be_rewritten(cast: Cast, table: str, statement: str) -> None:
    book(cast.ana)
    deal = services.open_deal(owner=cast.ana, name="D", by=None, at=AT, amount=Decimal(1))
    services.win_deal(deal=deal, by=None, at=AT, on=FEB)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format(table))


# ── Random histories ────────────────────────────────────────────────────────────────────────────────────────────

cents = st.integers(1, 10_000_000).map(lambda number: Decimal(number) / 100)
days = st.integers(0, 120).map(lambda number: JAN + timedelta(days=number))


@st.composite
def percents(draw: st.DrawFn, people: int) -> list[Decimal]:
    """Percents with four decimals that make 100, one or more of them."""
    cuts = draw(st.lists(st.integers(1, 999_999), min_size=0, max_size=people - 1, unique=True))
    edges = [0, *sorted(cuts), 1_000_000]
    return [Decimal(b - a) / 10_000 for a, b in pairwise(edges)]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_the_ledger_equals_net_to_date_shared_out_whatever_happened(cast: Cast, data: st.DataObject) -> None:
    with transaction.atomic():
        people = [cast.ana, cast.ben, cast.cleo, cast.omar]
        order = book(cast.ana, str(data.draw(cents)))
        for _ in range(data.draw(st.integers(1, 6))):
            act = data.draw(st.sampled_from(["share", "refund", "take refund back", "withdraw and restore", "amount"]))
            order.refresh_from_db()
            left = order.amount - sum((refund.amount for refund in order.refunds.present()), Decimal(0))
            if act == "share":
                parts = data.draw(percents(len(people)))
                overlays = dict(
                    zip(
                        [cast.maya],
                        data.draw(st.lists(st.sampled_from([5, 10, Decimal("33.3333")]), max_size=1)),
                        strict=False,
                    )
                )
                services.share_credit(
                    order=order, shares=dict(zip(people, parts, strict=False)), overlays=overlays, by=None, at=AT
                )
            elif act == "refund" and left > 0:
                part = to_cents(left * data.draw(st.integers(1, 100)) / 100) or left
                services.refund_order(order=order, amount=part, on=data.draw(days), by=None, at=AT, reason="")
            elif act == "take refund back" and (refund := order.refunds.present().first()):
                services.withdraw_refund(refund=refund, by=None, at=AT)
            elif act == "withdraw and restore":
                services.withdraw_order(order=order, by=None, at=AT)
                assert set(
                    Credit.objects.values("person", "occurred_on")
                    .annotate(sum=Sum("amount"))
                    .values_list("sum", flat=True)
                ) <= {Decimal(0)}
                services.restore_order(order=order, by=None, at=AT)
            else:
                order.amount += data.draw(cents)
                order.save(update_fields=["amount"])
                services.recredit_orders(order_ids=[order.pk], by=None, at=AT, reason="Corrected")
        net = order.amount - sum((refund.amount for refund in order.refunds.present()), Decimal(0))
        stated = {share.person: share.percent for share in order.credit_shares.filter(kind="primary")} or {
            cast.ana: Decimal(100)
        }
        ranked = sorted(stated, key=lambda person: (str(person.external_id), person.pk))
        for person, part in share_out(net, stated, order=ranked).items():
            assert total(person=person, kind="primary") == part
        assert total(kind="primary") == net
        for overlay in order.credit_shares.filter(kind="overlay"):
            assert total(person=overlay.person, kind="overlay") == to_cents(net * overlay.percent / 100)
        assert services.recredit_orders(order_ids=[order.pk], by=None, at=AT, reason="Again") == 0
        transaction.set_rollback(True)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_outcomes_and_bookings_follow_a_deal_through_any_sequence_of_acts(cast: Cast, data: st.DataObject) -> None:
    with transaction.atomic():
        on = JAN
        named = False
        deal = services.open_deal(owner=cast.ana, name="D", by=None, at=AT, amount=data.draw(cents), opened_on=JAN)
        for act in data.draw(
            st.lists(st.sampled_from(["win", "lose", "reopen", "order", "undo", "amount"]), max_size=8)
        ):
            on += timedelta(days=data.draw(st.integers(0, 9)))
            deal.refresh_from_db()
            if act == "win" and deal.is_open:
                services.win_deal(deal=deal, by=None, at=AT, on=on)
            elif act == "lose" and deal.is_open:
                services.lose_deal(deal=deal, reason=LostReason.objects.get(key="price"), by=None, at=AT, on=on)
            elif act == "reopen" and not deal.is_open:
                services.reopen_deal(deal=deal, by=None, at=AT, on=on)
            elif act == "order" and not Order.objects.present().filter(
                deal=deal, cancelled_on=None, is_booked_by_win=False
            ):
                book(cast.ana, str(data.draw(cents)), on=on, deal=deal)
                named = True
            elif act == "undo":
                services.withdraw_deal(deal=deal, by=None, at=AT)
                assert sum(outcome.count for outcome in Outcome.objects.all()) == 0
                services.restore_deal(deal=Deal.objects.get(), by=None, at=AT)
            elif act == "amount":
                services.change_deal(deal=deal, by=None, at=AT, amount=data.draw(cents))
        deal.refresh_from_db()
        assert sum(outcome.count for outcome in Outcome.objects.all()) == (0 if deal.is_open else 1)
        standing = Order.objects.present().filter(cancelled_on=None)
        assert total() == sum((order.amount for order in standing), Decimal(0))
        if deal.status == Deal.Status.WON and not named:
            assert total() == deal.amount
        again = services.recredit_orders(
            order_ids=Order.objects.values_list("pk", flat=True), by=None, at=AT, reason="Again"
        )
        assert again == services.post_outcomes(deal_ids=[deal.pk], by=None, at=AT, reason="Again") == 0
        transaction.set_rollback(True)
