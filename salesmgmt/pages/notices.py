"""Notices: what one was told, and that one has seen it."""

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from salesmgmt.desk.edges import act, part_of
from salesmgmt.desk.notices import SHOWN, notices_of, see_notices, unseen_count
from salesmgmt.lib import clock, keyset
from teams.edges import SignedIn


class SeenForm(forms.Form):
    until = forms.IntegerField(min_value=1, max_value=2**63 - 1)


@require_GET
def notices(request: SignedIn) -> HttpResponse:
    """The latest first; new ones are said to be."""
    page = keyset.page(notices_of(request.user), by="at", descending=True, cursor=request.GET.get("cursor", ""))
    context = {
        "page": page,
        "unseen": unseen_count(request.user),
        "until": max((notice.pk for notice in page.rows), default=0),
    }
    return render(request, "pages/notices.html", context)


@require_GET
@part_of("notices")
def notice_count(request: SignedIn) -> HttpResponse:
    """The mark beside the bell, asked for by open pages."""
    count = unseen_count(request.user)
    return render(request, "pages/_notice_count.html", {"count": count, "is_many": count > SHOWN})


@require_POST
def notices_seen(request: SignedIn) -> HttpResponse:
    """All that the page showed, and what came before it, is seen."""
    form = SeenForm(request.POST)
    until = form.cleaned_data["until"] if form.is_valid() else 0
    return act(
        request,
        lambda: see_notices(user=request.user, until=until, at=clock.now()),
        said="All read.",
        to="notices",
    )
