"""Open, raise, move, hand over and close a case."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet

from coaching.models import ActionItem, Case, CaseChange, DiagnosisStep, Step
from coaching.selectors import evidence_of, leads_on
from performance.models import Flag
from sales.models import Task
from salesmgmt.lib.refusals import Refused
from teams.models import Person, User, access_of
from teams.selectors import manager_of, team_on

from .edges import day_of, lock_case, locked_case, must_be_current, must_coach, note_change, pass_promises, tell

MONEY = {"bookings", "pipeline"}  # measures whose gap is an amount
CASE_DAYS = timedelta(days=14)


@transaction.atomic
def open_case(*, flag: Flag, owner: Person, due_on: date, by: User, at: datetime) -> Case:
    """The work a flag opens. A flag has one case: a second call gives the one that stands, and takes up again one that
    was closed while the flag still stands."""
    flag = Flag.objects.select_for_update(of=["self"]).select_related("person").get(pk=flag.pk)
    standing = Case.objects.filter(flag=flag).first()
    if standing is not None and (standing.is_open or flag.closed_on is not None):
        return standing
    must_coach(by, flag.person)
    if standing is not None:
        return reopen_case(case=standing, due_on=due_on, reason="The finding still stands", by=by, at=at)
    return _open(
        person=flag.person, owner=owner, due_on=due_on, by=by, at=at, flag=flag, subject=flag.sentence,
        at_stake=flag.gap if flag.measure in MONEY else flag.cost,
    )  # fmt: skip


@transaction.atomic
def open_case_about(
    *,
    person: Person,
    subject: str,
    owner: Person,
    due_on: date,
    by: User,
    at: datetime,
    at_stake: Decimal | None = None,
) -> Case:
    """What who leads somebody sees for themselves opens a case as well; the same twice is one."""
    must_coach(by, person)
    return _opened_once(
        person=person, owner=owner, due_on=due_on, by=by, at=at, subject=subject.strip(), at_stake=at_stake,
        source=Case.Source.MANAGER,
    )  # fmt: skip


@transaction.atomic
def raise_case(
    *, ask: str, subject: str, by: User, at: datetime, due_on: date | None = None, at_stake: Decimal | None = None
) -> Case:
    """Somebody says what holds them back; it goes to who leads them, who owns it from there."""
    me = Person.objects.filter(user=by).first()
    on = day_of(at)
    manager = manager_of(me, on) if me is not None else None
    if me is None or manager is None:
        raise Refused("Nobody leads you today, so there is nobody this could go to.")
    if ask not in Case.Ask.values:
        raise Refused(f"“{ask}” is not a choice; there is {', '.join(Case.Ask.values)}.", field="ask")
    return _opened_once(
        person=me, owner=manager, due_on=due_on or on + CASE_DAYS, by=by, at=at, subject=subject.strip(), ask=ask,
        at_stake=at_stake, source=Case.Source.PERSON,
    )  # fmt: skip


def _opened_once(*, person: Person, subject: str, **how: Any) -> Case:
    Person.objects.select_for_update().get(pk=person.pk)
    standing = Case.objects.open().filter(person=person, subject=subject, flag=None).first()
    return standing if standing is not None else _open(person=person, subject=subject, **how)


def _open(*, person: Person, owner: Person, due_on: date, by: User, at: datetime, subject: str, **more: Any) -> Case:
    on = day_of(at)
    if not subject:
        raise Refused("Say in a sentence what the case is about.", field="subject")
    if due_on < on:
        raise Refused(f"The due date {due_on:%d %b %Y} is in the past; choose a later day.", field="due_on")
    if (more.get("at_stake") or 0) < 0:
        raise Refused("What is at stake is no less than 0.", field="at_stake")
    must_own(owner, person, by, on)
    evidence = None
    if "flag" not in more:  # a flag keeps its own
        evidence = {step.value: one.as_json() for step, one in evidence_of(person=person, as_of=on).items()}
    case = Case.objects.create(
        person=person, owner=owner, subject=subject, opened_at=at, due_on=due_on, raised_by_id=access_of(by).person_id,
        team=team_on(person, on), evidence=evidence, **more,
    )  # fmt: skip
    CaseChange.objects.create(case=case, at=at, by=by, what=f"Opened, due {due_on:%d %b %Y}")
    _give_task(case)
    link = f"/cases/{case.pk}/"
    if case.source == Case.Source.PERSON:
        tell(owner, f"{person.name} raised a case with you.", link, at)
    else:
        tell(person, "A case about your gap is open: you can say how you see it." if case.flag_id else
             "A case about your work is open: you can say how you see it.", link, at)  # fmt: skip
    return case


def must_own(owner: Person, person: Person, by: User, on: date) -> None:
    """A case is owned by who leads the person, or by who opens it and may."""
    if owner.pk == person.pk:
        raise Refused("Nobody owns their own case; choose somebody who leads them.", field="owner")
    if access_of(by).person_id != owner.pk and not leads_on(owner, person, on):
        raise Refused(f"{owner.name} does not lead {person.name}; choose somebody who does.", field="owner")


def _give_task(case: Case) -> None:
    Task.objects.create(
        owner=case.owner,
        text="Close a case",
        due_on=case.due_on,
        source="flag" if case.flag_id else "case",
        reason=case.subject if case.flag_id else "",
        link=f"/cases/{case.pk}/",
    )


@transaction.atomic
def move_case(*, case: Case, due_on: date, reason: str, by: User, at: datetime, version: int | None = None) -> Case:
    """A later (or earlier) due date, with the reason."""
    must_coach(by, case.person)
    case = lock_case(case, version)
    if not reason.strip():
        raise Refused("Say in a sentence why the date moves.", field="reason")
    if due_on < day_of(at):
        raise Refused(f"The due date {due_on:%d %b %Y} is in the past; choose a later day.", field="due_on")
    was, case.due_on = case.due_on, due_on
    case.save(update_fields=["due_on"])
    note_change(case, f"Due date moved from {was:%d %b} to {due_on:%d %b}: {reason.strip()}", by=by, at=at)
    _tasks_of(case).update(due_on=due_on)
    return case


@transaction.atomic
def hand_over_case(*, case: Case, owner: Person, by: User, at: datetime, version: int | None = None) -> Case:
    """Another owner: after a move or a leaving it is who leads the person now."""
    must_coach(by, case.person)
    case = lock_case(case, version)
    if owner.pk == case.owner_id:
        return case
    must_own(owner, case.person, by, day_of(at))
    _pass_on(case, owner, by=by, at=at)
    return case


def _pass_on(case: Case, owner: Person, *, by: User | None, at: datetime) -> None:
    """The case, its task and what was promised to its owner, or by them for it, go to another."""
    was, case.owner = case.owner, owner
    case.save(update_fields=["owner"])
    note_change(case, f"{owner.name} owns it instead of {was.name}", by=by, at=at)
    _end_tasks(case, at)
    _give_task(case)
    pass_promises(ActionItem.objects.filter(case=case), was=was, heir=owner)
    for one in (case.person, owner):
        tell(one, f"{owner.name} owns the case of {case.person.name} now.", f"/cases/{case.pk}/", at)


@transaction.atomic
def pass_case_on(*, case: Case, on: date, at: datetime) -> bool:
    """A case whose owner no longer leads the person goes to who does. Whether it went."""
    case = locked_case(case.pk)
    heir = manager_of(case.person, on)
    if not case.is_open or heir is None or heir.pk == case.owner_id:
        return False
    _pass_on(case, heir, by=None, at=at)
    return True


@transaction.atomic
def end_case_of_leaver(*, case: Case, at: datetime) -> None:
    """Nobody is helped any more: it ends without a cause."""
    case = locked_case(case.pk)
    if case.is_open:
        _end(case, cause=Case.NO_CAUSE, outcome=Case.Outcome.LEFT, result="They have left the company.", by=None, at=at)


@transaction.atomic
def remind_of_cases(*, on: date, at: datetime) -> int:
    """Tell owners once that a case is past its day. How many."""
    late = Case.objects.open().filter(due_on__lt=on).filter(Q(late_told_on=None) | Q(late_told_on__lte=F("due_on")))
    found = list(late.select_for_update(of=["self"], skip_locked=True).select_related("owner__user", "person"))
    for case in found:
        tell(case.owner, f"The case of {case.person.name} was due on {case.due_on:%d %b %Y}.", f"/cases/{case.pk}/", at)
    Case.objects.filter(pk__in=[case.pk for case in found]).update(late_told_on=on)
    return len(found)


@transaction.atomic
def close_case(
    *, case: Case, cause: str, outcome: str, result: str, by: User, at: datetime, version: int | None = None
) -> Case:
    """The end of a case: its main cause, its outcome and what came of it."""
    must_coach(by, case.person)
    case = lock_case(case, version)
    if outcome not in Case.CHOSEN:
        raise Refused(f"A case closes with an outcome: {', '.join(Case.CHOSEN)}.", field="outcome")
    if outcome == Case.Outcome.WITHDRAWN and case.source == Case.Source.PERSON:
        raise Refused(f"{case.person.name} raised this case; only they withdraw it.", field="outcome")
    if not result.strip():
        raise Refused("Say in a sentence what came of it.", field="result")
    ruled = {row.step: row for row in DiagnosisStep.objects.filter(case=case).standing()}
    if cause == Case.NO_CAUSE:
        if outcome != Case.Outcome.WITHDRAWN and (len(ruled) < len(Step) or any(row.is_in for row in ruled.values())):
            raise Refused(
                "“No cause found” is for cases in which every step was ruled out, or that are withdrawn.", field="cause"
            )
    elif cause not in Step.values:
        raise Refused("A case closes with a cause: one of the steps that were ruled in.", field="cause")
    elif cause not in ruled or not ruled[cause].is_in:
        raise Refused(f"{Step(cause).label} was not ruled in; rule on it first, or name another cause.", field="cause")
    case.is_team_wide = ruled[cause].is_team_wide if cause in ruled else None
    _end(case, cause=cause, outcome=outcome, result=result.strip(), by=by, at=at)
    tell(case.person, "Your case is closed.", f"/cases/{case.pk}/", at)
    return case


@transaction.atomic
def withdraw_case(*, case: Case, result: str, by: User, at: datetime, version: int | None = None) -> Case:
    """Who raised a case takes it back; nobody else does that for them."""
    if case.source != Case.Source.PERSON or access_of(by).person_id != case.person_id:
        raise Refused("Only who raised a case withdraws it.")
    case = lock_case(case, version)
    if not result.strip():
        raise Refused("Say in a sentence why it is no longer needed.", field="result")
    _end(case, cause=Case.NO_CAUSE, outcome=Case.Outcome.WITHDRAWN, result=result.strip(), by=by, at=at)
    tell(case.owner, f"{case.person.name} withdrew the case they had raised.", f"/cases/{case.pk}/", at)
    return case


def _end(case: Case, *, cause: str, outcome: str, result: str, by: User | None, at: datetime) -> None:
    case.state, case.closed_at, case.result = Case.State.CLOSED, at, result
    case.cause, case.outcome = cause, outcome
    case.save(update_fields=["state", "closed_at", "result", "cause", "outcome", "is_team_wide"])
    said = case.get_outcome_display()
    note_change(case, f"Closed, {said[0].lower()}{said[1:]}", by=by, at=at)
    _end_tasks(case, at)


@transaction.atomic
def reopen_case(*, case: Case, due_on: date, reason: str, by: User, at: datetime, version: int | None = None) -> Case:
    """Take up a closed case again: what was ruled stands until it is taken up again too."""
    must_coach(by, case.person)
    case = locked_case(case.pk)
    if case.is_open:
        return case
    must_be_current(case, version)
    if not reason.strip():
        raise Refused("Say in a sentence why it is opened again.", field="reason")
    if due_on < day_of(at):
        raise Refused(f"The due date {due_on:%d %b %Y} is in the past; choose a later day.", field="due_on")
    me = Person.objects.get(user=by)
    case.state, case.closed_at, case.is_team_wide, case.due_on = Case.State.OPEN, None, None, due_on
    case.cause = case.outcome = case.result = ""
    if not leads_on(case.owner, case.person, day_of(at)):
        case.owner = me
    case.save(update_fields=["state", "closed_at", "is_team_wide", "due_on", "cause", "outcome", "result", "owner"])
    note_change(case, f"Opened again, due {due_on:%d %b %Y}: {reason.strip()}", by=by, at=at)
    _give_task(case)
    for one in {case.person, case.owner} - {me}:
        tell(one, f"The case of {case.person.name} is open again.", f"/cases/{case.pk}/", at)
    return case


def _end_tasks(case: Case, at: datetime) -> None:
    """What the flag said goes with them: they outlive who may read it."""
    _tasks_of(case).update(done_at=at, reason="")


def _tasks_of(case: Case) -> QuerySet[Task]:
    return Task.objects.filter(link=f"/cases/{case.pk}/", source__in=["flag", "case"], done_at=None)
