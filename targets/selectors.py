"""Questions about quotas and targets: what is a person held to, day by day, and what a team."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

import numpy as np
from django.db.models import Q, Sum
from django.db.models.functions import TruncMonth

from sales.models import Credit
from salesmgmt.lib.periods import Kind, Period
from salesmgmt.lib.ratios import ratio
from teams.models import Organisation, Person, Posting, Role, Team, Viewer, access_of
from teams.selectors import PersonDays, presence, working_days

from .analysis import FLAT, Ramps, Shares, as_cents, capacity, learn_shares, seat, spread
from .models import BOOKINGS, Allocation, Plan, QuotaEntry, RampStep, SeasonShare, Target

Seasons = Mapping[str, Shares]


# ── What shapes a quota ─────────────────────────────────────────────────────────────────────────────────────────


def ramps() -> Ramps:
    """Every ramp profile: month of tenure → percent."""
    found: dict[str, dict[int, Decimal]] = defaultdict(dict)
    for name, month, percent in RampStep.objects.values_list("profile__name", "month", "percent"):
        found[name][month] = percent
    return found


def seasons() -> Seasons:
    """Every period with a shape of its own: bucket → percent."""
    found: dict[str, dict[str, Decimal]] = defaultdict(dict)
    for period, bucket, percent in SeasonShare.objects.values_list("period", "bucket", "percent"):
        found[period][bucket] = percent
    return found


def container(start: date, end: date, *, fiscal_month: int, known: Seasons) -> tuple[date, date, Shares]:
    """The quarter, else year, around `[start, end)` that has a season, with it; without one the range itself, flat."""
    kinds: tuple[Kind, ...] = ("quarter", "year")
    for kind in kinds:
        around = Period.of(start, kind, fiscal_month=fiscal_month)
        if end <= around.end and around.key in known:
            return around.start, around.end, known[around.key]
    return start, end, FLAT


# ── The quota of people and teams, day by day ───────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class DailyQuota:
    """What one day carries; without a person it is a team's vacant or uncovered part (R4)."""

    person_id: int | None
    team_id: int | None
    on: date
    amount: Decimal


@dataclass(frozen=True, slots=True)
class _Group:
    """The entries of a person in a team over one range: together they are spread."""

    person_id: int | None
    team_id: int | None
    start: date
    end: date


def daily_quota(
    *,
    person_ids: Collection[int | None] | None = None,
    team_ids: Collection[int] | None = None,
    start: date,
    end: date,
    measure: str = BOOKINGS,
) -> list[DailyQuota]:
    """The quota entries that touch `[start, end)`, spread over its days; over an entry's whole range they sum to it.

    `person_ids` may hold None for what stays with teams; without it: everybody and that. `team_ids` are exact teams,
    without those below. A fixed number of queries.
    """
    return [
        DailyQuota(group.person_id, group.team_id, on, amount)
        for group, days in _spread(_groups(person_ids, team_ids, start, end, measure)).items()
        for on, amount in days
        if start <= on < end and amount
    ]


def quota_of(
    *,
    person_ids: Collection[int] | None = None,
    team_ids: Collection[int] | None = None,
    start: date,
    end: date,
    measure: str = BOOKINGS,
) -> dict[int, Decimal]:
    """The quota of each person, or of each team with all below it (people, vacant and uncovered), in `[start, end)`.

    Who has no entry is left out: no quota is not a quota of zero. An entry that reaches beyond counts with the days
    inside.
    """
    under: dict[int, list[int]] = {}
    if team_ids is not None:
        for pk, path in Team.objects.under(list(team_ids)).values_list("pk", "path"):
            under[pk] = [above for above in path if above in set(team_ids)]
    groups = _groups(person_ids, None if team_ids is None else list(under), start, end, measure)
    found: dict[int, Decimal] = defaultdict(Decimal)
    for group, kinds in _amounts(groups, start, end):
        owners = [group.person_id] if team_ids is None else under.get(group.team_id or 0, [])
        for owner in owners:
            if owner is not None:
                found[owner] += sum(kinds.values(), Decimal(0))
    return dict(found)


def _groups(
    person_ids: Collection[int | None] | None,
    team_ids: Collection[int] | None,
    start: date,
    end: date,
    measure: str,
) -> dict[_Group, dict[str, Decimal]]:
    entries = QuotaEntry.objects.overlapping(start, end).filter(measure=measure)
    if person_ids is not None:
        named = entries.filter(person__in=[pk for pk in person_ids if pk is not None])
        entries = named | entries.filter(person=None) if None in person_ids else named
    if team_ids is not None:
        entries = entries.filter(team__in=team_ids)
    groups: dict[_Group, dict[str, Decimal]] = defaultdict(dict)
    rows = entries.values_list("person_id", "team_id", "during", "kind").annotate(total=Sum("reporting_amount"))
    for person, team, during, kind, total in rows.order_by("person_id", "team_id", "during", "kind"):
        groups[_Group(person, team, during.lower, during.upper)][kind] = total
    return dict(groups)


def _spread(groups: Mapping[_Group, Mapping[str, Decimal]]) -> dict[_Group, list[tuple[date, Decimal]]]:
    if not groups:
        return {}
    organisation, known, profiles = Organisation.get(), seasons(), ramps()
    around = {
        group: container(group.start, group.end, fiscal_month=organisation.fiscal_month, known=known)
        for group in groups
    }
    first = min(start for start, _, _ in around.values())
    last = max(end for _, end, _ in around.values())
    people = presence(person_ids={group.person_id for group in groups if group.person_id}, start=first, end=last)
    nobodys = everyday(organisation, first, last)
    days = {}
    for group, kinds in groups.items():
        lower, upper, shares = around[group]
        of = seat(
            clipped(people[group.person_id] if group.person_id else nobodys, lower, upper),
            start=group.start,
            end=group.end,
            shares=shares,
            team_id=group.team_id if group.person_id else None,
            ramps=profiles,
        )
        total = sum(kinds.values(), Decimal(0))
        days[group] = spread(
            total, of, end=group.end, kinds=frozenset(kind for kind, amount in kinds.items() if amount)
        )
    return days


def clipped(days: PersonDays, start: date, end: date) -> PersonDays:
    """Those of the days that lie in `[start, end)`."""
    inside = slice(*np.searchsorted(days.days, [np.datetime64(start), np.datetime64(end)]))
    return PersonDays(
        days.days[inside],
        days.team_ids[inside],
        days.employed[inside],
        days.fte[inside],
        days.relieved[inside],
        days.away[inside],
        days.tenure_month[inside],
        days.ramp[inside],
    )


def everyday(organisation: Organisation, start: date, end: date) -> PersonDays:
    """The organisation's own calendar, as of somebody who is always there: for what has no person."""
    days = working_days(region=organisation.holiday_region, week=organisation.working_week, start=start, end=end)
    size = len(days)
    never = np.zeros(size, dtype=np.bool_)
    return PersonDays(
        days=days,
        team_ids=np.zeros(size, dtype=np.int64),
        employed=~never,
        fte=np.ones(size, dtype=np.object_),
        relieved=never,
        away=never,
        tenure_month=np.zeros(size, dtype=np.int64),
        ramp=np.full(size, "", dtype=np.object_),
    )


# ── What a plan is made from ────────────────────────────────────────────────────────────────────────────────────

QUARTERS_BACK = 4
SHAPE_QUARTERS = 8
FEWEST_QUARTERS = 4
FEWEST_DAYS = 20  # fewer full days than a month say nothing about what somebody brings


@dataclass(frozen=True, slots=True)
class SeatAhead:
    """A person in the team of their first day in a plan's period, with what their past says (R5)."""

    person: Person
    team_id: int
    past: Decimal | None
    weight: Fraction
    latest: Decimal | None


def seats_ahead(*, start: date, end: date, as_of: date) -> list[SeatAhead]:
    """Who will carry a quota in `[start, end)`: reps, and managers who brought something themselves.

    Past results are those of the last four quarters that were over on `as_of`, divided by the days the person was
    there for, FTE and ramp counted, times the working days ahead. Who has no such past, being new or without any
    credit, stands with the mean of their team, or of everybody.
    """
    organisation = Organisation.get()
    until = min(start, Period.of(as_of, "quarter", fiscal_month=organisation.fiscal_month).start)
    latest = Period.of(until, "quarter", fiscal_month=organisation.fiscal_month).shift(-1)
    since = latest.shift(1 - QUARTERS_BACK).start
    postings: dict[int, Posting] = {}
    ahead = Posting.objects.overlapping(start, end).filter(role__in=[Role.REP, Role.MANAGER], person__withdrawn_at=None)
    for posting in ahead.select_related("person").order_by("during"):
        postings.setdefault(posting.person_id, posting)
    then = presence(person_ids=postings, start=start, end=end)
    postings = {pk: posting for pk, posting in postings.items() if then[pk].employed.any()}
    before = presence(person_ids=postings, start=since, end=until)
    credited = Credit.objects.filter(
        person__in=postings, kind=Credit.Kind.PRIMARY, occurred_on__gte=since, occurred_on__lt=until
    )
    sums: dict[int, tuple[Decimal, Decimal]] = {
        pk: (total, last or Decimal(0))
        for pk, total, last in credited.values_list("person").annotate(
            total=Sum("reporting_amount"), last=Sum("reporting_amount", filter=Q(occurred_on__gte=latest.start))
        )
    }
    profiles = ramps()
    rates: dict[int, Fraction] = {}
    lasts: dict[int, Fraction] = {}
    for pk in postings:
        there = capacity(before[pk], profiles)
        total, last = sums.get(pk, (Decimal(0), Decimal(0)))
        if pk in sums and there >= FEWEST_DAYS:
            rates[pk] = Fraction(max(total, Decimal(0))) / there
        recently = capacity(clipped(before[pk], latest.start, latest.end), profiles)
        if pk in sums and recently >= FEWEST_DAYS:
            lasts[pk] = Fraction(max(last, Decimal(0))) / recently
    reps = {pk: posting for pk, posting in postings.items() if posting.role == Role.REP or sums.get(pk, (0, 0))[0] > 0}
    means: dict[int | None, Fraction] = {}
    for pk in rates.keys() & reps.keys():
        for team in (reps[pk].team_id, None):
            means.setdefault(team, Fraction(0))
    for team in means:
        theirs = [rates[pk] for pk, posting in reps.items() if pk in rates and team in (None, posting.team_id)]
        means[team] = sum(theirs, Fraction(0)) / len(theirs)
    return [
        SeatAhead(
            person=posting.person,
            team_id=posting.team_id,
            past=sums[pk][0] if pk in sums else None,
            weight=rates.get(pk, means.get(posting.team_id, means.get(None, Fraction(1)))) * len(then[pk]),
            latest=as_cents(lasts[pk] * len(then[pk])) if pk in lasts else None,
        )
        for pk, posting in reps.items()
    ]


def learned_season(period: Period) -> dict[str, Decimal]:
    """The shape of a quarter by months, or of a year, as earlier ones had it; empty where too few are over (R15).

    A quarter needs four before it, a year two.
    """
    organisation = Organisation.get()
    months = period.months()
    if len(months) == 1:
        return {}
    back, fewest = (SHAPE_QUARTERS, FEWEST_QUARTERS) if period.kind == "quarter" else (2, 2)
    earlier = [period.shift(-n) for n in range(1, back + 1)]
    first = earlier[-1].start
    credits = Credit.objects.filter(kind=Credit.Kind.PRIMARY, occurred_on__gte=first, occurred_on__lt=period.start)
    totals = dict(
        credits.annotate(month=TruncMonth("occurred_on")).values_list("month").annotate(total=Sum("reporting_amount"))
    )
    earlier = [
        past
        for past in earlier
        if sum((totals.get(month.start, Decimal(0)) for month in past.months()), Decimal(0)) > 0
    ]
    if len(earlier) < fewest:
        return {}
    days = working_days(region=organisation.holiday_region, week=organisation.working_week, start=first, end=period.end)

    def count(month: Period) -> int:
        return int(np.subtract(*np.searchsorted(days, [np.datetime64(month.end), np.datetime64(month.start)])))

    history = {
        str(place): (
            sum((totals.get(past.months()[place].start, Decimal(0)) for past in earlier), Decimal(0)),
            sum(count(past.months()[place]) for past in earlier),
        )
        for place in range(len(months))
    }
    return learn_shares(history, {month.key: (str(place), count(month)) for place, month in enumerate(months)})


# ── Targets of teams ────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class TeamTarget:
    """What a team is held to and how it comes about (R4, R7); without a published target it is the sum of the rest."""

    target: Decimal
    people: Decimal
    vacant: Decimal
    uncovered: Decimal
    hedge: Decimal
    is_published: bool


def targets_of(*, team_ids: Collection[int], start: date, end: date, measure: str = BOOKINGS) -> dict[int, TeamTarget]:
    """The targets of teams for `[start, end)`; teams without a target and without quotas below them are left out.

    Published targets whose ranges lie inside are added up. The hedge is what the quotas, the vacant and the uncovered
    parts exceed the target by.
    """
    wanted = set(team_ids)
    published: dict[tuple[int, date, date], Decimal] = {}
    rows = (
        Target.objects.overlapping(start, end).filter(team__in=wanted, measure=measure).order_by("published_at", "pk")
    )
    for team, during, amount in rows.values_list("team_id", "during", "amount"):
        if start <= during.lower and during.upper is not None and during.upper <= end:
            published[team, during.lower, during.upper] = amount
    below = dict(Team.objects.under(list(wanted)).values_list("pk", "path"))
    sums: dict[int, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for group, kinds in _amounts(_groups(None, list(below), start, end, measure), start, end):
        for above in below.get(group.team_id or 0, []):
            if above in wanted:
                for kind, share in kinds.items():
                    sums[above][kind if kind in ("vacant", "uncovered") else "people"] += share
    found = {}
    for team in wanted:
        targets = [amount for (pk, _, _), amount in published.items() if pk == team]
        if not targets and team not in sums:
            continue
        parts = sums[team]
        quotas = parts["people"] + parts["vacant"] + parts["uncovered"]
        target = sum(targets, Decimal(0)) if targets else quotas
        found[team] = TeamTarget(
            target, parts["people"], parts["vacant"], parts["uncovered"], quotas - target, is_published=bool(targets)
        )
    return found


def target_of(team: Team, period: Period) -> TeamTarget | None:
    """The target of one team for a period."""
    return targets_of(team_ids=[team.pk], start=period.start, end=period.end).get(team.pk)


def _amounts(
    groups: Mapping[_Group, dict[str, Decimal]], start: date, end: date
) -> Iterator[tuple[_Group, dict[str, Decimal]]]:
    """Each group's amount in `[start, end)` by kind; of groups that reach beyond, as one amount of the days inside."""
    partly = {group: kinds for group, kinds in groups.items() if group.start < start or end < group.end}
    for group, kinds in groups.items():
        if group not in partly:
            yield group, kinds
    for group, days in _spread(partly).items():
        kind = "base" if group.person_id else next(iter(partly[group]))
        yield group, {kind: sum((amount for on, amount in days if start <= on < end), Decimal(0))}


# ── The lines of a plan ─────────────────────────────────────────────────────────────────────────────────────────

Lines = Mapping[tuple[int, int | None], Allocation]


def place(line: Allocation) -> tuple[bool, str, str]:
    """Where a line stands among its siblings: teams before people, by external id, by name."""
    record = line.person or line.team
    return line.person_id is not None, record.external_id or "", record.name


def parent_of(line: Allocation, lines: Lines) -> Allocation | None:
    """The line above: of a person their team, of a team the next one up that the plan holds; None: the plan itself."""
    path = line.team.path if line.person_id else line.team.path[:-1]
    return next((lines[team, None] for team in reversed(path) if (team, None) in lines), None)


def children_of(parent: Allocation | None, lines: Lines) -> list[Allocation]:
    """The lines right below one (None: the plan itself), in order."""
    return sorted((line for line in lines.values() if line != parent and parent_of(line, lines) == parent), key=place)


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A line as the review shows it. `below` is what its children sum to, `quota` what remains after R1 to R4."""

    line: Allocation
    depth: int
    share: Decimal | None
    below: Decimal | None
    may_change: bool

    @property
    def difference(self) -> Decimal | None:
        """Positive: hedge; negative: given to nobody."""
        return None if self.below is None else self.below - self.line.amount


def plan_rows(plan: Plan, user: Viewer) -> list[PlanRow]:
    """The lines of a plan that a user may see, as a tree: all, those of the teams one leads, or one's own."""
    access = access_of(user)
    lines = {(row.team_id, row.person_id): row for row in plan.allocations.select_related("team", "person")}
    below: dict[tuple[int, int | None] | None, list[Allocation]] = defaultdict(list)
    for line in lines.values():
        above = parent_of(line, lines)
        below[None if above is None else (above.team_id, above.person_id)].append(line)
    rows: list[PlanRow] = []

    def visit(line: Allocation, depth: int, total: Decimal) -> None:
        children = sorted(below[line.team_id, line.person_id], key=place) if line.person_id is None else []
        led = bool(set(line.team.path) & set(access.led_team_ids))
        own = access.person_id is not None and line.person_id == access.person_id
        goal = line.person_id is None and line.team_id in access.led_team_ids
        if access.sees_all or led or own:
            rows.append(
                PlanRow(
                    line=line,
                    depth=depth,
                    share=ratio(line.amount, total),
                    below=sum((child.amount for child in children), Decimal(0)) if children else None,
                    may_change=not plan.is_published and not own and (access.sees_all or (led and not goal)),
                )
            )
            depth += 1
        for child in children:
            visit(child, depth, line.amount)

    for root in sorted(below[None], key=place):
        visit(root, 0, plan.amount)
    return rows
