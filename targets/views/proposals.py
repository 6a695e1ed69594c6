"""What postings, leave and calendars would change about quotas: seen, let count, refused."""

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from salesmgmt.desk.edges import act
from salesmgmt.desk.idempotency import keyed
from salesmgmt.lib import clock
from salesmgmt.lib.refusals import Refused
from targets import forms, selectors, services
from targets.models import QuotaProposal
from targets.views.common import today_of, user_of
from teams.models import Organisation, access_of

SHOWN, DECIDED = 100, 20


@require_GET
def quota_changes(request: HttpRequest) -> HttpResponse:
    """What waits, with its arithmetic, and what was decided."""
    organisation, access, user = Organisation.get(), access_of(request.user), user_of(request)
    today = today_of(organisation)
    waiting = selectors.proposals(user)
    rows = selectors.proposal_rows(waiting[:SHOWN], user)
    leads = access.leads or access.sees_all
    context = {
        "rows": rows,
        "more": max(waiting.count() - SHOWN, 0) if len(rows) == SHOWN else 0,
        "mine": sum(1 for row in rows if row.may_decide and not row.closed),
        "decided": selectors.proposal_rows(selectors.proposals(user, is_open=False)[:DECIDED], user),
        "without": selectors.without_quota(user, today) if leads else [],
        "leads": leads,
        "today": today,
        "currency": organisation.currency,
    }
    return render(request, "targets/quota_changes.html", context)


def _proposal(request: HttpRequest, pk: int) -> QuotaProposal:
    return get_object_or_404(QuotaProposal.objects.visible_to(request.user).select_related("seat", "team"), pk=pk)


@require_POST
@keyed
def quota_change_confirm(request: HttpRequest, pk: int) -> HttpResponse:
    found, form = _proposal(request, pk), forms.DecisionForm(request.POST)
    return act(
        request,
        lambda: services.confirm_proposal(
            proposal=found,
            by=user_of(request),
            at=clock.now(),
            on=today_of(Organisation.get()),
            version=_version(form),
        ),
        said=f"The quota of {found.seat} is changed.",
        to=reverse("quota-changes"),
    )


@require_POST
@keyed
def quota_change_refuse(request: HttpRequest, pk: int) -> HttpResponse:
    found, form = _proposal(request, pk), forms.DecisionForm(request.POST)
    return act(
        request,
        lambda: services.refuse_proposal(
            proposal=found,
            reason=form.cleaned_data.get("reason", "") if form.is_valid() else "",
            by=user_of(request),
            at=clock.now(),
            version=_version(form),
        ),
        said=f"The quota of {found.seat} stays as it is.",
        to=reverse("quota-changes"),
    )


def _version(form: forms.DecisionForm) -> int:
    """What was seen; refused where the form doesn't say."""
    if not form.is_valid():
        name, errors = next(iter(form.errors.items()))
        raise Refused(f"{name.capitalize()}: {errors[0]}")
    version: int = form.cleaned_data["version"]
    return version


@require_POST
@keyed
def quota_changes_confirm(request: HttpRequest) -> HttpResponse:
    """Several at once; what is refused says why, the others count."""
    user, organisation = user_of(request), Organisation.get()
    asked = request.POST.getlist("chosen")
    rows = {one.pk: one for one in selectors.proposals(user)}
    form = forms.ChosenForm(request.POST, rows=[(one.pk, one.version) for one in rows.values()])
    if not form.is_valid():
        stale = "One of them has changed since you opened the page: look at it again."
        messages.error(request, stale if asked else "Choose at least one change.")
        return redirect("quota-changes")
    done = 0
    for pk, version in form.versions.items():
        try:
            with transaction.atomic():
                services.confirm_proposal(
                    proposal=rows[pk], by=user, at=clock.now(), on=today_of(organisation), version=version
                )
        except Refused as refusal:
            messages.error(request, f"{rows[pk].seat}: {refusal.sentence}")
        else:
            done += 1
    if done:
        messages.success(request, f"{done} quota{'' if done == 1 else 's'} changed.")
    return redirect("quota-changes")
