"""What an edge behind the login is handed."""

from collections.abc import Iterable
from typing import Any

import structlog
from django.db import DatabaseError, transaction
from django.http import HttpRequest

from salesmgmt.lib import clock
from teams.models import User
from teams.selectors import organisation_of
from teams.services import note_looks

logger = structlog.get_logger(__name__)


class SignedIn(HttpRequest):
    """A request that LoginRequiredMiddleware let through (for annotations)."""

    user: User


def looked(request: Any, page: str, *person_ids: int | None) -> None:
    """Note for these people who is looking at them here. Best effort: no page is lost over it."""
    looked_at(request, page, (pk for pk in person_ids if pk is not None))


def looked_at(request: Any, page: str, person_ids: Iterable[int]) -> None:
    """The same of several people. A form that comes back with its page was a look too."""
    if not isinstance(request.user, User):
        return
    reads = request.method in {"GET", "HEAD"}
    now = clock.now()
    on = clock.day_of(now, organisation_of(request.user).time_zone)
    try:
        with transaction.atomic(savepoint=not reads):  # what is done on the same POST stands without the look
            note_looks(viewer=request.user, person_ids=person_ids, page=page, at=now, on=on)
    except DatabaseError as error:
        logger.warning("look_lost", error=str(error))
