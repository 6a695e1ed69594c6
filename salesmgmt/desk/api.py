"""What every endpoint of the API is made from: what may be said, what is shown, and POSTs that are done once."""

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any, ClassVar

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from rest_framework import fields, mixins, relations, serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from salesmgmt.lib.days import OUTSIDE, is_of_our_time

from .idempotency import fingerprint, once


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
        text = str(data) if isinstance(data, int | str) and not isinstance(data, bool) else ""
        if not (text.isascii() and text.isdigit()):
            self.fail("incorrect_type", data_type=type(data).__name__)
        if len(text) > 18:
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
            user_id=int(request.user.pk or 0),
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
    for name in {"Location", "Allow"} & set(response.headers):
        made[name] = response[name]
    return made


class Endpoint(Keyed, GenericViewSet):
    """Acts and figures."""

    @property
    def by(self) -> Any:
        """Who asks: a logged-in user, as every endpoint requires."""
        return self.request.user


class Records(mixins.ListModelMixin, mixins.RetrieveModelMixin, Endpoint):
    """A noun: lists and rows of what the user may see."""

    model: Any
    joins: tuple[str, ...] = ()
    lookup_value_regex = r"\d{1,18}"

    def get_queryset(self) -> Any:
        return self.model.objects.visible_to(self.by).select_related(*self.joins)

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
        said = super().to_internal_value(data)
        outside = {
            name: [OUTSIDE] for name, value in said.items() if isinstance(value, date) and not is_of_our_time(value)
        }
        if outside:
            raise serializers.ValidationError(outside)
        return said


class Changes(Writer):
    """Before a writer: the same fields for a PATCH. Each may be left out; some `stay`."""

    stay: ClassVar[tuple[str, ...]] = ()

    def get_fields(self) -> dict[str, fields.Field]:
        found = {name: field for name, field in super().get_fields().items() if name not in self.stay}
        for field in found.values():
            field.required, field.default = False, fields.empty
        return found
