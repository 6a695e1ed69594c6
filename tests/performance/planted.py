"""Companies with causes built in (tests.companies), read as flags read them, but from arrays instead of a database."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

import numpy as np

from performance.analysis import Past, rhythms
from performance.analysis.flags import Counts, Result, Seen, chances
from performance.analysis.levers import Work
from performance.selectors.causes import Reason, reason_of
from performance.selectors.findings import HALF, Reading, Window, lengths_of
from performance.selectors.levers import Look, look_of
from salesmgmt.lib.periods import CALENDAR_YEARS
from teams.models import Person
from tests.companies import Cause, Company, Style, generate

KINDS = ("activity", "conversion", "size", "speed", "stretch")
STRETCHED = 1.7


@dataclass(frozen=True)
class Planted:
    """A company on a day in its last quarter, the truth about it, and what flags read."""

    company: Company
    window: Window
    truth: dict[int, str]
    readings: dict[int, Reading]
    looks: dict[int, Look]

    def reason(self, person: int) -> Reason:
        chance = self.readings[person].chances
        sure = chance.lever if chance.of.get(chance.lever, 0.0) >= 0.5 else ""
        reading = self.readings[person]
        by_now = float(reading.quota) * reading.rhythm.share
        return reason_of(self.looks[person], otherwise="Credited less than expected", likely=sure, by_now=by_now)


def plant(
    seed: int, style: str | Style, *, causes: int = 3, back: int = 45, factor: float = 0.5, share: float = 0.5,
    kind: str = "", **more: float,
) -> Planted:  # fmt: skip
    """`causes` people of those who were there from the start get one (of `kind`) `back` days before the quarter."""
    plain = generate(seed, style, **more)
    last, end = plain.quarters[-2], plain.quarters[-1]
    there = [p for p in range(plain.people) if plain.joined[p] < plain.quarters[0] and plain.left[p] > end]
    rng = np.random.default_rng(seed)
    chosen = rng.permutation(there)[:causes].tolist()
    truth = {p: kind or KINDS[rng.integers(len(KINDS))] for p in chosen}
    made = {p: Cause(what, last - back, factor) for p, what in truth.items() if what != "stretch"}
    company = generate(seed, style, made, **more)
    as_of = (last + int(share * (end - last).astype(int)) - 1).astype(date)
    return _read(company, Window.at(as_of, CALENDAR_YEARS), truth, there)


def _read(company: Company, window: Window, truth: dict[int, str], people: list[int]) -> Planted:
    windows = lengths_of(window)
    first = company.quarters[0].astype(date)
    looks = []
    for now, *past in windows.values():
        own = _counts(company, *now)
        then = [_counts(company, *days) for days in past if days[0] >= first]
        looks.append({p: Seen(own[p], [one[p] for one in then]) for p in people})
    start = window.period.start
    earlier = [k for k in range(1, len(company.quarters) - 1) if window.period.shift(-k).start >= first]
    pasts = {p: [] for p in people}  # type: ignore[var-annotated]
    quotas = {}
    for k in earlier:
        begun, point, end = window.earlier(k)
        before, whole = (company.credited(_d(begun), _d(day)) for day in (point, end))
        for p in people:
            pasts[p].append((before[p], whole[p] - before[p]))
    for p in people:
        usual = float(np.mean([a + b for a, b in pasts[p][:4]]))
        quotas[p] = usual * (STRETCHED if truth.get(p) == "stretch" else 1.0)
    known = {p: [Past(a, b, quotas[p]) for a, b in pasts[p]] for p in people}
    over = float((_d(window.until) - _d(start)).astype(int) / (_d(window.period.end) - _d(start)).astype(int))
    usual_rhythm = rhythms(known, elapsed=over)
    credited = company.credited(_d(window.start), _d(window.until))
    readings = {}
    for p in people:
        readings[p] = Reading(
            Person(pk=p + 1, name=f"P{p}"), _money(credited[p]), _money(quotas[p] * over), _money(quotas[p]), over,
            usual_rhythm[p], known[p], threshold=1 / 3,
        )  # fmt: skip
    results = {p: Result(r.deviation, -HALF * r.rhythm.share / r.rhythm.spread) for p, r in readings.items()}
    for p, chance in chances(looks, results).items():
        readings[p].chances, readings[p].seen = chance, looks[0][p]
    return Planted(company, window, truth, readings, _looks(company, window, people, quotas, over))


def _looks(
    company: Company, window: Window, people: list[int], quotas: Mapping[int, float], over: float
) -> dict[int, Look]:
    bounds = {0: (window.start, window.until)} | {k: window.earlier(k)[:2] for k in range(1, 5)}
    counts = {k: _counts(company, *days) for k, days in bounds.items()}
    credited = {k: company.credited(_d(a), _d(b)) for k, (a, b) in bounds.items()}
    return {
        p: look_of(
            {k: _work(counts[k][p], credited[k][p]) for k in bounds},
            {k: _money(quotas[p] * over) for k in bounds},
            {k: {"call": int(counts[k][p].activities)} for k in bounds},
        )
        for p in people
    }


def _work(counts: Counts, credited: float) -> Work:
    return Work(
        Fraction(counts.activities), Fraction(counts.open_deals), Fraction(counts.won), Fraction(counts.decided),
        Fraction(_money(credited)), Fraction(counts.days),
    )  # fmt: skip


def _counts(company: Company, start: date, until: date) -> dict[int, Counts]:
    a, b = _d(start), _d(until)
    n = company.people
    opened = np.bincount(company.owner[(company.opened >= a) & (company.opened < b)], minlength=n)
    decided = (company.decided >= a) & (company.decided < b)
    won = decided & company.won
    end = np.where(np.isnat(company.decided), b, np.minimum(company.decided, b))
    days = np.maximum((end - np.maximum(company.opened, a)).astype(int), 0)
    held = np.bincount(company.owner, days, minlength=n) / (b - a).astype(int)
    acted = np.bincount(company.actor[(company.acted >= a) & (company.acted < b)], minlength=n)
    undecided = np.bincount(company.owner[np.isnat(company.decided)], minlength=n)
    working = float(np.busday_count(start, until))
    found = {}
    for p in range(n):
        sizes = np.log(company.amount[won & (company.owner == p)])
        found[p] = Counts(
            working, float(acted[p]), float(opened[p]), float(held[p]), float(len(sizes)),
            float((decided & (company.owner == p)).sum()), float(sizes.mean()) if len(sizes) else 0.0,
            float(sizes.var(ddof=1)) if len(sizes) > 2 else None, float(undecided[p]),
        )  # fmt: skip
    return found


def _d(day: date) -> np.datetime64:
    return np.datetime64(day, "D")


def _money(value: float) -> Decimal:
    return Decimal(str(round(float(value), 2)))
