"""Monthly reports: made once, commented by who leads, frozen as sent, told up the line and nobody twice."""

from datetime import UTC, date, datetime
from decimal import Decimal as D

import pytest
from django.db import connection, transaction
from django.db.utils import InternalError
from django.test import override_settings

from performance.models import ForecastRow, Report, ReportRecipient
from performance.selectors import team_standings
from performance.selectors.reports import Contents, contents, contents_of
from performance.services import rebuild
from performance.services.reports import comment_report, make_reports, send_due_reports, send_report
from performance.services.snapshots import drain_all as refresh_snapshots
from salesmgmt.desk.models import Delivery, Notice
from salesmgmt.lib.periods import Period, SetUp
from salesmgmt.lib.refusals import Refused, Stale
from teams.models import Organisation
from teams.services import appoint_manager, change_calendar
from tests.cast import Cast
from tests.performance.records import a_deal
from tests.performance.test_scorecards import client_of, decide
from tests.recognition.test_boards import book, quota

AT = datetime(2026, 11, 2, 5, tzinfo=UTC)
ON = date(2026, 11, 2)
OCTOBER = Period.parse("2026-10")


@pytest.fixture
def north(cast: Cast) -> Report:
    for person, amount in ((cast.ana, 800), (cast.ben, 300)):
        quota(person, 1000, OCTOBER)
        book(person, amount, date(2026, 10, 5))
    decide(cast.ana, "won", date(2026, 10, 5), date(2026, 9, 5))
    list(rebuild())
    make_reports(on=ON, at=AT)
    return Report.objects.get(team=cast.north)


def test_each_team_that_sells_gets_a_draft_once_and_its_manager_is_told(cast: Cast, north: Report) -> None:
    assert set(Report.objects.values_list("team__name", "period")) == {
        ("Company", "2026-10"), ("North", "2026-10"), ("South", "2026-10"),
    }  # fmt: skip
    assert north.due_on == date(2026, 11, 6)
    assert make_reports(on=ON, at=AT) == 0
    assert Notice.objects.filter(user=cast.maya.user).count() == 1
    assert "waits for your comment" in Notice.objects.get(user=cast.maya.user).text


def test_figures_equal_the_pages_on_the_day(cast: Cast, north: Report) -> None:
    said = contents(report=north, as_of=ON, organisation=Organisation.get())
    (row,) = team_standings(team_ids=[cast.north.pk], period=OCTOBER, as_of=ON)
    assert (said.credited, said.quota, said.attainment) == (row.credited, row.quota, row.attainment) == (
        D("1100.00"), D("2000.00"), D("0.55"),
    )  # fmt: skip
    assert [(part.name, part.credited) for part in said.people] == [("Ana", D("800.00")), ("Ben", D("300.00"))]
    page = client_of(cast.maya).get(f"/teams/{cast.north.pk}/?period=2026-10").content.decode()
    assert "€1,100" in page or "€1.1k" in page


def test_a_report_is_frozen_as_sent(cast: Cast, north: Report) -> None:
    send_report(report=north, by=cast.maya.user, at=AT, on=ON)
    book(cast.ana, 5000, date(2026, 10, 6))
    list(rebuild())
    north.refresh_from_db()
    said = contents(report=north, as_of=date(2026, 11, 20), organisation=Organisation.get())
    assert said.credited == D("1100.00")
    assert north.sentence == "North booked 1,100 EUR in Oct 2026, 55% of a target of 2,000."
    for sql in ("UPDATE performance_report SET comment = 'x'", "DELETE FROM performance_report"):
        with pytest.raises(InternalError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"{sql} WHERE id = %s", [north.pk])


def test_it_says_where_the_quarter_lands_as_it_was_last_forecast(cast: Cast, north: Report) -> None:
    for day, expected in ((1, 4000), (2, 5000), (3, 6000)):
        ForecastRow.objects.create(
            level="team", subject_id=cast.north.pk, measure="bookings", period="2026-Q4", as_of=date(2026, 11, day),
            credited=1100, expected=expected, low=4500, high=5600, made_at=AT,
        )  # fmt: skip
    send_report(report=north, by=cast.maya.user, at=AT, on=ON)
    north.refresh_from_db()
    kept = contents(report=north, as_of=ON, organisation=Organisation.get()).outlook
    assert kept
    assert (kept.period, kept.expected, kept.low, kept.high) == ("Q4 2026", D(5000), D(4500), D(5600))
    assert "Q4 2026 lands at €5k" in client_of(cast.maya).get(f"/reports/{north.pk}/").content.decode()


def test_its_pipeline_is_of_the_quarter_ahead_and_a_quarter_that_ended_is_named(cast: Cast) -> None:
    quarter, september, on = Period.parse("2026-Q4"), Period.parse("2026-09"), date(2026, 10, 2)
    quota(cast.ana, 600, september)
    quota(cast.ana, 1000, quarter)
    book(cast.ana, 450, date(2026, 9, 10))
    a_deal(cast.ana, "2500", close=date(2026, 11, 20), opened_on=date(2026, 9, 20))
    a_deal(cast.ana, "70", close=date(2026, 9, 20), opened_on=date(2026, 8, 3))  # due in the month, open
    list(rebuild())
    refresh_snapshots()
    said = contents_of(team=cast.north, period=september, as_of=on, organisation=Organisation.get())
    lines = {line.key: line for line in said.lines}
    assert (lines["pipeline"].label, lines["pipeline"].value) == ("Pipeline, Q4 2026", D(2500))
    assert (lines["coverage"].value, lines["pipeline"].before) == (D("2.5"), D(0))
    assert said.ended
    assert (said.ended.period, said.ended.expected, said.ended.quota) == ("Q3 2026", D(450), D(600))
    assert Contents.from_json(said.to_json()) == said
    make_reports(on=on, at=AT)
    report = Report.objects.get(team=cast.north)
    page = client_of(cast.maya).get(f"/reports/{report.pk}/").content.decode()
    assert "Q3 2026 ended at €450, of a target of €600." in page
    assert client_of(cast.maya).get(f"/reports/{report.pk}/pdf/").status_code == 200


def test_it_goes_up_the_line_and_to_nobody_twice(cast: Cast, north: Report) -> None:
    with override_settings(EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend"):
        send_report(report=north, by=cast.maya.user, at=AT, on=ON)
    assert list(ReportRecipient.objects.values_list("person__name", flat=True)) == ["Vera"]
    mail = Delivery.objects.get()
    assert (mail.user, mail.key) == (cast.vera.user, f"report-{north.pk}-{cast.vera.user_id}")
    assert "North booked 1,100 EUR" in mail.text
    with pytest.raises(Refused, match="is sent"):
        send_report(report=north, by=cast.maya.user, at=AT, on=ON)
    assert Delivery.objects.count() == 1


def test_the_schedule_sends_what_nobody_has_sent_by_its_day(cast: Cast, north: Report) -> None:
    assert send_due_reports(at=AT, on=date(2026, 11, 5)) == 0
    assert send_due_reports(at=AT, on=date(2026, 11, 6)) == 3
    assert send_due_reports(at=AT, on=date(2026, 11, 6)) == 0
    north.refresh_from_db()
    assert (north.sent_by, north.as_of) == (None, date(2026, 11, 6))


def test_who_leads_the_team_comments_and_a_stale_word_is_refused(cast: Cast, north: Report) -> None:
    comment_report(report=north, comment="Two large orders slipped.", version=1, by=cast.maya.user, at=AT, on=ON)
    with pytest.raises(Stale):
        comment_report(report=north, comment="x", version=1, by=cast.maya.user, at=AT, on=ON)
    for other in (cast.vera, cast.omar, cast.ana):
        with pytest.raises(Refused, match="Who leads North"):
            comment_report(report=north, comment="x", version=2, by=other.user, at=AT, on=ON)
    appoint_manager(team=cast.north, person=None, on=ON, by=cast.olga.user)
    comment_report(report=north, comment="The seat is vacant.", version=2, by=cast.vera.user, at=AT, on=ON)


def test_pages_are_for_the_line_and_the_form_works_without_script(cast: Cast, north: Report) -> None:
    maya = client_of(cast.maya)
    assert "waits for your comment" in maya.get("/reports/").content.decode()
    assert client_of(cast.ana).get("/reports/").status_code == 404
    assert client_of(cast.omar).get(f"/reports/{north.pk}/").status_code == 404
    said = {"comment": "A slow start.", "version": 1}
    assert maya.post(f"/reports/{north.pk}/", said).status_code == 302
    assert maya.post(f"/reports/{north.pk}/", said).status_code == 422
    assert client_of(cast.vera).post(f"/reports/{north.pk}/", said).status_code == 404
    assert client_of(cast.vera).post(f"/reports/{north.pk}/send/").status_code == 404
    assert maya.post(f"/reports/{north.pk}/send/").status_code == 303
    page = client_of(cast.vera).get(f"/reports/{north.pk}/").content.decode()
    assert "A slow start." in page
    assert "Sent to Vera." in page


def test_a_report_is_had_on_paper(cast: Cast, north: Report) -> None:
    comment_report(report=north, comment="Two orders slipped.", version=1, by=cast.maya.user, at=AT, on=ON)
    north.refresh_from_db()
    send_report(report=north, by=cast.maya.user, at=AT, on=ON)
    answer = client_of(cast.maya).get(f"/reports/{north.pk}/pdf/")
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF")
    assert len(answer.content) > 10_000


def test_another_calendar_leaves_reports_with_the_days_they_had(cast: Cast, north: Report) -> None:
    setup = SetUp(2026, date(2025, 12, 29), "4-4-5")
    change_calendar(setup=setup, by=cast.olga.user, at=AT, reason="Retail weeks")
    client = client_of(cast.maya)
    assert "Oct 2026" in client.get("/reports/").content.decode()
    assert client.get("/reports/?period=2026-10").status_code == 200
    assert client.get("/reports/?period=2026-09").status_code == 404
    assert "€1,100" in client.get(f"/reports/{north.pk}/").content.decode()
    assert send_due_reports(at=AT, on=date(2026, 11, 6)) == 3
    north.refresh_from_db()
    assert north.sentence == "North booked 1,100 EUR in Oct 2026, 55% of a target of 2,000."


def test_a_report_that_can_not_be_made_keeps_none_of_the_others(cast: Cast, north: Report) -> None:
    Report.objects.filter(pk=north.pk).update(period="2026-P10", starts_on=None, until=None)
    assert send_due_reports(at=AT, on=date(2026, 11, 6)) == 2
