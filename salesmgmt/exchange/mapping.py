"""From a file's columns to a kind's fields: told by a mapping file or a preset, or guessed from header and values."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from salesmgmt.lib.kinds import Field, Kind

from . import presets
from .reader import Table, Unreadable

OPTIONS = ("delimiter", "encoding", "date_format", "decimal", "preset", "sheet", "extra_commas", "layout")
SAMPLED = 200  # rows whose values are looked at
DECIDED = {
    "won": "won",
    "closed won": "won",
    "closedwon": "won",
    "lost": "lost",
    "closed lost": "lost",
    "closedlost": "lost",
}
CURRENCIES = frozenset(
    re.findall(
        "...",
        "AEDARSAUDBGNBRLCADCHFCLPCNYCOPCZKDKKEGPEURGBPHKDHUFIDRILSINRISKJPYKRWMADMXNMYRNOKNZDPENPHPPLNRONRSDSARSEKSGDTHB"
        "TRYTWDUAHUSDVNDZAR",
    )
)
ANY = "*"  # in `values`: every word that is not named; at the end of a word in `where`: whatever follows


@dataclass(frozen=True, slots=True)
class Column:
    """Where a field's text comes from: a column or several joined, its words perhaps mapped, perhaps only in rows
    where another column says so; or the same for every row."""

    column: str = ""
    const: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
    join: str | None = " "  # None: the first of the columns that says something
    where: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def sources(self) -> tuple[str, ...]:
        """The columns of the file that it needs."""
        if self.const is not None:
            return ()
        return (*(self.columns or (self.column,)), *self.where)

    @property
    def is_plain(self) -> bool:
        """Nothing but the text of one column."""
        return self.const is None and not (self.values or self.columns or self.where)

    def text(self, cells: Mapping[str, str]) -> str:
        if self.const is not None:
            return self.const
        for name, words in self.where.items():
            if not _is_one_of(cells.get(name, "").strip(), words):
                return ""
        if self.columns:
            parts = [part for name in self.columns if (part := cells.get(name, "").strip())]
            text = self.join.join(parts) if self.join is not None else next(iter(parts), "")
        else:
            text = cells.get(self.column, "").strip()
        return self.worded(text)

    def worded(self, text: str) -> str:
        """A text as its words are mapped: by the very word, by the word in other letters, or as any other."""
        if not self.values:
            return text
        if (mapped := self.values.get(text)) is None:
            same = (said for word, said in self.values.items() if word.casefold() == text.casefold())
            mapped = next(same, self.values.get(ANY, text) if text else text)
        return mapped.strip()

    def content(self) -> Any:
        """As a mapping file writes it."""
        if self.const is not None:
            return {"const": self.const}
        if self.is_plain:
            return self.column
        said: dict[str, Any] = (
            {"columns": list(self.columns), "join": self.join} if self.columns else {"column": self.column}
        )
        if self.values:
            said["values"] = dict(self.values)
        if self.where:
            said["where"] = {name: list(words) for name, words in self.where.items()}
        return said


def _is_one_of(text: str, words: Iterable[str]) -> bool:
    known = text.casefold()
    return any(
        known.startswith(word[:-1].casefold()) if word.endswith(ANY) else known == word.casefold() for word in words
    )


@dataclass(frozen=True, slots=True)
class MappingFile:
    """A mapping as contract.md writes it; without `columns` they come from the preset, or are guessed."""

    columns: dict[str, Column] | None = None
    delimiter: str = ""
    encoding: str = ""
    date_format: str = ""
    decimal: str = ""
    preset: str = ""
    sheet: str = ""
    extra_commas: str = ""
    layout: str = ""  # wide: a column for each period; long: none is

    def content(self) -> dict[str, Any]:
        """As a mapping file writes it."""
        told = {name: said for name in OPTIONS if (said := getattr(self, name))}
        if self.columns is not None:
            told["columns"] = {name: column.content() for name, column in self.columns.items()}
        return told

    @property
    def reading(self) -> dict[str, Any]:
        """What `open_table` is to be told."""
        return {
            "delimiter": self.delimiter or None,
            "encoding": self.encoding or None,
            "sheet": self.sheet,
            "extra_commas": self.extra_commas,
        }


def parse(content: Any, kind: Kind) -> MappingFile:
    """The mapping in parsed JSON. Raises Unreadable with a sentence that names the key."""
    if not isinstance(content, dict):
        raise Unreadable("The mapping must be a JSON object with “columns”.")
    if odd := content.keys() - set(OPTIONS) - {"columns"}:
        raise Unreadable(f"The mapping has “{min(map(str, odd))}”, which is none of columns, {', '.join(OPTIONS)}.")
    options: dict[str, Any] = {}
    for name in OPTIONS:
        value = content.get(name)
        if value is not None and not isinstance(value, str):
            raise Unreadable(f"In the mapping “{name}” must be a text.")
        options[name] = value or ""
    if options["decimal"] not in {"", ".", ","}:
        raise Unreadable("In the mapping “decimal” must be “.” or “,”.")
    if options["layout"] not in {"", "wide", "long"} or (options["layout"] == "wide" and not kind.by_period):
        raise Unreadable(
            "In the mapping “layout” must be “long”" + (" or “wide”." if kind.by_period else f": {kind.key} are that.")
        )
    if options["preset"] and options["preset"] not in presets.NAMES:
        raise Unreadable(f"There is no preset “{options['preset']}”; there is {', '.join(presets.NAMES)}.")
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
        parsed[name] = column_of(name, said)
    return MappingFile(columns=parsed, **options)


def column_of(name: str, said: Any) -> Column:
    """What a mapping file says of one field."""
    if isinstance(said, str):
        return Column(column=said.strip())
    if isinstance(said, dict) and said.keys() == {"const"} and isinstance(said["const"], str | int | float | bool):
        return Column(const=str(said["const"]))
    if (
        isinstance(said, dict)
        and said.keys() <= {"column", "columns", "join", "values", "where"}
        and ("column" in said) != ("columns" in said)
    ):
        parts, values, where = said.get("columns", []), said.get("values", {}), said.get("where", {})
        join = said.get("join", " ")
        plain = (
            isinstance(said.get("column", ""), str)
            and isinstance(join, str | None)
            and isinstance(parts, list)
            and all(isinstance(part, str) for part in parts)
            and (bool(parts) or "column" in said)
            and isinstance(values, dict)
            and all(isinstance(value, str | int | float | None) for value in values.values())
            and isinstance(where, dict)
            and all(isinstance(w, list) and all(isinstance(word, str) for word in w) for w in where.values())
        )
        if plain:
            return Column(
                column=said.get("column", "").strip(),
                columns=tuple(part.strip() for part in parts),
                join=join,
                values={str(word).strip(): "" if value is None else str(value) for word, value in values.items()},
                where={str(of).strip(): tuple(words) for of, words in where.items()},
            )
    raise Unreadable(
        f"In the mapping “{name}” must be a column's name, {{“const”: …}}, {{“column”: …, “values”: {{…}}}} or"
        " {“columns”: […], “join”: “ ”} (null: the first that says something), the latter two perhaps with “where”:"
        " {column: [words]}."
    )


def choose(mapping: MappingFile, kind: Kind, table: Table) -> tuple[dict[str, Column], str]:
    """The columns to read and the preset they came from: told, by the preset named, else by what header and values
    look like."""
    if mapping.columns is not None:
        return complete(mapping, kind, table.header, table.name), mapping.preset
    preset = mapping.preset or presets.recognised(kind.key, table.header)
    if preset not in ("", "native"):
        columns = by_preset(preset, kind, table.header)
        if columns or mapping.preset:
            return columns, preset
    return guess_from_values(kind, table, guess(kind, table.header)), mapping.preset


def by_preset(preset: str, kind: Kind, header: list[str]) -> dict[str, Column]:
    """The columns that a product's export has for a kind; for other fields one of exactly the field's name."""
    plain = {plain_name(column): column for column in reversed(header) if column}
    found: dict[str, Column] = {}
    for name, alternatives in presets.PRESETS[preset].get(kind.key, {}).items():
        for said in alternatives:
            column = column_of(name, said)
            if all(plain_name(one) in plain for one in column.sources):
                found[name] = Column(
                    column=plain.get(plain_name(column.column), ""),
                    const=column.const,
                    values=column.values,
                    columns=tuple(plain[plain_name(one)] for one in column.columns),
                    join=column.join,
                    where={plain[plain_name(of)]: words for of, words in column.where.items()},
                )
                break
    used = {source for column in found.values() for source in column.sources}
    for one in kind.fields:
        if one.name not in found and one.name in plain and plain[one.name] not in used:
            found[one.name] = Column(plain[one.name])
    return found


def complete(mapping: MappingFile, kind: Kind, header: list[str], name: str) -> dict[str, Column]:
    """The columns to read: those told (which must be there), for other fields one of exactly the field's name."""
    told = mapping.columns or {}
    for one, column in told.items():
        if missing := next((source for source in column.sources if source not in header), None):
            raise Unreadable(
                f"{name}, line 1: the mapping takes “{one}” from “{missing}”, which is no column; there is"
                f" {', '.join(header[:20])}."
            )
    used = {source for column in told.values() for source in column.sources}
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


def guess_from_values(kind: Kind, table: Table, columns: dict[str, Column]) -> dict[str, Column]:
    """For fields no header names: the one column left whose values are what such a field holds and nothing else is."""
    left = [name for name in table.header if name and name not in {column.column for column in columns.values()}]
    open_fields = [one for one in kind.fields if one.name not in columns and one.type in _LOOKS]
    if not (left and open_fields):
        return columns
    samples = samples_of(table, left)
    found: dict[str, list[Field]] = {}
    for name in left:
        if values := samples[name]:
            found[name] = [one for one in open_fields if all(_LOOKS[one.type](one, value) for value in values)]
    guessed = {}
    for one in open_fields:
        fitting = [name for name, fields in found.items() if one in fields]
        if len(fitting) == 1 and len(found[fitting[0]]) == 1:
            guessed[one.name] = Column(fitting[0])
    return columns | guessed


def samples_of(table: Table, names: Iterable[str], many: int = SAMPLED) -> dict[str, list[str]]:
    """The different values of columns in the first rows."""
    places = {name: table.header.index(name) for name in names}
    found: dict[str, dict[str, None]] = {name: {} for name in places}
    for row in islice((row for row in table.rows() if not row.problem), many):
        for name, at in places.items():
            if at < len(row.cells) and (text := row.cells[at].strip()):
                found[name][text] = None
    return {name: list(texts) for name, texts in found.items()}


_LOOKS = {
    "email": lambda one, text: re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", text) is not None,
    "currency": lambda one, text: text in CURRENCIES,
    "choice": lambda one, text: re.sub(r"[\s-]+", "_", text.lower()) in one.choices,
}  # types whose values can be told from others


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
