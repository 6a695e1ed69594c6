"""Who was there, where and how much, day by day."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from teams import selectors, services
from teams.models import Holiday, Person, Posting
from tests.cast import Cast

Q3 = (date(2026, 7, 1), date(2026, 10, 1))


def present(person: Person, start: date = Q3[0], end: date = Q3[1]) -> selectors.PersonDays:
    return selectors.presence(person_ids=[person.pk], start=start, end=end)[person.pk]


def first_and_last(days: selectors.PersonDays, where: Any) -> tuple[date, date]:
    chosen = days.days[where]
    return chosen[0].astype(date), chosen[-1].astype(date)


def test_everybody_is_there_on_the_weekdays_of_a_quarter(cast: Cast) -> None:
    days = present(cast.ana)
    assert len(days) == 66
    assert days.employed.all()
    assert not days.away.any()
    assert set(days.team_ids) == {cast.north.pk}
    assert set(days.fte) == {Decimal(1)}


def test_public_holidays_of_the_postings_region_are_no_working_days(cast: Cast) -> None:
    services.fill_holidays(region="DE", years=[2026])
    services.post_person(person=cast.ben, team=cast.north, on=date(2026, 1, 1), by=cast.admin, holiday_region="DE-BY")
    october = (date(2026, 8, 1), date(2026, 9, 1))
    ana, ben = present(cast.ana, *october), present(cast.ben, *october)
    assert np.datetime64("2026-08-15") not in ana.days  # a Saturday, and only a holiday in Bavaria
    assert len(ana) == len(ben) == 21
    epiphany = (date(2026, 1, 1), date(2026, 2, 1))
    assert len(present(cast.ana, *epiphany)) == 21
    assert len(present(cast.ben, *epiphany)) == 20


def test_a_day_added_by_the_admin_is_off_for_that_region_only(cast: Cast) -> None:
    Holiday.objects.create(region="DE", on=date(2026, 7, 6), name="Company day")
    Holiday.objects.create(region="US", on=date(2026, 7, 7), name="Elsewhere")
    assert len(present(cast.ana)) == 65


def test_a_working_week_from_sunday_to_thursday_counts_sundays(cast: Cast) -> None:
    services.post_person(
        person=cast.ana, team=cast.north, on=date(2026, 1, 1), by=cast.admin, working_week=[7, 1, 2, 3, 4]
    )
    days = present(cast.ana, date(2026, 7, 3), date(2026, 7, 7))
    assert [day.astype(date) for day in days.days] == [date(2026, 7, 5), date(2026, 7, 6)]


def test_a_transfer_in_mid_quarter_changes_the_team_from_its_day(cast: Cast) -> None:
    services.post_person(person=cast.ana, team=cast.south, on=date(2026, 8, 17), by=cast.admin)
    days = present(cast.ana)
    assert first_and_last(days, days.team_ids == cast.north.pk) == (date(2026, 7, 1), date(2026, 8, 14))
    assert first_and_last(days, days.team_ids == cast.south.pk) == (date(2026, 8, 17), date(2026, 9, 30))
    assert days.employed.all()


def test_a_joiner_is_employed_from_the_first_day_and_tenure_counts_from_it(cast: Cast) -> None:
    person = services.add_person(name="Dana", by=cast.admin, hired_on=date(2026, 8, 10))
    services.post_person(person=person, team=cast.north, on=date(2026, 8, 10), by=cast.admin, ramp="newcomer")
    days = present(person)
    assert len(days) == 66, "the whole quarter is in the calendar, or the base could not be prorated"
    assert first_and_last(days, days.employed) == (date(2026, 8, 10), date(2026, 9, 30))
    assert first_and_last(days, days.tenure_month == 1) == (date(2026, 8, 10), date(2026, 9, 9))
    assert first_and_last(days, days.tenure_month == 2) == (date(2026, 9, 10), date(2026, 9, 30))
    assert days.tenure_month[0] == 0
    assert set(days.ramp[days.employed]) == {"newcomer"}


def test_somebody_who_joined_on_the_31st_begins_a_month_on_the_last_day_of_a_shorter_one(cast: Cast) -> None:
    person = services.add_person(name="Dana", by=cast.admin, hired_on=date(2026, 8, 31))
    services.post_person(person=person, team=cast.north, on=date(2026, 8, 31), by=cast.admin)
    days = present(person)
    months = {day.astype(date): int(month) for day, month in zip(days.days, days.tenure_month, strict=True)}
    assert (months[date(2026, 8, 31)], months[date(2026, 9, 29)], months[date(2026, 9, 30)]) == (1, 1, 2)


def test_a_leaver_is_no_longer_employed_and_the_seat_is_vacant(cast: Cast) -> None:
    services.end_employment(person=cast.maya, on=date(2026, 9, 1), by=cast.admin)
    days = present(cast.maya)
    assert first_and_last(days, days.employed) == (date(2026, 7, 1), date(2026, 8, 31))
    assert selectors.manager_of(cast.ana, date(2026, 8, 31)) == cast.maya
    assert selectors.manager_of(cast.ana, date(2026, 9, 1)) == cast.vera


def test_left_on_alone_ends_employment_even_where_a_posting_goes_on(cast: Cast) -> None:
    Person.objects.filter(pk=cast.ana.pk).update(left_on=date(2026, 9, 1))
    days = present(cast.ana)
    assert first_and_last(days, days.employed)[1] == date(2026, 8, 31)


def test_part_time_holds_from_its_day(cast: Cast) -> None:
    services.change_posting(person=cast.ana, on=date(2026, 8, 3), by=cast.admin, fte=Decimal("0.8"))
    days = present(cast.ana)
    assert first_and_last(days, days.fte == Decimal("0.8")) == (date(2026, 8, 3), date(2026, 9, 30))
    assert set(days.team_ids) == {cast.north.pk}


@pytest.mark.parametrize(
    ("kind", "relieves"),
    [("vacation", False), ("sick", False), ("parental", True), ("long_sick", True), ("unpaid", True)],
)
def test_leave_is_away_and_relieves_by_its_kind(cast: Cast, kind: str, relieves: bool) -> None:
    services.record_leave(person=cast.ana, kind=kind, start=date(2026, 7, 6), last=date(2026, 7, 17), by=cast.admin)
    days = present(cast.ana)
    assert days.away.sum() == 10
    assert first_and_last(days, days.away) == (date(2026, 7, 6), date(2026, 7, 17))
    assert days.relieved.sum() == (10 if relieves else 0)


def test_days_without_a_posting_are_not_employed_but_counted(cast: Cast) -> None:
    Posting.objects.filter(person=cast.ana).delete()
    days = present(cast.ana)
    assert len(days) == 66
    assert not days.employed.any()
    assert not days.team_ids.any()


def test_presence_takes_the_same_few_queries_for_one_and_for_all(
    cast: Cast, django_assert_num_queries: Callable[[int], Any]
) -> None:
    everybody = list(Person.objects.values_list("pk", flat=True))
    with django_assert_num_queries(5):
        selectors.presence(person_ids=everybody[:1], start=Q3[0], end=Q3[1])
    with django_assert_num_queries(5):
        assert len(selectors.presence(person_ids=everybody, start=Q3[0], end=Q3[1])) == 7


def test_an_empty_range_has_no_days(cast: Cast) -> None:
    assert len(present(cast.ana, Q3[0], Q3[0])) == 0
