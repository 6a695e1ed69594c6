"""Pages of plans: made, shaped, compared, reviewed, changed with a reason, published."""

from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from salesmgmt.desk.edges import act, csv_answer, tell_form
from salesmgmt.desk.idempotency import keyed
from salesmgmt.lib import clock
from salesmgmt.lib.offering import offer
from salesmgmt.lib.periods import Period
from salesmgmt.lib.refusals import Refused
from targets import forms, selectors, services
from targets.models import Allocation, Plan
from targets.views.common import kept_preview, today_of, unit_of, user_of
from teams.edges import looked
from teams.models import Look, Organisation, Team, access_of

WITH_RECORDS = {"bookings", "deals_won", "activities", "activities.meeting"}


def planners_only(request: HttpRequest) -> None:
    if not access_of(request.user).sees_all:
        raise Http404


def plan_of(request: HttpRequest, pk: int) -> Plan:
    return get_object_or_404(Plan.objects.visible_to(request.user).select_related("made_by", "published_by"), pk=pk)


# ── Made and shaped ─────────────────────────────────────────────────────────────────────────────────────────────


def _periods(organisation: Organisation) -> list[tuple[str, str]]:
    """What one plans for, the next quarter first."""
    now = Period.of(today_of(organisation), "quarter", organisation.calendar)
    year = Period.of(today_of(organisation), "year", organisation.calendar)
    around = [now.shift(1), now, now.shift(2), now.shift(3), now.shift(4), year.shift(1), year]
    return [(period.key, period.label) for period in around]


@require_http_methods(["GET", "POST"])
@keyed
def plan_add(request: HttpRequest) -> HttpResponse:
    """A company target for a period; the first split is proposed at once."""
    planners_only(request)
    organisation = Organisation.get()
    periods = _periods(organisation)
    form = forms.PlanForm(request.POST or None, periods=periods, initial={"name": f"Plan {periods[0][1]}"})
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        period = Period.parse(values.pop("period"), organisation.calendar)
        try:
            made = services.make_plan(period=period, by=user_of(request), at=clock.now(), **values)
        except Refused as refusal:
            tell_form(form, refusal)
        else:
            _propose(request, made, organisation)
            return redirect("plan", made.pk)
    return render(request, "targets/plan_add.html", {"form": form}, status=422 if form.errors else 200)


def _propose(request: HttpRequest, made: Plan, organisation: Organisation) -> None:
    try:
        services.propose_allocation(plan=made, by=user_of(request), at=clock.now(), on=today_of(organisation))
    except Refused as refusal:
        messages.error(request, refusal.sentence)


@require_http_methods(["GET", "POST"])
def plan_shape(request: HttpRequest, pk: int) -> HttpResponse:
    """Weights, quarters, guardrails and story of a draft; saving it has the lines proposed anew."""
    planners_only(request)
    found = plan_of(request, pk)
    form = forms.ShapeForm(request.POST or None, initial=forms.ShapeForm.initial_of(found))
    if request.method == "POST" and form.is_valid():
        organisation = Organisation.get()
        by, at = user_of(request), clock.now()
        try:
            services.reshape_plan(plan=found, by=by, at=at, on=today_of(organisation), **form.settings())
        except Refused as refusal:
            tell_form(form, refusal)
        else:
            messages.success(request, "Proposed anew; locked lines stayed.")
            return redirect("plan", pk)
    context = {"plan": found, "form": form, "before": selectors.story(found)}
    return render(request, "targets/plan_shape.html", context, status=422 if form.errors else 200)


@require_POST
@keyed
def plan_copy(request: HttpRequest, pk: int) -> HttpResponse:
    """Another scenario from this one, or the same settings for another period."""
    planners_only(request)
    found, organisation = plan_of(request, pk), Organisation.get()
    form = forms.CopyForm(request.POST, periods=_periods(organisation))
    if not form.is_valid():
        messages.error(request, "Give the scenario a name of at most 100 characters, and one of the periods.")
        return redirect("plan", pk)
    said = form.cleaned_data
    period = Period.parse(said["period"], organisation.calendar) if said["period"] else None
    try:
        made = services.copy_plan(plan=found, name=said["name"], period=period, by=user_of(request), at=clock.now())
    except Refused as refusal:
        messages.error(request, refusal.sentence)
        return redirect("plan", pk)
    if made.period != found.period:
        _propose(request, made, organisation)
    messages.success(request, f"{made.name} starts as {found.name} stands; change what it is to try.")
    return redirect("plan", made.pk)


@require_GET
def plan_compare(request: HttpRequest, pk: int) -> HttpResponse:
    """Scenarios for one period side by side: `?with=7&with=9`; without it all of them."""
    found = plan_of(request, pk)
    others = selectors.scenarios_of(found, request.user)
    asked = {int(text) for text in request.GET.getlist("with") if text.isascii() and text.isdigit() and len(text) < 18}
    chosen = [other for other in others if other.pk in asked] or others
    plans = [found, *chosen[:3]]
    organisation = Organisation.get()
    context: dict[str, Any] = {
        "plan": found,
        "others": [(other, other in plans) for other in others],
        "plans": plans,
        "rows": [(row, "\u2003" * row.row.depth) for row in selectors.compare(plans, request.user)],
        "currency": unit_of(found.measure, organisation),
        "totals": [(each.amount, each.amount - found.amount) for each in plans[1:]],
        "plans_for_all": access_of(request.user).sees_all,
    }
    return render(request, "targets/plan_compare.html", context)


# ── The review ──────────────────────────────────────────────────────────────────────────────────────────────────


@require_GET
def plan(request: HttpRequest, pk: int) -> HttpResponse:
    """The review: every line with its past, what was proposed, what stands, and what doesn't fit.

    A plan of very many lines is shown team by team: `?team=7`.
    """
    found, organisation, access = plan_of(request, pk), Organisation.get(), access_of(request.user)
    size = found.allocations.count()
    within = _within(request, found, size)
    rows = selectors.plan_rows(found, request.user, within)
    is_small = size <= selectors.MANY_LINES
    today = today_of(organisation)
    is_whole = access.sees_all and is_small
    whole = kept_preview(found, selectors.stand_of(found), today) if is_whole else None
    reviews = access.sees_all or access.leads
    committed = selectors.commitments_of(found) if reviews else {}
    now = selectors.revised(found) if found.is_published and reviews else {}
    quarters, in_quarters = selectors.by_quarter(found, [row for row in rows if row.line.person_id is None])
    before = selectors.story(found) if access.sees_all else []
    places = [(row.line.team_id, row.line.person_id) for row in rows]
    context: dict[str, Any] = {
        "plan": found,
        "period": found.kept_period(organisation.calendar),
        "rows": [
            (
                row,
                "\u2003" * row.depth,
                whole.quotas.get(row.line.person_id or 0) if whole else None,
                said := committed.get(place),
                said and said.amount - row.line.amount,
                now.get(place),
            )
            for row, place in zip(rows, places, strict=True)
        ],
        "within": within,
        "is_small": is_small,
        "people": found.allocations.exclude(person=None).count() if access.sees_all else 0,
        "teams": found.allocations.filter(person=None).count() if access.sees_all else 0,
        "committed": bool(committed),
        "revised": bool(now),
        "preview": whole,
        "missing": whole.missing if whole else selectors.missing(found) if access.sees_all else [],
        "hedge": whole.total - found.amount if whole else None,
        "currency": unit_of(found.measure, organisation),
        "plans_for_all": access.sees_all,
        "reviews": reviews,
        "changes": [] if reviews else selectors.changes_of([row.line for row in rows], request.user),
        "strategy": next(reversed(selectors.strategies_of(found)), None),
        "before": before,
        "growth": selectors.growth_of(found, before),
        "weights": [(selectors.LABELS[element], weight) for element, weight in found.weights.items()],
        "scenarios": selectors.scenarios_of(found, request.user) if reviews else [],
        "copy_form": _copy_form(found, organisation) if access.sees_all else None,
        "cuts": _cuts(found, request, today),
        "quarters": quarters,
        "in_quarters": [(row, "\u2003" * row.depth, parts) for row, parts in in_quarters],
    }
    return render(request, "targets/plan.html", context)


def _copy_form(found: Plan, organisation: Organisation) -> forms.CopyForm:
    """Of a published plan for another period alone."""
    periods = [(key, label) for key, label in _periods(organisation) if key != found.period]
    name = f"{found.name[:80]}, {'anew' if found.is_published else 'another way'}"
    form = forms.CopyForm(periods=periods, initial={"name": name})
    if found.is_published:
        offer(form, period=periods)
    return form


def _within(request: HttpRequest, found: Plan, size: int) -> Team | None:
    """The team that a large plan is opened at: the one asked for, else the topmost one sees."""
    asked = request.GET.get("team", "")
    teams = Team.objects.visible_to(request.user).filter(pk__in=found.allocations.filter(person=None).values("team"))
    if asked:
        if not (asked.isascii() and asked.isdigit() and len(asked) < 18):
            raise Http404
        return get_object_or_404(teams, pk=asked)
    if size <= selectors.MANY_LINES or not (access_of(request.user).sees_all or access_of(request.user).leads):
        return None
    return min(teams, key=lambda team: len(team.path), default=None)


def _cuts(found: Plan, request: HttpRequest, today: date) -> list[tuple[str, list[Any]]]:
    parts: dict[str, list[Any]] = {}
    for part in selectors.slices_of(found, request.user, as_of=today):
        parts.setdefault(part.get_cut_display(), []).append(part)
    return list(parts.items())


@require_POST
def plan_propose(request: HttpRequest, pk: int) -> HttpResponse:
    planners_only(request)
    found = plan_of(request, pk)
    return act(
        request,
        lambda: services.propose_allocation(
            plan=found, by=user_of(request), at=clock.now(), on=today_of(Organisation.get())
        ),
        said="Proposed anew; locked lines stayed.",
        to=reverse("plan", args=[pk]),
    )


@require_http_methods(["GET", "POST"])
def plan_publish(request: HttpRequest, pk: int) -> HttpResponse:
    """Says what publishing will do before it is done."""
    planners_only(request)
    found = plan_of(request, pk)
    form = forms.PublishForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            services.publish_plan(plan=found, by=user_of(request), at=clock.now(), **form.cleaned_data)
        except Refused as refusal:
            tell_form(form, refusal)
        else:
            if found.is_published:
                said, to = "Looked at again: what has changed since is proposed here.", redirect("quota-changes")
            else:
                said, to = f"{found.name} is published; everybody sees their quota.", redirect("plan", pk)
            messages.success(request, said)
            answer = to
            answer.status_code = 303
            return answer
    organisation = Organisation.get()
    own = access_of(request.user).person_id
    unapproved = [] if found.is_published else selectors.unapproved(found, request.user)
    context: dict[str, Any] = {
        "plan": found,
        "period": found.kept_period(organisation.calendar),
        "preview": kept_preview(found, selectors.stand_of(found), today_of(organisation)),
        "is_own": own is not None and found.allocations.filter(person=own).exists(),
        "currency": unit_of(found.measure, organisation),
        "teams": found.allocations.filter(person=None).count(),
        "unapproved": unapproved,
        "waits": any(split.state != "open" for split in unapproved),
        "form": form,
    }
    return render(request, "targets/plan_publish.html", context, status=422 if form.errors else 200)


@require_GET
def plan_export(request: HttpRequest, pk: int) -> HttpResponseBase:
    found = plan_of(request, pk)
    rows = (
        (
            row.line.team.name,
            (row.line.person.external_id or row.line.person.name) if row.line.person else "",
            row.line.past,
            row.line.proposed,
            row.line.amount,
            "yes" if row.line.is_locked else "",
            row.line.hedge or "",
            row.mismatch,
        )
        for row in selectors.plan_rows(found, request.user)
    )
    columns = ("team", "person", "past", "proposed", "amount", "locked", "hedge", "mismatch")
    return csv_answer(request, f"plan-{found.period}", columns, rows)


# ── One line ────────────────────────────────────────────────────────────────────────────────────────────────────


def _line(request: HttpRequest, pk: int, line_pk: int) -> tuple[Plan, selectors.PlanRow]:
    """A line that the user may see; any other is a 404."""
    found = plan_of(request, pk)
    line = get_object_or_404(found.allocations.select_related("team", "person"), pk=line_pk)
    row = selectors.row_of(line, request.user)
    if row is None:
        raise Http404
    looked(request, Look.Page.QUOTA, line.person_id)
    return found, row


def _changeable(request: HttpRequest, pk: int, line_pk: int) -> tuple[Plan, selectors.PlanRow]:
    found, row = _line(request, pk, line_pk)
    if not row.may_change:
        raise Http404
    return found, row


@require_http_methods(["GET", "POST"])
@keyed
def allocation(request: HttpRequest, pk: int, line_pk: int) -> HttpResponse:
    """One line opened down to its data: what it was made of, what was changed and why; who may, changes it here."""
    found, row = _line(request, pk, line_pk)
    line: Allocation = row.line
    form = forms.AllocationForm(request.POST or None, initial={"amount": line.amount, "was": line.amount})
    if request.method == "POST":
        if not row.may_change:
            raise Http404
        if form.is_valid():
            try:
                services.change_allocation(allocation=line, by=user_of(request), at=clock.now(), **form.cleaned_data)
            except Refused as refusal:
                tell_form(form, refusal)
            else:
                messages.success(request, f"{line.person or line.team} is changed and locked.")
                return redirect("plan", pk)
    return _line_page(request, found, row, form=form)


def _line_page(request: HttpRequest, found: Plan, row: selectors.PlanRow, **of: Any) -> HttpResponse:
    organisation, access, line = Organisation.get(), access_of(request.user), row.line
    told = selectors.line_story(line) if line.person_id else None
    is_here = line.person_id is None or access.sees_person(line.person_id)  # what is thought and said goes with them
    points = None if told is None or not is_here else told.evidence.get("capability")
    context: dict[str, Any] = {
        "plan": found,
        "row": row,
        "line": line,
        "period": found.kept_period(organisation.calendar),
        "siblings": selectors.siblings_of(line, request.user) if access.sees_all or access.leads else [],
        "changes": selectors.changes_of([line], request.user),
        "currency": unit_of(found.measure, organisation),
        "story": told,
        "scaled": told.fair * told.scale if told else None,
        "quarters": _quarters(found, line, told, organisation) if told else [],
        "has_extra": any(quarter.extra for quarter in told.quarters) if told else False,
        "trend": selectors.as_amount(told.evidence["trend"]) / 100 if told and "trend" in told.evidence else None,
        "rated": selectors.as_amount(points[0] if points[0] is not None else points[1]) if points else None,
        "tenure": selectors.as_amount(points[3]) if points else None,
        "data": selectors.line_data(line, request.user, as_of=today_of(organisation)) if line.person_id else None,
        "commitment": selectors.commitments_of(found).get((line.team_id, line.person_id)) if is_here else None,
        "sees_all": access.sees_all,
        "hedge_form": forms.HedgeForm(initial={"amount": line.hedge}) if row.may_hedge else None,
        "form": None,
    } | of
    if not row.may_change:
        context["form"] = None
    bad = [each for each in (context["form"], context["hedge_form"]) if each is not None and each.errors]
    return render(request, "targets/allocation.html", context, status=422 if bad else 200)


def _quarters(
    found: Plan, line: Allocation, told: selectors.LineStory, organisation: Organisation
) -> list[tuple[selectors.QuarterRow, str]]:
    """The past quarters of a line, each with the page of its records where the measure has one."""
    of = f"person:{line.person.external_id or f'#{line.person.pk}'}" if line.person else ""
    rows = []
    for quarter in told.quarters:
        try:
            period = Period.parse(quarter.period, organisation.calendar)
        except ValueError:  # of a calendar that is no more
            rows.append((quarter, ""))
            continue
        asked = {"measure": found.measure, "of": of, "from": f"{period.start}", "until": f"{period.end}"}
        rows.append((quarter, f"{reverse('records')}?{urlencode(asked)}" if found.measure in WITH_RECORDS else ""))
    return rows


@require_POST
@keyed
def allocation_hedge(request: HttpRequest, pk: int, line_pk: int) -> HttpResponse:
    """Have a team's people bring more than the team is held to, on purpose."""
    found, row = _line(request, pk, line_pk)
    if not row.may_hedge:
        raise Http404
    form = forms.HedgeForm(request.POST)
    if form.is_valid():
        try:
            services.set_hedge(allocation=row.line, by=user_of(request), at=clock.now(), **form.cleaned_data)
        except Refused as refusal:
            tell_form(form, refusal)
        else:
            messages.success(request, f"{row.line.team} is hedged; those below share it.")
            return redirect("plan", pk)
    plain = forms.AllocationForm(initial={"amount": row.line.amount, "was": row.line.amount})
    return _line_page(request, found, row, form=plain, hedge_form=form)


@require_POST
def allocation_lock(request: HttpRequest, pk: int, line_pk: int) -> HttpResponse:
    found, row = _changeable(request, pk, line_pk)
    locked = not row.line.is_locked
    return act(
        request,
        lambda: services.lock_allocations(
            plan=found, lines=[row.line.pk], is_locked=locked, by=user_of(request), at=clock.now()
        ),
        said="Locked: it stays when others are shared out." if locked else "Free again.",
        to=reverse("plan", args=[pk]),
    )


# ── Cuts ────────────────────────────────────────────────────────────────────────────────────────────────────────


@require_http_methods(["GET", "POST"])
@keyed
def plan_slice(request: HttpRequest, pk: int, slice_pk: int) -> HttpResponse:
    """One family or territory: another amount with a reason, the others of the cut share the rest."""
    planners_only(request)
    found = plan_of(request, pk)
    part = get_object_or_404(found.slices.select_related("territory"), pk=slice_pk)
    form = forms.SliceForm(request.POST or None, initial={"amount": part.amount, "was": part.amount})
    if request.method == "POST" and form.is_valid():
        try:
            services.change_slice(part=part, by=user_of(request), at=clock.now(), **form.cleaned_data)
        except Refused as refusal:
            tell_form(form, refusal)
        else:
            messages.success(request, f"{part.name} is changed and locked; the others share the rest.")
            return redirect(f"{reverse('plan', args=[pk])}#cuts")
    context: dict[str, Any] = {
        "plan": found,
        "part": part,
        "others": found.slices.filter(cut=part.cut).select_related("territory").order_by("-amount", "pk"),
        "changes": part.changes.select_related("by").order_by("-at", "-pk"),
        "currency": unit_of(found.measure, Organisation.get()),
        "form": None if found.is_published else form,
    }
    return render(request, "targets/plan_slice.html", context, status=422 if form.errors else 200)


@require_POST
def plan_slice_free(request: HttpRequest, pk: int, slice_pk: int) -> HttpResponse:
    planners_only(request)
    part = get_object_or_404(plan_of(request, pk).slices, pk=slice_pk)
    return act(
        request,
        lambda: services.free_slice(part=part, by=user_of(request), at=clock.now()),
        said="Free again.",
        to=f"{reverse('plan', args=[pk])}#cuts",
    )


# ── Bottom-up ───────────────────────────────────────────────────────────────────────────────────────────────────


@require_POST
def plan_ask(request: HttpRequest, pk: int) -> HttpResponse:
    """Open a draft for commitments, or close it."""
    planners_only(request)
    found = plan_of(request, pk)
    asks = not found.asks_commitments
    return act(
        request,
        lambda: services.ask_commitments(plan=found, asks=asks, by=user_of(request), at=clock.now()),
        said="Everybody in it is asked what they can commit to." if asks else "Closed for commitments.",
        to=reverse("plan", args=[pk]),
    )


@require_http_methods(["GET", "POST"])
@keyed
def commitment(request: HttpRequest, pk: int) -> HttpResponse:
    """What I can commit to, for myself and for each team I lead; the plan's own figures are not shown here."""
    found = get_object_or_404(selectors.asked_plans(request.user), pk=pk)
    lines = selectors.own_lines(found, request.user)
    said = selectors.commitments_of(found)
    asked = request.POST.get("line")
    places = []
    for line in lines:
        mine = asked == str(line.pk)
        latest = said.get((line.team_id, line.person_id))
        form = forms.CommitmentForm(
            request.POST if mine else None,
            initial={"amount": latest.amount, "reason": latest.reason} if latest else None,
            auto_id=f"id_{line.pk}_%s",
        )
        if mine and form.is_valid():
            try:
                services.commit_to(
                    plan=found,
                    team=None if line.person_id else line.team,
                    by=user_of(request),
                    at=clock.now(),
                    **form.cleaned_data,
                )
            except Refused as refusal:
                tell_form(form, refusal)
            else:
                messages.success(request, "Noted. You can say it again as long as the plan is open for it.")
                return redirect("commitment", pk)
        places.append((line, latest, form))
    organisation = Organisation.get()
    context: dict[str, Any] = {
        "plan": found,
        "period": found.kept_period(organisation.calendar),
        "places": places,
        "said": sum(1 for _, latest, _ in places if latest),
        "currency": unit_of(found.measure, organisation),
    }
    status = 422 if any(form.errors for _, _, form in places) else 200
    return render(request, "targets/commitment.html", context, status=status)
