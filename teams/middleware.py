"""Moments are shown in the zone of whoever looks."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

from . import selectors
from .models import User


class TimeZoneMiddleware:
    """The user's own zone, or the organisation's. Days are always the organisation's and are not touched by this."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: object, args: object, kwargs: object) -> None:
        timezone.deactivate()
        if getattr(view, "login_required", True) and isinstance(request.user, User) and request.user.is_authenticated:
            zone = request.user.time_zone or selectors.organisation_of(request.user).time_zone
            timezone.activate(ZoneInfo(zone))
