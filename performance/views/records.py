"""Edges: the records behind a figure."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_GET

from salesmgmt.desk.edges import csv_answer
from salesmgmt.lib import clock, keyset
from salesmgmt.lib.periods import Period
from teams.edges import SignedIn, looked
from teams.models import Look, Organisation, access_of
from teams.selectors import person_of

from .. import selectors
from ..selectors.cells import BY_MONTHS, is_reported
from ..selectors.drill import NotYet, drill
from ..selectors.records import Line, Records
from .asked import BASES, is_refresh, live_of, shown

EXPORTED = 100_000  # rows of a file


@require_GET
def records(request: SignedIn) -> HttpResponseBase:
    """The rows behind a figure, as a page or as a file (`format=csv`); what it was by what was known on a past day."""
    organisation = Organisation.get()
    today = clock.today(organisation.time_zone)
    asked = _asked(request, organisation, today)
    may_report = is_reported(asked["period"].start, organisation.calendar)
    if asked["basis"] == "reported" and not may_report:
        messages.error(request, BY_MONTHS)
        return redirect(f"{request.path}?{urlencode({**request.GET.dict(), 'basis': 'restated'})}")
    if asked["scope"].kind == "person" and not is_refresh(request):  # a refresh is no further look
        looked(request, Look.Page.FIGURES, asked["scope"].pk)
    fresh = live_of(request, asked["scope"])
    try:
        opened = drill(**asked, user=request.user, today=today, organisation=organisation)
    except NotYet as error:
        raise Http404 from error
    found, known, since = opened.records, asked["known_on"], asked["since"]
    if request.GET.get("format") == "csv":
        rows = _file(found, organisation.currency)
        return csv_answer(request, f"{asked['measure']}-{opened.period.start}", _HEADER, rows)
    page = keyset.page(found.rows, by=found.by, descending=True, cursor=request.GET.get("cursor", ""))
    kept = {name: value for name, value in request.GET.items() if name not in ("cursor", "known", "since")}
    on = opened.told.on.isoformat() if opened.told else ""
    return shown(
        request,
        "performance/records.html",
        fresh
        | {
            "opened": opened,
            "found": found,
            "figure": opened.figure,
            "told": opened.told,
            "known": known,
            "since": since,
            "kept": kept,
            "known_url": f"?{urlencode({**kept, 'known': on})}",
            "since_url": f"?{urlencode({**kept, 'since': on})}",
            "now_url": f"?{urlencode(kept)}",
            "today": today,
            "scope": asked["scope"],
            "last": max(opened.until - timedelta(days=1), opened.period.start),
            "basis": asked["basis"],
            "ways": BASES if may_report else {},
            "lines": [(line, _address(line)) for line in map(found.line, page.rows)],
            "page": page,
            "currency": organisation.currency,
            "is_money": found.unit == "money",
            "csv_url": f"?{urlencode({**request.GET.dict(), 'format': 'csv'})}",
        },
    )


_HEADER = ("on", "person", "kind", "record", "value", "currency")


def _asked(request: HttpRequest, organisation: Organisation, today: date) -> dict[str, Any]:
    """What the address asks for: `measure`, `of`, `from`, `until` (exclusive), `basis`, `known` or `since` a past day.

    `as_of` is the day of a figure of these days; without it the last of them so far. Nonsense is not found.
    """
    quarter = Period.of(today, "quarter", organisation.calendar)
    measure, basis = request.GET.get("measure", "bookings"), request.GET.get("basis", "restated")
    try:
        start = date.fromisoformat(request.GET.get("from") or quarter.start.isoformat())
        until = date.fromisoformat(request.GET.get("until") or (today + timedelta(days=1)).isoformat())
        known, since = (_past(request.GET.get(name, ""), today) for name in ("known", "since"))
        as_of = date.fromisoformat(request.GET["as_of"]) if request.GET.get("as_of") else None
        scope = selectors.Scope.parse(request.GET.get("of") or _own(request), request.user)
        selectors.measures_of([measure])
    except (ValueError, KeyError, ObjectDoesNotExist) as error:
        raise Http404 from error
    if basis not in BASES or not start < until <= date(9998, 1, 1) or (as_of or start) >= date(9998, 1, 1):
        raise Http404
    return {
        "scope": scope, "measure": measure, "period": Period(start, until, "month", "", organisation.calendar),
        "as_of": as_of, "basis": basis, "known_on": known, "since": since,
    }  # fmt: skip


def _past(text: str, today: date) -> date | None:
    """A day before today; what is known today needs no day."""
    day = date.fromisoformat(text) if text else today
    return day if day < today else None


def _own(request: HttpRequest) -> str:
    access = access_of(request.user)
    if access.sees_all:
        return "company"
    person = person_of(request.user)
    if person is None:
        raise Http404
    return selectors.Scope.person(person).key


def _file(found: Records, currency: str) -> Iterator[list[Any]]:
    """The rows, then a line for each part of the figure that is no row of the file: their sum is the figure's."""
    money = currency if found.unit == "money" else ""
    written, count = Decimal(0), 0
    rows = found.rows.order_by(f"-{found.by}", "-pk")[:EXPORTED]
    for line in map(found.line, rows.iterator(chunk_size=2000)):
        written, count = written + (line.value or 0), count + 1
        yield [line.on, line.person, line.kind, line.what, line.value, money]
    if left := found.shown_count - count:
        said = f"and {_count(left)} more, for which a file of {EXPORTED:,} has no room"
        yield [None, "", "", said, found.shown_total - written, money]
    if found.rest_count:
        said = f"and {_count(found.rest_count)} of people who have left your team"
        yield [None, "", "", said, found.rest_total, money]
    if found.outside:
        yield [None, "", "", "of these entries, on days outside", -found.outside, money]


def _count(records: int) -> str:
    return f"{records:,} record{'' if records == 1 else 's'}"


def _address(line: Line) -> str:
    return reverse(line.link[0], args=[line.link[1]]) if line.link else ""
