"""Pages of the desk."""

from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import NoReverseMatch, reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from salesmgmt.lib import clock
from salesmgmt.lib.refusals import Refused

from . import saved_views
from .again import KEPT, NAME
from .edges import act
from .idempotency import keyed
from .models import SavedView

# Fields that nobody typed.
SILENT = {"idempotency_key", "version", "back"}


@require_GET
@never_cache
def again(request: HttpRequest) -> HttpResponse:
    """After the login: what was typed before, to be sent by whoever typed it."""
    request.session.set_expiry(None)
    kept = request.session.get(NAME)
    if not kept or clock.now() - datetime.fromisoformat(kept["at"]) > KEPT:
        request.session.pop(NAME, None)
        return redirect("home")
    shown = [
        (name.rpartition("-")[2].replace("_", " ").capitalize(), value)
        for name, value in kept["fields"]
        if value and name.rpartition("-")[2] not in SILENT
    ]
    return render(request, "again.html", {"path": kept["path"], "fields": kept["fields"], "shown": shown})


@require_POST
@keyed
def view_save(request: HttpRequest) -> HttpResponse:
    """Keep a list's filters under a name, and show the list by them."""
    said = {name: request.POST.get(name, "") for name in ("page", "name", "query")}
    try:
        made = saved_views.save_view(user=request.user, is_shared="is_shared" in request.POST, **said)
    except Refused as refusal:
        messages.error(request, refusal.sentence)
        try:
            to = f"{reverse(said['page'])}?{saved_views.kept_of(said['query'])}"
        except (NoReverseMatch, Refused):
            to = reverse("home")
    else:
        messages.success(request, f"Saved as “{made.name}”.")
        to = made.url
    answer = redirect(to)
    answer.status_code = 303
    return answer


@require_POST
@keyed
def view_delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Forget a view of one's own."""
    found = get_object_or_404(SavedView.objects.visible_to(request.user), pk=pk, user=request.user.pk)
    to = reverse(found.page)
    return act(request, lambda: saved_views.delete_view(view=found), said=f"“{found.name}” is gone.", to=to)
