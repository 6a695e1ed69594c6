"""Flags: raised, changed, answered, closed. The person sees a flag no later than their manager (R25)."""

from collections.abc import Collection
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.urls import reverse

from performance import live
from performance.models import Flag, FlagEvent
from performance.selectors.findings import Finding, Reading, Window, explain, readings
from sales.models import Task
from sales.services.tasks import add_task
from salesmgmt.desk.models import Mark, Notice
from salesmgmt.lib.refusals import Refused
from teams.models import Person, User, access_of
from teams.selectors import manager_of

MEASURE = "bookings"
PER_WEEK = 3  # new ones a manager gets in seven days; the rest wait, the most severe first
ENOUGH_CHANGE = Decimal("0.10")  # of the gap, before an open flag says something new
TOPIC = "flags"
_LOCK = 7011


@transaction.atomic
def raise_flags(*, as_of: date, at: datetime, people: Collection[int] | None = None) -> dict[str, int]:
    """Raise, change and close what the figures of `as_of` say, for everybody or for some; twice does nothing.

    A flag ends with its quarter, unless the figures say on that day that the same goes on: then it is carried into the
    next one, so that nobody is told again what they know, and the case about it keeps its finding.
    Answers how many were raised, changed, closed, and how many wait because their manager has three new ones this week.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    window, found = readings(as_of=as_of, people=people)
    done = {"raised": 0, "changed": 0, "closed": 0, "waiting": 0}
    standing = Flag.objects.open().filter(measure=MEASURE).select_related("person")
    if people is not None:
        standing = standing.filter(person__in=people)
    flags: dict[int, Flag] = {}
    for flag in standing.order_by("raised_on", "pk"):
        reading = found.get(flag.person_id)
        because = _why_closed(flag, reading, window.period.key, as_of)
        if because and not _goes_on(flag, reading, window):
            _close(flag, because, as_of, at)
            done["closed"] += 1
        else:
            flags[flag.person_id] = flag
    behind = [
        reading
        for pk, reading in found.items()
        if reading.is_behind and not reading.is_protected and (pk in flags or not reading.is_exempt)
    ]
    findings = sorted(explain(behind, window), key=lambda finding: (finding.reading.pace, finding.reading.person.pk))
    fresh = [finding for finding in findings if finding.reading.person.pk not in flags]
    managers = {finding.reading.person.pk: manager_of(finding.reading.person, as_of) for finding in fresh}
    recent = _recent(as_of) if fresh else {}
    for finding in findings:
        pk = finding.reading.person.pk
        if pk in flags:
            done["changed"] += _change(flags[pk], finding, as_of, at)
            continue
        manager = managers[pk]
        if manager is not None and recent.get(manager.pk, 0) >= PER_WEEK:
            done["waiting"] += 1
            continue
        _raise(finding, manager, as_of, at)
        done["raised"] += 1
        if manager is not None:
            recent[manager.pk] = recent.get(manager.pk, 0) + 1
    return done


def _why_closed(flag: Flag, reading: Reading | None, period: str, as_of: date) -> str:
    if flag.period != period or as_of >= flag.expires_on:
        return "The period is over."
    if reading is None:
        return "There is no quota any more."
    if reading.is_protected:
        return "No flag for now."  # says nothing about the leave
    return "Back within reach of the plan." if reading.has_recovered else ""


def _goes_on(flag: Flag, reading: Reading | None, window: Window) -> bool:
    """The quarter after that of the flag has come, and finds the same."""
    return (
        flag.expires_on == window.period.start
        and reading is not None
        and reading.is_behind
        and not reading.is_protected
    )


def _recent(as_of: date) -> dict[int, int]:
    """How many flags each manager got in the last seven days."""
    counts: dict[int, int] = {}
    for flag in Flag.objects.filter(raised_on__gt=as_of - timedelta(days=7), raised_on__lte=as_of).select_related(
        "person"
    ):
        manager = manager_of(flag.person, flag.raised_on)
        if manager is not None:
            counts[manager.pk] = counts.get(manager.pk, 0) + 1
    return counts


def _values(finding: Finding, as_of: date) -> dict[str, Any]:
    reading = finding.reading
    return {
        "expected": reading.expected,
        "actual": reading.credited,
        "gap": reading.gap,
        "severity": reading.severity,
        "cause": finding.cause,
        "sentence": finding.sentence[:300],
        "evidence": finding.evidence,
        "as_of": as_of,
    }


def _raise(finding: Finding, manager: Person | None, as_of: date, at: datetime) -> Flag:
    person, period = finding.reading.person, finding.window.period
    flag = Flag.objects.create(
        person=person,
        team=finding.team,
        measure=MEASURE,
        period=period.key,
        raised_on=as_of,
        behind_since=finding.since,
        expires_on=period.end,
        **_values(finding, as_of),
    )
    _event(flag, FlagEvent.Kind.RAISED, at, None, flag.sentence)
    link = reverse("flag", args=[flag.pk])
    label = finding.window.label
    due_on = as_of + timedelta(days=3)
    add_task(
        owner=person, text=f"Read what stands out about your {label}, and answer", due_on=due_on, by=None,
        source="flag", reason=flag.sentence, link=link,
    )  # fmt: skip
    told = [(person, f"Your {label} is behind the plan. {flag.sentence}")]
    if manager is not None:
        add_task(
            owner=manager, text=f"See how to help {person} with {label}", due_on=due_on, by=None,
            source="flag", reason=flag.sentence, link=link,
        )  # fmt: skip
        told.append((manager, f"{person}'s {label} is behind the plan. {flag.sentence}"))
    Notice.objects.bulk_create(
        Notice(user_id=who.user_id, text=text[:300], link=link, at=at) for who, text in told if who.user_id
    )
    _bump(flag)
    return flag


def _change(flag: Flag, finding: Finding, as_of: date, at: datetime) -> bool:
    """Bring an open flag up to date if its figures moved enough to say so, or carry it into the next quarter."""
    now, was, period = _values(finding, as_of), flag.gap, finding.window.period
    text = f"{now['gap']:,.0f} behind, after {was:,.0f}."
    if flag.period != period.key:
        now |= {"period": period.key, "expires_on": period.end}
        text = f"Carried into {period.label}."
    elif (flag.cause, flag.severity) == (now["cause"], now["severity"]) and abs(now["gap"] - was) < ENOUGH_CHANGE * max(
        was, Decimal(1)
    ):
        return False
    for name, value in now.items():
        setattr(flag, name, value)
    flag.save(update_fields=list(now))
    _event(flag, FlagEvent.Kind.CHANGED, at, None, f"{text} {flag.sentence}")
    _bump(flag)
    return True


def _close(flag: Flag, because: str, as_of: date, at: datetime) -> None:
    flag.closed_on, flag.closed_because = as_of, because
    flag.save(update_fields=["closed_on", "closed_because"])
    _event(flag, FlagEvent.Kind.CLOSED, at, None, because)
    Task.objects.filter(source="flag", link=reverse("flag", args=[flag.pk]), done_at=None).update(done_at=at)
    _bump(flag)


@transaction.atomic
def answer_flag(*, flag: Flag, by: User, at: datetime, text: str) -> FlagEvent:
    """The person says what they think of a flag about them; only they can."""
    if not text.strip():
        raise Refused("Write what you want to say.", field="text")
    if len(text.strip()) > 1000:
        raise Refused("Keep it within 1,000 characters.", field="text")
    flag = Flag.objects.select_for_update(of=("self",)).select_related("person").get(pk=flag.pk)
    if access_of(by).person_id != flag.person_id:
        raise Refused("Only the person it is about can answer a flag.")
    event = _event(flag, FlagEvent.Kind.ANSWERED, at, by, text.strip())
    link = reverse("flag", args=[flag.pk])
    Task.objects.filter(owner=flag.person, source="flag", link=link, done_at=None).update(done_at=at)
    manager = manager_of(flag.person, flag.as_of)
    if manager is not None and manager.user_id:
        Notice.objects.create(user_id=manager.user_id, text=f"{flag.person} answered a flag.", link=link, at=at)
    _bump(flag)
    return event


@transaction.atomic
def see_flag(*, flag: Flag, by: User, at: datetime) -> None:
    """Note that the person has seen it; nobody else's look counts."""
    if access_of(by).person_id == flag.person_id:
        Flag.objects.filter(pk=flag.pk, seen_by_person_at=None).update(seen_by_person_at=at)


@transaction.atomic
def recheck(*, as_of: date, at: datetime) -> int:
    """Look again at those whose figures have changed since the last time; answer how many they were."""
    marks = list(Mark.objects.filter(topic=TOPIC).select_for_update(skip_locked=True).values_list("pk", "person_id"))
    people = {person for _, person in marks if person}
    if people:
        raise_flags(as_of=as_of, at=at, people=people)
    Mark.objects.filter(pk__in=[pk for pk, _ in marks]).delete()
    return len(people)


def _event(flag: Flag, kind: FlagEvent.Kind, at: datetime, by: User | None, text: str) -> FlagEvent:
    return FlagEvent.objects.create(flag=flag, kind=kind, at=at, by=by, text=text)


def _bump(flag: Flag) -> None:
    transaction.on_commit(lambda: live.bump(people=[flag.person_id], teams=[flag.team_id] if flag.team_id else []))
