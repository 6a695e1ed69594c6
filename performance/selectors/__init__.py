"""What the rollups say: figures, pace, standings, series, and the records behind them."""

from .catalogue import MEASURES, Measure, catalogue, measures_of
from .figures import Figure, figure, figures, series
from .flags import open_flags
from .landings import Revised, colleagues, landings, revised
from .pace import Pace, Standing, TeamStanding, pace, pace_series, standings, status_of, team_standings
from .preview import Preview, preview
from .scope import Scope

__all__ = [
    "MEASURES",
    "Figure",
    "Measure",
    "Pace",
    "Preview",
    "Revised",
    "Scope",
    "Standing",
    "TeamStanding",
    "catalogue",
    "colleagues",
    "figure",
    "figures",
    "landings",
    "measures_of",
    "open_flags",
    "pace",
    "pace_series",
    "preview",
    "revised",
    "series",
    "standings",
    "status_of",
    "team_standings",
]
