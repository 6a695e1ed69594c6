"""What the rollups say: figures, pace, standings, series, and the records behind them."""

from .catalogue import MEASURES, Measure, catalogue, measures_of
from .figures import Figure, figure, figures, series
from .flags import open_flags
from .frozen import Frozen, frozen
from .landings import Revised, colleagues, landings, revised
from .levers import levers
from .pace import Pace, Standing, TeamStanding, pace, pace_series, standings, status_of, team_standings
from .pipeline import Waterfall, mean_open_deals, open_pipeline, waterfall
from .preview import Preview, preview
from .scope import Scope

__all__ = [
    "MEASURES",
    "Figure",
    "Frozen",
    "Measure",
    "Pace",
    "Preview",
    "Revised",
    "Scope",
    "Standing",
    "TeamStanding",
    "Waterfall",
    "catalogue",
    "colleagues",
    "figure",
    "figures",
    "frozen",
    "landings",
    "levers",
    "mean_open_deals",
    "measures_of",
    "open_flags",
    "open_pipeline",
    "pace",
    "pace_series",
    "preview",
    "revised",
    "series",
    "standings",
    "status_of",
    "team_standings",
    "waterfall",
]
