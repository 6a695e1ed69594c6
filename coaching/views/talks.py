"""Pages of 1:1s, promises and notes. Times are in the organisation's zone."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from coaching import forms, selectors, services
from coaching.models import ActionItem, Case, Note, OneOnOne, Pulse
from performance.models import Flag
from salesmgmt.desk.edges import act, csv_answer, tell_form
from salesmgmt.lib import clock
from salesmgmt.lib.refusals import Refused
from teams.edges import SignedIn, looked
from teams.models import Look, Organisation, Person, access_of

from .cases import case_page
from .shared import CASE_DAYS, Page, apart, submit, version_of

SERIES = timedelta(days=182)  # of moods that are shown
KEPT = timedelta(days=91)  # for which talks are counted up the line


HEADER = ("person", "manager", "starts_at", "state", "is_excused")


@require_GET
def one_on_ones(request: SignedIn) -> HttpResponseBase:
    """One's own talks; as a file that they were, and no word of them."""
    if request.GET.get("export") == "csv":
        mine = selectors.one_on_ones_of(request.user).of_pair(request.user).order_by("-starts_at", "-pk")
        return csv_answer(request, "one-on-ones", HEADER, (
            [one.person.external_id or one.person.name, one.manager.external_id or one.manager.name, one.starts_at,
             one.state, "yes" if one.is_excused else "no"]
            for one in mine.iterator(2000)
        ))  # fmt: skip
    return talks_page(request)


def talks_page(request: SignedIn, **bound: Form) -> HttpResponse:
    """One's own talks, rhythms and promises; of those one leads, how they are and how many talks were kept."""
    organisation = Organisation.get()
    today = clock.today(organisation.time_zone)
    began = clock.close_of(today - timedelta(days=1), organisation.time_zone)
    mine = selectors.one_on_ones_of(request.user).of_pair(request.user)
    access = access_of(request.user)
    me = request.user.person if access.person_id else None
    pulses = selectors.pulses_of(request.user, me, since=today - SERIES) if me else {}
    context = {
        "planned": list(
            mine.filter(state=OneOnOne.State.PLANNED, starts_at__gte=began).order_by("starts_at", "pk")[:100]
        ),
        "missed": list(mine.missed(began).order_by("-starts_at", "-pk")[:20]),
        "held": list(mine.filter(state=OneOnOne.State.HELD).order_by("-starts_at", "-pk")[:50]),
        "promises": list(selectors.open_action_items(request.user).order_by("due_on", "pk")[:100]),
        "cases": list(selectors.cases_of(request.user).filter(state=Case.State.OPEN).order_by("due_on", "pk")[:20]),
        "rhythms": list(selectors.rhythms_of(request.user).of_pair(request.user).order_by("person__name", "pk")),
        "taps": taps_of(pulses, today) if me else [],
        "moods": selectors.latest_pulses(request.user, since=today - SERIES),
        "kept": selectors.kept_under(request.user, since=began - KEPT, day_began=began) if access.leads else [],
        "today": today,
        "may_plan": selectors.coached_by(request.user).exists(),
    }
    return render(request, "coaching/one_on_ones.html", apart(context | bound), status=422 if bound else 200)


@dataclass(frozen=True, slots=True)
class Tap:
    """A question of one tap: its five answers, what was said today, and the series, the oldest first."""

    kind: str
    label: str
    words: list[tuple[int, str]]
    said: int | None
    series: list[Pulse]

    @property
    def line(self) -> list[int]:
        return [row.score or 0 for row in self.series]


def taps_of(pulses: dict[str, list[Pulse]], today: date) -> list[Tap]:
    return [
        Tap(
            kind=kind,
            label=kind.label,
            words=list(enumerate(Pulse.WORDS[kind], start=1)),
            said=next((row.score for row in pulses.get(kind, []) if row.on == today), None),
            series=pulses.get(kind, [])[::-1],
        )
        for kind in Pulse.Kind
    ]


@require_POST
def pulse_say(request: SignedIn) -> HttpResponse:
    """One tap: how somebody is, or how much they have to do."""
    form = forms.PulseForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Choose mood or workload, and an answer from 1 to 5.")
        return redirect("one-on-ones")
    return act(
        request,
        lambda: services.say_pulse(
            by=request.user, at=clock.now(), on=clock.today(Organisation.get().time_zone), **form.cleaned_data
        ),
        said="Noted, for you and your manager.",
        to="/one-on-ones/",
    )


@require_http_methods(["GET", "POST"])
def rhythm_set(request: SignedIn) -> HttpResponse:
    """How often two people meet, on which day and at what time."""
    people = selectors.coached_by(request.user)
    if not people.exists():
        raise Http404
    today = clock.today(Organisation.get().time_zone)
    initial = {"person": request.GET.get("person"), "starts_on": today + timedelta(days=1)}
    form = forms.RhythmForm(request.POST or None, people=people, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.set_rhythm(
                manager=request.user.person, zone=str(timezone.get_current_timezone()), by=request.user,
                at=clock.now(), on=today, **form.cleaned_data,
            )  # fmt: skip
        except Refused as refusal:
            tell_form(form, refusal)
        else:
            messages.success(request, f"{made} with {made.person.name}; the next talks are planned.")
            return redirect("one-on-ones")
    return render(request, "coaching/rhythm.html", {"form": form})


@require_POST
def rhythm_end(request: SignedIn, pk: int) -> HttpResponse:
    found = get_object_or_404(selectors.rhythms_of(request.user).of_pair(request.user), pk=pk)
    return act(
        request,
        lambda: services.end_rhythm(
            rhythm=found, by=request.user, at=clock.now(), on=clock.today(Organisation.get().time_zone),
            version=version_of(request),
        ),
        said="The rhythm has ended; talks that are planned stay.",
        to="/one-on-ones/",
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
def one_on_one_plan(request: SignedIn) -> HttpResponse:
    """Plan a 1:1; `?person=` and `?flag=` come from a finding, which then gets its case as well."""
    people = selectors.coached_by(request.user)
    if not people.exists():
        raise Http404
    today = clock.today(Organisation.get().time_zone)
    flag_pk = request.POST.get("flag") or request.GET.get("flag") or ""
    flag = (
        Flag.objects.visible_to(request.user).filter(pk=flag_pk).first()
        if flag_pk.isascii() and flag_pk.isdigit()
        else None
    )
    initial = {
        "starts_at": forms.next_talk(today, timezone.get_current_timezone()),
        "person": flag.person_id if flag else request.GET.get("person"),
    }
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
    organisation = Organisation.get()
    today = clock.today(organisation.time_zone)
    me = access_of(request.user).person_id
    is_party = me in {talk.person_id, talk.manager_id}
    pulses = selectors.pulses_of(request.user, talk.person, since=today - SERIES) if is_party else {}
    began = clock.close_of(today - timedelta(days=1), organisation.time_zone)
    context = {
        "talk": talk,
        "today": today,
        "is_manager": me == talk.manager_id,
        "is_person": me == talk.person_id,
        "is_party": is_party,
        "may_hold": clock.day_of(talk.starts_at, organisation.time_zone) <= today,
        "left_with_others": selectors.points_left_with_others(talk, day_began=began)
        if me == talk.person_id and talk.state == OneOnOne.State.PLANNED
        else [],
        "is_missed": talk.state == OneOnOne.State.PLANNED and talk.starts_at < began,
        "taps": taps_of(pulses, today) if is_party else [],
        "agenda_form": forms.AgendaForm(),
        "note_form": forms.NoteForm(),
        "move_form": forms.MoveTalkForm(initial={"starts_at": talk.starts_at}),
        "cancel_form": forms.CancelTalkForm(),
        "action_form": forms.ActionForm(
            pair=[talk.person, talk.manager], initial={"due_on": today + timedelta(days=7), "owner": talk.person_id}
        ),
    }
    return render(request, "coaching/one_on_one.html", apart(context | bound), status=422 if bound else 200)


@require_POST
def one_on_one_move(request: SignedIn, pk: int) -> HttpResponse:
    talk = get_object_or_404(selectors.one_on_ones_of(request.user), pk=pk)
    form = forms.MoveTalkForm(request.POST)
    return submit(
        request,
        _talk_page,
        pk,
        "move_form",
        form,
        lambda: services.move_one_on_one(
            talk=talk,
            by=request.user,
            at=clock.now(),
            on=clock.today(Organisation.get().time_zone),
            version=version_of(request),
            **form.cleaned_data,
        ),
        "The 1:1 has moved.",
    )


@require_POST
def one_on_one_prepare(request: SignedIn, pk: int) -> HttpResponse:
    """The agenda as of now, for who looks the evening before."""
    talk = get_object_or_404(selectors.one_on_ones_of(request.user).of_pair(request.user), pk=pk)
    return act(
        request,
        lambda: services.renew_agenda(
            talk=talk, by=request.user, at=clock.now(), on=clock.today(Organisation.get().time_zone)
        ),
        said="The agenda is as of now.",
        to=f"/one-on-ones/{pk}/",
    )


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
    form = forms.CancelTalkForm(request.POST)
    return submit(
        request,
        _talk_page,
        pk,
        "cancel_form",
        form,
        lambda: services.cancel_one_on_one(
            talk=talk, by=request.user, at=clock.now(), version=version_of(request), **form.cleaned_data
        ),
        "The 1:1 is cancelled.",
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


def _place(request: SignedIn, place: str, pk: int) -> tuple[Person, Person, dict[str, Any], Page]:
    """Whom a 1:1 or a case is about, the other one of the two, the record by its name, and its page."""
    if place == "one-on-ones":
        talk = get_object_or_404(selectors.one_on_ones_of(request.user), pk=pk)
        return talk.person, talk.manager, {"talk": talk}, _talk_page
    case = get_object_or_404(Case.objects.read_by(request.user).select_related("person", "owner"), pk=pk)
    return case.person, case.owner, {"case": case}, case_page


@require_POST
def promise(request: SignedIn, place: str, pk: int) -> HttpResponse:
    """A promise made in a 1:1 or for a case."""
    person, other, about, page = _place(request, place, pk)
    form = forms.ActionForm(request.POST, pair=[person, other])
    return submit(
        request,
        page,
        pk,
        "action_form",
        form,
        lambda: services.add_action_item(person=person, by=request.user, at=clock.now(), **about, **form.cleaned_data),
        "Noted as a promise.",
    )


@require_POST
def action_done(request: SignedIn, pk: int) -> HttpResponse:
    item = get_object_or_404(ActionItem.objects.visible_to(request.user).select_related("owner", "person"), pk=pk)
    where = {"one-on-ones": item.one_on_one_id, "meetings": item.meeting_id, "cases": item.case_id}
    back = next((f"/{place}/{number}/" for place, number in where.items() if number), "/one-on-ones/")
    if request.POST.get("back") == "list":
        back = "/one-on-ones/"
    form = forms.DoneForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Say what came of it in at most 300 characters.")
        return redirect(back)
    return act(
        request,
        lambda: services.complete_action_item(item=item, by=request.user, at=clock.now(), **form.cleaned_data),
        said="Done.",
        to=back,
    )


@require_POST
def note(request: SignedIn, place: str, pk: int) -> HttpResponse:
    """A note in a 1:1 or on a case; never for the eyes of admin or operations."""
    person, _, about, page = _place(request, place, pk)
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
            **about,
        )

    return submit(request, page, pk, "note_form", form, write, "Note kept.")
