"""What do we do about it? Cases, 1:1s, notes and action items."""

from .cases import Case, CaseChange, CaseQuerySet, PairQuerySet, Step
from .diagnosis import CaseStatement, DiagnosisStep, Question, QuestionQuerySet
from .notes import Note, NoteQuerySet
from .talks import ActionItem, AgendaItem, OneOnOne, OneOnOneQuerySet

__all__ = [
    "ActionItem",
    "AgendaItem",
    "Case",
    "CaseChange",
    "CaseQuerySet",
    "CaseStatement",
    "DiagnosisStep",
    "Note",
    "NoteQuerySet",
    "OneOnOne",
    "OneOnOneQuerySet",
    "PairQuerySet",
    "Question",
    "QuestionQuerySet",
    "Step",
]
