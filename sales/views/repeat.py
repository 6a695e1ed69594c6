"""Repeat business: what to suggest to whom, what came of it; and the register of gifts."""

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from sales.forms import leads as forms
from sales.models import Gift, Recommendation, may_write_for
from sales.selectors import choosable_owners
from sales.selectors import gifts as of_gifts
from sales.selectors import repeat as selectors
from sales.services import gifts as giving
from sales.services import recommendations as acts
from salesmgmt.desk.edges import act, csv_answer
from salesmgmt.desk.idempotency import keyed
from salesmgmt.lib import clock, keyset
from salesmgmt.lib.refusals import Refused
from teams.edges import SignedIn
from teams.models import access_of
from teams.selectors import organisation_of, person_of

from .common import see_other, submitted, today_and_zone

COLUMNS = (
    "account", "owner", "kind", "product", "contact", "contract", "sentence", "made_on", "state", "decided_at", "order",
    "deal",
)  # fmt: skip
GIFT_COLUMNS = ("external_id", "contact", "account", "owner", "occasion", "amount", "currency", "given_on")


@require_GET
def repeat(request: SignedIn) -> HttpResponseBase:
    asked = forms.RepeatListForm(request.GET).asked
    day, _ = today_and_zone(request)
    state = {"": "open", "all": ""}.get(asked.get("state", ""), asked.get("state", ""))
    found = selectors.recommendations(
        request.user,
        state=state,
        kind=asked.get("kind", ""),
        owner=asked.get("owner"),
        account=asked.get("account"),
    )
    if request.GET.get("export") == "csv":
        rows = found.order_by("pk").iterator(2000)
        return csv_answer(request, "recommendations", COLUMNS, (_row(row) for row in rows))
    access = access_of(request.user)
    shows_owners = access.sees_all or access.leads
    page = keyset.page(found, by="made_on", descending=True, cursor=asked.get("cursor", ""))
    measured = selectors.measured(request.user, day)
    context = {
        "page": page,
        "measured": measured,
        "open": sum(row.open for row in measured),
        "overdue": next((row.open for row in measured if row.kind == Recommendation.Kind.REORDER), 0),
        "asked": asked,
        "state": state or "all",
        "states": [
            ("open", "Open"),
            ("taken", "Taken"),
            ("dismissed", "Dismissed"),
            ("expired", "Let pass"),
            ("all", "All"),
        ],
        "kinds": Recommendation.Kind.choices,
        "owners": choosable_owners(request.user, day).only("name") if shows_owners else (),
        "shows_owners": shows_owners,
        "decidable": {row.pk for row in page.rows if selectors.may_decide(request.user, row)},
        "currency": organisation_of(request.user).currency,
    }
    return render(request, "sales/repeat.html", context)


def _row(row: Recommendation) -> list[Any]:
    return [
        row.account.external_id or row.account.name,
        row.owner and (row.owner.external_id or row.owner.name),
        row.kind,
        row.product and (row.product.external_id or row.product.name),
        row.contact and (row.contact.external_id or row.contact.name),
        row.contract and (row.contract.external_id or row.contract.number),
        row.sentence,
        row.made_on,
        row.state,
        row.decided_at,
        row.order and (row.order.external_id or row.order.number),
        row.deal and (row.deal.external_id or row.deal.name),
    ]


def _decide(request: SignedIn, pk: int, do: Callable[[Recommendation], object], said: str) -> HttpResponse:
    found = get_object_or_404(Recommendation.objects.visible_to(request.user), pk=pk)
    if not selectors.may_decide(request.user, found):
        raise Http404
    back = request.POST.get("back", "")
    is_ours = url_has_allowed_host_and_scheme(back, allowed_hosts=None) and back.startswith("/accounts/")
    return act(request, lambda: do(found), said=said, to=back if is_ours else reverse("repeat"))


@require_POST
@keyed
def take(request: SignedIn, pk: int) -> HttpResponse:
    day, _ = today_and_zone(request)

    def do(found: Recommendation) -> object:
        return acts.take_recommendation(recommendation=found, by=request.user, at=clock.now(), on=day)

    return _decide(request, pk, do, "On the to-do list.")


@require_POST
@keyed
def dismiss(request: SignedIn, pk: int) -> HttpResponse:
    def do(found: Recommendation) -> object:
        return acts.dismiss_recommendation(recommendation=found, by=request.user, at=clock.now())

    return _decide(request, pk, do, "Dismissed; it does not come back for a while.")


# ── Gifts ───────────────────────────────────────────────────────────────────────────────────────────────────────


@require_GET
def gifts(request: SignedIn) -> HttpResponseBase:
    return _gifts(request)


def _gifts(request: SignedIn, **bound: Any) -> HttpResponseBase:
    asked = forms.GiftListForm(request.GET).asked
    day, _ = today_and_zone(request)
    found = of_gifts.gifts(request.user, owner=asked.get("owner"), year=asked.get("year"))
    if request.GET.get("export") == "csv" and not bound:
        rows = found.order_by("pk").iterator(2000)
        return csv_answer(request, "gifts", GIFT_COLUMNS, (_gift_row(gift) for gift in rows))
    access, organisation = access_of(request.user), organisation_of(request.user)
    birthday = _asked_for(request, asked.get("recommendation"))
    count, totals = of_gifts.year_total(request.user, day)
    context = {
        "page": keyset.page(found, by="given_on", descending=True, cursor=asked.get("cursor", "")),
        "count": count,
        "totals": totals,
        "form": forms.GiftForm(
            user=request.user,
            initial={
                "currency": organisation.currency,
                "given_on": day,
                **(
                    {"contact": f"{birthday.contact} #{birthday.contact_id}", "occasion": "Birthday"}
                    if birthday
                    else {}
                ),
            },
        ),
        "recommendation": birthday,
        "is_asked": bool(birthday or bound),
        "limit": organisation.gift_limit,
        "currency": organisation.currency,
        "shows_owners": access.sees_all or access.leads,
        "may_give": access.person_id is not None,
        "year": asked.get("year"),
        "years": range(day.year, day.year - 4, -1),
    }
    return render(request, "sales/gifts.html", context | bound, status=422 if bound else 200)


def _asked_for(request: SignedIn, pk: int | None) -> Recommendation | None:
    """The birthday that a link to the form named."""
    seen = Recommendation.objects.visible_to(request.user).select_related("contact")
    return seen.filter(pk=pk, kind=Recommendation.Kind.BIRTHDAY).first() if pk else None


def _gift_row(gift: Gift) -> list[Any]:
    return [
        gift.external_id,
        gift.contact.external_id or gift.contact.name,
        gift.account.external_id or gift.account.name,
        gift.owner.external_id or gift.owner.name,
        gift.occasion,
        gift.amount,
        gift.currency,
        gift.given_on,
    ]


@require_POST
@keyed
def give(request: SignedIn) -> HttpResponseBase:
    """Register a gift."""
    form = forms.GiftForm(request.POST, user=request.user)
    asked = forms.GiftListForm(request.POST).asked

    def save() -> None:
        owner = person_of(request.user)
        if owner is None:
            raise Refused("Gifts are given by somebody who works here; this login is nobody's.")
        giving.give_gift(
            owner=owner,
            by=request.user,
            at=clock.now(),
            recommendation=_asked_for(request, asked.get("recommendation")),
            **form.cleaned_data,
        )

    if submitted(request, form, save, said="Registered.", topics=()):
        return see_other("gifts")
    return _gifts(request, form=form)


@require_POST
@keyed
def gift_withdraw(request: SignedIn, pk: int) -> HttpResponse:
    found = get_object_or_404(Gift.objects.visible_to(request.user).select_related("owner"), pk=pk)
    if not may_write_for(request.user, found.owner_id):
        raise Http404
    return act(
        request,
        lambda: giving.withdraw_gift(gift=found, by=request.user, at=clock.now()),
        said="Taken out of the register.",
        to=reverse("gifts"),
    )
