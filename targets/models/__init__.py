"""What should happen? Plans, the targets of teams, and the quota ledger of people."""

from .approvals import PlanApproval
from .letters import AnnouncedFigure, Announcement, Answer, Response, ResponseAccount, Strategy
from .plans import BOOKINGS, Allocation, AllocationChange, Plan, PlanQuerySet, Target, TargetQuerySet
from .quotas import QuotaEntry, QuotaEntryQuerySet
from .shapes import RampProfile, RampStep, SeasonChange, SeasonProfile, SeasonShare

__all__ = [
    "BOOKINGS",
    "Allocation",
    "AllocationChange",
    "AnnouncedFigure",
    "Announcement",
    "Answer",
    "Plan",
    "PlanApproval",
    "PlanQuerySet",
    "QuotaEntry",
    "QuotaEntryQuerySet",
    "RampProfile",
    "RampStep",
    "Response",
    "ResponseAccount",
    "SeasonChange",
    "SeasonProfile",
    "SeasonShare",
    "Strategy",
    "Target",
    "TargetQuerySet",
]
