"""Every figure of a scope at once, and a figure over time: as pages and as files."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from salesmgmt.desk.edges import csv_answer
from salesmgmt.lib import clock
from salesmgmt.lib.periods import Period
from teams.edges import SignedIn
from teams.models import Organisation
from teams.selectors import organisation_of

from .. import selectors
from ..selectors.cells import BY_MONTHS, Basis, is_reported
from ..selectors.figures import NO_SERIES
from .asked import BASES, live_of, shown
from .pipeline import scope_choices, scope_of

BY = ("day", "week", "month")
FIGURES = (
    "measure", "label", "value", "unit", "currency", "numerator", "denominator", "as_of", "note", "left_out",
    "beside", "definition",
)  # fmt: skip


@require_GET
def figures(request: SignedIn) -> HttpResponseBase:
    """All measures of the catalogue, of a period as of a day (`?of=&period=&as_of=`)."""
    organisation = organisation_of(request.user)
    scope, period, as_of = scope_of(request), *_days(request, organisation)
    may_report = is_reported(period.start, organisation.calendar, period.kind)
    asked = request.GET.get("basis", "restated")
    if asked not in BASES:
        raise Http404
    basis: Basis = "reported" if asked == "reported" and may_report else "restated"
    if basis != asked:
        messages.error(request, BY_MONTHS)
    fresh = live_of(request, scope)
    found = selectors.figures(
        scope=scope, measures=selectors.catalogue(), period=period, as_of=as_of, basis=basis, organisation=organisation
    )
    if request.GET.get("format") == "csv":
        rows = ([getattr(figure, name) for name in FIGURES] for figure in found.values())
        return csv_answer(request, f"figures-{period.key}", FIGURES, rows)
    context = {
        "scope": scope,
        "scopes": scope_choices(request, scope, as_of),
        "period": period,
        "as_of": as_of,
        "rows": [(figure, key not in NO_SERIES) for key, figure in found.items()],
        "known": sum(figure.value is not None for figure in found.values()),
        "earlier": [period.shift(-1), period, period.shift(1)],
        "currency": organisation.currency,
        "basis": basis,
        "ways": BASES if may_report else {},
    }
    return shown(request, "performance/figures.html", context | fresh)


@require_GET
def series(request: SignedIn) -> HttpResponseBase:
    """A measure over the days, weeks or months of a period (`?measure=&of=&period=&as_of=&by=`)."""
    organisation = organisation_of(request.user)
    scope, period, as_of = scope_of(request), *_days(request, organisation)
    by = request.GET.get("by", "week")
    try:
        measure = selectors.measures_of([key := request.GET.get("measure", "bookings")])[key]
        points = selectors.series(scope=scope, measure=key, period=period, as_of=as_of, by=by)
    except (KeyError, ValueError) as error:
        raise Http404 from error
    if request.GET.get("format") == "csv":
        money = organisation.currency if measure.unit == "money" else ""
        rows = ([on, value, measure.unit, money] for on, value in points)
        return csv_answer(request, f"{key}-{period.key}-by-{by}", ("on", "value", "unit", "currency"), rows)
    context: dict[str, Any] = {
        "scope": scope,
        "period": period,
        "as_of": as_of,
        "measure": measure,
        "figure": selectors.figure(scope=scope, measure=key, period=period, as_of=as_of, organisation=organisation),
        "points": points,
        "by": by,
        "ways": BY,
        "currency": organisation.currency,
    }
    return render(request, "performance/series.html", context)


def _days(request: SignedIn, organisation: Organisation) -> tuple[Period, date]:
    """The period and the day that the address asks for; else the running quarter, as of today."""
    today = clock.today(organisation.time_zone)
    try:
        as_of = date.fromisoformat(request.GET.get("as_of") or today.isoformat())
        key = request.GET.get("period", "")
        period = Period.parse(key, organisation.calendar) if key else Period.of(as_of, "quarter", organisation.calendar)
    except ValueError as error:
        raise Http404 from error
    return period, min(as_of, today)
