"""Acts of planning: the only code that writes plans, targets and the quota ledger."""

from targets.selectors.entries import QuotaLine

from .approvals import decide_split, submit_split
from .letters import announce, answer_response, change_strategy, remind_of_letters, respond, tell_of_plan
from .plans import (
    change_allocation,
    lock_allocation,
    make_plan,
    propose_allocation,
    publish_plan,
)
from .quotas import adjust_quota, enter_quota, enter_quotas, reverse_entries
from .seasons import learn_season

__all__ = [
    "QuotaLine",
    "adjust_quota",
    "announce",
    "answer_response",
    "change_allocation",
    "change_strategy",
    "decide_split",
    "enter_quota",
    "enter_quotas",
    "learn_season",
    "lock_allocation",
    "make_plan",
    "propose_allocation",
    "publish_plan",
    "remind_of_letters",
    "respond",
    "reverse_entries",
    "submit_split",
    "tell_of_plan",
]
