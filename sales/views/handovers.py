"""Handovers: books of business on their way from one person to another."""

from typing import Any

from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from sales import forms, selectors, services
from sales.models import Handover
from salesmgmt.desk.edges import act, csv_answer
from salesmgmt.desk.idempotency import keyed
from salesmgmt.lib import clock, keyset
from teams.edges import SignedIn
from teams.models import Person

from .common import in_zone, see_other, submitted, today_and_zone

COLUMNS = ("giver", "taker", "on", "reason", "state", "done_at")


@require_GET
def handovers(request: SignedIn) -> HttpResponseBase:
    """Those that concern whoever looks, the latest first."""
    day, _ = today_and_zone(request)
    if request.GET.get("export") == "csv":
        rows = selectors.handovers(request.user).order_by("pk").iterator(2000)
        said = ([one.giver.name, one.taker.name, one.on, one.reason, one.state, one.done_at] for one in rows)
        return csv_answer(request, "handovers", COLUMNS, said)
    cursor = forms.ListForm(request.GET).asked.get("cursor", "")
    page = keyset.page(selectors.handovers(request.user), by="proposed_at", descending=True, cursor=cursor)
    context = {
        "page": page,
        "asked": sum(
            1 for one in page.rows if one.state == "waiting" and selectors.consents_of(request.user, one, day)
        ),
        "may_propose": selectors.givers(request.user, day).exists(),
    }
    return render(request, "sales/handovers.html", context)


@require_http_methods(["GET", "POST"])
@keyed
def add(request: SignedIn) -> HttpResponse:
    """Whose book, to whom, from when, and what of it."""
    day, _ = today_and_zone(request)
    givers = selectors.givers(request.user, day)
    asked = forms.GiverForm(request.POST if request.method == "POST" else request.GET, givers=givers)
    giver: Person | None = asked.cleaned_data.get("giver") if asked.is_valid() else None
    choices = list(givers)
    if giver is None and len(choices) == 1:
        giver = choices[0]
    book = selectors.book_of(giver) if giver else None
    accounts, deals = selectors.whole_book(giver)
    form = forms.HandoverForm(
        request.POST if request.method == "POST" and giver else None,
        takers=selectors.takers(day).exclude(pk=giver.pk if giver else 0),
        accounts=accounts,
        deals=deals,
        initial={"on": day},
    )
    made: list[Handover] = []

    def save() -> None:
        assert giver is not None
        data = form.cleaned_data
        if data.pop("everything"):
            data |= {"accounts": accounts, "deals": deals}
        data |= {"accounts": list(data["accounts"]), "deals": list(data["deals"])}
        made.append(services.propose_handover(giver=giver, by=request.user, at=clock.now(), **data))

    if giver and request.method == "POST" and submitted(request, form, save, said="", topics=()) and made:
        return see_other("handover", made[0].pk)
    context = {
        "form": form,
        "giver": giver,
        "givers": choices,
        "book": book,
        "chosen_accounts": set(form["accounts"].value() or ()) if form.is_bound else set(),
        "chosen_deals": set(form["deals"].value() or ()) if form.is_bound else set(),
    }
    return render(request, "sales/handover_add.html", context, status=422 if form.errors else 200)


@require_GET
def handover(request: SignedIn, pk: int) -> HttpResponse:
    return _page(request, pk)


def _page(request: SignedIn, pk: int, **bound: Any) -> HttpResponse:
    seen = selectors.handovers(request.user).select_related(
        "giver", "taker", "proposed_by__person", "giver_consent_by__person", "taker_consent_by__person",
        "refused_by__person",
    )  # fmt: skip
    found = get_object_or_404(seen, pk=pk)
    day, zone = today_and_zone(request)
    waits = found.done_at is None and found.refused_at is None
    with in_zone(zone):
        context = {
            "handover": found,
            "contents": selectors.contents_of(found),
            "sides": selectors.consents_of(request.user, found, day) if waits else [],
            "may_take_back": waits and found.proposed_by_id == request.user.pk,
            "waits": waits,
            "is_ahead": found.on > day,
            "form": forms.HandoverAnswerForm(),
        }
        return render(request, "sales/handover.html", context | bound, status=422 if bound else 200)


@require_POST
@keyed
def answer(request: SignedIn, pk: int) -> HttpResponse:
    """Consent or refuse, for the side one leads."""
    found = get_object_or_404(selectors.handovers(request.user), pk=pk)
    day, _ = today_and_zone(request)
    if found.state == "waiting" and not selectors.consents_of(request.user, found, day):
        raise Http404
    form = forms.HandoverAnswerForm(request.POST)
    consents = request.POST.get("act") == "consent"

    def save() -> None:
        services.answer_handover(
            handover=found, consents=consents, by=request.user, at=clock.now(), answer=form.cleaned_data["answer"]
        )

    if submitted(request, form, save, said="You consented." if consents else "You refused."):
        return see_other("handover", pk)
    return _page(request, pk, form=form)


@require_POST
@keyed
def take_back(request: SignedIn, pk: int) -> HttpResponse:
    found = get_object_or_404(selectors.handovers(request.user), pk=pk)
    if found.proposed_by_id != request.user.pk:
        raise Http404
    return act(
        request,
        lambda: services.take_back_handover(handover=found, by=request.user, at=clock.now()),
        said="Taken back.",
        to=reverse("handover", args=[pk]),
    )
