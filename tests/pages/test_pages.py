"""Home by role, teams, people, search, to-do: who sees what, and what a page costs."""

import re
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.urls import reverse

from coaching.services import add_action_item, plan_one_on_one
from performance.models import Flag
from performance.services import rollups
from sales import services
from sales.models import Deal, Task
from salesmgmt.lib import clock
from salesmgmt.lib.periods import Period
from salesmgmt.pages import errors
from salesmgmt.pages.templatetags.paceline import day
from targets.services import enter_quota
from teams.models import Organisation, Person, Posting, Team, User
from tests.cast import Cast

EVERYBODY = ("admin", "vera", "olga", "maya", "omar", "ana", "ben", "cleo")


def signed_in(user: User | Person) -> Client:
    client = Client()
    login = user if isinstance(user, User) else user.user
    assert login is not None
    client.force_login(login, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def now() -> datetime:
    return clock.now()


@pytest.fixture
def quarter(cast: Cast) -> Period:
    return Period.of(clock.today("Europe/Berlin"), "quarter")


@pytest.fixture
def company(cast: Cast, quarter: Period, now: datetime) -> Cast:
    """Quotas for all reps, two deals won by ana, a flag for ben, a talk, a promise."""
    for person in (cast.ana, cast.ben, cast.cleo):
        enter_quota(
            person=person, start=quarter.start, end=quarter.end, amount=Decimal(90_000), reason="Q", by=None, at=now
        )
    for name, amount in (("Pumps", 20_000), ("Valves", 10_000)):
        deal = services.open_deal(owner=cast.ana, name=name, amount=Decimal(amount), by=None, at=now)
        services.win_deal(deal=deal, by=None, at=now, on=quarter.start)
    services.open_deal(
        owner=cast.ana, name="Boilers", amount=Decimal(40_000), by=None, at=now, expected_close_on=quarter.last_day
    )
    Flag.objects.create(
        person=cast.ben, team=cast.north, measure="bookings", period=quarter.key, raised_on=quarter.start,
        behind_since=quarter.start, expected=45_000, actual=0, gap=45_000, severity="at_risk", cause="activity",
        sentence="Half as many meetings as last quarter.", as_of=quarter.start, expires_on=quarter.end,
    )  # fmt: skip
    user = cast.maya.user
    assert user is not None
    talk = plan_one_on_one(
        person=cast.ana, manager=cast.maya, starts_at=now + timedelta(days=2), by=user, at=now, on=now.date()
    )
    add_action_item(
        person=cast.ana, owner=cast.ana, text="Call the buyer", due_on=now.date(), by=user, at=now, talk=talk
    )
    while any(rollups.drain(topic) for topic in rollups.TOPICS):
        pass
    return cast


def test_a_manager_sees_their_team_and_who_needs_them(company: Cast) -> None:
    answer = signed_in(company.maya).get("/")
    text = answer.content.decode()
    assert "One person needs you this week." in text
    assert "Half as many meetings as last quarter." in text
    assert f"{reverse('one-on-one-plan')}?person={company.ben.pk}" in text
    assert "€30k of €180k" in text
    assert {row.person.name for row in answer.context["rows"]} == {"Ana", "Ben"}
    assert "Cleo" not in text


def test_a_rep_sees_their_own_quarter_only(company: Cast) -> None:
    answer = signed_in(company.ana).get("/")
    text = answer.content.decode()
    assert "€30k of €90k" in text
    assert "Call the buyer" in text
    assert "Ben" not in text
    assert "Half as many meetings" not in text
    assert "Half as many meetings" in signed_in(company.ben).get("/").content.decode()


def test_an_executive_operations_and_an_admin_without_a_person_see_the_company(company: Cast) -> None:
    for user in (company.vera, company.olga, company.admin):
        answer = signed_in(user).get("/")
        assert "€30k of €270k" in answer.content.decode()
        assert [team.name for team, *_ in answer.context["teams"]] == ["North", "South"]
        assert [flagged for *_, flagged in answer.context["teams"]] == [1, 0]
        assert "One person needs attention." in answer.content.decode()


def test_a_fresh_installation_says_one_sentence_and_offers_one_act(db: None) -> None:
    admin = User.objects.create(username="first", is_superuser=True, is_staff=True)
    text = signed_in(admin).get("/").content.decode()
    assert "Nothing is here yet." in text
    assert reverse("imports") in text


def test_a_login_without_a_person_is_told_whom_to_ask(db: None) -> None:
    user = User.objects.create(username="stranger")
    text = signed_in(user).get("/").content.decode()
    assert "Nobody is linked to your login yet." in text


@pytest.mark.parametrize("name", ["ana", "maya", "vera", "admin"])
def test_homes_stand_without_any_record(cast: Cast, name: str) -> None:
    user = getattr(cast, name)
    for path in ("/", "/?period=2019-Q1", "/?period=nonsense", "/?sort=booked&cursor=99", "/?period=2999-Q1"):
        assert signed_in(user).get(path).status_code == 200


def test_results_that_lie_far_back_are_pointed_to(cast: Cast, now: datetime) -> None:
    deal = services.open_deal(owner=cast.ana, name="Old", amount=Decimal(500), by=None, at=now)
    services.win_deal(deal=deal, by=None, at=now, on=now.date().replace(year=2017, month=3, day=1))
    while any(rollups.drain(topic) for topic in rollups.TOPICS):
        pass
    text = signed_in(cast.vera).get("/").content.decode()
    assert "The latest results are from" in text
    assert "?period=2017-Q1" in text
    assert "€500" in signed_in(cast.vera).get("/?period=2017-Q1").content.decode()


def test_a_refresh_answers_the_part_only_and_brings_a_new_token(company: Cast) -> None:
    client = signed_in(company.maya)
    whole = client.get("/?sort=booked").content.decode()
    part = client.get("/?sort=booked", headers={"hx-request": "true"}).content.decode()
    assert 'data-live="/?sort=booked"' in whole
    assert part.startswith('<div id="home"')
    assert "<html" not in part
    assert "data-live-token=" in part


def test_the_people_of_a_large_team_come_in_pages(cast: Cast) -> None:
    people = Person.objects.bulk_create(Person(name=f"P{n:03}") for n in range(60))
    Posting.objects.bulk_create(
        Posting(person=person, team=cast.north, during=cast.ana.postings.get().during) for person in people
    )
    client = signed_in(cast.maya)
    first, second = client.get("/").context, client.get("/?cursor=2").context
    assert len(first["rows"]) == 50
    assert first["page"].said == "1 to 50 of 62"
    assert len(second["rows"]) == 12
    assert not {row.person for row in first["rows"]} & {row.person for row in second["rows"]}


def who_may_open(company: Cast, address: str) -> set[str]:
    answers = {name: signed_in(getattr(company, name)).get(address).status_code for name in EVERYBODY}
    assert set(answers.values()) <= {200, 404}
    return {name for name, status in answers.items() if status == 200}


def test_teams_show_to_who_leads_them_and_to_nobody_else(company: Cast) -> None:
    assert who_may_open(company, reverse("team", args=[company.north.pk])) == {"admin", "vera", "olga", "maya"}
    assert [team.name for team, *_ in signed_in(company.maya).get("/teams/").context["teams"]] == ["North"]
    rows = signed_in(company.vera).get("/teams/").context["teams"]
    assert [(team.name, depth) for team, depth, *_ in rows] == [("Company", 0), ("North", 1), ("South", 1)]
    assert signed_in(company.ana).get("/teams/").status_code == 404


def test_a_person_shows_to_themselves_and_up_the_line(company: Cast) -> None:
    assert who_may_open(company, reverse("person", args=[company.ana.pk])) == {"admin", "vera", "olga", "maya", "ana"}


def test_a_team_shows_the_value_won_by_quarter_to_the_cent_with_its_records(company: Cast, quarter: Period) -> None:
    answer = signed_in(company.maya).get(reverse("team", args=[company.north.pk]))
    row = next(row for row in answer.context["quarters"] if row.period == quarter)
    assert (row.won_value, row.won, row.win_rate) == (Decimal(30_000), 2, Decimal(1))
    text = answer.content.decode()
    assert "€30,000" in text
    assert row.records.startswith("/records/?measure=won_value&of=team%3ANorth")
    assert answer.context["year"].won_value == Decimal(30_000)


def test_search_finds_by_part_of_a_name_what_one_may_see(company: Cast) -> None:
    def found(user: User | Person, path: str) -> str:
        text: str = signed_in(user).get(path, {"q": "boil"}).content.decode()
        return text

    assert "Boilers" in found(company.ana, "/search/")
    assert "Boilers" in found(company.maya, "/palette/")
    for stranger in (company.omar, company.cleo, company.ben):
        assert "Boilers" not in found(stranger, "/search/") + found(stranger, "/palette/")
    deal = Deal.objects.get(name="Boilers")
    assert found(company.ana, "/palette/").strip().startswith(f'<a href="/deals/{deal.pk}/">')
    for text in ("", "a", "\x00", "%", "'; --", "x" * 5000, "😀"):
        assert signed_in(company.ana).get("/search/", {"q": text}).status_code == 200


def test_a_task_is_added_ticked_off_and_brought_back_by_its_owner(cast: Cast) -> None:
    client = signed_in(cast.ana)
    assert client.post("/tasks/", {"text": "Call back", "due_on": "2026-07-02"}).status_code == 303
    task = Task.objects.get()
    assert signed_in(cast.ben).post(reverse("task-done", args=[task.pk])).status_code == 404
    assert client.post(reverse("task-done", args=[task.pk])).status_code == 303
    task.refresh_from_db()
    assert task.done_at is not None
    client.post(reverse("task-reopen", args=[task.pk]))
    assert "Call back" in client.get("/tasks/").content.decode()
    assert client.post("/tasks/", {"text": " ", "due_on": "soon"}).status_code == 422
    assert signed_in(cast.admin).get("/tasks/").status_code == 200


def test_ticking_off_a_promise_keeps_it(company: Cast) -> None:
    task = Task.objects.get(owner=company.ana, source="action_item")
    item = company.ana.owned_action_items.get()
    signed_in(company.ana).post(reverse("task-done", args=[task.pk]))
    item.refresh_from_db()
    task.refresh_from_db()
    assert item.done_at is not None
    assert task.done_at is not None


MOST_QUERIES = {
    ("vera", "/"): 18,
    ("admin", "/"): 18,
    ("maya", "/"): 19,
    ("ana", "/"): 16,
    ("vera", "/teams/"): 10,
    ("maya", "/teams/NORTH/"): 30,
    ("vera", "/teams/COMPANY/"): 28,
    ("maya", "/people/ANA/"): 27,  # one of them notes the look, one asks whether one stands in for them
    ("ana", "/tasks/"): 9,
    ("maya", "/tasks/"): 13,
    ("ana", "/search/?q=boil"): 9,
    ("ana", "/market/"): 9,
    ("maya", "/time/"): 11,
    ("ana", "/activities/mail/"): 7,
    ("ana", "/activities/templates/"): 7,
}


@pytest.mark.parametrize(("name", "path"), MOST_QUERIES)
def test_a_page_costs_a_fixed_number_of_queries(company: Cast, now: datetime, name: str, path: str) -> None:
    address = path.replace("NORTH", str(company.north.pk)).replace("ANA", str(company.ana.pk))
    address = address.replace("COMPANY", str(company.company.pk))
    client = signed_in(getattr(company, name))
    Team.objects.create(name="T", parent=company.north)
    few = int(client.get(address)["X-Query-Count"])
    for number in range(5):
        team = Team.objects.create(name=f"T{number}", parent=company.north)
        person = Person.objects.create(name=f"N{number}")
        Posting.objects.create(person=person, team=team, during=company.ana.postings.get().during)
        services.open_deal(owner=person, name=f"Boil {number}", amount=Decimal(5), by=None, at=now)
        Task.objects.create(owner=company.ana, text="T", due_on=now.date(), source="manual")
    many = int(client.get(address)["X-Query-Count"])
    assert many <= few
    assert few <= MOST_QUERIES[name, path]


def test_nobody_signed_in_is_sent_to_sign_in(db: None) -> None:
    for path in ("/", "/teams/", "/teams/1/", "/people/1/", "/search/", "/palette/", "/tasks/"):
        answer = Client().get(path)
        assert (answer.status_code, answer["Location"]) == (302, f"/login/?next={path}")


def test_what_is_not_there_and_what_breaks_have_pages_of_their_own(cast: Cast) -> None:
    answer = signed_in(cast.ana).get("/nowhere/")
    assert answer.status_code == 404
    assert "There is nothing here." in answer.content.decode()
    stale = Client(enforce_csrf_checks=True).post("/login/", {"username": "ana", "password": "demo"})
    assert stale.status_code == 403
    assert "had gone stale" in stale.content.decode()
    assert errors.broken(HttpRequest()).status_code == 500


def test_a_database_that_is_away_is_said_with_when_to_come_again() -> None:
    from django.db import OperationalError

    try:
        raise OperationalError
    except OperationalError:
        answer = errors.broken(RequestFactory().get("/"))
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert "Back in a moment." in answer.content.decode()


def test_an_organisation_with_long_names_and_one_person(db: None) -> None:
    Organisation.objects.update(name="Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft")
    user = User.objects.create(username="solo", is_superuser=True)
    team = Team.objects.create(name="T" * 190)
    person = Person.objects.create(name="W" * 190, user=user)
    Posting.objects.create(person=person, team=team, during=("2020-01-01", None))
    for path in ("/", "/teams/", f"/teams/{team.pk}/", f"/people/{person.pk}/"):
        assert signed_in(user).get(path).status_code == 200


def test_praise_is_offered_to_those_who_are_somebody(cast: Cast) -> None:
    assert "Give kudos" in signed_in(cast.vera).get("/").content.decode()
    for_admin = signed_in(cast.admin).get("/").content.decode()
    assert "Nothing is on the wall yet." in for_admin
    assert "Give kudos" not in for_admin


def test_the_pace_of_a_quarter_that_is_over_names_its_last_day(company: Cast, quarter: Period, now: datetime) -> None:
    client = signed_in(company.ana)
    before = quarter.shift(-1)
    enter_quota(person=company.ana, start=before.start, end=before.end, amount=Decimal(9), reason="Q", by=None, at=now)
    while any(rollups.drain(topic) for topic in rollups.TOPICS):
        pass
    assert re.search(r"text-anchor=\"\w+\">\S+ today</text>", client.get("/").content.decode())
    past = client.get(f"/?period={before.key}").content.decode()
    assert not re.search(r"\S+ today</text>", past)
    assert f" on {day(before.last_day)}</text>" in past
