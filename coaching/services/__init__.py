"""Acts of coaching: open and close a case, plan and hold a 1:1, promise and keep, write a note."""

from .cases import close_case, hand_over_case, move_case, open_case, open_case_about, raise_case
from .diagnosis import ask_view, reopen_step, rule_step, state_view
from .expiry import EXPIRIES
from .notes import forget_talks, write_note
from .questions import answer_question, ask_department, remind_of_questions
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
    "EXPIRIES",
    "add_action_item",
    "add_agenda_item",
    "answer_question",
    "ask_department",
    "ask_view",
    "cancel_one_on_one",
    "close_case",
    "complete_action_item",
    "forget_talks",
    "hand_over_case",
    "hold_one_on_one",
    "move_case",
    "open_case",
    "open_case_about",
    "plan_from_finding",
    "plan_one_on_one",
    "raise_case",
    "remind_of_questions",
    "reopen_step",
    "rule_step",
    "state_view",
    "tick_agenda_item",
    "write_note",
]
