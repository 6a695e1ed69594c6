"""Import pages: upload, mapping, preview, take, undo. Only admin and operations; for others there is no such page."""

import csv
from collections.abc import Callable, Iterator
from functools import wraps
from io import StringIO
from typing import Any, BinaryIO, TypeVar, cast

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from salesmgmt.desk.idempotency import keyed
from salesmgmt.lib import clock
from salesmgmt.lib.kinds import Kind
from salesmgmt.lib.refusals import Refused
from salesmgmt.lib.xlsxout import EXCEL
from teams.models import User, access_of

from . import services
from .exports import book, lines
from .forms import NOT_TAKEN, OptionsForm, UploadForm, columns_of, label_of, options_of
from .kinds import kind_of, kinds_for
from .models import Batch, BatchRow
from .services.mappings import keep_mapping, kept_mapping, mapping_of

LISTED = 100
REFUSALS = 200
READING = ("preset", "sheet", "delimiter", "encoding", "layout")  # one of these changed: the columns are taken anew

Answer = TypeVar("Answer", bound=HttpResponseBase)
View = Callable[..., HttpResponseBase]


def for_importers(view: View) -> View:
    """For those who import; for everybody else there is no such page."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not access_of(request.user).imports:
            raise Http404
        return view(request, *args, **kwargs)

    return answer


@for_importers
@require_http_methods(["GET", "POST"])
@keyed
def imports(request: HttpRequest) -> HttpResponse:
    """What was taken in so far, and the next file."""
    form = UploadForm(request.POST or None, request.FILES or None, user=cast(User, request.user))
    if request.method == "POST" and form.is_valid():
        file = cast(UploadedFile, form.cleaned_data["file"])
        try:
            batch = services.receive_file(
                kind=form.cleaned_data["kind"],
                file=cast(BinaryIO, file.file),
                name=file.name or "file",
                size=file.size or 0,
                by=cast(User, request.user),
                at=clock.now(),
                preset=form.cleaned_data["preset"],
            )
        except Refused as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else "file", refusal.sentence)
        else:
            return redirect("import", pk=batch.pk)
    batches = Batch.objects.visible_to(request.user).select_related("by").order_by("-at", "-pk")[:LISTED]
    context = {"form": form, "batches": batches, "kinds": list(kinds_for(request.user))}
    return render(request, "exchange/imports.html", context, status=422 if form.errors else 200)


@for_importers
@require_GET
def import_page(request: HttpRequest, pk: int) -> HttpResponse:
    """One file: how it is read, what it would do or did."""
    return _page(request, _batch(request, pk))


@for_importers
@require_POST
def import_map(request: HttpRequest, pk: int) -> HttpResponse:
    """Say which column is what, and look again."""
    batch = _batch(request, pk)
    form = OptionsForm(request.POST, batch=batch)
    if not form.is_valid():
        return _page(request, batch, form)
    mapping: dict[str, Any] = dict(form.mapping())
    stood = options_of(batch)
    if all(form.cleaned_data.get(name, "") == stood[name].replace("\\t", "\t") for name in READING):
        header, standing = batch.found.get("header", []), batch.found.get("columns", {})
        mapping["columns"] = columns_of(request.POST, kind_of(batch.kind), header, standing)
    try:
        if form.cleaned_data["kept"]:
            mapping = kept_mapping(kind=batch.kind, name=form.cleaned_data["kept"]) or mapping
        services.map_batch(batch=batch, mapping=mapping, options=form.options(), at=clock.now())
        if form.cleaned_data["keep_as"]:
            content = mapping_of(batch.found, mapping)
            keep_mapping(
                kind=batch.kind, name=form.cleaned_data["keep_as"], content=content, by=cast(User, request.user)
            )
            messages.success(request, f"Kept as “{form.cleaned_data['keep_as']}”.")
    except Refused as refusal:
        form.add_error(None, refusal.sentence)
        return _page(request, batch, form)
    return redirect("import", pk=batch.pk)


@for_importers
@require_POST
def import_take(request: HttpRequest, pk: int) -> HttpResponse:
    """Take it in."""
    try:
        batch = services.take_batch(batch=_batch(request, pk), at=clock.now())
    except Refused as refusal:
        messages.error(request, refusal.sentence)
    else:
        messages.success(request, batch.message or "The worker takes it in; this page follows.")
    return redirect("import", pk=pk)


@for_importers
@require_POST
def import_stop(request: HttpRequest, pk: int) -> HttpResponse:
    """Have the worker stop."""
    try:
        batch = services.stop_batch(batch=_batch(request, pk))
    except Refused as refusal:
        messages.error(request, refusal.sentence)
    else:
        messages.success(
            request, "It stops after the rows it is at." if batch.is_stopping else "Stopped; nothing was taken."
        )
    return redirect("import", pk=pk)


@for_importers
@require_POST
def import_resume(request: HttpRequest, pk: int) -> HttpResponse:
    """Go on where it was."""
    try:
        services.resume_batch(batch=_batch(request, pk))
    except Refused as refusal:
        messages.error(request, refusal.sentence)
    return redirect("import", pk=pk)


@for_importers
@require_http_methods(["GET", "POST"])
def import_undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask, naming what would go, and undo."""
    batch = _batch(request, pk)
    if request.method == "POST":
        try:
            kept = services.begin_undo(batch=batch, by=cast(User, request.user), at=clock.now())
        except Refused as refusal:
            messages.error(request, refusal.sentence)
        else:
            told = "Undone." if kept is not None else "The worker undoes it; this page follows."
            messages.success(request, f"{told} What is kept and why stands on the page." if kept else told)
        return redirect("import", pk=pk)
    return render(request, "exchange/undo.html", {"batch": batch})


@for_importers
@require_POST
def import_discard(request: HttpRequest, pk: int) -> HttpResponse:
    """Throw a file away that was not taken."""
    try:
        services.discard_batch(batch=_batch(request, pk))
    except Refused as refusal:
        messages.error(request, refusal.sentence)
        return redirect("import", pk=pk)
    messages.success(request, "Thrown away; nothing was taken.")
    return redirect("imports")


@for_importers
@require_GET
def import_rejects(request: HttpRequest, pk: int) -> HttpResponse:
    """The refused rows, to be mended and imported again."""
    batch = _batch(request, pk)
    if not batch.file or batch.state not in {Batch.State.DONE, Batch.State.FAILED, Batch.State.UNDONE}:
        raise Http404
    return _as_file(HttpResponse(services.rejects_of(batch), content_type="text/csv; charset=utf-8"), "rejects.csv")


@for_importers
@require_GET
def export(request: HttpRequest, kind: str, ending: str) -> HttpResponseBase:
    """A kind as import takes it, as text or as a workbook."""
    wanted = kinds_for(request.user).get(kind)
    if wanted is None:
        raise Http404
    if ending == "xlsx":
        return _as_file(FileResponse(book(wanted, guarded=True), content_type=EXCEL), f"{kind}.xlsx")
    answer = StreamingHttpResponse(_csv(wanted), content_type="text/csv; charset=utf-8")
    return _as_file(answer, f"{kind}.csv")


def _csv(kind: Kind) -> Iterator[str]:
    for line in lines(kind, guarded=True):
        text = StringIO()
        csv.writer(text, lineterminator="\r\n").writerow(line)
        yield text.getvalue()


def _as_file(answer: Answer, name: str) -> Answer:
    answer["Content-Disposition"] = content_disposition_header(True, name) or ""
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


def _batch(request: HttpRequest, pk: int) -> Batch:
    return get_object_or_404(Batch.objects.visible_to(request.user).select_related("by"), pk=pk)


def _page(request: HttpRequest, batch: Batch, form: OptionsForm | None = None) -> HttpResponse:
    is_waiting = batch.state in {Batch.State.QUEUED, Batch.State.RUNNING, Batch.State.UNDOING} or (
        batch.state == Batch.State.UPLOADED and not batch.message and batch.options.get("size", 0) > services.AT_ONCE
    )
    context: dict[str, Any] = {"batch": batch, "is_waiting": is_waiting, "partial": "exchange/_import.html"}
    context["options"] = form or OptionsForm(initial=options_of(batch), batch=batch)
    if batch.state in {Batch.State.UPLOADED, Batch.State.PREVIEWED}:
        context |= _mapping(batch, request.POST if form else None)
    else:
        refusals = batch.rows.filter(act=BatchRow.Act.REFUSED)
        context["refusals"] = refusals.order_by("line", "pk")[:REFUSALS]
    part = request.headers.get("HX-Request") == "true"
    template = "exchange/_import.html" if part else "exchange/import.html"
    answer = render(request, template, context, status=422 if form and form.errors else 200)
    if part and not is_waiting:
        answer["HX-Refresh"] = "true"  # what can be done next stands above the part
    return answer


def _mapping(batch: Batch, typed: Any) -> dict[str, Any]:
    """The fields with the column each is read from; the words that are mapped, and those that could be."""
    columns = batch.found.get("columns", {})
    fields, words, known = [], [], set()
    for one in kind_of(batch.kind).fields:
        said = columns.get(one.name, "")
        content = said if isinstance(said, dict) else {"column": said}
        column, const = label_of(content), content.get("const", "")
        if typed is not None:
            column, const = typed.get(f"column-{one.name}", ""), typed.get(f"const-{one.name}", "")
        samples = batch.found.get("samples", {})
        sampled = " · ".join(text[:30] for text in samples.get(content.get("column", ""), []))
        odd = column if column not in batch.found.get("header", []) else ""
        fields.append({"field": one, "column": column, "const": const, "odd": odd, "samples": sampled})
        for word, taken_as in content.get("values", {}).items():
            words.append({"field": one.name, "word": word, "as": taken_as or NOT_TAKEN, "count": 0})
            known.add((one.name, word))
    words = [word for word in batch.found.get("words", []) if (word["field"], word["word"]) not in known] + words
    taken = [one["field"].name for one in fields if one["column"] or one["const"]]
    preview = [
        row | {"cells": [row["cells"].get(name, "") for name in taken]} for row in batch.found.get("preview", [])
    ]
    return {
        "fields": fields,
        "words": words,
        "not_taken": NOT_TAKEN,
        "header": [column for column in batch.found.get("header", []) if column],
        "taken": taken,
        "preview": preview,
    }
