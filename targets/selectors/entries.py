"""What the quota ledger should say of a line: base, employment, FTE, leave, ramp, and what stays with the team."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from salesmgmt.lib.money import to_cents
from salesmgmt.lib.refusals import Refused
from targets.analysis import Part, Seat, derive, seat, split
from targets.models import BOOKINGS, QuotaEntry
from targets.selectors.shapes import clipped, container, ramps, seasons
from teams.models import ExchangeRate, Organisation, Person, Team
from teams.selectors import PersonDays, presence, rates

Kind = QuotaEntry.Kind


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


def due_entries(lines: Sequence[QuotaLine]) -> dict[Key, Sums]:
    """What the ledger should say of these lines, worked out from seasons, calendars, postings, leave and ramps."""
    if not lines:
        return {}
    organisation, known, profiles = Organisation.get(), seasons(), ramps()
    around = [container(line.start, line.end, known=known) for line in lines]
    days = presence(
        person_ids={line.person.pk for line in lines},
        start=min(start for start, _, _ in around),
        end=max(end for _, end, _ in around),
    )
    worth = rates({(line.currency or organisation.currency, line.start) for line in lines}, ExchangeRate.Kind.PLAN)
    due: dict[Key, Sums] = defaultdict(Sums)
    for line, (lower, upper, shares) in zip(lines, around, strict=True):
        theirs = clipped(days[line.person.pk], lower, upper)
        currency = line.currency or organisation.currency
        rate = worth[currency, line.start]
        for team_id, amount in _seats(line, theirs):
            of = seat(theirs, start=line.start, end=line.end, shares=shares, team_id=team_id, ramps=profiles)
            for part, reporting in _parts(line, amount, rate, of):
                key = Key(line.person.pk, team_id, part.start, part.end, line.measure, part.kind, currency, rate)
                due[key].amount += part.amount
                due[key].reporting += reporting
    return dict(due)
