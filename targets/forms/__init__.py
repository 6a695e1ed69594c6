"""Forms of planning: they clean, services save."""

from .approvals import ApprovalForm
from .letters import AnnouncementForm, AnswerForm, ResponseForm, StrategyForm
from .plans import AllocationForm, PlanForm, ProposeForm
from .proposals import ChosenForm, DecisionForm
from .quotas import QuotaForm

__all__ = [
    "AllocationForm",
    "AnnouncementForm",
    "AnswerForm",
    "ApprovalForm",
    "ChosenForm",
    "DecisionForm",
    "PlanForm",
    "ProposeForm",
    "QuotaForm",
    "ResponseForm",
    "StrategyForm",
]
