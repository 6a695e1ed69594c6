"""A plan letter: each figure with its reasons, so that it can be worked out again on paper (R1 to R4)."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
from django.db.models import Exists, Min, OuterRef, Q, QuerySet, Sum

from targets.analysis import FLAT, FULL, Seat, as_cents, buckets, derive, seat
from targets.models import Allocation, Plan, QuotaEntry, Strategy
from targets.selectors.past import so_far
from targets.selectors.quotas import daily_quota
from targets.selectors.shapes import Season, clipped, ramps, seasons
from teams.models import Holiday, Organisation, Person, Posting, Team, Viewer
from teams.selectors import PersonDays, presence

Kind = QuotaEntry.Kind
STEPS = (Kind.EMPLOYMENT, Kind.FTE, Kind.LEAVE, Kind.RAMP)
OWN = (Kind.BASE, *STEPS)
ASKS = {
    Kind.EMPLOYMENT: "in this seat",
    Kind.FTE: "by share of a full week",
    Kind.LEAVE: "not on leave that relieves quota",
    Kind.RAMP: "by ramp",
}
AS_IT_IS = "It is taken as it is: nothing follows from days."
MOVED_ON = "Postings, leave or ramp have changed since it was entered, so it can't be worked out from today's."


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Working days in a row of which less than all is asked."""

    first: date
    last: date
    days: int
    percent: Decimal

    def __str__(self) -> str:
        days = f"{self.days} working day{'' if self.days == 1 else 's'}"
        asked = "" if not self.percent else f" at {_plain(self.percent)}%"
        span = f"{self.first:%-d %b}" if self.first == self.last else f"{self.first:%-d %b} to {self.last:%-d %b %Y}"
        return f"{days}{asked}, {span}"


@dataclass(frozen=True, slots=True)
class Bucket:
    """A part of the season: its share, its working days in the person's own calendar, and those of the figure."""

    key: str
    percent: Decimal | None
    working_days: int
    days: int


@dataclass(frozen=True, slots=True)
class Step:
    """One entry with its arithmetic: what stood, what the days that count make of it, and the difference."""

    kind: str
    label: str
    before: Decimal
    counted: str
    arithmetic: str
    after: Decimal
    amount: Decimal
    left_out: tuple[LeftOut, ...]

    @property
    def lacks(self) -> str:
        """How the days that don't count in full are headed."""
        return "In part" if any(run.percent for run in self.left_out) else "Left out"


@dataclass(frozen=True, slots=True)
class Section:
    """The figure of one seat: a base and what follows from it, then what was entered by hand or redistributed."""

    team: Team | None
    start: date
    end: date
    base: Decimal
    reason: str
    buckets: tuple[Bucket, ...]
    holidays: tuple[tuple[date, str], ...]
    steps: tuple[Step, ...]
    note: str
    entries: tuple[QuotaEntry, ...]
    total: Decimal

    @property
    def working_days(self) -> int:
        return sum(bucket.days for bucket in self.buckets)

    @property
    def last_day(self) -> date:
        return self.end - timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Letter:
    """What a person is held to by a plan, why, and where they stand."""

    plan: Plan
    person: Person
    sections: tuple[Section, ...]
    original: Decimal
    revised: Decimal
    strategies: Sequence[Strategy]
    so_far: Decimal | None
    expected: Decimal

    @property
    def strategy(self) -> Strategy | None:
        return self.strategies[-1] if self.strategies else None


# ── Strategy ────────────────────────────────────────────────────────────────────────────────────────────────────


def strategies_of(plan: Plan) -> list[Strategy]:
    """Every version, the current one last; the first is what the plan was made with."""
    rows = list(plan.strategies.select_related("by").order_by("version"))
    if plan.strategy and (not rows or rows[0].version > 1):
        rows.insert(0, Strategy(plan=plan, version=1, text=plan.strategy, at=plan.made_at, by=plan.made_by))
    return rows


# ── Figures ─────────────────────────────────────────────────────────────────────────────────────────────────────


def figures_of(
    plan: Plan, person_ids: Collection[int] | None = None, *, until: datetime | None = None
) -> dict[int, Decimal]:
    """What each person of a plan is held to and judged by, by the entries up to a moment (R8: the original figure)."""
    entries = entries_of(plan).exclude(kind=Kind.REDISTRIBUTION)
    if person_ids is not None:
        entries = entries.filter(person__in=person_ids)
    if until is not None:
        entries = entries.filter(recorded_at__lte=until)
    rows = entries.values_list("person").annotate(total=Sum("reporting_amount"))
    return {person: total for person, total in rows.order_by("person") if person is not None}


def entries_of(plan: Plan) -> QuerySet[QuotaEntry]:
    """All that counts in the days of a plan."""
    return QuotaEntry.objects.filter(during__contained_by=plan.during, measure=plan.measure)


def last_entry(plan: Plan) -> int | None:
    """The latest of them, by number: another one after each change of a figure."""
    return entries_of(plan).order_by("pk").values_list("pk", flat=True).last()


def people_in(plan: Plan, team: Team | None = None) -> QuerySet[Person]:
    """Who has a figure in a plan, or in a team of it and those below: by its lines, or having come since."""
    lines, entries = plan.allocations.filter(person__isnull=False), entries_of(plan).filter(person__isnull=False)
    if team is not None:
        lines = lines.filter(team__path__contains=[team.pk])
        entries = entries.filter(team__path__contains=[team.pk])
    return Person.objects.filter(Q(pk__in=lines.values("person")) | Q(pk__in=entries.values("person")))


def plans_of(person_id: int) -> QuerySet[Plan]:
    """The plans with a line of a person, and the published ones that they have come into since."""
    lines = Allocation.objects.filter(person=person_id).values("plan")
    held = QuotaEntry.objects.filter(
        person=person_id, measure=OuterRef("measure"), during__contained_by=OuterRef("during")
    )
    return Plan.objects.filter(Q(pk__in=lines) | Q(Exists(held), published_at__isnull=False))


def came_since(plan: Plan, person_ids: Collection[int]) -> dict[int, datetime]:
    """Of those who came into a published plan later: when their first entry was recorded."""
    rows = entries_of(plan).filter(person__in=person_ids).values_list("person").annotate(first=Min("recorded_at"))
    return {pk: at for pk, at in rows.filter(first__gt=plan.published_at).order_by("person") if pk is not None}


def people_of(plan: Plan, user: Viewer) -> QuerySet[Person]:
    """Whose letters of a published plan a user may read."""
    if not plan.is_published:
        return Person.objects.none()
    return Person.objects.visible_to(user).filter(pk__in=people_in(plan).values("pk"))


# ── Letters ─────────────────────────────────────────────────────────────────────────────────────────────────────


def letters(plan: Plan, people: Sequence[Person], *, as_of: date) -> list[Letter]:
    """The letters of these people, in their order, in a fixed number of queries."""
    organisation, known, profiles = Organisation.get(), seasons(), ramps()
    start, end = plan.starts_on, plan.until or plan.starts_on
    ids = [person.pk for person in people]
    rows: dict[int, list[QuotaEntry]] = defaultdict(list)
    for entry in entries_of(plan).filter(person__in=ids).select_related("team", "by").order_by("recorded_at", "pk"):
        rows[entry.person_id or 0].append(entry)
    ranges = {(entry.starts_on, entry.until or end) for mine in rows.values() for entry in mine} | {(start, end)}
    around = {span: known.around(*span) or Season(*span, FLAT, {}) for span in ranges}
    first, last = min(one.start for one in around.values()), max(one.end for one in around.values())
    days = presence(person_ids=ids, start=first, end=last)
    free = _holidays(ids, organisation, start, end)
    expected: dict[int, Decimal] = defaultdict(Decimal)
    for row in daily_quota(person_ids=ids, start=start, end=end, measure=plan.measure):
        if row.on <= as_of:
            expected[row.person_id or 0] += row.amount
    brought = so_far(plan.measure, ids, start, end)
    versions = strategies_of(plan)
    made = []
    for person in people:
        mine = rows[person.pk]
        revised = sum((entry.reporting_amount for entry in mine), Decimal(0))
        moved = sum((entry.reporting_amount for entry in mine if entry.kind == Kind.REDISTRIBUTION), Decimal(0))
        made.append(
            Letter(
                plan=plan,
                person=person,
                sections=_sections(mine, days[person.pk], around, profiles, free.get(person.pk, {})),
                original=revised - moved,
                revised=revised,
                strategies=versions,
                so_far=brought.get(person.pk),
                expected=expected[person.pk] if plan.of.adds_up else revised - moved,
            )
        )
    return made


def _holidays(ids: Collection[int], organisation: Organisation, start: date, end: date) -> dict[int, dict[date, str]]:
    """The public holidays in each person's own calendar that would be working days."""
    postings = list(Posting.objects.overlapping(start, end).filter(person__in=ids).order_by("during"))
    regions = {posting.holiday_region or organisation.holiday_region for posting in postings}
    named: dict[str, dict[date, str]] = defaultdict(dict)
    for region, on, name in Holiday.objects.filter(region__in=regions, on__gte=start, on__lt=end).values_list(
        "region", "on", "name"
    ):
        named[region][on] = name
    theirs: dict[int, list[Posting]] = defaultdict(list)
    for posting in postings:
        theirs[posting.person_id].append(posting)
    found: dict[int, dict[date, str]] = defaultdict(dict)
    for person, mine in theirs.items():
        # As `presence` has it: the days before a first posting follow its calendar, a gap that of the one before it.
        for posting, following in zip(mine, [*mine[1:], None], strict=True):
            since = start if posting is mine[0] else posting.starts_on
            week = posting.working_week or organisation.working_week
            for on, name in named[posting.holiday_region or organisation.holiday_region].items():
                if on.isoweekday() in week and since <= on and (following is None or on < following.starts_on):
                    found[person][on] = name
    return found


def _sections(
    entries: Sequence[QuotaEntry],
    days: PersonDays,
    around: Mapping[tuple[date, date], Season],
    profiles: Any,
    holidays: Mapping[date, str],
) -> tuple[Section, ...]:
    seats: dict[tuple[int | None, date, date], list[QuotaEntry]] = defaultdict(list)
    for entry in sorted(entries, key=lambda entry: entry.kind not in OWN):
        place = entry.team_id, entry.starts_on, entry.during.upper
        if entry.kind not in OWN:  # what holds for a part of the days stands with the figure of all of them
            whole = ((t, s, e) for t, s, e in seats if t == place[0] and s <= place[1] and place[2] <= e)
            place = next(whole, place)
        seats[place].append(entry)
    found = []
    for (_, start, end), mine in sorted(seats.items(), key=lambda item: (item[0][1], item[0][2], item[1][0].pk)):
        sums: dict[str, Decimal] = defaultdict(Decimal)
        for entry in mine:
            sums[entry.kind] += entry.reporting_amount
        season = around[start, end]
        theirs = clipped(days, season.start, season.end)
        team = mine[0].team
        of = seat(theirs, start=start, end=end, shares=season.shares, team_id=team.pk if team else None, ramps=profiles)
        base = sums[Kind.BASE]
        follows = {part.kind: part.amount for part in derive(base, of, start=start, end=end) if part.kind in STEPS}
        stands = {kind: sums[kind] for kind in STEPS if sums[kind]}
        places = _places(theirs, of, season)
        note = "" if follows == stands else AS_IT_IS if not stands else MOVED_ON
        found.append(
            Section(
                team=team,
                start=start,
                end=end,
                base=base,
                reason=next((entry.reason for entry in reversed(mine) if entry.kind == Kind.BASE), ""),
                buckets=places,
                holidays=tuple((on, name) for on, name in sorted(holidays.items()) if start <= on < end),
                steps=tuple(_steps(base, of, places)) if follows == stands else tuple(_as_entered(base, stands)),
                note=note,
                entries=tuple(entry for entry in mine if entry.kind not in OWN),
                total=sum((entry.reporting_amount for entry in mine), Decimal(0)),
            )
        )
    return tuple(found)


def _places(days: PersonDays, of: Seat, season: Season) -> tuple[Bucket, ...]:
    inside = np.bincount(of.bucket, minlength=len(of.weight)).tolist()
    if len(of.weight) == 1:
        return (Bucket("", None, inside[0], inside[0]),)
    starts = sorted(season.shares)
    counts = np.bincount(buckets(days.days, starts), minlength=len(starts)).tolist()
    return tuple(
        Bucket(season.names[first], season.shares[first], count, held)
        for first, count, held in zip(starts, counts, inside, strict=True)
    )


def _as_entered(base: Decimal, stands: Mapping[Kind, Decimal]) -> Any:
    running = base
    for kind, amount in stands.items():
        yield Step(kind, kind.label, running, "", "", running + amount, amount, ())
        running += amount


def _steps(base: Decimal, of: Seat, buckets: Sequence[Bucket]) -> Any:
    """The same products as `derive`, told in words and numbers."""
    ones = np.full(len(of.days), FULL * FULL, dtype=np.int64)
    whole = sum(of.mass(ones), Fraction(0))
    running, stands = ones, base
    for kind, asked in (
        (Kind.EMPLOYMENT, of.employed * FULL),
        (Kind.FTE, of.fte),
        (Kind.LEAVE, ~of.relieved * FULL),
        (Kind.RAMP, of.ramp),
    ):
        before = running
        running = running // FULL * asked
        value = as_cents(Fraction(base) * sum(of.mass(running), Fraction(0)) / whole) if whole else base
        if value == stands:
            continue
        counted = [
            Fraction(int(total), FULL * FULL) for total in np.bincount(of.bucket, running, minlength=len(of.weight))
        ]
        yield Step(
            kind=kind,
            label=kind.label,
            before=stands,
            counted=f"{_plain(sum(counted, Fraction(0)))} of {len(of.days)} working days count, {ASKS[kind]}",
            arithmetic=_arithmetic(base, counted, buckets, whole / (FULL * FULL), value),
            after=value,
            amount=value - stands,
            left_out=tuple(_left_out(of.days, asked, before > 0)),
        )
        stands = value


def _arithmetic(
    base: Decimal, counted: Sequence[Fraction], buckets: Sequence[Bucket], whole: Fraction, value: Decimal
) -> str:
    if buckets[0].percent is None:
        return f"{base:,.2f} × {_plain(counted[0])} ÷ {buckets[0].days} = {value:,.2f}"
    parts = " + ".join(
        f"{_plain(bucket.percent or 0)}% × {_plain(days)} ÷ {bucket.working_days}"
        for bucket, days in zip(buckets, counted, strict=True)
        if days
    )
    over = f" ÷ {_plain(whole)}%" if whole != 100 else ""
    return f"{base:,.2f} × ({parts or '0%'}){over} = {value:,.2f}"


def _left_out(days: Any, asked: Any, counts: Any) -> Any:
    """Runs of days that still counted and of which less is asked."""
    less = np.where(counts & (asked < FULL), asked, FULL)
    edges = np.flatnonzero(np.diff(np.concatenate([[FULL], less, [FULL]])))
    for begin, until in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        if less[begin] < FULL:
            percent = Decimal(int(less[begin])) / 100
            yield LeftOut(days[begin].item(), days[until - 1].item(), until - begin, percent)


def _plain(value: Fraction | Decimal | int) -> str:
    """As short as it is exact: 48.8, 100, 33.3333."""
    exact = Decimal(value.numerator) / Decimal(value.denominator) if isinstance(value, Fraction) else Decimal(value)
    text = f"{exact:,.8f}".rstrip("0").rstrip(".")
    return text or "0"
