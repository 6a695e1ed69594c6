"""What the edges share: how a refusal reaches a form, and an act that is one button, a list as a file."""

from collections.abc import Callable, Iterable, Sequence
from copy import copy
from functools import wraps
from typing import Any

import structlog
from django import forms
from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import redirect
from django.utils.cache import patch_vary_headers
from django.utils.http import content_disposition_header

from salesmgmt.lib import csvout, xlsxout
from salesmgmt.lib.refusals import Refused

View = Callable[..., HttpResponse]

logger = structlog.get_logger(__name__)


def tell_form(form: forms.BaseForm, refusal: Refused) -> None:
    """The rule's sentence beside its field, or above the form."""
    form.add_error(refusal.field if refusal.field in form.fields else None, refusal.sentence)


def renew(form: forms.BaseForm, version: int) -> None:
    """After a refusal the form shows what was typed, and goes by the record as it is now."""
    said: Any = copy(form.data)
    said[form.add_prefix("version")] = str(version)
    form.data = said


def kept_file(content: bytes, kind: str, *, name: str) -> HttpResponse:
    """A file that somebody uploaded: saved, never shown, whatever is in it."""
    named = content_disposition_header(as_attachment=True, filename=name) or "attachment"
    answer = HttpResponse(content, content_type=kind, headers={"Content-Disposition": named})
    answer["Cache-Control"] = "private, no-store"
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer


def act(request: HttpRequest, do: Callable[[], object], *, said: str, to: str) -> HttpResponse:
    """Do one thing and go on to a page: what was done, or why not, is said there."""
    try:
        do()
    except Refused as refusal:
        messages.error(request, refusal.sentence)
    else:
        messages.success(request, said)
    answer = redirect(to)
    assert isinstance(answer, HttpResponseRedirect)
    answer.status_code = 303
    return answer


def part_of(page: str) -> Callable[[View], View]:
    """For views of a part that its page asks for: opened on its own, it leads to that page."""

    def declare(view: View) -> View:
        @wraps(view)
        def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            given = view(request, *args, **kwargs) if "HX-Request" in request.headers else redirect(page)
            patch_vary_headers(given, ["HX-Request"])
            return given

        return answer

    return declare


def csv_answer(
    request: HttpRequest, name: str, header: Sequence[str], rows: Iterable[Sequence[Any]]
) -> StreamingHttpResponse:
    """A list as a file, streamed: CSV, or a workbook (`?file=xlsx`); who took what out is logged."""
    logger.info("exported", name=name, user=request.user.pk, asked=request.GET.urlencode()[:500])
    answer: StreamingHttpResponse
    if request.GET.get("file") == "xlsx":
        answer, ending = FileResponse(xlsxout.book(name, header, rows), content_type=xlsxout.EXCEL), "xlsx"
    else:
        lines = csvout.lines(header, rows)
        answer, ending = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8"), "csv"
    answer["Content-Disposition"] = f'attachment; filename="{name}.{ending}"'
    answer["Cache-Control"] = "private, no-store"
    return answer
