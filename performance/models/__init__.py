"""How does it compare? Rollups (derived, rebuildable), the watches that mark them stale, and flags."""

from .calls import Call, CallQuerySet
from .flags import Flag, FlagCost, FlagEvent, FlagKind, FlagQuerySet
from .forecasts import BacktestCase, BacktestRun, BacktestScore, ForecastBasis, ForecastRow
from .frozen import FrozenFigure, FrozenNight
from .measures import DefinitionQuerySet, MeasureDefinition, MeasureVersion
from .reports import Report, ReportRecipient
from .rollups import Rollup, RollupSum
from .scorecards import Scorecard, ScorecardPart, ScorecardQuerySet
from .snapshots import DealVersion, PipelineFlow
from .watches import WATCHES

__all__ = [
    "WATCHES",
    "BacktestCase",
    "BacktestRun",
    "BacktestScore",
    "Call",
    "CallQuerySet",
    "DealVersion",
    "DefinitionQuerySet",
    "Flag",
    "FlagCost",
    "FlagEvent",
    "FlagKind",
    "FlagQuerySet",
    "ForecastBasis",
    "ForecastRow",
    "FrozenFigure",
    "FrozenNight",
    "MeasureDefinition",
    "MeasureVersion",
    "PipelineFlow",
    "Report",
    "ReportRecipient",
    "Rollup",
    "RollupSum",
    "Scorecard",
    "ScorecardPart",
    "ScorecardQuerySet",
]
