"""Forms of planning: they clean, services save."""

from .approvals import ApprovalForm
from .budgets import BudgetForm, CapacityForm, CloseForm, ExpenseForm, PositionForm
from .calendars import LAYOUTS, RampForm, ReasonForm, RelearnForm, SeasonForm, SetUpForm, TurnForm
from .letters import AnnouncementForm, AnswerForm, ResponseForm, StrategyForm
from .plans import AllocationForm, CommitmentForm, CopyForm, HedgeForm, PlanForm, PublishForm, ShapeForm, SliceForm
from .proposals import ChosenForm, DecisionForm
from .quotas import GiveForm, QuotaForm

__all__ = [
    "LAYOUTS",
    "AllocationForm",
    "AnnouncementForm",
    "AnswerForm",
    "ApprovalForm",
    "BudgetForm",
    "CapacityForm",
    "ChosenForm",
    "CloseForm",
    "CommitmentForm",
    "CopyForm",
    "DecisionForm",
    "ExpenseForm",
    "GiveForm",
    "HedgeForm",
    "PlanForm",
    "PositionForm",
    "PublishForm",
    "QuotaForm",
    "RampForm",
    "ReasonForm",
    "RelearnForm",
    "ResponseForm",
    "SeasonForm",
    "SetUpForm",
    "ShapeForm",
    "SliceForm",
    "StrategyForm",
    "TurnForm",
]
