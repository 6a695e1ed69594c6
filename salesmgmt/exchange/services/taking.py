"""Taking a file in: one transaction; every row counted, every refusal told."""

import hashlib
import io
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from time import monotonic
from typing import Any, BinaryIO
from uuid import uuid4

from django.core.files.base import File
from django.db import DatabaseError, InterfaceError, transaction

from salesmgmt.exchange import parts as parts_module
from salesmgmt.exchange.kinds import kind_of, referents, require_importer
from salesmgmt.exchange.mapping import Column, MappingFile, parse
from salesmgmt.exchange.models import Batch, BatchRow
from salesmgmt.exchange.parts import Parts
from salesmgmt.exchange.staging import Staged, describe, in_order, notations, open_as, stage, type_rows
from salesmgmt.exchange.values import Notation
from salesmgmt.exchange.wide import AMOUNT, PERIOD
from salesmgmt.lib import clock
from salesmgmt.lib.kinds import Kind, Plan, Refusal, Row, Settling
from teams.models import Organisation, User, access_of

from .erasing import refuse_erased
from .loading import SAMPLED, TOLD, Load
from .pairs import Span, Turn, beside, held, one_at_a_time
from .writing import BATCH, keep_steps, settle, touched_ids, write

COUNTS = ("read", "created", "changed", "equal", "refused")
SMALL = 16 * 1024  # bytes; what is no larger, even packed, is planned as a whole
MOST_CELLS = 40  # refusals looked back at, those of a line and more
PATIENCE = 1200  # seconds after which a task ends; the next goes on


@dataclass(frozen=True, slots=True)
class Options:
    """How a file is to be taken, beside its mapping."""

    on_error: str = "skip"
    create_missing: bool = False
    effective: date | None = None
    books: bool = True
    dry_run: bool = False
    settles: bool = True  # False: the ledgers follow as they stand, in files of their own
    by_row: bool = False  # the answer says what each row came to

    @classmethod
    def of(cls, kept: dict[str, Any], *, dry_run: bool = False) -> "Options":
        """The options of a batch."""
        effective = kept.get("effective")
        return cls(
            on_error=kept.get("on_error", "skip"),
            create_missing=bool(kept.get("create_missing")),
            effective=date.fromisoformat(effective) if effective else None,
            books=not kept.get("no_book"),
            dry_run=dry_run,
        )

    def kept(self) -> dict[str, Any]:
        """As a batch keeps them."""
        return {
            "on_error": self.on_error,
            "create_missing": self.create_missing,
            "effective": self.effective.isoformat() if self.effective else "",
            "no_book": not self.books,
        }


@dataclass(slots=True)
class Answer:
    """What an import did, or would do. created + changed + equal + refused = read."""

    kind: str
    file: str
    dry_run: bool = False
    stopped: bool = False
    read: int = 0
    created: int = 0
    changed: int = 0
    equal: int = 0
    refused: int = 0
    refusals: list[Refusal] = field(default_factory=list)
    found: dict[str, Any] = field(default_factory=dict)
    made: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    noted: Counter[str] = field(default_factory=Counter)  # in how many rows
    look_alikes: list[str] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)  # of a kind loaded in portions: the first ones
    words: Counter[tuple[str, str]] = field(default_factory=Counter)  # refused ones, by field
    batch: Batch | None = None
    acts: dict[int, str] = field(default_factory=dict)  # by line, where it was asked for

    @property
    def taken(self) -> int:
        return 0 if self.stopped else self.created + self.changed + self.equal

    def summary(self) -> str:
        would = "would be " if self.dry_run else ""
        acts = [(self.created, "new"), (self.changed, "changed"), (self.equal, "unchanged"), (self.refused, "refused")]
        told = (
            ", ".join(f"{count:,} {would if act == 'refused' else ''}{act}" for count, act in acts if count)
            or "nothing in it"
        )
        end = (
            " Nothing was taken: rows were refused and --on-error is stop." if self.stopped and not self.dry_run else ""
        )
        return f"{self.file}: {self.read:,} {self.kind} read: {told}.{end}"


def import_file(
    *,
    kind: str,
    file: BinaryIO,
    name: str,
    mapping: MappingFile | dict[str, Any] | None = None,
    options: Options,
    by: User | None,
    at: datetime,
    batch: Batch | None = None,
) -> Answer:
    """Take a file in, or with `dry_run` say what it would do. Raises Unreadable where it is no table."""
    wanted = kind_of(kind)
    require_importer(wanted, by)
    told = mapping if isinstance(mapping, MappingFile) else parse(mapping or {}, wanted)
    if wanted.loader is not None:
        return load_file(
            kind=wanted, file=file, name=name, mapping=told, options=options, by=by, at=at, batch=batch
        )  # fmt: skip
    organisation = Organisation.get()
    if wanted.together and file.seek(0, io.SEEK_END) > SMALL:
        table, columns, preset = open_as(file, name, wanted, told)
        parts = Parts(table, columns, wanted)
        if parts.count > parts_module.PART:
            noted = notations(wanted, parts.ways, told, table)
            found = describe(table, columns, preset, noted)
            answer = Answer(wanted.key, name, dry_run=options.dry_run, found=found)
            return _take_parts(parts, noted, answer, options, by, at, batch, _digest(file))
    staged = stage(file, name, wanted, told, currency=organisation.currency, zone=organisation.time_zone)
    with transaction.atomic():
        one_at_a_time()
        plan = _planned(wanted, staged.rows, name, options, organisation, by, at)
        entered = _entered(plan, dry_run=options.dry_run)
        answer = _answered(wanted, name, staged, plan, options)
        if options.dry_run:
            return answer
        if batch is None:
            batch = Batch(kind=kind, file_name=name[:255], digest=_digest(file), by=by, at=at)
        answer.batch = batch
        _keep(batch, answer, at)
        if answer.stopped:
            return answer
        _write(plan, batch, entered, options)
    return answer


def _write(plan: Plan, batch: Batch, entered: list[Any], options: Options) -> None:
    plan.reason = f"Import {batch.pk}: {batch.file_name}"[:200]
    if plan.kind.prepare:
        plan.kind.prepare(plan)
    write(plan)
    keep_steps(batch, plan, entered)
    if options.settles:
        settle(plan.kind, Settling(touched_ids(plan.steps, plan.touched), plan.by, plan.at, plan.reason))


def _take_parts(
    parts: Parts,
    noted: dict[str, Notation],
    answer: Answer,
    options: Options,
    by: User | None,
    at: datetime,
    batch: Batch | None,
    digest: str,
) -> Answer:
    """Take a large file part by part, all in one transaction: other rows than a part's don't concern it."""
    organisation, kind = Organisation.get(), parts.kind
    notes: Counter[str] = Counter()

    def look() -> None:
        """What taking it would come to; where parts build on earlier ones, by writing these and taking them back."""
        with transaction.atomic():
            run(Batch.objects.create(kind=kind.key, file_name="", digest="", by=by, at=at), is_trial=True)
            transaction.set_rollback(True)

    def run(batch: Batch, *, is_trial: bool = False) -> None:
        for name in COUNTS:
            setattr(answer, name, 0)
        answer.refusals, answer.rows, answer.made, answer.look_alikes = [], [], [], []
        answer.words.clear()
        notes.clear()
        for rows in parts.deal():
            type_rows(rows, kind, parts.columns, noted, organisation.currency, organisation.time_zone)
            plan = _planned(kind, rows, answer.file, options, organisation, by, at)
            entered = _entered(plan, dry_run=is_trial)
            refusals = _count_rows(answer, rows, parts.columns, options)
            answer.refusals += refusals[: max(0, TOLD - len(answer.refusals))]
            for is_refused in (True, False):
                wanted = SAMPLED - sum(bool(row.refusals) == is_refused for row in answer.rows)
                answer.rows += [row for row in rows if bool(row.refusals) == is_refused][: max(0, wanted)]
            answer.made = list(dict.fromkeys([*answer.made, *plan.made]))
            answer.look_alikes = [*answer.look_alikes, *plan.look_alikes][:TOLD]
            notes.update(plan.notes)
            if not is_trial:
                _keep_refusals(batch, refusals)
            if parts.hangs or not is_trial:
                _write(plan, batch, entered, replace(options, settles=options.settles and not is_trial))
        _note(answer, dict(notes))

    with transaction.atomic():
        one_at_a_time()
        if not options.dry_run and batch is None:
            batch = Batch(kind=kind.key, file_name=answer.file[:255], digest=digest, by=by, at=at)
        answer.batch = batch
        if options.dry_run or options.on_error == "stop":
            look()
            answer.stopped = options.on_error == "stop" and answer.refused > 0
        if answer.stopped and batch is not None and not options.dry_run:
            _keep(batch, answer, at)
        elif batch is not None and not options.dry_run:
            batch.save()
            run(batch)
            _finish(batch, answer, at)
            batch.save()
    return answer


def _planned(
    kind: Kind,
    rows: list[Row],
    name: str,
    options: Options,
    organisation: Organisation,
    by: User | None,
    at: datetime,
) -> Plan:
    today = clock.day_of(at, organisation.time_zone)
    plan = Plan(
        kind,
        in_order(rows, kind),
        referents=referents(),
        organisation=organisation,
        by=by,
        at=at,
        today=today,
        effective=options.effective or today,
        own_person_id=access_of(by).person_id if by else None,
        create_missing=options.create_missing,
        books=options.books,
        reason=f"Import of {name}"[:200],
    )
    assert kind.plan is not None
    refuse_erased(plan)
    kind.plan(plan)
    return plan


def _entered(plan: Plan, *, dry_run: bool) -> list[Any]:
    """Rows that a service writes itself, as ledger entries; undone at once in a dry run."""
    if plan.kind.enter is None:
        return []
    with transaction.atomic():
        entered = plan.kind.enter(plan)
        if dry_run:
            transaction.set_rollback(True)
    return entered


def _answered(kind: Kind, name: str, staged: Staged, plan: Plan, options: Options) -> Answer:
    answer = Answer(kind.key, name, dry_run=options.dry_run, rows=staged.rows, found=staged.found)
    answer.refusals = _count_rows(answer, staged.rows, staged.columns, options)
    answer.made, answer.look_alikes = plan.made, plan.look_alikes
    _note(answer, plan.notes)
    answer.stopped = options.on_error == "stop" and answer.refused > 0
    return answer


def _count_rows(answer: Answer, rows: list[Row], columns: dict[str, Column], options: Options) -> list[Refusal]:
    """Count what rows came to; answer why some are refused, in the words of the file."""
    refusals: list[Refusal] = []
    answer.read += len(rows)
    for row in rows:
        if row.refusals:
            answer.refused += 1
            words = columns | {name: Column(row.column) for name in (PERIOD, AMOUNT)} if row.column else columns
            told = [_in_file_words(refusal, words) for refusal in row.refusals]
            # What is wrong with a line is said once, not for each of its cells.
            refusals += [one for one in told if not row.column or one not in refusals[-MOST_CELLS:]]
            if len(answer.words) < TOLD:
                answer.words.update((refusal.column, refusal.value) for refusal in row.refusals)
        else:
            setattr(answer, row.act, getattr(answer, row.act) + 1)
            if options.by_row:
                answer.acts[row.line] = row.act
    return refusals


def _note(answer: Answer, notes: Mapping[str, int]) -> None:
    found = answer.found
    answer.notes = [f"{note} ({count:,} rows)" if count > 1 else note for note, count in notes.items()]
    if found["encoding"] not in {"utf-8", "utf-8-sig", "utf-16", "ascii"}:
        answer.notes.append(f"The file was read as {found['encoding']}; if letters look wrong, say its encoding.")
    answer.notes += found.get("differing", [])
    if found["empty_lines"]:
        answer.notes.append(f"Empty lines left out: {found['empty_lines']:,}.")


def load_file(
    *,
    kind: Kind,
    file: BinaryIO,
    name: str,
    mapping: MappingFile,
    options: Options,
    by: User | None,
    at: datetime,
    batch: Batch | None,
) -> Answer:
    """`import_file` of a kind that is loaded in portions: a small file in one transaction, a large one in many."""
    organisation = Organisation.get()
    load = Load(
        kind, file, name, mapping, organisation=organisation, by=by, at=at,
        today=clock.day_of(at, organisation.time_zone), own_person_id=access_of(by).person_id if by else None,
        create_missing=options.create_missing, books=options.books, settles=options.settles,
        by_row=options.by_row,
    )  # fmt: skip
    answer = Answer(kind.key, name, dry_run=options.dry_run)
    load.copy()
    try:
        if not answer.dry_run and batch is None:
            batch = Batch(kind=kind.key, file_name=name[:255], digest=_digest(file), by=by, at=at)
            if len(load.ends) > 1:
                _keep_file(batch, file, mapping, options)
        answer.batch = batch
        if options.dry_run or (options.on_error == "stop" and not (batch and batch.position)):
            _judge(load, answer)
            answer.stopped = options.on_error == "stop" and answer.refused > 0
        if batch is None or options.dry_run:
            return answer
        if answer.stopped:
            _keep(batch, answer, at)
            return answer
        with held(batch.pk):
            _take(load, answer, batch, at)
        return answer
    finally:
        with suppress(DatabaseError, InterfaceError):  # what went wrong before is what counts
            load.clear()


def _keep_file(batch: Batch, file: BinaryIO, mapping: MappingFile, options: Options) -> None:
    """Keep what it takes for the worker to go on with a large file that a command began."""
    file.seek(0, io.SEEK_END)
    batch.options = {"size": file.tell(), **options.kept()}
    batch.mapping = mapping.content()
    file.seek(0)
    batch.file.save(uuid4().hex, File(file), save=False)
    batch.state = Batch.State.RUNNING
    batch.save()


def _judge(load: Load, answer: Answer) -> None:
    """What taking the file would come to."""
    first = 0
    for last in load.ends:
        load.judge(first, last, batch=None)
        _count(load, answer)
        load.sample()
        first = last
    _tell(load, answer)


def _take(load: Load, answer: Answer, batch: Batch, at: datetime) -> None:
    """Take portion by portion, each with the progress it makes, from where the batch is."""
    load.start()
    answer.refusals = []
    answer.noted.clear()
    for name in COUNTS:
        setattr(answer, name, getattr(batch, name) if batch.position else 0)
    if batch.pk is not None:
        Batch.objects.filter(pk=batch.pk).update(state=Batch.State.RUNNING, total=load.read)
    first, until, todo = 0, monotonic() + PATIENCE, deque[Span]()
    for last in load.ends:
        if not last <= batch.position < load.ends[-1]:
            todo.append((max(first, batch.position), last))
        elif load.remembers:  # what later portions have to know of it
            load.judge(first, last, batch=None)
            answer.noted.update(load.notes)
        first = last

    def take(load: Load, span: Span, turn: Turn | None = None) -> bool:
        return _take_portion(load, answer, batch, *span, at, turn)

    with beside(load, len(todo)) as pair:
        while todo and monotonic() < until:
            if pair is not None and len(todo) > 1:
                goes_on, left = pair.take(take, todo.popleft(), todo.popleft())
                if left:  # one at a time after all
                    todo.extendleft(reversed(left))
                    pair = None
            else:
                goes_on = take(load, todo.popleft())
            if not goes_on:
                break


def _take_portion(
    load: Load, answer: Answer, batch: Batch, first: int, last: int, at: datetime, turn: Turn | None
) -> bool:
    """Take the rows in (first, last] in one transaction; False where somebody wants it stopped."""
    with transaction.atomic():
        one_at_a_time(but_its_twin=turn is not None)
        if turn is not None:
            turn.begin()
        if batch.pk is None:
            batch.save()
        elif (turn is None or turn.is_first) and Batch.objects.filter(pk=batch.pk, is_stopping=True).exists():
            batch.state, batch.is_stopping, batch.message = Batch.State.STOPPED, False, ""
            batch.save(update_fields=["state", "is_stopping", "message"])
            return False
        load.judge(first, last, batch=batch)
        load.write(batch)
        load.keep_refusals(batch)
        if turn is not None:
            turn.await_other()
        _count(load, answer)
        _tell(load, answer)
        if last == load.ends[-1]:
            _finish(batch, answer, at)
        else:
            batch.state, batch.total = Batch.State.RUNNING, load.read
            for name in COUNTS:
                setattr(batch, name, getattr(answer, name))
        batch.position = last
        # Not whether it is to stop: somebody may ask for that meanwhile.
        batch.save(update_fields=["state", "finished_at", "total", *COUNTS, "position", "message", "found"])
    return True


def _count(load: Load, answer: Answer) -> None:
    if load.by_row:
        answer.acts |= load.acts()
    answer.noted.update(load.notes)
    for name, count in load.counts().items():
        setattr(answer, name, getattr(answer, name) + count)
    for column, value, count in load.refused_words():
        answer.words[column, value] += count
    if len(answer.refusals) < TOLD:
        answer.refusals += [_in_file_words(one, load.columns) for one in load.refusals()]


def _tell(load: Load, answer: Answer) -> None:
    answer.made, answer.rows, answer.found = load.made, load.rows, load.found
    _note(answer, answer.noted)


def _in_file_words(refusal: Refusal, columns: dict[str, Column]) -> Refusal:
    """A refusal that names the file's column rather than our field."""
    column = columns.get(refusal.column)
    return Refusal(refusal.line, (column and column.column) or refusal.column, refusal.value[:500], refusal.reason)


def _digest(file: BinaryIO) -> str:
    file.seek(0)
    return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]


def _keep(batch: Batch, answer: Answer, at: datetime) -> None:
    """The batch and its refused rows, with their cells as they were."""
    _finish(batch, answer, at)
    batch.save()
    _keep_refusals(batch, answer.refusals)


def _keep_refusals(batch: Batch, refusals: list[Refusal]) -> None:
    BatchRow.objects.bulk_create(
        (
            BatchRow(
                batch=batch,
                line=one.line,
                act=BatchRow.Act.REFUSED,
                column=one.column[:200],
                value=one.value,
                reason=one.reason,
            )
            for one in refusals
        ),
        batch_size=BATCH,
    )


def _finish(batch: Batch, answer: Answer, at: datetime) -> None:
    batch.state = Batch.State.FAILED if answer.stopped else Batch.State.DONE
    batch.finished_at = at
    for count in COUNTS:
        setattr(batch, count, getattr(answer, count))
    batch.total = answer.read
    batch.message = answer.summary()
    kept = {name: batch.found[name] for name in ("header", "samples") if name in batch.found}
    told = {"made": answer.made, "notes": answer.notes, "look_alikes": answer.look_alikes}
    batch.found = kept | answer.found | told


def first_refusals(refusals: Iterable[Refusal]) -> dict[int, Refusal]:
    """One refusal a line; further reasons are added to the first's."""
    by_line: dict[int, Refusal] = {}
    for one in refusals:
        first = by_line.get(one.line)
        by_line[one.line] = (
            one if first is None else Refusal(one.line, first.column, first.value, f"{first.reason} {one.reason}")
        )
    return by_line
