"""Thin tasks: what waits under sales' topics."""

from salesmgmt.desk.drains import drains
from salesmgmt.lib import clock

from . import services


@drains("reminders")
def remind() -> int:
    """Tell of tasks whose moment has come."""
    return services.remind(at=clock.now())
