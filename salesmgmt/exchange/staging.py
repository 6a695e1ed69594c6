"""A file's rows as typed values of a kind, and how they were read."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from salesmgmt.lib.kinds import Field, Kind, Refusal, Row

from . import values
from .mapping import Column, MappingFile, choose, guess_words
from .reader import Table, Unreadable
from .wide import AMOUNT, Wide, opened

REMEMBERED = 100_000  # texts
MOST = 50_000  # rows that are planned as a whole, in memory
NUMBERS = {"money", "number", "percent", "whole"}


@dataclass(slots=True)
class Staged:
    """The rows of a file, every one of them, and what was found out about how the file writes things."""

    table: Table
    columns: dict[str, Column]
    rows: list[Row]
    found: dict[str, Any] = field(default_factory=dict)


def stage(file: BinaryIO, name: str, kind: Kind, mapping: MappingFile, *, currency: str, zone: str) -> Staged:
    """Read a file as rows of `kind`. Raises Unreadable where it is no table or lacks a column that is needed."""
    table, columns, preset = open_as(file, name, kind, mapping)
    rows = []
    for line, of_row, problem, cell in cells(table, columns):
        row = Row(
            line,
            {},
            {one: values.rearmed(column.text(of_row)) for one, column in columns.items()} if not problem else {},
            column=cell,
        )
        if problem:
            row.refusals.append(Refusal(line, "", "", problem))
        rows.append(row)
        if len(rows) > MOST:
            raise Unreadable(f"{name} has more than {MOST:,} rows, and {kind.key} are looked at as a whole; split it.")
    texts: dict[str, list[str]] = {}
    for one in kind.fields:
        if one.name in columns and is_noted(one):
            seen = {row.raw[one.name] for row in rows if one.name in row.raw}
            texts[one.name] = [text for text in seen if not values.is_nothing(one, text)]
    noted = notations(kind, texts, mapping, table)
    type_rows(rows, kind, columns, noted, currency, zone)
    return Staged(table, columns, rows, describe(table, columns, preset, noted))


def open_as(file: BinaryIO, name: str, kind: Kind, mapping: MappingFile) -> tuple[Table, dict[str, Column], str]:
    """The table, the columns to read of it, and the preset these come from."""
    table = opened(file, name, kind, mapping)
    columns, preset = choose(mapping, kind, table)
    if missing := next((one for one in kind.fields if one.needed and _is_missing(columns.get(one.name))), None):
        raise Unreadable(
            f"{name}, line 1: there is no column for “{missing.name}”, which {kind.key} need; the columns are"
            f" {', '.join(column or '(no name)' for column in table.header[:20])}."
        )
    if all(_is_missing(column) for column in columns.values()):
        raise Unreadable(f"{name}, line 1: no column is one of {', '.join(one.name for one in kind.fields)}.")
    if mapping.columns is None and not preset and kind.field("status") and "stage" in columns.keys() - {"status"}:
        stage = columns["stage"].column
        at = table.header.index(stage)
        seen = {row.cells[at].strip() for row in table.rows() if not row.problem}
        columns = guess_words(kind, columns, {stage: seen})
    return table, columns, preset


def describe(
    table: Table, columns: dict[str, Column], preset: str, noted: dict[str, values.Notation]
) -> dict[str, Any]:
    """What was found out about the file, for people and for the batch."""
    used = {source for column in columns.values() for source in column.sources}
    found = {
        "preset": preset,
        "mended": table.mended,
        "sheet": table.found.get("sheet", ""),
        "format": table.found["format"],
        "encoding": table.found["encoding"],
        "delimiter": table.found["delimiter"],
        "gzip": table.found["packed"],
        "columns": {one: column.content() for one, column in columns.items()},
        "unused": [
            column for column in table.header if column and column not in used and not column.startswith("refused_")
        ],
        "notation": {name: ", ".join(notation.said) for name, notation in noted.items() if notation.said},
        "empty_lines": table.blank_lines,
    }
    if isinstance(table, Wide):
        found |= {"wide": table.described(), "differing": table.differing(noted.get(AMOUNT, values.Notation()))}
    return found


def _is_missing(column: Column | None) -> bool:
    return column is None or column.const == ""


def cells(table: Table, columns: dict[str, Column]) -> Iterator[tuple[int, dict[str, str], str, str]]:
    """The rows as line, texts by column, what is wrong, and the column of a row that is one cell."""
    places = {name: place for place, name in enumerate(table.header)}
    sources = dict.fromkeys(source for column in columns.values() for source in column.sources)
    wanted = [(source, places[source]) for source in sources]
    shared: dict[str, str] = {}  # equal texts are kept once
    for row in table.rows():
        if len(shared) > REMEMBERED:
            shared.clear()
        if row.problem:
            yield row.line, {}, row.problem, ""
        else:
            texts = {name: shared.setdefault(row.cells[at], row.cells[at]) for name, at in wanted}
            yield row.line, texts, "", row.column


def type_rows(
    rows: list[Row],
    kind: Kind,
    columns: dict[str, Column],
    noted: dict[str, values.Notation],
    currency: str,
    zone: str,
) -> None:
    """Turn texts into values, column by column, refusing rows whose text is none."""
    for one in sorted(kind.fields, key=lambda one: one.name != "currency"):
        if one.name in columns:
            _fill(rows, one, values.parser(one, noted.get(one.name, values.Notation()), zone), currency)


def is_noted(one: Field) -> bool:
    """Is it for the whole column to decide how these values are written?"""
    return one.type in NUMBERS | {"date", "moment"}


def notations(
    kind: Kind, texts: dict[str, list[str]], mapping: MappingFile, table: Table
) -> dict[str, values.Notation]:
    """How each column of numbers or dates is written, from texts that show every way in it."""
    delimiter = "," if table.found["format"] == "json lines" else table.found["delimiter"]
    numbers = [one for one in kind.fields if one.type in NUMBERS and one.name in texts]
    decided = {values.number_notation(texts[one.name], mapping.decimal, ";", "").decimal for one in numbers} - {""}
    hint = decided.pop() if len(decided) == 1 and any(texts[one.name] for one in numbers) and delimiter == ";" else ""
    return {
        one.name: values.number_notation(
            texts[one.name], mapping.decimal, delimiter, hint, is_whole=isinstance(table, Wide) and one.name == AMOUNT
        )
        if one.type in NUMBERS
        else values.date_notation(texts[one.name], mapping.date_format)
        for one in sorted(kind.fields, key=lambda one: one.name != "currency")
        if one.name in texts
    }


def _fill(rows: list[Row], one: Field, parse: Any, reporting: str) -> None:
    known: dict[tuple[str, str], tuple[Any, str]] = {}
    for row in rows:
        if one.name not in row.raw:
            continue
        text = row.raw[one.name]
        if values.is_nothing(one, text):
            if one.needed:
                row.refusals.append(Refusal(row.line, one.name, text, "It is needed and empty."))
            continue
        currency = row.values.get("currency", reporting) if one.type == "money" else ""
        if (text, currency) not in known:
            try:
                known[text, currency] = (parse(text, currency), "")
            except values.Unfit as unfit:
                known[text, currency] = (None, str(unfit))
        value, problem = known[text, currency]
        if problem:
            row.refusals.append(Refusal(row.line, one.name, text, problem))
        else:
            row.values[one.name] = value


def in_order(rows: list[Row], kind: Kind) -> list[Row]:
    """Rows so that what they refer to within the file comes first; those in a circle are refused."""
    if not kind.within:
        return rows
    named: dict[str, Row] = {}
    for one in reversed(rows):
        for name in ("email", "name", "external_id"):
            if name in one.values and not one.refusals:
                named[str(one.values[name]).casefold()] = one
    done: set[int] = set()
    ordered: list[Row] = []
    for first in rows:
        trail: list[Row] = []
        row: Row | None = first
        while row is not None and id(row) not in done:
            if any(row is one for one in trail):
                circle = trail[next(at for at, one in enumerate(trail) if one is row) :]
                lines = ", ".join(str(one.line) for one in sorted(circle, key=lambda one: one.line))
                for one in circle:
                    reason = (
                        f"It stands in a circle of {kind.within}s: lines {lines}."
                        if len(circle) > 1
                        else "It names itself."
                    )
                    one.refusals.append(Refusal(one.line, kind.within, one.raw.get(kind.within, ""), reason))
                break
            trail.append(row)
            text = row.values.get(kind.within)
            row = named.get(str(text).casefold()) if text is not None else None
        for one in reversed(trail):
            if id(one) not in done:
                done.add(id(one))
                ordered.append(one)
    return ordered
