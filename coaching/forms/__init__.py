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
from .talks import ActionForm, AgendaForm, NoteForm, PlanForm, next_talk

__all__ = [
    "ActionForm",
    "AgendaForm",
    "AskForm",
    "AskViewForm",
    "CaseForm",
    "CaseListForm",
    "CausesForm",
    "CloseCaseForm",
    "HandOverForm",
    "MoveCaseForm",
    "NoteForm",
    "OpenCaseForm",
    "PlanForm",
    "QuestionAnswerForm",
    "RaiseCaseForm",
    "ReopenForm",
    "RuleForm",
    "StatementForm",
    "next_talk",
]
