"""Acts of coaching: open and close a case, plan and hold a 1:1, promise and keep, write a note."""

from .cases import close_case, move_case, open_case
from .notes import forget_talks, write_note
from .plans import cancel_plan, forget_plans, freeze_plans, move_plan, plan_coaching
from .plays import (
    adopt_play,
    change_play,
    comment_on_play,
    may_decide,
    propose_play,
    retire_play,
    take_use_back,
    take_vote_back,
    use_play,
    vote_for_play,
)
from .talks import (
    add_action_item,
    add_agenda_item,
    cancel_one_on_one,
    complete_action_item,
    hold_one_on_one,
    plan_from_finding,
    plan_one_on_one,
    tick_agenda_item,
)

__all__ = [
    "add_action_item",
    "add_agenda_item",
    "adopt_play",
    "cancel_one_on_one",
    "cancel_plan",
    "change_play",
    "close_case",
    "comment_on_play",
    "complete_action_item",
    "forget_plans",
    "forget_talks",
    "freeze_plans",
    "hold_one_on_one",
    "may_decide",
    "move_case",
    "move_plan",
    "open_case",
    "plan_coaching",
    "plan_from_finding",
    "plan_one_on_one",
    "propose_play",
    "retire_play",
    "take_use_back",
    "take_vote_back",
    "tick_agenda_item",
    "use_play",
    "vote_for_play",
    "write_note",
]
