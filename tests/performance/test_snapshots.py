"""Daily closing snapshots: what deals were at the close of each day, however they came to be so."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from performance.models import DealVersion, PipelineFlow
from performance.services import snapshots
from sales import services as sales
from sales.models import Deal, DealChange, LostReason, Stage
from salesmgmt.lib.ranges import half_open
from teams.models import ExchangeRate, Posting, Role
from tests.cast import Cast

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 2)


def at(days: int, hour: int = 9) -> datetime:
    return datetime(2026, 3, 2, hour, tzinfo=UTC) + timedelta(days=days)


def a_deal(cast: Cast, days: int = 0, **fields: Any) -> Deal:
    said: dict[str, Any] = {"owner": cast.ana, "name": "A deal", "amount": Decimal(100), "by": None, "at": at(days)}
    return sales.open_deal(**said | {"expected_close_on": date(2026, 3, 31)} | fields)


def drain() -> None:
    call_command("refresh_rollups", stdout=StringIO())


def stood(deal: Deal, *names: str) -> list[tuple[Any, ...]]:
    """The versions of a deal: days since the first of them, and the fields asked for."""
    drain()
    rows = DealVersion.objects.filter(deal=deal).order_by("on").values_list("on", *(names or ("status", "amount")))
    return [((row[0] - DAY).days, *row[1:]) for row in rows]


def test_each_change_begins_a_version_that_lasts_until_the_next(cast: Cast) -> None:
    deal = a_deal(cast)
    sales.change_deal(deal=deal, by=None, at=at(3), amount=Decimal(150))
    sales.win_deal(deal=deal, by=None, at=at(5), on=at(5).date())
    assert stood(deal, "until", "status", "amount", "was_status", "was_value") == [
        (0, DAY + timedelta(3), "open", Decimal(100), "", None),
        (3, DAY + timedelta(5), "open", Decimal(150), "open", Decimal(100)),
        (5, None, "won", Decimal(150), "open", Decimal(150)),
    ]


def test_only_the_close_of_a_day_counts(cast: Cast) -> None:
    deal = a_deal(cast)
    for hour, amount in ((10, 300), (11, 200), (12, 100)):
        sales.change_deal(deal=deal, by=None, at=at(2, hour), amount=Decimal(amount))
    sales.change_deal(deal=deal, by=None, at=at(3, 10), amount=Decimal(300))
    sales.change_deal(deal=deal, by=None, at=at(3, 11), amount=Decimal(400))
    assert stood(deal) == [(0, "open", Decimal(100)), (3, "open", Decimal(400))]


def test_the_organisations_zone_decides_the_day(cast: Cast) -> None:
    """23:30 in London is the next day in Berlin."""
    deal = a_deal(cast)
    sales.change_deal(deal=deal, by=None, at=at(2, 23), amount=Decimal(300))
    assert stood(deal)[1][0] == 3


def test_what_was_named_later_was_not_there_before(cast: Cast) -> None:
    deal = a_deal(cast, amount=None)
    sales.change_deal(deal=deal, by=None, at=at(4), amount=Decimal(300))
    assert stood(deal, "amount", "value") == [(0, None, Decimal(0)), (4, Decimal(300), Decimal(300))]


def test_a_reopened_deal_is_open_again(cast: Cast) -> None:
    deal = a_deal(cast)
    sales.lose_deal(deal=deal, reason=LostReason.objects.get(key="price"), by=None, at=at(2), on=at(2).date())
    sales.reopen_deal(deal=deal, by=None, at=at(4), on=at(4).date())
    assert [row[:2] for row in stood(deal)] == [(0, "open"), (2, "lost"), (4, "open")]


def test_a_withdrawn_deal_is_gone_from_that_day_on_and_restored_never_was(cast: Cast) -> None:
    deal = a_deal(cast)
    sales.withdraw_deal(deal=deal, by=None, at=at(2))
    assert [row[:2] for row in stood(deal)] == [(0, "open"), (2, "gone")]
    sales.restore_deal(deal=deal, by=None, at=at(3))
    assert [row[:2] for row in stood(deal)] == [(0, "open")]


def test_an_open_deal_moves_with_the_postings_of_its_owner(cast: Cast) -> None:
    deal = a_deal(cast)
    decided = a_deal(cast)
    sales.win_deal(deal=decided, by=None, at=at(1), on=at(1).date())
    drain()
    posting = Posting.objects.get(person=cast.ana)
    posting.during = half_open(posting.starts_on, DAY + timedelta(10))
    posting.save()
    Posting.objects.create(person=cast.ana, team=cast.south, role=Role.REP, during=half_open(DAY + timedelta(10)))
    assert stood(deal, "team", "was_team") == [
        (0, cast.north.pk, cast.north.pk), (10, cast.south.pk, cast.north.pk)
    ]  # fmt: skip
    assert [row[1] for row in stood(decided, "team")] == [cast.north.pk, cast.north.pk]


def test_values_go_by_the_plan_rate_where_the_deal_is_due(cast: Cast) -> None:
    for kind, rate in (("actual", "0.9"), ("plan", "0.8")):
        ExchangeRate.objects.create(currency="USD", kind=kind, rate=Decimal(rate), during=half_open(date(2026, 1, 1)))
    deal = a_deal(cast, currency="USD")
    assert stood(deal, "value", "worth") == [(0, Decimal(80), Decimal(90))]
    ExchangeRate.objects.filter(kind="plan").update(rate=Decimal("0.7"))
    assert stood(deal, "value", "worth") == [(0, Decimal(70), Decimal(90))]
    ExchangeRate.objects.all().delete()
    assert stood(deal, "value", "worth") == [(0, None, None)]


def test_what_comes_in_later_restates_the_past(cast: Cast) -> None:
    deal = a_deal(cast, days=10)
    assert stood(deal)[0][0] == 10
    for field, value in (("status", "open"), ("amount", "40")):
        DealChange.objects.create(deal=deal, changed_at=at(4), field=field, value=value)
    DealChange.objects.filter(deal=deal, field="amount", value="100").update(was="40")
    assert [row[0] for row in stood(deal)] == [4, 10]
    assert stood(deal)[0][2] == Decimal(40)


def test_a_change_by_sql_shows_from_the_last_change_of_that_field_on(cast: Cast) -> None:
    deal = a_deal(cast)
    sales.change_deal(deal=deal, by=None, at=at(4), amount=Decimal(300))
    Deal.objects.filter(pk=deal.pk).update(amount=500)
    assert stood(deal) == [(0, "open", Decimal(100)), (4, "open", Decimal(500))]
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM sales_dealchange WHERE deal_id = %s", [deal.pk])
        assert len(stood(deal)) == 1


def test_rebuilding_finds_nothing_after_the_marks_are_drained_and_puts_right_what_was_spoilt(cast: Cast) -> None:
    deal, other = a_deal(cast), a_deal(cast, owner=cast.cleo, stage=Stage.objects.order_by("-pk")[0])
    assert list(snapshots.rebuild(write=False)) == []  # marked, so known to be stale
    drain()
    assert list(snapshots.rebuild(write=False)) == []
    DealVersion.objects.filter(deal=deal).update(value=7)
    DealVersion.objects.filter(deal=other).delete()
    DealVersion.objects.create(
        deal_id=10**9, on=DAY, status="open", person=cast.ana, was_person=cast.ana, team=cast.north, was_team=cast.north
    )
    for write in (False, True):
        found = [difference.table for difference in snapshots.rebuild(write=write)]
        assert found.count("deal versions") == 3
        assert "flows" in found
    assert list(snapshots.rebuild(write=False)) == []
    assert DealVersion.objects.count() == 2
    PipelineFlow.objects.update(amount=1)
    PipelineFlow.objects.filter(level="cd").delete()
    assert {difference.table for difference in snapshots.rebuild()} == {"flows"}
    assert list(snapshots.rebuild(write=False)) == []
