"""Referrals: who is happy enough to be asked, what came of those who were, whom to thank."""

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from sales.forms import leads as forms
from sales.models import Referral, may_write_for
from sales.selectors import account_options
from sales.selectors import referrals as selectors
from sales.services import referrals as acts
from salesmgmt.desk.edges import act, csv_answer
from salesmgmt.desk.idempotency import keyed
from salesmgmt.lib import clock, keyset
from salesmgmt.lib.refusals import Refused
from teams.edges import SignedIn
from teams.models import User, access_of
from teams.selectors import person_of

from .common import see_other, submitted, today_and_zone

COLUMNS = (
    "external_id", "account", "contact", "owner", "asked_on", "lead", "lead_status", "deal", "deal_status",
    "declined_on", "thanked_on", "note",
)  # fmt: skip


@require_GET
def referrals(request: SignedIn) -> HttpResponseBase:
    return _page(request)


def _page(request: SignedIn, **bound: Any) -> HttpResponseBase:
    asked = forms.RepeatListForm(request.GET).asked
    day, _ = today_and_zone(request)
    found = selectors.referrals(request.user, owner=asked.get("owner"))
    if request.GET.get("export") == "csv" and not bound:
        rows = found.order_by("pk").iterator(2000)
        return csv_answer(request, "referrals", COLUMNS, (_row(referral) for referral in rows))
    access = access_of(request.user)
    page = keyset.page(found, by="asked_on", descending=True, cursor=asked.get("cursor", ""))
    context = {
        "page": page,
        "writable": {row.pk for row in page.rows if may_write_for(request.user, row.owner_id)},
        "happy": [one for one in selectors.happy_accounts(day, request.user) if _may_ask(request.user, one)][:10],
        "to_thank": selectors.to_thank(request.user).count(),
        "form": forms.ReferralForm(user=request.user),
        "shows_owners": access.sees_all or access.leads,
        "may_ask": access.person_id is not None,
        "accounts": account_options(request.user, ""),
    }
    return render(request, "sales/referrals.html", context | bound, status=422 if bound else 200)


def _may_ask(user: User, happy: selectors.Happy) -> bool:
    """Whose account it is and who leads them; of an account that nobody owns, anybody."""
    return happy.account.owner_id is None or may_write_for(user, happy.account.owner_id)


def _row(referral: Referral) -> list[Any]:
    lead, deal = referral.lead, referral.lead.deal if referral.lead else None
    return [
        referral.external_id,
        referral.account.external_id or referral.account.name,
        referral.contact and (referral.contact.external_id or referral.contact.name),
        referral.owner.external_id or referral.owner.name,
        referral.asked_on,
        lead and (lead.external_id or lead.name),
        lead and lead.status,
        deal and (deal.external_id or deal.name),
        deal and deal.status,
        referral.declined_on,
        referral.thanked_on,
        referral.note,
    ]


@require_POST
@keyed
def ask(request: SignedIn) -> HttpResponseBase:
    """A customer was asked whom else we should know."""
    day, _ = today_and_zone(request)
    form = forms.ReferralForm(request.POST, user=request.user)

    def save() -> None:
        data = form.cleaned_data
        mine = data["account"].owner
        owner = mine if mine and may_write_for(request.user, mine.pk) else person_of(request.user)
        if owner is None:
            raise Refused("Nobody owns this account; give it to somebody first.", field="account")
        acts.ask_for_referral(owner=owner, by=request.user, on=day, at=clock.now(), **data)

    if submitted(request, form, save, said="Asked. What comes of it stands here."):
        return see_other("referrals")
    return _page(request, form=form)


def _act(request: SignedIn, pk: int, do: Callable[[Referral], object], said: str) -> HttpResponse:
    found = get_object_or_404(Referral.objects.visible_to(request.user).select_related("owner"), pk=pk)
    if not may_write_for(request.user, found.owner_id):
        raise Http404
    return act(request, lambda: do(found), said=said, to=reverse("referrals"))


@require_POST
@keyed
def thank(request: SignedIn, pk: int) -> HttpResponse:
    day, _ = today_and_zone(request)

    def do(found: Referral) -> object:
        return acts.thank_for_referral(referral=found, by=request.user, on=day, at=clock.now())

    return _act(request, pk, do, "Thanked.")


@require_POST
@keyed
def decline(request: SignedIn, pk: int) -> HttpResponse:
    day, _ = today_and_zone(request)

    def do(found: Referral) -> object:
        return acts.decline_referral(referral=found, by=request.user, on=day)

    return _act(request, pk, do, "Noted: they would rather not.")


@require_POST
@keyed
def follow(request: SignedIn, pk: int) -> HttpResponse:
    """Name the lead that came of it."""
    day, _ = today_and_zone(request)
    form = forms.FollowForm(request.POST, user=request.user)

    def do(found: Referral) -> object:
        if not form.is_valid():
            raise Refused(next(str(words) for errors in form.errors.values() for words in errors))
        data = form.cleaned_data
        return acts.follow_referral(referral=found, by=request.user, at=clock.now(), on=day, **data)

    return _act(request, pk, do, "Linked: it is followed to its deal.")
