"""What those who make and carry say about an order: its dates, and what went wrong."""

from datetime import date, datetime

from django.db import transaction
from django.urls import reverse

from sales.models import DeliveryProblem, Order, may_write_for
from salesmgmt.lib.refusals import Refused
from teams.models import User, access_of
from teams.selectors import person_of

from .guards import NOT_YOURS, WITHDRAWN, require_current, require_past
from .notices import tell

DATES = ("promised_on", "produced_on", "delivered_on", "paid_on")


@transaction.atomic
def record_delivery(
    *, order: Order, on: date, by: User | None, version: int | None = None, **dates: date | None
) -> Order:
    """Say when an order was promised, produced, delivered and paid, by `on` at the latest; None takes a day back."""
    order = _locked(order, by)
    require_current(version, order.version, noun="order", who=None, when=None)
    if order.cancelled_on is not None:
        raise Refused(f"This order was cancelled on {order.cancelled_on:%d %b %Y}; it is not delivered any more.")
    changed = [name for name in DATES if name in dates and dates[name] != getattr(order, name)]
    for name in changed:
        day = dates[name]
        verb = name.removesuffix("_on")
        if day is not None and day < order.ordered_on:
            raise Refused(f"It can't be {verb} on {day:%d %b %Y}, before it was ordered.", field=name)
        if day is not None and day > on and name != "promised_on":
            raise Refused(f"It can't be {verb} on {day:%d %b %Y}, a day still to come.", field=name)
        setattr(order, name, day)
    if "delivered_on" in changed:
        order.delivered_by = None if order.delivered_on is None else person_of(by) if by else None
        changed.append("delivered_by")
    if changed and order.produced_on and order.delivered_on and order.delivered_on < order.produced_on:
        raise Refused("It can't be delivered before it was produced.", field="delivered_on")
    if changed:
        order.version += 1
        order.save(update_fields=[*changed, "version"])
    return order


@transaction.atomic
def record_problem(
    *,
    order: Order,
    kind: str,
    found_on: date,
    by: User | None,
    at: datetime,
    on: date,
    text: str = "",
    external_id: str | None = None,
) -> DeliveryProblem:
    """Record what went wrong on the way; whoever sold it is told."""
    order = _locked(order, by)
    if kind not in DeliveryProblem.Kind.values:
        known = ", ".join(DeliveryProblem.Kind.values)
        raise Refused(f"“{kind}” is no kind of problem; it is one of {known}.", field="kind")
    if not order.ordered_on <= found_on <= on:
        raise Refused("A problem is found between the day of the order and today.", field="found_on")
    problem = DeliveryProblem.objects.create(
        order=order, kind=kind, found_on=found_on, text=text.strip(), recorded_by=by, external_id=external_id
    )
    said = f"{order}: {problem.get_kind_display().lower()}. {problem.text}"
    tell([order.owner], said, link=reverse("order", args=[order.pk]), at=at, but=by)
    return problem


@transaction.atomic
def resolve_problem(
    *, problem: DeliveryProblem, on: date, by: User | None, at: datetime, version: int | None = None
) -> DeliveryProblem:
    """Say that a problem is out of the world since a day."""
    _locked(problem.order, by)
    problem = DeliveryProblem.objects.select_for_update().get(pk=problem.pk)
    require_current(version, problem.version, noun="problem", who=None, when=None)
    if problem.withdrawn_at is not None:
        raise Refused(WITHDRAWN)
    if problem.resolved_on is not None:
        raise Refused(f"This was resolved on {problem.resolved_on:%d %b %Y} already.")
    require_past(on, at, by)
    if on < problem.found_on:
        raise Refused("A problem can't be resolved before it was found.", field="on")
    problem.resolved_on = on
    problem.version += 1
    problem.save(update_fields=["resolved_on", "version"])
    return problem


@transaction.atomic
def withdraw_problem(*, problem: DeliveryProblem, by: User | None, at: datetime) -> None:
    """Take back a problem that was none."""
    _locked(problem.order, by)
    DeliveryProblem.objects.filter(pk=problem.pk, withdrawn_at=None).update(withdrawn_at=at)


def _locked(order: Order, by: User | None) -> Order:
    order = Order.objects.select_for_update(of=("self",)).select_related("owner").get(pk=order.pk)
    if order.withdrawn_at is not None:
        raise Refused(WITHDRAWN)
    if by is not None and not (access_of(by).delivers or may_write_for(by, order.owner_id)):
        raise Refused(NOT_YOURS)
    return order
