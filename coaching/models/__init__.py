"""What do we do about it? Cases, 1:1s, notes and action items."""

from .cases import Case, CaseChange, PairQuerySet
from .disputes import (
    Decider,
    Decision,
    Dispute,
    DisputeEvent,
    DisputeQuerySet,
    Evidence,
    Party,
    Remedy,
    RemedyShare,
    Statement,
)
from .notes import Note, NoteQuerySet
from .talks import ActionItem, AgendaItem, OneOnOne, OneOnOneQuerySet

__all__ = [
    "ActionItem",
    "AgendaItem",
    "Case",
    "CaseChange",
    "Decider",
    "Decision",
    "Dispute",
    "DisputeEvent",
    "DisputeQuerySet",
    "Evidence",
    "Note",
    "NoteQuerySet",
    "OneOnOne",
    "OneOnOneQuerySet",
    "PairQuerySet",
    "Party",
    "Remedy",
    "RemedyShare",
    "Statement",
]
