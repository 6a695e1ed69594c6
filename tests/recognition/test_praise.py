"""What the system suggests, who confirms it in their own words, and what stands on the wall."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from performance.services import rebuild
from recognition.models import Applause, Award, Kudos, Suggestion
from recognition.selectors import wall
from recognition.services import (
    applaud,
    confirm_suggestion,
    dismiss_suggestion,
    give_award,
    give_kudos,
    suggest_awards,
    take_down,
)
from salesmgmt.lib.periods import Period
from salesmgmt.lib.ranges import half_open
from salesmgmt.lib.refusals import Refused
from teams.models import Leave, LeaveKind, Organisation, Person, User
from tests.cast import Cast

from .test_boards import Q3, book, quota, rep

AT = datetime(2026, 9, 30, 16, tzinfo=UTC)


def login(person: Person) -> User:
    assert person.user is not None
    return person.user


def signed_in(user: User | Person) -> Client:
    client = Client()
    client.force_login(login(user) if isinstance(user, Person) else user)
    return client


def suggested(as_of: date) -> set[tuple[str, str, str]]:
    list(rebuild())
    suggest_awards(as_of=as_of)
    return {(row.person.name, row.kind, row.key) for row in Suggestion.objects.select_related("person")}


def test_a_quota_that_is_reached_is_suggested_once(cast: Cast) -> None:
    for person, amount in ((cast.ana, 1000), (cast.ben, 999)):
        quota(person, 1000)
        book(person, amount)
    assert suggested(date(2026, 9, 10)) == {("Ana", "quota_reached", "2026-Q3")}
    assert suggest_awards(as_of=date(2026, 9, 11)) == 0
    assert "with 20 days to go: 1,000 of 1,000 EUR" in Suggestion.objects.get().sentence


def test_nobody_in_protected_leave_is_suggested(cast: Cast) -> None:
    quota(cast.ana, 1000)
    book(cast.ana, 2000)
    kind = LeaveKind.objects.get(key="long_sick")
    Leave.objects.create(person=cast.ana, kind=kind, during=half_open(date(2026, 9, 1), date(2026, 10, 1)))
    assert suggested(date(2026, 9, 10)) == set()


def test_the_most_improved_of_a_team_in_the_quarter_that_is_over(cast: Cast) -> None:
    more = [rep(f"Rep {n}", cast.north) for n in range(3)]
    for period in (Q3.shift(-1), Q3, Q3.shift(1)):
        for person in (cast.ana, cast.ben, cast.cleo, *more):
            quota(person, 1000, period)
    results = [(cast.ana, 500, 900), (cast.ben, 800, 850), (cast.cleo, 500, 990), *((one, 700, 750) for one in more)]
    for person, before, then in results:  # of cleo's team there is one only
        book(person, before, date(2026, 5, 4))
        book(person, then, date(2026, 8, 4))
    assert suggested(date(2026, 10, 2)) == {("Ana", "most_improved", "2026-Q3")}
    assert "90% of quota, 40 points up" in Suggestion.objects.get().sentence


def test_a_best_month_needs_six_before_it(cast: Cast) -> None:
    Organisation.objects.update(holiday_region="")
    quota(cast.ana, 1_000_000)
    month = Period.parse("2026-08")
    for back in range(1, 7):
        book(cast.ana, 1000 + back, month.shift(-back).start)
    book(cast.ana, 2000, date(2026, 8, 4))
    assert suggested(date(2026, 9, 1)) == {("Ana", "best_month", "2026-08")}


def test_three_months_in_a_row_on_plan_are_a_streak(cast: Cast) -> None:
    for period in (Q3, Q3.shift(1)):
        quota(cast.ana, 66, period)
    for month, amount in zip(Q3.months(), (40, 30, 25), strict=True):
        book(cast.ana, amount, month.start)
    found = suggested(date(2026, 10, 1))
    assert ("Ana", "streak", "2026-09") in found


def a_suggestion(cast: Cast) -> Suggestion:
    return Suggestion.objects.create(
        person=cast.ana, kind="quota_reached", key="2026-Q3", sentence="Reached it.", made_on=date(2026, 9, 30)
    )


def test_a_manager_confirms_in_a_sentence_of_their_own(cast: Cast) -> None:
    suggestion = a_suggestion(cast)
    for words in ("", "  ", "reached it."):
        with pytest.raises(Refused, match="of your own"):
            confirm_suggestion(suggestion=suggestion, sentence=words, by=login(cast.maya), at=AT)
    award = confirm_suggestion(suggestion=suggestion, sentence="You never let go.", by=login(cast.maya), at=AT)
    assert (award.person, award.title, award.sentence) == (cast.ana, "Quota reached", "You never let go.")
    with pytest.raises(Refused, match="decided"):
        dismiss_suggestion(suggestion=suggestion, by=login(cast.vera), at=AT)


def test_others_managers_and_the_person_don_t_decide(cast: Cast) -> None:
    suggestion = a_suggestion(cast)
    for person in (cast.omar, cast.ana, cast.ben):
        with pytest.raises(Refused):
            confirm_suggestion(suggestion=suggestion, sentence="Well done.", by=login(person), at=AT)
        assert (
            signed_in(person).post(f"/wall/suggestions/{suggestion.pk}/confirm/", {"sentence": "x"}).status_code == 404
        )
        assert "Reached it." not in signed_in(person).get("/wall/").content.decode()


def test_a_dismissed_suggestion_does_not_come_back(cast: Cast) -> None:
    quota(cast.ana, 1000)
    book(cast.ana, 1000)
    suggested(date(2026, 9, 10))
    dismiss_suggestion(suggestion=Suggestion.objects.get(), by=login(cast.maya), at=AT)
    suggest_awards(as_of=date(2026, 9, 11))
    assert Suggestion.objects.get().is_confirmed is False
    assert not Award.objects.exists()


def test_the_wall_is_everybody_s_and_the_latest_comes_first(cast: Cast) -> None:
    give_kudos(giver=cast.cleo, receiver=cast.ana, text="For the slides.", at=AT)
    give_award(
        person=cast.ana, title="Team spirit", sentence="You carried us.", by=login(cast.maya), at=AT + timedelta(1)
    )
    found = wall(user=login(cast.omar))
    assert [(praise.kind, praise.person.name, praise.words) for praise in found] == [
        ("award", "Ana", "You carried us."),
        ("kudos", "Ana", "For the slides."),
    ]


def test_nobody_praises_or_applauds_themselves(cast: Cast) -> None:
    with pytest.raises(Refused, match="praises themselves"):
        give_kudos(giver=cast.ana, receiver=cast.ana, text="Me", at=AT)
    with pytest.raises(Refused, match="themselves"):
        give_award(person=cast.maya, title="Me", sentence="Me", by=login(cast.maya), at=AT)
    kudos = give_kudos(giver=cast.ben, receiver=cast.ana, text="Thanks.", at=AT)
    with pytest.raises(Refused, match="about you"):
        applaud(person=cast.ana, item=kudos)
    with pytest.raises(Refused, match="Only who leads"):
        give_award(person=cast.cleo, title="Hm", sentence="Not mine.", by=login(cast.maya), at=AT)


def test_applause_counts_each_person_once_and_can_be_taken_back(cast: Cast) -> None:
    kudos = give_kudos(giver=cast.ben, receiver=cast.ana, text="Thanks.", at=AT)
    assert [applaud(person=person, item=kudos) for person in (cast.cleo, cast.cleo, cast.omar)] == [1, 1, 2]
    assert applaud(person=cast.cleo, item=kudos, joins=False) == 1


def test_the_same_thank_you_twice_is_one(cast: Cast) -> None:
    client = signed_in(cast.ana)
    for _ in range(2):
        client.post("/wall/kudos/", {"kudos-receiver": cast.cleo.pk, "kudos-text": "For the lead."})
    assert Kudos.objects.count() == 1


def test_praise_comes_down_when_giver_or_receiver_wants_it(cast: Cast) -> None:
    kudos = give_kudos(giver=cast.ben, receiver=cast.ana, text="Thanks.", at=AT)
    with pytest.raises(Refused):
        take_down(item=kudos, by=login(cast.omar), at=AT)
    take_down(item=kudos, by=login(cast.ana), at=AT)
    assert wall(user=login(cast.omar)) == []


def test_the_pages_work_without_a_script(cast: Cast) -> None:
    maya, ana = signed_in(cast.maya), signed_in(cast.ana)
    suggestion = a_suggestion(cast)
    assert "Earned, not yet said" in maya.get("/wall/").content.decode()
    maya.post(f"/wall/suggestions/{suggestion.pk}/confirm/", {"sentence": "<b>You</b> never let go."})
    page = ana.get("/wall/").content.decode()
    assert "“&lt;b&gt;You&lt;/b&gt; never let go.”" in page
    award = Award.objects.get()
    signed_in(cast.cleo).post(f"/wall/award/{award.pk}/applaud/")
    assert Applause.objects.count() == 1
    assert "· applauded by 1</p>" in ana.get("/wall/").content.decode()
    refused = maya.post("/wall/awards/", {"award-person": cast.cleo.pk, "award-title": "X", "award-sentence": "Y"})
    assert refused.status_code == 422
    assert ana.post("/wall/awards/", {}).status_code == 404
    assert ana.get("/wall/?cursor=nonsense").status_code == 404
    assert ana.get("/leaderboard/").status_code == 200
    assert ana.get(f"/leaderboard/?team={cast.south.pk}").status_code == 404
    part = ana.get("/leaderboard/", headers={"HX-Request": "true"}).content
    assert part.startswith(b'<div id="board" data-live="/leaderboard/"')
    assert signed_in(cast.admin).get("/wall/").status_code == 200
    assert signed_in(cast.admin).get("/leaderboard/?by=improvement&period=2026-07").status_code == 200


def test_the_wall_goes_on_further_down(cast: Cast) -> None:
    for minute in range(35):
        Kudos.objects.create(
            giver=cast.ben, receiver=cast.ana, text=f"Number {minute}", at=AT + timedelta(minutes=minute)
        )
    page = signed_in(cast.ana).get("/wall/")
    assert "Number 34" in page.content.decode()
    assert "Number 4”" not in page.content.decode()
    further = signed_in(cast.ana).get("/wall/", {"cursor": page.context["page"]["next"]}).content.decode()
    assert "Number 4”" in further


def test_a_wall_and_a_board_cost_a_fixed_number_of_queries(cast: Cast, django_assert_max_num_queries: Any) -> None:
    for person in (cast.ana, cast.ben):
        quota(person, 1000, Period.of(date(2026, 9, 1), "quarter"))
        book(person, 900)
    list(rebuild())
    for url, most in (("/wall/", 20), ("/leaderboard/?period=2026-Q3", 22)):
        client = signed_in(cast.maya)
        with django_assert_max_num_queries(most):
            assert client.get(url).status_code == 200
