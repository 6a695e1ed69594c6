"""Pages of planning: one's own quota day by day, those of one's people, and plans under review."""

from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from salesmgmt.desk.edges import act, csv_answer, tell_form
from salesmgmt.lib import clock
from salesmgmt.lib.periods import Period
from salesmgmt.lib.refusals import Refused
from targets import forms, selectors, services
from targets.models import Allocation, Plan, QuotaEntry
from teams.models import Organisation, Person, Team, User, access_of
from teams.selectors import person_of

PEOPLE_SHOWN = 500


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _period(request: HttpRequest, organisation: Organisation) -> Period:
    """The period the address asks for, else this quarter."""
    key = request.GET.get("period", "")
    if not key:
        return Period.of(clock.today(organisation.time_zone), "quarter", fiscal_month=organisation.fiscal_month)
    try:
        return Period.parse(key, fiscal_month=organisation.fiscal_month)
    except ValueError as error:
        raise Http404 from error


def _choices(request: HttpRequest, organisation: Organisation, period: Period) -> dict[str, Any]:
    """The quarters around today, and the period shown."""
    now = Period.of(clock.today(organisation.time_zone), "quarter", fiscal_month=organisation.fiscal_month)
    around = [now.shift(by) for by in range(1, -7, -1)]
    if period not in around:
        around.append(period)
    choices = []
    for choice in around:
        asked = request.GET.copy()
        asked["period"] = choice.key
        choices.append((choice.label, f"?{asked.urlencode()}", choice == period))
    return {
        "period": period,
        "period_label": period.label,
        "period_choices": choices,
        "currency": organisation.currency,
    }


def _quota_of(request: HttpRequest, person: Person, period: Period) -> dict[str, Any]:
    """A person's entries in a period with their sum, the days they are spread over, and the season they follow."""
    entries = (
        QuotaEntry.objects.visible_to(request.user)
        .overlapping(period.start, period.end)
        .filter(person=person)
        .select_related("team", "by", "plan")
        .order_by("recorded_at", "pk")
    )
    parts = selectors.quota_parts(person_ids=[person.pk], start=period.start, end=period.end).get(person.pk)
    _, _, shares = selectors.container(
        period.start, period.end, fiscal_month=period.fiscal_month, known=selectors.seasons()
    )
    return {
        "subject": person,
        "entries": list(entries),
        "quota": sum(parts.values(), Decimal(0)) if parts else None,
        "base": parts.get("base") if parts else None,
        "days": selectors.explain(person_id=person.pk, start=period.start, end=period.end) if parts else [],
        "season": [(_bucket(key), percent) for key, percent in sorted(shares.items())],
    }


def _bucket(key: str) -> str:
    """A bucket of a season as people say it: "Oct", or "W41"."""
    return key[5:] if "W" in key else f"{Period.parse(key).start:%b}"


@require_GET
def quotas(request: HttpRequest) -> HttpResponse:
    """What I am held to and why; below it my people's, and the plans of those who plan."""
    organisation, access = Organisation.get(), access_of(request.user)
    period = _period(request, organisation)
    context = _choices(request, organisation, period)
    me = person_of(request.user)
    if me is not None:
        context |= _quota_of(request, me, period)
    if access.leads or access.sees_all:
        context |= _of_others(request, period, me)
        plans = Plan.objects.visible_to(request.user).select_related("published_by").order_by("-during", "-pk")
        context["plans"] = list(plans[:50])
    return render(request, "targets/quotas.html", context | {"access": access})


def _of_others(request: HttpRequest, period: Period, me: Person | None) -> dict[str, Any]:
    """Targets of the teams one sees, and the quotas of the people in one of them, or in the teams one leads."""
    access = access_of(request.user)
    teams = list(Team.objects.visible_to(request.user).order_by("path"))
    targets = selectors.targets_of(team_ids=[team.pk for team in teams], start=period.start, end=period.end)
    asked = request.GET.get("team", "")
    chosen = next((team for team in teams if str(team.pk) == asked), None)
    if asked and chosen is None:
        raise Http404
    people = Person.objects.visible_to(request.user)
    if me is not None:
        people = people.exclude(pk=me.pk)
    if chosen is not None:
        entries = QuotaEntry.objects.visible_to(request.user).overlapping(period.start, period.end)
        people = people.filter(pk__in=entries.filter(team__path__contains=[chosen.pk]).values("person"))
    elif access.sees_all:
        people = people.none()
    found = list(people.order_by("name", "pk")[:PEOPLE_SHOWN])
    parts = selectors.quota_parts(person_ids=[person.pk for person in found], start=period.start, end=period.end)
    rows = []
    for person in found:
        kinds = parts.get(person.pk)
        base = kinds.get("base", Decimal(0)) if kinds else None
        quota = sum(kinds.values(), Decimal(0)) if kinds else None
        rows.append((person, base, None if quota is None or base is None else quota - base, quota))
    least = min((len(team.path) for team in teams), default=0)
    return {
        "team_rows": [
            (team, "\u2003" * (len(team.path) - least), targets[team.pk]) for team in teams if team.pk in targets
        ],
        "chosen": chosen,
        "people_rows": rows,
    }


@require_http_methods(["GET", "POST"])
def quota(request: HttpRequest, person_pk: int) -> HttpResponse:
    """One person's quota with its entries and days; who leads them changes it with a reason."""
    person = get_object_or_404(Person.objects.visible_to(request.user), pk=person_pk)
    organisation, access = Organisation.get(), access_of(request.user)
    period = _period(request, organisation)
    may_change = person.pk != access.person_id and (access.sees_all or access.leads)
    if request.method == "POST" and not may_change:
        raise Http404
    form = forms.QuotaForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.adjust_quota(person=person, period=period, by=_user(request), at=clock.now(), **form.cleaned_data)
        except Refused as refusal:
            tell_form(form, refusal)
        else:
            messages.success(request, f"The quota of {person} for {period.label} is changed.")
            return redirect(f"{reverse('quota', args=[person.pk])}?period={period.key}")
    context = _choices(request, organisation, period) | _quota_of(request, person, period)
    context |= {
        "form": form if may_change and context["quota"] is not None else None,
        "is_own": person.pk == access.person_id,
    }
    return render(request, "targets/quota.html", context, status=422 if form.errors else 200)


@require_GET
def quotas_export(request: HttpRequest) -> HttpResponseBase:
    """The ledger of a period, as far as one may see it."""
    organisation = Organisation.get()
    period = _period(request, organisation)
    entries = (
        QuotaEntry.objects.visible_to(request.user)
        .overlapping(period.start, period.end)
        .select_related("person", "team")
        .order_by("during", "team", "person", "pk")
    )
    rows = (
        (
            (row.person.external_id or row.person.name) if row.person else "",
            row.team.name if row.team else "",
            row.starts_on,
            row.until,
            row.kind,
            row.amount,
            row.currency,
            row.reason,
        )
        for row in entries
    )
    columns = ("person", "team", "from", "until", "kind", "amount", "currency", "reason")
    return csv_answer(request, f"quota_entries-{period.key}", columns, rows)


# ── Plans ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _planners_only(request: HttpRequest) -> None:
    if not access_of(request.user).sees_all:
        raise Http404


def _plan(request: HttpRequest, pk: int) -> Plan:
    return get_object_or_404(Plan.objects.visible_to(request.user).select_related("made_by", "published_by"), pk=pk)


def _today(organisation: Organisation) -> date:
    return clock.today(organisation.time_zone)


@require_http_methods(["GET", "POST"])
def plan_add(request: HttpRequest) -> HttpResponse:
    """A company target for a period; the first split is proposed at once."""
    _planners_only(request)
    organisation = Organisation.get()
    now = Period.of(_today(organisation), "quarter", fiscal_month=organisation.fiscal_month)
    periods = [(period.key, period.label) for period in (now.shift(1), now, now.shift(2), now.shift(3), now.shift(4))]
    form = forms.PlanForm(request.POST or None, periods=periods, initial={"name": f"Plan {now.shift(1).label}"})
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        period = Period.parse(values.pop("period"), fiscal_month=organisation.fiscal_month)
        try:
            made = services.make_plan(period=period, by=_user(request), at=clock.now(), **values)
        except Refused as refusal:
            tell_form(form, refusal)
        else:
            try:
                services.propose_allocation(plan=made, by=_user(request), at=clock.now(), on=_today(organisation))
            except Refused as refusal:
                messages.error(request, refusal.sentence)
            return redirect("plan", made.pk)
    return render(request, "targets/plan_add.html", {"form": form}, status=422 if form.errors else 200)


@require_GET
def plan(request: HttpRequest, pk: int) -> HttpResponse:
    """The review: every line with its past, what was proposed, what stands, and what doesn't fit."""
    return _review(request, _plan(request, pk), forms.ProposeForm())


def _review(request: HttpRequest, found: Plan, form: forms.ProposeForm) -> HttpResponse:
    organisation, access = Organisation.get(), access_of(request.user)
    rows = selectors.plan_rows(found, request.user)
    whole = selectors.preview(found, request.user) if access.sees_all else None
    reviews = access.sees_all or access.leads
    context = {
        "plan": found,
        "period": Period.parse(found.period, fiscal_month=organisation.fiscal_month),
        "rows": [
            (row, "\u2003" * row.depth, whole.quotas.get(row.line.person_id or 0) if whole else None) for row in rows
        ],
        "people": sum(1 for row in rows if row.line.person_id),
        "teams": sum(1 for row in rows if not row.line.person_id),
        "preview": whole,
        "hedge": whole.total - found.amount if whole else None,
        "currency": organisation.currency,
        "plans_for_all": access.sees_all,
        "reviews": reviews,
        "changes": [] if reviews else selectors.changes_of(rows),
        "form": form,
    }
    return render(request, "targets/plan.html", context, status=422 if form.errors else 200)


@require_POST
def plan_propose(request: HttpRequest, pk: int) -> HttpResponse:
    _planners_only(request)
    found = _plan(request, pk)
    form = forms.ProposeForm(request.POST)
    if not form.is_valid():
        return _review(request, found, form)
    return act(
        request,
        lambda: services.propose_allocation(
            plan=found,
            by=_user(request),
            at=clock.now(),
            on=_today(Organisation.get()),
            shrink=form.share("shrink"),
            growth=form.share("growth"),
        ),
        said="Proposed anew; locked lines stayed.",
        to=reverse("plan", args=[pk]),
    )


@require_http_methods(["GET", "POST"])
def plan_publish(request: HttpRequest, pk: int) -> HttpResponse:
    """Says what publishing will do before it is done."""
    _planners_only(request)
    found = _plan(request, pk)
    if request.method == "POST":
        return act(
            request,
            lambda: services.publish_plan(plan=found, by=_user(request), at=clock.now()),
            said=f"{found.name} is published; everybody sees their quota.",
            to=reverse("plan", args=[pk]),
        )
    organisation = Organisation.get()
    context = {
        "plan": found,
        "period": Period.parse(found.period, fiscal_month=organisation.fiscal_month),
        "preview": selectors.preview(found, request.user),
        "currency": organisation.currency,
        "teams": found.allocations.filter(person=None).count(),
    }
    return render(request, "targets/plan_publish.html", context)


def _line(request: HttpRequest, pk: int, line_pk: int) -> tuple[Plan, selectors.PlanRow]:
    """A line that the user may change; any other is a 404."""
    found = _plan(request, pk)
    row = next((row for row in selectors.plan_rows(found, request.user) if row.line.pk == line_pk), None)
    if row is None or not row.may_change:
        raise Http404
    return found, row


@require_http_methods(["GET", "POST"])
def allocation(request: HttpRequest, pk: int, line_pk: int) -> HttpResponse:
    """One line: another amount with a reason, beside its siblings and what was changed before."""
    found, row = _line(request, pk, line_pk)
    line: Allocation = row.line
    form = forms.AllocationForm(request.POST or None, initial={"amount": line.amount})
    if request.method == "POST" and form.is_valid():
        try:
            services.change_allocation(allocation=line, by=_user(request), at=clock.now(), **form.cleaned_data)
        except Refused as refusal:
            tell_form(form, refusal)
        else:
            messages.success(request, f"{line.person or line.team} is changed and locked.")
            return redirect("plan", pk)
    lines = {(each.team_id, each.person_id): each for each in found.allocations.select_related("team", "person")}
    context = {
        "plan": found,
        "row": row,
        "line": line,
        "siblings": selectors.children_of(selectors.parent_of(line, lines), lines),
        "changes": line.changes.select_related("by").order_by("-at", "-pk"),
        "currency": Organisation.get().currency,
        "form": form,
    }
    return render(request, "targets/allocation.html", context, status=422 if form.errors else 200)


@require_POST
def allocation_lock(request: HttpRequest, pk: int, line_pk: int) -> HttpResponse:
    _, row = _line(request, pk, line_pk)
    locked = not row.line.is_locked
    return act(
        request,
        lambda: services.lock_allocation(allocation=row.line, is_locked=locked, by=_user(request)),
        said="Locked: it stays when others are shared out." if locked else "Free again.",
        to=reverse("plan", args=[pk]),
    )


@require_GET
def plan_export(request: HttpRequest, pk: int) -> HttpResponseBase:
    found = _plan(request, pk)
    rows = (
        (
            row.line.team.name,
            (row.line.person.external_id or row.line.person.name) if row.line.person else "",
            row.line.past,
            row.line.proposed,
            row.line.amount,
            "yes" if row.line.is_locked else "",
        )
        for row in selectors.plan_rows(found, request.user)
    )
    columns = ("team", "person", "past", "proposed", "amount", "locked")
    return csv_answer(request, f"plan-{found.period}", columns, rows)
