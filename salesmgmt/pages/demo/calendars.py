"""Who is there on which day, and how the year's business falls on the days (R1 to R3), as arrays of people × days."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from salesmgmt.lib.periods import Period

from .cast import Market, Seat

Days = npt.NDArray[np.datetime64]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

RAMP = (15, 35, 55, 75, 90)  # percent in the months of tenure from the first; then 100
RAMP_NAME = "New in the field"
QUARTERS = (0.94, 1.0, 0.91, 1.15)
MONTHS = (0.29, 0.31, 0.40, 0.30, 0.30, 0.40, 0.33, 0.27, 0.40, 0.29, 0.33, 0.38)
LATE_MONTHS = (0.10, 0.18, 0.72) * 4  # of the quarter-end seller
GROWTH = 0.14  # a year
AHEAD = 150  # days of the future that open deals belong to


@dataclass(slots=True)
class Tenure:
    """When a person is employed and away, as dates; `away` holds (kind, first, last day)."""

    hired: date
    left: date | None
    away: list[tuple[str, date, date]]
    moved: date | None = None  # to the team of their seat, from its sister


@dataclass(slots=True)
class Calendar:
    """The days of the story and everybody's presence on them."""

    today: date
    start: date
    days: Days
    working: dict[str, Bools]
    open: Bools  # people × days: employed, a working day, not away
    plan: Floats  # people × days: share of a plain quarter's quota that falls on the day
    late: Floats  # the same for somebody who sells at the quarter's end
    quarter: Ints  # number of the quarter of each day, from 0
    growth: Floats

    @property
    def turn(self) -> int:
        """Quarter from which a built-in cause holds: the one before the current, so no day is too early to tell."""
        return max(int(self.quarter[self.now]) - 1, 0)

    @property
    def now(self) -> int:
        """Index of today."""
        return (self.today - self.start).days

    def of(self, day: date) -> int:
        return (day - self.start).days


def first_day(today: date, years: int) -> date:
    """The story starts with a quarter, whole years before the current one."""
    return Period.of(today, "quarter").shift(-4 * years).start


def tenures(rng: np.random.Generator, seats: list[Seat], start: date, today: date) -> list[Tenure]:
    """Joining, leaving and leave of each: the story's own, then vacations and a few days of sickness."""
    made = []
    for seat in seats:
        tenure = Tenure(start - timedelta(days=int(rng.integers(200, 2400))), None, [])
        match seat.story:
            case "ramp":
                tenure.hired = today - timedelta(days=75)
            case "joined":
                tenure.hired = today - timedelta(days=300)
            case "left":
                tenure.left = today - timedelta(days=130)
            case "transfer":
                tenure.moved = Period.of(today, "quarter").shift(-2).start + timedelta(days=45)
            case "returned":
                tenure.away.append(("parental", today - timedelta(days=240), today - timedelta(days=26)))
            case "away":
                tenure.away.append(("parental", today - timedelta(days=80), today + timedelta(days=190)))
        last = min(tenure.left or date.max, today + timedelta(days=AHEAD))
        for year in range(start.year, last.year + 1):
            for kind, first, length in _absences(rng, year):
                end = first + timedelta(days=length - 1)
                begin = max(tenure.hired + timedelta(days=40), start)
                apart = all(end < one or first > other for _, one, other in tenure.away)
                planned = kind == "vacation" or first < today
                if begin <= first and end < last and apart and planned:
                    tenure.away.append((kind, first, end))
        tenure.away.sort(key=lambda leave: leave[1])
        made.append(tenure)
    return made


def _absences(rng: np.random.Generator, year: int) -> list[tuple[str, date, int]]:
    """A year's vacations, some of them at its end, and now and then a cold: kind, first day, days."""

    def monday(week: int) -> date:
        return date.fromisocalendar(year, week, 1)

    spring, summer, autumn, cold = (int(rng.integers(*weeks)) for weeks in ((6, 22), (26, 35), (40, 45), (2, 46)))
    found = [
        ("vacation", monday(spring), 5),
        ("vacation", monday(summer), 19 if rng.random() < 0.3 else 12),
        ("vacation", monday(autumn), 5),
    ]
    if rng.random() < 0.6:
        found.append(("vacation", date(year, 12, 24), 7))
    if rng.random() < 0.5:
        found.append(("sick", monday(cold) + timedelta(days=int(rng.integers(0, 3))), int(rng.integers(1, 3))))
    return found


def calendar_of(
    *,
    seats: list[Seat],
    markets: dict[str, Market],
    tenures: list[Tenure],
    holidays: dict[str, set[date]],
    start: date,
    today: date,
) -> Calendar:
    """Everybody's days. A vacation day's share moves to the present days of its month (R3)."""
    days = np.arange(np.datetime64(start, "D"), np.datetime64(today, "D") + AHEAD)
    weekday = (days.astype(np.int64) + 3) % 7 < 5
    working = {
        region: weekday & ~np.isin(days, np.array(sorted(free), dtype="datetime64[D]"))
        for region, free in holidays.items()
    }
    month = days.astype("datetime64[M]").astype(np.int64)
    bucket = month - month[0]
    of_year = month % 12
    quarter = bucket // 3
    season = np.array(QUARTERS)[of_year // 3]
    here = np.zeros((len(seats), len(days)), bool)
    plan = np.zeros((len(seats), len(days)))
    late = np.zeros_like(plan)
    for row, (seat, tenure) in enumerate(zip(seats, tenures, strict=True)):
        market = markets.get(seat.team)
        calendar = working[market.holidays if market else ""]
        employed = calendar & (days >= np.datetime64(tenure.hired))
        if tenure.left:
            employed &= days < np.datetime64(tenure.left)
        away, relieved = np.zeros(len(days), bool), np.zeros(len(days), bool)
        for kind, first, last in tenure.away:
            span = (days >= np.datetime64(first)) & (days <= np.datetime64(last))
            away |= span
            relieved |= span & (kind == "parental")
        here[row] = employed & ~away
        asked = np.where(employed & ~relieved, float(seat.fte), 0.0)
        if seat.story in {"ramp", "joined"}:
            asked *= ramp_of(tenure.hired, days)
        per_month = np.bincount(bucket, calendar)[bucket]
        for shares, into in ((MONTHS, plan), (LATE_MONTHS, late)):
            shape = np.where(per_month > 0, season * np.array(shares)[of_year] / np.maximum(per_month, 1), 0.0)
            # The rush within a quarter's last month, its sum kept.
            rush = np.where((of_year % 3 == 2) & (_days_to_end(days) < 12), 1.25, 1.0)
            shape *= rush * (per_month / np.maximum(np.bincount(bucket, calendar * rush)[bucket], 1))
            into[row] = _moved_to_present(shape * asked, here[row], bucket)
    growth = (1 + GROWTH) ** (np.arange(len(days)) / 365.25)
    return Calendar(today, start, days, working, here, plan, late, quarter, growth)


def ramp_of(hired: date, days: Days) -> Floats:
    """What is asked of somebody in their month of tenure, from the start date (R2)."""
    tenure = (days - np.datetime64(hired)).astype(np.int64) * 12 // 365
    return np.array([*RAMP, 100])[np.clip(tenure, 0, len(RAMP))] / 100


def _days_to_end(days: Days) -> Ints:
    ends = (days.astype("datetime64[M]") + 1).astype("datetime64[D]")
    return (ends - days).astype(np.int64)


def _moved_to_present(shares: Floats, present: Bools, bucket: Ints) -> Floats:
    whole, there = np.bincount(bucket, shares), np.bincount(bucket, shares * present)
    factor = np.divide(whole, there, out=np.zeros_like(whole), where=there > 0)
    return shares * present * factor[bucket]
