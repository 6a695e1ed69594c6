"""How does it compare? Rollups (derived, rebuildable), the watches that mark them stale, and flags."""

from .flags import Flag, FlagEvent, FlagQuerySet
from .reports import Report, ReportRecipient
from .rollups import Rollup, RollupSum
from .scorecards import Scorecard, ScorecardPart
from .snapshots import DealVersion
from .watches import WATCHES

__all__ = [
    "WATCHES",
    "DealVersion",
    "Flag",
    "FlagEvent",
    "FlagQuerySet",
    "Report",
    "ReportRecipient",
    "Rollup",
    "RollupSum",
    "Scorecard",
    "ScorecardPart",
]
