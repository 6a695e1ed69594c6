"""What stands before every view: whose address to believe, how large a body may be, what an answer cost."""

import time
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any

from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import MiddlewareNotUsed
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.loader import get_template
from django.urls import reverse

from salesmgmt.desk.again import keep

Next = Callable[[HttpRequest], HttpResponseBase]


class TrustedProxiesMiddleware:
    """Believe X-Forwarded-For and X-Forwarded-Proto only from TRUSTED_PROXIES; take them off otherwise."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        forwarded = request.META.pop("HTTP_X_FORWARDED_FOR", "")
        if not _is_trusted(request.META.get("REMOTE_ADDR", "")):
            request.META.pop("HTTP_X_FORWARDED_PROTO", None)
        else:
            # From the right: the first address that none of our proxies has is the one they saw.
            hops = [hop.strip() for hop in forwarded.split(",") if hop.strip()]
            request.META["REMOTE_ADDR"] = next(
                (hop for hop in reversed(hops) if _is_address(hop) and not _is_trusted(hop)),
                request.META.get("REMOTE_ADDR", ""),
            )
        return self.get_response(request)


class BodyLimitMiddleware:
    """Answer 413 to a body over MAX_BODY before anything reads it."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isdigit() and int(length) > settings.MAX_BODY:
            most = settings.MAX_BODY // 1024 // 1024
            if "text/html" in request.META.get("HTTP_ACCEPT", ""):
                return HttpResponse(get_template("413.html").render({"most": most}), status=413)
            sentence = f"This is larger than the {most} MB that can be sent at once; send it in parts."
            return HttpResponse(sentence, status=413, content_type="text/plain; charset=utf-8")
        return self.get_response(request)


class KeepingLoginRequiredMiddleware(LoginRequiredMiddleware):
    """Ask for the login, and keep what a form had when its session ran out: /again/ offers it once more."""

    def handle_no_permission(self, request: HttpRequest, view_func: Callable[..., Any]) -> HttpResponseRedirect:
        if request.method == "POST" and keep(request):
            return redirect_to_login(reverse("again"))
        answer: HttpResponseRedirect = super().handle_no_permission(request, view_func)
        return answer


class PermissionsPolicyMiddleware:
    """Our pages need none of the browser's devices."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.setdefault("Permissions-Policy", settings.PERMISSIONS_POLICY)
        return response


class PrivateMiddleware:
    """What we answer is for one pair of eyes: no cache on the way keeps it, and the browser asks again."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.setdefault("Cache-Control", "private, no-cache")
        return response


class CostMiddleware:
    """X-Query-Count and Server-Timing on each answer, where SHOW_COST."""

    def __init__(self, get_response: Next) -> None:
        if not settings.SHOW_COST:
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        queries, in_database = 0, 0.0

        def measure(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
            nonlocal queries, in_database
            queries, began = queries + 1, time.perf_counter()
            try:
                return execute(sql, params, many, context)
            finally:
                in_database += time.perf_counter() - began

        began = time.perf_counter()
        with connection.execute_wrapper(measure):
            response = self.get_response(request)
        total = time.perf_counter() - began
        response["X-Query-Count"] = str(queries)
        response["Server-Timing"] = f"total;dur={total * 1000:.1f}, db;dur={in_database * 1000:.1f}"
        return response


def client_address(request: HttpRequest) -> str:
    """The address the login lock counts by."""
    address: str = request.META.get("REMOTE_ADDR", "")
    return address


def _is_trusted(address: str) -> bool:
    return _is_address(address) and any(ip_address(address) in network for network in settings.TRUSTED_PROXIES)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
