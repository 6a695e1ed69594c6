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

from .cells import read
from .figures import credited_of, quota_and_expected
from .forecasting import last_made, stored
from .pace import Pace, _spans
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
    """The expected landing of each, as it was last forecast; where that says nothing, by pace.

    By pace: credited so far + what the plan still expects × the pace so far; of a period that has not begun, or
    expects nothing yet, the pace of the one running. Who has no quota, or no pace yet, is left out: nothing is made up.
    Early in a period a pace says little; the page shows it as it is.
    """
    cells = read(_spans(period, as_of), people=person_ids, each=True, period=period)
    running = period if as_of >= period.start else _running(period, as_of)
    now = cells if running == period else read(_spans(running, as_of), people=person_ids, each=True, period=running)
    found = {}
    for pk in person_ids:
        quota, expected = quota_and_expected(cells, key=pk)
        if quota is None or expected is None:
            continue
        _, by_now = quota_and_expected(now, key=pk)
        pace = ratio(max(credited_of(now, True, key=pk), Decimal(0)), by_now)
        if pace is not None:
            credited = credited_of(cells, True, key=pk)
            found[pk] = Landing(quota, credited, to_cents(credited + (quota - expected) * pace))
    day = last_made(period, as_of)
    for row in stored("person", person_ids, period, day):
        if row.quota is not None and row.expected is not None:
            found[row.subject_id] = Landing(row.quota, row.credited, row.expected)
    return found


def _running(period: Period, as_of: date) -> Period:
    """The period of the same kind that holds the day."""
    return Period.of(as_of, period.kind, period.calendar) if as_of < period.start else period


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
