"""Days that records may lie on: rollups, periods and calendars reach as far, so that every kept day is counted."""

from datetime import date

from django.core.exceptions import ValidationError

EARLIEST, LATEST = 1900, 2199  # years
OUTSIDE = f"Its year is not between {EARLIEST} and {LATEST}."


def is_of_our_time(day: date) -> bool:
    """Whether a day, or a moment, can be counted."""
    return EARLIEST <= day.year <= LATEST


def require_our_time(day: date) -> None:
    """The same as a validator of a form's field."""
    if not is_of_our_time(day):
        raise ValidationError(OUTSIDE)
