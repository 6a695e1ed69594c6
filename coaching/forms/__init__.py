"""Forms of coaching: they clean, services save."""

from .cases import CaseForm, CloseCaseForm, MoveCaseForm
from .disputes import AppealForm, DecideForm, DeciderForm, EvidenceForm, OpenForm, PersonForm, StatementForm
from .talks import ActionForm, AgendaForm, NoteForm, PlanForm, next_talk

__all__ = [
    "ActionForm",
    "AgendaForm",
    "AppealForm",
    "CaseForm",
    "CloseCaseForm",
    "DecideForm",
    "DeciderForm",
    "EvidenceForm",
    "MoveCaseForm",
    "NoteForm",
    "OpenForm",
    "PersonForm",
    "PlanForm",
    "StatementForm",
    "next_talk",
]
