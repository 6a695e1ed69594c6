"""Answers when something breaks; their templates need neither session nor database."""

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import get_template

RETRY_AFTER = 5  # seconds


def broken(request: HttpRequest) -> HttpResponse:
    """500; while the database is away, 503 and when to come again."""
    if isinstance(sys.exc_info()[1], (OperationalError, InterfaceError)):
        return HttpResponse(get_template("503.html").render(), status=503, headers={"Retry-After": str(RETRY_AFTER)})
    return HttpResponse(get_template("500.html").render(), status=500)
