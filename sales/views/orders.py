"""Orders: what was sold, given back, and who is credited."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from sales import forms, selectors, services
from sales.models import Account, Contact, Deal, Order
from salesmgmt.desk.edges import csv_answer
from salesmgmt.desk.idempotency import keyed
from salesmgmt.lib import clock, keyset
from salesmgmt.lib.refusals import Refused
from teams.edges import SignedIn
from teams.models import access_of

from .common import Sorts, see_other, sort_of, submitted, today_and_zone, writable_or_404
from .deliveries import delivery_form, problems
from .process import process_filter

COLUMNS = (
    "external_id", "number", "owner", "account", "deal", "product", "quantity", "amount", "currency", "ordered_on",
    "promised_on", "produced_on", "delivered_on", "cancelled_on", "paid_on", "tax", "booked_by_win", "delivery",
)  # fmt: skip


SORTS: Sorts = {
    "latest": ("Latest", "ordered_on", True),
    "largest": ("Largest", "amount", True),
    "promised": ("Promised first", "promised_on", False),
}


@require_GET
def orders(request: SignedIn) -> HttpResponseBase:
    asked = forms.OrderListForm(request.GET).asked
    day, _ = today_and_zone(request)
    said = {
        "owner": asked.get("owner"), "account": asked.get("account"), "start": asked.get("start"),
        "end": asked.get("until"), "state": asked.get("state", ""), "late": asked.get("late", ""), "day": day,
    }  # fmt: skip
    found = selectors.orders(request.user, **said)
    behind = _behind(request, asked) if asked.get("step") else None
    if behind:
        found = selectors.orders(request.user).filter(pk__in=behind.ids)
    if request.GET.get("export") == "csv":
        rows = found.order_by("pk").iterator(2000)
        return csv_answer(request, "orders", COLUMNS, (_row(order, day) for order in rows))
    access = access_of(request.user)
    shows_owners = access.sees_all or access.leads
    offered, by, falls = sort_of(SORTS, asked.get("sort"))
    parts, may_lie_apart = ([found], True) if behind else selectors.orders_in_parts(request.user, **said)
    context = {
        "page": keyset.page(
            parts,
            by=by,
            descending=falls,
            cursor=asked.get("cursor", ""),
            shown=selectors.orders_named(),
            narrowed=may_lie_apart,
            few=may_lie_apart and selectors.sees_own_only(request.user),
        ),
        **offered,
        "asked": asked,
        "states": forms.OrderListForm.STATES,
        "lates": forms.OrderListForm.LATE,
        "owners": selectors.choosable_owners(request.user, day).only("name") if shows_owners else (),
        "shows_owners": shows_owners,
        "overdue_count": selectors.orders(request.user, state="overdue", day=day).count(),
        "behind": behind,
        "hidden": len(behind.ids) - found.count() if behind else 0,
        "day": day,
    }
    return render(request, "sales/orders.html", context)


@dataclass(frozen=True, slots=True)
class Behind:
    """The orders behind a figure of the process."""

    ids: list[int]
    sentence: str
    back: str


def _behind(request: SignedIn, asked: dict[str, Any]) -> Behind:
    step = asked["step"]
    if step not in {*selectors.STEPS, *selectors.LATE, "late"}:
        raise Http404
    span, wanted = process_filter(request, asked)
    ids = selectors.orders_behind(wanted, step)
    what = "Late" if step == "late" else selectors.Step(step).label
    kept = {name: value for name, value in request.GET.items() if name not in {"step", "cursor"}}
    return Behind(ids, f"{what}, {span.label}", f"{reverse('process')}?{urlencode(kept)}")


@require_http_methods(["GET", "POST"])
@keyed
def add(request: SignedIn) -> HttpResponse:
    """Enter an order with its lines."""
    day, _ = today_and_zone(request)
    me = access_of(request.user).person_id
    account = selectors.account_named(request.user, _number(request.GET.get("account")))
    deal = Deal.objects.visible_to(request.user).filter(pk=_number(request.GET.get("deal")) or 0).first()
    owners = selectors.writable_owners(request.user, day)
    form = forms.OrderForm(
        request.POST or None,
        user=request.user,
        owners=owners,
        deals=_deals(request, account or (deal.account if deal else None)),
        initial={
            "owner": deal.owner_id if deal else me, "ordered_on": (deal and deal.closed_on) or day, "deal": deal,
            "account": account or (deal.account if deal else None),
        },
    )  # fmt: skip
    lines = forms.line_forms(request.user, data=request.POST or None)
    made: list[Order] = []

    def save() -> None:
        if not lines.is_valid():
            raise Refused("One of the lines is not complete; see below.")
        made.append(services.book_order(by=request.user, at=clock.now(), lines=lines.lines, **form.cleaned_data))

    topics = ("credits",)
    if request.method == "POST" and submitted(request, form, save, said="Order booked.", topics=topics):
        return see_other("order", made[0].pk)
    return render(request, "sales/order_add.html", {"form": form, "lines": lines}, status=422 if form.errors else 200)


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else None


def _deals(request: SignedIn, account: Account | None) -> Any:
    """Deals that an order may name: won ones of the last year, and open ones; of the account where it is known."""
    day, _ = today_and_zone(request)
    found = Deal.objects.visible_to(request.user).filter(
        Q(status="open") | Q(status="won", closed_on__gte=day - timedelta(days=366))
    )
    if request.method == "POST":
        return found
    mine = found.filter(account=account) if account else found.filter(owner=access_of(request.user).person_id)
    return found.filter(pk__in=list(mine.order_by("-opened_on", "-pk").values_list("pk", flat=True)[:50]))


def _row(order: Order, day: date) -> list[Any]:
    """What imports take, and how it stands to its promise as the list says it."""
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
        order.cancelled_on,
        order.paid_on,
        order.tax,
        "yes" if order.is_booked_by_win else None,
        order.state_on(day),
    ]


@require_GET
def order(request: SignedIn, pk: int) -> HttpResponse:
    return order_page(request, pk)


def order_page(request: SignedIn, pk: int, **bound: Any) -> HttpResponse:
    """An order with its lines, dates, credit and what followed, and the forms for what may be done."""
    found = get_object_or_404(
        Order.objects.visible_to(request.user).select_related("owner", "account", "deal", "product"), pk=pk
    )
    day, _ = today_and_zone(request)
    refunds = list(found.refunds.present().order_by("occurred_on", "pk"))
    left = found.amount - sum((refund.amount for refund in refunds), Decimal(0))
    may_write = selectors.is_writable(request.user, found)
    context: dict[str, Any] = {
        "order": found,
        "day": day,
        "lines": found.lines.present().select_related("product").order_by("pk"),
        "refunds": refunds,
        "left": Decimal(0) if found.cancelled_on else left,
        "credits": selectors.credit_of(request.user, found),
        "problems": problems(found, day),
        "answers": selectors.feedback(request.user).filter(order=found).order_by("-given_on", "-pk"),
        "complaints": selectors.complaints(request.user, state="all", day=day).filter(order=found),
        "may_write": may_write,
        "may_share": may_write and selectors.may_share(request.user, found),
    }
    if may_write:
        context |= {
            "refund_form": forms.RefundForm(initial={"on": day, "amount": left}, prefix="refund"),
            "cancel_form": forms.CancelForm(initial={"on": day}, prefix="cancel"),
            "dates_form": delivery_form(found),
            "problem_form": forms.ProblemForm(initial={"found_on": day}, prefix="problem"),
            "line_forms": forms.line_forms(request.user, found),
            "ask_form": _ask_form(request, found),
        }
    if context["may_share"]:
        context["share_form"] = bound.get("share_form") or _share_form(request, found)
    is_refused = bool(bound) and "asked" not in bound
    return render(request, "sales/order.html", context | bound, status=422 if is_refused else 200)


def _ask_form(request: SignedIn, found: Order, data: Any = None) -> forms.AskForm:
    seen = Contact.objects.visible_to(request.user).filter(account=found.account_id or 0, is_not_to_be_contacted=False)
    contacts = seen.annotate(lacks_address=Q(email="")).order_by("lacks_address", "name", "pk")
    return forms.AskForm(data, contacts=contacts, prefix="ask")


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

    if submitted(request, form, save, said="Refund recorded."):
        return see_other("order", pk)
    return order_page(request, pk, refund_form=form)


@require_POST
@keyed
def cancel(request: SignedIn, pk: int) -> HttpResponse:
    found, form = _find(request, pk), forms.CancelForm(request.POST, prefix="cancel")

    def save() -> None:
        services.cancel_order(order=found, by=request.user, at=clock.now(), **form.cleaned_data)

    if submitted(request, form, save, said="Order cancelled; its credit is taken back."):
        return see_other("order", pk)
    return order_page(request, pk, cancel_form=form)


@require_POST
@keyed
def share(request: SignedIn, pk: int) -> HttpResponse:
    found = _find(request, pk)
    form = _share_form(request, found, request.POST)

    def save() -> None:
        services.share_credit(
            order=found, shares=form.parts("share"), overlays=form.parts("overlay"), by=request.user, at=clock.now()
        )

    if submitted(request, form, save, said="Credit shared."):
        return see_other("order", pk)
    return order_page(request, pk, share_form=form)


@require_POST
@keyed
def dates(request: SignedIn, pk: int) -> HttpResponse:
    """When it was promised, produced, delivered, where the seller is told so."""
    found, day = _find(request, pk), today_and_zone(request)[0]
    form = delivery_form(found, request.POST)

    def save() -> None:
        services.record_delivery(order=found, by=request.user, on=day, **form.cleaned_data)

    def now_at() -> int:
        return _find(request, pk).version

    if submitted(request, form, save, said="Saved.", topics=(), now_at=now_at):
        return see_other("order", pk)
    return order_page(request, pk, dates_form=form)


@require_POST
@keyed
def lines(request: SignedIn, pk: int) -> HttpResponse:
    """Change the lines: the net and the credit follow."""
    found = _find(request, pk)
    version = forms.Versioned(request.POST)
    lines = forms.line_forms(request.user, found, request.POST)
    said = _number(request.POST.get("version"))

    def save() -> None:
        if not lines.is_valid():
            raise Refused("One of the lines is not complete; see below.")
        services.set_order_lines(order=found, lines=lines.lines, by=request.user, at=clock.now(), version=said)

    if submitted(request, version, save, said="Lines saved; the credit follows."):
        return see_other("order", pk)
    return order_page(request, pk, line_forms=lines, line_problem=next(iter(version.non_field_errors()), ""))


@require_POST
def ask(request: SignedIn, pk: int) -> HttpResponse:
    """Mail the customer a feedback link, or show it, this once; the one before stops working."""
    found = _find(request, pk)
    form = _ask_form(request, found, request.POST)
    made: list[services.Asked] = []

    def save() -> None:
        contact = form.cleaned_data["contact"]
        made.append(services.ask_customer(order=found, contact=contact, by=request.user, at=clock.now()))

    if not submitted(request, form, save, said="", topics=()):
        return order_page(request, pk, ask_form=form)
    asked, contact = made[0], form.cleaned_data["contact"]
    is_own = found.owner_id == access_of(request.user).person_id
    answer = order_page(request, pk, asked=asked, contact=contact, is_own=is_own)
    add_never_cache_headers(answer)
    return answer
