"""`/api/v1/`: one router for every app, the schema, and a page of documentation made from it."""

from functools import cache
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import include, path
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.views import SpectacularAPIView
from rest_framework.permissions import AllowAny
from rest_framework.routers import DefaultRouter

from coaching import api as coaching
from performance import api as performance
from recognition import api as recognition
from sales import api as sales
from salesmgmt.exchange import api as exchange
from targets import api as targets
from teams import api as teams

VERBS = ("get", "post", "patch", "delete")

router = DefaultRouter()
router.include_format_suffixes = False
for app in (teams, sales, targets, performance, coaching, recognition, exchange):
    for prefix, endpoint in app.ENDPOINTS.items():
        router.register(prefix, endpoint, basename=f"api-{prefix}")


def describe_problems(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """For the schema: every endpoint answers problems the same way, every POST takes a key."""
    answer = {
        "description": "What is wrong (RFC 9457): 400 which field and why, 401, 404, 409 refused by a rule, 413, 429",
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    field = {"type": "object", "properties": {"field": {"type": "string"}, "reason": {"type": "string"}}}
    result["components"].setdefault("schemas", {})["Problem"] = {
        "type": "object",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "errors": {"type": "array", "items": field},
        },
    }
    key = {
        "in": "header",
        "name": "Idempotency-Key",
        "schema": {"type": "string", "maxLength": 200},
        "description": "The same key and body within 24 hours: done once, same answer. Another body: 409.",
    }
    for verbs in result["paths"].values():
        for verb, operation in verbs.items():
            operation["responses"]["4XX"] = answer
            if verb == "post":
                operation.setdefault("parameters", []).append(key)
    return result


class SchemaView(SpectacularAPIView):
    """The OpenAPI document; `?format=json` for JSON."""

    permission_classes = (AllowAny,)
    authentication_classes = ()


@cache
def _schema() -> dict[str, Any]:
    schema: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return schema


def _fields(schema: dict[str, Any], components: dict[str, Any]) -> list[dict[str, str]]:
    while "$ref" in schema:
        schema = components[schema["$ref"].rsplit("/", 1)[1]]
    if "results" in schema.get("properties", {}):
        return _fields(schema["properties"]["results"], components)
    if schema.get("type") == "array":
        return _fields(schema["items"], components)
    required = schema.get("required", [])
    return [
        {
            "name": name,
            "kind": _kind(found, components),
            "must": "needed" if name in required else "",
            "note": found.get("description", ""),
        }
        for name, found in schema.get("properties", {}).items()
    ]


def _kind(schema: dict[str, Any], components: dict[str, Any]) -> str:
    if "$ref" in schema:
        return _kind(components[schema["$ref"].rsplit("/", 1)[1]], components)
    for joined in ("oneOf", "allOf", "anyOf"):
        if joined in schema:
            return " or ".join(kind for part in schema[joined] if (kind := _kind(part, components)))
    if "enum" in schema:
        return ", ".join(str(value) for value in schema["enum"] if value not in (None, ""))
    return str(schema.get("format") or schema.get("type", ""))


@cache
def _chapters() -> list[dict[str, Any]]:
    schema = _schema()
    components = schema["components"]["schemas"]
    chapters: dict[str, list[dict[str, Any]]] = {}
    for address, verbs in schema["paths"].items():
        for verb in VERBS:
            if verb not in verbs:
                continue
            operation = verbs[verb]
            body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
            done: dict[str, Any] = next(
                (found for code, found in operation["responses"].items() if code.startswith("2")), {}
            )
            answer = done.get("content", {}).get("application/json", {}).get("schema")
            chapters.setdefault(operation["tags"][0], []).append(
                {
                    "verb": verb.upper(),
                    "path": address,
                    "does": operation.get("description", ""),
                    "asks": [
                        {"name": asked["name"], "kind": _kind(asked["schema"], components),
                         "must": "needed" if asked.get("required") else "", "note": asked.get("description", "")}
                        for asked in operation.get("parameters", []) if asked["in"] == "query"
                    ],
                    "says": _fields(body, components) if body else [],
                    "answers": _fields(answer, components) if answer else [],
                }
            )  # fmt: skip
    return [{"name": name, "operations": operations} for name, operations in chapters.items()]


@login_not_required
def documentation(request: HttpRequest) -> HttpResponse:
    """Every endpoint on one page, without a script."""
    return render(request, "api.html", {"chapters": _chapters()})


urlpatterns: list[Any] = [
    path("schema/", SchemaView.as_view(), name="api-schema"),
    path("docs/", documentation, name="api-docs"),
    path("<slug:noun>/bulk/", exchange.Bulk.as_view({"post": "create"}), name="api-bulk"),
    path("", include(router.urls)),
]
