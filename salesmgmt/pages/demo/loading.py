"""Bulk loading by COPY, triggers on, and moments on working days."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from django.db import connection, models

from .calendars import Ints

Column = Sequence[Any] | np.ndarray[Any, Any]
PORTION = 100_000
NULL = "\\N"


def copy_into(model: type[models.Model], rows: Mapping[str, Column]) -> Ints:
    """COPY parallel columns (by field name; None is NULL) into a table that holds none of their ids; answer the ids.

    A field that isn't given takes its default, as a saved object would.
    """
    columns: dict[str | None, Column] = {
        model._meta.get_field(name).column: values  # type: ignore[union-attr]
        for name, values in rows.items()
    }
    count = len(next(iter(columns.values())))
    for field in model._meta.concrete_fields:
        if field.column not in columns and not (field.primary_key or field.null or field.has_db_default()):
            columns[field.column] = [field.get_default()] * count
    table = connection.ops.quote_name(model._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT coalesce(max(id), 0) FROM {table}")
        first = cursor.fetchone()[0] + 1
        names = ", ".join(connection.ops.quote_name(str(name)) for name in ("id", *columns))
        for start in range(0, count, PORTION):
            portion = [_plain(values[start : start + PORTION]) for values in columns.values()]
            text = io.StringIO()
            csv.writer(text).writerows(zip(range(first + start, first + count), *portion, strict=False))
            text.seek(0)
            cursor.copy_expert(f"COPY {table} ({names}) FROM STDIN (FORMAT csv, NULL '{NULL}')", text)
        if count:
            cursor.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)", [table, first + count - 1])
    return np.arange(first, first + count)


def analyse(*tables: type[models.Model]) -> None:
    """Tell the planner what was loaded (without tables: into any), before a statement joins it."""
    names = ", ".join(connection.ops.quote_name(table._meta.db_table) for table in tables)
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {names}")


def _plain(values: Column) -> list[Any]:
    return [
        NULL if value is None else json.dumps(value) if isinstance(value, dict) else value
        for value in (values.tolist() if isinstance(values, np.ndarray) else values)
    ]


class Moments:
    """Turns days (counted from a first day) into dates and, with minutes of the day, into moments in UTC."""

    def __init__(self, first: date, zone: str, *, earliest: int, latest: int) -> None:
        self.first, self.earliest = first, earliest
        local = ZoneInfo(zone)
        noon = (datetime.combine(first + timedelta(days=day), time(12), local) for day in range(earliest, latest + 1))
        self.midnight = np.array([int(moment.astimezone(UTC).timestamp()) - 43_200 for moment in noon])

    def dates(self, days: Ints) -> list[str]:
        found: list[str] = np.datetime_as_string(np.datetime64(self.first, "D") + days).tolist()
        return found

    def at(self, days: Ints, minutes: Ints | int) -> list[str]:
        seconds = self.midnight[days - self.earliest] + np.asarray(minutes) * 60
        found: list[str] = np.char.add(np.datetime_as_string(seconds.astype("datetime64[s]")), "Z").tolist()
        return found

    def moment(self, day: int, minute: int) -> datetime:
        return datetime.fromtimestamp(int(self.midnight[day - self.earliest]) + minute * 60, UTC)
