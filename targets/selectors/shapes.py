"""What shapes a quota over its days: ramp profiles, seasons, and the calendar of what has no person."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from decimal import Decimal

import numpy as np
from django.db.models import Sum
from django.db.models.functions import TruncMonth

from sales.models import Credit
from salesmgmt.lib.periods import Kind, Period
from targets.analysis import FLAT, Ramps, Shares, learn_shares
from targets.models import RampStep, SeasonShare
from teams.models import Organisation
from teams.selectors import PersonDays, working_days

Seasons = Mapping[str, Shares]
SHAPE_QUARTERS = 8
FEWEST_QUARTERS = 4


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
    kinds: tuple[Kind, ...] = ("quarter", "year")
    for kind in kinds:
        around = Period.of(start, kind, fiscal_month=fiscal_month)
        if end <= around.end and around.key in known:
            return around.start, around.end, known[around.key]
    return start, end, FLAT


def learned_season(period: Period) -> dict[str, Decimal]:
    """The shape of a quarter by months, or of a year, as earlier ones had it; empty where too few are over (R15).

    A quarter needs four before it, a year two.
    """
    organisation = Organisation.get()
    months = period.months()
    if len(months) == 1:
        return {}
    back, fewest = (SHAPE_QUARTERS, FEWEST_QUARTERS) if period.kind == "quarter" else (2, 2)
    earlier = [period.shift(-n) for n in range(1, back + 1)]
    first = earlier[-1].start
    credits = Credit.objects.filter(kind=Credit.Kind.PRIMARY, occurred_on__gte=first, occurred_on__lt=period.start)
    totals = dict(
        credits.annotate(month=TruncMonth("occurred_on")).values_list("month").annotate(total=Sum("reporting_amount"))
    )
    earlier = [
        past
        for past in earlier
        if sum((totals.get(month.start, Decimal(0)) for month in past.months()), Decimal(0)) > 0
    ]
    if len(earlier) < fewest:
        return {}
    days = working_days(region=organisation.holiday_region, week=organisation.working_week, start=first, end=period.end)

    def count(month: Period) -> int:
        return int(np.subtract(*np.searchsorted(days, [np.datetime64(month.end), np.datetime64(month.start)])))

    history = {
        str(place): (
            sum((totals.get(past.months()[place].start, Decimal(0)) for past in earlier), Decimal(0)),
            sum(count(past.months()[place]) for past in earlier),
        )
        for place in range(len(months))
    }
    return learn_shares(history, {month.key: (str(place), count(month)) for place, month in enumerate(months)})


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
