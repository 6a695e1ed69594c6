"""What every page shows around its content."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from teams.models import Access, access_of

def _all(access: Access) -> bool:
    return True


def _leaders(access: Access) -> bool:
    return access.leads or access.sees_all


@dataclass(frozen=True, slots=True)
class Place:
    """An entry of the navigation."""

    name: str
    label: str
    icon: str
    is_for: Callable[[Access], bool] = _all
    short: str = ""
    in_dock: bool = False
    url: str = ""
    is_current: bool = False


PLACES = (
    Place("home", "Home", "house", in_dock=True),
    Place("teams", "Teams", "users", _leaders),
    Place("deals", "Deals", "briefcase", in_dock=True),
    Place("accounts", "Accounts", "building-2"),
    Place("activities", "Activities", "list-checks"),
    Place("one-on-ones", "Coaching", "message-circle", short="1:1s", in_dock=True),
    Place("leaderboard", "Leaderboard", "trophy"),
    Place("wall", "Recognition", "sparkles", short="Wall", in_dock=True),
    Place("quotas", "Quotas", "target"),
    Place("imports", "Import", "upload", lambda access: access.imports),
    Place("admin:index", "Settings", "settings", lambda access: access.role == "admin"),
)
ACTS = {"log_url": "activity-log", "search_url": "search", "palette_url": "palette", "profile_url": "profile"}


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
        return {}
    access = access_of(user)
    nav = [
        Place(p.name, p.label, p.icon, p.is_for, p.short or p.label, p.in_dock, url, _is_under(request.path, url))
        for p in PLACES
        if p.is_for(access) and (url := _url(p.name))
    ]
    dock = [p for p in nav if p.in_dock][:4]
    return {"nav": nav, "dock_left": dock[:2], "dock_right": dock[2:]} | {k: _url(name) for k, name in ACTS.items()}
