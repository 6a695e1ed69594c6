"""Questions about cases, talks and promises."""

from .cases import Moment, case_with_parts, cases_of, story_of
from .ladders import (
    ExitSums,
    GoalLine,
    Ground,
    PauseDue,
    away_until,
    current_step,
    exit_sums,
    goal_lines,
    grounds_against,
    helpers_of,
    ladder_with_parts,
    ladders_of,
    leavers_of,
    pauses_due,
    value_of,
    why_not_decide,
)
from .reach import coached_by, may_coach, name_of
from .signs import Sign, SignsOf, early_signs
from .talks import Point, agenda_for, last_held, one_on_ones_of, open_action_items, talk_with_parts

__all__ = [
    "ExitSums",
    "GoalLine",
    "Ground",
    "Moment",
    "PauseDue",
    "Point",
    "Sign",
    "SignsOf",
    "agenda_for",
    "away_until",
    "case_with_parts",
    "cases_of",
    "coached_by",
    "current_step",
    "early_signs",
    "exit_sums",
    "goal_lines",
    "grounds_against",
    "helpers_of",
    "ladder_with_parts",
    "ladders_of",
    "last_held",
    "leavers_of",
    "may_coach",
    "name_of",
    "one_on_ones_of",
    "open_action_items",
    "pauses_due",
    "story_of",
    "talk_with_parts",
    "value_of",
    "why_not_decide",
]
