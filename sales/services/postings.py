"""Credits and outcomes follow their people: a back-dated posting appends a reversal and a new entry (house §4)."""

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from sales.models import Credit, CreditShare, Order, Outcome
from teams import services as teams
from teams.models import Person, Posting, User

from .credits import post_outcomes, recredit_orders

REASON = "Posting changed"


@transaction.atomic
def follow_posting(*, person: Person, start: date, until: date | None, by: User | None, at: datetime) -> int:
    """Have the ledgers say the team a person is posted to in `[start, until)`; answers how many entries it took."""
    days = Q(occurred_on__gte=start) & (Q(occurred_on__lt=until) if until else Q())
    booked = Q(ordered_on__gte=start) & (Q(ordered_on__lt=until) if until else Q())
    shared = CreditShare.objects.filter(person=person).values("order")
    orders = set(Credit.objects.filter(days, person=person).values_list("order_id", flat=True))
    orders |= set(Order.objects.filter(booked & (Q(owner=person) | Q(pk__in=shared))).values_list("pk", flat=True))
    deals = set(Outcome.objects.filter(days, person=person).values_list("deal_id", flat=True))
    posted = recredit_orders(order_ids=orders, by=by, at=at, reason=REASON) if orders else 0
    return posted + (post_outcomes(deal_ids=deals, by=by, at=at, reason=REASON) if deals else 0)


@transaction.atomic
def post_person(*, person: Person, on: date, by: User | None, at: datetime, **posting: Any) -> Posting:
    """`teams.post_person`, and the ledgers follow."""
    made = teams.post_person(person=person, on=on, by=by, **posting)
    follow_posting(person=person, start=on, until=made.until, by=by, at=at)
    return made
