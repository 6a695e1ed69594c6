"""How does it compare? Rollups (derived, rebuildable), the watches that mark them stale, and flags."""

from .flags import Flag, FlagEvent, FlagQuerySet
from .rollups import Rollup, RollupSum
from .snapshots import DealVersion, PipelineFlow
from .watches import WATCHES

__all__ = ["WATCHES", "DealVersion", "Flag", "FlagEvent", "FlagQuerySet", "PipelineFlow", "Rollup", "RollupSum"]
