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
