"""The rhythm of 1:1s: planned by itself, around holidays and leave, handed over with the person."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from coaching import selectors, services
from coaching.analysis.rhythms import days_of
from coaching.models import ActionItem, AgendaItem, OneOnOne, OneOnOneChange, Pulse, Rhythm
from sales.models import Task
from salesmgmt.desk import digests
from salesmgmt.desk.models import Delivery, Notice
from salesmgmt.lib.ranges import half_open
from salesmgmt.lib.refusals import Refused, Stale
from teams import services as teams
from teams.models import Holiday, LeaveKind, Person, Posting, Role, User
from tests.cast import Cast

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)  # a Friday
TODAY = date(2026, 11, 20)
MONDAY = date(2026, 11, 23)


def user(person: Person) -> User:
    return User.objects.get(pk=person.user_id)


def signed_in(person: Person) -> Client:
    client = Client()
    client.force_login(user(person), backend="django.contrib.auth.backends.ModelBackend")
    return client


def rhythm(cast: Cast, **more: Any) -> Rhythm:
    said: dict[str, Any] = {
        "person": cast.ben, "manager": cast.maya, "every_weeks": 1, "weekday": 1, "at_time": time(10),
        "starts_on": MONDAY, "zone": "Europe/Berlin", "by": user(cast.maya), "at": NOW, "on": TODAY,
    }  # fmt: skip
    return services.set_rhythm(**said | more)


def planned(cast: Cast) -> list[date]:
    talks = OneOnOne.objects.filter(state=OneOnOne.State.PLANNED).order_by("starts_at")
    return [talk.starts_at.date() for talk in talks]


def test_the_days_of_a_rhythm_are_counted_from_its_first() -> None:
    found = days_of(
        starts_on=date(2026, 11, 18), every_weeks=2, weekday=1, since=date(2026, 12, 8), until=date(2027, 1, 5)
    )
    assert found == [date(2026, 12, 21), date(2027, 1, 4)]


def test_the_next_talks_are_planned_without_holidays_and_leave(cast: Cast) -> None:
    Holiday.objects.update_or_create(region="DE", on=MONDAY, defaults={"name": "A holiday"})
    vacation = LeaveKind.objects.get(key="vacation")
    teams.record_leave(person=cast.maya, kind=vacation, start=date(2026, 11, 30), last=date(2026, 12, 1), by=None)
    made = rhythm(cast)
    assert planned(cast) == [date(2026, 12, 7)]
    assert str(made) == "Every week on Monday at 10:00"
    # Ten in Berlin, whatever the zone of the server.
    assert OneOnOne.objects.get().starts_at == datetime(2026, 12, 7, 9, tzinfo=UTC)


def test_a_night_plans_what_is_next_once_and_a_day_called_off_stays_so(cast: Cast) -> None:
    rhythm(cast)
    assert planned(cast) == [MONDAY, date(2026, 11, 30)]
    services.cancel_one_on_one(talk=OneOnOne.objects.earliest("starts_at"), by=user(cast.maya), at=NOW)
    for _ in range(2):
        services.tend_one_on_ones(on=TODAY + timedelta(days=3), at=NOW + timedelta(days=3))
    assert planned(cast) == [date(2026, 11, 30), date(2026, 12, 7)]


def test_leave_that_is_entered_later_calls_the_talk_off_and_excuses_it(cast: Cast) -> None:
    rhythm(cast)
    vacation = LeaveKind.objects.get(key="vacation")
    teams.record_leave(person=cast.ben, kind=vacation, start=MONDAY, last=MONDAY, by=None)
    assert services.tend_one_on_ones(on=TODAY, at=NOW)["called_off"] == 1
    talk = OneOnOne.objects.get(rhythm_on=MONDAY)
    assert (talk.state, talk.is_excused) == ("cancelled", True)
    assert not OneOnOne.objects.skipped(NOW + timedelta(days=30)).filter(pk=talk.pk).exists()


def test_another_rhythm_takes_the_place_of_the_one_before(cast: Cast) -> None:
    first = rhythm(cast)
    assert rhythm(cast) == first
    second = rhythm(cast, weekday=2, every_weeks=2)
    assert Rhythm.objects.standing().get() == second
    assert planned(cast) == [date(2026, 11, 24)]


@pytest.mark.parametrize("name", ["ben", "ana", "omar", "olga", "vera"])
def test_only_who_holds_the_talks_sets_their_rhythm(cast: Cast, name: str) -> None:
    with pytest.raises(Refused):
        rhythm(cast, by=user(getattr(cast, name)))


def test_when_the_manager_changes_talks_and_promises_pass_on_and_words_stay(cast: Cast) -> None:
    rhythm(cast)
    talk = OneOnOne.objects.earliest("starts_at")
    by = user(cast.maya)
    services.add_agenda_item(talk=talk, text="Between us", by=by)
    services.write_note(person=cast.ben, text="Only ours", by=by, at=NOW, talk=talk)
    promised = {"person": cast.ben, "due_on": MONDAY, "by": by, "at": NOW, "talk": talk}
    services.add_action_item(owner=cast.maya, text="Get a demo kit", **promised)
    services.add_action_item(owner=cast.ben, text="Call ten", **promised)
    teams.appoint_manager(team=cast.north, person=cast.omar, on=TODAY, by=None)
    done = services.tend_one_on_ones(on=TODAY, at=NOW)
    assert done["passed"] == 4
    assert services.tend_one_on_ones(on=TODAY, at=NOW)["passed"] == 0
    assert Rhythm.objects.get().why_ended == "The manager changed"
    next_ones = OneOnOne.objects.filter(state="planned")
    assert {one.manager for one in next_ones} == {cast.omar}
    assert not AgendaItem.objects.filter(one_on_one__in=next_ones, text="Between us").exists()
    assert {item.owner for item in ActionItem.objects.filter(coach=cast.omar)} == {cast.omar, cast.ben}
    assert Task.objects.filter(owner=cast.omar, source="action_item").count() == 1
    assert "Only ours" not in signed_in(cast.omar).get(f"/one-on-ones/{talk.pk}/").content.decode()
    assert ActionItem.objects.visible_to(user(cast.maya)).count() == 0
    assert Notice.objects.filter(user=cast.omar.user_id, text__contains="2 talks, 2 open promises").exists()


def test_a_stand_in_takes_the_talks_of_their_weeks_and_the_rhythm_goes_on(cast: Cast) -> None:
    rhythm(cast)
    teams.appoint_manager(team=cast.north, person=cast.omar, on=TODAY, until=date(2026, 11, 25), by=None)
    services.tend_one_on_ones(on=TODAY, at=NOW)
    managers = dict(OneOnOne.objects.filter(state="planned").values_list("starts_at__date", "manager__name"))
    assert managers == {MONDAY: "Omar", date(2026, 11, 30): "Maya"}
    assert Rhythm.objects.standing().exists()


def test_a_move_says_why_to_the_two_and_a_stale_form_is_refused(cast: Cast) -> None:
    rhythm(cast)
    talk = OneOnOne.objects.earliest("starts_at")
    later = talk.starts_at + timedelta(hours=3)
    moved = {"talk": talk, "starts_at": later, "at": NOW, "on": TODAY}
    with pytest.raises(Refused, match="why it moves"):
        services.move_one_on_one(reason=" ", by=user(cast.ben), **moved)
    services.move_one_on_one(reason="Secret dentist", by=user(cast.ben), version=1, **moved)
    with pytest.raises(Stale):
        services.move_one_on_one(reason="Again", by=user(cast.maya), version=1, **moved)
    assert OneOnOneChange.objects.get(kind="moved").reason == "Secret dentist"
    assert "Secret dentist" in signed_in(cast.maya).get(f"/one-on-ones/{talk.pk}/").content.decode()
    assert "Secret dentist" not in signed_in(cast.vera).get(f"/one-on-ones/{talk.pk}/").content.decode()
    services.tend_one_on_ones(on=TODAY, at=NOW)
    assert OneOnOne.objects.filter(rhythm_on=MONDAY).count() == 1


def test_invitations_follow_a_talk_with_rising_numbers_and_no_words(cast: Cast) -> None:
    User.objects.filter(pk=cast.ben.user_id).update(time_zone="America/New_York")
    rhythm(cast, every_weeks=12, person=Person.objects.get(pk=cast.ben.pk))
    talk = OneOnOne.objects.get()
    services.add_agenda_item(talk=talk, text="Secret raise", by=user(cast.ben))
    later = talk.starts_at + timedelta(hours=1)
    services.move_one_on_one(
        talk=talk, starts_at=later, reason="Secret", by=user(cast.ben), at=NOW + timedelta(minutes=1), on=TODAY
    )
    services.cancel_one_on_one(talk=talk, reason="Secret", by=user(cast.ben), at=NOW + timedelta(minutes=2))
    while digests.send_next(at=NOW + timedelta(minutes=9)):
        pass
    to_ben = [one for one in mail.outbox if one.to == ["ben@example.com"]]
    assert [one.subject for one in to_ben] == [
        "1:1: Maya, Monday 23 November 2026, 04:00 (EST)",
        "New time: Maya, Monday 23 November 2026, 05:00 (EST)",
        "Called off: Maya, Monday 23 November 2026, 05:00 (EST)",
    ]
    files = [str(one.alternatives[0][0]).replace("\r\n ", "") for one in to_ben]
    assert ["METHOD:CANCEL" in one for one in files] == [False, False, True]
    assert [f"SEQUENCE:{number}" in one for number, one in enumerate(files)] == [True] * 3
    assert all(f"UID:one-on-one-{talk.pk}@" in one for one in files)
    assert "DTSTART:20261123T100000Z" in files[1]
    assert not any("Secret" in one.body or "Secret" in one.subject for one in mail.outbox)
    assert not any("Secret" in one for one in files)
    assert Delivery.objects.exclude(calendar="").count() == 0


def test_what_was_not_talked_about_and_not_done_comes_back(cast: Cast) -> None:
    rhythm(cast)
    first, second = OneOnOne.objects.order_by("starts_at")
    by = user(cast.maya)
    services.add_agenda_item(talk=first, text="Prices in Graz", by=user(cast.ben))
    done = services.add_agenda_item(talk=first, text="Holidays", by=by)
    services.tick_agenda_item(item=done, is_done=True, by=by)
    services.add_action_item(person=cast.ben, owner=cast.ben, text="Call ten", due_on=MONDAY, by=by, at=NOW, talk=first)
    services.hold_one_on_one(talk=first, by=by, at=NOW + timedelta(days=3, hours=2))
    day = date(2026, 11, 30)
    at = datetime(2026, 11, 30, 2, tzinfo=UTC)
    assert services.tend_one_on_ones(on=day, at=at)["prepared"] == 1
    assert services.tend_one_on_ones(on=day, at=at)["prepared"] == 0
    points = {point.source: point for point in second.agenda.all()}
    assert points["left"].text == "Prices in Graz"
    assert points["left"].added_by == cast.ben
    assert points["promise"].text == "Ben: Call ten (overdue since 23 Nov)"
    item = ActionItem.objects.get()
    services.complete_action_item(item=item, by=user(cast.ben), at=at, result="Two orders")
    services.prepare_agenda(talk=second, at=at, on=day)
    assert not second.agenda.filter(source="promise").exists()
    assert "Two orders" in signed_in(cast.maya).get(f"/one-on-ones/{first.pk}/").content.decode()


def test_past_talks_count_as_skipped_up_the_line_and_can_still_be_held(cast: Cast) -> None:
    for days in (1, 2, 3):
        OneOnOne.objects.create(
            person=cast.ben, manager=cast.maya, starts_at=NOW - timedelta(days=days), planned_at=NOW
        )
    late = OneOnOne.objects.latest("starts_at")
    services.hold_one_on_one(talk=late, by=user(cast.maya), at=NOW)
    window = {"since": NOW - timedelta(days=30), "day_began": NOW - timedelta(hours=9)}
    nobody, seen = selectors.kept_under(user(cast.vera), **window)
    assert (nobody.manager, nobody.planned) == (cast.omar, 0)  # who meets nobody is the first to be seen
    assert (seen.manager, seen.planned, seen.held, seen.skipped) == (cast.maya, 3, 1, 2)
    assert selectors.kept_under(user(cast.omar), **window) == []
    missed = OneOnOne.objects.earliest("starts_at")
    with pytest.raises(Refused, match="Its day is over"):
        services.move_one_on_one(
            talk=missed, starts_at=NOW + timedelta(days=1), reason="Later", by=user(cast.maya), at=NOW, on=TODAY
        )


def test_leave_entered_after_the_day_excuses_what_was_not_held(cast: Cast) -> None:
    missed, called_off = (
        OneOnOne.objects.create(
            person=cast.ben, manager=cast.maya, starts_at=NOW - timedelta(days=days), planned_at=NOW - timedelta(days=9)
        )
        for days in (1, 2)
    )
    services.cancel_one_on_one(talk=called_off, by=user(cast.maya), at=NOW - timedelta(days=3))
    sick = LeaveKind.objects.get(key="sick")
    teams.record_leave(person=cast.maya, kind=sick, start=TODAY - timedelta(days=2), last=TODAY, by=None)
    assert services.tend_one_on_ones(on=TODAY, at=NOW)["excused"] == 2
    assert services.tend_one_on_ones(on=TODAY, at=NOW)["excused"] == 0
    assert not OneOnOne.objects.skipped(NOW).exists()
    missed.refresh_from_db()
    assert (missed.state, missed.is_excused) == ("cancelled", True)


def test_what_somebody_put_comes_back_however_the_talk_ended(cast: Cast) -> None:
    rhythm(cast)
    first, second = OneOnOne.objects.order_by("starts_at")
    services.add_agenda_item(talk=first, text="Prices in Graz", by=user(cast.ben))
    services.cancel_one_on_one(talk=first, by=user(cast.maya), at=NOW)
    services.prepare_agenda(talk=second, at=NOW, on=TODAY)
    assert second.agenda.get(source="left").text == "Prices in Graz"
    rhythm(cast, weekday=2, starts_on=MONDAY + timedelta(days=1))  # calls both off and plans others
    third, fourth = OneOnOne.objects.filter(state="planned").order_by("starts_at")
    assert [item.text for item in third.agenda.filter(source="left")] == ["Prices in Graz"]  # once, however often
    item = third.agenda.get(source="left")
    services.tick_agenda_item(item=item, is_done=True, by=user(cast.maya))
    services.prepare_agenda(talk=fourth, at=NOW, on=TODAY)
    assert not fourth.agenda.filter(source="left").exists()
    services.add_agenda_item(talk=third, text="Never said", by=user(cast.ben))
    day = TODAY + timedelta(days=5)  # the third is missed
    services.prepare_agenda(talk=fourth, at=NOW + timedelta(days=5), on=day)
    assert fourth.agenda.get(source="left").text == "Never said"


def test_own_points_wait_for_the_person_when_another_leads_them(cast: Cast) -> None:
    rhythm(cast)
    services.add_agenda_item(talk=OneOnOne.objects.earliest("starts_at"), text="About Maya", by=user(cast.ben))
    services.add_agenda_item(talk=OneOnOne.objects.earliest("starts_at"), text="Hers", by=user(cast.maya))
    teams.post_person(person=cast.ben, team=cast.south, role=Role.REP, on=TODAY, by=None)
    services.tend_one_on_ones(on=TODAY, at=NOW)
    talk = OneOnOne.objects.filter(manager=cast.omar).earliest("starts_at")
    assert "About Maya" not in signed_in(cast.omar).get(f"/one-on-ones/{talk.pk}/").content.decode()
    client = signed_in(cast.ben)
    page = client.get(f"/one-on-ones/{talk.pk}/").content.decode()
    assert "About Maya" in page
    assert "Hers" not in page
    client.post(f"/one-on-ones/{talk.pk}/agenda/", {"text": "About Maya"})
    assert client.get(f"/one-on-ones/{talk.pk}/").content.decode().count("About Maya</p>") == 1


# ── Mood and workload ───────────────────────────────────────────────────────────────────────────────────────────


def test_one_tap_is_for_oneself_and_the_manager_of_the_day(cast: Cast) -> None:
    assert signed_in(cast.ben).post("/one-on-ones/pulse/", {"kind": "mood", "score": "2"}).status_code == 303
    (said,) = Pulse.objects.all()
    readers = {
        name: Pulse.objects.visible_to(user(getattr(cast, name))).count()
        for name in ("ben", "maya", "vera", "olga", "omar", "ana")
    }
    assert readers == {"ben": 1, "maya": 1, "vera": 0, "olga": 0, "omar": 0, "ana": 0}
    assert Pulse.objects.visible_to(cast.admin).count() == 0
    teams.appoint_manager(team=cast.north, person=cast.omar, on=said.on, by=None)
    assert Pulse.objects.visible_to(user(cast.maya)).count() == 0
    assert Pulse.objects.visible_to(user(cast.omar)).count() == 0
    assert Pulse.objects.visible_to(user(cast.ben)).count() == 1


def test_the_last_tap_of_a_day_counts_and_the_same_again_adds_nothing(cast: Cast) -> None:
    by = user(cast.ben)
    for minute, score in enumerate((2, 4, 4)):
        services.say_pulse(kind="mood", score=score, by=by, at=NOW + timedelta(minutes=minute), on=TODAY)
    assert Pulse.objects.count() == 2
    assert [row.score for row in selectors.pulses_of(by, cast.ben, since=TODAY)["mood"]] == [4]
    with pytest.raises(Refused, match="choose 1 to 5"):
        services.say_pulse(kind="mood", score=6, by=by, at=NOW, on=TODAY)


def test_up_the_line_moods_are_counted_from_five_people_on(cast: Cast) -> None:
    dave = Person.objects.create(name="Dave", user=User.objects.create(username="dave"))
    Posting.objects.create(person=dave, team=cast.south, role=Role.REP, during=half_open(TODAY - timedelta(days=9)))
    monday = date(2026, 12, 7)  # after a block of four whole weeks
    assert monday.toordinal() % 28 == 1
    window = {"user": user(cast.vera), "on": monday}
    # Maya, Omar and Olga tell Vera: she knows their words, and taking them away would leave the fourth's.
    for person in (cast.ana, cast.ben, cast.cleo, dave, cast.maya, cast.omar, cast.olga, cast.vera):
        services.say_pulse(kind="mood", score=2, by=user(person), at=NOW, on=TODAY)
    assert selectors.pulse_counts(**window) == []
    eve = Person.objects.create(name="Eve", user=User.objects.create(username="eve"))
    Posting.objects.create(person=eve, team=cast.south, role=Role.REP, during=half_open(TODAY - timedelta(days=9)))
    services.say_pulse(kind="mood", score=5, by=user(eve), at=NOW, on=TODAY)
    (count,) = selectors.pulse_counts(**window)
    assert (count.said, count.low, count.high) == (5, 4, 1)
    assert count.starts_on <= TODAY <= count.last_day < monday
    assert selectors.pulse_counts(**window | {"on": monday - timedelta(days=1)}) == []  # not over yet
    later = monday + timedelta(days=3)
    services.say_pulse(kind="mood", score=5, by=user(cast.ben), at=NOW + timedelta(days=20), on=later)
    for days in (3, 27, 30):  # one more voice moves nothing until its own weeks are over, and is too few then
        assert selectors.pulse_counts(**window | {"on": monday + timedelta(days=days)}) == [count]


@pytest.mark.parametrize(
    "posted",
    [{}, {"kind": "mood"}, {"kind": "x", "score": "1"}, {"kind": "mood", "score": "9" * 40}, {"kind": "\x00"}],
)
def test_a_strange_tap_is_told_what_would_be_right(cast: Cast, posted: dict[str, str]) -> None:
    answer = signed_in(cast.ben).post("/one-on-ones/pulse/", posted, follow=True)
    assert "Choose mood or workload, and an answer from 1 to 5." in answer.content.decode()
    assert not Pulse.objects.exists()
