"""The lines of a plan as a tree, what doesn't fit in it, and what publishing it would come to."""

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, overload

from django.db import connection
from django.db.models import Count, OuterRef, Q, Subquery, Sum

from salesmgmt.lib.ratios import ratio
from targets.analysis.allocation import Node, Place
from targets.models import STOOD, Allocation, Plan, PlanAct
from targets.selectors.entries import QuotaLine, due_entries
from teams.models import Access, Team, User, Viewer, access_of

MANY_LINES = 500  # beyond, a plan is shown team by team


def as_whole(amount: Decimal) -> int:
    """An amount in hundredths."""
    return int(amount * 100)


@overload
def as_amount(cents: int) -> Decimal: ...
@overload
def as_amount(cents: None) -> None: ...
def as_amount(cents: int | None) -> Decimal | None:
    """Hundredths as an amount."""
    return None if cents is None else Decimal(cents).scaleb(-2)


# ── Lines ───────────────────────────────────────────────────────────────────────────────────────────────────────

Lines = Mapping[Place, Allocation]


def place(line: Allocation) -> tuple[bool, str, str]:
    """Where a line stands among its siblings: teams before people, by external id, by name."""
    record = line.person or line.team
    return line.person_id is not None, record.external_id or "", record.name


def parent_of(line: Allocation, lines: Lines) -> Allocation | None:
    """The line above: of a person their team, of a team the next one up that the plan holds; None: the plan itself."""
    path = line.stood if line.person_id else line.stood[:-1]
    return next((lines[team, None] for team in reversed(path) if (team, None) in lines), None)


def is_own_goal(line: Allocation, access: Access) -> bool:
    """Whether a line is the target of a team one leads, one's own figure (R7); the topmost follows the plan."""
    is_led = line.person_id is None and line.team_id in access.led_team_ids
    return is_led and not holds_the_plan(line.plan_id, line.team.path)


def holds_the_plan(plan_id: int, path: Sequence[int]) -> bool:
    """Whether a team's line is the plan as a whole: the root, or one above which nothing branches off.

    So is Sales below a company whose other departments have no part in the plan.
    """
    if len(path) == 1:
        return True
    beside = Allocation.objects.filter(plan=plan_id).exclude(person=None, team__in=path)
    told = beside.aggregate(
        teams=Count("pk", filter=Q(person=None)), outside=Count("pk", filter=~Q(team__path__contains=[path[-1]]))
    )
    return bool(told["teams"]) and not told["outside"]


@dataclass(slots=True)
class Family:
    """A line, those beside it and all below them, to be shared out anew; in hundredths."""

    line: Node
    parent: Node | None
    siblings: list[Node]
    total: int
    above: str

    def moved(self) -> dict[int, tuple[int, int]]:
        """By id what each line held and holds now, of those that changed, the line itself first."""
        found = {self.line.pk: (self.line.was, self.line.amount)}
        waiting = [*self.siblings]
        while waiting:
            node = waiting.pop()
            waiting += node.children
            if node.amount != node.was:
                found[node.pk] = (node.was, node.amount)
        return found


# Only what a change needs, in whole cents: a plan may hold ten thousand lines.
FAMILY = """
    SELECT a.id, a.team_id, a.person_id, (a.amount * 100)::bigint, (a.proposed * 100)::bigint,
           (a.floor * 100)::bigint, (a.ceiling * 100)::bigint, (a.hedge * 100)::bigint, a.is_locked,
           a.person_id = %(own)s OR (a.person_id IS NULL AND a.team_id = ANY(%(led)s))
      FROM targets_allocation a
      JOIN teams_team t ON t.id = a.team_id
      LEFT JOIN teams_person p ON p.id = a.person_id
     WHERE a.plan_id = %(plan)s AND (%(under)s::bigint IS NULL OR t.path @> ARRAY[%(under)s::bigint])
     ORDER BY coalesce(p.external_id, '') COLLATE "C", p.name COLLATE "C", p.id
"""


def family_of(line: Allocation, plan: Plan, access: Access) -> Family:
    """The line with its siblings and what is below; whoever acts has their own figures in it stay as they are."""
    path = line.team.path if line.person_id else line.team.path[:-1]
    paths = dict(plan.allocations.filter(person=None).values_list("team_id", "team__path"))
    above = next((team for team in reversed(path) if team in paths), None)
    led = [team for team in access.led_team_ids if team in paths and not holds_the_plan(plan.pk, paths[team])]
    asked = {"plan": plan.pk, "under": above, "own": access.person_id, "led": led}
    with connection.cursor() as cursor:
        cursor.execute(FAMILY, asked)
        rows = cursor.fetchall()
    nodes: dict[Place, Node] = {}
    for rank, (pk, team, person, amount, proposed, floor, ceiling, hedge, locked, is_own) in enumerate(rows):
        nodes[team, person] = Node(
            (team, person), amount, floor or 0, ceiling, (amount or proposed,), rank, locked or bool(is_own), hedge,
            pk=pk, was=amount,
        )  # fmt: skip
    top: list[Node] = []
    parent = nodes.get((above, None)) if above is not None else None
    for at, node in nodes.items():
        team, person = at
        if person is None:  # only then, as looking up a path for each of ten thousand people takes its time
            over = next((nodes[up, None] for up in reversed(paths[team][:-1]) if (up, None) in nodes), None)
        else:
            over = nodes.get((team, None))
        if node is not parent:
            (top if over is None else over.children).append(node)
    siblings = parent.children if parent is not None else top
    return Family(
        line=nodes[line.team_id, line.person_id],
        parent=parent,
        siblings=siblings,
        total=parent.amount + parent.hedge if parent is not None else as_whole(plan.amount),
        above=plan.name if above is None else Team.objects.values_list("name", flat=True).get(pk=above),
    )


# ── The tree ────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A line as the review shows it. `below` is what its children sum to."""

    line: Allocation
    depth: int
    share: Decimal | None
    below: Decimal | None
    may_change: bool
    may_hedge: bool = False
    people: int = 0

    @property
    def difference(self) -> Decimal | None:
        """Positive: more is given below than the line holds; negative: part of it is given to nobody."""
        return None if self.below is None else self.below - self.line.amount

    @property
    def mismatch(self) -> Decimal | None:
        """The difference beyond the deliberate hedge: over by mistake, or missing."""
        return None if self.difference is None else self.difference - self.line.hedge

    @property
    def missing(self) -> Decimal | None:
        """What is given to nobody, where something is."""
        return -self.mismatch if self.mismatch is not None and self.mismatch < 0 else None


def plan_rows(plan: Plan, user: Viewer, within: Team | None = None) -> list[PlanRow]:
    """The lines of a plan that a user may see, as a tree: all, those of the teams one leads, or one's own.

    With `within` a team's line and what is right below it. A share tells what it is a share of, so it stands only where
    the line above is one's to see too.
    """
    access = access_of(user)
    found = plan.allocations.select_related("team", "person")
    if within is not None:
        inside = Q(team=within) | Q(team__in=_next_below(plan, within), person=None)
        found = found.filter(inside)
    elif not access.sees_all:
        found = found.filter(Q(team__path__overlap=list(access.led_team_ids)) | Q(person=access.person_id))
    lines = {(row.team_id, row.person_id): row for row in found}
    sums = _below(plan)
    below: dict[Place | None, list[Allocation]] = defaultdict(list)
    for line in lines.values():
        above = parent_of(line, lines)
        below[None if above is None else (above.team_id, above.person_id)].append(line)
    rows: list[PlanRow] = []

    def visit(line: Allocation, depth: int, total: Decimal | None) -> None:
        led = bool(set(line.team.path) & set(access.led_team_ids))
        own = access.person_id is not None and line.person_id == access.person_id
        goal = is_own_goal(line, access)
        is_seen = access.sees_all or led or own
        below_it = sums.get(line.team_id) if line.person_id is None else None
        if is_seen:
            rows.append(
                PlanRow(
                    line=line,
                    depth=depth,
                    share=None if total is None else ratio(line.amount, total),
                    below=below_it.amount if below_it and plan.of.adds_up else None,
                    may_change=not plan.is_published and not own and not goal and (access.sees_all or led),
                    may_hedge=_may_hedge(line, plan, access),
                    people=below_it.people if below_it else 0,
                )
            )
            depth += 1
        for child in sorted(below[line.team_id, line.person_id], key=place) if line.person_id is None else ():
            visit(child, depth, line.amount if is_seen else None)

    for root in sorted(below[None], key=place):
        visit(root, 0, plan.amount if access.sees_all and within is None else None)
    return rows


def _may_hedge(line: Allocation, plan: Plan, access: Access) -> bool:
    reaches = access.sees_all or bool(set(line.team.path) & set(access.led_team_ids))
    return reaches and line.person_id is None and not plan.is_published and plan.of.adds_up


def row_of(line: Allocation, user: Viewer) -> PlanRow | None:
    """One line as the review has it; None: it isn't the user's to see."""
    access, plan = access_of(user), line.plan
    led = bool(set(line.team.path) & set(access.led_team_ids))
    own = access.person_id is not None and line.person_id == access.person_id
    if not (access.sees_all or led or own):
        return None
    below = _below(plan).get(line.team_id) if line.person_id is None and plan.of.adds_up else None
    return PlanRow(
        line=line,
        depth=0,
        share=None,
        below=below.amount if below else None,
        may_change=not plan.is_published and not own and not is_own_goal(line, access) and (access.sees_all or led),
        may_hedge=_may_hedge(line, plan, access),
        people=below.people if below else 0,
    )


@dataclass(slots=True)
class _Below:
    amount: Decimal = Decimal(0)
    people: int = 0


def _parents(plan: Plan) -> dict[int, int | None]:
    """The team line above each team line."""
    return _over(dict(plan.allocations.filter(person=None).values_list("team_id", STOOD)))


def _over(paths: Mapping[int, Sequence[int]]) -> dict[int, int | None]:
    return {
        team: next((above for above in reversed(path[:-1]) if above in paths), None) for team, path in paths.items()
    }


def _next_below(plan: Plan, team: Team) -> list[int]:
    return [below for below, above in _parents(plan).items() if above == team.pk]


def _below(plan: Plan) -> dict[int | None, _Below]:
    """What the lines right below each team line (None: the plan) sum to, and how many people are below it in all."""
    teams = list(plan.allocations.filter(person=None).values_list("team_id", STOOD, "amount"))
    parents = _over({team: path for team, path, _ in teams})
    found: dict[int | None, _Below] = defaultdict(_Below)
    people = plan.allocations.filter(person__isnull=False).values_list("team_id", STOOD)
    for _, path, amount, count in people.annotate(total=Sum("amount"), lines=Count("pk")).order_by("team_id"):
        above = next((pk for pk in reversed(path) if pk in parents), None)
        found[above].amount += amount
        while above is not None:
            found[above].people += count
            above = parents[above]
    for team, _, amount in teams:
        found[parents[team]].amount += amount
    return found


@dataclass(frozen=True, slots=True)
class LineChange:
    """What an act did to one line: it was named in it, or followed. Without amounts only its hedge or lock changed."""

    line_id: int
    at: datetime
    by: User | None
    reason: str
    was: Decimal | None = None
    amount: Decimal | None = None
    is_proposed: bool = False


# Read out of the acts, of which one may hold ten thousand lines.
CHANGES = """
    SELECT line::bigint, act.at, act.by_id, act.amounts -> line, act.hedges -> line -> 1,
           CASE WHEN NOT act.amounts ? line AND NOT act.hedges ? line THEN act.locks -> line -> 1 END,
           act.proposes, act.undoes_id IS NULL,
           CASE WHEN act.rest = '' OR line::bigint = ANY(act.named) THEN act.reason ELSE act.rest END
      FROM targets_planact act CROSS JOIN unnest(%s::text[]) line
     WHERE act.plan_id = ANY(%s) AND act.amounts || act.hedges || act.locks ? line
     ORDER BY act.at DESC, act.id DESC
     LIMIT %s
"""
MOST_CHANGES = 500


def changes_of(lines: Collection[Allocation], user: Viewer) -> list[LineChange]:
    """What was changed about these lines since they were first proposed, and why; the latest first."""
    return [one for one in acts_on(lines, user) if not (one.is_proposed and one.was is None)]


def acts_on(lines: Collection[Allocation], user: Viewer) -> list[LineChange]:
    """The same with the first proposal. Why it was proposed anew is for those who plan for all."""
    sees_all = access_of(user).sees_all
    with connection.cursor() as cursor:
        ids = [str(line.pk) for line in lines]
        cursor.execute(CHANGES, [ids, list({line.plan_id for line in lines}), MOST_CHANGES])
        rows = cursor.fetchall()
    users = User.objects.in_bulk({by for _, _, by, *_ in rows})
    found = []
    for line, at, by, amounts, hedge, lock, proposes, is_new, why in rows:
        who = users.get(by)
        if lock is not None:
            found.append(LineChange(line, at, who, "Locked" if lock == "true" else "Unlocked"))
        if hedge is not None:
            cents, reason = json.loads(hedge)
            said = f"Hedge of {as_amount(cents):,.2f}: {reason}" if is_new else why
            found.append(LineChange(line, at, who, said))
        if amounts is not None:
            was, now = json.loads(amounts)
            found.append(
                LineChange(
                    line, at, who, why if sees_all or not proposes else "", as_amount(was), as_amount(now), proposes
                )
            )
    return found


def siblings_of(line: Allocation, user: Viewer) -> list[Allocation]:
    """The lines beside one, itself among them, as far as one may see them."""
    plan = line.plan
    path = line.stood if line.person_id else line.stood[:-1]
    over = set(plan.allocations.filter(person=None, team__in=path).values_list("team_id", flat=True))
    above = next((team for team in reversed(path) if team in over), None)
    beside = [team for team, parent in _parents(plan).items() if parent == above]
    rows = plan.allocations.filter(Q(team=above, person__isnull=False) | Q(team__in=beside, person=None))
    access = access_of(user)
    if not access.sees_all:
        rows = rows.filter(Q(team__path__overlap=list(access.led_team_ids)) | Q(person=access.person_id))
    return sorted(rows.select_related("team", "person"), key=place)


# ── Does it fit, and what does it come to ───────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Preview:
    """What publishing a plan would hold people to, after employment, FTE, leave and ramp."""

    quotas: dict[int, Decimal]
    vacant: Decimal
    uncovered: Decimal
    missing: list[tuple[str, Decimal]]
    over: list[tuple[str, Decimal]]

    @property
    def people(self) -> Decimal:
        return sum(self.quotas.values(), Decimal(0))

    @property
    def total(self) -> Decimal:
        return self.people + self.vacant + self.uncovered


def stand_of(plan: Plan) -> tuple[Any, ...]:
    """Where a plan and its lines stand: other values after each change of them."""
    act, line = (
        of.filter(plan=OuterRef("pk")).order_by("-pk").values("pk")[:1]
        for of in (PlanAct.objects.all(), Allocation.objects.all())
    )
    last = Plan.objects.filter(pk=plan.pk).values_list(Subquery(act), Subquery(line)).get()
    return plan.pk, plan.version, plan.amount, plan.proposed_at, plan.published_at, *last


def preview(plan: Plan) -> Preview:
    """What publishing would come to, and what stands in its way: parts given to nobody."""
    people = [row for row in plan.allocations.select_related("team", "person") if row.person]
    due = due_entries(
        [
            QuotaLine(
                row.person,
                plan.starts_on,
                plan.until or plan.starts_on,
                row.amount,
                "base" if plan.of.adds_up else "final",
                row.team,
            )
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
    off = _mismatches(plan)
    return Preview(
        quotas=dict(quotas),
        vacant=left["vacant"],
        uncovered=left["uncovered"],
        missing=[(name, -more) for name, more in off if more < 0],
        over=[(name, more) for name, more in off if more > 0],
    )


def missing(plan: Plan) -> list[tuple[str, Decimal]]:
    """Where a plan or a team of it is to bring more, its hedge counted, than is given below it."""
    return [(name, -more) for name, more in _mismatches(plan) if more < 0]


def _mismatches(plan: Plan) -> list[tuple[str, Decimal]]:
    """What is given below a plan and each team of it beyond what it is to bring and its hedge."""
    if not plan.of.adds_up:
        return []
    below = _below(plan)
    wholes: list[tuple[int | None, str, Decimal]] = [(None, plan.name, plan.amount)]
    lines = plan.allocations.filter(person=None).order_by(STOOD)
    wholes += [
        (team, name, amount + hedge)
        for team, name, amount, hedge in lines.values_list("team_id", "team__name", "amount", "hedge")
    ]
    return [(name, below[team].amount - total) for team, name, total in wholes if team in below]
