"""What should happen? Plans, the targets of teams, and the quota ledger of people."""

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
    "Candidate",
    "Offer",
    "OfferEvent",
    "OfferQuerySet",
    "Plan",
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
    "SeasonChange",
    "SeasonProfile",
    "SeasonShare",
    "Target",
    "TargetQuerySet",
]
