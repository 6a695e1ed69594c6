"""What do we do about it? Cases, 1:1s, notes and action items."""

from .cases import Case, CaseChange, PairQuerySet
from .ladders import (
    Exit,
    Ladder,
    LadderDecision,
    LadderEvent,
    LadderQuerySet,
    LadderStep,
    StepGoal,
    StepPause,
    StepReading,
    StepSupport,
    may_lead,
)
from .notes import Note, NoteQuerySet
from .talks import ActionItem, AgendaItem, OneOnOne, OneOnOneQuerySet

__all__ = [
    "ActionItem",
    "AgendaItem",
    "Case",
    "CaseChange",
    "Exit",
    "Ladder",
    "LadderDecision",
    "LadderEvent",
    "LadderQuerySet",
    "LadderStep",
    "Note",
    "NoteQuerySet",
    "OneOnOne",
    "OneOnOneQuerySet",
    "PairQuerySet",
    "StepGoal",
    "StepPause",
    "StepReading",
    "StepSupport",
    "may_lead",
]
