"""Scorecards: weighted parts that make up a total, of people by role and of whoever leads by their teams."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

import numpy as np
from django.db.models import QuerySet

from salesmgmt.lib.periods import Kind, Period
from targets.selectors import published_targets
from teams.models import Leadership, Organisation, Person, Posting, Role, Team, Viewer
from teams.selectors import PersonDays, presence

from ..analysis.scorecards import points, score
from ..models import Scorecard, ScorecardPart, ScorecardQuerySet
from .catalogue import MEASURES, Measure, catalogue
from .cells import Cells, read
from .figures import Figure, figure_of, spans_of
from .goals import sum_of
from .pipeline import NO_DEALS, Open, open_pipelines
from .scope import Scope, key_of

TIMEFRAMES: tuple[Kind, ...] = ("week", "month", "quarter", "year")
WEEK = 5  # working days
# What is asked of somebody, what stands in no total, and how time is spent, which is no merit and not everywhere shown.
NOT_SCORED = {"quota", "expected", "gap", "overlay"}
LOWER_IS_BETTER = {"sales_cycle", "deals_lost"}  # of those built in
LEVELS = {"average_deal", "pipeline"}  # money that is no sum over days
LEADERS = (Role.MANAGER, Role.EXECUTIVE)
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Part:
    """One measure of a score. `points` is unknown where the value is; `why` then says what is missing."""

    measure: Measure
    weight: Decimal
    goal: Decimal | None
    """What is asked of this person in these days; of what adds up, by the days they were there."""
    figure: Figure
    is_lower_better: bool
    score: Decimal | None
    points: Decimal | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """Somebody's score in a period. No total where a part is unknown; 100 is every goal reached, without a cap."""

    person: Person
    role: str
    scope: Scope
    period: Period
    as_of: date
    parts: tuple[Part, ...]

    @property
    def unknown(self) -> list[Part]:
        return [part for part in self.parts if part.points is None]

    @property
    def total(self) -> Decimal | None:
        if not self.parts or self.unknown:
            return None
        return sum((part.points for part in self.parts if part.points is not None), ZERO)


def scorable() -> list[Measure]:
    """What a part may measure: whatever can be better or worse."""
    return [one for key, one in catalogue().items() if key not in NOT_SCORED and one.better and not one.tells_time]


def is_by_the_week(measure: Measure) -> bool:
    """Whether the goal is for a working week, and grows with the days somebody is there."""
    return measure.adds_up and measure.is_prorated and measure.key not in LEVELS


def is_lower_better(measure: Measure) -> bool:
    return measure.better == "lower" or measure.key in LOWER_IS_BETTER


def scorecards_for(period: Period, day: date) -> dict[str, Scorecard]:
    """What each role is scored by in a period up to a day, with its parts: by what stood when the period began.

    Weights set later hold for the periods that begin from then on; the first ones of a role hold at once.
    """
    found = Scorecard.objects.standing().overlapping(period.start, day + timedelta(days=1)).order_by("-during")
    return {card.role: card for card in found.prefetch_related("parts")}


def scorecard_versions(role: str) -> ScorecardQuerySet:
    """What a role was and will be scored by, the latest first; what was superseded too."""
    found = Scorecard.objects.filter(role=role).select_related("made_by").prefetch_related("parts")
    return found.order_by("-during", "-pk")


def standing_version(role: str) -> Scorecard | None:
    """The last word on a role."""
    return scorecard_versions(role).standing().first()


def measured_people(user: Viewer, day: date) -> QuerySet[Person]:
    """Those whose score somebody may see: their own, and of whom they lead; of roles that have a scorecard."""
    roles = Scorecard.objects.standing().on(day).values("role")
    posted = Posting.objects.on(day).filter(role__in=roles)
    return Person.objects.visible_to(user).active(day).filter(pk__in=posted.values("person"))


def led_on(person: Person, day: date) -> list[int]:
    """The teams whose figures score whoever leads."""
    return list(Leadership.objects.on(day).filter(person=person).values_list("team_id", flat=True))


class There:
    """Who was there when, read once for several timeframes."""

    def __init__(self, periods: Sequence[Period], as_of: date) -> None:
        self.start = min(period.start for period in periods)
        self.until = min(as_of + timedelta(days=1), max(period.end for period in periods))
        self._known: dict[frozenset[int], dict[int, PersonDays]] = {}

    def of(self, ids: Iterable[int]) -> dict[int, PersonDays]:
        key = frozenset(ids)
        if key not in self._known:
            self._known[key] = presence(person_ids=key, start=self.start, end=self.until)
        return self._known[key]


def cards(
    *,
    people: Iterable[Person],
    period: Period,
    as_of: date,
    organisation: Organisation,
    there: There | None = None,
) -> dict[int, Card]:
    """The score of each of these people, in a fixed number of queries; none for a role without a scorecard.

    Whoever leads is scored by the figures of the teams they lead, everybody else by their own.
    """
    named = {person.pk: person for person in people}
    as_of = day = min(as_of, period.last_day)  # a period that is over is scored by what it came to
    cards_of = scorecards_for(period, day)
    roles = dict(Posting.objects.on(day).filter(person__in=named).values_list("person", "role"))
    led: dict[int, list[Team]] = {}
    leading = [pk for pk, role in roles.items() if role in LEADERS]
    for row in Leadership.objects.on(day).filter(person__in=leading).select_related("team").order_by("team__path"):
        led.setdefault(row.person_id, []).append(row.team)
    alone = [pk for pk, role in roles.items() if role in cards_of and pk not in led]
    leads = [pk for pk in led if roles[pk] in cards_of]
    asked = {part.measure for card in cards_of.values() for part in card.parts.all()}
    known = MEASURES if asked <= set(MEASURES) else catalogue()
    gone = (
        {key: measure for key, measure in catalogue(hidden=True).items() if key in asked} if asked - set(known) else {}
    )
    needed = [known[key] for key in sorted(asked & set(known))]
    found: dict[int, tuple[Scope, dict[str, Figure]]] = {}
    if alone:
        own = _figures_of_people(alone, needed, period, as_of, organisation)
        found |= {pk: (Scope.person(named[pk]), figures) for pk, figures in own.items()}
    if leads:
        found |= _figures_of_leaders({pk: led[pk] for pk in leads}, needed, period, as_of, organisation)
    there = there or There([period], as_of)
    weeks = _weeks(alone, {pk: found[pk][0].team_ids for pk in leads}, period, as_of, there)
    return {
        pk: Card(
            named[pk], roles[pk], scope, period, as_of,
            tuple(
                _part(part, known[part.measure], figures[part.measure], weeks.get(pk, ZERO))
                if part.measure in known
                else _gone(part, gone[part.measure], as_of)
                for part in sorted(cards_of[roles[pk]].parts.all(), key=lambda part: part.position)
            ),
        )
        for pk, (scope, figures) in found.items()
    }  # fmt: skip


def card(
    *, person: Person, period: Period, as_of: date, organisation: Organisation, there: There | None = None
) -> Card | None:
    """The score of one person; none where their role has no scorecard in the period."""
    found = cards(people=[person], period=period, as_of=as_of, organisation=organisation, there=there)
    return found.get(person.pk)


def _part(part: ScorecardPart, measure: Measure, figure: Figure, weeks: Decimal) -> Part:
    goal: Decimal | None = part.goal * weeks if is_by_the_week(measure) else part.goal
    is_lower, why = is_lower_better(measure), ""
    if not goal:
        goal, why = None, "no working day so far"
    elif figure.value is None:
        why = figure.note or "nothing to count it from yet"
    reached = score(figure.value, goal, is_lower_better=is_lower) if goal and figure.value is not None else None
    return Part(
        measure, part.weight, goal, figure, is_lower, reached,
        None if reached is None else points(part.weight, reached), why,
    )  # fmt: skip


def _gone(part: ScorecardPart, measure: Measure, as_of: date) -> Part:
    """A part whose measure is not worked out any more: unknown, so that nobody is scored without it."""
    figure = Figure(measure.key, measure.label, None, measure.unit, None, None, None, as_of, measure.definition, "")
    is_lower = is_lower_better(measure)
    return Part(measure, part.weight, None, figure, is_lower, None, None, "no longer worked out")


# ── Figures of many ─────────────────────────────────────────────────────────────────────────────────────────────


def _pipelines(
    kind: Literal["team", "person"], ids: Sequence[int], needed: Sequence[Measure], period: Period, as_of: date
) -> dict[int, Open]:
    if not {"pipeline", "coverage"} & {measure.key for measure in needed}:
        return {}
    return open_pipelines(kind=kind, ids=ids, period=period, as_of=as_of)


def _figures_of_people(
    ids: Sequence[int], needed: Sequence[Measure], period: Period, as_of: date, organisation: Organisation
) -> dict[int, dict[str, Figure]]:
    apart = _apart(read(spans_of(needed, period, as_of), people=ids, each=True))
    pipelines = _pipelines("person", ids, needed, period, as_of)
    people = Person.objects.in_bulk(ids)
    return {
        pk: _made(
            Scope.person(people[pk]), apart.get(pk, Cells({}, {}, {})), pipelines.get(pk, NO_DEALS), needed, period,
            as_of, organisation,
        )
        for pk in ids
    }  # fmt: skip


def _figures_of_leaders(
    led: Mapping[int, Sequence[Team]],
    needed: Sequence[Measure],
    period: Period,
    as_of: date,
    organisation: Organisation,
) -> dict[int, tuple[Scope, dict[str, Figure]]]:
    tops = [team.pk for teams in led.values() for team in teams]
    under = list(Team.objects.under(tops).values_list("pk", "path"))
    ids = [pk for pk, _ in under]
    apart = _apart(read(spans_of(needed, period, as_of), teams=ids, each=True))
    pipelines = _pipelines("team", ids, needed, period, as_of)
    [goals] = published_targets(team_ids=tops, ranges=[(period.start, period.end)])
    name_of = {team.pk: team.name for teams in led.values() for team in teams}
    found = {}
    for person, teams in led.items():
        below = tuple(pk for pk, path in under if {team.pk for team in teams} & set(path))
        highest = tuple(team.pk for team in teams if not {one.pk for one in teams} & set(team.path[:-1]))
        name = " and ".join(team.name for team in teams)
        key = f"team:{name_of[highest[0]]}" if len(highest) == 1 else key_of(highest)
        scope = Scope("team", highest[0], name, key, below, highest if len(highest) > 1 else ())
        cells = _together(apart[pk] for pk in below if pk in apart)
        held = [pipelines[pk] for pk in below if pk in pipelines]
        pipeline = (
            sum((amount for amount, *_ in held), ZERO),
            sum(count for _, count, *_ in held),
            sum(count for _, _, count, _ in held),
            sum((more for *_, more in held), ZERO),
        )
        target = sum_of(goals, highest)
        found[person] = (scope, _made(scope, cells, pipeline, needed, period, as_of, organisation, target))
    return found


def _apart(cells: Cells) -> dict[int, Cells]:
    """The cells of each key under 0."""
    found: dict[int, Cells] = {}
    for (key, span, measure), sums in cells.sums.items():
        found.setdefault(key, Cells({}, {}, {})).sums[0, span, measure] = sums
    for (key, *rest), buckets in cells.buckets.items():
        found.setdefault(key, Cells({}, {}, {})).buckets[(0, *rest)] = buckets  # type: ignore[index]
    return found


def _together(many: Iterable[Cells]) -> Cells:
    whole = Cells({}, {}, {})
    for cells in many:
        for key, (total, count) in cells.sums.items():
            was = whole.sums.get(key, (ZERO, 0))
            whole.sums[key] = (was[0] + total, was[1] + count)
        for place, buckets in cells.buckets.items():
            mine = whole.buckets.setdefault(place, {})
            for bucket, count in buckets.items():
                mine[bucket] = mine.get(bucket, 0) + count
    return whole


def _made(
    scope: Scope,
    cells: Cells,
    pipeline: Open,
    needed: Sequence[Measure],
    period: Period,
    as_of: date,
    organisation: Organisation,
    target: Decimal | None = None,
) -> dict[str, Figure]:
    return {
        measure.key: figure_of(
            measure, cells, pipeline, scope, period, as_of, "restated", organisation.currency, target
        )
        for measure in needed
    }  # fmt: skip


def _weeks(
    alone: Collection[int], led: Mapping[int, Collection[int]], period: Period, as_of: date, there: There
) -> dict[int, Decimal]:
    """Full-time working weeks so far: of people their own, of whoever leads those of everybody in their teams."""
    until = min(as_of + timedelta(days=1), period.end)
    if until <= period.start or not (alone or led):
        return {}
    every = {team for teams in led.values() for team in teams}
    posted = Posting.objects.overlapping(there.start, there.until).filter(team__in=every)
    ids = {*alone, *posted.values_list("person", flat=True)} if led else set(alone)
    found: dict[int, Decimal] = dict.fromkeys(alone, ZERO)
    by_team: dict[int, Decimal] = {}
    for pk, days in there.of(ids).items():
        here = (
            days.employed & ~days.away & (days.days >= np.datetime64(period.start)) & (days.days < np.datetime64(until))
        )
        if pk in found:
            found[pk] = sum(days.fte[here], ZERO) / WEEK
        if led:
            for team, fte in zip(days.team_ids[here], days.fte[here], strict=True):
                by_team[int(team)] = by_team.get(int(team), ZERO) + fte
    return found | {pk: sum((by_team.get(team, ZERO) for team in teams), ZERO) / WEEK for pk, teams in led.items()}
