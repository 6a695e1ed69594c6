"""Flags: raised, changed, put off, answered, closed. The person sees a flag no later than their manager (R25)."""

from collections.abc import Collection
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import structlog
from django.db import connection, transaction
from django.urls import reverse

from performance import live
from performance.models import Flag, FlagCost, FlagEvent, FlagKind
from performance.selectors.early import early
from performance.selectors.findings import Finding, Reading, Window, explain, readings
from performance.selectors.flags import flag_costs, may_put_off
from sales.models import Task
from sales.services.tasks import add_task
from salesmgmt.desk.models import Mark, Notice
from salesmgmt.desk.telling import tell_users
from salesmgmt.lib.refusals import Refused
from teams.models import Person, User, access_of
from teams.selectors import manager_of

logger = structlog.get_logger(__name__)

PER_WEEK = 3  # new ones a manager gets in seven days; the rest wait, the dearest first
ENOUGH_CHANGE = Decimal("0.10")  # of the gap, before an open flag says something new
LEAST_COST, MOST_COST = Decimal("0.1"), Decimal("1000")
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
    thresholds = {kind: float(cost.threshold) for kind, cost in flag_costs().items()}
    window, everybody = readings(as_of=as_of, threshold=thresholds[FlagKind.MISS], people=people)
    found = {pk: reading for pk, reading in everybody.items() if people is None or pk in people}
    done = {"raised": 0, "changed": 0, "closed": 0, "waiting": 0}
    standing = Flag.objects.open().select_related("person")
    if people is not None:
        standing = standing.filter(person__in=people)
    open_flags = {flag.person_id: flag for flag in standing.order_by("raised_on", "pk")}
    behind = [
        reading
        for pk, reading in found.items()
        if reading.is_behind and not reading.is_protected and (pk in open_flags or not reading.is_exempt)
    ]
    late = {reading.person.pk for reading in behind}
    others = [reading for pk, reading in found.items() if pk not in late]
    # What takes everybody's deals and customers to judge waits for the night.
    slow = people is None
    findings = [*explain(behind, window, everybody), *early(others, window, thresholds, slow=slow)]
    findings.sort(key=lambda finding: (-finding.cost, finding.reading.person.pk))
    told = {finding.reading.person.pk: finding for finding in findings}
    flags: dict[int, Flag] = {}
    for pk, flag in open_flags.items():
        because = _why_closed(flag, found.get(pk), told.get(pk), window, as_of, slow=slow)
        if because:
            _close(flag, because, as_of, at)
            done["closed"] += 1
        else:
            flags[pk] = flag
    fresh = [finding for finding in findings if finding.reading.person.pk not in flags]
    managers = {finding.reading.person.pk: manager_of(finding.reading.person, as_of) for finding in fresh}
    recent = _recent(as_of) if fresh else {}
    for finding in findings:
        pk = finding.reading.person.pk
        try:
            with transaction.atomic():
                kind = _take(finding, flags.get(pk), managers.get(pk), recent, as_of, at)
        except Exception:  # one flag that fails keeps none of the others back
            logger.exception("flag_failed", person=pk)
            continue
        if kind:
            done[kind] += 1
    return done


def _take(
    finding: Finding, flag: Flag | None, manager: Person | None, recent: dict[int, int], as_of: date, at: datetime
) -> str:
    """Change the person's flag or raise one, unless their manager has enough new ones; what was done."""
    if flag is not None:
        return "changed" if _weight(finding.kind) <= _weight(flag.kind) and _change(flag, finding, as_of, at) else ""
    if manager is not None and recent.get(manager.pk, 0) >= PER_WEEK:
        return "waiting"
    _raise(finding, manager, as_of, at)
    if manager is not None:
        recent[manager.pk] = recent.get(manager.pk, 0) + 1
    return "raised"


def _weight(kind: str) -> int:
    """The weightiest kind first."""
    return FlagKind.values.index(kind)


def _why_closed(
    flag: Flag, reading: Reading | None, finding: Finding | None, window: Window, as_of: date, *, slow: bool
) -> str:
    stands = finding is not None and _weight(finding.kind) <= _weight(flag.kind)
    if as_of >= flag.expires_on and not (stands and flag.expires_on == window.period.start):
        return "The period is over."
    if reading is None:
        return "There is no quota any more."
    if reading.is_protected:
        return "No flag for now."  # says nothing about the leave
    if stands:
        return ""
    if flag.kind == FlagKind.MISS:
        return "Back within reach of the plan." if reading.has_recovered else ""
    is_judged = not reading.is_exempt and (slow or flag.kind in {FlagKind.TREND, FlagKind.ACTIVITY})
    return "It no longer stands out." if is_judged else ""


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
        "kind": finding.kind,
        "measure": finding.measure,
        "expected": finding.expected,
        "actual": finding.actual,
        "gap": finding.expected - finding.actual,
        "severity": finding.severity,
        "p_miss": None if reading.p_miss is None else Decimal(str(round(reading.p_miss, 2))),
        "cost": finding.cost,
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
        period=period.key,
        raised_on=as_of,
        behind_since=finding.since,
        expires_on=period.end,
        **_values(finding, as_of),
    )
    _event(flag, FlagEvent.Kind.RAISED, at, None, flag.sentence)
    link = reverse("flag", args=[flag.pk])
    due_on = as_of + timedelta(days=3)
    add_task(
        owner=person, text=f"Read what stands out about your {finding.window.label}, and answer", due_on=due_on,
        by=None, source="flag", reason=flag.sentence, link=link,
    )  # fmt: skip
    if manager is not None:
        add_task(
            owner=manager, text=f"See how to help {person} with {finding.window.label}", due_on=due_on, by=None,
            source="flag", reason=flag.sentence, link=link,
        )  # fmt: skip
    _tell(flag, finding, manager, at)
    _bump(flag)
    return flag


def _tell(flag: Flag, finding: Finding, manager: Person | None, at: datetime) -> None:
    """Both at once (R25)."""
    person, label, link = finding.reading.person, finding.window.label, reverse("flag", args=[flag.pk])
    stands = "is behind the plan" if flag.kind == FlagKind.MISS else "may fall behind the plan"
    told = [(person, f"Your {label} {stands}. {flag.sentence}")]
    if manager is not None:
        told.append((manager, f"{person}'s {label} {stands}. {flag.sentence}"))
    tell_users(((who.user_id, text, link) for who, text in told), at=at)


def _change(flag: Flag, finding: Finding, as_of: date, at: datetime) -> bool:
    """Bring an open flag up to date if its figures moved enough to say so, or carry it into the next quarter.

    What is weightier than what was put off is another finding: it shows at once, and both are told.
    """
    wakes = flag.is_snoozed(as_of) and _weight(finding.kind) < _weight(flag.kind)
    now, was, period = _values(finding, as_of), flag.gap, finding.window.period
    text = f"{now['gap']:,.0f} behind, after {was:,.0f}."
    moved = abs(now["gap"] - was) >= ENOUGH_CHANGE * max(abs(was), Decimal(1))
    if flag.period != period.key:
        now |= {"period": period.key, "expires_on": period.end}
        text = f"Carried into {period.label}."
    elif flag.kind != now["kind"]:
        text = f"{finding.kind.label}, after: {flag.get_kind_display().lower()}."
    elif (flag.cause, flag.severity) == (now["cause"], now["severity"]) and not moved:
        return False
    if wakes:
        now["snoozed_until"] = None
    for name, value in now.items():
        setattr(flag, name, value)
    flag.save(update_fields=list(now))
    if flag.kind != FlagKind.MISS:
        text = ""  # its gap is of another measure
    _event(flag, FlagEvent.Kind.CHANGED, at, None, f"{text} {flag.sentence}".strip())
    if wakes:
        _event(flag, FlagEvent.Kind.WOKEN, at, None, "")
        _tell(flag, finding, manager_of(flag.person, as_of), at)
    _bump(flag)
    return True


def _close(flag: Flag, because: str, as_of: date, at: datetime) -> None:
    flag.closed_on, flag.closed_because = as_of, because
    flag.save(update_fields=["closed_on", "closed_because"])
    _event(flag, FlagEvent.Kind.CLOSED, at, None, because)
    link = reverse("flag", args=[flag.pk])
    Task.objects.filter(source="flag", link=link, done_at=None).update(done_at=at)
    Notice.objects.filter(link=link, sent_at=None).update(sent_at=at)  # no e-mail tells of what is over
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
        tell_users([(manager.user_id, f"{flag.person} answered a flag.", link)], at=at)
    _bump(flag)
    return event


@transaction.atomic
def snooze_flag(*, flag: Flag, until: date, reason: str, by: User, on: date, at: datetime) -> FlagEvent:
    """Who leads the person puts a flag off until a day, and says why; the person sees both."""
    flag = Flag.objects.select_for_update(of=("self",)).select_related("person").get(pk=flag.pk)
    _must_lead(by, flag, on)
    reason = reason.strip()
    if not flag.is_open:
        raise Refused("This flag is closed.")
    if not on < until <= flag.expires_on:
        last = flag.expires_on
        raise Refused(f"Choose a day after today, and no later than {last.day} {last:%b %Y}.", field="until")
    if not reason:
        raise Refused("Say why it can wait.", field="reason")
    if len(reason) > 300:
        raise Refused("Keep it within 300 characters.", field="reason")
    if flag.snoozed_until == until and flag.is_snoozed(on):
        raise Refused("It is put off until that day already.", field="until")
    flag.snoozed_until = until
    flag.save(update_fields=["snoozed_until"])
    link = reverse("flag", args=[flag.pk])
    Task.objects.filter(source="flag", link=link, done_at=None, due_on__lt=until).update(due_on=until)
    event = _event(flag, FlagEvent.Kind.SNOOZED, at, by, f"Until {until.day} {until:%b %Y}: {reason}")
    if flag.person.user_id:
        tell_users([(flag.person.user_id, "A flag about you was put off.", link)], at=at)
    _bump(flag)
    return event


@transaction.atomic
def wake_flag(*, flag: Flag, by: User, on: date, at: datetime) -> None:
    """End a snooze before its day."""
    flag = Flag.objects.select_for_update(of=("self",)).select_related("person").get(pk=flag.pk)
    _must_lead(by, flag, on)
    if not flag.is_snoozed(on):
        raise Refused("This flag is not put off.")
    flag.snoozed_until = None
    flag.save(update_fields=["snoozed_until"])
    _event(flag, FlagEvent.Kind.WOKEN, at, by, "")
    _bump(flag)


def _must_lead(by: User, flag: Flag, on: date) -> None:
    if not may_put_off(access_of(by), flag.person, on):
        raise Refused("Only who leads the person can put a flag off.")


@transaction.atomic
def set_flag_cost(
    *, kind: str, needless_talk: Decimal, missed_warning: Decimal, by: User, version: int | None = None
) -> FlagCost:
    """What being wrong costs, for one kind of flag; the threshold follows. Operations and admins set it."""
    if not access_of(by).imports:
        raise Refused("Only operations and admins set what a wrong flag costs.")
    cost = FlagCost.objects.select_for_update().get(kind=kind)
    if version is not None and version != cost.version:
        raise Refused("Somebody has changed this since you opened it. Look again.")
    for field, value in (("needless_talk", needless_talk), ("missed_warning", missed_warning)):
        if not LEAST_COST <= value <= MOST_COST:
            raise Refused(f"Choose a number from {LEAST_COST} to {MOST_COST}.", field=field)
        setattr(cost, field, value)
    cost.version += 1
    cost.save(update_fields=["needless_talk", "missed_warning", "version"])
    return cost


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
