"""The only code of performance that writes: rollups, from the records; flags, from the rollups."""

from .flags import answer_flag, raise_flags, recheck, see_flag, set_flag_cost, snooze_flag, wake_flag
from .rollups import Difference, drain, rebuild, waiting

__all__ = [
    "Difference",
    "answer_flag",
    "drain",
    "raise_flags",
    "rebuild",
    "recheck",
    "see_flag",
    "set_flag_cost",
    "snooze_flag",
    "waiting",
    "wake_flag",
]
