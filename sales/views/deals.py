"""Deals: list, board, a deal with its story and its acts."""

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from sales import forms, selectors, services
from sales.models import Deal, Product, Stage
from salesmgmt.desk.edges import csv_answer
from salesmgmt.desk.idempotency import keyed
from salesmgmt.lib import clock, keyset
from salesmgmt.lib.periods import Period
from teams.edges import SignedIn
from teams.models import access_of
from teams.selectors import organisation_of

from .common import in_zone, see_other, submitted, today_and_zone, writable_or_404

COLUMNS = (
    "external_id", "name", "owner", "account", "product", "stage", "status", "amount", "currency", "opened_on",
    "expected_close_on", "closed_on", "lost_reason", "forecast_category", "source",
)  # fmt: skip
SORTS = {
    "closes": ("expected_close_on", False),
    "closed": ("closed_on", True),
    "amount": ("amount", True),
    "opened": ("opened_on", True),
}
USUAL_SORT = {"open": "closes", "won": "closed", "lost": "closed", "": "opened"}


@require_GET
def deals(request: SignedIn) -> HttpResponseBase:
    """Open deals, the next to close first, unless the URL asks otherwise."""
    asked = forms.DealListForm(request.GET, fiscal_month=organisation_of(request.user).fiscal_month).asked
    organisation = organisation_of(request.user)
    day = clock.today(organisation.time_zone)
    status = {"": "open", "all": ""}.get(asked.get("status", ""), asked.get("status", ""))
    narrowed = selectors.DealFilter(
        text=asked.get("text", "").strip(),
        status=status,
        **{name: asked.get(name) for name in ("stage", "owner", "account", "product", "closing")},
    )
    found = selectors.deals(request.user, narrowed)
    if request.GET.get("export") == "csv":
        rows = found.select_related("lost_reason").order_by("pk").iterator(2000)
        return csv_answer(request, "deals", COLUMNS, (_row(deal) for deal in rows))
    sort = asked.get("sort") or USUAL_SORT[status]
    by, descending = SORTS[sort]
    access = access_of(request.user)
    shows_owners = access.sees_all or access.leads
    this = Period.of(day, "month", fiscal_month=organisation.fiscal_month)
    quarter = Period.of(day, "quarter", fiscal_month=organisation.fiscal_month)
    context = {
        "page": keyset.page(found, by=by, descending=descending, cursor=asked.get("cursor", "")),
        "asked": narrowed,
        "tabs": [("open", "Open"), ("won", "Won"), ("lost", "Lost"), ("all", "All")],
        "tab": status or "all",
        "sort": sort,
        "sorts": forms.DealListForm.SORTS,
        "by_closing": by == "closed_on" or status in ("won", "lost"),
        "stages": Stage.objects.order_by("pipeline", "position"),
        "products": Product.objects.visible_to(request.user).order_by("name", "pk").only("name"),
        "owners": selectors.choosable_owners(request.user, day).only("name") if shows_owners else (),
        "shows_owners": shows_owners,
        "closings": [
            ("This month", this),
            ("Next month", this.shift(1)),
            ("This quarter", quarter),
            ("Next quarter", quarter.shift(1)),
        ],
        "account": selectors.account_named(request.user, narrowed.account),
        "today": day,
        "overdue": selectors.overdue_count(request.user, day),
    }
    return render(request, "sales/deals.html", context)


def _row(deal: Deal) -> list[Any]:
    return [
        deal.external_id,
        deal.name,
        deal.owner.external_id or deal.owner.name,
        deal.account and (deal.account.external_id or deal.account.name),
        deal.product and (deal.product.external_id or deal.product.name),
        deal.stage.name,
        deal.status,
        deal.amount,
        deal.currency,
        deal.opened_on,
        deal.expected_close_on,
        deal.closed_on,
        deal.lost_reason and deal.lost_reason.key,
        deal.own_forecast_category,
        deal.source,
    ]


@require_GET
def board(request: SignedIn) -> HttpResponse:
    """Open deals by stage: dragged, or moved by their buttons."""
    asked = forms.DealListForm(request.GET, fiscal_month=organisation_of(request.user).fiscal_month).asked
    day, _ = today_and_zone(request)
    access = access_of(request.user)
    shows_owners = access.sees_all or access.leads
    columns = selectors.board(request.user, owner=asked.get("owner"))
    context = {
        "columns": columns,
        "count": sum(column.count for column in columns),
        "owner": asked.get("owner"),
        "owners": selectors.choosable_owners(request.user, day).only("name") if shows_owners else (),
        "shows_owners": shows_owners,
        "today": day,
        "overdue": selectors.overdue_count(request.user, day),
        "writable": {
            card.pk for column in columns for card in column.cards if selectors.is_writable(request.user, card)
        },
    }
    return render(request, "sales/board.html", context)


@require_http_methods(["GET", "POST"])
@keyed
def add(request: SignedIn) -> HttpResponse:
    """Open a deal. One that looks like another open deal is asked about once."""
    day, _ = today_and_zone(request)
    asked = forms.DealListForm(request.GET, fiscal_month=organisation_of(request.user).fiscal_month).asked
    account = selectors.account_named(request.user, asked.get("account"))
    form = forms.DealAddForm(
        request.POST or None,
        user=request.user,
        owners=selectors.writable_owners(request.user, day),
        initial={
            "owner": access_of(request.user).person_id,
            "account": account,
            "opened_on": day,
            "stage": services.first_stage(),
            "currency": organisation_of(request.user).currency,
        },
    )
    made: list[Deal] = []
    alike: list[Deal] = []

    def save() -> None:
        data = dict(form.cleaned_data)
        data.pop("version")
        if "is_another" not in request.POST:
            alike.extend(selectors.alike_deals(request.user, name=data["name"], account=data["account"])[:3])
        if not alike:
            made.append(services.open_deal(by=request.user, at=clock.now(), **data))

    if request.method == "POST" and submitted(request, form, save, said="", topics=("pipeline",)) and made:
        return see_other("deal", made[0].pk)
    context = {
        "form": form,
        "alike": alike,
        "accounts": selectors.account_options(request.user, ""),
        "contacts": selectors.contact_options(request.user, ""),
    }
    return render(request, "sales/deal_add.html", context, status=422 if form.errors or alike else 200)


@require_GET
def deal(request: SignedIn, pk: int) -> HttpResponse:
    return _page(request, pk)


def _page(request: SignedIn, pk: int, **bound: Any) -> HttpResponse:
    found = get_object_or_404(
        Deal.objects.visible_to(request.user).select_related(
            "owner", "account", "contact", "product", "stage", "lost_reason"
        ),
        pk=pk,
    )
    day, zone = today_and_zone(request)
    may_write = selectors.is_writable(request.user, found)
    version = {"version": found.version}
    context: dict[str, Any] = {"deal": found, "may_write": may_write, "today": day}
    if may_write:
        context |= {
            "stages": list(Stage.objects.filter(pipeline=found.stage.pipeline_id).order_by("position")),
            "win_form": forms.WinForm(initial=version | {"amount": found.amount, "on": day}, prefix="win"),
            "lose_form": forms.LoseForm(initial=version | {"on": day}, prefix="lose"),
            "reopen_form": forms.ReopenForm(initial=version | {"on": day}, prefix="reopen"),
            "change_form": bound.get("change_form") or _change_form(request, found),
            "accounts": selectors.account_options(request.user, ""),
            "contacts": selectors.contact_options(request.user, ""),
        }
    with in_zone(zone):
        context["problem"] = next((str(words) for form in bound.values() for words in form.non_field_errors()), "")
        context["story"] = selectors.deal_story(request.user, found, zone)
        return render(request, "sales/deal.html", context | bound, status=422 if bound else 200)


def _change_form(request: SignedIn, found: Deal, data: Any = None) -> forms.DealForm:
    day, _ = today_and_zone(request)
    names = [*forms.DealForm.base_fields, "custom"]
    return forms.DealForm(
        data,
        user=request.user,
        owners=selectors.writable_owners(request.user, day) | selectors.owner_of(found),
        currency=found.currency,
        initial={name: getattr(found, name) for name in names},
        prefix="change",
    )


def _act(
    request: SignedIn,
    pk: int,
    name: str,
    form_of: Callable[[Deal], Any],
    do: Callable[[Deal, dict[str, Any]], object],
    said: str,
) -> HttpResponse:
    """One of a deal's acts: on to the deal, or the page again with what was typed and why not."""
    found = get_object_or_404(Deal.objects.visible_to(request.user).select_related("owner", "stage", "account"), pk=pk)
    writable_or_404(request, found)
    form = form_of(found)

    def version_now() -> int:
        return int(Deal.objects.visible_to(request.user).values_list("version", flat=True).get(pk=pk))

    if submitted(request, form, lambda: do(found, dict(form.cleaned_data)), said=said, now_at=version_now):
        back = request.POST.get("back")
        return see_other(reverse("deal-board") if back == "board" else reverse("deal", args=[pk]))
    return _page(request, pk, **{name: form})


@require_POST
@keyed
def move(request: SignedIn, pk: int) -> HttpResponse:
    return _act(
        request,
        pk,
        "move_form",
        lambda found: forms.MoveForm(request.POST),
        lambda found, data: services.move_deal(deal=found, by=request.user, at=clock.now(), **data),
        "Moved.",
    )


@require_POST
@keyed
def win(request: SignedIn, pk: int) -> HttpResponse:
    return _act(
        request,
        pk,
        "win_form",
        lambda found: forms.WinForm(request.POST, prefix="win"),
        lambda found, data: services.win_deal(deal=found, by=request.user, at=clock.now(), **data),
        "Won. Well done!",
    )


@require_POST
@keyed
def lose(request: SignedIn, pk: int) -> HttpResponse:
    return _act(
        request,
        pk,
        "lose_form",
        lambda found: forms.LoseForm(request.POST, prefix="lose"),
        lambda found, data: services.lose_deal(deal=found, by=request.user, at=clock.now(), **data),
        "Marked as lost.",
    )


@require_POST
@keyed
def reopen(request: SignedIn, pk: int) -> HttpResponse:
    return _act(
        request,
        pk,
        "reopen_form",
        lambda found: forms.ReopenForm(request.POST, prefix="reopen"),
        lambda found, data: services.reopen_deal(deal=found, by=request.user, at=clock.now(), **data),
        "Open again.",
    )


@require_POST
@keyed
def change(request: SignedIn, pk: int) -> HttpResponse:
    return _act(
        request,
        pk,
        "change_form",
        lambda found: _change_form(request, found, request.POST),
        lambda found, data: services.change_deal(deal=found, by=request.user, at=clock.now(), **data),
        "Saved.",
    )
