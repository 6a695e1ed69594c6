"""Pages of cases."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from coaching import forms, selectors, services
from coaching.models import Case, Step
from performance.models import Flag
from salesmgmt.desk.edges import csv_answer, tell_form
from salesmgmt.desk.idempotency import keyed
from salesmgmt.lib import clock, keyset
from salesmgmt.lib.refusals import Refused
from teams.edges import SignedIn, looked
from teams.models import Look, Team, access_of
from teams.selectors import organisation_of

from .shared import CASE_DAYS, apart, submit

ANSWER_DAYS = 7
COURSE = timedelta(weeks=3)


def _today(request: SignedIn) -> date:
    return clock.today(organisation_of(request.user).time_zone)


@require_GET
def cases(request: SignedIn) -> HttpResponseBase:
    """The cases one may see: one's own, those of one's people."""
    asked = forms.CaseListForm(request.GET).asked
    access, today = access_of(request.user), _today(request)
    narrowed = {name: value for name, value in asked.items() if name != "cursor"}
    found = selectors.cases_asked(request.user, on=today, **narrowed)
    if request.GET.get("export") == "csv":
        return csv_answer(request, "cases", _HEADER, map(_row, found.order_by("pk").iterator(2000)))
    by = {"closed": "closed_at", "all": "opened_at"}.get(asked["state"], "due_on")
    page = keyset.page(found, by=by, descending=by != "due_on", cursor=asked["cursor"])
    steps = selectors.next_steps(page.rows)
    mine = selectors.cases_of(request.user)
    context = {
        "page": page,
        "rows": [(row, steps.get(row.pk)) for row in page.rows],
        "asked": asked,
        "states": forms.CaseListForm.STATES,
        "causes": Case.CAUSES,
        "sources": Case.Source.choices,
        "teams": Team.objects.visible_to(request.user).order_by("name", "pk"),
        "owners": selectors.owners_seen_by(request.user),
        "open": mine.open().count(),
        "overdue": mine.open().filter(due_on__lt=today).count(),
        "today": today,
        "shows_people": access.sees_all or access.leads,
        "may_raise": access.person_id is not None and not access.department,
        "may_open": selectors.coached_by(request.user).exists(),
        "may_see_causes": selectors.may_see_causes(access),
    }
    return render(request, "coaching/cases.html", context)


_HEADER = (
    "person", "owner", "opened_on", "source", "state", "due_on", "at_stake", "cause", "is_team_wide", "outcome",
    "closed_on",
)  # fmt: skip


def _row(case: Any) -> list[Any]:
    """What came of it only for who reads its words."""
    wide = "" if case.is_team_wide is None else "yes" if case.is_team_wide else "no"
    came = [case.at_stake, case.cause, wide, case.outcome] if case.is_read else ["", "", "", ""]
    return [
        case.person.external_id or case.person.name, case.owner.external_id or case.owner.name, case.opened_at.date(),
        case.source, case.state, case.due_on, *came, case.closed_at.date() if case.closed_at else "",
    ]  # fmt: skip


@require_GET
def case(request: SignedIn, pk: int) -> HttpResponse:
    return case_page(request, pk)


def case_page(request: SignedIn, pk: int, **bound: Form) -> HttpResponse:
    """A case. Who runs the installation sees that it is there, whose it is and by when; no words."""
    found = get_object_or_404(selectors.case_with_parts(request.user), pk=pk)
    looked(request, Look.Page.CASE, found.person_id)
    today, access, status = _today(request), access_of(request.user), 422 if bound else 200
    context: dict[str, Any] = {"case": found, "today": today, "currency": organisation_of(request.user).currency}
    if not selectors.reads_words(request.user, found):
        return render(request, "coaching/case_outline.html", context, status=status)
    leads = selectors.may_coach(access, found.person)
    diagnosis = selectors.diagnosis_of(case=found, as_of=today)
    version, week = {"version": found.version}, today + timedelta(days=7)
    kept: dict[str, Any] = found.evidence or {}
    following = diagnosis.next
    context |= {
        "story": selectors.story_of(found),
        "diagnosis": diagnosis,
        "opened_with": [(step.label, kept[step].get("sentence", "")) for step in Step if step in kept],
        "given": list(found.enrolments.filter(withdrawn_at=None).select_related("course").order_by("pk")),
        "leads": leads,
        "is_own": access.person_id == found.person_id,
        "is_party": access.person_id in {found.person_id, found.owner_id} or leads,
        "may_rule": leads and found.is_open,
        "may_ladder": selectors.may_open_ladder(access, found),
        "move_form": forms.MoveCaseForm(initial={"due_on": found.due_on} | version),
        "close_form": forms.CloseCaseForm(
            causes=[part.step for part in diagnosis.ruled_in], source=found.source, initial=version
        ),
        "withdraw_form": forms.WithdrawForm(initial=version),
        "may_withdraw": found.is_open and found.source == Case.Source.PERSON and access.person_id == found.person_id,
        "again_form": forms.MoveCaseForm(initial={"due_on": today + timedelta(days=CASE_DAYS)} | version),
        "note_form": forms.NoteForm(),
        "action_form": forms.ActionForm(
            pair=[found.person, found.owner], initial={"due_on": week, "owner": found.person_id}
        ),
        "statement_form": forms.StatementForm(),
    }
    if leads and found.is_open:
        step = following.step if following else Step.PRODUCT
        wide = bool(following and following.evidence.get("is_team_wide"))
        context |= {
            "rule_form": forms.RulingForm(
                initial={"step": step, "is_team_wide": wide} | version,
                unasked=selectors.unasked(found, on=today) if step == Step.PERSON else [],
            ),
            "reopen_form": forms.ReopenForm(initial=version),
            "ask_form": forms.AskForm(
                initial={
                    "step": step, "department": _DEPARTMENTS.get(step, "product"),
                    "due_on": today + timedelta(days=ANSWER_DAYS),
                } | version
            ),
            "course_form": forms.CaseCourseForm(courses=selectors.taught(), initial={"due_on": today + COURSE}),
            "view_form": forms.AskViewForm(
                initial={"due_on": selectors.day_after([found.person], on=today, days=services.VIEW_DAYS)} | version
            ),
            "hand_over_form": forms.HandOverForm(
                owners=selectors.owners_for(found, by=request.user, on=today),
                initial={"owner": found.owner_id} | version,
            ),
        }  # fmt: skip
    return render(request, "coaching/case.html", apart(context | bound), status=status)


_DEPARTMENTS = {
    Step.PRODUCT: "product", Step.PRICE: "product", Step.DELIVERY: "delivery", Step.SERVICE: "service",
    Step.MARKETING: "marketing",
}  # fmt: skip


@require_POST
def case_open(request: SignedIn, flag_pk: int) -> HttpResponse:
    """From a finding to the work: due in two weeks unless said otherwise."""
    flag = get_object_or_404(Flag.objects.visible_to(request.user).select_related("person"), pk=flag_pk)
    access = access_of(request.user)
    if not selectors.may_coach(access, flag.person):
        raise Http404
    try:
        made = services.open_case(
            flag=flag,
            owner=request.user.person,
            due_on=_today(request) + timedelta(days=CASE_DAYS),
            by=request.user,
            at=clock.now(),
        )
    except Refused as refusal:
        messages.error(request, refusal.sentence)
        return redirect("home")
    return redirect("case", made.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@keyed
def case_add(request: SignedIn) -> HttpResponse:
    """A case that no flag opened: what who leads somebody sees for themselves."""
    people = selectors.coached_by(request.user)
    if not people.exists():
        raise Http404
    today = _today(request)
    initial = {"person": request.GET.get("person"), "due_on": today + timedelta(days=CASE_DAYS)}
    form = forms.OpenCaseForm(request.POST or None, people=people, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.open_case_about(
                owner=request.user.person, by=request.user, at=clock.now(), **form.cleaned_data
            )
        except Refused as refusal:
            tell_form(form, refusal)
        else:
            messages.success(request, f"The case is open; {made.person.name} is told.")
            return redirect("case", made.pk)
    return render(request, "coaching/case_add.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@keyed
def case_raise(request: SignedIn) -> HttpResponse:
    """What holds oneself back goes to who leads one."""
    access = access_of(request.user)
    if access.person_id is None:
        raise Http404
    form = forms.RaiseCaseForm(request.POST or None, initial={"ask": "blocked"})
    if request.method == "POST" and form.is_valid():
        try:
            made = services.raise_case(by=request.user, at=clock.now(), **form.cleaned_data)
        except Refused as refusal:
            tell_form(form, refusal)
        else:
            messages.success(request, f"{made.owner.name} has it now.")
            return redirect("case", made.pk)
    return render(request, "coaching/case_raise.html", {"form": form}, status=422 if form.errors else 200)


def _act(request: SignedIn, pk: int, name: str, form: Form, do: Callable[..., object], said: str) -> HttpResponse:
    """Let a service do with a case what one of its page's forms says."""
    found = get_object_or_404(Case.objects.read_by(request.user).select_related("person", "owner"), pk=pk)
    return submit(
        request, case_page, pk, name, form,
        lambda: do(case=found, by=request.user, at=clock.now(), **form.cleaned_data), said,
    )  # fmt: skip


@require_POST
def case_move(request: SignedIn, pk: int) -> HttpResponse:
    form = forms.MoveCaseForm(request.POST)
    return _act(request, pk, "move_form", form, services.move_case, "The due date has moved.")


@require_POST
def case_close(request: SignedIn, pk: int) -> HttpResponse:
    form = forms.CloseCaseForm(request.POST)
    return _act(request, pk, "close_form", form, services.close_case, "The case is closed.")


@require_POST
def case_withdraw(request: SignedIn, pk: int) -> HttpResponse:
    """Who raised a case takes it back."""
    form = forms.WithdrawForm(request.POST)
    return _act(request, pk, "withdraw_form", form, services.withdraw_case, "The case is withdrawn.")


@require_POST
def case_open_again(request: SignedIn, pk: int) -> HttpResponse:
    form = forms.MoveCaseForm(request.POST)
    return _act(request, pk, "again_form", form, services.reopen_case, "The case is open again.")


@require_POST
def case_hand_over(request: SignedIn, pk: int) -> HttpResponse:
    found = get_object_or_404(Case.objects.read_by(request.user).select_related("person"), pk=pk)
    form = forms.HandOverForm(request.POST, owners=selectors.owners_for(found, by=request.user, on=_today(request)))
    return _act(request, pk, "hand_over_form", form, services.hand_over_case, "The case has a new owner.")


@require_POST
def case_rule(request: SignedIn, pk: int) -> HttpResponse:
    form = forms.RulingForm(request.POST)
    return _act(request, pk, "rule_form", form, services.rule_step, "Ruled; the figures are kept with it.")


@require_POST
def case_reopen(request: SignedIn, pk: int) -> HttpResponse:
    form = forms.ReopenForm(request.POST)
    return _act(request, pk, "reopen_form", form, services.reopen_step, "Taken up again, with what came after.")


@require_POST
@keyed
def case_ask(request: SignedIn, pk: int) -> HttpResponse:
    form = forms.AskForm(request.POST)

    def ask(**said: Any) -> None:
        try:
            services.ask_department(**said)
        except services.TellsWhom:
            form.offer_other_word()
            raise

    return _act(request, pk, "ask_form", form, ask, "Asked.")


@require_POST
@keyed
def case_course(request: SignedIn, pk: int) -> HttpResponse:
    """Give the person a course that the case calls for; who has it open keeps that one."""

    def give(*, case: Case, **said: Any) -> None:
        services.enrol(person=case.person, case=case, reason="From a case", **said)

    form = forms.CaseCourseForm(request.POST, courses=selectors.taught())
    return _act(request, pk, "course_form", form, give, "The course is given.")


@require_POST
def case_ask_view(request: SignedIn, pk: int) -> HttpResponse:
    return _act(request, pk, "view_form", forms.AskViewForm(request.POST), services.ask_view, "They are asked.")


@require_POST
@keyed
def case_statement(request: SignedIn, pk: int) -> HttpResponse:
    """How the person sees it; nobody else says it for them."""
    if not Case.objects.visible_to(request.user).filter(pk=pk, person=access_of(request.user).person_id).exists():
        raise Http404
    form = forms.StatementForm(request.POST)
    return _act(request, pk, "statement_form", form, services.state_view, "It stands beside the diagnosis.")


@require_GET
def causes(request: SignedIn) -> HttpResponseBase:
    """Which causes cost most, over closed cases."""
    if not selectors.may_see_causes(access_of(request.user)):
        raise Http404
    form, organisation = forms.CausesForm(request.GET), organisation_of(request.user)
    asked = form.asked
    found = selectors.causes(user=request.user, start=asked["since"], until=_after(asked["until"]))
    if request.GET.get("export") == "csv":
        rows = (
            [row.cause, row.cases, row.people, row.at_stake, organisation.currency, row.team_wide, row.solved]
            for row in found.rows
        )
        header = ("cause", "cases", "people", "at_stake", "currency", "team_wide", "solved_or_improved")
        return csv_answer(request, "causes", header, rows)
    context = {
        "causes": found,
        "top": next((row for row in found.rows if row.cause != Case.NO_CAUSE), None),
        "form": form,
        "currency": organisation.currency,
        "today": _today(request),
    }
    return render(request, "coaching/causes.html", context)


def _after(day: date | None) -> date | None:
    return None if day is None else day + timedelta(days=1)
