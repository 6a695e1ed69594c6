"""What the quota ledger should say of a line: base, employment, FTE, leave, ramp, and what stays with the team."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
from django.db.models import Sum
from django.db.models.functions import Coalesce

from salesmgmt.lib.money import to_cents
from salesmgmt.lib.ranges import half_open
from salesmgmt.lib.refusals import Refused
from targets.analysis import FULL, Days, Part, Seat, derive, seat, split
from targets.models import BOOKINGS, QuotaEntry
from targets.selectors.shapes import clipped, container, ramps, seasons
from teams.models import ExchangeRate, Organisation, Period, Person, Team
from teams.selectors import PersonDays, presence, rates

Kind, Basis = QuotaEntry.Kind, QuotaEntry.Basis
DERIVED = [Kind.BASE, Kind.EMPLOYMENT, Kind.FTE, Kind.LEAVE, Kind.RAMP, Kind.VACANT, Kind.UNCOVERED]


@dataclass(frozen=True, slots=True)
class QuotaLine:
    """What a person is held to: `final` as it is, or the `base` of the seat, from which the rest follows (R1–R4)."""

    person: Person
    start: date
    end: date
    amount: Decimal
    basis: str = "final"
    team: Team | None = None
    currency: str = ""
    measure: str = BOOKINGS
    rate: Decimal | None = None
    """None: the plan rate of the first day."""


@dataclass(frozen=True, slots=True)
class Key:
    seat_id: int
    team_id: int | None
    start: date
    end: date
    measure: str
    kind: str
    currency: str
    rate: Decimal


@dataclass(slots=True)
class Sums:
    amount: Decimal = Decimal(0)
    reporting: Decimal = Decimal(0)

    def add(self, entry: QuotaEntry) -> None:
        self.amount += entry.amount
        self.reporting += entry.reporting_amount


def in_one_currency(sums: Mapping[str, Sums], reporting: str) -> tuple[str, Decimal]:
    """What these come to: in their currency, or in that of the reports where they are in several."""
    named = [currency for currency, one in sums.items() if one.amount or one.reporting]
    if len(named) == 1:
        return named[0], sums[named[0]].amount
    return reporting, sum((one.reporting for one in sums.values()), Decimal(0))


def _seats(line: QuotaLine, days: PersonDays) -> list[tuple[int | None, Decimal]]:
    """The team or teams a line counts in. A final quota without a team follows the postings, by working days (R4)."""
    if line.team is not None:
        return [(line.team.pk, line.amount)]
    inside = clipped(days, line.start, line.end)
    counts: dict[int, Fraction] = {}
    for team_id in inside.team_ids[inside.employed].tolist():
        counts[team_id] = counts.get(team_id, Fraction(0)) + 1
    if not counts:
        return [(None, line.amount)]
    if len(counts) > 1 and line.basis == "base":
        sentence = f"{line.person} changes team in this period: say of which team's seat this is the base."
        raise Refused(sentence, field="team")
    return list(split(line.amount, dict(sorted(counts.items()))).items())


def _parts(line: QuotaLine, amount: Decimal, rate: Decimal, of: Seat) -> list[tuple[Part, Decimal]]:
    """The entries of a line with what each is in reporting currency; both columns sum to their rounded results."""
    if line.basis == "final":
        return [(Part(Kind.BASE, line.start, line.end, amount), to_cents(amount * rate))]
    parts = derive(amount, of, start=line.start, end=line.end)
    if rate == 1:
        return [(part, part.amount) for part in parts]
    worth = {
        (p.kind, p.start, p.end): p.amount for p in derive(to_cents(amount * rate), of, start=line.start, end=line.end)
    }
    named = {(p.kind, p.start, p.end): p.amount for p in parts}
    return [
        (Part(*key, amount=named.get(key, Decimal(0))), worth.get(key, Decimal(0)))
        for key in dict.fromkeys([*named, *worth])
    ]


@dataclass(frozen=True, slots=True)
class _Held:
    """A line in one team, with the days and factors it is worked out from."""

    line: QuotaLine
    team_id: int | None
    amount: Decimal
    currency: str
    rate: Decimal
    of: Seat


def _held(lines: Sequence[QuotaLine]) -> Iterator[_Held]:
    organisation, known, profiles = Organisation.get(), seasons(), ramps()
    around = [container(line.start, line.end, known=known) for line in lines]
    days = presence(
        person_ids={line.person.pk for line in lines},
        start=min(start for start, _, _ in around),
        end=max(end for _, end, _ in around),
    )
    unknown = {(line.currency or organisation.currency, line.start) for line in lines if line.rate is None}
    worth = rates(unknown, ExchangeRate.Kind.PLAN) if unknown else {}
    for line, (lower, upper, shares) in zip(lines, around, strict=True):
        theirs = clipped(days[line.person.pk], lower, upper)
        currency = line.currency or organisation.currency
        rate = worth[currency, line.start] if line.rate is None else line.rate
        for team_id, amount in _seats(line, theirs):
            of = seat(theirs, start=line.start, end=line.end, shares=shares, team_id=team_id, ramps=profiles)
            yield _Held(line, team_id, amount, currency, rate, of)


def due_entries(lines: Sequence[QuotaLine]) -> dict[Key, Sums]:
    """What the ledger should say of these lines, worked out from seasons, calendars, postings, leave and ramps."""
    due: dict[Key, Sums] = defaultdict(Sums)
    for held in _held(lines) if lines else ():
        line = held.line
        for part, reporting in _parts(line, held.amount, held.rate, held.of):
            key = Key(
                line.person.pk, held.team_id, part.start, part.end, line.measure, part.kind, held.currency, held.rate
            )
            due[key].amount += part.amount
            due[key].reporting += reporting
    return dict(due)


def arithmetic(line: QuotaLine) -> dict[str, str]:
    """How each kind of entry of a line comes about, in words and figures, to be worked out again on paper.

    Of leave it says no more than how many days relieve quota.
    """
    notes: dict[str, str] = {}
    for held in _held([line]):
        of, stands = held.of, held.amount
        values = {part.kind: part.amount for part in derive(held.amount, of, start=line.start, end=line.end)}
        here = of.employed
        ramps_by_percent = Counter(of.ramp[here & ~of.relieved].tolist())
        words = {
            "employment": f"{here.sum()} of {len(here)} working days in this seat",
            "fte": ", ".join(
                f"{days} of these days at {Decimal(fte) / 100:g} % of a full week"
                for fte, days in sorted(Counter(of.fte[here].tolist()).items())
            ),
            "leave": f"{(here & of.relieved).sum()} of these days on leave that relieves quota",
            "ramp": ", ".join(
                f"{days} days at {Decimal(ramp) / 100:g} %" for ramp, days in sorted(ramps_by_percent.items())
            ),
        }
        for kind, text in words.items():
            after = stands + values.get(kind, Decimal(0))
            weighs = ", as the season weighs them" if len(of.weight) > 1 else ""
            notes[kind] = f"{text}{weighs}: {stands:,.2f} becomes {after:,.2f}"
            stands = after
    return notes


def leaves_alone(lines: Sequence[QuotaLine], closed: Sequence[Period]) -> list[bool]:
    """Of each line, whether having the ledger say what is due leaves what closed days carry.

    It does where the days outside the seat and those relieved, as the ledger's parts left to the team name them, are
    the same on closed days as today's, and facts that on closed days are today's give just what the ledger says. Of a
    line that the ledger says nothing of yet: where nobody is in the seat on a closed day.
    """
    stated = by_line(lines, stated_entries(lines))
    return [_leaves_alone(held, stated[place], closed) for place, held in enumerate(_held(lines))]


def _leaves_alone(held: _Held, stated: Mapping[Key, Sums], closed: Sequence[Period]) -> bool:
    of, line = held.of, held.line
    shut = np.zeros(len(of.days), dtype=bool)
    for month in closed:
        shut |= _between(of.days, month.starts_on, month.during.upper)
    if not stated:
        return not (of.employed & shut).any()
    away = {kind: np.zeros(len(of.days), dtype=bool) for kind in (Kind.VACANT, Kind.UNCOVERED)}
    for key in stated:
        if key.kind in away:
            away[Kind(key.kind)] |= _between(of.days, key.start, key.end)
    employed, relieved = ~away[Kind.VACANT], away[Kind.UNCOVERED]
    if (shut & (employed != of.employed)).any() or (shut & employed & (relieved != of.relieved)).any():
        return False
    said = {(key.kind, key.start, key.end): sums.amount for key, sums in stated.items() if sums.amount}
    last = of.fte[shut][-1] if shut.any() else FULL
    for fte, ramp in product((of.fte, np.where(shut, of.fte, last)), (of.ramp, np.where(shut, of.ramp, FULL))):
        before = replace(of, employed=employed, relieved=relieved, fte=fte, ramp=ramp)
        parts = derive(held.amount, before, start=line.start, end=line.end)
        if {(part.kind, part.start, part.end): part.amount for part in parts if part.amount} == said:
            return True
    return False


def _between(days: Days, first: date, until: date) -> Days:
    return (days >= np.datetime64(first)) & (days < np.datetime64(until))


# ── What the ledger says ────────────────────────────────────────────────────────────────────────────────────────


def stated_entries(lines: Sequence[QuotaLine]) -> dict[Key, Sums]:
    """What the ledger says of these lines now, as far as it follows from a base."""
    if not lines:
        return {}
    mine: dict[tuple[int, str], list[QuotaLine]] = defaultdict(list)
    for line in lines:
        mine[line.person.pk, line.measure].append(line)
    stands = (
        QuotaEntry.objects.overlapping(min(line.start for line in lines), max(line.end for line in lines))
        .exclude(basis=Basis.TAKEN)
        .annotate(whose=Coalesce("seat", "person"))
        .filter(whose__in={line.person.pk for line in lines}, kind__in=DERIVED)
        .values_list("whose", "team_id", "during", "measure", "kind", "currency", "rate")
        .annotate(total=Sum("amount"), reporting=Sum("reporting_amount"))
    )
    return {
        Key(seat_id, team_id, during.lower, during.upper, measure, kind, currency, rate): Sums(amount, reporting)
        for seat_id, team_id, during, measure, kind, currency, rate, amount, reporting in stands.order_by("whose")
        if any(
            (line.team is None or line.team.pk == team_id) and line.start <= during.lower and during.upper <= line.end
            for line in mine[seat_id, measure]
        )
    }


def by_line(lines: Sequence[QuotaLine], entries: Mapping[Key, Sums]) -> dict[int, dict[Key, Sums]]:
    """The entries of each line, by its place among them."""
    mine: dict[tuple[int, int | None, str], list[int]] = defaultdict(list)
    for place, line in enumerate(lines):
        mine[line.person.pk, line.team.pk if line.team else None, line.measure].append(place)
    found: dict[int, dict[Key, Sums]] = {place: {} for place in range(len(lines))}
    for key, sums in entries.items():
        for place in mine[key.seat_id, key.team_id, key.measure]:
            line = lines[place]
            is_inside = line.start <= key.start and key.end <= line.end
            if is_inside and (line.currency, line.rate) == (key.currency, key.rate):
                found[place][key] = sums
    return found


@dataclass(slots=True)
class Figure:
    """What somebody is held to in one team over one range: all entries together but what was redistributed."""

    person_id: int
    measure: str
    team_id: int | None
    start: date
    end: date
    sums: dict[str, Sums]
    """By currency."""
    kinds: set[str]

    @property
    def place(self) -> tuple[int, str, int | None, date, date]:
        return self.person_id, self.measure, self.team_id, self.start, self.end

    @property
    def reporting(self) -> Decimal:
        return sum((sums.reporting for sums in self.sums.values()), Decimal(0))


def figures_within(person_ids: Collection[int], start: date, end: date, measure: str | None = None) -> list[Figure]:
    """The figures of these people over ranges inside `[start, end)`; what was taken back altogether is none."""
    rows = QuotaEntry.objects.filter(person__in=person_ids, during__contained_by=half_open(start, end))
    if measure is not None:
        rows = rows.filter(measure=measure)
    named = rows.exclude(kind=Kind.REDISTRIBUTION).values_list(
        "person_id", "measure", "team_id", "during", "currency", "kind"
    )
    found: dict[tuple[Any, ...], Figure] = {}
    for person, of, team, during, currency, kind, amount, reporting in (
        named.annotate(total=Sum("amount"), worth=Sum("reporting_amount"))
        .order_by("person_id", "measure", "during", "team_id", "currency", "kind")
        .exclude(total=0, worth=0)
    ):
        assert person is not None
        figure = found.setdefault(
            (person, of, team, during), Figure(person, of, team, during.lower, during.upper, {}, set())
        )
        sums = figure.sums.setdefault(currency, Sums())
        sums.amount, sums.reporting = sums.amount + amount, sums.reporting + reporting
        figure.kinds.add(kind)
    return list(found.values())


def differences(due: Mapping[Key, Sums], stated: Mapping[Key, Sums]) -> dict[Key, Sums]:
    """What has to be appended for the ledger to say what is due, in the order of R2."""
    found = {}
    for key in sorted({*due, *stated}, key=place_of):
        after, before = due.get(key, NOTHING), stated.get(key, NOTHING)
        difference = Sums(after.amount - before.amount, after.reporting - before.reporting)
        if difference.amount or difference.reporting:
            found[key] = difference
    return found


def place_of(key: Key) -> tuple[int, date, int, date, str]:
    return key.seat_id, key.start, DERIVED.index(Kind(key.kind)), key.end, f"{key.team_id} {key.measure} {key.currency}"


NOTHING = Sums()


def lines_that_follow(person_ids: Collection[int], *, ends_after: date | None = None) -> list[QuotaLine]:
    """The bases that stand and follow people's lives: entered as a base of the seat, or by a plan.

    With `ends_after` only those that are not over by then.
    """
    entries = QuotaEntry.objects.filter(seat__in=person_ids, kind=Kind.BASE, team__isnull=False)
    if ends_after is not None:
        entries = entries.filter(during__endswith__gt=ends_after)
    sums: dict[tuple[Any, ...], Decimal] = defaultdict(Decimal)
    follows: dict[tuple[Any, ...], bool] = {}
    people: dict[int, Person] = {}
    teams: dict[int, Team] = {}
    for entry in entries.select_related("seat", "team").order_by("pk"):
        assert entry.seat is not None
        assert entry.team is not None
        people[entry.seat.pk], teams[entry.team.pk] = entry.seat, entry.team
        end = entry.until
        key = (entry.seat.pk, entry.team.pk, entry.starts_on, end, entry.measure, entry.currency, entry.rate)
        sums[key] += entry.amount
        follows[key] = entry.basis == Basis.BASE or (not entry.basis and entry.plan_id is not None)
    return [
        QuotaLine(people[seat], start, end, amount, "base", teams[team], currency, measure, rate)
        for (seat, team, start, end, measure, currency, rate), amount in sums.items()
        if amount and follows[seat, team, start, end, measure, currency, rate]
    ]
