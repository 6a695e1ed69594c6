"""Open, move and close a case."""

from datetime import date, datetime

from django.db import transaction

from coaching.models import Case, CaseChange
from performance.models import Flag
from sales.models import Task
from salesmgmt.lib.refusals import Refused
from teams.models import Person, User

from .edges import must_coach, tell


@transaction.atomic
def open_case(*, flag: Flag, owner: Person, due_on: date, by: User, at: datetime) -> Case:
    """The work a flag opens. A flag has one case: a second call gives the one that stands."""
    Flag.objects.select_for_update().get(pk=flag.pk)
    standing = Case.objects.filter(flag=flag).first()
    if standing is not None:
        return standing
    must_coach(by, flag.person)
    if due_on < at.date():
        raise Refused(f"The due date {due_on:%d %b %Y} is in the past; choose a later day.", field="due_on")
    case = Case.objects.create(
        person=flag.person, owner=owner, flag=flag, subject=flag.sentence, opened_at=at, due_on=due_on
    )
    CaseChange.objects.create(case=case, at=at, by=by, what=f"Opened, due {due_on:%d %b %Y}")
    Task.objects.create(
        owner=owner,
        text=f"Close the case of {flag.person.name}"[:300],
        due_on=due_on,
        source="flag",
        reason=flag.sentence,
        link=f"/cases/{case.pk}/",
    )
    tell(flag.person, f"A case about your gap is open: {flag.sentence}", f"/cases/{case.pk}/", at)
    return case


@transaction.atomic
def move_case(*, case: Case, due_on: date, reason: str, by: User, at: datetime) -> Case:
    """A later (or earlier) due date, with the reason."""
    case = Case.objects.select_for_update().get(pk=case.pk)
    must_coach(by, case.person)
    if case.state == Case.State.CLOSED:
        raise Refused("This case is closed; its due date no longer moves.")
    if not reason.strip():
        raise Refused("Say in a sentence why the date moves.", field="reason")
    was, case.due_on = case.due_on, due_on
    case.save(update_fields=["due_on"])
    what = f"Due date moved from {was:%d %b} to {due_on:%d %b}: {reason.strip()}"
    CaseChange.objects.create(case=case, at=at, by=by, what=what[:300])
    Task.objects.filter(link=f"/cases/{case.pk}/", source="flag", done_at=None).update(due_on=due_on)
    return case


@transaction.atomic
def close_case(*, case: Case, result: str, by: User, at: datetime) -> Case:
    """The end of a case, with what came of it."""
    case = Case.objects.select_for_update().get(pk=case.pk)
    must_coach(by, case.person)
    if case.state == Case.State.CLOSED:
        raise Refused("This case is closed already.")
    if not result.strip():
        raise Refused("Say in a sentence what came of it.", field="result")
    case.state, case.closed_at, case.result = Case.State.CLOSED, at, result.strip()
    case.save(update_fields=["state", "closed_at", "result"])
    CaseChange.objects.create(case=case, at=at, by=by, what=f"Closed: {case.result}"[:300])
    Task.objects.filter(link=f"/cases/{case.pk}/", done_at=None).update(done_at=at)
    return case
