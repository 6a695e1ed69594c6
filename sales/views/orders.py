"""Orders: what was sold, given back, and who is credited."""

from decimal import Decimal
from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET, require_POST

from sales import forms, selectors, services
from sales.models import Order
from salesmgmt.desk.edges import csv_answer
from salesmgmt.desk.idempotency import keyed
from salesmgmt.lib import clock, keyset
from teams.edges import SignedIn
from teams.models import access_of

from .common import see_other, submitted, today_and_zone, writable_or_404

COLUMNS = (
    "external_id", "number", "owner", "account", "deal", "product", "quantity", "amount", "currency", "ordered_on",
    "promised_on", "produced_on", "delivered_on",
)  # fmt: skip


@require_GET
def orders(request: SignedIn) -> HttpResponseBase:
    asked = forms.OrderListForm(request.GET).asked
    day, _ = today_and_zone(request)
    found = selectors.orders(request.user, owner=asked.get("owner"), start=asked.get("start"), end=asked.get("until"))
    if request.GET.get("export") == "csv":
        return csv_answer(request, "orders", COLUMNS, (_row(order) for order in found.order_by("pk").iterator(2000)))
    access = access_of(request.user)
    shows_owners = access.sees_all or access.leads
    context = {
        "page": keyset.page(found, by="ordered_on", descending=True, cursor=asked.get("cursor", "")),
        "asked": asked,
        "owners": selectors.choosable_owners(request.user, day).only("name") if shows_owners else (),
        "shows_owners": shows_owners,
    }
    return render(request, "sales/orders.html", context)


def _row(order: Order) -> list[Any]:
    return [
        order.external_id,
        order.number,
        order.owner.external_id or order.owner.name,
        order.account and (order.account.external_id or order.account.name),
        order.deal and (order.deal.external_id or order.deal.name),
        order.product and (order.product.external_id or order.product.name),
        order.quantity,
        order.amount,
        order.currency,
        order.ordered_on,
        order.promised_on,
        order.produced_on,
        order.delivered_on,
    ]


@require_GET
def order(request: SignedIn, pk: int) -> HttpResponse:
    return _page(request, pk)


def _page(request: SignedIn, pk: int, **bound: Any) -> HttpResponse:
    found = get_object_or_404(
        Order.objects.visible_to(request.user).select_related("owner", "account", "deal", "product"), pk=pk
    )
    day, _ = today_and_zone(request)
    refunds = list(found.refunds.present().order_by("occurred_on", "pk"))
    left = found.amount - sum((refund.amount for refund in refunds), Decimal(0))
    may_write = selectors.is_writable(request.user, found)
    context: dict[str, Any] = {
        "order": found,
        "refunds": refunds,
        "left": Decimal(0) if found.cancelled_on else left,
        "credits": selectors.credit_of(request.user, found),
        "may_write": may_write,
        "may_share": may_write and selectors.may_share(request.user, found),
    }
    if may_write:
        context |= {
            "refund_form": forms.RefundForm(initial={"on": day, "amount": left}, prefix="refund"),
            "cancel_form": forms.CancelForm(initial={"on": day}, prefix="cancel"),
        }
    if context["may_share"]:
        context["share_form"] = bound.get("share_form") or _share_form(request, found)
    return render(request, "sales/order.html", context | bound, status=422 if bound else 200)


def _share_form(request: SignedIn, found: Order, data: Any = None) -> forms.ShareForm:
    day, _ = today_and_zone(request)
    people = list(selectors.writable_owners(request.user, day) | selectors.credited_on(found))
    kinds = {"primary": "share", "overlay": "overlay"}
    held = {f"{kinds[share.kind]}-{share.person_id}": share.percent for share in found.credit_shares.all()}
    return forms.ShareForm(data, people=people, initial=held or {f"share-{found.owner_id}": 100}, prefix="share")


def _find(request: SignedIn, pk: int) -> Order:
    found = get_object_or_404(Order.objects.visible_to(request.user).select_related("owner"), pk=pk)
    writable_or_404(request, found)
    return found


@require_POST
@keyed
def refund(request: SignedIn, pk: int) -> HttpResponse:
    found, form = _find(request, pk), forms.RefundForm(request.POST, prefix="refund")

    def save() -> None:
        services.refund_order(order=found, by=request.user, at=clock.now(), **form.cleaned_data)

    if submitted(request, form, save, said="Refund recorded.", topics=("credits",)):
        return see_other("order", pk)
    return _page(request, pk, refund_form=form)


@require_POST
@keyed
def cancel(request: SignedIn, pk: int) -> HttpResponse:
    found, form = _find(request, pk), forms.CancelForm(request.POST, prefix="cancel")

    def save() -> None:
        services.cancel_order(order=found, by=request.user, at=clock.now(), **form.cleaned_data)

    if submitted(request, form, save, said="Order cancelled; its credit is taken back.", topics=("credits",)):
        return see_other("order", pk)
    return _page(request, pk, cancel_form=form)


@require_POST
@keyed
def share(request: SignedIn, pk: int) -> HttpResponse:
    found = _find(request, pk)
    form = _share_form(request, found, request.POST)

    def save() -> None:
        services.share_credit(
            order=found, shares=form.parts("share"), overlays=form.parts("overlay"), by=request.user, at=clock.now()
        )

    if submitted(request, form, save, said="Credit shared.", topics=("credits",)):
        return see_other("order", pk)
    return _page(request, pk, share_form=form)
