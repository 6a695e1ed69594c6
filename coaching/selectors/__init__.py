"""Questions about cases, talks and promises."""

from .cases import Moment, case_with_parts, cases_of, story_of
from .disputes import disputes_of, open_disputes_about, reversed_for, waiting_for
from .reach import coached_by, may_coach, name_of
from .talks import Point, agenda_for, last_held, one_on_ones_of, open_action_items, talk_with_parts

__all__ = [
    "Moment",
    "Point",
    "agenda_for",
    "case_with_parts",
    "cases_of",
    "coached_by",
    "disputes_of",
    "last_held",
    "may_coach",
    "name_of",
    "one_on_ones_of",
    "open_action_items",
    "open_disputes_about",
    "reversed_for",
    "story_of",
    "talk_with_parts",
    "waiting_for",
]
