"""What two people say in a 1:1 is theirs: kind of record × role × place in the line, and after every kind of move."""

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from coaching import services
from coaching.models import ActionItem, AgendaItem, Note, OneOnOne, OneOnOneChange, Pulse, Rhythm
from sales.models import Task
from salesmgmt.desk import digests
from salesmgmt.desk.models import AuditEntry, Delivery, Notice
from salesmgmt.lib import clock
from salesmgmt.lib.ranges import half_open
from teams import services as teams
from teams.models import Person, Posting, Role, User
from tests.cast import SINCE, Cast

NOW = clock.now()
TODAY = clock.today("Europe/Berlin")
SECRET = "Xylophon"
EVERYBODY = ("ben", "maya", "ana", "vera", "olga", "hugo", "omar", "cleo", "admin")

# kind: what of it a viewer finds
KINDS: dict[str, Callable[[User], Any]] = {
    "pair": lambda user: Note.objects.visible_to(user).filter(text__startswith="pair"),
    "up": lambda user: Note.objects.visible_to(user).filter(text__startswith="up"),
    "mine": lambda user: Note.objects.visible_to(user).filter(text__startswith="mine"),
    "agenda": lambda user: AgendaItem.objects.visible_to(user),
    "reason": lambda user: OneOnOneChange.objects.visible_to(user),
    "promise": lambda user: ActionItem.objects.visible_to(user),
    "mood": lambda user: Pulse.objects.visible_to(user),
    "talk": lambda user: OneOnOne.objects.visible_to(user),
    "rhythm": lambda user: Rhythm.objects.visible_to(user),
}
WORDS = "pair agenda reason promise mood"


@pytest.fixture
def said(cast: Cast) -> Cast:
    """Maya and Ben have said everything there is to say."""
    hugo = User.objects.create(username="hugo", email="hugo@example.com")
    Posting.objects.create(
        person=Person.objects.create(name="Hugo", user=hugo), team=cast.company, role=Role.HR, during=half_open(SINCE)
    )
    Person.objects.create(name="Boss", user=cast.admin)  # who runs it and works here
    maya, ben = user("maya"), user("ben")
    talk = services.plan_one_on_one(
        person=cast.ben, manager=cast.maya, starts_at=NOW + timedelta(days=2), by=maya, at=NOW, on=TODAY
    )
    told = {"person": cast.ben, "by": maya, "at": NOW, "talk": talk}
    services.write_note(text=f"pair {SECRET}", **told)
    services.write_note(text="up", is_shared_up=True, **told)
    services.write_note(text=f"mine {SECRET}", is_for_author_only=True, **told)
    services.add_agenda_item(talk=talk, text=f"About {SECRET}", by=ben)
    due = TODAY + timedelta(days=3)
    item = services.add_action_item(owner=cast.ben, text=f"Promise {SECRET}", due_on=due, **told)
    services.add_action_item(owner=cast.maya, text=f"Promise too {SECRET}", due_on=due, **told)
    services.move_one_on_one(
        talk=talk, starts_at=NOW + timedelta(days=1), reason=f"Why {SECRET}", by=ben, at=NOW, on=TODAY
    )
    services.complete_action_item(item=item, by=ben, at=NOW, result=f"Result {SECRET}")
    services.say_pulse(kind="mood", score=1, by=ben, at=NOW, on=TODAY)
    return cast


def user(name: str) -> User:
    return User.objects.get(username=name)


def seen() -> dict[str, set[str]]:
    """Of each kind, who finds something."""
    users = {name: user(name) for name in EVERYBODY}
    return {kind: {name for name, one in users.items() if find(one).exists()} for kind, find in KINDS.items()}


def test_words_are_the_pairs_a_shared_note_the_lines_and_that_one_meets_is_no_secret(said: Cast) -> None:
    found = seen()
    for kind in WORDS.split():
        assert found[kind] == {"ben", "maya"}, kind
    assert found["mine"] == {"maya"}
    assert found["up"] == {"ben", "maya", "vera"}
    assert found["talk"] == {"ben", "maya", "vera", "olga", "admin"}


def test_after_a_transfer_the_new_manager_has_the_promises_and_none_of_the_words(said: Cast) -> None:
    teams.post_person(person=said.ben, team=said.south, role=Role.REP, on=TODAY, by=None)
    services.tend_one_on_ones(on=TODAY, at=NOW)
    found = seen()
    assert found["pair"] == {"ben", "maya"}
    assert found["mine"] == {"maya"}
    assert found["reason"] == {"ben", "maya", "omar"}  # Omar's new talk was planned
    assert not OneOnOneChange.objects.visible_to(user("omar")).exclude(reason="").exists()
    assert not AgendaItem.objects.visible_to(user("omar")).filter(text__startswith="About").exists()
    assert ActionItem.objects.visible_to(user("omar")).count() == 1
    assert "mood" not in {kind for kind, who in found.items() if "omar" in who}
    assert found["mood"] == {"ben"}
    assert "omar" in found["up"]


def test_an_acting_manager_leads_for_some_weeks_and_reads_nothing_of_before(said: Cast) -> None:
    teams.appoint_manager(team=said.north, person=said.omar, on=TODAY, until=TODAY + timedelta(days=14), by=None)
    found = seen()
    for kind in ("pair", "mine", "agenda", "reason", "promise", "mood"):
        assert "omar" not in found[kind], kind
    assert "omar" in found["up"]
    services.say_pulse(kind="workload", score=5, by=user("ben"), at=NOW, on=TODAY)
    assert "omar" in seen()["mood"]
    assert not Pulse.objects.visible_to(user("maya")).filter(kind="workload").exists()


def test_what_was_promised_to_another_stands_on_no_agenda(said: Cast) -> None:
    vera, ben, due = user("vera"), user("ben"), TODAY + timedelta(days=3)
    skip = services.plan_one_on_one(
        person=said.ben, manager=said.vera, starts_at=NOW + timedelta(days=3), by=vera, at=NOW, on=TODAY
    )
    assert not skip.agenda.filter(source="promise").exists()  # Ben's and Maya's promises to each other
    services.add_action_item(person=said.ben, owner=said.ben, text="To Vera", due_on=due, by=ben, at=NOW, talk=skip)
    talk = OneOnOne.objects.get(manager=said.maya)
    services.prepare_agenda(talk=talk, at=NOW, on=TODAY)
    assert {item.about for item in talk.agenda.filter(source="promise")} == {
        f"promise:{ActionItem.objects.get(owner=said.maya).pk}"
    }
    teams.appoint_manager(team=said.north, person=said.omar, on=TODAY, until=TODAY + timedelta(days=14), by=None)
    services.tend_one_on_ones(on=TODAY, at=NOW)
    theirs = AgendaItem.objects.visible_to(user("omar"))
    assert OneOnOne.objects.filter(manager=said.omar, state="planned").exists()
    assert not theirs.filter(source__in=["promise", "left", "manual"]).exists()


@pytest.mark.parametrize("is_own", [False, True])
def test_a_note_of_the_person_is_read_by_the_one_it_was_written_to(said: Cast, is_own: bool) -> None:
    """In a 1:1 and on a case, by the person's hand, at each place in the line and after each move."""
    case = services.open_case_about(
        person=said.ben, owner=said.maya, subject="Leads", due_on=TODAY, by=user("maya"), at=NOW
    )
    talk, texts = OneOnOne.objects.get(), ("own talk", "own case")
    how: dict[str, Any] = {"person": said.ben, "by": user("ben"), "at": NOW, "is_for_author_only": is_own}
    services.write_note(text=texts[0], talk=talk, **how)
    services.write_note(text=texts[1], case=case, **how)

    def readers(text: str) -> set[str]:
        return {name for name in EVERYBODY if Note.objects.visible_to(user(name)).filter(text=text).exists()}

    both = {"ben"} if is_own else {"ben", "maya"}
    assert [readers(text) for text in texts] == [both, both]
    if not is_own:
        page = Client()
        page.force_login(user("maya"), backend="django.contrib.auth.backends.ModelBackend")
        assert "own talk" in page.get(f"/one-on-ones/{talk.pk}/").content.decode()
        assert "own case" in page.get(f"/cases/{case.pk}/").content.decode()
    teams.post_person(person=said.ben, team=said.south, role=Role.REP, on=TODAY, by=None)
    services.tend_one_on_ones(on=TODAY, at=NOW)
    assert [readers(text) for text in texts] == [both, both]  # Omar owns the case now, and reads none of it
    teams.end_employment(person=said.maya, on=TODAY, by=None)
    assert [readers(text) for text in texts] == [{"ben"}, {"ben"}]


def test_who_has_left_reads_nothing(said: Cast) -> None:
    teams.end_employment(person=said.maya, on=TODAY, by=None)
    assert "maya" not in {name for names in seen().values() for name in names}
    services.tend_one_on_ones(on=TODAY, at=NOW)
    assert seen()["promise"] == {"ben", "vera"}  # the seat is vacant: the next team up
    assert seen()["pair"] == {"ben"}


def test_private_words_leave_in_no_notice_mail_digest_task_audit_or_log(
    said: Cast, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    talk = OneOnOne.objects.get()
    services.cancel_one_on_one(talk=talk, reason=f"Off {SECRET}", by=user("maya"), at=NOW)
    digests.make_digests(on=NOW.date(), at=NOW)
    waiting = [one.subject + one.text + one.html + one.calendar for one in Delivery.objects.all()]
    assert waiting
    assert not any(SECRET in text for text in waiting)
    while digests.send_next(at=NOW + timedelta(minutes=1)):
        pass
    assert mail.outbox
    assert not any(SECRET in str(one.message()) + one.body + one.subject for one in mail.outbox)
    assert not any(SECRET in notice.text + notice.link for notice in Notice.objects.all())
    assert not Task.objects.filter(text__contains=SECRET).exists()
    assert not any(SECRET in str([entry.before, entry.after]) for entry in AuditEntry.objects.all())
    assert SECRET not in caplog.text


def test_erasing_a_person_takes_the_words_and_leaves_that_they_met(said: Cast) -> None:
    services.forget_talks(person=said.ben)
    assert not Note.objects.filter(text__contains=SECRET).exists()
    assert not AgendaItem.objects.filter(text__contains=SECRET).exists()
    assert not ActionItem.objects.filter(text__contains=SECRET).exists()
    assert not ActionItem.objects.filter(result__contains=SECRET).exists()
    assert not OneOnOneChange.objects.filter(reason__contains=SECRET).exists()
    assert set(Pulse.objects.values_list("score", flat=True)) == {None}
    assert OneOnOne.objects.count() == 1


# ── Ways of being told ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("way", "notices", "mails", "in_digest"),
    [("digest", 1, 1, True), ("app", 1, 0, False), ("mail", 1, 2, False), ("none", 0, 0, False)],  # mails: + invitation
)
def test_each_is_told_in_the_way_they_chose_for_the_topic(
    cast: Cast, way: str, notices: int, mails: int, in_digest: bool
) -> None:
    client = Client()
    client.force_login(user("ben"), backend="django.contrib.auth.backends.ModelBackend")
    page = client.get("/notices/ways/")
    ways = {field.name: field.value() for field in page.context["form"]} | {"meetings": way}
    assert client.post("/notices/ways/", ways).status_code == 302
    services.plan_meeting(
        team=cast.north, title="Weekly", starts_at=NOW + timedelta(days=2), by=user("maya"), at=NOW, on=TODAY
    )
    assert Notice.objects.filter(user=user("ben")).count() == notices
    while digests.send_next(at=NOW + timedelta(minutes=1)):
        pass
    assert len([one for one in mail.outbox if one.to == ["ben@example.com"]]) == mails
    digests.make_digests(on=TODAY, at=NOW)
    assert Delivery.objects.filter(user=user("ben"), key__startswith="digest").exists() is in_digest


def test_one_click_in_an_e_mail_of_a_topic_ends_those_of_that_topic(cast: Cast) -> None:
    stop = digests.stop_url_of(user("ben"), "meetings")
    client = Client(enforce_csrf_checks=True)
    assert client.post(stop[stop.index("/unsubscribe/") :]).status_code == 200
    assert dict(user("ben").notice_choices.values_list("topic", "way")) == {"meetings": "app"}
    assert digests.wants_digest(user("ben"))


@pytest.mark.parametrize("posted", [{}, {"meetings": "pigeon"}, {"meetings": "\x00"}])
def test_an_unknown_way_is_told_beside_its_topic(cast: Cast, posted: dict[str, str]) -> None:
    client = Client()
    client.force_login(user("ben"), backend="django.contrib.auth.backends.ModelBackend")
    assert client.post("/notices/ways/", posted).status_code in {200, 422}
    assert not user("ben").notice_choices.exists()
