"""Rollups follow the records: drain marks, rebuild from scratch, or say what differs.

Every portion is one transaction: pick marks, lock their cells in sorted order, and only then, in a new statement and
so on a new snapshot (READ COMMITTED), read the records and write what differs. Whatever is committed later has left
a mark of its own. Killed at any point, the marks are still there and nothing else is.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Any

from django.db import connection, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import Count, Q

from performance import live
from performance.models import Rollup
from performance.models.rollups import NOBODY
from performance.models.watches import ABOVE
from performance.selectors.parts import END_OF_TIME, FIRST_DAY, parts_in_force, sql_of
from salesmgmt.desk.models import Mark
from salesmgmt.desk.watches import FEW
from targets.models import QuotaEntry, SeasonProfile
from targets.selectors import daily_quota
from teams.models import Person

PORTION = 5000  # marks picked at once
PERSON_DAYS = 40_000  # worked out in one transaction, or one person's
LOCK_SPACE = 7010  # of the advisory locks
LOCKS = 128  # cells are locked by person modulo this, so that no portion can exhaust the lock table
FEW_DAYS = 4  # a mark, on average: they are read day by day, or the planner expects far more and reads all of a person
CHUNK = 50  # people rebuilt in one transaction
TOLD = 1000  # of what differs among them

Scope = tuple[int, date, date]
"""A person and a half-open range of days."""


@dataclass(frozen=True, slots=True)
class Family:
    """Rollups that come from one kind of record: how to read those built in, and which measures are its own.

    What an admin has defined over the same records is read beside them; its names begin with the topic.
    """

    number: int
    measures: tuple[str, ...] = ()
    records: str = ""
    parameters: Callable[[Sequence[Scope]], list[Any]] = lambda scope: []
    widened: Callable[[Sequence[Scope]], list[Scope]] = list
    is_whole: bool = False
    """Its measures hold what an admin has defined over the same records, too."""
    moves_flags: bool = False
    """Who is behind may be seen differently after it changes; flags look again at those people."""
    moves_forecasts: bool = False
    """Where people land may be seen differently after it changes."""


def _widened_to_quotas(scope: Sequence[Scope]) -> list[Scope]:
    """A day that changes moves the whole season around it, and every quota entry that lies in that."""
    seasons = SeasonProfile.objects.overlapping(min(s[1] for s in scope), max(s[2] for s in scope))
    shaped = [(during.lower, during.upper) for during in seasons.values_list("during", flat=True)]
    wide: list[Scope] = []
    for person, first, until in scope:
        around = [(lower, upper) for lower, upper in shaped if lower < until and first < upper]
        wide.append((person, min([first, *(r[0] for r in around)]), max([until, *(r[1] for r in around)])))
    ranges: dict[int, list[DateRange]] = {}
    touched = QuotaEntry.objects.overlapping(min(s[1] for s in wide), max(s[2] for s in wide))
    for owner, during in touched.filter(_held_by({s[0] for s in wide})).values_list("person_id", "during").distinct():
        ranges.setdefault(owner or NOBODY, []).append(during)
    for person, first, until in list(wide):
        inside = [r for r in ranges.get(person, ()) if r.lower < until and first < r.upper]
        wide += [(person, r.lower, r.upper) for r in inside]
    return merged(wide)


def _held_by(people: set[int]) -> Q:
    return Q(person__in=people) | (Q(person=None) if NOBODY in people else Q(pk__in=()))


def _expected(scope: Sequence[Scope]) -> list[Any]:
    """What the plan spreads to each day, as parallel arrays."""
    people: dict[tuple[date, date], list[int | None]] = {}
    for person, first, until in scope:
        people.setdefault((first, until), []).append(person or None)
    rows = [
        (row.person_id or NOBODY, row.team_id or NOBODY, row.on, row.amount)
        for (first, until), ids in people.items()
        for row in daily_quota(person_ids=ids, start=first, end=until)
    ]
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[], [], [], []]


FAMILIES = {
    # At the rate of the plan, by which all is judged (R13); what the actual rate makes of it more or less is apart.
    "credits": Family(
        1,
        ("r.measure IN ('bookings', 'overlay', 'bookings.actual', 'overlay.actual')",),
        """
        SELECT person_id, team_id, "on", fiscal(posted_on) AS posted_month, measure, 0 AS bucket, sum(amount) AS total,
               count(*) AS count
          FROM (SELECT c.person_id, coalesce(c.team_id, 0) AS team_id, c.occurred_on AS "on", c.posted_on,
                       CASE c.kind WHEN 'overlay' THEN 'overlay' ELSE 'bookings' END || rates.of AS measure,
                       CASE rates.of WHEN '' THEN coalesce(c.plan_amount, c.reporting_amount)
                                     ELSE c.reporting_amount - c.plan_amount END AS amount
                  FROM scope s JOIN sales_credit c
                    ON c.person_id = s.person_id AND c.occurred_on >= s.first AND c.occurred_on < s.until
                  JOIN (VALUES (''), ('.actual')) AS rates(of) ON rates.of = '' OR c.plan_rate IS NOT NULL) AS told
         GROUP BY 1, 2, 3, 4, 5 HAVING sum(amount) <> 0
        """,
        moves_flags=True,
        moves_forecasts=True,
    ),
    "outcomes": Family(
        2,
        ("r.measure IN ('deals_won', 'deals_lost', 'uncounted_won', 'uncounted_lost', 'sales_cycle')",),
        """
        SELECT o.person_id, coalesce(o.team_id, 0) AS team_id, o.occurred_on AS "on",
               fiscal(o.posted_on) AS posted_month, m.measure, m.bucket, sum(m.amount) AS total, sum(o.count) AS count
          FROM scope s JOIN sales_outcome o
            ON o.person_id = s.person_id AND o.occurred_on >= s.first AND o.occurred_on < s.until
         CROSS JOIN LATERAL (
               SELECT 'deals_' || o.status AS measure, 0 AS bucket, o.amount
               UNION ALL SELECT 'uncounted_' || o.status, 0, o.amount WHERE NOT o.counts
               UNION ALL SELECT 'sales_cycle', o.cycle_days, 0 WHERE o.status = 'won' AND o.cycle_days IS NOT NULL) m
         GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(o.count) <> 0 OR sum(m.amount) <> 0
        """,
    ),
    "activities": Family(
        3,
        ("r.measure LIKE 'activities%%'",),
        """
        SELECT a.owner_id AS person_id, coalesce(p.team_id, 0) AS team_id, a.occurred_on AS "on",
               fiscal(a.occurred_on) AS posted_month, k.measure, 0 AS bucket,
               coalesce(sum(a.duration_minutes), 0) AS total, count(*) AS count
          FROM scope s JOIN sales_activity a
            ON a.owner_id = s.person_id AND a.occurred_on >= s.first AND a.occurred_on < s.until
               AND a.withdrawn_at IS NULL
          LEFT JOIN teams_posting p ON p.person_id = a.owner_id AND p.during @> a.occurred_on
         CROSS JOIN LATERAL (VALUES ('activities'), ('activities.' || a.kind)) AS k(measure)
         GROUP BY 1, 2, 3, 5
        """,
        is_whole=True,
    ),
    # As the waterfall values it (R20): at the plan's rate, without one at the actual; the last that began by the
    # expected close. Without either it is left out. What the actual rate makes of it more or less is apart.
    "pipeline": Family(
        4,
        ("r.measure IN ('pipeline', 'pipeline.no_rate', 'pipeline.actual')",),
        """
        SELECT d.owner_id AS person_id, 0 AS team_id, d.expected_close_on AS "on",
               fiscal(d.expected_close_on) AS posted_month, m.measure, 0 AS bucket, sum(m.amount) AS total,
               count(*) AS count
          FROM scope s JOIN sales_deal d
            ON d.owner_id = s.person_id AND d.status = 'open' AND d.withdrawn_at IS NULL
               AND d.expected_close_on >= s.first AND d.expected_close_on < s.until
         CROSS JOIN teams_organisation o
         CROSS JOIN LATERAL (
               SELECT CASE WHEN d.currency = o.currency THEN 1 ELSE (
                      SELECT e.rate FROM teams_exchangerate e
                       WHERE e.currency = d.currency AND lower(e.during) <= d.expected_close_on
                       ORDER BY e.kind DESC, lower(e.during) DESC LIMIT 1) END AS plan,
                      CASE WHEN d.currency <> o.currency THEN (
                      SELECT e.rate FROM teams_exchangerate e
                       WHERE e.currency = d.currency AND e.kind = 'actual' AND lower(e.during) <= d.expected_close_on
                       ORDER BY lower(e.during) DESC LIMIT 1) END AS actual) x
         CROSS JOIN LATERAL (
               SELECT CASE WHEN x.plan IS NULL AND d.amount IS NOT NULL THEN 'pipeline.no_rate' ELSE 'pipeline'
                      END AS measure, coalesce(round(d.amount * x.plan, 2), 0) AS amount
               UNION ALL
               SELECT 'pipeline.actual', round(d.amount * x.actual, 2) - round(d.amount * x.plan, 2)
                WHERE d.amount IS NOT NULL AND x.actual <> x.plan) m
         GROUP BY 1, 3, 5 HAVING m.measure <> 'pipeline.actual' OR sum(m.amount) <> 0
        """,
        moves_forecasts=True,
    ),
    "quota": Family(
        5,
        ("r.measure = 'expected'",),
        """
        SELECT person_id, team_id, "on", fiscal("on") AS posted_month, 'expected' AS measure, 0 AS bucket,
               sum(amount) AS total, count(*) AS count
          FROM unnest(%s::bigint[], %s::bigint[], %s::date[], %s::numeric[]) AS q(person_id, team_id, "on", amount)
         GROUP BY 1, 2, 3 HAVING sum(amount) <> 0
        """,
        _expected,
        _widened_to_quotas,
        moves_flags=True,
        moves_forecasts=True,
    ),
    "deals_counted": Family(6),
    "orders": Family(7),
    "leads": Family(8),
    "feedback": Family(9),
    "complaints": Family(10),
    "contracts": Family(11),
    "referrals": Family(12),
    "time": Family(13),
    "calls": Family(14),
}
TOPICS = (*ABOVE, *FAMILIES)

_COMPARED = """
    WITH scope AS MATERIALIZED (
        SELECT * FROM unnest(%s::bigint[], %s::date[], %s::date[]) AS s(person_id, first, until)
    ), fresh AS MATERIALIZED (
        SELECT person_id, team_id, "on", posted_month, measure, bucket, round(total, 6) AS total, count::bigint
          FROM ({records}) AS records
    ), stored AS MATERIALIZED (
        {stored}
    ), difference AS MATERIALIZED (
        SELECT stored.id, person_id, team_id, "on", posted_month, measure, bucket,
               coalesce(fresh.total, 0) AS total, coalesce(fresh.count, 0) AS count, fresh.count IS NULL AS is_gone,
               coalesce(stored.total, 0) AS was_total, coalesce(stored.count, 0) AS was_count
          FROM fresh FULL JOIN stored USING (person_id, team_id, "on", posted_month, measure, bucket)
         WHERE (fresh.total, fresh.count) IS DISTINCT FROM (stored.total, stored.count)
    )
"""
# Rows are named by arrays of ids: the planner expects far more that differ, and would read the whole table for a join.
_WRITE = """,
    gone AS (
        DELETE FROM performance_rollup r WHERE r.id = ANY(ARRAY(SELECT id FROM difference WHERE is_gone))
    ), changed AS (
        UPDATE performance_rollup r SET total = d.total, count = d.count
          FROM difference d
         WHERE r.id = d.id AND r.id = ANY(ARRAY(SELECT id FROM difference WHERE NOT is_gone AND id IS NOT NULL))
    ), made AS (
        INSERT INTO performance_rollup (person_id, team_id, "on", posted_month, measure, bucket, total, count)
        SELECT person_id, team_id, "on", posted_month, measure, bucket, total, count FROM difference WHERE id IS NULL
    ), summed AS (
        INSERT INTO performance_rollupsum AS r
               (level, measure, "on", person_id, team_id, posted_month, bucket, total, count)
        SELECT level, measure, day, person, team, posted_month, bucket, sum(total - was_total), sum(count - was_count)
          FROM difference d
         CROSS JOIN LATERAL (VALUES ('pm', month(d."on"), d.person_id, 0), ('td', d."on", 0, d.team_id),
                                    ('tm', month(d."on"), 0, d.team_id)) AS l(level, day, person, team)
         GROUP BY 1, 2, 3, 4, 5, 6, 7
        HAVING sum(total - was_total) <> 0 OR sum(count - was_count) <> 0
         ORDER BY 1, measure COLLATE "C", 3, 4, 5, 6, 7
            ON CONFLICT (level, measure, "on", person_id, team_id, posted_month, bucket)
            DO UPDATE SET total = r.total + excluded.total, count = r.count + excluded.count
        RETURNING id, total, count
    )
    SELECT (SELECT count(*) FROM difference),
           (SELECT array_agg(DISTINCT person_id) FROM difference),
           (SELECT array_agg(DISTINCT team_id) FROM difference),
           (SELECT array_agg(id) FROM summed WHERE total = 0 AND count = 0),
           (SELECT min("on") FROM difference)
"""
_TELL = """,
           (SELECT array_agg(ARRAY[person_id::text, team_id::text, "on"::text, posted_month::text, measure,
                                   bucket::text, was_total::text, was_count::text, total::text, count::text])
              FROM (SELECT * FROM unmarked ORDER BY person_id, "on", measure LIMIT {told}) AS few),
           (SELECT count(*) FROM unmarked)
"""
# A mark on what others hang on may mean any of them; such marks were expanded just before.
_NO_MARK = f"""
    NOT EXISTS (SELECT FROM desk_mark m
                 WHERE m.topic = '{{topic}}' AND (m.person_id = d.person_id OR m.person_id IS NULL) AND m.days @> d."on"
                       OR m.topic IN ({", ".join(f"'{topic}'" for topic in ABOVE)}))
"""
_UNMARKED = f""",
    unmarked AS (SELECT * FROM difference d WHERE {_NO_MARK})
"""  # nosec B608 (constants)
_REPORT = f"""
    SELECT person_id, team_id, "on", posted_month, measure, bucket, was_total, was_count, total, count FROM difference d
     WHERE {_NO_MARK} ORDER BY 1, 3, 5
"""  # nosec B608 (constants)
_SUMS_DIFFER = """
    SELECT stored.id, level, measure, "on", person_id, team_id, posted_month, bucket,
           coalesce(stored.total, 0), coalesce(stored.count, 0), coalesce(fresh.total, 0), coalesce(fresh.count, 0)
      FROM (SELECT level, r.measure, day AS "on", person AS person_id, team AS team_id, r.posted_month, r.bucket,
                   sum(r.total) AS total, sum(r.count)::bigint AS count
              FROM performance_rollup r
             CROSS JOIN LATERAL (VALUES ('pm', month(r."on"), r.person_id, 0), ('td', r."on", 0, r.team_id),
                                        ('tm', month(r."on"), 0, r.team_id)) AS l(level, day, person, team)
             GROUP BY 1, 2, 3, 4, 5, 6, 7 HAVING sum(r.total) <> 0 OR sum(r.count) <> 0) AS fresh
      FULL JOIN performance_rollupsum AS stored
           USING (level, measure, "on", person_id, team_id, posted_month, bucket)
     WHERE (stored.total, stored.count) IS DISTINCT FROM (fresh.total, fresh.count)
     ORDER BY 2, 3, 4, 5, 6
"""


_FISCAL_MONTH = r"""
    (CASE WHEN EXISTS (SELECT FROM teams_fiscalyear WHERE layout <> 'months' AND superseded_at IS NULL)
          THEN coalesce((SELECT lower(p.during) FROM teams_period p
                          WHERE p.during @> \1 AND p.superseded_at IS NULL), month(\1))
          ELSE month(\1) END)
"""


_STORED = """
        SELECT r.* FROM scope s CROSS JOIN LATERAL (
               SELECT * FROM performance_rollup r
                WHERE r.person_id = s.person_id AND ({measures}) AND r."on" >= s.first AND r."on" < s.until{apart}) r
"""
_NOTHING = """
        SELECT 0::bigint AS person_id, 0::bigint AS team_id, NULL::date AS "on", NULL::date AS posted_month,
               ''::text AS measure, 0 AS bucket, 0::numeric AS total, 0::bigint AS count WHERE false
"""


def _statement(topic: str, scope: Sequence[Scope], rest: str) -> tuple[str, list[Any]]:
    """What differs in `scope`, by the definitions as they stand now, and what to do about it; with its arguments."""
    family = FAMILIES[topic]
    records, arguments = sql_of(parts_in_force(topic))
    read = " UNION ALL ".join(part for part in (family.records, records) if part) or _NOTHING
    own = [*family.measures]  # by the index where it sorts by bytes, right everywhere
    if not family.is_whole:
        own.append(f"r.measure LIKE '{topic}:%%'")
    told, is_short = scope, sum((until - first).days for _, first, until in scope) <= FEW_DAYS * len(scope)
    # By the index for each day, whatever the planner makes of so many.
    stored = " UNION ALL ".join(_STORED.format(measures=one, apart=" OFFSET 0" if is_short else "") for one in own)
    sql = with_months(_COMPARED.replace("{records}", read).replace("{stored}", stored) + rest)
    if is_short:
        sql = re.sub(r"(\S+) >= s\.first AND \1 < s\.until", r"\1 = s.first", sql)
        told = [
            (person, first + timedelta(day), first + timedelta(day + 1))
            for person, first, until in scope
            for day in range((until - first).days)
        ]
    columns = [list(column) for column in zip(*told, strict=True)] if told else [[], [], []]
    return sql, [*columns, *family.parameters(scope), *arguments]


def with_months(sql: str) -> str:
    """With month(x), the first day of a month, spelt out: date_trunc of a date depends on the session's zone.

    fiscal(x) is the first day of the stored period, looked up only where some are not calendar months.
    """
    sql = re.sub(r'\bfiscal\(([\w."]+)\)', _FISCAL_MONTH, sql)
    return re.sub(r'\bmonth\(([\w."]+)\)', r"(\1 - extract(day FROM \1)::int + 1)", sql)


def merged(scope: Iterable[Scope]) -> list[Scope]:
    """The same days, each once: overlapping and adjoining ranges of a person become one."""
    whole: list[Scope] = []
    for person, first, until in sorted(scope):
        if whole and whole[-1][0] == person and first <= whole[-1][2]:
            whole[-1] = (person, whole[-1][1], max(until, whole[-1][2]))
        else:
            whole.append((person, first, until))
    return whole


# ── Draining ────────────────────────────────────────────────────────────────────────────────────────────────────


_EXPAND = f"""
    WITH picked AS MATERIALIZED (
        SELECT id FROM desk_mark WHERE topic = %s ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
    ), marks AS (
        DELETE FROM desk_mark m USING picked p WHERE m.id = p.id RETURNING m.person_id, m.days
    ), made AS (
        INSERT INTO desk_mark (topic, person_id, days)
        SELECT topic, person_id, stale
          FROM (SELECT topic, person_id, range_agg(days) AS days, count(*) AS ranges
                  FROM (SELECT DISTINCT topic, person_id, days FROM ({{hanging}}) AS each) AS told
                 WHERE NOT isempty(days) GROUP BY 1, 2) AS people,
               unnest(CASE WHEN ranges <= {FEW} THEN days ELSE datemultirange(range_merge(days)) END) AS stale
    )
    SELECT count(*) FROM marks
"""  # nosec B608 (constants)


def drain(topic: str) -> int:
    """Do the next portion of the marks of `topic`; answer how many marks it was.

    Those on a record that others hang on become marks on these, as they are found once the change is committed.
    """
    if topic in ABOVE:
        return int(_execute(_EXPAND.format(hanging=ABOVE[topic]), [topic, PORTION])[0][0])
    family = FAMILIES[topic]
    with transaction.atomic():
        picked = _pick(topic)
        if not picked:
            return 0
        for everybody in [mark for mark in picked if mark[1] is None]:
            _expand(topic, everybody)
        done = _bounded([mark for mark in picked if mark[1] is not None])
        if done:
            _write(topic, family.widened(merged((person, first, until) for _, person, first, until in done)))
        ids = [mark[0] for mark in picked if mark[1] is None] + [mark[0] for mark in done]
        _execute("DELETE FROM desk_mark WHERE id = ANY(%s)", [ids])
    return len(ids)


def waiting() -> dict[str, int]:
    """How many marks wait, by topic."""
    rows = Mark.objects.filter(topic__in=TOPICS).values_list("topic").annotate(Count("pk"))
    return dict(rows.order_by("topic"))


def _pick(topic: str) -> list[tuple[int, int | None, date, date]]:
    return _execute(
        """
        SELECT id, person_id, greatest(coalesce(lower(days), %s), %s), least(coalesce(upper(days), %s), %s)
          FROM desk_mark WHERE topic = %s ORDER BY person_id LIMIT %s FOR UPDATE SKIP LOCKED
        """,
        [FIRST_DAY, FIRST_DAY, END_OF_TIME, END_OF_TIME, topic, PORTION],
    )


def _expand(topic: str, mark: tuple[int, int | None, date, date]) -> None:
    """A mark about everybody becomes one for each person, so that no portion grows with the company."""
    _execute(
        """
        INSERT INTO desk_mark (topic, person_id, days)
        SELECT %s, id, daterange(%s, %s) FROM (SELECT id FROM teams_person UNION ALL SELECT 0) AS people
        """,
        [topic, mark[2], mark[3]],
    )


def _bounded(marks: list[tuple[int, int | None, date, date]]) -> list[tuple[int, int, date, date]]:
    """As many of the marks, sorted by person, as one transaction should do; the rest wait for the next."""
    done: list[tuple[int, int, date, date]] = []
    days, last = 0, None
    for pk, person, first, until in marks:
        assert person is not None
        if person != last and days > PERSON_DAYS:
            break
        days += min((until - first).days, 800)
        last = person
        done.append((pk, person, first, until))
    return done


def _write(topic: str, scope: Sequence[Scope], *, tell: bool = False) -> tuple[list[list[str]], int]:
    """Lock the cells, then make the rollups of `scope` what the records say.

    Told to, it answers some of what differed although no mark had said so, and how much that was in all.
    """
    family = FAMILIES[topic]
    locks = sorted({family.number * LOCKS + person % LOCKS for person, _, _ in scope})
    _execute("SELECT pg_advisory_xact_lock(%s, number) FROM unnest(%s::int[]) AS number", [LOCK_SPACE, locks])
    rest = _WRITE
    if tell:
        rest = _UNMARKED.format(topic=topic) + _WRITE + _TELL.format(told=TOLD)
    [(count, people, teams, zeros, first, *told)] = _execute(*_statement(topic, scope, rest))
    if zeros:
        _execute("DELETE FROM performance_rollupsum WHERE id = ANY(%s) AND total = 0 AND count = 0", [zeros])
    moved = [topic for topic, moves in (("flags", family.moves_flags), ("forecasts", family.moves_forecasts)) if moves]
    if count and moved:
        _execute(
            "INSERT INTO desk_mark (topic, person_id, days)"
            " SELECT t, p, daterange(%s, NULL) FROM unnest(%s::bigint[]) AS p, unnest(%s::text[]) AS t WHERE p > 0",
            [first, people, moved],
        )
    if count:
        transaction.on_commit(partial(live.bump, people=people, teams=teams))
    return (told[0] or [], told[1]) if tell else ([], 0)


def _execute(sql: str, parameters: Sequence[Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall() if cursor.description else []


# ── All of it ───────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Difference:
    """A stored cell that is not what the records say."""

    table: str
    cell: tuple[Any, ...]
    stored: tuple[Any, ...]
    records: tuple[Any, ...]
    times: int = 1
    """More than one: it stands for that many further cells."""

    def __str__(self) -> str:
        if self.times > 1:
            return f"{self.table}: {self.times} further cells"
        cell = " ".join(str(part) for part in self.cell)
        stored, records = (f"{total} ({count})" for total, count in (self.stored, self.records))
        return f"{self.table} {cell}: stored {stored}, records {records}"


def rebuild(*, write: bool = True) -> Iterator[Difference]:
    """Work out every rollup from the records; yield what differs, and put it right unless told only to look.

    Days with a waiting mark are known to be stale and are not reported. Runs beside writers and drainers.
    """
    people = [NOBODY, *Person.objects.order_by("pk").values_list("pk", flat=True)]
    orphans = (
        Rollup.objects.exclude(person__in=people).order_by("person").values_list("person_id", flat=True).distinct()
    )
    people += list(orphans)
    for above in ABOVE:
        while drain(above):
            pass
    for topic in FAMILIES:
        for start in range(0, len(people), CHUNK):
            scope = [(person, FIRST_DAY, END_OF_TIME) for person in people[start : start + CHUNK]]
            with transaction.atomic():
                _execute("SET LOCAL work_mem = '64MB'", [])
                if write:
                    rows, count = _write(topic, scope, tell=True)
                else:
                    rows = _execute(*_statement(topic, scope, _REPORT.format(topic=topic)))
                    count = len(rows)
            yield from [Difference(topic, tuple(row[:6]), tuple(row[6:8]), tuple(row[8:])) for row in rows]
            if count > len(rows):
                yield Difference(topic, ("further", "cells"), ("", ""), ("", ""), times=count - len(rows))
    yield from _rebuild_sums(write=write)


def _rebuild_sums(*, write: bool) -> Iterator[Difference]:
    """The sums against the rollups they sum, on one snapshot."""
    with transaction.atomic():
        if write:  # drainers wait: what they have done since would be summed twice
            locks = [family.number * LOCKS + n for family in FAMILIES.values() for n in range(LOCKS)]
            _execute("SELECT pg_advisory_xact_lock(%s, n) FROM unnest(%s::int[]) AS n", [LOCK_SPACE, sorted(locks)])
        rows = _execute(with_months(_SUMS_DIFFER), [])
        if write and rows:
            _execute("DELETE FROM performance_rollupsum WHERE id = ANY(%s)", [[row[0] for row in rows if row[0]]])
            _execute(
                """
                INSERT INTO performance_rollupsum
                       (level, measure, "on", person_id, team_id, posted_month, bucket, total, count)
                SELECT * FROM unnest(%s::text[], %s::text[], %s::date[], %s::bigint[], %s::bigint[], %s::date[],
                                     %s::int[], %s::numeric[], %s::bigint[])
                """,
                [
                    list(column)
                    for column in zip(*[row[1:8] + row[10:] for row in rows if row[10] or row[11]], strict=True)
                ],
            )
    yield from [Difference("sums", tuple(row[1:8]), tuple(row[8:10]), tuple(row[10:])) for row in rows]
