"""What every page shows around its content."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from itertools import groupby
from operator import attrgetter
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from teams.models import Access, Role, access_of


def _everyone(access: Access) -> bool:
    return True


def _leads(access: Access) -> bool:
    return access.leads or access.sees_all


def _sees_all(access: Access) -> bool:
    return access.sees_all


def _imports(access: Access) -> bool:
    return access.imports


def _sells(access: Access) -> bool:
    """Departments see what was asked of them."""
    return not access.department


def _coaches(access: Access) -> bool:
    return access.leads or access.role == Role.HR


def _leads_people(access: Access) -> bool:
    return access.leads and access.role != "admin"


def _hears_exits(access: Access) -> bool:
    return access.role in {Role.EXECUTIVE, Role.HR}


def _answers(access: Access) -> bool:
    return bool(access.department)


def _has_person(access: Access) -> bool:
    return access.person_id is not None


def _delivers(access: Access) -> bool:
    return access.delivers


def _administers(access: Access) -> bool:
    return access.role == "admin"


@dataclass(frozen=True, slots=True)
class Place:
    """An entry of the navigation. `short` is its name in the phone's bar, which shows the first three that have one."""

    name: str
    label: str
    icon: str
    short: str = ""
    part: str = ""
    shows_to: Callable[[Access], bool] = _everyone
    at: str = ""  # the part of the page
    url: str = ""
    is_current: bool = False


SELL, MEASURE, PLAN, COACH, PEOPLE, SET_UP = "Sell", "Measure", "Plan", "Coach", "People", "Set up"
PLACES = (
    Place("home", "Home", "house", "Home"),
    Place("leads", "Leads", "funnel", part=SELL, shows_to=_sells),
    Place("deals", "Deals", "briefcase", "Deals", part=SELL, shows_to=_sells),
    Place("accounts", "Accounts", "building-2", part=SELL, shows_to=_sells),
    Place("orders", "Orders", "file-text", part=SELL, shows_to=_sells),
    Place("repeat", "Repeat business", "refresh-cw", part=SELL, shows_to=_sells),
    Place("activities", "Activities", "list-checks", part=SELL),
    Place("tasks", "Tasks", "check", "Tasks", part=SELL),
    Place("market", "Market notes", "message-square", part=SELL),
    Place("deliveries", "Deliveries", "map-pin", "Deliver", part=SELL, shows_to=_delivers),
    Place("quotas", "Quotas", "target", part=PLAN, shows_to=_sells),
    Place("pipeline", "Pipeline", "columns-3", part=MEASURE, shows_to=_sells),
    Place("forecast", "Forecast", "chart-line", part=MEASURE, shows_to=_sells),
    Place("calls", "Calls", "gauge", part=MEASURE, shows_to=_sells),
    Place("flags", "Flags", "flag", part=MEASURE, shows_to=_sells),
    Place("scorecards", "Scorecards", "star", part=MEASURE, shows_to=_sells),
    Place("leaderboard", "Leaderboard", "trophy", part=MEASURE, shows_to=_sells),
    Place("what-works", "What works", "circle-check", part=MEASURE, shows_to=_leads),
    Place("reports", "Reports", "presentation", part=MEASURE, shows_to=_leads),
    Place("week", "This week", "calendar-check", part=COACH, shows_to=_coaches),
    Place("one-on-ones", "1:1s", "message-circle", part=COACH),
    Place("cases", "Cases", "search", part=COACH),
    Place("questions", "Questions", "circle-question-mark", part=COACH, shows_to=_answers),
    Place("meetings", "Meetings", "calendar", part=COACH),
    Place("courses", "Courses", "presentation", part=COACH),
    Place("plays", "Plays", "keyboard", part=COACH, shows_to=_sells),
    Place("teams", "Teams", "users", part=PEOPLE, shows_to=_leads),
    Place("skill-map", "Skills", "gauge", part=PEOPLE),
    Place("ladders", "Improvement", "arrow-up-right", part=PEOPLE, shows_to=_coaches),
    Place("disputes", "Disputes", "handshake", part=PEOPLE),
    Place("wall", "Recognition", "sparkles", part=PEOPLE),
    Place("imports", "Import", "upload", part=SET_UP, shows_to=_imports),
    Place("admin:index", "Settings", "settings", part=SET_UP, shows_to=_administers),
)
# Found by name in the palette, without a place in the navigation.
PAGES = (
    Place("levers", "Levers: where a gap comes from", "gauge", shows_to=_sells),
    Place("backtest", "Back-test: how good the forecasts are", "chart-line", shows_to=_sells),
    Place("measures", "Measures: what each figure means", "list", shows_to=_everyone),
    Place("figures", "All figures, as of any day", "chart-line", shows_to=_sells),
    Place("flag-costs", "Flags: what a wrong one costs", "flag", shows_to=_sells),
    Place("causes", "Causes: what costs most", "search", shows_to=_leads_people),
    Place("case-raise", "Ask for help: I’m blocked, I lack a tool", "circle-question-mark", shows_to=_has_person),
    Place("effects", "Help and its effect", "chart-line", shows_to=_has_person),
    Place("development-home", "My development", "arrow-up-right", shows_to=_has_person),
    Place("onboarding", "Onboarding", "users", shows_to=_leads),
    Place("course-report", "Courses: who has done what", "list-checks", shows_to=_leads),
    Place("ladders", "Improvement plans", "arrow-up-right"),
    Place("settlements", "Disputed pay: what is to be settled", "handshake", shows_to=_has_person),
    Place("early-signs", "Early signs of losing somebody", "eye", shows_to=_leads_people),
    Place("exits", "Exits: why people left", "log-out", shows_to=_hears_exits),
    Place("leaves", "Leave", "calendar", shows_to=_has_person),
    Place("pay", "Base pay", "lock", shows_to=_has_person),
    Place("privacy", "Privacy: what is shown and kept", "lock"),
    Place("looks", "Who looked at my figures", "eye", shows_to=_has_person),
    Place("own-data", "All that is stored about me", "download", shows_to=_has_person),
    Place("screens", "Wall screens", "presentation", shows_to=_administers),
    Place("budgets", "Budgets", "gauge", shows_to=_leads),
    Place("quota-changes", "Quota changes", "target", shows_to=_sells),
    Place("redistributions", "Redistribution: share out a quota", "users", shows_to=_sells),
    Place("quotas", "Letters about a quota", "file-text", shows_to=_sells),
    Place("quotas", "Plans", "target", shows_to=_leads, at="plans"),
    Place("plan-add", "New plan", "plus", shows_to=_sees_all),
    Place("calendar", "Fiscal calendar", "calendar", shows_to=_sees_all),
    Place("periods", "Periods: close and reopen", "lock", shows_to=_sees_all),
    Place("seasons", "Seasons", "chart-line", shows_to=_sees_all),
    Place("ramps", "Ramps", "chart-line", shows_to=_sees_all),
)
ACTS = {
    "log_url": "activity-log",
    "search_url": "search",
    "palette_url": "palette",
    "notices_url": "notices",
    "profile_url": "profile",
}


@cache
def _url(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


def _is_under(path: str, url: str) -> bool:
    return path == url or (url != "/" and path.startswith(url))


def shell(request: HttpRequest) -> dict[str, Any]:
    """Navigation by role, without places this installation doesn't have; and the addresses of the bar's acts."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"nav": []}
    access = access_of(user)
    nav = [
        replace(place, url=url, is_current=_is_under(request.path, url))
        for place in PLACES
        if place.shows_to(access) and (url := _url(place.name))
    ]
    pages = [
        replace(page, url=f"{url}#{page.at}" if page.at else url)
        for page in PAGES
        if page.shows_to(access) and (url := _url(page.name))
    ]
    dock = [place for place in nav if place.short][:3]
    acts = {key: _url(name) for key, name in ACTS.items()}
    return {
        "nav": nav,
        "nav_parts": [(part, list(places)) for part, places in groupby(nav, key=attrgetter("part"))],
        "pages": pages,
        "dock_left": dock[:2],
        "dock_right": dock[2:],
        "me_line": access.role.capitalize(),
        **acts,
    }
