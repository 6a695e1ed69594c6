"""What should happen? Plans, the targets of teams, and the quota ledger of people."""

from .measures import BOOKINGS, MEASURES, PlanMeasure, measure_of
from .plans import (
    ELEMENTS,
    MOST_CAPABILITY,
    Allocation,
    AllocationChange,
    AllocationQuerySet,
    Commitment,
    Plan,
    PlanQuerySet,
    Slice,
    SliceChange,
    Target,
    TargetQuerySet,
)
from .quotas import QuotaEntry, QuotaEntryQuerySet
from .shapes import RampProfile, RampStep, SeasonChange, SeasonProfile, SeasonShare

__all__ = [
    "BOOKINGS",
    "ELEMENTS",
    "MEASURES",
    "MOST_CAPABILITY",
    "Allocation",
    "AllocationChange",
    "AllocationQuerySet",
    "Commitment",
    "Plan",
    "PlanMeasure",
    "PlanQuerySet",
    "QuotaEntry",
    "QuotaEntryQuerySet",
    "RampProfile",
    "RampStep",
    "SeasonChange",
    "SeasonProfile",
    "SeasonShare",
    "Slice",
    "SliceChange",
    "Target",
    "TargetQuerySet",
    "measure_of",
]
