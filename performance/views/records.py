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
from ..selectors.catalogue import formula_of
from ..selectors.parts import versions_in_force
from ..selectors.records import Line, Records
from ..selectors.records import records as records_behind

EXPORTED = 100_000  # rows of a file


@require_GET
def records(request: HttpRequest) -> HttpResponseBase:
    """The rows behind a figure, as a page or as a file (`format=csv`); what it was by what was known on a past day."""
    organisation = Organisation.get()
    today = clock.today(organisation.time_zone)
    asked, known, since = asked_of(request, organisation, today)
    found = records_behind(**asked, user=request.user, as_of=today, known=known, since=since)
    if request.GET.get("format") == "csv":
        rows = (_cells(found, line, organisation.currency) for line in _all_lines(found))
        return csv_answer(request, f"{asked['measure']}-{asked['start']}", _HEADER, rows)
    page = keyset.page(found.rows, by=found.by, descending=True, cursor=request.GET.get("cursor", ""))
    days = Period(asked["start"], asked["until"], "month", "", organisation.calendar)
    last = asked["until"] - timedelta(days=1)
    figure = selectors.figure(
        scope=asked["scope"], measure=asked["measure"], period=days, as_of=last, basis=asked["basis"],
        organisation=organisation,
    )  # fmt: skip
    on = known or since or last
    told = None
    if on < today:
        told = selectors.known(
            scope=asked["scope"], measure=asked["measure"], period=days, on=on, basis=asked["basis"],
            organisation=organisation,
        )  # fmt: skip
    without = {name: value for name, value in request.GET.items() if name not in ("cursor", "known", "since")}
    return render(
        request,
        "performance/records.html",
        {
            "found": found,
            "figure": told.then if known and told and told.then else figure,
            "left_out": selectors.left_out(
                scope=asked["scope"], figure=figure, period=days, until=asked["until"], basis=asked["basis"]
            ),
            "versions": [
                (number, version, formula_of(version))
                for number, (version, first, end) in enumerate(versions_in_force(found.measure.versions), 1)
                if first < asked["until"] and asked["start"] < end
            ],
            "told": told,
            "known": known,
            "since": since,
            "kept": without,
            "known_url": f"?{urlencode({**without, 'known': on.isoformat()})}",
            "since_url": f"?{urlencode({**without, 'since': on.isoformat()})}",
            "now_url": f"?{urlencode(without)}",
            "today": today,
            "scope": asked["scope"],
            "start": asked["start"],
            "last": last,
            "is_reported": asked["basis"] == "reported",
            "lines": [(line, _address(line)) for line in map(found.line, page.rows)],
            "page": page,
            "currency": organisation.currency,
            "is_money": found.unit == "money",
            "csv_url": f"?{urlencode({**request.GET.dict(), 'format': 'csv'})}",
        },
    )


_HEADER = ("on", "person", "kind", "record", "value", "currency")


def asked_of(
    request: HttpRequest, organisation: Organisation, today: date
) -> tuple[dict[str, Any], date | None, date | None]:
    """What the address asks for: `measure`, `of`, `from`, `until` (exclusive), `basis`. Nonsense is not found.

    And by what is known: at the close of `known` (what happened later isn't of it), or only what was learned `since`.
    """
    quarter = Period.of(today, "quarter", organisation.calendar)
    measure, basis = request.GET.get("measure", "bookings"), request.GET.get("basis", "restated")
    try:
        start = date.fromisoformat(request.GET.get("from") or quarter.start.isoformat())
        until = date.fromisoformat(request.GET.get("until") or (today + timedelta(days=1)).isoformat())
        known, since = (_past(request.GET.get(name, ""), today) for name in ("known", "since"))
        scope = selectors.Scope.parse(request.GET.get("of") or _own(request), request.user)
        asked = selectors.measures_of([measure])[measure]
    except (ValueError, KeyError, ObjectDoesNotExist) as error:
        raise Http404 from error
    day = known or since
    if day is not None and selectors.source_of(asked.key) == "ledger" and asked.key != "quota":
        until = min(until, day + timedelta(days=1))
    if basis not in {"restated", "reported"} or not start < until <= date(9998, 1, 1):
        raise Http404
    return {"scope": scope, "measure": measure, "start": start, "until": until, "basis": basis}, known, since


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


def _all_lines(found: Records) -> Iterator[Line]:
    rows = found.rows.order_by(f"-{found.by}", "-pk")[:EXPORTED]
    return (found.line(row) for row in rows.iterator(chunk_size=2000))


def _cells(found: Records, line: Line, currency: str) -> list[Any]:
    return [line.on, line.person, line.kind, line.what, line.value, currency if found.unit == "money" else ""]


def _address(line: Line) -> str:
    return reverse(line.link[0], args=[line.link[1]]) if line.link else ""
