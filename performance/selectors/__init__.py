"""What the rollups say: figures, pace, standings, series, and the records behind them."""

from .figures import MEASURES, Figure, figure, figures, series
from .flags import open_flags
from .pace import Pace, Standing, TeamStanding, pace, pace_series, standings, status_of, team_standings
from .scope import Scope

__all__ = [
    "MEASURES",
    "Figure",
    "Pace",
    "Scope",
    "Standing",
    "TeamStanding",
    "figure",
    "figures",
    "open_flags",
    "pace",
    "pace_series",
    "series",
    "standings",
    "status_of",
    "team_standings",
]
