"""The only code of performance that writes: rollups, from the records; flags, from the rollups."""

from .rollups import Difference, drain, rebuild, waiting

__all__ = ["Difference", "drain", "rebuild", "waiting"]
