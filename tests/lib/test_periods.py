"""Fiscal periods: keys, parents, children, whatever month the year starts in and however it falls into periods."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from salesmgmt.lib.periods import CALENDAR_YEARS, FiscalCalendar, Kind, Layout, Period, SetUp

days = st.dates(date(1950, 1, 1), date(2150, 12, 31))
KINDS: tuple[Kind, ...] = ("week", "month", "quarter", "year")
LAYOUTS: tuple[Layout, ...] = ("months", "4-4-5", "4-5-4", "5-4-4", "13")
FROM_JULY = FiscalCalendar.from_month(7)
IN_WEEKS = CALENDAR_YEARS.changed(SetUp(2027, date(2027, 1, 4), "4-4-5"))


@st.composite
def setups(draw: st.DrawFn) -> SetUp:
    """A year of months from the first of a month, or one of weeks that starts near to one."""
    year, month = draw(st.integers(1960, 2120)), draw(st.integers(1, 12))
    first = date(year if month == 1 else year - 1, month, 1)
    layout = draw(st.sampled_from(LAYOUTS))
    if layout == "months":
        return SetUp(year, first)
    nearest = draw(st.booleans())
    return SetUp(year, first + timedelta(days=draw(st.integers(*((-3, 3) if nearest else (-6, 0))))), layout, nearest)


@st.composite
def calendars(draw: st.DrawFn) -> FiscalCalendar:
    """Years from any month, changed up to three times; each year keeps between four weeks and eighteen months."""
    calendar = FiscalCalendar.from_month(draw(st.integers(1, 12)))
    for setup in draw(st.lists(setups(), max_size=3)):
        changed = calendar.changed(setup)
        if all(28 <= (each.starts_on - changed.start_of(each.year - 1)).days <= 558 for each in changed.setups[1:]):
            calendar = changed
    return calendar


kinds = st.sampled_from(KINDS)


@given(days, kinds, calendars())
def test_the_period_of_a_day_holds_it_and_its_key_leads_back(day: date, kind: Kind, calendar: FiscalCalendar) -> None:
    period = Period.of(day, kind, calendar)
    assert day in period
    assert period.kind == kind
    assert Period.parse(period.key, calendar) == period


@given(days, kinds, calendars())
def test_neighbours_meet_without_gap_or_overlap(day: date, kind: Kind, calendar: FiscalCalendar) -> None:
    period = Period.of(day, kind, calendar)
    assert period.shift(1).start == period.end
    assert period.shift(-1).end == period.start
    assert period.shift(1).shift(-1) == period
    assert period.shift(1).key != period.key


@given(days, calendars())
def test_parents_hold_their_children_and_nothing_else(day: date, calendar: FiscalCalendar) -> None:
    for kind in ("quarter", "year"):
        period = Period.of(day, kind, calendar)
        for parts in (period.children(), period.months()):
            assert (parts[0].start, parts[-1].end) == (period.start, period.end)
            assert all(one.end == two.start for one, two in pairwise(parts))
        assert all(child.parent() == period for child in period.children())
    month = Period.of(day, "month", calendar)
    assert month.months() == [month]
    assert month in month.parent().months()  # type: ignore[union-attr]


@given(days, calendars())
def test_weeks_run_from_monday_and_cover_the_period_they_are_of(day: date, calendar: FiscalCalendar) -> None:
    period = Period.of(day, "month", calendar)
    weeks = period.weeks()
    assert weeks[0].start <= period.start
    assert period.end <= weeks[-1].end
    assert all(week.start.isoweekday() == 1 and week.days == 7 for week in weeks)
    assert all(one.end == two.start for one, two in pairwise(weeks))


@given(setups(), st.integers(1, 25))
def test_years_of_weeks_have_52_or_53_and_start_on_their_weekday(setup: SetUp, later: int) -> None:
    assume(setup.layout != "months")
    calendar = FiscalCalendar((setup,))
    year = Period.parse(f"{setup.year + later}-FY", calendar)
    assert year.days in (52 * 7, 53 * 7)
    assert year.start.weekday() == setup.starts_on.weekday()
    weeks = [month.days // 7 for month in year.months()]
    usual = [4] * 13 if setup.layout == "13" else [int(count) for count in setup.layout.split("-")] * 4
    assert weeks[:-1] == usual[:-1]
    assert weeks[-1] - usual[-1] == year.days // 7 - 52
    assert [len(quarter.months()) for quarter in year.children()] == ([3, 3, 3, 4] if setup.layout == "13" else [3] * 4)


@given(days, kinds, calendars(), setups())
def test_a_change_moves_nothing_before_the_year_that_ends_where_it_starts(
    day: date, kind: Kind, calendar: FiscalCalendar, setup: SetUp
) -> None:
    assume(day < min(calendar.start_of(setup.year - 1), setup.starts_on))
    assume(setup.starts_on > calendar.start_of(setup.year - 1))
    assert Period.of(day, kind, calendar.changed(setup)) == Period.of(day, kind, calendar)


def test_a_year_from_july_carries_the_number_of_the_year_it_ends_in() -> None:
    first = Period.parse("2026-Q1", FROM_JULY)
    assert (first.start, first.end) == (date(2025, 7, 1), date(2025, 10, 1))
    assert Period.parse("2026-FY", FROM_JULY).start == date(2025, 7, 1)
    assert Period.parse("2026-07", FROM_JULY).parent() == Period.parse("2027-Q1", FROM_JULY)


def test_a_53rd_week_belongs_to_the_last_period() -> None:
    assert [month.days // 7 for month in Period.parse("2031-FY", IN_WEEKS).months()] == [4, 4, 5] * 4
    year = Period.parse("2032-FY", IN_WEEKS)
    assert (year.days // 7, year.months()[-1].days // 7, year.months()[-1].key) == (53, 6, "2032-P12")


def test_the_retail_calendar_starts_on_the_sunday_nearest_to_february() -> None:
    retail = CALENDAR_YEARS.changed(SetUp(2026, date(2026, 2, 1), "4-5-4"))
    years = [Period.parse(f"{year}-FY", retail) for year in range(2026, 2031)]
    starts = [date(2026, 2, 1), date(2027, 1, 31), date(2028, 1, 30), date(2029, 2, 4), date(2030, 2, 3)]
    assert [year.start for year in years] == starts
    assert [year.days // 7 for year in years] == [52, 52, 53, 52, 52]


def test_from_months_to_weeks_december_ends_where_the_new_year_starts() -> None:
    december = Period.parse("2026-12", IN_WEEKS)
    assert (december.start, december.end) == (date(2026, 12, 1), date(2027, 1, 4))
    assert december.shift(1).key == "2027-P01"
    assert Period.parse("2026-FY", IN_WEEKS).days == 368


def test_a_year_that_is_moved_leaves_a_short_or_a_long_one_before_it() -> None:
    to_july = CALENDAR_YEARS.changed(SetUp(2027, date(2026, 7, 1)))
    assert [quarter.key for quarter in Period.parse("2026-FY", to_july).children()] == ["2026-Q1", "2026-Q2"]
    assert Period.parse("2026-07", to_july).parent() == Period.parse("2027-Q1", to_july)
    back = FROM_JULY.changed(SetUp(2027, date(2027, 1, 1)))
    assert [quarter.key[5:] for quarter in Period.parse("2026-FY", back).children()] == [f"Q{n}" for n in range(1, 7)]
    assert Period.parse("2027-FY", back) == Period.parse("2027-FY")


def test_a_record_keeps_the_days_its_period_had() -> None:
    kept = Period.kept("2027-Q1", date(2027, 1, 1), date(2027, 4, 1), IN_WEEKS)
    assert (kept.kind, kept.start, kept.label) == ("quarter", date(2027, 1, 1), "Q1 2027")
    assert kept != Period.parse("2027-Q1", IN_WEEKS)


@pytest.mark.parametrize("key", ["2026", "2026-Q5", "2026-13", "26-Q1", "", "2026-Q1 ", "0000-Q1", "2026-q1"])
def test_what_is_not_a_key_is_said_so(key: str) -> None:
    with pytest.raises(ValueError, match="is not a period"):
        Period.parse(key)


@pytest.mark.parametrize("key", ["2026-W54", "2026-W00", "2026-P01", "2027-P13"])
def test_a_period_that_the_calendar_does_not_have_is_said_so(key: str) -> None:
    with pytest.raises(ValueError, match="is not a period of this fiscal calendar"):
        Period.parse(key, IN_WEEKS)


def test_a_month_of_another_calendar_is_told_what_the_months_are_called() -> None:
    with pytest.raises(ValueError, match="its months of 2027 are 2027-P01 to 2027-P12"):
        Period.parse("2027-03", IN_WEEKS)
