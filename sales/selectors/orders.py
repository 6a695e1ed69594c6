"""Questions about orders and their credit."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Q, QuerySet, Sum

from sales.models import (
    Credit,
    Order,
    OrderQuerySet,
)
from teams.models import Person, Viewer, access_of

from .naming import named


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """What a list of orders is narrowed to: ordered in `[start, end)`; `state`: open, overdue, delivered, cancelled."""

    owner: int | None = None
    account: int | None = None
    start: date | None = None
    end: date | None = None
    state: str = ""
    late: str = ""
    day: date | None = None


def orders(user: Viewer, **asked: Any) -> QuerySet[Order]:
    """Orders somebody may see, narrowed as an `OrderFilter` says."""
    seen = Order.objects.visible_to(user).select_related("owner", "account", "deal", "product")
    return _narrowed(seen, OrderFilter(**asked))


def orders_in_parts(user: Viewer, **asked: Any) -> tuple[list[OrderQuerySet], bool]:
    """The same in parts that share none, for a list; and whether the first of an order may lie at its far end."""
    narrowed = OrderFilter(**asked)
    parts = [_narrowed(part, narrowed) for part in Order.objects.visible_parts(user)]
    return parts, narrowed != OrderFilter(day=narrowed.day)


def orders_named() -> Any:
    """Orders as a list names them, for those it has found among what is visible."""
    return named(Order.objects.all(), "owner", "account", "deal")


def _narrowed(found: OrderQuerySet, asked: OrderFilter) -> OrderQuerySet:
    exact = {
        "owner": asked.owner, "account": asked.account, "ordered_on__gte": asked.start, "ordered_on__lt": asked.end,
    }  # fmt: skip
    found = found.filter(**{name: value for name, value in exact.items() if value})
    match asked.state:
        case "open":
            found = found.standing().filter(delivered_on=None)
        case "overdue" if asked.day is not None:
            found = found.overdue(asked.day)
        case "delivered":
            found = found.standing().filter(delivered_on__isnull=False)
        case "cancelled":
            found = found.filter(cancelled_on__isnull=False)
    return found.standing().late(asked.late) if asked.late else found


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
