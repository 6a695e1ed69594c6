"""The past, replayed with only what was known then, beside three plain methods."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from math import ceil
from typing import Any

import numpy as np
from django.db import connection

from salesmgmt.lib.clock import close_of
from salesmgmt.lib.money import to_cents
from salesmgmt.lib.periods import Kind, Period
from salesmgmt.lib.refusals import Refused
from targets.selectors import quota_of
from teams.models import Organisation, Posting

from ..analysis import forecast as method
from ..models import BacktestCase, FlagCost, FlagKind
from .forecasting import EPOCH, History, cuts, forecasts_of, number, odds_from, outlook, read

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
    """A person at a checkpoint: what was said, and what came of it."""

    person_id: int
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
        said += [(one.p_before, one.missed, one.period) for one in cases if one.p_before is not None]
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
        if quota.trailing:
            means = (then.T * there).sum(0) / np.maximum(there.sum(0), 1)
            here = _here(known, number(on), number(period.end))
            goals = {names[k]: _cents(means[k]) for k in np.flatnonzero(here & (means > 0)).tolist()}
        else:
            moment = close_of(on, organisation.time_zone)
            quotas = quota_of(person_ids=names, start=period.start, end=period.end, known=moment)
            goals = {pk: to_cents(goal) for pk, goal in quotas.items() if goal > 0}
        if not goals:
            continue
        at = outlook(history, period, on, odds=odds)
        found = forecasts_of(at, list(goals), goals, {}, as_of=on)
        teams = dict(Posting.objects.on(on).filter(person__in=goals).values_list("person_id", "team_id"))
        pipeline = _pipeline(period, on)
        for pk, goal in goals.items():
            k, said = history.people[pk], found[pk]
            straight = None if said.p_miss is None else said.parts["p_miss"]
            flagged = said.p_miss is not None and said.p_miss >= flagged_from
            yield Case(
                pk, teams.get(pk, 0), period.key, checkpoint, on, goal, said.credited, said.expected, said.low,
                said.high, said.p_miss, straight, flagged, _cents(finals[k]), _cents(then[k, -1]),
                None if pipeline is None else pipeline.get(pk, Decimal(0)),
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
    stays = (known.weight > 0) & (known.start <= day) & (known.until >= end)
    return np.bincount(known.person[stays], minlength=known.people) > 0


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


def kept() -> list[BacktestCase]:
    """The cases of the last replay."""
    return list(BacktestCase.objects.order_by("period", "checkpoint", "person_id"))


def score(cases: Sequence[Case | BacktestCase]) -> Scores:
    """Judge the forecast and three plain methods on the same cases: those of which the forecast says something."""
    sure = [case for case in cases if case.p_miss is not None and case.expected is not None]
    methods = []
    if sure:
        plain = {
            "Paceline": [(float(c.p_miss or 0), float(c.expected or 0), c.flagged) for c in sure],
            "Linear by calendar days": [_yes_or_no(c, float(c.credited) / float(c.checkpoint)) for c in sure],
            "Same as last period": [_yes_or_no(c, float(c.last_final or 0)) for c in sure],
        }
        if all(c.pipeline is not None for c in sure):
            plain["Pipeline × stage probability"] = [_yes_or_no(c, float(c.credited + (c.pipeline or 0))) for c in sure]
        methods = [_judged(name, sure, said) for name, said in plain.items()]
    fifths = []
    for k in range(5):
        inside = [c for c in sure if min(int(float(c.p_miss or 0) * 5), 4) == k]
        said = sum(float(c.p_miss or 0) for c in inside) / len(inside) if inside else None
        missed = sum(1 for c in inside if c.final < c.quota) / len(inside) if inside else None
        fifths.append(Fifth(k / 5, (k + 1) / 5, len(inside), said, missed))
    held = sum(1 for c in sure if (c.low or 0) <= c.final <= (c.high or 0)) / len(sure) if sure else None
    return Scores(len(sure), len(cases) - len(sure), methods, fifths, held)


def _yes_or_no(case: Case | BacktestCase, landing: float) -> tuple[float, float, bool]:
    warns = landing < float(case.quota)
    return float(warns), landing, warns


def _judged(name: str, cases: Sequence[Case | BacktestCase], said: Sequence[tuple[float, float, bool]]) -> Method:
    missed = [case.final < case.quota for case in cases]
    brier = sum((p - miss) ** 2 for (p, _, _), miss in zip(said, missed, strict=True)) / len(cases)
    whole = sum(float(case.final) for case in cases)
    wrong = sum(abs(landing - float(case.final)) for (_, landing, _), case in zip(said, cases, strict=True))
    hit = [flagged for (_, _, flagged), miss in zip(said, missed, strict=True) if miss]
    alarm = [not miss for (_, _, flagged), miss in zip(said, missed, strict=True) if flagged]
    return Method(
        name, brier, wrong / whole if whole else 0.0, sum(hit) / len(hit) if hit else None,
        sum(alarm) / len(alarm) if alarm else None,
    )  # fmt: skip
