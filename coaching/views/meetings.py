"""Pages of meetings. Times are in the zone of who looks."""

from datetime import timedelta

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from coaching import forms, selectors, services
from coaching.models import Meeting
from salesmgmt.desk.edges import act, csv_answer, tell_form
from salesmgmt.lib import clock, keyset
from salesmgmt.lib.refusals import Refused
from teams.edges import SignedIn
from teams.models import Organisation, access_of

from .shared import apart, submit, version_of

HEADER = ("team", "title", "starts_at", "chair", "state")


@require_GET
def meetings(request: SignedIn) -> HttpResponseBase:
    """Those one is asked to, led or may read; as a file without a word of what was said."""
    if request.GET.get("export") == "csv":
        found = selectors.meetings_of(request.user).order_by("-starts_at", "-pk").iterator(2000)
        return csv_answer(request, "meetings", HEADER, (
            [one.team.name, one.title, one.starts_at, one.chair.external_id or one.chair.name, one.state]
            for one in found
        ))  # fmt: skip
    return _list_page(request)


def _list_page(request: SignedIn, **bound: Form) -> HttpResponse:
    found = selectors.meetings_of(request.user)
    teams = selectors.teams_of(request.user)
    past = found.exclude(state=Meeting.State.PLANNED)
    page = keyset.page(past, by="starts_at", descending=True, cursor=request.GET.get("cursor", ""), lacks=False)
    context = {
        "planned": list(found.planned().order_by("starts_at", "pk")[:50]),
        "page": page,
        "questions": list(selectors.questions_of(request.user)[:50]),
        "question_form": forms.MeetingQuestionForm(teams=teams, initial={"team": access_of(request.user).team_id}),
        "may_ask": access_of(request.user).person_id is not None and teams.exists(),
        "may_plan": selectors.chaired_by(request.user).exists(),
        "rhythms": [
            (rhythm, selectors.may_chair(access_of(request.user), rhythm.team))
            for rhythm in selectors.meeting_rhythms_of(request.user).order_by("team__name", "pk")[:50]
        ],
    }
    return render(request, "coaching/meetings.html", context | bound, status=422 if bound else 200)


@require_http_methods(["GET", "POST"])
def meeting_plan(request: SignedIn) -> HttpResponse:
    teams = selectors.chaired_by(request.user)
    if not teams.exists():
        raise Http404
    today = clock.today(Organisation.get().time_zone)
    led = access_of(request.user).led_team_ids
    initial = {
        "starts_at": forms.next_talk(today, timezone.get_current_timezone()),
        "team": request.GET.get("team") or (led[0] if led else None),
    }
    form = forms.MeetingForm(request.POST or None, teams=teams, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            if form.rhythm:
                services.set_meeting_rhythm(by=request.user, at=clock.now(), on=today, **form.rhythm)
                messages.success(request, "The meetings have a rhythm; the next ones are planned.")
                return redirect("meetings")
            made = services.plan_meeting(by=request.user, at=clock.now(), on=today, **form.meeting)
        except Refused as refusal:
            tell_form(form, refusal)
        else:
            messages.success(request, "The meeting is planned; its agenda is prepared.")
            return redirect("meeting", made.pk)
    return render(request, "coaching/meeting_plan.html", {"form": form})


@require_POST
def meeting_ask(request: SignedIn) -> HttpResponse:
    """A question for the next meeting, put at any time."""
    form = forms.MeetingQuestionForm(request.POST, teams=selectors.teams_of(request.user))
    if form.is_valid():
        try:
            services.ask_meeting(by=request.user, at=clock.now(), **form.cleaned_data)
        except Refused as refusal:
            tell_form(form, refusal)
        else:
            messages.success(request, "It stands on the agenda of the next meeting.")
            return redirect("meetings")
    return _list_page(request, question_form=form)


@require_GET
def meeting(request: SignedIn, pk: int) -> HttpResponse:
    return _page(request, pk)


def _page(request: SignedIn, pk: int, **bound: Form) -> HttpResponse:
    found = get_object_or_404(selectors.meeting_with_parts(request.user), pk=pk)
    today = clock.today(Organisation.get().time_zone)
    access = access_of(request.user)
    chairs = selectors.may_chair(access, found.team)
    people = selectors.attendees(found.team, today)
    came = [row.person_id for row in found.attendances.all() if row.came]
    is_asked = access.person_id is not None and people.filter(pk=access.person_id).exists()
    context = {
        "meeting": found,
        "today": today,
        "chairs": chairs,
        "is_over": found.starts_at <= clock.now(),
        "points": selectors.points_told(found, request.user),
        "reports": list(selectors.decisions_to_report(found, request.user)[:20]),
        "waiting": list(selectors.open_questions(found.team, request.user)[:50]) if found.is_open else [],
        "may_promise": chairs or is_asked,
        "move_form": forms.MoveMeetingForm(initial={"starts_at": found.starts_at}),
        "minutes_form": forms.MinutesForm(initial={"minutes": found.minutes}),
        "decision_form": forms.MeetingDecisionForm(),
        "outcome_form": forms.OutcomeForm(),
        "answer_form": forms.MeetingAnswerForm(),
        "promise_form": forms.PromiseForm(
            people=people if chairs else people.filter(pk__in=[access.person_id]),
            initial={"due_on": today + timedelta(days=7), "owner": access.person_id},
        ),
        "attendance_form": forms.AttendanceForm(people=selectors.who_may_have_come(found), initial={"came": came}),
    }
    return render(request, "coaching/meeting.html", apart(context | bound), status=422 if bound else 200)


def _found(request: SignedIn, pk: int) -> Meeting:
    found: Meeting = get_object_or_404(selectors.meetings_of(request.user), pk=pk)
    return found


@require_POST
def meeting_move(request: SignedIn, pk: int) -> HttpResponse:
    found, form = _found(request, pk), forms.MoveMeetingForm(request.POST)

    def move() -> None:
        services.move_meeting(
            meeting=found, by=request.user, at=clock.now(), on=clock.today(Organisation.get().time_zone),
            version=version_of(request), **form.cleaned_data,
        )  # fmt: skip

    return submit(request, _page, pk, "move_form", form, move, "The meeting has moved.")


@require_POST
def meeting_cancel(request: SignedIn, pk: int) -> HttpResponse:
    found = _found(request, pk)
    return act(
        request,
        lambda: services.cancel_meeting(meeting=found, by=request.user, at=clock.now(), version=version_of(request)),
        said="The meeting is called off.",
        to=f"/meetings/{pk}/",
    )


@require_POST
def meeting_open(request: SignedIn, pk: int) -> HttpResponse:
    """Who reads it: everybody below, or those alone who are asked to come."""
    found, is_open_below = _found(request, pk), request.POST.get("open") == "1"
    return act(
        request,
        lambda: services.open_meeting(
            meeting=found, is_open_below=is_open_below, by=request.user, at=clock.now(), version=version_of(request)
        ),
        said="Everybody below reads it now." if is_open_below else "Those who are asked to come read it now.",
        to=f"/meetings/{pk}/",
    )


@require_POST
def meeting_rhythm_end(request: SignedIn, pk: int) -> HttpResponse:
    found = get_object_or_404(selectors.meeting_rhythms_of(request.user), pk=pk)
    return act(
        request,
        lambda: services.end_meeting_rhythm(
            rhythm=found, by=request.user, at=clock.now(), on=clock.today(Organisation.get().time_zone),
            version=version_of(request),
        ),
        said="The rhythm has ended; meetings that are planned stay.",
        to="/meetings/",
    )  # fmt: skip


@require_POST
def meeting_prepare(request: SignedIn, pk: int) -> HttpResponse:
    found = _found(request, pk)
    if not selectors.may_chair(access_of(request.user), found.team):
        raise Http404
    return act(
        request,
        lambda: services.prepare_meeting(meeting=found, at=clock.now(), on=clock.today(Organisation.get().time_zone)),
        said="The agenda is as of now.",
        to=f"/meetings/{pk}/",
    )


@require_POST
def meeting_hold(request: SignedIn, pk: int) -> HttpResponse:
    """Who came: with it the meeting is held."""
    found = _found(request, pk)
    today = clock.today(Organisation.get().time_zone)
    form = forms.AttendanceForm(request.POST, people=selectors.who_may_have_come(found))

    def hold() -> None:
        services.hold_meeting(
            meeting=found, by=request.user, at=clock.now(), on=today, version=version_of(request), **form.cleaned_data
        )

    return submit(request, _page, pk, "attendance_form", form, hold, "Noted who came.")


@require_POST
def meeting_minutes(request: SignedIn, pk: int) -> HttpResponse:
    found, form = _found(request, pk), forms.MinutesForm(request.POST)

    def write() -> None:
        services.write_minutes(
            meeting=found, by=request.user, at=clock.now(), version=version_of(request), **form.cleaned_data
        )

    return submit(request, _page, pk, "minutes_form", form, write, "The minutes are kept.")


@require_POST
def meeting_decide(request: SignedIn, pk: int) -> HttpResponse:
    found, form = _found(request, pk), forms.MeetingDecisionForm(request.POST)

    def decide() -> None:
        services.decide_in_meeting(meeting=found, by=request.user, at=clock.now(), **form.cleaned_data)

    return submit(request, _page, pk, "decision_form", form, decide, "Noted as decided.")


@require_POST
def meeting_promise(request: SignedIn, pk: int) -> HttpResponse:
    found = _found(request, pk)
    today = clock.today(Organisation.get().time_zone)
    form = forms.PromiseForm(request.POST, people=selectors.attendees(found.team, today))

    def promise() -> None:
        services.promise_in_meeting(meeting=found, by=request.user, at=clock.now(), on=today, **form.cleaned_data)

    return submit(request, _page, pk, "promise_form", form, promise, "Noted as a promise.")


@require_POST
def decision_settle(request: SignedIn, pk: int, decision_pk: int) -> HttpResponse:
    """What came of an earlier decision, said at this meeting."""
    found, form = _found(request, pk), forms.OutcomeForm(request.POST)
    decision = get_object_or_404(selectors.decisions_to_report(found, request.user), pk=decision_pk)

    def settle() -> None:
        services.settle_decision(decision=decision, by=request.user, at=clock.now(), **form.cleaned_data)

    return submit(request, _page, pk, "outcome_form", form, settle, "Noted what came of it.")


@require_POST
def meeting_question(request: SignedIn, pk: int, question_pk: int) -> HttpResponse:
    found, form = _found(request, pk), forms.MeetingAnswerForm(request.POST)
    question = get_object_or_404(selectors.open_questions(found.team, request.user), pk=question_pk)

    def answer() -> None:
        services.answer_in_meeting(
            question=question, meeting=found, by=request.user, at=clock.now(), **form.cleaned_data
        )

    return submit(request, _page, pk, "answer_form", form, answer, "The answer is kept.")


@require_POST
def point_tick(request: SignedIn, pk: int, point_pk: int) -> HttpResponse:
    found = _found(request, pk)
    point = get_object_or_404(found.points.select_related("meeting__team"), pk=point_pk)
    is_done = request.POST.get("done") == "1"
    return act(
        request,
        lambda: services.tick_point(point=point, is_done=is_done, by=request.user),
        said="Ticked." if is_done else "Open again.",
        to=f"/meetings/{pk}/",
    )
