"""Forms of coaching: they clean, services save."""

from .cases import CaseForm, CloseCaseForm, MoveCaseForm
from .talks import ActionForm, AgendaForm, NoteForm, PlanForm, next_talk

__all__ = [
    "ActionForm",
    "AgendaForm",
    "CaseForm",
    "CloseCaseForm",
    "MoveCaseForm",
    "NoteForm",
    "PlanForm",
    "next_talk",
]

from .plans import CoachingPlanForm, MovePlanForm
from .plays import PlayCommentForm, PlayForm, PlayListForm, PlayReasonForm, PlayUseForm

__all__ += [
    "CoachingPlanForm",
    "MovePlanForm",
    "PlayCommentForm",
    "PlayForm",
    "PlayListForm",
    "PlayReasonForm",
    "PlayUseForm",
]
