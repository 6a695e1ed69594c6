"""What every endpoint of the API shares: who asks, how much, in which pages, and how an error reads (RFC 9457)."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import redis
from django.core.cache import cache
from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.core.exceptions import RequestDataTooBig
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import DataError, IntegrityError
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework import exceptions, fields, mixins, pagination, parsers, relations, serializers, throttling
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from salesmgmt.lib import clock
from salesmgmt.lib.refusals import Refused

from .idempotency import fingerprint, once
from .tokens import user_of_api_token

LARGEST_BODY = 1024 * 1024
DEEPEST = 32
PER_MINUTE = {"user": 6000, "anonymous": 120}
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
    content = json.dumps(problem | ({"errors": errors} if errors else {}), ensure_ascii=False)
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
        minute = int(clock.now().timestamp() // 60)
        key = f"throttle:{who}:{minute}"
        try:
            try:
                count = cache.incr(key)
            except ValueError:
                cache.set(key, 1, timeout=120)
                count = 1
        except (redis.RedisError, OSError):
            return True
        return count <= PER_MINUTE["user" if is_user else "anonymous"]

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
    """`results` and the address of the `next` page; `page_size` up to 200."""

    page_size = 50
    max_page_size = 200
    page_size_query_param = "page_size"
    ordering = "-id"

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> Any:
        try:
            return super().paginate_queryset(queryset, request, view=view)
        except (ValueError, TypeError, DjangoValidationError, DataError):
            raise exceptions.ValidationError({"cursor": ["This cursor is none of ours."]}) from None


class VisibleField(relations.PrimaryKeyRelatedField):
    """A relation by id; what the user may not see does not exist."""

    def __init__(self, *, model: Any = None, **kwargs: Any) -> None:
        self.model = model
        if model is not None and not kwargs.get("read_only"):
            kwargs["queryset"] = model._default_manager.none()
        super().__init__(**kwargs)

    def get_queryset(self) -> Any:
        rows = self.model._default_manager.all()
        return rows.visible_to(self.context["request"].user) if hasattr(rows, "visible_to") else rows

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, bool) or not isinstance(data, int | str) or not str(data).isascii() or not str(data).isdigit():
            self.fail("incorrect_type", data_type=type(data).__name__)
        if len(str(data)) > 18:
            self.fail("does_not_exist", pk_value=data)
        return super().to_internal_value(data)


class Money(serializers.DecimalField):
    """An amount as a string; its currency stands beside it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**({"max_digits": 18, "decimal_places": 2} | kwargs))


# ── Endpoints ───────────────────────────────────────────────────────────────────────────────────────────────────


class Keyed:
    """A POST with `Idempotency-Key` is done once, in one transaction with its key."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)  # type: ignore[misc]
        key = request.headers.get("Idempotency-Key")
        handler: Callable[..., Any] | None = getattr(self, "post", None)
        if request.method == "POST" and key and handler:
            self.post = partial(self._once, handler, key)

    def _once(self, handler: Callable[..., Any], key: str, request: Request, *args: Any, **kwargs: Any) -> Any:
        request.data  # noqa: B018  (parsed here, so that what was sent is known)
        sent: bytes = getattr(request, "sent", b"")
        return once(
            user_id=request.user.pk,
            key=key,
            fingerprint=fingerprint("POST", request.get_full_path(), sent),
            act=lambda: _rendered(handler(request, *args, **kwargs)),
        )


def _rendered(response: Any) -> HttpResponseBase:
    if not isinstance(response, Response):
        found: HttpResponseBase = response
        return found
    content = b"" if response.data is None else JSONRenderer().render(response.data)
    made = HttpResponse(content, status=response.status_code, content_type="application/json")
    for name, value in response.items():
        made[name] = value
    return made


class Endpoint(Keyed, GenericViewSet):
    """Acts and figures."""


class Records(mixins.ListModelMixin, mixins.RetrieveModelMixin, Endpoint):
    """A noun: lists and rows of what the user may see."""

    model: Any
    joins: tuple[str, ...] = ()
    lookup_value_regex = r"\d{1,18}"

    def get_queryset(self) -> Any:
        return self.model.objects.visible_to(self.request.user).select_related(*self.joins)

    def shown(self, record: Any, *, status: int = 200) -> Response:
        """A record as its list shows it, fresh from the database."""
        found = self.get_queryset().filter(pk=record.pk).first()
        return Response(self.get_serializer(found if found is not None else record).data, status=status)

    def cleaned(self, serializer: Any) -> dict[str, Any]:
        """What a request says, or 400 with each field and why."""
        made = serializer(data=self.request.data, context=self.get_serializer_context())
        made.is_valid(raise_exception=True)
        found: dict[str, Any] = made.validated_data
        return found


class Writer(serializers.Serializer):
    """What may be said. A field that nobody knows is refused, so that nothing is taken for granted."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict):
            known = {name for name, field in self.fields.items() if not field.read_only}
            unknown = {str(name): ["There is no such field to set."] for name in data if name not in known}
            if unknown:
                raise serializers.ValidationError(unknown)
        return super().to_internal_value(data)


def changes(of: type[Writer]) -> type[Writer]:
    """The same fields for a PATCH: each may be left out."""

    class Changes(of):  # type: ignore[misc, valid-type]
        def get_fields(self) -> dict[str, fields.Field]:
            found: dict[str, fields.Field] = super().get_fields()
            for field in found.values():
                field.required, field.default = False, fields.empty
            return found

    Changes.__name__ = Changes.__qualname__ = of.__name__.replace("Writer", "") + "Changes"
    return Changes
