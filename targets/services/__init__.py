"""Acts of planning: the only code that writes plans, targets and the quota ledger."""

from targets.selectors.entries import QuotaLine

from .budgets import record_expense, reverse_budgets, reverse_expenses, set_budget, take_back_expense
from .plans import (
    change_allocation,
    learn_season,
    lock_allocation,
    make_plan,
    propose_allocation,
    publish_plan,
)
from .quotas import adjust_quota, enter_quota, enter_quotas, reverse_entries

__all__ = [
    "QuotaLine",
    "adjust_quota",
    "change_allocation",
    "enter_quota",
    "enter_quotas",
    "learn_season",
    "lock_allocation",
    "make_plan",
    "propose_allocation",
    "publish_plan",
    "record_expense",
    "reverse_budgets",
    "reverse_entries",
    "reverse_expenses",
    "set_budget",
    "take_back_expense",
]
