"""How does it compare? Rollups (derived, rebuildable), the watches that mark them stale, and flags."""

from .flags import Flag, FlagEvent, FlagQuerySet
from .forecasts import BacktestCase, ForecastBasis, ForecastRow
from .reports import Report, ReportRecipient
from .rollups import Rollup, RollupSum
from .scorecards import Scorecard, ScorecardPart
from .snapshots import DealVersion
from .watches import WATCHES

__all__ = [
    "WATCHES",
    "BacktestCase",
    "DealVersion",
    "Flag",
    "FlagEvent",
    "FlagQuerySet",
    "ForecastBasis",
    "ForecastRow",
    "Report",
    "ReportRecipient",
    "Rollup",
    "RollupSum",
    "Scorecard",
    "ScorecardPart",
]
