"""What shapes a quota over its days: ramp profiles, seasons, and the calendar of what has no person."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

import numpy as np

from salesmgmt.lib.periods import Period
from targets.analysis import FLAT, RampProfiles, Shares, seat, split
from targets.models import RampProfile, SeasonShare
from teams.models import Organisation
from teams.selectors import PersonDays, working_days


def ramps() -> RampProfiles:
    """Every ramp profile: month after the start → percent; and which applies by rule to whom, in one query."""
    found: dict[str, dict[int, Decimal]] = {}
    rules: dict[tuple[str, str], str] = {}
    steps = RampProfile.objects.values_list("name", "role", "start", "steps__month", "steps__percent")
    for name, role, start, month, percent in steps:
        profile = found.setdefault(name, {})
        if month is not None:
            profile[month] = percent
        if start:
            rules[role, start] = name
    return RampProfiles(found, rules)


@dataclass(frozen=True, slots=True)
class Season:
    """How the work of a range falls on its buckets, by their first days; `names` are their keys."""

    start: date
    end: date
    shares: Shares
    names: Mapping[date, str]


class Seasons:
    """Every range with a shape of its own, the shortest first."""

    def __init__(self, known: Iterable[Season]) -> None:
        self._known = sorted(known, key=lambda season: (season.end - season.start, season.start))
        self._around: dict[tuple[date, date], Season | None] = {}

    def around(self, start: date, end: date) -> Season | None:
        """The shortest that holds all of `[start, end)`."""
        if (start, end) not in self._around:
            holding = (season for season in self._known if season.start <= start and end <= season.end)
            self._around[start, end] = next(holding, None)
        return self._around[start, end]


def seasons() -> Seasons:
    """The seasons of all periods, in one query."""
    found: dict[tuple[date, date], tuple[dict[date, Decimal], dict[date, str]]] = {}
    rows = SeasonShare.objects.values_list("profile__during", "starts_on", "bucket", "percent")
    for during, starts_on, bucket, percent in rows:
        shares, names = found.setdefault((during.lower, during.upper), ({}, {}))
        shares[starts_on], names[starts_on] = percent, bucket
    return Seasons(Season(*days, *parts) for days, parts in found.items())


def container(start: date, end: date, *, known: Seasons) -> tuple[date, date, Shares]:
    """The quarter, else year, around `[start, end)` that has a season, with it; without one the range itself, flat."""
    season = known.around(start, end)
    return (season.start, season.end, season.shares) if season else (start, end, FLAT)


class Parts:
    """How an amount that is nobody's own falls on parts that fill `[start, end)`: as over its days, to the cent."""

    def __init__(self, start: date, end: date, parts: Sequence[Period]) -> None:
        first, last, shares = container(start, end, known=seasons())
        of = seat(everyday(Organisation.get(), first, last), start=start, end=end, shares=shares)
        self._weights = {part: Fraction(0) for part in parts}
        for part in parts:
            inside = slice(*np.searchsorted(of.days, [np.datetime64(part.start), np.datetime64(part.end)]))
            counts = np.bincount(of.bucket[inside], minlength=len(of.weight)).tolist()
            self._weights[part] = sum((weight * n for weight, n in zip(of.weight, counts, strict=True)), Fraction(0))
        if not any(self._weights.values()):
            self._weights = dict.fromkeys(parts, Fraction(1))

    def of(self, amount: Decimal) -> dict[Period, Decimal]:
        """What each part carries; they sum to the amount."""
        return split(amount, self._weights)


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
        days.role if days.role is None else days.role[inside],
        days.start if days.start is None else days.start[inside],
        days.start_month if days.start_month is None else days.start_month[inside],
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
