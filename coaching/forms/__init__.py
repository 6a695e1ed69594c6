"""Forms of coaching: they clean, services save."""

from .cases import CaseForm, CloseCaseForm, MoveCaseForm
from .plans import CoachingPlanForm, MovePlanForm
from .plays import PlayCommentForm, PlayForm, PlayListForm, PlayReasonForm, PlayUseForm
from .talks import ActionForm, AgendaForm, NoteForm, PlanForm, next_talk

__all__ = [
    "ActionForm",
    "AgendaForm",
    "CaseForm",
    "CloseCaseForm",
    "CoachingPlanForm",
    "MoveCaseForm",
    "MovePlanForm",
    "NoteForm",
    "PlanForm",
    "PlayCommentForm",
    "PlayForm",
    "PlayListForm",
    "PlayReasonForm",
    "PlayUseForm",
    "next_talk",
]
