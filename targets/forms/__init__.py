"""Forms of planning: they clean, services save."""

from .plans import AllocationForm, CommitmentForm, CopyForm, HedgeForm, PlanForm, ShapeForm, SliceForm
from .quotas import QuotaForm

__all__ = [
    "AllocationForm",
    "CommitmentForm",
    "CopyForm",
    "HedgeForm",
    "PlanForm",
    "QuotaForm",
    "ShapeForm",
    "SliceForm",
]
