"""Who may own, and who may change what."""

from datetime import date

from django.db.models import Q, QuerySet

from sales.models import (
    Account,
    Activity,
    Complaint,
    Contact,
    Contract,
    Deal,
    Order,
    may_write_for,
)
from teams.models import Person, User, Viewer, access_of


def choosable_owners(user: Viewer, day: date) -> QuerySet[Person]:
    """Whose records somebody may filter by."""
    return Person.objects.visible_to(user).active(day).order_by("name", "pk")


def writable_owners(user: User, day: date) -> QuerySet[Person]:
    """For whom somebody may write: themselves, whom they lead; everybody for admin and operations."""
    access = access_of(user)
    people = Person.objects.present().active(day)
    mine = Q(pk__in=access.people) | Q(pk=access.person_id)
    return (people if access.imports else people.filter(mine)).order_by("name", "pk")


def sees_own_only(user: Viewer) -> bool:
    """Whether a list of theirs is one person's."""
    access = access_of(user)
    return not access.sees_all and len(access.people) < 2


def keeper_of(record: Account | Contact) -> int | None:
    """Who may take an account or a contact out of the lists, or merge it: its owner, or that of its account."""
    if isinstance(record, Account):
        return record.owner_id
    return record.account.owner_id if record.account else record.made_by_id


def is_writable(user: Viewer, record: Deal | Order | Account | Activity | Complaint | Contract) -> bool:
    """May somebody change this record, not only read it?"""
    return may_write_for(user, record.owner_id)


def owner_of(record: Deal | Account | Contract) -> QuerySet[Person]:
    """Whoever owns it now stays a choice, gone or not."""
    return Person.objects.filter(pk=record.owner_id or 0)
