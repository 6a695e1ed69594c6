"""Acts of planning: the only code that writes plans, targets and the quota ledger."""

from targets.selectors.entries import QuotaLine

from .plans import (
    change_allocation,
    lock_allocation,
    make_plan,
    propose_allocation,
    publish_plan,
)
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
    "propose_redistribution",
    "publish_plan",
    "refuse_offer",
    "refuse_proposal",
    "reverse_entries",
    "reverse_offer",
    "withdraw_offer",
]
