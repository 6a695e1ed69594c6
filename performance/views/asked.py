"""What the pages of comparing are asked for: of which period, of which team."""

from datetime import date
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.cache import patch_vary_headers

from salesmgmt.lib.periods import Kind, Period
from teams.edges import SignedIn
from teams.models import Organisation, Team, access_of

from .. import live
from ..selectors.cells import Basis
from ..selectors.scope import Scope

BASES: dict[Basis, str] = {"restated": "By day it occurred", "reported": "By month of posting"}
"""Restated: as is known now of these days; reported: what was posted in them, so that a closed month stays (R10)."""


def live_of(request: SignedIn, scope: Scope) -> dict[str, str]:
    """What lets a page refresh itself as figures of a scope change; ask for it before they are read."""
    names = ["company"] if scope.kind == "company" else [f"{scope.kind}:{pk}" for pk in scope.tops or (scope.pk,)]
    return live_by(request, *names)


def live_of_all(request: SignedIn) -> dict[str, str]:
    """The same of a page that shows everything one sees."""
    access = access_of(request.user)
    names = [f"team:{pk}" for pk in access.led_team_ids] if access.leads else [f"person:{access.person_id or 0}"]
    if access.sees_all:
        names = ["company"]
    return live_by(request, *names)


def live_by(request: SignedIn, *names: str) -> dict[str, str]:
    return {"live_token": live.token_for(request.user, *names), "live_url": request.get_full_path()}


def is_refresh(request: SignedIn) -> bool:
    """Whether an open page asks for its own content anew."""
    return request.headers.get("HX-Request") == "true"


def shown(request: SignedIn, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """A page, or of one that refreshes itself its content alone, from the same template."""
    base = "part.html" if is_refresh(request) else "base.html"
    response = render(request, template, context | {"base": base}, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


def period_of(request: SignedIn, organisation: Organisation, today: date, kind: Kind = "quarter") -> Period:
    """The period of the address, else the running one."""
    key = request.GET.get("period", "")
    try:
        return Period.parse(key, organisation.calendar) if key else Period.of(today, kind, organisation.calendar)
    except ValueError as error:
        raise Http404 from error


def team_of(request: SignedIn) -> Team | None:
    """The team of the address, if the user may see it."""
    asked = request.GET.get("team", "")
    number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) <= 18 else 0
    return get_object_or_404(Team.objects.visible_to(request.user), pk=number) if asked else None
