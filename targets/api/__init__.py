"""Quotas, targets, plans and what is said to them in the API."""

from .approvals import PlanApprovals
from .budgets import BudgetFilter, Budgets, BudgetSerializer, ExpenseFilter, Expenses, ExpenseSerializer, ExpenseWriter
from .letters import Announcements, Answers, Letters, Responses, Strategies
from .proposals import QuotaProposals, QuotaProposalSerializer
from .quotas import QuotaFilter, Quotas, QuotaSerializer, TargetFilter, Targets, TargetSerializer

__all__ = [
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
