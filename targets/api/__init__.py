"""Quotas, targets and plans in the API."""

from .proposals import QuotaProposals, QuotaProposalSerializer
from .quotas import QuotaFilter, Quotas, QuotaSerializer, TargetFilter, Targets, TargetSerializer

__all__ = [
    "QuotaFilter",
    "QuotaProposalSerializer",
    "QuotaProposals",
    "QuotaSerializer",
    "Quotas",
    "TargetFilter",
    "TargetSerializer",
    "Targets",
]
