"""Forecasts as people see them: whose, what is kept to itself, and how a save moves them."""

import csv
from contextlib import closing
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from django.db import connection
from django.db.models import Count, F
from django.test import Client
from structlog.testing import capture_logs

from performance import tasks
from performance.models import BacktestCase, BacktestRun, ForecastRow
from performance.selectors import Scope, forecast, forecasts, landings
from performance.selectors.backtests import judged
from performance.selectors.forecasting import number, read
from performance.services import (
    drain_backtest,
    drain_forecasts,
    refresh_backtest,
    refresh_forecasts,
    rollups,
    snapshots,
)
from sales.models import Credit, DealChange, Order
from salesmgmt.celery import app
from salesmgmt.desk.models import Mark
from salesmgmt.lib import clock
from salesmgmt.lib.periods import Period
from salesmgmt.lib.ranges import half_open
from salesmgmt.pages.home import scope_of
from targets.models import QuotaEntry
from teams.models import Leadership, Leave, LeaveKind, Organisation, Person, Posting, User
from tests.answers import content_of
from tests.cast import Cast

from .records import a_deal, a_quota, an_order, team_of

QUARTERS = 7


def signed_in(person: Any) -> Client:
    client = Client()
    client.force_login(getattr(person, "user", person), backend="django.contrib.auth.backends.ModelBackend")
    return client


def drained() -> None:
    for topic in rollups.TOPICS:
        while rollups.drain(topic):
            pass
    snapshots.drain_all()


def file_of(person: Any) -> str:
    answer: Any = signed_in(person).get("/forecast/?export=csv")
    return content_of(answer).decode()


@pytest.fixture
def today() -> date:
    return clock.today("Europe/Berlin")


@pytest.fixture
def quarter(today: date) -> Period:
    return Period.of(today, "quarter")


@pytest.fixture
def sold(cast: Cast, quarter: Period, today: date) -> Cast:
    """Ana, Ben and Cleo have sold for seven quarters, about 12 orders of 1,000 in each."""
    rng = np.random.default_rng(1)
    start, now = quarter.shift(-QUARTERS).start, clock.now()
    rows = []
    for person in (cast.ana, cast.ben, cast.cleo):
        order, team = an_order(person, "0", start), team_of(person, start)
        days = rng.integers(0, (today - start).days, 12 * QUARTERS)
        for place in sorted({0, *days.tolist()}):
            amount = Decimal(int(rng.integers(500, 1500)))
            on = start + timedelta(days=place)
            rows.append(
                Credit(
                    order=order, person=person, team=team, kind="primary", occurred_on=on, posted_on=on, amount=amount,
                    currency="EUR", reporting_amount=amount, recorded_at=now, reason="Import 1: orders",
                )
            )  # fmt: skip
    Credit.objects.bulk_create(rows)
    return cast


@pytest.fixture
def sellers(sold: Cast, quarter: Period) -> Cast:
    """They have quotas of 12,000."""
    for person in (sold.ana, sold.ben, sold.cleo):
        for back in range(QUARTERS + 1):
            period = quarter.shift(-back)
            a_quota(person, "12000", period.start, period.end, reason="Import 2: quotas")
    drained()
    return sold


def test_everybody_sees_the_landings_of_their_people_and_of_nobody_else(sellers: Cast, today: date) -> None:
    refresh_forecasts(as_of=today, at=clock.now())
    for person, seen, unseen in (
        (sellers.ana, {"Ana"}, {"Ben", "Cleo"}),
        (sellers.maya, {"Ana", "Ben"}, {"Cleo"}),
        (sellers.vera, {"Ana", "Ben", "Cleo"}, set()),
    ):
        page = signed_in(person).get("/forecast/")
        table = page.content.decode().partition("<main")[2]
        assert all(f">{name}</a>" in table for name in seen)
        assert not any(f">{name}</a>" in table for name in unseen)
        file = file_of(person)
        assert {f"E-{name}" in file for name in seen} == {True}
        assert not any(f"E-{name}" in file for name in unseen)
        assert ("North" in {row["team"] for row in csv.DictReader(file.splitlines())}) == (person is not sellers.ana)
        assert int(page["X-Query-Count"]) <= 60


def test_a_team_lands_where_its_people_land_and_misses_less_likely_than_each_alone(sellers: Cast, today: date) -> None:
    refresh_forecasts(as_of=today, at=clock.now())
    rows = {(row.level, row.subject_id): row for row in ForecastRow.objects.all()}
    people = [rows["person", person.pk] for person in (sellers.ana, sellers.ben)]
    north = rows["team", sellers.north.pk]
    assert abs(north.expected - sum(row.expected for row in people)) <= Decimal("0.05")
    assert north.high - north.low < sum(row.high - row.low for row in people)
    company = forecast(scope=Scope.company(), period=Period.of(today, "quarter"), as_of=today)
    assert company is not None
    assert company.quota == 36000
    assert landings(person_ids=[sellers.ana.pk], period=Period.of(today, "quarter"), as_of=today)[
        sellers.ana.pk
    ].landing == (people[0].expected)


def test_no_probability_is_shown_where_the_organisation_or_the_country_keeps_it(sellers: Cast, today: date) -> None:
    refresh_forecasts(as_of=today, at=clock.now())
    client, ask = signed_in(sellers.maya), "/api/v1/forecasts/?of=person:E-Ana"
    said = client.get(ask).json()
    assert said["p_miss"] is not None
    assert Decimal(said["low"]) <= Decimal(said["expected"]) <= Decimal(said["high"])
    assert "more likely than not" in client.get("/forecast/").content.decode()
    for change in ({"shows_individual_chances": False}, {"countries_without_chances": ["DE"]}):
        Organisation.objects.update(shows_individual_chances=True, countries_without_chances=[])
        Organisation.objects.update(**change)
        assert client.get(ask).json()["p_miss"] is None
        assert {row["p_miss"] for row in csv.DictReader(file_of(sellers.maya).splitlines())} == {""}
        assert "more likely than not" not in client.get("/forecast/").content.decode()
    assert signed_in(sellers.ana).get("/api/v1/forecasts/?of=person:E-Ben").status_code == 404


def test_a_save_moves_the_persons_landing_and_those_of_the_teams_above(
    sellers: Cast, today: date, quarter: Period
) -> None:
    refresh_forecasts(as_of=today, at=clock.now())
    before = {scope: forecast(scope=scope, period=quarter, as_of=today) for scope in _scopes(sellers)}
    Credit.objects.create(
        order=Order.objects.filter(owner=sellers.ana)[0], person=sellers.ana, team=sellers.north, kind="primary",
        occurred_on=today, posted_on=today, amount=Decimal(9000), currency="EUR", reporting_amount=Decimal(9000),
        recorded_at=clock.now(), reason="Order booked",
    )  # fmt: skip
    drained()
    assert drain_forecasts(as_of=today, at=clock.now())
    for scope, was in before.items():
        now = forecast(scope=scope, period=quarter, as_of=today)
        assert was is not None
        assert now is not None
        assert now.credited == was.credited + 9000
        assert now.expected > was.expected
    _teams_are_their_people(sellers)
    # Whom the save does not concern is not read: their team stands for them.
    ForecastRow.objects.filter(level="person", subject_id=sellers.cleo.pk).delete()
    Posting.objects.filter(person=sellers.ana).update(team=sellers.south)
    refresh_forecasts(as_of=today, at=clock.now(), person_ids=[sellers.ana.pk])
    rows = {(row.level, row.subject_id): row.parts for row in ForecastRow.objects.all()}
    assert rows["team", sellers.north.pk]["rest"] == pytest.approx(rows["person", sellers.ben.pk]["rest"])
    assert rows["team", sellers.north.pk]["people"] == 1


def _teams_are_their_people(cast: Cast) -> None:
    rows = {(row.level, row.subject_id): row.parts for row in ForecastRow.objects.all()}
    ana, ben, cleo = (rows["person", person.pk] for person in (cast.ana, cast.ben, cast.cleo))
    for key, people in (
        (("team", cast.north.pk), (ana, ben)), (("team", cast.south.pk), (cleo,)), (("company", 0), (ana, ben, cleo)),
    ):  # fmt: skip
        assert rows[key]["people"] == len(people)
        assert rows[key]["rest"] == pytest.approx(sum(one["rest"] for one in people))
        assert rows[key]["variance"] == pytest.approx(sum(one["variance"] for one in people))
        assert rows[key]["shared"] == pytest.approx(sum(one["shared"] for one in people))
        unit = sum(one["rest"] * one["unit"] for one in people)
        assert rows[key]["rest"] * rows[key]["unit"] == pytest.approx(unit)


def test_while_somebody_forecasts_the_marks_of_another_save_wait(sellers: Cast, today: date) -> None:
    with closing(connection.copy()) as other, other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(7012)")
        assert drain_forecasts(as_of=today, at=clock.now()) == 0
        assert Mark.objects.filter(topic="forecasts").exists()
        cursor.execute("SELECT pg_advisory_unlock(7012)")
    assert drain_forecasts(as_of=today, at=clock.now()) > 0


def test_the_day_that_runs_is_still_to_come_and_announced_leave_and_leaving_are_known(
    sellers: Cast, quarter: Period
) -> None:
    def rows(day: date) -> dict[int, ForecastRow]:
        refresh_forecasts(as_of=day, at=clock.now())
        return {row.subject_id: row for row in ForecastRow.objects.filter(level="person", as_of=day)}

    last = rows(quarter.last_day)[sellers.ana.pk]
    assert last.credited < last.expected
    assert 0 < last.p_miss < 1
    company = ForecastRow.objects.get(level="company", as_of=quarter.last_day)
    assert company.low < company.high  # of one alone nothing at all may be the likeliest on a single day
    day = quarter.start + timedelta(days=20)
    before = rows(day)
    kind = LeaveKind.objects.get(key="parental")
    Leave.objects.create(person=sellers.ben, kind=kind, during=half_open(day + timedelta(7), quarter.end))
    Posting.objects.filter(person=sellers.cleo).update(during=half_open(date(2024, 1, 1), day + timedelta(14)))
    after = rows(day)
    for person in (sellers.ben, sellers.cleo):
        was, now = before[person.pk], after[person.pk]
        assert now.expected - now.credited < (was.expected - was.credited) / 2
        assert now.p_miss > was.p_miss
    ana = (before[sellers.ana.pk], after[sellers.ana.pk])
    assert abs(ana[1].expected - ana[0].expected) <= ana[0].expected / 100


def test_who_leads_two_teams_sees_both_land_and_the_records_of_both(
    sellers: Cast, today: date, quarter: Period
) -> None:
    refresh_forecasts(as_of=today, at=clock.now())
    Leadership.objects.filter(team=sellers.south).update(person=sellers.maya)
    scope = scope_of([sellers.north, sellers.south], [sellers.north.pk, sellers.south.pk])
    said = forecast(scope=scope, period=quarter, as_of=today)
    each = [forecast(scope=Scope.team(team), period=quarter, as_of=today) for team in (sellers.north, sellers.south)]
    assert abs(said.expected - sum(one.expected for one in each)) <= Decimal("0.05")
    assert said.quota == sum(one.quota for one in each) == 36000
    assert said.high - said.low < sum(one.high - one.low for one in each)
    assert Scope.parse(scope.key, User.objects.get(pk=sellers.maya.user.pk)) == scope
    page = signed_in(sellers.maya).get(f"/records/?measure=bookings&of={scope.key}&from={quarter.start}")
    assert all(f">{name}<" in page.content.decode() for name in ("Ana", "Cleo"))
    for key in ("teams:", "teams:x", f"teams:{sellers.south.pk}", f"teams:{sellers.north.pk},{sellers.company.pk}"):
        assert signed_in(sellers.omar).get(f"/records/?measure=bookings&of={key}").status_code == 404


def _scopes(cast: Cast) -> list[Scope]:
    return [Scope.person(cast.ana), Scope.team(cast.north), Scope.company()]


def test_a_newcomer_gets_a_sentence_and_no_figure(sellers: Cast, today: date, quarter: Period) -> None:
    fresh = Person.objects.get(pk=sellers.olga.pk)
    a_quota(fresh, "5000", quarter.start, quarter.end)
    fresh.postings.update(during=(today - timedelta(days=10), None))
    drained()
    refresh_forecasts(as_of=today, at=clock.now())
    row = ForecastRow.objects.get(level="person", subject_id=fresh.pk)
    assert (row.expected, row.low, row.p_miss) == (None, None, None)
    assert row.note.startswith("Less than 0.6 periods of their own")


def test_an_entry_recorded_later_is_not_seen_on_an_earlier_day(sellers: Cast, today: date, quarter: Period) -> None:
    day = quarter.shift(-1).start + timedelta(days=40)
    before = forecasts(person_ids=[sellers.ana.pk], period=quarter.shift(-1), as_of=day)[sellers.ana.pk]
    Credit.objects.create(
        order=Order.objects.filter(owner=sellers.ana)[0], person=sellers.ana, team=sellers.north, kind="primary",
        occurred_on=day - timedelta(days=50), posted_on=today, amount=Decimal(50_000), currency="EUR",
        reporting_amount=Decimal(50_000), recorded_at=clock.now(), reason="Order booked",
    )  # fmt: skip
    after = forecasts(person_ids=[sellers.ana.pk], period=quarter.shift(-1), as_of=day)[sellers.ana.pk]
    assert (after.expected, after.p_miss) == (before.expected, before.p_miss)


def test_the_past_is_replayed_once_and_shown_to_everybody(sellers: Cast, today: date) -> None:
    at: datetime = clock.now()
    made = refresh_backtest(as_of=today, at=at)
    assert made == BacktestCase.objects.count() > 0
    assert refresh_backtest(as_of=today, at=at) == 0
    page = signed_in(sellers.ana).get("/backtest/").content.decode()
    assert "of the 80 % ranges held" in page
    assert "Linear by calendar days" in page
    assert "Teams and the company, each as one:" in page
    said = signed_in(sellers.ana).get("/api/v1/backtest/").json()
    assert [(row["of"], row["checkpoint"]) for row in (said[0], said[-1])] == [("people", None), ("teams", None)]
    names = ["Paceline", "Linear by calendar days", "Same as last period"]
    assert [[way["name"] for way in row["methods"][:3]] for row in said] == [names] * len(said)
    file: Any = signed_in(sellers.ana).get("/backtest/?export=csv")
    rows = list(csv.DictReader(content_of(file).decode().splitlines()))
    told = {(row["of"], row["checkpoint"], row["method"]): row["value"] for row in rows if row["measure"] == "brier"}
    assert float(told["people", "", "Paceline"]) == said[0]["methods"][0]["brier"]
    assert float(told["teams", "", "Linear by calendar days"]) == said[-1]["methods"][1]["brier"]
    found = judged()
    assert found.people.count + found.people.unknown == made
    cases = BacktestCase.objects.exclude(p_miss=None)
    assert sum(found.people.missed) == cases.filter(final__lt=F("quota")).count()
    assert found.people.held == cases.filter(low__lte=F("final"), high__gte=F("final")).count()
    assert found.teams.count > 0


def test_a_past_without_quotas_is_held_to_the_quarters_before_and_who_left_is_not_judged(
    sold: Cast, today: date, quarter: Period
) -> None:
    last = quarter.shift(-1)
    for person in (sold.ana, sold.ben, sold.cleo):
        a_quota(person, "12000", last.start, last.end, reason="Import 2: quotas")
    Posting.objects.filter(person=sold.ben).update(during=half_open(date(2024, 1, 1), last.end - timedelta(days=9)))
    away = half_open(last.start + timedelta(days=50), today)
    Leave.objects.create(person=sold.cleo, kind=LeaveKind.objects.get(key="parental"), during=away)
    refresh_backtest(as_of=today, at=clock.now())
    cases = {(row.person_id, row.checkpoint): row for row in BacktestCase.objects.filter(period=last.key)}
    half, late = Decimal("0.500"), Decimal("0.900")
    assert {pk for pk, point in cases if point == half} == {sold.ana.pk}
    assert {pk for pk, point in cases if point == late} == {sold.ana.pk, sold.cleo.pk}
    assert cases[sold.ana.pk, half].quota == 12000
    before = BacktestCase.objects.filter(period=last.shift(-1).key, person_id=sold.ana.pk)
    assert before.exists()
    assert not before.filter(quota=12000).exists()


def test_the_first_records_make_forecasts_and_replay_the_past_at_once_and_a_load_of_the_past_does_again(
    sellers: Cast, today: date, quarter: Period
) -> None:
    at = clock.now()
    assert drain_forecasts(as_of=today, at=at)
    assert ForecastRow.objects.filter(level="company", as_of=today, expected__gt=0).exists()
    while drain_backtest(as_of=today, at=at):
        pass
    cases = dict(BacktestCase.objects.values_list("period").annotate(Count("pk")))
    assert cases.keys() == {quarter.shift(-back).key for back in range(1, QUARTERS)}
    assert BacktestRun.objects.get().until == quarter.start
    start = quarter.shift(-2).start
    Credit.objects.bulk_create(
        Credit(
            order=Order.objects.filter(owner=who)[0], person=who, team=team_of(who, start), kind="primary",
            occurred_on=start + timedelta(days=3), posted_on=today, amount=Decimal(777), currency="EUR",
            reporting_amount=Decimal(777), recorded_at=at, reason="Import 3: orders",
        )
        for who in (sellers.ana, sellers.ben, sellers.cleo)
    )  # fmt: skip
    was = BacktestCase.objects.get(person_id=sellers.ana.pk, period=quarter.shift(-2).key, checkpoint="0.5")
    everybody = Posting.objects.on(today).exclude(person__in=[sellers.ana, sellers.ben, sellers.cleo])
    everybody.update(during=half_open(start - timedelta(days=900), start))
    drained()
    assert drain_forecasts(as_of=today, at=at)
    assert BacktestRun.objects.get().until == start
    while drain_backtest(as_of=today, at=at):
        pass
    now = BacktestCase.objects.get(person_id=sellers.ana.pk, period=quarter.shift(-2).key, checkpoint="0.5")
    assert (now.credited, now.final) == (was.credited + 777, was.final + 777)
    assert dict(BacktestCase.objects.values_list("period").annotate(Count("pk"))) == cases


def test_a_quota_is_judged_as_it_was_known_on_the_day(sellers: Cast, today: date, quarter: Period) -> None:
    last = quarter.shift(-1)
    QuotaEntry.objects.create(
        person=sellers.ana, team=sellers.north, during=half_open(last.start, last.end), amount=3000, currency="EUR",
        reporting_amount=3000, recorded_at=clock.now(), reason="Entered by hand",
    )  # fmt: skip
    refresh_backtest(as_of=today, at=clock.now())
    known = BacktestCase.objects.filter(person_id=sellers.ana.pk, period=last.key)
    assert set(known.values_list("quota", flat=True)) == {Decimal(12000)}


def test_a_deal_is_known_as_it_stood_on_the_day(sellers: Cast, today: date) -> None:
    """Ana's deal went to Ben in the end, and was won by him: weeks before, it was hers and open."""
    organisation = Organisation.get()
    opened, moved, closed = (today - timedelta(days=days) for days in (60, 30, 10))
    deal = a_deal(
        sellers.ben, "500", opened_on=opened, closed_on=closed, status="won",
        created_at=datetime.combine(opened, time(9), UTC),
    )  # fmt: skip
    for on, field, was, value in (
        (opened, "status", "", "open"),
        (opened, "owner", "", str(sellers.ana.pk)),
        (moved, "owner", str(sellers.ana.pk), str(sellers.ben.pk)),
        (closed, "status", "open", "won"),
    ):
        DealChange.objects.create(
            deal=deal, field=field, was=was, value=value, changed_at=datetime.combine(on, time(10), UTC)
        )
    snapshots.drain_all()
    history = read(since=opened - timedelta(days=300), organisation=organisation)
    seen = []
    for on in (moved - timedelta(days=1), moved, closed):
        then = history.known.at(number(on)).standing()
        [owner] = [pk for pk, place in history.people.items() if place == then.owner[0]]
        seen.append((owner, bool(then.won[0])))
    assert seen == [(sellers.ana.pk, False), (sellers.ben.pk, False), (sellers.ben.pk, True)]


def test_flags_are_raised_once_the_forecasts_are_made(cast: Cast) -> None:
    with capture_logs() as logs:
        tasks.refresh_forecasts()
    assert [one["event"] for one in logs] == ["forecasts_refreshed", "flags_raised"]
    assert "performance.tasks.raise_flags" not in {one["task"] for one in app.conf.beat_schedule.values()}


def test_without_records_the_pages_say_so(cast: Cast) -> None:
    assert "There is no forecast yet." in signed_in(cast.maya).get("/forecast/").content.decode()
    assert "No quarter can be judged yet." in signed_in(cast.maya).get("/backtest/").content.decode()
