"""How the work of a quarter or year falls on its months or weeks: what the past says, what stands, and since when."""

from bisect import bisect_left
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

import numpy as np
from django.db.models import Prefetch, QuerySet, Sum

from sales.models import Credit
from salesmgmt.lib.money import share_out
from salesmgmt.lib.periods import Period
from salesmgmt.lib.ranges import half_open
from targets.analysis import NOTHING_LEARNED, Learned, learn_shares
from targets.models import SeasonChange, SeasonProfile, SeasonShare
from teams.models import Organisation
from teams.selectors import working_days

By = Literal["months", "weeks"]
SHAPE_QUARTERS = 8
FEWEST_QUARTERS = 4
FULL_YEARS = 2


@dataclass(frozen=True, slots=True, order=True)
class Bucket:
    """A month or week of a period, as far as it lies in it."""

    start: date
    end: date
    key: str


def buckets_of(period: Period, by: By) -> list[Bucket]:
    """The months or weeks of a period, the first and the last week cut to it."""
    parts = period.months() if by == "months" else period.weeks()
    return [Bucket(max(part.start, period.start), min(part.end, period.end), part.key) for part in parts]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a season was learned from, or why nothing was."""

    learned: Learned
    periods: int
    needed: int
    earlier: list[Period]

    @property
    def is_enough(self) -> bool:
        return bool(self.learned.shares)


def learned_season(period: Period, by: By = "months") -> Evidence:
    """The shape that earlier quarters had, or years; nothing where too few are over (R15).

    A quarter needs four of the last eight before it, a year two full ones. How it is worked out: `learn_shares`.
    """
    organisation = Organisation.get()
    is_year = period.kind == "year"
    back, fewest = (FULL_YEARS, FULL_YEARS) if is_year else (SHAPE_QUARTERS, FEWEST_QUARTERS)
    ahead = buckets_of(period, by)
    if period.kind not in ("quarter", "year") or len(ahead) < 2:
        return Evidence(NOTHING_LEARNED, 0, fewest, [])
    before = [period.shift(-n) for n in range(1, back + 1)]
    # A year of another length, such as one that a change of the calendar cut short, says nothing about this one.
    before = [past for past in before if by == "weeks" or len(past.months()) == len(ahead)]
    first = min((past.start for past in before), default=period.start)
    credits = Credit.objects.filter(kind=Credit.Kind.PRIMARY, occurred_on__gte=first, occurred_on__lt=period.start)
    rows = sorted(credits.values_list("occurred_on").annotate(total=Sum("reporting_amount")))
    days = [day for day, _ in rows]
    sums = [Decimal(0)]
    for _, total in rows:
        sums.append(sums[-1] + total)
    # Whoever has no credit before a period began has no full period of history there.
    began = days[0] if days else period.start
    grid = working_days(region=organisation.holiday_region, week=organisation.working_week, start=first, end=period.end)

    def credited(start: date, end: date) -> Decimal:
        return sums[bisect_left(days, end)] - sums[bisect_left(days, start)]

    def count(part: Bucket) -> int:
        return int(np.subtract(*np.searchsorted(grid, [np.datetime64(part.end), np.datetime64(part.start)])))

    earlier = [past for past in before if credited(past.start, past.end) > 0 and (not is_year or _is_full(past, began))]
    if len(earlier) < fewest:
        return Evidence(NOTHING_LEARNED, len(earlier), fewest, earlier)
    history: dict[str, list[tuple[Decimal, int]]] = {str(place): [] for place in range(len(ahead))}
    for past in earlier:
        for place, part in enumerate(buckets_of(past, by)[: len(ahead)]):
            history[str(place)].append((credited(part.start, part.end), count(part)))
    learned = learn_shares(history, {part: (str(place), count(part)) for place, part in enumerate(ahead)})
    return Evidence(learned, len(earlier), fewest, earlier)


def _is_full(year: Period, began: date) -> bool:
    return began <= year.months()[0].last_day


def season_of(period: Period) -> SeasonProfile | None:
    """The season that stands for a period's days, with its shares in order."""
    return known_seasons().filter(during=half_open(period.start, period.end)).first()


def known_seasons() -> QuerySet[SeasonProfile]:
    shares = Prefetch("shares", SeasonShare.objects.order_by("starts_on"))
    return SeasonProfile.objects.prefetch_related(shares).order_by("-during")


def season_changes(profile: SeasonProfile) -> QuerySet[SeasonChange]:
    """Who set it and why, the latest first."""
    return profile.changes.select_related("by").order_by("-at", "-pk")


def flat_shares(parts: list[Bucket]) -> dict[str, Decimal]:
    """What each part has where every working day of the organisation's calendar counts the same."""
    organisation = Organisation.get()
    start, end = parts[0].start, parts[-1].end
    days = working_days(region=organisation.holiday_region, week=organisation.working_week, start=start, end=end)
    counts = {
        part.key: Decimal(
            int(np.subtract(*np.searchsorted(days, [np.datetime64(part.end), np.datetime64(part.start)])))
        )
        for part in parts
    }
    weights = counts if any(counts.values()) else dict.fromkeys(counts, Decimal(1))
    return share_out(Decimal(100), weights, order=list(weights), unit=Decimal("0.0001"))
