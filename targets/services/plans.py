"""Plans: made, proposed, changed with a reason, published. Nobody sets or publishes their own figure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

from django.db import transaction

from salesmgmt.lib.money import to_cents
from salesmgmt.lib.periods import Period as PeriodValue
from salesmgmt.lib.ranges import half_open
from salesmgmt.lib.refusals import Refused
from targets import selectors
from targets.analysis import Line, allocate
from targets.models import BOOKINGS, Allocation, AllocationChange, Plan, Target
from targets.services.letters import tell_of_plan
from targets.services.quotas import enter_quotas
from targets.services.seasons import learn_season
from teams.models import Organisation, Person, Team, User, access_of

# ── Plans ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _plans_for_all(by: User) -> None:
    if not access_of(by).sees_all:
        raise Refused("Executives, operations and the admin make and publish plans.")


@transaction.atomic
def make_plan(
    *,
    name: str,
    period: PeriodValue,
    amount: Decimal,
    by: User,
    at: datetime,
    strategy: str = "",
    measure: str = BOOKINGS,
) -> Plan:
    """Set out the company's target for a period."""
    _plans_for_all(by)
    if amount <= 0:
        raise Refused("The target must be more than zero.", field="amount")
    if Plan.objects.filter(period=period.key, measure=measure, published_at__isnull=False).exists():
        raise Refused(f"A plan for {period.label} is published already.", field="period")
    return Plan.objects.create(
        name=name,
        period=period.key,
        during=half_open(period.start, period.end),
        measure=measure,
        amount=to_cents(amount),
        strategy=strategy,
        made_at=at,
        made_by=by,
    )


@dataclass(slots=True)
class _Node:
    """A team or a seat while it is split to."""

    team: Team
    person: Person | None
    weight: Fraction
    floor: Decimal
    ceiling: Decimal | None
    past: Decimal | None
    children: list["_Node"]

    @property
    def key(self) -> tuple[int, int | None]:
        return self.team.pk, self.person.pk if self.person else None


@transaction.atomic
def propose_allocation(
    *, plan: Plan, by: User, at: datetime, on: date, shrink: Decimal | None = None, growth: Decimal | None = None
) -> int:
    """Split a plan's amount down the tree by past results (R5, R6); answers how many lines it has.

    Locked lines keep their amount. With `shrink` and `growth` nobody gets less than their latest result × (1 − shrink)
    or more than × (1 + growth); refused where the target doesn't fit between.
    """
    _plans_for_all(by)
    plan = _draft(plan)
    roots = _tree(
        selectors.seats_ahead(start=plan.starts_on, end=plan.until or plan.starts_on, as_of=on),
        shrink=shrink,
        growth=growth,
    )
    if not roots:
        raise Refused("Nobody is posted as a rep in this period: add people and postings first.")
    stands = {(line.team_id, line.person_id): line for line in plan.allocations.all()}
    amounts: dict[tuple[int, int | None], Decimal] = {}
    pasts: dict[tuple[int, int | None], Decimal | None] = {}

    def share(total: Decimal, nodes: list[_Node], whole: str) -> None:
        locked = {
            node.key: stands[node.key].amount for node in nodes if node.key in stands and stands[node.key].is_locked
        }
        rest = total - sum(locked.values(), Decimal(0))
        free = {node.key: Line(node.weight, node.floor, node.ceiling) for node in nodes if node.key not in locked}
        if rest < 0:
            raise Refused(f"The locked lines in {whole} come to {-rest:,.2f} more than it has.")
        amounts.update(locked)
        if free:
            try:
                amounts.update(allocate(rest, free))
            except Refused as refusal:
                raise Refused(f"{whole}: {refusal.sentence}", field=refusal.field) from refusal
        for node in nodes:
            pasts[node.key] = node.past
            if node.children:
                share(amounts[node.key], node.children, str(node.team))

    share(plan.amount, roots, plan.name)
    plan.allocations.exclude(pk__in=[line.pk for key, line in stands.items() if key in amounts]).delete()
    Allocation.objects.bulk_create(
        [
            Allocation(
                plan=plan,
                team_id=key[0],
                person_id=key[1],
                proposed=amount,
                amount=amount,
                past=pasts[key],
            )
            for key, amount in amounts.items()
            if key not in stands
        ]
    )
    changed = [line for key, line in stands.items() if key in amounts]
    for line in changed:
        line.proposed = line.amount = amounts[line.team_id, line.person_id]
        line.past = pasts[line.team_id, line.person_id]
    Allocation.objects.bulk_update(changed, ["proposed", "amount", "past"])
    return len(amounts)


def _tree(seats: Iterable[selectors.SeatAhead], *, shrink: Decimal | None, growth: Decimal | None) -> list[_Node]:
    """The teams that hold seats, below one another, ordered by external id, teams before people."""
    teams = {team.pk: team for team in Team.objects.present()}
    nodes: dict[int, _Node] = {}
    roots: list[_Node] = []

    def node_of(team: Team) -> _Node:
        if team.pk not in nodes:
            node = nodes[team.pk] = _Node(team, None, Fraction(0), Decimal(0), Decimal(0), None, [])
            above = teams.get(team.parent_id or 0)
            (node_of(above).children if above else roots).append(node)
        return nodes[team.pk]

    for seat_ahead in seats:
        if seat_ahead.team_id not in teams:
            continue
        latest = seat_ahead.latest
        leaf = _Node(
            team=teams[seat_ahead.team_id],
            person=seat_ahead.person,
            weight=seat_ahead.weight,
            floor=Decimal(0) if latest is None or shrink is None else to_cents(latest * (1 - shrink)),
            ceiling=None if latest is None or growth is None else to_cents(latest * (1 + growth)),
            past=seat_ahead.past,
            children=[],
        )
        node_of(leaf.team).children.append(leaf)

    def gather(node: _Node) -> None:
        for child in node.children:
            if child.person is None:
                gather(child)
        node.children.sort(key=_place)
        node.weight = sum((child.weight for child in node.children), Fraction(0))
        node.floor = sum((child.floor for child in node.children), Decimal(0))
        ceilings = [child.ceiling for child in node.children]
        node.ceiling = None if None in ceilings else sum((c for c in ceilings if c is not None), Decimal(0))
        pasts = [child.past for child in node.children if child.past is not None]
        node.past = sum(pasts, Decimal(0)) if pasts else None

    for root in roots:
        gather(root)
    return sorted(roots, key=_place)


def _place(node: _Node) -> tuple[bool, str, str]:
    record = node.person or node.team
    return node.person is not None, record.external_id or "", record.name


def _draft(plan: Plan) -> Plan:
    plan = Plan.objects.select_for_update(no_key=True).get(pk=plan.pk)
    if plan.is_published:
        raise Refused("This plan is published: change a person's quota instead, with its reason.")
    return plan


@transaction.atomic
def change_allocation(
    *, allocation: Allocation, amount: Decimal, reason: str, by: User, at: datetime, spread: bool = False
) -> Allocation:
    """Give a line of a plan another amount and lock it, with a reason.

    The siblings keep theirs, and what no longer fits shows as hedge or as missing; with `spread` the unlocked siblings
    share the rest, and every team whose line moved is split anew below it, in proportion to what stands.
    """
    plan = _draft(allocation.plan)
    line = Allocation.objects.select_related("team", "person").get(pk=allocation.pk)
    _may_change(line, by)
    if amount < 0:
        raise Refused("A line can't be below zero.", field="amount")
    if not reason.strip():
        raise Refused("Say why the line changes.", field="reason")
    lines = {(row.team_id, row.person_id): row for row in plan.allocations.select_related("team", "person")}
    was = {row.pk: row.amount for row in lines.values()}
    line = lines[line.team_id, line.person_id]
    line.amount, line.is_locked = to_cents(amount), True
    if spread:
        _spread_rest(line, lines, plan)
    moved = [row for row in lines.values() if row.amount != was[row.pk] or row.pk == line.pk]
    Allocation.objects.bulk_update(moved, ["amount", "is_locked"])
    AllocationChange.objects.bulk_create(
        AllocationChange(
            allocation=row,
            at=at,
            by=by,
            was=was[row.pk],
            amount=row.amount,
            reason=(reason if row.pk == line.pk else f"Rest of {line.person or line.team}: {reason}")[:200],
        )
        for row in moved
    )
    return line


def _may_change(line: Allocation, by: User) -> None:
    access = access_of(by)
    if line.person_id is not None and line.person_id == access.person_id:
        raise Refused("Nobody changes their own figure: ask your manager.", field="amount")
    if selectors.is_own_goal(line, access):
        raise Refused("The target of the team you lead is your own figure: ask the next manager up.", field="amount")
    if access.sees_all:
        return
    if not set(line.team.path) & set(access.led_team_ids):
        raise Refused("This line is outside the teams you lead.", field="amount")


def _spread_rest(line: Allocation, lines: dict[tuple[int, int | None], Allocation], plan: Plan) -> None:
    parent = selectors.parent_of(line, lines)
    siblings = selectors.children_of(parent, lines)
    total = parent.amount if parent else plan.amount
    free = [row for row in siblings if not row.is_locked]
    rest = total - sum((row.amount for row in siblings if row.is_locked), Decimal(0))
    if rest < 0:
        above = parent.team if parent else plan.name
        raise Refused(f"The locked lines would come to {-rest:,.2f} more than {above} has.", field="amount")
    if free:
        for pk, share in _by_standing(rest, free).items():
            next(row for row in free if row.pk == pk).amount = share
    for row in [line, *free]:
        _split_below(row, lines)


def _split_below(row: Allocation, lines: dict[tuple[int, int | None], Allocation]) -> None:
    children = selectors.children_of(row, lines) if row.person_id is None else []
    free = [child for child in children if not child.is_locked]
    rest = row.amount - sum((child.amount for child in children if child.is_locked), Decimal(0))
    if children and rest < 0:
        raise Refused(
            f"The locked lines below {row.team} come to {-rest:,.2f} more than it would have.", field="amount"
        )
    if free:
        for pk, share in _by_standing(rest, free).items():
            next(child for child in free if child.pk == pk).amount = share
    for child in free:
        _split_below(child, lines)


def _by_standing(total: Decimal, rows: list[Allocation]) -> dict[int, Decimal]:
    return allocate(
        total, {row.pk: Line(Fraction(row.amount or row.proposed)) for row in sorted(rows, key=selectors.place)}
    )


@transaction.atomic
def lock_allocation(*, allocation: Allocation, is_locked: bool, by: User) -> None:
    """Keep a line as it is when others are shared out, or let it go again."""
    _draft(allocation.plan)
    _may_change(allocation, by)
    Allocation.objects.filter(pk=allocation.pk).update(is_locked=is_locked)


@transaction.atomic
def publish_plan(*, plan: Plan, by: User, at: datetime) -> int:
    """Make a plan what people are held to: targets of its teams, quotas of its people; answers how many entries.

    Publishing again adds nothing, or what postings, leave and ramp have changed since. Nobody publishes their own
    figure, and no team may be given less below than it is held to.
    """
    _plans_for_all(by)
    plan = Plan.objects.select_for_update(no_key=True).get(pk=plan.pk)
    period = PeriodValue.kept(plan.period, plan.starts_on, plan.until or plan.starts_on, Organisation.get().calendar)
    lines = {(row.team_id, row.person_id): row for row in plan.allocations.select_related("team", "person")}
    if not lines:
        raise Refused("There is nothing to publish: have it proposed first.")
    own = access_of(by).person_id
    if own is not None and any(person == own for _, person in lines):
        raise Refused("Your own quota is in this plan: somebody else publishes it.")
    for name, short in selectors.missing(plan, lines):
        raise Refused(f"{short:,.2f} of {name} is given to nobody: spread the rest first.")
    others = Plan.objects.filter(period=plan.period, measure=plan.measure, published_at__isnull=False).exclude(
        pk=plan.pk
    )
    if others.exists():
        raise Refused(f"Another plan for {period.label} is published already.")
    learn_season(period=period)
    _publish_targets(plan, [row for row in lines.values() if row.person_id is None], by=by, at=at)
    entries = enter_quotas(
        lines=[
            selectors.QuotaLine(
                row.person, period.start, period.end, row.amount, "base", row.team, measure=plan.measure
            )
            for row in lines.values()
            if row.person is not None
        ],
        reason=plan.name,
        by=by,
        at=at,
        plan=plan,
    )
    if not plan.is_published:
        plan.published_at, plan.published_by = at, by
        plan.save(update_fields=["published_at", "published_by"])
        tell_of_plan(plan=plan, by=by, at=at)
    return len(entries)


def _publish_targets(plan: Plan, rows: Iterable[Allocation], *, by: User, at: datetime) -> None:
    stands = {
        target.team_id: target.amount
        for target in Target.objects.filter(during=plan.during, measure=plan.measure).order_by("published_at", "pk")
    }
    Target.objects.bulk_create(
        Target(
            team=row.team,
            during=plan.during,
            measure=plan.measure,
            amount=row.amount,
            plan=plan,
            published_at=at,
            by=by,
        )
        for row in rows
        if stands.get(row.team_id) != row.amount
    )
