"""Calls: staked by people and managers, rolled up, overridden, and judged at weeks 1, 5 and 9 (R18)."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.db.models import Q
from django.test import Client

from performance import services
from performance.models import Call
from performance.selectors import Scope, judged, people_records, rolled_up
from performance.selectors.calls import calls_of, checkpoint
from salesmgmt.lib import clock
from salesmgmt.lib.periods import Period
from salesmgmt.lib.refusals import Refused, Stale
from teams.models import Person, Team
from tests.answers import content_of
from tests.cast import Cast
from tests.performance.records import a_credit
from tests.performance.test_snapshots import drain

pytestmark = pytest.mark.django_db
Q1 = Period.parse("2026-Q1")


def call(person: Person, commit: int, on: date, *, best: int | None = None, **more: Any) -> Call:
    said: dict[str, Any] = {"period": Q1, "commit": Decimal(commit), "best_case": Decimal(best or commit)}
    at = datetime(on.year, on.month, on.day, 9, tzinfo=UTC)
    return services.make_call(person=person, by=person.user, at=at, on=on, **said | more)


def test_a_later_call_overrides_and_the_first_one_stays(cast: Cast) -> None:
    call(cast.ana, 100, date(2026, 1, 5))
    call(cast.ana, 130, date(2026, 2, 5), note="Two more demos")
    own = calls_of(scope=Scope.person(cast.ana), period=Q1, as_of=date(2026, 2, 28)).people[0]
    assert own.call is not None
    assert own.call.commit == 130
    before = calls_of(scope=Scope.person(cast.ana), period=Q1, as_of=date(2026, 1, 28)).people[0]
    assert before.call is not None
    assert before.call.commit == 100
    with pytest.raises(DatabaseError), transaction.atomic():
        Call.objects.update(commit=1)


def test_the_same_call_twice_is_one_and_a_stale_form_is_refused(cast: Cast) -> None:
    first = call(cast.ana, 100, date(2026, 1, 5), after=0)
    assert call(cast.ana, 100, date(2026, 1, 5), after=0) == first
    with pytest.raises(Stale):
        call(cast.ana, 120, date(2026, 1, 6), after=0)
    call(cast.ana, 120, date(2026, 1, 6), after=first.pk)
    assert Call.objects.count() == 2


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"commit": Decimal(-1)}, "commit"),
        ({"best_case": Decimal(99)}, "best_case"),
        ({"on": date(2026, 4, 1)}, "period"),
        ({"team": "north"}, "team"),
        ({"by": "ben"}, "person"),
    ],
)
def test_what_is_no_call_is_refused_with_the_field(cast: Cast, change: dict[str, Any], field: str) -> None:
    named = {name: getattr(cast, value) if isinstance(value, str) else value for name, value in change.items()}
    if "by" in named:
        named["by"] = cast.ben.user
    said: dict[str, Any] = {
        "person": cast.ana, "period": Q1, "commit": Decimal(100), "best_case": Decimal(100), "by": cast.ana.user,
        "at": datetime(2026, 1, 5, 9, tzinfo=UTC), "on": date(2026, 1, 5),
    }  # fmt: skip
    with pytest.raises(Refused) as refusal:
        services.make_call(**said | named)
    assert refusal.value.field == field


def test_a_managers_call_overrides_the_sum_of_the_peoples_and_both_show(cast: Cast) -> None:
    call(cast.ana, 100, date(2026, 1, 5), best=150)
    call(cast.ben, 50, date(2026, 1, 5))
    call(cast.cleo, 70, date(2026, 1, 6))
    on = date(2026, 1, 10)
    summed = rolled_up(team=cast.north, period=Q1, as_of=on)
    assert (summed.commit, summed.best_case, summed.callers, summed.missing) == (150, 200, 2, 0)
    made = call(cast.maya, 120, date(2026, 1, 8), team=cast.north)
    assert (made.people_commit, made.is_override) == (150, True)
    told = calls_of(scope=Scope.team(cast.north), period=Q1, as_of=on)
    assert told.whole is not None
    assert (told.whole.commit, told.whole.people.commit) == (120, 150)
    assert rolled_up(team=cast.company, period=Q1, as_of=on).commit == 120 + 70
    call(cast.vera, 300, date(2026, 1, 9), team=cast.company)
    assert rolled_up(team=cast.company, period=Q1, as_of=on).commit == 300
    assert rolled_up(team=cast.company, period=Q1, as_of=date(2026, 1, 7)).commit == 220


def test_callers_are_judged_by_what_stood_at_the_checkpoints_and_not_by_the_last_call(cast: Cast) -> None:
    """Called 150 by week 1, 80 from week 5 on, and exactly right at the end, which nobody asks for."""
    assert [checkpoint(Q1, week) for week in (1, 5, 9)] == [date(2026, 1, 7), date(2026, 2, 4), date(2026, 3, 4)]
    call(cast.ana, 150, date(2026, 1, 7))
    call(cast.ana, 80, date(2026, 2, 4))
    call(cast.ana, 100, date(2026, 3, 20))
    call(cast.ben, 90, date(2026, 2, 10))
    a_credit(cast.ana, "100", date(2026, 2, 1))
    a_credit(cast.ben, "100", date(2026, 3, 30))
    drain()
    people = [cast.ana.pk, cast.ben.pk, cast.cleo.pk]
    assert people_records(person_ids=people, as_of=date(2026, 3, 31))[cast.ana.pk].judged == 0
    found = people_records(person_ids=people, as_of=date(2026, 4, 1))
    ana, ben, cleo = (found[pk] for pk in people)
    assert (ana.judged, ana.called, ana.result, ana.off) == (3, 310, 300, 50 + 20 + 20)
    assert ana.bias is not None
    assert round(ana.bias, 4) == Decimal("0.0333")
    assert ana.error == Decimal("0.3")
    assert (ben.judged, ben.bias) == (1, Decimal("-0.1"))
    assert (cleo.judged, cleo.bias) == (0, None)


def test_a_teams_calls_are_judged_by_the_teams_result(cast: Cast) -> None:
    call(cast.maya, 250, date(2026, 1, 5), team=cast.north)
    a_credit(cast.ana, "100", date(2026, 2, 1))
    a_credit(cast.ben, "100", date(2026, 3, 30))
    drain()
    found = judged(q=Q(team=cast.north), as_of=date(2026, 5, 1), key="team_id")[cast.north.pk]
    assert [(one.week, one.off) for one in found] == [(1, 50), (5, 50), (9, 50)]


def test_who_sees_whose_calls(cast: Cast) -> None:
    for person in (cast.ana, cast.cleo):
        call(person, 100, date(2026, 1, 5))
    call(cast.maya, 100, date(2026, 1, 5), team=cast.north)
    seen = {
        name: {one.person.name for one in Call.objects.visible_to(getattr(cast, name).user)}
        for name in ("ana", "ben", "maya", "omar", "vera")
    }
    assert seen == {
        "ana": {"Ana"}, "ben": set(), "maya": {"Ana", "Maya"}, "omar": {"Cleo"}, "vera": {"Ana", "Cleo", "Maya"}
    }  # fmt: skip


# ── Page and API ────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_call_is_made_on_the_page_and_a_wrong_one_is_told_beside_its_field(client: Client, cast: Cast) -> None:
    client.force_login(cast.ana.user)
    assert "No call for" in client.get("/calls/").content.decode()
    wrong = client.post("/calls/", {"commit": "100", "best_case": "90", "after": "0", "team": ""})
    assert wrong.status_code == 422
    assert "The best case is at least the commit, 100.00." in wrong.content.decode()
    done = client.post("/calls/", {"commit": "100", "best_case": "190", "after": "0", "team": ""})
    assert (done.status_code, done["Location"]) == (303, "/calls/?")
    made = Call.objects.get()
    assert (made.person, made.commit, made.made_on) == (cast.ana, 100, clock.today("Europe/Berlin"))
    assert "€100 is called" in client.get("/calls/").content.decode()
    stale = client.post("/calls/", {"commit": "120", "best_case": "190", "after": "0", "team": ""})
    assert stale.status_code == 422
    assert client.post("/calls/", {"commit": "1", "best_case": "2", "after": "0", "team": "77"}).status_code == 404


def test_a_manager_calls_for_the_team_and_sees_the_people(client: Client, cast: Cast) -> None:
    client.force_login(cast.maya.user)
    client.post("/calls/", {"commit": "500", "best_case": "700", "after": "0", "team": cast.north.pk})
    page = client.get("/calls/").content.decode()
    assert "North is called at €500" in page
    assert "Ana" in page
    assert "Cleo" not in page
    assert client.get("/calls/?of=team:South").status_code == 404
    lines = content_of(client.get("/calls/?format=csv")).decode().splitlines()
    assert lines[1].split(",")[1:3] == ["Maya", "North"]
    assert len(content_of(client.get("/calls/?format=csv&of=person:E-Ana")).splitlines()) == 1
    standing = client.get("/calls/?format=csv&list=standing")
    lines = content_of(standing).decode().splitlines()
    said = client.get("/api/v1/rolled-calls/?of=team:North").json()
    assert [line.split(",")[:2] for line in lines[1:]] == [[one["kind"], one["name"]] for one in said]
    assert (said[0]["name"], said[0]["commit"], said[0]["not_called"]) == ("North", "500.00", 2)
    assert client.get("/api/v1/rolled-calls/?of=team:South").status_code == 404


def test_calls_by_api(client: Client, cast: Cast) -> None:
    client.force_login(cast.ana.user)
    sent = {"commit": "100.00", "best_case": "150.00"}
    made = client.post("/api/v1/calls/", sent, content_type="application/json", headers={"Idempotency-Key": "one"})
    assert made.status_code == 201, made.content
    again = client.post("/api/v1/calls/", sent, content_type="application/json", headers={"Idempotency-Key": "one"})
    assert again.json() == made.json()
    for wrong, status in (
        ({"best_case": "90"}, 409), ({"commit": "-1"}, 400), ({"period": "2026-Q9"}, 400), ({"person": 1}, 400),
        ({"period": "2020-Q1"}, 409), ({"team": cast.north.pk}, 409),
    ):  # fmt: skip
        answer = client.post("/api/v1/calls/", sent | wrong, content_type="application/json")
        assert answer.status_code == status, (wrong, answer.content)
    assert client.get("/api/v1/calls/").json()["results"][0]["commit"] == "100.00"
    client.force_login(cast.ben.user)
    assert client.get("/api/v1/calls/").json()["results"] == []


def test_the_page_takes_as_many_queries_however_many_people_there_are(
    client: Client, cast: Cast, django_assert_max_num_queries: Any
) -> None:
    today = clock.today("Europe/Berlin")
    for person in (cast.ana, cast.ben, cast.cleo):
        services.make_call(
            person=person, period=Period.of(today, "quarter"), commit=Decimal(5), best_case=Decimal(9), by=None,
            at=clock.now(), on=today - timedelta(days=1),
        )  # fmt: skip
    Team.objects.create(name="East", parent=cast.company)
    client.force_login(cast.vera.user)
    client.get("/calls/")
    with django_assert_max_num_queries(30):
        client.get("/calls/")


def test_two_leaders_see_each_others_call_for_a_team(cast: Cast) -> None:
    mine = call(cast.maya, 100, date(2026, 1, 5), team=cast.north, after=0)
    with pytest.raises(Stale, match="Maya has called"):
        call(cast.vera, 90, date(2026, 1, 6), team=cast.north, after=0)
    call(cast.vera, 90, date(2026, 1, 6), team=cast.north, after=mine.pk)
    with pytest.raises(Stale, match="Vera has called"):
        call(cast.maya, 110, date(2026, 1, 7), team=cast.north, after=mine.pk)


def test_who_does_not_sell_calls_no_result_of_their_own(cast: Cast) -> None:
    for person in (cast.olga, cast.maya):  # a manager without a quota sells nothing herself
        with pytest.raises(Refused, match="Only who sells"):
            call(person, 100, date(2026, 1, 5))
    assert not Call.objects.exists()


def test_of_several_topmost_teams_each_is_told(cast: Cast) -> None:
    Team.objects.filter(pk=cast.south.pk).update(parent=None)
    call(cast.cleo, 70, date(2026, 1, 6))
    call(cast.ana, 30, date(2026, 1, 6))
    told = calls_of(scope=Scope.company(), period=Q1, as_of=date(2026, 1, 10))
    assert told.whole is None
    assert [(one.team.name, one.commit) for one in told.teams] == [("Company", 30), ("South", 70)]
