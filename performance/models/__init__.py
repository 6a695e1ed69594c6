"""How does it compare? Rollups (derived, rebuildable), the watches that mark them stale, and flags."""

from .flags import Flag, FlagEvent, FlagQuerySet
from .measures import DefinitionQuerySet, MeasureDefinition, MeasureVersion
from .rollups import Rollup, RollupSum
from .watches import WATCHES

__all__ = [
    "WATCHES",
    "DefinitionQuerySet",
    "Flag",
    "FlagEvent",
    "FlagQuerySet",
    "MeasureDefinition",
    "MeasureVersion",
    "Rollup",
    "RollupSum",
]
