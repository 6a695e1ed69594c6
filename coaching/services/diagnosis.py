"""Rule on the steps of a diagnosis, in their order; hear the person; take a step up again."""

from datetime import date, datetime, timedelta

from django.db import transaction

from coaching.models import Case, CaseStatement, DiagnosisStep, Question, Step
from coaching.selectors import day_after, days_here, evidence_of, unasked
from salesmgmt.lib.refusals import Refused
from teams.models import User, access_of

from .edges import day_of, lock_case, must_be_current, must_coach, note_change, tell

ORDER = list(Step)
VIEW_DAYS = 3  # working days on which the person is here


@transaction.atomic
def rule_step(
    *,
    case: Case,
    step: str,
    is_in: bool,
    reason: str,
    by: User,
    at: datetime,
    is_team_wide: bool = False,
    not_asked_because: str = "",
    version: int | None = None,
) -> DiagnosisStep:
    """Rule a step in or out, with the reason; its figures are kept as they stand.

    `is_team_wide` adds to what the figures say and takes nothing away from it. `not_asked_because` says, before a
    conclusion on the person, why a department was not asked. The same ruling twice is one.
    """
    must_coach(by, case.person)
    if step not in Step.values:
        raise Refused(f"“{step}” is not a step; there is {', '.join(Step.values)}.", field="step")
    asked, on = Step(step), day_of(at)
    case = lock_case(case)
    ruled = {row.step: row for row in DiagnosisStep.objects.filter(case=case).standing()}
    if step in ruled:
        stands = ruled[step]
        if (stands.is_in, stands.reason) == (is_in, reason.strip()):
            return stands
        raise Refused(f"{asked.label} was ruled {'in' if stands.is_in else 'out'} already; take it up again first.")
    must_be_current(case, version)
    if not reason.strip():
        raise Refused("Say in a sentence why: the person reads it.", field="reason")
    missing = [one.label for one in ORDER[: ORDER.index(asked)] if one not in ruled]
    if missing:
        raise Refused(f"{asked.label} comes after {_list(missing)}; rule on these first.", field="step")
    evidence = evidence_of(person=case.person, as_of=on)[asked]
    if asked == Step.PERSON:
        _must_be_fair(case, is_in, on, ruled, evidence.is_team_wide or is_team_wide, not_asked_because.strip())
    made = DiagnosisStep.objects.create(
        case=case, step=step, is_in=is_in, is_team_wide=evidence.is_team_wide or is_team_wide, reason=reason.strip(),
        evidence=evidence.as_json(), not_asked_because=not_asked_because.strip(), ruled_at=at, ruled_by=by,
    )  # fmt: skip
    note_change(case, f"{asked.label} ruled {'in' if is_in else 'out'}", by=by, at=at)
    tell(case.person, f"A step of your case was ruled on: {asked.label}.", f"/cases/{case.pk}/", at)
    return made


def _must_be_fair(
    case: Case, is_in: bool, on: date, ruled: dict[str, DiagnosisStep], is_shared: bool, not_asked_because: str
) -> None:
    """The person is the last explanation, and never one before they were heard."""
    if not is_in:
        return
    name = case.person.name
    wide = [Step(row.step).label for row in ruled.values() if row.is_in and row.is_team_wide]
    if wide:
        raise Refused(f"{_list(wide)} was ruled in for the whole team, so it does not lie with {name}.", field="step")
    if is_shared:
        raise Refused(f"The whole team shows the same, so it does not lie with {name}.", field="step")
    awaited = [one for one in Question.objects.filter(case=case, answered_at=None) if one.is_awaited(on)]
    if awaited:
        whom = _list(sorted({one.get_department_display() for one in awaited}))
        until = max(one.due_on for one in awaited)
        raise Refused(f"{whom} was asked and has until {until:%d %b %Y} to answer; wait for that first.", field="step")
    left_out = [step.label for step in unasked(case, on=on)]
    if left_out and not not_asked_because:
        raise Refused(
            f"Nobody was asked about {_list(left_out)}; ask first, or say why not.", field="not_asked_because"
        )
    if CaseStatement.objects.filter(case=case, person=case.person).exists():
        return
    if case.view_due_on is None or case.view_asked_at is None:
        raise Refused(f"{name} has not been heard yet; ask how they see it first.", field="step")
    if on <= case.view_due_on:
        raise Refused(
            f"{name} was asked and has until {case.view_due_on:%d %b %Y} to say how they see it.", field="step"
        )
    here = len(days_here([case.person], start=day_of(case.view_asked_at) + timedelta(days=1), end=on))
    if here < VIEW_DAYS:
        raise Refused(
            f"{name} has {VIEW_DAYS} working days to say how they see it and was here on {here} of them; wait.",
            field="step",
        )


@transaction.atomic
def reopen_step(
    *, case: Case, step: str, reason: str, by: User, at: datetime, version: int | None = None
) -> list[DiagnosisStep]:
    """Take a step up again, and with it all that came after: they were ruled on its ground."""
    must_coach(by, case.person)
    case = lock_case(case, version)
    if step not in Step.values:
        raise Refused(f"“{step}” is not a step; there is {', '.join(Step.values)}.", field="step")
    if not reason.strip():
        raise Refused("Say in a sentence why it is taken up again.", field="reason")
    later = ORDER[ORDER.index(Step(step)) :]
    rows = list(DiagnosisStep.objects.filter(case=case, step__in=later).standing())
    if step not in {row.step for row in rows}:
        raise Refused(f"{Step(step).label} has not been ruled on.", field="step")
    for row in rows:
        row.reopened_at, row.reopened_by, row.reopened_because = at, by, reason.strip()
        row.save(update_fields=["reopened_at", "reopened_by", "reopened_because"])
    note_change(case, f"{Step(step).label} taken up again, and what came after: {reason.strip()}", by=by, at=at)
    tell(case.person, f"A step of your case was taken up again: {Step(step).label}.", f"/cases/{case.pk}/", at)
    return rows


@transaction.atomic
def ask_view(*, case: Case, by: User, at: datetime, due_on: date | None = None, version: int | None = None) -> Case:
    """Ask the person how they see it, by a day; asked again, the later day counts."""
    must_coach(by, case.person)
    case = lock_case(case, version)
    on = day_of(at)
    least = day_after([case.person], on=on, days=VIEW_DAYS)
    due_on = due_on or least
    if due_on < least:
        raise Refused(
            f"They need {VIEW_DAYS} working days on which they are here; choose {least:%d %b %Y} or later.",
            field="due_on",
        )
    case.view_asked_at, case.view_due_on = at, max(due_on, case.view_due_on or due_on)
    case.save(update_fields=["view_asked_at", "view_due_on"])
    note_change(case, f"{case.person.name} asked for their view by {case.view_due_on:%d %b %Y}", by=by, at=at)
    tell(case.person, f"You are asked how you see your case, by {case.view_due_on:%d %b %Y}.", f"/cases/{case.pk}/", at)
    return case


@transaction.atomic
def state_view(*, case: Case, text: str, by: User, at: datetime) -> CaseStatement:
    """The person says how they see it; more can be said later, nothing is taken back. The same twice is one."""
    if access_of(by).person_id != case.person_id:
        raise Refused(f"Only {case.person.name} says here how they see it.")
    case = lock_case(case)
    if not text.strip():
        raise Refused("Say how you see it; an empty text can't be kept.", field="text")
    last = CaseStatement.objects.filter(case=case, person=case.person).order_by("-at", "-pk").first()
    if last is not None and last.text == text.strip():
        return last
    made = CaseStatement.objects.create(case=case, person=case.person, text=text.strip(), at=at)
    note_change(case, f"{case.person.name} said how they see it", by=by, at=at)
    tell(case.owner, f"{case.person.name} said how they see their case.", f"/cases/{case.pk}/", at)
    return made


def _list(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
