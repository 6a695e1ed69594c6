"""Where time is lost between a first word and the question how it went."""

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.http import Http404
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from sales import forms, selectors
from sales.models import Product
from salesmgmt.desk.edges import csv_answer
from salesmgmt.lib.periods import Period
from teams.edges import SignedIn
from teams.models import Person, Team, Territory, access_of
from teams.selectors import organisation_of

from .common import today_and_zone

COLUMNS = ("group", "step", "orders", "low", "median", "high", "median_before")


def span_of(request: SignedIn, key: str) -> selectors.Span:
    """The period a page is about."""
    day, _ = today_and_zone(request)
    try:
        return selectors.span_of(request.user, key, day)
    except ValueError as error:
        raise Http404 from error


def span_choices(request: SignedIn, span: selectors.Span) -> list[tuple[str, str, bool]]:
    """Eight quarters, this year and all time, as links that keep the rest of the address."""
    day, _ = today_and_zone(request)
    calendar = organisation_of(request.user).calendar
    now = Period.of(day, "quarter", calendar)
    periods = [now.shift(-back) for back in range(8)] + [Period.of(day, "year", calendar)]
    rest = {name: value for name, value in request.GET.items() if name not in {"period", "cursor", "export"}}
    choices = [(period.key, period.label) for period in periods] + [(selectors.ALL, "All time")]
    return [(label, f"?{urlencode(rest | {'period': key})}", key == span.key) for key, label in choices]


def process_filter(request: SignedIn, asked: dict[str, Any]) -> tuple[selectors.Span, selectors.ProcessFilter]:
    """Which orders an address asks for; what is not theirs to ask for is not found."""
    span = span_of(request, asked.get("period") or "")
    wanted = selectors.asked_of(request.user, span, asked)
    if wanted is None:
        raise Http404
    return span, wanted


@require_GET
def process(request: SignedIn) -> HttpResponseBase:
    asked = forms.OrderListForm(request.GET).asked
    span, wanted = process_filter(request, asked)
    access = access_of(request.user)
    leads = access.sees_all or access.leads
    by = request.GET.get("by", "")
    by = by if by in selectors.BY and (leads or by != "team") else "team" if leads else "product"
    whole = selectors.process(wanted)
    groups = selectors.process_by(wanted, by)
    if request.GET.get("export") == "csv":
        rows = [_row(group, step) for group in [replace(whole, name="All"), *groups] for step in _steps(group)]
        return csv_answer(request, f"process-{span.key}", COLUMNS, rows)
    kept = {name: asked[name] for name in ("team", "product", "territory", "owner") if asked.get(name)}
    context = {
        "whole": whole,
        "slow": whole.bottleneck,
        "bars": _bars(whole),
        "groups": groups[:100],
        "by": by,
        "bys": [(key, f"By {key}") for key in selectors.BY if leads or key != "team"],
        "chosen": _chosen(request, kept),
        "drill": urlencode(kept | {"period": span.key}),
        "span": span,
        "has_before": span.key != selectors.ALL,
        "period_choices": span_choices(request, span),
        "period_label": span.label,
        "heads": [selectors.Step(key) for key in selectors.STEPS],
    }
    return render(request, "sales/process.html", context)


def _steps(group: selectors.Group) -> list[selectors.Step]:
    return [step for step in (*group.shown, *group.lateness) if step.count]


def _row(group: selectors.Group, step: selectors.Step) -> list[Any]:
    figures = [step.low, step.median, step.high, step.before]
    return [group.name, step.label, step.count, *("" if days is None else f"{days:g}" for days in figures)]


def _bars(whole: selectors.Group) -> list[tuple[selectors.Step, dict[str, str]]]:
    """Each step with where its middle half lies on a common scale, in percent."""
    steps = [step for step in whole.shown if step.count]
    most = max((step.high for step in steps), default=0) or 1
    return [
        (
            step,
            {
                "x": f"{100 * step.low / most:.2f}%",
                "width": f"{max(100 * (step.high - step.low) / most, 0.5):.2f}%",
                "tick": f"{100 * (step.median or 0) / most:.2f}%",
            },
        )
        for step in steps
    ]


def _chosen(request: SignedIn, kept: dict[str, int]) -> list[tuple[str, str]]:
    """What the page is narrowed to, with the address that widens it again."""
    named: dict[str, Any] = {
        "team": Team.objects.visible_to(request.user),
        "product": Product.objects.visible_to(request.user),
        "territory": Territory.objects.all(),
        "owner": Person.objects.visible_to(request.user),
    }
    found = []
    for name, pk in kept.items():
        record = named[name].filter(pk=pk).first()
        rest = {key: value for key, value in request.GET.items() if key not in {name, "cursor"}}
        found.append((f"{name.capitalize()}: {record or 'unknown'}", f"?{urlencode(rest)}"))
    return found
