"""Home by role, teams, a team, a person, search, palette, to-do."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import F
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from coaching.models import Case, OneOnOne
from coaching.selectors import first_weeks, may_develop
from performance import live
from performance.models import Flag
from performance.selectors import (
    Scope,
    Standing,
    figure,
    forecast,
    pace,
    pace_series,
    revised,
    standings,
    team_standings,
)
from performance.selectors.cells import Span, of_scope, read
from sales.models import Deal
from salesmgmt.lib import clock
from salesmgmt.lib.periods import Period
from salesmgmt.pages import home as homes
from salesmgmt.pages import measures, strips, words
from salesmgmt.pages.search import find, grouped
from teams.edges import SignedIn, looked
from teams.models import Access, Look, Organisation, Person, Showing, access_of
from teams.selectors import organisation_of, person_of

PAST = 7  # quarters to choose from, beside the current one
SHOWN = 8  # lines of a list on a page of many lists
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


def frame_of(request: SignedIn) -> Frame:
    """The quarter of `?period=`; the current one without it, or where it makes no sense."""
    organisation = organisation_of(request.user)
    today = clock.today(organisation.time_zone)
    current = Period.of(today, "quarter", organisation.calendar)
    try:
        period = Period.parse(request.GET.get("period", ""), organisation.calendar)
    except ValueError:
        period = current
    return Frame(organisation, today, period if period.start <= today else current, current)


def choices(request: SignedIn, frame: Frame) -> dict[str, Any]:
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


def answer(request: SignedIn, template: str, partial: str, context: dict[str, Any]) -> HttpResponse:
    """The whole page, or only its part that refreshes itself, from the same template."""
    frame: Frame = context["frame"]
    if not frame.is_now:
        context["page_title"] = f"{context['page_title']}, {frame.period.label}"
    context |= {"partial": partial, "live_url": request.get_full_path()}
    is_part = request.headers.get("HX-Request") == "true"
    response = render(request, partial if is_part else template, context)
    response["Vary"] = "HX-Request, Cookie"
    return response


@require_GET
def home(request: SignedIn) -> HttpResponse:
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
    return answer(
        request, "pages/page.html", partial, {"page_title": "Home"} | context | choices(request, frame) | more
    )


def _company(request: SignedIn, frame: Frame) -> dict[str, Any]:
    user, scope = request.user, Scope.company()
    token = live.token_for(user, "company")  # before the figures: it carries the version that is shown
    shown = list(homes.led_by(user))
    context = _figures(frame, scope, shown=len(shown))
    rows = homes.two_levels(shown) if shown else []
    by_team = {
        row.team.pk: row
        for row in team_standings(team_ids=[team.pk for team, _ in rows], period=frame.period, as_of=frame.as_of)
    } if rows else {}  # fmt: skip
    needs = homes.open_needs(user, clock.now(), frame.currency) if frame.is_now else []
    flagged = homes.flagged_by_team([(need.flag.team_id, need.flag.person_id) for need in needs], shown)
    people = {need.flag.person_id for need in needs}
    within = {need.flag.team_id for need in needs if need.flag.team_id}
    standing = context["pace"]
    last = homes.last_result_on() if shown and not standing.quota and not standing.credited else None
    far = Period.of(last, "quarter", frame.period.calendar) if last else None
    return context | {
        "far": far if far != frame.period else None,
        "name": frame.organisation.name or "Company",
        "is_empty": not shown and not context["pace"].credited,
        "then": words.companys_turn(flagged=len(people), teams=len(within)) if frame.is_now and shown else "",
        "teams": [
            (team, depth, by_team[team.pk], len(flagged.get(team.pk, ()))) for team, depth in rows if team.pk in by_team
        ],
        "needs": needs[:SHOWN],
        "more_needs": max(len(needs) - SHOWN, 0),
        "may_plan": _may_plan(access_of(user)),
        "praises": homes.latest_praise(user),
        "may_praise": access_of(user).person_id is not None,
        "imports": access_of(user).imports,
        "live_token": token,
        **_due(request, frame, leads=False),
    }


def _team(request: SignedIn, frame: Frame) -> dict[str, Any]:
    user, access = request.user, access_of(request.user)
    token = live.token_for(user, *[f"team:{pk}" for pk in access.led_team_ids], *_people(access.people))
    teams = list(homes.led_by(user))
    scope = homes.scope_of(teams, access.led_team_ids)
    rows = standings(person_ids=access.people, period=frame.period, as_of=frame.as_of)
    open_deals = (sum((row.pipeline for row in rows), start=Decimal(0)), sum(row.open_deals for row in rows))
    context = _figures(frame, scope, open_deals=open_deals)
    # A leader without a quota of their own is not a line of the table.
    rows = [row for row in rows if row.person.pk != access.person_id or row.quota or row.credited]
    needs = homes.open_needs(user, clock.now(), frame.currency) if frame.is_now else []
    mine = [need for need in needs if need.flag.person_id == access.person_id]
    needs = [need for need in needs if need.flag.person_id != access.person_id]
    due = _due(request, frame, leads=True)
    then = words.leaders_turn(
        flagged=len({need.flag.person_id for need in needs}),
        overdue=sum(1 for item in due["dues"] if item.on < frame.today),
        suggested=len(due["suggestions"]),
    )
    return context | {
        "name": scope.name,
        "then": then if frame.is_now else "",
        **_table(request, rows),
        "needs": needs[:SHOWN],
        "more_needs": max(len(needs) - SHOWN, 0),
        "findings": mine,
        "may_plan": True,
        "praises": homes.latest_praise(user),
        "may_praise": True,
        "paths": first_weeks(user, on=frame.today) if frame.is_now else [],
        "live_token": token,
        **due,
    }


def _own(request: SignedIn, frame: Frame) -> dict[str, Any]:
    user, access = request.user, access_of(request.user)
    person = person_of(user)
    assert person is not None
    scope = Scope.person(person)
    token = live.token_for(user, f"person:{person.pk}")
    context = _figures(frame, scope)
    rate = figure(
        scope=scope, measure="win_rate", period=frame.period, as_of=frame.as_of, organisation=frame.organisation
    )
    decided = words.counted(int(rate.denominator or 0), "decided deal", "decided deals")
    context["metrics"][1:] = [*context["metrics"][2:], strips.of_figure(rate, note=f"of {decided}")]
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
        "shows_place": frame.organisation.shows(Showing.RANKS),
        "period_asked": "" if frame.is_now else frame.period.key,
        "then": then if frame.is_now else "",
        "findings": findings,
        "deals": list(homes.closing_soon(access, frame.today)),
        "praises": homes.latest_praise(user),
        "may_praise": True,
        "paths": first_weeks(user, on=frame.today) if frame.is_now else [],
        "live_token": token,
        **due,
    }


def _figures(
    frame: Frame, scope: Scope, *, open_deals: tuple[Any, int] | None = None, shown: int = 1
) -> dict[str, Any]:
    """Headline, strip and chart of a scope in three queries."""
    organisation, period = frame.organisation, frame.period
    standing = pace(scope=scope, period=period, as_of=frame.as_of, organisation=organisation)
    said = forecast(scope=scope, period=period, as_of=frame.today) if frame.is_now else None
    ends = None
    if said and said.low is not None and said.expected is not None and said.high is not None:
        ends = (said.low, said.expected, said.high)
    chart = pace_series(scope=scope, period=period, as_of=frame.today, organisation=organisation, ends=ends)
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
            strips.landing(standing, chart, scope, learned=ends is not None),
            strips.activities(usual, scope, period, frame.today),
            strips.cover(open_deals[0], open_deals[1], standing, scope, period, frame.today),
        ],
    }


def _due(request: SignedIn, frame: Frame, *, leads: bool) -> dict[str, Any]:
    since = datetime.combine(frame.today, time(), ZoneInfo(frame.organisation.time_zone))
    return homes.upcoming(homes.due_for(request.user, today=frame.today, since=since, leads=leads))


# ── Teams and people ────────────────────────────────────────────────────────────────────────────────────────────


@require_GET
def teams(request: SignedIn) -> HttpResponse:
    """The tree of teams with the pace of each."""
    access, frame = access_of(request.user), frame_of(request)
    if not (access.sees_all or access.leads):
        raise Http404
    scopes = ["company"] if access.sees_all else [f"team:{pk}" for pk in access.led_team_ids]
    token = live.token_for(request.user, *scopes)
    shown = list(homes.led_by(request.user))
    standing = {
        row.team.pk: row
        for row in team_standings(team_ids=[team.pk for team in shown], period=frame.period, as_of=frame.as_of)
    } if shown else {}  # fmt: skip
    awake = Flag.objects.visible_to(request.user).awake(frame.today)
    flags = awake.values_list("team_id", "person_id") if frame.is_now else []
    flagged = homes.flagged_by_team(flags, shown)
    rows = [(team, depth, standing[team.pk], len(flagged.get(team.pk, ()))) for team, depth in homes.whole_tree(shown)]
    statuses = [row.status for _, _, row, _ in rows]
    context = {
        "frame": frame,
        "period": frame.period,
        "currency": frame.currency,
        "page_title": "Teams",
        "day_line": strips.day_line(frame.period, frame.today),
        "teams": rows,
        "headline": words.teams_headline(statuses, frame.period, is_over=not frame.is_now),
        "live_token": token,
        "imports": access.imports,
        **choices(request, frame),
    }
    return answer(request, "pages/page.html", "pages/_teams_page.html", context)


@require_GET
def team(request: SignedIn, pk: int) -> HttpResponse:
    found = get_object_or_404(homes.led_by(request.user), pk=pk)
    frame, access, user = frame_of(request), access_of(request.user), request.user
    below = homes.team_with_all_below(found)
    scope = Scope("team", found.pk, found.name, f"team:{found.name}", tuple(team.pk for team in below))
    scope = scope.shown_to(request.user)
    ids = homes.posted_to(scope.team_ids, frame.as_of)
    token = live.token_for(user, f"team:{found.pk}", *_people(ids))
    rows = standings(person_ids=ids, period=frame.period, as_of=frame.as_of)
    open_deals = (sum((row.pipeline for row in rows), start=Decimal(0)), sum(row.open_deals for row in rows))
    context = _frame(frame, scope) | _figures(frame, scope, open_deals=open_deals) | _measures(frame, scope)
    context["metrics"][1] = measures.strip(context["lines"]["results"], context["before"], ["won_value"])[0]
    context["revised"] = revised(scope=scope, pace=context["pace"])
    needs = homes.open_needs(user, clock.now(), frame.currency) if frame.is_now else []
    needs = [need for need in needs if need.flag.person_id in ids and need.flag.person_id != access.person_id]
    children = [team.pk for team in below if team.parent_id == found.pk]
    sub = team_standings(team_ids=children, period=frame.period, as_of=frame.as_of) if children else []
    flagged = homes.flagged_by_team([(need.flag.team_id, need.flag.person_id) for need in needs], below)
    people = len({need.flag.person_id for need in needs})
    context |= {
        "team": found,
        "leader": homes.leader_of(found, frame.as_of),
        "above": homes.led_by(user).filter(pk__in=[found.parent_id]).first(),
        "then": words.sentence(f"{words.counted(people, 'person is', 'people are')} flagged.") if people else "",
        "teams": [(row.team, 0, row, len(flagged.get(row.team.pk, ()))) for row in sub],
        "needs": needs[:SHOWN],
        "more_needs": max(len(needs) - SHOWN, 0),
        "may_plan": _may_plan(access),
        "live_token": token,
        **_table(request, rows),
    }
    return answer(request, "pages/page.html", "pages/_team.html", context | choices(request, frame))


@require_GET
def person(request: SignedIn, pk: int) -> HttpResponse:
    found = get_object_or_404(Person.objects.visible_to(request.user), pk=pk)
    frame, access, user = frame_of(request), access_of(request.user), request.user
    if "HX-Request" not in request.headers:  # a refresh is no further look
        looked(request, Look.Page.PERSON, found.pk)
    scope = Scope.person(found).shown_to(user)
    token = live.token_for(user, f"person:{found.pk}")
    postings = list(found.postings.select_related("team", "territory").order_by("-during"))
    led = found.leaderships.select_related("team").order_by("-during")
    flags = Flag.objects.visible_to(user).filter(person=found).order_by("-raised_on", "-pk")[:12]
    deals = Deal.objects.visible_to(user).open().filter(owner=found).select_related("account", "stage")
    talks = OneOnOne.objects.visible_to(user).filter(person=found).select_related("manager")
    cases = Case.objects.visible_to(user).with_reading(user).filter(person=found).select_related("owner")
    visible = {team.pk for team in homes.led_by(user)}
    context = _frame(frame, scope) | _figures(frame, scope) | _measures(frame, scope)
    context |= {
        "person": found,
        "revised": revised(scope=scope, pace=context["pace"]),
        "is_self": access.person_id == found.pk,
        "posting": next((row for row in postings if frame.today in row), None),
        "postings": [(row, row.team_id in visible) for row in postings],
        "led": [(row, row.team_id in visible) for row in led],
        "flags": [
            (flag, homes.gap_of(flag, frame.currency)) for flag in sorted(flags, key=lambda row: not row.is_open)
        ],
        "deals": list(deals.order_by(F("expected_close_on").asc(nulls_last=True), "pk")[:SHOWN]),
        "talks": list(talks.order_by("-starts_at", "-pk")[:5]),
        "cases": list(cases.order_by("-state", "-opened_at")[:5]),
        "praises": homes.praise_of(user, found),
        "may_plan": access.person_id != found.pk and _may_plan(access),
        "may_develop": access.person_id == found.pk or may_develop(access, found),
        "live_token": token,
    }
    return answer(request, "pages/page.html", "pages/_person.html", context | choices(request, frame))


def _frame(frame: Frame, scope: Scope) -> dict[str, Any]:
    return {
        "frame": frame,
        "period": frame.period,
        "currency": frame.currency,
        "today": frame.today,
        "name": scope.name,
        "page_title": scope.name,
    }


def _may_plan(access: Access) -> bool:
    """Whether somebody plans 1:1s: whoever leads, and executives."""
    return access.person_id is not None and (access.leads or access.role == "executive")


def _people(ids: Iterable[int]) -> list[str]:
    """The people whose stamps a page asks for; above a hundred their teams have to do."""
    ids = sorted(ids)
    return [f"person:{pk}" for pk in ids] if len(ids) <= MANY else []


def _table(request: SignedIn, rows: Sequence[Standing]) -> dict[str, Any]:
    """The people of a team, sorted and cut as the address asks."""
    sort = request.GET.get("sort", "")
    part, page = homes.Page.cut(homes.sorted_standings(rows, sort), request.GET.get("cursor", ""))
    return {"rows": part, "page": page, "sort": sort if sort in homes.SORTS else "pace"}


def _measures(frame: Frame, scope: Scope) -> dict[str, Any]:
    lines = measures.compared(scope, frame.period, frame.as_of, frame.organisation)
    rows = measures.quarters(scope, frame.period)
    before = frame.period.shift(-1)
    year = Period.of(frame.period.start, "year", frame.period.calendar)
    return {
        "lines": lines,
        "before": before,
        "results": measures.strip(lines["results"], before, ("deals_won", "win_rate", "average_deal", "sales_cycle")),
        "quarters": rows,
        "year": measures.year_of(rows),
        "year_label": year.label,
    }


# ── Search ──────────────────────────────────────────────────────────────────────────────────────────────────────


@require_GET
def search(request: SignedIn) -> HttpResponse:
    """What is found, as a page or, as one types, its list alone."""
    text = request.GET.get("q", "").replace("\x00", "").strip()[:200]
    hits = find(request.user, text)
    is_part = request.headers.get("HX-Request") == "true"
    context = {"text": text, "count": len(hits), "groups": grouped(hits)}
    response = render(request, "pages/_found.html" if is_part else "pages/search.html", context)
    response["Vary"] = "HX-Request, Cookie"
    return response


@require_GET
def palette(request: SignedIn) -> HttpResponse:
    """Rows for the palette: bare links."""
    return render(request, "pages/_palette.html", {"hits": find(request.user, request.GET.get("q", ""))})
