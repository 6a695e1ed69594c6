"""Who acts, told to the database."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.functional import SimpleLazyObject

from .audit import acting_as


class ActingUserMiddleware:
    """The user of a request is the one the audit names."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        def user_id() -> int | None:
            user: Any = request.user
            if isinstance(user, SimpleLazyObject):  # nobody is looked up for the audit's sake
                user = getattr(request, "_cached_user", None)
            return getattr(user, "pk", None)

        with acting_as(user_id):
            return self.get_response(request)
