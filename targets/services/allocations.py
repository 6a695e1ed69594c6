"""The lines of a plan: proposed, changed with a reason, locked, hedged. Nobody changes their own figure."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from django.db import connection, transaction

from salesmgmt.lib.money import to_cents
from salesmgmt.lib.refusals import Refused, Stale
from targets import selectors
from targets.analysis.allocation import Clash, Node, Place, pass_on, settle
from targets.models import Allocation, Plan, PlanAct
from targets.selectors.proposal import SeatAhead
from targets.services.plans import draft, plans_for_all, shape_plan
from targets.services.quotas import refuse_above_scale
from targets.services.slices import propose_slices
from teams.models import Access, Person, Team, User, access_of

Rule = Literal["hold", "spread", "hedge"]
NAMED = 5  # of those whose guardrails clash
MOST = 10**18  # hundredths a line has room for, 16 digits before the point
Hedges = dict[int, list[tuple[int, str]]]  # by line: the hedge and its reason, before and after
AS_IT_STANDS = (100,)


# ── The proposal ────────────────────────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def propose_allocation(*, plan: Plan, by: User, at: datetime, on: date, reason: str = "") -> int:
    """Split a plan's amount to people by its weights and guardrails (R5, R6); answers how many lines it has.

    All people who are free share what the locked lines leave, by one λ; teams hold what their people sum to, less a
    hedge. A goal that doesn't add up is everybody's as it is. Refused where the guardrails leave no room. Who proposes
    keeps what they were given: their own line, and that of a team they lead, count as locked.
    """
    plans_for_all(by)
    plan = draft(plan)
    seats = selectors.seats_ahead(plan, as_of=on)
    if not seats:
        raise Refused("Nobody is posted as a rep in this period: add people and postings first.")
    stands: dict[tuple[int, int | None], tuple[bool, int, int]] = {
        (team, person): (locked, selectors.as_whole(amount), selectors.as_whole(hedge))
        for team, person, locked, amount, hedge in plan.allocations.values_list(
            "team_id", "person_id", "is_locked", "amount", "hedge"
        )
    }
    elements = plan.weights
    top = _tree(seats, stands, list(elements), access_of(by))
    nodes = {node.place: node for node in _all(top)}
    total = selectors.as_whole(plan.amount)
    if plan.of.adds_up:
        try:
            settle(top, total, list(elements.values()))
        except Clash as clash:
            raise told(clash, plan, plan.name, {seat.person_id: seat.name for seat in seats}) from clash
    else:
        for node in nodes.values():
            node.amount = node.amount if node.is_locked else total
    _keep(plan, nodes, {seat.person_id: seat for seat in seats}, elements)
    _tell_of_proposal(plan, stands, reason, by=by, at=at)
    plan.proposed_at = at
    plan.save(update_fields=["proposed_at"])
    propose_slices(plan=plan, by=by, on=on)
    return len(nodes)


@transaction.atomic
def reshape_plan(*, plan: Plan, by: User, at: datetime, on: date, version: int | None = None, **settings: Any) -> Plan:
    """`shape_plan`, and have the lines proposed anew; both or, where the new guardrails leave no room, neither."""
    before = draft(plan)
    plan = shape_plan(plan=plan, by=by, at=at, version=version, **settings)
    propose_allocation(plan=plan, by=by, at=at, on=on, reason=_changed(before, plan, settings))
    return plan


def _changed(before: Plan, plan: Plan, settings: Collection[str]) -> str:
    """Which settings moved, in words; those that are text by their name."""
    said = []
    for name in settings:
        was, now = getattr(before, name), getattr(plan, name)
        if was != now:
            label = Plan._meta.get_field(name).verbose_name.capitalize()  # type: ignore[union-attr]
            said.append(label if isinstance(now, str) else f"{label} {_setting(was)} → {_setting(now)}")
    return "; ".join(said)


def _setting(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "none" if value is None else f"{value:,f}" if isinstance(value, Decimal) else str(value)


def _tell_of_proposal(
    plan: Plan, stands: Mapping[Place, Sequence[int]], reason: str, *, by: User, at: datetime
) -> None:
    """The act that keeps what the proposal replaced; one that moved nothing leaves none."""
    rows = plan.allocations.values_list("pk", "team_id", "person_id", "amount")
    held = {pk: (stands[team, person][1] if (team, person) in stands else None, selectors.as_whole(amount))
            for pk, team, person, amount in rows}  # fmt: skip
    moved = {pk: (was, now) for pk, (was, now) in held.items() if was != now}
    if moved:
        PlanAct.objects.create(plan=plan, at=at, by=by, reason=reason[:200], amounts=moved, proposes=True)


def _tree(
    seats: Iterable[SeatAhead], stands: Mapping[Place, tuple[bool, int, int]], elements: Collection[str], access: Access
) -> Node:
    """The teams that hold seats, below one another, and the seats, in the order of ties."""
    paths = dict(Team.objects.present().values_list("pk", "path"))
    led = set(access.led_team_ids) - _whole([paths[team] for team in {seat.team_id for seat in seats}])
    top = Node((0, None))
    nodes: dict[Place, Node] = {}

    def made(place: Place, above: Node, **of: Any) -> Node:
        locked, amount, hedge = stands.get(place, (False, 0, 0))
        if place[1] == access.person_id if place[1] is not None else place[0] in led:
            if place not in stands:
                raise Refused("Your own figure would be in this split: somebody else has it proposed first.")
            locked = True
        node = nodes[place] = Node(place, amount if locked else 0, is_locked=locked, hedge=hedge, **of)
        above.children.append(node)
        return node

    for rank, seat in enumerate(seats):
        above = top
        for team in paths[seat.team_id]:
            if team in paths:
                above = nodes.get((team, None)) or made((team, None), above)
        made(
            (seat.team_id, seat.person_id),
            above,
            floor=seat.floor,
            ceiling=seat.ceiling,
            values=tuple(seat.values[element] for element in elements),
            rank=rank,
        )
    return top


def _whole(paths: Sequence[Sequence[int]]) -> set[int]:
    """The teams that hold all of these and so follow the plan; none but the root without another team below it."""
    within = set(paths[0]).intersection(*paths[1:])
    return within - {paths[0][-1]} | {paths[0][0]} if len(paths) == 1 else within


def _all(top: Node) -> Iterable[Node]:
    waiting = [*top.children]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += node.children


def _keep(plan: Plan, nodes: Mapping[Place, Node], seats: Mapping[int, SeatAhead], elements: Mapping[str, int]) -> None:
    """Write the lines; each keeps what its figure was made of, so that it can be worked out again on paper."""
    pasts = {place: seats[place[1]].past for place in nodes if place[1] is not None}

    def past_of(node: Node) -> int | None:
        if node.place not in pasts:
            known = [past for child in node.children if (past := past_of(child)) is not None]
            pasts[node.place] = sum(known) if known else None
        return pasts[node.place]

    rows = [
        (
            *place,
            node.amount,
            past_of(node),
            node.floor or None,
            node.ceiling,
            json.dumps(_reasons(node, seats[place[1]], elements)) if place[1] is not None else None,
        )
        for place, node in nodes.items()
    ]
    with connection.cursor() as cursor:
        cursor.execute(KEEP, {"plan": plan.pk, **dict(zip(COLUMNS, map(list, zip(*rows, strict=True)), strict=True))})


# In one statement: ten thousand lines are written as arrays, not as so many objects. Lines that are gone go.
COLUMNS = ("teams", "people", "amounts", "pasts", "floors", "ceilings", "reasons")
KEEP = """
    WITH line AS MATERIALIZED (
        SELECT team_id, person_id, cents / 100.0 AS amount, past / 100.0 AS past, floor / 100.0 AS floor,
               ceiling / 100.0 AS ceiling, made_of
          FROM unnest(%(teams)s::bigint[], %(people)s::bigint[], %(amounts)s::bigint[], %(pasts)s::bigint[],
                      %(floors)s::bigint[], %(ceilings)s::bigint[], %(reasons)s::jsonb[])
            AS l(team_id, person_id, cents, past, floor, ceiling, made_of)
    ), gone AS (
        DELETE FROM targets_allocation a WHERE plan_id = %(plan)s
           AND NOT EXISTS (
               SELECT FROM line l WHERE l.team_id = a.team_id AND l.person_id IS NOT DISTINCT FROM a.person_id
           )
        RETURNING id
    ), untold AS (
        DELETE FROM targets_allocationreason WHERE allocation_id IN (SELECT id FROM gone)
    ), kept AS (
        INSERT INTO targets_allocation AS a (plan_id, team_id, person_id, proposed, amount, past, floor, ceiling,
                                             is_locked)
        SELECT %(plan)s, team_id, person_id, amount, amount, past, floor, ceiling, false FROM line
            ON CONFLICT (plan_id, team_id, person_id) DO UPDATE
           SET proposed = excluded.proposed, amount = excluded.amount, past = excluded.past, floor = excluded.floor,
               ceiling = excluded.ceiling
        RETURNING id, team_id, person_id
    )
    INSERT INTO targets_allocationreason AS r (allocation_id, made_of)
    SELECT id, made_of FROM kept JOIN line USING (team_id, person_id)
        ON CONFLICT (allocation_id) DO UPDATE SET made_of = excluded.made_of
"""


def _reasons(node: Node, seat: SeatAhead, elements: Mapping[str, int]) -> dict[str, object]:
    """What `selectors.line_story` reads: amounts in hundredths."""
    found: dict[str, object] = {"evidence": seat.evidence, "bound": "locked" if node.is_locked else node.bound}
    if node.shared is not None:
        found |= {
            "elements": [
                [element, weight, value, whole]
                for (element, weight), value, whole in zip(
                    elements.items(), node.values, node.shared.wholes, strict=True
                )
            ],
            "rest": node.shared.rest,
            "people": node.shared.people,
            "scale": f"{float(node.shared.scale):.8f}",
        }
    return found


def told(clash: Clash, plan: Plan, whole: str, names: Mapping[int, str]) -> Refused:
    """The clash with the names of those whose guardrails make it, and which guardrails these are."""
    what = {
        "floor": f"at most {_percent(plan.shrink)}% less than the latest result",
        "ceiling": " and ".join(
            [
                *([f"at most {_percent(plan.growth)}% more than the latest result"] if plan.growth is not None else []),
                *([f"no one above {plan.stretch.normalize():f} spreads"] if plan.stretch is not None else []),
            ]
        ),
        "": "floor above ceiling",
    }[clash.side]
    who = [names[person or team] for team, person in clash.lines if (person or team) in names]
    if not who:
        return Refused(f"{whole}: {clash.sentence}", field="amount")
    more = f" and {len(who) - NAMED} more" if len(who) > NAMED else ""
    return Refused(f"{whole}: {clash.sentence} It is so ({what}) for {', '.join(who[:NAMED])}{more}.", field="amount")


def _percent(value: Decimal | None) -> str:
    return "0" if value is None else f"{value.normalize():f}"


# ── A change and what follows ───────────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def change_allocation(
    *,
    allocation: Allocation,
    amount: Decimal,
    reason: str,
    by: User,
    at: datetime,
    rule: Rule = "hold",
    was: Decimal | None = None,
) -> Allocation:
    """Give a line of a plan another amount and lock it, with a reason. The rest follows by the `rule`:

    hold: all others stay, and what no longer fits shows as missing or over. spread: the unlocked siblings share the
    rest in proportion to what stands, within the guardrails, and so do those below each line that moved. hedge: what is
    over stays over, on purpose, as a hedge of the team above. `was` is what the line held when it was looked at.
    """
    plan = draft(allocation.plan)
    line = Allocation.objects.select_related("team", "person").get(pk=allocation.pk)
    may_change(line, by)
    if was is not None and was != line.amount:
        raise Stale("Somebody else has changed this line since you opened it: look at it again.")
    if amount < 0:
        raise Refused("A line can't be below zero.", field="amount")
    refuse_above_scale(amount, plan.measure)
    if not reason.strip():
        raise Refused("Say why the line changes.", field="reason")
    cents = selectors.as_whole(to_cents(amount))
    amounts, hedges = {line.pk: (selectors.as_whole(line.amount), cents)}, Hedges()
    if rule != "hold" and plan.of.adds_up:
        family = selectors.family_of(line, plan, access_of(by))
        family.line.amount, family.line.is_locked = cents, True
        try:
            if rule == "spread":
                spread_rest(family)
            else:
                hedges = hedge_rest(family, reason)
            if family.line.children:
                settle(family.line, cents + family.line.hedge, AS_IT_STANDS, opens_locked=False)
                family.line.amount = cents
        except Clash as clash:
            raise told(clash, plan, str(line.person or line.team), names_in(clash)) from clash
        amounts = family.moved()
    locks = {line.pk: (line.is_locked, True)}
    put(amounts, locks)
    tell(plan, amounts, locks, hedges, lines=[line], reason=reason, by=by, at=at)
    line.amount, line.is_locked = selectors.as_amount(cents), True
    return line


def may_change(line: Allocation, by: User) -> None:
    access = access_of(by)
    if line.person_id is not None and line.person_id == access.person_id:
        raise Refused("Nobody changes their own figure: ask your manager.", field="amount")
    if selectors.is_own_goal(line, access):
        raise Refused("The target of the team you lead is your own figure: ask the next manager up.", field="amount")
    if access.sees_all:
        return
    if not set(line.team.path) & set(access.led_team_ids):
        raise Refused("This line is outside the teams you lead.", field="amount")


def spread_rest(family: selectors.Family) -> None:
    free = [node for node in family.siblings if not node.is_locked]
    rest = family.total - sum(node.amount for node in family.siblings if node.is_locked)
    if rest < 0:
        short = selectors.as_amount(-rest)
        raise Refused(f"The locked lines would come to {short:,.2f} more than {family.above} has.", field="amount")
    if free:
        pass_on(free, rest)
    elif rest:
        left = selectors.as_amount(rest)
        raise Refused(f"Nobody else is free to take {left:,.2f}: unlock a line beside it, or hold it.", field="rule")


def hedge_rest(family: selectors.Family, reason: str) -> Hedges:
    if family.parent is None:
        raise Refused("Nothing stands above this line that could be hedged: change the plan's target.", field="rule")
    hedge = sum(node.amount for node in family.siblings) - family.parent.amount
    if hedge <= 0:
        raise Refused(f"Nothing is given beyond what {family.above} holds: there is nothing to hedge.", field="rule")
    return write_hedge(family.parent.pk, hedge, reason)


def names_in(clash: Clash) -> dict[int, str]:
    people = Person.objects.filter(pk__in=[person for _, person in clash.lines if person])
    teams = Team.objects.filter(pk__in=[team for team, person in clash.lines if not person])
    return dict(people.values_list("pk", "name")) | dict(teams.values_list("pk", "name"))


def tell(
    plan: Plan,
    amounts: Mapping[int, Sequence[int]],
    locks: Mapping[int, Sequence[bool]],
    hedges: Mapping[int, Sequence[tuple[int, str]]],
    *,
    lines: Collection[Allocation],
    reason: str,
    by: User,
    at: datetime,
    undoes: PlanAct | None = None,
) -> PlanAct:
    """The act that says what was done to which lines and why; `lines` are those it is about, the others followed."""
    first = [str(line.person or line.team) for line in list(lines)[:NAMED]]
    more = f" and {len(lines) - NAMED} more" if len(lines) > NAMED else ""
    return PlanAct.objects.create(
        plan=plan, at=at, by=by, reason=reason.strip()[:200], named=[line.pk for line in lines],
        rest="" if undoes else f"Rest of {', '.join(first)}{more}: {reason.strip()}"[:200], amounts=amounts,
        locks=locks, hedges=hedges, undoes=undoes,
    )  # fmt: skip


def put(amounts: Mapping[int, Sequence[int]], locks: Mapping[int, Sequence[bool]]) -> None:
    """Write what lines hold now, and whether they are locked; ten thousand in one statement."""
    with connection.cursor() as cursor:
        if amounts:
            cursor.execute(
                "UPDATE targets_allocation a SET amount = v.cents / 100.0"
                " FROM unnest(%s::bigint[], %s::bigint[]) v(id, cents) WHERE a.id = v.id",
                [_array(amounts), _array(now for _, now in amounts.values())],
            )
        if locks:
            cursor.execute(
                "UPDATE targets_allocation a SET is_locked = v.locked"
                " FROM unnest(%s::bigint[], %s::boolean[]) v(id, locked) WHERE a.id = v.id",
                [_array(locks), _array(now for _, now in locks.values())],
            )


def _array(values: Iterable[int]) -> str:
    """As PostgreSQL writes an array: the driver takes ten times as long over a list."""
    return f"{{{','.join(map(str, values))}}}"


def write_hedge(pk: int, hedge: int, reason: str) -> Hedges:
    line = Allocation.objects.only("hedge", "hedge_reason").get(pk=pk)
    was = selectors.as_whole(line.hedge), line.hedge_reason
    line.hedge, line.hedge_reason = selectors.as_amount(hedge), reason.strip()[:200]
    line.save(update_fields=["hedge", "hedge_reason"])
    return {pk: [was, (hedge, line.hedge_reason)]}


@transaction.atomic
def set_hedge(*, allocation: Allocation, amount: Decimal, reason: str, by: User, at: datetime) -> Allocation:
    """Have a team's people bring so much more than the team is held to, on purpose (R7); those below share it."""
    plan = draft(allocation.plan)
    line = Allocation.objects.select_related("team", "person").get(pk=allocation.pk)
    if line.person_id is not None:
        raise Refused("Only a team's line can be hedged.", field="amount")
    access = access_of(by)
    if not (access.sees_all or set(line.team.path) & set(access.led_team_ids)):
        raise Refused("This line is outside the teams you lead.", field="amount")
    if amount < 0:
        raise Refused("A hedge can't be below zero.", field="amount")
    if not reason.strip():
        raise Refused("Say why the hedge is wanted.", field="reason")
    if not plan.of.adds_up:
        raise Refused(f"{plan.of.label} doesn't add up: there is nothing to hedge.", field="amount")
    family = selectors.family_of(line, plan, access)
    hedge = selectors.as_whole(to_cents(amount))
    held = family.line.amount
    if held + hedge >= MOST:
        raise Refused(f"A hedge of {amount:,.2f} is more than there is room for: at most 16 digits.", field="amount")
    try:
        settle(family.line, held + hedge, AS_IT_STANDS, opens_locked=False)
    except Clash as clash:
        raise told(clash, plan, line.team.name, names_in(clash)) from clash
    family.line.amount = held
    moved = {pk: change for pk, change in family.moved().items() if pk != line.pk}
    put(moved, {})
    tell(plan, moved, {}, write_hedge(line.pk, hedge, reason), lines=[line], reason=reason, by=by, at=at)
    return Allocation.objects.get(pk=line.pk)
