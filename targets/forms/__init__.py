"""Forms of planning: they clean, services save."""

from .approvals import ApprovalForm
from .letters import AnnouncementForm, AnswerForm, ResponseForm, StrategyForm
from .plans import AllocationForm, PlanForm, ProposeForm
from .quotas import QuotaForm

__all__ = [
    "AllocationForm",
    "AnnouncementForm",
    "AnswerForm",
    "ApprovalForm",
    "PlanForm",
    "ProposeForm",
    "QuotaForm",
    "ResponseForm",
    "StrategyForm",
]
