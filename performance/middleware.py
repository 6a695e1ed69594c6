"""/live/stamp/: has anything changed? Answered before session, login and database are looked at."""

from collections.abc import Callable

import redis
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from . import live


class LiveStampMiddleware:
    """Stands first: every open page asks each second, so an answer costs one signature and one read of Redis."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info != "/live/stamp/":
            return self.get_response(request)
        if request.method not in {"GET", "HEAD"}:
            answer = HttpResponse(status=405, headers={"Allow": "GET, HEAD"})
        else:
            answer = _stamp(request.GET.get("t", ""))
        answer["Content-Type"] = "text/plain; charset=utf-8"
        answer["Cache-Control"] = "no-store"
        answer["X-Content-Type-Options"] = "nosniff"
        return answer


def _stamp(token: str) -> HttpResponse:
    try:
        stamp = live.stamp(token)
    except redis.RedisError:
        return HttpResponse(status=503, headers={"Retry-After": "5"})
    return HttpResponse(stamp) if stamp is not None else HttpResponse(status=403)
