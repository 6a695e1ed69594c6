"""What should happen? Plans, the targets of teams, and the quota ledger of people."""

from .plans import BOOKINGS, Allocation, AllocationChange, Plan, PlanQuerySet, Target, TargetQuerySet
from .quotas import QuotaEntry, QuotaEntryQuerySet
from .shapes import RampChange, RampProfile, RampStep, SeasonChange, SeasonProfile, SeasonShare

__all__ = [
    "BOOKINGS",
    "Allocation",
    "AllocationChange",
    "Plan",
    "PlanQuerySet",
    "QuotaEntry",
    "QuotaEntryQuerySet",
    "RampChange",
    "RampProfile",
    "RampStep",
    "SeasonChange",
    "SeasonProfile",
    "SeasonShare",
    "Target",
    "TargetQuerySet",
]
