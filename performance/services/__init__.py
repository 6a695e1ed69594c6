"""The only code of performance that writes: rollups, from the records; flags, from the rollups."""

from .calls import make_call
from .expiry import EXPIRIES
from .flags import answer_flag, raise_flags, recheck, see_flag, set_flag_cost, snooze_flag, wake_flag
from .forecasts import drain_backtest, drain_forecasts, refresh_backtest, refresh_forecasts
from .frozen import freeze_figures
from .measures import add_version, change_measure, define_measure
from .rollups import Difference, drain, rebuild, waiting

__all__ = [
    "EXPIRIES",
    "Difference",
    "add_version",
    "answer_flag",
    "change_measure",
    "define_measure",
    "drain",
    "drain_backtest",
    "drain_forecasts",
    "freeze_figures",
    "make_call",
    "raise_flags",
    "rebuild",
    "recheck",
    "refresh_backtest",
    "refresh_forecasts",
    "see_flag",
    "set_flag_cost",
    "snooze_flag",
    "waiting",
    "wake_flag",
]
