"""Pages of 1:1s, promises and notes. Times are in the organisation's zone."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from coaching import forms, selectors, services
from coaching.models import ActionItem, Case, Note, OneOnOne
from performance.models import Flag
from salesmgmt.desk.edges import act, tell_form
from salesmgmt.lib import clock
from salesmgmt.lib.refusals import Refused
from teams.edges import SignedIn, looked
from teams.models import Look, Organisation, access_of

from .cases import case_page
from .shared import CASE_DAYS, submit, version_of


@require_GET
def one_on_ones(request: SignedIn) -> HttpResponse:
    found = selectors.one_on_ones_of(request.user)
    zone = ZoneInfo(Organisation.get().time_zone)
    today = clock.today(str(zone))
    people = selectors.coached_by(request.user)
    initial = {"starts_at": forms.next_talk(today, zone), "person": request.GET.get("person")}
    context = {
        "planned": list(found.filter(state=OneOnOne.State.PLANNED).order_by("starts_at", "pk")[:100]),
        "held": list(found.filter(state=OneOnOne.State.HELD).order_by("-starts_at", "-pk")[:50]),
        "promises": list(selectors.open_action_items(request.user).order_by("due_on", "pk")[:100]),
        "cases": list(selectors.cases_of(request.user).filter(state=Case.State.OPEN).order_by("due_on", "pk")[:20]),
        "today": today,
        "form": forms.PlanForm(people=people, initial=initial) if access_of(request.user).person_id else None,
        "may_plan": people.exists(),
    }
    return render(request, "coaching/one_on_ones.html", context)


@require_http_methods(["GET", "POST"])
def one_on_one_plan(request: SignedIn) -> HttpResponse:
    """Plan a 1:1; `?person=` and `?flag=` come from a finding, which then gets its case as well."""
    people = selectors.coached_by(request.user)
    if not people.exists():
        raise Http404
    zone = ZoneInfo(Organisation.get().time_zone)
    today = clock.today(str(zone))
    flag_pk = request.POST.get("flag") or request.GET.get("flag") or ""
    flag = (
        Flag.objects.visible_to(request.user).filter(pk=flag_pk).first()
        if flag_pk.isascii() and flag_pk.isdigit()
        else None
    )
    initial = {
        "starts_at": forms.next_talk(today, zone),
        "person": flag.person_id if flag else request.GET.get("person"),
    }
    with timezone.override(zone):
        form = forms.PlanForm(request.POST or None, people=people, initial=initial)
        if request.method == "POST" and form.is_valid():
            try:
                talk = services.plan_from_finding(
                    flag=flag,
                    manager=request.user.person,
                    due_on=today + timedelta(days=CASE_DAYS),
                    by=request.user,
                    at=clock.now(),
                    on=today,
                    **form.cleaned_data,
                )
            except Refused as refusal:
                tell_form(form, refusal)
            else:
                messages.success(request, f"1:1 with {talk.person.name} planned; the agenda is prepared.")
                return redirect("one-on-one", talk.pk)
        return render(request, "coaching/one_on_one_plan.html", {"form": form, "flag": flag})


@require_GET
def one_on_one(request: SignedIn, pk: int) -> HttpResponse:
    return _talk_page(request, pk)


def _talk_page(request: SignedIn, pk: int, **bound: Form) -> HttpResponse:
    talk = get_object_or_404(selectors.talk_with_parts(request.user), pk=pk)
    looked(request, Look.Page.TALK, talk.person_id)
    zone = Organisation.get().time_zone
    today = clock.today(zone)
    me = access_of(request.user).person_id
    context = {
        "talk": talk,
        "today": today,
        "is_manager": me == talk.manager_id,
        "is_party": me in {talk.person_id, talk.manager_id},
        "agenda_form": forms.AgendaForm(),
        "note_form": forms.NoteForm(),
        "action_form": forms.ActionForm(
            pair=[talk.person, talk.manager], initial={"due_on": today + timedelta(days=7), "owner": talk.person_id}
        ),
    }
    with timezone.override(ZoneInfo(zone)):
        return render(request, "coaching/one_on_one.html", context | bound, status=422 if bound else 200)


@require_POST
def one_on_one_hold(request: SignedIn, pk: int) -> HttpResponse:
    talk = get_object_or_404(selectors.one_on_ones_of(request.user), pk=pk)
    return act(
        request,
        lambda: services.hold_one_on_one(talk=talk, by=request.user, at=clock.now(), version=version_of(request)),
        said="Marked as held.",
        to=f"/one-on-ones/{pk}/",
    )


@require_POST
def one_on_one_cancel(request: SignedIn, pk: int) -> HttpResponse:
    talk = get_object_or_404(selectors.one_on_ones_of(request.user), pk=pk)
    return act(
        request,
        lambda: services.cancel_one_on_one(talk=talk, by=request.user, at=clock.now(), version=version_of(request)),
        said="The 1:1 is cancelled.",
        to=f"/one-on-ones/{pk}/",
    )


@require_POST
def agenda_add(request: SignedIn, pk: int) -> HttpResponse:
    talk = get_object_or_404(selectors.one_on_ones_of(request.user), pk=pk)
    form = forms.AgendaForm(request.POST)
    return submit(
        request,
        _talk_page,
        pk,
        "agenda_form",
        form,
        lambda: services.add_agenda_item(talk=talk, by=request.user, **form.cleaned_data),
        "Added to the agenda.",
    )


@require_POST
def agenda_tick(request: SignedIn, pk: int, item_pk: int) -> HttpResponse:
    talk = get_object_or_404(selectors.one_on_ones_of(request.user), pk=pk)
    item = get_object_or_404(talk.agenda.select_related("one_on_one"), pk=item_pk)
    is_done = request.POST.get("done") == "1"
    return act(
        request,
        lambda: services.tick_agenda_item(item=item, is_done=is_done, by=request.user),
        said="Ticked." if is_done else "Open again.",
        to=f"/one-on-ones/{pk}/",
    )


@require_POST
def promise(request: SignedIn, place: str, pk: int) -> HttpResponse:
    """A promise made in a 1:1 or for a case."""
    talk = get_object_or_404(selectors.one_on_ones_of(request.user), pk=pk) if place == "one-on-ones" else None
    found = get_object_or_404(selectors.cases_of(request.user), pk=pk) if place == "cases" else None
    person = talk.person if talk else found.person  # type: ignore[union-attr]
    other = talk.manager if talk else found.owner  # type: ignore[union-attr]
    form = forms.ActionForm(request.POST, pair=[person, other])
    return submit(
        request,
        _talk_page if talk else case_page,
        pk,
        "action_form",
        form,
        lambda: services.add_action_item(
            person=person, talk=talk, case=found, by=request.user, at=clock.now(), **form.cleaned_data
        ),
        "Noted as a promise.",
    )


@require_POST
def action_done(request: SignedIn, pk: int) -> HttpResponse:
    item = get_object_or_404(ActionItem.objects.visible_to(request.user).select_related("owner", "person"), pk=pk)
    back = f"/one-on-ones/{item.one_on_one_id}/" if item.one_on_one_id else f"/cases/{item.case_id}/"
    if request.POST.get("back") == "list" or not (item.one_on_one_id or item.case_id):
        back = "/one-on-ones/"
    return act(
        request,
        lambda: services.complete_action_item(item=item, by=request.user, at=clock.now()),
        said="Done.",
        to=back,
    )


@require_POST
def note(request: SignedIn, place: str, pk: int) -> HttpResponse:
    """A note in a 1:1 or on a case; never for the eyes of admin or operations."""
    talk = get_object_or_404(selectors.one_on_ones_of(request.user), pk=pk) if place == "one-on-ones" else None
    found = get_object_or_404(selectors.cases_of(request.user), pk=pk) if place == "cases" else None
    person = talk.person if talk else found.person  # type: ignore[union-attr]
    form = forms.NoteForm(request.POST)
    readers = request.POST.get("readers")

    def write() -> Note:
        return services.write_note(
            person=person,
            text=form.cleaned_data["text"],
            by=request.user,
            at=clock.now(),
            is_shared_up=readers == forms.NoteForm.UP,
            is_for_author_only=readers == forms.NoteForm.MINE,
            talk=talk,
            case=found,
        )

    return submit(request, _talk_page if talk else case_page, pk, "note_form", form, write, "Note kept.")
