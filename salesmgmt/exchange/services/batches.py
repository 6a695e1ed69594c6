"""Batches of the page: a file received, its mapping and preview, taken at once or by the worker."""

import hashlib
from datetime import datetime
from typing import Any, BinaryIO, cast
from uuid import uuid4

import structlog
from django.core.files.base import File
from django.db import connection, transaction
from django.db.models import Q

from salesmgmt.desk.wake import wake
from salesmgmt.exchange.kinds import kind_of, require_importer
from salesmgmt.exchange.mapping import choose, parse, samples_of
from salesmgmt.exchange.models import Batch, BatchRow
from salesmgmt.exchange.wide import AMOUNT, PERIOD, opened
from salesmgmt.lib.kinds import Kind, Refusal
from salesmgmt.lib.refusals import Refused
from teams.models import User

from .pairs import held
from .rejected import rejects
from .taking import Answer, Options, first_refusals, import_file
from .undoing import undo_batch

TOPIC = "import"
AT_ONCE = 256 * 1024  # bytes; what is larger is previewed and taken by the worker
SHOWN = 50
WORDS = 30
SAMPLES = 3
WORD_TYPES = {"text", "choice", "reference"}

logger = structlog.get_logger(__name__)


def receive_file(*, kind: str, file: BinaryIO, name: str, size: int, by: User, at: datetime, preset: str = "") -> Batch:
    """Keep an uploaded file as a batch and look at it. Raises Refused where it is no table that can be read."""
    wanted = kind_of(kind)
    require_importer(wanted, by)
    mapping = {"preset": preset} if preset else {}
    found = _found(file, name, wanted, mapping)
    file.seek(0)
    digest = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
    file.seek(0)
    batch = Batch(kind=kind, file_name=name[:255], digest=digest, by=by, at=at, mapping=mapping, options={"size": size})
    batch.found = found
    batch.file.save(uuid4().hex, File(file), save=False)
    batch.save()
    _look(batch, at)
    return batch


def _found(file: BinaryIO, name: str, kind: Kind, mapping: dict[str, Any]) -> dict[str, Any]:
    """What a first look at a file finds: its columns, a few values of each, and what they seem to be."""
    told = parse(mapping, kind)
    table = opened(file, name, kind, told)
    chosen, preset = choose(told, kind, table)
    samples = {column: texts[:SAMPLES] for column, texts in samples_of(table, filter(None, table.header)).items()}
    columns = {one: column.content() for one, column in chosen.items()}
    return {"columns": columns, "header": table.header, "samples": samples, "preset": preset}


def map_batch(*, batch: Batch, mapping: dict[str, Any], options: dict[str, Any], at: datetime) -> Batch:
    """Give a batch its mapping and options, and look at it again."""
    if batch.state not in {Batch.State.UPLOADED, Batch.State.PREVIEWED}:
        raise Refused(f"This import is {batch.get_state_display().lower()}; its mapping can't change any more.")
    with batch.file.open("rb") as file:
        batch.found |= _found(cast(BinaryIO, file), batch.file_name, kind_of(batch.kind), mapping)
    batch.mapping = mapping
    batch.options = {"size": batch.options.get("size", 0), **options}
    batch.state = Batch.State.UPLOADED
    batch.save(update_fields=["mapping", "options", "state", "found"])
    _look(batch, at)
    return batch


@transaction.atomic
def take_batch(*, batch: Batch, at: datetime) -> Batch:
    """Take a previewed batch in: a small one now, a large one by the worker."""
    batch = _locked(batch)
    if batch.state != Batch.State.PREVIEWED:
        raise Refused(f"This import is {batch.get_state_display().lower()} already.")
    if batch.options.get("size", 0) <= AT_ONCE:
        _take(batch, at)
        return batch
    return _queue(batch)


@transaction.atomic
def stop_batch(*, batch: Batch) -> Batch:
    """Have the worker stop after the rows it is at; what it took stays until it is undone, or goes on."""
    batch = _locked(batch)
    if batch.state == Batch.State.QUEUED and not batch.position:
        batch.state = Batch.State.PREVIEWED
    elif batch.state in {Batch.State.QUEUED, Batch.State.RUNNING}:
        batch.is_stopping = True
    else:
        raise Refused(f"This import is {batch.get_state_display().lower()}; there is nothing to stop.")
    batch.save(update_fields=["state", "is_stopping"])
    wake(TOPIC)
    return batch


@transaction.atomic
def resume_batch(*, batch: Batch) -> Batch:
    """Go on with an import that was stopped or failed, where it was."""
    batch = _locked(batch)
    if not batch.is_unfinished:
        raise Refused(f"This import is {batch.get_state_display().lower()}; there is nothing to go on with.")
    return _queue(batch)


def _locked(batch: Batch) -> Batch:
    return Batch.objects.select_for_update(of=("self",)).get(pk=batch.pk)


def _queue(batch: Batch) -> Batch:
    batch.state, batch.is_stopping, batch.message = Batch.State.QUEUED, False, ""
    batch.save(update_fields=["state", "is_stopping", "message"])
    wake(TOPIC)
    return batch


@transaction.atomic
def discard_batch(*, batch: Batch) -> None:
    """Throw away a batch that was not taken, with its file."""
    batch = _locked(batch)
    if batch.position or batch.state not in {Batch.State.UPLOADED, Batch.State.PREVIEWED, Batch.State.FAILED}:
        raise Refused("An import that was taken is undone, not thrown away.")
    file = batch.file
    batch.delete()
    transaction.on_commit(lambda: file.delete(save=False) if file else None)


def work_off(*, at: datetime) -> int:
    """Preview, take or undo the next batch that waits for the worker; answer how many were done.

    A session holds the batch it works on, so no two take the same; what a dead session left is found running and held
    by nobody, and goes on where it was.
    """
    looking = Q(state=Batch.State.UPLOADED, options__size__gt=AT_ONCE, message="")
    waiting = Q(state__in=[Batch.State.QUEUED, Batch.State.RUNNING, Batch.State.UNDOING])
    for number in Batch.objects.filter(looking | waiting).order_by("pk").values_list("pk", flat=True):
        with held(number) as is_ours:
            batch = Batch.objects.filter(looking | waiting, pk=number).first() if is_ours else None
            if batch is not None:
                _work(batch, at)
                return 1
    return 0


def _work(batch: Batch, at: datetime) -> None:
    """Do what a batch that we hold waits for. Only a server that went away leaves it waiting."""
    try:
        if batch.state == Batch.State.UNDOING:
            undo_batch(batch=batch, by=batch.undone_by, at=at)
        elif batch.state == Batch.State.UPLOADED:
            with transaction.atomic():
                preview_batch(batch=batch, at=at)
        elif kind_of(batch.kind).loader is not None:
            _take(batch, at)
        else:
            _take_whole(batch, at)
    except Refused as refusal:
        _fail(batch, refusal.sentence, at)
    except Exception:
        if not connection.in_atomic_block and not connection.is_usable():
            raise
        logger.exception("import_failed", batch=batch.pk)
        what = "what was taken before stands" if batch.position else "nothing was taken"
        _fail(batch, f"Something went wrong on our side; {what}. The log says what.", at)


def _fail(batch: Batch, sentence: str, at: datetime) -> None:
    state = Batch.State.DONE if batch.state == Batch.State.UNDOING else Batch.State.FAILED
    Batch.objects.filter(pk=batch.pk).update(state=state, message=sentence, finished_at=at)


def _take_whole(batch: Batch, at: datetime) -> None:
    """Take a file of a kind that is planned as a whole: in one transaction, which a wish to stop rolls back."""
    Batch.objects.filter(pk=batch.pk).update(state=Batch.State.RUNNING)
    with transaction.atomic():
        _take(batch, at)
        is_stopping = Batch.objects.filter(pk=batch.pk, is_stopping=True).exists()
        transaction.set_rollback(is_stopping)
    if is_stopping:
        Batch.objects.filter(pk=batch.pk).update(state=Batch.State.STOPPED, is_stopping=False)


def _look(batch: Batch, at: datetime) -> None:
    """Preview now where the file is small; else the worker does."""
    if batch.options.get("size", 0) > AT_ONCE:
        Batch.objects.filter(pk=batch.pk).update(message="")
        transaction.on_commit(lambda: wake(TOPIC))
        return
    preview_batch(batch=batch, at=at)


def preview_batch(*, batch: Batch, at: datetime) -> None:
    """Work out what taking a batch would do, and keep it; a mapping that lacks something leaves a sentence."""
    try:
        answer = _run(batch, at, dry_run=True)
    except Refused as refusal:
        batch.state, batch.message = Batch.State.UPLOADED, refusal.sentence
        batch.save(update_fields=["state", "message"])
        return
    batch.state, batch.message = Batch.State.PREVIEWED, ""
    for count in ("read", "created", "changed", "equal", "refused"):
        setattr(batch, count, getattr(answer, count))
    batch.found = answer.found | {
        "header": batch.found["header"],
        "samples": batch.found.get("samples", {}),
        "preview": _preview(answer),
        "made": answer.made[:200],
    }
    batch.found |= {
        "notes": answer.notes,
        "look_alikes": answer.look_alikes[:SHOWN],
        "words": _words(answer, batch.kind),
    }
    batch.save()


def _take(batch: Batch, at: datetime) -> None:
    answer = _run(batch, at, dry_run=False)
    wake("rollups")
    logger.info("imported", batch=batch.pk, kind=batch.kind, read=answer.read, refused=answer.refused)


def _run(batch: Batch, at: datetime, *, dry_run: bool) -> Answer:
    options = Options.of(batch.options, dry_run=dry_run)
    with batch.file.open("rb") as file:
        return import_file(
            kind=batch.kind,
            file=cast(BinaryIO, file),
            name=batch.file_name,
            mapping=batch.mapping,
            options=options,
            by=batch.by,
            at=at,
            batch=batch,
        )


def _preview(answer: Answer) -> list[dict[str, Any]]:
    """The first rows as they would be taken, refused ones with their reasons first of all."""
    refused = [row for row in answer.rows if row.refusals]
    rows = [*refused[:SHOWN], *[row for row in answer.rows[:SHOWN] if not row.refusals]][:SHOWN]
    return [
        {
            "line": row.line,
            "act": "refused" if row.refusals else row.act,
            "cells": {name: text[:80] for name, text in row.raw.items()},
            "reasons": [
                {
                    "column": row.column if row.column and one.column in {PERIOD, AMOUNT} else one.column,
                    "reason": one.reason,
                }
                for one in row.refusals
            ],
        }
        for row in sorted(rows, key=lambda row: row.line)
    ]


def _words(answer: Answer, kind: str) -> list[dict[str, Any]]:
    """Words that were refused, most frequent first: they can be mapped to ones that are known."""
    fields = {one.name for one in kind_of(kind).fields if one.type in WORD_TYPES}
    counts = {(field, word): count for (field, word), count in answer.words.items() if field in fields and word}
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:WORDS]
    return [{"field": field, "word": word, "count": count} for (field, word), count in ranked]


def rejects_of(batch: Batch) -> bytes:
    """The refused rows of a batch of the page as a file."""
    refusals = [
        Refusal(row.line, row.column, row.value, row.reason)
        for row in BatchRow.objects.filter(batch=batch, act=BatchRow.Act.REFUSED).order_by("pk")
    ]
    with batch.file.open("rb") as file:
        return rejects(
            file=cast(BinaryIO, file), name=batch.file_name, mapping=batch.mapping, refusals=first_refusals(refusals)
        )
