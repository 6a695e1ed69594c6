"""Questions about meetings: who belongs to one, and what there is to talk about."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from urllib.parse import quote

from django.db.models import CharField, Prefetch, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat

from coaching.analysis.rhythms import days_of
from coaching.models import (
    ActionItem,
    Attendance,
    Meeting,
    MeetingDecision,
    MeetingPoint,
    MeetingQuerySet,
    MeetingQuestion,
    MeetingRhythm,
    Play,
)
from performance.selectors import team_standings
from sales.models import MarketNote
from salesmgmt.lib import clock
from salesmgmt.lib.groups import SMALLEST_GROUP
from teams.models import Access, Holiday, Leadership, Organisation, Person, Posting, Role, Team, User, access_of
from teams.selectors import current_period

from .plays import kept_results
from .rhythms import AHEAD, FAR

PROMISE = "promise:"  # what a point of an agenda that quotes one is known by, before its number
TOPICS = 5  # of the market that an agenda names


@dataclass(frozen=True, slots=True)
class Found:
    """A point that the product proposes for an agenda which the whole team reads: nobody's own figures in it."""

    source: str
    about: str
    text: str
    link: str = ""


Source = Callable[[Team, date, date], list[Found]]
_sources: list[Source] = []


def fills_agendas(source: Source) -> Source:
    """Declare what finds points for the meetings of a team, between the last one and a day."""
    _sources.append(source)
    return source


def may_chair(access: Access, team: Team) -> bool:
    """Whether a user leads the team, or one above it; admin and operations don't by being that."""
    return access.person_id is not None and (
        access.role == "executive" or any(pk in team.path for pk in access.led_team_ids)
    )


def chaired_by(user: User) -> QuerySet[Team]:
    """For which teams the user may call a meeting."""
    access = access_of(user)
    teams = Team.objects.present()
    if access.person_id is not None and access.role == "executive":
        return teams
    return teams.under(list(access.led_team_ids)) if access.person_id and access.leads else teams.none()


def teams_of(user: User) -> QuerySet[Team]:
    """Whose meetings concern the user: of the team they are posted to and those above, and of those they lead."""
    access = access_of(user)
    here = (access.team_id and Team.objects.filter(pk=access.team_id).values_list("path", flat=True).first()) or []
    return Team.objects.present().filter(Q(pk__in=here) | Q(pk__in=access.led_team_ids))


def attendees(team: Team, on: date) -> QuerySet[Person]:
    """Who is asked to come: posted to the very team that day, and who leads it or a team right below."""
    leads = Leadership.objects.on(on).filter(Q(team=team) | Q(team__parent=team, team__withdrawn_at=None))
    posted = Posting.objects.on(on).filter(team=team)
    people = Person.objects.active(on)
    return people.filter(Q(pk__in=posted.values("person")) | Q(pk__in=leads.values("person")))


def asked_to(meeting: Meeting) -> QuerySet[Person]:
    """Who is asked to come, by the postings of its day."""
    return attendees(meeting.team, clock.day_of(meeting.starts_at, Organisation.get().time_zone))


def who_may_have_come(meeting: Meeting) -> QuerySet[Person]:
    """Who was asked, and who was noted before."""
    noted = meeting.attendances.values("person")
    return Person.objects.filter(Q(pk__in=asked_to(meeting).values("pk")) | Q(pk__in=noted))


def meeting_rhythms_of(user: User) -> QuerySet[MeetingRhythm]:
    return MeetingRhythm.objects.visible_to(user).standing().select_related("team", "chair")


def meeting_days(rhythm: MeetingRhythm, *, on: date) -> list[date]:
    """The days for which a meeting should stand: of the coming two weeks, or the next one. Holidays are out."""
    days = days_of(
        starts_on=rhythm.starts_on, every_weeks=rhythm.every_weeks, weekday=rhythm.weekday, since=on, until=on + FAR
    )
    region = Organisation.get().holiday_region
    off = set(Holiday.objects.filter(region=region, on__gte=on, on__lt=on + FAR).values_list("on", flat=True))
    fit = [day for day in days if day not in off]
    return [day for place, day in enumerate(fit) if place == 0 or day < on + AHEAD]


def meetings_of(user: User) -> MeetingQuerySet:
    return Meeting.objects.visible_to(user).select_related("team", "chair")


def meeting_with_parts(user: User) -> QuerySet[Meeting]:
    """A meeting with its agenda, decisions, promises, answers and who was there: a fixed number of queries."""
    return meetings_of(user).prefetch_related(
        Prefetch("points", MeetingPoint.objects.order_by("position", "pk")),
        Prefetch("decisions", MeetingDecision.objects.order_by("decided_at", "pk")),
        Prefetch("action_items", ActionItem.objects.select_related("owner").order_by("due_on", "pk")),
        Prefetch("questions", MeetingQuestion.objects.select_related("author").order_by("asked_at", "pk")),
        Prefetch("attendances", Attendance.objects.select_related("person").order_by("person__name", "pk")),
        "changes__by__person",
    )


def open_questions(team: Team, user: User) -> QuerySet[MeetingQuestion]:
    """What people put and no meeting has answered, for those who are asked to come; to everybody else their own."""
    waiting = MeetingQuestion.objects.visible_to(user).filter(team=team, answered_at=None)
    return waiting.select_related("author").order_by("asked_at")


def questions_of(user: User) -> QuerySet[MeetingQuestion]:
    """What waits for an answer in the teams whose meetings one sees, the latest first."""
    waiting = MeetingQuestion.objects.visible_to(user).filter(answered_at=None)
    return waiting.select_related("author", "team").order_by("-asked_at", "-pk")


def decisions_to_report(meeting: Meeting, user: User | None = None) -> QuerySet[MeetingDecision]:
    """What the team's meetings before this one decided: nobody has said what came of it, or it was said since the last
    one. The oldest first; `user`: of the meetings they may read, this one being open says nothing of the others."""
    before = last_meeting(meeting)
    said = Q(settled_at__gt=before.held_at) if before and before.held_at else Q(settled_at__isnull=False)
    if meeting.held_at is not None:
        said &= Q(settled_at__lte=meeting.held_at)
    rows = MeetingDecision.objects.visible_to(user) if user is not None else MeetingDecision.objects.all()
    decided = rows.filter(meeting__team=meeting.team_id, meeting__starts_at__lt=meeting.starts_at)
    return decided.filter(Q(settled_at=None) | said).select_related("meeting").order_by("decided_at", "pk")


def points_told(meeting: Meeting, user: User) -> list[MeetingPoint]:
    """The agenda without promises of meetings that the user doesn't read, and what came without words by import."""
    points = [point for point in meeting.points.all() if point.text]
    promised = {point.pk: point.about.removeprefix(PROMISE) for point in points if point.about.startswith(PROMISE)}
    if not promised:
        return points
    seen = set(ActionItem.objects.visible_to(user).filter(pk__in=promised.values()).values_list("pk", flat=True))
    return [point for point in points if point.pk not in promised or int(promised[point.pk]) in seen]


def points_of(user: User) -> QuerySet[MeetingPoint]:
    """The same of every meeting the user may read."""
    seen = ActionItem.objects.visible_to(user).filter(meeting__isnull=False)
    named = seen.annotate(named=Concat(Value(PROMISE), Cast("pk", CharField()))).values("named")
    points = MeetingPoint.objects.filter(meeting__in=Meeting.objects.visible_to(user)).exclude(text="")
    return points.filter(~Q(about__startswith=PROMISE) | Q(about__in=named))


def last_meeting(meeting: Meeting) -> Meeting | None:
    before = Meeting.objects.filter(team=meeting.team_id, state=Meeting.State.HELD, starts_at__lt=meeting.starts_at)
    return before.order_by("-starts_at").first()


def points_for(meeting: Meeting, *, since: date, on: date) -> list[Found]:
    """Open promises of the team's meetings, then what else is found."""
    promises = ActionItem.objects.filter(meeting__team=meeting.team_id, done_at=None).exclude(meeting=meeting)
    found = [
        Found(
            MeetingPoint.Source.PROMISE,
            f"{PROMISE}{item.pk}",
            f"{item.owner.name}: {item.text} ({'overdue since' if item.due_on < on else 'due'} {item.due_on:%d %b})",
            f"/meetings/{item.meeting_id}/",
        )
        for item in promises.select_related("owner").order_by("due_on", "pk")
    ]
    for source in _sources:
        found += source(meeting.team, since, on)
    return found


@fills_agendas
def _figures(team: Team, since: date, on: date) -> list[Found]:
    """How the team stands in the quarter, and what came since the last meeting; of the team as a whole alone, and none
    where so few sell that each could take away their own and have the other's."""
    if Posting.objects.on(on).under([team.pk]).filter(role=Role.REP).count() < SMALLEST_GROUP:
        return []
    period = current_period("quarter", on)
    now = next(iter(team_standings(team_ids=[team.pk], period=period, as_of=on)), None)
    if now is None:
        return []
    before = None
    if since > period.start:
        before = next(iter(team_standings(team_ids=[team.pk], period=period, as_of=since)), None)
    currency = Organisation.get().currency
    said = f"{period.label}: {now.credited:,.0f} {currency} booked"
    if before is not None:
        said += f", {now.credited - before.credited:,.0f} of it since {since:%d %b}"
    if now.pace is not None:
        said += f"; pace {now.pace:.0%}"
        said += f" (was {before.pace:.0%})" if before is not None and before.pace is not None else ""
    won = now.won - (before.won if before else 0)
    lost = now.lost - (before.lost if before else 0)
    deals = f"Deals since {max(since, period.start):%d %b}: {won} won, {lost} lost"
    return [
        Found(MeetingPoint.Source.FIGURE, "figure:bookings", f"{said}."),
        Found(MeetingPoint.Source.FIGURE, "figure:deals", f"{deals}; {now.open_deals} open."),
    ]


@fills_agendas
def _market(team: Team, since: date, on: date) -> list[Found]:
    """What the team's people noted about the market, by topic and as counts: each reads the notes they may."""
    here = Posting.objects.on(on).under([team.pk]).values("person")
    notes = MarketNote.objects.present().filter(owner__in=here, noted_at__date__gte=since, noted_at__date__lte=on)
    tally = Counter(tag for tags in notes.values_list("tags", flat=True) for tag in tags)
    return [
        Found(
            MeetingPoint.Source.MARKET,
            f"market:{tag}"[:60],
            f"#{tag}: {count} {'note' if count == 1 else 'notes'} since {since:%d %b}",
            f"/market/?tag={quote(tag)}",
        )
        for tag, count in sorted(tally.items(), key=lambda one: (-one[1], one[0]))[:TOPICS]
    ]


@fills_agendas
def _plays(team: Team, since: date, on: date) -> list[Found]:
    """Plays whose deals are won more often than comparable ones, by more than chance; of a team that sells."""
    if team.department:
        return []
    results = kept_results()
    good = {pk for pk, one in results.items() if one.differs and one.difference and one.difference.interval.value > 0}
    plays = Play.objects.in_use().filter(pk__in=good)
    return [
        Found(
            MeetingPoint.Source.PLAY, f"play:{play.pk}", f"{play.name}: {results[play.pk].sentence}",
            f"/plays/{play.pk}/",
        )
        for play in plays.order_by("name", "pk")
    ]  # fmt: skip
