"""Tables with a column for each period, as spreadsheets have them: told from their header, and read as one row a cell.

Totals beside and below the figures are left out, and checked against what they say they are the sum of.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import BinaryIO

from salesmgmt.lib.kinds import Kind
from salesmgmt.lib.periods import FiscalCalendar, Period
from teams.models import Organisation

from . import values
from .mapping import MappingFile, guess, plain_name
from .reader import Row, Table, Unreadable, open_table

PERIOD, AMOUNT = "period", "amount"
TOLD = 20  # totals that differ are told one by one, further ones counted
TOTAL = re.compile(
    r"(grand |sub-?|team )?totals?\b.*|.*\b(total|totals)|(total|suma|somma|totale|summe|gesamt|gesamtsumme|somme|"
    r"sum|ytd|year|full year|jahr)",
    re.IGNORECASE,
)
EMPTY = re.compile(r"[\s€£$¥₹₽]*[-–—−]?[\s€£$¥₹₽]*")
# The month's name in the languages of these teams; letters are compared without their case.
MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january januar jän jänner januari janvier janv enero ene gennaio gen janeiro",
            "feb february februar februari février févr fevr fév febrero febbraio fevereiro fev",
            "mar march märz mär mrz maart mrt mars marzo março",
            "apr april avril avr abril abr aprile",
            "may mai mei maj mayo maggio mag maio",
            "jun june juni juin junio giugno giu junho",
            "jul july juli juillet juil julio luglio lug julho",
            "aug august augustus augusti août aout agosto ago",
            "sep sept september septembre septiembre settembre set setembro",
            "oct october okt oktober octobre octubre ottobre ott outubro out",
            "nov november novembre noviembre novembro",
            "dec december dez dezember décembre déc diciembre dic dicembre dezembro",
        ),
        1,
    )
    for name in names.split()
}
_YEAR = r"(?:FY ?)?(\d{4}|'?\d\d)"
_WORD = re.compile(r"([^\W\d_]{3,10})\.?[ \-/.]?(\d{4}|'?\d\d)|(\d{4})[ \-/.]?([^\W\d_]{3,10})\.?")
_PART = re.compile(rf"([QP])(\d{{1,2}})[ \-/.]*{_YEAR}|{_YEAR}[ \-/.]*([QP])(\d{{1,2}})", re.IGNORECASE)
_FIGURES = re.compile(r"(\d{1,2})[-/.](\d{4})|(\d{4})[-/.](\d{1,2})(?:-01(?: 00:00:00)?)?")
_WHOLE = re.compile(r"FY[ \-]?(\d{4}|\d\d)|(\d{4})-FY|(20\d\d)", re.IGNORECASE)


def period_of(header: str, calendar: FiscalCalendar) -> Period | None:
    """The period that a column's name is: Jan 2027, Jan-27, 01/2027, 2027-01, Q1 2027, P07 2027, FY 2027."""
    key = _key(" ".join(header.split()))
    try:
        return Period.parse(key, calendar) if key else None
    except ValueError:
        return None


def _key(text: str) -> str:
    if match := _WHOLE.fullmatch(text):
        return f"{_year(match[1] or match[2] or match[3])}-FY"
    if match := _PART.fullmatch(text):
        letter, number, year = match[1] or match[5], match[2] or match[6], match[3] or match[4]
        return f"{_year(year)}-{letter.upper()}{int(number):0{2 if letter in 'Pp' else 1}d}"
    if match := _FIGURES.fullmatch(text):
        return f"{match[2] or match[3]}-{int(match[1] or match[4]):02d}"
    if match := _WORD.fullmatch(text):
        month = MONTHS.get((match[1] or match[4]).lower())
        return f"{_year(match[2] or match[3])}-{month:02d}" if month else ""
    return ""


def _year(text: str) -> str:
    plain = text.strip("'")
    return plain if len(plain) == 4 else f"20{plain}"


@dataclass(slots=True)
class Sum:
    """A cell that says what others come to."""

    line: int
    column: str
    said: str
    parts: list[str]
    before: list[str] = field(default_factory=list)  # of a total row: since the one above it, where that is fewer


@dataclass(slots=True)
class Wide(Table):
    """A table with a column for each period, read as one with the columns `period` and `amount`."""

    base: Table = None  # type: ignore[assignment]
    periods: dict[int, Period] = field(default_factory=dict)  # by the place of their column
    totals: dict[int, list[int]] = field(default_factory=dict)  # columns that sum others up
    sums: list[Sum] = field(default_factory=list)
    empty_cells: int = 0
    total_rows: int = 0

    def rows(self) -> Iterator[Row]:
        """Each cell with a figure as a row, with the line it stands in and the column it is from."""
        self.sums, self.empty_cells, self.total_rows = [], 0, 0
        kept = [at for at in range(len(self.base.header)) if at not in self.periods and at not in self.totals]
        above: dict[int, list[str]] = defaultdict(list)
        since: dict[int, list[str]] = defaultdict(list)
        for row in self.base.rows():
            if row.problem:
                yield row
                continue
            named = [row.cells[at] for at in kept]
            figures = {at: row.cells[at].strip() for at in (*self.periods, *self.totals)}
            for at, of in self.totals.items():
                if not is_empty(figures[at]):
                    self.sums.append(Sum(row.line, self.base.header[at], figures[at], [figures[one] for one in of]))
            is_total = any(TOTAL.fullmatch(text.strip()) for text in named if text.strip())
            for at in self.periods:
                if is_total:
                    if not is_empty(figures[at]):
                        sums = Sum(row.line, self.base.header[at], figures[at], list(above[at]), list(since[at]))
                        self.sums.append(sums)
                    since[at] = []
                    continue
                above[at].append(figures[at])
                since[at].append(figures[at])
                if is_empty(figures[at]):
                    self.empty_cells += 1
                    continue
                yield Row(row.line, [*named, self.periods[at].key, figures[at]], column=self.base.header[at])
            self.total_rows += is_total
        self.blank_lines, self.mended = self.base.blank_lines, self.base.mended

    def described(self) -> dict[str, object]:
        """What was found, for people and for the batch."""
        return {
            "periods": [[self.base.header[at], period.label] for at, period in self.periods.items()],
            "totals": [self.base.header[at] for at in self.totals],
            "total_rows": self.total_rows,
            "empty_cells": self.empty_cells,
        }

    def differing(self, notation: values.Notation) -> list[str]:
        """Where a total is not what its figures come to, as sentences."""
        told = []
        for one in self.sums:
            said, parts = _number(one.said, notation), [_number(text, notation) for text in one.parts]
            before = [_number(text, notation) for text in one.before]
            if said is None or None in parts:
                continue  # a figure that is none is refused itself
            come_to = sum(filter(None, parts), Decimal(0))
            if said != come_to and (not before or said != sum(filter(None, before), Decimal(0))):
                told.append(
                    f"Line {one.line}, {one.column}: the total says {one.said}, its figures come to {come_to:,f}."
                )
        more = len(told) - TOLD
        return told if more <= 0 else [*told[:TOLD], f"{more:,} more totals differ from their figures."]


def is_empty(text: str) -> bool:
    """Nothing is planned: an empty cell, a dash, perhaps with a currency's sign."""
    return EMPTY.fullmatch(text) is not None or text.lower() in values.NOTHING | values.DASHES


def _number(text: str, notation: values.Notation) -> Decimal | None:
    if is_empty(text):
        return Decimal(0)
    try:
        return values.to_number(text, notation)
    except values.Unfit:
        return None


def opened(file: BinaryIO, name: str, kind: Kind, told: MappingFile) -> Table:
    """The table in a file as rows of a kind; where its columns are periods, each cell is a row."""
    table = open_table(file, name, **told.reading)
    if kind.by_period and told.layout != "long":
        return _melted(table, kind, told, Organisation.get().calendar)
    return table


def _melted(table: Table, kind: Kind, told: MappingFile, calendar: FiscalCalendar) -> Table:
    header = table.header
    found = {at: period for at, name in enumerate(header) if (period := period_of(name, calendar))}
    asked = {source for column in (told.columns or {}).values() for source in column.sources}
    if told.layout != "wide":
        known = guess(kind, [name for at, name in enumerate(header) if at not in found])
        is_long = AMOUNT in known and (PERIOD in known or "start" in known)
        if is_long or asked & {header[at] for at in found}:
            return table
    if not found:
        bare = [name for name in header if name.strip(". ").lower() in MONTHS]
        if len(bare) > 1:
            raise Unreadable(
                f"{table.name}, line 1: “{bare[0]}” names no year; a column for a period reads like {bare[0]} 2027."
            )
        if told.layout == "wide":
            raise Unreadable(f"{table.name}, line 1: no column is a period, such as Jan 2027, 2027-01 or Q1 2027.")
        return table
    totals: dict[int, list[int]] = {}
    for at, whole in found.items():
        within = [
            place for place, period in found.items() if whole.start <= period.start and period.end <= whole.end
            and (period.start, period.end) != (whole.start, whole.end)
        ]  # fmt: skip
        twice = next((place for place, period in found.items() if place < at and period.start < whole.end
                      and whole.start < period.end and place not in within), None)  # fmt: skip
        is_below = twice is not None and found[twice].start <= whole.start and whole.end <= found[twice].end
        is_same = twice is not None and (found[twice].start, found[twice].end) == (whole.start, whole.end)
        if twice is not None and (is_same or not is_below):
            raise Unreadable(
                f"{table.name}, line 1: “{header[twice]}” and “{header[at]}” share days; each day may stand once."
            )
        if within:
            totals[at] = within
    periods = {at: period for at, period in found.items() if at not in totals}
    totals = {at: [place for place in within if place in periods] for at, within in totals.items()}
    for at, name in enumerate(header):
        if at not in found and TOTAL.fullmatch(name) and name not in asked:
            totals[at] = list(periods)
    kept = [name for at, name in enumerate(header) if at not in periods and at not in totals]
    if odd := next((name for name in kept if plain_name(name) in {PERIOD, AMOUNT}), None):
        raise Unreadable(
            f"{table.name}, line 1: “{odd}” stands beside columns that are periods; rename it, or say “layout”: “long”."
        )
    return Wide(
        table.name, [*kept, PERIOD, AMOUNT], table.found | {"wide": True}, table._source, table._has_header,
        base=table, periods=periods, totals=totals,
    )  # fmt: skip
