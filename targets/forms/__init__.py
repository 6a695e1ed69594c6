"""Forms of planning: they clean, services save."""

from .budgets import BudgetForm, CapacityForm, ExpenseForm
from .plans import AllocationForm, PlanForm, ProposeForm
from .quotas import QuotaForm

__all__ = ["AllocationForm", "BudgetForm", "CapacityForm", "ExpenseForm", "PlanForm", "ProposeForm", "QuotaForm"]
