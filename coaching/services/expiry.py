"""For how long what is said and written in coaching is kept: what is over for longer is blanked; that it was, stays."""

from datetime import datetime

from django.db.models import Q

from coaching.models import (
    ActionItem,
    AgendaItem,
    Attendance,
    Case,
    CaseChange,
    CaseStatement,
    CoachingPlan,
    CoachingPlanChange,
    Decision,
    DevelopmentPlan,
    DiagnosisStep,
    Dispute,
    Enrolment,
    Evidence,
    Exit,
    Goal,
    Ladder,
    LadderDecision,
    LadderEvent,
    LadderStep,
    Meeting,
    MeetingPoint,
    MeetingQuestion,
    Mentorship,
    Note,
    OneOnOneChange,
    Pulse,
    Question,
    QuizAnswer,
    QuizAttempt,
    Remedy,
    Statement,
    StepReading,
    StepSupport,
)
from sales.models import Task
from salesmgmt.desk.erasure import Forgotten
from salesmgmt.desk.expiry import GONE, Expiry


def _left(before: datetime, way: str) -> Q:
    return Q(**{f"{way}__left_on__lt": before.date()})


def _forget_notes(before: datetime, forgotten: Forgotten) -> None:
    forgotten.drop(Note.objects.filter(at__lt=before))


def _forget_agendas(before: datetime, forgotten: Forgotten) -> None:
    """Of talks that were missed too."""
    over = AgendaItem.objects.filter(one_on_one__starts_at__lt=before)
    forgotten.blank(over.exclude(text=GONE), text=GONE, link="")


def _forget_promises(before: datetime, forgotten: Forgotten) -> None:
    """Kept long ago, or due long ago and never kept; and where the agenda of a meeting told them."""
    over = ActionItem.objects.filter(Q(done_at__lt=before) | Q(done_at=None, due_on__lt=before.date()))
    told = MeetingPoint.objects.filter(source=MeetingPoint.Source.PROMISE, meeting__starts_at__lt=before)
    forgotten.blank(over.exclude(text=GONE), text=GONE, result="")
    forgotten.blank(told.exclude(text=GONE), text=GONE)


def _forget_cases(before: datetime, forgotten: Forgotten) -> None:
    """Closed ones, and those of who left."""
    closed = Case.objects.filter(Q(state=Case.State.CLOSED, closed_at__lt=before) | _left(before, "person"))
    links = [f"/cases/{pk}/" for pk in closed.exclude(subject=GONE).values_list("pk", flat=True)]
    forgotten.blank(Task.objects.filter(link__in=links).exclude(reason=""), reason="")
    forgotten.blank(CaseChange.objects.filter(case__in=closed).exclude(what=GONE), what=GONE)
    forgotten.blank(CaseStatement.objects.filter(case__in=closed).exclude(text=GONE), text=GONE)
    steps = DiagnosisStep.objects.filter(case__in=closed).exclude(reason=GONE)
    forgotten.blank(steps.exclude(reopened_because=""), reopened_because=GONE)
    forgotten.blank(steps.exclude(not_asked_because=""), not_asked_because=GONE)
    forgotten.blank(steps, reason=GONE, evidence={})
    asked = Question.objects.filter(case__in=closed).exclude(text=GONE)
    forgotten.blank(asked.exclude(answer=""), answer=GONE)
    forgotten.blank(asked, text=GONE)
    forgotten.blank(closed.exclude(subject=GONE), subject=GONE, result=GONE, evidence=None)


def _forget_plans(before: datetime, forgotten: Forgotten) -> None:
    closed = DevelopmentPlan.objects.filter(Q(closed_at__lt=before) | _left(before, "person"))
    forgotten.blank(Goal.objects.filter(plan__in=closed).exclude(text=GONE), text=GONE, wanted="")
    forgotten.blank(closed.exclude(aim=GONE), aim=GONE, path="")
    over = Mentorship.objects.filter(Q(during__endswith__lt=before.date()) | _left(before, "person"))
    forgotten.blank(over.exclude(focus=GONE), focus=GONE)


def _forget_answers(before: datetime, forgotten: Forgotten) -> None:
    """That a course was passed stays."""
    old = QuizAttempt.objects.filter(at__lt=before)
    forgotten.drop(QuizAnswer.objects.filter(attempt__in=old))
    forgotten.drop(old)


def _forget_ladders(before: datetime, forgotten: Forgotten) -> None:
    over = Ladder.objects.filter(Q(closed_at__lt=before) | _left(before, "person"))
    steps = LadderStep.objects.filter(ladder__in=over)
    forgotten.blank(StepReading.objects.filter(step__in=steps).exclude(comment=""), comment="")
    forgotten.blank(StepSupport.objects.filter(step__in=steps).exclude(text=GONE), text=GONE)
    forgotten.blank(LadderDecision.objects.filter(step__in=steps).exclude(reason=GONE), reason=GONE, answer="")
    forgotten.blank(LadderEvent.objects.filter(ladder__in=over).exclude(text=""), text="")
    forgotten.blank(steps.exclude(text="", result=""), text="", result="")
    forgotten.blank(over.exclude(reason=GONE), reason=GONE, closing="")


def _forget_exits(before: datetime, forgotten: Forgotten) -> None:
    said = Exit.objects.filter(left_on__lt=before.date()).exclude(interview="", lesson="")
    forgotten.blank(said, interview="", lesson="")


def _forget_disputes(before: datetime, forgotten: Forgotten) -> None:
    """That it was, who was heard, and what it changed stays."""
    over = Dispute.objects.exclude(state__in=Dispute.UNSETTLED).filter(decide_by__lt=before.date())
    forgotten.blank(Statement.objects.filter(party__dispute__in=over).exclude(text__in=["", GONE]), text=GONE)
    forgotten.blank(Decision.objects.filter(dispute__in=over).exclude(reasons__in=["", GONE]), reasons=GONE)
    forgotten.blank(Remedy.objects.filter(decision__dispute__in=over).exclude(text__in=["", GONE]), text=GONE)
    forgotten.blank(Evidence.objects.filter(dispute__in=over).exclude(text__in=["", GONE]), text=GONE)


def _forget_help(before: datetime, forgotten: Forgotten) -> None:
    """When which help was for which measure stays: what works is learned from it."""
    over = CoachingPlan.objects.filter(until__lt=before.date())
    forgotten.blank(CoachingPlanChange.objects.filter(plan__in=over).exclude(what=GONE), what=GONE)
    forgotten.blank(over.exclude(text="").exclude(text=GONE), text=GONE)


def _forget_pulses(before: datetime, forgotten: Forgotten) -> None:
    forgotten.drop(Pulse.objects.filter(on__lt=before.date()))


def _forget_meetings(before: datetime, forgotten: Forgotten) -> None:
    """What was decided stays."""
    over = Meeting.objects.filter(starts_at__lt=before)
    forgotten.drop(Attendance.objects.filter(meeting__in=over))
    asked = MeetingQuestion.objects.filter(Q(meeting__in=over) | Q(meeting=None, asked_at__lt=before))
    forgotten.blank(asked.exclude(text=GONE), text=GONE, answer="")
    forgotten.blank(over.exclude(minutes__in=["", GONE]), minutes=GONE)


def _forget_moves(before: datetime, forgotten: Forgotten) -> None:
    old = OneOnOneChange.objects.filter(at__lt=before)
    forgotten.blank(old.exclude(reason=""), reason="")


def _forget_enrolments(before: datetime, forgotten: Forgotten) -> None:
    """That a course was given, and passed, stays."""
    old = Enrolment.objects.filter(assigned_at__lt=before)
    forgotten.blank(old.exclude(reason__in=["", GONE]), reason=GONE)


EXPIRIES = [
    Expiry("notes", "Notes about people", 36, _forget_notes),
    Expiry("agendas", "Agendas of 1:1s that are over", 36, _forget_agendas),
    Expiry("promises", "Words of promises, from the day they were kept or due", 36, _forget_promises),
    Expiry("cases", "Words of cases that are closed, or of people who left", 36, _forget_cases),
    Expiry("development_plans", "Words of development plans and mentoring that are over", 36, _forget_plans),
    Expiry("enrolments", "Why courses were given", 36, _forget_enrolments),
    Expiry("quiz_answers", "How quizzes were answered", 24, _forget_answers),
    Expiry("ladders", "Words of improvement plans that are over, or of people who left", 36, _forget_ladders),
    Expiry("exits", "What was said in exit interviews", 36, _forget_exits),
    Expiry("disputes", "Words of disputes that are settled", 36, _forget_disputes),
    Expiry("pulses", "Moods and workload", 12, _forget_pulses),
    Expiry("meetings", "Minutes, questions and attendance of team meetings", 36, _forget_meetings),
    Expiry("moves", "Why 1:1s were moved or called off", 12, _forget_moves),
    Expiry("help", "Words of plans of coaching that are over", 36, _forget_help),
]
