"""Deals: winning, losing, reopening, and what they leave in the ledgers."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction

from sales import services
from sales.models import Account, Credit, CreditShare, Deal, DealChange, LostReason, Order, Outcome, Product, Stage
from sales.services import Line
from salesmgmt.lib.refusals import Refused, Stale
from teams.models import Person
from tests.cast import Cast
from tests.sales.test_pages import signed_in

AT = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)
FEB, MARCH, APRIL = date(2026, 2, 10), date(2026, 3, 3), date(2026, 4, 20)


@pytest.fixture
def deal(cast: Cast) -> Deal:
    return services.open_deal(
        owner=cast.ana, name="Forklifts", by=cast.ana.user, at=AT, amount=Decimal("900.00"), opened_on=date(2026, 1, 5)
    )


def credit(person: Person | None = None) -> list[tuple[str, str]]:
    rows = Credit.objects.all() if person is None else Credit.objects.filter(person=person)
    return [(f"{row.occurred_on:%d %b}", str(row.amount)) for row in rows.order_by("id")]


def outcomes() -> list[tuple[str, str, int]]:
    return [(f"{row.occurred_on:%d %b}", row.status, row.count) for row in Outcome.objects.order_by("id")]


def win(deal: Deal, on: date = FEB, **more: Any) -> Deal:
    return services.win_deal(deal=deal, by=deal.owner.user, at=AT, on=on, **more)


def test_a_won_deal_books_an_order_and_credits_the_owner(deal: Deal, cast: Cast) -> None:
    won = win(deal)
    order = Order.objects.get()
    assert (order.deal, order.amount, order.ordered_on, order.is_booked_by_win) == (won, Decimal("900.00"), FEB, True)
    entry = Credit.objects.get()
    assert (entry.person, entry.team, entry.amount, entry.occurred_on) == (cast.ana, cast.north, Decimal("900.00"), FEB)
    assert outcomes() == [("10 Feb", "won", 1)]
    assert Outcome.objects.get().cycle_days == 36


def test_a_win_without_an_amount_is_refused(deal: Deal, cast: Cast) -> None:
    deal = services.change_deal(deal=deal, by=cast.ana.user, at=AT, amount=None)
    with pytest.raises(Refused, match="needs an amount") as refused:
        win(deal)
    assert refused.value.field == "amount"
    assert win(deal, amount=Decimal(5)).amount == 5


def test_losing_takes_a_reason_and_duplicates_do_not_count(deal: Deal, cast: Cast) -> None:
    with pytest.raises(Refused, match="why the deal was lost"):
        services.lose_deal(deal=deal, reason=None, by=cast.ana.user, at=AT, on=FEB)
    services.lose_deal(deal=deal, reason=LostReason.objects.get(key="duplicate"), by=cast.ana.user, at=AT, on=FEB)
    assert outcomes() == [("10 Feb", "lost", 1)]
    assert not Outcome.objects.get().counts
    assert not Order.objects.exists()


def test_a_reopening_takes_credit_and_count_back_on_its_own_day(deal: Deal, cast: Cast) -> None:
    win(deal)
    reopened = services.reopen_deal(deal=deal, by=cast.ana.user, at=AT, on=MARCH)
    assert reopened.is_open
    assert credit() == [("10 Feb", "900.00"), ("03 Mar", "-900.00")]
    assert Credit.objects.order_by("id").last().reverses == Credit.objects.order_by("id").first()
    assert outcomes() == [("10 Feb", "won", 1), ("03 Mar", "won", -1)]
    win(deal, on=APRIL, amount=Decimal(1000))
    assert credit()[2:] == [("20 Apr", "1000.00")]
    assert outcomes()[2:] == [("20 Apr", "won", 1)]


def test_a_win_that_stood_is_reopened_and_won_otherwise_only_by_who_leads_its_owner(deal: Deal, cast: Cast) -> None:
    later = datetime(2026, 7, 2, 9, 0, tzinfo=UTC)
    ana, maya = ({"deal": deal, "by": one.user, "at": later} for one in (cast.ana, cast.maya))
    win(deal)
    with pytest.raises(Refused, match="Nobody reopens a win from an earlier month of their own"):
        services.reopen_deal(on=later.date(), **ana)
    services.reopen_deal(on=MARCH, **maya)
    with pytest.raises(Refused, match="reopened on 03 Mar 2026; it can't be decided again before"):
        services.win_deal(on=FEB, **maya)
    with pytest.raises(Refused, match="reopened on 03 Mar 2026"):
        services.lose_deal(on=FEB, reason=LostReason.objects.first(), **ana)
    for said in ({"amount": Decimal(1000), "on": MARCH}, {"on": MARCH}):  # another amount, another month
        with pytest.raises(Refused, match="Nobody wins a deal again for another amount, owner or month of their own"):
            services.win_deal(**ana | said)
    with pytest.raises(Refused, match="wins a deal again"):
        services.book_order(owner=cast.ana, amount=Decimal(1000), ordered_on=MARCH, **ana)
    services.win_deal(amount=Decimal(1000), on=MARCH, **maya)
    assert credit() == [("10 Feb", "900.00"), ("03 Mar", "-900.00"), ("03 Mar", "1000.00")]
    assert outcomes() == [("10 Feb", "won", 1), ("03 Mar", "won", -1), ("03 Mar", "won", 1)]


def test_what_was_won_this_month_is_reopened_and_won_again_as_it_was_by_its_owner(deal: Deal, cast: Cast) -> None:
    first, second = date(2026, 7, 1), date(2026, 7, 2)
    ana: dict[str, Any] = {"deal": deal, "by": cast.ana.user, "at": datetime(2026, 7, 2, 9, 0, tzinfo=UTC)}
    win(deal, on=first)
    services.reopen_deal(on=second, **ana)
    with pytest.raises(Refused, match="wins a deal again"):
        services.win_deal(on=second, amount=Decimal(901), **ana)
    services.lose_deal(on=second, reason=LostReason.objects.first(), **ana)
    services.reopen_deal(on=second, **ana)
    for _ in range(2):  # neither a loss in between nor a slip of today makes the first win forgotten
        with pytest.raises(Refused, match="wins a deal again"):
            services.win_deal(on=second, amount=Decimal(901), **ana)
        services.win_deal(on=second, **ana)
        services.reopen_deal(on=second, **ana)
    services.win_deal(on=second, **ana)
    assert Credit.objects.total() == 900
    assert credit()[:3] == [("01 Jul", "900.00"), ("02 Jul", "-900.00"), ("02 Jul", "900.00")]


def test_reopening_takes_back_the_credit_of_an_order_from_elsewhere_too(deal: Deal, cast: Cast) -> None:
    services.book_order(
        owner=cast.ana, amount=Decimal(950), ordered_on=FEB, deal=deal, number="A-1", by=cast.admin, at=AT
    )
    win(deal)
    services.reopen_deal(deal=deal, by=cast.ana.user, at=AT, on=MARCH)
    assert credit() == [("10 Feb", "950.00"), ("03 Mar", "-950.00")]


def test_an_undo_takes_back_on_the_days_themselves(deal: Deal, cast: Cast) -> None:
    win(deal)
    services.reopen_deal(deal=deal, by=cast.ana.user, at=AT, on=MARCH)
    win(deal, on=APRIL)
    services.withdraw_deal(deal=deal, by=cast.admin, at=AT)
    for rows in (Credit.objects.all(), Outcome.objects.all()):
        by_day: dict[date, Decimal] = {}
        for row in rows:
            by_day[row.occurred_on] = by_day.get(row.occurred_on, Decimal(0)) + row.amount
        assert set(by_day.values()) == {Decimal(0)}
    assert not Deal.objects.visible_to(cast.admin).exists()
    assert not Order.objects.visible_to(cast.admin).exists()


def test_a_withdrawn_deal_comes_back_as_it_was(deal: Deal, cast: Cast) -> None:
    win(deal)
    services.withdraw_deal(deal=deal, by=cast.admin, at=AT)
    services.restore_deal(deal=Deal.objects.get(), by=cast.admin, at=AT)
    assert credit() == [("10 Feb", "900.00"), ("10 Feb", "-900.00"), ("10 Feb", "900.00")]
    assert Order.objects.count() == 1
    assert sum(row.count for row in Outcome.objects.all()) == 1


@pytest.mark.parametrize("order_first", [True, False])
def test_an_order_with_its_deal_takes_the_place_of_the_wins_own_in_either_sequence(
    deal: Deal, cast: Cast, order_first: bool
) -> None:
    def book() -> None:
        services.book_order(
            owner=cast.ana, amount=Decimal("880.50"), ordered_on=MARCH, deal=deal, by=cast.admin, at=AT, number="A-1"
        )

    acts = [book, lambda: win(deal)] if order_first else [lambda: win(deal), book]
    for act in acts:
        act()
    assert Credit.objects.total() == Decimal("880.50")
    assert Order.objects.present().get().number == "A-1"
    march = Credit.objects.filter(occurred_on=MARCH)
    assert march.total() == Decimal("880.50")
    assert Credit.objects.filter(occurred_on=FEB).total() == 0
    services.withdraw_order(order=Order.objects.present().get(), by=cast.admin, at=AT)
    assert Order.objects.present().get().is_booked_by_win
    assert Credit.objects.total() == Decimal("900.00")


def test_a_deal_that_books_nothing_stays_without_an_order(deal: Deal, cast: Cast) -> None:
    win(deal, books=False)
    services.change_deal(deal=deal, by=cast.admin, at=AT, amount=Decimal(5))
    assert not Order.objects.exists()
    assert outcomes()[0] == ("10 Feb", "won", 1)


def test_shares_and_refunds_stay_when_an_order_takes_the_place(deal: Deal, cast: Cast) -> None:
    win(deal)
    own = Order.objects.get()
    services.share_credit(
        order=own, shares={cast.ana: Decimal(50), cast.ben: Decimal(50)}, overlays={}, by=cast.maya.user, at=AT
    )
    services.refund_order(order=own, amount=Decimal(100), on=MARCH, by=cast.maya.user, at=AT, reason="Damaged")
    order = services.book_order(owner=cast.ana, amount=Decimal(1000), ordered_on=FEB, deal=deal, by=cast.admin, at=AT)
    assert Credit.objects.filter(person=cast.ben).total() == Decimal(450)
    services.withdraw_order(order=order, by=cast.admin, at=AT)
    assert Credit.objects.filter(person=cast.ben).total() == Decimal(400)


def test_a_correction_of_a_won_deal_moves_the_credit_by_difference(deal: Deal, cast: Cast) -> None:
    win(deal)
    services.change_deal(deal=deal, by=cast.maya.user, at=AT, owner=cast.ben, amount=Decimal(700))
    assert credit(cast.ana) == [("10 Feb", "900.00"), ("10 Feb", "-900.00")]
    assert credit(cast.ben) == [("10 Feb", "700.00")]
    assert outcomes() == [("10 Feb", "won", 1), ("10 Feb", "won", -1), ("10 Feb", "won", 1)]


def test_every_change_is_a_row_that_says_who_when_from_and_to(deal: Deal, cast: Cast) -> None:
    proposal = Stage.objects.get(name="Proposal")
    services.move_deal(deal=deal, stage=proposal, by=cast.maya.user, at=AT)
    change = DealChange.objects.order_by("id").last()
    assert change is not None
    assert (change.field, change.was, change.value, change.by, change.changed_at) == (
        "stage", "Prospecting", "Proposal", cast.maya.user, AT,
    )  # fmt: skip
    first = set(DealChange.objects.filter(was="").values_list("field", "value"))
    assert first == {
        ("stage", "Prospecting"), ("status", "open"), ("owner", str(cast.ana.pk)), ("amount", "900.00"),
    }  # fmt: skip


def test_a_stale_form_is_refused_with_who_and_when(deal: Deal, cast: Cast) -> None:
    services.move_deal(deal=deal, stage=Stage.objects.get(name="Proposal"), by=cast.maya.user, at=AT, version=1)
    with pytest.raises(Stale, match="Maya changed this deal on 1 Jul at 11:00"):
        win(deal, version=1)
    assert Deal.objects.get().is_open


def test_a_decided_deal_is_not_decided_again(deal: Deal, cast: Cast) -> None:
    win(deal)
    with pytest.raises(Refused, match="reopen it first"):
        win(deal)
    with pytest.raises(Refused, match="reopen it before"):
        services.move_deal(deal=deal, stage=Stage.objects.get(name="Proposal"), by=cast.ana.user, at=AT)
    with pytest.raises(Refused, match="still to come"):
        services.reopen_deal(deal=deal, by=cast.ana.user, at=AT, on=date(2030, 1, 1))


def test_the_credited_read_a_deal_and_do_not_change_it(deal: Deal, cast: Cast) -> None:
    win(deal)
    services.share_credit(
        order=Order.objects.get(),
        shares={cast.ana: Decimal(90), cast.cleo: Decimal(10)},
        overlays={},
        by=cast.maya.user,
        at=AT,
    )
    assert Deal.objects.visible_to(cast.cleo.user).get() == deal
    assert not Deal.objects.visible_to(cast.ben.user).exists()
    for reader in (cast.cleo, cast.vera, cast.omar):
        with pytest.raises(Refused, match="Only the owner"):
            services.change_deal(deal=deal, by=reader.user, at=AT, name="Mine")


def test_a_deal_goes_only_to_people_its_author_leads_and_only_to_accounts_they_see(deal: Deal, cast: Cast) -> None:
    with pytest.raises(Refused, match="Only the owner"):
        services.change_deal(deal=deal, by=cast.maya.user, at=AT, owner=cast.cleo)
    theirs = Account.objects.create(name="Southern", owner=cast.cleo)
    with pytest.raises(Refused, match="no such account"):
        services.change_deal(deal=deal, by=cast.ana.user, at=AT, account=theirs)


def test_nobody_changes_credit_of_their_own(deal: Deal, cast: Cast) -> None:
    win(deal)
    with pytest.raises(Refused, match="credit of their own"):
        services.share_credit(
            order=Order.objects.get(), shares={}, overlays={cast.ana: Decimal(10)}, by=cast.ana.user, at=AT
        )
    assert not CreditShare.objects.exists()


def test_nobody_moves_the_credit_of_a_won_deal_to_themself_or_raises_their_own(deal: Deal, cast: Cast) -> None:
    win(deal)
    for by, fields in (
        (cast.maya, {"owner": cast.maya}), (cast.ana, {"amount": Decimal(901)}), (cast.ana, {"currency": "USD"}),
        (cast.ana, {"closed_on": MARCH}), (cast.ana, {"owner": cast.ana, "amount": Decimal(9)}),
    ):  # fmt: skip
        with pytest.raises(Refused, match="credit of their own"):
            services.change_deal(deal=deal, by=by.user, at=AT, **fields)
    services.change_deal(deal=deal, by=cast.ana.user, at=AT, name="Forklifts for North", amount=Decimal(900))
    assert credit() == [("10 Feb", "900.00")]


def test_nobody_raises_their_own_credit_after_the_win_by_its_order(deal: Deal, cast: Cast) -> None:
    win(deal)
    order, ana, maya = Order.objects.get(), {"by": cast.ana.user, "at": AT}, {"by": cast.maya.user, "at": AT}
    services.share_credit(order=order, shares={}, overlays={cast.ben: Decimal(10)}, by=cast.maya.user, at=AT)
    anew = {"owner": cast.ana, "deal": deal, "amount": Decimal(900), "ordered_on": FEB, **ana}

    def is_refused(act: Callable[..., object], **said: Any) -> None:
        before = credit()
        with pytest.raises(Refused, match="credit of their own"), transaction.atomic():
            act(**said)
        assert credit() == before

    is_refused(services.set_order_lines, order=order, lines=[Line(amount=Decimal(9_000))], **ana)
    is_refused(services.book_order, **anew | {"amount": Decimal(5_000)})
    is_refused(services.book_order, **anew | {"ordered_on": MARCH})  # into another quarter
    back = services.refund_order(order=order, amount=Decimal(100), on=MARCH, reason="Late", **ana)
    is_refused(services.withdraw_refund, refund=back, **ana)
    services.withdraw_refund(refund=back, **maya)
    lower = services.book_order(**anew | {"amount": Decimal(800)})
    is_refused(services.withdraw_order, order=lower, **ana)  # the win's own would come back
    services.set_order_lines(order=lower, lines=[Line(amount=Decimal(700))], **ana)
    is_refused(services.set_order_lines, order=lower, lines=[Line(amount=Decimal(701))], **ana)
    services.set_order_lines(order=lower, lines=[Line(amount=Decimal(701))], **maya)
    assert Credit.objects.filter(person=cast.ana).total() == 701
    services.cancel_order(order=lower, on=MARCH, reason="Gave up", **maya)
    is_refused(services.withdraw_order, order=lower, **ana)
    is_refused(services.book_order, **anew | {"amount": Decimal(1)})


def test_a_cancelled_order_of_a_win_does_not_come_back_by_itself(deal: Deal, cast: Cast) -> None:
    win(deal)
    services.cancel_order(order=Order.objects.get(), on=MARCH, reason="Gave up", by=cast.maya.user, at=AT)
    probe = Product.objects.create(name="Probe")
    services.change_deal(deal=deal, by=cast.ana.user, at=AT, product=probe)
    assert (Order.objects.count(), Credit.objects.total()) == (1, 0)
    services.withdraw_order(order=Order.objects.get(), by=cast.maya.user, at=AT)  # it was not cancelled after all
    assert Credit.objects.total() == 900
    services.cancel_order(order=Order.objects.present().get(), on=MARCH, reason="It was", by=cast.maya.user, at=AT)
    services.reopen_deal(deal=deal, by=cast.ana.user, at=AT, on=APRIL)
    win(deal, on=APRIL)
    assert (Order.objects.present().standing().get().ordered_on, Credit.objects.total()) == (APRIL, 900)


def test_the_first_order_of_a_win_that_booked_none_is_as_it_was_won(deal: Deal, cast: Cast) -> None:
    win(deal, books=False)
    said = {"owner": cast.ana, "deal": deal, "by": cast.ana.user, "at": AT}
    for amount, on in ((901, FEB), (900, MARCH)):
        with pytest.raises(Refused, match="credit of their own"):
            services.book_order(amount=Decimal(amount), ordered_on=on, **said)
    services.book_order(amount=Decimal(900), ordered_on=FEB, **said)
    assert credit() == [("10 Feb", "900.00")]


@pytest.mark.parametrize("is_reopened", [False, True])
def test_whose_loss_it_is_cannot_take_it_out_of_the_win_rate(deal: Deal, cast: Cast, is_reopened: bool) -> None:
    reasons = {one.key: one for one in LostReason.objects.all()}
    services.lose_deal(deal=deal, reason=reasons["price"], by=cast.ana.user, at=AT, on=FEB)
    client = signed_in(cast.ana)
    if is_reopened:  # withdrawn as an open deal, the loss would go from its own day
        services.reopen_deal(deal=deal, by=cast.ana.user, at=AT, on=MARCH)
    else:
        for fields in ({"lost_reason": reasons["duplicate"]}, {"closed_on": MARCH}, {"amount": Decimal(1)}):
            with pytest.raises(Refused, match="Nobody changes a loss of their own"):
                services.change_deal(deal=deal, by=cast.ana.user, at=AT, **fields)
        with pytest.raises(Refused, match="Nobody changes a loss of their own"):
            services.give_reasons(deal=deal, reasons=[reasons["duplicate"]], by=cast.ana.user, at=AT)
    assert client.delete(f"/api/v1/deals/{deal.pk}/").status_code == 409
    assert outcomes()[0] == ("10 Feb", "lost", 1)
    assert signed_in(cast.maya).delete(f"/api/v1/deals/{deal.pk}/").status_code == 204


def test_an_order_for_anothers_deal_takes_no_credit_from_who_won_it(deal: Deal, cast: Cast) -> None:
    win(deal)
    services.share_credit(
        order=Order.objects.get(), shares={}, overlays={cast.ben: Decimal(10)}, by=cast.maya.user, at=AT
    )
    taken = {"deal": deal, "amount": Decimal(900), "ordered_on": FEB, "at": AT}
    with pytest.raises(Refused, match="Only the owner and those who lead them"):
        services.book_order(owner=cast.ben, by=cast.ben.user, **taken)
    with pytest.raises(Refused, match="credit of their own"):
        services.book_order(owner=cast.maya, by=cast.maya.user, **taken)
    assert credit(cast.ana) == [("10 Feb", "900.00")]


def test_nothing_is_cancelled_given_back_or_ordered_on_a_day_still_to_come(deal: Deal, cast: Cast) -> None:
    win(deal)
    said = {"order": Order.objects.get(), "on": date(2199, 12, 31), "by": cast.ana.user, "at": AT, "reason": "x"}
    for act, more in (
        (services.cancel_order, said), (services.refund_order, said | {"amount": Decimal(1)}),
        (services.book_order, {"owner": cast.ana, "amount": Decimal(1), "ordered_on": date(2199, 12, 31),
                               "by": cast.ana.user, "at": AT}),
    ):  # fmt: skip
        with pytest.raises(Refused, match="still to come"):
            act(**more)  # type: ignore[operator]
    with pytest.raises(Refused, match="delivered before"):
        services.book_order(
            owner=cast.ana, amount=Decimal(1), ordered_on=MARCH, delivered_on=FEB, by=cast.ana.user, at=AT
        )
    assert credit() == [("10 Feb", "900.00")]
