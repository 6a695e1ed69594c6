"""Writes the organisation: calendar, rates, teams, people, logins, postings and leave."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
from django.contrib.auth.hashers import make_password

from salesmgmt.lib.periods import Period
from salesmgmt.lib.ranges import half_open, through
from targets.models import RampProfile, RampStep, SeasonProfile, SeasonShare
from teams.models import (
    ExchangeRate,
    Holiday,
    Leadership,
    Leave,
    LeaveKind,
    Organisation,
    Person,
    Posting,
    Role,
    Team,
    User,
)
from teams.services import fill_holidays

from . import names
from .calendars import MONTHS, RAMP, RAMP_NAME, Calendar, Tenure, calendar_of, first_day, tenures
from .cast import COMPANY, ROOT, Market, Seat
from .loading import analyse

ZONE, REGION, PASSWORD = "Europe/Berlin", "DE", "demo"
_RATES = {"GBP": 1.165, "CHF": 1.045, "SEK": 0.0885, "USD": 0.925}


@dataclass(slots=True)
class Company:
    """What the further chapters need to know."""

    seats: list[Seat]
    markets: dict[str, Market]
    tenures: list[Tenure]
    calendar: Calendar
    people: list[Person]
    teams: dict[str, Team]
    rates: dict[str, float]  # plain ones, to turn EUR into a customer's currency

    def row_of(self, external_id: str) -> int | None:
        return next((row for row, seat in enumerate(self.seats) if seat.external_id == external_id), None)


def write_organisation(
    rng: np.random.Generator, *, seats: list[Seat], markets: list[Market], today: date, years: int
) -> Company:
    """Everything that stands before the first deal."""
    start = first_day(today, years)
    by_name = {market.name: market for market in markets}
    Organisation.objects.filter(pk=1).update(
        name=COMPANY, currency="EUR", time_zone=ZONE, fiscal_month=1, holiday_region=REGION, is_demo=True
    )
    stay = tenures(rng, seats, start, today)
    used = {by_name[seat.team].holidays for seat in seats if seat.team in by_name} | {REGION}
    free = _holidays(used, range(start.year - 1, today.year + 2))
    calendar = calendar_of(
        seats=seats, markets=by_name, tenures=stay, holidays=free | {"": free[REGION]}, start=start, today=today
    )
    _write_rates(rng, start, today)
    _write_season(start, today)
    teams = _write_teams(seats, by_name)
    people = _write_people(rng, seats, stay, start)
    _write_postings(seats, stay, people, teams, by_name)
    _write_leave(stay, people)
    analyse(Person, Posting, ExchangeRate, Team)
    return Company(seats, by_name, stay, calendar, people, teams, {"EUR": 1.0} | _RATES)


def _holidays(regions: set[str], years: range) -> dict[str, set[date]]:
    found: dict[str, set[date]] = {}
    for region in sorted(regions - {""}):
        fill_holidays(region=region, years=years)
        found[region] = set(Holiday.objects.of(region).values_list("on", flat=True))
    return found


def _write_rates(rng: np.random.Generator, start: date, today: date) -> None:
    """A plan rate for each year, and actual ones that drift from quarter to quarter."""
    rows = []
    for currency, plain in _RATES.items():
        quarter = Period.of(start, "quarter").shift(-4)
        rate = plain
        while quarter.start <= today:
            last = quarter.end > today
            rate *= float(np.exp(rng.normal(0, 0.012)))
            shown = Decimal(f"{rate:.4f}")
            rows.append(
                ExchangeRate(
                    currency=currency, rate=shown, during=half_open(quarter.start, None if last else quarter.end)
                )
            )
            quarter = quarter.shift(1)
        rows.append(
            ExchangeRate(
                currency=currency, kind="plan", rate=Decimal(str(plain)), during=half_open(date(start.year - 1, 1, 1))
            )
        )
    ExchangeRate.objects.bulk_create(rows)


def _write_season(start: date, today: date) -> None:
    """How a quarter falls on its months, and the ramp of newcomers."""
    quarter = Period.of(start, "quarter")
    while quarter.start <= today:
        season = SeasonProfile.objects.create(
            period=quarter.key, during=half_open(quarter.start, quarter.end), is_learned=True
        )
        SeasonShare.objects.bulk_create(
            SeasonShare(
                profile=season,
                bucket=month.key,
                starts_on=month.start,
                percent=Decimal(str(100 * MONTHS[month.start.month - 1])),
            )
            for month in quarter.months()
        )
        quarter = quarter.shift(1)
    profile = RampProfile.objects.create(name=RAMP_NAME)
    RampStep.objects.bulk_create(
        [RampStep(profile=profile, month=month, percent=percent) for month, percent in enumerate(RAMP, start=1)]
    )


def _write_teams(seats: list[Seat], markets: dict[str, Market]) -> dict[str, Team]:
    """The root, the regions below it, the teams below those; only what somebody is posted to, and what is above."""
    teams = {ROOT: Team.objects.create(name=ROOT)}
    wanted = {seat.team for seat in seats}
    wanted |= {"DACH Mid-market"} if any(seat.story == "transfer" for seat in seats) else set()
    regions = [*dict.fromkeys(market.region for market in markets.values())]
    for region in regions:
        below = [market.name for market in markets.values() if market.region == region and market.name in wanted]
        if region in wanted or below:
            teams[region] = Team.objects.create(name=region, parent=teams[ROOT])
            teams |= {name: Team.objects.create(name=name, parent=teams[region]) for name in below}
    for team in teams.values():
        team.refresh_from_db(fields=["path"])
    return teams


def _write_people(rng: np.random.Generator, seats: list[Seat], stay: list[Tenure], start: date) -> list[Person]:
    """Demo logins, all with one password; whoever has none waits to be invited."""
    nameless = sum(not seat.name for seat in seats)
    further = iter(names.of_people(rng, nameless, {seat.name for seat in seats}))
    password = make_password(PASSWORD)
    User.objects.create(
        username="admin", password=password, email="admin@example.com", is_staff=True, is_superuser=True
    )
    users = {
        seat.login: User(
            username=seat.login, password=password, email=f"{seat.login}@example.com", first_name=seat.name.split()[0]
        )
        for seat in seats
        if seat.login
    }
    User.objects.bulk_create(users.values())
    people = [
        Person(
            external_id=seat.external_id,
            name=seat.name or next(further),
            email=f"{seat.login or seat.external_id.lower()}@example.com",
            user=users.get(seat.login),
            hired_on=tenure.hired,
            left_on=tenure.left,
            birthday=date(1965, 1, 1) + timedelta(days=int(rng.integers(0, 13_000))),
        )
        for seat, tenure in zip(seats, stay, strict=True)
    ]
    made: list[Person] = Person.objects.bulk_create(people)
    return made


def _write_postings(
    seats: list[Seat], stay: list[Tenure], people: list[Person], teams: dict[str, Team], markets: dict[str, Market]
) -> None:
    postings, seats_of_managers = [], []
    for seat, tenure, person in zip(seats, stay, people, strict=True):
        market = markets.get(seat.team)
        posted = Posting(
            person=person,
            team=teams[seat.team],
            role=seat.role,
            fte=Decimal(seat.fte),
            holiday_region=market.holidays if market else "",
            ramp=RAMP_NAME if seat.story in {"ramp", "joined"} else "",
            during=half_open(tenure.moved or tenure.hired, tenure.left),
        )
        postings.append(posted)
        if tenure.moved:
            before = Posting(
                person=person,
                team=teams["DACH Mid-market"],
                role=seat.role,
                during=half_open(tenure.hired, tenure.moved),
            )
            postings.append(before)
        if seat.role in {Role.MANAGER, Role.EXECUTIVE}:
            seats_of_managers.append(Leadership(team=teams[seat.team], person=person, during=half_open(tenure.hired)))
    Posting.objects.bulk_create(postings)
    Leadership.objects.bulk_create(seats_of_managers)


def _write_leave(stay: list[Tenure], people: list[Person]) -> None:
    kinds = {kind.key: kind for kind in LeaveKind.objects.all()}
    Leave.objects.bulk_create(
        [
            Leave(person=person, kind=kinds[kind], during=through(first, last))
            for tenure, person in zip(stay, people, strict=True)
            for kind, first, last in tenure.away
        ]
    )
