"""Writes rhythms, how people say they are, and the meetings of a team with what was decided in them."""

from datetime import date, datetime, time, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

import numpy as np
from django.db import transaction

from coaching.models import (
    ActionItem,
    Attendance,
    Meeting,
    MeetingChange,
    MeetingDecision,
    MeetingQuestion,
    MeetingRhythm,
    OneOnOne,
    OneOnOneChange,
    Pulse,
    Rhythm,
)
from coaching.services import prepare_meeting
from sales.models import Task
from teams.models import Leadership, Person, Posting, Role, Team

from .organisation import ZONE

DECISIONS = (
    ("Every proposal over 40,000 is read by a second person first", "Two mistakes found in three weeks; we keep it."),
    ("Demos at the customer's plant only, none in the office", ""),
)
PROMISES = ("Collect three reference letters from the waterworks", "Book the demo van for December")
QUESTIONS = (
    "Who covers the dairy customers over Christmas?",
    "Can we see the new price list before it goes out?",
)
MINUTES = (
    "We looked at the quarter, then at the four proposals that have stood still since October. Each has a next step "
    "with a date now. The price rise was the most frequent objection; the comparison sheet answers it.\n\n"
    "Thanks to all who showed the gateway at the fair."
)


@transaction.atomic
def write_meetings(*, seed: int, today: date) -> None:
    """After the talks: each second pair has a rhythm, most say how they are, one team meets in a rhythm."""
    random = np.random.default_rng([seed, today.toordinal(), 6])
    leads = {seat.team_id: seat.person for seat in Leadership.objects.on(today).select_related("person")}
    reps = Posting.objects.on(today).filter(role=Role.REP).select_related("person", "team").order_by("team", "person")
    here = [posting for posting in reps if posting.team_id in leads]
    _write_rhythms(here, leads, today)
    _write_pulses(random, here, leads, today)
    _write_skipped(here, leads, today)
    teams = [(team, [one.person for one in rows]) for team, rows in groupby(here, key=lambda one: one.team)]
    if teams:
        team, people = max(teams, key=lambda one: (len(one[1]), -one[0].pk))
        _write_team_meetings(team, leads[team.pk], people, today)


def _at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), ZoneInfo(ZONE))


def _weekday(day: date) -> date:
    """The day itself, or the Friday before."""
    return day - timedelta(days=max(0, day.isoweekday() - 5))


def _write_rhythms(here: list[Posting], leads: dict[int, Person], today: date) -> None:
    """Of those whose next talk is planned: it is the first of a rhythm."""
    coming = {
        (talk.person_id, talk.manager_id): talk
        for talk in OneOnOne.objects.filter(state=OneOnOne.State.PLANNED, starts_at__gte=_at(today, 0))
    }
    zone = ZoneInfo(ZONE)
    for place, posting in enumerate(here):
        manager = leads[posting.team_id]
        talk = coming.get((posting.person_id, manager.pk))
        if talk is None:
            continue
        starts = talk.starts_at.astimezone(zone)
        Rhythm.objects.create(
            person=posting.person, manager=manager, every_weeks=2 + place % 3, weekday=starts.isoweekday(),
            at_time=starts.time(), zone=ZONE, starts_on=starts.date(), made_at=talk.planned_at,
        )  # fmt: skip
        talk.rhythm_on = starts.date()
        talk.save(update_fields=["rhythm_on"])
        OneOnOneChange.objects.create(one_on_one=talk, kind="planned", starts_at=talk.starts_at, at=talk.planned_at)


def _write_pulses(random: np.random.Generator, here: list[Posting], leads: dict[int, Person], today: date) -> None:
    """Every two weeks, of three in four; a quarter that was long leaves moods a little lower at its end."""
    rows = []
    for posting in here:
        if random.random() < 0.25:
            continue
        mood, load = 3.2 + random.random(), 2.8 + random.random()
        for weeks in range(12, 0, -2):
            day = _weekday(today - timedelta(weeks=weeks - 1, days=1))
            for kind, level in ((Pulse.Kind.MOOD, mood - (12 - weeks) / 30), (Pulse.Kind.WORKLOAD, load)):
                score = int(np.clip(round(level + random.normal(0, 0.7)), 1, 5))
                rows.append(
                    Pulse(
                        person=posting.person, manager=leads[posting.team_id], kind=kind, score=score, on=day,
                        at=_at(day, 16, 20),
                    )
                )  # fmt: skip
    Pulse.objects.bulk_create(rows)


def _write_skipped(here: list[Posting], leads: dict[int, Person], today: date) -> None:
    """One talk in five of last week was called off, and one nobody marked as held."""
    for place, posting in enumerate(here):
        if place % 5 not in (1, 3):
            continue
        day = _weekday(today - timedelta(days=6))
        starts = _at(day, 8, 30)
        is_off = place % 5 == 1
        talk = OneOnOne.objects.create(
            person=posting.person, manager=leads[posting.team_id], starts_at=starts,
            planned_at=starts - timedelta(days=7), version=2 if is_off else 1,
            state=OneOnOne.State.CANCELLED if is_off else OneOnOne.State.PLANNED,
        )  # fmt: skip
        if is_off:
            OneOnOneChange.objects.create(
                one_on_one=talk, kind="cancelled", starts_at=starts, reason="A customer came to the plant",
                at=starts - timedelta(hours=2), by=leads[posting.team_id].user,
            )  # fmt: skip


def _write_team_meetings(team: Team, chair: Person, people: list[Person], today: date) -> None:
    """One held four weeks ago, one two weeks ago, one to come with an agenda of what is there."""
    met = []
    for weeks in (4, 2):
        day = _weekday(today - timedelta(weeks=weeks))
        starts = _at(day, 9)
        meeting = Meeting.objects.create(
            team=team, chair=chair, title="Team meeting", starts_at=starts, state=Meeting.State.HELD, minutes=MINUTES,
            planned_at=starts - timedelta(days=9), prepared_at=starts - timedelta(hours=5),
            held_at=starts + timedelta(hours=1), version=3,
        )  # fmt: skip
        MeetingChange.objects.create(meeting=meeting, what="Planned", at=meeting.planned_at, by=chair.user)
        MeetingChange.objects.create(meeting=meeting, what="Held", at=starts + timedelta(hours=1), by=chair.user)
        everyone = [chair, *(person for person in people if person != chair)]
        Attendance.objects.bulk_create(
            Attendance(meeting=meeting, person=person, came=place % 7 != 5) for place, person in enumerate(everyone)
        )
        met.append(meeting)
    for meeting, (text, outcome) in zip(met, DECISIONS, strict=True):
        MeetingDecision.objects.create(
            meeting=meeting, text=text, decided_at=meeting.starts_at + timedelta(minutes=40), outcome=outcome,
            settled_at=met[1].starts_at + timedelta(minutes=5) if outcome else None,
            settled_by=chair.user if outcome else None,
        )  # fmt: skip
    for place, text in enumerate(PROMISES):
        owner = people[place % len(people)]
        item = ActionItem.objects.create(
            meeting=met[place], person=owner, owner=owner, text=text, made_at=met[place].starts_at,
            due_on=met[place].starts_at.date() + timedelta(days=10),
            done_at=met[1].starts_at if place == 0 else None,
            result="All three are in the folder" if place == 0 else "",
        )  # fmt: skip
        Task.objects.create(
            owner=owner, text="What you promised in “Team meeting”", due_on=item.due_on, source="action_item",
            reason=f"action-item:{item.pk}", link=f"/meetings/{met[place].pk}/", done_at=item.done_at,
        )  # fmt: skip
    for place, text in enumerate(QUESTIONS):
        author = people[(place + 1) % len(people)]
        MeetingQuestion.objects.create(
            team=team, author=author, text=text, asked_at=_at(_weekday(today - timedelta(days=2 + place)), 11)
        )
    coming = _weekday(today + timedelta(days=5))
    planned_at = _at(_weekday(today - timedelta(days=3)), 15)
    meeting = Meeting.objects.create(
        team=team, chair=chair, title="Team meeting", starts_at=_at(coming, 9), planned_at=planned_at, rhythm_on=coming
    )
    MeetingRhythm.objects.create(
        team=team, chair=chair, title="Team meeting", every_weeks=2, weekday=coming.isoweekday(), at_time=time(9),
        zone=ZONE, starts_on=coming, made_at=planned_at,
    )  # fmt: skip
    MeetingChange.objects.create(meeting=meeting, what="Planned", at=planned_at, by=chair.user)
    prepare_meeting(meeting=meeting, at=planned_at, on=today)
