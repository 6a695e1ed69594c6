"""What pipelines usually come to: each figure against a handful of deals worked out by hand (R16, R17, R18, R19)."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from performance.analysis.funnel import chance_of, is_clearly_lower
from performance.selectors import Scope
from performance.selectors import funnel as reading
from sales import services as sales
from sales.models import Deal, LostReason, Pipeline, Stage
from salesmgmt.lib.periods import Period
from tests.cast import Cast
from tests.performance.test_snapshots import drain

Q1, Q2 = Period.parse("2026-Q1"), Period.parse("2026-Q2")


def moment(on: date) -> datetime:
    return datetime(on.year, on.month, on.day, 9, tzinfo=UTC)


def a_deal(cast: Cast, on: date, due: date, amount: int = 100, **fields: Any) -> Deal:
    said: dict[str, Any] = {"owner": cast.ana, "name": "A deal", "amount": Decimal(amount), "by": None}
    return sales.open_deal(**said | {"at": moment(on), "expected_close_on": due} | fields)


def win(deal: Deal, on: date) -> None:
    sales.win_deal(deal=deal, by=None, at=moment(on), on=on)


def lose(deal: Deal, on: date, key: str = "price") -> None:
    sales.lose_deal(deal=deal, reason=LostReason.objects.get(key=key), by=None, at=moment(on), on=on)


@pytest.mark.django_db
def test_coverage_needed_is_the_gap_by_what_such_a_pipeline_came_to_at_this_week(cast: Cast) -> None:
    """In Q1, 12 deals of 100 stood open in week 3; 4 were won in it, one only after it: a third of the value."""
    deals = [a_deal(cast, date(2026, 1, 5), date(2026, 3, 20)) for _ in range(12)]
    early = a_deal(cast, date(2026, 1, 5), date(2026, 3, 20), amount=900)
    win(early, date(2026, 1, 9))  # before week 3: no part of what was open then
    for deal in deals[:4]:
        win(deal, date(2026, 3, 2))
    win(deals[4], date(2026, 4, 2))
    lose(deals[5], date(2026, 2, 2))
    drain()
    asked: dict[str, Any] = {"scope": Scope.person(cast.ana), "period": Q2, "as_of": date(2026, 4, 16)}
    coverage, _ = reading.coverage_and_slippage(**asked, gap=Decimal(100), pipeline=Decimal(250))
    assert (coverage.week, coverage.deals, coverage.needed, coverage.lacking) == (3, 12, Decimal(300), Decimal(50))
    met, _ = reading.coverage_and_slippage(**asked, gap=Decimal(0), pipeline=Decimal(0))
    assert (met.is_met, met.needed) == (True, None)
    unknown, _ = reading.coverage_and_slippage(**asked, gap=None, pipeline=Decimal(0))
    assert (unknown.is_met, unknown.needed) == (False, None)
    thin, _ = reading.coverage_and_slippage(
        **asked | {"scope": Scope.person(cast.ben)}, gap=Decimal(100), pipeline=Decimal(0)
    )
    assert (thin.share, thin.needed) == (None, None)


@pytest.mark.django_db
def test_slipped_is_moved_out_or_overdue_of_what_was_open_and_due_on_the_first_day(cast: Cast) -> None:
    first = date(2026, 1, 1)
    won, lost, moved, overdue, due, gone = (a_deal(cast, first, date(2026, 2, 10)) for _ in range(6))
    a_deal(cast, date(2026, 1, 7), date(2026, 2, 10))  # came later: not in the cohort
    a_deal(cast, first, date(2026, 4, 10))  # due later
    win(won, date(2026, 2, 1))
    lose(lost, date(2026, 2, 1))
    sales.change_deal(deal=moved, by=None, at=moment(date(2026, 2, 1)), expected_close_on=date(2026, 5, 1))
    sales.change_deal(deal=due, by=None, at=moment(date(2026, 2, 1)), expected_close_on=date(2026, 3, 1))
    sales.withdraw_deal(deal=gone, by=None, at=moment(date(2026, 2, 1)))
    drain()
    assert overdue.is_open

    def slippage(as_of: date) -> dict[str, int]:
        asked: dict[str, Any] = {"scope": Scope.company(), "period": Q1, "as_of": as_of}
        return reading.coverage_and_slippage(**asked, gap=None, pipeline=Decimal(0))[1].counts

    assert slippage(date(2026, 2, 10)) == {"won": 1, "lost": 1, "slipped": 1, "due": 2, "gone": 1}
    assert slippage(date(2026, 2, 11)) == {"won": 1, "lost": 1, "slipped": 2, "due": 1, "gone": 1}
    assert slippage(date(2026, 6, 1)) == {"won": 1, "lost": 1, "slipped": 3, "gone": 1}


@pytest.mark.django_db
def test_conversion_counts_deals_old_enough_to_be_decided_and_leaves_duplicates_out(cast: Cast) -> None:
    """Ten days to a decision: what was opened ten days ago or earlier counts, whatever came of it."""
    pipeline = Pipeline.objects.order_by("position")[0]
    stages = list(Stage.objects.filter(pipeline=pipeline).order_by("position"))
    opened = date(2026, 3, 2)
    for number in range(8):
        deal = a_deal(cast, opened, date(2026, 6, 1))
        if number < 5:
            sales.move_deal(deal=deal, stage=stages[1], by=None, at=moment(opened + timedelta(3)))
        if number < 3:
            win(deal, opened + timedelta(10))
        elif number < 6:
            lose(deal, opened + timedelta(10))
        elif number == 6:
            lose(deal, opened + timedelta(10), key="duplicate")
    a_deal(cast, date(2026, 4, 9), date(2026, 6, 1))
    drain()
    told = reading.funnel(scope=Scope.team(cast.north), as_of=date(2026, 4, 10), pipeline=pipeline)
    assert told.wait == 10
    assert [(one.reached, one.went_on) for one in told.stages[:3]] == [(7, 5), (5, 3), (3, 3)]
    assert told.stages[0].peers == (0, 0)
    assert told.bottleneck is None  # of so few deals nothing is claimed


@pytest.mark.django_db
def test_ageing_is_days_in_the_stage_beside_those_of_ones_own_won_deals(cast: Cast) -> None:
    stage = Stage.objects.order_by("pipeline__position", "position")[1]
    for number in range(10):
        deal = a_deal(cast, date(2026, 1, 1), date(2026, 6, 1))
        sales.move_deal(deal=deal, stage=stage, by=None, at=moment(date(2026, 1, 5)))
        win(deal, date(2026, 1, 6 + number))
    for entered in (date(2026, 3, 1), date(2026, 3, 25)):
        deal = a_deal(cast, date(2026, 2, 1), date(2026, 6, 1))
        sales.move_deal(deal=deal, stage=stage, by=None, at=moment(entered))
        sales.change_deal(deal=deal, by=None, at=moment(date(2026, 3, 26)), amount=Decimal(130))
    drain()
    [found] = reading.ageing(scope=Scope.person(cast.ana), as_of=date(2026, 3, 28))
    assert (found.deals, found.value, found.won_deals) == (2, Decimal(260), 10)
    assert (found.usual, found.long) == (5, 9)
    assert (found.median, found.aged, found.aged_value) == (3, 1, Decimal(130))
    [of_team] = reading.ageing(scope=Scope.team(cast.north), as_of=date(2026, 1, 10))
    assert of_team.usual is None  # five won by then are too few


@pytest.mark.django_db
def test_forecast_categories_are_cumulative(cast: Cast) -> None:
    for category, amount in (("commit", 10), ("best_case", 20), ("pipeline", 40), ("omitted", 80)):
        a_deal(cast, date(2026, 1, 5), date(2026, 3, 3), amount, own_forecast_category=category)
    a_deal(cast, date(2026, 1, 5), date(2026, 4, 3), 160, own_forecast_category="commit")
    drain()
    asked: dict[str, Any] = {"scope": Scope.company(), "period": Q1, "as_of": date(2026, 1, 20)}
    found = reading.categories(**asked, closed=Decimal(5))
    assert [(one.key, one.value, one.cumulative) for one in found] == [
        ("commit", 10, 15), ("best_case", 20, 35), ("pipeline", 40, 75)
    ]  # fmt: skip


def test_a_difference_is_named_only_where_it_is_more_than_chance() -> None:
    assert chance_of(1, 19, 900, 1000) is None
    assert not is_clearly_lower(10, 20, 550, 1000, comparisons=1)
    assert is_clearly_lower(300, 600, 1160, 2000, comparisons=1)
    assert not is_clearly_lower(330, 600, 1160, 2000, comparisons=8)
    assert not is_clearly_lower(400, 600, 1160, 2000, comparisons=1)
    assert chance_of(20, 20, 30, 30) == 1.0
