"""Meetings of a team: an agenda that fills itself, decisions that are asked about, for the team's eyes."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from coaching import selectors, services
from coaching.models import ActionItem, Meeting, MeetingDecision, MeetingPoint, MeetingQuestion, MeetingRhythm
from sales import services as sales
from salesmgmt.desk.models import Delivery, Notice
from salesmgmt.lib import clock
from salesmgmt.lib.ranges import half_open
from salesmgmt.lib.refusals import Refused, Stale
from teams import services as teams
from teams.models import Holiday, Person, Posting, Role, User
from tests.cast import SINCE, Cast

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
TODAY = date(2026, 11, 20)


def user(person: Person) -> User:
    return User.objects.get(pk=person.user_id)


def signed_in(person: Person) -> Client:
    client = Client()
    client.force_login(user(person), backend="django.contrib.auth.backends.ModelBackend")
    return client


def call(cast: Cast, *, days: int = 3, at: datetime = NOW, **more: Any) -> Meeting:
    said = {"team": cast.north, "title": "North weekly", "by": user(cast.maya)} | more
    return services.plan_meeting(starts_at=at + timedelta(days=days), at=at, on=at.date(), **said)


def held(cast: Cast) -> Meeting:
    """A meeting of last week, with a decision and a promise."""
    before = NOW - timedelta(days=8)
    meeting = call(cast, days=1, at=before)
    by, at = user(cast.maya), before + timedelta(days=1, hours=1)
    services.decide_in_meeting(meeting=meeting, text="Demos on site only", by=by, at=at)
    services.promise_in_meeting(
        meeting=meeting, owner=cast.ben, text="Book the van", due_on=at.date() + timedelta(days=2), by=by, at=at,
        on=at.date(),
    )  # fmt: skip
    return services.hold_meeting(meeting=meeting, came=[cast.ana, cast.maya], by=by, at=at, on=at.date())


def test_the_agenda_fills_itself_and_asks_first_what_came_of_decisions(cast: Cast) -> None:
    held(cast)
    note = {"owner": cast.ana, "by": user(cast.ana), "at": NOW - timedelta(days=2)}
    sales.add_market_note(text="They rent now #price", **note)
    sales.add_market_note(text="Secret margin #price", **note)
    services.ask_meeting(team=cast.north, text="Who covers Christmas?", by=user(cast.ben), at=NOW)
    meeting = call(cast)
    assert [row.text for row in selectors.decisions_to_report(meeting)] == ["Demos on site only"]
    points = {point.about.partition(":")[0]: point.text for point in meeting.points.order_by("-pk")}
    assert points["promise"] == "Ben: Book the van (overdue since 15 Nov)"
    assert points["market"] == "#price: 2 notes since 13 Nov"
    assert "figure" not in points  # two sell here: each would have the other's
    for number in range(3):
        person = Person.objects.create(name=f"Rep {number}")
        Posting.objects.create(person=person, team=cast.north, role=Role.REP, during=half_open(SINCE))
    services.prepare_meeting(meeting=meeting, at=NOW, on=TODAY)
    assert "booked" in meeting.points.get(about="figure:bookings").text
    page = signed_in(cast.ben).get(f"/meetings/{meeting.pk}/").content.decode()
    for told in ("Demos on site only", "Book the van", "#price: 2 notes", "Who covers Christmas?"):
        assert told in page
    assert "Secret margin" not in page


def test_what_came_of_a_decision_is_said_once(cast: Cast) -> None:
    held(cast)
    meeting = call(cast)
    decision = MeetingDecision.objects.get()
    client = signed_in(cast.maya)
    path = f"/meetings/{meeting.pk}/decisions/{decision.pk}/"
    assert client.post(path, {"outcome": ""}).status_code == 422
    client.post(path, {"outcome": "Win rate up"})
    assert "Win rate up" in client.get(f"/meetings/{meeting.pk}/").content.decode()
    assert not selectors.decisions_to_report(call(cast, days=9)).filter(settled_at=None).exists()
    with pytest.raises(Refused, match="said already"):
        services.settle_decision(decision=decision, outcome="Again", by=user(cast.maya), at=NOW)


def test_an_agenda_is_prepared_anew_on_the_day_and_ticked_points_stay(cast: Cast) -> None:
    held(cast)
    meeting = call(cast)
    ticked = meeting.points.get(source=MeetingPoint.Source.PROMISE)
    services.tick_point(point=ticked, is_done=True, by=user(cast.maya))
    services.complete_action_item(item=ActionItem.objects.get(), by=user(cast.ben), at=NOW)
    sales.add_market_note(text="New #rival", owner=cast.ana, by=user(cast.ana), at=NOW)
    on = meeting.starts_at.date()
    for _ in range(2):
        services.tend_meetings(on=on, at=meeting.starts_at - timedelta(hours=3))
    assert meeting.points.filter(source="promise", is_done=True).count() == 1
    assert meeting.points.filter(about="market:rival").count() == 1


def test_a_meeting_is_held_with_who_came_and_its_minutes_refuse_a_stale_form(cast: Cast) -> None:
    meeting = held(cast)
    assert dict(meeting.attendances.values_list("person__name", "came")) == {"Ana": True, "Ben": False, "Maya": True}
    services.write_minutes(meeting=meeting, minutes="We met.", by=user(cast.maya), at=NOW, version=2)
    with pytest.raises(Stale):
        services.write_minutes(meeting=meeting, minutes="Other", by=user(cast.maya), at=NOW, version=2)
    with pytest.raises(Refused, match="isn't of this team"):
        services.hold_meeting(meeting=meeting, came=[cast.cleo], by=user(cast.maya), at=NOW, on=TODAY)
    with pytest.raises(Refused, match="lies ahead"):
        services.hold_meeting(meeting=call(cast), came=[], by=user(cast.maya), at=NOW, on=TODAY)
    client = signed_in(cast.ben)
    assert "We met." in client.get(f"/meetings/{meeting.pk}/").content.decode()
    assert client.post(f"/meetings/{meeting.pk}/minutes/", {"minutes": "Mine"}).status_code == 422


def test_a_question_is_put_by_the_team_and_answered_by_who_leads_it(cast: Cast) -> None:
    meeting = call(cast)
    posted = {"team": cast.north.pk, "text": "Who covers Christmas?"}
    client = signed_in(cast.ben)
    for _ in range(2):
        assert client.post("/meetings/ask/", posted).status_code == 302
    question = MeetingQuestion.objects.get()
    assert signed_in(cast.cleo).post("/meetings/ask/", posted).status_code == 422
    path = f"/meetings/{meeting.pk}/questions/{question.pk}/"
    assert signed_in(cast.cleo).post(path, {"answer": "Me"}).status_code == 404
    assert client.post(path, {"answer": "Me"}).status_code == 422
    assert signed_in(cast.maya).post(path, {"answer": "Ana does"}).status_code == 302
    question.refresh_from_db()
    assert (question.answer, question.meeting) == ("Ana does", meeting)


@pytest.mark.parametrize(
    ("name", "sees"),
    [("ana", 1), ("ben", 1), ("maya", 1), ("vera", 1), ("cleo", 0), ("omar", 0), ("olga", 0)],
)
def test_a_meeting_is_its_teams_and_of_who_leads_it(cast: Cast, name: str, sees: int) -> None:
    call(cast)
    assert Meeting.objects.visible_to(user(getattr(cast, name))).count() == sees
    assert Meeting.objects.visible_to(cast.admin).count() == 0


def test_access_to_meetings_follows_postings_of_today(cast: Cast) -> None:
    meeting = call(cast)
    today = clock.today("Europe/Berlin")
    teams.post_person(person=cast.ben, team=cast.south, role=Role.REP, on=today, by=None)
    assert signed_in(cast.ben).get(f"/meetings/{meeting.pk}/").status_code == 404
    teams.end_employment(person=cast.ana, on=today, by=None)
    assert signed_in(cast.ana).get(f"/meetings/{meeting.pk}/").status_code == 404
    company = call(cast, team=cast.company, by=user(cast.vera))
    path = f"/meetings/{company.pk}/"
    assert [signed_in(one).get(path).status_code for one in (cast.olga, cast.omar, cast.cleo)] == [200, 200, 404]
    services.write_minutes(meeting=company, minutes="About Cleo", by=user(cast.vera), at=NOW)
    item = services.promise_in_meeting(
        meeting=company, owner=cast.omar, text="Talk to Cleo", due_on=TODAY, by=user(cast.vera), at=NOW, on=TODAY
    )
    for one, sees in ((cast.cleo, 0), (cast.omar, 1), (cast.olga, 1)):
        assert ActionItem.objects.visible_to(user(one)).filter(pk=item.pk).count() == sees
    answer = signed_in(cast.vera).post(f"{path}open/", {"open": "1"})
    assert answer.status_code in {302, 303}
    assert signed_in(cast.cleo).get(path).status_code == 200
    assert signed_in(cast.cleo).post(f"{path}open/", {"open": "0"}).status_code in {200, 303, 422}
    assert Meeting.objects.get(pk=company.pk).is_open_below


def test_an_open_meeting_tells_nothing_of_what_closed_ones_said(cast: Cast) -> None:
    before, vera = NOW - timedelta(days=8), user(cast.vera)
    said = {"by": vera, "at": before}
    closed = call(cast, team=cast.company, at=before, days=1, by=vera)
    services.decide_in_meeting(meeting=closed, text="Part with Cleo in spring", **said)
    services.promise_in_meeting(
        meeting=closed, owner=cast.omar, text="Talk to Cleo", due_on=TODAY, on=before.date(), **said
    )
    services.ask_meeting(team=cast.company, text="Who takes over from Cleo?", by=user(cast.omar), at=before)
    meeting = call(cast, team=cast.company, by=vera, is_open_below=True)
    services.decide_in_meeting(meeting=meeting, text="Doors open at eight", by=vera, at=NOW)
    for one, hears in ((cast.omar, 3), (cast.cleo, 0)):
        page = signed_in(one).get(f"/meetings/{meeting.pk}/").content.decode()
        words = ("Part with Cleo in spring", "Talk to Cleo", "Who takes over from Cleo?")
        assert sum(one in page for one in words) == hears
        assert "Doors open at eight" in page
    later = call(cast, team=cast.company, by=vera, days=9, is_open_below=True)
    assert "Doors open at eight" in signed_in(cast.cleo).get(f"/meetings/{later.pk}/").content.decode()
    services.open_meeting(meeting=meeting, is_open_below=False, by=vera, at=NOW)
    assert "Doors open at eight" not in signed_in(cast.cleo).get(f"/meetings/{later.pk}/").content.decode()


def test_those_who_are_asked_to_come_are_told_and_nobody_else(cast: Cast) -> None:
    call(cast)
    assert set(Notice.objects.values_list("user__username", flat=True)) == {"ana", "ben"}
    Notice.objects.all().delete()
    call(cast, team=cast.company, by=user(cast.vera))
    assert set(Notice.objects.values_list("user__username", flat=True)) == {"olga", "maya", "omar"}


def test_only_who_leads_the_team_calls_moves_and_ends_its_meetings(cast: Cast) -> None:
    with pytest.raises(Refused):
        call(cast, by=user(cast.ana))
    with pytest.raises(Refused):
        call(cast, by=user(cast.olga))
    meeting = call(cast)
    at = {"by": user(cast.ana), "at": NOW, "on": TODAY}
    for refused in (
        lambda: services.move_meeting(meeting=meeting, starts_at=NOW + timedelta(days=4), **at),
        lambda: services.cancel_meeting(meeting=meeting, by=at["by"], at=NOW),
        lambda: services.decide_in_meeting(meeting=meeting, text="Mine", by=at["by"], at=NOW),
    ):
        with pytest.raises(Refused, match="Only somebody who leads North"):
            refused()
    services.cancel_meeting(meeting=meeting, by=user(cast.vera), at=NOW)
    with pytest.raises(Refused, match="cancelled already"):
        services.cancel_meeting(meeting=meeting, by=user(cast.vera), at=NOW)


@pytest.mark.parametrize("starts_at", ["", "soon", "\x00", "9999-12-31T10:00", "0001-01-01T00:00", "2001-01-01T10:00"])
def test_a_strange_time_is_told_beside_its_field(cast: Cast, starts_at: str) -> None:
    posted = {"team": cast.north.pk, "title": "Weekly", "starts_at": starts_at}
    answer = signed_in(cast.maya).post("/meetings/plan/", posted)
    assert answer.status_code == 200
    assert "field-error" in answer.content.decode()
    assert not Meeting.objects.exists()


def test_meetings_and_rhythms_go_by_the_api_too(cast: Cast) -> None:
    now = clock.now()
    client = signed_in(cast.maya)

    def post(path: str, said: dict[str, Any]) -> Any:
        return client.post(f"/api/v1/{path}/", said, content_type="application/json")

    starts_at = (now + timedelta(days=2)).isoformat()
    made = post("meetings", {"team": cast.north.pk, "title": "Weekly", "starts_at": starts_at})
    assert made.status_code == 201, made.content
    pk = made.json()["id"]
    assert post(f"meetings/{pk}/move", {"starts_at": starts_at, "version": 9}).status_code == 409
    decided = post("meeting-decisions", {"meeting": pk, "text": "Demos on site"}).json()
    settled = post(f"meeting-decisions/{decided['id']}/settle", {"outcome": "It works"})
    assert settled.json()["outcome"] == "It works"
    asked = post("meeting-questions", {"team": cast.north.pk, "text": "Who covers?"}).json()
    assert post(f"meeting-questions/{asked['id']}/answer", {"meeting": pk, "answer": "Ana"}).json()["answer"] == "Ana"
    starts_on = (now + timedelta(days=1)).date().isoformat()
    said = {"person": cast.ben.pk, "every_weeks": 2, "weekday": 2, "at_time": "10:00", "starts_on": starts_on}
    rhythm = post("rhythms", said)
    assert (rhythm.status_code, rhythm.json()["zone"]) == (201, "Europe/Berlin")
    assert post("rhythms", said | {"zone": "Mars/Base"}).status_code == 400
    assert post("rhythms", said | {"person": cast.cleo.pk}).status_code == 400
    assert post(f"rhythms/{rhythm.json()['id']}/end", {}).json()["ended_on"]
    assert post("pulses", {"kind": "mood", "score": 4}).status_code == 201
    assert post("pulses", {"kind": "mood", "score": 7}).status_code == 400
    client = signed_in(cast.cleo)
    assert client.get("/api/v1/meetings/").json()["results"] == []
    assert client.get(f"/api/v1/meeting-decisions/{decided['id']}/").status_code == 404
    assert client.get("/api/v1/pulses/").json()["results"] == []


def test_a_team_meets_in_a_rhythm_and_all_are_invited(cast: Cast) -> None:
    Holiday.objects.update_or_create(region="DE", on=date(2026, 12, 7), defaults={"name": "A holiday"})
    by = user(cast.maya)
    said: dict[str, Any] = {
        "team": cast.north, "title": "Weekly", "every_weeks": 1, "weekday": 1, "at_time": time(9), "on": TODAY,
        "starts_on": date(2026, 11, 23), "zone": "Europe/Berlin", "by": by, "at": NOW,
    }  # fmt: skip
    with pytest.raises(Refused, match="Only somebody who leads North"):
        services.set_meeting_rhythm(**said | {"by": user(cast.ben)})
    made = services.set_meeting_rhythm(**said)
    assert services.set_meeting_rhythm(**said) == made

    def planned() -> list[date]:
        return list(Meeting.objects.planned().order_by("starts_at").values_list("starts_at__date", flat=True))

    assert planned() == [date(2026, 11, 23), date(2026, 11, 30)]
    first = Meeting.objects.earliest("starts_at")
    services.move_meeting(meeting=first, starts_at=first.starts_at + timedelta(hours=2), by=by, at=NOW, on=TODAY)
    services.cancel_meeting(meeting=first, by=by, at=NOW)
    for _ in range(2):
        services.tend_meetings(on=date(2026, 11, 30), at=NOW + timedelta(days=10))
    assert planned() == [date(2026, 11, 30), date(2026, 12, 14)]  # called off stays so, the holiday is left out
    sent = Delivery.objects.exclude(calendar="").filter(key__startswith=f"meeting-{first.pk}-", user=cast.ben.user)
    files = [one.calendar for one in sent.order_by("pk")]
    assert ["METHOD:CANCEL" in one for one in files] == [False, False, True]
    assert [f"SEQUENCE:{number}" in one for number, one in enumerate(files)] == [True] * 3
    assert not Delivery.objects.filter(user=cast.cleo.user).exists()
    teams.appoint_manager(team=cast.north, person=cast.omar, on=TODAY, by=None)
    services.tend_meetings(on=TODAY, at=NOW)
    assert {meeting.chair for meeting in Meeting.objects.planned()} == {cast.omar}
    client = signed_in(cast.omar)
    assert "Every week on Monday at 09:00" in client.get("/meetings/").content.decode()
    assert signed_in(cast.cleo).post(f"/meetings/rhythms/{made.pk}/end/").status_code == 404
    assert client.post(f"/meetings/rhythms/{made.pk}/end/").status_code in {302, 303}
    assert not MeetingRhythm.objects.standing().exists()


def test_who_came_is_noted_by_the_postings_of_its_day(cast: Cast) -> None:
    meeting = call(cast, days=1, at=NOW - timedelta(days=8))
    teams.post_person(person=cast.ben, team=cast.south, role=Role.REP, on=TODAY, by=None)
    maya = signed_in(cast.maya)
    assert maya.post(f"/meetings/{meeting.pk}/hold/", {"came": [cast.ben.pk]}).status_code == 302
    rows = dict(meeting.attendances.values_list("person__name", "came"))
    assert rows == {"Ana": False, "Ben": True, "Maya": False}


def test_a_meeting_is_called_in_a_rhythm_by_page_and_api(cast: Cast) -> None:
    starts = clock.now() + timedelta(days=2)
    posted = {"team": cast.north.pk, "title": "Weekly", "starts_at": f"{starts:%Y-%m-%dT%H:%M}", "every_weeks": "2"}
    assert signed_in(cast.maya).post("/meetings/plan/", posted).status_code == 302
    made = MeetingRhythm.objects.get()
    assert (made.every_weeks, made.weekday) == (2, starts.astimezone(ZoneInfo("Europe/Berlin")).isoweekday())
    client = signed_in(cast.maya)
    said = {
        "team": cast.north.pk, "title": "Monthly", "every_weeks": 4, "weekday": 2, "at_time": "10:00",
        "starts_on": (starts + timedelta(days=3)).date().isoformat(),
    }  # fmt: skip
    answer = client.post("/api/v1/meeting-rhythms/", said, content_type="application/json")
    assert answer.status_code == 201, answer.content
    bad = client.post("/api/v1/meeting-rhythms/", said | {"every_weeks": 13}, content_type="application/json")
    assert bad.status_code == 400
    pk = answer.json()["id"]
    ended = client.post(f"/api/v1/meeting-rhythms/{pk}/end/", {}, content_type="application/json")
    assert ended.json()["ended_on"]
