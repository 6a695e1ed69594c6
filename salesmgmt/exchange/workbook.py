"""An Excel workbook as rows of text: read-only, sheet by sheet, refused where it unpacks to more than it should.

Sizes are judged from the archive's directory before anything is unpacked; XML with entities is refused by defusedxml.
"""

import re
import warnings
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import IO, Any

from salesmgmt.lib.refusals import Refused

MAX_BYTES = 512 * 1024 * 1024  # of all parts, unpacked
MAX_PART = 64 * 1024 * 1024  # of a part that is held in memory: the texts that cells share
MAX_SMALL = 8 * 1024 * 1024  # of any other part
BOMB, RATIO = 16 * 1024 * 1024, 150  # from this size on nothing honest is packed so densely


class Damaged(Refused):
    """It is no workbook that can be read: why, to follow the file's name."""


class Workbook:
    """One sheet of a workbook."""

    def __init__(self, file: IO[bytes], sheet: str = "") -> None:
        self._check(file)
        from openpyxl import load_workbook  # takes a while, and most files are no workbooks

        file.seek(0)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self._book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
        except Exception:  # a damaged part surfaces as any error there is
            raise Damaged("is an Excel workbook, but damaged or protected; save it anew, or as CSV (UTF-8).") from None
        self.sheets = [one.title for one in self._book.worksheets]
        if not self.sheets:
            raise Damaged("is an Excel workbook without a sheet.")
        if sheet and sheet not in self.sheets:
            raise Damaged(f"has no sheet “{sheet}”; there is {', '.join(self.sheets[:20])}.")
        self.sheet = sheet or self.sheets[0]

    def _check(self, file: IO[bytes]) -> None:
        file.seek(0)
        try:
            parts = zipfile.ZipFile(file).infolist()
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, UnicodeError):
            raise Damaged(
                "is packed with ZIP but damaged, not a table that can be read; send it as CSV (UTF-8)."
            ) from None
        if not any(part.filename.lower() == "xl/workbook.xml" for part in parts):
            raise Damaged("is a ZIP archive, not a table that can be read; unpack it and import what is in it.")
        whole, packed = sum(part.file_size for part in parts), sum(part.compress_size for part in parts)
        if whole > MAX_BYTES or (whole > BOMB and whole > RATIO * packed):
            raise Damaged(
                f"unpacks to {whole // 1024 // 1024} MB, more than a table of its size would; import it in parts, as"
                " CSV."
            )
        for part in parts:
            name = part.filename.lower()
            most = MAX_PART if name == "xl/sharedstrings.xml" else MAX_SMALL
            if part.file_size > most and not name.startswith("xl/worksheets/sheet"):
                raise Damaged(f"holds more text than can be read ({part.filename}); import it in parts, as CSV.")

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Each row that holds anything, with its number, as text; trailing empty cells left out."""
        sheet = self._book[self.sheet]
        sheet.reset_dimensions()  # what the file says of its own size is often wrong
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                for number, cells in enumerate(sheet.iter_rows(values_only=True), 1):
                    texts = [text_of(cell) for cell in cells]
                    while texts and not texts[-1]:
                        texts.pop()
                    if texts:
                        yield number, texts
        except Exception:
            raise Damaged(f"is an Excel workbook, but its sheet “{self.sheet}” is damaged; save it anew.") from None


def text_of(value: Any) -> str:
    """A cell as a text file would hold it: ISO dates, plain numbers with a point."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _plain(value)
    if isinstance(value, datetime):
        is_day = not (value.hour or value.minute or value.second or value.microsecond)
        return value.date().isoformat() if is_day else value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return _plain(value.total_seconds() / 86_400)
    return str(value)


def _plain(value: float) -> str:
    """Fifteen figures, as the spreadsheet shows it; three decimals get a zero, so that the point can't pass for a
    mark of thousands."""
    if value != value or value in (float("inf"), float("-inf")):
        return ""
    plain = f"{Decimal(f'{value:.15g}'):f}"
    return f"{plain}0" if re.search(r"\.\d{3}$", plain) else plain
