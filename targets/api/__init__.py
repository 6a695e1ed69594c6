"""Quotas, targets and plans in the API."""

from .approvals import PlanApprovals
from .letters import Announcements, Answers, Letters, Responses, Strategies
from .plans import Allocations, AllocationSerializer, Plans, PlanSerializer
from .proposals import QuotaProposals, QuotaProposalSerializer
from .quotas import QuotaFilter, Quotas, QuotaSerializer, TargetFilter, Targets, TargetSerializer

__all__ = [
    "AllocationSerializer",
    "Allocations",
    "Announcements",
    "Answers",
    "Letters",
    "PlanApprovals",
    "PlanSerializer",
    "Plans",
    "QuotaFilter",
    "QuotaProposalSerializer",
    "QuotaProposals",
    "QuotaSerializer",
    "Quotas",
    "Responses",
    "Strategies",
    "TargetFilter",
    "TargetSerializer",
    "Targets",
]
