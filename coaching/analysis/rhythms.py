"""The days of a rhythm: every so many weeks on a weekday."""

from datetime import date, timedelta


def first_day(starts_on: date, weekday: int) -> date:
    """The first such ISO weekday on or after a day."""
    return starts_on + timedelta(days=(weekday - starts_on.isoweekday()) % 7)


def days_of(*, starts_on: date, every_weeks: int, weekday: int, since: date, until: date) -> list[date]:
    """Those in `[since, until)`, counted from the first one on or after `starts_on`."""
    first, step = first_day(starts_on, weekday), timedelta(weeks=every_weeks)
    passed = max(0, -((first - since).days // step.days)) if since > first else 0
    day, found = first + passed * step, []
    while day < until:
        found.append(day)
        day += step
    return found
