"""Pages of the desk."""

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from salesmgmt.lib import clock

from .again import KEPT, NAME

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
