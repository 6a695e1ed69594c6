"""Why deals are won and lost: several reasons, a main one, the buyer's apart (R26)."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from sales import services
from sales.models import Deal, DealReason, LostReason, Outcome
from salesmgmt.lib.refusals import Refused
from tests.cast import Cast

AT, FEB = datetime(2026, 7, 1, 9, 0, tzinfo=UTC), date(2026, 2, 10)


@pytest.fixture
def deal(cast: Cast) -> Deal:
    return services.open_deal(owner=cast.ana, name="Forklifts", by=cast.ana.user, at=AT, amount=Decimal(900))


def why(key: str) -> LostReason:
    return LostReason.objects.get(key=key)


def said(deal: Deal) -> list[tuple[str, str, bool, str]]:
    rows = DealReason.objects.filter(deal=deal).select_related("reason").order_by("side", "-is_main", "pk")
    return [(row.side, row.reason.key, row.is_main, row.note) for row in rows]


def test_a_lost_deal_has_several_reasons_a_main_one_and_the_buyers_apart(deal: Deal, cast: Cast) -> None:
    lost = services.lose_deal(
        deal=deal, reason=why("price"), also=[why("timing"), why("price")], note="20 % above", by=cast.ana.user, at=AT,
        on=FEB, buyer_reasons=[why("service")], buyer_note="Nobody called back",
    )  # fmt: skip
    assert lost.lost_reason == why("price"), "totals use the main one"
    assert said(deal) == [
        ("buyer", "service", True, "Nobody called back"),
        ("rep", "price", True, "20 % above"),
        ("rep", "timing", False, ""),
    ]


def test_reasons_are_changed_afterwards_and_the_win_rate_follows_the_main_one(deal: Deal, cast: Cast) -> None:
    lost = services.lose_deal(deal=deal, reason=why("price"), by=cast.ana.user, at=AT, on=FEB)
    services.give_reasons(deal=lost, reasons=[why("duplicate"), why("price")], by=cast.maya.user, at=AT)
    lost.refresh_from_db()
    assert lost.lost_reason == why("duplicate")
    assert [(row.count, row.counts) for row in Outcome.objects.order_by("pk")] == [(1, True), (-1, True), (1, False)]
    with pytest.raises(Refused, match="why the deal was lost"):
        services.give_reasons(deal=lost, reasons=[], by=cast.ana.user, at=AT)
    with pytest.raises(Refused, match="note belongs to a reason"):
        services.give_reasons(deal=lost, reasons=[why("price")], buyer_note="x", by=cast.ana.user, at=AT)


def test_a_correction_of_the_main_reason_alone_keeps_the_others(deal: Deal, cast: Cast) -> None:
    services.lose_deal(deal=deal, reason=why("price"), also=[why("timing")], by=cast.ana.user, at=AT, on=FEB)
    services.change_deal(deal=deal, by=cast.ana.user, at=AT, lost_reason=why("timing"))
    assert said(deal) == [("rep", "timing", True, ""), ("rep", "price", False, "")]


def test_a_won_deal_says_why_too_and_a_reopening_forgets_it(deal: Deal, cast: Cast) -> None:
    services.win_deal(deal=deal, by=cast.ana.user, at=AT, on=FEB, reasons=[why("service"), why("price")])
    assert [row[1] for row in said(deal)] == ["service", "price"]
    deal.refresh_from_db()
    assert deal.lost_reason is None
    services.reopen_deal(deal=deal, by=cast.ana.user, at=AT, on=FEB)
    assert said(deal) == []
    with pytest.raises(Refused, match="won or lost"):
        services.give_reasons(deal=deal, reasons=[why("price")], by=cast.ana.user, at=AT)
