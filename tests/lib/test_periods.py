"""Fiscal periods: keys, parents, children, whatever month the year starts in."""

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesmgmt.lib.periods import Period

days = st.dates(date(1950, 1, 1), date(2150, 12, 31))
kinds = st.sampled_from(["month", "quarter", "year"])
months = st.integers(1, 12)


@given(days, kinds, months)
def test_the_period_of_a_day_holds_it_and_its_key_leads_back(day: date, kind: str, fiscal_month: int) -> None:
    period = Period.of(day, kind, fiscal_month=fiscal_month)  # type: ignore[arg-type]
    assert day in period
    assert Period.parse(period.key, fiscal_month=fiscal_month) == period


@given(days, kinds, months)
def test_neighbours_meet_without_gap_or_overlap(day: date, kind: str, fiscal_month: int) -> None:
    period = Period.of(day, kind, fiscal_month=fiscal_month)  # type: ignore[arg-type]
    assert period.shift(1).start == period.end
    assert period.shift(-1).end == period.start
    assert period.shift(1).shift(-1) == period


@given(days, months)
def test_months_make_up_their_quarter_and_year(day: date, fiscal_month: int) -> None:
    for kind in ("quarter", "year"):
        period = Period.of(day, kind, fiscal_month=fiscal_month)
        children = period.months()
        assert children[0].start == period.start
        assert children[-1].end == period.end
        assert all(one.end == two.start for one, two in pairwise(children))


def test_a_year_from_july_carries_the_number_of_the_year_it_ends_in() -> None:
    first = Period.parse("2026-Q1", fiscal_month=7)
    assert (first.start, first.end) == (date(2025, 7, 1), date(2025, 10, 1))
    assert Period.parse("2026-FY", fiscal_month=7).start == date(2025, 7, 1)
    assert Period.parse("2026-07", fiscal_month=7).parent() == Period.parse("2027-Q1", fiscal_month=7)


@pytest.mark.parametrize("key", ["2026", "2026-Q5", "2026-13", "26-Q1", "", "2026-Q1 ", "0000-Q1", "2026-q1"])
def test_what_is_not_a_key_is_said_so(key: str) -> None:
    with pytest.raises(ValueError, match="is not a period"):
        Period.parse(key)
