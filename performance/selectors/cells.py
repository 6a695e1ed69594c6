"""Reading rollups: whole months from the sums, the days around them from the days, all in one statement."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Literal

from django.db import connection

from salesmgmt.lib.periods import FiscalCalendar, Kind, Period

from .scope import Scope

Basis = Literal["restated", "reported"]
BY_MONTHS = "What was reported is kept by months: ask for a month, a quarter or a year, or for “restated”."


@dataclass(frozen=True, slots=True)
class Span:
    """Measures over a half-open range of days, under a name of its own."""

    name: str
    measures: Sequence[str]
    start: date
    until: date
    days_only: bool = False
    """Count the days that have a value (`days` of the cell), which the months don't tell."""
    by_day: bool = False
    """Each day apart, under its ISO date instead of the name."""


@dataclass(frozen=True, slots=True)
class Cells:
    """Sums by key (a person or team id; 0 for all together), span and measure."""

    sums: dict[tuple[int, str, str], tuple[Decimal, int]]
    days: dict[tuple[int, str, str], int]
    buckets: dict[tuple[int, str, str], dict[int, int]]

    def total(self, measure: str, *, key: int = 0, span: str = "to_date") -> Decimal:
        return self.sums.get((key, span, measure), (Decimal(0), 0))[0]

    def count(self, measure: str, *, key: int = 0, span: str = "to_date") -> int:
        return self.sums.get((key, span, measure), (Decimal(0), 0))[1]


def is_bucketed(measure: str) -> bool:
    """Whether its values are kept apart, for medians and the like."""
    return measure == "sales_cycle" or measure.endswith("#")


def read(
    spans: Sequence[Span],
    *,
    people: Collection[int] | None = None,
    teams: Collection[int] | None = None,
    each: bool = False,
    basis: Basis = "restated",
    period: Period | None = None,
) -> Cells:
    """Sum the spans over these people, these teams, or everybody (neither given); `each` keeps them apart.

    `reported` counts what was posted in `period` instead of what occurred in the span, up to the span's end (R10).
    """
    parts: list[str] = []
    arguments: list[Any] = []
    key = ("person_id" if people is not None else "team_id") if each else "0"
    ids = list(people if people is not None else teams if teams is not None else ())
    whose = (
        "" if people is None and teams is None else f"{'person_id' if people is not None else 'team_id'} = ANY(%s) AND "
    )
    posted = "posted_month >= %s AND posted_month < %s AND " if basis == "reported" else ""
    posting = [period.start, period.end] if basis == "reported" and period else []

    def part(span: Span, table: str, where: str, bounds: Sequence[Any]) -> None:
        source = f"FROM {table} WHERE {whose}{where} AND {posted}measure = ANY(%s)"
        if span.by_day:
            parts.append(
                f'SELECT {key}::bigint, "on"::text, measure, 0, sum(total), sum(count)::bigint, "on" {source}'
                ' GROUP BY 1, measure, "on"'
            )
        elif span.days_only:
            parts.append(
                f'SELECT {key}::bigint AS key, %s AS span, measure, 0, sum(total), sum(count)::bigint, "on" {source}'
                ' GROUP BY 1, 2, 3, "on"'
            )
        else:
            parts.append(f"SELECT {key}::bigint AS key, %s AS span, measure, bucket, total, count, NULL::date {source}")
        named = [] if span.by_day else [span.name]
        arguments.extend([*named, *([ids] if whose else []), *bounds, *posting, list(span.measures)])

    day_table = "performance_rollup" if people is not None else "performance_rollupsum"
    day_where = '"on" >= %s AND "on" < %s' + ("" if people is not None else " AND level = 'td'")
    month_where = f'level = \'{"pm" if people is not None else "tm"}\' AND "on" >= %s AND "on" < %s'
    for span in spans:
        if span.until <= span.start:
            continue
        is_of_days = span.days_only or span.by_day
        first, last = (span.until, span.until) if is_of_days else whole_months(span.start, span.until)
        for start, until in ((span.start, first), (last, span.until)):
            if start < until:
                part(span, day_table, day_where, [start, until])
        if first < last:
            part(span, "performance_rollupsum", month_where, [first, last])
        if posting:
            # Late facts: they occurred before the period, and are few; their index is partial.
            part(span, "performance_rollup", '"on" < %s AND "on" < posted_month', [span.start])
    if not parts:
        return Cells({}, {}, {})
    sums: dict[tuple[int, str, str], tuple[Decimal, int]] = {}
    days: dict[tuple[int, str, str], int] = {}
    buckets: dict[tuple[int, str, str], dict[int, int]] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT key, span, measure, bucket, sum(total), sum(count)::bigint, count(day)"
            f" FROM ({' UNION ALL '.join(parts)}) AS cells(key, span, measure, bucket, total, count, day)"
            " GROUP BY 1, 2, 3, 4",  # nosec B608 (its parts are built above, from constants)
            arguments,
        )
        for owner, name, measure, bucket, total, count, dates in cursor.fetchall():
            if is_bucketed(measure):
                buckets.setdefault((owner, name, measure), {})[bucket] = count
            was = sums.get((owner, name, measure), (Decimal(0), 0))
            sums[owner, name, measure] = (was[0] + total, was[1] + count)
            days[owner, name, measure] = dates
    return Cells(sums, days, buckets)


def is_reported(start: date, calendar: FiscalCalendar, kind: Kind = "month") -> bool:
    """Whether what was posted in days that begin on `start` is known: they close, and so are kept, by months."""
    return kind in {"month", "quarter", "year"} and Period.of(start, "month", calendar).start == start


def of_scope(scope: Scope) -> dict[str, Any]:
    """The keyword arguments of `read` for a scope."""
    if scope.kind == "person":
        assert scope.pk is not None
        return {"people": [scope.pk]}
    return {"teams": scope.team_ids} if scope.kind == "team" else {}


def whole_months(start: date, until: date) -> tuple[date, date]:
    """The part of `[start, until)` made of whole months; empty where there is none."""
    first = start if start.day == 1 else (start.replace(day=1) + timedelta(days=32)).replace(day=1)
    last = until.replace(day=1)
    return (first, last) if first < last else (until, until)
