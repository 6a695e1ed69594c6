"""For those who make and carry: what is to be delivered, when it was, and what went wrong."""

from typing import Any

from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from sales import forms, selectors, services
from sales.models import DeliveryProblem, Order
from salesmgmt.desk.edges import act, csv_answer
from salesmgmt.desk.idempotency import keyed
from salesmgmt.lib import clock, keyset
from salesmgmt.lib.refusals import Refused
from teams.edges import SignedIn
from teams.models import access_of

from .common import see_other, submitted, today_and_zone

COLUMNS = ("number", "account", "product", "quantity", "ordered_on", "promised_on", "produced_on", "delivered_on")


@require_GET
def deliveries(request: SignedIn) -> HttpResponseBase:
    if not access_of(request.user).delivers:
        raise Http404
    asked = forms.DeliveryListForm(request.GET).asked
    day, _ = today_and_zone(request)
    state = asked.get("state") or "open"
    found = selectors.deliveries(request.user, state=state, text=asked.get("text", ""), day=day)
    if request.GET.get("export") == "csv":
        return csv_answer(request, "deliveries", COLUMNS, map(_row, found.order_by("pk").iterator(2000)))
    context = {
        "page": keyset.page(
            found, by="promised_on", descending=state in {"all", "late"}, cursor=asked.get("cursor", "")
        ),
        "asked": asked | {"state": state},
        "states": forms.DeliveryListForm.STATES,
        "day": day,
        "open_count": selectors.deliveries(request.user, state="open").count(),
        "overdue_count": selectors.deliveries(request.user, state="overdue", day=day).count(),
    }
    return render(request, "sales/deliveries.html", context)


def _row(order: Any) -> list[Any]:
    goods = [line.product.name if line.product else line.text for line in order.goods]
    product = order.product.name if order.product else "; ".join(goods)
    dates = [order.ordered_on, order.promised_on, order.produced_on, order.delivered_on]
    return [order.number, order.account and order.account.name, product, order.quantity, *dates]


def _found(request: SignedIn, pk: int) -> Order:
    return get_object_or_404(selectors.deliveries(request.user, state="all"), pk=pk)


@require_http_methods(["GET", "POST"])
@keyed
def delivery(request: SignedIn, pk: int) -> HttpResponse:
    """One order as those who deliver see it, and its dates."""
    found = _found(request, pk)
    day, _ = today_and_zone(request)
    if request.method == "GET":
        return _page(request, found)
    form = delivery_form(found, request.POST)

    def save() -> None:
        services.record_delivery(order=found, by=request.user, on=day, **form.cleaned_data)

    def now_at() -> int:
        return _found(request, pk).version

    if submitted(request, form, save, said="Saved.", now_at=now_at):
        return see_other("delivery", pk)
    return _page(request, found, form=form)


def _page(request: SignedIn, found: Order, **bound: Any) -> HttpResponse:
    day, _ = today_and_zone(request)
    context: dict[str, Any] = {
        "order": found,
        "problems": problems(found, day),
        "form": delivery_form(found),
        "problem_form": forms.ProblemForm(initial={"found_on": day}, prefix="problem"),
        "day": day,
    }
    return render(request, "sales/delivery.html", context | bound, status=422 if bound else 200)


def delivery_form(order: Order, data: Any = None) -> forms.DeliveryForm:
    """The dates of an order as they stand."""
    return forms.DeliveryForm(data, initial={name: getattr(order, name) for name in forms.DeliveryForm.base_fields})


def problems(order: Order, day: Any) -> list[tuple[DeliveryProblem, forms.ResolvedForm | None]]:
    """What went wrong, each with the form that says it is resolved, while it is not."""
    return [
        (
            problem,
            None
            if problem.resolved_on
            else forms.ResolvedForm(initial={"on": day, "version": problem.version}, prefix=f"resolved-{problem.pk}"),
        )
        for problem in selectors.problems_of(order)
    ]


def order_to_deliver(request: SignedIn, pk: int) -> Order:
    """An order on which somebody records what went wrong: those who deliver, its owner and who leads them."""
    found = selectors.deliveries(request.user, state="all").filter(pk=pk).first()
    if found is None:
        found = get_object_or_404(Order.objects.visible_to(request.user), pk=pk)
        if not selectors.is_writable(request.user, found):
            raise Http404
    return found


@require_POST
@keyed
def problem_add(request: SignedIn, pk: int) -> HttpResponse:
    found = order_to_deliver(request, pk)
    day, _ = today_and_zone(request)
    form = forms.ProblemForm(request.POST, prefix="problem")

    def save() -> None:
        services.record_problem(order=found, by=request.user, at=clock.now(), on=day, **form.cleaned_data)

    if submitted(request, form, save, said="Recorded; whoever sold it is told."):
        return see_other(back(request, pk), pk)
    if back(request, pk) == "delivery":
        return _page(request, found, problem_form=form)
    from .orders import order_page  # which shows problems, too

    return order_page(request, pk, problem_form=form)


@require_POST
@keyed
def problem_resolve(request: SignedIn, pk: int, problem_pk: int) -> HttpResponse:
    found = order_to_deliver(request, pk)
    problem = get_object_or_404(selectors.problems_of(found), pk=problem_pk)
    form = forms.ResolvedForm(request.POST, prefix=f"resolved-{problem.pk}")

    def resolve() -> None:
        if not form.is_valid():
            raise Refused("Say on which day it was resolved, as 2026-11-21.")
        services.resolve_problem(problem=problem, by=request.user, at=clock.now(), **form.cleaned_data)

    return act(request, resolve, said="Resolved.", to=reverse(back(request, pk), args=[pk]))


def back(request: SignedIn, pk: int) -> str:
    """Those who sell go on with the order, those who only deliver with the delivery."""
    return "order" if Order.objects.visible_to(request.user).filter(pk=pk).exists() else "delivery"
