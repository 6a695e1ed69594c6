"""Acts of import: take a file in, undo what it did. One transaction each; every row counted, every refusal told."""

import csv
import hashlib
import io
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from graphlib import TopologicalSorter
from typing import Any, BinaryIO

from django.apps import apps
from django.db import IntegrityError, connection, models, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import F, ProtectedError

from salesmgmt.lib import clock
from salesmgmt.lib.kinds import Kind, Plan, Refusal, Row, Settling, Step
from salesmgmt.lib.ledger import LedgerEntry
from salesmgmt.lib.ranges import Dated
from salesmgmt.lib.refusals import Refused
from teams.models import Organisation, User, access_of

from .kinds import follow, kind_of, referents
from .mapping import MappingFile, parse
from .models import Batch, BatchRow
from .reader import open_table
from .staging import Staged, in_order, stage
from .values import defused

BATCH = 2000
ONE_AT_A_TIME = 0x1A9027  # the advisory lock under which imports and undos run


@dataclass(frozen=True, slots=True)
class Options:
    """How a file is to be taken, beside its mapping."""

    on_error: str = "skip"
    create_missing: bool = False
    effective: date | None = None
    books: bool = True
    dry_run: bool = False


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
    look_alikes: list[str] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    batch: Batch | None = None

    @property
    def taken(self) -> int:
        return 0 if self.stopped else self.created + self.changed + self.equal

    def summary(self) -> str:
        would = "would be " if self.dry_run else ""
        acts = [(self.created, "new"), (self.changed, "changed"), (self.equal, "unchanged"), (self.refused, "refused")]
        told = ", ".join(f"{count:,} {would if act == 'refused' else ''}{act}" for count, act in acts if count) or "nothing in it"
        end = " Nothing was taken: rows were refused and --on-error is stop." if self.stopped and not self.dry_run else ""
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
    """Take a file in, or with `dry_run` say what it would do. Raises Unreadable where the file as a whole can't be read."""
    if by is not None and not access_of(by).imports:
        raise Refused("Only admin and operations import.")
    wanted = kind_of(kind)
    told = mapping if isinstance(mapping, MappingFile) else parse(mapping or {}, wanted)
    organisation = Organisation.get()
    staged = stage(
        file, name, wanted, told, currency=organisation.currency, zone=organisation.time_zone
    )
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ONE_AT_A_TIME])
        plan = _planned(wanted, staged, options, organisation, by, at)
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
        plan.reason = f"Import {batch.pk}: {name}"[:200]
        if wanted.prepare:
            wanted.prepare(plan)
        _write(plan)
        _keep_steps(batch, plan, entered)
        settling = Settling(_ids(plan.steps, plan.touched), by, at, plan.reason)
        if wanted.settle:
            wanted.settle(settling)
        follow(settling)
    return answer


def _planned(
    kind: Kind, staged: Staged, options: Options, organisation: Organisation, by: User | None, at: datetime
) -> Plan:
    today = clock.day_of(at, organisation.time_zone)
    plan = Plan(
        kind,
        in_order(staged.rows, kind),
        referents=referents(),
        organisation=organisation,
        by=by,
        at=at,
        today=today,
        effective=options.effective or today,
        own_person_id=access_of(by).person_id if by else None,
        create_missing=options.create_missing,
        books=options.books,
        reason=f"Import of {staged.table.name}"[:200],
    )
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
    answer = Answer(kind.key, name, dry_run=options.dry_run, read=len(staged.rows), rows=staged.rows, found=staged.found)
    for row in staged.rows:
        if row.refusals:
            answer.refused += 1
            answer.refusals += [_in_file_words(refusal, staged) for refusal in row.refusals]
        else:
            setattr(answer, row.act, getattr(answer, row.act) + 1)
    answer.made, answer.look_alikes = plan.made, plan.look_alikes
    answer.notes = [f"{note} ({count:,} rows)" if count > 1 else note for note, count in plan.notes.items()]
    if staged.found["encoding"] not in {"utf-8", "utf-8-sig", "utf-16", "ascii"}:
        answer.notes.append(f"The file was read as {staged.found['encoding']}; if letters look wrong, say its encoding.")
    if staged.found["empty_lines"]:
        answer.notes.append(f"Empty lines left out: {staged.found['empty_lines']:,}.")
    answer.stopped = options.on_error == "stop" and answer.refused > 0
    return answer


def _in_file_words(refusal: Refusal, staged: Staged) -> Refusal:
    """A refusal that names the file's column rather than our field."""
    column = staged.columns.get(refusal.column)
    return Refusal(refusal.line, (column and column.column) or refusal.column, refusal.value[:500], refusal.reason)


def _digest(file: BinaryIO) -> str:
    file.seek(0)
    return hashlib.file_digest(file, "sha256").hexdigest()


def _keep(batch: Batch, answer: Answer, at: datetime) -> None:
    """The batch and its refused rows, with their cells as they were."""
    batch.state = Batch.State.FAILED if answer.stopped else Batch.State.DONE
    batch.finished_at = at
    for count in ("read", "created", "changed", "equal", "refused"):
        setattr(batch, count, getattr(answer, count))
    batch.message = answer.summary()
    batch.found = answer.found | {"made": answer.made, "notes": answer.notes, "look_alikes": answer.look_alikes}
    batch.save()
    BatchRow.objects.bulk_create(
        (
            BatchRow(
                batch=batch, line=one.line, act=BatchRow.Act.REFUSED, column=one.column[:200], value=one.value, reason=one.reason
            )
            for one in answer.refusals
        ),
        batch_size=BATCH,
    )


# ── Writing ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _write(plan: Plan) -> None:
    """Write the steps, model by model, each after those it refers to."""
    by_model: dict[type[models.Model], list[Step]] = defaultdict(list)
    dropped = {id(step.record) for step in plan.steps if step.act == "removed" and step.record.pk is None}
    plan.steps = [step for step in plan.steps if id(step.record) not in dropped]
    for step in plan.steps:
        by_model[type(step.record)].append(step)
    for model in _dependent(by_model):
        steps = by_model[model]
        created = [step.record for step in steps if step.act == "created"]
        changed = [step for step in steps if step.act == "changed" and step.before]
        removed = [step for step in steps if step.act == "removed"]
        for step in removed:
            step.before = {one.attname: getattr(step.record, one.attname) for one in model._meta.concrete_fields}
        gone = [step.record.pk for step in removed]
        _manager(model).filter(pk__in=gone).delete()
        refers_to_itself = any(one.related_model is model for one in model._meta.concrete_fields)
        if not refers_to_itself:
            _update(model, [step for step in changed if step.record.pk not in gone])
        _insert(model, created)
        if refers_to_itself:
            _update(model, changed)


def _dependent(by_model: Iterable[type[models.Model]]) -> list[type[models.Model]]:
    """Models so that those they refer to come first."""
    known = list(by_model)
    graph: TopologicalSorter[type[models.Model]] = TopologicalSorter()
    for model in known:
        targets = {one.related_model for one in model._meta.concrete_fields if one.is_relation}
        graph.add(model, *(other for other in known if other in targets and other is not model))
    return list(graph.static_order())


def _manager(model: type[models.Model]) -> models.Manager[Any]:
    return model._default_manager


def _insert(model: type[models.Model], records: list[Any]) -> None:
    own = [one for one in model._meta.concrete_fields if one.related_model is model]
    while records:
        ready, waiting = [], []
        for record in records:
            above = [one.get_cached_value(record, default=None) for one in own]
            (ready if all(one is None or one.pk for one in above) else waiting).append(record)
        if not ready:
            raise RuntimeError(f"{model.__name__} records refer to each other in a circle.")
        _manager(model).bulk_create(ready, batch_size=BATCH)
        records = waiting


def _update(model: type[models.Model], steps: list[Step]) -> None:
    by_fields: dict[tuple[str, ...], list[Any]] = defaultdict(list)
    for step in steps:
        by_fields[tuple(sorted(step.before))].append(step.record)
    for names, records in by_fields.items():
        _manager(model).bulk_update(records, names, batch_size=500)
    if any(one.name == "version" for one in model._meta.concrete_fields):
        _manager(model).filter(pk__in=[step.record.pk for step in steps]).update(version=F("version") + 1)


def _keep_steps(batch: Batch, plan: Plan, entered: list[Any]) -> None:
    rows = []
    for step in plan.steps:
        if step.is_quiet or (step.act == "changed" and not step.before):
            continue
        model = type(step.record)
        row = BatchRow(batch=batch, line=step.line, act=step.act, model=model._meta.label)
        row.object_id = step.record.pk if step.act != "removed" else step.before[model._meta.pk.attname]  # type: ignore[union-attr]
        if step.before:
            row.before = {name: _frozen(value) for name, value in step.before.items()}
        if step.act == "changed":
            row.after = {name: _frozen(_raw(step.record, name)) for name in step.before}
        rows.append(row)
    rows += [
        BatchRow(batch=batch, line=0, act="created", model=type(one)._meta.label, object_id=one.pk) for one in entered
    ]
    BatchRow.objects.bulk_create(rows, batch_size=BATCH)


def _raw(record: Any, name: str) -> Any:
    """A field's value; of a reference its number."""
    return getattr(record, record._meta.get_field(name).attname)


def _frozen(value: Any) -> Any:
    """A value as JSON keeps it."""
    if isinstance(value, DateRange):
        return [_frozen(value.lower), _frozen(value.upper)]
    if isinstance(value, date | datetime):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def _thawed(model: type[models.Model], name: str, value: Any) -> Any:
    """The value that JSON kept of a field."""
    one = model._meta.get_field(name)
    if isinstance(value, list) and one.get_internal_type() == "DateRangeField":
        return DateRange(*(part and date.fromisoformat(part) for part in value), "[)")
    return one.to_python(value) if not one.is_relation else value


def _ids(steps: Iterable[Step], touched: dict[str, set[int]]) -> dict[str, set[int]]:
    """What was touched, by model; a row without a life of its own (a share, a posting) touches what it belongs to."""
    ids = {label: set(known) for label, known in touched.items()}
    for step in steps:
        values = step.before if step.act == "removed" else {}
        _touch(ids, step.record, values.get("id", step.record.pk))
    return ids


def _touch(ids: dict[str, set[int]], record: Any, pk: int | None) -> None:
    if pk is not None:
        ids.setdefault(record._meta.label, set()).add(pk)
    if not hasattr(record, "withdrawn_at"):
        for one in record._meta.concrete_fields:
            target = getattr(record, one.attname)
            if one.is_relation and target is not None:
                ids.setdefault(one.related_model._meta.label, set()).add(target)


# ── Undoing ─────────────────────────────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def undo_batch(*, batch: Batch, by: User | None, at: datetime) -> list[str]:
    """Withdraw what a batch created, restore what it changed, reverse what it posted; answer what is kept, and why."""
    if by is not None and not access_of(by).imports:
        raise Refused("Only admin and operations undo an import.")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ONE_AT_A_TIME])
    batch = Batch.objects.select_for_update(of=("self",)).get(pk=batch.pk)
    if batch.state == Batch.State.UNDONE:
        raise Refused("This import has been undone already.")
    if batch.state != Batch.State.DONE:
        raise Refused("This import has not been taken; there is nothing to undo.")
    rows = list(batch.rows.exclude(act=BatchRow.Act.REFUSED).order_by("pk"))
    created: dict[type[models.Model], set[int]] = defaultdict(set)
    for row in rows:
        if row.act == BatchRow.Act.CREATED and row.object_id is not None:
            created[apps.get_model(row.model)].add(row.object_id)
    ids: dict[str, set[int]] = {}
    reason = f"Import {batch.pk} undone"
    kept = _withdraw(created, ids, by=by, at=at, reason=reason)
    kept += _restore([row for row in rows if row.act == BatchRow.Act.CHANGED], ids)
    kept += _put_back([row for row in rows if row.act == BatchRow.Act.REMOVED], ids)
    batch.state, batch.undone_at, batch.undone_by = Batch.State.UNDONE, at, by
    batch.found = batch.found | {"kept": kept}
    batch.save(update_fields=["state", "undone_at", "undone_by", "found"])
    settling = Settling(ids, by, at, reason)
    kind = kind_of(batch.kind)
    if kind.settle:
        kind.settle(settling)
    follow(settling)
    return kept


def _withdraw(
    created: dict[type[models.Model], set[int]], ids: dict[str, set[int]], *, by: User | None, at: datetime, reason: str
) -> list[str]:
    stays = _still_needed(created)
    kept = []
    for model in reversed(_dependent(created)):
        going = created[model] - stays[model].keys()
        records = list(_manager(model).filter(pk__in=going))
        for record in records:
            _touch(ids, record, record.pk)
        if issubclass(model, LedgerEntry):
            _reverse(model, records, by=by, at=at, reason=reason)
        elif hasattr(model, "withdrawn_at"):
            _manager(model).filter(pk__in=going, withdrawn_at=None).update(withdrawn_at=at)
        else:
            try:
                with transaction.atomic():
                    _manager(model).filter(pk__in=going).delete()
            except ProtectedError:
                kept.append(f"{len(going):,} {model._meta.verbose_name_plural} stay: later records refer to them.")
        for pk, why in stays[model].items():
            if why:
                kept.append(f"{model._meta.verbose_name} {_manager(model).get(pk=pk)} stays: {why}.".capitalize())
    return kept


def _still_needed(created: dict[type[models.Model], set[int]]) -> dict[type[models.Model], dict[int, str]]:
    """Which of the created records are in use by others that stay, and by what; what they need stays with them."""
    stays: dict[type[models.Model], dict[int, str]] = {model: {} for model in created}
    is_growing = True
    while is_growing:
        is_growing = False
        for model, pks in created.items():
            for relation in model._meta.related_objects:
                users = relation.related_model
                if not isinstance(users, type) or not _uses(users, relation):
                    continue
                name = relation.field.attname
                using = _manager(users).filter(**{f"{relation.field.name}__in": pks - stays[model].keys()})
                if hasattr(users, "withdrawn_at"):
                    using = using.filter(withdrawn_at=None)
                if any(one.name == "is_booked_by_win" for one in users._meta.concrete_fields):
                    using = using.filter(is_booked_by_win=False)
                own = created.get(users, set()) - stays.get(users, {}).keys()
                counts: dict[int, int] = defaultdict(int)
                for pk, target in using.values_list("pk", name):
                    if pk not in own:
                        counts[target] += 1
                for target, count in counts.items():
                    noun = users._meta.verbose_name if count == 1 else users._meta.verbose_name_plural
                    stays[model][target] = f"{count:,} {noun} need{'s' * (count == 1)} it"
                    is_growing = True
        # What hangs on a record that stays (its posting, its share) stays with it, unsaid.
        for model, pks in created.items():
            if hasattr(model, "withdrawn_at") or issubclass(model, LedgerEntry):
                continue
            for one in model._meta.concrete_fields:
                target = one.related_model
                if isinstance(target, type) and target in stays and stays[target] and hasattr(target, "withdrawn_at"):
                    hanging = _manager(model).filter(pk__in=pks - stays[model].keys(), **{f"{one.name}__in": stays[target]})
                    for pk in hanging.values_list("pk", flat=True):
                        stays[model][pk] = ""
                        is_growing = True
    return stays


def _uses(model: type[models.Model], relation: Any) -> bool:
    """Does a row of `model` keep what it refers to in use? Ledgers and histories don't."""
    if hasattr(model, "withdrawn_at") or issubclass(model, Dated) and not issubclass(model, LedgerEntry):
        return True
    return model._meta.label in {"sales.CreditShare", "targets.Allocation", "coaching.Case", "recognition.Award"} or (
        relation.one_to_one and not relation.field.null
    )


def _reverse(model: type[LedgerEntry], entries: list[Any], *, by: User | None, at: datetime, reason: str) -> None:
    """Append to a ledger what takes these entries back; those taken back since are left alone."""
    done = set(_manager(model).filter(reverses__in=[one.pk for one in entries]).values_list("reverses_id", flat=True))
    own = {"id", "amount", "reporting_amount", "recorded_at", "by_id", "reason", "reverses_id"}
    names = [one.attname for one in model._meta.concrete_fields if one.attname not in own]
    _manager(model).bulk_create(
        model(
            **{name: getattr(one, name) for name in names},
            amount=-one.amount,
            reporting_amount=-one.reporting_amount,
            recorded_at=at,
            by=by,
            reason=reason,
            reverses=one,
        )
        for one in entries
        if one.pk not in done
    )


def _restore(rows: list[BatchRow], ids: dict[str, set[int]]) -> list[str]:
    """What was changed says again what it said before, unless somebody has changed it since."""
    kept = []
    by_model: dict[type[models.Model], list[BatchRow]] = defaultdict(list)
    for row in reversed(rows):
        by_model[apps.get_model(row.model)].append(row)
    for model in reversed(_dependent(by_model)):
        steps = []
        records = _manager(model).in_bulk([row.object_id for row in by_model[model]])
        for row in by_model[model]:
            record = records.get(row.object_id)
            if record is None:
                continue
            step = Step("changed", record, row.line)
            for name, was in (row.before or {}).items():
                one = model._meta.get_field(name)
                now = _frozen(getattr(record, one.attname))
                if now == (row.after or {}).get(name):
                    setattr(record, one.attname, _thawed(model, name, was))
                    step.before[name] = now
                else:
                    kept.append(f"{one.verbose_name} of {record} stays: it was changed since.".capitalize())
            _touch(ids, record, record.pk)
            if step.before:
                steps.append(step)
        _update(model, steps)
    return kept


def _put_back(rows: list[BatchRow], ids: dict[str, set[int]]) -> list[str]:
    kept = []
    for row in rows:
        model = apps.get_model(row.model)
        record = model(**{name: _thawed(model, name, value) for name, value in (row.before or {}).items()})
        try:
            with transaction.atomic():
                record.save(force_insert=True)
        except IntegrityError:
            kept.append(f"A {model._meta.verbose_name} was not put back: something else stands in its place now.")
        _touch(ids, record, record.pk)
    return kept


# ── Rejects ─────────────────────────────────────────────────────────────────────────────────────────────────────


def rejects(*, file: BinaryIO, name: str, mapping: dict[str, Any], refusals: dict[int, Refusal]) -> bytes:
    """The refused rows as a table like the one they came from: mend it, and import it again.

    The columns that say why stand first and are passed over on the way in; lines that could not be read stand as they were.
    """
    table = open_table(file, name, delimiter=mapping.get("delimiter") or None, encoding=mapping.get("encoding") or None)
    if table.found["format"] == "json lines":
        table.found["delimiter"], table.found["quote"] = ",", '"'
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=table.found["delimiter"], quotechar=table.found["quote"], lineterminator="\r\n")
    said = ["refused_line", "refused_column", "refused_reason"]
    has_said = table.header[: len(said)] == said
    writer.writerow([*said, *(table.header[len(said) :] if has_said else table.header)])
    for row in table.rows():
        refusal = refusals.get(row.line)
        if refusal is None:
            continue
        told = [] if has_said and row.raw else [row.line, refusal.column, refusal.reason]
        if row.raw:  # cells that could not be told apart stand as they were
            text.write("".join(f"{value}{table.found['delimiter']}" for value in map(_quoted, told)) + row.raw + "\r\n")
        else:
            writer.writerow([*told, *(defused(cell) for cell in row.cells[len(said) if has_said else 0 :])])
    return text.getvalue().encode("utf-8-sig")


def _quoted(value: object) -> str:
    return '"' + str(value).replace('"', '""') + '"'


def first_refusals(refusals: Iterable[Refusal]) -> dict[int, Refusal]:
    """One refusal a line; further reasons are added to the first's."""
    by_line: dict[int, Refusal] = {}
    for one in refusals:
        first = by_line.get(one.line)
        by_line[one.line] = one if first is None else Refusal(one.line, first.column, first.value, f"{first.reason} {one.reason}")
    return by_line
