"""Companies with causes built in (tests.companies), read as flags read them, but from arrays instead of a database."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cache

import numpy as np

from performance.analysis import Past, rhythms
from performance.analysis import forecast as method
from performance.analysis.flags import Counts, Result, Seen, chances, due_of
from performance.analysis.levers import Work
from performance.selectors.causes import Reason, reason_of
from performance.selectors.findings import HALF, THERE, Reading, Window, lengths_of
from performance.selectors.forecasting import ENOUGH
from performance.selectors.levers import Look, look_of
from salesmgmt.lib.periods import CALENDAR_YEARS
from teams.models import Person
from tests.companies import Cause, Company, Style, generate, known_of, quarters_of

KINDS = ("activity", "conversion", "size", "speed", "stretch")
STRETCHED = 1.7
LATE = 0.85  # of what a late seller decides waits for the last three weeks


RAMP = (0.2, 0.4, 0.6, 0.8)  # of a quota, in the first months
MONTH = 30.44


@dataclass(frozen=True)
class Planted:
    """A company on a day in its last quarter, the truth about it, and what flags read."""

    company: Company
    window: Window
    truth: dict[int, str]
    readings: dict[int, Reading]
    rushed: dict[int, float]
    looks: dict[int, Look]

    def reason(self, person: int) -> Reason:
        chance = self.readings[person].chances
        sure = chance.lever if chance.of.get(chance.lever, 0.0) >= 0.5 else ""
        reading = self.readings[person]
        by_now = float(reading.quota) * reading.rhythm.share
        return reason_of(self.looks[person], otherwise="Credited less than expected", likely=sure, by_now=by_now)


@cache
def plant(
    seed: int, style: str | Style, *, causes: int = 3, back: int = 45, factor: float = 0.5, share: float = 0.5,
    kind: str = "", away: int = 0, late: int = 0, **more: float,
) -> Planted:  # fmt: skip
    """`causes` people of those who were there from the start get one (of `kind`) `back` days before the quarter.

    `away` others were on leave that relieved their quota for some weeks of the last year; who came later, by `churn`,
    began on ramp. `late` people, drawn from all, sell at the end of the quarter.
    """
    plain = generate(seed, style, **more)
    last, end = plain.quarters[-2], plain.quarters[-1]
    there = [p for p in range(plain.people) if plain.joined[p] < plain.quarters[0] and plain.left[p] > end]
    rng = np.random.default_rng(seed)
    mixed = rng.permutation(there).tolist()
    truth = {p: kind or KINDS[rng.integers(len(KINDS))] for p in mixed[:causes]}
    made = {p: Cause(what, last - back, factor) for p, what in truth.items() if what != "stretch"}
    as_of = last + int(share * (end - last).astype(int)) - 1
    for p in mixed[causes : causes + away]:
        since = as_of - int(rng.integers(50, 330))
        made[p] = Cause("leave", since, until=since + int(rng.integers(21, 91)))
    rushed = {int(p): LATE for p in np.random.default_rng([seed, late]).choice(there, late, replace=False)}
    company = generate(seed, style, made, rushed=rushed, **more)
    new = [p for p in range(plain.people) if plain.quarters[0] < plain.joined[p] < as_of - 30 and plain.left[p] > end]
    return _read(company, Window.at(as_of.astype(date), CALENDAR_YEARS), truth, there + new, made, rushed)


def _asked(company: Company, person: int, made: Mapping[int, Cause], start: date, end: date) -> np.ndarray:
    """By day, how much of a whole quota is asked: nothing before they came and on leave, less on ramp."""
    days = np.arange(_d(start), _d(end))
    tenure = (days - company.joined[person]).astype(int)
    month = np.clip(tenure / MONTH, 0, len(RAMP)).astype(int)
    asked = np.array([*RAMP, 1.0])[month] * (tenure >= 0)
    if person in made and made[person].kind == "leave":
        asked[made[person].on(days)] = 0
    return asked


def _read(
    company: Company,
    window: Window,
    truth: dict[int, str],
    people: list[int],
    made: Mapping[int, Cause],
    rushed: dict[int, float],
) -> Planted:
    first = company.quarters[0].astype(date)
    start = window.period.start
    earlier = [k for k in range(1, len(company.quarters) - 1) if window.period.shift(-k).start >= first]
    pasts = {p: [] for p in people}  # type: ignore[var-annotated]
    quotas = {}
    for k in earlier:
        begun, point, end = window.earlier(k)
        before, whole = (company.credited(_d(begun), _d(day)) for day in (point, end))
        for p in people:
            pasts[p].append((before[p], whole[p] - before[p]))
    over = float((_d(window.until) - _d(start)).astype(int) / (_d(window.period.end) - _d(start)).astype(int))
    known, expected = {}, {}
    of = company.style
    for p in people:
        ends = [window.earlier(k) for k in earlier]
        parts = [float(_asked(company, p, made, begun, end).mean()) for begun, _, end in ends]
        full = [(a + b) / part for (a, b), part in zip(pasts[p], parts, strict=True) if part >= THERE][:4]
        level = company.level[p][company.level[p] > 0]
        usual = float(np.mean(full)) if full else float(level.mean()) * of.deals * of.win_rate * of.size
        usual *= STRETCHED if truth.get(p) == "stretch" else 1.0
        asks = _asked(company, p, made, start, window.period.end)
        quotas[p] = usual * float(asks.mean())
        expected[p] = usual * float(asks[: int(over * len(asks))].sum() / len(asks))
        known[p] = [
            Past(a, b, usual * part, part) for (a, b), part in zip(pasts[p], parts, strict=True) if part > 0
        ]  # fmt: skip
    usual_rhythm = rhythms(known, elapsed=over)
    credited = company.credited(_d(window.start), _d(window.until))
    readings = {}
    for p in people:
        lately = _asked(company, p, made, window.until - timedelta(days=21), window.until)
        ramped = (_d(start) - company.joined[p]).astype(int) < len(RAMP) * MONTH
        readings[p] = Reading(
            Person(pk=p + 1, name=f"P{p}"), _money(credited[p]), _money(expected[p]), _money(quotas[p]), over,
            usual_rhythm[p], known[p], threshold=1 / 3, is_exempt=bool(ramped or (lately < 1).any()),
        )  # fmt: skip
    windows = lengths_of(window)
    looks: list[dict[int, Seen]] = []
    for now, *before_now in windows.values():
        past = [days for days in before_now if days[0] >= first]
        due = due_of(
            company.owner, company.opened.astype(int),
            np.where(np.isnat(company.decided), method.NEVER, company.decided.astype(int)),
            [(int(_d(a).astype(int)), int(_d(b).astype(int))) for a, b in (now, *past)], company.people,
        )  # fmt: skip
        own, *counted = (_counts(company, *days, one) for days, one in zip((now, *past), due, strict=True))
        then = list(zip(past, counted, strict=True))
        looks.append({})
        for p in people:
            asked = {days: _asked(company, p, made, *days) for days in (now, *(days for days, _ in then))}
            here = {days: float((asked[days] > 0).mean()) for days in asked}
            seen = [replace(one[p], days=one[p].days * here[days]) for days, one in then]
            mine = replace(own[p], days=own[p].days * here[now])
            looks[-1][p] = Seen(mine, [one for one in seen if one.days * 2 >= mine.days > 0])
    results = {p: Result(r.deviation, -HALF * r.rhythm.share / r.rhythm.spread) for p, r in readings.items()}
    late = {p for p, reading in readings.items() if reading.sells_late}
    for p, chance in chances(looks, results, late).items():
        readings[p].chances, readings[p].seen = chance, looks[0][p]
    if any(reading.is_behind for reading in readings.values()):
        _forecast(company, window, made, readings)
    return Planted(company, window, truth, readings, rushed, _looks(company, window, people, quotas, over))


def _forecast(company: Company, window: Window, made: Mapping[int, Cause], readings: dict[int, Reading]) -> None:
    """What the forecast of that day says of each."""
    known, quarters = known_of(company), quarters_of(company)
    away = [(p, cause) for p, cause in made.items() if cause.kind == "leave"]
    last = int((_d(window.until) - 1).astype(int))
    then = replace(
        known, person=np.r_[known.person, [p for p, _ in away]].astype(int),
        start=np.r_[known.start, [cause.since.astype(int) for _, cause in away]].astype(int),
        until=np.r_[known.until, [cause.until.astype(int) for _, cause in away]].astype(int),
        weight=np.r_[known.weight, -np.ones(len(away))],
    ).at(last)  # fmt: skip
    landing = method.project(method.learn(then, quarters, last), then, quarters, last)
    some = np.array(list(readings))
    gap = np.array([float(reading.quota) - float(reading.credited) for reading in readings.values()])
    spread = (landing.variance + landing.shared**2)[some]
    for p, p_miss in zip(some.tolist(), method.below(gap, landing.rest[some], spread, landing.unit[some]), strict=True):
        if landing.seen[p] >= ENOUGH:
            readings[p].p_miss = float(p_miss)


def _looks(
    company: Company, window: Window, people: list[int], quotas: Mapping[int, float], over: float
) -> dict[int, Look]:
    bounds = {0: (window.start, window.until)} | {k: window.earlier(k)[:2] for k in range(1, 5)}
    counts = {k: _counts(company, *days, np.zeros(company.people)) for k, days in bounds.items()}
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


def _counts(company: Company, start: date, until: date, due: np.ndarray) -> dict[int, Counts]:
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
            float(sizes.var(ddof=1)) if len(sizes) > 2 else None, float(undecided[p]), float(due[p]),
        )  # fmt: skip
    return found


def _d(day: date) -> np.datetime64:
    return np.datetime64(day, "D")


def _money(value: float) -> Decimal:
    return Decimal(str(round(float(value), 2)))
