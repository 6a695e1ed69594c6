"""Edges: the records behind a figure."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from salesmgmt.desk.edges import csv_answer
from salesmgmt.lib import clock, keyset
from salesmgmt.lib.periods import Period
from teams.models import Organisation, access_of
from teams.selectors import person_of

from .. import selectors
from ..selectors.records import Line, Records
from ..selectors.records import records as records_behind

EXPORTED = 100_000  # rows of a file


@require_GET
def records(request: HttpRequest) -> HttpResponseBase:
    """The rows behind a figure, as a page or as a file (`format=csv`)."""
    organisation = Organisation.get()
    today = clock.today(organisation.time_zone)
    asked = _asked(request, organisation, today)
    found = records_behind(**asked, user=request.user, as_of=today)
    if request.GET.get("format") == "csv":
        rows = (_cells(found, line, organisation.currency) for line in _all_lines(found))
        return csv_answer(request, f"{asked['measure']}-{asked['start']}", _HEADER, rows)
    page = keyset.page(found.rows, by=found.by, descending=True, cursor=request.GET.get("cursor", ""))
    return render(
        request,
        "performance/records.html",
        {
            "found": found,
            "figure": _figure(asked, organisation, today),
            "scope": asked["scope"],
            "start": asked["start"],
            "last": asked["until"] - timedelta(days=1),
            "is_reported": asked["basis"] == "reported",
            "lines": [(line, _address(line)) for line in map(found.line, page.rows)],
            "page": page,
            "currency": organisation.currency,
            "is_money": found.unit == "money",
            "csv_url": f"?{urlencode({**request.GET.dict(), 'format': 'csv'})}",
        },
    )


_HEADER = ("on", "person", "kind", "record", "value", "currency")


def _asked(request: HttpRequest, organisation: Organisation, today: date) -> dict[str, Any]:
    """What the address asks for: `measure`, `of`, `from`, `until` (exclusive), `basis`. Nonsense is not found."""
    quarter = Period.of(today, "quarter", organisation.calendar)
    measure, basis = request.GET.get("measure", "bookings"), request.GET.get("basis", "restated")
    try:
        start = date.fromisoformat(request.GET.get("from") or quarter.start.isoformat())
        until = date.fromisoformat(request.GET.get("until") or (today + timedelta(days=1)).isoformat())
        scope = selectors.Scope.parse(request.GET.get("of") or _own(request), request.user)
    except (ValueError, ObjectDoesNotExist) as error:
        raise Http404 from error
    if basis not in {"restated", "reported"} or not start < until <= date(9998, 1, 1):
        raise Http404
    try:
        selectors.measures_of([measure])
    except KeyError as error:
        raise Http404 from error
    return {"scope": scope, "measure": measure, "start": start, "until": until, "basis": basis}


def _own(request: HttpRequest) -> str:
    access = access_of(request.user)
    if access.sees_all:
        return "company"
    person = person_of(request.user)
    if person is None:
        raise Http404
    return selectors.Scope.person(person).key


def _figure(asked: dict[str, Any], organisation: Organisation, today: date) -> selectors.Figure:
    """The figure that the rows make: of a period of the very same days, so that both agree to the cent."""
    start, until = asked["start"], asked["until"]
    days = Period(start, until, "month", "", organisation.calendar)
    return selectors.figure(
        scope=asked["scope"], measure=asked["measure"], period=days, as_of=until - timedelta(days=1),
        basis=asked["basis"], organisation=organisation,
    )  # fmt: skip


def _all_lines(found: Records) -> Iterator[Line]:
    rows = found.rows.order_by(f"-{found.by}", "-pk")[:EXPORTED]
    return (found.line(row) for row in rows.iterator(chunk_size=2000))


def _cells(found: Records, line: Line, currency: str) -> list[Any]:
    return [line.on, line.person, line.kind, line.what, line.value, currency if found.unit == "money" else ""]


def _address(line: Line) -> str:
    return reverse(line.link[0], args=[line.link[1]]) if line.link else ""
