"""Pages of where people, teams and the company will land, and of how good such forecasts were."""

from collections.abc import Iterator
from datetime import date
from itertools import chain
from typing import Any

from django.http import Http404
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from salesmgmt.desk.edges import csv_answer
from salesmgmt.lib import clock, keyset
from salesmgmt.lib.periods import Period
from teams.edges import SignedIn
from teams.models import Organisation, Person, Role, Team, access_of

from ..models import FlagKind
from ..selectors import Scope, backtests
from ..selectors import forecasting as selectors
from ..selectors.calls import calls_of
from ..selectors.flags import flag_costs
from .asked import live_of_all, shown, team_of
from .pipeline import scope_of

HEADER = (
    "person", "period", "as_of", "quota", "credited", "expected", "low", "high", "p_miss", "note", "currency", "team",
)  # fmt: skip
LIKELY = 0.5


@require_GET
def forecast(request: SignedIn) -> HttpResponseBase:
    """The running quarter: each person one may see, the teams one leads, the company for who sees all."""
    organisation, access = Organisation.get(), access_of(request.user)
    if access.role == "none":
        raise Http404
    today, fresh = clock.today(organisation.time_zone), live_of_all(request)
    period = Period.of(today, "quarter", organisation.calendar)
    as_of = selectors.last_made(period, today)
    team = team_of(request)
    people = _people(request, today, team)
    page = keyset.page(people, by="name", cursor=request.GET.get("cursor", ""))
    found = selectors.of_people([person.pk for person in page.rows], period, as_of, organisation, today=today)
    teams = list(Team.objects.visible_to(request.user).order_by("path")) if access.leads or access.sees_all else []
    whole = selectors.of_teams([one.pk for one in teams], period, as_of, organisation, today=today)
    company = whole.get(0) if access.sees_all else None
    heads: list[tuple[str, int | str, Any]] = [("Company", "", company)] if company else []
    roots = [one.pk for one in teams if one.parent_id is None]  # a single one is the company once more
    heads += [
        (one.name, one.pk, whole[one.pk]) for one in teams if one.pk in whole and not (company and [one.pk] == roots)
    ]
    if request.GET.get("export") == "csv":
        rows = chain(
            (_cells("", name, row, period, organisation) for name, _, row in heads),
            _rows(list(people), period, as_of, organisation),
        )
        return csv_answer(request, f"forecast-{period.key}", HEADER, rows)
    leads = bool(access.leads or access.sees_all)
    first = heads[0] if heads else None
    own = found.get(access.person_id or 0) if not leads else None
    return shown(
        request,
        "performance/forecast.html",
        fresh
        | {
            "period": period,
            "as_of": as_of,
            "heads": heads,
            "main": first[2] if first else own,
            "main_name": first[0] if first else "You",
            "rows": [(person, found.get(person.pk)) for person in page.rows],
            "page": page,
            "teams": teams,
            "team": team,
            "leads": leads,
            "likely": selectors.count_likely(people, period, as_of, organisation, LIKELY, today=today)
            if leads
            else None,
            "currency": organisation.currency,
            "calls": calls_of(scope=_scope(request, team), period=period, as_of=today),
        },
    )


def _scope(request: SignedIn, team: Team | None) -> Scope:
    """Whose calls show: those of a team only to who leads it."""
    access = access_of(request.user)
    return Scope.team(team) if team is not None and (access.leads or access.sees_all) else scope_of(request)


def _people(request: SignedIn, today: date, team: Team | None) -> Any:
    people = Person.objects.visible_to(request.user).filter(
        postings__during__contains=today, postings__role__in=[Role.REP, Role.MANAGER]
    )
    return people.filter(postings__during__contains=today, postings__team__path__contains=[team.pk]) if team else people


def _rows(people: list[Person], period: Period, as_of: date | None, organisation: Organisation) -> Iterator[list[Any]]:
    today = clock.today(organisation.time_zone)
    found = selectors.of_people([person.pk for person in people], period, as_of, organisation, today=today)
    for person in people:
        if (row := found.get(person.pk)) is not None:
            yield _cells(person.external_id or person.name, "", row, period, organisation)


def _cells(person: str, team: str, row: Any, period: Period, organisation: Organisation) -> list[Any]:
    return [
        person, period.key, row.as_of, row.quota, row.credited, row.expected, row.low, row.high, row.p_miss, row.note,
        organisation.currency, team,
    ]  # fmt: skip


@require_GET
def backtest(request: SignedIn) -> HttpResponseBase:
    """How good the forecasts were: every past quarter replayed with only what was known then."""
    organisation = Organisation.get()
    if access_of(request.user).role == "none":
        raise Http404
    found = backtests.judged()
    if request.GET.get("export") == "csv":
        return csv_answer(request, "backtest", SCORES, _scores(found))
    scores, teams = backtests.scores_of(found.people), backtests.scores_of(found.teams)
    return render(
        request,
        "performance/backtest.html",
        {
            "scores": scores,
            "teams": teams,
            "at_each": [(point, backtests.scores_of(one)) for point, one in found.at_each],
            "periods": found.periods,
            "dots": [_dot(fifth) for fifth in scores.fifths if fifth.count],
            "best": min(scores.methods[1:], key=lambda one: one.brier) if len(scores.methods) > 1 else None,
            "threshold": flag_costs()[FlagKind.MISS].threshold,
            "as_of": clock.today(organisation.time_zone),
        },
    )


SCORES = (
    "of", "checkpoint", "measure", "method", "from", "to", "cases", "value", "periods",
)  # fmt: skip


def _scores(found: backtests.Judged) -> Iterator[tuple[Any, ...]]:
    """Every figure of the page, one a line; without a checkpoint: over all."""
    for of, point, one in found.every():
        scores = backtests.scores_of(one)
        at = (of, point)
        span = " ".join(found.periods[:: max(len(found.periods) - 1, 1)])
        yield (*at, "ranges_held", backtests.OURS, None, None, scores.count, scores.held, span)
        yield (*at, "not_known", backtests.OURS, None, None, scores.unknown, None, span)
        for way in scores.methods:
            for name in ("brier", "wape", "hits", "false_alarms"):
                yield (*at, name, way.name, None, None, scores.count, getattr(way, name), span)
        for fifth in scores.fifths:
            for name in ("said", "missed"):
                yield (*at, name, backtests.OURS, fifth.low, fifth.high, fifth.count, getattr(fifth, name), span)


LEFT, TOP, SIDE = 44, 16, 280


def _dot(fifth: backtests.Fifth) -> tuple[float, float, backtests.Fifth]:
    """Where a fifth stands in the chart: said to the right, missed upwards."""
    return LEFT + SIDE * (fifth.said or 0), TOP + SIDE * (1 - (fifth.missed or 0)), fifth
