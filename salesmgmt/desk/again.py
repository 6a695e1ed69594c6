"""What somebody had typed when their session ran out, kept in the session that begins with the login page."""

from datetime import timedelta
from typing import Any

from salesmgmt.lib import clock

NAME = "typed"
MOST = 100_000  # characters; a form, not a file
KEPT = timedelta(hours=1)
SECRETS = ("csrfmiddlewaretoken", "password", "secret", "token")


def keep(request: Any) -> bool:
    """Keep the fields of a form; False where there is nothing to keep, or too much."""
    if request.headers.get("HX-Request") or request.FILES:
        return False
    fields = [
        (name, value)
        for name, values in request.POST.lists()
        if not any(secret in name.lower() for secret in SECRETS)
        for value in values
    ]
    if not fields or sum(len(name) + len(value) for name, value in fields) > MOST:
        return False
    # The database has no text with a NUL in it.
    clean = [(name.replace("\x00", ""), value.replace("\x00", "")) for name, value in fields]
    request.session[NAME] = {"path": request.path, "fields": clean, "at": clock.now().isoformat()}
    request.session.set_expiry(int(KEPT.total_seconds()))
    return True
