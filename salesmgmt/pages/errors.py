"""Answers when something is not there or breaks; those of a break need neither session nor database."""

import sys

from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.loader import get_template
from django.views.defaults import page_not_found

from salesmgmt.desk.rest import answer_problem

RETRY_AFTER = 5  # seconds


def missing(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """404; below the API's address as its other errors read."""
    if request.path.startswith("/api/"):
        problem = answer_problem(Http404(), {})
        assert problem is not None
        return problem
    return page_not_found(request, exception)


def broken(request: HttpRequest) -> HttpResponse:
    """500; while the database is away, 503 and when to come again."""
    if isinstance(sys.exc_info()[1], (OperationalError, InterfaceError)):
        return HttpResponse(get_template("503.html").render(), status=503, headers={"Retry-After": str(RETRY_AFTER)})
    return HttpResponse(get_template("500.html").render(), status=500)
