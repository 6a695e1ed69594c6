"""Pages of the fiscal calendar: its set-ups and what another one would do; its periods, closed and opened again."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from salesmgmt.desk.edges import act, tell_form
from salesmgmt.lib import clock
from salesmgmt.lib.periods import Period
from salesmgmt.lib.refusals import Refused
from targets import forms, selectors
from targets.views.common import today_of, user_of
from teams import services as teams
from teams.models import Organisation, access_of
from teams.selectors import calendar_change


def _all_seeing_only(request: HttpRequest) -> None:
    if not access_of(request.user).sees_all:
        raise Http404


@require_http_methods(["GET", "POST"])
def calendar(request: HttpRequest) -> HttpResponse:
    """The set-ups of the calendar; `?year=…` shows what another one would do before it is saved."""
    _all_seeing_only(request)
    may_change = access_of(request.user).imports
    if request.method == "POST" and not may_change:
        raise Http404
    organisation = Organisation.get()
    asked = request.POST or (request.GET if "year" in request.GET else None)
    form, why = forms.SetUpForm(asked), forms.ReasonForm(request.POST or None)
    preview, kept = None, []
    if asked and may_change and form.is_valid():
        try:
            preview = calendar_change(organisation.calendar, form.setup)
        except Refused as refusal:
            tell_form(form, refusal)
        else:
            kept = selectors.kept_by(organisation.calendar, preview.calendar, since=preview.starts_on)
    if request.method == "POST" and preview and why.is_valid():
        try:
            teams.change_calendar(
                setup=form.setup, by=user_of(request), at=clock.now(), reason=why.cleaned_data["reason"]
            )
        except Refused as refusal:
            tell_form(form, refusal)
        else:
            return redirect("calendar")
    today = today_of(organisation)
    year = Period.of(today, "year", organisation.calendar)
    years = [year, year.shift(1)]
    if preview:
        years = [Period.parse(f"{form.setup.year + n}-FY", preview.calendar) for n in (-1, 0, 1)]
    closed = [row for row in preview.moved if row.is_closed] if preview else []
    context = {
        "year": year,
        "layout": dict(forms.LAYOUTS)[organisation.calendar.setup_of(int(year.key[:4])).layout],
        "years": [(each, each.children(), each.days // 7) for each in years],
        "set_ups": selectors.set_ups(),
        "form": form,
        "why": why,
        "preview": preview,
        "kept": kept,
        "closed": closed,
        "may_change": may_change,
    }
    return render(request, "targets/calendar.html", context, status=422 if form.errors or why.errors else 200)


@require_GET
def periods(request: HttpRequest) -> HttpResponse:
    """The periods of a fiscal year: open or closed, since when, by whom and why."""
    _all_seeing_only(request)
    organisation = Organisation.get()
    now = Period.of(today_of(organisation), "year", organisation.calendar)
    year = _period(request.GET.get("year", now.key), organisation)
    if year.kind != "year":
        raise Http404
    months = selectors.months_of(year)
    by_quarter = [(quarter, [row for row in months if row.period.start in quarter]) for quarter in year.children()]
    context = {
        "year": year,
        "before": year.shift(-1),
        "after": year.shift(1),
        "quarters": [(quarter, rows, all(row.is_closed for row in rows)) for quarter, rows in by_quarter],
        "closed": sum(row.is_closed for row in months),
        "months": len(months),
        "turns": selectors.turns_of(year)[:50],
    }
    return render(request, "targets/periods.html", context)


def _period(key: str, organisation: Organisation) -> Period:
    try:
        return Period.parse(key, organisation.calendar)
    except ValueError as error:
        raise Http404 from error


@require_http_methods(["GET", "POST"])
def period(request: HttpRequest, key: str) -> HttpResponse:
    """A period: its months, what happened to them, and the form that closes or opens it."""
    _all_seeing_only(request)
    may_turn = access_of(request.user).imports
    organisation = Organisation.get()
    found = _period(key, organisation)
    if found.kind == "week" or (request.method == "POST" and not may_turn):
        raise Http404
    form = forms.TurnForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        is_closing = form.cleaned_data["act"] == "close"
        turn = teams.close_period if is_closing else teams.reopen_period
        return act(
            request,
            lambda: turn(key=key, by=user_of(request), at=clock.now(), reason=form.cleaned_data["reason"]),
            said=f"{found.label} is closed; late facts post to the next open month."
            if is_closing
            else f"{found.label} is open again.",
            to=reverse("period", args=[key]),
        )
    months = selectors.months_of(found)
    context = {
        "period": found,
        "months": months,
        "closed": sum(row.is_closed for row in months),
        "turns": selectors.turns_of(found)[:100],
        "may_turn": may_turn,
        "year": Period.of(found.start, "year", organisation.calendar),
        "form": form,
    }
    return render(request, "targets/period.html", context, status=422 if form.errors else 200)
