"""Lists of coaching as files and by API: to each what their pages show, and nobody else's words."""

import json
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client

from coaching import services
from coaching.models import AgendaItem, Case, HelpEffect, Meeting, MeetingPoint, OneOnOne
from coaching.services.disputes import open_dispute
from salesmgmt.lib import clock
from salesmgmt.lib.ranges import half_open
from teams.models import Person, Posting, Role, Team, User
from tests.answers import content_of
from tests.cast import SINCE, Cast

NOW = clock.now().replace(hour=9, minute=0, second=0, microsecond=0)
TODAY = NOW.date()
DAY = timedelta(days=1)


def user(person: Person) -> User:
    assert person.user is not None
    return User.objects.get(pk=person.user.pk)


def signed_in(who: Person | User) -> Client:
    client = Client()
    client.force_login(who if isinstance(who, User) else user(who), backend="django.contrib.auth.backends.ModelBackend")
    return client


def file_of(client: Client, path: str) -> list[str]:
    answer = client.get(f"{path}?export=csv")
    assert answer.status_code == 200
    return content_of(answer).decode().splitlines()[1:]


def api(who: Person | User, method: str, path: str, said: dict[str, Any] | None = None) -> Any:
    data = json.dumps(said) if said is not None else None
    return signed_in(who).generic(method, f"/api/v1/{path}", data or "", content_type="application/json")


def rows(who: Person | User, path: str) -> list[Any]:
    found: list[Any] = api(who, "GET", path).json()["results"]
    return found


@pytest.fixture
def talk(cast: Cast) -> OneOnOne:
    return services.plan_one_on_one(
        person=cast.ana, manager=cast.maya, starts_at=NOW + 2 * DAY, by=user(cast.maya), at=NOW, on=TODAY
    )


@pytest.fixture
def meeting(cast: Cast) -> Meeting:
    return services.plan_meeting(
        team=cast.north, title="Weekly", starts_at=NOW + 2 * DAY, by=user(cast.maya), at=NOW, on=TODAY
    )


def test_lists_of_coaching_are_files_without_private_words(cast: Cast, talk: OneOnOne, meeting: Meeting) -> None:
    services.add_agenda_item(talk=talk, text="Secret point", by=user(cast.ana))
    services.write_minutes(meeting=meeting, minutes="Secret minutes", by=user(cast.maya), at=NOW)
    services.open_ladder(
        person=cast.ben, reason="Secret reason", starts_on=TODAY, last=TODAY + 40 * DAY, by=user(cast.maya), at=NOW,
        on=TODAY,
    )  # fmt: skip
    open_dispute(
        subject="conduct", by=user(cast.ana), at=NOW, ground="treatment", claim="Secret statement",
        others=[cast.omar], statements_due_on=TODAY + 8 * DAY,
    )  # fmt: skip
    lines = {path: file_of(signed_in(cast.maya), path) for path in ("/one-on-ones/", "/meetings/", "/improvement/")} | {
        "/disputes/": file_of(signed_in(cast.ana), "/disputes/")
    }
    assert {path: len(found) for path, found in lines.items()} == dict.fromkeys(lines, 1)
    assert lines["/one-on-ones/"][0].startswith("E-Ana,E-Maya,")
    assert lines["/meetings/"][0].startswith("North,Weekly,")
    assert lines["/improvement/"][0].startswith(f"E-Ben,{TODAY},Training,Draft,")
    assert not any("Secret" in line for found in lines.values() for line in found)
    for path in ("/one-on-ones/", "/meetings/", "/improvement/", "/disputes/"):
        assert file_of(signed_in(cast.cleo), path) == []
        assert "export=csv" in signed_in(cast.maya).get(path).content.decode()
    assert signed_in(cast.maya).get("/improvement/?export=csv&file=xlsx").status_code == 200


def test_a_department_takes_out_what_it_was_asked(cast: Cast) -> None:
    team = Team.objects.create(name="Delivery", parent=cast.company, department=Team.Department.DELIVERY)
    dora = Person.objects.create(name="Dora", user=User.objects.create(username="dora"))
    Posting.objects.create(person=dora, team=team, role=Role.DEPARTMENT, during=half_open(SINCE))
    case = services.open_case_about(
        person=cast.ana, owner=cast.maya, subject="Secret", due_on=TODAY + 9 * DAY, by=user(cast.maya), at=NOW
    )
    services.ask_department(
        case=case, step="delivery", department="delivery", text="Which orders were late?", by=user(cast.maya), at=NOW,
        due_on=TODAY + 5 * DAY,
    )  # fmt: skip
    [line] = file_of(signed_in(dora), "/questions/")
    assert line.startswith("delivery,Which orders were late?,Maya,")
    assert "Ana" not in line
    assert signed_in(cast.ana).get("/questions/?export=csv").status_code == 404


def test_the_agenda_of_a_talk_is_the_twos_by_api_too(cast: Cast, talk: OneOnOne) -> None:
    said = {"one_on_one": talk.pk, "text": "My plan for Brandt"}
    made = api(cast.ana, "POST", "agenda-items/", said)
    assert made.status_code == 201
    pk = made.json()["id"]
    for who, sees in ((cast.ana, True), (cast.maya, True), (cast.vera, False), (cast.olga, False), (cast.admin, False)):
        assert ([row["id"] for row in rows(who, f"agenda-items/?one_on_one={talk.pk}&source=manual")] == [pk]) == sees
        assert (api(who, "POST", f"agenda-items/{pk}/tick/", {"is_done": True}).status_code == 200) == sees
    assert AgendaItem.objects.get(pk=pk).is_done
    assert api(cast.vera, "POST", "agenda-items/", said).status_code == 409  # she sees that there is a talk
    assert api(cast.cleo, "POST", "agenda-items/", said).status_code == 400
    assert api(cast.ana, "POST", "agenda-items/", said | {"text": ""}).status_code == 400


def test_points_and_promises_of_meetings_are_read_and_written_by_api(cast: Cast, meeting: Meeting) -> None:
    due = (TODAY + 5 * DAY).isoformat()
    made = api(
        cast.maya, "POST", f"meetings/{meeting.pk}/promise/", {"owner": cast.ana.pk, "text": "Ask", "due_on": due}
    )
    assert (made.status_code, made.json()["meeting"]) == (201, meeting.pk)
    wrong: tuple[tuple[dict[str, Any], int], ...] = (
        ({"owner": cast.cleo.pk}, 400), ({"due_on": "2020-01-01"}, 409), ({"text": ""}, 400), ({"x": 1}, 400),
    )  # fmt: skip
    for more, status in wrong:
        said = {"owner": cast.ana.pk, "text": "Ask", "due_on": due} | more
        assert api(cast.maya, "POST", f"meetings/{meeting.pk}/promise/", said).status_code == status
    own = {"owner": cast.ben.pk, "text": "Mine", "due_on": due}
    assert api(cast.ben, "POST", f"meetings/{meeting.pk}/promise/", own).status_code == 201
    assert api(cast.ben, "POST", f"meetings/{meeting.pk}/promise/", own | {"owner": cast.ana.pk}).status_code == 409
    assert api(cast.cleo, "POST", f"meetings/{meeting.pk}/promise/", own).status_code == 404
    assert {row["text"] for row in rows(cast.ana, f"action-items/?meeting={meeting.pk}")} == {"Ask", "Mine"}

    later = services.plan_meeting(
        team=cast.north, title="Next", starts_at=NOW + 3 * DAY, by=user(cast.maya), at=NOW, on=TODAY
    )
    services.open_meeting(meeting=later, is_open_below=True, by=user(cast.maya), at=NOW)
    [point] = rows(cast.ana, f"meeting-points/?meeting={later.pk}&source=promise")[:1]
    assert api(cast.maya, "POST", f"meeting-points/{point['id']}/tick/", {"is_done": True}).json()["is_done"]
    assert api(cast.ben, "POST", f"meeting-points/{point['id']}/tick/", {"is_done": False}).status_code == 409
    assert rows(cast.cleo, "meeting-points/") == []
    below = Team.objects.create(name="North one", parent=cast.north)
    Posting.objects.filter(person=cast.cleo).update(team=below)  # reads what is open, and no promise of what is not
    MeetingPoint.objects.create(meeting=later, source="market", about="market:x", text="#x: 2 notes", position=9)
    assert {row["source"] for row in rows(cast.cleo, f"meeting-points/?meeting={later.pk}")} == {"market"}


def test_causes_and_what_helps_are_told_by_api_as_on_their_pages(cast: Cast) -> None:
    people = [Person.objects.create(name=f"Rep {n}") for n in range(5)]
    for person in people:
        Posting.objects.create(person=person, team=cast.north, role=Role.REP, during=half_open(SINCE))
        Case.objects.create(
            person=person, owner=cast.maya, subject="x", opened_at=NOW, due_on=TODAY, state="closed", closed_at=NOW,
            cause="delivery", outcome="solved", result="x", at_stake=100, team=cast.north,
        )  # fmt: skip
    found = api(cast.maya, "GET", "causes/").json()
    assert (found["cases"], found["hidden"]) == (5, 0)
    assert [(row["cause"], row["people"], row["at_stake"]) for row in found["rows"]] == [("delivery", 5, "500.00")]
    assert api(cast.maya, "GET", f"causes/?until={TODAY - 9 * DAY}").json()["rows"] == []
    assert api(cast.maya, "GET", "causes/?since=soon").status_code == 400
    assert api(cast.ana, "GET", "causes/").status_code == 404
    HelpEffect.objects.create(
        as_of=date(2026, 11, 1), people=9, verdict="better", value="0.12", low="0.02", high=None, kind="Course",
        measure="Bookings", whom="Everybody", plans=9, peers=40,
    )  # fmt: skip
    [row] = rows(cast.ana, "help-effects/")
    assert (row["value"], row["high"], row["verdict"]) == ("0.1200", None, "better")
    assert rows(User.objects.create(username="nobody"), "help-effects/") == []
