"""Flags and what was done about them, as tables."""

from performance.models import Flag, FlagEvent
from teams.exchange.trails import known_by, trail

RAISED = ("person", "measure", "period", "raised_on")

REFERENTS = [known_by(Flag, *RAISED)]

KINDS = [
    trail("flags", Flag, *RAISED),
    trail("flag_events", FlagEvent, "flag", "kind", "at"),
]
