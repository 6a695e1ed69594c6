"""The reader: right on every valid file, a sentence for every other."""

import contextlib
import gzip
import io
import json
import time
import tracemalloc
import zipfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from openpyxl import Workbook

from salesmgmt.exchange import reader
from salesmgmt.exchange.reader import Table, Unreadable, open_table

from .conftest import SHARED, fuzzed, shared

TWINS = sorted(path.relative_to(SHARED) for path in SHARED.glob("bad-input/csv-*/*.json"))
BAD = sorted(path.relative_to(SHARED) for path in SHARED.glob("bad-input/csv-test-data/bad-*.csv"))


def table(data: bytes, **options: Any) -> Table:
    return open_table(io.BytesIO(data), "a.csv", **options)


def cells(data: bytes, **options: Any) -> list[list[str]]:
    read = table(data, **options)
    rows = list(read.rows())
    assert not [row.problem for row in rows if row.problem]
    return [read.header, *(row.cells for row in rows)]


@pytest.mark.parametrize("twin", TWINS, ids=str)
def test_the_reader_equals_the_twin_of_every_valid_file(twin: Path) -> None:
    expected = json.loads((SHARED / twin).read_text())
    has_header = isinstance(expected, dict) or not expected or isinstance(expected[0], dict)
    path = (SHARED / twin).with_suffix(".csv")
    with path.open("rb") as file:
        read = open_table(file, path.name, has_header=has_header)
        rows = list(read.rows())
    assert not [row.problem for row in rows if row.problem]
    if not has_header:
        assert [row.cells for row in rows] == expected
        return
    records = [dict(zip(read.header, row.cells, strict=True)) for row in rows]
    if path.name == "location_coordinates.csv":
        # Its twin is one bare object and says 1234567890 where the bytes of the file say 2095257564: the file is right.
        assert b"2095257564" in path.read_bytes()
        assert expected["Contact Phone Number"] == "1234567890"
        expected = [expected | {"Contact Phone Number": "2095257564"}]
    assert records == expected


@pytest.mark.parametrize("bad", BAD, ids=str)
def test_each_bad_file_gets_a_sentence_with_its_name(bad: Path) -> None:
    sentences = {
        "bad-header-less-fields.csv": "2 cells where the header names 3 columns; 'baz' and what follows is missing",
        "bad-header-more-fields.csv": "line 2: 4 cells where the header names 3 columns",
        "bad-header-no-header.csv": "is empty: its first line must name the columns",
        "bad-header-wrong-header.csv": "line 1: there is no column “foo”",
        "bad-missing-quote.csv": "column 2: a quote is opened before “I forgot to close this one,3” and never closed",
        "bad-quotes-with-unescaped-quote.csv": 'line 2, column 2: after the quoted “Hey, I missed” comes “it",3”',
        "bad-unescaped-quote.csv": 'line 2, column 2: a quote stands inside “This "quotes" must be escaped”',
    }
    with (SHARED / bad).open("rb") as file:
        try:
            rows = list(open_table(file, bad.name, needed=("foo", "bar", "baz")).rows())
            said = " ".join(row.problem for row in rows)
        except Unreadable as refusal:
            said = refusal.sentence
    assert said.startswith(bad.name)
    assert sentences[bad.name] in said


def test_the_example_files_are_there_or_the_suite_says_so() -> None:
    shared("bad-input")
    assert len(TWINS) >= 29
    assert len(BAD) == 7


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(mark: str) -> None:
    text = (
        f"name{mark}note{mark}amount\nAcme{mark}a, b; c{mark}1\n"
        if mark not in ",;"
        else f"name{mark}amount\nAcme{mark}1\n"
    )
    assert table(text.encode()).found["delimiter"] == mark


def test_decimal_commas_do_not_pass_for_delimiters() -> None:
    assert cells(b"name;amount\nAcme;1,50\nBeta;2,75\n") == [["name", "amount"], ["Acme", "1,50"], ["Beta", "2,75"]]


def test_a_spreadsheet_may_announce_its_delimiter() -> None:
    assert cells(b"sep=;\r\nname;amount\r\nAcme;1\r\n") == [["name", "amount"], ["Acme", "1"]]


def test_single_quotes_and_backslashes_are_quoting_too() -> None:
    assert cells(b"'name','note'\n'Acme','a, b'\n") == [["name", "note"], ["Acme", "a, b"]]
    assert cells(b'name,note\nAcme,"says \\"hello, you\\" twice"\n') == [
        ["name", "note"],
        ["Acme", 'says "hello, you" twice'],
    ]


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "latin-1", "utf-32"]
)
def test_the_encoding_is_found(encoding: str) -> None:
    text = "name;city\nMüller & Söhne;Köln\nCafé Été;Orléans\n"
    assert cells(text.encode(encoding)) == [["name", "city"], ["Müller & Söhne", "Köln"], ["Café Été", "Orléans"]]


def test_cyrillic_is_not_taken_for_western() -> None:
    text = "имя;город\n" + "Общество с ограниченной ответственностью;Москва\nТорговый дом;Санкт-Петербург\n" * 5
    assert cells(text.encode("cp1251"))[1] == ["Общество с ограниченной ответственностью", "Москва"]


def test_a_wrong_encoding_is_refused_with_its_line() -> None:
    with pytest.raises(Unreadable, match=r"a\.csv is not utf-8: near line 2 are bytes that mean nothing in it"):
        table("name\nKöln\n".encode("cp1252"), encoding="utf-8")
    with pytest.raises(Unreadable, match="is no encoding"):
        table(b"name\nx\n", encoding="klingon")
    with pytest.raises(Unreadable, match="is no encoding"):
        table(b"name\nx\n", encoding="rot13")


@pytest.mark.parametrize(
    "data",
    [
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
        b"PK\x03\x04\x14\0\x06\0",
        b"%PDF-1.7\n",
        bytes(range(256)) * 20,
        b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0",
    ],
)
def test_a_file_that_is_no_table_is_called_so(data: bytes) -> None:
    with pytest.raises(Unreadable, match="not a table"):
        table(data)


def test_gzip_is_read_and_a_damaged_one_refused() -> None:
    packed = gzip.compress(b"name,amount\nAcme,1\n" * 200)
    assert cells(gzip.compress(b"name,amount\nAcme,1\n")) == [["name", "amount"], ["Acme", "1"]]
    with pytest.raises(Unreadable, match="damaged"):
        table(packed[:40])


def packed(parts: dict[str, bytes]) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return whole.getvalue()


def workbook(rows: list[list[object]], *further: str) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    for title in further:
        book.create_sheet(title).append([title])
    whole = io.BytesIO()
    book.save(whole)
    return whole.getvalue()


def bombs() -> dict[str, bytes]:
    sheet = b"<worksheet><sheetData><row><c t='inlineStr'><is><t>" + b"x" * 200_000_000 + b"</t></is></c></row>"
    laughs = b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha">' + b"".join(
        b'<!ENTITY %c "&%c;&%c;">' % (98 + n, 97 + n, 97 + n) for n in range(20)
    )
    text = b"]><worksheet><sheetData><row><c t='inlineStr'><is><t>&u;</t></is></c></row></sheetData></worksheet>"
    book = zipfile.ZipFile(io.BytesIO(workbook([["name"], ["Acme"]])))
    parts = {part: book.read(part) for part in book.namelist()}
    return {
        "lines.csv.gz": gzip.compress(b"a,b\n" * 50_000_000, compresslevel=1),
        "line.csv.gz": gzip.compress(b"a" * 200_000_000, compresslevel=1),
        "json.gz": gzip.compress(b'{"a":' * 40_000_000, compresslevel=1),
        "sheet.xlsx": packed(parts | {"xl/worksheets/sheet1.xml": sheet}),
        "laughs.xlsx": packed(parts | {"xl/worksheets/sheet1.xml": laughs + text}),
        "archive.zip": packed({"table.csv": b"a,b\n" * 50_000_000}),
        "nothing.csv": b"\0" * 200_000_000,
        "endless.csv": b"a" * 200_000_000,
    }


def test_a_bomb_of_200_mb_is_refused_in_two_seconds_with_little_memory() -> None:
    for name, bomb in bombs().items():
        tracemalloc.start()
        began = time.process_time()
        with pytest.raises(Unreadable) as refusal:
            list(open_table(io.BytesIO(bomb), name).rows())
        spent, (_, most) = time.process_time() - began, tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert refusal.value.sentence.startswith(name)
        assert refusal.value.sentence.endswith(".")
        assert spent < 2, (name, spent)
        assert most < 100_000_000, (name, most)


def test_a_workbook_is_read_as_its_cells_mean_it() -> None:
    made = workbook(
        [
            ["name", "amount", "on", "at", "rate", "is_new", "note"],
            ["Acme", 0.1 + 0.2, date(2026, 3, 31), datetime(2026, 3, 31, 9, 30), 1.234, True, None],
            [None],
            ["007", 12, None, None, 1e15, None, "=1+1"],
        ],
        "Notes",
    )
    read = open_table(io.BytesIO(made), "a.xlsx")
    assert (read.found["format"], read.found["sheet"], read.found["sheets"]) == ("xlsx", "Sheet", ["Sheet", "Notes"])
    rows = list(read.rows())
    assert rows[0].cells == ["Acme", "0.3", "2026-03-31", "2026-03-31 09:30:00", "1.2340", "true", ""]
    assert (rows[1].line, rows[1].cells[0], rows[1].cells[1], rows[1].cells[4]) == (4, "007", "12", "1000000000000000")
    assert open_table(io.BytesIO(made), "a.xlsx", sheet="Notes").header == ["Notes"]
    assert open_table(io.BytesIO(gzip.compress(made)), "a.xlsx.gz").header[0] == "name"
    with pytest.raises(Unreadable, match="has no sheet “Other”; there is Sheet, Notes"):
        open_table(io.BytesIO(made), "a.xlsx", sheet="Other")


@pytest.mark.fuzz
@fuzzed(100)
@given(st.binary(max_size=300), st.integers(0, 6000))
def test_a_workbook_damaged_anywhere_is_rows_or_a_sentence(noise: bytes, at: int) -> None:
    whole = WHOLE[:at] + noise + WHOLE[at + len(noise) :]
    with contextlib.suppress(Unreadable):
        list(open_table(io.BytesIO(whole), "a.xlsx").rows())


def test_a_huge_cell_costs_its_own_row_only() -> None:
    rows = list(table(b"name,note\nAcme,1\nBeta," + b"x" * 600_000 + b"\nCeta,2\n").rows())
    assert [row.cells[0] for row in rows] == ["Acme", "Beta", "Ceta"]
    assert rows[1].problem == "a.csv, line 3: “note” holds 600,000 characters; at most 500,000 can be read."


def test_unquoted_commas_are_mended_when_told_where_they_belong_and_the_refusal_says_how() -> None:
    data = b"id,street,city\n1,Main St,Rome\n2,Rua do Pa\xc3\xa7o, 67,Rio\n"
    refused = list(table(data).rows())[1]
    assert refused.problem.endswith(
        "must stand in quotes; or say to which column the rest belongs, such as “extra_commas”: “join:street”."
    )
    read = table(data, extra_commas="join:street")
    assert [row.cells for row in read.rows()] == [["1", "Main St", "Rome"], ["2", "Rua do Paço, 67", "Rio"]]
    assert read.mended == 1
    with pytest.raises(
        Unreadable, match="“extra_commas” is “join:” and a column, such as “join:city”; “join:x” is not"
    ):
        table(data, extra_commas="join:x")


def test_a_line_without_end_is_refused() -> None:
    with pytest.raises(Unreadable, match=r"longer than 1,000,000 characters"):
        list(table(b"name,note\n" + b"x" * 3_000_000).rows())


def test_empty_lines_are_counted_not_taken() -> None:
    read = table(b"a,b\n1,2\n\n,\n3,4\n")
    assert [(row.line, row.cells) for row in read.rows()] == [(2, ["1", "2"]), (5, ["3", "4"])]
    assert read.blank_lines == 2


def test_lines_are_those_of_the_file() -> None:
    rows = list(table(b'a,b\n1,"x\ny\nz"\n2,3\n').rows())
    assert [row.line for row in rows] == [2, 5]


def test_a_nul_in_the_middle_costs_its_own_line_only() -> None:
    rows = list(table(b"a,b\n" + b"1,2\n" * 3000 + b"x\0y,2\n5,6\n").rows())
    assert [row.line for row in rows if row.problem] == [3002]
    assert "NUL" in rows[-2].problem
    assert rows[-1].cells == ["5", "6"]


def test_json_lines_are_read_and_their_faults_named() -> None:
    read = table(b'{"name": "Acme", "amount": 1.10, "ok": true}\n{"name": null, "city": "K\\u00f6ln"}\n')
    assert read.header == ["name", "amount", "ok", "city"]
    assert [row.cells for row in read.rows()] == [["Acme", "1.10", "true", ""], ["", "", "", "Köln"]]
    bad = table(b'{"a": 1}\nnot json\n[1]\n{"a": {"b": 1}}\n{"a": "\\ud800"}\n' + b'{"a": ' + b"[" * 100_000 + b"\n")
    problems = [row.problem for row in bad.rows()]
    assert problems[0] == ""
    assert all(problems[1:])


def test_a_json_list_is_told_what_would_be_right() -> None:
    with pytest.raises(Unreadable, match="one object per line"):
        table(b'[{"name": "Acme"}]')


def test_a_column_name_may_stand_once() -> None:
    with pytest.raises(Unreadable, match="“a” stands there twice"):
        table(b"a,b,a\n1,2,3\n")


@pytest.mark.fuzz
@fuzzed(100)
@given(st.binary(max_size=2000))
@example(b"\n\x01\x01\t\t\t\t   \x80")
def test_any_bytes_give_rows_or_a_sentence(data: bytes) -> None:
    with contextlib.suppress(Unreadable):
        for row in table(data).rows():
            assert row.problem or len(row.cells) >= 1


@pytest.mark.fuzz
@fuzzed(100)
@given(
    st.lists(
        st.lists(
            st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\t\r\n"), max_size=20),
            min_size=2,
            max_size=2,
        ),
        max_size=10,
    ),
    st.sampled_from(list(reader.DELIMITERS)),
)
def test_what_is_quoted_by_the_book_comes_back_as_it_was(rows: list[list[str]], mark: str) -> None:
    lines = [["first", "second"], *rows]
    text = "\r\n".join(mark.join('"' + cell.replace('"', '""') + '"' for cell in line) for line in lines)
    read = [row.cells for row in table(text.encode(), delimiter=mark).rows()]
    assert read == [row for row in rows if any(cell.strip() for cell in row)]


WHOLE = workbook([["name", "amount"], ["Acme", 1], ["Beta", 2.5]])
