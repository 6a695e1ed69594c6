"""What every act of coaching needs: whether one may, and how the other hears of it."""

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings

from coaching.selectors import may_coach
from salesmgmt.desk.digests import is_mail_set_up, stop_url_of
from salesmgmt.desk.models import Delivery, Notice, NoticeChoice
from salesmgmt.desk.notices import topic_of
from salesmgmt.lib.refusals import Refused
from teams.models import Person, User, access_of


def tell(person: Person, text: str, link: str, at: datetime) -> None:
    """A notice that names the thing and quotes nobody, in the way its reader has chosen for its topic."""
    tell_all([person], text, link, at)


def tell_all(people: Iterable[Person], text: str, link: str, at: datetime) -> None:
    """The same to several, in as many queries."""
    users = {person.user.pk: person.user for person in people if person.user is not None}
    topic = topic_of(link)
    ways = dict(NoticeChoice.objects.filter(user__in=users, topic=topic).values_list("user_id", "way"))
    told = [user for pk, user in users.items() if ways.get(pk) != NoticeChoice.Way.NONE]
    made = Notice.objects.bulk_create(Notice(user=user, text=text[:300], link=link, at=at) for user in told)
    if not is_mail_set_up():
        return
    mails = []
    for notice in made:
        if ways.get(notice.user_id) == NoticeChoice.Way.MAIL and notice.user.email:
            stop_url = stop_url_of(notice.user, topic)
            mails.append(
                Delivery(
                    key=f"notice-{notice.pk}", user=notice.user, topic=topic, due_at=at, stop_url=stop_url,
                    subject=text[:200],
                    text=f"{text}\n\n{settings.BASE_URL}{link}\n\nNo more of these: {stop_url}\n",
                )
            )  # fmt: skip
    Delivery.objects.bulk_create(mails, ignore_conflicts=True)


def must_coach(by: User, person: Person) -> None:
    if not may_coach(access_of(by), person):
        raise Refused(f"Only somebody who leads {person.name} can do this.", field="person")
