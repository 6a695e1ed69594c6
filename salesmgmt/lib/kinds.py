"""What an app says about the tables it takes in and gives out: kinds of rows, their fields, and what rows come to.

An app's `exchange.py` declares `Kind`s. The engine in `salesmgmt.exchange` reads a file into `Row`s of typed values and
hands them to `Kind.plan`, which compares them with what stands and notes in a `Plan` what is to be created, changed
or removed, or why a row is refused. A plan writes nothing; the engine does, in one transaction, and then calls
`Kind.settle`.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal, Protocol, TypeVar

Type = Literal[
    "text", "email", "date", "moment", "money", "number", "whole", "percent", "choice", "currency", "reference"
]

Made = TypeVar("Made")

# Models whose files have a column for their external ids.
IDENTIFIED = {
    "person", "account", "contact", "product", "lead", "deal", "activity", "order", "refund", "contract", "feedback",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Field:
    """A column: its type, whether a row needs it, and by which other names a header may call it."""

    name: str
    type: Type = "text"
    needed: bool = False
    to: str = ""  # what a reference refers to: person, team, account …
    choices: tuple[str, ...] = ()
    longest: int = 200
    least: Decimal | None = None
    most: Decimal | None = None
    places: int = 2
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a row can't be taken."""

    line: int
    column: str
    value: str
    reason: str


@dataclass(slots=True)
class Row:
    """One line of the file: typed values by field; a field that is missing or empty says nothing."""

    line: int
    values: dict[str, Any]
    raw: dict[str, str] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)
    found: dict[str, Any] = field(default_factory=dict)  # references, resolved
    act: Literal["equal", "created", "changed"] = "equal"
    column: str = ""  # of the file, where the row is one cell of a line: its period and amount are from there

    def get(self, name: str, default: Any = None) -> Any:
        return self.values.get(name, default)


@dataclass(frozen=True, slots=True)
class Referent:
    """What rows may refer to by external id, e-mail or name, and how a bare one is made under --create-missing."""

    key: str
    label: str
    load: Callable[[set[str]], Iterable[tuple[Any, list[str]]]]  # texts → records, each with the texts that name it
    make: Callable[["Plan", str, Row], Any] | None = None
    # The same for whole tables: queries of `text` and `id` over `wanted(text)`, each for what the one before left open.
    named: tuple[str, ...] = ()

    @property
    def plural(self) -> str:
        return "people" if self.label == "person" else f"{self.label}s"


def folded(text: str) -> str:
    """SQL of a text as `str.casefold` has it."""
    return f"casefold({text} COLLATE pg_unicode_fast)"


def named_by(table: str, *columns: str, is_exact: bool = False) -> str:
    """SQL for `Referent.named`: present records of a table by any of these columns; case counts where `is_exact`."""
    same = "n.{0} = w.text" if is_exact else f"{folded('n.{0}')} = {folded('w.text')}"
    return " UNION ".join(
        f"SELECT w.text, n.id FROM wanted w JOIN {table} n ON {same.format(column)} WHERE n.withdrawn_at IS NULL"  # nosec B608
        for column in columns
    )


class Portion(Protocol):
    """Some rows of a file in a temporary table `part`, as a `Loader` works on them.

    `part` holds, for each field of the kind, its typed value under the field's name (NULL: the row says nothing); of a
    reference the number as `<field>_id`; `line`; `sound`, which a refusal ends; `record_id` of what stands, and `act`.
    `%(name)s` of `values` may stand in every statement.
    """

    values: dict[str, Any]  # at, by, today, zone, reporting (currency), own (person's number), books

    def refuse(self, column: str, reason: str, where: str, *, value: str = "") -> None:
        """Refuse rows for which `where` holds; `reason` and `value` (without it the file's text) are SQL."""

    def run(self, statement: str) -> int: ...

    def ask(self, statement: str) -> list[Any]: ...

    def note(self, sentence: str, where: str) -> None:
        """Tell how many rows there are for which `where` holds."""

    def make_missing(self, column: str, make: Callable[["Plan", str], Any]) -> None:
        """Under --create-missing, fill `<column>_id` with what `make` creates for each text that has none."""

    def insert(self, model: Any, columns: dict[str, str], source: str) -> None:
        """Insert what a query yields; what the model has beyond `columns` gets its defaults."""


@dataclass(frozen=True, slots=True)
class Aside:
    """Rows that another model keeps, as an activity that is not done yet is a task; `part.is_aside` says which."""

    model: str
    key: str  # SQL of what a row without external id is known again by, in `part`
    stands: str  # the same of the model, as `x`, of those that may be meant
    differs: str  # SQL: does the row `p` say something else than the record `x`?
    insert: Callable[[Portion], None]
    change: Callable[["Plan", Any, "Row"], None]
    finish: Callable[["Plan", Any, "Row"], None]  # a row that is none any more about a record `x` that has its id


@dataclass(frozen=True, slots=True)
class Loader:
    """How rows of a kind are taken in by statements over whole portions, for tables of any size.

    The engine reads, types and refers; it finds what stands by external id, else by the nth `natural` key, refuses a
    second row about the same record, and keeps what stood before. The kind says the rest, in this sequence.
    """

    model: str
    names: str = "external_id"  # the column that a second row about the same record is refused for
    columns: str = ""  # what `part` holds beside, as SQL over the typed rows `t` and what stands, `x`
    instead: Mapping[str, str] = field(default_factory=dict)  # SQL in the place of `t.<field>_id`, by that name
    joins: str = ""
    check: Callable[[Portion], None] | None = None  # refuses rows for what they say
    complete: Callable[[Portion], None] | None = None  # after the references: fills in what rows leave out
    natural: str = ""  # SQL of what is known again without external id, in `part` and table alike
    differs: str = ""  # SQL: does the row `p` say something else than the record `x`?
    insert: Callable[[Portion], None] | None = None  # writes `fresh`, the rows that are new, each with its `id`
    change: Callable[["Plan", Any, "Row"], None] | None = None  # what a row changes of a record; `row.values` by column
    aside: Aside | None = None


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of table: its fields, what its rows come to, what follows from writing it, and how it is given out.

    `rows` yields values by field; of records that have an external id the record itself under "".
    """

    key: str
    fields: tuple[Field, ...]
    plan: Callable[["Plan"], None] | None  # None: the loader takes them
    rows: Callable[[], Iterator[dict[str, Any]]]
    prepare: Callable[["Plan"], None] | None = None  # called before the steps are written
    enter: Callable[["Plan"], list[Any]] | None = None  # writes rows by a service of its own; answers what it made
    settle: Callable[["Settling"], None] | None = None  # called after writing and after an undo
    within: str = ""  # a field that may refer to another row of the same file
    # By what rows of a file say something about each other, so that a large one can be planned in parts: “a|b” where
    # what one row has as a may stand as b in another, “a+b” where both have to be the same. Empty: as a whole.
    together: tuple[str, ...] = ()
    is_ledger: bool = False  # entries as they stand
    reverse: Callable[..., int] | None = None  # of a ledger: takes entries back, by further ones
    reverses_by: tuple[str, ...] = ()  # what goes back together where not everything can; empty: all or nothing
    loader: Loader | None = None
    by_period: bool = False  # `period` and `amount` may stand as a column for each period
    admin_only: bool = False  # taken in and given out by admin alone
    files: Callable[[], Iterator[tuple[str, Any]]] | None = None  # what is given out beside the table, by name
    keep_file: Callable[..., None] | None = None  # keeps such a file, before the table is taken in
    guarded: tuple[str, ...] = ()  # fields that stay empty in files given out to a user: the command gives them out
    shown: Callable[[Iterator[dict[str, Any]]], Iterator[dict[str, Any]]] | None = None  # which rows a user is given
    is_trail: bool = False  # what was said and decided, as it stands: moved by the commands alone, never undone

    def field(self, name: str) -> Field | None:
        return next((one for one in self.fields if one.name == name), None)

    def rows_for_users(self) -> Iterator[dict[str, Any]]:
        for row in self.rows() if self.shown is None else self.shown(self.rows()):
            yield row | dict.fromkeys(self.guarded)


@dataclass(frozen=True, slots=True)
class Settling:
    """What an import or its undo has just written: ids by model label, and who did it when and why."""

    ids: dict[str, set[int]]
    by: Any
    at: datetime
    reason: str
    own: int | None = None  # of an undo: the person who undoes, who gains nothing by it


@dataclass(slots=True)
class Step:
    """One record a plan creates, changes or removes, on behalf of a line."""

    act: Literal["created", "changed", "removed"]
    record: Any
    line: int
    before: dict[str, Any] = field(default_factory=dict)
    is_quiet: bool = False  # belongs to another record and goes with it: not kept for the undo


class Plan:
    """What the rows of a file come to, worked out against what stands. It only notes; nothing is written."""

    def __init__(
        self,
        kind: Kind,
        rows: list[Row],
        *,
        referents: dict[str, Referent],
        organisation: Any,
        by: Any,
        at: datetime,
        today: date,
        effective: date,
        own_person_id: int | None = None,
        create_missing: bool = False,
        books: bool = True,
        reason: str = "import",
    ) -> None:
        self.kind, self.rows = kind, rows
        self.organisation, self.by, self.at = organisation, by, at
        self.today, self.effective = today, effective
        self.own_person_id, self.create_missing, self.books = own_person_id, create_missing, books
        self.reason = reason
        self.steps: list[Step] = []
        self.notes: Counter[str] = Counter()
        self.made: list[str] = []
        self.look_alikes: list[str] = []
        self.memo: dict[Any, Any] = {}  # what a kind looked up once
        self._referents = referents
        self._indexes: dict[str, dict[str, list[Any]]] = {}
        self._changed: dict[int, Step] = {}
        self.touched: dict[str, set[int]] = {}  # ids by model label, for settling, beside those of the steps

    # Reading

    def taken(self) -> Iterator[Row]:
        """The rows not refused so far."""
        return (row for row in self.rows if not row.refusals)

    def refuse(self, row: Row, column: str, reason: str, value: str | None = None) -> None:
        row.refusals.append(Refusal(row.line, column, row.raw.get(column, "") if value is None else value, reason))

    def index(self, key: str) -> dict[str, list[Any]]:
        """Records of a referent by every text that names them, case ignored; loaded once, for this file's texts."""
        if key not in self._indexes:
            texts = {
                row.values[one.name]
                for one in self.kind.fields
                for row in self.rows
                if one.type == "reference" and one.to == key and one.name in row.values
            }
            if self.kind.within and self.kind.field(self.kind.within).to == key:  # type: ignore[union-attr]
                names = ("external_id", "name", "email")
                texts |= {row.values[name] for row in self.rows for name in names if name in row.values}
            index: dict[str, list[Any]] = {}
            self._indexes[key] = index
            for record, names_of in self._referents[key].load(texts):
                self.register(key, record, *names_of)
        return self._indexes[key]

    def know(self, indexes: dict[str, dict[str, list[Any]]]) -> None:
        """Have records by these texts and no others; nothing more is loaded."""
        self._indexes |= indexes

    def register(self, key: str, record: Any, *texts: str | None) -> None:
        """Let further rows refer to a record under these texts."""
        index = self.index(key) if key not in self._indexes else self._indexes[key]
        for text in texts:
            known = index.setdefault(text.casefold(), []) if text else []
            if not any(one is record for one in known):
                known.append(record)

    def lookup(self, key: str, text: str) -> list[Any]:
        return self.index(key).get(text.casefold(), [])

    def find(self, key: str, texts: set[str]) -> dict[str, list[Any]]:
        """Records by the texts that name them, case ignored, for texts beside those of the reference columns."""
        found: dict[str, list[Any]] = {}
        for record, names_of in self._referents[key].load(texts):
            for text in names_of:
                if not any(one is record for one in found.setdefault(text.casefold(), [])):
                    found[text.casefold()].append(record)
        return found

    def refer(self, row: Row) -> bool:
        """Resolve a row's references into `row.found`; what is missing is made, where asked, once the row is sound."""
        missing: list[Field] = []
        for one in self.kind.fields:
            if one.type != "reference" or one.name not in row.values:
                continue
            text, referent = row.values[one.name], self._referents[one.to]
            known = self.lookup(one.to, text)
            if len(known) == 1:
                row.found[one.name] = known[0]
            elif known:
                self.refuse(
                    row, one.name, f"{len(known)} {referent.plural} are called so; use the external id or e-mail."
                )
            elif self.create_missing and referent.make is not None:
                missing.append(one)
            else:
                can = " Map it, or have it made (--create-missing)." if referent.make is not None else ""
                self.refuse(row, one.name, f"There is no {referent.label} “{text}”.{can}")
        if row.refusals:
            return False
        for one in missing:
            make = self._referents[one.to].make
            text = row.values[one.name]
            known = self.lookup(one.to, text)  # an earlier reference of this row may have made it
            row.found[one.name] = known[0] if known else make(self, text, row)  # type: ignore[misc]
        return True

    # Noting

    def create(self, record: Made, row: Row, *, is_quiet: bool = False) -> Made:
        self.steps.append(Step("created", record, row.line, is_quiet=is_quiet))
        return record

    def change(self, record: Any, row: Row, **values: Any) -> dict[str, Any]:
        """Set what differs, and answer what stood there before, by field (a reference: its number).

        A reference may be given as a record, or as a number under its column's name.
        """
        before = {}
        for name, value in values.items():
            field = record._meta.get_field(name)
            if not field.is_relation or name != field.name:
                was, is_same = getattr(record, name), getattr(record, name) == value
            elif value is None or value.pk is not None:
                was = getattr(record, field.attname)
                is_same = was == (value and value.pk)
            else:  # not written yet: known by being the very one
                was = getattr(record, field.attname)
                is_same = field.is_cached(record) and field.get_cached_value(record) is value
            if not is_same:
                before[field.name] = was
                setattr(record, name, value)
        if before and record.pk is not None:
            step = self._changed.get(id(record))
            if step is None:
                step = Step("changed", record, row.line)
                self._changed[id(record)] = step
                self.steps.append(step)
            step.before = before | step.before  # the first value of all is what stood there
        return before

    def remove(self, record: Any, row: Row) -> None:
        self.steps.append(Step("removed", record, row.line))

    def note(self, sentence: str) -> None:
        self.notes[sentence] += 1


@dataclass(slots=True)
class Occurrences:
    """Records without an external id, known by a natural key: the nth row with a key is the nth record with it."""

    known: dict[tuple[Any, ...], list[Any]]
    used: Counter[tuple[Any, ...]] = field(default_factory=Counter)

    @classmethod
    def of(cls, records: Iterable[tuple[tuple[Any, ...], Any]]) -> "Occurrences":
        known: dict[tuple[Any, ...], list[Any]] = {}
        for key, record in records:
            known.setdefault(key, []).append(record)
        return cls(known)

    def next(self, key: tuple[Any, ...]) -> Any | None:
        records, place = self.known.get(key, []), self.used[key]
        self.used[key] += 1
        return records[place] if place < len(records) else None
