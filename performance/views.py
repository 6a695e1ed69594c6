"""Edges: the records behind a figure, a flag."""

from django.http import HttpRequest, HttpResponse


def records(request: HttpRequest) -> HttpResponse:
    raise NotImplementedError
