"""What those who deliver see of an order: what, for whom, by when. No amount, no credit, no deal."""

from datetime import date

from django.db.models import Prefetch, Q, QuerySet

from sales.models import DeliveryProblem, Order, OrderLine
from teams.models import Viewer, access_of

HIDDEN = ("amount", "tax")


def deliveries(user: Viewer, *, state: str = "open", text: str = "", day: date | None = None) -> QuerySet[Order]:
    """Orders to be made and carried; nothing for whoever does neither.

    `state`: open (not delivered yet), overdue (promised before `day`), late, problem (one that is not resolved), all.
    """
    if not access_of(user).delivers:
        return Order.objects.none()
    found = Order.objects.present().standing().defer(*HIDDEN).select_related("account", "product")
    match state:
        case "open":
            found = found.filter(delivered_on=None)
        case "overdue" if day is not None:
            found = found.overdue(day)
        case "late":
            found = found.late()
        case "problem":
            troubled = DeliveryProblem.objects.present().filter(resolved_on=None)
            found = found.filter(pk__in=troubled.values("order"))
    if text:
        found = found.filter(Q(number__icontains=text) | Q(account__name__icontains=text))
    goods = OrderLine.objects.present().select_related("product").only("text", "quantity", "order", "product__name")
    return found.prefetch_related(Prefetch("lines", goods.order_by("pk"), to_attr="goods"))


def problems_of(order: Order) -> QuerySet[DeliveryProblem]:
    """What went wrong with an order, the latest first."""
    return order.delivery_problems.present().order_by("-found_on", "-pk")


def delivery_problems(user: Viewer) -> QuerySet[DeliveryProblem]:
    """Problems with the orders one sells, and all of them for those who deliver."""
    if access_of(user).delivers:
        return DeliveryProblem.objects.present()
    return DeliveryProblem.objects.visible_to(user)


def orders_with_problems(user: Viewer) -> QuerySet[Order]:
    """Orders on which somebody may record a problem: what they sell, what they deliver."""
    return deliveries(user, state="all") if access_of(user).delivers else Order.objects.visible_to(user)
