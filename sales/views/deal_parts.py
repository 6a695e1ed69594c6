"""What hangs on a deal: its products and discount, who shares the credit, rivals, reasons, its pipeline."""

from typing import Any

from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from sales import forms, selectors, services
from sales.models import Deal, DealLine, DealReason, DiscountApproval, LostReason
from salesmgmt.desk.edges import act, csv_answer
from salesmgmt.desk.idempotency import keyed
from salesmgmt.lib import clock, keyset
from teams.edges import SignedIn

from .common import in_zone, see_other, submitted, today_and_zone
from .deals import act_on, deal_page, winning, writable_deal


def _answer(request: SignedIn, found: Deal, form: Any, template: str, **more: Any) -> HttpResponse:
    context = {"deal": found, "form": form} | more
    _, zone = today_and_zone(request)
    with in_zone(zone):
        return render(request, f"sales/{template}.html", context, status=422 if form.errors else 200)


def _version(request: SignedIn, pk: int) -> int:
    return int(Deal.objects.visible_to(request.user).values_list("version", flat=True).get(pk=pk))


# ── Products ────────────────────────────────────────────────────────────────────────────────────────────────────


@require_http_methods(["GET", "POST"])
@keyed
def line_add(request: SignedIn, pk: int) -> HttpResponse:
    """Put a product on a deal."""
    found = writable_deal(request, pk)
    day, _ = today_and_zone(request)
    form = forms.LineForm(
        request.POST if request.method == "POST" else None, user=request.user, initial={"version": found.version}
    )

    def save() -> None:
        services.add_line(deal=found, by=request.user, at=clock.now(), on=day, **form.cleaned_data)

    if request.method == "POST" and submitted(request, form, save, said="Added.", now_at=lambda: _version(request, pk)):
        return see_other(f"{reverse('deal', args=[pk])}#products")
    return _answer(request, found, form, "deal_line")


def _line(found: Deal, line_pk: int) -> DealLine:
    return get_object_or_404(found.lines.select_related("product", "deal"), pk=line_pk)


@require_http_methods(["GET", "POST"])
@keyed
def line(request: SignedIn, pk: int, line_pk: int) -> HttpResponse:
    """Change quantity, price or term of a product on a deal."""
    found = writable_deal(request, pk)
    stands = _line(found, line_pk)
    names = ("text", "quantity", "unit_price", "recurs", "term_months")
    initial = {"version": found.version} | {name: getattr(stands, name) for name in names}
    form = forms.LineForm(
        request.POST if request.method == "POST" else None, user=request.user, line=stands, initial=initial
    )

    def save() -> None:
        data = dict(form.cleaned_data)
        if data["discount"] is not None and data["unit_price"] == stands.unit_price:
            data["unit_price"] = None  # as it was shown; the discount was typed
        services.change_line(line=stands, by=request.user, at=clock.now(), **data)

    if request.method == "POST" and submitted(request, form, save, said="Saved.", now_at=lambda: _version(request, pk)):
        return see_other(f"{reverse('deal', args=[pk])}#products")
    return _answer(request, found, form, "deal_line", line=stands)


@require_POST
@keyed
def line_remove(request: SignedIn, pk: int, line_pk: int) -> HttpResponse:
    found = writable_deal(request, pk)
    stands = _line(found, line_pk)
    return act(
        request,
        lambda: services.remove_line(line=stands, by=request.user, at=clock.now()),
        said="Removed.",
        to=f"{reverse('deal', args=[pk])}#products",
    )


@require_POST
@keyed
def quote(request: SignedIn, pk: int) -> HttpResponse:
    return act_on(
        request,
        pk,
        "quote_form",
        lambda found: forms.QuoteForm(request.POST, prefix="quote"),
        lambda found, form: services.quote_deal(deal=found, by=request.user, at=clock.now(), **form.cleaned_data),
        "Quoted; the list prices stay as they are now.",
    )


# ── Discounts ───────────────────────────────────────────────────────────────────────────────────────────────────


@require_POST
@keyed
def discount_ask(request: SignedIn, pk: int) -> HttpResponse:
    return act_on(
        request,
        pk,
        "ask_form",
        lambda found: forms.AskDiscountForm(request.POST, prefix="ask"),
        lambda found, form: services.ask_discount(deal=found, by=request.user, at=clock.now(), **form.cleaned_data),
        "Asked for; you are told when there is an answer.",
    )


@require_GET
def discounts(request: SignedIn) -> HttpResponseBase:
    """Discounts that wait for an answer: those one may give, and those one has asked for."""
    found = selectors.open_approvals(request.user)
    if request.GET.get("export") == "csv":
        rows = found.order_by("asked_at", "pk").iterator(2000)
        return csv_answer(request, "discounts", DISCOUNTS, map(_discount_row, rows))
    page = keyset.page(found, by="asked_at", cursor=request.GET.get("cursor", ""))
    mine = selectors.decidable(request.user, page.rows)
    others = [approval for approval in page.rows if approval not in mine]
    context = {"page": page, "mine": mine, "others": others}
    _, zone = today_and_zone(request)
    with in_zone(zone):
        return render(request, "sales/discounts.html", context)


DISCOUNTS = ("deal", "owner", "percent", "reason", "asked_at", "asked_by")


def _discount_row(approval: DiscountApproval) -> list[Any]:
    deal = approval.deal
    owner = deal.owner.external_id or deal.owner.name
    return [deal.external_id or deal.name, owner, approval.percent, approval.reason, approval.asked_at,
            approval.asked_by.username]  # fmt: skip


@require_POST
@keyed
def discount_decide(request: SignedIn, pk: int) -> HttpResponse:
    """Give a discount or refuse it; who may not meets the same 404 as everybody else."""
    asked = DiscountApproval.objects.visible_to(request.user).select_related("deal__owner", "asked_by")
    approval = get_object_or_404(asked, pk=pk)
    if not selectors.may_decide(request.user, approval):
        raise Http404
    form = forms.DecideDiscountForm(request.POST)

    def save() -> None:
        services.decide_discount(
            approval=approval,
            approved=form.cleaned_data["approved"] == "yes",
            answer=form.cleaned_data["answer"],
            by=request.user,
            at=clock.now(),
        )

    if submitted(request, form, save, said="Answered; who asked is told.", topics=()):
        return see_other("deal", approval.deal_id)
    return deal_page(request, approval.deal_id, decide_form=form)


# ── Credit, rivals, reasons, pipeline ───────────────────────────────────────────────────────────────────────────


def _share_form(request: SignedIn, found: Deal, data: Any = None) -> forms.ShareForm:
    day, _ = today_and_zone(request)
    people = list(selectors.writable_owners(request.user, day) | selectors.people_on(found))
    kinds = {"primary": "share", "overlay": "overlay"}
    held = {f"{kinds[share.kind]}-{share.person_id}": share.percent for share in selectors.shares_of(found)}
    return forms.ShareForm(data, people=people, initial=held or {f"share-{found.owner_id}": 100}, prefix="share")


@require_http_methods(["GET", "POST"])
@keyed
def share(request: SignedIn, pk: int) -> HttpResponse:
    """Say who will share the credit of a deal once it is won."""
    found = writable_deal(request, pk)
    form = _share_form(request, found, request.POST if request.method == "POST" else None)
    shown = forms.Versioned(request.POST if request.method == "POST" else None, initial={"version": found.version})

    def save() -> None:
        version = shown.cleaned_data["version"] if shown.is_valid() else None
        services.share_deal(
            deal=found,
            shares=form.parts("share"),
            overlays=form.parts("overlay"),
            version=version,
            by=request.user,
            at=clock.now(),
        )

    if request.method == "POST" and submitted(request, form, save, said="Agreed.", topics=()):
        return see_other("deal", pk)
    may_share = selectors.may_share_deal(request.user, found)
    return _answer(request, found, form, "deal_share", may_share=may_share, version=found.version)


@require_http_methods(["GET", "POST"])
@keyed
def competitors(request: SignedIn, pk: int) -> HttpResponse:
    """Say who else wants this deal."""
    found = writable_deal(request, pk)
    initial = {"version": found.version, "competitors": selectors.competitors_of(found)}
    form = forms.CompetitorsForm(request.POST if request.method == "POST" else None, initial=initial)

    def save() -> None:
        services.name_competitors(deal=found, by=request.user, at=clock.now(), **form.cleaned_data)

    if request.method == "POST" and submitted(
        request, form, save, said="Saved.", topics=(), now_at=lambda: _version(request, pk)
    ):
        return see_other("deal", pk)
    return _answer(request, found, form, "deal_competitors")


@require_http_methods(["GET", "POST"])
@keyed
def reasons(request: SignedIn, pk: int) -> HttpResponse:
    """Say afterwards why a deal was won or lost."""
    found = writable_deal(request, pk)
    known = list(LostReason.objects.order_by("pk"))
    said = selectors.reasons_of(found)
    is_lost = found.status == Deal.Status.LOST
    form_of = forms.ReasonsForm if is_lost else forms.WonReasonsForm
    form = form_of(
        request.POST if request.method == "POST" else None,
        reasons=known if is_lost else winning(known),
        initial={"version": found.version} | _said(said),
    )

    def save() -> None:
        services.give_reasons(deal=found, by=request.user, at=clock.now(), **form.said)

    if request.method == "POST" and submitted(request, form, save, said="Saved.", now_at=lambda: _version(request, pk)):
        return see_other("deal", pk)
    return _answer(request, found, form, "deal_reasons")


def _said(rows: list[DealReason]) -> dict[str, Any]:
    """What stands, as the form shows it."""
    found: dict[str, Any] = {"also": [row.reason_id for row in rows if row.side == "rep" and not row.is_main]}
    for row in rows:
        if row.is_main:
            side = "" if row.side == DealReason.Side.REP else "buyer_"
            found |= {f"{side}reason": row.reason_id, f"{side}note": row.note}
    return found


@require_POST
@keyed
def pipeline(request: SignedIn, pk: int) -> HttpResponse:
    return act_on(
        request,
        pk,
        "pipeline_form",
        lambda found: forms.PipelineForm(request.POST),
        lambda found, form: services.change_pipeline(deal=found, by=request.user, at=clock.now(), **form.cleaned_data),
        "In another pipeline now.",
    )
