"""What every page shows around its content."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

EVERYONE = frozenset({"rep", "manager", "executive", "admin"})
LEADERS = frozenset({"manager", "executive", "admin"})


@dataclass(frozen=True, slots=True)
class Place:
    """An entry of the navigation."""

    name: str
    label: str
    icon: str
    roles: frozenset[str] = EVERYONE
    short: str = ""
    in_dock: bool = False
    url: str = ""
    is_current: bool = False


PLACES = (
    Place("home", "Home", "house", in_dock=True),
    Place("team", "Team", "users", LEADERS, in_dock=True),
    Place("deals", "Deals", "briefcase", in_dock=True),
    Place("accounts", "Accounts", "building-2"),
    Place("activities", "Activities", "list-checks"),
    Place("todo", "To do", "circle-check"),
    Place("coaching", "Coaching", "message-circle", short="1:1s", in_dock=True),
    Place("leaderboard", "Leaderboard", "trophy"),
    Place("wall", "Recognition", "sparkles", short="Wall", in_dock=True),
    Place("quotas", "Quotas", "target"),
    Place("import", "Import", "upload", frozenset({"admin"})),
    Place("admin:index", "Settings", "settings", frozenset({"admin"})),
)
ACTS = {"log_url": "log", "search_url": "search", "palette_url": "palette", "profile_url": "profile"}


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
    role = getattr(user, "role", None) or ("admin" if getattr(user, "is_superuser", False) else "rep")
    nav = [
        Place(p.name, p.label, p.icon, p.roles, p.short or p.label, p.in_dock, url, _is_under(request.path, url))
        for p in PLACES
        if role in p.roles and (url := _url(p.name))
    ]
    dock = [p for p in nav if p.in_dock][:4]
    return {"nav": nav, "dock_left": dock[:2], "dock_right": dock[2:]} | {k: _url(name) for k, name in ACTS.items()}
