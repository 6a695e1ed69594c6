"""What should happen? Plans, the targets of teams, and the quota ledger of people."""

from .budgets import BudgetEntry, Cost, Expense
from .plans import BOOKINGS, Allocation, AllocationChange, Plan, PlanQuerySet, Target, TargetQuerySet
from .quotas import QuotaEntry, QuotaEntryQuerySet
from .shapes import RampProfile, RampStep, SeasonShare

__all__ = [
    "BOOKINGS",
    "Allocation",
    "AllocationChange",
    "BudgetEntry",
    "Cost",
    "Expense",
    "Plan",
    "PlanQuerySet",
    "QuotaEntry",
    "QuotaEntryQuerySet",
    "RampProfile",
    "RampStep",
    "SeasonShare",
    "Target",
    "TargetQuerySet",
]
