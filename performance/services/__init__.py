"""The only code of performance that writes: rollups, from the records; flags, from the rollups; measures."""

from .flags import answer_flag, raise_flags, recheck, see_flag, set_flag_cost, snooze_flag, wake_flag
from .frozen import freeze_figures
from .measures import add_version, change_measure, define_measure
from .rollups import Difference, drain, rebuild, waiting

__all__ = [
    "Difference",
    "add_version",
    "answer_flag",
    "change_measure",
    "define_measure",
    "drain",
    "freeze_figures",
    "raise_flags",
    "rebuild",
    "recheck",
    "see_flag",
    "set_flag_cost",
    "snooze_flag",
    "waiting",
    "wake_flag",
]
