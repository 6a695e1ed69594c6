"""The refused rows as a file of their own."""

import csv
import io
from typing import Any, BinaryIO

from salesmgmt.exchange.reader import open_table
from salesmgmt.exchange.values import defused
from salesmgmt.lib.kinds import Refusal


def rejects(*, file: BinaryIO, name: str, mapping: dict[str, Any], refusals: dict[int, Refusal]) -> bytes:
    """The refused rows as a table like the one they came from: mend it, and import it again.

    The columns that say why stand first and are passed over on the way in; unreadable lines stand as they were.
    """
    said = {one: mapping.get(one) or "" for one in ("delimiter", "encoding", "sheet", "extra_commas")}
    table = open_table(
        file, name, delimiter=said["delimiter"] or None, encoding=said["encoding"] or None, sheet=said["sheet"],
        extra_commas=said["extra_commas"],
    )  # fmt: skip
    if table.found["format"] != "csv":
        table.found["delimiter"], table.found["quote"] = ",", '"'
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=table.found["delimiter"], quotechar=table.found["quote"], lineterminator="\r\n")
    why = ["refused_line", "refused_column", "refused_reason"]
    has_said = table.header[: len(why)] == why
    writer.writerow([*why, *(table.header[len(why) :] if has_said else table.header)])
    for row in table.rows():
        refusal = refusals.get(row.line)
        if refusal is None:
            continue
        told = [] if has_said and row.raw else [row.line, refusal.column, refusal.reason]
        if row.raw:  # cells that could not be told apart stand as they were
            text.write("".join(f"{value}{table.found['delimiter']}" for value in map(_quoted, told)) + row.raw + "\r\n")
        else:
            writer.writerow([*told, *(defused(cell) for cell in row.cells[len(why) if has_said else 0 :])])
    return text.getvalue().encode("utf-8-sig")


def _quoted(value: object) -> str:
    return '"' + str(value).replace('"', '""') + '"'
