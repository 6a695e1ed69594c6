"""The chance of a plan: what past results say about its target and about each quota in it (R22)."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from itertools import chain, pairwise

import numpy as np
from django.db import connection
from django.db.models import Case, Sum, Value, When
from numpy.typing import NDArray

from sales.models import Credit
from salesmgmt.lib.groups import tellable
from salesmgmt.lib.periods import Period
from targets.analysis import FULL, ramp_factors
from targets.analysis.simulation import Floats, Simulated, simulate
from targets.models import BOOKINGS, Allocation, Plan, QuotaEntry
from targets.selectors.letters import entries_of, figures_of
from targets.selectors.plans import Lines, PlanRow, Preview, as_amount
from targets.selectors.proposal import FEWEST_DAYS
from targets.selectors.quotas import quota_of
from targets.selectors.shapes import ramps
from teams.models import Organisation, Person, Showing, Team
from teams.selectors import PersonDays, hidden_of, presence

PERIODS_BACK = 12
# Ambitious yet achievable: from here to there.
SAFE, ACHIEVABLE, AMBITIOUS = 0.85, 0.5, 0.25


@dataclass(frozen=True, slots=True)
class Prospect:
    """A line of a plan (None: the whole): the middle of what may come, eight of ten outcomes, the chance.

    `was` is the chance of the amount that was proposed, or once published of the one published; None where nobody
    changed it.
    """

    line: Allocation | None
    amount: Decimal
    low: Decimal
    middle: Decimal
    high: Decimal
    chance: float
    was: float | None
    within: frozenset[int] = frozenset()
    """The teams in which a person's result counts, with those above them."""

    @property
    def word(self) -> str:
        """How an amount stands to what somebody can bring."""
        if self.chance >= SAFE:
            return "safe"
        if self.chance >= ACHIEVABLE:
            return "achievable"
        return "ambitious" if self.chance >= AMBITIOUS else "beyond past results"


@dataclass(frozen=True, slots=True)
class Outlook:
    """The chance of the whole plan, of its teams and of its people, and what it was worked out from.

    `together` and `apart` are the 80 % half-widths of the whole, as a share, with people's results moving together as
    they did, and as if each moved alone.
    """

    whole: Prospect
    teams: list[Prospect]
    people: list[Prospect]
    periods: int
    correlation: float
    spread: float
    together: float
    apart: float


def outlook(
    plan: Plan, rows: Collection[PlanRow], *, as_of: date, preview: Preview | None = None, came: Collection[int] = ()
) -> Outlook | None:
    """What the results of up to twelve whole quarters before the plan say; None for fewer than three of them.

    A person's amount is their quota after ramp, leave and part time: by the `preview` of a draft; once it is published
    what they are held to now, and those who have come into it since are shown as far as they are among `came`. What
    they were and will be there for is counted in full days, ramp-adjusted (R5). Vacant seats bring nothing. Only
    bookings have a past that can be drawn from.
    """
    if plan.measure != BOOKINGS or not rows:
        return None
    lines: Lines = {(row.team_id, row.person_id): row for row in plan.allocations.select_related("team", "person")}
    people = [line for line in lines.values() if line.person_id is not None]
    proposed: dict[int, Decimal] = {}
    places: Places | None = None
    if preview is None:
        people, amounts, first, places = _held(plan, lines)
        before = [first.get(line.person_id or 0) for line in people]
        drawn = _draw(plan, people, as_of=as_of, places=places)
    else:
        proposed, amounts = _proposed(plan), preview.quotas
        # What a changed base would have come to, after the same ramp, leave and part time.
        before = [
            amounts.get(line.person_id or 0, Decimal(0)) * proposed[line.pk] / line.amount
            if line.pk in proposed and line.amount
            else None
            for line in people
        ]
        drawn = _draw(plan, people, as_of=as_of)
    if drawn is None:
        return None
    simulated, teams = drawn
    quotas = [amounts.get(line.person_id or 0, Decimal(0)) for line in people]
    chances = simulated.chances(np.array([float(quota) for quota in quotas]))
    earlier = simulated.chances(np.array([float(amount or 0) for amount in before]))
    ranges = simulated.ranges()
    shown = {row.line.pk for row in rows}

    def of_group(line: Allocation | None, group: int, amount: Decimal) -> Prospect:
        low, middle, high = (_money(value) for value in np.quantile(simulated.totals[:, group], [0.1, 0.5, 0.9]))
        was = proposed.get(line.pk) if line else None
        return Prospect(
            line,
            amount,
            low,
            middle,
            high,
            chance=simulated.chance_of(group, float(amount)),
            was=None if was is None else simulated.chance_of(group, float(was)),
        )

    total = simulated.totals[:, 0]
    width = float(np.quantile(total, 0.9) - np.quantile(total, 0.1)) / 2
    alone = float(np.sqrt((((ranges[2] - ranges[0]) / 2) ** 2).sum()))
    middle = float(np.median(total)) or 1.0
    return Outlook(
        whole=of_group(None, 0, plan.amount),
        teams=[
            of_group(line, teams[line.team_id], line.amount)
            for line in lines.values()
            if line.person_id is None and line.pk in shown and line.team_id in teams
        ],
        people=[
            Prospect(
                line,
                quotas[n],
                _money(ranges[0, n]),
                _money(ranges[1, n]),
                _money(ranges[2, n]),
                chance=float(chances[n]),
                was=None if before[n] in (None, quotas[n]) else float(earlier[n]),
                within=frozenset(chain.from_iterable(path for path, _ in _places_of(line, places))),
            )
            for n, line in enumerate(people)
            if (line.pk in shown or line.person_id in came) and quotas[n] > 0
        ],
        periods=simulated.periods,
        correlation=simulated.correlation,
        spread=simulated.spread,
        together=width / middle,
        apart=alone / middle,
    )


def told(found: Outlook, organisation: Organisation, *, days: Iterable[date]) -> Outlook:
    """Without the chances of single people that may not be shown, nor those of teams that would tell of few of them."""
    ids = {one.line.person_id for one in found.people if one.line and one.line.person_id}
    hidden = hidden_of(Showing.CHANCES, ids, days=days, organisation=organisation)
    groups = {
        one.line.team_id: {
            each.line.person_id
            for each in found.people
            if each.line and each.line.person_id in hidden and one.line.team_id in each.within
        }
        for one in found.teams
        if one.line
    }
    safe = tellable(groups)
    return replace(
        found,
        people=[one for one in found.people if one.line and one.line.person_id not in hidden],
        teams=[one for one in found.teams if one.line and one.line.team_id in safe],
    )


Places = Mapping[int, Sequence[tuple[Sequence[int], float]]]
"""By person: in which teams, with those above them, which share of a result counts."""


def _places_of(line: Allocation, places: Places | None) -> Sequence[tuple[Sequence[int], float]]:
    return places[line.person_id or 0] if places else [(line.stood, 1.0)]


def _held(
    plan: Plan, lines: Lines
) -> tuple[
    list[Allocation], Mapping[int, Decimal], Mapping[int, Decimal], dict[int, list[tuple[Sequence[int], float]]]
]:
    """Who holds a figure of a published plan now, how much, how much when it was published, and in which teams."""
    rows = (
        entries_of(plan).exclude(kind=QuotaEntry.Kind.REDISTRIBUTION).filter(person__isnull=False, team__isnull=False)
    )
    parts: dict[int, dict[int, Decimal]] = defaultdict(dict)
    by_seat = rows.values_list("person", "team").annotate(total=Sum("reporting_amount")).filter(total__gt=0)
    for person, team, total in by_seat.order_by("-total", "team"):
        parts[person or 0][team or 0] = total
    teams = Team.objects.in_bulk({team for mine in parts.values() for team in mine})
    stood = {
        pk: next((lines[above, None].stood for above in reversed(team.path) if (above, None) in lines), team.path)
        for pk, team in teams.items()
    }
    places: dict[int, list[tuple[Sequence[int], float]]] = {
        person: [(stood[team], float(part / sum(mine.values()))) for team, part in mine.items()]
        for person, mine in parts.items()
    }
    people = {line.person_id: line for line in lines.values() if line.person_id in parts}
    came = Person.objects.in_bulk(parts.keys() - people.keys())
    people |= {pk: Allocation(plan=plan, team=teams[next(iter(parts[pk]))], person=one) for pk, one in came.items()}
    return list(people.values()), figures_of(plan), figures_of(plan, until=plan.published_at), places


def _money(value: float) -> Decimal:
    return Decimal(round(value))


def _proposed(plan: Plan) -> dict[int, Decimal]:
    """What stood before the first change of each line that somebody changed."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT ON (line.key) line.key::bigint, (line.value ->> 0)::bigint"
            " FROM targets_planact act, jsonb_each(act.amounts) line"
            " WHERE act.plan_id = %s AND NOT act.proposes AND line.value -> 0 <> line.value -> 1"
            " ORDER BY line.key, act.at, act.id",
            [plan.pk],
        )
        return {line: as_amount(was) for line, was in cursor.fetchall()}


def _draw(
    plan: Plan, people: list[Allocation], *, as_of: date, each: bool = False, places: Places | None = None
) -> tuple[Simulated, dict[int, int]] | None:
    """What people may bring, and which of its groups is which team; group 0 is the whole, with `each` the last ones are
    the people one by one."""
    organisation = Organisation.get()
    calendar = organisation.calendar
    start, end = plan.starts_on, plan.until or plan.starts_on
    known = min(start, Period.of(as_of, "quarter", calendar).start)
    ahead = [Period.of(start, "quarter", calendar)]
    # Up to the plan, so that seasons stay in step; those that are not over by now have nothing to say.
    past = [ahead[0].shift(-n) for n in range(PERIODS_BACK, 0, -1)]
    while ahead[-1].end < end:
        ahead.append(ahead[-1].shift(1))
    ids = [line.person_id for line in people if line.person_id is not None]
    credited = _credited(ids, past, known)
    while past and not any(credited.get((pk, past[0].key)) for pk in ids):
        past.pop(0)
    if not past:
        return None
    days = presence(person_ids=ids, start=past[0].start, end=ahead[-1].end)
    profiles = ramps()
    rates = np.full((len(ids), len(past)), np.nan)
    full = np.zeros((len(ids), len(ahead)))
    for n, pk in enumerate(ids):
        theirs = _Full.of(days[pk], profiles)
        for q, period in enumerate(past):
            there = theirs.between(period.start, period.end)
            if there >= FEWEST_DAYS and period.end <= known:
                rates[n, q] = float(credited.get((pk, period.key), 0)) / there
        for q, period in enumerate(ahead):
            full[n, q] = theirs.between(max(period.start, start), min(period.end, end))
    teams: dict[int, int] = {}
    members = [[1.0] * len(people)]
    for n, line in enumerate(people):
        for path, share in _places_of(line, places):
            for team in path:
                if team not in teams:
                    teams[team] = len(members)
                    members.append([0.0] * len(people))
                members[teams[team]][n] += share
    groups = np.array(members)
    if each:
        groups = np.vstack([groups, np.eye(len(people), dtype=groups.dtype)])
    simulated = simulate(rates, full, groups=groups, seed=plan.pk)
    return None if simulated is None else (simulated, teams)


def _credited(ids: Collection[int], past: Sequence[Period], known: date) -> Mapping[tuple[int, str], Decimal]:
    """By person and quarter, what was credited before a day; a person's own part counts, overlays don't."""
    found: dict[tuple[int, str], Decimal] = {}
    rows = Credit.objects.filter(
        person__in=ids, kind=Credit.Kind.PRIMARY, occurred_on__gte=past[0].start, occurred_on__lt=known
    )
    quarter = Case(*(When(occurred_on__lt=period.end, then=Value(period.key)) for period in past))
    by_quarter = rows.annotate(quarter=quarter).values_list("person_id", "quarter")
    for person, key, total in by_quarter.annotate(total=Sum("reporting_amount")).order_by("person_id"):
        found[person, key] = total
    return found


@dataclass(frozen=True, slots=True)
class _Full:
    """Full working days from the first day on, ramp-adjusted: the sum until any day is one look."""

    days: PersonDays
    sums: Floats

    @classmethod
    def of(cls, days: PersonDays, profiles: Mapping[str, Mapping[int, Decimal]]) -> "_Full":
        there = days.employed & ~days.relieved
        weights = there * days.fte.astype(float) * ramp_factors(days, profiles) / FULL
        return cls(days, np.concatenate([[0.0], np.cumsum(weights)]))

    def between(self, start: date, end: date) -> float:
        first, last = np.searchsorted(self.days.days, [np.datetime64(start), np.datetime64(end)])
        return float(self.sums[last] - self.sums[first])


# ── How good such chances were ──────────────────────────────────────────────────────────────────────────────────

FIFTHS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


@dataclass(frozen=True, slots=True, eq=False)
class Foretold:
    """A figure of a plan that is over: the chance it was given before the plan began, and whether it came."""

    plan: Plan
    whose: str
    chance: float
    amount: Decimal
    credited: Decimal
    draws: NDArray[np.bool_]
    """In which of the draws it came: those of one plan come together."""

    @property
    def came(self) -> bool:
        return self.credited >= self.amount


@dataclass(frozen=True, slots=True)
class Fifth:
    """Of the figures that were given about such a chance: how many, the chance said, the share that came.

    If the chances are right the share lies from `least` to `most` nineteen times of twenty: a good quarter is good for
    most people at once, so that a hundred figures of three quarters say little more than three.
    """

    low: float
    high: float
    count: int
    said: float
    came: float
    least: float
    most: float

    @property
    def holds(self) -> bool:
        return self.least <= self.came <= self.most


def foretold(*, as_of: date) -> list[Foretold]:
    """The chances of the people, teams and wholes of plans that are over, from what was known when each began.

    Against the original quota after ramp and leave, and the days people were there, as for a plan ahead.
    """
    found: list[Foretold] = []
    over = Plan.objects.filter(measure=BOOKINGS, published_at__isnull=False, during__endswith__lte=as_of)
    for plan in over.order_by("during", "pk"):
        people = [
            line for line in plan.allocations.select_related("team", "person").order_by("pk") if line.person is not None
        ]
        drawn = _draw(plan, people, as_of=plan.starts_on, each=True) if people else None
        if drawn is None or plan.until is None:
            continue
        simulated, teams = drawn
        ids = [line.person_id or 0 for line in people]
        quotas = quota_of(person_ids=ids, start=plan.starts_on, end=plan.until)
        period = Period.kept(plan.period, plan.starts_on, plan.until, Organisation.get().calendar)
        credited = {pk: amount for (pk, _), amount in _credited(ids, [period], plan.until).items()}
        brought: dict[int, Decimal] = defaultdict(Decimal)
        for line in people:
            for team in line.stood:
                brought[team] += credited.get(line.person_id or 0, Decimal(0))
        figures = [
            ("person", simulated.totals[:, n - len(ids)], quotas[pk], credited.get(pk, Decimal(0)))
            for n, pk in enumerate(ids)
            if quotas.get(pk)
        ]
        for line in plan.allocations.filter(person=None, team__in=teams).select_related("team").order_by("pk"):
            whose = "team" if line.team.parent_id else "company"
            figures.append((whose, simulated.totals[:, teams[line.team_id]], line.amount, brought[line.team_id]))
        for whose, totals, amount, came in figures:
            draws = totals >= float(amount)
            found.append(Foretold(plan, whose, float(draws.mean()), amount, came, draws))
    return found


def fifths(found: Sequence[Foretold]) -> list[Fifth]:
    """The chances said beside the share that came, in each fifth that holds any."""
    rows = []
    for low, high in pairwise(FIFTHS):
        inside = [one for one in found if low <= one.chance < high or one.chance == high == 1]
        if inside:
            said = sum(one.chance for one in inside) / len(inside)
            came = sum(one.came for one in inside) / len(inside)
            least, most = np.quantile(np.mean([one.draws for one in inside], axis=0), [0.025, 0.975])
            rows.append(Fifth(low, high, len(inside), said, came, float(least), float(most)))
    return rows


# ── One person's ────────────────────────────────────────────────────────────────────────────────────────────────


def chance_of(plan: Plan, person_id: int, amount: Decimal) -> float | None:
    """The chance that somebody of a plan brings an amount, from what was known when it began; None: too little past.

    Drawn with the colleagues of their team, whose results move with theirs.
    """
    if plan.measure != BOOKINGS:
        return None
    mine = plan.allocations.filter(person=person_id).values("team")
    lines = plan.allocations.filter(team__in=mine, person__isnull=False).select_related("team", "person")
    people = list(lines.order_by("pk"))
    drawn = _draw(plan, people, as_of=plan.starts_on, each=True) if people else None
    if drawn is None:
        return None
    place = next(n for n, line in enumerate(people) if line.person_id == person_id)
    return drawn[0].chance_of(drawn[0].totals.shape[1] - len(people) + place, float(amount))
