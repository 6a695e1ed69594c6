"""A part of a quota is offered to those who have room, as their expected landings say."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

from performance.selectors import colleagues, landings
from salesmgmt.lib.periods import Period
from targets.models import Redistribution
from targets.services import propose_redistribution
from teams.models import Person, User


def share_out(
    *,
    giver: Person,
    period: Period,
    reason: str,
    by: User,
    at: datetime,
    on: date,
    to: Period | None = None,
    amount: Decimal | None = None,
    caps: Mapping[int, Decimal] | None = None,
    prefer: str = Redistribution.Prefer.ALL,
) -> Redistribution:
    """Ask the colleagues whom `by` sees; nothing moves before they say yes."""
    to = to or period
    people = {*colleagues(by, on), giver.pk}
    there = landings(person_ids=people, period=to, as_of=on)
    own = there if to == period else landings(person_ids=[giver.pk], period=period, as_of=on)
    return propose_redistribution(
        giver=giver,
        during=(period.start, period.end),
        to=(to.start, to.end),
        landings=there,
        giver_landing=own.get(giver.pk),
        amount=amount,
        caps=caps,
        prefer=prefer,
        reason=reason,
        by=by,
        at=at,
        on=on,
    )
