"""Questions about 1:1s and promises."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Prefetch, Q, QuerySet, Sum

from coaching.models import ActionItem, AgendaItem, Note, OneOnOne
from performance.models import Flag
from sales.models import Activity, Outcome
from teams.models import Person, User


@dataclass(frozen=True, slots=True)
class Point:
    """A proposed point of an agenda."""

    source: str
    text: str
    link: str = ""


def one_on_ones_of(user: User) -> QuerySet[OneOnOne]:
    """Talks the user takes part in or leads people who do, with the number of open points."""
    return OneOnOne.objects.visible_to(user).select_related("person", "manager")


def open_action_items(user: User) -> QuerySet[ActionItem]:
    return ActionItem.objects.visible_to(user).filter(done_at=None).select_related("person", "owner")


def last_held(*, person: Person, manager: Person, before: datetime) -> OneOnOne | None:
    return (
        OneOnOne.objects.filter(person=person, manager=manager, state=OneOnOne.State.HELD, starts_at__lt=before)
        .order_by("-starts_at")
        .first()
    )


def agenda_for(*, person: Person, manager: Person, at: datetime, on: date) -> list[Point]:
    """What there is to talk about: open flags, promises not kept yet (overdue ones first), changes since last time."""
    points = [
        Point(AgendaItem.Source.FLAG, flag.sentence, f"/flags/{flag.pk}/")
        for flag in Flag.objects.filter(person=person, closed_on=None).order_by("raised_on", "pk")
    ]
    promises = ActionItem.objects.filter(person=person, owner__in=[person, manager], done_at=None).select_related(
        "owner"
    )
    for item in promises.order_by("due_on", "pk"):
        late = f"overdue since {item.due_on:%d %b}" if item.due_on < on else f"due {item.due_on:%d %b}"
        points.append(Point(AgendaItem.Source.PROMISE, f"{item.owner.name}: {item.text} ({late})"))
    before = last_held(person=person, manager=manager, before=at)
    since = before.starts_at.date() if before else None
    if since is not None:
        points += _changes(person=person, since=since, until=on)
    return points


def _changes(*, person: Person, since: date, until: date) -> list[Point]:
    days = {"occurred_on__gte": since, "occurred_on__lte": until}
    outcomes = Outcome.objects.filter(person=person, **days).aggregate(
        won=Sum("count", filter=Q(status="won")), lost=Sum("count", filter=Q(status="lost"))
    )
    activities = Activity.objects.present().filter(owner=person, **days).count()
    query = f"of=person:{person.pk}&from={since.isoformat()}&until={until.isoformat()}"
    won, lost = outcomes["won"] or 0, outcomes["lost"] or 0
    return [
        Point(
            AgendaItem.Source.CHANGE,
            f"Since {since:%d %b}: {won} {'deal' if won == 1 else 'deals'} won, {lost} lost, "
            f"{activities} {'activity' if activities == 1 else 'activities'} logged",
            f"/records/?measure=deals_won&{query}",
        )
    ]


def talk_with_parts(user: User) -> QuerySet[OneOnOne]:
    """A talk with its agenda, promises, and the notes this user may read: a fixed number of queries."""
    return one_on_ones_of(user).prefetch_related(
        Prefetch("agenda", AgendaItem.objects.order_by("position", "pk")),
        Prefetch("action_items", ActionItem.objects.select_related("owner").order_by("due_on", "pk")),
        Prefetch("notes", Note.objects.visible_to(user).select_related("author").order_by("at", "pk")),
    )
