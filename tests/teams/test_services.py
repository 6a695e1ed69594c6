"""Postings, seats, leave, rates and periods: dated facts are ended or split, never rewritten."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from salesmgmt.lib.ranges import half_open
from salesmgmt.lib.refusals import Refused
from teams import selectors, services
from teams.models import ExchangeRate, Leadership, Organisation, Period, PeriodChange, Person, Posting, Role, access_of
from tests.cast import SINCE, Cast

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)


def postings(person: Person) -> list[tuple[Any, ...]]:
    rows = Posting.objects.filter(person=person).order_by("during").select_related("team")
    return [(row.starts_on, row.until, row.team.name, row.role, row.fte) for row in rows]


def test_a_transfer_leaves_the_history_with_the_old_team(cast: Cast) -> None:
    services.post_person(person=cast.ana, team=cast.south, on=date(2026, 8, 17), by=cast.admin)
    assert postings(cast.ana) == [
        (SINCE, date(2026, 8, 17), "North", "rep", 1),
        (date(2026, 8, 17), None, "South", "rep", 1),
    ]
    assert selectors.team_on(cast.ana, date(2026, 8, 16)) == cast.north
    assert selectors.team_on(cast.ana, date(2026, 8, 17)) == cast.south


def test_a_posting_with_an_end_is_resumed_by_what_stood(cast: Cast) -> None:
    services.post_person(person=cast.ana, team=cast.south, on=date(2026, 8, 1), until=date(2026, 9, 1), by=cast.admin)
    assert [row[:3] for row in postings(cast.ana)] == [
        (SINCE, date(2026, 8, 1), "North"),
        (date(2026, 8, 1), date(2026, 9, 1), "South"),
        (date(2026, 9, 1), None, "North"),
    ]


def test_a_back_dated_posting_answers_the_days_it_holds_up_to_the_next_one(cast: Cast) -> None:
    services.post_person(person=cast.ana, team=cast.south, on=date(2026, 9, 1), by=cast.admin)
    posting = services.post_person(person=cast.ana, team=cast.company, on=date(2026, 3, 1), by=cast.admin)
    assert posting.during == half_open(date(2026, 3, 1), date(2026, 9, 1))
    assert [row[2] for row in postings(cast.ana)] == ["North", "Company", "South"]


def test_saying_what_stands_again_changes_nothing(cast: Cast) -> None:
    before = list(Posting.objects.filter(person=cast.ana).values())
    services.post_person(person=cast.ana, team=cast.north, on=date(2026, 5, 1), by=cast.admin)
    services.change_posting(person=cast.ana, on=date(2026, 6, 1), by=cast.admin, team=cast.north, fte=Decimal("1.0"))
    assert list(Posting.objects.filter(person=cast.ana).values()) == before


def test_dated_rows_may_come_in_any_order_and_twice(cast: Cast) -> None:
    Posting.objects.filter(person=cast.ana).delete()
    rows = [(date(2026, 5, 1), cast.south), (date(2024, 1, 1), cast.north), (date(2025, 1, 1), cast.company)]
    for on, team in rows * 2:
        services.post_person(person=cast.ana, team=team, on=on, by=cast.admin)
    assert [row[:3] for row in postings(cast.ana)] == [
        (date(2024, 1, 1), date(2025, 1, 1), "North"),
        (date(2025, 1, 1), date(2026, 5, 1), "Company"),
        (date(2026, 5, 1), None, "South"),
    ]


def test_importing_people_again_opens_a_new_posting_and_never_rewrites_the_past(cast: Cast) -> None:
    services.change_posting(person=cast.ana, on=date(2026, 11, 1), by=cast.admin, role=Role.MANAGER, team=cast.south)
    assert [row[:4] for row in postings(cast.ana)] == [
        (SINCE, date(2026, 11, 1), "North", "rep"),
        (date(2026, 11, 1), None, "South", "manager"),
    ]


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"fte": 0}, "more than 0 and at most 1"),
        ({"fte": "1.2"}, "more than 0 and at most 1"),
        ({"role": "king"}, "no role"),
        ({"until": date(2026, 1, 1)}, "ends after it starts"),
        ({"working_week": [0, 8]}, "from 1 (Monday) to 7"),
        ({"holiday_region": "ZZ"}, "no holiday calendar “ZZ”"),
    ],
)
def test_a_posting_that_makes_no_sense_is_refused(cast: Cast, wrong: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Refused) as refused:
        services.post_person(person=cast.ana, team=cast.south, on=date(2026, 8, 1), by=cast.admin, **wrong)
    assert sentence in str(refused.value)
    assert len(postings(cast.ana)) == 1


def test_nobody_changes_their_own_posting_or_appoints_themselves(cast: Cast) -> None:
    with pytest.raises(Refused, match="their own posting"):
        services.change_posting(person=cast.olga, on=date(2026, 8, 1), by=cast.olga.user, role=Role.EXECUTIVE)
    with pytest.raises(Refused, match="appoint themselves"):
        services.appoint_manager(team=cast.north, person=cast.olga, on=date(2026, 8, 1), by=cast.olga.user)


def test_two_postings_at_a_time_are_refused_by_the_database(cast: Cast) -> None:
    with pytest.raises(IntegrityError, match="one_posting_at_a_time"), transaction.atomic():
        Posting.objects.create(person=cast.ana, team=cast.south, during=half_open(date(2026, 1, 1)))


def test_a_new_manager_leads_from_the_day_and_the_old_one_is_history(cast: Cast) -> None:
    services.appoint_manager(team=cast.north, person=cast.omar, on=date(2026, 8, 1), by=cast.admin)
    assert selectors.manager_of(cast.ana, date(2026, 7, 31)) == cast.maya
    assert selectors.manager_of(cast.ana, date(2026, 8, 1)) == cast.omar
    led = Leadership.objects.on(date(2026, 8, 1)).filter(person=cast.omar)
    assert {leadership.team for leadership in led} == {cast.north, cast.south}


def test_a_vacant_seat_falls_to_the_next_team_up(cast: Cast) -> None:
    services.appoint_manager(team=cast.north, person=None, on=date(2026, 8, 1), by=cast.admin)
    assert Leadership.objects.on(date(2026, 8, 1)).filter(team=cast.north).count() == 0
    assert selectors.manager_of(cast.ana, date(2026, 8, 1)) == cast.vera


def test_a_managers_manager_is_the_next_team_up_and_the_top_has_none(cast: Cast) -> None:
    assert selectors.manager_of(cast.maya, date(2026, 8, 1)) == cast.vera
    assert selectors.manager_of(cast.vera, date(2026, 8, 1)) is None


def test_members_are_those_posted_that_day(cast: Cast) -> None:
    services.post_person(person=cast.ana, team=cast.south, on=date(2026, 8, 17), by=cast.admin)
    assert cast.ana in selectors.members([cast.north.pk], date(2026, 8, 16))
    assert cast.ana not in selectors.members([cast.north.pk], date(2026, 8, 17))
    assert selectors.members([cast.company.pk], date(2026, 8, 17)).count() == 7


def test_access_follows_the_posting_of_the_day(cast: Cast) -> None:
    assert cast.maya.user
    today = access_of(cast.maya.user)
    assert cast.ana.pk in today.people
    services.post_person(person=cast.ana, team=cast.south, on=date(2026, 1, 1), by=cast.admin)
    again = type(cast.maya.user).objects.get(pk=cast.maya.user_id)
    assert cast.ana.pk not in access_of(again).people


def test_a_subtree_moves_with_its_team_and_a_team_never_stands_below_itself(cast: Cast) -> None:
    inner = services.add_team(name="North-East", parent=cast.north, by=cast.admin)
    services.change_team(team=cast.north, by=cast.admin, parent=cast.south)
    inner.refresh_from_db()
    assert inner.path == [cast.company.pk, cast.south.pk, cast.north.pk, inner.pk]
    with pytest.raises(Refused, match="below itself"):
        services.change_team(team=cast.south, by=cast.admin, parent=inner)


def test_a_leave_is_taken_once_and_an_overlapping_one_is_refused(cast: Cast) -> None:
    days = {"start": date(2026, 7, 6), "last": date(2026, 7, 17)}
    first = services.record_leave(person=cast.ana, kind="vacation", by=cast.admin, **days)
    assert services.record_leave(person=cast.ana, kind="Vacation", by=cast.admin, **days) == first
    with pytest.raises(Refused, match="away from 6 Jul 2026 to 17 Jul 2026 already"):
        services.record_leave(
            person=cast.ana, kind="sick", start=date(2026, 7, 17), last=date(2026, 7, 20), by=cast.admin
        )
    with pytest.raises(Refused, match="no kind of leave"):
        services.record_leave(person=cast.ana, kind="surfing", by=cast.admin, **days)


def test_public_holidays_are_filled_once_and_kept_as_the_admin_left_them(cast: Cast) -> None:
    added = services.fill_holidays(region="DE-BY", years=[2026])
    assert added == 12
    assert services.fill_holidays(region="DE-BY", years=[2026]) == 0
    week = [1, 2, 3, 4, 5]
    may = selectors.working_days(region="DE-BY", week=week, start=date(2026, 5, 1), end=date(2026, 6, 1))
    assert len(may) == 18  # 21 weekdays without 1 May, Ascension and Whit Monday


def test_a_rate_holds_until_the_next_one_in_whatever_order_they_come(cast: Cast) -> None:
    for on, rate in [(date(2026, 7, 1), "0.92"), (date(2026, 1, 1), "0.90"), (date(2026, 1, 1), "0.91")]:
        services.set_rate(currency="USD", rate=Decimal(rate), on=on, by=cast.admin)
    assert ExchangeRate.objects.count() == 2
    assert selectors.rate("USD", date(2026, 6, 30)) == Decimal("0.91")
    assert selectors.rate("USD", date(2026, 7, 1)) == Decimal("0.92")
    assert selectors.rate("EUR", date(1990, 1, 1)) == 1
    with pytest.raises(Refused, match="no actual rate for USD on 31 Dec 2025"):
        selectors.rate("USD", date(2025, 12, 31))
    with pytest.raises(Refused, match="no plan rate"):
        selectors.rate("USD", date(2026, 7, 1), "plan")


def test_a_late_fact_posts_to_the_first_open_month(cast: Cast) -> None:
    assert selectors.posting_day(date(2026, 7, 15)) == date(2026, 7, 15)
    services.close_period(key="2026-Q3", by=cast.olga.user, at=AT)
    assert selectors.posting_day(date(2026, 7, 15)) == date(2026, 10, 1)
    assert selectors.posting_day(date(2026, 6, 30)) == date(2026, 6, 30)
    assert selectors.is_closed(selectors.period("2026-Q3"))
    services.reopen_period(key="2026-08", by=cast.olga.user, at=AT, reason="A forgotten order")
    assert selectors.posting_day(date(2026, 7, 15)) == date(2026, 8, 1)
    assert not selectors.is_closed(selectors.period("2026-Q3"))
    assert PeriodChange.objects.filter(period__key="2026-08").count() == 2


def test_who_closes_a_period_is_not_in_the_selling_line(cast: Cast) -> None:
    for person in (cast.vera, cast.maya, cast.ana):
        with pytest.raises(Refused):
            services.close_period(key="2026-07", by=person.user, at=AT)
    services.close_period(key="2026-07", by=cast.admin, at=AT)
    with pytest.raises(Refused, match="closed already"):
        services.close_period(key="2026-07", by=cast.admin, at=AT)
    with pytest.raises(Refused, match="Say why"):
        services.reopen_period(key="2026-07", by=cast.admin, at=AT, reason=" ")


def test_changing_the_fiscal_year_deletes_no_period_and_closes_none(cast: Cast) -> None:
    services.close_period(key="2026-07", by=cast.admin, at=AT)
    before = Period.objects.count()
    services.change_organisation(by=cast.admin, fiscal_month=7)
    assert Period.objects.count() == before
    assert Period.objects.get(key="2026-07").is_closed
    assert selectors.period("2027-Q1").start == date(2026, 7, 1)
    assert selectors.current_period("year", date(2026, 7, 1)).key == "2027-FY"


def test_a_new_region_of_the_organisation_brings_its_holidays(cast: Cast) -> None:
    services.change_organisation(by=cast.admin, holiday_region="FR")
    bastille = selectors.working_days(region="FR", week=[1, 2, 3, 4, 5], start=date(2026, 7, 14), end=date(2026, 7, 15))
    assert len(bastille) == 0
    assert Organisation.get().holiday_region == "FR"


def test_a_leaver_keeps_the_past_and_loses_the_rest(cast: Cast) -> None:
    services.end_employment(person=cast.maya, on=date(2026, 9, 1), by=cast.admin)
    assert postings(cast.maya) == [(SINCE, date(2026, 9, 1), "North", "manager", 1)]
    with pytest.raises(Refused, match="left on 1 Sep 2026"):
        services.post_person(person=Person.objects.get(pk=cast.maya.pk), team=cast.south, on=date(2026, 9, 1), by=None)
