"""Acts of planning: the only code that writes plans, targets and the quota ledger."""

from targets.selectors.entries import QuotaLine

from .allocations import change_allocation, propose_allocation, reshape_plan, set_hedge
from .approvals import decide_split, submit_split
from .budgets import record_expense, reverse_budgets, reverse_expenses, set_budget, take_back_expense
from .changes import change_quota, give_quota
from .commitments import ask_commitments, commit_to
from .grid import LineEdit, change_allocations, lock_allocations, undo_changes
from .letters import announce, answer_response, change_strategy, remind_of_letters, respond, tell_of_plan
from .plans import copy_plan, make_plan, publish_plan, shape_plan
from .positions import close_position, open_positions
from .proposals import confirm_proposal, count_overdue, propose_changes, refuse_proposal
from .quotas import adjust_quota, enter_quota, enter_quotas, reverse_entries, settle_quota
from .ramps import set_ramp
from .redistribution import (
    accept_offer,
    agree_to_offer,
    agree_to_redistribution,
    propose_redistribution,
    refuse_offer,
    reverse_offer,
    withdraw_offer,
)
from .seasons import flatten_season, learn_season, relearn_season, set_season
from .slices import change_slice, free_slice, propose_slices

__all__ = [
    "LineEdit",
    "QuotaLine",
    "accept_offer",
    "adjust_quota",
    "agree_to_offer",
    "agree_to_redistribution",
    "announce",
    "answer_response",
    "ask_commitments",
    "change_allocation",
    "change_allocations",
    "change_quota",
    "change_slice",
    "change_strategy",
    "close_position",
    "commit_to",
    "confirm_proposal",
    "copy_plan",
    "count_overdue",
    "decide_split",
    "enter_quota",
    "enter_quotas",
    "flatten_season",
    "free_slice",
    "give_quota",
    "learn_season",
    "lock_allocations",
    "make_plan",
    "open_positions",
    "propose_allocation",
    "propose_changes",
    "propose_redistribution",
    "propose_slices",
    "publish_plan",
    "record_expense",
    "refuse_offer",
    "refuse_proposal",
    "relearn_season",
    "remind_of_letters",
    "reshape_plan",
    "respond",
    "reverse_budgets",
    "reverse_entries",
    "reverse_expenses",
    "reverse_offer",
    "set_budget",
    "set_hedge",
    "set_ramp",
    "set_season",
    "settle_quota",
    "shape_plan",
    "submit_split",
    "take_back_expense",
    "tell_of_plan",
    "undo_changes",
    "withdraw_offer",
]
