"""For how long what is said and written in coaching is kept: what is over for longer is blanked; that it was, stays."""

from datetime import datetime

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
    Evidence,
    Exit,
    Goal,
    Ladder,
    LadderDecision,
    LadderEvent,
    LadderStep,
    Meeting,
    MeetingQuestion,
    Mentorship,
    Note,
    OneOnOne,
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
from salesmgmt.desk.erasure import Forgotten
from salesmgmt.desk.expiry import GONE, Expiry


def _forget_notes(before: datetime, forgotten: Forgotten) -> None:
    forgotten.drop(Note.objects.filter(at__lt=before))


def _forget_agendas(before: datetime, forgotten: Forgotten) -> None:
    over = AgendaItem.objects.exclude(one_on_one__state=OneOnOne.State.PLANNED).exclude(text=GONE)
    forgotten.blank(over.filter(one_on_one__starts_at__lt=before), text=GONE, link="")


def _forget_promises(before: datetime, forgotten: Forgotten) -> None:
    forgotten.blank(ActionItem.objects.filter(done_at__lt=before).exclude(text=GONE), text=GONE, result="")


def _forget_cases(before: datetime, forgotten: Forgotten) -> None:
    closed = Case.objects.filter(state=Case.State.CLOSED, closed_at__lt=before)
    forgotten.blank(CaseChange.objects.filter(case__in=closed).exclude(what=GONE), what=GONE)
    forgotten.blank(CaseStatement.objects.filter(case__in=closed).exclude(text=GONE), text=GONE)
    steps = DiagnosisStep.objects.filter(case__in=closed).exclude(reason=GONE)
    forgotten.blank(steps.exclude(reopened_because=""), reopened_because=GONE)
    forgotten.blank(steps.exclude(not_asked_because=""), not_asked_because=GONE)
    forgotten.blank(steps, reason=GONE, evidence={})
    asked = Question.objects.filter(case__in=closed).exclude(text=GONE)
    forgotten.blank(asked.exclude(answer=""), answer=GONE)
    forgotten.blank(asked, text=GONE)
    forgotten.blank(closed.exclude(subject=GONE), subject=GONE, result=GONE)


def _forget_plans(before: datetime, forgotten: Forgotten) -> None:
    closed = DevelopmentPlan.objects.filter(closed_at__lt=before)
    forgotten.blank(Goal.objects.filter(plan__in=closed).exclude(text=GONE), text=GONE, wanted="")
    forgotten.blank(closed.exclude(aim=GONE), aim=GONE, path="")
    over = Mentorship.objects.filter(during__endswith__lt=before.date())
    forgotten.blank(over.exclude(focus=GONE), focus=GONE)


def _forget_answers(before: datetime, forgotten: Forgotten) -> None:
    """That a course was passed stays."""
    old = QuizAttempt.objects.filter(at__lt=before)
    forgotten.drop(QuizAnswer.objects.filter(attempt__in=old))
    forgotten.drop(old)


def _forget_ladders(before: datetime, forgotten: Forgotten) -> None:
    over = Ladder.objects.filter(closed_at__lt=before)
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
    over = Meeting.objects.filter(starts_at__lt=before).exclude(state=Meeting.State.PLANNED)
    forgotten.drop(Attendance.objects.filter(meeting__in=over))
    forgotten.blank(MeetingQuestion.objects.filter(meeting__in=over).exclude(text=GONE), text=GONE, answer="")
    forgotten.blank(over.exclude(minutes__in=["", GONE]), minutes=GONE)


def _forget_moves(before: datetime, forgotten: Forgotten) -> None:
    old = OneOnOneChange.objects.filter(at__lt=before)
    forgotten.blank(old.exclude(reason=""), reason="")


EXPIRIES = [
    Expiry("notes", "Notes about people", 36, _forget_notes),
    Expiry("agendas", "Agendas of 1:1s that are over", 36, _forget_agendas),
    Expiry("promises", "Words of promises that were kept", 36, _forget_promises),
    Expiry("cases", "Words of closed cases", 36, _forget_cases),
    Expiry("development_plans", "Words of development plans and mentoring that are over", 36, _forget_plans),
    Expiry("quiz_answers", "How quizzes were answered", 24, _forget_answers),
    Expiry("ladders", "Words of improvement plans that are over", 36, _forget_ladders),
    Expiry("exits", "What was said in exit interviews", 36, _forget_exits),
    Expiry("disputes", "Words of disputes that are settled", 36, _forget_disputes),
    Expiry("pulses", "Moods and workload", 12, _forget_pulses),
    Expiry("meetings", "Minutes, questions and attendance of team meetings", 36, _forget_meetings),
    Expiry("moves", "Why 1:1s were moved or called off", 12, _forget_moves),
    Expiry("help", "Words of plans of coaching that are over", 36, _forget_help),
]
