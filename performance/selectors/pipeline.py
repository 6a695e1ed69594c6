"""The pipeline as it stood at the close of any day, and what moved it between two of them (R20)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Literal

from django.db import connection

from salesmgmt.lib.periods import Period

from .cells import whole_months
from .scope import Scope

STEPS = {
    "new": "New",
    "reopened": "Reopened",
    "pulled_in": "Pulled in",
    "pushed_out": "Pushed out",
    "grew": "Grew",
    "shrank": "Shrank",
    "won": "Won",
    "lost": "Lost",
    "reassigned": "Reassigned",
    "removed": "Removed",
}
"""What moves a pipeline. Each is signed: what leaves is below zero, so that start + steps = end."""

ZERO = Decimal(0)
Open = tuple[Decimal, int, int, Decimal]
"""Amount and number of open deals, how many lack a rate, and what the amount is more at the actual rates (R13)."""
NO_DEALS: Open = (ZERO, 0, 0, ZERO)


@dataclass(frozen=True, slots=True)
class Waterfall:
    """From the pipeline of a period at the close of `start` to that at the close of `until`, at the plan rate."""

    period: Period
    start_on: date
    until: date
    start: Decimal
    start_count: int
    end: Decimal
    end_count: int
    steps: dict[str, tuple[Decimal, int]]
    """Amount and number of moves; all of STEPS, in their sequence."""
    left_out: int
    """Open deals of the period at its end that no rate is known for."""


# A state is in the pipeline of a period while it is open, due in it, in the scope, and its value is known. The moves of
# a day are told in this sequence: reassigned, amount, date, closed. Whatever was not open before comes in at what it is
# worth at the end of that day; "gone" is withdrawn.
_MOVES = """
    SELECT v.deal_id, v."on", CASE WHEN v.is_mine THEN v.person_id ELSE v.was_person_id END AS person_id, s.step,
           s.amount, s.deals
      FROM (SELECT t.*,
                   coalesce(t.due_on >= %(first)s AND t.due_on < %(end)s AND t.value IS NOT NULL, false) AS is_due,
                   coalesce(t.was_due_on >= %(first)s AND t.was_due_on < %(end)s AND t.was_value IS NOT NULL, false)
                       AND t.was_status = 'open' AS was_due
              FROM ({touched}) AS t) AS v
     CROSS JOIN LATERAL (VALUES
           ('new', CASE WHEN v.is_mine AND v.is_due AND v.was_status IN ('', 'gone') AND v.status <> 'gone'
                        THEN v.value END, 1),
           ('reopened', CASE WHEN v.is_mine AND v.is_due AND v.was_status IN ('won', 'lost') AND v.status <> 'gone'
                              AND v.status <> v.was_status THEN v.value END, 1),
           ('reassigned', CASE WHEN v.was_due AND v.status <> 'gone' AND v.is_mine <> v.was_mine
                               THEN CASE WHEN v.is_mine THEN v.was_value ELSE -v.was_value END END,
            CASE WHEN v.is_mine THEN 1 ELSE -1 END),
           ('grew', CASE WHEN v.was_due AND v.is_mine AND v.status <> 'gone' AND v.value > v.was_value
                         THEN v.value - v.was_value END, 0),
           ('shrank', CASE WHEN v.was_due AND v.is_mine AND v.status <> 'gone' AND v.value < v.was_value
                           THEN v.value - v.was_value END, 0),
           ('pulled_in', CASE WHEN v.was_status = 'open' AND NOT v.was_due AND v.is_due AND v.is_mine
                               AND v.status <> 'gone' THEN v.value END, 1),
           ('pushed_out', CASE WHEN v.was_due AND v.is_mine AND NOT v.is_due AND v.status <> 'gone'
                               THEN -coalesce(v.value, v.was_value) END, -1),
           ('won', CASE WHEN v.is_mine AND v.is_due AND v.status = 'won' AND v.was_status <> 'won'
                        THEN -v.value END, -1),
           ('lost', CASE WHEN v.is_mine AND v.is_due AND v.status = 'lost' AND v.was_status <> 'lost'
                         THEN -v.value END, -1),
           ('removed', CASE WHEN v.was_due AND v.was_mine AND v.status = 'gone' THEN -v.was_value END, -1)
           ) AS s(step, amount, deals)
     WHERE (v.is_due OR v.was_due) AND s.amount IS NOT NULL
"""
_SINCE = 'v."on" > %(start)s AND v."on" <= %(until)s'
_ALL_TEAMS = "(SELECT id FROM teams_team UNION ALL SELECT 0)"


def _touched(scope: Scope) -> str:
    """Versions that begin in the days asked for and are, or were, in the scope."""
    if scope.kind == "company":
        return f"""
            SELECT v.*, true AS is_mine, true AS was_mine FROM {_ALL_TEAMS} AS k(id)
              JOIN performance_dealversion v ON v.team_id = k.id AND {_SINCE}
        """  # nosec B608 (constants)
    key = "person_id" if scope.kind == "person" else "team_id"
    return f"""
        SELECT v.*, true AS is_mine, v.was_{key} = ANY(%(ids)s) AS was_mine
          FROM performance_dealversion v WHERE v.{key} = ANY(%(ids)s) AND {_SINCE}
         UNION ALL
        SELECT v.*, false, true
          FROM performance_dealversion v
         WHERE v.was_{key} = ANY(%(ids)s) AND v.was_{key} <> v.{key} AND NOT v.{key} = ANY(%(ids)s) AND {_SINCE}
    """  # nosec B608 (constants)


def every_team() -> str:
    """SQL of the ids of all teams, and of none."""
    return _ALL_TEAMS


def held(scope: Scope, on: str) -> str:
    """SQL from FROM on: versions `v` that are open at the close of a day and in the scope; `ids` are a parameter."""
    day = f"daterange(v.\"on\", v.until) @> {on}::date AND v.status = 'open'"
    if scope.kind == "person":
        # By the teams they may belong to: what somebody had in other years is not read.
        return f"""
            FROM (SELECT team_id AS id FROM teams_posting WHERE person_id = ANY(%(ids)s) UNION SELECT 0) AS k
            JOIN performance_dealversion v ON v.team_id = k.id AND {day} AND v.person_id = ANY(%(ids)s)
        """  # nosec B608 (constants)
    teams = "unnest(%(ids)s::bigint[])" if scope.kind == "team" else _ALL_TEAMS
    return f"FROM {teams} AS k(id) JOIN performance_dealversion v ON v.team_id = k.id AND {day}"


def _asked(scope: Scope, period: Period, start: date, until: date) -> dict[str, Any]:
    ids = [scope.pk] if scope.kind == "person" else list(scope.team_ids)
    return {"ids": ids, "first": period.start, "end": period.end, "start": start, "until": until, "on": start}


def waterfall(*, scope: Scope, period: Period, start: date, until: date) -> Waterfall:
    """What moved the pipeline of a period between the closes of two days, in one statement.

    A team's are the deals of those posted in it, or below it, on each day.
    """
    if until < start:
        raise ValueError("The second day lies before the first.")
    # Months of the fiscal calendar are summed; a person's moves are few, and a week is no sum of months.
    is_summed = scope.kind != "person" and period.kind != "week" and _is_of_the_calendar(period)
    statement = _summed(scope, start, until) if is_summed else _one_by_one(scope)
    with connection.cursor() as cursor:
        cursor.execute(statement, _asked(scope, period, start, until))
        found = {name: row for name, *row in cursor.fetchall()}
    steps = {name: found.get(name, [ZERO, 0, 0]) for name in STEPS}
    before, _, start_count = found.get("start", [ZERO, 0, 0])
    return Waterfall(
        period=period,
        start_on=start,
        until=until,
        start=before,
        start_count=start_count,
        end=before + sum((amount for amount, _, _ in steps.values()), ZERO),
        end_count=start_count + sum(deals for _, _, deals in steps.values()),
        steps={name: (amount, count) for name, (amount, count, _) in steps.items()},
        left_out=found["left_out"][1],
    )


def _is_of_the_calendar(period: Period) -> bool:
    return period == Period.of(period.start, period.kind, period.calendar)


def _summed(scope: Scope, start: date, until: date) -> str:
    """From the flows: what stood at the close of `start` is all that came in by then less what went out."""
    level = "t" if scope.kind == "team" else "c"
    whose = f"level = '{level}{{0}}' AND team_id = {'ANY(%(ids)s)' if scope.kind == 'team' else '0'}"
    mine = f"""
        {whose} AND month >= %(first)s AND month < %(end)s AND NOT (other_month >= %(first)s AND other_month < %(end)s)
        {"AND NOT other_team_id = ANY(%(ids)s)" if scope.kind == "team" else ""}
    """
    after = start + timedelta(days=1)
    first, last = whole_months(after, until + timedelta(days=1))
    before = after.replace(day=1)
    spans = [
        ("'start'", "m", None, before),
        ("'start'", "d", before, after),
        ("step", "d", after, first),
        ("step", "m", first, last),
        ("step", "d", last, until + timedelta(days=1)),
    ]
    parts = [
        f"SELECT {name} AS step, amount, count, deals FROM performance_pipelineflow WHERE {mine.format(letter)}"
        + (f" AND \"on\" >= '{from_day}'" if from_day else "")
        + f" AND \"on\" < '{until_day}'"
        for name, letter, from_day, until_day in spans
        if from_day is None or from_day < until_day
    ]  # nosec B608 (constants and dates)
    return f"""
        SELECT step, sum(amount), sum(count)::bigint, sum(deals)::bigint
          FROM ({" UNION ALL ".join(parts)}) AS flows GROUP BY step
         UNION ALL
        {_left_out(scope)}
    """  # nosec B608 (constants)


def _one_by_one(scope: Scope) -> str:
    due = "v.due_on >= %(first)s AND v.due_on < %(end)s"
    return f"""
        SELECT step, sum(amount), count(*), sum(deals)::bigint FROM ({_MOVES.format(touched=_touched(scope))}) AS m
         GROUP BY 1
         UNION ALL
        SELECT 'start', coalesce(sum(v.value), 0), count(*), count(*) {held(scope, "%(on)s")}
         WHERE {due} AND v.value IS NOT NULL
         UNION ALL
        {_left_out(scope)}
    """  # nosec B608 (constants)


def _left_out(scope: Scope) -> str:
    key = "person_id" if scope.kind == "person" else "team_id"
    whose = "" if scope.kind == "company" else f" AND v.{key} = ANY(%(ids)s)"
    return f"""
        SELECT 'left_out', NULL, count(*), NULL FROM performance_dealversion v
         WHERE v.status = 'open' AND v.value IS NULL AND v.due_on >= %(first)s AND v.due_on < %(end)s
           AND v."on" <= %(until)s AND (v.until IS NULL OR v.until > %(until)s){whose}
    """  # nosec B608 (constants)


@dataclass(frozen=True, slots=True)
class Move:
    """One deal in one step of a waterfall; of `start` and `end`, a deal that was open."""

    deal_id: int
    on: date
    person_id: int
    step: str
    amount: Decimal


def moves(*, scope: Scope, period: Period, start: date, until: date, step: str = "") -> list[Move]:
    """The deals behind a waterfall, the largest first: of one step, of all steps, or those open at `start` or `end`."""
    if step in {"start", "end"}:
        statement = f"""
            SELECT v.deal_id, %(on)s::date, v.person_id, %(step)s::text, v.value {held(scope, "%(on)s")}
             WHERE v.due_on >= %(first)s AND v.due_on < %(end)s AND v.value IS NOT NULL
        """  # nosec B608 (constants)
    else:
        statement = _MOVES.format(touched=_touched(scope)) + (" AND s.step = %(step)s" if step else "")
    asked = _asked(scope, period, start, until) | {"step": step, "on": until if step == "end" else start}
    with connection.cursor() as cursor:
        cursor.execute(statement, asked)
        found = [Move(*row[:5]) for row in cursor.fetchall()]
    return sorted(found, key=lambda move: (-abs(move.amount), move.on, move.deal_id))


def open_pipeline(*, scope: Scope, period: Period, as_of: date) -> Open:
    """The deals open on a day that should close in the period.

    Where nothing in the scope has changed since that day, that is what the rollups say of now; else the snapshot of the
    day. A team's are those of the people posted in it on `as_of`: an open deal goes with whoever owns it.
    """
    ids = [scope.pk or 0] if scope.kind == "person" else list(scope.team_ids)
    return _open(scope.kind, ids, period, as_of, each="0").get(0, NO_DEALS)


def open_pipelines(
    *, kind: Literal["team", "person"], ids: Collection[int], period: Period, as_of: date
) -> dict[int, Open]:
    """`open_pipeline` of each of these people, or of each of these teams without those below; in one query."""
    return _open(kind, list(ids), period, as_of, each="team_id" if kind == "team" else "person_id")


def _open(kind: str, ids: list[int], period: Period, as_of: date, *, each: str) -> dict[int, Open]:
    asked = Scope("team" if kind == "team" else "person" if kind == "person" else "company", None, "", "", tuple(ids))
    owner = "" if each == "0" else ("p." if kind == "team" else "r.")
    live = "performance_rollupsum AS r WHERE r.level = 'td' AND"
    if kind == "person":
        live = "performance_rollup AS r WHERE r.person_id = ANY(%(ids)s) AND"
    elif kind == "team":
        live = """
            teams_posting AS p JOIN performance_rollup AS r ON r.person_id = p.person_id
             WHERE p.during @> %(on)s::date AND p.team_id = ANY(%(ids)s) AND
        """
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH later AS MATERIALIZED (
                SELECT EXISTS (SELECT FROM ({_touched(asked)}) AS t) AS is_known
            )
            SELECT {owner}{each}::bigint, r.measure, sum(r.total), sum(r.count)::bigint FROM {live}
                   NOT (SELECT is_known FROM later) AND r.measure IN ('pipeline', 'pipeline.no_rate', 'pipeline.actual')
               AND r."on" >= %(first)s AND r."on" < %(end)s GROUP BY 1, 2
             UNION ALL
            SELECT {"" if each == "0" else "v."}{each}::bigint,
                   m.measure, sum(m.amount), count(*) {held(asked, "%(on)s")}
             CROSS JOIN LATERAL (
                   SELECT CASE WHEN v.value IS NULL THEN 'pipeline.no_rate' ELSE 'pipeline' END AS measure,
                          coalesce(v.value, 0) AS amount
                   UNION ALL SELECT 'pipeline.actual', v.worth - v.value WHERE v.worth <> v.value) m
             WHERE (SELECT is_known FROM later) AND v.due_on >= %(first)s AND v.due_on < %(end)s GROUP BY 1, 2
            """,  # nosec B608 (constants)
            _asked(asked, period, as_of, date.max) | {"ids": ids},
        )
        found: dict[int, Open] = {}
        for key, measure, total, count in cursor.fetchall():
            amount, deals, without, more = found.get(key, NO_DEALS)
            match measure:
                case "pipeline":
                    found[key] = (total, count, without, more)
                case "pipeline.no_rate":
                    found[key] = (amount, deals, count, more)
                case _:
                    found[key] = (amount, deals, without, total)
    return found


def mean_open_deals(*, person_ids: Collection[int], start: date, until: date) -> dict[int, Decimal]:
    """The mean of each person's open deals at the close of the days of `[start, until)` (R21's D); nobody left out."""
    days = (until - start).days
    found = dict.fromkeys(person_ids, ZERO)
    if days <= 0:
        return found
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT v.person_id, sum(least(coalesce(v.until, %(until)s), %(until)s) - greatest(v."on", %(start)s))
              FROM {_ALL_TEAMS} AS k(id) JOIN performance_dealversion v
                ON v.team_id = k.id AND daterange(v."on", v.until) && daterange(%(start)s, %(until)s)
               AND v.status = 'open' AND v.person_id = ANY(%(people)s)
             GROUP BY 1
            """,  # nosec B608 (constants)
            {"start": start, "until": until, "people": list(person_ids)},
        )
        return found | {person: Decimal(total) / days for person, total in cursor.fetchall()}


def day_before(period: Period) -> date:
    """The day whose close a period starts from."""
    return period.start - timedelta(days=1)
