"""Tables as Excel workbooks: text is typed as text, so that nothing in it is calculated."""

import io
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import IO, Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST = 1_048_575  # rows that a sheet holds beside its header


def book(name: str, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> IO[bytes]:
    """The table as a file to be read from its beginning; what a sheet can't hold goes on in the next."""
    made = Workbook(write_only=True)
    sheet, written = None, 0
    for row in _with(rows):
        if sheet is None or written == MOST:
            sheet, written = made.create_sheet(title=(name[:28] or "Table") if sheet is None else None), 0
            sheet.append([_cell(sheet, title) for title in header])
        if row is not None:
            sheet.append([_cell(sheet, value) for value in row])
            written += 1
    whole = io.BytesIO()  # packed; what is unpacked lies in a file meanwhile
    made.save(whole)
    whole.seek(0)
    return whole


def _with(rows: Iterable[Sequence[Any]]) -> Iterable[Sequence[Any] | None]:
    """The rows after a nothing, so that a table without rows has its header."""
    yield None
    yield from rows


def _cell(sheet: Any, value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float | Decimal):
        return value
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    text = value.isoformat() if isinstance(value, datetime) else ILLEGAL_CHARACTERS_RE.sub("", str(value))
    cell = WriteOnlyCell(sheet, value=text)
    cell.data_type = "s"
    return cell
