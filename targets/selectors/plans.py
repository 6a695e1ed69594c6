"""What a plan is made from, and its lines as a tree."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from django.db.models import Q, QuerySet, Sum

from sales.models import Credit
from salesmgmt.lib.periods import Period
from salesmgmt.lib.ratios import ratio
from targets.analysis import as_cents, capacity
from targets.models import Allocation, AllocationChange, Plan
from targets.selectors.entries import QuotaLine, due_entries
from targets.selectors.shapes import clipped, ramps
from teams.models import Access, Organisation, Person, Posting, Role, Viewer, access_of
from teams.selectors import presence

QUARTERS_BACK = 4
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
    until = min(start, Period.of(as_of, "quarter", organisation.calendar).start)
    latest = Period.of(until, "quarter", organisation.calendar).shift(-1)
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


def is_own_goal(line: Allocation, access: Access) -> bool:
    """Whether a line is the target of a team one leads, one's own figure (R7); the topmost follows the plan."""
    return line.person_id is None and line.team.parent_id is not None and line.team_id in access.led_team_ids


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
    """The lines of a plan that a user may see, as a tree: all, those of the teams one leads, or one's own.

    A share tells what it is a share of, so it stands only where the line above is one's to see too.
    """
    access = access_of(user)
    lines = {(row.team_id, row.person_id): row for row in plan.allocations.select_related("team", "person")}
    below: dict[tuple[int, int | None] | None, list[Allocation]] = defaultdict(list)
    for line in lines.values():
        above = parent_of(line, lines)
        below[None if above is None else (above.team_id, above.person_id)].append(line)
    rows: list[PlanRow] = []

    def visit(line: Allocation, depth: int, total: Decimal | None) -> None:
        children = sorted(below[line.team_id, line.person_id], key=place) if line.person_id is None else []
        led = bool(set(line.team.path) & set(access.led_team_ids))
        own = access.person_id is not None and line.person_id == access.person_id
        goal = is_own_goal(line, access)
        is_seen = access.sees_all or led or own
        if is_seen:
            rows.append(
                PlanRow(
                    line=line,
                    depth=depth,
                    share=None if total is None else ratio(line.amount, total),
                    below=sum((child.amount for child in children), Decimal(0)) if children else None,
                    may_change=not plan.is_published and not own and not goal and (access.sees_all or led),
                )
            )
            depth += 1
        for child in children:
            visit(child, depth, line.amount if is_seen else None)

    for root in sorted(below[None], key=place):
        visit(root, 0, plan.amount if access.sees_all else None)
    return rows


def changes_of(rows: list[PlanRow]) -> QuerySet[AllocationChange]:
    """What was changed about these lines and why, the latest first."""
    changes = AllocationChange.objects.filter(allocation__in=[row.line.pk for row in rows])
    return changes.select_related("by").order_by("-at", "-pk")


@dataclass(frozen=True, slots=True)
class Preview:
    """What publishing a plan would hold people to, after employment, FTE, leave and ramp."""

    quotas: dict[int, Decimal]
    vacant: Decimal
    uncovered: Decimal
    missing: list[tuple[str, Decimal]]
    own: bool

    @property
    def people(self) -> Decimal:
        return sum(self.quotas.values(), Decimal(0))

    @property
    def total(self) -> Decimal:
        return self.people + self.vacant + self.uncovered


def preview(plan: Plan, user: Viewer) -> Preview:
    """What publishing would come to, and what stands in its way: parts given to nobody, the publisher's own quota."""
    lines = {(row.team_id, row.person_id): row for row in plan.allocations.select_related("team", "person")}
    people = [row for row in lines.values() if row.person is not None]
    due = due_entries(
        [
            QuotaLine(row.person, plan.starts_on, plan.until or plan.starts_on, row.amount, "base", row.team)
            for row in people
            if row.person is not None
        ]
    )
    quotas: dict[int, Decimal] = defaultdict(Decimal)
    left: dict[str, Decimal] = defaultdict(Decimal)
    for key, sums in due.items():
        if key.kind in ("vacant", "uncovered"):
            left[key.kind] += sums.reporting
        else:
            quotas[key.seat_id] += sums.reporting
    own = access_of(user).person_id
    return Preview(
        quotas=dict(quotas),
        vacant=left["vacant"],
        uncovered=left["uncovered"],
        missing=missing(plan, lines),
        own=own is not None and any(row.person_id == own for row in people),
    )


def missing(plan: Plan, lines: Lines) -> list[tuple[str, Decimal]]:
    """Where a plan or a team of it is held to more than is given below it."""
    wholes: list[tuple[Allocation | None, str, Decimal]] = [(None, plan.name, plan.amount)]
    wholes += [(row, row.team.name, row.amount) for row in lines.values() if row.person_id is None]
    found = []
    for whole, name, total in wholes:
        below = children_of(whole, lines)
        short = total - sum((child.amount for child in below), Decimal(0))
        if below and short > 0:
            found.append((name, short))
    return found
