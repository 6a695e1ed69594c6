"""Market notes: heard or seen, noted in ten seconds."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from sales import forms, selectors, services
from sales.models import MarketNote, may_write_for
from salesmgmt.desk.edges import act, csv_answer, part_of
from salesmgmt.desk.idempotency import keyed
from salesmgmt.lib import clock, keyset
from teams.edges import SignedIn
from teams.selectors import person_of

from .common import in_zone, see_other, submitted, today_and_zone

COLUMNS = ("external_id", "owner", "noted_at", "text", "tags", "competitor", "product", "account")


@require_http_methods(["GET", "POST"])
@keyed
def market(request: SignedIn) -> HttpResponseBase:
    """What was noted, the latest first; the box above adds a note."""
    owner = person_of(request.user)
    form = forms.MarketNoteForm(request.POST or None)

    def save() -> None:
        if owner is None:
            form.add_error(None, "Your login is not linked to a person, so it notes nothing.")
            return
        services.add_market_note(owner=owner, text=form.cleaned_data["text"], by=request.user, at=clock.now())
        messages.success(request, "Noted.")

    if request.method == "POST" and submitted(request, form, save, said="", topics=()) and not form.errors:
        return see_other("market")
    asked = forms.MarketNoteListForm(request.GET).asked
    cursor = asked.pop("cursor", "")
    found = selectors.market_notes(request.user, **{name: value for name, value in asked.items() if value})
    if request.GET.get("export") == "csv":
        return csv_answer(
            request, "market-notes", COLUMNS, (_row(note) for note in found.order_by("pk").iterator(2000))
        )
    page = keyset.page(found, by="noted_at", descending=True, cursor=cursor)
    _, zone = today_and_zone(request)
    context = {
        "form": form,
        "page": page,
        "asked": asked,
        "may_add": owner is not None,
        "is_narrowed": any(asked.values()),
        "tags": selectors.tags_in_use(request.user),
        "competitors": selectors.competitors(),
        "about": selectors.named_by(request.user, asked),
    }
    with in_zone(zone):
        return render(request, "sales/market.html", context, status=422 if form.errors else 200)


def _row(note: MarketNote) -> list[Any]:
    return [
        note.external_id,
        note.owner.external_id or note.owner.name,
        note.noted_at,
        note.text,
        " ".join(note.tags),
        note.competitor and note.competitor.name,
        note.product and (note.product.external_id or note.product.name),
        note.account and (note.account.external_id or note.account.name),
    ]


@require_GET
@part_of("market")
def options(request: SignedIn) -> HttpResponse:
    """What a #tag or an @name that is being typed may become."""
    text = request.GET.get("text", "").replace("\x00", "")[-200:]
    return render(request, "sales/_note_options.html", {"options": selectors.completions(request.user, text)})


@require_http_methods(["GET", "POST"])
@keyed
def note(request: SignedIn, pk: int) -> HttpResponse:
    """A note with whom it is about, to be changed by whose it is."""
    seen = MarketNote.objects.visible_to(request.user).select_related("owner", "competitor", "product", "account")
    found = get_object_or_404(seen, pk=pk)
    may_write = may_write_for(request.user, found.owner_id)
    if request.method == "POST" and not may_write:
        raise Http404
    names = ("text", "competitor", "product", "account", "version")
    form = forms.MarketNoteChangeForm(
        request.POST or None, user=request.user, initial={name: getattr(found, name) for name in names}
    )

    def save() -> None:
        data = dict(form.cleaned_data)
        services.change_market_note(note=found, by=request.user, version=data.pop("version"), **data)

    def now_at() -> int:
        return seen.get(pk=pk).version

    if request.method == "POST" and submitted(request, form, save, said="Saved.", topics=(), now_at=now_at):
        return see_other("market")
    _, zone = today_and_zone(request)
    context = {
        "note": found,
        "form": form,
        "may_write": may_write,
        "accounts": selectors.account_options(request.user, "") if may_write else (),
    }
    with in_zone(zone):
        return render(request, "sales/market_note.html", context, status=422 if form.errors else 200)


@require_POST
@keyed
def withdraw(request: SignedIn, pk: int) -> HttpResponse:
    found = get_object_or_404(MarketNote.objects.visible_to(request.user).select_related("owner"), pk=pk)
    if not may_write_for(request.user, found.owner_id):
        raise Http404
    services.withdraw_market_note(note=found, by=request.user, at=clock.now())
    messages.success(request, "The note is taken out.", extra_tags=f"undo:{reverse('market-note-restore', args=[pk])}")
    return see_other("market")


@require_POST
@keyed
def restore(request: SignedIn, pk: int) -> HttpResponse:
    found = get_object_or_404(selectors.withdrawn_market_notes(request.user), pk=pk)
    return act(
        request,
        lambda: services.restore_market_note(note=found, by=request.user),
        said="The note is back.",
        to=reverse("market"),
    )
