"""Quotas, targets and plans in the API."""

from .approvals import PlanApprovals
from .budgets import (
    BudgetFilter,
    Budgets,
    BudgetSerializer,
    ExpenseFilter,
    Expenses,
    ExpenseSerializer,
    ExpenseWriter,
    Positions,
    PositionSerializer,
)
from .letters import Announcements, Answers, Letters, Responses, Strategies
from .plans import Allocations, AllocationSerializer, Plans, PlanSerializer
from .proposals import QuotaProposals, QuotaProposalSerializer
from .quotas import QuotaFilter, Quotas, QuotaSerializer, TargetFilter, Targets, TargetSerializer
from .shapes import Ramps, RampSerializer, Seasons, SeasonSerializer

__all__ = [
    "ENDPOINTS",
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
    "PositionSerializer",
    "Positions",
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

ENDPOINTS = {
    "seasons": Seasons,
    "ramps": Ramps,
    "quotas": Quotas,
    "targets": Targets,
    "plans": Plans,
    "allocations": Allocations,
    "budgets": Budgets,
    "expenses": Expenses,
    "positions": Positions,
    "quota-proposals": QuotaProposals,
    "letters": Letters,
    "plan-strategies": Strategies,
    "plan-announcements": Announcements,
    "plan-responses": Responses,
    "plan-answers": Answers,
    "plan-approvals": PlanApprovals,
}
