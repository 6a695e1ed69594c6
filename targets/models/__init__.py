"""What should happen? Plans, the targets of teams, and the quota ledger of people."""

from .acts import PlanAct
from .approvals import PlanApproval
from .budgets import BudgetEntry, Cost, Expense
from .letters import AnnouncedFigure, Announcement, Answer, Response, ResponseAccount, Strategy
from .measures import BOOKINGS, MEASURES, PlanMeasure, measure_of
from .plans import (
    ELEMENTS,
    MOST_CAPABILITY,
    STOOD,
    Allocation,
    AllocationQuerySet,
    AllocationReason,
    Commitment,
    Plan,
    PlanQuerySet,
    Slice,
    SliceChange,
    Target,
    TargetQuerySet,
)
from .positions import Position, PositionQuerySet
from .proposals import ProposedEntry, QuotaProposal, QuotaProposalQuerySet
from .quotas import QuotaEntry, QuotaEntryQuerySet
from .redistribution import Candidate, Offer, OfferEvent, OfferQuerySet, Redistribution, RedistributionQuerySet
from .shapes import RampChange, RampProfile, RampStep, SeasonChange, SeasonProfile, SeasonShare
from .watches import PRESENCE

__all__ = [
    "BOOKINGS",
    "ELEMENTS",
    "MEASURES",
    "MOST_CAPABILITY",
    "PRESENCE",
    "STOOD",
    "Allocation",
    "AllocationQuerySet",
    "AllocationReason",
    "AnnouncedFigure",
    "Announcement",
    "Answer",
    "BudgetEntry",
    "Candidate",
    "Commitment",
    "Cost",
    "Expense",
    "Offer",
    "OfferEvent",
    "OfferQuerySet",
    "Plan",
    "PlanAct",
    "PlanApproval",
    "PlanMeasure",
    "PlanQuerySet",
    "Position",
    "PositionQuerySet",
    "ProposedEntry",
    "QuotaEntry",
    "QuotaEntryQuerySet",
    "QuotaProposal",
    "QuotaProposalQuerySet",
    "RampChange",
    "RampProfile",
    "RampStep",
    "Redistribution",
    "RedistributionQuerySet",
    "Response",
    "ResponseAccount",
    "SeasonChange",
    "SeasonProfile",
    "SeasonShare",
    "Slice",
    "SliceChange",
    "Strategy",
    "Target",
    "TargetQuerySet",
    "measure_of",
]
