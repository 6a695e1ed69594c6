"""Rollups equal the records, whatever the way in."""

from datetime import date
from decimal import Decimal

import pytest
from django.core.management import call_command

from performance.models import Rollup, RollupSum
from performance.services import rollups
from sales.models import Activity, Deal
from salesmgmt.desk.models import Mark
from salesmgmt.lib.ranges import half_open
from teams.models import ExchangeRate, Holiday, Leave, LeaveKind, Posting
from tests.cast import Cast
from tests.performance.records import a_credit, a_deal, a_quota, an_activity, an_outcome

MAY = date(2026, 5, 1)


def refresh() -> None:
    call_command("refresh_rollups", verbosity=0)
    assert [str(difference) for difference in rollups.rebuild(write=False)] == []


def cells(measure: str) -> list[tuple]:
    rows = Rollup.objects.filter(measure=measure).order_by("person", "on", "team", "posted_month")
    return list(rows.values_list("person_id", "on", "total", "count"))


def marks(topic: str) -> int:
    return Mark.objects.filter(topic=topic).count()


@pytest.fixture
def calm(cast: Cast) -> Cast:
    """The cast, without the marks of making it."""
    refresh()
    return cast


def test_a_credit_is_rolled_up_and_summed(calm: Cast) -> None:
    a_credit(calm.ana, "100.50", date(2026, 5, 4))
    a_credit(calm.ana, "20", date(2026, 5, 4))
    a_credit(calm.ben, "7", date(2026, 5, 5), kind="overlay")
    refresh()
    assert cells("bookings") == [(calm.ana.pk, date(2026, 5, 4), Decimal("120.5"), 2)]
    assert cells("overlay") == [(calm.ben.pk, date(2026, 5, 5), Decimal(7), 1)]
    sums = RollupSum.objects.filter(measure="bookings").order_by("level")
    assert list(sums.values_list("level", "on", "person_id", "team_id", "total")) == [
        ("pm", MAY, calm.ana.pk, 0, Decimal("120.5")),
        ("td", date(2026, 5, 4), 0, calm.north.pk, Decimal("120.5")),
        ("tm", MAY, 0, calm.north.pk, Decimal("120.5")),
    ]


def test_a_sum_of_the_largest_amounts_holds_up_nobody(calm: Cast) -> None:
    day, largest = date(2026, 5, 4), Decimal("9999999999999999.99")
    for _ in range(101):
        a_credit(calm.ana, str(largest), day)
    a_credit(calm.cleo, "5", day)
    refresh()
    assert cells("bookings") == [(calm.ana.pk, day, 101 * largest, 101), (calm.cleo.pk, day, 5, 1)]


def test_what_cancels_out_is_not_stored(calm: Cast) -> None:
    entry = a_credit(calm.ana, "100", date(2026, 5, 4))
    refresh()
    a_credit(calm.ana, "-100", date(2026, 5, 4), order=entry.order, reverses=entry)
    refresh()
    assert not Rollup.objects.filter(measure="bookings").exists()
    assert not RollupSum.objects.filter(measure="bookings").exists()


def test_an_activity_counts_for_its_kind_in_the_team_of_its_day_and_moves_with_every_change(calm: Cast) -> None:
    call = an_activity(calm.ana, date(2026, 5, 4), duration_minutes=30)
    refresh()
    assert cells("activities.call") == [(calm.ana.pk, date(2026, 5, 4), 30, 1)]
    Activity.objects.filter(pk=call.pk).update(owner=calm.cleo, occurred_on=date(2026, 5, 6), kind="demo")
    refresh()
    assert cells("activities.call") == []
    assert cells("activities.demo") == [(calm.cleo.pk, date(2026, 5, 6), 30, 1)]
    Activity.objects.filter(pk=call.pk).update(withdrawn_at="2026-05-07T00:00Z")
    refresh()
    assert cells("activities.demo") == []
    Activity.objects.filter(pk=call.pk).update(withdrawn_at=None)
    refresh()
    assert len(cells("activities.demo")) == 1
    Activity.objects.filter(pk=call.pk).delete()
    refresh()
    assert cells("activities.demo") == []


def test_a_change_that_matters_to_no_figure_leaves_no_mark(calm: Cast) -> None:
    call = an_activity(calm.ana, date(2026, 5, 4))
    deal = a_deal(calm.ana, close=date(2026, 5, 4))
    refresh()
    waiting = list(Mark.objects.values_list("pk", flat=True))  # for targets and forecasts
    Activity.objects.filter(pk=call.pk).update(notes="Nothing new")
    Deal.objects.filter(pk=deal.pk).update(name="Another name")
    assert not Mark.objects.exclude(pk__in=waiting).exists()


def test_a_bulk_load_leaves_few_marks(calm: Cast) -> None:
    days = [date(2026, 3, 1 + n % 28) for n in range(600)]
    Activity.objects.bulk_create(
        Activity(owner=calm.ana, kind="call", occurred_at=f"{day}T10:00Z", occurred_on=day) for day in days
    )
    assert marks("activities") == 1
    refresh()
    assert sum(row[3] for row in cells("activities.call")) == 600


def test_a_transfer_leaves_history_with_the_old_team(calm: Cast) -> None:
    an_activity(calm.ana, date(2026, 5, 4))
    an_activity(calm.ana, date(2026, 5, 20))
    refresh()
    Posting.objects.filter(person=calm.ana).update(during=half_open(date(2024, 1, 1), date(2026, 5, 11)))
    Posting.objects.create(person=calm.ana, team=calm.south, during=half_open(date(2026, 5, 11)))
    refresh()
    teams = Rollup.objects.filter(measure="activities.call").order_by("on").values_list("team_id", flat=True)
    assert list(teams) == [calm.north.pk, calm.south.pk]


def test_outcomes_keep_counts_amounts_and_cycles(calm: Cast) -> None:
    won = an_outcome(calm.ana, "won", date(2026, 5, 4), amount="50", days=10)
    an_outcome(calm.ana, "won", date(2026, 5, 4), amount="70", days=30)
    an_outcome(calm.ana, "lost", date(2026, 5, 5), amount="5", counts=False)
    refresh()
    assert cells("deals_won") == [(calm.ana.pk, date(2026, 5, 4), 120, 2)]
    assert cells("uncounted_lost") == [(calm.ana.pk, date(2026, 5, 5), 5, 1)]
    an_outcome(calm.ana, "won", date(2026, 5, 9), amount="50", days=10, deal=won.deal, reverses=won)
    refresh()
    assert cells("deals_won")[1] == (calm.ana.pk, date(2026, 5, 9), -50, -1)


def test_pipeline_is_in_reporting_currency_and_leaves_out_what_has_no_rate(calm: Cast) -> None:
    ExchangeRate.objects.create(currency="USD", rate="0.5", during=half_open(date(2026, 1, 1), date(2026, 2, 1)))
    a_deal(calm.ana, "100.01", close=date(2026, 5, 4), currency="USD")
    a_deal(calm.ana, "10", close=date(2026, 5, 4))
    a_deal(calm.ana, None, close=date(2026, 5, 4))
    a_deal(calm.ana, "10", close=date(2026, 5, 4), currency="CHF")
    a_deal(calm.ana, "99", close=date(2026, 5, 4), status="lost", closed_on=MAY)
    refresh()
    assert cells("pipeline") == [(calm.ana.pk, date(2026, 5, 4), Decimal("60.01"), 3)]
    assert cells("pipeline.no_rate") == [(calm.ana.pk, date(2026, 5, 4), 0, 1)]
    ExchangeRate.objects.create(currency="CHF", rate="2", during=half_open(date(2026, 1, 1)))
    refresh()
    assert cells("pipeline") == [(calm.ana.pk, date(2026, 5, 4), Decimal("80.01"), 4)]


def test_the_expected_of_each_day_sums_to_the_quota_and_follows_leave_and_holidays(calm: Cast) -> None:
    a_quota(calm.ana, "6100", date(2026, 4, 1), date(2026, 7, 1))
    a_quota(None, "1000", date(2026, 4, 1), date(2026, 7, 1), team=calm.north, kind="vacant")
    refresh()
    mine = {row[1]: row[2] for row in cells("expected") if row[0] == calm.ana.pk}
    assert sum(mine.values()) == 6100
    assert date(2026, 5, 4) in mine
    assert sum(row[2] for row in cells("expected") if row[0] == 0) == 1000
    vacation = LeaveKind.objects.get(key="vacation")
    Leave.objects.create(person=calm.ana, kind=vacation, during=half_open(date(2026, 5, 4), date(2026, 5, 9)))
    Holiday.objects.create(region="DE", on=date(2026, 5, 12), name="Test")
    refresh()
    after = {row[1]: row[2] for row in cells("expected") if row[0] == calm.ana.pk}
    assert sum(after.values()) == 6100
    assert date(2026, 5, 4) not in after
    assert date(2026, 5, 12) not in after
    assert after[date(2026, 6, 1)] > mine[date(2026, 6, 1)]


def test_rebuild_says_what_differs_and_puts_it_right(calm: Cast, capsys: pytest.CaptureFixture[str]) -> None:
    a_credit(calm.ana, "100", date(2026, 5, 4))
    refresh()
    Rollup.objects.update(total=99)
    RollupSum.objects.filter(level="tm").delete()
    with pytest.raises(SystemExit) as stopped:
        call_command("rebuild_rollups", "--check")
    assert stopped.value.code == 1
    assert "stored 99" in capsys.readouterr().out
    call_command("rebuild_rollups")
    call_command("rebuild_rollups", "--check")
    refresh()


def test_rebuild_fills_empty_tables(calm: Cast) -> None:
    a_credit(calm.ana, "100", date(2026, 5, 4))
    a_quota(calm.ana, "6100", date(2026, 4, 1), date(2026, 7, 1))
    refresh()
    before = set(Rollup.objects.values_list("person_id", "on", "measure", "total"))
    Rollup.objects.all().delete()
    RollupSum.objects.all().delete()
    list(rollups.rebuild())
    assert set(Rollup.objects.values_list("person_id", "on", "measure", "total")) == before
    refresh()
