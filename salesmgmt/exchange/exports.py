"""Giving out what import takes: a kind as a table of text."""

import csv
import gzip
import io
import shutil
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import IO, Any, TextIO

from django.db.models import Model

from salesmgmt.lib import xlsxout
from salesmgmt.lib.kinds import IDENTIFIED, Kind

from .values import defused


def write_table(kind: Kind, out: TextIO, *, with_ids: bool = False) -> int:
    """Write a kind as CSV; answer how many rows. Text that a spreadsheet would run is defused; import undoes that.

    `with_ids`: records without an external id get one in the file (deal-17), so that others can name them for sure.
    """
    written = -1  # the header is no row
    writer = csv.writer(out, lineterminator="\r\n")
    for line in lines(kind, with_ids=with_ids):
        writer.writerow(line)
        written += 1
    return written


def write_file(kind: Kind, path: Path, *, with_ids: bool = False) -> int:
    """Write a kind into a file as its name says: .xlsx a workbook, .gz packed, else CSV; answer how many rows."""
    if path.suffix.lower() == ".xlsx":
        with book(kind) as whole, path.open("wb") as file:
            shutil.copyfileobj(whole, file)
        return sum(1 for _ in kind.rows())
    if path.suffix.lower() == ".gz":
        with gzip.open(path, "wb") as packed, io.TextIOWrapper(packed, encoding="utf-8", newline="") as text:
            return write_table(kind, text)
    with path.open("w", encoding="utf-8", newline="") as file:
        return write_table(kind, file, with_ids=with_ids)


def book(kind: Kind, *, guarded: bool = False) -> IO[bytes]:
    """A kind as a workbook, every cell typed as text, as import takes it; `guarded`: without what is not for users."""
    names = [one.name for one in kind.fields]
    rows = kind.rows_for_users() if guarded else kind.rows()
    return xlsxout.book(kind.key, names, ([_plain(row.get(name)) for name in names] for row in rows))


def lines(kind: Kind, *, with_ids: bool = False, guarded: bool = False) -> Iterator[list[str]]:
    """The header, and a line for each row there is; `guarded`: without what is not for users."""
    names = [one.name for one in kind.fields]
    yield names
    for row in kind.rows_for_users() if guarded else kind.rows():
        if with_ids and "" in row:
            row["external_id"] = _id_of(row[""])
        yield [_text(_id_of(value) if with_ids and _has_id(value) else value) for value in map(row.get, names)]


def _text(value: Any) -> str:
    """A value as a text file holds it."""
    return defused(_plain(value)) if isinstance(value, Model | str) else _plain(value)


def _has_id(value: Any) -> bool:
    return isinstance(value, Model) and value._meta.model_name in IDENTIFIED


def _id_of(record: Any) -> str:
    return record.external_id or f"{record._meta.model_name}-{record.pk}"


def _plain(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Model):
        return _named(value)
    if isinstance(value, Decimal):
        plain = f"{value:f}"
        return plain.rstrip("0").rstrip(".") if "." in plain and not plain.endswith(".00") else plain
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value)


def _named(record: Any) -> str:
    """How a row refers to a record: its external id, else its number or name; an order a win booked, its deal's."""
    for name in ("external_id", "number", "name"):
        if text := getattr(record, name, None):
            return str(text)
    deal = getattr(record, "deal", None)
    return _named(deal) if deal is not None else str(record)
