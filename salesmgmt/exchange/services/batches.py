"""Batches of the page: a file received, its mapping and preview, taken at once or by the worker."""

import hashlib
from datetime import datetime
from typing import Any, BinaryIO, cast
from uuid import uuid4

import structlog
from django.core.files.base import File
from django.db import transaction

from salesmgmt.desk.wake import wake
from salesmgmt.exchange.kinds import kind_of
from salesmgmt.exchange.mapping import MappingFile, choose, parse, samples_of
from salesmgmt.exchange.models import Batch, BatchRow
from salesmgmt.exchange.reader import open_table
from salesmgmt.lib.kinds import Refusal
from salesmgmt.lib.refusals import Refused
from teams.models import User, access_of

from .rejected import rejects
from .taking import Answer, Options, first_refusals, import_file

TOPIC = "import"
AT_ONCE = 256 * 1024  # bytes; what is larger is previewed and taken by the worker
SHOWN = 50
WORDS = 30
SAMPLES = 3
WORD_TYPES = {"text", "choice", "reference"}

logger = structlog.get_logger(__name__)


def receive_file(*, kind: str, file: BinaryIO, name: str, size: int, by: User, at: datetime) -> Batch:
    """Keep an uploaded file as a batch and look at it. Raises Refused where it is no table that can be read."""
    if not access_of(by).imports:
        raise Refused("Only admin and operations import.")
    wanted = kind_of(kind)
    table = open_table(file, name)
    chosen, preset = choose(MappingFile(), wanted, table)
    columns = {one: column.content() for one, column in chosen.items()}
    file.seek(0)
    digest = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
    file.seek(0)
    batch = Batch(kind=kind, file_name=name[:255], digest=digest, by=by, at=at, mapping={}, options={"size": size})
    samples = {column: texts[:SAMPLES] for column, texts in samples_of(table, filter(None, table.header)).items()}
    batch.found = {"columns": columns, "header": table.header, "samples": samples, "preset": preset}
    batch.file.save(uuid4().hex, File(file), save=False)
    batch.save()
    _look(batch, at)
    return batch


def map_batch(*, batch: Batch, mapping: dict[str, Any], options: dict[str, Any], at: datetime) -> Batch:
    """Give a batch its mapping and options, and look at it again."""
    if batch.state not in {Batch.State.UPLOADED, Batch.State.PREVIEWED}:
        raise Refused(f"This import is {batch.get_state_display().lower()}; its mapping can't change any more.")
    parse(mapping, kind_of(batch.kind))
    batch.mapping = mapping
    batch.options = {"size": batch.options.get("size", 0), **options}
    batch.state = Batch.State.UPLOADED
    batch.save(update_fields=["mapping", "options", "state"])
    _look(batch, at)
    return batch


@transaction.atomic
def take_batch(*, batch: Batch, at: datetime) -> Batch:
    """Take a previewed batch in: a small one now, a large one by the worker."""
    batch = Batch.objects.select_for_update(of=("self",)).get(pk=batch.pk)
    if batch.state != Batch.State.PREVIEWED:
        raise Refused(f"This import is {batch.get_state_display().lower()} already.")
    if batch.options.get("size", 0) <= AT_ONCE:
        _take(batch, at)
        return batch
    batch.state = Batch.State.QUEUED
    batch.save(update_fields=["state"])
    wake(TOPIC)
    return batch


@transaction.atomic
def discard_batch(*, batch: Batch) -> None:
    """Throw away a batch that was not taken, with its file."""
    batch = Batch.objects.select_for_update(of=("self",)).get(pk=batch.pk)
    if batch.state not in {Batch.State.UPLOADED, Batch.State.PREVIEWED, Batch.State.FAILED}:
        raise Refused("An import that was taken is undone, not thrown away.")
    file = batch.file
    batch.delete()
    transaction.on_commit(lambda: file.delete(save=False) if file else None)


def work_off(*, at: datetime) -> int:
    """Preview or take the next batch that waits for the worker; answer how many were done. No two take the same."""
    waiting = Batch.objects.filter(state__in=[Batch.State.UPLOADED, Batch.State.QUEUED], options__size__gt=AT_ONCE)
    failed: tuple[int, str] | None = None
    with transaction.atomic():
        batch = waiting.filter(message="").select_for_update(of=("self",), skip_locked=True).order_by("pk").first()
        if batch is None:
            return 0
        try:
            with transaction.atomic():
                if batch.state == Batch.State.QUEUED:
                    _take(batch, at)
                else:
                    preview_batch(batch=batch, at=at)
        except Refused as refusal:
            failed = (batch.pk, refusal.sentence)
        except Exception:
            logger.exception("import_failed", batch=batch.pk)
            failed = (batch.pk, "Something went wrong on our side; nothing was taken. The log says what.")
        if failed is not None:
            Batch.objects.filter(pk=failed[0]).update(state=Batch.State.FAILED, message=failed[1], finished_at=at)
    return 1


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
    header = batch.found.get("header", [])
    answer = _run(batch, at, dry_run=False)
    batch.found |= {"header": header}
    batch.save(update_fields=["found"])
    wake("rollups")
    logger.info("imported", batch=batch.pk, kind=batch.kind, read=answer.read, refused=answer.refused)


def _run(batch: Batch, at: datetime, *, dry_run: bool) -> Answer:
    said = batch.options
    effective = said.get("effective")
    options = Options(
        on_error=said.get("on_error", "skip"),
        create_missing=bool(said.get("create_missing")),
        effective=datetime.fromisoformat(effective).date() if effective else None,
        books=not said.get("no_book"),
        dry_run=dry_run,
    )
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
            "reasons": [{"column": one.column, "reason": one.reason} for one in row.refusals],
        }
        for row in sorted(rows, key=lambda row: row.line)
    ]


def _words(answer: Answer, kind: str) -> list[dict[str, Any]]:
    """Words that were refused, most frequent first: they can be mapped to ones that are known."""
    fields = {one.name for one in kind_of(kind).fields if one.type in WORD_TYPES}
    counts: dict[tuple[str, str], int] = {}
    for row in answer.rows:
        for one in row.refusals:
            if one.column in fields and one.value:
                counts[one.column, one.value] = counts.get((one.column, one.value), 0) + 1
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
