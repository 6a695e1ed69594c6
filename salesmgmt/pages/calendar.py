"""A person's calendar as a feed: tasks, next steps, 1:1s, notice dates and birthdays, by a secret address."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.http import parse_etags
from django.views.decorators.http import require_safe
from icalendar import Alarm, Calendar, Event

from coaching.models import Meeting, OneOnOne
from coaching.selectors import teams_of
from sales.models import Contact, Contract, Deal, Task
from salesmgmt.desk.models import Token
from salesmgmt.desk.tokens import user_of_token
from salesmgmt.lib import clock
from teams.models import Person, User
from teams.selectors import organisation_of, person_of

BACK, AHEAD = timedelta(days=60), timedelta(days=400)
MOST = 1000  # of each noun
TALK, MEETING = timedelta(minutes=30), timedelta(hours=1)


@require_safe
@login_not_required
def feed(request: HttpRequest, secret: str) -> HttpResponseBase:
    """The calendar behind a secret; whoever made or revokes it does so in their profile."""
    user: User | None = user_of_token(secret, Token.Purpose.CALENDAR)
    person = person_of(user) if user else None
    if user is None or person is None:
        raise Http404
    today = clock.today(organisation_of(user).time_zone)
    content = _calendar(user, person, today).to_ical()
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    asked = parse_etags(request.headers.get("If-None-Match", ""))
    response: HttpResponse
    if etag in asked or f"W/{etag}" in asked or "*" in asked:
        response = HttpResponseNotModified()
    else:
        response = HttpResponse(content, content_type="text/calendar; charset=utf-8")
        response["Content-Disposition"] = 'inline; filename="paceline.ics"'
    response["ETag"] = etag
    response["X-Robots-Tag"] = "noindex"
    patch_cache_control(response, private=True, no_cache=True)
    return response


def _calendar(user: User, person: Person, today: date) -> Calendar:
    made = Calendar()
    made.add("prodid", "-//Paceline//EN")
    made.add("version", "2.0")
    made.add("method", "PUBLISH")
    made.add("x-wr-calname", f"Paceline: {person.name}")
    made.add("refresh-interval", timedelta(hours=1), parameters={"value": "DURATION"})
    # The same all day long, so that who asks again within it is told that nothing is new.
    stamp = datetime.combine(today, time(), UTC)
    talks, meetings = _talks(user, person, today), _meetings(user, today)
    for events in (_tasks(person, today), _next_steps(user, person, today), talks, meetings):
        for event in events:
            event.add("dtstamp", stamp)
            made.add_component(event)
    for event in (*_notices(user, person, today), *_birthdays(user, person, today)):
        event.add("dtstamp", stamp)
        made.add_component(event)
    return made


def _event(ident: str, text: str, path: str, detail: str = "") -> Event:
    event = Event()
    event.add("uid", f"{ident}@{settings.BASE_URL.partition('://')[2].partition(':')[0]}")
    event.add("summary", " ".join(text.split())[:300])
    if detail:
        event.add("description", detail)
    event.add("url", f"{settings.BASE_URL}{path}")
    event.add("class", "PRIVATE")
    return event


def _all_day(event: Event, day: date) -> Event:
    """A day without a zone: it is the same day wherever it is looked at."""
    event.add("dtstart", day)
    event.add("dtend", day + timedelta(days=1))
    event.add("transp", "TRANSPARENT")
    return event


def _tasks(person: Person, today: date) -> Iterator[Event]:
    waiting = Task.objects.open().filter(owner=person, due_on__gte=today - BACK, due_on__lt=today + AHEAD)
    for task in waiting.select_related("account").order_by("due_on", "pk")[:MOST]:
        event = _event(
            f"task-{task.pk}", task.text, reverse("task", args=[task.pk]), task.account.name if task.account else ""
        )
        if task.remind_at is not None:
            alarm = Alarm()
            alarm.add("action", "DISPLAY")
            alarm.add("description", task.text)
            alarm.add("trigger", task.remind_at.astimezone(UTC))
            event.add_component(alarm)
        yield _all_day(event, task.due_on)


def _next_steps(user: User, person: Person, today: date) -> Iterator[Event]:
    deals = Deal.objects.visible_to(user).open().filter(owner=person, next_step_on__gte=today - BACK)
    for deal in deals.filter(next_step_on__lt=today + AHEAD).order_by("next_step_on", "pk")[:MOST]:
        assert deal.next_step_on is not None
        text = f"{deal.next_step or 'Next step'}: {deal.name}"
        yield _all_day(_event(f"next-step-{deal.pk}", text, reverse("deal", args=[deal.pk])), deal.next_step_on)


def _talks(user: User, person: Person, today: date) -> Iterator[Event]:
    start = datetime.combine(today, time(), UTC)
    talks = OneOnOne.objects.visible_to(user).filter(Q(person=person) | Q(manager=person))
    talks = talks.exclude(state=OneOnOne.State.CANCELLED).select_related("person", "manager")
    within = talks.filter(starts_at__gte=start - BACK, starts_at__lt=start + AHEAD)
    for talk in within.order_by("starts_at", "pk")[:MOST]:
        other = talk.manager if talk.person_id == person.pk else talk.person
        event = _event(f"one-on-one-{talk.pk}", f"1:1 with {other.name}", reverse("one-on-one", args=[talk.pk]))
        event.add("sequence", talk.version - 1)  # as its invitations by e-mail say
        event.add("dtstart", talk.starts_at.astimezone(UTC))
        event.add("dtend", talk.starts_at.astimezone(UTC) + TALK)
        yield event


def _meetings(user: User, today: date) -> Iterator[Event]:
    start = datetime.combine(today, time(), UTC)
    meetings = Meeting.objects.visible_to(user).filter(team__in=teams_of(user).values("pk"))
    meetings = meetings.exclude(state=Meeting.State.CANCELLED).select_related("team")
    within = meetings.filter(starts_at__gte=start - BACK, starts_at__lt=start + AHEAD)
    for meeting in within.order_by("starts_at", "pk")[:MOST]:
        event = _event(f"meeting-{meeting.pk}", f"{meeting.team}: {meeting}", reverse("meeting", args=[meeting.pk]))
        event.add("dtstart", meeting.starts_at.astimezone(UTC))
        event.add("dtend", meeting.starts_at.astimezone(UTC) + MEETING)
        yield event


def _notices(user: User, person: Person, today: date) -> Iterator[Event]:
    contracts = Contract.objects.visible_to(user).filter(owner=person, notice_on__gte=today - BACK)
    for contract in (
        contracts.filter(notice_on__lt=today + AHEAD).select_related("account").order_by("notice_on")[:MOST]
    ):
        assert contract.notice_on is not None
        text = f"Last day to give notice: {contract} with {contract.account}"
        path = reverse("contract", args=[contract.pk])
        yield _all_day(_event(f"notice-{contract.pk}", text, path), contract.notice_on)


def _birthdays(user: User, person: Person, today: date) -> Iterator[Event]:
    """Of the people at one's own accounts; who was born on 29 February has it on the 28th in most years."""
    contacts = Contact.objects.visible_to(user).filter(account__owner=person, birthday__isnull=False)
    for contact in contacts.select_related("account").order_by("pk")[:MOST]:
        assert contact.birthday is not None
        day = next(day for year in (today.year, today.year + 1) if (day := _in_year(contact.birthday, year)) >= today)
        where = f" ({contact.account.name})" if contact.account else ""
        path = reverse("contact", args=[contact.pk])
        yield _all_day(_event(f"birthday-{contact.pk}-{day.year}", f"Birthday: {contact.name}{where}", path), day)


def _in_year(born: date, year: int) -> date:
    try:
        return born.replace(year=year)
    except ValueError:
        return date(year, 2, 28)
