"""What the rollups say: figures, pace, standings, series, and the records behind them."""

from .calls import CallLine, Judged, Staked, TeamCalls, call_lines, judged, people_records, rolled_up, team_calls
from .catalogue import MEASURES, Measure, catalogue, measures_of
from .figures import Figure, figure, figures, series
from .flags import open_flags
from .forecasting import Forecast, forecast, forecasts
from .frozen import Frozen, frozen
from .known import Known, known, source_of
from .landings import Revised, colleagues, landings, revised
from .leftout import LeftOut, left_out
from .levers import levers
from .pace import Pace, Standing, TeamStanding, pace, pace_series, standings, status_of, team_standings
from .pipeline import Waterfall, mean_open_deals, open_pipeline, waterfall
from .preview import Preview, preview
from .scope import Scope

__all__ = [
    "MEASURES",
    "CallLine",
    "Figure",
    "Forecast",
    "Frozen",
    "Judged",
    "Known",
    "LeftOut",
    "Measure",
    "Pace",
    "Preview",
    "Revised",
    "Scope",
    "Staked",
    "Standing",
    "TeamCalls",
    "TeamStanding",
    "Waterfall",
    "call_lines",
    "catalogue",
    "colleagues",
    "figure",
    "figures",
    "forecast",
    "forecasts",
    "frozen",
    "judged",
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
    "people_records",
    "preview",
    "revised",
    "rolled_up",
    "series",
    "source_of",
    "standings",
    "status_of",
    "team_calls",
    "team_standings",
    "waterfall",
]
