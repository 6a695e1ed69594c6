"""What happened with a customer: a page of its own, and the part of it that pages and kinds are swapped into."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_GET

from sales import selectors
from sales.models import Account, Contact
from sales.selectors.timeline import FIRST_EVENTS, SIZE
from teams.edges import SignedIn

from .common import in_zone, today_and_zone


def story(request: SignedIn, record: Account | Contact, zone: str, *, size: int = FIRST_EVENTS) -> dict[str, Any]:
    """What `sales/_timeline.html` shows; of the record's own page the first events."""
    noun = "account" if isinstance(record, Account) else "contact"
    kind = request.GET.get("kind", "")
    kind = kind if kind in selectors.KINDS else ""
    return {
        "timeline": selectors.timeline(
            request.user, record, zone, kind=kind, cursor=request.GET.get("cursor", ""), size=size
        ),
        "kind": kind,
        "kinds": selectors.KINDS.items(),
        "story_url": reverse(f"{noun}-timeline", args=[record.pk]),
    }


@require_GET
def account(request: SignedIn, pk: int) -> HttpResponse:
    return _page(request, get_object_or_404(Account.objects.visible_to(request.user).only("name"), pk=pk))


@require_GET
def contact(request: SignedIn, pk: int) -> HttpResponse:
    found = Contact.objects.visible_to(request.user).only("name", "account")
    return _page(request, get_object_or_404(found, pk=pk))


def _page(request: SignedIn, record: Account | Contact) -> HttpResponse:
    _, zone = today_and_zone(request)
    is_part = request.headers.get("HX-Request") == "true"
    with in_zone(zone):
        context = {"record": record, "is_account": isinstance(record, Account)}
        context |= story(request, record, zone, size=SIZE)
        answer = render(request, "sales/_timeline.html" if is_part else "sales/timeline.html", context)
    patch_vary_headers(answer, ["HX-Request"])
    return answer
