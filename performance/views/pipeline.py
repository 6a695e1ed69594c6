"""The pipeline: what moved it, whether it is enough, where it usually loses, how old it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from sales.models import Deal, Pipeline
from salesmgmt.desk.edges import csv_answer
from salesmgmt.lib import clock, waterfalls
from salesmgmt.lib.periods import Period
from teams.edges import SignedIn, looked
from teams.models import Look, Organisation, Person, Posting, Team, access_of
from teams.selectors import organisation_of, person_of

from .. import selectors
from ..selectors import funnel
from ..selectors.pipeline import STEPS, Move, Waterfall, day_before, moves
from .asked import is_refresh, live_of, shown

SHOWN = 200
FATES = {"won": "Won", "lost": "Lost", "slipped": "Slipped", "due": "Still due", "gone": "Withdrawn"}
TOTALS = {"start": "Start", "end": "End"}
LOOKS = {  # which page about a person it was
    "pipeline": Look.Page.PIPELINE, "calls": Look.Page.CALLS, "forecast": Look.Page.FORECAST,
    "levers": Look.Page.LEVERS,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose pipeline, of which period, between which closes."""

    scope: selectors.Scope
    period: Period
    start: date
    until: date
    organisation: Organisation
    today: date

    @property
    def query(self) -> str:
        return urlencode(
            {"of": self.scope.key, "period": self.period.key, "from": self.start, "until": self.until}
        )  # fmt: skip

    @property
    def keywords(self) -> dict[str, Any]:
        return {"scope": self.scope, "period": self.period, "start": self.start, "until": self.until}


def scope_of(request: SignedIn) -> selectors.Scope:
    """Of the address; else the company, the team one leads, or one's own."""
    access = access_of(request.user)
    if asked := request.GET.get("of"):
        try:
            scope = selectors.Scope.parse(asked, request.user)
        except (ValueError, ObjectDoesNotExist) as error:
            raise Http404 from error
        if scope.kind == "person" and not is_refresh(request):  # a refresh is no further look
            looked(request, LOOKS.get(request.resolver_match.url_name, Look.Page.FIGURES), scope.pk)  # type: ignore[union-attr, arg-type]
        return scope
    if access.sees_all:
        return selectors.Scope.company().shown_to(request.user)
    if access.leads:
        led = Team.objects.visible_to(request.user).filter(pk__in=access.led_team_ids)
        top = min(led, key=lambda team: (len(team.path), team.pk))
        return selectors.Scope.team(top).shown_to(request.user)
    person = person_of(request.user)
    if person is None:
        raise Http404
    return selectors.Scope.person(person)


def asked_of(request: SignedIn) -> Asked:
    """Nonsense in the address is not found."""
    organisation = organisation_of(request.user)
    today, calendar = clock.today(organisation.time_zone), organisation.calendar
    key = request.GET.get("period", "")
    try:
        period = Period.parse(key, calendar) if key else Period.of(today, "quarter", calendar)
        start = date.fromisoformat(request.GET.get("from") or day_before(period).isoformat())
        until = date.fromisoformat(request.GET.get("until") or min(today, period.last_day).isoformat())
    except ValueError as error:
        raise Http404 from error
    until = until if request.GET.get("until") else max(until, start)
    if not date(1900, 1, 1) <= start <= until <= date(9000, 1, 1):
        raise Http404
    return Asked(scope_of(request), period, start, until, organisation, today)


def scope_choices(request: SignedIn, scope: selectors.Scope, today: date) -> list[tuple[str, str, bool]]:
    """Whose one may choose: the company, teams with all below them, people under oneself."""
    access = access_of(request.user)
    found = [("company", "Company")] if access.sees_all else []
    teams = Team.objects.visible_to(request.user) if access.sees_all or access.leads else Team.objects.none()
    found += [(f"team:{team.name}", "\u2003" * (len(team.path) - 1) + team.name) for team in teams.order_by("path")]
    if access.leads and not access.sees_all:
        under = Posting.objects.visible_to(request.user).on(today).under(list(access.led_team_ids)).values("person")
        people = Person.objects.visible_to(request.user).filter(pk__in=under).order_by("name")
        found += [(selectors.Scope.person(person).key, person.name) for person in people]
    if scope.key not in dict(found):
        found.append((scope.key, scope.name))
    return [(key, name, key == scope.key) for key, name in found]


def period_choices(asked: Asked) -> list[tuple[str, str, bool]]:
    now = Period.of(asked.today, "quarter", asked.period.calendar)
    month = Period.of(asked.today, "month", asked.period.calendar)
    shown = [
        now.shift(1),
        *(now.shift(-back) for back in range(6)),
        month,
        Period.of(asked.today, "year", now.calendar),
    ]
    of = {"of": asked.scope.key}
    return [
        (one.label, f"?{urlencode(of | {'period': one.key})}", one == asked.period) for one in shown
    ]  # fmt: skip


def drawn(told: Waterfall) -> list[waterfalls.Step]:
    """The bars: both totals, and every step that there was."""
    return [
        waterfalls.Step("start", "Start", told.start, told.start_count, is_total=True),
        *(waterfalls.Step(key, STEPS[key], amount, count) for key, (amount, count) in told.steps.items() if count),
        waterfalls.Step("end", "End", told.end, told.end_count, is_total=True),
    ]


@require_GET
def pipeline(request: SignedIn) -> HttpResponseBase:
    """What moved the pipeline of a period between two days, and what it is likely to come to."""
    asked = asked_of(request)
    fresh = live_of(request, asked.scope)
    told = selectors.waterfall(**asked.keywords)
    currency = asked.organisation.currency
    if request.GET.get("format") == "csv":
        rows: list[tuple[Any, ...]] = [
            ("start", told.start, told.start_count, asked.start, currency),
            *((key, amount, count, "", currency) for key, (amount, count) in told.steps.items()),
            ("end", told.end, told.end_count, asked.until, currency),
        ]
        header = ("step", "amount", "deals", "on", "currency")
        return csv_answer(request, f"pipeline-{asked.period.key}", header, rows)
    as_of = min(asked.until, asked.today)
    pace = selectors.pace(scope=asked.scope, period=asked.period, as_of=as_of, organisation=asked.organisation)
    coverage, slippage = funnel.coverage_and_slippage(
        scope=asked.scope, period=asked.period, as_of=as_of, gap=pace.gap, pipeline=told.end
    )
    pipelines = list(Pipeline.objects.order_by("-is_active", "position", "pk"))
    chosen = next((one for one in pipelines if str(one.pk) == request.GET.get("stages")), next(iter(pipelines), None))
    steps = drawn(told)
    ages = funnel.ageing(scope=asked.scope, as_of=as_of)
    context = {
        "asked": asked,
        "told": told,
        "change": told.end - told.start,
        "steps": steps,
        "drawings": [("wide", waterfalls.draw_columns(steps)), ("narrow", waterfalls.draw_rows(steps))],
        "every_step": [("start", "Start", told.start, told.start_count)]
        + [(key, STEPS[key], *told.steps[key]) for key in STEPS]
        + [("end", "End", told.end, told.end_count)],
        "currency": currency,
        "pace": pace,
        "coverage": coverage,
        "slippage": slippage,
        "fates": [(key, label) for key, label in FATES.items() if key in slippage.now.fates],
        "categories": funnel.categories(scope=asked.scope, period=asked.period, as_of=as_of, closed=pace.credited),
        "funnel": funnel.funnel(scope=asked.scope, as_of=as_of, pipeline=chosen) if chosen else None,
        "pipelines": [(one, one == chosen) for one in pipelines],
        "ages": ages,
        "aged": sum(one.aged for one in ages),
        "aged_value": sum((one.aged_value for one in ages), Decimal(0)),
        "as_of": as_of,
        "moves_url": f"{reverse('pipeline-moves')}?{asked.query}",
        "scopes": scope_choices(request, asked.scope, asked.today),
        "period_choices": period_choices(asked),
        "period_label": asked.period.label,
    }
    return shown(request, "performance/pipeline.html", context | fresh)


@require_GET
def pipeline_moves(request: SignedIn) -> HttpResponseBase:
    """The deals behind one bar: those the viewer may open, and one line for the rest, so that they sum to the bar."""
    asked = asked_of(request)
    step = request.GET.get("step", "")
    if step and step not in STEPS | TOTALS:
        raise Http404
    found = moves(**asked.keywords, step=step)
    deals = (
        Deal.objects.visible_to(request.user).filter(pk__in={move.deal_id for move in found}).select_related("account")
    ).in_bulk()
    owners = Person.objects.visible_to(request.user).filter(pk__in={move.person_id for move in found})
    names = dict(owners.values_list("pk", "name"))
    seen = [(move, deals[move.deal_id], names.get(move.person_id, "")) for move in found if move.deal_id in deals]
    if request.GET.get("format") == "csv":
        return csv_answer(request, f"pipeline-{step or 'moves'}-{asked.period.key}", _HEADER, _rows(seen, asked))
    context = {
        "asked": asked,
        "step": step,
        "choices": [("", "All moves"), ("start", "Start"), *STEPS.items(), ("end", "End")],
        "label": (STEPS | TOTALS).get(step, "All moves"),
        "labels": STEPS | TOTALS,
        "rows": seen[:SHOWN],
        "more": max(len(seen) - SHOWN, 0),
        "count": len(found),
        "total": _sum(found),
        "rest": len(found) - len(seen),
        "rest_total": _sum([move for move in found if move.deal_id not in deals]),
        "currency": asked.organisation.currency,
        "pipeline_url": f"{reverse('pipeline')}?{asked.query}",
    }
    return render(request, "performance/pipeline_moves.html", context)


_HEADER = ("on", "step", "deal", "account", "person", "amount", "currency")


def _rows(seen: Sequence[tuple[Move, Deal, str]], asked: Asked) -> list[tuple[Any, ...]]:
    currency = asked.organisation.currency
    return [(m.on, m.step, deal.name, deal.account or "", person, m.amount, currency) for m, deal, person in seen]


def _sum(found: Sequence[Move]) -> Decimal:
    return sum((move.amount for move in found), Decimal(0))
