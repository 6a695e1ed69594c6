"""Mails that came in and could not be logged by themselves."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from sales import forms, selectors, services
from sales.models import Activity, InboundMail
from salesmgmt.desk.edges import act, csv_answer
from salesmgmt.desk.idempotency import keyed
from salesmgmt.lib import clock
from teams.edges import SignedIn

from .common import in_zone, see_other, submitted, today_and_zone

MOST = 50  # shown; the next ones come up as these are dealt with


@require_GET
def mails(request: SignedIn) -> HttpResponseBase:
    if request.GET.get("export") == "csv":
        return csv_answer(request, "mails", MAILS, map(_row, _waiting(request).iterator(500)))
    return _page(request)


MAILS = ("received_at", "sender", "addresses", "subject", "problem", "text")


def _waiting(request: SignedIn) -> QuerySet[InboundMail]:
    return InboundMail.objects.visible_to(request.user).waiting().order_by("-received_at", "-pk")


def _row(mail: InboundMail) -> list[Any]:
    return [mail.received_at, mail.sender, "; ".join(mail.addresses), mail.subject, mail.problem, mail.text]


def _page(request: SignedIn, *, bound: forms.AssignMailForm | None = None, of: int = 0) -> HttpResponse:
    _, zone = today_and_zone(request)
    waiting = list(_waiting(request)[:MOST])
    context = {
        "rows": [
            (mail, bound if bound is not None and mail.pk == of else forms.AssignMailForm(user=request.user))
            for mail in waiting
        ],
        "count": len(waiting) if len(waiting) < MOST else _waiting(request).count(),
        "accounts": selectors.account_options(request.user, "") if waiting else (),
    }
    with in_zone(zone):
        return render(request, "sales/mails.html", context, status=422 if bound is not None else 200)


@require_POST
@keyed
def assign(request: SignedIn, pk: int) -> HttpResponse:
    """Log it with the account its owner names."""
    found = get_object_or_404(InboundMail.objects.visible_to(request.user).waiting(), pk=pk)
    form = forms.AssignMailForm(request.POST, user=request.user)
    made: list[Activity] = []

    def save() -> None:
        account = form.cleaned_data["account"]
        made.append(services.assign_mail(mail=found, by=request.user, account=account))

    if submitted(request, form, save, said="Logged."):
        return see_other("activity", made[0].pk)
    return _page(request, bound=form, of=pk)


@require_POST
@keyed
def discard(request: SignedIn, pk: int) -> HttpResponse:
    found = get_object_or_404(InboundMail.objects.visible_to(request.user).waiting(), pk=pk)
    return act(
        request,
        lambda: services.discard_mail(mail=found, by=request.user, at=clock.now()),
        said="Thrown away.",
        to=reverse("mails"),
    )
