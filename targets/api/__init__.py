"""Quotas, targets and plans in the API."""

from .plans import Allocations, AllocationSerializer, Plans, PlanSerializer
from .quotas import QuotaFilter, Quotas, QuotaSerializer, TargetFilter, Targets, TargetSerializer

__all__ = [
    "AllocationSerializer",
    "Allocations",
    "PlanSerializer",
    "Plans",
    "QuotaFilter",
    "QuotaSerializer",
    "Quotas",
    "TargetFilter",
    "TargetSerializer",
    "Targets",
]
