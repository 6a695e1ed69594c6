"""Erasing personal data on request: an admin names whom, and can't take it back."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from sales.views.common import see_other, today_and_zone
from salesmgmt.desk.edges import tell_form
from salesmgmt.desk.idempotency import keyed
from salesmgmt.desk.models import Erasure
from salesmgmt.exchange.services.erasing import NOUNS, erase
from salesmgmt.lib import clock, keyset
from salesmgmt.lib.refusals import Refused
from teams.edges import SignedIn
from teams.models import User, access_of


class ErasureForm(forms.Form):
    """The name again, so that nobody is erased by a slip."""

    name = forms.CharField(max_length=200)
    reason = forms.CharField(max_length=200, label="Who asked for it, and when")

    def __init__(self, *args: Any, stands: str, **more: Any) -> None:
        super().__init__(*args, **more)
        self.stands = stands
        self.fields["name"].help_text = f"Type “{stands}”."

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if name != self.stands:
            raise forms.ValidationError(f"“{name}” is not the name; type “{self.stands}” exactly as it stands.")
        return name


def _admin_or_404(user: User) -> None:
    if access_of(user).role != "admin":
        raise Http404


@require_GET
def erasures(request: SignedIn) -> HttpResponse:
    """What was erased, the latest first."""
    _admin_or_404(request.user)
    page = keyset.page(Erasure.objects.all(), by="at", descending=True, cursor=request.GET.get("cursor", ""))
    users = User.objects.select_related("person").in_bulk({row.by_id for row in page.rows if row.by_id})
    rows = [(row, users.get(row.by_id), sum(row.touched.values())) for row in page.rows]
    return render(request, "pages/erasures.html", {"page": page, "rows": rows})


@require_http_methods(["GET", "POST"])
@keyed
def erasure(request: SignedIn, noun: str, pk: int) -> HttpResponse:
    """What goes and what stays of somebody; with their name typed once more, it goes."""
    _admin_or_404(request.user)
    if noun not in NOUNS:
        raise Http404
    record = get_object_or_404(NOUNS[noun].objects.all(), pk=pk)
    form = ErasureForm(request.POST or None, stands=record.name)
    if request.method == "POST" and form.is_valid():
        day, _ = today_and_zone(request)
        try:
            erase(noun=noun, pk=pk, by=request.user, at=clock.now(), on=day, reason=form.cleaned_data["reason"])
        except Refused as refusal:
            tell_form(form, refusal)
        else:
            messages.success(request, "Erased.")
            return see_other(reverse("erasures"))
    context = {"noun": noun, "record": record, "form": form, "back": reverse(noun, args=[pk])}
    return render(request, "pages/erasure.html", context, status=422 if form.errors else 200)
