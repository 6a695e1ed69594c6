"""What happened with a deal or an account, in the order it happened."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.urls import reverse

from sales.models import (
    Account,
    Activity,
    Contact,
    Deal,
    DealChange,
    ForecastCategory,
    Order,
    Outcome,
    Product,
)
from teams.models import Person, Viewer

LONG_STORY = 200


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, as a line of a story."""

    on: date
    at: datetime
    icon: str
    text: str
    detail: str = ""
    who: str = ""
    url: str = ""
    amount: Decimal | None = None
    currency: str = ""
    is_exact: bool = field(default=False)  # the moment is known, not only the day


ICONS = {
    "call": "phone",
    "email": "mail",
    "meeting": "users",
    "demo": "presentation",
    "visit": "map-pin",
    "task": "check",
}


FIELDS = {
    "amount": "Amount", "expected_close_on": "Closing day", "owner": "Owner", "forecast_category": "Forecast",
    "name": "Name", "account": "Account", "contact": "Contact", "product": "Product", "currency": "Currency",
    "opened_on": "Opened on", "closed_on": "Closed on", "lost_reason": "Lost reason", "source": "Source",
    "next_step": "Next step", "next_step_on": "Next step on",
}  # fmt: skip


NAMED: dict[str, Any] = {"owner": Person, "account": Account, "contact": Contact, "product": Product}


def deal_story(user: Viewer, deal: Deal, zone: str) -> list[Event]:
    """Everything that happened to a deal, the latest first: changes, activities, orders, decisions."""
    changes = list(
        DealChange.objects.filter(deal=deal).select_related("by__person").order_by("-changed_at", "-pk")[:LONG_STORY]
    )
    decisions = Outcome.objects.filter(deal=deal).select_related("person", "by__person").order_by("-pk")[:LONG_STORY]
    booked = Order.objects.visible_to(user).filter(deal=deal).prefetch_related("refunds")
    done = (
        Activity.objects.present().filter(deal=deal).select_related("owner", "contact").order_by("-occurred_at", "-pk")
    )
    events = [
        *_changes(changes, deal, zone),
        *(event for outcome in decisions if (event := _decision(outcome, deal))),
        *_orders(booked),
        *(_activity(activity) for activity in done[:LONG_STORY]),
    ]
    return sorted(events, key=lambda event: (event.on, event.at), reverse=True)


def _activity(activity: Activity) -> Event:
    minutes = f"{activity.duration_minutes} min" if activity.duration_minutes else ""
    with_whom = f"with {activity.contact}" if activity.contact else ""
    return Event(
        on=activity.occurred_on,
        at=activity.occurred_at,
        icon=ICONS[activity.kind],
        text=" ".join(filter(None, [activity.get_kind_display(), with_whom])),
        detail=" · ".join(filter(None, [activity.outcome, minutes, activity.notes[:200]])),
        who=activity.owner.name,
        url=reverse("activity", args=[activity.pk]),
        is_exact=True,
    )


def _orders(booked: Iterable[Order]) -> Iterator[Event]:
    for order in booked:
        url = reverse("order", args=[order.pk])
        own = "by the win" if order.is_booked_by_win else order.number
        yield Event(
            order.ordered_on, order.created_at, "file-text", f"Order booked {own}".strip(), url=url,
            amount=order.amount, currency=order.currency,
        )  # fmt: skip
        if order.cancelled_on:
            yield Event(order.cancelled_on, order.created_at, "x", "Order cancelled", url=url)
        for refund in order.refunds.all():
            if refund.withdrawn_at is None:
                yield Event(
                    refund.occurred_on, refund.created_at, "undo-2", "Refund", detail=refund.reason, url=url,
                    amount=-refund.amount, currency=order.currency,
                )  # fmt: skip


def _decision(outcome: Outcome, deal: Deal) -> Event | None:
    """A decision that stands, and a reopening on a day of its own; corrections cancel out and say nothing."""
    who = outcome.by.person.name if outcome.by and hasattr(outcome.by, "person") else ""
    if outcome.count > 0:
        word = "Won" if outcome.status == "won" else "Lost"
        reason = deal.lost_reason.name if outcome.status == "lost" and deal.lost_reason else ""
        return Event(
            outcome.occurred_on, outcome.recorded_at, "circle-check" if outcome.status == "won" else "x", word,
            detail=reason, who=who,
        )  # fmt: skip
    if outcome.reverses and outcome.reverses.occurred_on != outcome.occurred_on:
        return Event(outcome.occurred_on, outcome.recorded_at, "refresh-cw", "Reopened", who=who)
    return None


def _changes(changes: list[DealChange], deal: Deal, zone: str) -> Iterator[Event]:
    names = names_in(changes)
    for change in changes:
        if change.field == "status" or (change.field == "closed_on"):
            continue
        if change.was == "" and change.field != "stage" and change.changed_at == changes[-1].changed_at:
            continue  # what the deal was opened with; the opening says it
        who = change.by.person.name if change.by and hasattr(change.by, "person") else ""
        on = change.changed_at.astimezone(ZoneInfo(zone)).date()
        was, value = (said_of(change.field, text, names) for text in (change.was, change.value))
        if change.field == "stage":
            text = f"{was} → {value}" if was else f"Opened in {value}"
            yield Event(on, change.changed_at, "arrow-right" if was else "plus", text, who=who, is_exact=True)
        else:
            text = f"{FIELDS.get(change.field, change.field)}: {was or 'none'} → {value or 'none'}"
            yield Event(on, change.changed_at, "pencil", text, who=who, is_exact=True)


def names_in(changes: list[DealChange]) -> dict[tuple[str, str], str]:
    """What the ids in changes are called, one query for each noun among them."""
    wanted: dict[str, set[str]] = {}
    for change in changes:
        if change.field in NAMED:
            wanted.setdefault(change.field, set()).update(text for text in (change.was, change.value) if text.isdigit())
    return {
        (noun, str(pk)): name
        for noun, ids in wanted.items()
        for pk, name in NAMED[noun]._default_manager.filter(pk__in=ids).values_list("pk", "name")
    }


def said_of(noun: str, text: str, names: dict[tuple[str, str], str]) -> str:
    if noun == "forecast_category" and text in ForecastCategory.values:
        return str(ForecastCategory(text).label)
    if noun.endswith("_on") and text:
        try:
            day = date.fromisoformat(text)
        except ValueError:
            return text
        return f"{day.day} {day:%b %Y}"
    return names.get((noun, text), text)
