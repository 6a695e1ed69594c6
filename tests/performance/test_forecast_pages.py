"""Forecasts as people see them: whose, what is kept to itself, and how a save moves them."""

import csv
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from django.test import Client

from performance.models import BacktestCase, ForecastRow
from performance.selectors import Scope, forecast, forecasts, landings
from performance.services import drain_forecasts, refresh_backtest, refresh_forecasts, rollups
from sales.models import Credit, Order
from salesmgmt.lib import clock
from salesmgmt.lib.periods import Period
from teams.models import Organisation, Person
from tests.cast import Cast

from .records import a_quota, an_order, team_of

QUARTERS = 7


def signed_in(person: Any) -> Client:
    client = Client()
    client.force_login(getattr(person, "user", person), backend="django.contrib.auth.backends.ModelBackend")
    return client


def drained() -> None:
    for topic in rollups.TOPICS:
        while rollups.drain(topic):
            pass


def file_of(person: Any) -> str:
    answer: Any = signed_in(person).get("/forecast/?export=csv")
    return b"".join(answer.streaming_content).decode()


@pytest.fixture
def today() -> date:
    return clock.today("Europe/Berlin")


@pytest.fixture
def quarter(today: date) -> Period:
    return Period.of(today, "quarter")


@pytest.fixture
def sellers(cast: Cast, quarter: Period, today: date) -> Cast:
    """Ana, Ben and Cleo have sold for seven quarters, about 12 orders of 1,000 in each, and have quotas of 12,000."""
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
        for back in range(QUARTERS + 1):
            period = quarter.shift(-back)
            a_quota(person, "12000", period.start, period.end, reason="Import 2: quotas")
    Credit.objects.bulk_create(rows)
    drained()
    return cast


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
    for change in ({"shows_individual_chances": False}, {"countries_without_chances": ["DE"]}):
        Organisation.objects.update(shows_individual_chances=True, countries_without_chances=[])
        Organisation.objects.update(**change)
        assert client.get(ask).json()["p_miss"] is None
        assert {row["p_miss"] for row in csv.DictReader(file_of(sellers.maya).splitlines())} == {""}
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


def test_without_records_the_pages_say_so(cast: Cast) -> None:
    assert "There is no forecast yet." in signed_in(cast.maya).get("/forecast/").content.decode()
    assert "No quarter can be judged yet." in signed_in(cast.maya).get("/backtest/").content.decode()
