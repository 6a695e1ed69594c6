"""Acts of planning: the only code that writes plans, targets and the quota ledger."""

from targets.selectors.entries import QuotaLine

from .plans import (
    change_allocation,
    lock_allocation,
    make_plan,
    propose_allocation,
    publish_plan,
)
from .quotas import adjust_quota, enter_quota, enter_quotas, reverse_entries
from .ramps import set_ramp
from .seasons import flatten_season, learn_season, relearn_season, set_season

__all__ = [
    "QuotaLine",
    "adjust_quota",
    "change_allocation",
    "enter_quota",
    "enter_quotas",
    "flatten_season",
    "learn_season",
    "lock_allocation",
    "make_plan",
    "propose_allocation",
    "publish_plan",
    "relearn_season",
    "reverse_entries",
    "set_ramp",
    "set_season",
]
