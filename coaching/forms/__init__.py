"""Forms of coaching: they clean, services save."""

from .cases import CaseForm, CloseCaseForm, MoveCaseForm
from .courses import AssignForm, CourseForm, DueForm, LessonForm, QuestionForm, QuizForm, RuleForm
from .development import DevelopmentForm, GoalForm, MentorForm, StepForm
from .skills import TargetsForm
from .talks import ActionForm, AgendaForm, NoteForm, PlanForm, next_talk

__all__ = [
    "ActionForm",
    "AgendaForm",
    "AssignForm",
    "CaseForm",
    "CloseCaseForm",
    "CourseForm",
    "DevelopmentForm",
    "DueForm",
    "GoalForm",
    "LessonForm",
    "MentorForm",
    "MoveCaseForm",
    "NoteForm",
    "PlanForm",
    "QuestionForm",
    "QuizForm",
    "RuleForm",
    "StepForm",
    "TargetsForm",
    "next_talk",
]
