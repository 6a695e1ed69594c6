"""Quotas, targets and plans in the API."""

from .approvals import PlanApprovals
from .budgets import BudgetFilter, Budgets, BudgetSerializer, ExpenseFilter, Expenses, ExpenseSerializer, ExpenseWriter
from .letters import Announcements, Answers, Letters, Responses, Strategies
from .plans import Allocations, AllocationSerializer, Plans, PlanSerializer
from .proposals import QuotaProposals, QuotaProposalSerializer
from .quotas import QuotaFilter, Quotas, QuotaSerializer, TargetFilter, Targets, TargetSerializer
from .shapes import Ramps, RampSerializer, Seasons, SeasonSerializer

__all__ = [
    "AllocationSerializer",
    "Allocations",
    "Announcements",
    "Answers",
    "BudgetFilter",
    "BudgetSerializer",
    "Budgets",
    "ExpenseFilter",
    "ExpenseSerializer",
    "ExpenseWriter",
    "Expenses",
    "Letters",
    "PlanApprovals",
    "PlanSerializer",
    "Plans",
    "QuotaFilter",
    "QuotaProposalSerializer",
    "QuotaProposals",
    "QuotaSerializer",
    "Quotas",
    "RampSerializer",
    "Ramps",
    "Responses",
    "SeasonSerializer",
    "Seasons",
    "Strategies",
    "TargetFilter",
    "TargetSerializer",
    "Targets",
]
