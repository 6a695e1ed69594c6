"""Boards rank uncapped with shared places, name the top only, and leave out whom a percentage would wrong (R24)."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal as D
from typing import Any

import pytest
from django.test import Client

from performance.services import rebuild
from recognition.analysis import named, ranks
from recognition.selectors import Board, leaderboard
from sales.models import Credit, Order
from salesmgmt.lib.periods import Period
from salesmgmt.lib.ranges import half_open
from targets.services import enter_quota
from teams.models import Leave, LeaveKind, Organisation, Person, Posting, Role, Team, User
from tests.cast import SINCE, Cast

AT = datetime(2026, 9, 1, 9, tzinfo=UTC)
AS_OF = date(2026, 9, 30)
Q3 = Period.parse("2026-Q3")


def book(person: Person, amount: int, on: date = date(2026, 8, 3)) -> None:
    order = Order.objects.create(owner=person, amount=amount, currency="EUR", ordered_on=on)
    Credit.objects.create(
        order=order,
        person=person,
        team=person.postings.get().team,
        kind="primary",
        occurred_on=on,
        posted_on=on,
        amount=amount,
        currency="EUR",
        reporting_amount=amount,
        recorded_at=AT,
        reason="Booked",
    )


def quota(person: Person, amount: int, period: Period = Q3, basis: str = "final") -> None:
    enter_quota(
        person=person, start=period.start, end=period.end, amount=D(amount), basis=basis, reason="Plan", by=None, at=AT
    )


def rep(name: str, team: Team) -> Person:
    made = Person.objects.create(name=name, external_id=f"E-{name}", hired_on=SINCE)
    Posting.objects.create(person=made, team=team, role=Role.REP, during=half_open(SINCE))
    return made


def board(user: Person, **more: Any) -> Board:
    list(rebuild())
    assert user.user is not None
    return leaderboard(user=user.user, period=Q3, as_of=AS_OF, **more)


@pytest.fixture
def six(cast: Cast) -> Cast:
    """Ana 180 %, Dora and Eli 100 %, Finn 80 %, Gus 50 %, Ben 20 % of a quota of 1,000 each."""
    people = [
        cast.ana,
        rep("Dora", cast.north),
        rep("Eli", cast.north),
        rep("Finn", cast.north),
        rep("Gus", cast.north),
    ]
    for person, amount in zip([*people, cast.ben], (1800, 1000, 1000, 800, 500, 200), strict=True):
        quota(person, 1000)
        book(person, amount)
    return cast


def test_ties_share_a_rank_and_the_next_one_is_left_out() -> None:
    scores = {"a": D("1.8"), "b": D(1), "c": D("1.00"), "d": D("0.8")}
    assert ranks(scores) == {"a": 1, "b": 2, "c": 2, "d": 4}
    assert [named(size) for size in (1, 3, 6, 9, 30, 90)] == [1, 1, 3, 4, 10, 10]


def test_the_top_has_names_and_is_not_capped_at_a_hundred_percent(six: Cast) -> None:
    found = board(six.ana)
    assert [(place.rank, place.person.name, place.score) for place in found.places] == [
        (1, "Ana", D("1.8")),
        (2, "Dora", D(1)),
        (2, "Eli", D(1)),
    ]
    assert found.size == 6
    assert found.own is not None
    assert (found.own.rank, found.own.to_next) == (1, None)


def test_one_sees_the_own_place_and_what_the_next_takes_and_nobody_reads_that_they_are_last(six: Cast) -> None:
    gus = Person.objects.get(name="Gus")
    gus.user = six.ben.user  # a login for Gus; Ben keeps none
    six.ben.user = None
    six.ben.save(update_fields=["user"])
    gus.save(update_fields=["user"])
    found = board(gus)
    assert found.own is not None
    # Gus has 50 %, Finn before him 80 %: 0.3 × 1,000.
    assert (found.own.rank, found.own.to_next) == (5, D(300))


def test_the_last_reads_the_distance_and_no_rank(six: Cast) -> None:
    found = board(six.ben)
    assert found.own is not None
    assert (found.own.rank, found.own.to_next) == (None, D(300))
    assert "Ben" not in [place.person.name for place in found.places]


def test_fewer_than_five_are_not_compared(cast: Cast) -> None:
    people = [cast.ana, cast.ben, rep("Dora", cast.north), rep("Eli", cast.north)]
    for n, person in enumerate(people):
        quota(person, 1000)
        book(person, 900 - n)
    found = board(cast.maya)
    assert (found.is_small, found.size, found.places, found.own) == (True, 4, [], None)
    fifth = rep("Finn", cast.north)
    quota(fifth, 1000)
    book(fifth, 100)
    assert [place.person.name for place in board(cast.maya).places] == ["Ana", "Ben"]


def test_a_little_quota_and_protected_leave_are_not_ranked(six: Cast) -> None:
    Leave.objects.create(
        person=six.ana,
        kind=LeaveKind.objects.get(key="parental"),
        during=half_open(date(2026, 9, 20), date(2026, 12, 1)),
    )
    dora = Person.objects.get(name="Dora")
    enter_quota(person=dora, start=Q3.start, end=Q3.end, amount=D(0), reason="Away", by=None, at=AT)
    for n in range(2):
        more = rep(f"More {n}", six.north)
        quota(more, 1000)
        book(more, 300 + n)
    found = board(six.maya)
    assert [place.person.name for place in found.places] == ["Eli", "Finn", "Gus"]
    assert found.size == 6


def test_a_quarter_of_a_full_quota_is_needed_for_a_percentage(cast: Cast) -> None:
    newcomer = Person.objects.create(name="Nia", external_id="E-Nia", hired_on=date(2026, 9, 21))
    Posting.objects.create(person=newcomer, team=cast.north, role=Role.REP, during=half_open(date(2026, 9, 21)))
    quota(newcomer, 66000, basis="base")  # 8 of 66 days
    book(newcomer, 50000, date(2026, 9, 22))
    others = [rep(f"Rep {n}", cast.north) for n in range(3)]
    for person in (cast.ana, cast.ben, *others):
        quota(person, 1000)
        book(person, 500)
    found = board(cast.maya)
    assert (found.size, [place.person.name for place in found.places][:2]) == (5, ["Ana", "Ben"])
    assert "Nia" not in [place.person.name for place in found.places]


def test_improvement_is_pace_now_against_attainment_before(cast: Cast) -> None:
    q2 = Q3.shift(-1)
    others = [(rep(f"Rep {n}", cast.north), 900, 900 - n) for n in range(3)]
    for person, before, now in ((cast.ana, 1000, 1100), (cast.ben, 500, 900), *others):
        quota(person, 1000, q2)
        quota(person, 1000)
        book(person, before, date(2026, 5, 4))
        book(person, now)
    found = board(cast.maya, by="improvement")
    assert [(place.person.name, place.score) for place in found.places][:2] == [("Ben", D("0.4")), ("Ana", D("0.1"))]


def test_a_rep_is_on_the_board_of_the_own_team_only(six: Cast) -> None:
    with pytest.raises(Team.DoesNotExist):
        board(six.cleo, team=six.north)
    assert board(six.vera, team=six.company).size == 6


def test_an_organisation_may_show_no_individual_ranks(six: Cast) -> None:
    Organisation.objects.update(shows_individual_ranks=False)
    found = board(six.ana)
    assert (found.is_shown, found.places, found.own) == (False, [], None)


# ── One's own place, in a sentence ──────────────────────────────────────────────────────────────────────────────


def asked_of(person: Person, path: str) -> str:
    list(rebuild())
    client = Client()
    assert person.user is not None
    client.force_login(person.user, backend="django.contrib.auth.backends.ModelBackend")
    return client.get(f"{path}?period={Q3.key}", headers={"HX-Request": "true"}).content.decode()


def placed(person: Person) -> str:
    return re.sub(r"<[^>]+>", "", asked_of(person, "/leaderboard/place/")).strip()


def test_the_place_names_the_first_oneself_and_the_distance_to_the_next(six: Cast) -> None:
    assert placed(six.ana) == "You lead North with 180% of quota. Leaderboard"
    login = User.objects.create(username="gus")
    gus = Person.objects.get(name="Gus")
    Person.objects.filter(pk=gus.pk).update(user=login)
    said = placed(Person.objects.get(pk=gus.pk))
    assert said == "Ana leads North with 180% of quota. You are in place 5 of 6, €300 from the next. Leaderboard"


def test_who_is_last_reads_the_distance_only(six: Cast) -> None:
    assert placed(six.ben) == "Ana leads North with 180% of quota. €300 to your next place. Leaderboard"


def test_the_home_asks_for_the_place_and_keeps_it_when_it_is_refreshed(six: Cast) -> None:
    assert f'hx-get="/leaderboard/place/?period={Q3.key}"' in asked_of(six.ben, "/")


def test_an_organisation_without_ranks_has_no_place_on_the_home(six: Cast) -> None:
    Organisation.objects.update(shows_individual_ranks=False)
    assert "/leaderboard/place/" not in asked_of(six.ben, "/")
    assert placed(six.ben) == "Leaderboard"
