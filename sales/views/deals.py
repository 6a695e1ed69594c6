"""Deals: list, board, a deal with its story and its acts."""

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from itertools import groupby, islice
from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from sales import forms, selectors, services
from sales.models import BulkAct, Deal, DealQuerySet, ForecastCategory, LostReason, Pipeline, Product, Stage
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
    "expected_close_on", "closed_on", "lost_reason", "forecast_category", "source", "pipeline", "contact", "quoted_on",
    "next_step", "next_step_on", "tags", "books_order", "probability", "warnings",
)  # fmt: skip
SORTS = {
    "closes": ("expected_close_on", False),
    "closed": ("closed_on", True),
    "amount": ("amount", True),
    "opened": ("opened_on", True),
    "name": ("name", False),
    "stage": ("stage__position", False),
    "owner": ("owner__name", False),
}
# The usual one first. Only open deals have a day to come, only decided ones one that was; in which stage and in whose
# hands they are is asked of what is open, which is little enough to be put in order by itself.
SORTS_OF = {
    "open": ("closes", "amount", "opened", "name", "stage", "owner"),
    "won": ("closed", "amount", "opened", "name"),
    "lost": ("closed", "amount", "opened", "name"),
    "": ("opened", "closed", "amount", "name"),
}


@require_GET
def deals(request: SignedIn) -> HttpResponseBase:
    """Open deals, the next to close first, unless the URL asks otherwise."""
    asked, narrowed = asked_of(request)
    organisation = organisation_of(request.user)
    day = clock.today(organisation.time_zone)
    status = narrowed.status
    if request.GET.get("export") == "csv":
        found = selectors.deals(request.user, narrowed)
        return csv_answer(request, "deals", COLUMNS, _rows(found, day))
    sorts = SORTS_OF[status]
    sort = asked["sort"] if asked.get("sort") in sorts else sorts[0]
    by, descending = SORTS[sort]
    access = access_of(request.user)
    shows_owners = access.sees_all or access.leads
    this = Period.of(day, "month", organisation.calendar)
    quarter = Period.of(day, "quarter", organisation.calendar)
    ordered = selectors.deals_in_order(request.user, narrowed)
    page = keyset.page(
        ordered.parts,
        by=by,
        descending=descending,
        cursor=asked.get("cursor", ""),
        shown=ordered.lines,
        narrowed=by not in ordered.evenly,
        soon=ordered.soon,
        gather=ordered.gather,
        lacks=by != "closed_on" or not status,  # what is decided has its day
    )
    stages = selectors.all_stages()
    known = {stage.pk: stage for stage in stages}
    for deal in page.rows:  # made once, not for each row
        deal.stage = known[deal.stage_id]
    context = {
        "page": page,
        "warnings": selectors.warnings_of(page.rows, day, stages),
        "writable": writable_of(request, page.rows),
        "may_bulk": access.imports or not access.sees_all,
        "acts": BulkAct.Act.choices,
        "asked": narrowed,
        "tabs": [("open", "Open"), ("won", "Won"), ("lost", "Lost"), ("all", "All")],
        "tab": status or "all",
        "sort": sort,
        "sorts": [
            (name, label)
            for name, label in forms.DealListForm.SORTS
            if name in sorts and (name != "owner" or shows_owners)
        ],
        "by_closing": by == "closed_on" or status in ("won", "lost"),
        "pipelines": by_pipeline(stages),
        "products": list(Product.objects.visible_to(request.user).order_by("name", "pk").values_list("pk", "name")),
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


def asked_of(request: SignedIn) -> tuple[dict[str, Any], selectors.DealFilter]:
    """What the URL of a list of deals asks for."""
    asked = forms.DealListForm(request.GET, calendar=organisation_of(request.user).calendar).asked
    names = ("stage", "owner", "account", "product", "pipeline", "closing")
    return asked, selectors.DealFilter(
        text=asked.get("text", "").strip(),
        tag=asked.get("tag", "").strip(),
        status={"": "open", "all": ""}.get(asked.get("status", ""), asked.get("status", "")),
        **{name: asked.get(name) for name in names},
    )


def writable_of(request: SignedIn, rows: Iterable[Deal]) -> set[int]:
    return {deal.pk for deal in rows if selectors.is_writable(request.user, deal)}


def by_pipeline(stages: Iterable[Stage]) -> list[tuple[Pipeline, list[Stage]]]:
    """Stages under the pipeline they belong to."""
    return [(pipeline, list(mine)) for pipeline, mine in groupby(stages, key=lambda stage: stage.pipeline)]


def _rows(found: DealQuerySet, day: date) -> Iterator[list[Any]]:
    """What imports take, and what the list works out of it."""
    stages = selectors.all_stages()
    known = {stage.pk: stage for stage in stages}
    rows = found.select_related("contact", "lost_reason").order_by("pk").iterator(2000)
    while some := list(islice(rows, 2000)):
        warnings = selectors.warnings_of(some, day, stages)
        for deal in some:
            deal.stage = known[deal.stage_id]
            yield [*_row(deal), deal.odds, "; ".join(one.word for one in warnings.get(deal.pk, ()))]


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
        deal.stage.pipeline.name,
        deal.contact and (deal.contact.external_id or deal.contact.name),
        deal.quoted_on,
        deal.next_step,
        deal.next_step_on,
        "; ".join(deal.tags),
        None if deal.books_order else "no",
    ]


@require_GET
def board(request: SignedIn) -> HttpResponse:
    """Open deals of a pipeline by stage: dragged, or moved by their buttons."""
    asked = forms.DealListForm(request.GET, calendar=organisation_of(request.user).calendar).asked
    day, _ = today_and_zone(request)
    access = access_of(request.user)
    shows_owners = access.sees_all or access.leads
    pipelines = [(line, mine) for line, mine in by_pipeline(selectors.all_stages()) if line.is_active]
    first = pipelines[0] if pipelines else (None, [])
    pipeline, stages = next((pair for pair in pipelines if pair[0].pk == asked.get("pipeline")), first)
    columns = selectors.board(request.user, stages, day, owner=asked.get("owner"))
    context = {
        "columns": columns,
        "pipeline": pipeline,
        "pipelines": [line for line, _ in pipelines],
        "warnings": selectors.warnings_of([card for column in columns for card in column.cards], day, stages),
        "count": sum(column.count for column in columns),
        "owner": asked.get("owner"),
        "owners": selectors.choosable_owners(request.user, day).only("name") if shows_owners else (),
        "shows_owners": shows_owners,
        "today": day,
        "overdue": sum(column.overdue for column in columns),
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
    asked = forms.DealListForm(request.GET, calendar=organisation_of(request.user).calendar).asked
    account = selectors.account_named(request.user, asked.get("account"))
    stages = [stage for stage in selectors.all_stages() if stage.pipeline.is_active]
    started = next((stage for stage in stages if stage.pk == asked.get("stage")), stages[0] if stages else None)
    form = forms.DealAddForm(
        request.POST or None,
        user=request.user,
        owners=selectors.writable_owners(request.user, day),
        stages=stages,
        initial={
            "owner": access_of(request.user).person_id,
            "account": account,
            "opened_on": day,
            "stage": started and started.pk,
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

    if request.method == "POST" and submitted(request, form, save, said="") and made:
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
    return deal_page(request, pk)


def deal_page(request: SignedIn, pk: int, **bound: Any) -> HttpResponse:
    """A deal, and of its forms those that were just refused."""
    joined = ("owner", "account", "contact", "product", "stage__pipeline", "lost_reason")
    found = get_object_or_404(Deal.objects.visible_to(request.user).select_related(*joined), pk=pk)
    day, zone = today_and_zone(request)
    may_write = selectors.is_writable(request.user, found)
    stages = selectors.all_stages()
    signs = selectors.signs_of([found], day)
    lines = selectors.lines_of(found)
    totals = selectors.totals_of(lines)
    excess = selectors.excess_of(totals, selectors.role_on(found.owner, day)) if lines and found.is_open else []
    approval = selectors.approval_of(found) if lines else None
    context: dict[str, Any] = {
        "deal": found,
        "may_write": may_write,
        "today": day,
        "warnings": selectors.warnings_of([found], day, stages, signs=signs).get(found.pk, []),
        "forecast_label": ForecastCategory(found.forecast_category).label,
        "odds_sentence": selectors.odds_sentence(found),
        "slippage": signs[found.pk].slippage if found.pk in signs else None,
        "lines": lines,
        "totals": totals,
        "excess": excess,
        "is_approved": bool(excess) and selectors.is_approved(found, totals),
        "approval": approval,
        "may_decide": approval is not None
        and approval.is_approved is None
        and selectors.may_decide(request.user, approval),
        "reasons": [] if found.is_open else selectors.reasons_of(found),
        "shares": selectors.shares_of(found),
        "competitors": selectors.competitors_of(found),
    }
    if may_write:
        version = {"version": found.version}
        context["may_share"] = found.is_open and selectors.may_share_deal(request.user, found)
        context["change_form"] = bound.get("change_form") or _change_form(request, found)
        context["accounts"] = selectors.account_options(request.user, "")
        if found.is_open:
            reasons = _reasons()
            context |= {
                "stages": [stage for stage in stages if stage.pipeline_id == found.stage.pipeline_id],
                "pipelines": [line for line, _ in by_pipeline(stages) if line.is_active],
                "win_form": forms.WinForm(
                    initial=version | {"amount": found.amount, "on": day}, prefix="win", reasons=winning(reasons)
                ),
                "lose_form": forms.LoseForm(initial=version | {"on": day}, prefix="lose", reasons=reasons),
                "quote_form": forms.QuoteForm(initial=version | {"on": day}, prefix="quote"),
            }
        else:
            context["reopen_form"] = forms.ReopenForm(initial=version | {"on": day}, prefix="reopen")
    with in_zone(zone):
        context["problem"] = next((str(words) for form in bound.values() for words in form.non_field_errors()), "")
        context["story"] = selectors.deal_story(request.user, found, zone)
        return render(request, "sales/deal.html", context | bound, status=422 if bound else 200)


def _reasons() -> list[LostReason]:
    return list(LostReason.objects.order_by("pk"))


NO_WIN = {"no_decision", "no_budget", "not_given"}


def winning(reasons: list[LostReason]) -> list[LostReason]:
    """Why a deal may be won: not for what can only have ended it."""
    return [reason for reason in reasons if reason.counts and reason.key not in NO_WIN]


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


def writable_deal(request: SignedIn, pk: int) -> Deal:
    """A deal somebody may change; others' are nowhere."""
    joined = ("owner", "stage__pipeline", "account")
    found = get_object_or_404(Deal.objects.visible_to(request.user).select_related(*joined), pk=pk)
    writable_or_404(request, found)
    return found


def act_on(
    request: SignedIn,
    pk: int,
    name: str,
    form_of: Callable[[Deal], Any],
    do: Callable[[Deal, Any], object],
    said: str,
) -> HttpResponse:
    """One of a deal's acts: on to the deal, or the page again with what was typed and why not."""
    found = writable_deal(request, pk)
    form = form_of(found)

    def version_now() -> int:
        return int(Deal.objects.visible_to(request.user).values_list("version", flat=True).get(pk=pk))

    if submitted(request, form, lambda: do(found, form), said=said, now_at=version_now):
        board = f"{reverse('deal-board')}?pipeline={found.stage.pipeline_id}"
        return see_other(board if request.POST.get("back") == "board" else reverse("deal", args=[pk]))
    return deal_page(request, pk, **{name: form})


@require_POST
@keyed
def move(request: SignedIn, pk: int) -> HttpResponse:
    return act_on(
        request,
        pk,
        "move_form",
        lambda found: forms.MoveForm(request.POST),
        lambda found, form: services.move_deal(deal=found, by=request.user, at=clock.now(), **form.cleaned_data),
        "Moved.",
    )


@require_POST
@keyed
def win(request: SignedIn, pk: int) -> HttpResponse:
    return act_on(
        request,
        pk,
        "win_form",
        lambda found: forms.WinForm(request.POST, prefix="win", reasons=winning(_reasons())),
        lambda found, form: services.win_deal(deal=found, by=request.user, at=clock.now(), **form.said),
        "Won. Well done!",
    )


def _losing(form: forms.LoseForm) -> dict[str, Any]:
    said = form.said
    main, *also = said.pop("reasons")
    return said | {"reason": main, "also": also}


@require_POST
@keyed
def lose(request: SignedIn, pk: int) -> HttpResponse:
    return act_on(
        request,
        pk,
        "lose_form",
        lambda found: forms.LoseForm(request.POST, prefix="lose", reasons=_reasons()),
        lambda found, form: services.lose_deal(deal=found, by=request.user, at=clock.now(), **_losing(form)),
        "Marked as lost.",
    )


@require_POST
@keyed
def reopen(request: SignedIn, pk: int) -> HttpResponse:
    return act_on(
        request,
        pk,
        "reopen_form",
        lambda found: forms.ReopenForm(request.POST, prefix="reopen"),
        lambda found, form: services.reopen_deal(deal=found, by=request.user, at=clock.now(), **form.cleaned_data),
        "Open again.",
    )


@require_POST
@keyed
def change(request: SignedIn, pk: int) -> HttpResponse:
    return act_on(
        request,
        pk,
        "change_form",
        lambda found: _change_form(request, found, request.POST),
        lambda found, form: services.change_deal(deal=found, by=request.user, at=clock.now(), **form.cleaned_data),
        "Saved.",
    )
