"""What every act of coaching needs: whether one may, and how the other hears of it."""

from datetime import datetime

from coaching.selectors import may_coach
from salesmgmt.desk.models import Notice
from salesmgmt.lib.refusals import Refused
from teams.models import Person, User, access_of


def tell(person: Person, text: str, link: str, at: datetime) -> None:
    if person.user_id:
        Notice.objects.create(user_id=person.user_id, text=text[:300], link=link, at=at)


def must_coach(by: User, person: Person) -> None:
    if not may_coach(access_of(by), person):
        raise Refused(f"Only somebody who leads {person.name} can do this.", field="person")
