"""Pages of cases."""

from datetime import timedelta

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from coaching import forms, selectors, services
from coaching.models import Case
from performance.models import Flag
from salesmgmt.lib import clock
from salesmgmt.lib.refusals import Refused
from teams.edges import SignedIn, looked
from teams.models import Look, Organisation, access_of

from .shared import CASE_DAYS, submit


@require_GET
def cases(request: SignedIn) -> HttpResponse:
    found = selectors.cases_of(request.user)
    today = clock.today(Organisation.get().time_zone)
    rows = {
        "open": list(found.filter(state=Case.State.OPEN).order_by("due_on", "pk")[:200]),
        "closed": list(found.filter(state=Case.State.CLOSED).order_by("-closed_at", "-pk")[:50]),
    }
    return render(request, "coaching/cases.html", rows | {"today": today})


@require_GET
def case(request: SignedIn, pk: int) -> HttpResponse:
    return case_page(request, pk)


def case_page(request: SignedIn, pk: int, **bound: Form) -> HttpResponse:
    found = get_object_or_404(selectors.case_with_parts(request.user), pk=pk)
    today = clock.today(Organisation.get().time_zone)
    leads = selectors.may_coach(access_of(request.user), found.person)
    looked(request, Look.Page.CASE, found.person_id)
    context = {
        "case": found,
        "story": selectors.story_of(found),
        "today": today,
        "leads": leads,
        "is_party": access_of(request.user).person_id in {found.person_id, found.owner_id} or leads,
        "move_form": forms.MoveCaseForm(initial={"due_on": found.due_on}),
        "close_form": forms.CloseCaseForm(),
        "note_form": forms.NoteForm(),
        "action_form": forms.ActionForm(
            pair=[found.person, found.owner], initial={"due_on": today + timedelta(days=7), "owner": found.person_id}
        ),
    }
    return render(request, "coaching/case.html", context | bound, status=422 if bound else 200)


@require_POST
def case_open(request: SignedIn, flag_pk: int) -> HttpResponse:
    """From a finding to the work: due in two weeks unless said otherwise."""
    flag = get_object_or_404(Flag.objects.visible_to(request.user).select_related("person"), pk=flag_pk)
    access = access_of(request.user)
    if not selectors.may_coach(access, flag.person):
        raise Http404
    today = clock.today(Organisation.get().time_zone)
    try:
        made = services.open_case(
            flag=flag,
            owner=request.user.person,
            due_on=today + timedelta(days=CASE_DAYS),
            by=request.user,
            at=clock.now(),
        )
    except Refused as refusal:
        messages.error(request, refusal.sentence)
        return redirect("home")
    return redirect("case", made.pk)


@require_POST
def case_move(request: SignedIn, pk: int) -> HttpResponse:
    found = get_object_or_404(selectors.cases_of(request.user), pk=pk)
    form = forms.MoveCaseForm(request.POST)
    return submit(
        request,
        case_page,
        pk,
        "move_form",
        form,
        lambda: services.move_case(case=found, by=request.user, at=clock.now(), **form.cleaned_data),
        "The due date has moved.",
    )


@require_POST
def case_close(request: SignedIn, pk: int) -> HttpResponse:
    found = get_object_or_404(selectors.cases_of(request.user), pk=pk)
    form = forms.CloseCaseForm(request.POST)
    return submit(
        request,
        case_page,
        pk,
        "close_form",
        form,
        lambda: services.close_case(case=found, by=request.user, at=clock.now(), **form.cleaned_data),
        "The case is closed.",
    )
