"""The lines of a plan as a grid: opened level by level, changed by keyboard, pasted into, taken back."""

from collections.abc import Callable, Collection
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from salesmgmt.desk.edges import part_of
from salesmgmt.desk.idempotency import keyed
from salesmgmt.lib import clock
from salesmgmt.lib.refusals import Refused
from targets import selectors, services
from targets.forms.grid import GridChangeForm, GridForm, GridLockForm, GridUndoForm
from targets.forms.plans import RULES
from targets.models import Allocation, Plan, PlanAct
from targets.views.common import unit_of, user_of
from targets.views.plans import plan_of
from teams.models import Organisation, access_of


def reviewed(request: HttpRequest, pk: int) -> Plan:
    """A plan, for those who plan: who sees all, or leads a team."""
    access = access_of(request.user)
    if not (access.sees_all or access.leads):
        raise Http404
    return plan_of(request, pk)


def number_of(request: HttpRequest, name: str) -> int:
    """A whole number of the address, 0 without one."""
    text = request.GET.get(name, "")
    if text and not (text.isascii() and text.isdigit() and len(text) < 18):
        raise Http404
    return int(text or 0)


def context_of(plan: Plan, tree: selectors.Tree, level: selectors.Level, **more: Any) -> dict[str, Any]:
    """Rows as the template takes them: each with whether it opens, and whether it stands open."""
    rows = level.rows
    below = [*(row.depth for row in rows[1:]), 0]
    return {
        "plan": plan,
        "rows": [
            (row, row.line.team_id in tree.holders and row.line.person_id is None, after > row.depth)
            for row, after in zip(rows, below, strict=False)
        ],
        "level": level,
        "currency": unit_of(plan.measure, Organisation.get()),
    } | more


@require_GET
def plan_grid(request: HttpRequest, pk: int) -> HttpResponse:
    """The topmost lines and what is right below them, or one team's: `?team=7`."""
    found = reviewed(request, pk)
    tree = selectors.Tree.of(found, request.user)
    asked, after = number_of(request, "team"), number_of(request, "after")
    within = selectors.grid_team(found, request.user, asked) if asked else None
    if asked and within is None:
        raise Http404
    level = tree.at(within.pk, after=after) if within else tree.top()
    context = context_of(found, tree, level) | {
        "within": within,
        "team": within.pk if within else next((row.line.team_id for row in level.rows), None),
        "head": head_of(found, tree),
        "rules": RULES if found.of.adds_up else RULES[:1],
        "act": None if found.is_published else selectors.last_act(found, user_of(request)),
        "period": found.kept_period(Organisation.get().calendar),
    }
    return render(request, "targets/grid.html", context)


def head_of(plan: Plan, tree: selectors.Tree) -> dict[str, Any]:
    """What the heading says: how much of what one plans is given to nobody, or is over by mistake."""
    whole = plan.amount if tree.access.sees_all else sum(tree.amounts[team] for team in tree.roots())
    off = tree.mismatches()
    return {
        "whole": whole,
        "missing": next(((name, -by) for name, by in off if by < 0), None),
        "over": next(((name, by) for name, by in off if by > 0), None),
        "count": len(off),
    }


@require_GET
def plan_grid_rows(request: HttpRequest, pk: int, team_pk: int) -> HttpResponse:
    """What stands right below a team, for a row that opens; on its own it leads to the page of that team."""
    found = reviewed(request, pk)
    after = number_of(request, "after")
    if selectors.grid_team(found, request.user, team_pk) is None:
        raise Http404

    def rows(request: HttpRequest) -> HttpResponse:
        tree = selectors.Tree.of(found, request.user)
        context = context_of(found, tree, tree.level(team_pk, after=after), team=team_pk)
        return render(request, "targets/_grid_rows.html", context)

    page = f"{reverse('plan-grid', args=[pk])}?team={team_pk}" + (f"&after={after}" if after else "")
    return part_of(page)(rows)(request)


# ── Acts: answered as JSON with the rows that look otherwise now ────────────────────────────────────────────────


def _answer(
    request: HttpRequest, plan: Plan, shown: Collection[int], said: str, act: PlanAct | None, status: int = 200
) -> HttpResponse:
    tree = selectors.Tree.of(plan, request.user)
    rows = tree.touched(act, shown) if act else tree.rows(shown)
    last = None if plan.is_published else selectors.last_act(plan, user_of(request))
    context = context_of(plan, tree, selectors.Level(rows))
    return JsonResponse(
        {
            "said": said,
            "rows": render_to_string("targets/_grid_rows.html", context, request),
            "head": render_to_string("targets/_grid_head.html", context | {"head": head_of(plan, tree)}, request),
            "undo": last.pk if last else None,
        },
        status=status,
    )


def _act(
    request: HttpRequest, plan: Plan, form: GridForm, do: Callable[[dict[str, Any]], tuple[PlanAct, str]]
) -> HttpResponse:
    """Do it, and say what was done; or why not, with the lines as they stand."""
    if not form.is_valid():
        return JsonResponse({"said": _sentence(form)}, status=422)
    shown = form.cleaned_data.pop("shown")
    try:
        act, said = do(form.cleaned_data)
    except Allocation.DoesNotExist as missing:
        raise Http404 from missing
    except Refused as refusal:
        return _answer(request, plan, shown, refusal.sentence, None, 409)
    return _answer(request, plan, shown, said, act)


def _sentence(form: forms.Form) -> str:
    field, errors = next(iter(form.errors.items()))
    name = form.fields[field].label or field.capitalize()
    return str(errors[0]) if field == "lines" else f"{name}: {errors[0]}"


@require_POST
@keyed
def plan_grid_change(request: HttpRequest, pk: int) -> HttpResponse:
    """Lines given other amounts with one reason: all or none."""
    found = reviewed(request, pk)

    def change(values: dict[str, Any]) -> tuple[PlanAct, str]:
        edits = [services.LineEdit(line, amount, was) for line, was, amount in values.pop("lines")]
        act = services.change_allocations(plan=found, edits=edits, by=user_of(request), at=clock.now(), **values)
        count, others = len(edits), len(act.amounts) - len(edits)
        said = f"{count} line{'s' if count != 1 else ''} changed and locked"
        return act, f"{said}; {others} other{'s' if others != 1 else ''} followed." if others else f"{said}."

    return _act(request, found, GridChangeForm(request.POST), change)


@require_POST
@keyed
def plan_grid_lock(request: HttpRequest, pk: int) -> HttpResponse:
    """Lines kept as they are when others are shared out, or let go again."""
    found = reviewed(request, pk)

    def lock(values: dict[str, Any]) -> tuple[PlanAct, str]:
        act = services.lock_allocations(plan=found, by=user_of(request), at=clock.now(), **values)
        return act, "Locked: it stays when others are shared out." if values["is_locked"] else "Free again."

    return _act(request, found, GridLockForm(request.POST), lock)


@require_POST
@keyed
def plan_grid_undo(request: HttpRequest, pk: int) -> HttpResponse:
    """One's own act taken back, by a change the other way; what happened stays in the history."""
    found = reviewed(request, pk)

    def undo(values: dict[str, Any]) -> tuple[PlanAct, str]:
        act = get_object_or_404(PlanAct, plan=found, by=user_of(request), pk=values["act"])
        return services.undo_changes(act=act, by=user_of(request), at=clock.now()), "Taken back."

    return _act(request, found, GridUndoForm(request.POST), undo)
