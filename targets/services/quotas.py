"""The quota ledger: only added to, by the difference to what stands. Nobody sets their own figure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Sum

from salesmgmt.desk.models import Mark
from salesmgmt.lib.money import to_cents
from salesmgmt.lib.periods import Period as PeriodValue
from salesmgmt.lib.ranges import half_open
from salesmgmt.lib.refusals import Refused
from targets.models import BOOKINGS, Plan, QuotaEntry, QuotaProposal
from targets.models.watches import TOPIC
from targets.selectors.entries import Key, QuotaLine, Sums, differences, due_entries, stated_entries
from teams.models import Organisation, Period, Person, Posting, Role, Team, User, access_of

Kind = QuotaEntry.Kind
LEFT_TO_THE_TEAM = {Kind.VACANT, Kind.UNCOVERED}

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
    own = access_of(by).person_id if by else None
    for line in lines:
        if line.person.pk == own:
            raise Refused("Nobody sets their own quota: ask somebody else who plans.", field="person")
        if line.amount < 0:
            raise Refused(f"The quota of {line.person} can't be below zero.", field="amount")
        if line.start >= line.end:
            raise Refused("A quota needs a first day before its end.", field="period")
    hold([line.person.pk for line in lines], min(line.start for line in lines), max(line.end for line in lines))
    _refuse_overlaps(lines)
    return post(lines, due_entries(lines), reason=reason, by=by, at=at, plan=plan)


def hold(person_ids: list[int], start: date, end: date) -> None:
    """One at a time per person, and only while the months are open: an amendment never moves to another period."""
    list(Person.objects.filter(pk__in=person_ids).order_by("pk").select_for_update(no_key=True).values_list("pk"))
    months = Period.objects.standing().overlapping(start, end).order_by("pk").select_for_update(no_key=True)
    if closed := [month.key for month in months if month.is_closed]:
        raise Refused(f"{closed[0]} is closed: reopen it with a reason before its quotas change.", field="period")


def _refuse_overlaps(lines: Iterable[QuotaLine]) -> None:
    """Two quotas over different ranges that share days would count twice."""
    lines = list(lines)
    stands = (
        QuotaEntry.objects.overlapping(min(line.start for line in lines), max(line.end for line in lines))
        .filter(person__in={line.person.pk for line in lines})
        .exclude(kind=Kind.REDISTRIBUTION)
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
    """Take entries back, each by one that names it (undoing an import); those already taken back stay so."""
    entries = QuotaEntry.objects.filter(pk__in=list(entry_ids), reversed_by=None, reverses=None).order_by("pk")
    rows = list(entries)
    if rows:
        people = [row.seat_id or row.person_id for row in rows]
        if by is not None and access_of(by).person_id in people:
            raise Refused("Your own quota is among these entries: somebody else takes them back.")
        hold(
            [pk for pk in people if pk],
            min(row.starts_on for row in rows),
            max(row.until or row.starts_on for row in rows),
        )
    made = QuotaEntry.objects.bulk_create(
        QuotaEntry(
            **{
                name: getattr(row, name)
                for name in (
                    "person_id",
                    "seat_id",
                    "team_id",
                    "during",
                    "measure",
                    "kind",
                    "basis",
                    "plan_id",
                    "currency",
                    "rate",
                )
            },
            amount=-row.amount,
            reporting_amount=-row.reporting_amount,
            recorded_at=at,
            by=by,
            reason=reason,
            reverses=row,
        )
        for row in rows
    )
    return len(made)


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
    """Change a person's quota for a period to `amount` by one more entry with its reason; None: it is that already."""
    access = access_of(by)
    if access.person_id == person.pk:
        raise Refused("Nobody changes their own quota: ask your manager.", field="person")
    if not (access.sees_all or (access.leads and access.sees_person(person.pk))):
        raise Refused(f"Only who leads {person} or plans for all changes this quota.", field="person")
    if amount < 0:
        raise Refused("A quota can't be below zero.", field="amount")
    if not reason.strip():
        raise Refused("Say why the quota changes.", field="reason")
    hold([person.pk], period.start, period.end)
    stands = list(
        QuotaEntry.objects.filter(person=person, measure=measure, during=half_open(period.start, period.end))
        .exclude(kind=Kind.REDISTRIBUTION)
        .values_list("team_id")
        .annotate(total=Sum("reporting_amount"))
        .order_by("-total", "team_id")
    )
    if not stands:
        raise Refused(f"{person} has no quota for {period.label} yet.", field="period")
    difference = to_cents(amount) - sum((total for _, total in stands), Decimal(0))
    if not difference:
        return None
    return QuotaEntry.objects.create(
        person=person,
        seat=person,
        team_id=stands[0][0],
        during=half_open(period.start, period.end),
        measure=measure,
        kind=Kind.RELIEF,
        amount=difference,
        currency=Organisation.get().currency,
        reporting_amount=difference,
        recorded_at=at,
        by=by,
        reason=reason.strip(),
    )
