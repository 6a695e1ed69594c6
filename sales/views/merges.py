"""Records that may be one: the review list, the merge beside its consequences, its undo."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from sales import forms, selectors, services
from sales.models import Account, Contact, Merge, may_write_for
from salesmgmt.desk.edges import act, csv_answer
from salesmgmt.desk.idempotency import keyed
from salesmgmt.desk.wake import wake
from salesmgmt.lib import clock
from salesmgmt.lib.refusals import Refused
from teams.edges import SignedIn
from teams.models import access_of

from .common import see_other, today_and_zone

MODELS: dict[str, Any] = {"account": Account, "contact": Contact}


def _reviewer_or_404(request: SignedIn) -> None:
    if not access_of(request.user).imports:
        raise Http404


def _noun(text: str) -> str:
    return text if text in MODELS else "account"


@require_GET
def duplicates(request: SignedIn) -> HttpResponseBase:
    """Pairs that look alike, over all accounts or contacts."""
    _reviewer_or_404(request)
    noun = _noun(request.GET.get("noun", ""))
    if request.GET.get("export") == "csv":
        return csv_answer(request, "duplicates", DUPLICATES, map(_row, selectors.all_look_alikes(noun)))
    found = selectors.look_alikes(noun, cursor=request.GET.get("cursor", ""))
    return render(request, "sales/duplicates.html", {"noun": noun, "pairs": found.pairs, "page": found.page})


DUPLICATES = ("one", "other", "likeness", "why")


def _row(pair: selectors.Pair) -> list[Any]:
    names = (record.external_id or record.name for record in (pair.one, pair.other))
    return [*names, pair.look_alike.likeness, pair.look_alike.why]


@require_POST
@keyed
def duplicates_find(request: SignedIn) -> HttpResponse:
    """Have the worker look through all again."""
    _reviewer_or_404(request)
    day, _ = today_and_zone(request)
    services.ask_for_look_alikes(on=day)
    wake("look_alikes")
    messages.success(request, "Looking through all of them; new pairs show here in a moment.")
    return see_other(f"{reverse('duplicates')}?noun={_noun(request.POST.get('noun', ''))}")


@require_POST
@keyed
def duplicate_apart(request: SignedIn, pk: int) -> HttpResponse:
    """Not the same: the pair is not listed again."""
    _reviewer_or_404(request)
    found = get_object_or_404(selectors.pairs(request.user), pk=pk)
    return act(
        request,
        lambda: services.tell_apart(pair=found, by=request.user, at=clock.now()),
        said="Remembered: they are not the same.",
        to=f"{reverse('duplicates')}?noun={found.noun}",
    )


@require_http_methods(["GET", "POST"])
@keyed
def account_merge(request: SignedIn, pk: int) -> HttpResponse:
    return _merge(request, "account", pk)


@require_http_methods(["GET", "POST"])
@keyed
def contact_merge(request: SignedIn, pk: int) -> HttpResponse:
    return _merge(request, "contact", pk)


def _merge(request: SignedIn, noun: str, pk: int) -> HttpResponse:
    """`?other=` by name or `?with=` by number: both beside each other, which is kept, and what would follow."""
    joins = ("owner", "territory", "parent") if noun == "account" else ("account__owner",)
    seen = MODELS[noun].objects.visible_to(request.user).select_related(*joins)
    kept = get_object_or_404(seen, pk=pk)
    if not may_write_for(request.user, selectors.keeper_of(kept)):
        raise Http404
    said = request.POST if request.method == "POST" else request.GET
    number = said.get("with", "")
    other = seen.filter(pk=number).first() if number.isascii() and number.isdigit() and len(number) < 19 else None
    form = (forms.AccountMergeForm if noun == "account" else forms.ContactMergeForm)(
        {"other": said.get("other", "")} if said.get("other") else None, user=request.user
    )
    if other is None and form.is_bound and form.is_valid():
        other = seen.filter(pk=form.cleaned_data["other"].pk).first()
    problem = ""
    if request.method == "POST" and other is not None:
        try:
            made = services.merge(kept=kept, given_up=other, by=request.user, at=clock.now())
        except Refused as refused:
            problem = refused.sentence
        else:
            undo = reverse("merge-undo", args=[made.pk])
            messages.success(request, f"{other.name} is one with {kept.name} now.", extra_tags=f"undo:{undo}")
            return see_other(noun, kept.pk)
    context = {
        "noun": noun,
        "kept": kept,
        "other": other,
        "form": form,
        "problem": problem,
        "rows": selectors.beside(kept, other) if other is not None else [],
        "counts": selectors.what_moves(other) if other is not None else [],
        "back": reverse(noun, args=[pk]),
        "accounts": selectors.account_options(request.user, "") if noun == "account" else [],
        "contacts": selectors.contact_options(request.user, "") if noun == "contact" else [],
    }
    status = 422 if problem or form.errors or (request.method == "POST") else 200
    return render(request, "sales/merge.html", context, status=status)


@require_POST
@keyed
def merge_undo(request: SignedIn, pk: int) -> HttpResponse:
    """Take a merge apart; what was changed since stays, and is said."""
    found = get_object_or_404(Merge.objects.visible_to(request.user), pk=pk, undone_at=None)
    kept = get_object_or_404(MODELS[found.noun].objects.visible_to(request.user), pk=found.kept_id)
    if not may_write_for(request.user, selectors.keeper_of(kept)):
        raise Http404
    stays: list[str] = []
    answer = act(
        request,
        lambda: stays.extend(services.undo_merge(merge=found, by=request.user, at=clock.now())),
        said="They stand apart again.",
        to=reverse(found.noun, args=[found.kept_id]),
    )
    for sentence in stays:
        messages.warning(request, sentence)
    return answer
