"""Acts of planning: the only code that writes plans, targets and the quota ledger."""

from targets.selectors.entries import QuotaLine

from .approvals import decide_split, submit_split
from .budgets import record_expense, reverse_budgets, reverse_expenses, set_budget, take_back_expense
from .letters import announce, answer_response, change_strategy, remind_of_letters, respond, tell_of_plan
from .plans import change_allocation, lock_allocation, make_plan, propose_allocation, publish_plan
from .proposals import confirm_proposal, count_overdue, propose_changes, refuse_proposal
from .quotas import adjust_quota, enter_quota, enter_quotas, reverse_entries
from .redistribution import (
    accept_offer,
    agree_to_offer,
    agree_to_redistribution,
    propose_redistribution,
    refuse_offer,
    reverse_offer,
    withdraw_offer,
)
from .seasons import learn_season

__all__ = [
    "QuotaLine",
    "accept_offer",
    "adjust_quota",
    "agree_to_offer",
    "agree_to_redistribution",
    "announce",
    "answer_response",
    "change_allocation",
    "change_strategy",
    "confirm_proposal",
    "count_overdue",
    "decide_split",
    "enter_quota",
    "enter_quotas",
    "learn_season",
    "lock_allocation",
    "make_plan",
    "propose_allocation",
    "propose_changes",
    "propose_redistribution",
    "publish_plan",
    "record_expense",
    "refuse_offer",
    "refuse_proposal",
    "remind_of_letters",
    "respond",
    "reverse_budgets",
    "reverse_entries",
    "reverse_expenses",
    "reverse_offer",
    "set_budget",
    "submit_split",
    "take_back_expense",
    "tell_of_plan",
    "withdraw_offer",
]
