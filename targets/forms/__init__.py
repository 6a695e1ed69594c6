"""Forms of planning: they clean, services save."""

from .plans import AllocationForm, PlanForm, ProposeForm
from .quotas import QuotaForm

__all__ = ["AllocationForm", "PlanForm", "ProposeForm", "QuotaForm"]
