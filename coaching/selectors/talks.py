"""Questions about 1:1s and promises."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count, Exists, Max, OuterRef, Prefetch, Q, QuerySet, Sum

from coaching.models import ActionItem, AgendaItem, Note, OneOnOne, OneOnOneChange, OneOnOneQuerySet
from performance.models import Flag
from performance.selectors import Scope
from performance.selectors.figures import records_url
from sales.models import Activity, Outcome
from salesmgmt.lib import clock
from teams.models import Leadership, Organisation, Person, Posting, User, access_of

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
    found = ActionItem.objects.visible_to(user).filter(mine, done_at=None) if me else ActionItem.objects.none()
    return found.select_related("person", "owner")


def last_held(*, person: Person, manager: Person, before: datetime) -> OneOnOne | None:
    return (
        OneOnOne.objects.filter(person=person, manager=manager, state=OneOnOne.State.HELD, starts_at__lt=before)
        .order_by("-starts_at")
        .first()
    )


def left_over(*, person: Person, manager: Person, day_began: datetime) -> list[Point]:
    """What somebody put for a talk of the pair that is over, missed or called off, and that was talked about in none;
    it keeps its number however often it comes back."""
    return _never_said(AgendaItem.objects.filter(one_on_one__person=person, one_on_one__manager=manager), day_began)


def points_left_with_others(talk: OneOnOne, *, day_began: datetime) -> list[str]:
    """What the person put for talks with those who led them before, and that was never talked about: they alone are
    shown it, and may put it here."""
    others = AgendaItem.objects.filter(one_on_one__person=talk.person_id).exclude(one_on_one__manager=talk.manager_id)
    here = {item.text for item in talk.agenda.all()}
    left = _never_said(others.filter(added_by=talk.person_id), day_began)
    return [text for text in dict.fromkeys(point.text for point in left) if text not in here]


def _never_said(items: QuerySet[AgendaItem], day_began: datetime) -> list[Point]:
    said = items.filter(source__in=[AgendaItem.Source.MANUAL, AgendaItem.Source.LEFT])
    done = {_root(item) for item in said.filter(is_done=True)}
    waits = Q(one_on_one__state=OneOnOne.State.PLANNED, one_on_one__starts_at__gte=day_began)
    found: dict[str, Point] = {}
    for item in said.exclude(waits).order_by("one_on_one__starts_at", "position", "pk"):
        root = _root(item)
        if root not in done and root not in found:
            found[root] = Point(AgendaItem.Source.LEFT, item.text, item.link, root, item.added_by_id)
    return list(found.values())


def _root(item: AgendaItem) -> str:
    return item.about if item.source == AgendaItem.Source.LEFT else f"left:{item.pk}"


def agenda_for(*, person: Person, manager: Person, at: datetime, on: date) -> list[Point]:
    """What there is to talk about: open flags, promises of the two not kept yet (overdue ones first), what was left
    over, changes and wins since last time."""
    points = [
        Point(AgendaItem.Source.FLAG, flag.sentence, f"/flags/{flag.pk}/", f"flag:{flag.pk}")
        for flag in Flag.objects.filter(person=person, closed_on=None).order_by("raised_on", "pk")
    ]
    promises = ActionItem.objects.filter(person=person, owner__in=[person, manager], done_at=None, meeting=None)
    promises = promises.filter(Q(coach=manager) | Q(owner=manager))  # what was said to another stays between those two
    for item in promises.select_related("owner").order_by("due_on", "pk"):
        late = f"overdue since {item.due_on:%d %b}" if item.due_on < on else f"due {item.due_on:%d %b}"
        text = f"{item.owner.name}: {item.text} ({late})"
        points.append(Point(AgendaItem.Source.PROMISE, text, about=f"promise:{item.pk}"))
    day_began = clock.close_of(on - timedelta(days=1), Organisation.get().time_zone)
    points += left_over(person=person, manager=manager, day_began=day_began)
    before = last_held(person=person, manager=manager, before=at)
    if before is not None:
        points += _changes(person=person, since=before.starts_at.date(), until=on)
    return points


def _changes(*, person: Person, since: date, until: date) -> list[Point]:
    days = {"occurred_on__gte": since, "occurred_on__lte": until}
    outcomes = Outcome.objects.filter(person=person, **days)
    counts = outcomes.aggregate(won=Sum("count", filter=Q(status="won")), lost=Sum("count", filter=Q(status="lost")))
    activities = Activity.objects.present().filter(owner=person, **days).count()
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
            records_url(scope=Scope.person(person), measure="deals_won", start=since, until=until + timedelta(days=1)),
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


def kept_under(user: User, *, since: datetime, day_began: datetime) -> list[Kept]:
    """Talks that should have been, by manager: who met nobody first, then most skipped; counts alone. Of everybody up
    whose line the user stands, themselves left out; excused talks count nowhere."""
    access = access_of(user)
    talks = OneOnOne.objects.visible_to(user).filter(starts_at__gte=since, starts_at__lt=day_began)
    talks = talks.exclude(manager=access.person_id).exclude(person=access.person_id).exclude(is_excused=True)
    today = clock.day_of(day_began, Organisation.get().time_zone)
    posted = Posting.objects.on(today).filter(team=OuterRef("team")).exclude(person=OuterRef("person"))
    leaders = Leadership.objects.on(today).filter(Exists(posted), team__withdrawn_at=None)
    leaders = leaders.exclude(person=access.person_id)
    if not access.sees_all:
        talks = talks.filter(manager__in=access.people)
        leaders = leaders.filter(person__in=access.people)
    held = Count("pk", filter=Q(state=OneOnOne.State.HELD))
    counts = talks.order_by().values("manager").annotate(planned=Count("pk"), held=held)
    rows = dict.fromkeys(leaders.values_list("person", flat=True), (0, 0))
    rows |= {row["manager"]: (row["planned"], row["held"]) for row in counts}
    people = Person.objects.in_bulk(rows)
    found = [Kept(people[pk], planned, kept, planned - kept) for pk, (planned, kept) in rows.items()]
    return sorted(found, key=lambda one: (one.planned > 0, -one.skipped, one.manager.name, one.manager.pk))
