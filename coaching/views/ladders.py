"""Pages of ladders, of early signs, and of exits."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from coaching import forms, selectors, services
from coaching.models import Exit, Ladder, LadderDecision, LadderStep, StepGoal, StepSupport, may_lead
from coaching.selectors.ladders import courses_to_promise, plans_to_promise, status_of
from salesmgmt.desk.edges import act, csv_answer, tell_form
from salesmgmt.desk.idempotency import keyed
from salesmgmt.lib import clock, keyset
from salesmgmt.lib.refusals import Refused
from teams.edges import SignedIn, looked, looked_at
from teams.models import Look, Role, access_of
from teams.selectors import manager_of, organisation_of

from .ladder_pdf import write_ladder
from .shared import submit

WEEKS = timedelta(weeks=6)
YEARS = timedelta(days=3 * 365)


def _coached(request: SignedIn) -> Any:
    """Whom the user may open a ladder for."""
    access = access_of(request.user)
    people = selectors.coached_by(request.user).filter(withdrawn_at=None)
    return people.none() if access.role == "admin" else people


HEADER = ("person", "opened_on", "step", "status", "starts_on", "last_day", "outcome", "closed_on")


@require_GET
def ladders(request: SignedIn) -> HttpResponseBase:
    """The open ladders one may see, and those that are over."""
    today = clock.today(organisation_of(request.user).time_zone)
    found = selectors.ladders_of(request.user)
    open_ones = found.open().prefetch_related("steps__pauses", "steps__events")
    is_over = request.GET.get("state") == "over"
    rows = found.exclude(closed_at=None) if is_over else open_ones
    if request.GET.get("export") == "csv":
        listed = rows.prefetch_related("steps__pauses", "steps__events").order_by("-opened_at", "-pk").iterator(500)
        return csv_answer(request, "improvement", HEADER, (_cells(_row(ladder, today)) for ladder in listed))
    page = keyset.page(rows, by="opened_at", descending=True, cursor=request.GET.get("cursor", ""))
    access = access_of(request.user)
    context = {
        "page": page,
        "rows": [_row(ladder, today) for ladder in page.rows],
        "state": "over" if is_over else "open",
        "count": found.open().count(),
        "may_open": _coached(request).exists(),
        "leads": access.leads,
        "is_hr": access.role in {Role.HR, Role.EXECUTIVE},
        "me": access.person_id,
        "today": today,
    }
    return render(request, "coaching/ladders.html", context)


def _row(ladder: Ladder, today: Any) -> dict[str, Any]:
    step = selectors.current_step(ladder)
    return {"ladder": ladder, "step": step, "status": status_of(step, today), "is_over": step.last_day < today}


def _cells(row: dict[str, Any]) -> list[Any]:
    ladder, step = row["ladder"], row["step"]
    return [
        ladder.person.external_id or ladder.person.name, ladder.opened_at.date(), step.get_kind_display(),
        row["status"], step.starts_on, step.last_day, ladder.outcome,
        ladder.closed_at.date() if ladder.closed_at else "",
    ]  # fmt: skip


@require_http_methods(["GET", "POST"])
@keyed
def ladder_open(request: SignedIn) -> HttpResponse:
    people = _coached(request)
    if not people.exists():
        raise Http404
    today = clock.today(organisation_of(request.user).time_zone)
    initial = {"starts_on": today, "last": today + WEEKS} | {key: request.GET.get(key) for key in ("person", "case")}
    cases = selectors.cases_of(request.user)
    form = forms.OpenLadderForm(request.POST or None, people=people, cases=cases, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.open_ladder(by=request.user, at=clock.now(), on=today, **form.cleaned_data)
        except Refused as refusal:
            tell_form(form, refusal)
        else:
            messages.success(request, "Opened as a draft: set goals, promise support, then publish it.")
            return redirect("ladder", made.pk)
    return render(request, "coaching/ladder_open.html", {"form": form}, status=422 if form.errors else 200)


@require_GET
def ladder(request: SignedIn, pk: int) -> HttpResponse:
    return _page(request, pk)


def _found(request: SignedIn, pk: int) -> Ladder:
    found: Ladder = get_object_or_404(selectors.ladder_with_parts(request.user), pk=pk)
    for step in found.steps.all():
        step.ladder = found
        for support in step.support.all():
            support.step = step
    return found


def _page(request: SignedIn, pk: int, **bound: Form) -> HttpResponse:
    found = _found(request, pk)
    user, access, organisation = request.user, access_of(request.user), organisation_of(request.user)
    today = clock.today(organisation.time_zone)
    step = selectors.current_step(found)
    person = found.person
    looked(request, Look.Page.LADDER, person.pk)
    leads, is_me = may_lead(access, person), access.person_id == person.pk
    is_running = found.is_open and not step.is_complete
    waiting = next((one for one in step.decisions.all() if one.state == LadderDecision.State.PROPOSED), None)
    edits = is_running and leads
    context: dict[str, Any] = {
        "ladder": found,
        "step": step,
        "status": status_of(step, today),
        "parts": [
            {"step": one, "goals": selectors.goal_lines(one, on=today, organisation=organisation)}
            for one in sorted(found.steps.all(), key=lambda one: -one.kind)
        ],
        "grounds": selectors.grounds_against(step, on=today) if is_running else [],
        "pauses": selectors.pauses_due(step) if is_running else [],
        "today": today,
        "currency": organisation.currency,
        "is_me": is_me,
        "me": access.person_id,
        "leads": leads,
        "edits": edits,
        "runs": is_running,
        "waiting": waiting,
        "is_hr": access.role == Role.HR and not is_me,
        "has_left": found.is_open
        and person.left_on is not None
        and person.left_on <= today
        and not is_me
        and (leads or access.role == Role.HR),
        "coach": manager_of(person, today),
    }
    context |= _forms(step, today) if edits else {}
    if is_running and is_me and not step.is_draft:
        said = next((one for one in step.readings.all() if one.edition == step.edition), None)
        if said is None or said.witness_id is not None:
            context["read_form"] = _blank(forms.LadderReadForm, step)
    if is_running and not is_me and step.waits_for_reading:
        context["may_witness"] = not selectors.why_not_witness(user, access, step, today)
    decides = edits or (is_running and access.role == Role.HR and not is_me)
    if decides and step.kind == LadderStep.Kind.DECISION and waiting is None:
        context["why_not"] = selectors.why_not_decide(user, access, found, today)
        context["decision_form"] = None if context["why_not"] else _blank(forms.LadderDecisionForm, step)
        context["why_not"] = context["why_not"] if edits else ""
    if is_running and access.role == Role.HR and not is_me:
        context["hr_confirms"] = {
            one.pk for one in step.support.all() if one.given_at and not selectors.why_not_confirm(access, one, today)
        }
    if is_running and context["is_hr"] and waiting is not None:
        context["answer_form"] = forms.LadderAnswerForm(auto_id="answer_%s")
    return render(request, "coaching/ladder.html", context | bound, status=422 if bound else 200)


def _blank(form: Callable[..., Form], step: LadderStep, **more: Any) -> Form:
    """A form with the edition that is being read; its own ids, as several stand on one page."""
    initial = more.pop("initial", {}) | {"edition": step.edition}
    return form(initial=initial, auto_id=f"{getattr(form, '__name__', 'form').lower()}_%s", **more)


def _promisable(step: LadderStep, today: Any) -> dict[str, Any]:
    """By whom, and as what, help can be promised."""
    person = step.ladder.person
    return {
        "people": selectors.helpers_of(step, today),
        "courses": courses_to_promise(person),
        "plans": plans_to_promise(person, today),
    }


def _forms(step: LadderStep, today: Any) -> dict[str, Form]:
    days = {"text": step.text, "starts_on": step.starts_on, "last": step.last_day}
    due = min(max(today + timedelta(days=14), step.starts_on), step.last_day)
    found = {
        "step_form": _blank(forms.LadderStepForm, step, initial=days),
        "goal_form": _blank(forms.LadderGoalForm, step, measures=selectors.goal_measures()),
        "support_form": _blank(forms.LadderSupportForm, step, initial={"due_on": due}, **_promisable(step, today)),
        "withdraw_form": forms.WithdrawLadderForm(auto_id="withdraw_%s"),
    }
    if not step.is_draft and step.kind != LadderStep.Kind.DECISION:
        found["extend_form"] = _blank(
            forms.LadderExtendForm, step, initial={"last": step.last_day + timedelta(days=14)}
        )
        found["finish_form"] = _blank(forms.LadderFinishForm, step)
    return found


@require_GET
def ladder_pdf(request: SignedIn, pk: int) -> HttpResponse:
    """The ladder on paper, as its page shows it."""
    found = _found(request, pk)
    looked(request, Look.Page.LADDER, found.person_id)
    organisation = organisation_of(request.user)
    content = write_ladder(
        found, organisation=organisation, as_of=clock.today(organisation.time_zone),
        is_for_them=access_of(request.user).person_id == found.person_id,
    )  # fmt: skip
    answer = HttpResponse(content, content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="improvement-{found.pk}.pdf"'
    answer["Cache-Control"] = "private, no-store"
    return answer


# ── Acts ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _current(request: SignedIn, pk: int) -> LadderStep:
    found = get_object_or_404(selectors.ladders_of(request.user), pk=pk)
    step = selectors.current_step(found)
    step.ladder = found
    return step


def _edition(request: SignedIn) -> int | None:
    said = request.POST.get("edition", "")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 9 else None


@require_POST
@keyed
def ladder_change(request: SignedIn, pk: int) -> HttpResponse:
    step, form = _current(request, pk), forms.LadderStepForm(request.POST, auto_id="ladderstepform_%s")

    def do() -> LadderStep:
        return services.change_step(step=step, by=request.user, at=clock.now(), **form.cleaned_data)

    return submit(request, _page, pk, "step_form", form, do, "Changed.")


@require_POST
@keyed
def ladder_goal(request: SignedIn, pk: int) -> HttpResponse:
    step = _current(request, pk)
    form = forms.LadderGoalForm(request.POST, measures=selectors.goal_measures(), auto_id="laddergoalform_%s")
    today = clock.today(organisation_of(request.user).time_zone)

    def do() -> StepGoal:
        return services.set_goal(step=step, by=request.user, at=clock.now(), on=today, **form.cleaned_data)

    return submit(request, _page, pk, "goal_form", form, do, "The goal is set.")


@require_POST
@keyed
def ladder_goal_remove(request: SignedIn, pk: int, goal_pk: int) -> HttpResponse:
    step = _current(request, pk)
    goal = get_object_or_404(step.goals.select_related("step"), pk=goal_pk)
    return act(
        request,
        lambda: services.remove_goal(goal=goal, by=request.user, at=clock.now(), edition=_edition(request)),
        said="The goal is gone.",
        to=f"/improvement/{pk}/",
    )


@require_POST
@keyed
def ladder_support(request: SignedIn, pk: int) -> HttpResponse:
    step = _current(request, pk)
    today = clock.today(organisation_of(request.user).time_zone)
    form = forms.LadderSupportForm(request.POST, auto_id="laddersupportform_%s", **_promisable(step, today))

    def do() -> StepSupport:
        return services.promise_support(step=step, by=request.user, at=clock.now(), on=today, **form.cleaned_data)

    return submit(request, _page, pk, "support_form", form, do, "Promised.")


SUPPORT_ACTS: dict[str, tuple[Callable[..., object], str]] = {
    "given": (services.give_support, "Marked as given."),
    "denied": (services.deny_support, "Noted: it has not been given."),
    "waived": (services.waive_support, "Noted: no longer needed."),
    "confirmed": (services.confirm_support, "Confirmed: it was given."),
    "removed": (services.remove_support, "The promise is gone."),
}


@require_POST
@keyed
def ladder_support_say(request: SignedIn, pk: int, support_pk: int, what: str) -> HttpResponse:
    """Given, not given, no longer needed, or taken out of a draft."""
    found = get_object_or_404(selectors.ladders_of(request.user), pk=pk)
    step = get_object_or_404(found.steps, support=support_pk)
    support = get_object_or_404(step.support.select_related("step", "owner"), pk=support_pk)
    do, said = SUPPORT_ACTS[what]
    return act(
        request,
        lambda: do(support=support, by=request.user, at=clock.now()),
        said=said,
        to=f"/improvement/{pk}/",
    )


@require_POST
@keyed
def ladder_publish(request: SignedIn, pk: int) -> HttpResponse:
    step = _current(request, pk)
    today = clock.today(organisation_of(request.user).time_zone)
    return act(
        request,
        lambda: services.publish_step(step=step, by=request.user, at=clock.now(), on=today, edition=_edition(request)),
        said=f"Published: {step.ladder.person.name} is asked to read it.",
        to=f"/improvement/{pk}/",
    )


@require_POST
@keyed
def ladder_read(request: SignedIn, pk: int) -> HttpResponse:
    step, form = _current(request, pk), forms.LadderReadForm(request.POST, auto_id="ladderreadform_%s")

    def do() -> object:
        return services.acknowledge_step(step=step, by=request.user, at=clock.now(), **form.cleaned_data)

    return submit(request, _page, pk, "read_form", form, do, "Acknowledged. Reading is not agreeing.")


@require_POST
@keyed
def ladder_witness(request: SignedIn, pk: int) -> HttpResponse:
    step = _current(request, pk)
    today = clock.today(organisation_of(request.user).time_zone)
    return act(
        request,
        lambda: services.witness_step(step=step, by=request.user, at=clock.now(), on=today, edition=_edition(request)),
        said="Noted: given, without an answer.",
        to=f"/improvement/{pk}/",
    )


@require_POST
@keyed
def ladder_pause(request: SignedIn, pk: int) -> HttpResponse:
    step = _current(request, pk)
    due = next((one for one in selectors.pauses_due(step) if f"{one.start}" == request.POST.get("start")), None)
    if due is None:
        messages.error(request, "No leave that is not counted yet begins on that day.")
        return redirect("ladder", pk)
    return act(
        request,
        lambda: services.pause_step(
            step=step, start=due.start, by=request.user, at=clock.now(), edition=_edition(request)
        ),
        said=f"Paused; the step ends {due.ends:%-d %b %Y}.",
        to=f"/improvement/{pk}/",
    )


@require_POST
@keyed
def ladder_extend(request: SignedIn, pk: int) -> HttpResponse:
    step, form = _current(request, pk), forms.LadderExtendForm(request.POST, auto_id="ladderextendform_%s")

    def do() -> LadderStep:
        return services.extend_step(step=step, by=request.user, at=clock.now(), **form.cleaned_data)

    return submit(request, _page, pk, "extend_form", form, do, "Extended; it is read again.")


@require_POST
@keyed
def ladder_finish(request: SignedIn, pk: int) -> HttpResponse:
    step, form = _current(request, pk), forms.LadderFinishForm(request.POST, auto_id="ladderfinishform_%s")
    today = clock.today(organisation_of(request.user).time_zone)

    def do() -> Ladder:
        return services.finish_step(step=step, by=request.user, at=clock.now(), on=today, **form.cleaned_data)

    return submit(request, _page, pk, "finish_form", form, do, "The step is complete.")


@require_POST
@keyed
def ladder_decide(request: SignedIn, pk: int) -> HttpResponse:
    step, form = _current(request, pk), forms.LadderDecisionForm(request.POST, auto_id="ladderdecisionform_%s")
    today = clock.today(organisation_of(request.user).time_zone)

    def do() -> LadderDecision:
        return services.propose_decision(step=step, by=request.user, at=clock.now(), on=today, **form.cleaned_data)

    return submit(request, _page, pk, "decision_form", form, do, "Proposed: it holds once HR consents.")


@require_POST
@keyed
def ladder_answer(request: SignedIn, pk: int) -> HttpResponse:
    step, form = _current(request, pk), forms.LadderAnswerForm(request.POST, auto_id="answer_%s")
    today = clock.today(organisation_of(request.user).time_zone)

    def do() -> LadderDecision:
        waiting = step.decisions.order_by("pk").last()
        if waiting is None:
            raise Refused("Nothing is proposed that HR could answer.")
        return services.answer_decision(
            decision=waiting, by=request.user, at=clock.now(), on=today, **form.cleaned_data
        )

    return submit(request, _page, pk, "answer_form", form, do, "Answered.")


@require_POST
@keyed
def ladder_withdraw(request: SignedIn, pk: int) -> HttpResponse:
    step, form = _current(request, pk), forms.WithdrawLadderForm(request.POST, auto_id="withdraw_%s")

    def do() -> Ladder:
        return services.withdraw_ladder(ladder=step.ladder, by=request.user, at=clock.now(), **form.cleaned_data)

    return submit(request, _page, pk, "withdraw_form", form, do, "Taken back.")


@require_POST
@keyed
def ladder_left(request: SignedIn, pk: int) -> HttpResponse:
    """Its person has left."""
    found = get_object_or_404(selectors.ladders_of(request.user), pk=pk)
    today = clock.today(organisation_of(request.user).time_zone)
    return act(
        request,
        lambda: services.close_ladder_of_leaver(ladder=found, by=request.user, at=clock.now(), on=today),
        said="Closed: they have left.",
        to=f"/improvement/{pk}/",
    )


# ── Early signs, exits ──────────────────────────────────────────────────────────────────────────────────────────


@require_GET
def early_signs(request: SignedIn) -> HttpResponse:
    """For who leads a team, about those in it: worked out on reading, kept nowhere, shown to nobody above."""
    access = access_of(request.user)
    if not access.leads or access.person_id is None:
        raise Http404
    organisation = organisation_of(request.user)
    today = clock.today(organisation.time_zone)
    found = selectors.early_signs(manager=request.user.person, on=today, organisation=organisation)
    looked_at(request, Look.Page.SIGNS, (one.person.pk for one in found))
    return render(request, "coaching/early_signs.html", {"found": found, "with_signs": [x for x in found if x.signs]})


@require_http_methods(["GET", "POST"])
@keyed
def exits(request: SignedIn) -> HttpResponseBase:
    """Why people leave, added up; HR records what the interviews taught."""
    access = access_of(request.user)
    is_hr = access.role == Role.HR
    if not (is_hr or access.role == Role.EXECUTIVE):
        raise Http404
    today = clock.today(organisation_of(request.user).time_zone)
    people = selectors.leavers_of(request.user)
    form = None
    if is_hr:
        form = forms.ExitForm(request.POST or None, people=people, initial={"left_on": today})
    elif request.method == "POST":
        raise Http404
    if form is not None and request.method == "POST" and form.is_valid():
        try:
            services.record_exit(by=request.user, at=clock.now(), **form.cleaned_data)
        except Refused as refusal:
            tell_form(form, refusal)
        else:
            messages.success(request, "Recorded.")
            return redirect("exits")
    rows = selectors.exits_of(request.user)
    page = keyset.page(
        rows if is_hr else rows.none(), by="left_on", descending=True, cursor=request.GET.get("cursor", "")
    )
    looked_at(request, Look.Page.EXIT, (one.person_id for one in page.rows))
    context = {
        "sums": selectors.exit_sums(since=today - YEARS),
        "lessons": selectors.exit_lessons(since=today - YEARS),
        "page": page,
        "form": form,
        "is_hr": is_hr,
        "missing": list(people.order_by("name", "pk")[:50]),
        "reasons": dict(Exit.Reason.choices),
    }
    return render(request, "coaching/exits.html", context, status=422 if form is not None and form.errors else 200)


@require_http_methods(["GET", "POST"])
@keyed
def exit_correct(request: SignedIn, pk: int) -> HttpResponse:
    """HR puts right what is recorded; the form goes by the version it was read in."""
    if access_of(request.user).role != Role.HR:
        raise Http404
    found = get_object_or_404(selectors.exits_of(request.user).exclude(person=access_of(request.user).person_id), pk=pk)
    looked(request, Look.Page.EXIT, found.person_id)
    initial = {name: getattr(found, name) for name in forms.ExitCorrectForm.base_fields}
    form = forms.ExitCorrectForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            services.correct_exit(record=found, by=request.user, at=clock.now(), **form.cleaned_data)
        except Refused as refusal:
            tell_form(form, refusal)
        else:
            messages.success(request, "Corrected.")
            return redirect("exits")
    context = {"exit": found, "form": form}
    return render(request, "coaching/exit_correct.html", context, status=422 if form.errors else 200)
