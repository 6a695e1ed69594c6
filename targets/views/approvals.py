"""Pages of approvals: the splits of a draft plan on their way up, and the history of one line."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from salesmgmt.desk.idempotency import keyed
from salesmgmt.lib import clock
from salesmgmt.lib.refusals import Refused
from targets import forms, selectors, services
from targets.models import Plan
from targets.views.common import unit_of
from teams.edges import SignedIn, looked
from teams.models import Look, Organisation, access_of


def _plan(request: SignedIn, pk: int) -> Plan:
    access = access_of(request.user)
    if not (access.leads or access.sees_all):
        raise Http404
    return get_object_or_404(Plan.objects.visible_to(request.user), pk=pk)


@require_GET
def approvals(request: SignedIn, pk: int) -> HttpResponse:
    """Which splits are approved, and what is the viewer's to do."""
    plan = _plan(request, pk)
    splits = selectors.splits_of(plan, request.user)
    least = min((split.depth for split in splits), default=0)
    context = {
        "plan": plan,
        "splits": [(split, "\u2003" * (split.depth - least)) for split in splits],
        "open": sum(split.state != "approved" for split in splits),
        "mine": sum(split.may_submit or split.may_decide for split in splits),
        "steps": plan.approvals.visible_to(request.user).select_related("team", "by").order_by("-at", "-pk")[:100],
        "currency": unit_of(plan.measure, Organisation.get()),
    }
    return render(request, "targets/approvals.html", context)


@require_POST
@keyed
def approval(request: SignedIn, pk: int, team_pk: int) -> HttpResponse:
    """Submit a split, approve it, or send it back with a reason."""
    plan = _plan(request, pk)
    split = next((one for one in selectors.splits_of(plan, request.user) if one.team.pk == team_pk), None)
    if split is None:
        raise Http404
    form = forms.ApprovalForm(request.POST)
    answer = redirect("plan-approvals", pk)
    answer.status_code = 303
    if not form.is_valid():
        messages.error(request, "Choose to submit, approve or send back; a reason has at most 500 characters.")
        return answer
    said, by, at = form.cleaned_data, request.user, clock.now()
    digest = said["digest"] or None
    try:
        if said["act"] == "submit":
            services.submit_split(plan=plan, team=split.team, by=by, at=at, digest=digest)
            messages.success(request, f"The split of {split.team} is submitted.")
        else:
            approves = said["act"] == "approve"
            services.decide_split(
                plan=plan, team=split.team, approves=approves, by=by, at=at, reason=said["reason"], digest=digest
            )
            messages.success(request, f"The split of {split.team} is {'approved' if approves else 'sent back'}.")
    except Refused as refusal:
        messages.error(request, refusal.sentence)
    return answer


@require_GET
def line_history(request: SignedIn, pk: int, line_pk: int) -> HttpResponse:
    """Everything that happened to one line of a plan."""
    plan = get_object_or_404(Plan.objects.visible_to(request.user), pk=pk)
    line = get_object_or_404(plan.allocations.select_related("plan", "team", "person"), pk=line_pk)
    if selectors.row_of(line, request.user) is None:
        raise Http404
    looked(request, Look.Page.QUOTA, line.person_id)
    if line.person is not None:
        happenings = selectors.history_of(
            line.person, request.user, start=plan.starts_on, end=plan.until or plan.starts_on, measure=plan.measure
        )
    else:
        happenings = selectors.history_of_line(line, request.user)
    context = {
        "plan": plan,
        "line": line,
        "happenings": happenings,
        "currency": unit_of(plan.measure, Organisation.get()),
    }
    return render(request, "targets/line_history.html", context)
