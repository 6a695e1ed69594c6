"""The known cast. Everybody's password is `demo`; postings go back to 2024 and are open-ended.

    Company (vera executive, olga operations)
    ├── North   maya leads; ana, ben
    └── South   omar leads; cleo

`admin` is a superuser without a person.
"""

from dataclasses import dataclass
from datetime import date

import pytest
from django.contrib.auth.hashers import make_password

from salesmgmt.lib.ranges import half_open
from teams.models import Leadership, Organisation, Person, Posting, Role, Team, User

SINCE = date(2024, 1, 1)


@dataclass(frozen=True)
class Cast:
    company: Team
    north: Team
    south: Team
    admin: User
    vera: Person
    olga: Person
    maya: Person
    omar: Person
    ana: Person
    ben: Person
    cleo: Person


def make_cast() -> Cast:
    Organisation.objects.update(
        name="Cast & Co", currency="EUR", time_zone="Europe/Berlin", holiday_region="DE", is_demo=True
    )
    company = Team.objects.create(name="Company")
    north, south = Team.objects.bulk_create([Team(name="North", parent=company), Team(name="South", parent=company)])
    places = {
        "Vera": (company, Role.EXECUTIVE),
        "Olga": (company, Role.OPERATIONS),
        "Maya": (north, Role.MANAGER),
        "Omar": (south, Role.MANAGER),
        "Ana": (north, Role.REP),
        "Ben": (north, Role.REP),
        "Cleo": (south, Role.REP),
    }
    password = make_password("demo")
    admin, *users = User.objects.bulk_create([
        User(username="admin", password=password, is_staff=True, is_superuser=True),
        *(User(username=name.lower(), password=password, email=f"{name.lower()}@example.com") for name in places),
    ])  # fmt: skip
    people = Person.objects.bulk_create(
        Person(external_id=f"E-{name}", name=name, email=user.email, user=user, hired_on=SINCE)
        for name, user in zip(places, users, strict=True)
    )
    during = half_open(SINCE)
    Posting.objects.bulk_create(
        Posting(person=person, team=team, role=role, during=during)
        for person, (team, role) in zip(people, places.values(), strict=True)
    )
    vera, olga, maya, omar, ana, ben, cleo = people
    leaders = ((company, vera), (north, maya), (south, omar))
    Leadership.objects.bulk_create(Leadership(team=team, person=person, during=during) for team, person in leaders)
    for team in (company, north, south):
        team.path = [company.pk] if team is company else [company.pk, team.pk]  # as the database keeps it
    return Cast(company, north, south, admin, vera, olga, maya, omar, ana, ben, cleo)


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()
