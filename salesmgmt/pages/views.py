"""Home by role, teams, a team, a person, search, palette, to-do."""

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from performance import live
from performance.selectors import Scope, pace, pace_series, standings, team_standings
from performance.selectors.cells import Span, of_scope, read
from salesmgmt.lib import clock
from salesmgmt.lib.periods import Period
from salesmgmt.pages import home as homes
from salesmgmt.pages import strips, words
from salesmgmt.pages.search import find
from teams.models import Organisation, Person, Team, access_of
from teams.selectors import organisation_of, person_of

PAST = 7  # quarters to choose from, beside the current one
MANY = 100  # people whose own stamps a page asks for


@dataclass(frozen=True, slots=True)
class Frame:
    """What every page of figures is about: whose organisation, which day, which quarter."""

    organisation: Organisation
    today: date
    period: Period
    current: Period

    @property
    def as_of(self) -> date:
        return min(self.today, self.period.last_day)

    @property
    def currency(self) -> str:
        return self.organisation.currency

    @property
    def is_now(self) -> bool:
        return self.period == self.current


def frame_of(request: HttpRequest) -> Frame:
    """The quarter of `?period=`; the current one without it, or where it makes no sense."""
    organisation = organisation_of(request.user)
    today = clock.today(organisation.time_zone)
    current = Period.of(today, "quarter", fiscal_month=organisation.fiscal_month)
    try:
        period = Period.parse(request.GET.get("period", ""), fiscal_month=organisation.fiscal_month)
    except ValueError:
        period = current
    return Frame(organisation, today, period if period.start <= today else current, current)


def choices(request: HttpRequest, frame: Frame) -> dict[str, Any]:
    """The bar's quarters, the current one and those before."""
    asked = request.GET.copy()
    asked.pop("cursor", None)
    rows = []
    for n in range(PAST + 1):
        quarter = frame.current.shift(-n)
        if n:
            asked["period"] = quarter.key
        else:
            asked.pop("period", None)
        query = asked.urlencode()
        rows.append((quarter.label, f"{request.path}?{query}" if query else request.path, quarter == frame.period))
    return {"period_choices": rows, "period_label": frame.period.label}


def answer(request: HttpRequest, template: str, partial: str, context: dict[str, Any]) -> HttpResponse:
    """The whole page, or only its part that refreshes itself, from the same template."""
    context |= {"partial": partial, "live_url": request.get_full_path()}
    is_part = request.headers.get("HX-Request") == "true"
    response = render(request, partial if is_part else template, context)
    response["Vary"] = "HX-Request, Cookie"
    return response


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    access = access_of(request.user)
    frame = frame_of(request)
    context: dict[str, Any] = {"frame": frame, "period": frame.period, "currency": frame.currency, "today": frame.today}
    if access.sees_all:
        partial, more = "pages/_home_company.html", _company(request, frame)
    elif access.leads:
        partial, more = "pages/_home_team.html", _team(request, frame)
    elif access.person_id is not None:
        partial, more = "pages/_home_person.html", _own(request, frame)
    else:
        return render(request, "pages/home_nobody.html")
    return answer(request, "pages/home.html", partial, context | choices(request, frame) | more)


def _company(request: HttpRequest, frame: Frame) -> dict[str, Any]:
    user, scope = request.user, Scope.company()
    shown = list(Team.objects.present().order_by("name", "pk"))
    context = _figures(frame, scope, shown=len(shown))
    rows = homes.two_levels(shown) if shown else []
    by_team = {
        row.team.pk: row
        for row in team_standings(team_ids=[team.pk for team, _ in rows], period=frame.period, as_of=frame.as_of)
    } if rows else {}  # fmt: skip
    needs = homes.open_needs(user, clock.now(), frame.currency) if frame.is_now else []
    paths = {team.pk: team.path for team in shown}
    flagged: dict[int, set[int]] = {}
    for need in needs:
        for pk in paths.get(need.flag.team_id or 0, ()):
            flagged.setdefault(pk, set()).add(need.flag.person_id)
    people = {need.flag.person_id for need in needs}
    within = {need.flag.team_id for need in needs if need.flag.team_id}
    return context | {
        "name": frame.organisation.name or "Company",
        "is_empty": not shown and not context["pace"].credited,
        "then": words.companys_turn(flagged=len(people), teams=len(within)) if frame.is_now and shown else "",
        "teams": [(team, depth, by_team[team.pk], len(flagged.get(team.pk, ()))) for team, depth in rows if team.pk in by_team],
        "needs": needs[:8],
        "more_needs": max(len(needs) - 8, 0),
        "may_plan": access_of(user).role == "executive",
        "praises": homes.latest_praise(user),
        "imports": access_of(user).imports,
        "live_token": live.token_for(user, "company"),
        **_due(request, frame, leads=False),
    }


def _team(request: HttpRequest, frame: Frame) -> dict[str, Any]:
    user, access = request.user, access_of(request.user)
    teams = list(Team.objects.present().under(access.led_team_ids).order_by("name", "pk"))
    scope = homes.scope_of(teams, access.led_team_ids)
    rows = standings(person_ids=access.people, period=frame.period, as_of=frame.as_of)
    open_deals = (sum((row.pipeline for row in rows), start=0), sum(row.open_deals for row in rows))
    context = _figures(frame, scope, open_deals=open_deals)
    # A leader without a quota of their own is not a line of the table.
    rows = [row for row in rows if row.person.pk != access.person_id or row.quota or row.credited]
    rows = homes.sorted_standings(rows, request.GET.get("sort", ""))
    part, page = homes.Page.cut(rows, request.GET.get("cursor", ""))
    needs = homes.open_needs(user, clock.now(), frame.currency) if frame.is_now else []
    mine = [need for need in needs if need.flag.person_id == access.person_id]
    needs = [need for need in needs if need.flag.person_id != access.person_id]
    due = _due(request, frame, leads=True)
    then = words.leaders_turn(
        flagged=len({need.flag.person_id for need in needs}),
        overdue=sum(1 for item in due["dues"] if item.on < frame.today),
        suggested=len(due["suggestions"]),
    )
    scopes = [f"team:{pk}" for pk in access.led_team_ids]
    if len(access.people) <= MANY:
        scopes += [f"person:{pk}" for pk in sorted(access.people)]
    return context | {
        "name": scope.name,
        "then": then if frame.is_now else "",
        "rows": part,
        "page": page,
        "people_count": len(rows),
        "sort": request.GET.get("sort") if request.GET.get("sort") in homes.SORTS else "pace",
        "needs": needs[:8],
        "more_needs": max(len(needs) - 8, 0),
        "findings": mine,
        "may_plan": True,
        "praises": homes.latest_praise(user),
        "live_token": live.token_for(user, *scopes),
        **due,
    }


def _own(request: HttpRequest, frame: Frame) -> dict[str, Any]:
    user, access = request.user, access_of(request.user)
    person = person_of(user)
    assert person is not None
    scope = Scope.person(person)
    context = _figures(frame, scope)
    findings = homes.open_needs(user, clock.now(), frame.currency) if frame.is_now else []
    due = _due(request, frame, leads=False)
    current = context["pace"]
    then = words.reps_turn(
        unanswered=sum(1 for need in findings if need.flag.seen_by_person_at is None),
        due=sum(1 for item in due["dues"] if item.on <= frame.today),
        needed_per_day=current.needed_per_day if current.status in {"behind", "at_risk"} else None,
        currency=frame.currency,
    )
    return context | {
        "name": person.name,
        "then": then if frame.is_now else "",
        "findings": findings,
        "deals": list(homes.closing_soon(access, frame.today)),
        "praises": homes.latest_praise(user),
        "live_token": live.token_for(user, f"person:{person.pk}"),
        **due,
    }


def _figures(
    frame: Frame, scope: Scope, *, open_deals: tuple[Any, int] | None = None, shown: int = 1
) -> dict[str, Any]:
    """Headline, strip and chart of a scope in three queries."""
    organisation, period = frame.organisation, frame.period
    standing = pace(scope=scope, period=period, as_of=frame.as_of, organisation=organisation)
    chart = pace_series(scope=scope, period=period, as_of=frame.as_of, organisation=organisation)
    spans = strips.activity_spans(period, frame.today)
    if open_deals is None:
        spans.append(Span("open", ["pipeline"], period.start, period.end))
    cells = read(spans, **of_scope(scope))
    if open_deals is None:
        open_deals = (cells.total("pipeline", span="open"), cells.count("pipeline", span="open"))
    usual = strips.usual_activity(cells, period, frame.today, organisation)
    return {
        "scope": scope,
        "pace": standing,
        "chart": chart if chart.target or any(step.value for step in chart.actual) else None,
        "headline": words.headline(standing, period, frame.today, frame.currency),
        "day_line": strips.day_line(period, frame.today),
        "metrics": [
            strips.attainment(standing, scope),
            strips.landing(standing, chart, scope),
            strips.activities(usual, scope, period, frame.today),
            strips.cover(*open_deals, standing, scope, period, frame.today),
        ],
    }


def _due(request: HttpRequest, frame: Frame, *, leads: bool) -> dict[str, Any]:
    since = datetime.combine(frame.today, time(), ZoneInfo(frame.organisation.time_zone))
    return homes.upcoming(homes.due_for(request.user, today=frame.today, since=since, leads=leads), frame.today)


# ── Search ──────────────────────────────────────────────────────────────────────────────────────────────────────


@require_GET
def search(request: HttpRequest) -> HttpResponse:
    text = request.GET.get("q", "").replace("\x00", "").strip()[:200]
    return render(request, "pages/search.html", {"text": text, "hits": find(request.user, text)})


@require_GET
def palette(request: HttpRequest) -> HttpResponse:
    """Rows for the palette: bare links."""
    return render(request, "pages/_palette.html", {"hits": find(request.user, request.GET.get("q", ""))})
