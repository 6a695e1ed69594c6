"""Fiscal periods as values with a key for URLs and people: `2026-07`, `2026-Q3`, `2026-FY`. Half-open."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

Kind = Literal["month", "quarter", "year"]
_KEY = re.compile(r"^(\d{4})-(?:(0[1-9]|1[0-2])|Q([1-4])|FY)$")


def _add_months(day: date, months: int) -> date:
    index = day.year * 12 + day.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """A month, quarter or year of a fiscal calendar that starts in `fiscal_month` (1 to 12).

    A fiscal year carries the number of the calendar year in which it ends, so with a start in July, 2026-Q1 is
    July to September 2025. A month keeps its calendar key.
    """

    start: date
    end: date
    kind: Kind
    key: str
    fiscal_month: int = 1

    @classmethod
    def parse(cls, key: str, *, fiscal_month: int = 1) -> "Period":
        """The period of a key. Raises ValueError with a sentence fit for the person."""
        match = _KEY.match(key)
        if match is None or not 1900 <= int(match[1]) <= 9998:
            raise ValueError(f"“{key}” is not a period; use a key such as 2026-07, 2026-Q3 or 2026-FY.")
        year = int(match[1])
        if match[2]:
            start = date(year, int(match[2]), 1)
            return cls(start, _add_months(start, 1), "month", key, fiscal_month)
        first = date(year if fiscal_month == 1 else year - 1, fiscal_month, 1)
        if match[3]:
            start = _add_months(first, 3 * (int(match[3]) - 1))
            return cls(start, _add_months(start, 3), "quarter", key, fiscal_month)
        return cls(first, _add_months(first, 12), "year", key, fiscal_month)

    @classmethod
    def of(cls, day: date, kind: Kind, *, fiscal_month: int = 1) -> "Period":
        """The period of a kind that holds a day."""
        if kind == "month":
            return cls.parse(f"{day:%Y-%m}", fiscal_month=fiscal_month)
        since = (day.month - fiscal_month) % 12
        first = _add_months(day.replace(day=1), -since)
        year = first.year if fiscal_month == 1 else first.year + 1
        key = f"{year:04d}-FY" if kind == "year" else f"{year:04d}-Q{since // 3 + 1}"
        return cls.parse(key, fiscal_month=fiscal_month)

    def __str__(self) -> str:
        return self.key

    def __contains__(self, day: date) -> bool:
        return self.start <= day < self.end

    @property
    def last_day(self) -> date:
        return self.end - timedelta(days=1)

    @property
    def label(self) -> str:
        """As people say it: "Jul 2026", "Q3 2026", "FY 2026"."""
        if self.kind == "month":
            return f"{self.start:%b %Y}"
        return f"{self.key[5:]} {self.key[:4]}"

    @property
    def days(self) -> int:
        return (self.end - self.start).days

    def shift(self, by: int) -> "Period":
        """The period `by` places later (negative: earlier)."""
        months = {"month": 1, "quarter": 3, "year": 12}[self.kind] * by
        return Period.of(_add_months(self.start, months), self.kind, fiscal_month=self.fiscal_month)

    def parent(self) -> "Period | None":
        """The quarter of a month, the year of a quarter, nothing above a year."""
        above: dict[Kind, Kind] = {"month": "quarter", "quarter": "year"}
        kind = above.get(self.kind)
        return Period.of(self.start, kind, fiscal_month=self.fiscal_month) if kind else None

    def months(self) -> list["Period"]:
        """Its months, the smallest stored periods, in order (a month: itself)."""
        count = {"month": 1, "quarter": 3, "year": 12}[self.kind]
        first = Period.of(self.start, "month", fiscal_month=self.fiscal_month)
        return [first.shift(n) for n in range(count)]
