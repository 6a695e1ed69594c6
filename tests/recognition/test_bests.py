"""Boards of quality and of ramped targets, countries without ranks, and personal bests told once."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal as D

import pytest

from performance.services import rebuild
from recognition.models import PersonalBest
from recognition.services import tell_bests
from sales.models import Account, Deal, DealLine, Feedback
from salesmgmt.desk.models import Notice
from salesmgmt.lib.refusals import Refused
from teams.models import Organisation, Person, Posting
from teams.services import change_organisation
from tests.cast import Cast
from tests.performance.test_scorecards import client_of, decide
from tests.recognition.test_boards import AS_OF, Q3, board, book, quota, rep

AT = datetime(2026, 10, 5, 5, tzinfo=UTC)


def answered(person: Person, *scores: int) -> None:
    account, _ = Account.objects.get_or_create(name="Brandt", owner=person)
    Feedback.objects.bulk_create(
        Feedback(account=account, owner=person, kind="csat", score=score, given_on=date(2026, 8, 3)) for score in scores
    )


def discounted(person: Person, percent: int, deals: int = 5) -> None:
    for _ in range(deals):
        decide(person, "won", date(2026, 8, 3))
    DealLine.objects.bulk_create(
        DealLine(deal=deal, quantity=1, list_price=100, unit_price=100 - percent)
        for deal in Deal.objects.filter(owner=person)
    )


def three(cast: Cast) -> list[Person]:
    return [cast.ana, cast.ben, rep("Dora", cast.north)]


def more(cast: Cast) -> list[Person]:
    """Enough to be compared: below five nobody is."""
    return [rep(f"Rep {n}", cast.north) for n in range(3)]


def test_satisfaction_is_ranked_from_ten_answers_on(cast: Cast) -> None:
    ana, ben, dora = three(cast)
    answered(ana, *[5] * 9, 4)
    answered(ben, *[4] * 10)
    answered(dora, *[5] * 9)
    for person in more(cast):
        answered(person, *[3] * 10)
    found = board(cast.ana, by="csat")
    assert [(place.person.name, place.score) for place in found.places][:1] == [("Ana", D("4.90"))]
    assert found.size == 5


def test_the_least_discount_leads_from_five_deals_on(cast: Cast) -> None:
    ana, ben, dora = three(cast)
    discounted(ana, 10)
    discounted(ben, 2)
    discounted(dora, 0, deals=4)
    for person in more(cast):
        discounted(person, 20)
    found = board(cast.ana, by="discount")
    assert [(place.person.name, place.score) for place in found.places][:1] == [("Ben", D("0.02"))]
    assert found.own is not None
    assert (found.own.rank, found.own.score, found.own.to_next) == (2, D("0.1"), D("0.08"))


def test_the_ramped_board_ranks_by_what_was_asked_by_today(cast: Cast) -> None:
    for person, amount in ((cast.ana, 600), (cast.ben, 300), *((person, 100) for person in more(cast))):
        quota(person, 1000)
        book(person, amount, date(2026, 7, 6))
    list(rebuild())
    from recognition.selectors import leaderboard

    found = leaderboard(user=cast.ana.user, period=Q3, as_of=date(2026, 8, 14), by="ramped")
    # 33 of 66 working days: 500 asked.
    assert [(place.person.name, round(place.score, 2)) for place in found.places][:1] == [("Ana", D("1.20"))]


def test_nobody_posted_in_a_country_without_ranks_is_ranked(cast: Cast) -> None:
    for person, amount in zip([*three(cast), *more(cast)], (900, 800, 700, 600, 500, 400), strict=True):
        quota(person, 1000)
        book(person, amount)
    Posting.objects.filter(person=cast.ana).update(holiday_region="FR")
    Organisation.objects.update(countries_without_ranks=["FR"])
    found = board(cast.maya)
    assert [place.person.name for place in found.places][:1] == ["Ben"]
    assert found.size == 5
    assert board(cast.ana).own is None
    Organisation.objects.update(countries_without_ranks=["DE"])
    assert board(cast.maya).is_small


def test_countries_are_kept_by_their_two_letters(cast: Cast) -> None:
    made = change_organisation(by=cast.admin, countries_without_ranks=["fr ", "DE", "FR"])
    assert made.countries_without_ranks == ["DE", "FR"]
    with pytest.raises(Refused, match="“Germany” is no country"):
        change_organisation(by=cast.admin, countries_without_ranks=["Germany"])


def test_a_best_is_told_once(cast: Cast) -> None:
    for month in range(1, 9):
        book(cast.ana, 100, date(2026, month, 10))
    book(cast.ana, 250, date(2026, 9, 10))
    book(cast.ben, 900, date(2026, 9, 10))  # too little to compare with
    list(rebuild())
    assert tell_bests(as_of=date(2026, 10, 5), at=AT) == 1
    assert tell_bests(as_of=date(2026, 10, 6), at=AT) == 0
    best = PersonalBest.objects.get()
    assert (best.person, best.kind, best.period, best.value, best.before) == (
        cast.ana, "month", "2026-09", D(250), D(100),
    )  # fmt: skip
    told = Notice.objects.get(user=cast.ana.user)
    assert told.text == "Your best month so far: 250 EUR booked in Sep 2026; the best before was 100."
    assert "Your bests" in client_of(cast.ana).get("/leaderboard/").content.decode()
    assert "Your bests" not in client_of(cast.ben).get("/leaderboard/").content.decode()


def test_a_best_equal_to_one_before_is_none(cast: Cast) -> None:
    for month in range(1, 10):
        book(cast.ana, 100, date(2026, month, 10))
    list(rebuild())
    assert tell_bests(as_of=AS_OF + timedelta(days=5), at=AT) == 0
