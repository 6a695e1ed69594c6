"""The past, replayed with only what was known then, beside three plain methods."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from math import ceil
from typing import Any

import numpy as np
from django.db import connection

from salesmgmt.lib.clock import close_of
from salesmgmt.lib.money import to_cents
from salesmgmt.lib.periods import Kind, Period
from salesmgmt.lib.ranges import half_open
from salesmgmt.lib.refusals import Refused
from targets.models import BOOKINGS
from targets.selectors import quota_of
from teams.models import Leave, Organisation, Posting

from ..analysis import forecast as method
from ..models import BacktestScore, FlagCost, FlagKind
from .forecasting import EPOCH, Forecast, History, cuts, forecasts_of, number, odds_from, outlook, read, together

CHECKPOINTS = (Decimal("0.1"), Decimal("0.25"), Decimal("0.5"), Decimal("0.75"), Decimal("0.9"))
WHOLE = 7  # days into a period that the first record may be, for the period to be whole


@dataclass(frozen=True, slots=True)
class Quota:
    """Where quotas come from: the ledger as it was known, or the mean of up to `trailing` whole periods before."""

    trailing: int = 0

    @classmethod
    def parse(cls, text: str) -> "Quota":
        kind, _, count = text.partition(":")
        if text == "ledger":
            return cls()
        if kind == "trailing" and count.isdigit() and 1 <= int(count) <= 12:
            return cls(int(count))
        raise Refused(f"“{text}” is no way to quotas; it is ledger, or trailing:4 for the mean of four periods before.")


def parse_checkpoints(text: str) -> list[Decimal]:
    """Shares of a period, such as 0.1,0.25,0.5."""
    try:
        found = [Decimal(part.strip()) for part in text.split(",")]
    except ArithmeticError:
        found = []
    if not found or not all(part.is_finite() and 0 < part < 1 for part in found):
        raise Refused(f"“{text}” are no checkpoints; they are shares of a period such as 0.1,0.25,0.5,0.75.")
    return sorted(set(found))


@dataclass(frozen=True, slots=True)
class Case:
    """A person, or a team with all below it, at a checkpoint: what was said, and what came of it."""

    person_id: int
    """0: the team; and of team 0 the company."""
    team_id: int
    period: str
    checkpoint: Decimal
    as_of: date
    quota: Decimal
    credited: Decimal
    expected: Decimal | None
    low: Decimal | None
    high: Decimal | None
    p_miss: float | None
    p_before: float | None
    flagged: bool
    final: Decimal
    last_final: Decimal | None
    pipeline: Decimal | None

    @property
    def missed(self) -> bool:
        return self.final < self.quota


def checkpoint_day(period: Period, checkpoint: Decimal) -> date:
    """The day at whose end the checkpoint is: ⌈share × days⌉ of the period are over."""
    return period.start + timedelta(days=ceil(checkpoint * period.days) - 1)


def replay(
    *,
    checkpoints: Sequence[Decimal] = CHECKPOINTS,
    quota: Quota | None = None,
    until: date,
    kind: Kind = "quarter",
    organisation: Organisation | None = None,
) -> Iterator[Case]:
    """Every past period that the records cover, at each checkpoint, with only what was known on that day."""
    organisation = organisation or Organisation.get()
    history = read(since=date(1900, 1, 1), organisation=organisation)
    if history.known.since == method.NEVER:
        return
    period = Period.of(EPOCH + timedelta(days=history.known.since), kind, organisation.calendar)
    said: list[tuple[float, bool, str]] = []
    while period.end <= until:
        odds = odds_from(said)
        cases = list(judge(history, period, checkpoints=checkpoints, quota=quota, odds=odds, organisation=organisation))
        yield from cases
        lately = {period.shift(-back).key for back in range(method.PAST)}
        said = [one for one in said if one[2] in lately]
        said += [(one.p_before, one.missed, one.period) for one in people_of(cases) if one.p_before is not None]
        period = period.shift(1)


def judge(
    history: History,
    period: Period,
    *,
    checkpoints: Sequence[Decimal] = CHECKPOINTS,
    quota: Quota | None = None,
    odds: tuple[float, float] = (0.0, 1.0),
    organisation: Organisation,
) -> Iterator[Case]:
    """A period that is over, at each checkpoint; nothing where the records don't reach from a period before to its end.

    The history has to reach as far back as a forecast looks; `odds` are what was learned from the periods before.
    """
    quota = quota or Quota()
    known, names = history.known, list(history.people)
    before = [period.shift(-k) for k in range(quota.trailing or 4, 0, -1) if _is_whole(known, period.shift(-k))]
    if not before or not _reaches(known, period):
        return
    flagged_from = float(FlagCost.objects.get(kind=FlagKind.MISS).threshold)
    finals = method.sums(known, [cuts(period)])[:, 0]
    there = np.array([method.presence(known, cuts(one)) > 0.5 for one in before])
    for checkpoint in checkpoints:
        on = checkpoint_day(period, checkpoint)
        then = method.sums(known.at(number(on)), [cuts(one) for one in before])
        here = _here(known, number(on), number(period.end))
        if quota.trailing:
            means = (then.T * there).sum(0) / np.maximum(there.sum(0), 1)
            goals = {names[k]: _cents(means[k]) for k in np.flatnonzero(here & (means > 0)).tolist()}
        else:
            moment = close_of(on, organisation.time_zone)
            quotas = quota_of(person_ids=names, start=period.start, end=period.end, known=moment)
            goals = {pk: to_cents(goal) for pk, goal in quotas.items() if goal > 0 and here[history.people[pk]]}
        relieved = Leave.objects.filter(kind__relieves_quota=True, during__overlap=half_open(on, period.end))
        for pk in relieved.filter(person__in=goals, during__startswith__gt=on).values_list("person_id", flat=True):
            goals.pop(pk, None)
        if not goals:
            continue
        at = outlook(history, period, on, odds=odds)
        found = forecasts_of(at, list(goals), goals, {}, as_of=on)
        posted = dict(Posting.objects.on(on).filter(person__in=goals).values_list("person_id", "team__path"))
        pipeline = _pipeline(period, on)
        teams: dict[int, list[Case]] = {}
        for pk, goal in goals.items():
            k, said = history.people[pk], found[pk]
            straight = None if said.p_miss is None else said.parts["p_miss"]
            flagged = said.p_miss is not None and said.p_miss >= flagged_from
            case = Case(
                pk, [0, *posted.get(pk, ())][-1], period.key, checkpoint, on, goal, said.credited, said.expected,
                said.low, said.high, said.p_miss, straight, flagged, _cents(finals[k]), _cents(then[k, -1]),
                None if pipeline is None else pipeline.get(pk, Decimal(0)),
            )  # fmt: skip
            yield case
            for team in (0, *posted.get(pk, ())):
                teams.setdefault(team, []).append(case)
        yield from (_together(team, cases, found, flagged_from) for team, cases in teams.items() if len(cases) > 1)


def people_of(cases: Iterable[Case]) -> list[Case]:
    return [case for case in cases if case.person_id]


def _together(team: int, cases: Sequence[Case], found: Mapping[int, Forecast], flagged_from: float) -> Case:
    """A team of these people, as one: what was said of it, and what they brought, less what counts for no team."""

    def whole(name: str) -> Decimal:
        parts = (
            (getattr(case, name) or Decimal(0)) * Decimal(str(found[case.person_id].parts["primary"])) for case in cases
        )
        return to_cents(sum(parts, Decimal(0)))

    one, quota, credited = cases[0], sum((case.quota for case in cases), Decimal(0)), whole("credited")
    said = together([found[case.person_id] for case in cases], quota=quota, credited=credited, as_of=one.as_of)
    return Case(
        0, team, one.period, one.checkpoint, one.as_of, quota, credited, said.expected, said.low, said.high,
        said.p_miss, said.p_miss, said.p_miss is not None and said.p_miss >= flagged_from, whole("final"),
        whole("last_final"), None if one.pipeline is None else whole("pipeline"),
    )  # fmt: skip


def _cents(value: float) -> Decimal:
    return Decimal(f"{value:.2f}")


def _is_whole(known: method.Known, period: Period) -> bool:
    return known.since - number(period.start) <= WHOLE


def _reaches(known: method.Known, period: Period) -> bool:
    """Whether there are records to the end of a period."""
    days = (known.on, known.opened, known.closed[known.closed < method.NEVER])
    return bool(max(one.max(initial=0) for one in days) + 1 >= number(period.end) - WHOLE)


def _here(known: method.Known, day: int, end: int) -> Any:
    """Who is there on the day and stays to the end: who leaves misses for a reason of its own."""

    def on(one: int) -> Any:
        stands = (known.weight > 0) & (known.start <= one) & (known.until > one)
        return np.bincount(known.person[stands], minlength=known.people) > 0

    return on(day) & on(end - 1)


def _pipeline(period: Period, on: date) -> dict[int, Decimal] | None:
    """Open deals that were due in the period, times their stage's probability; None where no deal was open at all."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT v.person_id, sum(v.value * s.probability / 100)
                   FILTER (WHERE v.due_on IS NULL OR (v.due_on >= %(start)s AND v.due_on < %(end)s))
              FROM performance_dealversion v JOIN sales_stage s ON s.id = v.stage_id
             WHERE v.status = 'open' AND v."on" <= %(on)s AND (v.until IS NULL OR v.until > %(on)s)
             GROUP BY 1
            """,
            {"start": period.start, "end": period.end, "on": on},
        )
        rows = cursor.fetchall()
    return {person: to_cents(total or Decimal(0)) for person, total in rows} if rows else None


# ── How good they were ──────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Method:
    """A way to forecast, judged: mean squared error of its probability, hits, false alarms, and error of amounts."""

    name: str
    brier: float
    wape: float
    hits: float | None
    """Of those who missed, the share that was flagged."""
    false_alarms: float | None
    """Of those flagged, the share that did reach it."""


@dataclass(frozen=True, slots=True)
class Fifth:
    """Cases whose probability lies in a fifth: what was said on average, and what share missed."""

    low: float
    high: float
    count: int
    said: float | None
    missed: float | None


@dataclass(frozen=True, slots=True)
class Scores:
    """Everything the page says of some cases."""

    count: int
    unknown: int
    methods: list[Method]
    fifths: list[Fifth]
    held: float | None
    """Share of the 80 % ranges that held."""


FIFTHS, BINS = 5, 100


@dataclass(slots=True)
class Tally:
    """Counts and sums of cases, that add up: of those of which the forecast says something."""

    count: int = 0
    unknown: int = 0
    held: int = 0
    final: float = 0.0
    fifths: list[list[float]] = field(default_factory=lambda: [[0, 0.0, 0] for _ in range(FIFTHS)])
    """Of each fifth of the probabilities: cases, sum of what was said, missed."""
    missed: list[int] = field(default_factory=lambda: [0] * (BINS + 1))
    """Cases that missed by whole hundredths of the probability, and below those that reached it."""
    reached: list[int] = field(default_factory=lambda: [0] * (BINS + 1))
    methods: dict[str, list[float]] = field(default_factory=dict)
    """Of each method: cases, squared errors of probability, errors of amounts, hits, warned."""

    def add(self, other: "Tally") -> None:
        for name in ("count", "unknown", "held", "final"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for mine, more in zip(self.fifths, other.fifths, strict=True):
            mine[:] = [a + b for a, b in zip(mine, more, strict=True)]
        self.missed = [a + b for a, b in zip(self.missed, other.missed, strict=True)]
        self.reached = [a + b for a, b in zip(self.reached, other.reached, strict=True)]
        for name, sums in other.methods.items():
            self.methods[name] = [a + b for a, b in zip(self.methods.get(name, [0.0] * 5), sums, strict=True)]


OURS, LINEAR, SAME, STAGES = (
    "Paceline", "Linear by calendar days", "Same as last period", "Pipeline × stage probability"
)  # fmt: skip


def tally(cases: Iterable[Case]) -> Tally:
    """The forecast and three plain methods on the same cases."""
    found = Tally()
    for case in cases:
        if case.p_miss is None or case.expected is None:
            found.unknown += 1
            continue
        found.count += 1
        found.held += (case.low or 0) <= case.final <= (case.high or 0)
        found.final += float(case.final)
        fifth = found.fifths[min(int(case.p_miss * FIFTHS), FIFTHS - 1)]
        fifth[:] = [fifth[0] + 1, fifth[1] + case.p_miss, fifth[2] + case.missed]
        (found.missed if case.missed else found.reached)[int(round(case.p_miss * 10_000) // 100)] += 1
        said = {
            OURS: (case.p_miss, float(case.expected), case.flagged),
            LINEAR: _yes_or_no(case, float(case.credited) / float(case.checkpoint)),
            SAME: _yes_or_no(case, float(case.last_final or 0)),
        }
        if case.pipeline is not None:
            said[STAGES] = _yes_or_no(case, float(case.credited + case.pipeline))
        for name, (p, landing, warns) in said.items():
            sums = found.methods.setdefault(name, [0.0] * 5)
            new = (1, (p - case.missed) ** 2, abs(landing - float(case.final)), warns and case.missed, warns)
            sums[:] = [a + b for a, b in zip(sums, new, strict=True)]
    return found


def _yes_or_no(case: Case, landing: float) -> tuple[float, float, bool]:
    warns = landing < float(case.quota)
    return float(warns), landing, warns


def scores_of(found: Tally) -> Scores:
    """What a page says of them; a method that says nothing of some of them is left out."""
    missed = sum(found.missed)
    methods = [
        Method(
            name, squares / n, off / found.final if found.final else 0.0, hits / missed if missed else None,
            (warned - hits) / warned if warned else None,
        )
        for name in (OURS, LINEAR, SAME, STAGES)  # JSON keeps no order
        for n, squares, off, hits, warned in [found.methods.get(name, [0.0] * 5)]
        if n == found.count > 0
    ]  # fmt: skip
    fifths = [
        Fifth(k / FIFTHS, (k + 1) / FIFTHS, int(n), said / n if n else None, failed / n if n else None)
        for k, (n, said, failed) in enumerate(found.fifths)
    ]
    return Scores(found.count, found.unknown, methods, fifths, found.held / found.count if found.count else None)


@dataclass(frozen=True, slots=True)
class Judged:
    """The last replay: over all, at each checkpoint, and of teams and the company together."""

    periods: list[str]
    people: Tally
    at_each: list[tuple[Decimal, Tally]]
    teams: Tally

    def every(self) -> Iterator[tuple[str, Decimal | None, Tally]]:
        """People over all and at each checkpoint, teams and the company over all."""
        yield "people", None, self.people
        yield from (("people", point, one) for point, one in self.at_each)
        yield "teams", None, self.teams


def judged() -> Judged:
    """From what is kept of each period, in one query."""
    people, teams, periods = Tally(), Tally(), set()
    at_each: dict[Decimal, Tally] = {}
    for row in BacktestScore.objects.filter(measure=BOOKINGS).order_by("period", "checkpoint"):
        found = Tally(**row.tally)
        if row.level == BacktestScore.Level.TEAM:
            teams.add(found)
            continue
        periods.add(row.period)
        people.add(found)
        at_each.setdefault(row.checkpoint, Tally()).add(found)
    return Judged(sorted(periods), people, sorted(at_each.items()), teams)
