"""Questions about quotas and targets: what is a person held to, day by day, and what a team."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import numpy as np
from django.db.models import Sum

from salesmgmt.lib.periods import Period
from teams.models import Organisation, Team
from teams.selectors import PersonDays, presence, working_days

from .analysis import FLAT, Ramps, Shares, seat, spread
from .models import BOOKINGS, QuotaEntry, RampStep, SeasonShare

Seasons = Mapping[str, Shares]


# ── What shapes a quota ─────────────────────────────────────────────────────────────────────────────────────────


def ramps() -> Ramps:
    """Every ramp profile: month of tenure → percent."""
    found: dict[str, dict[int, Decimal]] = defaultdict(dict)
    for name, month, percent in RampStep.objects.values_list("profile__name", "month", "percent"):
        found[name][month] = percent
    return found


def seasons() -> Seasons:
    """Every period with a shape of its own: bucket → percent."""
    found: dict[str, dict[str, Decimal]] = defaultdict(dict)
    for period, bucket, percent in SeasonShare.objects.values_list("period", "bucket", "percent"):
        found[period][bucket] = percent
    return found


def container(start: date, end: date, *, fiscal_month: int, known: Seasons) -> tuple[date, date, Shares]:
    """The quarter, else year, around `[start, end)` that has a season, with it; without one the range itself, flat."""
    for kind in ("quarter", "year"):
        around = Period.of(start, kind, fiscal_month=fiscal_month)  # type: ignore[arg-type]
        if end <= around.end and around.key in known:
            return around.start, around.end, known[around.key]
    return start, end, FLAT


# ── The quota of people and teams, day by day ───────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class DailyQuota:
    """What one day carries; without a person it is a team's vacant or uncovered part (R4)."""

    person_id: int | None
    team_id: int | None
    on: date
    amount: Decimal


@dataclass(frozen=True, slots=True)
class _Group:
    """The entries of a person in a team over one range: together they are spread."""

    person_id: int | None
    team_id: int | None
    start: date
    end: date


def daily_quota(
    *,
    person_ids: Collection[int | None] | None = None,
    team_ids: Collection[int] | None = None,
    start: date,
    end: date,
    measure: str = BOOKINGS,
) -> list[DailyQuota]:
    """The quota entries that touch `[start, end)` spread over its days; summed over an entry's whole range they equal it.

    `person_ids` may hold None for what stays with teams; without it: everybody and that. `team_ids` are exact teams,
    without those below. A fixed number of queries.
    """
    return [
        DailyQuota(group.person_id, group.team_id, on, amount)
        for group, days in _spread(_groups(person_ids, team_ids, start, end, measure)).items()
        for on, amount in days
        if start <= on < end and amount
    ]


def quota_of(
    *,
    person_ids: Collection[int] | None = None,
    team_ids: Collection[int] | None = None,
    start: date,
    end: date,
    measure: str = BOOKINGS,
) -> dict[int, Decimal]:
    """The quota of each person, or of each team with all below it (people, vacant and uncovered), in `[start, end)`.

    Who has no entry is left out: no quota is not a quota of zero. An entry that reaches beyond counts with the days
    inside.
    """
    under: dict[int, list[int]] = {}
    if team_ids is not None:
        for pk, path in Team.objects.under(list(team_ids)).values_list("pk", "path"):
            under[pk] = [above for above in path if above in set(team_ids)]
    groups = _groups(person_ids, None if team_ids is None else list(under), start, end, measure)
    whole = {group: kinds for group, kinds in groups.items() if start <= group.start and group.end <= end}
    amounts = {group: sum(kinds.values(), Decimal(0)) for group, kinds in whole.items()}
    for group, days in _spread({group: kinds for group, kinds in groups.items() if group not in whole}).items():
        amounts[group] = sum((amount for on, amount in days if start <= on < end), Decimal(0))
    found: dict[int, Decimal] = defaultdict(Decimal)
    for group, amount in amounts.items():
        owners = [group.person_id] if team_ids is None else under.get(group.team_id or 0, [])
        for owner in owners:
            if owner is not None:
                found[owner] += amount
    return dict(found)


def _groups(
    person_ids: Collection[int | None] | None,
    team_ids: Collection[int] | None,
    start: date,
    end: date,
    measure: str,
) -> dict[_Group, dict[str, Decimal]]:
    entries = QuotaEntry.objects.overlapping(start, end).filter(measure=measure)
    if person_ids is not None:
        named = entries.filter(person__in=[pk for pk in person_ids if pk is not None])
        entries = named | entries.filter(person=None) if None in person_ids else named
    if team_ids is not None:
        entries = entries.filter(team__in=team_ids)
    groups: dict[_Group, dict[str, Decimal]] = defaultdict(dict)
    rows = entries.values_list("person_id", "team_id", "during", "kind").annotate(total=Sum("reporting_amount"))
    for person, team, during, kind, total in rows.order_by("person_id", "team_id", "during", "kind"):
        groups[_Group(person, team, during.lower, during.upper)][kind] = total
    return dict(groups)


def _spread(groups: Mapping[_Group, Mapping[str, Decimal]]) -> dict[_Group, list[tuple[date, Decimal]]]:
    if not groups:
        return {}
    organisation, known, profiles = Organisation.get(), seasons(), ramps()
    around = {
        group: container(group.start, group.end, fiscal_month=organisation.fiscal_month, known=known) for group in groups
    }
    first = min(start for start, _, _ in around.values())
    last = max(end for _, end, _ in around.values())
    people = presence(person_ids={group.person_id for group in groups if group.person_id}, start=first, end=last)
    nobodys = everyday(organisation, first, last)
    # One seat serves every group of a person in a team over the same range.
    days = {}
    for group, kinds in groups.items():
        lower, upper, shares = around[group]
        of = seat(
            clipped(people[group.person_id] if group.person_id else nobodys, lower, upper),
            start=group.start,
            end=group.end,
            shares=shares,
            team_id=group.team_id if group.person_id else None,
            ramps=profiles,
        )
        total = sum(kinds.values(), Decimal(0))
        days[group] = spread(total, of, end=group.end, kinds=frozenset(kind for kind, amount in kinds.items() if amount))
    return days


def clipped(days: PersonDays, start: date, end: date) -> PersonDays:
    """Those of the days that lie in `[start, end)`."""
    inside = slice(*np.searchsorted(days.days, [np.datetime64(start), np.datetime64(end)]))
    return PersonDays(
        days.days[inside],
        days.team_ids[inside],
        days.employed[inside],
        days.fte[inside],
        days.relieved[inside],
        days.away[inside],
        days.tenure_month[inside],
        days.ramp[inside],
    )


def everyday(organisation: Organisation, start: date, end: date) -> PersonDays:
    """The organisation's own calendar, as of somebody who is always there: for what has no person."""
    days = working_days(region=organisation.holiday_region, week=organisation.working_week, start=start, end=end)
    size = len(days)
    never = np.zeros(size, dtype=np.bool_)
    return PersonDays(
        days=days,
        team_ids=np.zeros(size, dtype=np.int64),
        employed=~never,
        fte=np.ones(size, dtype=np.object_),
        relieved=never,
        away=never,
        tenure_month=np.zeros(size, dtype=np.int64),
        ramp=np.full(size, "", dtype=np.object_),
    )
