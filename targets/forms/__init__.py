"""Forms of planning: they clean, services save."""

from .plans import AllocationForm, PlanForm, ProposeForm
from .proposals import ChosenForm, DecisionForm
from .quotas import QuotaForm

__all__ = ["AllocationForm", "ChosenForm", "DecisionForm", "PlanForm", "ProposeForm", "QuotaForm"]
