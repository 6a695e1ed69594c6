"""Who reads what is kept about a person, by role and place, before and after moves: kind × role × place."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from coaching.models import Note
from performance.models import Flag
from salesmgmt.lib import clock
from salesmgmt.lib.ranges import half_open
from teams import services as teams
from teams.models import Leave, LeaveKind, Look, Person, Posting, Role, Skill, SkillRating, User
from tests.cast import SINCE, Cast

NAMES = ("ana", "ben", "cleo", "maya", "omar", "vera", "olga", "admin", "hugo", "dora")
ALL = {"vera", "olga", "admin"}  # who sees all people


@pytest.fixture
def about_ana(cast: Cast) -> dict[str, str]:
    """What is kept about ana, by kind: where it is read."""
    today = clock.today("Europe/Berlin")
    for name, role in (("hugo", Role.HR), ("dora", Role.DEPARTMENT)):
        person = Person.objects.create(name=name.capitalize(), user=User.objects.create(username=name))
        Posting.objects.create(person=person, team=cast.company, role=role, during=half_open(SINCE))
    flag = Flag.objects.create(
        person=cast.ana, team=cast.north, measure="bookings", period="2026-Q4", raised_on=today, behind_since=today,
        expected=100, actual=60, gap=40, severity="behind", cause="activity", sentence="Fewer meetings.", as_of=today,
        expires_on=today + timedelta(days=21),
    )  # fmt: skip
    skill = Skill.objects.create(name="Asking")
    SkillRating.objects.create(person=cast.ana, skill=skill, is_own=False, score=3, at=clock.now())
    kind = LeaveKind.objects.get(key="vacation")
    Leave.objects.create(person=cast.ana, kind=kind, during=half_open(today, today + timedelta(days=2)))
    return {
        "person": f"/people/{cast.ana.pk}/",
        "flag": f"/flags/{flag.pk}/",
        "skills": f"/people/{cast.ana.pk}/skills/",
        "quota": f"/quotas/{cast.ana.pk}/",
        "flag by script": f"/api/v1/flags/{flag.pk}/",
        "leave": "/api/v1/leaves/",
    }


def readers(path: str) -> set[str]:
    found = set()
    for name in NAMES:
        client = Client()
        client.force_login(User.objects.get(username=name), backend="django.contrib.auth.backends.ModelBackend")
        answer = client.get(path)
        assert answer.status_code in {200, 404}, (path, name, answer.status_code)
        if answer.status_code == 200 and (not path.endswith("/leaves/") or answer.json()["results"]):
            found.add(name)
    return found


def expect(about: dict[str, str], *line: str) -> None:
    for kind, path in about.items():
        also = {"hugo"} if kind == "leave" else set()
        assert readers(path) == {*line} | ALL | also, kind


def test_what_is_kept_about_somebody_is_read_by_them_their_line_and_who_sees_all(
    cast: Cast, about_ana: dict[str, str]
) -> None:
    today = clock.today("Europe/Berlin")
    expect(about_ana, "ana", "maya")
    teams.post_person(person=cast.ana, team=cast.south, on=today, by=cast.olga.user)
    expect(about_ana, "ana", "omar")  # the former manager no longer
    teams.appoint_manager(team=cast.south, person=cast.cleo, on=today, by=cast.olga.user)
    expect(about_ana, "ana", "cleo")  # who stands in reads; who is stood in for does not
    teams.appoint_manager(team=cast.south, person=None, on=today, by=cast.olga.user)
    teams.end_employment(person=cast.ana, on=today, by=cast.olga.user)
    for kind, path in about_ana.items():
        assert not readers(path) & {"ana", "cleo", "omar", "maya", "ben"}, kind


def test_notes_are_read_by_the_two_and_up_the_line_only_where_they_say_so(cast: Cast, about_ana: Any) -> None:
    def reads(name: str) -> set[str]:
        return set(Note.objects.visible_to(User.objects.get(username=name)).values_list("text", flat=True))

    now, today = clock.now(), clock.today("Europe/Berlin")
    for text, more in (("pair", {}), ("up", {"is_shared_up": True}), ("own", {"is_for_author_only": True})):
        Note.objects.create(person=cast.ana, author=cast.maya, text=text, at=now, **more)
    assert reads("ana") == {"pair", "up"}
    assert reads("maya") == {"pair", "up", "own"}
    assert reads("vera") == {"up"}
    for name in ("ben", "cleo", "omar", "olga", "admin", "hugo", "dora"):
        assert reads(name) == set(), name
    teams.post_person(person=cast.ana, team=cast.south, on=today, by=cast.olga.user)
    assert reads("omar") == {"up"}


def test_looks_are_read_by_the_person_alone_wherever_they_move(cast: Cast, about_ana: Any) -> None:
    assert cast.maya.user is not None
    today = clock.today("Europe/Berlin")
    Look.objects.create(viewer=cast.maya.user, person=cast.ana, page="person", on=today, at=clock.now())
    teams.post_person(person=cast.ana, team=cast.south, on=today, by=cast.olga.user)
    for name in NAMES:
        seen = Look.objects.visible_to(User.objects.get(username=name)).count()
        assert seen == (1 if name == "ana" else 0), name
