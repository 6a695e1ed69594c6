"""How a quota is worked out, spread over days and split: exact arithmetic, values in, values out (R1, R2, R3, R6)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from salesmgmt.lib.money import share_out
from salesmgmt.lib.refusals import Refused

K = TypeVar("K")
Shares = Mapping[date, Decimal]  # first day of a bucket of a period (month, week) → percent of it
Ramps = Mapping[str, Mapping[int, Decimal]]  # profile → month after the start → percent
Days = NDArray[Any]


class RampProfiles(dict[str, dict[int, Decimal]]):
    """Profiles by name, and by rule: (role, kind of start) → name; a role that is empty is any other."""

    def __init__(self, profiles: Mapping[str, dict[int, Decimal]], rules: Mapping[tuple[str, str], str]) -> None:
        super().__init__(profiles)
        self.rules = rules


FULL = 10_000  # FTE and ramp in ten-thousandths: both are exact whole numbers there
FLAT: Shares = {}


class Presence(Protocol):
    """A person's working days in their own calendar, and what holds on each (parallel arrays)."""

    @property
    def days(self) -> Days: ...
    @property
    def team_ids(self) -> Days: ...
    @property
    def employed(self) -> Days: ...
    @property
    def fte(self) -> Days: ...
    @property
    def relieved(self) -> Days: ...
    @property
    def away(self) -> Days: ...
    @property
    def tenure_month(self) -> Days: ...
    @property
    def ramp(self) -> Days: ...


@dataclass(frozen=True, slots=True)
class Part:
    """One entry of a quota. `vacant` and `uncovered` stay with the team (R4)."""

    kind: str
    start: date
    end: date
    amount: Decimal


# ── Days and what they weigh ────────────────────────────────────────────────────────────────────────────────────


def as_cents(value: Fraction) -> Decimal:
    """Rounded to the cent, half away from zero."""
    return _rounded(value, 2)


def _rounded(value: Fraction, places: int) -> Decimal:
    scaled = abs(value) * 10**places
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return Decimal(whole if value >= 0 else -whole).scaleb(-places)


def buckets(days: Days, starts: list[date]) -> Days:
    """The place of each day's bucket among their first days in order; before the first one: there."""
    places = np.searchsorted(np.array(starts, dtype="datetime64[D]"), days, side="right") - 1
    return np.maximum(places, 0)


@dataclass(frozen=True, slots=True)
class Seat:
    """The working days of a range with all that R1 multiplies: season bucket, employment, FTE, leave, ramp."""

    days: Days
    bucket: Days
    weight: tuple[Fraction, ...]  # of one day, by bucket: season share ÷ working days of the bucket
    employed: Days
    fte: Days
    relieved: Days
    away: Days
    ramp: Days

    def mass(self, factor: Days) -> list[Fraction]:
        """By bucket, what the days weigh with a factor each."""
        sums = np.bincount(self.bucket, weights=factor, minlength=len(self.weight))
        return [weight * int(total) for weight, total in zip(self.weight, sums, strict=True)]


def seat(
    presence: Presence,
    *,
    start: date,
    end: date,
    shares: Shares = FLAT,
    team_id: int | None = None,
    ramps: Ramps | None = None,
) -> Seat:
    """The seat of a person in a team (none: in any) over `[start, end)`.

    `presence` covers the whole period that `shares` divide, so that W_m counts all working days of a bucket.
    """
    days = presence.days.astype("datetime64[D]")
    bucket = np.zeros(len(days), dtype=np.int64)
    weight: tuple[Fraction, ...] = (Fraction(1),)
    if shares:
        starts = sorted(shares)
        codes = buckets(days, starts)
        counts = np.bincount(codes, minlength=len(starts))
        found = tuple(Fraction(shares[key]) / max(int(n), 1) for key, n in zip(starts, counts, strict=True))
        if any(share for share, n in zip(found, counts, strict=True) if n):
            bucket, weight = codes, found
    inside = (days >= np.datetime64(start)) & (days < np.datetime64(end))
    employed = np.asarray(presence.employed, dtype=bool)
    if team_id is not None:
        employed = employed & (np.asarray(presence.team_ids) == team_id)
    return Seat(
        days=days[inside],
        bucket=bucket[inside],
        weight=weight,
        employed=employed[inside],
        fte=np.rint(np.asarray(presence.fte, dtype=float) * FULL).astype(np.int64)[inside],
        relieved=np.asarray(presence.relieved, dtype=bool)[inside],
        away=np.asarray(presence.away, dtype=bool)[inside],
        ramp=ramp_factors(presence, ramps or {})[inside],
    )


def ramp_factors(presence: Presence, ramps: Ramps) -> Days:
    """By day, how much of a full quota the ramp asks for, in ten-thousandths; after its last step all of it."""
    factors = np.full(len(presence.days), FULL, dtype=np.int64)
    names = np.asarray(presence.ramp, dtype=str)
    months = np.asarray(presence.tenure_month, dtype=np.int64)
    for name, steps in ramps.items():
        for month, percent in steps.items():
            factors[(names == name) & (months == month)] = int(percent * 100)
    rules = getattr(ramps, "rules", {})
    if rules and (since := getattr(presence, "start_month", None)) is not None:
        roles, starts = np.array(presence.role, dtype="U"), np.array(presence.start, dtype="U")  # type: ignore[attr-defined]
        own = {role for role, _ in rules if role}
        for (role, start), name in rules.items():
            others = [mine for mine, kind in rules if kind == start and mine in own]
            of_role = roles == role if role else ~np.isin(roles, others)
            ruled = (names == "") & (starts == start) & of_role
            if ruled.any():
                for month, percent in ramps[name].items():
                    factors[ruled & (since == month)] = int(percent * 100)
    return factors


# ── Entries (R2) ────────────────────────────────────────────────────────────────────────────────────────────────


def derive(base: Decimal, of: Seat, *, start: date, end: date) -> list[Part]:
    """The entries that a base leads to, in the order of R2, then what stays with the team (R4)."""
    parts = [Part("base", start, end, base)]
    ones = np.full(len(of.days), FULL * FULL, dtype=np.int64)
    whole = sum(of.mass(ones), Fraction(0))
    if not whole:
        return parts
    steps = [
        ("employment", running := ones * of.employed),
        ("fte", running := running // FULL * of.fte),
        ("leave", running := running * ~of.relieved),
        ("ramp", running // FULL * of.ramp),
    ]
    stands = base
    lost: dict[str, Decimal] = {}
    for kind, factor in steps:
        value = as_cents(Fraction(base) * sum(of.mass(factor), Fraction(0)) / whole)
        lost[kind] = stands - value
        parts.append(Part(kind, start, end, value - stands))
        stands = value
    parts += _runs("vacant", lost["employment"], of, ones * ~of.employed)
    parts += _runs("uncovered", lost["leave"], of, ones // FULL * of.employed * of.relieved * of.fte)
    return [part for part in parts if part.amount or part.kind == "base"]


def _runs(kind: str, total: Decimal, of: Seat, factor: Days) -> Iterator[Part]:
    """`total` over the runs of working days with a factor, one entry each."""
    if not total:
        return
    edges = np.flatnonzero(np.diff(np.concatenate([[False], factor > 0, [False]])))
    runs = [slice(int(first), int(until)) for first, until in edges.reshape(-1, 2)]
    amounts = split(
        total,
        {
            run.start: sum((of.weight[of.bucket[i]] * int(factor[i]) for i in range(run.start, run.stop)), Fraction(0))
            for run in runs
        },
    )
    for run in runs:
        first, last = of.days[run.start].item(), of.days[run.stop - 1].item()
        yield Part(kind, first, last + timedelta(days=1), amounts[run.start])


# ── Spreading over days (R1, R3) ────────────────────────────────────────────────────────────────────────────────


def spread(total: Decimal, of: Seat, *, end: date, kinds: frozenset[str] = frozenset()) -> list[tuple[date, Decimal]]:
    """`total` over the days of a seat, exactly, to six decimals with the remainder on the last day.

    FTE and ramp shape the days where the quota has entries of these `kinds`; a final quota is level. Days in
    relieved leave carry nothing, the share of other days away moves to the present days of their bucket (R3), or of
    the range where none of the bucket is left. Without any day to carry it the last day of the range does.
    """
    if not len(of.days):
        return [(end - timedelta(days=1), total)]
    factor = np.where(of.employed & ~of.relieved, FULL * FULL, 0)
    if "fte" in kinds:
        factor = factor // FULL * of.fte
    if "ramp" in kinds:
        factor = factor // FULL * of.ramp
    if not any(of.mass(factor)):
        factor = np.where(of.employed, FULL * FULL, 0)
    if not any(of.mass(factor)):
        factor = np.full(len(of.days), FULL * FULL)
    present = np.where(of.away, 0, factor)
    before, after = of.mass(factor), of.mass(present)
    if not any(after):
        present, after = factor, before
    moved = [full / left if left else Fraction(0) for full, left in zip(before, after, strict=True)]
    carried = sum((full for full, left in zip(before, after, strict=True) if left), Fraction(0))
    weights = [weight * scale for weight, scale in zip(of.weight, moved, strict=True)]
    kept: dict[tuple[int, int], Decimal] = {}
    spreading: list[tuple[date, Decimal]] = []
    for day, bucket, size in zip(of.days.astype(object), of.bucket.tolist(), present.tolist(), strict=True):
        if not size or not weights[bucket]:
            continue
        if (bucket, size) not in kept:
            kept[bucket, size] = _rounded(Fraction(total) * weights[bucket] * size / carried, 6)
        spreading.append((day, kept[bucket, size]))
    day, last = spreading[-1]
    spreading[-1] = (day, last + total - sum(amount for _, amount in spreading))
    return spreading


# ── Splitting (R6) ──────────────────────────────────────────────────────────────────────────────────────────────


def split(total: Decimal, weights: Mapping[K, Fraction]) -> dict[K, Decimal]:
    """`total` in cents by exact weights, largest remainder, ties in the order of the mapping."""
    whole = sum(weights.values(), Fraction(0))
    cents = int(abs(total) * 100)
    exact = {key: cents * weight / whole for key, weight in weights.items()}
    parts = {key: int(value) for key, value in exact.items()}
    left = cents - sum(parts.values())
    for key in sorted(exact, key=lambda key: parts[key] - exact[key])[:left]:
        parts[key] += 1
    sign = -1 if total < 0 else 1
    return {key: Decimal(sign * part).scaleb(-2) for key, part in parts.items()}


# ── Learning from the past (R5, R15) ────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Learned:
    """Percents by bucket as the past had them (`raw`) and drawn towards flat, and how far what was learned counts."""

    shares: dict[Any, Decimal]
    raw: dict[Any, Decimal]
    weight: Decimal


NOTHING_LEARNED = Learned({}, {}, Decimal(0))


def learn_shares(history: Mapping[str, list[tuple[Decimal, int]]], ahead: Mapping[K, tuple[str, int]]) -> Learned:
    """The percent of a period that falls into each bucket, from what was credited per working day at its place before.

    `history`: place (first, second, third month) → credited and working days in each earlier period. `ahead`: key of a
    bucket → place, working days. What a place brought per working day is drawn towards the mean of all places by
    Bühlmann's credibility: weight = a ÷ (a + v ÷ n), where n is how many periods there were, v how much a place
    varies from one to the next, and a how much places differ beyond that (H. Bühlmann, "Experience rating and
    credibility", ASTIN Bulletin 4, 1967). Few or restless periods so give a flat season. Percents have four
    decimals and sum to 100 exactly; nothing where nothing was credited.
    """
    sums = {
        place: (sum((max(credited, Decimal(0)) for credited, _ in rows), Decimal(0)), sum(n for _, n in rows))
        for place, rows in history.items()
    }
    days = sum(n for _, n in sums.values())
    mean = sum((credited for credited, _ in sums.values()), Decimal(0)) / days if days else Decimal(0)
    if not mean:
        return NOTHING_LEARNED
    daily = {place: credited / n if n else mean for place, (credited, n) in sums.items()}
    weight = _credibility([[float(max(c, Decimal(0)) / n / mean) for c, n in rows if n] for rows in history.values()])

    def percents(z: Decimal) -> dict[K, Decimal]:
        rates = {key: (mean + z * (daily.get(place, mean) - mean)) * n for key, (place, n) in ahead.items()}
        return share_out(Decimal(100), rates, order=list(rates), unit=Decimal("0.0001"))

    if not any(n for _, n in ahead.values()) or not any(daily.get(place, mean) for place, n in ahead.values() if n):
        return NOTHING_LEARNED
    return Learned(percents(weight), percents(Decimal(1)), weight)


def _credibility(indexes: list[list[float]]) -> Decimal:
    """How far the means of places count, between 0 (they differ by chance) and 1, to four decimals."""
    known = [np.array(values) for values in indexes if len(values) > 1]
    if len(known) < 2:
        return Decimal(0)
    within = float(np.mean([values.var(ddof=1) / len(values) for values in known]))
    between = float(np.var([values.mean() for values in known], ddof=1)) - within
    return Decimal(f"{between / (between + within):.4f}") if between > 0 else Decimal(0)


def rebalance(standing: Mapping[K, Decimal], said: Mapping[K, Decimal], rule: str) -> dict[K, Decimal]:
    """Percents with some of them `said` anew and the rest brought to 100 by a rule, to four decimals.

    `proportional`: the others keep their proportions; `equal`: each takes the same of the difference; `none`: what is
    said has to do. Refused where the rest would be below zero or nothing is left to carry it.
    """
    others = [key for key in standing if key not in said]
    rest = Decimal(100) - sum(said.values(), Decimal(0))
    if rest < 0:
        raise Refused(f"What is set sums to {100 - rest:,.2f} %, more than 100 %.", field="shares")
    if rule == "none" or not others:
        missing = rest - sum((standing[key] for key in others), Decimal(0))
        if missing:
            raise Refused(f"The shares sum to {100 - missing:,.2f} %, not to 100 %.", field="shares")
        return {**standing, **said}
    if rule == "equal":
        change = (rest - sum((standing[key] for key in others), Decimal(0))) / len(others)
        weights = {key: standing[key] + change for key in others}
        if min(weights.values()) < 0:
            least = min(weights, key=lambda key: weights[key])
            raise Refused(f"{least} would fall below zero: let the rest keep its proportions instead.", field="rule")
    else:
        weights = {key: standing[key] for key in others}
        if not any(weights.values()):
            weights = dict.fromkeys(others, Decimal(1))
    shared = dict.fromkeys(others, Decimal(0))
    if rest:
        shared = share_out(rest, weights, order=others, unit=Decimal("0.0001"))
    return {key: said[key] if key in said else shared[key] for key in standing}


def capacity(presence: Presence, ramps: Ramps) -> Fraction:
    """How many full working days somebody was there for: employed, FTE, not in relieved leave, ramp-adjusted (R5)."""
    there = np.asarray(presence.employed, dtype=bool) & ~np.asarray(presence.relieved, dtype=bool)
    fte = np.rint(np.asarray(presence.fte, dtype=float) * FULL).astype(np.int64)
    return Fraction(int((there * fte * ramp_factors(presence, ramps)).sum()), FULL * FULL)
