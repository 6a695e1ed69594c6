"""Measures, flags and what was done about them, calls, scorecards and reports, as tables."""

from performance.models import (
    Call,
    Flag,
    FlagCost,
    FlagEvent,
    MeasureDefinition,
    MeasureVersion,
    Report,
    ReportRecipient,
    Scorecard,
    ScorecardPart,
)
from teams.exchange.trails import known_by, trail

RAISED = ("person", "measure", "period", "raised_on")
MONTH = ("team", "period")
HELD = ("role", "during", "made_at")

REFERENTS = [
    known_by(Flag, *RAISED),
    known_by(MeasureDefinition, "key"),
    known_by(Report, *MONTH),
    known_by(Scorecard, *HELD),
]

KINDS = [
    trail("measures", MeasureDefinition, "key"),
    trail("measure_versions", MeasureVersion, "definition", "from_on", "recorded_at"),
    trail("flag_costs", FlagCost, "kind"),
    trail("flags", Flag, *RAISED),
    trail("flag_events", FlagEvent, "flag", "kind", "at"),
    trail("calls", Call, "person", "team", "period", "made_at"),
    trail("scorecards", Scorecard, *HELD),
    trail("scorecard_parts", ScorecardPart, "scorecard", "measure"),
    trail("reports", Report, *MONTH),
    trail("report_recipients", ReportRecipient, "report", "person"),
]
