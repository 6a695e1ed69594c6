"""Questions about cases."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import CharField, Count, Max, Prefetch, Q, QuerySet, Value
from django.db.models.functions import Cast, Coalesce, Concat

from coaching.models import (
    ActionItem,
    Case,
    CaseQuerySet,
    DiagnosisStep,
    Note,
    OneOnOne,
    Question,
    QuestionQuerySet,
    Step,
)
from salesmgmt.lib import clock
from salesmgmt.lib.groups import SMALLEST_GROUP
from teams.models import Access, Organisation, Person, Posting, User, access_of

from .reach import leaders_of, name_of


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of a case's story."""

    at: datetime
    who: str
    what: str


def cases_of(user: User) -> CaseQuerySet:
    return Case.objects.visible_to(user).select_related("person", "owner", "flag")


def cases_asked(
    user: User, *, on: date, state: str = "open", cause: str = "", person: str = "", team: int | None = None,
    owner: int | None = None, source: str = "",
) -> CaseQuerySet:  # fmt: skip
    """The cases of a list: by state, cause, owner, source, a part of the person's name, and a team: of those who are
    posted to it or below, or were when the case was opened."""
    found = cases_of(user)
    match state:
        case "open":
            found = found.open()
        case "overdue":
            found = found.open().filter(due_on__lt=on)
        case "closed":
            found = found.filter(state=Case.State.CLOSED)
    found = found.with_reading(user)
    if cause:
        found = found.filter(cause=cause, is_read=True)
    if source:
        found = found.filter(source=source)
    if owner is not None:
        found = found.filter(owner=owner)
    if team is not None:
        here = Posting.objects.on(on).under([team]).values("person")
        found = found.filter(Q(person__in=here) | Q(team__path__contains=[team]))
    return found.filter(person__name__icontains=person) if person else found


def owners_seen_by(user: User) -> QuerySet[Person]:
    """Who owns a case that the user may see."""
    return Person.objects.filter(pk__in=Case.objects.visible_to(user).values("owner")).order_by("name", "pk")


def next_steps(cases: Iterable[Case]) -> dict[int, str]:
    """The step that each open case stands at, by its number; empty once all are ruled on."""
    ids = [case.pk for case in cases if case.is_open]
    ruled: dict[int, set[str]] = {pk: set() for pk in ids}
    for pk, step in DiagnosisStep.objects.filter(case__in=ids).standing().values_list("case", "step"):
        ruled[pk].add(step)
    return {pk: next((step.label for step in Step if step not in done), "") for pk, done in ruled.items()}


def owners_for(case: Case, *, by: User, on: date) -> list[int]:
    """Who may own a case: who leads the person, and who asks."""
    me = access_of(by).person_id
    return sorted({*leaders_of(case.person, on), case.owner_id, *([me] if me else [])} - {case.person_id})


def case_with_parts(user: User) -> QuerySet[Case]:
    """A case with its talks, promises, and the notes this user may read: a fixed number of queries."""
    return cases_of(user).prefetch_related(
        Prefetch("one_on_ones", OneOnOne.objects.visible_to(user).order_by("starts_at")),
        Prefetch("action_items", ActionItem.objects.select_related("owner").order_by("due_on", "pk")),
        Prefetch("notes", Note.objects.visible_to(user).select_related("author").order_by("at", "pk")),
    )


def story_of(case: Case) -> list[Moment]:
    """What happened to a case and to the flag behind it, oldest first."""
    moments = [
        Moment(change.at, name_of(change.by), change.what) for change in case.changes.select_related("by__person")
    ]
    if case.flag is not None:
        events = case.flag.events.select_related("by__person")
        moments += [
            Moment(event.at, name_of(event.by), f"{event.get_kind_display()}: {event.text}") for event in events
        ]
    return sorted(moments, key=lambda moment: moment.at)


# ── What departments are asked ──────────────────────────────────────────────────────────────────────────────────


def questions_to(access: Access) -> QuestionQuerySet:
    """The questions to the department somebody is in, but for those about themselves."""
    asked = Question.objects.select_related("asked_by", "answered_by", "case")
    if not access.department or access.person_id is None:
        return asked.none()
    return asked.filter(department=access.department).exclude(case__person=access.person_id)


# ── Causes, added up ────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class CauseTotal:
    """What a cause came to over closed cases."""

    cause: str
    label: str
    cases: int
    people: int
    at_stake: Decimal | None
    """Of those with an amount, in the reporting currency."""
    priced: int
    team_wide: int
    solved: int
    """Solved or improved."""

    @property
    def share_team_wide(self) -> Decimal | None:
        return Decimal(self.team_wide) / self.cases if self.cases else None

    @property
    def share_solved(self) -> Decimal | None:
        return Decimal(self.solved) / self.cases if self.cases else None


@dataclass(frozen=True, slots=True)
class Causes:
    """Causes of at least five people each, the dearest first, and how many cases are in smaller groups."""

    rows: list[CauseTotal]
    hidden: int
    cases: int


def may_see_causes(access: Access) -> bool:
    """The leadership: who leads the company's people or all of a team, but not who only runs the installation."""
    return access.leads or access.role == "executive"


def causes(*, user: User, start: date | None = None, until: date | None = None) -> Causes:
    """Causes added up over the closed cases one may see, without those withdrawn and of who left, in two queries.

    A person's gap of a quarter counts once for a cause, the largest, however many flags showed it.
    """
    closed = Case.objects.visible_to(user).filter(state=Case.State.CLOSED).exclude(cause="")
    closed, zone = closed.exclude(outcome__in=[Case.Outcome.WITHDRAWN, Case.Outcome.LEFT]), Organisation.get().time_zone
    if start is not None:
        closed = closed.filter(closed_at__gte=clock.close_of(start - timedelta(days=1), zone))
    if until is not None:
        closed = closed.filter(closed_at__lt=clock.close_of(until - timedelta(days=1), zone))
    rows: Any = (
        closed.order_by()
        .values("cause")
        .annotate(
            cases=Count("pk"),
            people=Count("person", distinct=True),
            priced=Count("at_stake"),
            team_wide=Count("pk", filter=Q(is_team_wide=True)),
            solved=Count("pk", filter=Q(outcome__in=[Case.Outcome.SOLVED, Case.Outcome.IMPROVED])),
        )
    )
    once = Coalesce("flag__period", Concat(Value("case-"), Cast("pk", CharField())))
    gaps = closed.order_by().filter(at_stake__isnull=False).values("cause", "person", once=once)
    totals: dict[str, Decimal] = {}
    for cause, gap in gaps.annotate(gap=Max("at_stake")).values_list("cause", "gap"):
        totals[cause] = totals.get(cause, Decimal(0)) + gap
    labels = dict(Case.CAUSES)
    found = [
        CauseTotal(
            row["cause"], labels[row["cause"]], row["cases"], row["people"], totals.get(row["cause"]), row["priced"],
            row["team_wide"], row["solved"],
        )
        for row in rows
    ]  # fmt: skip
    shown = [row for row in found if row.people >= SMALLEST_GROUP]
    count = sum(row.cases for row in found)
    return Causes(
        sorted(shown, key=lambda row: (-(row.at_stake or 0), -row.cases, row.cause)),
        count - sum(row.cases for row in shown),
        count,
    )
