"""What the home pages show, each in a fixed number of queries."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, Self

from django.db.models import (
    Case,
    CharField,
    DateField,
    DateTimeField,
    DecimalField,
    Exists,
    F,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce, Concat, Greatest
from django.urls import reverse

from coaching.models import ActionItem, OneOnOne
from performance.models import Flag, RollupSum
from performance.selectors import MEASURES, Scope, Standing
from performance.selectors.scope import key_of
from recognition.models import Award, Kudos, Suggestion
from sales.models import Deal, Task, viewer_of
from salesmgmt.lib.clock import day_of
from salesmgmt.lib.statements import Statement
from salesmgmt.pages.templatetags.paceline import day, money, num
from targets.models import AnnouncedFigure, Offer, Plan, QuotaEntry, Response
from targets.selectors import plans_of
from teams.models import Access, Leadership, Person, Posting, Team, User, access_of, shared_access
from teams.selectors import organisation_of

SOON = timedelta(days=7)
TO_ANSWER = timedelta(days=7)  # five working days
ICONS = {
    "task": "list-checks",
    "promise": "handshake",
    "talk": "message-circle",
    "suggestion": "award",
    "letter": "file-text",
    "objection": "file-text",
    "offer": "users",
}


@dataclass(frozen=True, slots=True)
class Need:
    """An open flag as a line of a list."""

    flag: Flag
    gap: str
    talk: int | None
    """The planned 1:1 with that person, if there is one."""


@dataclass(frozen=True, slots=True)
class Due:
    """Something with a day: a task, somebody's promise, a 1:1, a letter or an offer to answer; or a success that waits
    for a word."""

    kind: str
    pk: int
    text: str
    name: str
    on: date
    at: datetime | None
    link: str

    @property
    def icon(self) -> str:
        return ICONS[self.kind]

    @property
    def url(self) -> str:
        match self.kind:
            case "talk":
                return reverse("one-on-one", args=[self.pk])
            case "promise":
                return reverse("one-on-ones")
            case "suggestion":
                return reverse("wall")
            case "letter" | "objection":
                return reverse("letter", args=self.link.split("/"))
            case "offer":
                return reverse("offer", args=[self.pk])
            case _:
                return self.link or reverse("task", args=[self.pk])


@dataclass(frozen=True, slots=True)
class Praise:
    """An award or a thank-you on the wall."""

    kind: str
    pk: int
    name: str
    title: str
    words: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list that is all in memory."""

    said: str
    previous: str
    next: str

    @classmethod
    def cut(cls, rows: Sequence[Any], asked: str, size: int = 50) -> tuple[Sequence[Any], Self | None]:
        """The rows of the asked page, and the way to its neighbours; none for a list that fits."""
        if len(rows) <= size:
            return rows, None
        last = (len(rows) - 1) // size + 1
        at = min(max(int(asked), 1), last) if asked.isascii() and asked.isdigit() else 1
        start = (at - 1) * size
        part = rows[start : start + size]
        return part, cls(
            f"{start + 1:,} to {start + len(part):,} of {len(rows):,}",
            str(at - 1) if at > 1 else "",
            str(at + 1) if at < last else "",
        )


# ── Who needs help ──────────────────────────────────────────────────────────────────────────────────────────────


def open_needs(user: User, now: datetime, currency: str) -> list[Need]:
    """Open flags this user may see that are not put off, those at risk and the dearest first, with the planned 1:1."""
    talk = OneOnOne.objects.filter(
        person=OuterRef("person"), state=OneOnOne.State.PLANNED, starts_at__gte=now
    ).visible_to(user)
    flags = (
        Flag.objects.visible_to(user)
        .awake(day_of(now, organisation_of(user).time_zone))
        .select_related("person")
        .annotate(talk=Subquery(talk.order_by("starts_at", "pk").values("pk")[:1]))
        .order_by("pk")
    )
    found = sorted(flags, key=lambda flag: (flag.severity != "at_risk", -flag.cost, flag.pk))
    return [Need(flag, gap_of(flag, currency), flag.talk) for flag in found]


def gap_of(flag: Flag, currency: str) -> str:
    """ "€72k booked, pace is €158k", or in the words of another measure."""
    if flag.measure in {"csat", "discount"}:
        return f"{flag.evidence.get('line', '')}: {num(flag.actual, 1)} %, usually {num(flag.expected, 1)} %"
    if flag.measure == "pipeline":
        return f"{money(flag.gap, currency)} of {money(flag.expected, currency)} open was left alone"
    measure = MEASURES.get(flag.measure)
    if measure is None or measure.unit == "money":
        done = (
            "booked"
            if flag.measure in {"bookings", "pace", "attainment"}
            else (measure.label.lower() if measure else "")
        )
        since = f" since {day(flag.counted_from)}" if flag.counted_from else ""
        return f"{money(flag.actual, currency)} {done}{since}, pace is {money(flag.expected, currency)}"
    return f"{num(flag.actual)} {measure.label.lower()}, pace is {num(flag.expected)}"


# ── What is due ─────────────────────────────────────────────────────────────────────────────────────────────────


def due_for(user: User, *, today: date, since: datetime, leads: bool) -> list[Due]:
    """What is due in the coming week, overdue first, and successes that wait for a word: one query.

    `since` is the start of today. Whoever leads sees the promises of their people too.
    """
    access, instead = shared_access(access_of(user))
    rows = _dues(access, today, since, leads).rows(instead)
    return sorted((Due(*row) for row in rows), key=lambda due: (due.on, due.at or since, due.kind, due.pk))


@lru_cache(maxsize=512)
def _dues(access: Access, today: date, since: datetime, leads: bool) -> Statement:
    user, me = viewer_of(access, ()), access.person_id
    until = today + SOON
    parts: list[QuerySet[Any, Any]] = []
    if me is not None:
        # One's own promises and cases are tasks already.
        tasks = Task.objects.filter(owner=me, done_at=None, due_on__lte=until)
        # Others see tasks too, so a task only says that something was promised; here its owner reads what.
        named = ActionItem.objects.annotate(named=Concat(Value("action-item:"), Cast("pk", CharField())))
        said = Subquery(named.filter(owner=me, named=OuterRef("reason")).values("text")[:1])
        words = Case(When(source="action_item", then=Coalesce(said, F("text"))), default=F("text"))
        talks = OneOnOne.objects.visible_to(user).filter(Q(manager=me) | Q(person=me))
        talks = talks.filter(state=OneOnOne.State.PLANNED, starts_at__gte=since, starts_at__lt=since + SOON)
        other = Case(When(person=me, then=F("manager__name")), default=F("person__name"))
        parts += [
            _rows(tasks, "task", words, Value(""), F("due_on"), link=F("link")),
            _rows(talks, "talk", Value("1:1"), other, Cast("starts_at", DateField()), at=F("starts_at")),
        ]
        if leads:
            promises = ActionItem.objects.visible_to(user).filter(done_at=None, due_on__lte=until).exclude(owner=me)
            promises = promises.filter(Q(coach=me) | Q(case__owner=me) | Q(meeting__chair=me))
            parts.append(_rows(promises, "promise", F("text"), F("owner__name"), F("due_on")))
        parts += _of_figures(user, me, today, leads=leads)
    if leads or access.sees_all:
        waiting = Suggestion.objects.visible_to(user).waiting().order_by("-made_on", "-pk")[:6]
        parts.append(_rows(waiting, "suggestion", F("sentence"), F("person__name"), F("made_on")))
    return Statement.of(parts[0].union(*parts[1:], all=True)) if parts else Statement("", ())


def _of_figures(user: User, me: int, today: date, *, leads: bool) -> list[QuerySet[Any, Any]]:
    """Letters and offers one has not answered, and objections of the people in the teams one leads."""
    running = Plan.objects.filter(during__endswith__gt=today, published_at__isnull=False)
    told = AnnouncedFigure.objects.filter(person=me, announcement__plan=OuterRef("pk"))
    told = told.order_by("-announcement__at", "-pk")
    entries = QuotaEntry.objects.filter(
        person=me, measure=OuterRef("measure"), during__contained_by=OuterRef("during")
    ).order_by("recorded_at")
    held = entries.exclude(kind=QuotaEntry.Kind.REDISTRIBUTION).order_by().values("person")
    none = Value(Decimal(0), DecimalField(max_digits=18, decimal_places=2))
    later = Response.objects.filter(plan=OuterRef("plan"), person=me, pk__gt=OuterRef("pk"))
    given = Response.objects.annotate(round=Coalesce("announcement", 0)).filter(~Exists(later), person=me)
    given = given.filter(plan=OuterRef("pk"), round=OuterRef("round"))
    plans = running.filter(pk__in=plans_of(me).values("pk")).annotate(
        round=Coalesce(Subquery(told.values("announcement")[:1]), 0),
        figure=Coalesce(Subquery(held.annotate(total=Sum("reporting_amount")).values("total")[:1]), none),
    )
    # Who has accepted another figure than the one that stands is asked again, from the day it moved.
    plans = plans.exclude(Exists(given.filter(Q(stance=Response.Stance.OBJECTS) | Q(quota=OuterRef("figure")))))
    plans = plans.annotate(
        since=Case(
            When(Exists(given), then=Subquery(entries.reverse().values("recorded_at")[:1])),
            default=Greatest(
                F("published_at"),
                Subquery(entries.values("recorded_at")[:1]),
                Subquery(told.values("announcement__at")[:1]),
            ),
        )
    )
    offers = Offer.objects.visible_to(user).waiting().filter(candidate__person=me, accepted_at=None)
    parts = [
        _rows(
            plans,
            "letter",
            Concat(Value("Answer your letter: "), F("name")),
            Value(""),
            F("since") + Value(TO_ANSWER),
            link=Concat(Cast("pk", CharField()), Value("/"), Cast(Value(me), CharField())),
        ),
        _rows(offers, "offer", Value("Would you take on a part of a quota?"), Value(""), Cast("made_at", DateField())),
    ]
    if leads:
        led = Posting.objects.on(today).filter(team__in=access_of(user).led_team_ids).exclude(person=me)
        later = Response.objects.filter(plan=OuterRef("plan"), person=OuterRef("person"), pk__gt=OuterRef("pk"))
        objections = Response.objects.filter(
            ~Exists(later), stance=Response.Stance.OBJECTS, answers=None, person__in=led.values("person"),
            plan__in=running.values("pk"),
        )  # fmt: skip
        link = Concat(Cast("plan_id", CharField()), Value("/"), Cast("person_id", CharField()))
        said = Concat(Value("Answer an objection to "), F("plan__name"))
        parts.append(_rows(objections, "objection", said, F("person__name"), F("at") + Value(TO_ANSWER), link=link))
    return parts


def _rows(
    rows: QuerySet[Any], kind: str, text: Any, name: Any, on: Any, *, at: Any = None, link: Any = None
) -> QuerySet[Any, Any]:
    return rows.values_list(
        Value(kind, CharField()),
        F("pk"),
        Cast(text, CharField()),
        Cast(name, CharField()),
        Cast(on, DateField()),
        Cast(at or Value(None), DateTimeField()),
        Cast(link or Value(""), CharField()),
    )


def upcoming(dues: Iterable[Due]) -> dict[str, list[Due]]:
    """Split for a page: what waits for a word, the 1:1s, the rest."""
    dues = list(dues)
    return {
        "suggestions": [due for due in dues if due.kind == "suggestion"],
        "talks": [due for due in dues if due.kind == "talk"],
        "dues": [due for due in dues if due.kind not in {"suggestion", "talk"}],
    }


# ── Recognition ─────────────────────────────────────────────────────────────────────────────────────────────────


def latest_praise(user: User, count: int = 3) -> list[Praise]:
    """What was celebrated last, in one query."""
    rows = _praises(access_of(user).role, count).rows()
    return sorted((Praise(*row) for row in rows), key=lambda praise: praise.at, reverse=True)[:count]


@lru_cache(maxsize=32)
def _praises(role: str, count: int) -> Statement:
    user = viewer_of(Access(None, role, False, frozenset(), None, ()), ())  # the wall is everybody's who has a role
    awards = Award.objects.visible_to(user).order_by("-given_at")[:count]
    kudos = Kudos.objects.visible_to(user).order_by("-at")[:count]
    giver = Coalesce(F("given_by__person__name"), F("given_by__username"))
    rows = awards.values_list(
        Value("award", CharField()), F("pk"), F("person__name"),
        Cast("title", CharField()), Cast("sentence", CharField()),
        Cast(giver, CharField()), F("given_at"),
    )  # fmt: skip
    others = kudos.values_list(
        Value("kudos", CharField()), F("pk"), F("receiver__name"),
        Value("", CharField()), Cast("text", CharField()),
        Cast("giver__name", CharField()), F("at"),
    )  # fmt: skip
    return Statement.of(rows.union(others, all=True))


def praise_of(user: User, person: Person, count: int = 5) -> list[Praise]:
    """Awards and thanks of one person, the latest first."""
    awards = (
        Award.objects.visible_to(user).filter(person=person).select_related("given_by__person").order_by("-given_at")
    )
    kudos = Kudos.objects.visible_to(user).filter(receiver=person).select_related("giver").order_by("-at")
    found = [
        Praise("award", award.pk, person.name, award.title, award.sentence, _giver(award.given_by), award.given_at)
        for award in awards[:count]
    ]
    found += [Praise("kudos", row.pk, person.name, "", row.text, row.giver.name, row.at) for row in kudos[:count]]
    return sorted(found, key=lambda praise: praise.at, reverse=True)[:count]


def _giver(user: User) -> str:
    person = getattr(user, "person", None)
    return person.name if person else str(user)


# ── People and teams ────────────────────────────────────────────────────────────────────────────────────────────

SORTS: dict[str, Callable[[Standing], Decimal | None]] = {
    "pace": lambda row: row.pace,
    "booked": lambda row: row.credited,
    "attainment": lambda row: row.attainment,
    "activities": lambda row: Decimal(row.activities),
}


def sorted_standings(rows: Sequence[Standing], by: str) -> list[Standing]:
    """By a column, the largest first; unknown at the end, ties by name."""
    value = SORTS.get(by, SORTS["pace"])
    return sorted(
        rows, key=lambda row: (value(row) is None, -(value(row) or Decimal(0)), row.person.name, row.person.pk)
    )


def led_by(user: User) -> QuerySet[Team]:
    """The teams whose figures a user may see: all, or those they lead and below, by name."""
    access = access_of(user)
    present = Team.objects.present().order_by("name", "pk")
    return present if access.sees_all else present.under(access.led_team_ids)


def team_with_all_below(team: Team) -> list[Team]:
    return list(Team.objects.present().under([team.pk]).order_by("name", "pk"))


def posted_to(team_ids: Sequence[int], day: date) -> list[int]:
    """Who is posted on a day to one of these teams."""
    return list(Posting.objects.on(day).filter(team__in=team_ids).values_list("person_id", flat=True))


def leader_of(team: Team, day: date) -> Person | None:
    row = Leadership.objects.on(day).filter(team=team).select_related("person").first()
    return row.person if row else None


def last_result_on() -> date | None:
    """The day of the latest order or decision anybody has, for a company whose records lie far back."""
    months = RollupSum.objects.filter(level=RollupSum.Level.TEAM_MONTH, measure__in=["bookings", "deals_won"])
    found: date | None = months.aggregate(last=Max("on"))["last"]
    return found


def scope_of(teams: Sequence[Team], led: Sequence[int]) -> Scope:
    """The figures of the teams somebody leads, with all below; `teams` are all of these."""
    tops = [team for team in teams if team.pk in led and not any(pk in led for pk in team.path[:-1])]
    name = " and ".join(team.name for team in tops)
    ids, above = tuple(team.pk for team in teams), tuple(team.pk for team in tops)
    key = f"team:{tops[0].name}" if len(tops) == 1 else key_of(above)
    return Scope("team", tops[0].pk, name, key, ids, above)


def two_levels(teams: Sequence[Team]) -> list[tuple[Team, int]]:
    """The tree as a table of two levels with their depth, parents before children.

    A single root is the company itself: its line would repeat the strip, so its children are the first level.
    """
    present = {team.pk: team for team in teams}
    roots = [team for team in teams if team.parent_id not in present]
    below = {pk: [team for team in teams if team.parent_id == pk] for pk in present}
    first = below[roots[0].pk] or roots if len(roots) == 1 else roots
    rows: list[tuple[Team, int]] = []
    for team in sorted(first, key=lambda team: team.name):
        rows.append((team, 0))
        rows += [(child, 1) for child in sorted(below[team.pk], key=lambda team: team.name)]
    return rows


def whole_tree(teams: Sequence[Team]) -> list[tuple[Team, int]]:
    """Every team with its depth, parents before children, by name."""
    present = {team.pk for team in teams}
    rows: list[tuple[Team, int]] = []

    def down(parent: int | None, depth: int) -> None:
        for team in teams:
            if (team.parent_id if team.parent_id in present else None) == parent:
                rows.append((team, depth))
                down(team.pk, depth + 1)

    down(None, 0)
    return rows


def flagged_by_team(flags: Iterable[tuple[int | None, int]], teams: Sequence[Team]) -> dict[int, set[int]]:
    """Who is flagged in each team or below, from (team, person) of flags."""
    paths = {team.pk: team.path for team in teams}
    found: dict[int, set[int]] = {}
    for team, person in flags:
        for pk in paths.get(team or 0, ()):
            found.setdefault(pk, set()).add(person)
    return found


def closing_soon(access: Access, today: date, count: int = 6) -> QuerySet[Deal]:
    """One's own open deals by expected close, overdue ones first."""
    return (
        Deal.objects.present()
        .open()
        .filter(owner=access.person_id, expected_close_on__lte=today + timedelta(days=30))
        .select_related("account", "stage")
        .order_by("expected_close_on", "pk")[:count]
    )
