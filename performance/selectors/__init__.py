"""What the rollups say: figures, pace, standings, series, and the records behind them."""

from .catalogue import MEASURES, Measure, catalogue, measures_of
from .figures import Figure, figure, figures, series
from .flags import open_flags
from .known import Known, known, source_of
from .landings import Revised, colleagues, landings, revised
from .leftout import LeftOut, left_out
from .levers import levers
from .pace import Pace, Standing, TeamStanding, pace, pace_series, standings, status_of, team_standings
from .pipeline import Waterfall, mean_open_deals, open_pipeline, waterfall
from .scope import Scope

__all__ = [
    "MEASURES",
    "Figure",
    "Known",
    "LeftOut",
    "Measure",
    "Pace",
    "Revised",
    "Scope",
    "Standing",
    "TeamStanding",
    "Waterfall",
    "catalogue",
    "colleagues",
    "figure",
    "figures",
    "known",
    "landings",
    "left_out",
    "levers",
    "mean_open_deals",
    "measures_of",
    "open_flags",
    "open_pipeline",
    "pace",
    "pace_series",
    "revised",
    "series",
    "source_of",
    "standings",
    "status_of",
    "team_standings",
    "waterfall",
]
