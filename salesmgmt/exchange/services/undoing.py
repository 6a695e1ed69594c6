"""Undoing a batch: what it created is withdrawn, what it changed restored, what it posted reversed."""

from collections import defaultdict
from datetime import datetime
from typing import Any

from django.apps import apps
from django.db import IntegrityError, models, transaction
from django.db.models import ProtectedError

from salesmgmt.desk.wake import wake
from salesmgmt.exchange.kinds import kind_of, require_importer
from salesmgmt.exchange.models import Batch, BatchRow
from salesmgmt.lib.kinds import Kind, Settling, Step
from salesmgmt.lib.ledger import LedgerEntry
from salesmgmt.lib.ranges import Dated
from salesmgmt.lib.refusals import Refused
from teams.models import User, access_of

from .pairs import one_at_a_time
from .writing import BATCH, dependent, frozen, manager, settle, thawed, touch, update

AT_ONCE = 10_000  # records; more are undone by the worker
NAMED = 50  # records that are kept are named, more are counted


@transaction.atomic
def undo_batch(*, batch: Batch, by: User | None, at: datetime) -> list[str]:
    """Withdraw what a batch created, restore what it changed, reverse what it posted; answer what is kept, and why.

    Where a ledger refuses, what others rest on there stays, and so does the batch: undone again it takes back the rest.
    """
    require_importer(kind_of(batch.kind), by)
    if kind_of(batch.kind).is_trail:
        raise Refused("What was said and decided stands as it was taken in; it is not undone.")
    one_at_a_time()
    batch = Batch.objects.select_for_update(of=("self",)).get(pk=batch.pk)
    if batch.state == Batch.State.UNDONE:
        raise Refused("This import has been undone already.")
    if not (batch.is_taken or batch.state == Batch.State.UNDOING):
        raise Refused("This import has not been taken; there is nothing to undo.")
    rows = list(batch.rows.exclude(act=BatchRow.Act.REFUSED).order_by("pk"))
    created: dict[type[models.Model], set[int]] = defaultdict(set)
    for row in rows:
        if row.act == BatchRow.Act.CREATED and row.object_id is not None:
            created[apps.get_model(row.model)].update(range(row.object_id, (row.through_id or row.object_id) + 1))
    ids: dict[str, set[int]] = {}
    reason = f"Import {batch.pk} undone"
    held, kept = _withdraw(created, ids, kind_of(batch.kind), by=by, at=at, reason=reason)
    kept = held + kept
    kept += _restore([row for row in rows if row.act == BatchRow.Act.CHANGED], ids)
    if batch.undone_at is None:  # once
        kept += _put_back([row for row in rows if row.act == BatchRow.Act.REMOVED], ids)
    batch.state = Batch.State.DONE if held else Batch.State.UNDONE
    batch.undone_at, batch.undone_by = at, by
    batch.found = batch.found | {"kept": kept}
    batch.save(update_fields=["state", "undone_at", "undone_by", "found"])
    settle(kind_of(batch.kind), Settling(ids, by, at, reason, access_of(by).person_id if by else None))
    return kept


@transaction.atomic
def begin_undo(*, batch: Batch, by: User | None, at: datetime) -> list[str] | None:
    """`undo_batch` where that is quick; else the worker does it, and the answer is None."""
    require_importer(kind_of(batch.kind), by)
    batch = Batch.objects.select_for_update(of=("self",)).get(pk=batch.pk)
    if not batch.is_taken or batch.created + batch.changed <= AT_ONCE:
        return undo_batch(batch=batch, by=by, at=at)
    batch.state, batch.undone_by, batch.message = Batch.State.UNDOING, by, ""
    batch.save(update_fields=["state", "undone_by", "message"])
    wake("import")
    return None


def _withdraw(
    created: dict[type[models.Model], set[int]],
    ids: dict[str, set[int]],
    kind: Kind,
    *,
    by: User | None,
    at: datetime,
    reason: str,
) -> tuple[list[str], list[str]]:
    """Why ledgers keep something, and what else stays."""
    stays: dict[type[models.Model], dict[int, str]] = {model: {} for model in created}
    held: list[str] = []
    ledgers = [model for model in created if kind.reverse is not None and _is_ledger(model)]
    for model in ledgers:
        gone, why = _reverse(model, created[model], kind, by=by, at=at, reason=reason)
        _keep_what_it_needs(model, created[model] - gone, stays)
        _touch(ids, model, gone)
        held += why
    _still_needed(created, stays)
    kept = []
    for model in reversed(dependent(created)):
        if model in ledgers:
            continue
        going = created[model] - stays[model].keys()
        if hasattr(model, "withdrawn_at"):
            ids.setdefault(model._meta.label, set()).update(going)
            manager(model).filter(pk__in=going, withdrawn_at=None).update(withdrawn_at=at)
        else:
            _touch(ids, model, going)
            try:
                with transaction.atomic():
                    manager(model).filter(pk__in=going).delete()
            except ProtectedError:
                kept.append(f"{len(going):,} {model._meta.verbose_name_plural} stay: later records refer to them.")
        needed = {pk: why for pk, why in stays[model].items() if why}
        for pk, record in manager(model).in_bulk(sorted(needed)[:NAMED]).items():
            kept.append(f"{model._meta.verbose_name} {record} stays: {needed[pk]}.".capitalize())
        if len(needed) > NAMED:
            kept.append(f"{len(needed) - NAMED:,} more {model._meta.verbose_name_plural} stay: others need them.")
    return held, kept


def _is_ledger(model: type[models.Model]) -> bool:
    return any(one.name == "recorded_at" for one in model._meta.concrete_fields)


def _touch(ids: dict[str, set[int]], model: type[models.Model], pks: set[int]) -> None:
    for record in manager(model).filter(pk__in=pks).iterator(BATCH):
        touch(ids, record, record.pk)


def _reverse(
    model: type[models.Model],
    going: set[int],
    kind: Kind,
    *,
    by: User | None,
    at: datetime,
    reason: str,
) -> tuple[set[int], list[str]]:
    """Reverse entries, at once or, where that is refused, as they go together: which are gone, and why others stay.

    Refused where nothing can go.
    """
    reverse = kind.reverse
    assert reverse is not None

    def refusal_of(pks: set[int]) -> Refused | None:
        try:
            with transaction.atomic():
                reverse(entry_ids=pks, by=by, at=at, reason=reason)
        except Refused as refusal:
            return refusal
        return None

    refused = refusal_of(going)
    if refused is None:
        return going, []
    groups: dict[tuple[Any, ...], set[int]] = defaultdict(set)
    if kind.reverses_by:
        rows = manager(model).filter(pk__in=going).order_by(*kind.reverses_by, "pk")
        for pk, *of in rows.values_list("pk", *kind.reverses_by):
            groups[tuple(of)].add(pk)
    gone: set[int] = set()
    why: dict[str, None] = {}
    for pks in groups.values():
        if (refusal := refusal_of(pks)) is None:
            gone |= pks
        else:
            why[refusal.sentence] = None
    if not gone:
        raise refused
    told = list(why)
    more = [f"{len(told) - NAMED:,} more reasons keep others."] if len(told) > NAMED else []
    return gone, told[:NAMED] + more


def _keep_what_it_needs(
    model: type[models.Model], held: set[int], stays: dict[type[models.Model], dict[int, str]]
) -> None:
    """Whom an entry that stays is about stays too, where the same import made them."""
    for one in model._meta.concrete_fields:
        target = one.related_model
        if held and isinstance(target, type) and target in stays and target is not model:
            for pk in manager(model).filter(pk__in=held).values_list(one.attname, flat=True):
                if pk is not None:
                    stays[target].setdefault(pk, "")


def _still_needed(created: dict[type[models.Model], set[int]], stays: dict[type[models.Model], dict[int, str]]) -> None:
    """Which of the created records are in use by others that stay, and by what; what they need stays with them."""
    is_growing = True
    while is_growing:
        is_growing = False
        for model, pks in created.items():
            for relation in model._meta.related_objects:
                users = relation.related_model
                if not isinstance(users, type) or not _uses(users, relation):
                    continue
                name = relation.field.attname
                using = manager(users).filter(**{f"{relation.field.name}__in": pks - stays[model].keys()})
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
                    hanging = manager(model).filter(
                        pk__in=pks - stays[model].keys(), **{f"{one.name}__in": stays[target]}
                    )
                    for pk in hanging.values_list("pk", flat=True):
                        stays[model][pk] = ""
                        is_growing = True


def _uses(model: type[models.Model], relation: Any) -> bool:
    """Does a row of `model` keep what it refers to in use? Ledgers and histories don't."""
    if model._meta.label == "sales.AccountOwnership":  # the history of `Account.owner`, which counts itself
        return False
    if relation.field.name == "user":  # a person goes on without a login
        return False
    if hasattr(model, "withdrawn_at") or (issubclass(model, Dated) and not issubclass(model, LedgerEntry)):
        return True
    return model._meta.label in {"sales.CreditShare", "targets.Allocation", "coaching.Case", "recognition.Award"} or (
        relation.one_to_one and not relation.field.null
    )


def _restore(rows: list[BatchRow], ids: dict[str, set[int]]) -> list[str]:
    """What was changed says again what it said before, unless somebody has changed it since."""
    kept = []
    by_model: dict[type[models.Model], list[BatchRow]] = defaultdict(list)
    for row in reversed(rows):
        by_model[apps.get_model(row.model)].append(row)
    for model in reversed(dependent(by_model)):
        steps = []
        records = manager(model).in_bulk([row.object_id for row in by_model[model]])
        for row in by_model[model]:
            record = records.get(row.object_id)
            if record is None:
                continue
            step = Step("changed", record, row.line)
            for name, was in (row.before or {}).items():
                one: Any = model._meta.get_field(name)
                now = frozen(getattr(record, one.attname))
                if now == (row.after or {}).get(name):
                    setattr(record, one.attname, thawed(model, name, was))
                    step.before[name] = now
                elif now != was:
                    kept.append(f"{one.verbose_name} of {record} stays: it was changed since.".capitalize())
            touch(ids, record, record.pk)
            if step.before:
                steps.append(step)
        update(model, steps)
    return kept


def _put_back(rows: list[BatchRow], ids: dict[str, set[int]]) -> list[str]:
    kept = []
    for row in rows:
        model = apps.get_model(row.model)
        record = model(**{name: thawed(model, name, value) for name, value in (row.before or {}).items()})
        try:
            with transaction.atomic():
                record.save(force_insert=True)
        except IntegrityError:
            kept.append(f"A {model._meta.verbose_name} was not put back: something else stands in its place now.")
        touch(ids, record, record.pk)
    return kept
