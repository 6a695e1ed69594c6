"""The API's policies: who asks and how much, what is read, in which pages, how an error reads (RFC 9457)."""

import hashlib
import json
from typing import Any

from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.core.exceptions import RequestDataTooBig
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import DataError, IntegrityError
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework import exceptions, pagination, parsers, throttling
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.request import Request
from rest_framework.utils.urls import replace_query_param

from salesmgmt.lib import clock, keyset
from salesmgmt.lib.refusals import Refused

from .throttle import is_within
from .tokens import user_of_api_token

LARGEST_BODY = 1024 * 1024
LARGEST_FILE = 11 * 1024 * 1024  # with the form around it
DEEPEST = 32
PER_MINUTE = {"user": 6000, "anonymous": 120}
UNKEPT = "A text holds a character that can't be kept."
TITLES = {
    400: "This can't be read",
    401: "Log in first",
    404: "Not found",
    405: "Not done here",
    406: "Not in this form",
    409: "Refused by a rule",
    413: "Too large",
    415: "Not in this form",
    429: "Too many requests",
}


# ── Errors ──────────────────────────────────────────────────────────────────────────────────────────────────────


class TooLarge(exceptions.APIException):
    status_code = 413
    default_detail = "The body is larger than 1 MB."


def answer_problem(error: Exception, context: dict[str, Any]) -> HttpResponseBase | None:
    """Problem details for whatever an endpoint raises; None (a 500) only for what nobody foresaw."""
    headers: dict[str, str] = {}
    errors: list[dict[str, str]] = []
    match error:
        case Refused():
            status, detail = 409, error.sentence
            errors = [{"field": error.field, "reason": error.sentence}] if error.field else []
        case exceptions.ValidationError():
            status, errors = 400, list(_flat(error.detail))
            detail = " ".join(f"{e['field']}: {e['reason']}" if e["field"] else e["reason"] for e in errors)
        case DjangoValidationError():
            status, detail = 400, " ".join(error.messages)
        case DataError() | OverflowError():
            status, detail = 400, "A value is out of range."
        case UnicodeEncodeError():
            status, detail = 400, UNKEPT
        case ValueError() if "NUL" in str(error):
            status, detail = 400, UNKEPT
        case IntegrityError():
            status, detail = 409, "This contradicts something that stands already."
        case exceptions.PermissionDenied() if str(error.detail).startswith("CSRF"):
            status, detail = 401, "The X-CSRFToken header is missing or wrong."
        case Http404() | DjangoPermissionDenied() | exceptions.PermissionDenied() | exceptions.NotFound():
            status, detail = 404, "There is nothing here that you may see."
        case RequestDataTooBig():
            status, detail = 413, TooLarge.default_detail
        case exceptions.APIException():
            status, detail = error.status_code, str(error.detail)
            if getattr(error, "auth_header", None):
                headers["WWW-Authenticate"] = error.auth_header  # type: ignore[attr-defined]
            if getattr(error, "wait", None):
                headers["Retry-After"] = str(int(error.wait) + 1)  # type: ignore[attr-defined]
        case _:
            return None
    problem = {"type": "about:blank", "title": TITLES.get(status, "Not done"), "status": status, "detail": detail}
    # What was sent may be quoted, and need not be text that can be written.
    content = json.dumps(problem | ({"errors": errors} if errors else {}), ensure_ascii=False).encode(errors="replace")
    return HttpResponse(content, status=status, headers=headers, content_type="application/problem+json")


def _flat(detail: Any, path: str = "") -> Any:
    if isinstance(detail, dict):
        for key, value in detail.items():
            name = "" if key == "non_field_errors" else str(key)
            yield from _flat(value, f"{path}.{name}".strip("."))
    elif isinstance(detail, list):
        for value in detail:
            yield from _flat(value, path)
    else:
        yield {"field": path, "reason": str(detail)}


# ── Who asks, and how much ──────────────────────────────────────────────────────────────────────────────────────


class BearerAuthentication(BaseAuthentication):
    """`Authorization: Bearer <token>`."""

    def authenticate(self, request: Request) -> tuple[Any, None] | None:
        scheme, _, secret = get_authorization_header(request).decode("latin-1").partition(" ")
        if scheme.lower() != "bearer":
            return None
        user = user_of_api_token(secret.strip(), at=clock.now())
        if user is None:
            raise exceptions.AuthenticationFailed("This token opens nothing; make one in your profile.")
        return user, None

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class BearerScheme(OpenApiAuthenticationExtension):
    target_class = BearerAuthentication
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}


class PerMinute(throttling.BaseThrottle):
    """So many requests in each minute per user, or per address without one. Without Redis nobody is held up."""

    def allow_request(self, request: Request, view: Any) -> bool:
        is_user = bool(request.user and request.user.is_authenticated)
        who = f"user:{request.user.pk}" if is_user else f"address:{request.META.get('REMOTE_ADDR', '')}"
        return is_within(who, PER_MINUTE["user" if is_user else "anonymous"])

    def wait(self) -> float:
        return 60 - clock.now().timestamp() % 60


class JSONParser(parsers.JSONParser):
    """JSON of a sane size and depth; keeps the body as it came for the idempotency key."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        body = stream.read(LARGEST_BODY + 1)
        if len(body) > LARGEST_BODY:
            raise TooLarge
        if parser_context:
            parser_context["request"].sent = body
        try:
            found = json.loads(body.decode(), parse_constant=_no_constant)
            if _depth(found) > DEEPEST:
                raise exceptions.ParseError("The JSON is nested too deeply.")
        except RecursionError:
            raise exceptions.ParseError("The JSON is nested too deeply.") from None
        except ValueError as error:
            raise exceptions.ParseError(f"This is no JSON: {error}") from None
        return found


class FileParser(parsers.MultiPartParser):
    """A form with one file of a sane size; keeps what tells it from another for the idempotency key."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        request = (parser_context or {})["request"]
        if int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST_FILE:
            raise TooLarge(f"The body is larger than {LARGEST_FILE // 1024 // 1024} MB.")
        found = super().parse(stream, media_type, parser_context)
        told = hashlib.sha256(json.dumps(sorted(found.data.lists())).encode())
        files: list[tuple[str, Any]] = sorted(found.files.items())
        for name, file in files:
            told.update(f"\n{name}\n{file.name}\n".encode(errors="replace"))
            for chunk in file.chunks():
                told.update(chunk)
            file.seek(0)
        request.sent = told.digest()
        return found


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no number")


def _depth(value: Any) -> int:
    deepest, waiting = 0, [(value, 1)]
    while waiting and deepest <= DEEPEST:
        inner, depth = waiting.pop()
        deepest = max(deepest, depth)
        if isinstance(inner, dict | list):
            waiting += [(part, depth + 1) for part in (inner.values() if isinstance(inner, dict) else inner)]
    return deepest


# ── Lists ───────────────────────────────────────────────────────────────────────────────────────────────────────


class Cursor(pagination.CursorPagination):
    """`results` and the address of the `next` page; `page_size` up to 200. What lacks the field of an order is last."""

    page_size = 50
    max_page_size = 200
    page_size_query_param = "page_size"
    ordering: str = "-id"

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> Any:
        first = str(self.get_ordering(request, queryset, view)[0])
        by, said = first.lstrip("-"), request.query_params.get(self.cursor_query_param, "")
        if said and not keyset.is_cursor(queryset.model, by, said):
            raise exceptions.ValidationError({"cursor": ["This cursor is none of ours."]})
        size = self.get_page_size(request) or self.page_size
        self._around = keyset.page(queryset, by=by, descending=first.startswith("-"), cursor=said, size=size)
        self._address = request.build_absolute_uri()
        return self._around.rows

    def get_next_link(self) -> str | None:
        return self._link(self._around.next)

    def get_previous_link(self) -> str | None:
        return self._link(self._around.previous)

    def _link(self, cursor: str | None) -> str | None:
        return replace_query_param(self._address, self.cursor_query_param, cursor) if cursor else None
