"""Questions about 1:1s and promises."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Max, Prefetch, Q, QuerySet, Sum

from coaching.models import ActionItem, AgendaItem, Note, OneOnOne, OneOnOneChange, OneOnOneQuerySet
from performance.models import Flag
from sales.models import Activity, Outcome
from teams.models import Person, User, access_of

WINS = 3  # that an agenda names; the change line counts them all


@dataclass(frozen=True, slots=True)
class Point:
    """A proposed point of an agenda."""

    source: str
    text: str
    link: str = ""
    about: str = ""
    added_by_id: int | None = None


def one_on_ones_of(user: User) -> OneOnOneQuerySet:
    """Talks the user takes part in or leads people who do, with the number of open points."""
    return OneOnOne.objects.visible_to(user).select_related("person", "manager")


def open_action_items(user: User) -> QuerySet[ActionItem]:
    """One's own, and those promised to one or about one."""
    me = access_of(user).person_id
    mine = Q(owner=me) | Q(coach=me) | Q(person=me)
    found = ActionItem.objects.filter(mine, done_at=None) if me else ActionItem.objects.none()
    return found.select_related("person", "owner")


def last_held(*, person: Person, manager: Person, before: datetime) -> OneOnOne | None:
    return (
        OneOnOne.objects.filter(person=person, manager=manager, state=OneOnOne.State.HELD, starts_at__lt=before)
        .order_by("-starts_at")
        .first()
    )


def agenda_for(*, person: Person, manager: Person, at: datetime, on: date) -> list[Point]:
    """What there is to talk about: open flags, promises not kept yet (overdue ones first), what was left over, changes
    and wins since last time."""
    points = [
        Point(AgendaItem.Source.FLAG, flag.sentence, f"/flags/{flag.pk}/", f"flag:{flag.pk}")
        for flag in Flag.objects.filter(person=person, closed_on=None).order_by("raised_on", "pk")
    ]
    promises = ActionItem.objects.filter(person=person, owner__in=[person, manager], done_at=None, meeting=None)
    for item in promises.select_related("owner").order_by("due_on", "pk"):
        late = f"overdue since {item.due_on:%d %b}" if item.due_on < on else f"due {item.due_on:%d %b}"
        text = f"{item.owner.name}: {item.text} ({late})"
        points.append(Point(AgendaItem.Source.PROMISE, text, about=f"promise:{item.pk}"))
    before = last_held(person=person, manager=manager, before=at)
    if before is not None:
        left = before.agenda.filter(source__in=[AgendaItem.Source.MANUAL, AgendaItem.Source.LEFT], is_done=False)
        points += [
            Point(AgendaItem.Source.LEFT, item.text, item.link, f"left:{item.pk}", item.added_by_id)
            for item in left.order_by("position", "pk")
        ]
        points += _changes(person=person, since=before.starts_at.date(), until=on)
    return points


def _changes(*, person: Person, since: date, until: date) -> list[Point]:
    days = {"occurred_on__gte": since, "occurred_on__lte": until}
    outcomes = Outcome.objects.filter(person=person, **days)
    counts = outcomes.aggregate(won=Sum("count", filter=Q(status="won")), lost=Sum("count", filter=Q(status="lost")))
    activities = Activity.objects.present().filter(owner=person, **days).count()
    query = f"of=person:{person.pk}&from={since.isoformat()}&until={until.isoformat()}"
    won, lost = counts["won"] or 0, counts["lost"] or 0
    wins = (
        outcomes.filter(status="won", deal__withdrawn_at=None).values("deal", "deal__name")
        .annotate(times=Sum("count"), last=Max("occurred_on")).filter(times__gt=0).order_by("-last", "-deal")
    )  # fmt: skip
    return [
        Point(
            AgendaItem.Source.CHANGE,
            f"Since {since:%d %b}: {won} {'deal' if won == 1 else 'deals'} won, {lost} lost, "
            f"{activities} {'activity' if activities == 1 else 'activities'} logged",
            f"/records/?measure=deals_won&{query}",
            "changes",
        ),
        *(
            Point(AgendaItem.Source.WIN, f"Won: {win['deal__name']}", f"/deals/{win['deal']}/", f"win:{win['deal']}")
            for win in wins[:WINS]
        ),
    ]


def talk_with_parts(user: User) -> QuerySet[OneOnOne]:
    """A talk with its agenda, promises, and the notes this user may read: a fixed number of queries.

    Of talks of others, whoever leads the person sees that they are there, and what was shared up the line.
    """
    return one_on_ones_of(user).prefetch_related(
        Prefetch("agenda", AgendaItem.objects.visible_to(user).order_by("position", "pk")),
        Prefetch("action_items", ActionItem.objects.visible_to(user).select_related("owner").order_by("due_on", "pk")),
        Prefetch("notes", Note.objects.visible_to(user).select_related("author").order_by("at", "pk")),
        Prefetch("changes", OneOnOneChange.objects.visible_to(user).select_related("by__person").order_by("at", "pk")),
    )


@dataclass(frozen=True, slots=True)
class Kept:
    """How many of somebody's talks of a time took place."""

    manager: Person
    planned: int
    held: int
    skipped: int


def kept_by(managers: Collection[int], *, since: datetime, day_began: datetime) -> list[Kept]:
    """Talks that should have been, by manager, most skipped first; counts alone. Excused ones count nowhere."""
    found = OneOnOne.objects.filter(manager__in=managers, starts_at__gte=since, starts_at__lt=day_began)
    return _kept(found.exclude(is_excused=True), day_began)


def kept_under(user: User, *, since: datetime, day_began: datetime) -> list[Kept]:
    """The same of everybody up whose line the user stands, themselves left out."""
    found = OneOnOne.objects.visible_to(user).filter(starts_at__gte=since, starts_at__lt=day_began)
    access = access_of(user)
    found = found.exclude(manager=access.person_id).exclude(person=access.person_id)
    if not access.sees_all:
        found = found.filter(manager__in=access.people)
    return _kept(found.exclude(is_excused=True), day_began)


def _kept(talks: QuerySet[OneOnOne], day_began: datetime) -> list[Kept]:
    held = Count("pk", filter=Q(state=OneOnOne.State.HELD))
    rows = {row["manager"]: row for row in talks.values("manager").annotate(planned=Count("pk"), held=held)}
    people = Person.objects.in_bulk(rows)
    found = [Kept(people[pk], row["planned"], row["held"], row["planned"] - row["held"]) for pk, row in rows.items()]
    return sorted(found, key=lambda one: (-one.skipped, one.manager.name, one.manager.pk))
