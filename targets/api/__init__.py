"""Quotas, targets and plans in the API."""

from .budgets import BudgetFilter, Budgets, BudgetSerializer, ExpenseFilter, Expenses, ExpenseSerializer, ExpenseWriter
from .quotas import QuotaFilter, Quotas, QuotaSerializer, TargetFilter, Targets, TargetSerializer

__all__ = [
    "BudgetFilter",
    "BudgetSerializer",
    "Budgets",
    "ExpenseFilter",
    "ExpenseSerializer",
    "ExpenseWriter",
    "Expenses",
    "QuotaFilter",
    "QuotaSerializer",
    "Quotas",
    "TargetFilter",
    "TargetSerializer",
    "Targets",
]
