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
    password = make_password("demo")
    company = Team.objects.create(name="Company")
    north = Team.objects.create(name="North", parent=company)
    south = Team.objects.create(name="South", parent=company)

    def person(name: str, team: Team, role: Role) -> Person:
        user = User.objects.create(username=name.lower(), password=password, email=f"{name.lower()}@example.com")
        made = Person.objects.create(external_id=f"E-{name}", name=name, email=user.email, user=user, hired_on=SINCE)
        Posting.objects.create(person=made, team=team, role=role, during=half_open(SINCE))
        return made

    cast = Cast(
        company=company,
        north=north,
        south=south,
        admin=User.objects.create(username="admin", password=password, is_staff=True, is_superuser=True),
        vera=person("Vera", company, Role.EXECUTIVE),
        olga=person("Olga", company, Role.OPERATIONS),
        maya=person("Maya", north, Role.MANAGER),
        omar=person("Omar", south, Role.MANAGER),
        ana=person("Ana", north, Role.REP),
        ben=person("Ben", north, Role.REP),
        cleo=person("Cleo", south, Role.REP),
    )
    Leadership.objects.create(team=company, person=cast.vera, during=half_open(SINCE))
    Leadership.objects.create(team=north, person=cast.maya, during=half_open(SINCE))
    Leadership.objects.create(team=south, person=cast.omar, during=half_open(SINCE))
    for made in (company, north, south):
        made.refresh_from_db()
    return cast


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()
