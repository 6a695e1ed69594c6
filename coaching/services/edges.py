"""What every act of coaching needs: whether one may, and how the other hears of it."""

from datetime import date, datetime

from coaching.models import Case, CaseChange
from coaching.selectors import may_coach
from salesmgmt.desk.models import Notice
from salesmgmt.lib import clock
from salesmgmt.lib.refusals import Refused, Stale
from teams.models import Organisation, Person, User, access_of


def tell(person: Person, text: str, link: str, at: datetime) -> None:
    if person.user_id:
        Notice.objects.create(user_id=person.user_id, text=text[:300], link=link, at=at)


def must_coach(by: User, person: Person) -> None:
    if not may_coach(access_of(by), person):
        raise Refused(f"Only somebody who leads {person.name} can do this.", field="person")


def day_of(at: datetime) -> date:
    return clock.day_of(at, Organisation.get().time_zone)


def lock_case(case: Case, version: int | None = None) -> Case:
    """The case as it stands, locked, and open."""
    case = Case.objects.select_for_update(of=["self"]).select_related("person", "owner", "flag").get(pk=case.pk)
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
