"""What the levers are read from: days, teams, peers; and what the API, the pages and the rights say of them."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from performance.selectors import Scope, levers
from sales.models import Deal, Stage
from salesmgmt.lib.periods import Period
from salesmgmt.lib.ranges import half_open, through
from teams.models import Leave, LeaveKind, Person, Posting, Role
from tests.answers import content_of
from tests.cast import Cast
from tests.performance.records import a_credit, a_quota, an_activity, an_outcome

QUARTER = Period.parse("2026-Q2")
LAST = Period.parse("2026-Q1")
DAY = date(2026, 5, 15)


def work(person: Person, on: date, *, calls: int, won: int, lost: int, each: str) -> None:
    for _ in range(calls):
        an_activity(person, on)
    for _ in range(won):
        an_outcome(person, "won", on)
        a_credit(person, each, on)
    for _ in range(lost):
        an_outcome(person, "lost", on)


def read(cast: Cast, **more: Any) -> dict[str, Decimal]:
    call_command("refresh_rollups")
    found = levers(scope=Scope.person(cast.ana), period=QUARTER, as_of=DAY, **more)
    assert sum(found.parts.values()) == found.total
    return found.parts


def a_deal_open(owner: Person, opened: date, closed: date | None = None) -> Deal:
    return Deal.objects.create(
        name="Deal", owner=owner, stage=Stage.objects.order_by("pk")[0], status="won" if closed else "open",
        amount=Decimal(100), currency="EUR", opened_on=opened, closed_on=closed,
    )  # fmt: skip


@pytest.fixture
def halved(cast: Cast) -> None:
    """Last quarter four wins of eight in ten calls; this one two, with half the calls."""
    a_quota(cast.ana, "4000", LAST.start, LAST.end)
    a_quota(cast.ana, "6500", QUARTER.start, QUARTER.end)
    a_deal_open(cast.ana, LAST.start)
    work(cast.ana, date(2026, 2, 2), calls=10, won=4, lost=4, each="1000")
    work(cast.ana, date(2026, 4, 7), calls=5, won=2, lost=2, each="1000.01")


def test_the_gap_is_stretch_and_levers_to_the_cent(cast: Cast, halved: None) -> None:
    parts = read(cast)
    assert parts["activity"] < 0
    assert parts["plan_stretch"] == Decimal("825.00")  # 4,000 × 33 ÷ 32 working days − 3,300


def test_the_past_is_scaled_to_as_many_days_present(cast: Cast, halved: None) -> None:
    kind = LeaveKind.objects.get(key="vacation")
    Leave.objects.create(person=cast.ana, kind=kind, during=through(date(2026, 4, 13), date(2026, 4, 24)))
    call_command("refresh_rollups")
    found = levers(scope=Scope.person(cast.ana), period=QUARTER, as_of=DAY)
    assert found.reference is not None
    assert found.reference.working_days == found.now.working_days
    assert found.reference.activities < 10


def test_open_deals_are_the_mean_of_the_days_also_of_those_only_written_down_when_decided(cast: Cast) -> None:
    a_quota(cast.ana, "6500", QUARTER.start, QUARTER.end)
    a_deal_open(cast.ana, QUARTER.start - timedelta(5))
    a_deal_open(cast.ana, QUARTER.start, QUARTER.start + timedelta(9))
    call_command("refresh_rollups")
    found = levers(scope=Scope.person(cast.ana), period=QUARTER, as_of=QUARTER.start + timedelta(17))
    assert found.now.open_deals == Fraction(18 + 9, 18)


def test_tasks_are_no_customer_facing_activity(cast: Cast) -> None:
    a_quota(cast.ana, "6500", QUARTER.start, QUARTER.end)
    an_activity(cast.ana, DAY)
    an_activity(cast.ana, DAY, kind="task")
    call_command("refresh_rollups")
    assert levers(scope=Scope.person(cast.ana), period=QUARTER, as_of=DAY).now.activities == 1


def test_a_team_sums_its_people(cast: Cast, halved: None) -> None:
    a_quota(cast.ben, "1000", QUARTER.start, QUARTER.end)
    work(cast.ben, date(2026, 4, 7), calls=3, won=1, lost=0, each="500")
    call_command("refresh_rollups")
    for scope in (Scope.team(cast.north), Scope.company()):
        found = levers(scope=scope, period=QUARTER, as_of=DAY)
        assert (found.now.activities, found.now.won, found.now.credited) == (8, 3, Fraction("2500.02"))
        assert sum(found.parts.values()) == found.total


def test_peers_are_five_or_nobody(cast: Cast, halved: None) -> None:
    found = levers(scope=Scope.person(cast.ana), period=QUARTER, as_of=DAY, against="peers")
    assert found.reference is None
    assert "five" in found.note
    for n in range(4):
        person = Person.objects.create(name=f"P{n}", external_id=f"P{n}", hired_on=date(2024, 1, 1))
        Posting.objects.create(person=person, team=cast.north, role=Role.REP, during=half_open(date(2024, 1, 1)))
        work(person, date(2026, 4, 7), calls=10, won=4, lost=4, each="1000")
    parts = read(cast, against="peers")
    assert parts["activity"] < 0


def test_without_a_past_nothing_is_made_up(cast: Cast) -> None:
    a_quota(cast.ana, "6500", QUARTER.start, QUARTER.end)
    call_command("refresh_rollups")
    found = levers(scope=Scope.person(cast.ana), period=QUARTER, as_of=DAY)
    assert (found.plan_stretch, found.activity) == (None, None)
    assert found.note
    assert found.total is not None


def test_the_api_gives_the_five_lines_the_total_and_the_twelve_inputs(cast: Cast, halved: None, client: Client) -> None:
    call_command("refresh_rollups")
    client.force_login(cast.ana.user)
    said = client.get("/api/v1/levers/", {"of": "person:E-Ana", "period": "2026-Q2", "as_of": "2026-05-15"}).json()
    parts = [Decimal(said[name]) for name in ("plan_stretch", "activity", "conversion", "size", "speed")]
    assert sum(parts) == Decimal(said["total"]) == Decimal(said["credited"]) - Decimal(said["expected"])
    assert len(said["inputs"]["now"]) == len(said["inputs"]["reference"]) == 6
    assert said["compared"] == ["2026-Q1"]


def test_others_levers_are_not_found_and_nonsense_is_told(cast: Cast, client: Client) -> None:
    client.force_login(cast.ben.user)
    assert client.get("/api/v1/levers/", {"of": "person:E-Ana"}).status_code == 404
    assert client.get("/levers/", {"of": "person:E-Ana"}).status_code == 404
    assert client.get("/api/v1/levers/", {"of": "person:E-Ben", "against": "stars"}).status_code == 400
    assert client.get("/levers/", {"of": "person:E-Ben", "period": "2026-Q9"}).status_code == 404


def test_the_page_says_what_takes_away_most(cast: Cast, halved: None, client: Client) -> None:
    call_command("refresh_rollups")
    client.force_login(cast.maya.user)
    page = client.get("/levers/", {"of": "person:E-Ana", "period": "2026-Q2"}).content.decode()
    assert "Plan stretch" in page
    assert "Half as many" in page or "fewer activities" in page or "The plan asks" in page
    assert client.get("/levers/", {"of": "person:E-Ana", "against": "peers"}).status_code == 200
    file = client.get("/levers/", {"of": "person:E-Ana", "period": "2026-Q2", "format": "csv"})
    assert content_of(file).startswith(b"what,name,value,reference,currency")
