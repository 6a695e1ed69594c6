"""Acts of planning: the only code that writes plans, targets and the quota ledger."""

from targets.selectors.entries import QuotaLine

from .plans import (
    change_allocation,
    learn_season,
    lock_allocation,
    make_plan,
    propose_allocation,
    publish_plan,
)
from .proposals import confirm_proposal, count_overdue, propose_changes, refuse_proposal
from .quotas import adjust_quota, enter_quota, enter_quotas, reverse_entries

__all__ = [
    "QuotaLine",
    "adjust_quota",
    "change_allocation",
    "confirm_proposal",
    "count_overdue",
    "enter_quota",
    "enter_quotas",
    "learn_season",
    "lock_allocation",
    "make_plan",
    "propose_allocation",
    "propose_changes",
    "publish_plan",
    "refuse_proposal",
    "reverse_entries",
]
