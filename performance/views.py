"""Edges: the records behind a figure, a flag."""

from django.http import HttpRequest, HttpResponse


def records(request: HttpRequest) -> HttpResponse:
    raise NotImplementedError


def flag(request: HttpRequest, pk: int) -> HttpResponse:
    raise NotImplementedError
