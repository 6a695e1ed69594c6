"""Fiscal calendars, and periods as values with a key for URLs and people. Half-open.

Keys: `2026-W31` an ISO week, `2026-07` a calendar month, `2026-P07` a period of weeks (4-4-5, 13 periods), `2026-Q3` a
quarter, `2026-FY` a year.
"""

import re
from bisect import bisect_right
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import lru_cache
from itertools import cycle
from typing import Literal

Kind = Literal["week", "month", "quarter", "year"]
Layout = Literal["months", "4-4-5", "4-5-4", "5-4-4", "13"]
WEEKS: dict[Layout, tuple[int, ...]] = {
    "4-4-5": (4, 4, 5),
    "4-5-4": (4, 5, 4),
    "5-4-4": (5, 4, 4),
    "13": (4,),
}
"""How many weeks the periods of a layout have, over and over; `months` follows the calendar."""

WEEK = timedelta(days=7)
SHORTEST = 14  # days; what is left of a year and shorter joins the period before it
_KEY = re.compile(r"^(\d{4})-(?:(0[1-9]|1[0-2])|P(\d\d)|Q([1-9])|W(\d\d)|FY)$")


def _add_months(day: date, months: int) -> date:
    index = day.year * 12 + day.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


@dataclass(frozen=True, slots=True)
class SetUp:
    """How fiscal years go from one of them on: when it starts, and into which periods it falls.

    A year of months starts on the first of a month, the next ones on the same. A year of weeks starts on a weekday, the
    next ones on the same weekday: the one nearest to the first of that month, or the last one not after it. So some
    years have 53 weeks.
    """

    year: int
    starts_on: date
    layout: Layout = "months"
    nearest: bool = True

    @property
    def first_of_month(self) -> date:
        """The first day of the month that the year begins with, or near to."""
        if self.layout == "months":
            return self.starts_on.replace(day=1)
        return (self.starts_on + timedelta(days=3 if self.nearest else 6)).replace(day=1)

    def start_of(self, year: int) -> date:
        """The first day of a fiscal year, were it for this set-up alone."""
        if year == self.year:
            return self.starts_on
        first = self.first_of_month
        first = date(first.year + year - self.year, first.month, 1)
        if self.layout == "months":
            return first
        back = (first.weekday() - self.starts_on.weekday()) % 7
        return first + timedelta(days=7 - back if self.nearest and back > 3 else -back)


@dataclass(frozen=True, slots=True)
class FiscalCalendar:
    """Set-ups, the earliest first: each holds until the year of the next; the first one before it too.

    A year ends where the next one starts, so the last year before a change may be shorter or longer than a year, and
    time has no gap and no overlap.
    """

    setups: tuple[SetUp, ...]

    @classmethod
    def from_month(cls, month: int) -> "FiscalCalendar":
        """Years of months from a month on, that carry the number of the calendar year in which they end."""
        return cls((SetUp(1900, date(1900 if month == 1 else 1899, month, 1)),))

    def setup_of(self, year: int) -> SetUp:
        return self.setups[max(bisect_right(self.setups, year, key=lambda setup: setup.year) - 1, 0)]

    def start_of(self, year: int) -> date:
        return self.setup_of(year).start_of(year)

    def year_of(self, day: date) -> int:
        """The number of the fiscal year that holds a day."""
        setup = self.setups[max(bisect_right(self.setups, day, key=lambda setup: setup.starts_on) - 1, 0)]
        year = setup.year + day.year - setup.first_of_month.year
        while self.start_of(year) > day:
            year -= 1
        while self.start_of(year + 1) <= day:
            year += 1
        return year

    def changed(self, setup: SetUp) -> "FiscalCalendar":
        """With another set-up from its year on, in place of one that begins with the same year."""
        others = [each for each in self.setups if each.year != setup.year]
        return FiscalCalendar(tuple(sorted([*others, setup], key=lambda each: each.year)))


CALENDAR_YEARS = FiscalCalendar.from_month(1)


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """A week, or a month (the smallest period of the fiscal calendar), quarter or year of it.

    A fiscal year carries the number of the calendar year in which it ends, unless a set-up says otherwise: with a start
    in July, 2026-Q1 is July to September 2025. A calendar month keeps its key whatever the year.
    """

    start: date
    end: date
    kind: Kind
    key: str
    calendar: FiscalCalendar = field(default=CALENDAR_YEARS, compare=False, repr=False)

    @classmethod
    def parse(cls, key: str, calendar: FiscalCalendar = CALENDAR_YEARS) -> "Period":
        """The period of a key. Raises ValueError with a sentence fit for the person."""
        match = _KEY.match(key)
        if match is None or not 1900 <= int(match[1]) <= 9990:
            raise ValueError(f"“{key}” is not a period; use a key such as 2026-07, 2026-Q3 or 2026-FY.")
        year = int(match[1])
        found: Period | None
        if match[5]:
            found = _week(key, calendar)
        elif match[2]:
            found = cls.of(date(year, int(match[2]), 1), "month", calendar)
        else:
            of_year = _year(calendar, year)
            of_kind = of_year.months if match[3] else of_year.quarters if match[4] else (of_year.whole,)
            found = next((period for period in of_kind if period.key == key), None)
        if found is None or found.key != key:
            raise ValueError(f"“{key}” is not a period of this fiscal calendar{_near(key, year, calendar)}.")
        return found

    @classmethod
    def kept(cls, key: str, start: date, end: date, calendar: FiscalCalendar = CALENDAR_YEARS) -> "Period":
        """The period that a record was made for: with its own days, whatever the calendar says of the key now."""
        kinds: dict[str, Kind] = {"Q": "quarter", "W": "week", "F": "year"}
        return cls(start, end, kinds.get(key[5:6], "month"), key, calendar)

    @classmethod
    def of(cls, day: date, kind: Kind, calendar: FiscalCalendar = CALENDAR_YEARS) -> "Period":
        """The period of a kind that holds a day."""
        if kind == "week":
            year, week, weekday = day.isocalendar()
            start = day - timedelta(days=weekday - 1)
            return cls(start, start + WEEK, "week", f"{year:04d}-W{week:02d}", calendar)
        of_kind = _year(calendar, calendar.year_of(day)).of(kind)
        return of_kind[bisect_right(of_kind, day, key=lambda period: period.start) - 1]

    def __str__(self) -> str:
        return self.key

    def __contains__(self, day: date) -> bool:
        return self.start <= day < self.end

    @property
    def last_day(self) -> date:
        return self.end - timedelta(days=1)

    @property
    def label(self) -> str:
        """As people say it: "W31 2026", "Jul 2026", "P07 2026", "Q3 2026", "FY 2026"."""
        if self.kind == "month" and "P" not in self.key:
            return f"{self.start:%b %Y}"
        return f"{self.key[5:]} {self.key[:4]}"

    @property
    def days(self) -> int:
        return (self.end - self.start).days

    def shift(self, by: int) -> "Period":
        """The period `by` places later (negative: earlier)."""
        if self.kind == "week":
            return Period.of(self.start + by * WEEK, "week", self.calendar)
        year = self.calendar.year_of(self.start)
        of_kind = _year(self.calendar, year).of(self.kind)
        place = bisect_right(of_kind, self.start, key=lambda period: period.start) - 1 + by
        while place < 0:
            year -= 1
            of_kind = _year(self.calendar, year).of(self.kind)
            place += len(of_kind)
        while place >= len(of_kind):
            place -= len(of_kind)
            year += 1
            of_kind = _year(self.calendar, year).of(self.kind)
        return of_kind[place]

    def parent(self) -> "Period | None":
        """The quarter of a month, the year of a quarter, nothing above a year; a week may lie in two months."""
        above: dict[Kind, Kind] = {"month": "quarter", "quarter": "year"}
        kind = above.get(self.kind)
        return Period.of(self.start, kind, self.calendar) if kind else None

    def children(self) -> list["Period"]:
        """The quarters of a year, the months of a quarter, nothing below a month."""
        if self.kind != "year":
            return self.months() if self.kind == "quarter" else []
        return self.parts("quarter")

    def months(self) -> list["Period"]:
        """Its months, the smallest stored periods, in order (a month: itself; a week has none)."""
        if self.kind == "week":
            return []
        return self.parts("month")

    def weeks(self) -> list["Period"]:
        """The weeks that touch it, in order; the first and the last may reach beyond."""
        week = Period.of(self.start, "week", self.calendar)
        found = [week]
        while (week := week.shift(1)).start < self.end:
            found.append(week)
        return found

    def parts(self, kind: Kind) -> list["Period"]:
        """The months or quarters that fill it; with days of its own it may cut the first and the last of them."""
        found, year = [], self.calendar.year_of(self.start)
        while self.calendar.start_of(year) < self.end:
            found += [
                one for one in _year(self.calendar, year).of(kind) if one.start < self.end and self.start < one.end
            ]
            year += 1
        if found and found[0].start < self.start:
            found[0] = replace(found[0], start=self.start)
        if found and self.end < found[-1].end:
            found[-1] = replace(found[-1], end=self.end)
        return found


@dataclass(frozen=True, slots=True)
class _Year:
    """The periods of one fiscal year."""

    whole: Period
    quarters: tuple[Period, ...]
    months: tuple[Period, ...]

    def of(self, kind: Kind) -> tuple[Period, ...]:
        return {"month": self.months, "quarter": self.quarters}.get(kind, (self.whole,))


@lru_cache(maxsize=4096)
def _year(calendar: FiscalCalendar, year: int) -> _Year:
    """Months of a year by its layout; quarters of three months each, where one that is left over joins the last.

    So thirteen periods make quarters of 3, 3, 3 and 4, and a 53rd week belongs to the last period.
    """
    start, end = calendar.start_of(year), calendar.start_of(year + 1)
    layout = calendar.setup_of(year).layout
    starts = [start]
    if layout == "months":
        while (first := _add_months(starts[-1], 1)) < end:
            starts.append(first)
    else:
        for weeks in cycle(WEEKS[layout]):
            if (first := starts[-1] + weeks * WEEK) >= end:
                break
            starts.append(first)
    if len(starts) > 1 and (end - starts[-1]).days < SHORTEST:
        starts.pop()
    ends = [*starts[1:], end]
    months = tuple(
        Period(
            first,
            until,
            "month",
            f"{first:%Y-%m}" if layout == "months" else f"{year:04d}-P{number:02d}",
            calendar,
        )
        for number, (first, until) in enumerate(zip(starts, ends, strict=True), 1)
    )
    places = list(range(0, len(months), 3))
    if len(places) > 1 and len(months) % 3 == 1:
        places.pop()
    quarters = tuple(
        Period(months[place].start, months[until - 1].end, "quarter", f"{year:04d}-Q{number}", calendar)
        for number, (place, until) in enumerate(zip(places, [*places[1:], len(months)], strict=True), 1)
    )
    return _Year(Period(start, end, "year", f"{year:04d}-FY", calendar), quarters, months)


def _week(key: str, calendar: FiscalCalendar) -> Period | None:
    try:
        return Period.of(date.fromisocalendar(int(key[:4]), int(key[6:]), 1), "week", calendar)
    except ValueError:
        return None


def _near(key: str, year: int, calendar: FiscalCalendar) -> str:
    """What the months of that year are called, for somebody who used another calendar's key."""
    if key[5] in "QWF":
        return ""
    months = _year(calendar, year).months
    return f"; its months of {year} are {months[0].key} to {months[-1].key}"
