"""Who has said what to their figure, and who has yet to."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import reduce
from itertools import chain, islice
from operator import or_

from django.db.models import Max, Q, QuerySet, Sum

from salesmgmt.lib import clock
from targets.models import AnnouncedFigure, Announcement, Answer, Plan, QuotaEntry, Response
from targets.selectors.letters import came_since, entries_of, figures_of, people_in
from teams.models import Leave, Organisation, Person, Posting, Team, User, Viewer, access_of
from teams.selectors import manager_of, working_days

DAYS_TO_ANSWER = 5  # working days
LONGEST = timedelta(days=60)
WORDS = {
    "waiting": "Not answered",
    "accepted": "Accepted",
    "objected": "Objects, waits for an answer",
    "asked_up": "The next manager up is asked",
    "answered": "Answered, may say the last word",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one person is with one plan."""

    state: str
    figure: Decimal | None
    asked_at: datetime
    due_on: date
    is_overdue: bool
    announcement_id: int | None = None
    response: Response | None = None
    changed_since: bool = False

    @property
    def word(self) -> str:
        return "Accepted another figure" if self.changed_since else WORDS[self.state]

    @property
    def has_answered(self) -> bool:
        return self.state != "waiting"

    @property
    def needs_an_answer(self) -> bool:
        return self.state in ("objected", "asked_up")


def due_days(asked: Mapping[int, datetime], organisation: Organisation) -> dict[int, date]:
    """By person, until when each is to answer: the fifth day they work after they were asked, leave left out.

    Who is away for longer has until the last of sixty days.
    """
    if not asked:
        return {}
    days = {pk: clock.day_of(at, organisation.time_zone) for pk, at in asked.items()}
    first, end = min(days.values()), max(days.values()) + LONGEST
    usual = (organisation.holiday_region, tuple(organisation.working_week))
    own: dict[int, tuple[str, tuple[int, ...]]] = {}
    postings = Posting.objects.overlapping(first, end).filter(person__in=asked).order_by("during")
    for pk, during, region, week in postings.values_list("person_id", "during", "holiday_region", "working_week"):
        if pk not in own or during.lower <= days[pk]:
            own[pk] = (region or usual[0], tuple(week or usual[1]))
    away: dict[int, list[tuple[date, date]]] = defaultdict(list)
    leaves = Leave.objects.overlapping(first, end).filter(person__in=asked).values_list("person_id", "during")
    for pk, during in leaves.order_by("person_id"):
        away[pk].append((during.lower, during.upper or end))
    calendars: dict[tuple[str, tuple[int, ...]], list[date]] = {
        (region, week): working_days(region=region, week=week, start=first, end=end).tolist()
        for region, week in {usual, *own.values()}
    }
    due = {}
    for pk, day in days.items():
        calendar = calendars[own.get(pk, usual)]
        after = (on for on in islice(calendar, bisect_right(calendar, day), None) if on < day + LONGEST)
        here = (on for on in after if not any(gone <= on < back for gone, back in away[pk]))
        due[pk] = next(islice(here, DAYS_TO_ANSWER - 1, None), day + LONGEST)
    return due


def standings(plan: Plan, people: Collection[int], *, as_of: date) -> dict[int, Standing]:
    """Where each of these people is with a published plan, in a fixed number of queries."""
    if plan.published_at is None:
        return {}
    ids = set(people)
    organisation = Organisation.get()
    rounds: dict[int, tuple[int | None, datetime]] = {pk: (None, at) for pk, at in came_since(plan, ids).items()}
    told = AnnouncedFigure.objects.filter(announcement__plan=plan, person__in=ids)
    for person, announcement, at in told.order_by("announcement__at", "pk").values_list(
        "person_id", "announcement_id", "announcement__at"
    ):
        rounds[person] = announcement, at
    latest: dict[int, Response] = {}
    said = Response.objects.filter(plan=plan, person__in=ids).select_related("announcement").order_by("at", "pk")
    for response in said:
        latest[response.person_id] = response
    answers: dict[int, Answer] = {}
    for answer in Answer.objects.filter(response__in=[one.pk for one in latest.values()]).order_by("at", "pk"):
        answers[answer.response_id] = answer
    entries = entries_of(plan).filter(person__in=ids).exclude(kind=QuotaEntry.Kind.REDISTRIBUTION).order_by("person")
    figures: dict[int, Decimal] = {}
    for pk, total, moved_at in entries.values_list("person").annotate(Sum("reporting_amount"), Max("recorded_at")):
        assert pk is not None
        figures[pk] = total
        announced, _ = rounds.get(pk, (None, None))
        last = latest.get(pk)
        if last is not None and last.announcement_id == announced and _accepts_another(last, total):
            rounds[pk] = announced, moved_at  # asked again from then on
    due = due_days({pk: rounds.get(pk, (None, plan.published_at))[1] for pk in ids}, organisation)
    found = {}
    for person in ids:
        announced, asked_at = rounds.get(person, (None, plan.published_at))
        last = latest.get(person)
        state, changed = "waiting", False
        if last is not None and last.announcement_id == announced:
            replied = answers.get(last.pk)
            if last.stance == Response.Stance.ACCEPTS:
                changed = _accepts_another(last, figures.get(person, Decimal(0)))
                state = "waiting" if changed else "accepted"
            elif replied is None:
                state = "objected"
            else:
                state = "asked_up" if replied.kind == Answer.Kind.ASKED_UP else "answered"
        else:
            last = None
        found[person] = Standing(
            state=state,
            figure=figures.get(person),
            asked_at=asked_at,
            due_on=due[person],
            is_overdue=state == "waiting" and due[person] < as_of,
            announcement_id=announced,
            response=last,
            changed_since=changed,
        )
    return found


def _accepts_another(response: Response, figure: Decimal) -> bool:
    return response.stance == Response.Stance.ACCEPTS and response.quota != figure


@dataclass(slots=True)
class TeamCount:
    """How far a team and those below it are."""

    team: Team
    depth: int = 0
    people: set[int] = field(default_factory=set)
    accepted: int = 0
    objecting: int = 0
    answered: int = 0
    overdue: int = 0


def counts_by_team(plan: Plan, user: Viewer, states: dict[int, Standing]) -> list[TeamCount]:
    """For each team one sees, how many of its people have answered; by their lines, or where they came in."""
    teams = list(Team.objects.visible_to(user).order_by("path"))
    least = min((len(team.path) for team in teams), default=0)
    counts = {team.pk: TeamCount(team, len(team.path) - least) for team in teams}
    lines = list(plan.allocations.filter(person__in=states).order_by("pk").values_list("person_id", "team__path"))
    late = states.keys() - {person for person, _ in lines}
    held = entries_of(plan).filter(person__in=late, team__isnull=False).order_by("pk")
    for person, path in chain(lines, held.values_list("person_id", "team__path") if late else ()):
        for team in path:
            count = counts.get(team)
            if count is None or person in count.people:
                continue
            state = states[person]
            count.people.add(person)
            count.accepted += state.state == "accepted"
            count.objecting += state.needs_an_answer
            count.answered += state.has_answered
            count.overdue += state.is_overdue
    return [count for count in counts.values() if count.people]


def responses_of(plan: Plan, person: Person, user: Viewer) -> QuerySet[Response]:
    """What somebody said to a plan with the answers, the latest first."""
    seen = Response.objects.visible_to(user).filter(plan=plan, person=person)
    return seen.select_related("by", "announcement").prefetch_related("answers__by", "answers__asked", "accounts")


def answerer_of(response: Response, day: date) -> Person | None:
    """Who is to answer: who was asked last, else the person's manager, or the next one up where there is none."""
    last = response.answers.filter(kind=Answer.Kind.ASKED_UP).order_by("at", "pk").last()
    return last.asked if last is not None and last.asked is not None else manager_of(response.person, day)


def may_answer(user: User, response: Response) -> bool:
    """Who leads the person, or sees all; nobody their own, and who asked the next manager up waits for them."""
    access = access_of(user)
    if access.person_id == response.person_id or response.by_id == user.pk:
        return False
    last = response.answers.order_by("at", "pk").last()
    if last is not None and last.kind == Answer.Kind.ASKED_UP and last.by_id == user.pk:
        return False
    return access.sees_all or (access.leads and access.sees_person(response.person_id))


def announcements_of(plan: Plan, user: Viewer) -> QuerySet[Announcement]:
    """Those of a plan that a user may read, the latest first."""
    return announcements_visible_to(user).filter(plan=plan)


def announcements_visible_to(user: Viewer) -> QuerySet[Announcement]:
    found = Announcement.objects.visible_to(user).select_related("plan", "team", "person", "by", "strategy")
    return found.order_by("-at", "-pk")


def reached_by(plan: Plan, user: User, *, team: Team | None, person: Person | None) -> list[Person]:
    """The people of a plan whom an announcement would reach: never the one who makes it."""
    found = Person.objects.visible_to(user).filter(withdrawn_at=None, pk__in=people_in(plan, team).values("pk"))
    if person is not None:
        found = found.filter(pk=person.pk)
    return list(found.exclude(pk=access_of(user).person_id or 0).order_by("name", "pk"))


def last_told(plan: Plan, person_ids: Sequence[int]) -> dict[int, Decimal]:
    """The figure that each person knows of: as announced last, else as published or as they came into it."""
    assert plan.published_at is not None
    known = figures_of(plan, person_ids, until=plan.published_at)
    if late := came_since(plan, person_ids):
        first = reduce(or_, (Q(person=pk, recorded_at=at) for pk, at in late.items()))
        sums = entries_of(plan).filter(first).exclude(kind=QuotaEntry.Kind.REDISTRIBUTION).order_by("person")
        known.update(sums.values_list("person").annotate(total=Sum("reporting_amount")))
    told = AnnouncedFigure.objects.filter(announcement__plan=plan, person__in=person_ids)
    known.update(told.order_by("announcement__at", "pk").values_list("person_id", "after"))
    return known
