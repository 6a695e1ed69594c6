"""The only place that reads the clock. Edges call it and hand the value in as `on=` or `as_of=`."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo


def now() -> datetime:
    """This moment, aware, in UTC."""
    return datetime.now(UTC)


def today(zone: str) -> date:
    """Today in an IANA time zone: the organisation's zone decides the day."""
    return now().astimezone(ZoneInfo(zone)).date()


def day_of(moment: datetime, zone: str) -> date:
    """The day on which an aware moment falls in an IANA time zone."""
    return moment.astimezone(ZoneInfo(zone)).date()
