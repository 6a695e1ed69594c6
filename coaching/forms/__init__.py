"""Forms of coaching: they clean, services save."""

from .cases import CaseForm, CloseCaseForm, MoveCaseForm
from .ladders import (
    AnswerForm,
    DecisionForm,
    ExitForm,
    ExtendForm,
    FinishForm,
    GoalForm,
    OpenLadderForm,
    ReadForm,
    StepForm,
    SupportForm,
    WithdrawLadderForm,
)
from .talks import ActionForm, AgendaForm, NoteForm, PlanForm, next_talk

__all__ = [
    "ActionForm",
    "AgendaForm",
    "AnswerForm",
    "CaseForm",
    "CloseCaseForm",
    "DecisionForm",
    "ExitForm",
    "ExtendForm",
    "FinishForm",
    "GoalForm",
    "MoveCaseForm",
    "NoteForm",
    "OpenLadderForm",
    "PlanForm",
    "ReadForm",
    "StepForm",
    "SupportForm",
    "WithdrawLadderForm",
    "next_talk",
]
