"""From a file's columns to a kind's fields: told by a mapping file, or guessed from the header."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from salesmgmt.lib.kinds import Kind

from .reader import Unreadable

OPTIONS = {"delimiter": str, "encoding": str, "date_format": str, "decimal": str}
DECIDED = {
    "won": "won",
    "closed won": "won",
    "closedwon": "won",
    "lost": "lost",
    "closed lost": "lost",
    "closedlost": "lost",
}


@dataclass(frozen=True, slots=True)
class Column:
    """Where a field's text comes from: a column, its words perhaps mapped, or the same for every row."""

    column: str = ""
    const: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)

    def text(self, cells: Mapping[str, str]) -> str:
        if self.const is not None:
            return self.const
        text = cells.get(self.column, "").strip()
        return self.values.get(text, text).strip()

    def content(self) -> Any:
        """As a mapping file writes it."""
        if self.const is not None:
            return {"const": self.const}
        return {"column": self.column, "values": dict(self.values)} if self.values else self.column


@dataclass(frozen=True, slots=True)
class MappingFile:
    """A mapping as contract.md writes it; without `columns` they are guessed."""

    columns: dict[str, Column] | None = None
    delimiter: str = ""
    encoding: str = ""
    date_format: str = ""
    decimal: str = ""


def parse(content: Any, kind: Kind) -> MappingFile:
    """The mapping in parsed JSON. Raises Unreadable with a sentence that names the key."""
    if not isinstance(content, dict):
        raise Unreadable("The mapping must be a JSON object with “columns”.")
    if odd := content.keys() - OPTIONS.keys() - {"columns"}:
        raise Unreadable(f"The mapping has “{min(odd)}”, which is none of columns, {', '.join(OPTIONS)}.")
    options: dict[str, Any] = {}
    for name in OPTIONS.keys() & content.keys():
        value = content[name]
        if value is not None and not isinstance(value, str):
            raise Unreadable(f"In the mapping “{name}” must be a text.")
        options[name] = value or ""
    if options.get("decimal", "") not in {"", ".", ","}:
        raise Unreadable("In the mapping “decimal” must be “.” or “,”.")
    if "columns" not in content:
        return MappingFile(**options)
    columns = content["columns"]
    if not isinstance(columns, dict):
        raise Unreadable("In the mapping “columns” must be an object: field → column.")
    names = [one.name for one in kind.fields]
    parsed = {}
    for name, said in columns.items():
        if name not in names:
            raise Unreadable(f"In the mapping “{name}” is no field of {kind.key}; there is {', '.join(names)}.")
        parsed[name] = _column(name, said)
    return MappingFile(columns=parsed, **options)


def _column(name: str, said: Any) -> Column:
    if isinstance(said, str):
        return Column(column=said.strip())
    if isinstance(said, dict) and said.keys() == {"const"} and isinstance(said["const"], str | int | float | bool):
        return Column(const=str(said["const"]))
    if isinstance(said, dict) and said.keys() <= {"column", "values"} and isinstance(said.get("column"), str):
        values = said.get("values", {})
        plain = isinstance(values, dict) and all(
            isinstance(value, str | int | float | None) for value in values.values()
        )
        if plain:
            words = {str(word).strip(): "" if value is None else str(value) for word, value in values.items()}
            return Column(column=said["column"].strip(), values=words)
    raise Unreadable(
        f"In the mapping “{name}” must be a column's name, {{“const”: …}} or {{“column”: …, “values”: {{…}}}}."
    )


def complete(mapping: MappingFile, kind: Kind, header: list[str], name: str) -> dict[str, Column]:
    """The columns to read: those told (which must be there), for other fields one of exactly the field's name."""
    told = mapping.columns or {}
    for one, column in told.items():
        if column.const is None and column.column not in header:
            raise Unreadable(
                f"{name}, line 1: the mapping takes “{one}” from “{column.column}”, which is no column; there is"
                f" {', '.join(header[:20])}."
            )
    used = {column.column for column in told.values()}
    plain = {plain_name(column): column for column in header if column not in used}
    same = {one.name: Column(plain[one.name]) for one in kind.fields if one.name not in told and one.name in plain}
    return told | same


def guess(kind: Kind, header: list[str]) -> dict[str, Column]:
    """The columns by their names: a field's own first, then the other names it goes by. A column serves one field."""
    left = {plain_name(column): column for column in reversed(header) if column}
    guessed = {}
    for one in kind.fields:
        if one.name in left:
            guessed[one.name] = Column(left.pop(one.name))
    for one in kind.fields:
        found = next((name for name in one.also if name in left), None)
        if one.name not in guessed and found is not None:
            guessed[one.name] = Column(left.pop(found))
    return guessed


def guess_words(kind: Kind, columns: dict[str, Column], words: Mapping[str, Iterable[str]]) -> dict[str, Column]:
    """Where one column holds both stage and outcome (Prospecting, Won), both fields read it; `words` by column."""
    stage = columns.get("stage")
    if kind.key != "deals" or stage is None or "status" in columns or stage.const is not None:
        return columns
    seen = sorted(set(words.get(stage.column, ())))
    decided = {word: DECIDED[word.lower()] for word in seen if word.lower() in DECIDED}
    if not decided:
        return columns
    return columns | {
        "stage": Column(stage.column, values=dict.fromkeys(decided, "")),
        "status": Column(stage.column, values={word: decided.get(word, "open") for word in seen if word}),
    }


def plain_name(text: str) -> str:
    """A header as it is compared: small letters, anything else an underscore; CamelCase taken apart."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", text.strip())
    return re.sub(r"\W+", "_", apart).strip("_").lower()
