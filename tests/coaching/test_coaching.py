"""Cases, 1:1s, promises and notes: who does what, who reads what."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client

from coaching import services
from coaching.models import ActionItem, Case, Note, OneOnOne
from performance.models import Flag
from sales.models import Task
from salesmgmt.lib import clock
from salesmgmt.lib.refusals import Refused, Stale
from teams.models import Person, User
from tests.cast import Cast

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
TODAY = date(2026, 11, 20)


@pytest.fixture
def flag(cast: Cast) -> Flag:
    return Flag.objects.create(
        person=cast.ben, team=cast.north, measure="bookings", period="2026-Q4", raised_on=TODAY, behind_since=TODAY,
        expected=100, actual=60, gap=40, severity="behind", cause="activity",
        sentence="Half as many meetings as last quarter; win rate unchanged.", as_of=TODAY,
        expires_on=TODAY + timedelta(days=21),
    )  # fmt: skip


def signed_in(person: Person) -> Client:
    client = Client()
    client.force_login(user(person), backend="django.contrib.auth.backends.ModelBackend")
    return client


def user(person: Person) -> User:
    assert person.user is not None
    return User.objects.get(pk=person.user.pk)


def test_a_finding_opens_one_case_with_an_owner_a_due_date_and_a_task(cast: Cast, flag: Flag) -> None:
    first = services.open_case(flag=flag, owner=cast.maya, due_on=date(2026, 12, 4), by=user(cast.maya), at=NOW)
    again = services.open_case(flag=flag, owner=cast.maya, due_on=date(2026, 12, 9), by=user(cast.maya), at=NOW)
    assert first == again
    assert Task.objects.get(owner=cast.maya).link == f"/cases/{first.pk}/"


@pytest.mark.parametrize("name", ["ben", "ana", "omar", "olga"])
def test_only_who_leads_the_person_opens_a_case(cast: Cast, flag: Flag, name: str) -> None:
    by = user(getattr(cast, name))
    with pytest.raises(Refused):
        services.open_case(flag=flag, owner=cast.maya, due_on=date(2026, 12, 4), by=by, at=NOW)


def test_an_agenda_holds_the_finding_and_overdue_promises_first(cast: Cast, flag: Flag) -> None:
    by = user(cast.maya)
    for text, due in (("Call ten old customers", 30), ("Ask for two referrals", 3)):
        services.add_action_item(
            person=cast.ben, owner=cast.ben, text=text, due_on=TODAY + timedelta(days=due), by=by, at=NOW
        )
    talk = services.plan_one_on_one(
        person=cast.ben, manager=cast.maya, starts_at=NOW + timedelta(days=7), by=by, at=NOW,
        on=TODAY + timedelta(days=5),
    )  # fmt: skip
    texts = list(talk.agenda.order_by("position").values_list("text", flat=True))
    assert texts[0] == flag.sentence
    assert texts[1] == "Ben: Ask for two referrals (overdue since 23 Nov)"
    assert texts[2] == "Ben: Call ten old customers (due 20 Dec)"


def test_a_talk_is_held_once_and_a_stale_form_is_refused(cast: Cast) -> None:
    by = user(cast.maya)
    talk = services.plan_one_on_one(
        person=cast.ben, manager=cast.maya, starts_at=NOW + timedelta(days=7), by=by, at=NOW, on=TODAY
    )
    with pytest.raises(Refused, match="lies ahead"):
        services.hold_one_on_one(talk=talk, by=by, at=NOW, version=1)
    assert "Held</button>" not in signed_in(cast.maya).get(f"/one-on-ones/{talk.pk}/").content.decode()
    services.hold_one_on_one(talk=talk, by=by, at=talk.starts_at, version=1)
    with pytest.raises(Stale):
        services.cancel_one_on_one(talk=talk, by=by, at=NOW, version=1)
    with pytest.raises(Refused, match="held already"):
        services.hold_one_on_one(talk=talk, by=by, at=NOW)


def test_a_note_stays_with_the_pair_unless_it_says_otherwise(cast: Cast) -> None:
    by = user(cast.maya)
    private = services.write_note(person=cast.ben, text="Tired this week", by=by, at=NOW)
    shared = services.write_note(person=cast.ben, text="Needs a demo kit", by=by, at=NOW, is_shared_up=True)
    mine = services.write_note(person=cast.ben, text="Ask again", by=by, at=NOW, is_for_author_only=True)
    readers = {
        name: set(Note.objects.visible_to(user(getattr(cast, name))))
        for name in ("maya", "ben", "vera", "ana", "omar", "olga")
    }
    assert readers == {
        "maya": {private, shared, mine}, "ben": {private, shared}, "vera": {shared},
        "ana": set(), "omar": set(), "olga": set(),
    }  # fmt: skip
    assert not Note.objects.visible_to(cast.admin).exists()


def test_a_manager_plans_a_talk_from_a_finding_and_the_case_opens_with_it(cast: Cast, flag: Flag) -> None:
    starts = (clock.now() + timedelta(days=3)).strftime("%Y-%m-%dT10:00")
    answer = signed_in(cast.maya).post(
        "/one-on-ones/plan/", {"person": cast.ben.pk, "starts_at": starts, "flag": flag.pk}, follow=True
    )
    talk, case = OneOnOne.objects.get(), Case.objects.get()
    assert answer.redirect_chain[-1][0] == f"/one-on-ones/{talk.pk}/"
    assert talk.case == case
    assert flag.sentence in answer.content.decode()


def test_a_promise_is_kept_on_the_page_and_in_the_to_do(cast: Cast) -> None:
    item = services.add_action_item(
        person=cast.ben, owner=cast.ben, text="Call ten", due_on=date(2026, 12, 1), by=user(cast.maya), at=NOW
    )
    signed_in(cast.ben).post(f"/action-items/{item.pk}/done/")
    assert ActionItem.objects.get().done_at is not None
    assert Task.objects.get(source="action_item").done_at is not None


def test_a_mistake_in_a_form_keeps_what_was_typed(cast: Cast) -> None:
    talk = services.plan_one_on_one(
        person=cast.ben, manager=cast.maya, starts_at=NOW + timedelta(days=7), by=user(cast.maya), at=NOW, on=TODAY
    )
    answer = signed_in(cast.maya).post(
        f"/one-on-ones/{talk.pk}/promise/", {"owner": cast.ben.pk, "text": "A long thought", "due_on": "soon"}
    )
    assert answer.status_code == 422
    assert "A long thought" in answer.content.decode()


@pytest.mark.parametrize("name", ["omar", "cleo", "ana"])
def test_other_peoples_coaching_is_a_404(cast: Cast, flag: Flag, name: str) -> None:
    by = user(cast.maya)
    case = services.open_case(flag=flag, owner=cast.maya, due_on=date(2026, 12, 4), by=by, at=NOW)
    talk = services.plan_one_on_one(
        person=cast.ben, manager=cast.maya, starts_at=NOW + timedelta(days=7), by=by, at=NOW, on=TODAY
    )
    client = signed_in(getattr(cast, name))
    for path in (f"/cases/{case.pk}/", f"/one-on-ones/{talk.pk}/"):
        assert client.get(path).status_code == 404
    assert client.post(f"/one-on-ones/{talk.pk}/note/", {"text": "x", "readers": "pair"}).status_code == 404
    assert "Ben" not in client.get("/one-on-ones/").content.decode()
