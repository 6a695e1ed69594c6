"""Fiscal calendars: a change deletes nothing and moves no plan; periods close and open again with a reason."""

from datetime import UTC, date, datetime
from decimal import Decimal as D
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from sales.models import Credit
from salesmgmt.lib.periods import Period as PeriodValue
from salesmgmt.lib.periods import SetUp
from salesmgmt.lib.ranges import half_open
from salesmgmt.lib.refusals import Refused
from targets.models import Plan, QuotaEntry, SeasonProfile, SeasonShare
from targets.selectors import daily_quota, kept_by, quota_of
from targets.services import adjust_quota, enter_quota
from teams import selectors, services
from teams.models import FiscalYear, Organisation, Period, PeriodChange
from tests.cast import Cast
from tests.exchange.test_kinds import take

AT = datetime(2026, 6, 20, 9, tzinfo=UTC)
WEEKS = SetUp(2027, date(2027, 1, 4), "4-4-5")
Q1: Any = {"start": date(2027, 1, 1), "end": date(2027, 4, 1)}


def change(cast: Cast, setup: SetUp = WEEKS) -> FiscalYear:
    return services.change_calendar(setup=setup, by=cast.olga.user, at=AT, reason="Retail weeks")


def test_fiscal_calendar_changing_the_set_up_deletes_no_period_no_quota_and_no_adjustment(cast: Cast) -> None:
    enter_quota(person=cast.ana, amount=D(90000), basis="base", reason="Plan", by=cast.admin, at=AT, **Q1)
    season = SeasonProfile.objects.create(period="2027-Q1", during=half_open(Q1["start"], Q1["end"]))
    for month, percent in enumerate((20, 30, 50), 1):
        SeasonShare.objects.create(
            profile=season, bucket=f"2027-0{month}", starts_on=date(2027, month, 1), percent=percent
        )
    adjust_quota(
        person=cast.ana, period=PeriodValue.parse("2027-Q1"), amount=D(80000), reason="Less", by=cast.maya.user, at=AT
    )
    entries = list(QuotaEntry.objects.order_by("pk").values())
    days = daily_quota(person_ids=[cast.ana.pk], **Q1)
    stored = list(Period.objects.order_by("pk").values_list("pk", "key", "during"))
    change(cast)
    assert list(QuotaEntry.objects.order_by("pk").values()) == entries
    assert daily_quota(person_ids=[cast.ana.pk], **Q1) == days
    assert quota_of(person_ids=[cast.ana.pk], **Q1) == {cast.ana.pk: D(80000)}
    kept = {pk: (key, during) for pk, key, during in Period.objects.values_list("pk", "key", "during")}
    assert all(kept[pk] == (key, during) for pk, key, during in stored)
    assert Period.objects.standing().get(key="2027-P01").during == half_open(date(2027, 1, 4), date(2027, 2, 1))
    assert Period.objects.standing().get(key="2026-11").pk in {pk for pk, _, _ in stored}
    assert selectors.period("2027-Q1").start == date(2027, 1, 4)


def test_the_stored_periods_are_those_of_the_calendar_after_every_change(cast: Cast) -> None:
    for setup in (
        WEEKS,
        SetUp(2029, date(2029, 1, 1), "13"),
        SetUp(2028, date(2027, 7, 1)),
        SetUp(2027, date(2027, 1, 1)),
    ):
        try:
            change(cast, setup)
        except Refused:
            continue
        calendar = Organisation.get().calendar
        rows = Period.objects.standing().filter(during__overlap=half_open(date(2025, 1, 1), date(2040, 1, 1)))
        for row in rows:
            month = PeriodValue.of(row.starts_on, "month", calendar)
            assert (row.key, row.starts_on, row.until) == (month.key, month.start, month.end)


def test_a_change_shows_which_plans_and_quotas_keep_their_own_days(cast: Cast) -> None:
    enter_quota(person=cast.ana, amount=D(90000), reason="Plan", by=cast.admin, at=AT, **Q1)
    Plan.objects.create(name="Q1", period="2027-Q1", amount=1, made_at=AT, during=half_open(Q1["start"], Q1["end"]))
    Plan.objects.create(
        name="Q3", period="2026-Q3", amount=1, made_at=AT, during=half_open(date(2026, 7, 1), date(2026, 10, 1))
    )
    before = Organisation.get().calendar
    preview = selectors.calendar_change(before, WEEKS)
    kept = kept_by(before, preview.calendar, since=preview.starts_on)
    assert [(each.label, each.what) for each in kept] == [("Q1 2027", "1 plan, 1 quota")]
    assert not FiscalYear.objects.exists()


def test_a_closed_period_is_never_moved(cast: Cast) -> None:
    services.close_period(key="2027-01", by=cast.admin, at=AT)
    with pytest.raises(Refused, match="2027-01 is closed and would move"):
        change(cast)
    change(cast, SetUp(2028, date(2028, 1, 3), "13"))
    assert Period.objects.get(key="2027-01").is_closed


@pytest.mark.parametrize(
    ("setup", "sentence"),
    [
        (SetUp(2027, date(2027, 1, 2)), "starts on the first of a month, not on 2 Jan 2027"),
        (SetUp(2027, date(2027, 1, 14), "4-4-5"), "within three days of the first of a month"),
        (SetUp(2027, date(2029, 1, 1)), "FY 2027 can start four weeks to eighteen months later"),
        (SetUp(2027, date(2026, 1, 1)), "FY 2027 can start four weeks"),
        (SetUp(12, date(2027, 1, 1)), "12 is no fiscal year"),
    ],
)
def test_a_set_up_that_makes_no_calendar_is_refused_with_what_would(cast: Cast, setup: SetUp, sentence: str) -> None:
    with pytest.raises(Refused, match=sentence):
        change(cast, setup)


def test_who_counts_the_days_is_not_in_the_selling_line(cast: Cast) -> None:
    for person in (cast.vera, cast.maya, cast.ana):
        with pytest.raises(Refused, match="Only admin and operations"):
            services.change_calendar(setup=WEEKS, by=person.user, at=AT, reason="Mine")


def test_a_later_word_on_a_year_supersedes_and_keeps_the_earlier_one(cast: Cast) -> None:
    first = change(cast)
    assert change(cast) == first
    second = change(cast, SetUp(2027, date(2027, 1, 4), "13"))
    first.refresh_from_db()
    assert first.superseded_at == AT
    assert [row.pk for row in FiscalYear.objects.standing()] == [second.pk]
    assert len(PeriodValue.parse("2027-FY", Organisation.get().calendar).months()) == 13


def test_back_dated_entry_in_a_closed_period_of_weeks_posts_to_the_next_open_one(cast: Cast) -> None:
    change(cast)
    services.close_period(key="2027-P01", by=cast.olga.user, at=AT, reason="Month end")
    assert selectors.posting_day(date(2027, 1, 31)) == date(2027, 2, 1)
    assert selectors.posting_day(date(2027, 1, 3)) == date(2027, 1, 3)  # still December
    services.close_period(key="2027-Q1", by=cast.olga.user, at=AT, reason="Quarter end")
    assert selectors.posting_day(date(2027, 1, 31)) == date(2027, 4, 5)
    assert selectors.is_closed(selectors.period("2027-Q1"))
    with pytest.raises(Refused, match="2027-P01 is closed"):
        enter_quota(
            person=cast.ana,
            amount=D(1),
            reason="Late",
            by=cast.admin,
            at=AT,
            start=date(2027, 1, 4),
            end=date(2027, 4, 5),
        )
    services.reopen_period(key="2027-P02", by=cast.olga.user, at=AT, reason="A forgotten order")
    assert selectors.posting_day(date(2027, 1, 31)) == date(2027, 2, 1)
    assert PeriodChange.objects.filter(reason="A forgotten order", by=cast.olga.user).count() == 1


def test_a_week_does_not_close(cast: Cast) -> None:
    with pytest.raises(Refused, match="is a week"):
        services.close_period(key="2026-W31", by=cast.admin, at=AT)


@pytest.fixture
def olga(cast: Cast, client: Client) -> Client:
    client.force_login(cast.olga.user)  # type: ignore[arg-type]
    return client


SAID = {"year": "2027", "starts_on": "2027-01-04", "layout": "4-4-5", "rule": "nearest"}


def test_the_page_shows_the_periods_before_it_saves_them(cast: Cast, olga: Client) -> None:
    shown = olga.get(reverse("calendar"), SAID).content.decode()
    assert "2027-P12" in shown
    assert "none is deleted" in shown
    assert not FiscalYear.objects.exists()
    assert olga.post(reverse("calendar"), SAID).status_code == 422
    assert olga.post(reverse("calendar"), {**SAID, "reason": "Retail"}).status_code == 302
    assert FiscalYear.objects.get().made_by == cast.olga.user
    assert "Retail" in olga.get(reverse("calendar")).content.decode()
    bad = olga.get(reverse("calendar"), {**SAID, "starts_on": "2027-01-14"})
    assert bad.status_code == 422
    assert "within three days of the first of a month, not on 14 Jan 2027" in bad.content.decode()
    assert olga.get(reverse("calendar"), {"year": "x"}).status_code == 422


def test_a_period_is_closed_and_opened_again_on_its_page_with_who_and_why(cast: Cast, olga: Client) -> None:
    page = reverse("period", args=["2026-Q3"])
    assert olga.post(page, {"act": "close", "reason": "Quarter end"}).status_code == 303
    assert Period.objects.get(key="2026-08").is_closed
    assert "is closed already" in olga.post(page, {"act": "close"}, follow=True).content.decode()
    assert "Say why" in olga.post(page, {"act": "reopen"}, follow=True).content.decode()
    assert olga.post(page, {"act": "reopen", "reason": "An order was lost"}).status_code == 303
    told = olga.get(reverse("periods"), {"year": "2026-FY"}).content.decode()
    assert "An order was lost" in told
    assert str(cast.olga.user) in told
    olga.force_login(cast.vera.user)  # type: ignore[arg-type]
    assert olga.get(page).status_code == 200
    assert olga.post(page, {"act": "close"}).status_code == 404
    for key in ("2026-W31", "nonsense", "2026-P01"):
        assert olga.get(reverse("period", args=[key])).status_code == 404


def test_pages_ask_the_database_no_more_for_another_calendar(
    cast: Cast, olga: Client, django_assert_num_queries: Any
) -> None:
    change(cast)
    with django_assert_num_queries(1):
        assert Organisation.get().calendar.setups[-1] == WEEKS
    assert olga.get(reverse("quotas"), {"period": "2027-Q1"}).status_code == 200
    assert olga.get(reverse("home")).status_code == 200
    assert not Credit.objects.exists()


def test_fiscal_years_come_and_go_as_a_table_beside_the_holidays(cast: Cast) -> None:
    head = "region,on,name,year,starts_on,layout,rule\n"
    answer = take("calendars", head + ",,,2027,2027-01-04,4-4-5,nearest\nDE,2026-05-01,Labour Day,,,,\n,,,2030,,13,\n")
    assert [(one.line, one.column) for one in answer.refusals] == [(4, "starts_on")]
    assert Organisation.get().calendar.setups[-1] == WEEKS
    assert take("calendars", head + ",,,2027,2027-01-04,4-4-5,nearest\n").created == 0
    refused = take("calendars", head + ",,,2028,2028-01-20,13,nearest\n").refusals
    assert "within three days of the first of a month" in refused[0].reason
