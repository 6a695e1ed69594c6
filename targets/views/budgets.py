"""Pages of budgets: what selling may cost, what it did, what it brought; and what more people would."""

from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from salesmgmt.desk.edges import act, csv_answer, tell_form
from salesmgmt.desk.idempotency import keyed
from salesmgmt.lib import clock
from salesmgmt.lib.periods import Period
from salesmgmt.lib.refusals import Refused
from targets import forms, selectors, services
from targets.models import BudgetEntry, Cost, Expense, Plan, Position, RampProfile
from targets.views.common import choices_of, kept_preview, period_of, today_of, user_of
from teams.models import Organisation, Team, access_of

SHOWN = 200


def _teams(request: HttpRequest) -> Any:
    """The teams whose money is one's to see: all, or those one leads and below."""
    access = access_of(request.user)
    if not (access.sees_all or access.leads):
        raise Http404
    return Team.objects.visible_to(request.user)


@require_GET
def budgets(request: HttpRequest) -> HttpResponseBase:
    """Every team's budget of a period beside what was spent and booked."""
    organisation = Organisation.get()
    period = period_of(request, organisation)
    rows = selectors.spending_of(_teams(request), start=period.start, end=period.end, as_of=today_of(organisation))
    if request.GET.get("export") == "csv":
        columns = ("team", "period", "cost", "budget", "spent", "booked", "currency")
        lines = (
            (row.team.name, period.key, cost, one.budget, one.spent, one.booked, organisation.currency)
            for row in rows
            for cost, one in row.costs.items()
            if one.budget or one.spent
        )
        return csv_answer(request, f"budgets-{period.key}", columns, lines)
    context = choices_of(request, organisation, period) | {
        "rows": [(row, "\u2003" * row.depth) for row in rows if row.total.budget or row.total.spent],
        "whole": rows[0].total if rows and rows[0].depth == 0 else None,
        "others": [row.team for row in rows if not (row.total.budget or row.total.spent)],
    }
    return render(request, "targets/budgets.html", context)


@require_GET
def team_budget(request: HttpRequest, team_pk: int) -> HttpResponse:
    """One team's budget by kind of cost, with its entries and what was spent."""
    return _team_page(request, get_object_or_404(_teams(request), pk=team_pk))


def _team_page(
    request: HttpRequest,
    team: Team,
    *,
    budget: forms.BudgetForm | None = None,
    expense: forms.ExpenseForm | None = None,
) -> HttpResponse:
    organisation, access = Organisation.get(), access_of(request.user)
    period = period_of(request, organisation)
    (row,) = selectors.spending_of([team], start=period.start, end=period.end, as_of=today_of(organisation))
    below = {"team__path__contains": [team.pk]}
    entries = BudgetEntry.objects.visible_to(request.user).overlapping(period.start, period.end).filter(**below)
    expenses = Expense.objects.visible_to(request.user).filter(
        **below, spent_on__gte=period.start, spent_on__lt=period.end
    )
    is_own = team.pk in access.led_team_ids
    context = choices_of(request, organisation, period) | {
        "team": team,
        "row": row,
        "costs": [(Cost(cost).label, one) for cost, one in row.costs.items() if one.budget or one.spent],
        "entries": list(entries.select_related("team", "by").order_by("-recorded_at", "-pk")[:SHOWN]),
        "expenses": list(
            expenses.select_related("team", "by").prefetch_related("reversed_by").order_by("-spent_on", "-pk")[:SHOWN]
        ),
        "budget_form": None if is_own else budget or forms.BudgetForm(auto_id="budget_%s"),
        "expense_form": expense
        or forms.ExpenseForm(auto_id="expense_%s", initial={"spent_on": today_of(organisation)}),
    }
    is_refused = (budget and budget.errors) or (expense and expense.errors)
    return render(request, "targets/team_budget.html", context, status=422 if is_refused else 200)


def _there(request: HttpRequest, team: Team) -> str:
    period = period_of(request, Organisation.get())
    return f"{reverse('team-budget', args=[team.pk])}?period={period.key}"


@require_POST
@keyed
def budget_set(request: HttpRequest, team_pk: int) -> HttpResponse:
    team = get_object_or_404(_teams(request), pk=team_pk)
    if team.pk in access_of(request.user).led_team_ids:
        raise Http404  # the page has no such form
    form = forms.BudgetForm(request.POST, auto_id="budget_%s")
    if form.is_valid():
        period = period_of(request, Organisation.get())
        try:
            made = services.set_budget(
                team=team, period=period, by=user_of(request), at=clock.now(), **form.cleaned_data
            )
        except Refused as refusal:
            tell_form(form, refusal)
        else:
            messages.success(request, "The budget is set." if made else "It was that already.")
            return redirect(_there(request, team))
    return _team_page(request, team, budget=form)


@require_POST
@keyed
def expense_add(request: HttpRequest, team_pk: int) -> HttpResponse:
    team = get_object_or_404(_teams(request), pk=team_pk)
    form = forms.ExpenseForm(request.POST, auto_id="expense_%s")
    if form.is_valid():
        try:
            services.record_expense(
                team=team,
                by=user_of(request),
                at=clock.now(),
                on=today_of(Organisation.get()),
                **form.cleaned_data,
            )
        except Refused as refusal:
            tell_form(form, refusal)
        else:
            messages.success(request, "Noted.")
            return redirect(_there(request, team))
    return _team_page(request, team, expense=form)


@require_POST
@keyed
def expense_take_back(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Expense.objects.visible_to(request.user).select_related("team"), pk=pk)
    return act(
        request,
        lambda: services.take_back_expense(expense=found, by=user_of(request), at=clock.now()),
        said="Taken back by an entry that names it.",
        to=_there(request, found.team),
    )


# ── Capacity ────────────────────────────────────────────────────────────────────────────────────────────────────


def _planned(request: HttpRequest, pk: int) -> Plan:
    if not access_of(request.user).sees_all:
        raise Http404
    return get_object_or_404(Plan.objects.visible_to(request.user), pk=pk)


@require_GET
def plan_capacity(request: HttpRequest, pk: int) -> HttpResponse:
    """What-if: can the people of a plan bring its target, and what would more of them?"""
    return _capacity_page(request, _planned(request, pk))


def _position_form(
    request: HttpRequest, plan: Plan, months: list[Period], data: Any = None, **initial: Any
) -> forms.PositionForm:
    return forms.PositionForm(
        data,
        initial=initial,
        teams=_teams(request).filter(pk__in=plan.allocations.values("team")).order_by("name", "pk"),
        ramps=RampProfile.objects.order_by("name"),
        months=[(n, month.label) for n, month in enumerate(months)],
        auto_id="position_%s",
    )


def _capacity_page(request: HttpRequest, plan: Plan, opening: forms.PositionForm | None = None) -> HttpResponse:
    organisation = Organisation.get()
    period = plan.kept_period(organisation.calendar)
    months, profiles = period.months(), selectors.ramps()
    positions = selectors.positions_before(request.user, period.end)
    usual = {
        "attainment": 100, "attrition": 10, "hires": 0 if positions else 1, "hired_in": 0,
        "ramp": min(profiles, default=""),
    }  # fmt: skip
    asked = {name: request.GET.get(name, value) for name, value in usual.items()}
    form = forms.CapacityForm(
        asked, months=[(n, month.label) for n, month in enumerate(months)], ramps=sorted(profiles)
    )
    found = None
    if form.is_valid():
        said = form.cleaned_data
        preview = kept_preview(plan, selectors.stand_of(plan), today_of(organisation))
        seats = [amount for _, amount in selectors.seats_of(plan)]
        found = selectors.capacity_of(
            target=plan.amount,
            quotas=preview.people,
            seat=sum(seats, Decimal(0)) / len(seats) if seats else Decimal(0),
            months=[Decimal(month.days) / period.days for month in months],
            years=Decimal(period.days) / 365,
            attainment=said["attainment"] / 100,
            attrition=said["attrition"] / 100,
            hires=said["hires"],
            hired_in=said["hired_in"],
            ramp=profiles.get(said["ramp"], {}),
            positions=[
                (selectors.months_from(one, months), profiles.get(one.ramp.name, {}) if one.ramp else {})
                for one in positions
            ],
        )
        if opening is None:
            ramp = RampProfile.objects.filter(name=said["ramp"]).first()
            wanted = (found.people_short or 0) + said["hires"] or 1
            opening = _position_form(
                request, plan, months, hires=min(wanted, 100), hired_in=said["hired_in"], ramp=ramp
            )
    context = {
        "plan": plan,
        "period": period,
        "form": form,
        "capacity": found,
        "positions": positions,
        "opening": opening,
        "currency": organisation.currency,
    }
    is_wrong = form.errors or (opening is not None and opening.errors)
    return render(request, "targets/capacity.html", context, status=422 if is_wrong else 200)


@require_POST
@keyed
def position_open(request: HttpRequest, pk: int) -> HttpResponse:
    """Positions opened for the gap in people."""
    plan = _planned(request, pk)
    months = plan.kept_period(Organisation.get().calendar).months()
    form = _position_form(request, plan, months, request.POST)
    if form.is_valid():
        said = form.cleaned_data
        try:
            made = services.open_positions(
                team=said["team"], opens_on=months[said["hired_in"]].start, count=said["hires"], ramp=said["ramp"],
                reason=said["reason"], plan=plan, by=user_of(request), at=clock.now(),
            )  # fmt: skip
        except Refused as refusal:
            tell_form(form, refusal)
        else:
            messages.success(request, f"{len(made)} position{'s are' if len(made) != 1 else ' is'} open.")
            return redirect("plan-capacity", pk)
    return _capacity_page(request, plan, form)


@require_POST
@keyed
def position_close(request: HttpRequest, pk: int, position_pk: int) -> HttpResponse:
    plan = _planned(request, pk)
    found = get_object_or_404(Position.objects.visible_to(request.user), pk=position_pk)
    form = forms.CloseForm(request.POST)

    def close() -> None:
        if not form.is_valid():
            raise Refused("Say why it is closed.")
        services.close_position(position=found, reason=form.cleaned_data["reason"], by=user_of(request), at=clock.now())

    return act(request, close, said="The position is closed.", to=reverse("plan-capacity", args=[plan.pk]))
