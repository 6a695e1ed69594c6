"""How far a person or team is against what the plan expected by today."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
from django.db import connection

from salesmgmt.lib import charts
from salesmgmt.lib.money import to_cents
from salesmgmt.lib.periods import Period
from salesmgmt.lib.ratios import ratio, win_rate
from targets.selectors import published_targets
from teams.models import Organisation, Person, Posting, Team

from ..analysis import Landing, landing_range
from .catalogue import CREDITED
from .cells import Basis, Cells, Span, of_scope, read
from .figures import actual_of, credited_of, quota_and_expected
from .goals import targets
from .scope import Scope

# Pace from which a status holds. Five per cent around the plan is noise of a working day or two in a quarter.
AHEAD, ON_PACE, BEHIND = Decimal("1.05"), Decimal("0.95"), Decimal("0.80")


def status_of(pace: Decimal | None) -> str:
    """`ahead` from 1.05, `on_pace` from 0.95, `behind` from 0.80, else `at_risk`; `unknown` without a quota."""
    if pace is None:
        return "unknown"
    return "ahead" if pace >= AHEAD else "on_pace" if pace >= ON_PACE else "behind" if pace >= BEHIND else "at_risk"


@dataclass(frozen=True, slots=True, kw_only=True)
class AgainstQuota:
    """Quota, what it expected by a day, and what is credited. Unknown is None: no quota is not a quota of zero."""

    quota: Decimal | None
    """Of a team or the company the sum of those below, with vacant seats and uncovered leave."""
    expected: Decimal | None
    credited: Decimal
    pace: Decimal | None
    attainment: Decimal | None
    gap: Decimal | None
    needed_per_day: Decimal | None
    days_left: int
    """Days after that day on which the plan expects something: the person's own working days that remain."""
    status: str
    credited_actual: Decimal
    """All else is at the plan's rates; this is at the actual ones (R13)."""
    attainment_actual: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace(AgainstQuota):
    """Of a scope as of a day."""

    target: Decimal | None
    """What a plan holds a team as a whole to (R7); attainment and gap are against it, pace is Σ ÷ Σ (R15)."""
    as_of: date
    period: Period
    currency: str

    @property
    def goal(self) -> Decimal | None:
        """What is to be reached."""
        return self.quota if self.target is None else self.target


@dataclass(frozen=True, slots=True, kw_only=True)
class Done(AgainstQuota):
    """With what was done, for tables and boards."""

    won: int
    lost: int
    win_rate: Decimal | None
    won_value: Decimal
    activities: int
    pipeline: Decimal
    open_deals: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing(Done):
    """A person beside their quota."""

    person: Person
    team: Team | None
    """Where the person is posted on `as_of`, or was last in the period."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamStanding(Done):
    """A team with all below it: people counted as they were posted on each day."""

    team: Team
    target: Decimal | None

    @property
    def goal(self) -> Decimal | None:
        """What is to be reached: the target a plan gave the team, else the sum of the quotas."""
        return self.quota if self.target is None else self.target


def pace(
    *, scope: Scope, period: Period, as_of: date, basis: Basis = "restated", organisation: Organisation | None = None
) -> Pace:
    """The pace of a scope, in a fixed number of queries. Team = Σ ÷ Σ, never a mean of paces (R15)."""
    cells = read(_spans(period, as_of), **of_scope(scope), basis=basis, period=period)
    [target] = targets(scope, [(period.start, period.end)])
    own = _against_quota(cells, 0, is_person=scope.kind == "person", target=target)
    currency = (organisation or Organisation.get()).currency
    return Pace(**own, target=target, as_of=as_of, period=period, currency=currency)


def _spans(period: Period, as_of: date, *more: str) -> list[Span]:
    until = max(min(as_of + timedelta(days=1), period.end), period.start)
    return [
        Span("to_date", [*CREDITED, "expected", *more], period.start, until),
        Span("rest", ["expected"], until, period.end, days_only=True),
    ]


def _against_quota(cells: Cells, key: int, *, is_person: bool, target: Decimal | None = None) -> dict:
    credited, actual = credited_of(cells, is_person, key=key), actual_of(cells, is_person, key=key)
    quota, expected = quota_and_expected(cells, key=key)
    goal = quota if target is None else target
    gap = None if goal is None else goal - credited
    days_left = cells.days.get((key, "rest", "expected"), 0)
    per_day = None if gap is None or not days_left else to_cents(max(gap, Decimal(0)) / days_left)
    now = ratio(credited, expected)
    return {
        "credited": credited,
        "quota": quota,
        "expected": expected,
        "attainment": ratio(credited, goal),
        "pace": now,
        "gap": gap,
        "needed_per_day": per_day,
        "days_left": days_left,
        "status": status_of(now),
        "credited_actual": actual,
        "attainment_actual": ratio(actual, goal),
    }


_DONE = ("deals_won", "deals_lost", "uncounted_won", "uncounted_lost", "activities")


def _done(cells: Cells, key: int) -> dict:
    won, lost = cells.count("deals_won", key=key), cells.count("deals_lost", key=key)
    return {
        "won": won,
        "lost": lost,
        "win_rate": win_rate(
            won - cells.count("uncounted_won", key=key), lost - cells.count("uncounted_lost", key=key)
        ),
        "won_value": to_cents(cells.total("deals_won", key=key)),
        "activities": cells.count("activities", key=key),
    }


def standings(*, person_ids: Collection[int], period: Period, as_of: date, basis: Basis = "restated") -> list[Standing]:
    """Each of these people against their own quota, by name, in three queries however many they are."""
    spans = [*_spans(period, as_of, *_DONE), Span("open", ["pipeline"], period.start, period.end)]
    cells = read(spans, people=person_ids, each=True, basis=basis, period=period)
    people = Person.objects.filter(pk__in=person_ids).order_by("name", "pk")
    day = min(as_of, period.last_day)
    posted = Posting.objects.filter(person__in=person_ids, during__startswith__lte=day).select_related("team")
    teams = {posting.person_id: posting.team for posting in posted.order_by("during")}
    return [
        Standing(
            person=person,
            team=teams.get(person.pk),
            **_against_quota(cells, person.pk, is_person=True),
            **_done(cells, person.pk),
            pipeline=to_cents(cells.total("pipeline", key=person.pk, span="open")),
            open_deals=cells.count("pipeline", key=person.pk, span="open"),
        )
        for person in people
    ]


def team_standings(
    *, team_ids: Collection[int], period: Period, as_of: date, basis: Basis = "restated"
) -> list[TeamStanding]:
    """Each of these teams with all below it, by name, in four queries however many they are."""
    under = list(Team.objects.under(list(team_ids)).order_by("name", "pk"))
    ids = [team.pk for team in under]
    each = read(_spans(period, as_of, *_DONE), teams=ids, each=True, basis=basis, period=period)
    pipeline = _pipeline_by_team(ids, period, as_of)
    apart = _apart(each)
    [goals] = published_targets(team_ids=team_ids, ranges=[(period.start, period.end)])
    found: list[TeamStanding] = []
    for team in under:
        if team.pk not in team_ids:
            continue
        below = [other.pk for other in under if team.pk in other.path]
        cells = _together(apart, below)
        found.append(
            TeamStanding(
                team=team,
                target=goals.get(team.pk),
                **_against_quota(cells, 0, is_person=False, target=goals.get(team.pk)),
                **_done(cells, 0),
                pipeline=to_cents(sum((pipeline[pk][0] for pk in below if pk in pipeline), Decimal(0))),
                open_deals=sum(pipeline[pk][1] for pk in below if pk in pipeline),
            )
        )
    return found


def _apart(each: Cells) -> dict[int, Cells]:
    """The cells of each team under 0."""
    found: dict[int, Cells] = {}
    for (team, span, measure), sums in each.sums.items():
        own = found.get(team) or found.setdefault(team, Cells({}, {}, {}))
        own.sums[0, span, measure] = sums
        own.days[0, span, measure] = each.days[team, span, measure]
    return found


def _together(apart: dict[int, Cells], teams: Collection[int]) -> Cells:
    """The cells of several teams as one; days left are those of the team that has most."""
    cells = Cells({}, {}, {})
    for own in (apart[team] for team in teams if team in apart):
        for key, (total, count) in own.sums.items():
            was = cells.sums.get(key, (ZERO, 0))
            cells.sums[key] = (was[0] + total, was[1] + count)
            cells.days[key] = max(own.days[key], cells.days.get(key, 0))
    return cells


def _pipeline_by_team(team_ids: Collection[int], period: Period, as_of: date) -> dict[int, tuple[Decimal, int]]:
    """Open deals that should close in the period, by the team their owner is posted to on `as_of`."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT p.team_id, sum(r.total), sum(r.count)::bigint
              FROM teams_posting p JOIN performance_rollup r ON r.person_id = p.person_id
             WHERE p.during @> %s::date AND p.team_id = ANY(%s)
                   AND r.measure = 'pipeline' AND r."on" >= %s AND r."on" < %s
             GROUP BY 1
            """,
            [as_of, list(team_ids), period.start, period.end],
        )
        return {team: (total, count) for team, total, count in cursor.fetchall()}


def pace_series(
    *,
    scope: Scope,
    period: Period,
    as_of: date,
    organisation: Organisation | None = None,
    title: str = "",
    ends: tuple[Decimal, Decimal, Decimal] | None = None,
) -> charts.Pace:
    """The pace chart: what the plan expects and what is credited, both cumulative, and where it may land.

    `ends` are low, landing and high of the night's forecast. Where there is none, it is what earlier periods still
    brought after the same point, scaled by how this one compares so far; the band is their spread. That needs four
    earlier periods; with fewer there is none.
    """
    last = min(as_of, period.last_day)
    credit = ["bookings", *(["overlay"] if scope.kind == "person" else [])]
    halves = [] if ends else [_halves(period.shift(-k), period, last, credit) for k in range(1, PAST + 1)]
    days = Span("", [*credit, "expected"], period.start, period.end, by_day=True)
    cells = read([days, *(half for both in halves for half in both)], **of_scope(scope))

    def credited(span: str) -> Decimal:
        return sum((cells.total(measure, span=span) for measure in credit), ZERO)

    actual, target = ZERO, ZERO
    actuals: list[charts.Step] = []
    targets: list[charts.Step] = []
    for n in range(period.days):
        on = period.start + timedelta(days=n)
        target += cells.total("expected", span=on.isoformat())
        targets.append(charts.Step(on, to_cents(target)))
        if on <= last:
            actual += credited(on.isoformat())
            actuals.append(charts.Step(on, to_cents(actual)))
    landing = (
        Landing(*ends)
        if ends
        else landing_range(
            past=[(credited(before.name), credited(after.name)) for before, after in halves],
            so_far=actual,
            elapsed=elapsed(period, last),
        )
    )
    forecast: list[charts.Step] = []
    band: list[charts.Range] = []
    if landing is not None and actuals and last < period.last_day:
        here = charts.Step(last, actuals[-1].value)
        forecast = [here, charts.Step(period.last_day, to_cents(landing.middle))]
        band = [
            charts.Range(last, here.value, here.value),
            charts.Range(period.last_day, to_cents(landing.low), to_cents(landing.high)),
        ]
    return charts.Pace(
        start=period.start,
        until=period.end,
        today=last,
        target=targets if target else (),
        actual=actuals,
        forecast=forecast,
        band=band,
        currency=(organisation or Organisation.get()).currency,
        title=title or "Pace to target",
        is_over=as_of >= period.end,
    )


PAST = 8  # earlier periods that a forecast looks at
ZERO = Decimal(0)


def elapsed(period: Period, last: date) -> float:
    """The share of the period's weekdays that are over at the end of `last`."""
    start, end = np.datetime64(period.start), np.datetime64(period.end)
    over = np.datetime64(max(min(last + timedelta(days=1), period.end), period.start))
    return int(np.busday_count(start, over)) / max(int(np.busday_count(start, end)), 1)


def same_point(period: Period, share: float) -> date:
    """The last day of an earlier period at which the same share of its weekdays is over."""
    start = np.datetime64(period.start)
    days = round(share * int(np.busday_count(start, np.datetime64(period.end))))
    after: date = np.busday_offset(start, days, roll="forward").astype(date)
    return min(after, period.end) - timedelta(days=1)


def _halves(earlier: Period, period: Period, last: date, measures: Sequence[str]) -> tuple[Span, Span]:
    """An earlier period up to the same point, and from there on."""
    point = same_point(earlier, elapsed(period, last)) + timedelta(days=1)
    return (
        Span(f"{earlier.key} before", measures, earlier.start, point),
        Span(f"{earlier.key} after", measures, point, earlier.end),
    )
