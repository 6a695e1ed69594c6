"""Questions about cases, talks and promises."""

from .cases import Moment, case_with_parts, cases_of, story_of
from .effects import Judged, Pooled, effect_of, effects_of, plans_of, praiseworthy_plans, usable_measures, what_helps
from .plays import PlayResult, Voices, play_results, plays_of, uses_of, voices_beside
from .reach import coached_by, may_coach, name_of
from .talks import Point, agenda_for, last_held, one_on_ones_of, open_action_items, talk_with_parts

__all__ = [
    "Judged",
    "Moment",
    "PlayResult",
    "Point",
    "Pooled",
    "Voices",
    "agenda_for",
    "case_with_parts",
    "cases_of",
    "coached_by",
    "effect_of",
    "effects_of",
    "last_held",
    "may_coach",
    "name_of",
    "one_on_ones_of",
    "open_action_items",
    "plans_of",
    "play_results",
    "plays_of",
    "praiseworthy_plans",
    "story_of",
    "talk_with_parts",
    "usable_measures",
    "uses_of",
    "voices_beside",
    "what_helps",
]
