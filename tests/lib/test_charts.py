from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from salesmgmt.lib.charts import Pace, Range, Step, draw_pace, gridlines, pace_rows, spark, spread, track

START, UNTIL, TODAY = date(2026, 10, 1), date(2027, 1, 1), date(2026, 11, 21)


def a_pace(**changes: Any) -> Pace:
    facts: dict[str, Any] = {
        "start": START,
        "until": UNTIL,
        "today": TODAY,
        "target": [Step(START, Decimal(0)), Step(date(2026, 12, 31), Decimal(1_240_000))],
        "actual": [Step(START, Decimal(0)), Step(TODAY, Decimal(678_000))],
        "forecast": [Step(TODAY, Decimal(678_000)), Step(date(2026, 12, 31), Decimal(1_170_000))],
        "band": [Range(date(2026, 12, 31), Decimal(1_050_000), Decimal(1_290_000))],
    }
    return Pace(**(facts | changes))


def test_a_track_shows_the_share_reached_and_the_tick_of_today() -> None:
    drawn = track(Decimal("54.7"), 100, 57)
    assert (drawn.fill, drawn.tick) == (54.7, 57.0)


def test_a_track_over_its_goal_is_scaled_so_that_180_percent_is_not_100() -> None:
    drawn = track(180, 100, 90)
    assert (drawn.fill, drawn.tick) == (100.0, 50.0)


@pytest.mark.parametrize("goal", [None, 0, -5])
def test_a_track_without_a_goal_is_empty_and_has_no_tick(goal: int | None) -> None:
    assert track(50, goal, 20).tick is None
    assert track(50, goal, 20).fill == 0


def test_a_negative_value_leaves_the_track_empty() -> None:
    assert track(-20, 100).fill == 0


@pytest.mark.parametrize(
    ("highest", "last"),
    [(1_290_000, 1_200_000), (100, 90), (3, 3), (0.5, 0.45), (900, 900), (7, 6)],
)
def test_four_round_gridlines_end_at_or_below_the_highest_value(highest: float, last: float) -> None:
    lines = gridlines(highest)
    assert len(lines) == 4
    assert lines[0] == 0
    assert lines[-1] == pytest.approx(last)


def test_nothing_to_draw_has_one_gridline() -> None:
    assert gridlines(0) == [0.0]


def test_labels_too_near_are_moved_apart_in_order() -> None:
    low, high = spread([50, 54], 14)
    assert high - low == pytest.approx(14)
    assert spread([10, 90], 14) == [10, 90]


def test_every_point_of_a_pace_chart_lies_inside_its_drawing() -> None:
    for width, height in ((736, 292), (358, 268)):
        drawn = draw_pace(a_pace(), width, height)
        assert drawn.dot is not None
        assert drawn.left < drawn.dot[0] < drawn.right
        assert drawn.top <= min(t.y for t in drawn.ticks)
        assert drawn.ticks[0].y == drawn.bottom
        assert drawn.band.endswith("Z")
        assert [day for _, day in drawn.days] == [START, date(2026, 11, 1), date(2026, 12, 1)]


def test_a_period_that_has_not_begun_draws_its_target_only() -> None:
    drawn = draw_pace(a_pace(actual=[], forecast=[], band=[]), 736, 292)
    assert (drawn.actual, drawn.forecast, drawn.band, drawn.dot) == ("", "", "", None)
    assert drawn.target.startswith("M")


def test_a_chart_without_any_figure_is_drawn_empty() -> None:
    drawn = draw_pace(a_pace(target=[], actual=[], forecast=[], band=[]), 736, 292)
    assert drawn.ends == []


def test_the_figures_name_each_week_today_and_the_last_day() -> None:
    days = [row.on for row in pace_rows(a_pace())]
    assert days == sorted(days)
    assert {START, TODAY, UNTIL - timedelta(days=1)} <= set(days)
    assert len(days) == 15


def test_a_sparkline_needs_two_values() -> None:
    assert spark([4]) is None
    flat = spark([4, 4, 4])
    assert flat is not None
    assert flat.path.count("L") == 2
