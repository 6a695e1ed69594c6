"""Calls rolled up the tree, and how right each caller was: judged at weeks 1, 5 and 9, never by the last call (R18)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Q

from salesmgmt.lib.money import to_cents
from salesmgmt.lib.periods import Period
from salesmgmt.lib.ratios import ratio
from targets.models import QuotaEntry
from teams.models import Leadership, Person, Posting, Role, Team

from ..models import Call
from .cells import Cells, Span, read
from .figures import credited_of
from .forecasting import last_made, stored
from .landings import landings
from .scope import Scope

WEEKS = (1, 5, 9)
"""Weeks of a quarter at whose ends calls are judged."""
QUARTERS = 8  # looked back
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Staked:
    """What calls come to; `missing` people have made none."""

    commit: Decimal
    best_case: Decimal
    callers: int
    missing: int


@dataclass(frozen=True, slots=True)
class Record:
    """How right somebody's calls were over past quarters."""

    judged: int
    """Calls that stood at the checkpoints of quarters that are over."""
    called: Decimal
    result: Decimal
    off: Decimal
    """Sum of how far each was off, whichever way."""

    @property
    def bias(self) -> Decimal | None:
        """(called − result) ÷ result; above zero: called too much."""
        return ratio(self.called - self.result, self.result)

    @property
    def error(self) -> Decimal | None:
        """How far off ÷ result."""
        return ratio(self.off, self.result)


@dataclass(frozen=True, slots=True)
class Judged:
    """A call that stood at a checkpoint, beside what came of it."""

    period: Period
    week: int
    call: Call
    result: Decimal

    @property
    def off(self) -> Decimal:
        return self.call.commit - self.result


@dataclass(frozen=True, slots=True)
class CallLine:
    """A person's call with what is computed and how right they were."""

    person: Person
    call: Call | None
    credited: Decimal
    expected: Decimal | None
    """The computed forecast; None where it doesn't know."""
    record: Record


@dataclass(frozen=True, slots=True)
class TeamCalls:
    """A team's call beside its people's, and what it comes to: the manager's call overrides the sum of the people's."""

    team: Team
    call: Call | None
    people: Staked
    record: Record
    credited: Decimal
    expected: Decimal | None

    @property
    def commit(self) -> Decimal:
        return self.call.commit if self.call else self.people.commit

    @property
    def best_case(self) -> Decimal:
        return self.call.best_case if self.call else self.people.best_case


def sellers(team_ids: Collection[int], period: Period, day: date) -> dict[int, int]:
    """Who sells in these teams on a day: reps, and managers who hold a quota in the period. Person → team."""
    held = QuotaEntry.objects.overlapping(period.start, period.end).filter(person__isnull=False).values("person")
    posted = Posting.objects.on(day).filter(Q(role=Role.REP) | Q(role=Role.MANAGER, person__in=held))
    return dict(posted.filter(team__in=team_ids).values_list("person_id", "team_id"))


def calls_standing(*, period: Period, as_of: date, q: Q) -> list[Call]:
    """The calls that stood at the end of a day."""
    rows = Call.objects.filter(q, made_on__lte=as_of).of(period).standing()
    return list(rows.select_related("person", "team", "by"))


def _tree(team: Team) -> list[Team]:
    return list(Team.objects.present().under([team.pk]).order_by("path"))


def _team_calls(teams: Sequence[Team], period: Period, as_of: date) -> dict[int, Call]:
    """The call of each team: the last one of whoever leads it, or one above, as of the day."""
    found: dict[int, Call] = {}
    for call in sorted(
        calls_standing(period=period, as_of=as_of, q=Q(team__in=teams)), key=lambda one: (one.made_on, one.made_at)
    ):
        assert call.team_id is not None
        found[call.team_id] = call
    return found


def rolled_up(*, team: Team, period: Period, as_of: date, with_own: bool = True) -> Staked:
    """What the calls of a team come to: where a manager below has called for a team, that counts for all of it.

    `with_own`: also a call for `team` itself.
    """
    teams = _tree(team)
    people, whole = _rolled(teams, _own_calls(teams, period, as_of), _team_calls(teams, period, as_of))
    return (whole if with_own else people)[team.pk]


_OWN_CALLS = """
    SELECT p.team_id, coalesce(sum(c.commit), 0), coalesce(sum(c.best_case), 0), count(c.commit),
           count(*) - count(c.commit)
      FROM teams_posting p
           LEFT JOIN LATERAL (
               SELECT commit, best_case FROM performance_call
                WHERE person_id = p.person_id AND team_id IS NULL AND period = %(key)s AND starts_on = %(start)s
                      AND until = %(end)s AND made_on <= %(day)s
                ORDER BY made_on DESC, made_at DESC, id DESC LIMIT 1) c ON true
     WHERE p.during @> %(day)s::date AND p.team_id = ANY(%(teams)s)
           AND (p.role = 'rep' OR p.role = 'manager' AND EXISTS (
               SELECT FROM targets_quotaentry q
                WHERE q.person_id = p.person_id AND q.during && daterange(%(start)s, %(end)s)))
     GROUP BY 1
"""


def _own_calls(teams: Sequence[Team], period: Period, as_of: date) -> dict[int, Staked]:
    """What those who sell right in each team have called for themselves."""
    asked: dict[str, Any] = {
        "key": period.key, "start": period.start, "end": period.end, "day": as_of, "teams": [one.pk for one in teams],
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_OWN_CALLS, asked)
        return {team: Staked(*sums) for team, *sums in cursor.fetchall()}


def _rolled(
    teams: Sequence[Team], own: dict[int, Staked], called: dict[int, Call]
) -> tuple[dict[int, Staked], dict[int, Staked]]:
    """What each team's people come to, calls for the teams below it included, and what it comes to with its own call.

    Whoever has not called is missing, also where somebody has called for their team.
    """
    people: dict[int, Staked] = {}
    whole: dict[int, Staked] = {}
    for one in sorted(teams, key=lambda team: -len(team.path)):
        mine = own.get(one.pk, Staked(ZERO, ZERO, 0, 0))
        below = [other.pk for other in teams if other.parent_id == one.pk]
        people[one.pk] = Staked(
            sum((whole[pk].commit for pk in below), mine.commit),
            sum((whole[pk].best_case for pk in below), mine.best_case),
            sum((whole[pk].callers for pk in below), mine.callers),
            sum((people[pk].missing for pk in below), mine.missing),
        )
        call = called.get(one.pk)
        whole[one.pk] = Staked(call.commit, call.best_case, 1, 0) if call else people[one.pk]
    return people, whole


def team_calls(*, team: Team, period: Period, as_of: date) -> tuple[TeamCalls, list[TeamCalls], list[CallLine]]:
    """A team, the teams right below it, and the people right in it; in a fixed number of queries."""
    teams = _tree(team)
    called = _team_calls(teams, period, as_of)
    people, _ = _rolled(teams, _own_calls(teams, period, as_of), called)
    near = [team, *(one for one in teams if one.parent_id == team.pk)]
    made_on = last_made(period, as_of)
    forecast = {row.subject_id: row.expected for row in stored("team", [one.pk for one in near], period, made_on)}
    # Where nothing was forecast of a team, its people's landings stand for it.
    unknown = {other.pk for one in near if not forecast.get(one.pk) for other in teams if one.pk in other.path}
    who = sellers({team.pk} | unknown, period, as_of)
    landing = landings(person_ids=who, period=period, as_of=as_of) if unknown and who else {}
    records = team_records(teams=near, as_of=as_of)
    until = min(as_of + timedelta(days=1), period.end)
    cells = read([Span("to_date", ["bookings"], period.start, until)], teams=[one.pk for one in teams], each=True)
    told = []
    for one in near:
        below = {other.pk for other in teams if one.pk in other.path}
        landed = [landing[person].landing for person, where in who.items() if where in below and person in landing]
        told.append(
            TeamCalls(
                one,
                called.get(one.pk),
                people[one.pk],
                records[one.pk],
                sum((credited_of(cells, False, key=pk) for pk in below), ZERO),
                forecast.get(one.pk) or (sum(landed, ZERO) if landed else None),
            )
        )
    direct = [person for person, where in who.items() if where == team.pk]
    return told[0], told[1:], call_lines(person_ids=direct, period=period, as_of=as_of)


def call_lines(*, person_ids: Collection[int], period: Period, as_of: date) -> list[CallLine]:
    """Each of these people's own call, by name."""
    if not person_ids:
        return []
    found = calls_standing(period=period, as_of=as_of, q=Q(team=None, person__in=person_ids))
    calls = {call.person_id: call for call in found}
    landing = landings(person_ids=person_ids, period=period, as_of=as_of)
    records = people_records(person_ids=person_ids, as_of=as_of)
    until = min(as_of + timedelta(days=1), period.end)
    cells = read([Span("to_date", ["bookings", "overlay"], period.start, until)], people=person_ids, each=True)
    return [
        CallLine(
            person,
            calls.get(person.pk),
            credited_of(cells, True, key=person.pk),
            landing[person.pk].landing if person.pk in landing else None,
            records[person.pk],
        )
        for person in Person.objects.filter(pk__in=person_ids).order_by("name", "pk")
    ]


@dataclass(frozen=True, slots=True)
class Calls:
    """The calls of a scope: a team's with the teams and people right below it, or one person's."""

    whole: TeamCalls | None
    teams: list[TeamCalls]
    people: list[CallLine]


def calls_of(*, scope: Scope, period: Period, as_of: date) -> Calls:
    """As pages show them; of the company, those of the team at the top, or of each where there are several."""
    if scope.kind == "person":
        assert scope.pk is not None
        return Calls(None, [], call_lines(person_ids=[scope.pk], period=period, as_of=as_of))
    teams = Team.objects.present()
    is_team = scope.kind == "team"
    tops = teams.filter(pk__in=scope.tops or [scope.pk]) if is_team else teams.filter(parent=None, department="")
    told = [team_calls(team=team, period=period, as_of=as_of) for team in sorted(tops, key=lambda one: one.pk)]
    return Calls(*told[0]) if len(told) == 1 else Calls(None, [whole for whole, _, _ in told], [])


@dataclass(frozen=True, slots=True)
class Rolled:
    """A line of what is called, as pages, files and API tell it; of a team its call, else what its people's come to."""

    kind: str
    pk: int
    name: str
    called_on: date | None
    commit: Decimal | None
    best_case: Decimal | None
    people_commit: Decimal | None
    not_called: int
    computed: Decimal | None
    credited: Decimal
    bias: Decimal | None
    error: Decimal | None
    judged: int


def lines_of(told: Calls) -> list[Rolled]:
    """The calls of a scope, the whole first, then the teams right below it, then its people."""
    found = []
    for one in [*([told.whole] if told.whole else []), *told.teams]:
        is_called = one.call is not None or one.people.callers > 0
        found.append(
            Rolled(
                "team", one.team.pk, one.team.name, one.call.made_on if one.call else None,
                one.commit if is_called else None, one.best_case if is_called else None, one.people.commit,
                one.people.missing, one.expected, one.credited, one.record.bias, one.record.error, one.record.judged,
            )
        )  # fmt: skip
    for line in told.people:
        call = line.call
        found.append(
            Rolled(
                "person", line.person.pk, line.person.name, call.made_on if call else None,
                call.commit if call else None, call.best_case if call else None, None, int(call is None),
                line.expected, line.credited, line.record.bias, line.record.error, line.record.judged,
            )
        )  # fmt: skip
    return found


def calls_within(scope: Scope, day: date) -> Q:
    """Those for the teams of a scope, and for the results of whoever is posted in them on a day."""
    if scope.kind == "company":
        return Q()
    if scope.kind == "person":
        return Q(person=scope.pk)
    posted = Posting.objects.on(day).filter(team__in=scope.team_ids)
    return Q(team__in=scope.team_ids) | Q(team=None, person__in=posted.values("person"))


def history(*, period: Period, person: Person | None = None, team: Team | None = None) -> list[Call]:
    """Every call for a person's own result or for a team, the latest first."""
    rows = Call.objects.filter(team=team) if team else Call.objects.filter(person=person, team=None)
    return list(rows.of(period).select_related("person", "by").order_by("-made_on", "-made_at", "-pk"))


def may_call_for(person: Person, day: date) -> list[Team]:
    """The teams a person leads on a day, which they call for."""
    led = Leadership.objects.on(day).filter(person=person).values("team")
    return list(Team.objects.present().filter(pk__in=led).order_by("path"))


# ── How right they were ─────────────────────────────────────────────────────────────────────────────────────────


def checkpoint(period: Period, week: int) -> date:
    """The last day of a week of the period."""
    return period.start + timedelta(days=7 * week - 1)


def judged(*, q: Q, as_of: date, key: str) -> dict[int, list[Judged]]:
    """Calls that stood at the checkpoints of quarters that are over, with what came of them, by person or team."""
    rows = Call.objects.filter(q, until__lte=as_of, period__contains="-Q").order_by("made_on", "made_at", "pk")
    calls = [
        (Period.kept(call.period, call.starts_on, call.until), call)
        for call in rows.select_related("person", "team").filter(until__gt=as_of - timedelta(days=QUARTERS * 92))
    ]
    stood: dict[tuple[int, Period, int], Call] = {}
    for period, call in calls:
        for week in WEEKS:
            if call.made_on <= checkpoint(period, week):
                stood[getattr(call, key), period, week] = call
    results = _results({period for period, _ in calls}, {owner for owner, _, _ in stood}, key)
    found: dict[int, list[Judged]] = {}
    for (owner, period, week), call in sorted(stood.items(), key=lambda item: (item[0][1], item[0][2])):
        found.setdefault(owner, []).append(Judged(period, week, call, results[owner, period.key]))
    return found


def _results(periods: Collection[Period], owners: Collection[int], key: str) -> dict[tuple[int, str], Decimal]:
    """What was credited to each in each period; teams with all below them, without overlays."""
    spans = [Span(period.key, ["bookings", "overlay"], period.start, period.end) for period in periods]
    if not owners:
        return {}
    is_person = key == "person_id"
    under = {owner: [owner] for owner in owners}
    if not is_person:
        paths = list(Team.objects.values_list("pk", "path"))
        under = {owner: [pk for pk, path in paths if owner in path] for owner in owners}
    ids = sorted({pk for pks in under.values() for pk in pks})
    cells = read(spans, people=ids, each=True) if is_person else read(spans, teams=ids, each=True)
    return {
        (owner, period.key): to_cents(sum((_credited(cells, pk, period.key, is_person) for pk in pks), ZERO))
        for owner, pks in under.items()
        for period in periods
    }


def _credited(cells: Cells, key: int, span: str, is_person: bool) -> Decimal:
    overlay = cells.total("overlay", key=key, span=span) if is_person else ZERO
    return cells.total("bookings", key=key, span=span) + overlay


def _record(found: Sequence[Judged]) -> Record:
    return Record(
        len(found),
        sum((one.call.commit for one in found), ZERO),
        sum((one.result for one in found), ZERO),
        sum((abs(one.off) for one in found), ZERO),
    )


def people_records(*, person_ids: Collection[int], as_of: date) -> dict[int, Record]:
    """How right each of these people's own calls were."""
    found = judged(q=Q(team=None, person__in=person_ids), as_of=as_of, key="person_id")
    return {pk: _record(found.get(pk, [])) for pk in person_ids}


def team_records(*, teams: Sequence[Team], as_of: date) -> dict[int, Record]:
    """How right the calls for each of these teams were, whoever made them."""
    found = judged(q=Q(team__in=teams), as_of=as_of, key="team_id")
    return {team.pk: _record(found.get(team.pk, [])) for team in teams}
