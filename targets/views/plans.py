"""Pages of plans: made, reviewed, changed with a reason, published."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from salesmgmt.desk.edges import act, csv_answer, tell_form
from salesmgmt.lib import clock
from salesmgmt.lib.periods import Period
from salesmgmt.lib.refusals import Refused
from targets import forms, selectors, services
from targets.models import Allocation, Plan
from targets.views.common import today_of, user_of
from teams.models import Organisation, access_of


def _planners_only(request: HttpRequest) -> None:
    if not access_of(request.user).sees_all:
        raise Http404


def _plan(request: HttpRequest, pk: int) -> Plan:
    return get_object_or_404(Plan.objects.visible_to(request.user).select_related("made_by", "published_by"), pk=pk)


@require_http_methods(["GET", "POST"])
def plan_add(request: HttpRequest) -> HttpResponse:
    """A company target for a period; the first split is proposed at once."""
    _planners_only(request)
    organisation = Organisation.get()
    now = Period.of(today_of(organisation), "quarter", organisation.calendar)
    periods = [(period.key, period.label) for period in (now.shift(1), now, now.shift(2), now.shift(3), now.shift(4))]
    form = forms.PlanForm(request.POST or None, periods=periods, initial={"name": f"Plan {now.shift(1).label}"})
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        period = Period.parse(values.pop("period"), organisation.calendar)
        try:
            made = services.make_plan(period=period, by=user_of(request), at=clock.now(), **values)
        except Refused as refusal:
            tell_form(form, refusal)
        else:
            try:
                services.propose_allocation(plan=made, by=user_of(request), at=clock.now(), on=today_of(organisation))
            except Refused as refusal:
                messages.error(request, refusal.sentence)
            return redirect("plan", made.pk)
    return render(request, "targets/plan_add.html", {"form": form}, status=422 if form.errors else 200)


@require_GET
def plan(request: HttpRequest, pk: int) -> HttpResponse:
    """The review: every line with its past, what was proposed, what stands, and what doesn't fit."""
    return _review(request, _plan(request, pk), forms.ProposeForm())


def _review(request: HttpRequest, found: Plan, form: forms.ProposeForm) -> HttpResponse:
    organisation, access = Organisation.get(), access_of(request.user)
    rows = selectors.plan_rows(found, request.user)
    whole = selectors.preview(found, request.user) if access.sees_all else None
    reviews = access.sees_all or access.leads
    context = {
        "plan": found,
        "period": Period.kept(found.period, found.starts_on, found.until or found.starts_on, organisation.calendar),
        "rows": [
            (row, "\u2003" * row.depth, whole.quotas.get(row.line.person_id or 0) if whole else None) for row in rows
        ],
        "people": sum(1 for row in rows if row.line.person_id),
        "teams": sum(1 for row in rows if not row.line.person_id),
        "preview": whole,
        "hedge": whole.total - found.amount if whole else None,
        "currency": organisation.currency,
        "plans_for_all": access.sees_all,
        "reviews": reviews,
        "changes": [] if reviews else selectors.changes_of(rows),
        "strategy": next(reversed(selectors.strategies_of(found)), None),
        "form": form,
    }
    return render(request, "targets/plan.html", context, status=422 if form.errors else 200)


@require_POST
def plan_propose(request: HttpRequest, pk: int) -> HttpResponse:
    _planners_only(request)
    found = _plan(request, pk)
    form = forms.ProposeForm(request.POST)
    if not form.is_valid():
        return _review(request, found, form)
    return act(
        request,
        lambda: services.propose_allocation(
            plan=found,
            by=user_of(request),
            at=clock.now(),
            on=today_of(Organisation.get()),
            shrink=form.share("shrink"),
            growth=form.share("growth"),
        ),
        said="Proposed anew; locked lines stayed.",
        to=reverse("plan", args=[pk]),
    )


@require_http_methods(["GET", "POST"])
def plan_publish(request: HttpRequest, pk: int) -> HttpResponse:
    """Says what publishing will do before it is done."""
    _planners_only(request)
    found = _plan(request, pk)
    if request.method == "POST":
        return act(
            request,
            lambda: services.publish_plan(plan=found, by=user_of(request), at=clock.now()),
            said=f"{found.name} is published; everybody sees their quota.",
            to=reverse("plan", args=[pk]),
        )
    organisation = Organisation.get()
    context = {
        "plan": found,
        "period": Period.kept(found.period, found.starts_on, found.until or found.starts_on, organisation.calendar),
        "preview": selectors.preview(found, request.user),
        "currency": organisation.currency,
        "teams": found.allocations.filter(person=None).count(),
        "unapproved": [] if found.is_published else selectors.unapproved(found, request.user),
    }
    return render(request, "targets/plan_publish.html", context)


def _line(request: HttpRequest, pk: int, line_pk: int) -> tuple[Plan, selectors.PlanRow]:
    """A line that the user may change; any other is a 404."""
    found = _plan(request, pk)
    row = next((row for row in selectors.plan_rows(found, request.user) if row.line.pk == line_pk), None)
    if row is None or not row.may_change:
        raise Http404
    return found, row


@require_http_methods(["GET", "POST"])
def allocation(request: HttpRequest, pk: int, line_pk: int) -> HttpResponse:
    """One line: another amount with a reason, beside its siblings and what was changed before."""
    found, row = _line(request, pk, line_pk)
    line: Allocation = row.line
    form = forms.AllocationForm(request.POST or None, initial={"amount": line.amount})
    if request.method == "POST" and form.is_valid():
        try:
            services.change_allocation(allocation=line, by=user_of(request), at=clock.now(), **form.cleaned_data)
        except Refused as refusal:
            tell_form(form, refusal)
        else:
            messages.success(request, f"{line.person or line.team} is changed and locked.")
            return redirect("plan", pk)
    lines = {(each.team_id, each.person_id): each for each in found.allocations.select_related("team", "person")}
    context = {
        "plan": found,
        "row": row,
        "line": line,
        "siblings": selectors.children_of(selectors.parent_of(line, lines), lines),
        "changes": line.changes.select_related("by").order_by("-at", "-pk"),
        "currency": Organisation.get().currency,
        "form": form,
    }
    return render(request, "targets/allocation.html", context, status=422 if form.errors else 200)


@require_POST
def allocation_lock(request: HttpRequest, pk: int, line_pk: int) -> HttpResponse:
    _, row = _line(request, pk, line_pk)
    locked = not row.line.is_locked
    return act(
        request,
        lambda: services.lock_allocation(allocation=row.line, is_locked=locked, by=user_of(request)),
        said="Locked: it stays when others are shared out." if locked else "Free again.",
        to=reverse("plan", args=[pk]),
    )


@require_GET
def plan_export(request: HttpRequest, pk: int) -> HttpResponseBase:
    found = _plan(request, pk)
    rows = (
        (
            row.line.team.name,
            (row.line.person.external_id or row.line.person.name) if row.line.person else "",
            row.line.past,
            row.line.proposed,
            row.line.amount,
            "yes" if row.line.is_locked else "",
        )
        for row in selectors.plan_rows(found, request.user)
    )
    columns = ("team", "person", "past", "proposed", "amount", "locked")
    return csv_answer(request, f"plan-{found.period}", columns, rows)
