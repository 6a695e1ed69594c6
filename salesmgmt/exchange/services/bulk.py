"""Rows of a call of the API, taken in as those of a file are."""

import io
import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from salesmgmt.exchange.kinds import kind_of
from salesmgmt.exchange.mapping import Column, MappingFile
from salesmgmt.exchange.models import Batch
from salesmgmt.lib.kinds import Refusal
from teams.models import User

from .taking import Options, import_file

MOST = 1000  # rows of a call


@dataclass(slots=True)
class Taken:
    """What became of one row of a call."""

    row: int
    act: str
    refusals: list[Refusal] = field(default_factory=list)


def take_rows(
    *, kind: str, rows: list[Any], options: Options, by: User, at: datetime, name: str = "API"
) -> tuple[list[Taken], Batch | None, list[str]]:
    """Take rows in, by their fields' names; answer what became of each, the batch, and what was made.

    A row that says something nobody knows is refused, so that nothing is taken for granted.
    """
    wanted = kind_of(kind)
    names = [one.name for one in wanted.fields]
    said: dict[str, None] = dict.fromkeys(one.name for one in wanted.fields if one.needed)
    taken: list[Taken] = []
    lines: list[str] = []
    numbers: list[int] = []
    for number, row in enumerate(rows, 1):
        if not isinstance(row, dict):
            taken.append(Taken(number, "refused", [Refusal(number, "", "", "A row is an object: field → value.")]))
        elif odd := [str(key) for key in row if key not in names]:
            reason = f"There is no such field; {kind} have {', '.join(names)}."
            taken.append(Taken(number, "refused", [Refusal(number, odd[0][:200], "", reason)]))
        else:
            said |= dict.fromkeys(row)
            numbers.append(number)
            lines.append(json.dumps(row))
    if not lines:
        return taken, None, []
    first = json.dumps(dict.fromkeys(said) | json.loads(lines[0]))  # so that a field that no row has is missed by row
    file = io.BytesIO("\n".join([first, *lines[1:]]).encode())
    mapping = MappingFile(columns={name: Column(name) for name in said}, decimal=".")
    answer = import_file(
        kind=kind, file=file, name=name, mapping=mapping, options=options, by=by, at=at
    )  # fmt: skip
    refusals: dict[int, list[Refusal]] = {}
    for one in answer.refusals:
        refusals.setdefault(one.line, []).append(one)
    for line, number in enumerate(numbers, 1):
        taken.append(Taken(number, answer.acts.get(line, "refused"), refusals.get(line, [])))
    return sorted(taken, key=lambda one: one.row), answer.batch, answer.made
