"""Questions about orders and their credit."""

from datetime import date
from typing import Any

from django.db.models import Q, QuerySet, Sum

from sales.models import (
    Credit,
    Order,
)
from teams.models import Person, Viewer, access_of


def orders(
    user: Viewer,
    *,
    owner: int | None = None,
    account: int | None = None,
    start: date | None = None,
    end: date | None = None,
    state: str = "",
    late: str = "",
    day: date | None = None,
) -> QuerySet[Order]:
    """Orders somebody may see, ordered in `[start, end)`; `state`: open, overdue, delivered, cancelled."""
    found = Order.objects.visible_to(user).select_related("owner", "account", "deal", "product")
    asked = {"owner": owner, "account": account, "ordered_on__gte": start, "ordered_on__lt": end}
    found = found.filter(**{name: value for name, value in asked.items() if value})
    match state:
        case "open":
            found = found.standing().filter(delivered_on=None)
        case "overdue" if day is not None:
            found = found.overdue(day)
        case "delivered":
            found = found.standing().filter(delivered_on__isnull=False)
        case "cancelled":
            found = found.filter(cancelled_on__isnull=False)
    return found.standing().late(late) if late else found


def credit_of(user: Viewer, order: Order) -> list[dict[str, Any]]:
    """Who holds how much of an order's credit, as far as somebody may see."""
    held = Credit.objects.visible_to(user).filter(order=order).values("person", "person__name", "kind", "currency")
    return [dict(row) for row in held.annotate(amount=Sum("amount")).order_by("kind", "person__name", "person")]


def credited_on(order: Order) -> QuerySet[Person]:
    """Who shares an order's credit, and its owner."""
    return Person.objects.filter(Q(pk=order.owner_id) | Q(pk__in=order.credit_shares.values("person")))


def may_share(user: Viewer, order: Order) -> bool:
    """Nobody changes credit of their own."""
    me = access_of(user).person_id
    return me is None or (me != order.owner_id and not order.credit_shares.filter(person=me).exists())
