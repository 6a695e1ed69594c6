"""What every act asks first: may this author do it, and is the record still what they saw?"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Model

from sales.models import may_write_for
from salesmgmt.lib import clock
from salesmgmt.lib.money import to_cents
from salesmgmt.lib.refusals import Refused, Stale
from teams.models import Organisation, Person, RecordQuerySet, User, access_of
from teams.selectors import organisation_of

MOST = Decimal(10) ** 14
WITHDRAWN = "This record was withdrawn; it can't be changed any more."
# Reading may be wider than this (a credited colleague reads a deal), so writing is asked for apart.
NOT_YOURS = "Only the owner and those who lead them can change this."
OWN_CREDIT = "Nobody changes credit of their own; ask who leads you."


def require_write(by: User | None, *owners: Person | None) -> None:
    """Both ends of a change of hands: what it was and what it becomes belong to the author's people."""
    if by is not None and not all(may_write_for(by, owner.pk if owner else None) for owner in owners):
        raise Refused(NOT_YOURS, field="owner")


def require_sight(by: User | None, **records: Model | None) -> None:
    """What a record is tied to is something its author may see."""
    for field, record in records.items():
        if record is None or by is None:
            continue
        seen: RecordQuerySet = type(record)._default_manager.all()  # type: ignore[assignment]
        if not seen.visible_to(by).filter(pk=record.pk).exists():
            raise Refused(f"There is no such {field.replace('_', ' ')}.", field=field)


def require_current(seen: int | None, stands: int, *, noun: str, who: User | None, when: datetime | None) -> None:
    """A form opened before somebody else's change is refused, saying whose change and when."""
    if seen is None or seen == stands:
        return
    if when is None:
        raise Stale(f"This {noun} has changed since you opened it. Look at it as it is now, then send yours again.")
    local = when.astimezone(ZoneInfo(Organisation.get().time_zone))
    raise Stale(
        f"{name_of(who)} changed this {noun} on {local.day} {local:%b} at {local:%H:%M}, after you opened it. "
        "Look at it as it is now, then send yours again."
    )


def require_past(on: date, at: datetime, by: User | None, *, field: str = "on") -> None:
    if on > clock.day_of(at, organisation_for(by).time_zone):
        raise Refused("That day is still to come.", field=field)


def require_others(by: User | None, *people: Person, field: str, what: str = "changes credit") -> None:
    """What somebody is credited for, or held to, is changed by who leads them."""
    if (own := own_of(by)) is not None and own in {person.pk for person in people}:
        raise Refused(f"Nobody {what} of their own; ask who leads you.", field=field)


def own_of(by: User | None) -> int | None:
    """Whom an author is, where they are somebody here."""
    return access_of(by).person_id if by is not None else None


def require_money(amount: Decimal | None, *, field: str = "amount") -> Decimal | None:
    """Whole cents, not below zero."""
    if amount is None:
        return None
    if not amount.is_finite() or amount < 0:
        raise Refused("An amount is a number from zero on.", field=field)
    if amount >= MOST:  # in another currency it may be a hundred times as much, and is still kept
        raise Refused("This amount is larger than can be kept.", field=field)
    return to_cents(amount)


def organisation_for(by: User | None) -> Organisation:
    """The organisation, as it was read with the author's access."""
    return organisation_of(by) if by is not None else Organisation.get()


def name_of(user: User | None) -> str:
    """Who did it, as people call them."""
    if user is None:
        return "Paceline"
    person: Any = getattr(user, "person", None)
    return person.name if person else user.get_full_name() or user.username
