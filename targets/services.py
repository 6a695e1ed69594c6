"""Acts of planning: the only code that writes plans, targets and the quota ledger. Nobody sets their own figure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

from django.db import transaction
from django.db.models import Sum
from django.db.models.functions import Coalesce

from salesmgmt.lib.money import to_cents
from salesmgmt.lib.ranges import half_open
from salesmgmt.lib.refusals import Refused
from teams.models import ExchangeRate, Organisation, Period, Person, Team, User, access_of
from teams.selectors import PersonDays, presence, rates

from . import selectors
from .analysis import Part, Seat, derive, seat, split
from .models import BOOKINGS, Plan, QuotaEntry

Kind = QuotaEntry.Kind
DERIVED = [Kind.BASE, Kind.EMPLOYMENT, Kind.FTE, Kind.LEAVE, Kind.RAMP, Kind.VACANT, Kind.UNCOVERED]
LEFT_TO_THE_TEAM = {Kind.VACANT, Kind.UNCOVERED}

REASONS = {
    Kind.EMPLOYMENT: "Days outside this seat",
    Kind.FTE: "Part time",
    Kind.LEAVE: "Leave that relieves quota",
    Kind.RAMP: "Ramp of a newcomer",
    Kind.VACANT: "Stays with the team while the seat is vacant",
    Kind.UNCOVERED: "Stays with the team during leave",
}


@dataclass(frozen=True, slots=True)
class QuotaLine:
    """What a person is to be held to. `final` is taken as it is; from a `base` of the seat the rest follows (R1 to R4)."""

    person: Person
    start: date
    end: date
    amount: Decimal
    basis: str = "final"
    team: Team | None = None
    currency: str = ""
    measure: str = BOOKINGS


def enter_quota(
    *,
    person: Person,
    start: date,
    end: date,
    amount: Decimal,
    reason: str,
    by: User | None,
    at: datetime,
    basis: str = "final",
    team: Team | None = None,
    currency: str = "",
    measure: str = BOOKINGS,
) -> list[QuotaEntry]:
    """Hold a person to an amount in `[start, end)`; answers the entries appended (none: it stood already)."""
    line = QuotaLine(person, start, end, amount, basis, team, currency, measure)
    return enter_quotas(lines=[line], reason=reason, by=by, at=at)


@transaction.atomic
def enter_quotas(
    *, lines: Sequence[QuotaLine], reason: str, by: User | None, at: datetime, plan: Plan | None = None
) -> list[QuotaEntry]:
    """`enter_quota` of many, by difference posting in a fixed number of queries; answers the entries appended."""
    if not lines:
        return []
    own = access_of(by).person_id if by else None
    for line in lines:
        if line.person.pk == own:
            raise Refused("Nobody sets their own quota: ask somebody else who plans.", field="person")
        if line.amount < 0:
            raise Refused(f"The quota of {line.person} can't be below zero.", field="amount")
        if line.start >= line.end:
            raise Refused("A quota needs a first day before its end.", field="period")
    _hold([line.person.pk for line in lines], min(line.start for line in lines), max(line.end for line in lines))
    _refuse_overlaps(lines)
    organisation, known, ramps = Organisation.get(), selectors.seasons(), selectors.ramps()
    around = [
        selectors.container(line.start, line.end, fiscal_month=organisation.fiscal_month, known=known) for line in lines
    ]
    days = presence(
        person_ids={line.person.pk for line in lines},
        start=min(start for start, _, _ in around),
        end=max(end for _, end, _ in around),
    )
    currencies = {(line.currency or organisation.currency, line.start) for line in lines}
    worth = rates(currencies, ExchangeRate.Kind.PLAN)
    wanted: dict[_Key, _Sums] = defaultdict(_Sums)
    for line, (lower, upper, shares) in zip(lines, around, strict=True):
        theirs = selectors.clipped(days[line.person.pk], lower, upper)
        currency = line.currency or organisation.currency
        rate = worth[currency, line.start]
        for team_id, amount in _seats(line, theirs):
            of = seat(theirs, start=line.start, end=line.end, shares=shares, team_id=team_id, ramps=ramps)
            for part, reporting in _parts(line, amount, rate, of):
                key = _Key(line.person.pk, team_id, part.start, part.end, line.measure, part.kind, currency, rate)
                wanted[key].amount += part.amount
                wanted[key].reporting += reporting
    return _post(lines, wanted, reason=reason, by=by, at=at, plan=plan)


@dataclass(frozen=True, slots=True)
class _Key:
    seat_id: int
    team_id: int | None
    start: date
    end: date
    measure: str
    kind: str
    currency: str
    rate: Decimal


@dataclass(slots=True)
class _Sums:
    amount: Decimal = Decimal(0)
    reporting: Decimal = Decimal(0)


def _hold(person_ids: list[int], start: date, end: date) -> None:
    """One at a time per person, and only while the months are open: an amendment never moves to another period."""
    list(Person.objects.filter(pk__in=person_ids).order_by("pk").select_for_update(no_key=True).values_list("pk"))
    months = Period.objects.overlapping(start, end).order_by("pk").select_for_update(no_key=True)
    if closed := [month.key for month in months if month.is_closed]:
        raise Refused(f"{closed[0]} is closed: reopen it with a reason before its quotas change.", field="period")


def _refuse_overlaps(lines: Iterable[QuotaLine]) -> None:
    """Two quotas over different ranges that share days would count twice."""
    lines = list(lines)
    stands = (
        QuotaEntry.objects.overlapping(min(line.start for line in lines), max(line.end for line in lines))
        .filter(person__in={line.person.pk for line in lines})
        .values_list("person_id", "measure", "team_id", "during")
        .annotate(total=Sum("amount"))
        .exclude(total=0)
    )
    others: dict[tuple[int, str], list[tuple[int | None, date, date]]] = defaultdict(list)
    for person, measure, team, during, _ in stands.order_by("person_id"):
        others[person, measure].append((team, during.lower, during.upper))
    seen: set[tuple[int, str, int | None, date]] = set()
    for line in lines:
        mine = others[line.person.pk, line.measure]
        team_id = line.team and line.team.pk
        if (line.person.pk, line.measure, team_id, line.start) in seen:
            raise Refused(f"{line.person} stands twice for the same period.", field="person")
        seen.add((line.person.pk, line.measure, team_id, line.start))
        for team, start, end in mine:
            same = (start, end) == (line.start, line.end)
            if not same and start < line.end and line.start < end and (team_id is None or team in (None, team_id)):
                raise Refused(
                    f"{line.person} already has a quota from {start:%-d %b %Y} until {end:%-d %b %Y}; change that one.",
                    field="period",
                )
        mine.append((team_id, line.start, line.end))


def _seats(line: QuotaLine, days: PersonDays) -> list[tuple[int | None, Decimal]]:
    """The team or teams a line counts in. A final quota without a team follows the postings, by working days (R4)."""
    if line.team is not None:
        return [(line.team.pk, line.amount)]
    inside = selectors.clipped(days, line.start, line.end)
    counts: dict[int, Fraction] = {}
    for team_id in inside.team_ids[inside.employed].tolist():
        counts[team_id] = counts.get(team_id, Fraction(0)) + 1
    if not counts:
        return [(None, line.amount)]
    if len(counts) > 1 and line.basis == "base":
        raise Refused(f"{line.person} changes team in this period: say of which team's seat this is the base.", field="team")
    return list(split(line.amount, dict(sorted(counts.items()))).items())


def _parts(line: QuotaLine, amount: Decimal, rate: Decimal, of: Seat) -> list[tuple[Part, Decimal]]:
    """The entries of a line with what each is in reporting currency; both columns sum to their rounded results."""
    if line.basis == "final":
        return [(Part(Kind.BASE, line.start, line.end, amount), to_cents(amount * rate))]
    parts = derive(amount, of, start=line.start, end=line.end)
    if rate == 1:
        return [(part, part.amount) for part in parts]
    worth = {(p.kind, p.start, p.end): p.amount for p in derive(to_cents(amount * rate), of, start=line.start, end=line.end)}
    named = {(p.kind, p.start, p.end): p.amount for p in parts}
    return [
        (Part(*key, amount=named.get(key, Decimal(0))), worth.get(key, Decimal(0)))
        for key in dict.fromkeys([*named, *worth])
    ]


def _post(
    lines: Sequence[QuotaLine],
    wanted: dict[_Key, _Sums],
    *,
    reason: str,
    by: User | None,
    at: datetime,
    plan: Plan | None,
) -> list[QuotaEntry]:
    """Append the difference between what the ledger should say of these lines and what it says."""
    mine: dict[tuple[int, str], list[QuotaLine]] = defaultdict(list)
    for line in lines:
        mine[line.person.pk, line.measure].append(line)
    stands = (
        QuotaEntry.objects.overlapping(min(line.start for line in lines), max(line.end for line in lines))
        .annotate(whose=Coalesce("seat", "person"))
        .filter(whose__in={line.person.pk for line in lines}, kind__in=DERIVED)
        .values_list("whose", "team_id", "during", "measure", "kind", "currency", "rate")
        .annotate(total=Sum("amount"), reporting=Sum("reporting_amount"))
    )
    differences: dict[_Key, _Sums] = {key: _Sums(sums.amount, sums.reporting) for key, sums in wanted.items()}
    for seat_id, team_id, during, measure, kind, currency, rate, amount, reporting in stands.order_by("whose"):
        if any(
            (line.team is None or line.team.pk == team_id) and line.start <= during.lower and during.upper <= line.end
            for line in mine[seat_id, measure]
        ):
            key = _Key(seat_id, team_id, during.lower, during.upper, measure, kind, currency, rate)
            sums = differences.setdefault(key, _Sums())
            sums.amount -= amount
            sums.reporting -= reporting
    order = sorted(differences.items(), key=lambda item: (item[0].seat_id, item[0].start, DERIVED.index(Kind(item[0].kind))))
    return QuotaEntry.objects.bulk_create(
        QuotaEntry(
            person_id=None if key.kind in LEFT_TO_THE_TEAM else key.seat_id,
            seat_id=key.seat_id,
            team_id=key.team_id,
            during=half_open(key.start, key.end),
            measure=key.measure,
            kind=key.kind,
            plan=plan,
            amount=sums.amount,
            currency=key.currency,
            rate=key.rate,
            reporting_amount=sums.reporting,
            recorded_at=at,
            by=by,
            reason=reason if key.kind == Kind.BASE else f"{REASONS[Kind(key.kind)]}; {reason}"[:200],
        )
        for key, sums in order
        if sums.amount or sums.reporting
    )
