"""Flags one may see."""

from django.db.models import QuerySet

from performance.models import Flag
from teams.models import Viewer


def open_flags(user: Viewer) -> QuerySet[Flag]:
    """Open flags that `user` may see, the furthest behind first."""
    return Flag.objects.visible_to(user).open().select_related("person", "team").order_by("-gap", "pk")
