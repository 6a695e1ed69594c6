"""Acts of planning: the only code that writes plans, targets and the quota ledger."""

from targets.selectors.entries import QuotaLine

from .allocations import change_allocation, lock_allocation, propose_allocation, reshape_plan, set_hedge
from .commitments import ask_commitments, commit_to
from .plans import copy_plan, make_plan, publish_plan, shape_plan
from .quotas import adjust_quota, enter_quota, enter_quotas, reverse_entries
from .seasons import learn_season
from .slices import change_slice, free_slice, propose_slices

__all__ = [
    "QuotaLine",
    "adjust_quota",
    "ask_commitments",
    "change_allocation",
    "change_slice",
    "commit_to",
    "copy_plan",
    "enter_quota",
    "enter_quotas",
    "free_slice",
    "learn_season",
    "lock_allocation",
    "make_plan",
    "propose_allocation",
    "propose_slices",
    "publish_plan",
    "reshape_plan",
    "reverse_entries",
    "set_hedge",
    "shape_plan",
]
