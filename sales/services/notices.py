"""Telling people by a notice, whatever it is about."""

from collections.abc import Iterable
from datetime import date, datetime

from salesmgmt.desk.models import Notice
from teams.models import Person, User
from teams.selectors import manager_of


def tell(people: Iterable[Person | None], text: str, *, link: str, at: datetime, but: User | None = None) -> None:
    """A notice for each of these with a login, once, and not for whoever did it."""
    users = dict.fromkeys(person.user_id for person in people if person is not None)
    Notice.objects.bulk_create(
        Notice(user_id=user, text=text[:300], link=link, at=at)
        for user in users
        if user is not None and (but is None or user != but.pk)
    )


def owner_and_manager(owner: Person | None, day: date) -> list[Person | None]:
    """Whom something about a customer concerns: whose it is, and who leads them."""
    return [owner, manager_of(owner, day)] if owner else []
