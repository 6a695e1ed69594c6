"""Development plans, mentors, and the first weeks of newcomers."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from coaching import forms, selectors, services
from coaching.models import DevelopmentPlan, Goal, GrowthStep, Mentorship, OnboardingStep
from performance.selectors import catalogue
from salesmgmt.desk.edges import act, tell_form
from salesmgmt.desk.idempotency import keyed
from salesmgmt.lib import clock, keyset
from salesmgmt.lib.refusals import Refused
from teams.edges import SignedIn, looked
from teams.models import Look, Person, access_of
from teams.selectors import person_of

from .courses import today_of
from .shared import submit, version_of


@require_GET
def development_home(request: SignedIn) -> HttpResponse:
    """One's own plan, whom one mentors, and the plans of one's people."""
    me, on = person_of(request.user), today_of(request)
    mentored = list(selectors.mentored_by(request.user)[:50])
    people = selectors.coached_by(request.user).filter(Q(left_on=None) | Q(left_on__gt=on))
    page = keyset.page(people, by="name", cursor=request.GET.get("cursor", ""))
    plans = {
        plan.person_id: plan
        for plan in DevelopmentPlan.objects.visible_to(request.user).filter(
            person__in=[person.pk for person in page.rows], closed_at=None
        )
    }
    context = {
        "me": me,
        "plan": selectors.plan_of(request.user, me) if me else None,
        "asked": [row for row in mentored if row.agreed_at is None],
        "mentored": [row for row in mentored if row.agreed_at is not None and (row.until is None or row.until > on)],
        "page": page,
        "rows": [(person, plans.get(person.pk)) for person in page.rows],
        "today": on,
    }
    return render(request, "coaching/development_home.html", context)


def _person(request: SignedIn, pk: int) -> Person:
    """Whose plan the user may read; admin and operations read none."""
    person = get_object_or_404(Person.objects.visible_to(request.user), pk=pk)
    access = access_of(request.user)
    if access.person_id != pk and not selectors.may_develop(access, person):
        raise Http404
    return person


@require_GET
def development(request: SignedIn, pk: int) -> HttpResponse:
    return _page(request, pk)


def _page(request: SignedIn, pk: int, **bound: Any) -> HttpResponse:
    person, on = _person(request, pk), today_of(request)
    access = access_of(request.user)
    plan = selectors.plan_of(request.user, person)
    looked(request, Look.Page.PLAN, person.pk)
    is_own = access.person_id == person.pk
    said = (
        {name: getattr(plan, name) for name in ("aim", "aim_role", "path", "review_on", "version")}
        if plan
        else {"review_on": on + timedelta(days=180)}
    )
    labels = catalogue(hidden=True)
    context: dict[str, Any] = {
        "person": person,
        "is_own": is_own,
        "plan": plan,
        "goals": [(goal, labels.get(goal.measure)) for goal in plan.goals.all()] if plan else [],
        "growth": selectors.growth_of(request.user, plan) if plan else [],
        "earlier": list(selectors.earlier_plans(request.user, person)[:10]),
        "mentorships": list(selectors.mentorships_of(request.user, person)[:20]),
        "path": selectors.path_of(request.user, person, on=on),
        "courses": list(selectors.enrolments_of(person)[:8]),
        "signs": plan is not None and (plan.person_signed_at if is_own else plan.manager_signed_at) is None,
        "form": forms.DevelopmentForm(initial=said),
        "goal_form": forms.DevelopmentGoalForm(initial={"due_on": on + timedelta(days=90)}, auto_id="id_goal_%s"),
        "mentor_form": forms.MentorForm(
            colleagues=selectors.may_be_asked(person, on), initial={"starts_on": on}, auto_id="id_mentor_%s"
        ),
        "today": on,
    }  # fmt: skip
    return render(request, "coaching/development.html", context | bound, status=422 if bound else 200)


@require_POST
@keyed
def development_save(request: SignedIn, pk: int) -> HttpResponse:
    person, form = _person(request, pk), forms.DevelopmentForm(request.POST)
    return submit(
        request, _page, pk, "form", form,
        lambda: services.save_development_plan(
            person=person, by=request.user, at=clock.now(), on=today_of(request), **form.cleaned_data
        ),
        "Saved; both sign it.",
    )  # fmt: skip


def _plan(request: SignedIn, pk: int) -> DevelopmentPlan:
    plan = selectors.plan_of(request.user, _person(request, pk))
    if plan is None:
        raise Http404
    return plan


@require_POST
def development_sign(request: SignedIn, pk: int) -> HttpResponse:
    plan = _plan(request, pk)
    return act(
        request,
        lambda: services.sign_development_plan(
            plan=plan, by=request.user, at=clock.now(), version=version_of(request) or plan.version
        ),
        said="Signed.",
        to=f"/development/{pk}/",
    )


@require_POST
def development_close(request: SignedIn, pk: int) -> HttpResponse:
    plan = _plan(request, pk)
    return act(
        request,
        lambda: services.close_development_plan(plan=plan, by=request.user, at=clock.now()),
        said="Closed.",
        to=f"/development/{pk}/",
    )


@require_POST
@keyed
def goal_add(request: SignedIn, pk: int) -> HttpResponse:
    plan, form = _plan(request, pk), forms.DevelopmentGoalForm(request.POST, auto_id="id_goal_%s")
    return submit(
        request, _page, pk, "goal_form", form,
        lambda: services.add_goal(
            plan=plan, by=request.user, at=clock.now(), on=today_of(request), **form.cleaned_data
        ),
        "Added; both sign again.",
    )  # fmt: skip


@require_POST
def goal_mark(request: SignedIn, pk: int, goal_pk: int) -> HttpResponse:
    goal = get_object_or_404(Goal.objects.visible_to(request.user), pk=goal_pk, plan__person=_person(request, pk))
    return act(
        request,
        lambda: services.mark_goal(
            goal=goal, state=request.POST.get("state", ""), by=request.user, at=clock.now(),
            version=version_of(request),
        ),
        said="Noted.",
        to=f"/development/{pk}/",
    )  # fmt: skip


@require_POST
def goal_take(request: SignedIn, pk: int, step_pk: int) -> HttpResponse:
    """A step of the path becomes a goal."""
    plan = _plan(request, pk)
    step = get_object_or_404(selectors.growth_steps(request.user), pk=step_pk)
    return act(
        request,
        lambda: services.take_growth_step(plan=plan, step=step, by=request.user, at=clock.now(), on=today_of(request)),
        said="A goal now; both sign again.",
        to=f"/development/{pk}/",
    )


@require_http_methods(["GET", "POST"])
@keyed
def growth_paths(request: SignedIn) -> HttpResponse:
    """The steps to each role: for all to read, written by who plans."""
    may_set = access_of(request.user).sees_all
    if request.method == "POST" and not may_set:
        raise Http404
    form = forms.GrowthStepForm(request.POST or None) if may_set else None
    if form is not None and request.method == "POST" and form.is_valid():
        try:
            services.add_growth_step(by=request.user, **form.cleaned_data)
        except Refused as refusal:
            tell_form(form, refusal)
        else:
            messages.success(request, "Added.")
            return redirect("growth-paths")
    paths: dict[str, list[GrowthStep]] = {}
    for step in selectors.growth_steps(request.user):
        paths.setdefault(step.get_role_display(), []).append(step)
    context = {"form": form, "paths": paths}
    return render(request, "coaching/growth_paths.html", context, status=422 if form and form.errors else 200)


@require_POST
def growth_step_end(request: SignedIn, pk: int) -> HttpResponse:
    if not access_of(request.user).sees_all:
        raise Http404
    step = get_object_or_404(selectors.growth_steps(request.user), pk=pk)
    return act(
        request,
        lambda: services.end_growth_step(step=step, by=request.user, at=clock.now()),
        said="Removed; goals taken from it stay.",
        to="/development/paths/",
    )


@require_POST
@keyed
def mentor_ask(request: SignedIn, pk: int) -> HttpResponse:
    person = _person(request, pk)
    form = forms.MentorForm(
        request.POST, colleagues=selectors.may_be_asked(person, today_of(request)), auto_id="id_mentor_%s"
    )
    return submit(
        request, _page, pk, "mentor_form", form,
        lambda: services.ask_mentor(person=person, by=request.user, at=clock.now(), **form.cleaned_data),
        "Asked; it begins once they agree.",
    )  # fmt: skip


@require_POST
def mentorship_answer(request: SignedIn, pk: int) -> HttpResponse:
    found = get_object_or_404(Mentorship.objects.visible_to(request.user), pk=pk)
    agrees = request.POST.get("answer") == "yes"
    return act(
        request,
        lambda: services.answer_mentorship(mentorship=found, agrees=agrees, by=request.user, at=clock.now()),
        said="Agreed; thank you." if agrees else "Declined.",
        to="/development/",
    )


@require_POST
def mentorship_end(request: SignedIn, pk: int) -> HttpResponse:
    found = get_object_or_404(Mentorship.objects.visible_to(request.user), pk=pk)
    is_mentor = access_of(request.user).person_id == found.mentor_id
    return act(
        request,
        lambda: services.end_mentorship(mentorship=found, by=request.user, at=clock.now(), on=today_of(request)),
        said="Ended.",
        to="/development/" if is_mentor else f"/development/{found.person_id}/",
    )


# ── Onboarding ──────────────────────────────────────────────────────────────────────────────────────────────────


@require_GET
def onboarding(request: SignedIn) -> HttpResponse:
    """One's own path while one is new, and those of the newcomers one leads."""
    on, access = today_of(request), access_of(request.user)
    seen = Person.objects.visible_to(request.user)
    page = keyset.page(selectors.newcomers(seen, on=on), by="name", cursor=request.GET.get("cursor", ""), size=25)
    paths = selectors.paths(page.rows, on=on)
    context = {
        "page": page,
        "own": next((path for path in paths if path.person.pk == access.person_id), None),
        "paths": [path for path in paths if path.person.pk != access.person_id],
        "late": sum(1 for path in paths if path.late),
        "may_set": access.sees_all,
        "today": on,
    }
    return render(request, "coaching/onboarding.html", context)


@require_GET
def onboarding_path(request: SignedIn, pk: int) -> HttpResponse:
    person, on = get_object_or_404(Person.objects.visible_to(request.user), pk=pk), today_of(request)
    path = selectors.path_of(request.user, person, on=on)
    looked(request, Look.Page.PLAN, pk)
    access = access_of(request.user)
    may_tick = access.person_id == pk or selectors.may_develop(access, person)
    context = {"person": person, "path": path, "may_tick": may_tick, "today": on}
    return render(request, "coaching/onboarding_path.html", context)


@require_POST
def onboarding_tick(request: SignedIn, pk: int, step_pk: int) -> HttpResponse:
    person = _person(request, pk)
    step = get_object_or_404(OnboardingStep.objects.visible_to(request.user), pk=step_pk)
    is_done = request.POST.get("done") == "1"
    return act(
        request,
        lambda: services.tick_onboarding_step(
            person=person, step=step, is_done=is_done, by=request.user, at=clock.now()
        ),
        said="Done." if is_done else "Open again.",
        to=f"/onboarding/{pk}/",
    )


@require_http_methods(["GET", "POST"])
@keyed
def onboarding_steps(request: SignedIn) -> HttpResponse:
    """What newcomers of each role do, week by week."""
    if not access_of(request.user).sees_all:
        raise Http404
    form = forms.OnboardingStepForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.add_onboarding_step(by=request.user, **form.cleaned_data)
        except Refused as refusal:
            tell_form(form, refusal)
        else:
            messages.success(request, "Added.")
            return redirect("onboarding-steps")
    steps = OnboardingStep.objects.visible_to(request.user).filter(ended_at=None).select_related("course")
    context = {"form": form, "steps": list(steps.order_by("role", "week", "pk"))}
    return render(request, "coaching/onboarding_steps.html", context, status=422 if form.errors else 200)


@require_POST
def onboarding_step_end(request: SignedIn, pk: int) -> HttpResponse:
    if not access_of(request.user).sees_all:
        raise Http404
    step = get_object_or_404(OnboardingStep.objects.visible_to(request.user), pk=pk)
    return act(
        request,
        lambda: services.end_onboarding_step(step=step, by=request.user, at=clock.now()),
        said="Removed; what was ticked stays.",
        to="/onboarding/steps/",
    )
