"""Invitations to 1:1s by e-mail: when and with whom, never about what."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from icalendar import Calendar, Event, vCalAddress

from coaching.models import OneOnOne
from salesmgmt.desk.digests import is_mail_set_up, stop_url_of
from salesmgmt.desk.models import Delivery, NoticeChoice
from salesmgmt.desk.notices import topic_of, way_of
from teams.models import Organisation, Person

LENGTH = timedelta(minutes=30)


def invite(talk: OneOnOne, *, at: datetime) -> None:
    """Both get the talk for their calendar as it stands now: new, moved or called off. Each version goes out once."""
    if not is_mail_set_up():
        return
    zone = Organisation.get().time_zone
    made = []
    for person, other in ((talk.person, talk.manager), (talk.manager, talk.person)):
        if person.user is None or not person.user.email or not person.user.is_active:
            continue
        link = f"/one-on-ones/{talk.pk}/"
        if way_of(person.user, topic_of(link)) in {NoticeChoice.Way.NONE, NoticeChoice.Way.APP}:
            continue
        starts = talk.starts_at.astimezone(ZoneInfo(person.user.time_zone or zone))
        when = f"{starts:%A} {starts.day} {starts:%B %Y}, {starts:%H:%M} ({starts.tzname()})"
        is_off = talk.state == OneOnOne.State.CANCELLED
        said = "Called off" if is_off else "1:1" if talk.version == 1 else "New time"
        stop_url = stop_url_of(person.user, topic_of(link))
        where = f"{settings.BASE_URL}{link}\n\nNo more of these: {stop_url}\n"
        made.append(
            Delivery(
                key=f"one-on-one-{talk.pk}-{talk.version}-{person.user_id}", user=person.user, due_at=at,
                topic=topic_of(link), stop_url=stop_url, subject=f"{said}: {other.name}, {when}"[:200],
                text=f"{said}: 1:1 with {other.name}\n{when}\n\n{where}",
                calendar=_calendar(talk, person, other, link, at, is_off=is_off),
            )
        )  # fmt: skip
    Delivery.objects.bulk_create(made, ignore_conflicts=True)


def _calendar(talk: OneOnOne, person: Person, other: Person, link: str, at: datetime, *, is_off: bool) -> str:
    made = Calendar()
    made.add("prodid", "-//Paceline//EN")
    made.add("version", "2.0")
    made.add("method", "CANCEL" if is_off else "REQUEST")
    event = Event()
    # As in the calendar feed, so that a program that has both shows one.
    event.add("uid", f"one-on-one-{talk.pk}@{settings.BASE_URL.partition('://')[2].partition(':')[0]}")
    event.add("sequence", talk.version - 1)
    event.add("dtstamp", at.astimezone(UTC))
    event.add("dtstart", talk.starts_at.astimezone(UTC))
    event.add("dtend", talk.starts_at.astimezone(UTC) + LENGTH)
    event.add("summary", f"1:1 with {other.name}")
    event.add("status", "CANCELLED" if is_off else "CONFIRMED")
    event.add("url", f"{settings.BASE_URL}{link}")
    event.add("class", "PRIVATE")
    event.add("organizer", vCalAddress(f"mailto:{settings.DEFAULT_FROM_EMAIL}"))
    assert person.user is not None
    event.add("attendee", vCalAddress(f"mailto:{person.user.email}"))
    made.add_component(event)
    content: bytes = made.to_ical()
    return content.decode()
