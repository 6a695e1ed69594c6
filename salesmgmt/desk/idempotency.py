"""A POST with a key is done once: the key goes in first, in the transaction that does the work (house §13)."""

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from functools import partial, wraps
from typing import Any

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.template.response import SimpleTemplateResponse

from salesmgmt.lib import clock
from salesmgmt.lib.refusals import Refused

from .models import IdempotencyKey

KEPT = timedelta(hours=24)
LONGEST = 200
HEADERS = ("Content-Type", "Location", "HX-Redirect", "HX-Location", "HX-Trigger", "HX-Refresh")
IGNORED = {"csrfmiddlewaretoken", "idempotency_key"}


class KeyUsed(Refused):
    """The key came before with another request."""


def once(*, user_id: int, key: str, fingerprint: str, act: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    """The answer of `act`, or the one kept for this key. A failure (400 and up) is not kept: it may be tried again."""
    if len(key) > LONGEST or not key.isprintable():
        raise KeyUsed(f"A key has at most {LONGEST} characters, all of them printable.", field="Idempotency-Key")
    now = clock.now()
    with transaction.atomic():
        # Somebody with the same key at the same time waits here for the other's commit.
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO desk_idempotencykey AS kept (user_id, key, fingerprint, headers, body, at)"
                " VALUES (%s, %s, %s, '{}', '', %s)"
                " ON CONFLICT (user_id, key) DO UPDATE SET fingerprint = excluded.fingerprint, at = excluded.at,"
                " status = NULL, headers = '{}', body = '' WHERE kept.at < %s RETURNING id",
                [user_id, key, fingerprint, now, now - KEPT],
            )
            fresh = cursor.fetchone()
        if not fresh:
            return _kept(user_id, key, fingerprint)
        response = act()
        if isinstance(response, SimpleTemplateResponse):
            response.render()
        if response.status_code >= 400:
            transaction.set_rollback(True)
            return response
        IdempotencyKey.objects.filter(pk=fresh[0]).update(
            status=response.status_code,
            headers={name: response[name] for name in HEADERS if name in response},
            body=_body(response),
        )
    return response


def keyed(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """For views: a POST with `Idempotency-Key`, or a form with `{% submit_key %}`, is done once."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        act = partial(view, request, *args, **kwargs)
        if request.method != "POST" or not request.user.is_authenticated:
            return act()
        key = request.headers.get("Idempotency-Key") or request.POST.get("idempotency_key")
        if not key:
            return act()
        try:
            return once(user_id=request.user.pk, key=key, fingerprint=_of_form(request), act=act)
        except KeyUsed as refused:
            return render(request, "409.html", {"sentence": refused.sentence}, status=409)

    return answer


def fingerprint(method: str, path: str, body: bytes) -> str:
    """What tells one request from another."""
    return hashlib.sha256(b"\n".join((method.encode(), path.encode(), body))).hexdigest()


def _of_form(request: HttpRequest) -> str:
    fields = sorted((name, values) for name, values in request.POST.lists() if name not in IGNORED)
    files = sorted((name, [(file.name, file.size) for file in found]) for name, found in request.FILES.lists())
    return fingerprint("POST", request.get_full_path(), json.dumps([fields, files]).encode())


def _kept(user_id: int, key: str, fingerprint: str) -> HttpResponse:
    kept = IdempotencyKey.objects.get(user=user_id, key=key)
    if kept.fingerprint != fingerprint:
        raise KeyUsed("This key was used before for something else; use a new one.")
    response = HttpResponse(kept.body, status=kept.status)
    for name, value in kept.headers.items():
        response[name] = value
    return response


def _body(response: HttpResponseBase) -> str:
    content: bytes = getattr(response, "content", b"")
    return content.decode()
