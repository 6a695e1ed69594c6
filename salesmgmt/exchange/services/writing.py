"""Writing what a plan came to, and keeping what stood before."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from graphlib import TopologicalSorter
from itertools import chain, islice
from typing import Any

from django.db import connection, models
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import F
from django.db.models.fields.files import FieldFile

from salesmgmt.exchange.kinds import follow
from salesmgmt.exchange.models import Batch, BatchRow
from salesmgmt.lib.kinds import Kind, Plan, Settling, Step

BATCH = 2000
MANY = 500  # records; from there on the planner is told that there are many


def write(plan: Plan) -> None:
    """Write the steps, model by model, each after those it refers to."""
    by_model: dict[type[models.Model], list[Step]] = defaultdict(list)
    dropped = {id(step.record) for step in plan.steps if step.act == "removed" and step.record.pk is None}
    plan.steps = [step for step in plan.steps if id(step.record) not in dropped]
    for step in plan.steps:
        by_model[type(step.record)].append(step)
    for model in dependent(by_model):
        steps = by_model[model]
        created = [step.record for step in steps if step.act == "created"]
        changed = [step for step in steps if step.act == "changed" and step.before]
        removed = [step for step in steps if step.act == "removed"]
        for step in removed:
            step.before = {one.attname: getattr(step.record, one.attname) for one in model._meta.concrete_fields}
        gone = [step.record.pk for step in removed]
        manager(model).filter(pk__in=gone).delete()
        refers_to_itself = any(one.related_model is model for one in model._meta.concrete_fields)
        if not refers_to_itself:
            update(model, [step for step in changed if step.record.pk not in gone])
        _insert(model, created)
        if refers_to_itself:
            update(model, changed)


def dependent(by_model: Iterable[type[models.Model]]) -> list[type[models.Model]]:
    """Models so that those they refer to come first."""
    known = list(by_model)
    graph: TopologicalSorter[type[models.Model]] = TopologicalSorter()
    for model in known:
        targets = {one.related_model for one in model._meta.concrete_fields if one.is_relation}
        graph.add(model, *(other for other in known if other in targets and other is not model))
    return list(graph.static_order())


def manager(model: type[models.Model]) -> models.Manager[Any]:
    return model._default_manager


def _insert(model: type[models.Model], records: list[Any]) -> None:
    own: list[Any] = [one for one in model._meta.concrete_fields if one.related_model is model]
    while records:
        ready: list[Any] = []
        waiting: list[Any] = []
        for record in records:
            above = [one.get_cached_value(record, default=None) for one in own]
            (ready if all(one is None or one.pk for one in above) else waiting).append(record)
        if not ready:
            raise RuntimeError(f"{model.__name__} records refer to each other in a circle.")
        manager(model).bulk_create(ready, batch_size=BATCH)
        records = waiting


def update(model: type[models.Model], steps: list[Step]) -> None:
    by_fields: dict[tuple[str, ...], list[Any]] = defaultdict(list)
    for step in steps:
        by_fields[tuple(sorted(step.before))].append(step.record)
    for names, records in by_fields.items():
        manager(model).bulk_update(records, names, batch_size=500)
    if any(one.name == "version" and not one.is_relation for one in model._meta.concrete_fields):
        manager(model).filter(pk__in=[step.record.pk for step in steps]).update(version=F("version") + 1)


def keep_steps(batch: Batch, plan: Plan, entered: list[Any]) -> None:
    """What each step did and what stood before, for the undo."""
    rows = chain(
        (
            _kept(batch, step)
            for step in plan.steps
            if not (step.is_quiet or (step.act == "changed" and not step.before))
        ),
        (
            BatchRow(batch=batch, line=0, act="created", model=type(one)._meta.label, object_id=one.pk)
            for one in entered
        ),
    )
    while some := list(islice(rows, BATCH)):
        BatchRow.objects.bulk_create(some)


def _kept(batch: Batch, step: Step) -> BatchRow:
    model = type(step.record)
    row = BatchRow(batch=batch, line=step.line, act=step.act, model=model._meta.label)
    row.object_id = step.record.pk if step.act != "removed" else step.before[model._meta.pk.attname]
    if step.before:
        row.before = {name: frozen(value) for name, value in step.before.items()}
    if step.act == "changed":
        row.after = {name: frozen(_raw(step.record, name)) for name in step.before}
    return row


def _raw(record: Any, name: str) -> Any:
    """A field's value; of a reference its number."""
    return getattr(record, record._meta.get_field(name).attname)


def frozen(value: Any) -> Any:
    """A value as JSON keeps it."""
    if isinstance(value, DateRange):
        return [frozen(value.lower), frozen(value.upper)]
    if isinstance(value, date | datetime):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal | FieldFile) else value


def thawed(model: type[models.Model], name: str, value: Any) -> Any:
    """The value that JSON kept of a field."""
    one: Any = model._meta.get_field(name)
    if isinstance(value, list) and one.get_internal_type() == "DateRangeField":
        return DateRange(*(part and date.fromisoformat(part) for part in value), "[)")
    return one.to_python(value) if not one.is_relation else value


def touched_ids(steps: Iterable[Step], touched: dict[str, set[int]]) -> dict[str, set[int]]:
    """What was touched, by model; a row without a life of its own (a share, a posting) touches what it belongs to."""
    ids = {label: set(known) for label, known in touched.items()}
    for step in steps:
        values = step.before if step.act == "removed" else {}
        touch(ids, step.record, values.get("id", step.record.pk))
    return ids


def touch(ids: dict[str, set[int]], record: Any, pk: int | None) -> None:
    if pk is not None:
        ids.setdefault(record._meta.label, set()).add(pk)
    if not hasattr(record, "withdrawn_at"):
        for one in record._meta.concrete_fields:
            target = getattr(record, one.attname)
            if one.is_relation and target is not None:
                ids.setdefault(one.related_model._meta.label, set()).add(target)


def settle(kind: Kind, settling: Settling) -> None:
    """Bring ledgers and what follows in line with what was just written."""
    if sum(map(len, settling.ids.values())) > MANY:
        # The planner's statistics are from before: it takes tables just filled for empty, and loops over them.
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_nestloop = off")
    if kind.settle:
        kind.settle(settling)
    follow(settling)
