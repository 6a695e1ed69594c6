"""A list's filters, kept under a name."""

from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.db.models import Count
from django.urls import NoReverseMatch, reverse

from salesmgmt.lib.refusals import Refused

from .models import SavedView

MOST = 50  # of one person
LONGEST = 2000
PASSING = ("cursor", "export", "show")  # where one is in a list, not what it shows


def views_of(user: Any, page: str) -> list[SavedView]:
    """One's own views of a page, and those that others share."""
    found = SavedView.objects.visible_to(user).filter(page=page).select_related("user")
    return list(found.order_by("is_shared", "name", "pk")[: 2 * MOST])


def save_view(*, user: Any, page: str, name: str, query: str, is_shared: bool = False) -> SavedView:
    """Keep a list's query string under a name; the same name takes the place of what it was."""
    name = " ".join(name.split())
    if not name or len(name) > 100 or not name.isprintable():
        raise Refused("Give the view a name of 1 to 100 characters.", field="name")
    try:
        reverse(page)
    except NoReverseMatch:
        raise Refused("There is no such list.", field="page") from None
    count = SavedView.objects.filter(user=user).exclude(page=page, name=name).aggregate(count=Count("pk"))["count"]
    if count >= MOST:
        raise Refused(f"You have {MOST} views; delete one first.", field="name")
    view, _ = SavedView.objects.update_or_create(
        user=user, page=page, name=name, defaults={"query": kept_of(query), "is_shared": is_shared}
    )
    return view


def delete_view(*, view: SavedView) -> None:
    view.delete()


def kept_of(query: str) -> str:
    """What a query string says of what is shown."""
    try:
        asked = parse_qsl(query.lstrip("?"), keep_blank_values=True, max_num_fields=100)
    except ValueError as error:
        raise Refused("This list's address can't be kept.", field="query") from error
    text = urlencode([(name, value) for name, value in asked if name not in PASSING])
    if len(text) > LONGEST or "\x00" in text or "%00" in text:
        raise Refused("This list's address is too long to be kept.", field="query")
    return text
