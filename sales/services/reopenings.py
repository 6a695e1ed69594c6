"""What a deal that was reopened may become: nobody moves credit of their own by it to another amount or month."""

from datetime import date, datetime
from decimal import Decimal

from sales.models import Deal, Outcome
from salesmgmt.lib import clock
from salesmgmt.lib.money import to_cents
from salesmgmt.lib.refusals import Refused
from teams.models import User

from .guards import organisation_for, require_others


def require_as_won(deal: Deal, by: User | None, at: datetime, *, on: date, amount: Decimal) -> None:
    """A win that had stood is won again as it was, or by who leads its owner; and not before it was reopened."""
    require_after(deal, by, at, on=on)
    if (last := _taken_back(deal, by, at, status=Deal.Status.WON)) is None:
        return
    day, rate = last.reverses.occurred_on if last.reverses else on, last.rate or Decimal(1)
    was = (last.person_id, last.currency, -last.amount, day.replace(day=1))
    if was != (deal.owner_id, deal.currency, to_cents(amount * rate), on.replace(day=1)):
        what = "wins a deal again for another amount, owner or month"
        require_others(by, deal.owner, last.person, field="amount", what=what)


def require_after(deal: Deal, by: User | None, at: datetime, *, on: date) -> None:
    """A deal is not decided again before it was reopened."""
    if (last := _taken_back(deal, by, at)) is not None and on < last.occurred_on:
        raise Refused(
            f"This deal was reopened on {last.occurred_on:%d %b %Y}; it can't be decided again before.", field="on"
        )


def _taken_back(deal: Deal, by: User | None, at: datetime, **wanted: str) -> Outcome | None:
    """The last decision that was taken back, but for what was entered today: that was a slip."""
    today = clock.day_of(at, organisation_for(by).time_zone)
    taken_back = Outcome.objects.filter(deal=deal, count=-1, **wanted).select_related("person", "reverses")
    return next((one for one in taken_back.order_by("-id") if not was_entered(today, one.reverses, by)), None)


def last_decision(deal: Deal) -> Outcome | None:
    return Outcome.objects.filter(deal=deal).order_by("-id").first()


def was_entered(day: date, entry: Outcome | None, by: User | None) -> bool:
    """Whether it was entered on a day, whatever day it is about."""
    return entry is not None and clock.day_of(entry.recorded_at, organisation_for(by).time_zone) == day
