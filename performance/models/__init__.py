"""How does it compare? Rollups (derived, rebuildable), the watches that mark them stale, and flags."""

from .flags import Flag, FlagCost, FlagEvent, FlagKind, FlagQuerySet
from .rollups import Rollup, RollupSum
from .watches import WATCHES

__all__ = ["WATCHES", "Flag", "FlagCost", "FlagEvent", "FlagKind", "FlagQuerySet", "Rollup", "RollupSum"]
