"""Questions about cases, talks and promises."""

from .cases import (
    Causes,
    CauseTotal,
    Moment,
    case_with_parts,
    cases_asked,
    cases_of,
    causes,
    may_see_causes,
    next_steps,
    owners_for,
    questions_to,
    read_among,
    story_of,
)
from .diagnosis import Diagnosis, diagnosis_of, evidence_of, has_open_diagnosis, reads_words
from .reach import coached_by, leaders_of, leads_on, may_coach, name_of
from .talks import Point, agenda_for, last_held, one_on_ones_of, open_action_items, talk_with_parts

__all__ = [
    "CauseTotal",
    "Causes",
    "Diagnosis",
    "Moment",
    "Point",
    "agenda_for",
    "case_with_parts",
    "cases_asked",
    "cases_of",
    "causes",
    "coached_by",
    "diagnosis_of",
    "evidence_of",
    "has_open_diagnosis",
    "last_held",
    "leaders_of",
    "leads_on",
    "may_coach",
    "may_see_causes",
    "name_of",
    "next_steps",
    "one_on_ones_of",
    "open_action_items",
    "owners_for",
    "questions_to",
    "read_among",
    "reads_words",
    "story_of",
    "talk_with_parts",
]
