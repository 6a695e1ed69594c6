"""Invitations to 1:1s and meetings by e-mail: when and with whom, never about what."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from icalendar import Calendar, Event, vCalAddress

from coaching.models import Meeting, OneOnOne
from coaching.selectors import asked_to
from salesmgmt.desk.digests import is_mail_set_up, stop_url_of
from salesmgmt.desk.models import Delivery, NoticeChoice
from salesmgmt.desk.notices import topic_of
from teams.models import Organisation, Person, User

Invited = Sequence[tuple[Person, str, str]]
"""Each with what the subject and the calendar name the talk or meeting by."""


def invite(talk: OneOnOne, *, at: datetime) -> None:
    """Both get the talk for their calendar as it stands now: new, moved or called off. Each version goes out once."""
    pair = [(talk.person, talk.manager), (talk.manager, talk.person)]
    invited = [(person, other.name, f"1:1 with {other.name}") for person, other in pair]
    _send(talk, f"one-on-one-{talk.pk}", f"/one-on-ones/{talk.pk}/", "1:1", timedelta(minutes=30), invited, at=at)


def invite_to_meeting(meeting: Meeting, *, at: datetime) -> None:
    """The same to all who are asked to come."""
    if not is_mail_set_up():
        return
    title = f"{meeting.title} of {meeting.team.name}"
    invited = [(person, title, title) for person in asked_to(meeting).select_related("user")]
    _send(meeting, f"meeting-{meeting.pk}", f"/meetings/{meeting.pk}/", "Meeting", timedelta(hours=1), invited, at=at)


def _send(
    of: OneOnOne | Meeting, name: str, link: str, kind: str, length: timedelta, invited: Invited, *, at: datetime
) -> None:
    if not is_mail_set_up():
        return
    zone, topic = Organisation.get().time_zone, topic_of(link)
    users = [person.user for person, *_ in invited if person.user is not None]
    quiet = NoticeChoice.objects.filter(user__in=users, topic=topic).exclude(
        way__in=[NoticeChoice.Way.DIGEST, NoticeChoice.Way.MAIL]
    )
    without = set(quiet.values_list("user_id", flat=True))
    is_off = of.state == of.State.CANCELLED
    said = "Called off" if is_off else kind if of.version == 1 else "New time"
    made = []
    for person, subject, title in invited:
        user = person.user
        if user is None or not user.email or not user.is_active or user.pk in without:
            continue
        starts = of.starts_at.astimezone(ZoneInfo(user.time_zone or zone))
        when = f"{starts:%A} {starts.day} {starts:%B %Y}, {starts:%H:%M} ({starts.tzname()})"
        stop_url = stop_url_of(user, topic)
        where = f"{settings.BASE_URL}{link}\n\nNo more of these: {stop_url}\n"
        made.append(
            Delivery(
                key=f"{name}-{of.version}-{user.pk}", user=user, due_at=at, topic=topic, stop_url=stop_url,
                subject=f"{said}: {subject}, {when}"[:200], text=f"{said}: {title}\n{when}\n\n{where}",
                calendar=_calendar(of, user, name, title, link, length, at, is_off=is_off),
            )
        )  # fmt: skip
    Delivery.objects.bulk_create(made, ignore_conflicts=True)


def _calendar(
    of: OneOnOne | Meeting, user: User, name: str, title: str, link: str, length: timedelta, at: datetime, *,
    is_off: bool,
) -> str:  # fmt: skip
    made = Calendar()
    made.add("prodid", "-//Paceline//EN")
    made.add("version", "2.0")
    made.add("method", "CANCEL" if is_off else "REQUEST")
    event = Event()
    # As in the calendar feed, so that a program that has both shows one.
    event.add("uid", f"{name}@{settings.BASE_URL.partition('://')[2].partition(':')[0]}")
    event.add("sequence", of.version - 1)
    event.add("dtstamp", at.astimezone(UTC))
    event.add("dtstart", of.starts_at.astimezone(UTC))
    event.add("dtend", of.starts_at.astimezone(UTC) + length)
    event.add("summary", title)
    event.add("status", "CANCELLED" if is_off else "CONFIRMED")
    event.add("url", f"{settings.BASE_URL}{link}")
    event.add("class", "PRIVATE")
    event.add("organizer", vCalAddress(f"mailto:{settings.DEFAULT_FROM_EMAIL}"))
    event.add("attendee", vCalAddress(f"mailto:{user.email}"))
    made.add_component(event)
    content: bytes = made.to_ical()
    return content.decode()
