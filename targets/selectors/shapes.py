"""What shapes a quota over its days: ramp profiles, seasons, and the calendar of what has no person."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import numpy as np
from django.db.models import Sum

from sales.models import Credit
from salesmgmt.lib.periods import Period
from targets.analysis import FLAT, Ramps, Shares, learn_shares
from targets.models import RampStep, SeasonShare
from teams.models import Organisation
from teams.selectors import PersonDays, working_days

SHAPE_QUARTERS = 8
FEWEST_QUARTERS = 4


def ramps() -> Ramps:
    """Every ramp profile: month of tenure → percent."""
    found: dict[str, dict[int, Decimal]] = defaultdict(dict)
    for name, month, percent in RampStep.objects.values_list("profile__name", "month", "percent"):
        found[name][month] = percent
    return found


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


def learned_season(period: Period) -> dict[Period, Decimal]:
    """The shape of a quarter by months, or of a year, as earlier ones had it; empty where too few are over (R15).

    A quarter needs four before it, a year two.
    """
    organisation = Organisation.get()
    months = period.months()
    if len(months) < 2:
        return {}
    back, fewest = (SHAPE_QUARTERS, FEWEST_QUARTERS) if period.kind == "quarter" else (2, 2)
    earlier = [past for n in range(1, back + 1) if len((past := period.shift(-n)).months()) == len(months)]
    first = period.shift(-back).start
    credits = Credit.objects.filter(kind=Credit.Kind.PRIMARY, occurred_on__gte=first, occurred_on__lt=period.start)
    totals = dict(credits.values_list("occurred_on").annotate(total=Sum("reporting_amount")))

    def credited(past: Period) -> Decimal:
        return sum((total for day, total in totals.items() if day in past), Decimal(0))

    earlier = [past for past in earlier if credited(past) > 0]
    if len(earlier) < fewest:
        return {}
    days = working_days(region=organisation.holiday_region, week=organisation.working_week, start=first, end=period.end)

    def count(month: Period) -> int:
        return int(np.subtract(*np.searchsorted(days, [np.datetime64(month.end), np.datetime64(month.start)])))

    history = {
        str(place): (
            sum((credited(past.months()[place]) for past in earlier), Decimal(0)),
            sum(count(past.months()[place]) for past in earlier),
        )
        for place in range(len(months))
    }
    return learn_shares(history, {month: (str(place), count(month)) for place, month in enumerate(months)})


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
