"""Half-open date ranges `[from, until)` and the verbs of effective dating (house, "Effective dating")."""

from datetime import date, timedelta
from typing import Any, Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import Q

BEFORE_ALL_RECORDS = date(1900, 1, 1)


def half_open(start: date, until: date | None = None) -> DateRange:
    """`[start, until)`; without `until` it goes on."""
    return DateRange(start, until, "[)")


def through(start: date, last: date) -> DateRange:
    """`[start, last]` as people write it (a leave's last day away), held half-open."""
    return DateRange(start, last + timedelta(days=1), "[)")


def overlap(one: DateRange, other: DateRange) -> bool:
    """Is there a day in both?"""
    return (one.upper is None or other.lower < one.upper) and (other.upper is None or one.lower < other.upper)


class DatedQuerySet(models.QuerySet):
    """Rows that hold for a range of days in `during`."""

    def on(self, day: date) -> Self:
        return self.filter(during__contains=day)

    def overlapping(self, start: date, end: date) -> Self:
        return self.filter(during__overlap=half_open(start, end))


class Dated(models.Model):
    """A fact that holds from a day until another (exclusive; none: it still holds)."""

    during = DateRangeField()

    class Meta:
        abstract = True

    def __contains__(self, day: date) -> bool:
        return self.starts_on <= day and (self.until is None or day < self.until)

    @property
    def starts_on(self) -> date:
        first: date = self.during.lower
        return first

    @property
    def until(self) -> date | None:
        end: date | None = self.during.upper
        return end


def one_at_a_time(name: str, *fields: str, condition: Q | None = None) -> ExclusionConstraint:
    """No two rows with the same `fields` may overlap in time."""
    expressions: list[Any] = [(field, RangeOperators.EQUAL) for field in fields]
    return ExclusionConstraint(
        name=name, expressions=[*expressions, ("during", RangeOperators.OVERLAPS)], condition=condition
    )


def is_a_range(name: str) -> models.CheckConstraint:
    """The range has a first day and is not empty."""
    return models.CheckConstraint(condition=Q(during__isempty=False, during__startswith__isnull=False), name=name)
