"""Many lines of a plan changed as one act, as in a spreadsheet: all or none. An act can be taken back."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from salesmgmt.lib.money import to_cents
from salesmgmt.lib.refusals import Refused, Stale
from targets import selectors
from targets.analysis.allocation import Clash, settle
from targets.models import Allocation, Plan, PlanAct
from targets.services import allocations
from targets.services.allocations import AS_IT_STANDS, MOST, Hedges, Rule, put, tell
from targets.services.plans import draft
from targets.services.quotas import refuse_above_scale
from teams.models import User, access_of

MOST_LINES = 2_000  # in one act


@dataclass(frozen=True, slots=True)
class LineEdit:
    """A line by its id, what it is to hold, and what it held when it was looked at."""

    line: int
    amount: Decimal
    was: Decimal


@transaction.atomic
def change_allocations(
    *, plan: Plan, edits: Sequence[LineEdit], reason: str, by: User, at: datetime, rule: Rule = "hold"
) -> PlanAct:
    """Give lines other amounts and lock them, with one reason; the rest follows by the rule of `change_allocation`.

    Lines are set first, then each team's others share what is left, from the top down; so the order in which lines are
    given makes no difference. All or none: the first line that can't be changed is named.
    """
    plan = draft(plan)
    reason = reason.strip()
    if not reason:
        raise Refused("Say why the lines change.", field="reason")
    lines = _lines(plan, [edit.line for edit in edits], by)
    for edit in edits:
        _refuse_edit(lines[edit.line], edit)
        refuse_above_scale(edit.amount, plan.measure)
    amounts = {edit.line: [selectors.as_whole(edit.was), selectors.as_whole(to_cents(edit.amount))] for edit in edits}
    locks = {pk: [line.is_locked, True] for pk, line in lines.items()}
    put(amounts, locks)
    hedges = Hedges()
    if rule != "hold" and plan.of.adds_up:
        _let_follow(plan, lines, rule, reason, amounts, hedges, by)
    return tell(plan, amounts, locks, hedges, lines=lines.values(), reason=reason, by=by, at=at)


def _lines(plan: Plan, ids: Sequence[int], by: User) -> dict[int, Allocation]:
    """The lines of an act, the topmost first; what the user can't see isn't there for them."""
    if not ids:
        raise Refused("Nothing to change: give a line an amount first.", field="lines")
    if len(ids) > MOST_LINES:
        raise Refused(f"{len(ids)} lines are too many for one act: at most {MOST_LINES}.", field="lines")
    if len(set(ids)) < len(ids):
        raise Refused("The same line is given twice: give each line one amount.", field="lines")
    found = Allocation.objects.visible_to(by).filter(plan=plan, pk__in=ids)
    rows = sorted(
        found.select_related("team", "person"),
        key=lambda line: (len(line.team.path), line.person_id is not None, line.pk),
    )
    if len(rows) < len(ids):
        raise Allocation.DoesNotExist
    for line in rows:
        try:
            allocations.may_change(line, by)
        except Refused as refusal:
            raise Refused(f"{_name(line)}: {refusal.sentence}", field="lines") from refusal
    return {line.pk: line for line in rows}


def _name(line: Allocation) -> str:
    return str(line.person or line.team)


def _refuse_edit(line: Allocation, edit: LineEdit) -> None:
    if edit.was != line.amount:
        raise Stale(
            f"{_name(line)}: somebody has changed it since you looked, from {edit.was:,.2f} to {line.amount:,.2f}."
            " Nothing was changed.",
            field="lines",
        )
    if not 0 <= edit.amount * 100 < MOST:
        raise Refused(f"{_name(line)} can't hold {edit.amount:,.2f}: at least 0, at most 16 digits.", field="lines")


def _let_follow(
    plan: Plan,
    lines: Mapping[int, Allocation],
    rule: Rule,
    reason: str,
    amounts: dict[int, list[int]],
    hedges: Hedges,
    by: User,
) -> None:
    """Have the others of each team that holds changed lines share the rest, or the team hedge what is over."""
    done: set[int] = set()
    access = access_of(by)
    for line in lines.values():
        if line.pk in done:
            continue
        family = selectors.family_of(line, plan, access)
        changed = [node for node in family.siblings if node.pk in lines]
        done.update(node.pk for node in changed)
        try:
            if rule == "spread":
                allocations.spread_rest(family)
            else:
                hedges |= allocations.hedge_rest(family, reason)
            for node in changed:
                if node.children:
                    settle(node, node.amount + node.hedge, AS_IT_STANDS, opens_locked=False)
        except Clash as clash:
            raise allocations.told(clash, plan, _name(line), allocations.names_in(clash)) from clash
        moved = {pk: [was, now] for pk, (was, now) in family.moved().items() if was != now}
        put(moved, {})
        for pk, (was, now) in moved.items():
            amounts[pk] = [amounts[pk][0] if pk in amounts else was, now]


@transaction.atomic
def lock_allocations(*, plan: Plan, lines: Collection[int], is_locked: bool, by: User, at: datetime) -> PlanAct:
    """Keep lines as they are when others are shared out, or let them go again; as one act."""
    plan = draft(plan)
    found = _lines(plan, list(lines), by)
    locks = {pk: [line.is_locked, is_locked] for pk, line in found.items()}
    put({}, locks)
    return PlanAct.objects.create(plan=plan, at=at, by=by, named=list(found), locks=locks)


# ── Taken back ──────────────────────────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def undo_changes(*, act: PlanAct, by: User, at: datetime) -> PlanAct:
    """Give the lines of one's own act back what they held before, with rows that say so: what happened stays told.

    Refused where a line has changed again since, and where one no longer may change it.
    """
    plan = draft(act.plan)
    act = PlanAct.objects.select_for_update(of=("self",)).select_related("undone").get(pk=act.pk)
    if act.by_id != by.pk:
        raise Refused("Only whoever did it takes it back.")
    if act.proposes:
        raise Refused("A proposal isn't taken back: change what it is split by and have it proposed anew.")
    if hasattr(act, "undone"):
        raise Refused("This is taken back already.")
    amounts = {int(pk): [now, was] for pk, (was, now) in act.amounts.items()}
    locks = {int(pk): [now, was] for pk, (was, now) in act.locks.items()}
    hedges = {int(pk): [now, was] for pk, (was, now) in act.hedges.items()}
    rows = Allocation.objects.filter(plan=plan, pk__in={*amounts, *locks, *hedges})
    lines = {line.pk: line for line in rows.select_related("team", "person")}
    for pk in {*amounts, *locks}:
        if pk not in lines:
            raise Stale("A line of it is no longer in the plan: it can't be taken back.")
        allocations.may_change(lines[pk], by)
    for pk, line in lines.items():
        stands = (selectors.as_whole(line.amount), line.is_locked, selectors.as_whole(line.hedge))
        left = (
            amounts.get(pk, stands)[0],
            locks[pk][0] if pk in locks else line.is_locked,
            hedges[pk][0][0] if pk in hedges else stands[2],
        )
        if stands != left:
            raise Stale(f"{_name(line)} has changed again since, and holds {line.amount:,.2f}: nothing was taken back.")
    for pk, (_, (cents, why)) in hedges.items():
        rows.filter(pk=pk).update(hedge=selectors.as_amount(cents), hedge_reason=why)
    put(amounts, locks)
    return tell(
        plan, amounts, locks, hedges, lines=[lines[pk] for pk in act.named if pk in lines],
        reason=f"Taken back: {act.reason}", by=by, at=at, undoes=act,
    )  # fmt: skip
