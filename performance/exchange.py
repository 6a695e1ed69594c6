"""Flags, what was done about them, and calls, as tables."""

from performance.models import Call, Flag, FlagEvent
from teams.exchange.trails import known_by, trail

RAISED = ("person", "measure", "period", "raised_on")

REFERENTS = [known_by(Flag, *RAISED)]

KINDS = [
    trail("flags", Flag, *RAISED),
    trail("flag_events", FlagEvent, "flag", "kind", "at"),
    trail("calls", Call, "person", "team", "period", "made_at"),
]
