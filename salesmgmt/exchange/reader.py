"""Any usual table as rows of text: delimiter, quoting and encoding found by themselves, line by line, memory-flat.

What can't be read is one sentence (`Unreadable`); a line that can't, a row with a `problem`. Nothing is mended unsaid.
"""

import codecs
import gzip
import io
import json
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import IO, Any, BinaryIO

import charset_normalizer

from salesmgmt.lib.refusals import Refused

from .workbook import Damaged, Workbook

MAX_BYTES = 1024 * 1024 * 1024  # of a file, unpacked
MAX_ROWS = 5_000_000
BOMB, RATIO = 32 * 1024 * 1024, 150  # from this size on no honest table is packed so densely
MAX_RECORD = 1_000_000  # characters
MAX_CELL = 500_000
MAX_COLUMNS = 1000
SAMPLE = 128 * 1024
PACKED_TWICE = 32 * 1024 * 1024  # of a workbook within gzip, which is held in memory
DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
ZIP = b"PK\x03\x04"
BINARIES = [
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"SQLite format 3", "a database"),
]


class Unreadable(Refused):
    """The file as a whole is no table that can be read."""


@dataclass(slots=True)
class Row:
    """One record, the line at which it starts (the header is 1), and what is wrong with it, if anything."""

    line: int
    cells: list[str]
    problem: str = ""
    raw: str = ""  # the text of a line whose cells could not be told apart
    column: str = ""  # the one it was a cell of, in a table with a column for each period


@dataclass(slots=True)
class Table:
    """A readable file: iterate `rows()` once or many times; `found` says how it was read."""

    name: str
    header: list[str]
    found: dict[str, Any]
    _source: "_Source"
    _has_header: bool
    blank_lines: int = field(default=0)
    mended: int = field(default=0)  # rows whose extra cells were joined, as was asked
    extra_commas: str = ""  # the column that extra cells belong to

    def rows(self) -> Iterator[Row]:
        self.blank_lines = self.mended = 0
        count = 0
        for row in self._read():
            if not row.problem and self._is_blank(row):
                self.blank_lines += 1
                continue
            count += 1
            if count > MAX_ROWS:
                raise Unreadable(f"{self.name} has more than {MAX_ROWS:,} rows; import it in parts.")
            yield row

    def _is_blank(self, row: Row) -> bool:
        return self._has_header and len(self.header) > 1 and not any(map(str.strip, row.cells))

    def _read(self) -> Iterator[Row]:
        if self.found["format"] == "json lines":
            yield from _json_rows(self._source, self.header, self.name)
            return
        if self.found["format"] == "xlsx":
            yield from self._sheet_rows()
            return
        rows = _records(self._source.lines(), self.found["delimiter"], self.found["quote"], self.name)
        first, width = True, len(self.header)
        for row in rows:
            if row.line == 1 and self.found["announced"]:
                continue
            if first and self._has_header:
                first = False
                continue
            first = False
            if self._has_header and not row.problem:
                if self.extra_commas:
                    self._mend(row)
                if len(row.cells) != width:
                    row.problem = self._mismatch(row)
                row.problem = row.problem or self._huge(row)
            yield row

    def _sheet_rows(self) -> Iterator[Row]:
        width = len(self.header)
        rows = _sheet(self._source, self.name)
        if self._has_header:
            next(rows, None)
        for number, cells in rows:
            row = Row(number, cells + [""] * (width - len(cells)))
            if self._has_header:
                if len(cells) > width:
                    row.problem = f"{self.name}, row {number}: “{_short(cells[-1])}” stands beyond the last column."
                else:
                    row.problem = self._huge(row)
            yield row

    def _mend(self, row: Row) -> None:
        """Join the extra cells of a row into the column that was named for it."""
        extra = len(row.cells) - len(self.header)
        if extra > 0:
            at = self.header.index(self.extra_commas)
            row.cells[at : at + extra + 1] = [self.found["delimiter"].join(row.cells[at : at + extra + 1])]
            self.mended += 1

    def _huge(self, row: Row) -> str:
        if max(map(len, row.cells), default=0) <= MAX_CELL:
            return ""
        at = next(at for at, cell in enumerate(row.cells) if len(cell) > MAX_CELL)
        size, where = len(row.cells[at]), f"{self.name}, line {row.line}"
        return f"{where}: “{_short(self.header[at])}” holds {size:,} characters; at most {MAX_CELL:,} can be read."

    def _mismatch(self, row: Row) -> str:
        wanted, got = len(self.header), len(row.cells)
        if got == wanted or (got < 2 and not "".join(row.cells).strip()):
            return ""
        where = f"{self.name}, line {row.line}: {got} cell{'s' * (got != 1)} where the header names {wanted} columns"
        mark = self.found["delimiter"]
        if got < wanted:
            return f"{where}; {self.header[got]!r} and what follows is missing. An empty cell still needs its “{mark}”."
        if self.found["format"] == "json lines" or not mark:
            return f"{where}."
        return (
            f"{where}. A value that holds “{mark}” must stand in quotes; or say to which column the rest belongs, such"
            f" as “extra_commas”: “join:{self._split_column(row)}”."
        )

    def _split_column(self, row: Row) -> str:
        """Where a value was most likely cut: before a cell that begins with a blank."""
        cut = next((at for at, cell in enumerate(row.cells) if at and cell.startswith(" ")), 0)
        return self.header[min(cut - 1, len(self.header) - 1)] if cut else self.header[-1]


def open_table(
    file: BinaryIO,
    name: str,
    *,
    delimiter: str | None = None,
    encoding: str | None = None,
    has_header: bool = True,
    needed: tuple[str, ...] = (),
    sheet: str = "",
    extra_commas: str = "",
) -> Table:
    """The table in a seekable binary file. Raises Unreadable: a sentence with the file and what would be right.

    `extra_commas`, as “join:COLUMN”, joins the extra cells of a row that has more than the header into that column.
    """
    table = _opened(file, name, delimiter, encoding, has_header, needed, sheet)
    if extra_commas:
        act, _, column = extra_commas.partition(":")
        if act != "join" or column.strip() not in table.header:
            like = table.header[-1] if table.header else "name"
            raise Unreadable(
                f"“extra_commas” is “join:” and a column, such as “join:{like}”; “{_short(extra_commas)}” is not."
            )
        table.extra_commas = column.strip()
    return table


def _opened(
    file: BinaryIO,
    name: str,
    delimiter: str | None,
    encoding: str | None,
    has_header: bool,
    needed: tuple[str, ...],
    sheet: str,
) -> Table:
    source = _Source(file, name, encoding, sheet)
    if source.book is not None:
        said = {"format": "xlsx", "encoding": "utf-8", "packed": source.packed, "delimiter": "", "quote": ""}
        said |= {"sheet": source.book.sheet, "sheets": source.book.sheets}
        table = Table(name, [], said, source, has_header)
        if has_header:
            header = next(_sheet(source, name), None)
            if header is None:
                raise Unreadable(f"{name}: sheet “{source.book.sheet}” is empty; its first row must name the columns.")
            table.header = [cell.strip() for cell in header[1]]
        return _checked(table, needed) if has_header else table
    head = source.sample.lstrip("\ufeff \t\r\n")
    if not head and has_header:
        raise Unreadable(f"{name} is empty: its first line must name the columns.")
    if delimiter is not None and (len(delimiter) != 1 or delimiter in "\"'\r\n"):
        raise Unreadable(f"“{delimiter}” can't be a delimiter; it is one character such as , ; | or a tab.")
    found: dict[str, Any] = {"format": "csv", "encoding": source.encoding, "packed": source.packed}
    if head.startswith("{") and delimiter is None and has_header and _is_json_line(head):
        found |= {"format": "json lines", "delimiter": "", "quote": ""}
        return _checked(Table(name, _json_header(source, name), found, source, True), needed)
    if head.startswith("[") and _is_json(source.sample):
        raise Unreadable(f"{name} is one JSON list; write one object per line (JSON lines) or a CSV with a header.")
    quote = _quote_of(source.sample)
    announced = _announced(source.sample.splitlines()[0] if source.sample.splitlines() else "")
    found |= {"quote": quote, "announced": bool(announced)}
    found["delimiter"] = delimiter or announced or _delimiter_of(source.sample, quote, name)
    table = Table(name, [], found, source, has_header)
    if not has_header:
        return table
    for row in _records(source.lines(), found["delimiter"], quote, name):
        if row.line == 1 and announced:
            continue
        if row.problem:
            raise Unreadable(row.problem)
        table.header = [cell.strip() for cell in row.cells]
        break
    return _checked(table, needed)


def _checked(table: Table, needed: tuple[str, ...]) -> Table:
    """The table, unless its header is no header."""
    header, name = table.header, table.name
    if not any(header):
        raise Unreadable(f"{name}, line 1: there is no column name; the first line must name the columns.")
    if len(header) > MAX_COLUMNS:
        raise Unreadable(f"{name}, line 1: {len(header)} columns are more than the {MAX_COLUMNS} that can be read.")
    twice = sorted({column for column in header if column and header.count(column) > 1})
    if twice:
        raise Unreadable(f"{name}, line 1: column “{twice[0]}” stands there twice; each name may stand once.")
    missing = [column for column in needed if column not in header]
    if missing:
        raise Unreadable(
            f"{name}, line 1: there is no column “{missing[0]}”; the header must name {', '.join(needed)}"
            f" and names {', '.join(_short(column) for column in header[:12])}."
        )
    return table


# ── Bytes to lines ──────────────────────────────────────────────────────────────────────────────────────────────


class _Source:
    """A file that can be read from its beginning again and again, as text in the encoding it was found to have."""

    def __init__(self, file: BinaryIO, name: str, encoding: str | None, sheet: str = "") -> None:
        self.file, self.name = file, name
        self.book: Workbook | None = None
        file.seek(0, io.SEEK_END)
        self.size = file.tell()
        file.seek(0)
        start = file.read(16)
        self.packed = start.startswith(b"\x1f\x8b")
        if self._starts(start).startswith(ZIP):
            self.encoding, self.sample = "utf-8", ""
            try:
                self.book = Workbook(self._unzipped() if self.packed else file, sheet)
            except Damaged as damage:
                raise Unreadable(f"{name} {damage.sentence}") from None
            return
        for magic, what in BINARIES:
            if start.startswith(magic):
                raise Unreadable(
                    f"{name} is {what}, not a table that can be read; save it as CSV (UTF-8) and import that."
                )
        self.encoding = self._told(encoding) if encoding else self._found()
        self.sample = self._sample()

    def _starts(self, start: bytes) -> bytes:
        """The first bytes, unpacked; of a damaged file none."""
        if not self.packed:
            return start
        try:
            return self.unpacked().read(4)
        except (OSError, EOFError, zlib.error):
            return b""

    def _unzipped(self) -> IO[bytes]:
        """A workbook packed once more, unpacked."""
        whole = io.BytesIO()
        for chunk in self._chunks():
            if whole.write(chunk) and whole.tell() > PACKED_TWICE:
                raise Unreadable(f"{self.name} is a large workbook packed with gzip, which saves nothing; unpack it.")
        return whole

    def unpacked(self) -> BinaryIO:
        self.file.seek(0)
        return gzip.GzipFile(fileobj=self.file) if self.packed else self.file  # type: ignore[return-value]

    def _chunks(self) -> Iterator[bytes]:
        """All bytes, counted: too many are refused before anything is made of them."""
        if not self.packed and self.size > MAX_BYTES:
            raise self._too_large()
        stream, read = self.unpacked(), 0
        try:
            while chunk := stream.read(1024 * 1024):
                read += len(chunk)
                if read > MAX_BYTES:
                    raise self._too_large()
                if self.packed and read > BOMB and read > RATIO * self.size:
                    raise Unreadable(
                        f"{self.name} unpacks to more than {RATIO} times its size, as no table does; send it unpacked"
                        " if it is one."
                    )
                yield chunk
        except (OSError, EOFError, zlib.error):
            raise Unreadable(
                f"{self.name} is packed with gzip but damaged; pack it again or send it unpacked."
            ) from None

    def _too_large(self) -> Unreadable:
        what = "unpacks to more than" if self.packed else "is larger than"
        return Unreadable(f"{self.name} {what} {MAX_BYTES // 1024 // 1024} MB; import it in parts.")

    def _told(self, encoding: str) -> str:
        try:
            told = codecs.lookup(encoding)
            if not getattr(told, "_is_text_encoding", True):
                raise LookupError
            decoder = told.incrementaldecoder("strict")
        except (LookupError, TypeError, ValueError):
            raise Unreadable(f"“{_short(encoding)}” is no encoding; one reads like utf-8, cp1252 or utf-16.") from None
        lines = 1
        try:
            for chunk in self._chunks():
                lines += decoder.decode(chunk).count("\n")
            decoder.decode(b"", final=True)
        except UnicodeError as error:
            if isinstance(error, UnicodeDecodeError):
                lines += error.object[: error.start].count(b"\n")
            raise Unreadable(
                f"{self.name} is not {encoding}: near line {lines} are bytes that mean nothing in it; leave the"
                " encoding out and it is found."
            ) from None
        return encoding

    def _found(self) -> str:
        chunks = self._chunks()
        head = next(chunks, b"")
        if not self.packed:
            pass
        elif any(head.startswith(magic) for magic, _ in BINARIES):
            raise Unreadable(f"{self.name} is packed with gzip, and what is in it is not a table.")
        for bom, encoding in [
            (codecs.BOM_UTF8, "utf-8-sig"),
            (codecs.BOM_UTF32_LE, "utf-32"),
            (codecs.BOM_UTF32_BE, "utf-32"),
            (codecs.BOM_UTF16_LE, "utf-16"),
            (codecs.BOM_UTF16_BE, "utf-16"),
        ]:
            if head.startswith(bom):
                return self._told(encoding)
        sample = head[:4096]
        if b"\0" in sample:
            even, odd = sample[::2].count(0), sample[1::2].count(0)
            if max(even, odd) < len(sample) // 4 or min(even, odd) > len(sample) // 50:
                raise Unreadable(f"{self.name} is not a table: it holds bytes that are no text.")
            return self._told("utf-16-be" if even > odd else "utf-16-le")
        controls = sum(byte < 32 and byte not in b"\t\n\r\f\x0b\x1a\x1b" for byte in sample)
        if controls > max(2, len(sample) // 20):
            raise Unreadable(f"{self.name} is not a table: it holds bytes that are no text.")
        utf8, odd_bytes = codecs.getincrementaldecoder("utf-8")("strict"), b""
        try:
            utf8.decode(head)
            for chunk in chunks:
                head = chunk
                utf8.decode(chunk)
            utf8.decode(b"", final=True)
        except UnicodeDecodeError:
            odd_bytes = b"\n".join(line for line in head.split(b"\n") if not line.isascii())[:65536]
            for _ in chunks:  # the rest is counted all the same
                pass
            try:
                return self._told(_single_byte(odd_bytes))
            except Unreadable:
                return "latin-1"  # whatever the bytes are, each is a letter in it
        return "utf-8"

    def _sample(self) -> str:
        raw = self.unpacked().read(SAMPLE)
        decoder = codecs.getincrementaldecoder(self.encoding)("strict")
        try:
            return decoder.decode(raw)
        except UnicodeError:
            raise Unreadable(f"{self.name} can't be read as {self.encoding}.") from None

    def lines(self) -> Iterator[str]:
        """Physical lines with their line ends as they are."""
        text = io.TextIOWrapper(_Keep(self.unpacked()), encoding=self.encoding, newline="")
        while line := text.readline(MAX_RECORD + 1):
            yield line


def _sheet(source: _Source, name: str) -> Iterator[tuple[int, list[str]]]:
    assert source.book is not None
    try:
        yield from source.book.rows()
    except Damaged as damage:
        raise Unreadable(f"{name} {damage.sentence}") from None


class _Keep(io.BufferedReader):
    """A reader whose closing leaves the file beneath it open, for the next pass."""

    def __init__(self, raw: BinaryIO) -> None:
        super().__init__(_Raw(raw), 64 * 1024)


class _Raw(io.RawIOBase):
    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        chunk = self._file.read(len(buffer))
        buffer[: len(chunk)] = chunk
        return len(chunk)


def _single_byte(odd: bytes) -> str:
    """Bytes that are not UTF-8. Few high ones: a Latin script, Windows Western unless another makes better words."""
    high = sum(byte > 127 for byte in odd)
    letters = sum(chr(byte).isalpha() for byte in odd if byte < 128)
    if high * 4 < letters + high:
        return _latin(odd)
    best = charset_normalizer.from_bytes(odd).best()
    return best.encoding if best is not None and not best.encoding.startswith("utf") else _latin(odd)


def _latin(odd: bytes) -> str:
    return min(("cp1252", "cp1250", "mac_roman", "cp850", "latin-1"), key=lambda encoding: _oddness(odd, encoding))


def _oddness(odd: bytes, encoding: str) -> int:
    """How often signs stand inside words and capitals after small letters; undefined bytes count most."""
    try:
        text = odd.decode(encoding)
    except UnicodeDecodeError:
        return len(odd)
    return len(re.findall(r"[a-z][^\W\d_a-z]?[^\w\s!-~’'–-]|[^\w\s!-~‘“„'–-][a-z]", text)) + sum(
        before.islower() and after.isupper() and not after.isascii() for before, after in pairwise(text)
    )


# ── Lines to cells ──────────────────────────────────────────────────────────────────────────────────────────────


def _records(lines: Iterator[str], delimiter: str, quote: str, name: str) -> Iterator[Row]:
    number = 0
    for line in lines:
        number += 1
        start = number
        if len(line) > MAX_RECORD:
            raise Unreadable(
                f"{name}, line {start} is longer than {MAX_RECORD:,} characters: not a table that can be read."
            )
        text = line.rstrip("\r\n")
        if "\0" in text:
            yield Row(
                start,
                [],
                f"{name}, line {start} holds a NUL byte, which is no text; remove it.",
                text.replace("\0", "\ufffd"),
            )
            continue
        if quote not in text:
            yield Row(start, text.split(delimiter))
            continue
        cells: list[str] = []
        at, problem = 0, ""
        while not problem:
            begin = at
            while line[begin : begin + 1] in {" ", "\t"} and line[begin] != delimiter:
                begin += 1
            if line[begin : begin + 1] != quote:
                end = line.find(delimiter, at)
                value = line[at:] if end < 0 else line[at:end]
                value = value.rstrip("\r\n") if end < 0 else value
                if _stray(value, quote):
                    problem = (
                        f"{name}, line {number}, column {len(cells) + 1}: a quote stands inside “{_short(value)}”; the"
                        " value must be wrapped in quotes and each quote in it doubled."
                    )
                cells.append(value)
                if end < 0:
                    break
                at = end + 1
                continue
            # A quoted cell: to the closing quote, over as many lines as it takes.
            end, opened = begin + 1, number
            while True:
                end = line.find(quote, end)
                while end < 0:
                    end = len(line)
                    more = next(lines, "")
                    number += 1
                    line += more
                    if not more or len(line) > MAX_RECORD:
                        raise Unreadable(
                            f"{name}, line {opened}, column {len(cells) + 1}: a quote is opened before"
                            f" “{_short(line[begin + 1 :])}” and never closed; close it, or double it if it belongs to"
                            " the value."
                        )
                    end = line.find(quote, end)
                after = line[end + 1 : end + 2]
                if after == quote:
                    end += 2
                elif line[end - 1] == "\\" and end - 1 > begin and after not in {delimiter, "\r", "\n", ""}:
                    end += 1  # \" as some databases write it
                else:
                    break
            value = line[begin + 1 : end].replace(quote * 2, quote).replace("\\" + quote, quote)
            rest = re.compile(rf"[ ]*(?={re.escape(delimiter)}|[\r\n]|\Z)").match(line, end + 1)
            if rest is None:
                problem = (
                    f"{name}, line {number}, column {len(cells) + 1}: after the quoted “{_short(value)}” comes"
                    f" “{_short(line[end + 1 :])}” where the cell should end; a quote inside a value must be doubled."
                )
                break
            cells.append(value)
            at = rest.end()
            if line[at : at + 1] != delimiter:
                break
            at += 1
        yield Row(start, cells, problem, line.rstrip("\r\n") if problem else "")


def _stray(value: str, quote: str) -> bool:
    """A quote in a bare cell; one right after a digit is a mark of inches or seconds and belongs there."""
    return quote == '"' and re.search(r'(?<![0-9])"', value) is not None


def _quote_of(sample: str) -> str:
    """The quote mark: " unless there is none and the header's cells all stand in '."""
    first = sample.split("\n", 1)[0].strip()
    single = re.fullmatch(r"'[^']*'(?:[,;\t|]'[^']*')+", first)
    return "'" if single and '"' not in sample else '"'


def _delimiter_of(sample: str, quote: str, name: str) -> str:
    """The one that splits the header and gives most rows the header's number of cells."""
    ranks = []
    for place, mark in enumerate(DELIMITERS):
        counts = []
        try:
            for row in _records(iter(io.StringIO(sample, newline="")), mark, quote, name):
                if not row.problem:
                    counts.append(len(row.cells))
                elif not counts:
                    break
                if len(counts) == 200:
                    break
        except Unreadable:
            pass
        if counts and counts[0] > 1:
            same = sum(count == counts[0] for count in counts[1:])
            ranks.append((same / max(1, len(counts) - 1), counts[0], -place, mark))
    return max(ranks)[3] if ranks else ","


def _announced(first: str) -> str:
    """The delimiter a first line “sep=;” announces, as spreadsheets write it."""
    match = re.fullmatch(r"\ufeff?sep=([,;\t|])\s*", first, re.IGNORECASE)
    return match[1] if match else ""


# ── JSON lines ──────────────────────────────────────────────────────────────────────────────────────────────────


def _parse(line: str) -> Any:
    return json.loads(line, parse_float=str, parse_int=str)


def _is_json(text: str) -> bool:
    try:
        _parse(text)
    except (ValueError, RecursionError):
        return text.count("{") > 0
    return True


def _is_json_line(head: str) -> bool:
    try:
        return isinstance(_parse(head.split("\n", 1)[0]), dict)
    except (ValueError, RecursionError):
        return False


def _json_header(source: _Source, name: str) -> list[str]:
    """Every key there is, in the order in which they first appear."""
    keys: dict[str, None] = {}
    for line in source.lines():
        if len(line) > MAX_RECORD:
            raise Unreadable(f"{name} has a line longer than {MAX_RECORD:,} characters: not a table that can be read.")
        try:
            made = _parse(line) if line.strip() else {}
        except (ValueError, RecursionError):
            continue
        if isinstance(made, dict):
            keys.update(dict.fromkeys(made))
        if len(keys) > MAX_COLUMNS:
            break
    return list(keys)


def _json_rows(source: _Source, header: list[str], name: str) -> Iterator[Row]:
    for number, line in enumerate(source.lines(), 1):
        text = line.strip().lstrip("\ufeff")
        if not text:
            continue
        try:
            made = _parse(text)
        except RecursionError:
            yield Row(number, [], f"{name}, line {number} is nested too deeply; values must be plain.", text)
            continue
        except ValueError:
            yield Row(number, [], f"{name}, line {number} is not JSON; each line must be one object.", text)
            continue
        if not isinstance(made, dict):
            yield Row(number, [], f"{name}, line {number} is not an object such as {{“name”: “Acme”}}.", text)
            continue
        nested = [key for key, value in made.items() if isinstance(value, dict | list)]
        if nested:
            yield Row(
                number,
                [],
                f"{name}, line {number}: “{_short(nested[0])}” is a list or an object; values must be plain.",
                text,
            )
            continue
        cells = [_plain(made.get(key)) for key in header]
        odd = [key for key, cell in zip(header, cells, strict=True) if "\0" in cell or not _is_text(cell)]
        if odd:
            yield Row(number, [], f"{name}, line {number}: “{_short(odd[0])}” holds characters that are no text.", "")
            continue
        yield Row(number, cells)


def _plain(value: object) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _is_text(cell: str) -> bool:
    try:
        cell.encode()
    except UnicodeEncodeError:
        return False
    return True


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 40 else f"{line[:39]}…"
