"""The week of somebody who leads: what is to be talked about, kept and looked at, at a fixed cost."""

from datetime import time, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from coaching import services
from coaching.models import OneOnOne
from performance.models import Flag
from salesmgmt.lib import clock
from salesmgmt.lib.ranges import half_open
from teams.models import Leadership, Person, Posting, Role, Team, User
from tests.cast import SINCE, Cast

NOW = clock.now()
TODAY = clock.today("Europe/Berlin")


def signed_in(person: Person) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=person.user_id), backend="django.contrib.auth.backends.ModelBackend")
    return client


def busy(cast: Cast, person: Person, manager: Person, number: int) -> None:
    """A talk of today, one missed, a promise due, a new flag."""
    OneOnOne.objects.create(person=person, manager=manager, starts_at=NOW + timedelta(seconds=number), planned_at=NOW)
    OneOnOne.objects.create(person=person, manager=manager, starts_at=NOW - timedelta(days=9), planned_at=NOW)
    Flag.objects.create(
        person=person, team=cast.north, measure="bookings", period="2026-Q4", raised_on=TODAY, behind_since=TODAY,
        expected=100, actual=60, gap=40, severity="behind", cause="activity", sentence="Fewer meetings.", as_of=TODAY,
        expires_on=TODAY + timedelta(days=21),
    )  # fmt: skip
    if manager.user_id:
        services.add_action_item(
            person=person, owner=manager, text=f"Help {number}", due_on=TODAY, at=NOW,
            by=User.objects.get(pk=manager.user_id),
        )  # fmt: skip


def test_a_manager_sees_talks_promises_findings_and_what_was_missed(cast: Cast) -> None:
    busy(cast, cast.ben, cast.maya, 1)
    services.plan_meeting(
        team=cast.north, title="North weekly", starts_at=NOW + timedelta(minutes=1), at=NOW, on=TODAY,
        by=User.objects.get(username="maya"),
    )  # fmt: skip
    page = signed_in(cast.maya).get("/week/").content.decode()
    for told in ("1 1:1 and 1 meeting this week", "Help 1", "Fewer meetings.", "North weekly", "Not held"):
        assert told in page
    above = signed_in(cast.vera).get("/week/").content.decode()
    assert "Held below you" in above
    assert "Help 1" not in above
    assert "Ben with Maya" not in above
    peer = signed_in(cast.ana).get("/week/").content.decode()
    assert "Help 1" not in peer
    assert "Fewer meetings." not in peer


@pytest.mark.parametrize("day", ["", "2026-11-23", "soon", "9999-12-31", "0001-01-01", "\x00"])
def test_any_day_shows_a_week(cast: Cast, day: str) -> None:
    assert signed_in(cast.maya).get("/week/", {"of": day}).status_code == 200


@pytest.mark.parametrize(
    ("name", "path", "most"), [("maya", "/week/", 26), ("vera", "/week/", 26), ("maya", "/one-on-ones/", 26)]
)
def test_forty_people_cost_as_many_queries_as_two(cast: Cast, name: str, path: str, most: int) -> None:
    busy(cast, cast.ben, cast.maya, 1)
    client = signed_in(getattr(cast, name))

    def cost() -> int:
        with CaptureQueriesContext(connection) as found:
            assert client.get(path).status_code == 200
        return len(found)

    def grow(number: int) -> None:
        manager = Person.objects.create(name=f"Manager {number}")
        team = Team.objects.create(name=f"Team {number}", parent=cast.north)
        Leadership.objects.create(team=team, person=manager, during=half_open(SINCE))
        Posting.objects.create(person=manager, team=team, role=Role.MANAGER, during=half_open(SINCE))
        person = Person.objects.create(name=f"Person {number}")
        Posting.objects.create(person=person, team=team, role=Role.REP, during=half_open(SINCE))
        busy(cast, person, manager, number)

    grow(0)
    few = cost()
    for number in range(1, 40):
        grow(number)
    busy(cast, cast.ana, cast.maya, 99)
    many = cost()
    assert many == few
    assert many <= most, many


def test_a_night_costs_no_more_queries_for_pairs_without_news(cast: Cast, django_assert_max_num_queries: Any) -> None:
    maya = User.objects.get(username="maya")
    for person in (cast.ana, cast.ben):
        OneOnOne.objects.create(
            person=person, manager=cast.maya, starts_at=NOW + timedelta(days=3), planned_at=NOW, prepared_at=NOW
        )
        services.add_action_item(person=person, owner=person, text="Call", due_on=TODAY, by=maya, at=NOW)
        services.set_rhythm(
            person=person, manager=cast.maya, every_weeks=1, weekday=2, at_time=time(9), starts_on=TODAY,
            zone="Europe/Berlin", by=maya, at=NOW, on=TODAY,
        )  # fmt: skip
    services.tend_one_on_ones(on=TODAY, at=NOW)
    with django_assert_max_num_queries(22):
        services.tend_one_on_ones(on=TODAY, at=NOW)
