"""What the rollups say: figures, pace, standings, series, and the records behind them."""

from .figures import MEASURES, Figure, figure, figures, series
from .flags import open_flags
from .landings import Revised, colleagues, landings, revised
from .levers import levers
from .pace import Pace, Standing, TeamStanding, pace, pace_series, standings, status_of, team_standings
from .scope import Scope

__all__ = [
    "MEASURES",
    "Figure",
    "Pace",
    "Revised",
    "Scope",
    "Standing",
    "TeamStanding",
    "colleagues",
    "figure",
    "figures",
    "landings",
    "levers",
    "open_flags",
    "pace",
    "pace_series",
    "revised",
    "series",
    "standings",
    "status_of",
    "team_standings",
]
