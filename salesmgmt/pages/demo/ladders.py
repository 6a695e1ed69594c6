"""Writes two ladders: one that ended with goals met, one on an improvement plan that leave has paused."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db import transaction

from coaching.models import (
    Case,
    CaseChange,
    DiagnosisStep,
    Ladder,
    LadderEvent,
    LadderStep,
    Step,
    StepGoal,
    StepPause,
    StepReading,
    StepSupport,
)
from coaching.selectors import pauses_due
from salesmgmt.lib.ranges import half_open
from teams.models import Leave, Person, Posting, Role, User
from teams.selectors import manager_of

from .organisation import ZONE

What = LadderEvent.Kind
MET = "E-104"
NAMES = {
    LadderStep.Kind.TRAINING: (
        "Two mornings on first meetings: whom to ask, and what for.",
        "A seat in the course on discovery",
    ),
    LadderStep.Kind.COACHING: ("A visit together each week, talked through the same day.", "Ride along once a week"),
    LadderStep.Kind.IMPROVEMENT: (
        "Four first meetings a week, prepared with the plant's own figures.",
        "Two leads a week",
    ),
}
SAID = {
    LadderStep.Kind.TRAINING: "The course helped; the list of accounts is the harder part.",
    LadderStep.Kind.COACHING: "Good to have somebody beside me.",
    LadderStep.Kind.IMPROVEMENT: "I agree on the meetings. The two leads a week matter to me.",
}


@transaction.atomic
def write_ladders(*, today: date) -> None:
    """After postings and leave; nothing that counts is changed."""
    if Ladder.objects.exists():
        return
    met = Person.objects.filter(external_id=MET).first()
    if met is not None:
        _write(met, today - timedelta(days=110), (LadderStep.Kind.TRAINING, LadderStep.Kind.COACHING), is_met=True)
    reps = Leave.objects.filter(person__postings__role=Role.REP).exclude(person=met).select_related("person")
    lately = reps.overlapping(today - timedelta(days=28), today).filter(kind__is_protected=False)
    leave = reps.on(today).order_by("during", "pk").last() or lately.order_by("during", "pk").last()
    if leave is not None:
        ladder = _write(leave.person, leave.starts_on - timedelta(days=100), tuple(NAMES), is_met=False)
        _pause(ladder.steps.get(kind=LadderStep.Kind.IMPROVEMENT))


def _write(person: Person, start: date, kinds: tuple[LadderStep.Kind, ...], *, is_met: bool) -> Ladder:
    coach = manager_of(person, start)
    by = coach.user if coach else None
    case = _case(person, coach, start) if coach else None
    ladder = Ladder.objects.create(
        person=person, case=case, opened_at=_at(start), opened_by=by,
        reason="First meetings fell to half of the quarter before; customers who meet us still buy.",
    )  # fmt: skip
    _note(ladder, None, What.OPENED, start, by)
    for place, kind in enumerate(kinds):
        ends = kind == kinds[-1]
        first = start + timedelta(days=42 * place)
        step = _step(ladder, kind, first, by, coach, is_over=is_met or not ends, is_met=is_met and ends)
        if is_met and ends:
            last = step.last_day
            Ladder.objects.filter(pk=ladder.pk).update(
                outcome=Ladder.Outcome.MET, closed_at=_at(last), closing="Meetings are back; the orders follow."
            )
            _note(ladder, None, What.CLOSED, last, by, Ladder.Outcome.MET.label)
    return ladder


def _case(person: Person, owner: Person, start: date) -> Case:
    """What found that training is lacking, before the ladder began with it."""
    opened, closed = _at(start - timedelta(days=24)), _at(start - timedelta(days=2))
    team = Posting.objects.on(start).filter(person=person).values_list("team_id", flat=True).first()
    case = Case.objects.create(
        person=person, owner=owner, raised_by=owner, source=Case.Source.MANAGER, team_id=team, opened_at=opened,
        subject="First meetings fell to half of the quarter before", due_on=start, state=Case.State.CLOSED,
        closed_at=closed, cause=Step.TRAINING, is_team_wide=False, outcome=Case.Outcome.UNCHANGED,
        result="Price and product hold; first meetings are what is lacking.",
    )  # fmt: skip
    DiagnosisStep.objects.create(
        case=case, step=Step.TRAINING, is_in=True, reason="Half the first meetings of the team, and no course on them.",
        ruled_at=closed, ruled_by=owner.user,
    )  # fmt: skip
    for at, what in ((opened, "Opened"), (closed, f"Closed, {Case.Outcome.UNCHANGED.label.lower()}")):
        CaseChange.objects.create(case=case, at=at, by=owner.user, what=what)
    return case


def _step(
    ladder: Ladder,
    kind: LadderStep.Kind,
    first: date,
    by: User | None,
    coach: Person | None,
    *,
    is_over: bool,
    is_met: bool,
) -> LadderStep:
    until = first + timedelta(days=42)
    text, help_ = NAMES[kind]
    step = LadderStep.objects.create(
        ladder=ladder, kind=kind, during=half_open(first, until), text=text, made_at=_at(first),
        state=LadderStep.State.ACKNOWLEDGED, published_at=_at(first),
    )  # fmt: skip
    reached = Decimal(26 if is_met else 15) if is_over else None
    StepGoal.objects.create(
        step=step, measure="activities.meeting", was=12, aim=24, reached=reached, during=step.during
    )
    if coach is not None:
        given = _at(first + timedelta(days=9)) if is_over else None
        StepSupport.objects.create(
            step=step, owner=coach, text=help_, due_on=first + timedelta(days=40), made_at=_at(first), given_at=given
        )
    StepReading.objects.create(step=step, edition=1, comment=SAID[kind], at=_at(first + timedelta(days=1)))
    _note(ladder, step, What.PUBLISHED, first, by)
    _note(ladder, step, What.ACKNOWLEDGED, first + timedelta(days=1), ladder.person.user)
    if is_over:
        step.state, step.is_met, step.finished_at = LadderStep.State.COMPLETE, is_met, _at(until)
        step.result = "More than asked." if is_met else "Better prepared, still too few meetings."
        step.save(update_fields=["state", "is_met", "finished_at", "result"])
        _note(ladder, step, What.COMPLETED, until, by, "Goals met" if is_met else "Goals not met")
    return step


def _pause(step: LadderStep) -> None:
    """The leave in it is counted, and the person has read the new dates."""
    while due := next(iter(pauses_due(step)), None):
        StepPause.objects.create(
            step=step, during=half_open(due.start, due.last + timedelta(days=1)), days=due.days, at=step.made_at
        )
        step.during = half_open(step.starts_on, due.ends + timedelta(days=1))
        step.edition += 1
        step.save(update_fields=["during", "edition"])
        step.goals.update(during=step.during)
        StepReading.objects.create(step=step, edition=step.edition, at=step.made_at + timedelta(days=2))
        _note(step.ladder, step, What.PAUSED, step.starts_on, None, f"{due.days} working days away")


def _note(ladder: Ladder, step: LadderStep | None, kind: str, on: date, by: User | None, text: str = "") -> None:
    LadderEvent.objects.create(ladder=ladder, step=step, kind=kind, text=text, at=_at(on), by=by)


def _at(on: date) -> datetime:
    return datetime.combine(on, time(10, 20), ZoneInfo(ZONE))
