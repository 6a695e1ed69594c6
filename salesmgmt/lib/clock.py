"""The only place that reads the clock. Edges call it and hand the value in as `on=` or `as_of=`."""

from datetime import UTC, date, datetime, time, timedelta
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


def close_of(day: date, zone: str) -> datetime:
    """The moment at which a day ends in an IANA time zone: the first that is no longer of it."""
    return datetime.combine(day + timedelta(days=1), time(), ZoneInfo(zone))
