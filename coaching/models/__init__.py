"""What do we do about it? Cases, 1:1s, notes and action items."""

from .cases import Case, CaseChange, PairQuerySet
from .notes import Note, NoteQuerySet
from .plans import CoachingPlan, CoachingPlanChange, CoachingPlanQuerySet
from .plays import Play, PlayChange, PlayComment, PlayQuerySet, PlayUse, PlayVersion, PlayVote, sees_plays
from .talks import ActionItem, AgendaItem, OneOnOne, OneOnOneQuerySet

__all__ = [
    "ActionItem",
    "AgendaItem",
    "Case",
    "CaseChange",
    "CoachingPlan",
    "CoachingPlanChange",
    "CoachingPlanQuerySet",
    "Note",
    "NoteQuerySet",
    "OneOnOne",
    "OneOnOneQuerySet",
    "PairQuerySet",
    "Play",
    "PlayChange",
    "PlayComment",
    "PlayQuerySet",
    "PlayUse",
    "PlayVersion",
    "PlayVote",
    "sees_plays",
]
