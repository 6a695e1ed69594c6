"""People's rights: what is shown of them and for how long it is kept, who looked, and all that is stored."""

from collections.abc import Callable
from typing import Any

import structlog
from django import forms
from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from sales.views.common import see_other
from salesmgmt.desk.edges import tell_form
from salesmgmt.desk.expiry import LONGEST, expiries, kept, set_retention
from salesmgmt.desk.idempotency import keyed
from salesmgmt.exchange.services.own_data import LEFT_OUT, ask_copy
from salesmgmt.lib import clock, keyset
from salesmgmt.lib.groups import SMALLEST_GROUP
from salesmgmt.lib.refusals import Refused
from teams.edges import SignedIn
from teams.models import DataCopy, Look, Organisation, Showing, User, access_of
from teams.selectors import person_of
from teams.services import change_organisation

logger = structlog.get_logger(__name__)


class ShowingForm(forms.Form):
    """Whether something may be shown of single people, and in which countries not."""

    is_shown = forms.BooleanField(required=False, label="Shown")
    countries = forms.CharField(
        required=False, max_length=500, label="Not in these countries", help_text="Two letters each: DE, FR"
    )

    def clean_countries(self) -> list[str]:
        return str(self.cleaned_data["countries"]).replace(",", " ").split()


class KeptForm(forms.Form):
    months = forms.IntegerField(min_value=1, max_value=LONGEST, label="Months")


def _admin_or_404(user: User) -> None:
    if access_of(user).role != "admin":
        raise Http404


@require_GET
def privacy(request: SignedIn) -> HttpResponse:
    """What is shown of people here, from which group size on, and how long what is kept; an admin changes it."""
    return _privacy(request)


@require_POST
@keyed
def privacy_showing(request: SignedIn, what: str) -> HttpResponse:
    """Switch what may be shown of single people."""
    _admin_or_404(request.user)
    if what not in Showing.values:
        raise Http404
    showing, form = Showing(what), ShowingForm(request.POST, auto_id=f"id_{what}_%s")

    def do() -> None:
        said = form.cleaned_data
        changes: dict[str, Any] = {showing.switch: said["is_shown"], showing.countries: said["countries"]}
        change_organisation(by=request.user, **changes)

    return _done(request, what, form, do, f"{showing.label}: changed, on every page from now on.")


@require_POST
@keyed
def privacy_kept(request: SignedIn, key: str) -> HttpResponse:
    """Keep a kind of record for so many months."""
    _admin_or_404(request.user)
    if key not in expiries():
        raise Http404
    form = KeptForm(request.POST, auto_id=f"id_{key}_%s")

    def do() -> None:
        set_retention(key=key, months=form.cleaned_data["months"], by=request.user.pk, at=clock.now())

    return _done(request, key, form, do, f"{expiries()[key].label}: changed. What is older goes tonight.")


def _done(request: SignedIn, key: str, form: forms.Form, do: Callable[[], None], said: str) -> HttpResponse:
    """Back to the page; where the form has something to say, with the form."""
    if form.is_valid():
        try:
            do()
        except Refused as refusal:
            tell_form(form, refusal)
        else:
            messages.success(request, said)
            return see_other(reverse("privacy"))
    return _privacy(request, **{key: form})


def _privacy(request: SignedIn, **bound: forms.Form) -> HttpResponse:
    organisation = Organisation.get()
    shown = []
    for what in Showing:
        shows, countries = organisation.shows(what), ", ".join(sorted(organisation.countries_without(what)))
        unbound = ShowingForm(initial={"is_shown": shows, "countries": countries}, auto_id=f"id_{what}_%s")
        shown.append((what, shows, countries, bound.get(what, unbound)))
    lasting = [
        (one, bound.get(one.expiry.key) or KeptForm(initial={"months": one.months}, auto_id=f"id_{one.expiry.key}_%s"))
        for one in kept()
    ]
    access = access_of(request.user)
    context = {
        "shown": shown,
        "hidden": [what.label.lower() for what, shows, countries, _ in shown if countries or not shows],
        "kept": lasting,
        "smallest": SMALLEST_GROUP,
        "may_change": access.role == "admin",
        "has_person": access.person_id is not None,
    }
    return render(request, "pages/privacy.html", context, status=422 if bound else 200)


@require_GET
def looks(request: SignedIn) -> HttpResponse:
    """Who looked at one's own figures."""
    if access_of(request.user).person_id is None:
        raise Http404
    found = Look.objects.visible_to(request.user).select_related("viewer__person")
    page = keyset.page(found, by="at", descending=True, cursor=request.GET.get("cursor", ""), lacks=False)
    months = next(one.months for one in kept() if one.expiry.key == "looks")
    viewers = found.order_by("viewer").values("viewer").distinct().count()
    return render(request, "pages/looks.html", {"page": page, "months": months, "viewers": viewers})


@require_http_methods(["GET", "POST"])
def own_data(request: SignedIn) -> HttpResponse:
    """Everything that is stored about oneself: asked for here, packed by the worker, kept for some days."""
    person = person_of(request.user)
    if person is None:
        raise Http404
    now = clock.now()
    if request.method == "POST":
        ask_copy(person=person, at=now)
        messages.success(request, "Asked for. You are told as soon as it is packed.")
        return see_other(reverse("own-data"))
    copy = DataCopy.objects.visible_to(request.user).kept(now).first()
    return render(request, "pages/own_data.html", {"left_out": sorted(set(LEFT_OUT.values())), "copy": copy})


@require_GET
def own_data_file(request: SignedIn) -> HttpResponseBase:
    """What was packed for oneself."""
    copy = DataCopy.objects.visible_to(request.user).kept(clock.now()).exclude(file="").first()
    if copy is None or copy.made_at is None or not copy.file.storage.exists(str(copy.file.name)):
        raise Http404
    logger.info("own_data_taken_out", user=request.user.pk)
    answer = FileResponse(copy.file.open("rb"), as_attachment=True, filename=f"my-data-{copy.made_at:%Y-%m-%d}.zip")
    answer["Cache-Control"] = "private, no-store"
    return answer
