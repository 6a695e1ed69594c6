"""Forms of coaching: they clean, services save."""

from .cases import (
    AskForm,
    AskViewForm,
    CaseForm,
    CaseListForm,
    CausesForm,
    CloseCaseForm,
    HandOverForm,
    MoveCaseForm,
    OpenCaseForm,
    QuestionAnswerForm,
    RaiseCaseForm,
    ReopenForm,
    RuleForm,
    StatementForm,
)
from .courses import AssignForm, CourseForm, DueForm, LessonForm, QuestionForm, QuizForm, RuleForm
from .development import DevelopmentForm, GoalForm, MentorForm, StepForm
from .skills import TargetsForm
from .talks import ActionForm, AgendaForm, NoteForm, PlanForm, next_talk

__all__ = [
    "ActionForm",
    "AgendaForm",
    "AskForm",
    "AskViewForm",
    "AssignForm",
    "CaseForm",
    "CaseListForm",
    "CausesForm",
    "CloseCaseForm",
    "CourseForm",
    "DevelopmentForm",
    "DueForm",
    "GoalForm",
    "HandOverForm",
    "LessonForm",
    "MentorForm",
    "MoveCaseForm",
    "NoteForm",
    "OpenCaseForm",
    "PlanForm",
    "QuestionAnswerForm",
    "QuestionForm",
    "QuizForm",
    "RaiseCaseForm",
    "ReopenForm",
    "RuleForm",
    "StatementForm",
    "StepForm",
    "TargetsForm",
    "next_talk",
]
