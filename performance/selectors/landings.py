"""Where people will land, and what was redistributed beside their original quota (R8)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from salesmgmt.lib.money import to_cents
from salesmgmt.lib.periods import Period
from salesmgmt.lib.ratios import ratio
from targets.selectors import Landing, delivered, moved
from teams.models import Posting, Role, Team, Viewer, access_of

from .forecasting import forecasts
from .pace import Pace
from .scope import Scope

MOST = 500  # people compared at once; who leads more chooses a team


def colleagues(user: Viewer, on: date, team: Team | None = None) -> list[int]:
    """Who sells and whose figures one may see, without oneself."""
    posted = Posting.objects.visible_to(user).on(on).filter(role__in=[Role.REP, Role.MANAGER])
    if team is not None:
        posted = posted.under([team.pk])
    ids = posted.exclude(person=access_of(user).person_id or 0).order_by("person")
    return list(ids.values_list("person_id", flat=True)[:MOST])


def landings(*, person_ids: Collection[int], period: Period, as_of: date) -> dict[int, Landing]:
    """The expected landing of each, as it is forecast (also of a period that has not begun).

    Who has no quota, or of whom nothing can be said, is left out: nothing is made up.
    """
    found = {}
    for pk, one in forecasts(person_ids=person_ids, period=period, as_of=as_of).items():
        if one.quota is not None and one.expected is not None:
            found[pk] = Landing(one.quota, one.credited, one.expected)
    return found


@dataclass(frozen=True, slots=True)
class Revised:
    """What a quota is after redistribution, shown second: attainment, rank and pay stay on the original."""

    quota: Decimal
    moved: Decimal
    """Above zero: taken on; below: given away."""
    attainment: Decimal | None
    delivered: Decimal
    """min(taken, what was credited beyond the original quota): what an extra is paid on."""


def revised(*, scope: Scope, pace: Pace) -> Revised | None:
    """The revised quota of a person or team; None where nothing was redistributed, and for the company."""
    if scope.pk is None or pace.quota is None:
        return None
    people, teams = ([scope.pk], None) if scope.kind == "person" else (None, [scope.pk])
    days = pace.period
    change = moved(person_ids=people, team_ids=teams, start=days.start, end=days.end).get(scope.pk)
    if not change:
        return None
    return Revised(
        quota=pace.quota + change,
        moved=change,
        attainment=ratio(pace.credited, pace.quota + change),
        delivered=delivered(taken=change, credited=pace.credited, original=pace.quota),
    )
