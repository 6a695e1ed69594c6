"""What do we do about it? Cases, 1:1s, notes and action items."""

from .cases import Case, CaseChange, PairQuerySet
from .meetings import (
    Attendance,
    Meeting,
    MeetingChange,
    MeetingDecision,
    MeetingPoint,
    MeetingQuerySet,
    MeetingQuestion,
)
from .notes import Note, NoteQuerySet
from .rhythms import Pulse, Rhythm, RhythmQuerySet
from .talks import ActionItem, ActionItemQuerySet, AgendaItem, OneOnOne, OneOnOneChange, OneOnOneQuerySet

__all__ = [
    "ActionItem",
    "ActionItemQuerySet",
    "AgendaItem",
    "Attendance",
    "Case",
    "CaseChange",
    "Meeting",
    "MeetingChange",
    "MeetingDecision",
    "MeetingPoint",
    "MeetingQuerySet",
    "MeetingQuestion",
    "Note",
    "NoteQuerySet",
    "OneOnOne",
    "OneOnOneChange",
    "OneOnOneQuerySet",
    "PairQuerySet",
    "Pulse",
    "Rhythm",
    "RhythmQuerySet",
]
