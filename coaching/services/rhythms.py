"""Set and end the rhythm of a pair's 1:1s, plan the next ones, hand over when the manager changes; say how one is."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import QuerySet

from coaching.models import ActionItem, Case, OneOnOne, Pulse, Rhythm
from coaching.selectors import Outlook, missing_slots, outlook, talks_standing
from salesmgmt.lib import clock
from salesmgmt.lib.refusals import Refused, Stale
from teams.models import Leave, Organisation, Person, User, access_of
from teams.selectors import manager_of

from .cases import end_case_of_leaver, pass_case_on
from .edges import must_coach, pass_promises, tell
from .talks import call_off, place_talk, prepare_agenda

AWAY = "One of the two is away that day."
NEW_MANAGER = "Somebody else leads the person then."
NEW_RHYTHM = "The pair has another rhythm now."
ENTERED_LATE = timedelta(days=91)  # for which leave entered afterwards excuses a talk; early signs look as far back


@transaction.atomic
def set_rhythm(
    *, person: Person, manager: Person, every_weeks: int, weekday: int, at_time: time, starts_on: date, zone: str,
    by: User, at: datetime, on: date,
) -> Rhythm:  # fmt: skip
    """From a day on, every so many weeks; it takes the place of the one the pair had. The next talks are planned."""
    must_coach(by, person)
    if access_of(by).person_id != manager.pk:
        raise Refused("A rhythm is set by who holds the 1:1s.", field="person")
    if not 1 <= every_weeks <= 12:
        raise Refused(f"Every {every_weeks} weeks is no rhythm; choose 1 to 12.", field="every_weeks")
    if not 1 <= weekday <= 7:
        raise Refused(f"{weekday} is no weekday; 1 is Monday, 7 is Sunday.", field="weekday")
    if starts_on < on:
        raise Refused(f"{starts_on:%d %b %Y} is in the past; choose a later first day.", field="starts_on")
    Person.objects.select_for_update().get(pk=person.pk)  # two forms at once make one rhythm
    standing = Rhythm.objects.standing().filter(person=person, manager=manager).first()
    if standing is not None:
        same = (standing.every_weeks, standing.weekday, standing.at_time, standing.zone)
        if same == (every_weeks, weekday, at_time, zone) and standing.starts_on == starts_on:
            return standing
        _end(standing, on=on, at=at, by=by, why="Another rhythm")
        for talk in _to_come(person, manager, at).filter(rhythm_on__isnull=False):
            call_off(talk, by=by, at=at, reason=NEW_RHYTHM, is_excused=True)
    made = Rhythm.objects.create(
        person=person, manager=manager, every_weeks=every_weeks, weekday=weekday, at_time=at_time, zone=zone,
        starts_on=starts_on, made_at=at,
    )  # fmt: skip
    _plan(made, outlook([(person.pk, manager.pk)], on=on), by=by, at=at, on=on)
    tell(person, f"Your 1:1s with {manager.name} have a rhythm: {str(made).lower()}.", "/one-on-ones/", at)
    return made


@transaction.atomic
def end_rhythm(*, rhythm: Rhythm, by: User, at: datetime, on: date, version: int | None = None) -> Rhythm:
    """No more talks are planned from it; those that are stay, to be held or called off."""
    rhythm = Rhythm.objects.select_for_update().get(pk=rhythm.pk)
    if version is not None and rhythm.version != version:
        raise Stale("This rhythm was changed meanwhile; look at it again.")
    if access_of(by).person_id != rhythm.manager_id:
        raise Refused(f"Only {rhythm.manager.name} ends this rhythm.")
    if rhythm.ended_on is None:
        _end(rhythm, on=on, at=at, by=by, why="Ended by the manager")
        tell(rhythm.person, f"Your 1:1s with {rhythm.manager.name} have no rhythm any more.", "/one-on-ones/", at)
    return rhythm


def _end(rhythm: Rhythm, *, on: date, at: datetime, by: User | None, why: str) -> None:
    rhythm.ended_on, rhythm.why_ended, rhythm.version = on, why, rhythm.version + 1
    rhythm.save(update_fields=["ended_on", "why_ended", "version"])


def _to_come(person: Person, manager: Person, at: datetime) -> QuerySet[OneOnOne]:
    return OneOnOne.objects.select_for_update().filter(
        person=person, manager=manager, state=OneOnOne.State.PLANNED, starts_at__gte=at
    )


def _plan(rhythm: Rhythm, known: Outlook, *, by: User | None, at: datetime, on: date) -> int:
    """The talks that the rhythm asks for and that have not been placed; a day that was called off stays so."""
    new = missing_slots(rhythm, known, talks_standing(on=on, at=at, rhythm=rhythm), on=on, at=at)
    for slot in new:
        place_talk(
            person=rhythm.person, manager=rhythm.manager, starts_at=slot.starts_at, rhythm_on=slot.on, by=by, at=at,
            on=on,
        )  # fmt: skip
    return len(new)


# ── Each night ──────────────────────────────────────────────────────────────────────────────────────────────────


def tend_one_on_ones(*, on: date, at: datetime) -> dict[str, int]:
    """What a day brings to all pairs: new managers, leave, the next talks, agendas of today. Twice does no more."""
    done = {"passed": 0, "closed": 0, "called_off": 0, "excused": 0, "planned": 0, "prepared": 0}
    promises = ActionItem.objects.filter(done_at=None, meeting=None, coach__isnull=False)
    talks = OneOnOne.objects.filter(state=OneOnOne.State.PLANNED, starts_at__gte=at)
    rhythms = list(Rhythm.objects.standing().select_related("person", "manager").order_by("pk"))
    pairs = {(row.person_id, row.manager_id) for row in rhythms}
    pairs |= set(talks.values_list("person_id", "manager_id"))
    pairs |= {(person, coach) for person, coach in promises.values_list("person_id", "coach_id") if coach}
    pairs |= set(Case.objects.open().values_list("person_id", "owner_id"))
    known = outlook(pairs, on=on)
    zone = ZoneInfo(Organisation.get().time_zone)
    led_by_another = {pair for pair in pairs if not known.leads_ever(pair[1], pair[0])} | {
        (person, manager)
        for person, manager, starts_at in talks.values_list("person_id", "manager_id", "starts_at")
        if not known.leads_on(manager, person, starts_at.astimezone(zone).date())
    }
    for person_id, manager_id in sorted(led_by_another):
        done["passed"] += _hand_over(person_id, manager_id, known, on=on, at=at)
    done["closed"] = _end_cases_of_leavers(on=on, at=at)
    done["called_off"] = _call_off_leave(known, at=at)
    done["excused"] = _excuse_leave(on=on, at=at)
    stands = talks_standing(on=on, at=at)
    for rhythm in rhythms:
        if not missing_slots(rhythm, known, stands, on=on, at=at):
            continue
        with transaction.atomic():
            locked = Rhythm.objects.select_for_update(of=["self"]).select_related("person", "manager").get(pk=rhythm.pk)
            if locked.ended_on is None:
                done["planned"] += _plan(locked, known, by=None, at=at, on=on)
    ends = datetime.combine(on, time.max, zone)
    for talk in talks.filter(starts_at__lte=ends, prepared_at__lt=datetime.combine(on, time(), zone)).order_by("pk"):
        with transaction.atomic():
            prepare_agenda(talk=OneOnOne.objects.select_for_update().get(pk=talk.pk), at=at, on=on)
        done["prepared"] += 1
    return done


@transaction.atomic
def _hand_over(person_id: int, manager_id: int, known: Outlook, *, on: date, at: datetime) -> int:
    """What a pair leaves open goes to who leads the person: talks by their day, promises once the manager is not to
    lead them again. What the old pair wrote and said stays theirs."""
    person, manager = (Person.objects.get(pk=pk) for pk in (person_id, manager_id))
    moved = cases = 0
    for talk in _to_come(person, manager, at):
        day = talk.starts_at.astimezone(ZoneInfo(Organisation.get().time_zone)).date()
        if known.leads_on(manager_id, person_id, day):
            continue
        moved += 1
        call_off(talk, by=None, at=at, reason=NEW_MANAGER, is_excused=True)
        heir = manager_of(person, day)
        if (
            heir is not None
            and not OneOnOne.objects.filter(person=person, manager=heir, starts_at=talk.starts_at).exists()
        ):
            place_talk(person=person, manager=heir, starts_at=talk.starts_at, by=None, at=at, on=on)
    if known.leads_ever(manager_id, person_id):
        return moved
    for rhythm in Rhythm.objects.standing().select_for_update().filter(person=person, manager=manager):
        _end(rhythm, on=on, at=at, by=None, why="The manager changed")
    heir = manager_of(person, on)
    if heir is None:
        return moved
    for case in Case.objects.open().filter(person=person, owner=manager):
        cases += pass_case_on(case=case, on=on, at=at)
    theirs = ActionItem.objects.filter(person=person, coach=manager, meeting=None, case=None)
    count = pass_promises(theirs, was=manager, heir=heir)
    if moved or count:
        open_ones = f"{_counted(moved, 'talk')}, {_counted(count, 'open promise')}"
        tell(heir, f"You take over the 1:1s with {person.name}: {open_ones}.", "/one-on-ones/", at)
        tell(person, f"Your next 1:1s are with {heir.name}.", "/one-on-ones/", at)
    return moved + count + cases


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _call_off_leave(known: Outlook, *, at: datetime) -> int:
    """Talks of a rhythm on a day on which one of the two is away by now. What was moved by hand stays."""
    done = 0
    zone = ZoneInfo(Organisation.get().time_zone)
    coming = OneOnOne.objects.filter(state=OneOnOne.State.PLANNED, starts_at__gte=at, rhythm_on__isnull=False)
    for talk in coming.order_by("pk"):
        if talk.rhythm_on is None or not known.presence.keys() >= {talk.person_id, talk.manager_id}:
            continue  # planned while this runs: its turn comes
        day = talk.starts_at.astimezone(zone).date()
        if abs((day - talk.rhythm_on).days) > 1 or known.are_here(talk.person_id, talk.manager_id, talk.rhythm_on):
            continue
        with transaction.atomic():
            locked = OneOnOne.objects.select_for_update().get(pk=talk.pk)
            if locked.state == OneOnOne.State.PLANNED and locked.version == talk.version:
                call_off(locked, by=None, at=at, reason=AWAY, is_excused=True)
                done += 1
    return done


def _excuse_leave(*, on: date, at: datetime) -> int:
    """Leave that was entered after the day: a talk that nobody held while one of the two was away wasn't skipped."""
    zone = Organisation.get().time_zone
    first = on - ENTERED_LATE
    days = {"starts_at__gte": clock.close_of(first - timedelta(days=1), zone)}
    skipped = list(OneOnOne.objects.skipped(clock.close_of(on - timedelta(days=1), zone)).filter(**days).order_by("pk"))
    people = {pk for talk in skipped for pk in (talk.person_id, talk.manager_id)}
    leaves: dict[int, list[Leave]] = {}
    for leave in Leave.objects.overlapping(first, on).filter(person__in=people):
        leaves.setdefault(leave.person_id, []).append(leave)
    done = 0
    for talk in skipped:
        day = clock.day_of(talk.starts_at, zone)
        if not any(day in leave for pk in (talk.person_id, talk.manager_id) for leave in leaves.get(pk, [])):
            continue
        with transaction.atomic():
            locked = OneOnOne.objects.select_for_update().get(pk=talk.pk)
            if locked.version != talk.version:
                continue
            if locked.state == OneOnOne.State.PLANNED:
                call_off(locked, by=None, at=at, reason=AWAY, is_excused=True)
            else:
                locked.is_excused, locked.version = True, locked.version + 1
                locked.save(update_fields=["is_excused", "version"])
            done += 1
    return done


def _end_cases_of_leavers(*, on: date, at: datetime) -> int:
    left = list(Case.objects.open().filter(person__left_on__lte=on).order_by("pk"))
    for case in left:
        end_case_of_leaver(case=case, at=at)
    return len(left)


# ── How one is ──────────────────────────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def say_pulse(*, kind: str, score: int, by: User, at: datetime, on: date) -> Pulse:
    """How somebody is, for themselves and their manager of today. The last word of a day counts."""
    access = access_of(by)
    if access.person_id is None:
        raise Refused("This is for people with a posting.")
    if kind not in Pulse.Kind.values:
        raise Refused(f"“{kind[:30]}” can't be told; choose mood or workload.", field="kind")
    if not 1 <= score <= 5:
        raise Refused(f"{score} is no answer; choose 1 to 5.", field="score")
    person = Person.objects.select_for_update().get(pk=access.person_id)
    last = Pulse.objects.filter(person=person, kind=kind, on=on).order_by("-at", "-pk").first()
    if last is not None and last.score == score:
        return last
    return Pulse.objects.create(person=person, manager=manager_of(person, on), kind=kind, score=score, on=on, at=at)
