"""Pages of plans of coaching and of what they did."""

from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from coaching import forms, selectors, services
from coaching.models import Case, HelpEffect, sees_plays
from performance.selectors import Scope, measures_of
from performance.selectors.figures import records_url
from salesmgmt.desk.edges import act, csv_answer, renew, tell_form
from salesmgmt.desk.idempotency import keyed
from salesmgmt.lib import clock, keyset
from salesmgmt.lib.refusals import Refused, Stale
from teams.edges import SignedIn, looked
from teams.models import Look, Organisation, Person, access_of

from .shared import version_of

WEEKS = 8  # that help lasts unless said otherwise
HEADER = (
    "kind", "measure", "whom", "plans", "people", "effect", "low", "high", "comparable_people", "verdict",
)  # fmt: skip


def _today() -> date:
    return clock.today(Organisation.get().time_zone)


@require_GET
def effects(request: SignedIn) -> HttpResponseBase:
    """What kinds of help work here and for whom, and the plans one may see with what came of each."""
    if not _may_look(request):
        raise Http404
    today = _today()
    pooled = list(HelpEffect.objects.visible_to(request.user).order_by("pk"))
    if request.GET.get("export") == "csv":
        return csv_answer(request, "effects-of-coaching", HEADER, (_cells(row) for row in pooled))
    plans = selectors.plans_of(request.user)
    about = Person.objects.visible_to(request.user).filter(pk=_number(request.GET.get("person", ""))).first()
    looked(request, Look.Page.PLAN, about.pk if about else None)
    page = keyset.page(
        plans.filter(person=about) if about else plans, by="starts_on", descending=True, size=25, lacks=False,
        cursor=request.GET.get("cursor", ""),
    )  # fmt: skip
    better = sorted(
        (row for row in pooled if row.verdict == "better" and row.shares and row.whom == "Everybody"),
        key=lambda row: -abs(row.shares[0] if row.shares else 0),
    )
    context = {
        "pooled": [(row, _mark(row.shares)) for row in pooled],
        "best": better[0] if better else None,
        "page": page,
        "about": about,
        "judged": selectors.effects_of(page.rows, as_of=today, user=request.user),
        "may_plan": selectors.coached_by(request.user).exists(),
        "today": today,
    }
    return render(request, "coaching/effects.html", context)


@require_GET
def effects_of(request: SignedIn, place: str, pk: int) -> HttpResponse:
    """What was done to help a person and what came of it: a part of their pages; alone it leads to the list."""
    user = request.user
    plans = selectors.plans_of(user)
    case = None
    match place:
        case "cases":
            case = get_object_or_404(selectors.cases_of(user), pk=pk)
            person = case.person
        case "one-on-ones":
            person = get_object_or_404(selectors.one_on_ones_of(user), pk=pk).person
        case "people":
            person = get_object_or_404(Person.objects.visible_to(user), pk=pk)
        case _:
            raise Http404
    if "HX-Request" not in request.headers:
        return redirect(f"/effects/?person={person.pk}")
    shown = list(plans.filter(person=person).order_by("-starts_on", "-pk")[:5])
    context = {
        "judged": selectors.effects_of(shown, as_of=_today(), user=user),
        "person": person,
        "case": case,
        "may_plan": selectors.may_coach(access_of(user), person),
    }
    return render(request, "coaching/_effect.html", context)


@require_http_methods(["GET", "POST"])
@keyed
def effect_add(request: SignedIn) -> HttpResponse:
    """Plan help for one of one's people; `?person=` and `?case=` come from a case."""
    people = selectors.coached_by(request.user)
    if not people.exists():
        raise Http404
    today = _today()
    case = _case(request)
    initial = {
        "person": case.person_id if case else request.GET.get("person"),
        "starts_on": today,
        "until": today + timedelta(weeks=WEEKS),
        "measure": "bookings",
    }
    form = forms.CoachingPlanForm(
        request.POST or None,
        people=people,
        coaches=Person.objects.visible_to(request.user).active(today),
        measures=[(key, one.label) for key, one in selectors.usable_measures().items()],
        initial=initial,
    )
    if request.method == "POST" and form.is_valid():
        try:
            plan = services.plan_coaching(by=request.user, at=clock.now(), on=today, case=case, **form.cleaned_data)
        except Refused as refusal:
            tell_form(form, refusal)
        else:
            messages.success(request, f"Planned for {plan.person.name}.")
            return redirect("effect", plan.pk)
    return render(request, "coaching/effect_add.html", {"form": form, "case": case}, status=422 if form.errors else 200)


@require_GET
def effect(request: SignedIn, pk: int) -> HttpResponse:
    return _page(request, pk)


def _page(request: SignedIn, pk: int, **bound: Any) -> HttpResponse:
    plan = get_object_or_404(selectors.plans_of(request.user), pk=pk)
    looked(request, Look.Page.PLAN, plan.person_id)
    today = _today()
    judged = selectors.effect_of(plan=plan, as_of=today, user=request.user)
    known = measures_of([plan.measure]) if judged.measure != plan.measure else {}
    tells = selectors.tells_figures(access_of(request.user), plan)
    context = {
        "plan": plan,
        "judged": judged,
        "mark": _mark((found.value, found.low, found.high) if (found := judged.effect) else None),
        "definition": known[plan.measure].definition if known else "",
        "unit": known[plan.measure].unit if known else "",
        "records": records_url(
            scope=Scope.person(plan.person), measure=plan.measure, start=plan.starts_on, until=today + timedelta(days=1)
        ) if known and tells else "",
        "story": [
            {"at": one.at, "who": selectors.name_of(one.by), "what": one.what}
            for one in plan.changes.select_related("by__person").order_by("at", "pk")
        ],
        "tells": tells,
        "leads": selectors.may_coach(access_of(request.user), plan.person),
        "move_form": forms.MovePlanForm(initial={"until": plan.until, "version": plan.version}),
        "today": today,
        "currency": Organisation.get().currency,
    }  # fmt: skip
    return render(request, "coaching/effect.html", context | bound, status=422 if bound else 200)


@require_POST
@keyed
def effect_move(request: SignedIn, pk: int) -> HttpResponse:
    plan = get_object_or_404(selectors.plans_of(request.user), pk=pk)
    form = forms.MovePlanForm(request.POST)
    if form.is_valid():
        try:
            services.move_plan(plan=plan, by=request.user, at=clock.now(), on=_today(), **form.cleaned_data)
        except Refused as refusal:
            tell_form(form, refusal)
            if isinstance(refusal, Stale):
                renew(form, selectors.plans_of(request.user).get(pk=pk).version)
        else:
            messages.success(request, "The end has moved.")
            return redirect("effect", pk)
    return _page(request, pk, move_form=form)


@require_POST
@keyed
def effect_cancel(request: SignedIn, pk: int) -> HttpResponse:
    plan = get_object_or_404(selectors.plans_of(request.user), pk=pk)
    return act(
        request,
        lambda: services.cancel_plan(
            plan=plan, by=request.user, at=clock.now(), on=_today(), version=version_of(request)
        ),
        said="Cancelled.",
        to="/effects/",
    )


def _may_look(request: SignedIn) -> bool:
    access = access_of(request.user)
    return access.person_id is not None or sees_plays(access)


def _case(request: SignedIn) -> Case | None:
    said = request.POST.get("case") or request.GET.get("case") or ""
    return Case.objects.read_by(request.user).select_related("person").filter(pk=_number(said)).first()


def _number(said: str) -> int:
    return int(said) if said.isascii() and said.isdigit() and len(said) <= 18 else 0


def _mark(shares: tuple[float, float, float] | None) -> dict[str, str] | None:
    """Where an effect and its range stand on a line with nothing in the middle; it ends at half as much again."""
    if shares is None:
        return None
    value, low, high = (50 + 50 * max(min(one / 0.5, 1), -1) for one in shares)
    return {"x": f"{low:.1f}", "width": f"{max(high - low, 0.5):.1f}", "at": f"{value:.1f}"}


def _cells(row: HelpEffect) -> tuple[Any, ...]:
    return row.kind, row.measure, row.whom, row.plans, row.people, row.value, row.low, row.high, row.peers, row.verdict
