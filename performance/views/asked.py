"""What the pages of comparing are asked for: of which period, of which team."""

from datetime import date

from django.http import Http404
from django.shortcuts import get_object_or_404

from salesmgmt.lib.periods import Kind, Period
from teams.edges import SignedIn
from teams.models import Organisation, Team

from ..selectors.cells import Basis

BASES: dict[Basis, str] = {"restated": "By day it occurred", "reported": "By month of posting"}
"""Restated: as is known now of these days; reported: what was posted in them, so that a closed month stays (R10)."""


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
