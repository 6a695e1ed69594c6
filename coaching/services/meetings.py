"""Call, prepare and hold a meeting of a team: questions, minutes, decisions, promises, who was there."""

from collections.abc import Collection
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.db.models import Max, Q

from coaching.models import (
    ActionItem,
    Attendance,
    Meeting,
    MeetingChange,
    MeetingDecision,
    MeetingPoint,
    MeetingQuestion,
    MeetingRhythm,
)
from coaching.selectors import asked_to, attendees, last_meeting, may_chair, meeting_days, points_for, teams_of
from salesmgmt.lib.refusals import Refused, Stale
from teams.models import Leadership, Organisation, Person, Team, User, access_of

from .edges import day_of, tell_all
from .invitations import invite_to_meeting
from .talks import keep_promise

LOOKS_BACK = timedelta(days=30)  # of the first meeting of a team


@transaction.atomic
def plan_meeting(
    *, team: Team, title: str, starts_at: datetime, by: User, at: datetime, on: date, is_open_below: bool = False
) -> Meeting:
    """A meeting with the agenda as it is found today; those who are asked to come are told."""
    me = access_of(by)
    if me.person_id is None or not may_chair(me, team):
        raise Refused(f"Only somebody who leads {team.name} calls its meetings.", field="team")
    if starts_at < at:
        raise Refused("A meeting can't be planned in the past; choose a later time.", field="starts_at")
    meeting = _place(
        team=team, chair=Person.objects.get(pk=me.person_id), title=title, starts_at=starts_at, by=by, at=at, on=on,
        is_open_below=is_open_below,
    )  # fmt: skip
    _tell(meeting, f"{meeting.chair.name} called a meeting of {team.name}.", by, at)
    return meeting


def _place(
    *, team: Team, chair: Person, title: str, starts_at: datetime, by: User | None, at: datetime, on: date,
    is_open_below: bool, rhythm_on: date | None = None,
) -> Meeting:  # fmt: skip
    """A meeting in the calendars of those who are asked to come, with its agenda."""
    try:
        with transaction.atomic():
            meeting = Meeting.objects.create(
                team=team, chair=chair, title=title.strip() or "Team meeting", starts_at=starts_at, planned_at=at,
                is_open_below=is_open_below, rhythm_on=rhythm_on,
            )  # fmt: skip
    except IntegrityError:
        raise Refused(f"{team.name} has a meeting at that time already.", field="starts_at") from None
    MeetingChange.objects.create(meeting=meeting, what="Planned", at=at, by=by)
    prepare_meeting(meeting=meeting, at=at, on=on)
    invite_to_meeting(meeting, at=at)
    return meeting


# ── A rhythm ────────────────────────────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def set_meeting_rhythm(
    *, team: Team, title: str, every_weeks: int, weekday: int, at_time: time, starts_on: date, zone: str, by: User,
    at: datetime, on: date, is_open_below: bool = False,
) -> MeetingRhythm:  # fmt: skip
    """From a day on a team meets every so many weeks; it takes the place of the rhythm the team had."""
    me = access_of(by)
    if me.person_id is None or not may_chair(me, team):
        raise Refused(f"Only somebody who leads {team.name} calls its meetings.", field="team")
    if not 1 <= every_weeks <= 12:
        raise Refused(f"Every {every_weeks} weeks is no rhythm; choose 1 to 12.", field="every_weeks")
    if not 1 <= weekday <= 7:
        raise Refused(f"{weekday} is no weekday; 1 is Monday, 7 is Sunday.", field="weekday")
    if starts_on < on:
        raise Refused(f"{starts_on:%d %b %Y} is in the past; choose a later first day.", field="starts_on")
    Team.objects.select_for_update().get(pk=team.pk)  # two forms at once make one rhythm
    said = {
        "title": title.strip() or "Team meeting", "every_weeks": every_weeks, "weekday": weekday, "at_time": at_time,
        "zone": zone, "starts_on": starts_on, "is_open_below": is_open_below,
    }  # fmt: skip
    standing = MeetingRhythm.objects.standing().filter(team=team).first()
    if standing is not None:
        if all(getattr(standing, name) == value for name, value in said.items()):
            return standing
        _end_rhythm(standing, on=on, why="Another rhythm")
        coming = Meeting.objects.planned().filter(team=team, rhythm_on__isnull=False, starts_at__gte=at)
        for meeting in coming.select_for_update(of=["self"]).select_related("team", "chair"):
            _call_off(meeting, by=by, at=at)
            meeting.rhythm_on = None  # another meeting may stand for that day
            meeting.save(update_fields=["rhythm_on"])
    made = MeetingRhythm.objects.create(team=team, chair_id=me.person_id, made_at=at, **said)
    _plan(made, by=by, at=at, on=on)
    people = [person for person in attendees(team, on) if person.user_id != by.pk]
    tell_all(people, f"Meetings of {team.name} have a rhythm: {str(made).lower()}.", "/meetings/", at)
    return made


@transaction.atomic
def end_meeting_rhythm(
    *, rhythm: MeetingRhythm, by: User, at: datetime, on: date, version: int | None = None
) -> MeetingRhythm:
    """No more meetings are planned from it; those that are stay."""
    rhythm = MeetingRhythm.objects.select_for_update(of=["self"]).select_related("team").get(pk=rhythm.pk)
    _must_chair(by, rhythm.team)
    if version is not None and rhythm.version != version:
        raise Stale("This rhythm was changed meanwhile; look at it again.")
    if rhythm.ended_on is None:
        _end_rhythm(rhythm, on=on, why="Ended by who leads the team")
        text = f"Meetings of {rhythm.team.name} have no rhythm any more."
        tell_all(attendees(rhythm.team, on), text, "/meetings/", at)
    return rhythm


def _end_rhythm(rhythm: MeetingRhythm, *, on: date, why: str) -> None:
    rhythm.ended_on, rhythm.why_ended, rhythm.version = on, why, rhythm.version + 1
    rhythm.save(update_fields=["ended_on", "why_ended", "version"])


def _plan(rhythm: MeetingRhythm, *, by: User | None, at: datetime, on: date) -> int:
    """The meetings that the rhythm asks for and that have not been placed; a day that was called off stays so."""
    stands = Meeting.objects.filter(team=rhythm.team_id).filter(Q(rhythm_on__gte=on) | Q(starts_at__gte=at))
    has: set[date | datetime] = {one for pair in stands.values_list("rhythm_on", "starts_at") for one in pair if one}
    days = [day for day in meeting_days(rhythm, on=on) if not {day, rhythm.moment(day)} & has]
    days = [day for day in days if rhythm.moment(day) > at]
    for day in days:
        _place(
            team=rhythm.team, chair=rhythm.chair, title=rhythm.title, starts_at=rhythm.moment(day), rhythm_on=day,
            is_open_below=rhythm.is_open_below, by=by, at=at, on=on,
        )  # fmt: skip
    return len(days)


def _tend_rhythms(*, on: date, at: datetime) -> int:
    """Plan what rhythms ask for; who leads the team now takes the chair of a leader who no longer does."""
    done = 0
    for rhythm in MeetingRhythm.objects.standing().order_by("pk"):
        with transaction.atomic():
            rows = MeetingRhythm.objects.standing().select_for_update(of=["self"]).select_related("team", "chair")
            locked = rows.filter(pk=rhythm.pk).first()
            if locked is None:
                continue
            leaders = _leaders_of(locked.team, on)
            if locked.team.withdrawn_at is not None or not leaders:
                _end_rhythm(locked, on=on, why="Nobody leads the team")
                continue
            if locked.chair not in leaders:
                locked.chair, locked.version = leaders[0], locked.version + 1
                locked.save(update_fields=["chair", "version"])
                coming = Meeting.objects.planned().filter(team=locked.team, starts_at__gte=at)
                coming.filter(rhythm_on__isnull=False).update(chair=leaders[0])
                tell_all([leaders[0]], f"You chair the meetings of {locked.team.name} now.", "/meetings/", at)
            done += _plan(locked, by=None, at=at, on=on)
    return done


def _leaders_of(team: Team, on: date) -> list[Person]:
    """Who leads a team or one above it, the nearest first."""
    led = Leadership.objects.on(on).filter(team__in=team.path).select_related("person")
    return [row.person for row in sorted(led, key=lambda row: -team.path.index(row.team_id))]


# ── One meeting ─────────────────────────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def move_meeting(
    *, meeting: Meeting, starts_at: datetime, by: User, at: datetime, on: date, version: int | None = None
) -> Meeting:
    """Another time; those who are asked to come are told."""
    meeting = _lock(meeting, by, version)
    _must_be_planned(meeting)
    if starts_at < at:
        raise Refused("A meeting can't be moved into the past; choose a later time.", field="starts_at")
    was, meeting.starts_at, meeting.version = meeting.starts_at, starts_at, meeting.version + 1
    try:
        with transaction.atomic():
            meeting.save(update_fields=["starts_at", "version"])
    except IntegrityError:
        raise Refused(f"{meeting.team.name} has a meeting at that time already.", field="starts_at") from None
    MeetingChange.objects.create(meeting=meeting, what=f"Moved from {was:%d %b %Y, %H:%M} UTC", at=at, by=by)
    prepare_meeting(meeting=meeting, at=at, on=on)
    invite_to_meeting(meeting, at=at)
    _tell(meeting, f"A meeting of {meeting.team.name} was moved.", by, at)
    return meeting


@transaction.atomic
def open_meeting(
    *, meeting: Meeting, is_open_below: bool, by: User, at: datetime, version: int | None = None
) -> Meeting:
    """Let everybody below the team read a meeting, or those alone who are asked to come."""
    meeting = _lock(meeting, by, version)
    if meeting.is_open_below != is_open_below:
        meeting.is_open_below, meeting.version = is_open_below, meeting.version + 1
        meeting.save(update_fields=["is_open_below", "version"])
        what = "Opened to everybody below" if is_open_below else "Kept to those who are asked to come"
        MeetingChange.objects.create(meeting=meeting, what=what, at=at, by=by)
    return meeting


@transaction.atomic
def cancel_meeting(*, meeting: Meeting, by: User, at: datetime, version: int | None = None) -> Meeting:
    """It will not take place; questions wait for the next one."""
    meeting = _lock(meeting, by, version)
    _must_be_planned(meeting)
    _call_off(meeting, by=by, at=at)
    _tell(meeting, f"A meeting of {meeting.team.name} was called off.", by, at)
    return meeting


def _call_off(meeting: Meeting, *, by: User, at: datetime) -> None:
    meeting.state, meeting.version = Meeting.State.CANCELLED, meeting.version + 1
    meeting.save(update_fields=["state", "version"])
    MeetingChange.objects.create(meeting=meeting, what="Called off", at=at, by=by)
    if meeting.starts_at > at:
        invite_to_meeting(meeting, at=at)


@transaction.atomic
def hold_meeting(
    *, meeting: Meeting, came: Collection[Person], by: User, at: datetime, on: date, version: int | None = None
) -> Meeting:
    """It took place, and who was there. Said again it puts the attendance right."""
    meeting = _lock(meeting, by, version)
    if meeting.state == Meeting.State.CANCELLED:
        raise Refused("This meeting was called off.")
    if day_of(meeting.starts_at) > on:
        raise Refused("This meeting lies ahead; say who came when it is over.")
    asked = {person.pk for person in asked_to(meeting)}
    asked |= set(meeting.attendances.values_list("person_id", flat=True))
    here = {person.pk for person in came}
    if here - asked:
        raise Refused("Somebody you ticked isn't of this team.", field="came")
    standing = {row.person_id: row for row in meeting.attendances.select_for_update()}
    Attendance.objects.bulk_create(
        Attendance(meeting=meeting, person_id=pk, came=pk in here) for pk in sorted(asked - standing.keys())
    )
    for pk, row in standing.items():
        if row.came != (pk in here):
            row.came = pk in here
            row.save(update_fields=["came"])
    if meeting.state == Meeting.State.PLANNED:
        meeting.state, meeting.held_at = Meeting.State.HELD, at
        MeetingChange.objects.create(meeting=meeting, what="Held", at=at, by=by)
    meeting.version += 1
    meeting.save(update_fields=["state", "held_at", "version"])
    return meeting


@transaction.atomic
def write_minutes(*, meeting: Meeting, minutes: str, by: User, at: datetime, version: int | None = None) -> Meeting:
    """What was said, for the whole team to read."""
    meeting = _lock(meeting, by, version)
    if meeting.state == Meeting.State.CANCELLED:
        raise Refused("This meeting was called off.")
    meeting.minutes, meeting.version = minutes.strip(), meeting.version + 1
    meeting.save(update_fields=["minutes", "version"])
    MeetingChange.objects.create(meeting=meeting, what="Minutes written", at=at, by=by)
    return meeting


@transaction.atomic
def decide_in_meeting(*, meeting: Meeting, text: str, by: User, at: datetime) -> MeetingDecision:
    """A decision; the next meeting asks first what came of it. Saying the same twice makes one."""
    meeting = _lock(meeting, by, None)
    if meeting.state == Meeting.State.CANCELLED:
        raise Refused("This meeting was called off.")
    if not text.strip():
        raise Refused("Say in a sentence what was decided.", field="text")
    said = meeting.decisions.filter(text=text.strip()).first()
    return said or MeetingDecision.objects.create(meeting=meeting, text=text.strip(), decided_at=at)


@transaction.atomic
def settle_decision(*, decision: MeetingDecision, outcome: str, by: User, at: datetime) -> MeetingDecision:
    """What came of a decision."""
    rows = MeetingDecision.objects.select_for_update(of=["self"]).select_related("meeting__team")
    decision = rows.get(pk=decision.pk)
    _must_chair(by, decision.meeting.team)
    if not outcome.strip():
        raise Refused("Say in a sentence what came of it.", field="outcome")
    if decision.settled_at is not None:
        raise Refused("What came of this decision is said already.")
    decision.outcome, decision.settled_at, decision.settled_by = outcome.strip(), at, by
    decision.save(update_fields=["outcome", "settled_at", "settled_by"])
    return decision


@transaction.atomic
def promise_in_meeting(
    *, meeting: Meeting, owner: Person, text: str, due_on: date, by: User, at: datetime, on: date
) -> ActionItem:
    """Who does what by when: noted by the chair, or by somebody for themselves."""
    meeting = Meeting.objects.select_for_update(of=["self"]).select_related("team").get(pk=meeting.pk)
    if meeting.state == Meeting.State.CANCELLED:
        raise Refused("This meeting was called off.")
    if access_of(by).person_id != owner.pk:
        _must_chair(by, meeting.team)
    if not attendees(meeting.team, on).filter(pk=owner.pk).exists():
        raise Refused(f"{owner.name} isn't of this team; choose somebody who is.", field="owner")
    if due_on < on:
        raise Refused(f"The due date {due_on:%d %b %Y} is in the past; choose a later day.", field="due_on")
    return keep_promise(
        person=owner, owner=owner, coach_id=None, text=text, due_on=due_on, by=by, at=at, meeting=meeting
    )


@transaction.atomic
def ask_meeting(*, team: Team, text: str, by: User, at: datetime) -> MeetingQuestion:
    """A question for the next meeting of a team, put at any time by somebody of it. Twice the same is one."""
    me = access_of(by).person_id
    if me is None or not teams_of(by).filter(pk=team.pk).exists():
        raise Refused(f"Only people of {team.name} put questions to its meetings.", field="team")
    if not text.strip():
        raise Refused("Say what you would like to talk about.", field="text")
    asked = MeetingQuestion.objects.filter(team=team, author=me, text=text.strip(), answered_at=None).first()
    return asked or MeetingQuestion.objects.create(team=team, author_id=me, text=text.strip(), asked_at=at)


@transaction.atomic
def answer_in_meeting(
    *, question: MeetingQuestion, meeting: Meeting, answer: str, by: User, at: datetime
) -> MeetingQuestion:
    """What a meeting said to a question."""
    question = MeetingQuestion.objects.select_for_update(of=["self"]).select_related("team").get(pk=question.pk)
    _must_chair(by, question.team)
    if meeting.team_id != question.team_id:
        raise Refused("That question was put to another team.", field="question")
    if question.answered_at is not None:
        raise Refused("This question is answered already.")
    if not answer.strip():
        raise Refused("Say in a sentence what the answer was.", field="answer")
    question.meeting, question.answer, question.answered_at = meeting, answer.strip(), at
    question.save(update_fields=["meeting", "answer", "answered_at"])
    return question


@transaction.atomic
def tick_point(*, point: MeetingPoint, is_done: bool, by: User) -> MeetingPoint:
    _must_chair(by, point.meeting.team)
    MeetingPoint.objects.filter(pk=point.pk).update(is_done=is_done)
    point.is_done = is_done
    return point


@transaction.atomic
def prepare_meeting(*, meeting: Meeting, at: datetime, on: date) -> None:
    """The agenda as of a day: points found before go with what they were about, unless they were talked about."""
    last = last_meeting(meeting)
    zone = ZoneInfo(Organisation.get().time_zone)
    since = last.starts_at.astimezone(zone).date() if last else on - LOOKS_BACK
    found = {point.about: point for point in points_for(meeting, since=since, on=on)}
    standing = {point.about: point for point in meeting.points.all()}
    gone = [point.pk for about, point in standing.items() if about not in found and not point.is_done]
    meeting.points.filter(pk__in=gone).delete()
    for about, point in found.items():
        stands = standing.get(about)
        if stands is not None and not stands.is_done and stands.text != point.text[:500]:
            stands.text = point.text[:500]
            stands.save(update_fields=["text"])
    place = meeting.points.aggregate(last=Max("position"))["last"] or 0
    MeetingPoint.objects.bulk_create(
        MeetingPoint(
            meeting=meeting, source=point.source, about=about, text=point.text[:500], link=point.link, position=number
        )
        for number, (about, point) in enumerate(
            ((about, point) for about, point in found.items() if about not in standing), start=place + 1
        )
    )
    meeting.prepared_at = at
    meeting.save(update_fields=["prepared_at"])


def tend_meetings(*, on: date, at: datetime) -> int:
    """Plan what rhythms ask for; prepare the agendas of today's meetings anew. How many; twice does no more."""
    zone = ZoneInfo(Organisation.get().time_zone)
    begins, ends = datetime.combine(on, time(), zone), datetime.combine(on, time.max, zone)
    _tend_rhythms(on=on, at=at)
    today = Meeting.objects.planned().filter(starts_at__range=(begins, ends), prepared_at__lt=begins)
    for meeting in today.select_related("team").order_by("pk"):
        prepare_meeting(meeting=meeting, at=at, on=on)
    return len(today)


def _must_chair(by: User, team: Team) -> None:
    if not may_chair(access_of(by), team):
        raise Refused(f"Only somebody who leads {team.name} can do this.")


def _must_be_planned(meeting: Meeting) -> None:
    if not meeting.is_open:
        raise Refused(f"This meeting is {meeting.get_state_display().lower()} already.")


def _lock(meeting: Meeting, by: User, version: int | None) -> Meeting:
    Meeting.objects.select_for_update().only("pk").get(pk=meeting.pk)  # before its chair is read, who may change
    meeting = Meeting.objects.select_related("team", "chair").get(pk=meeting.pk)
    _must_chair(by, meeting.team)
    if version is not None and meeting.version != version:
        raise Stale("This meeting was changed meanwhile; look at it again, your text is kept below.")
    return meeting


def _tell(meeting: Meeting, text: str, by: User, at: datetime) -> None:
    people = [person for person in asked_to(meeting) if person.user_id != by.pk]
    tell_all(people, text, f"/meetings/{meeting.pk}/", at)
