"""What a user was told, the latest first."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from .models import Notice

SHOWN = 99  # a mark in a bar: more than that is many


def notices_of(user: Any) -> QuerySet[Notice]:
    """One's own notices; nobody reads another's."""
    return Notice.objects.filter(user=user)


def unseen_count(user: Any) -> int:
    """How many one has not looked at, up to `SHOWN` and one."""
    return notices_of(user).filter(seen_at=None)[: SHOWN + 1].count()


def see_notices(*, user: Any, until: int, at: datetime) -> int:
    """Mark as seen what was on the page: what came meanwhile stays new."""
    return notices_of(user).filter(seen_at=None, pk__lte=until).update(seen_at=at)
