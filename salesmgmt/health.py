"""/healthz: this process answers. /readyz: what it needs answers too."""

from collections.abc import Callable

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase

HEARTBEAT_KEY = "paceline:worker-heartbeat"
HEARTBEAT_LASTS = 30  # seconds; the worker leaves one each few


class HealthMiddleware:
    """Answers both before session, login and host are looked at: a probe has none of them."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path == "/healthz":
            return HttpResponse("ok\n", content_type="text/plain")
        if request.path == "/readyz":
            return readyz()
        return self.get_response(request)


def readyz() -> JsonResponse:
    """503 without database or with migrations to run; a broker or worker that is away only degrades."""
    answer = {"database": _database(), "broker": "unknown", "worker": "unknown"}
    answer["broker"], answer["worker"] = broker_and_worker()
    if answer["database"] != "ok":
        response = JsonResponse({"status": "unavailable", **answer}, status=503)
        response["Retry-After"] = "5"
        return response
    is_whole = answer["broker"] == answer["worker"] == "ok"
    return JsonResponse({"status": "ok" if is_whole else "degraded", **answer})


def leave_heartbeat() -> None:
    """Say that the worker is alive; called by a task of the schedule."""
    with _client() as client:
        client.set(HEARTBEAT_KEY, "alive", ex=HEARTBEAT_LASTS)


_migrated = False  # migrations don't come undone under a running process: once clean, the question is not asked again


def _database() -> str:
    global _migrated
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        if not _migrated:
            executor = MigrationExecutor(connection)
            if executor.migration_plan(executor.loader.graph.leaf_nodes()):
                return "migrations to run"
            _migrated = True
    except DatabaseError:
        return "away"
    return "ok"


def broker_and_worker() -> tuple[str, str]:
    """How the broker and the worker behind it are."""
    try:
        with _client() as client:
            alive = client.exists(HEARTBEAT_KEY)
    except redis.RedisError:
        return "away", "unknown"
    return "ok", "ok" if alive else "away"


def _client() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=0.5, socket_connect_timeout=0.2)
