"""What should happen? Plans, the targets of teams, and the quota ledger of people."""

from .approvals import PlanApproval
from .budgets import BudgetEntry, Cost, Expense
from .letters import AnnouncedFigure, Announcement, Answer, Response, ResponseAccount, Strategy
from .plans import BOOKINGS, Allocation, AllocationChange, Plan, PlanQuerySet, Target, TargetQuerySet
from .proposals import ProposedEntry, QuotaProposal, QuotaProposalQuerySet
from .quotas import QuotaEntry, QuotaEntryQuerySet
from .redistribution import Candidate, Offer, OfferEvent, OfferQuerySet, Redistribution, RedistributionQuerySet
from .shapes import RampProfile, RampStep, SeasonChange, SeasonProfile, SeasonShare
from .watches import PRESENCE

__all__ = [
    "BOOKINGS",
    "PRESENCE",
    "Allocation",
    "AllocationChange",
    "AnnouncedFigure",
    "Announcement",
    "Answer",
    "BudgetEntry",
    "Candidate",
    "Cost",
    "Expense",
    "Offer",
    "OfferEvent",
    "OfferQuerySet",
    "Plan",
    "PlanApproval",
    "PlanQuerySet",
    "ProposedEntry",
    "QuotaEntry",
    "QuotaEntryQuerySet",
    "QuotaProposal",
    "QuotaProposalQuerySet",
    "RampProfile",
    "RampStep",
    "Redistribution",
    "RedistributionQuerySet",
    "Response",
    "ResponseAccount",
    "SeasonChange",
    "SeasonProfile",
    "SeasonShare",
    "Strategy",
    "Target",
    "TargetQuerySet",
]
