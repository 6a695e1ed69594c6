"""The quota ledger: only added to, by the difference to what stands. Nobody sets their own figure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, NoReturn

from django.db import transaction
from django.db.models import Count, Q, Sum
from django.db.models.functions import Coalesce

from salesmgmt.desk.models import Mark
from salesmgmt.lib.holds import refuse_held
from salesmgmt.lib.ledger import reversals
from salesmgmt.lib.money import to_cents
from salesmgmt.lib.periods import Period as PeriodValue
from salesmgmt.lib.ranges import half_open
from salesmgmt.lib.refusals import Refused
from targets.models import BOOKINGS, Plan, QuotaEntry, QuotaProposal, measure_of
from targets.models.watches import TOPIC
from targets.selectors.entries import (
    Figure,
    Key,
    QuotaLine,
    Sums,
    differences,
    due_entries,
    figures_within,
    leaves_alone,
    lines_that_follow,
    stated_entries,
)
from targets.selectors.quotas import open_parts
from teams.models import ExchangeRate, Organisation, Period, Person, Posting, Role, Team, User, access_of
from teams.selectors import rates

Kind = QuotaEntry.Kind
LEFT_TO_THE_TEAM = {Kind.VACANT, Kind.UNCOVERED}
SET_BY_SOMEBODY = [Kind.BASE, Kind.RELIEF, Kind.REDISTRIBUTION]

REASONS = {
    Kind.EMPLOYMENT: "Days outside this seat",
    Kind.FTE: "Part time",
    Kind.LEAVE: "Leave that relieves quota",
    Kind.RAMP: "Ramp of a newcomer",
    Kind.VACANT: "Stays with the team while the seat is vacant",
    Kind.UNCOVERED: "Stays with the team during leave",
}


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
    # Only money is in a currency: a count or a level would be converted.
    lines = [line if measure_of(line.measure).unit == "money" else replace(line, currency="") for line in lines]
    own = access_of(by).person_id if by else None
    for line in lines:
        if line.person.pk == own:
            raise Refused("Nobody sets their own quota: ask somebody else who plans.", field="person")
        if line.amount < 0:
            raise Refused(f"The quota of {line.person} can't be below zero.", field="amount")
        refuse_above_scale(line.amount, line.measure)
        if line.start >= line.end:
            raise Refused("A quota needs a first day before its end.", field="period")
    hold_people(line.person.pk for line in lines)
    _refuse_on_closed_days(lines)
    changes = _changes_of(lines)
    bases = [line for line in lines if line not in changes]
    asked = [line for line in lines if line not in changes or changes[line].missing.amount]
    if not asked:
        return []
    _refuse_overlaps(asked)
    made = post(bases, due_entries(bases), reason=reason, by=by, at=at, plan=plan)
    reliefs = QuotaEntry.objects.bulk_create(
        entry
        for line in asked
        if line in changes
        for entry in _reliefs(line.person, changes[line], reason=reason, by=by, at=at)
    )
    refuse_below_zero(reliefs)
    return made + reliefs


def _refuse_on_closed_days(lines: Sequence[QuotaLine]) -> None:
    """What closed days carry stays; of who joins later they carry nothing."""
    closed = shut(min(line.start for line in lines), max(line.end for line in lines))
    near = [
        line
        for line in lines
        if any(month.starts_on < line.end and line.start < month.during.upper for month in closed)
    ]
    if near and not all(leaves_alone(near, closed)):
        refuse_closed(closed)


def refuse_above_scale(amount: Decimal, measure: str) -> None:
    """What is in percent ends at a hundred."""
    of = measure_of(measure)
    if of.unit == "percent" and amount > 100:
        raise Refused(f"{of.label} is in percent: at most 100.", field="amount")


@dataclass(frozen=True, slots=True)
class _Change:
    """What a figure is to change by, and of what it consists."""

    figures: Sequence[Figure]
    missing: Sums
    currency: str
    rate: Decimal = Decimal(1)


def _changes_of(lines: Iterable[QuotaLine]) -> dict[QuotaLine, _Change]:
    """Of final lines, those said of more than a base taken as it is.

    There the amount is that of all entries together, as an export gives it: their sum is what changes, and the base
    goes on to follow postings, leave and calendars.
    """
    finals = [line for line in lines if line.basis == "final"]
    if not finals:
        return {}
    people, organisation = {line.person.pk for line in finals}, Organisation.get()
    follows = {
        (line.person.pk, line.measure, line.team and line.team.pk, line.start, line.end)
        for line in lines_that_follow(people)
    }
    mine: dict[tuple[int, str], list[Figure]] = defaultdict(list)
    for figure in figures_within(people, min(line.start for line in finals), max(line.end for line in finals)):
        mine[figure.person_id, figure.measure].append(figure)
    found: dict[QuotaLine, list[Figure]] = {}
    for line in finals:
        inside = [
            figure
            for figure in mine[line.person.pk, line.measure]
            if line.start <= figure.start and figure.end <= line.end
            and (line.team is None or line.team.pk == figure.team_id)
        ]  # fmt: skip
        if any(
            figure.kinds != {Kind.BASE}
            or figure.place in follows
            or (figure.start, figure.end) != (line.start, line.end)
            for figure in inside
        ):
            found[line] = inside
    worth = rates({(line.currency or organisation.currency, line.start) for line in found}, ExchangeRate.Kind.PLAN)
    changes = {}
    for line, figures in found.items():
        currency = line.currency or organisation.currency
        rate = worth[currency, line.start]
        if {name for figure in figures for name in figure.sums} == {currency}:
            amount = line.amount - sum((figure.sums[currency].amount for figure in figures), Decimal(0))
            changes[line] = _Change(figures, Sums(amount, to_cents(amount * rate)), currency, rate)
        else:
            amount = to_cents(line.amount * rate) - sum((figure.reporting for figure in figures), Decimal(0))
            changes[line] = _Change(figures, Sums(amount, amount), organisation.currency)
    return changes


def _reliefs(person: Person, change: _Change, *, reason: str, by: User | None, at: datetime) -> Iterator[QuotaEntry]:
    """The difference as entries, still to be appended: more goes to the largest part of what the figure consists of.

    Less is taken from the largest part, and where that isn't enough from the next; no part comes to less than nothing.
    """
    left = change.missing
    parts = sorted(change.figures, key=lambda figure: -figure.reporting)
    for place, figure in enumerate(parts):
        is_enough = left.reporting + figure.reporting >= 0 or place == len(parts) - 1
        own = figure.sums[change.currency].amount if figure.sums.keys() == {change.currency} else figure.reporting
        part = left if is_enough else Sums(-own, -figure.reporting)
        yield QuotaEntry(
            person=person,
            seat=person,
            team_id=figure.team_id,
            during=half_open(figure.start, figure.end),
            measure=figure.measure,
            kind=Kind.RELIEF,
            amount=part.amount,
            currency=change.currency,
            rate=change.rate,
            reporting_amount=part.reporting,
            recorded_at=at,
            by=by,
            reason=reason,
        )
        if is_enough:
            return
        left = Sums(left.amount - part.amount, left.reporting - part.reporting)


def hold_people(person_ids: Iterable[int]) -> None:
    """One at a time per person: entries can't be locked, being only added to."""
    people = Person.objects.filter(pk__in=set(person_ids)).order_by("pk")
    list(people.select_for_update(no_key=True).values_list("pk"))


def hold(person_ids: Iterable[int], start: date, end: date) -> None:
    """One at a time per person, and only while the months are open: an amendment never moves to another period."""
    hold_people(person_ids)
    if closed := shut(start, end):
        refuse_closed(closed)


def hold_open(person_ids: Iterable[int], start: date, end: date) -> date:
    """One at a time per person; answers from when on all of these days are open. What closed days carry stays."""
    hold_people(person_ids)
    closed = shut(start, end)
    first: date = max([start, *(month.during.upper for month in closed)])
    if first >= end:
        refuse_closed(closed)
    return first


def shut(start: date, end: date) -> list[Period]:
    """The closed ones of the months of these days; none closes or opens until the transaction ends."""
    months = Period.objects.standing().overlapping(start, end).order_by("pk").select_for_update(no_key=True)
    return [month for month in months if month.is_closed]


def refuse_closed(closed: Sequence[Period]) -> NoReturn:
    raise Refused(f"{closed[0].key} is closed: reopen it with a reason before its quotas change.", field="period")


def _refuse_overlaps(lines: Iterable[QuotaLine]) -> None:
    """Two quotas over different ranges that share days would count twice; a relief from some day on lies in another."""
    lines = list(lines)
    stands = (
        QuotaEntry.objects.overlapping(min(line.start for line in lines), max(line.end for line in lines))
        .filter(person__in={line.person.pk for line in lines})
        .exclude(kind=Kind.REDISTRIBUTION)
        .values_list("person_id", "measure", "team_id", "during")
        .annotate(total=Sum("amount"), own=Count("pk", filter=~Q(kind=Kind.RELIEF)))
        .exclude(total=0)
        .exclude(own=0)
    )
    others: dict[tuple[int, str], list[tuple[int | None, date, date]]] = defaultdict(list)
    for person, measure, team, during, *_ in stands.order_by("person_id"):
        others[person, measure].append((team, during.lower, during.upper))
    seen: set[tuple[int, str, int | None, date]] = set()
    for line in lines:
        mine = others[line.person.pk, line.measure]
        team_id = line.team.pk if line.team else None
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


def post(
    lines: Sequence[QuotaLine],
    wanted: dict[Key, Sums],
    *,
    reason: str,
    by: User | None,
    at: datetime,
    plan: Plan | None,
) -> list[QuotaEntry]:
    """Append the difference between what the ledger should say of these lines and what it says."""
    bases = {(line.person.pk, line.measure, line.start, line.end): line.basis for line in lines}
    made = QuotaEntry.objects.bulk_create(
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
            basis=bases.get((key.seat_id, key.measure, key.start, key.end), "") if key.kind == Kind.BASE else "",
        )
        for key, sums in differences(wanted, stated_entries(lines)).items()
    )
    refuse_below_zero(made)
    mark_presence(made)
    return made


def mark_presence(made: Sequence[QuotaEntry]) -> None:
    """Have looked at again what was proposed of these seats, and who could take over what is left vacant."""
    if not made:
        return
    seats = {entry.seat_id for entry in made}
    days = half_open(min(entry.starts_on for entry in made), max(entry.during.upper for entry in made))
    stale = set(QuotaProposal.objects.open().filter(seat__in=seats).values_list("seat_id", flat=True))
    if vacated := {entry.team_id for entry in made if entry.kind == Kind.VACANT and entry.amount > 0}:
        posted = Posting.objects.filter(during__overlap=days, team__in=vacated, role=Role.REP)
        stale |= set(posted.values_list("person_id", flat=True))
    Mark.objects.bulk_create(Mark(topic=TOPIC, person_id=pk, days=days) for pk in sorted(stale))


@transaction.atomic
def reverse_entries(*, entry_ids: Iterable[int], reason: str, by: User | None, at: datetime) -> int:
    """Take entries back, each by one that names it (undoing an import); those already taken back stay so.

    What followed from a base since goes with it. Refused where somebody has changed such a quota since: the ledger
    holds differences, and what is left of a later one alone would be nobody's figure.
    """
    found = QuotaEntry.objects.filter(pk__in=list(entry_ids), reverses=None)
    spans = list(found.annotate(whose=Coalesce("seat", "person")).values_list("whose", "during"))
    if not spans:
        return 0
    people = {pk for pk, _ in spans if pk is not None}
    if by is not None and access_of(by).person_id in people:
        raise Refused("Your own quota is among these entries: somebody else takes them back.")
    hold(list(people), min(days.lower for _, days in spans), max(days.upper for _, days in spans))
    rows = list(found.filter(reversed_by=None).order_by("pk"))
    _refuse_what_others_rest_on(rows, people)
    made = QuotaEntry.objects.bulk_create(reversals(rows, by=by, at=at, reason=reason))
    lines = _left_of(made)
    post(lines, due_entries(lines), reason=reason, by=by, at=at, plan=None)
    mark_presence(made)
    refuse_below_zero(made)
    return len(made)


def _refuse_what_others_rest_on(rows: Sequence[QuotaEntry], people: set[int]) -> None:
    """Later entries of the same quota that somebody has set: they are differences to what these say."""
    mine: dict[tuple[int | None, str], list[QuotaEntry]] = defaultdict(list)
    for row in rows:
        mine[row.seat_id, row.measure].append(row)
    later = (
        QuotaEntry.objects.filter(Q(kind__in=SET_BY_SOMEBODY) | Q(basis=QuotaEntry.Basis.TAKEN))
        .filter(seat__in=people, reverses=None, reversed_by=None)
        .exclude(pk__in=[row.pk for row in rows])
        .select_related("seat")
        .order_by("pk")
    )
    for entry in later:
        for row in mine[entry.seat_id, entry.measure]:
            assert row.until is not None
            same = entry.kind != Kind.BASE or row.team_id == entry.team_id
            if row.pk < entry.pk and same and entry.starts_on < row.until and row.starts_on < entry.during.upper:
                raise Refused(
                    f"The quota of {entry.seat} from {entry.starts_on:%-d %b %Y} was changed later on"
                    f" (“{entry.reason}”): take that back first."
                )


def _left_of(made: Sequence[QuotaEntry]) -> list[QuotaLine]:
    """The lines whose bases are taken back, with what is left of each base."""
    bases = [entry for entry in made if entry.kind == Kind.BASE and entry.seat is not None]
    sums: dict[tuple[object, ...], Decimal] = defaultdict(Decimal)
    basis: dict[tuple[object, ...], str] = {}

    def key_of(entry: QuotaEntry) -> tuple[object, ...]:
        return entry.seat_id, entry.team_id, entry.measure, entry.starts_on, entry.until, entry.currency, entry.rate

    entries = list(QuotaEntry.objects.filter(seat__in={one.seat_id for one in bases}, kind=Kind.BASE).order_by("pk"))
    undone = {entry.reverses_id for entry in entries}
    for entry in entries:
        sums[key_of(entry)] += entry.amount
        if entry.reverses_id is None and entry.pk not in undone:
            basis[key_of(entry)] = entry.basis
    return [
        QuotaLine(
            entry.seat, entry.starts_on, entry.during.upper, sums[key],
            "base" if basis.get(key, "base") == "base" else "final",
            entry.team, entry.currency, entry.measure, entry.rate,
        )
        for key, entry in {key_of(entry): entry for entry in bases}.items()
        if entry.seat is not None and entry.team is not None
    ]  # fmt: skip


def refuse_below_zero(made: Iterable[QuotaEntry]) -> None:
    """No quota may come to less than nothing by these entries, with what was redistributed or without."""
    lowered = [entry for entry in made if entry.person_id is not None and entry.reporting_amount < 0]
    if not lowered:
        return
    start, end = min(entry.starts_on for entry in lowered), max(entry.during.upper for entry in lowered)
    stands = (
        QuotaEntry.objects.overlapping(start, end)
        .filter(person__in={entry.person_id for entry in lowered})
        .values_list("person_id", "measure", "during")
        .annotate(own=Sum("reporting_amount", filter=~Q(kind=Kind.REDISTRIBUTION)), revised=Sum("reporting_amount"))
        .order_by("person_id", "measure", "during")
    )
    for person, _, first, own, revised in below_zero(stands):
        what = "with what colleagues took on" if own >= 0 else "with the changes that stand"
        raise Refused(
            f"The quota of {Person.objects.get(pk=person)} from {first:%-d %b %Y} would come to"
            f" {min(own, revised):,.2f}, {what}: take some of that back first.",
            field="amount",
        )


def below_zero(
    entries: Iterable[tuple[int | None, str, Any, Decimal | None, Decimal]],
) -> Iterator[tuple[int, str, date, Decimal, Decimal]]:
    """The quotas of people that come to less than nothing: whose, of what, from when, the original and the revised.

    `entries` are sums by person, measure and range, in their order; ranges that share days are one quota.
    """
    sums: dict[tuple[int, str, date], tuple[Decimal, Decimal]] = {}
    at, until = (0, "", date.min), date.min
    for person, measure, days, own, revised in entries:
        assert person is not None
        if at[:2] != (person, measure) or days.lower >= until:
            at, until = (person, measure, days.lower), days.upper
        until = max(until, days.upper)
        before = sums.get(at, (Decimal(0), Decimal(0)))
        sums[at] = before[0] + (own or 0), before[1] + revised
    for place, (own, revised) in sums.items():
        if own < 0 or revised < 0:
            yield *place, own, revised


@transaction.atomic
def adjust_quota(
    *,
    person: Person,
    period: PeriodValue,
    amount: Decimal,
    reason: str,
    by: User,
    at: datetime,
    measure: str = BOOKINGS,
) -> QuotaEntry | None:
    """Change a person's quota for a period to `amount` by a further entry with its reason; None: it is that already.

    One in each part that is lowered, where the largest alone isn't enough: the answer is the first.
    """
    access = access_of(by)
    if access.person_id == person.pk:
        raise Refused("Nobody changes their own quota: ask your manager.", field="person")
    if not (access.sees_all or (access.leads and access.sees_person(person.pk))):
        raise Refused(f"Only who leads {person} or plans for all changes this quota.", field="person")
    refuse_held("quota", [(person.pk, period.start, period.end, measure)], field="amount")
    return _adjust(person, period, amount, reason, by=by, at=at, measure=measure)


@transaction.atomic
def settle_quota(
    *,
    person: Person,
    period: PeriodValue,
    amount: Decimal,
    reason: str,
    by: User,
    at: datetime,
    measure: str = BOOKINGS,
) -> QuotaEntry | None:
    """`adjust_quota` as a dispute was decided: its author leads nobody concerned. Nobody's own figure."""
    if access_of(by).person_id == person.pk:
        raise Refused("Nobody changes their own quota: ask your manager.", field="person")
    return _adjust(person, period, amount, reason, by=by, at=at, measure=measure)


def _adjust(
    person: Person, period: PeriodValue, amount: Decimal, reason: str, *, by: User, at: datetime, measure: str
) -> QuotaEntry | None:
    if amount < 0:
        raise Refused("A quota can't be below zero.", field="amount")
    refuse_above_scale(amount, measure)
    if not reason.strip():
        raise Refused("Say why the quota changes.", field="reason")
    first = period.start
    if measure_of(measure).adds_up:
        first = hold_open([person.pk], period.start, period.end)
    else:  # a level is one and the same on all of its days
        hold([person.pk], period.start, period.end)
    figures = figures_within([person.pk], period.start, period.end, measure)
    if not figures:
        held = QuotaEntry.objects.overlapping(period.start, period.end).filter(person=person, measure=measure)
        held = held.exclude(kind=Kind.REDISTRIBUTION)
        beyond = held.exclude(during__contained_by=half_open(period.start, period.end)).order_by("during").first()
        if beyond is not None:
            days, last = beyond.during, beyond.during.upper - timedelta(days=1)
            raise Refused(
                f"The quota of {person} is set for {days.lower:%-d %b %Y} to {last:%-d %b %Y}, other days than those of"
                f" {period.label}: change that one, or answer the letter of its plan.",
                field="period",
            )
        raise Refused(f"{person} has no quota for {period.label} yet.", field="period")
    parts = {(part.start, part.end) for part in [*period.children(), *period.months()]} - {(period.start, period.end)}
    if len(figures) > 1 and all((figure.start, figure.end) in parts for figure in figures):
        raise Refused(f"The quota of {person} is set for parts of {period.label}: change one of those.", field="period")
    difference = to_cents(amount) - sum((figure.reporting for figure in figures), Decimal(0))
    if not difference:
        return None
    if first > period.start:
        whole, figures = to_cents(amount) - difference, open_parts(figures, first)
        least = whole - sum((figure.reporting for figure in figures), Decimal(0))
        if amount < least:
            raise Refused(
                f"Closed days carry {least:,.2f} of the quota of {person}: it can't come below that.", field="amount"
            )
    change = _Change(figures, Sums(difference, difference), Organisation.get().currency)
    made = QuotaEntry.objects.bulk_create(_reliefs(person, change, reason=reason.strip(), by=by, at=at))
    refuse_below_zero(made)
    return made[0]
