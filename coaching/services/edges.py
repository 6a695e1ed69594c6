"""What every act of coaching needs: whether one may, and how the other hears of it."""

from collections.abc import Iterable
from datetime import date, datetime

from django.db.models import Q, QuerySet

from coaching.models import ActionItem, Case, CaseChange
from coaching.selectors import may_coach
from sales.models import Task
from salesmgmt.desk.telling import tell_users
from salesmgmt.lib import clock
from salesmgmt.lib.refusals import Refused, Stale
from teams.models import Organisation, Person, User, access_of


def tell(person: Person, text: str, link: str, at: datetime, *, must: bool = False) -> None:
    """A notice that names the thing and quotes nobody, in the way its reader has chosen for its topic."""
    tell_all([person], text, link, at, must=must)


def tell_all(people: Iterable[Person], text: str, link: str, at: datetime, *, must: bool = False) -> None:
    """The same to several, in as many queries."""
    tell_users(((person.user_id, text, link) for person in people), at=at, must=must)


def pass_promises(promises: QuerySet[ActionItem], *, was: Person, heir: Person) -> int:
    """Open promises made to a coach, and by them, are their heir's. How many."""
    open_ones = promises.filter(done_at=None).filter(Q(coach=was) | Q(owner=was))
    found = list(open_ones.select_for_update(of=["self"]).order_by("pk"))
    for item in found:
        if item.owner_id == was.pk:
            item.owner = heir
            Task.objects.filter(source="action_item", reason=f"action-item:{item.pk}").update(owner=heir)
        if item.coach_id == was.pk:
            item.coach = heir
        item.save(update_fields=["coach", "owner"])
    return len(found)


def must_coach(by: User, person: Person) -> None:
    if not may_coach(access_of(by), person):
        raise Refused(f"Only somebody who leads {person.name} can do this.", field="person")


def day_of(at: datetime) -> date:
    return clock.day_of(at, Organisation.get().time_zone)


def locked_case(pk: int) -> Case:
    """The case as it stands, locked. A lock that waits loses a row joined to an owner who changes meanwhile, so the row
    is locked first and read with its people after."""
    Case.objects.select_for_update().only("pk").get(pk=pk)
    return Case.objects.select_related("person", "owner", "flag").get(pk=pk)


def lock_case(case: Case, version: int | None = None) -> Case:
    """The case as it stands, locked, and open."""
    case = locked_case(case.pk)
    if not case.is_open:
        raise Refused("This case is closed already.")
    must_be_current(case, version)
    return case


def must_be_current(case: Case, version: int | None) -> None:
    if version is not None and case.version != version:
        raise Stale("This case was changed meanwhile; look at it again, your text is kept below.")


def note_change(case: Case, what: str, *, by: User | None, at: datetime) -> None:
    """A line of the case's story; forms opened before it are stale."""
    CaseChange.objects.create(case=case, at=at, by=by, what=what[:300])
    case.version += 1
    Case.objects.filter(pk=case.pk).update(version=case.version)
