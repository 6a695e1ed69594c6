"""Forms of planning: they clean, services save."""

from .approvals import ApprovalForm
from .letters import AnnouncementForm, AnswerForm, ResponseForm, StrategyForm
from .plans import AllocationForm, CommitmentForm, CopyForm, HedgeForm, PlanForm, ShapeForm, SliceForm
from .proposals import ChosenForm, DecisionForm
from .quotas import QuotaForm

__all__ = [
    "AllocationForm",
    "AnnouncementForm",
    "AnswerForm",
    "ApprovalForm",
    "ChosenForm",
    "CommitmentForm",
    "CopyForm",
    "DecisionForm",
    "HedgeForm",
    "PlanForm",
    "QuotaForm",
    "ResponseForm",
    "ShapeForm",
    "SliceForm",
    "StrategyForm",
]
