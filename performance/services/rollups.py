"""Rollups follow the records: drain marks, rebuild from scratch, or say what differs.

Every portion is one transaction: pick marks, lock their cells in sorted order, and only then, in a new statement and
so on a new snapshot (READ COMMITTED), read the records and write what differs. Whatever is committed later has left
a mark of its own. Killed at any point, the marks are still there and nothing else is.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from django.db import connection, transaction

from performance import live
from performance.models import Rollup
from performance.models.rollups import NOBODY
from targets.models import QuotaEntry
from targets.selectors import daily_quota
from teams.models import Person

FIRST_DAY, END_OF_TIME = date(1900, 1, 1), date(9999, 1, 1)
PORTION = 5000  # marks picked at once
PERSON_DAYS = 40_000  # worked out in one transaction, or one person's
LOCKS = 128  # cells are locked by person modulo this, so that no portion can exhaust the lock table

Scope = tuple[int, date, date]
"""A person and a half-open range of days."""


@dataclass(frozen=True, slots=True)
class Family:
    """Rollups that come from one kind of record: how to read them, and which measures are its own."""

    number: int
    measures: str
    records: str
    parameters: Callable[[Sequence[Scope]], list[Any]] = lambda scope: []
    widened: Callable[[Sequence[Scope]], list[Scope]] = list


def _widened_to_quotas(scope: Sequence[Scope]) -> list[Scope]:
    """A day that changes moves the whole quota entry it lies in."""
    wide: list[Scope] = []
    for person, first, until in scope:
        entries = QuotaEntry.objects.overlapping(first, until).filter(person=person or None)
        ranges = [during for during in entries.values_list("during", flat=True).distinct()]
        wide += [(person, min(r.lower, first), max(r.upper, until)) for r in ranges] or [(person, first, until)]
    return merged(wide)


def _expected(scope: Sequence[Scope]) -> list[Any]:
    """What the plan spreads to each day, as parallel arrays."""
    people = {person for person, _, _ in scope}
    rows = [
        (row.person_id or NOBODY, row.team_id or NOBODY, row.on, row.amount)
        for start, end, ids in _by_range(scope)
        for row in daily_quota(person_ids=[i for i in ids if i], start=start, end=end, with_vacant=NOBODY in ids)
    ]
    assert all(row[0] in people for row in rows)
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[], [], [], []]


def _by_range(scope: Sequence[Scope]) -> Iterable[tuple[date, date, list[int]]]:
    ranges: dict[tuple[date, date], list[int]] = {}
    for person, first, until in scope:
        ranges.setdefault((first, until), []).append(person)
    for (first, until), ids in ranges.items():
        yield first, until, ids


FAMILIES = {
    "credits": Family(
        1,
        "r.measure IN ('bookings', 'overlay')",
        """
        SELECT c.person_id, coalesce(c.team_id, 0) AS team_id, c.occurred_on AS "on", month(c.posted_on) AS posted_month,
               CASE c.kind WHEN 'overlay' THEN 'overlay' ELSE 'bookings' END AS measure, 0 AS bucket,
               sum(c.reporting_amount) AS total, count(*) AS count
          FROM scope s JOIN sales_credit c
            ON c.person_id = s.person_id AND c.occurred_on >= s.first AND c.occurred_on < s.until
         GROUP BY 1, 2, 3, 4, 5 HAVING sum(c.reporting_amount) <> 0
        """,
    ),
    "outcomes": Family(
        2,
        "r.measure IN ('deals_won', 'deals_lost', 'uncounted_won', 'uncounted_lost', 'sales_cycle')",
        """
        SELECT o.person_id, coalesce(o.team_id, 0) AS team_id, o.occurred_on AS "on",
               month(o.posted_on) AS posted_month, m.measure, m.bucket, sum(m.amount) AS total, sum(o.count) AS count
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
        "r.measure >= 'activities.' AND r.measure < 'activities/'",
        """
        SELECT a.owner_id AS person_id, coalesce(p.team_id, 0) AS team_id, a.occurred_on AS "on",
               month(a.occurred_on) AS posted_month, 'activities.' || a.kind AS measure, 0 AS bucket,
               coalesce(sum(a.duration_minutes), 0) AS total, count(*) AS count
          FROM scope s JOIN sales_activity a
            ON a.owner_id = s.person_id AND a.occurred_on >= s.first AND a.occurred_on < s.until
               AND a.withdrawn_at IS NULL
          LEFT JOIN teams_posting p ON p.person_id = a.owner_id AND p.during @> a.occurred_on
         GROUP BY 1, 2, 3, 5
        """,
    ),
    # In the reporting currency at the last actual rate that began by the expected close; without one it is left out.
    "pipeline": Family(
        4,
        "r.measure IN ('pipeline', 'pipeline.no_rate')",
        """
        SELECT d.owner_id AS person_id, 0 AS team_id, d.expected_close_on AS "on",
               month(d.expected_close_on) AS posted_month,
               CASE WHEN x.rate IS NULL AND d.amount IS NOT NULL THEN 'pipeline.no_rate' ELSE 'pipeline' END AS measure,
               0 AS bucket, coalesce(sum(round(d.amount * x.rate, 2)), 0) AS total, count(*) AS count
          FROM scope s JOIN sales_deal d
            ON d.owner_id = s.person_id AND d.status = 'open' AND d.withdrawn_at IS NULL
               AND d.expected_close_on >= s.first AND d.expected_close_on < s.until
         CROSS JOIN teams_organisation o
         CROSS JOIN LATERAL (
               SELECT CASE WHEN d.currency = o.currency THEN 1 ELSE (
                      SELECT e.rate FROM teams_exchangerate e
                       WHERE e.currency = d.currency AND e.kind = 'actual' AND lower(e.during) <= d.expected_close_on
                       ORDER BY lower(e.during) DESC LIMIT 1) END AS rate) x
         GROUP BY 1, 3, 5
        """,
    ),
    "quota": Family(
        5,
        "r.measure = 'expected'",
        """
        SELECT person_id, team_id, "on", month("on") AS posted_month, 'expected' AS measure, 0 AS bucket,
               sum(amount) AS total, count(*) AS count
          FROM unnest(%s::bigint[], %s::bigint[], %s::date[], %s::numeric[]) AS q(person_id, team_id, "on", amount)
         GROUP BY 1, 2, 3 HAVING sum(amount) <> 0
        """,
        _expected,
        _widened_to_quotas,
    ),
}
TOPICS = tuple(FAMILIES)

# month(x): the first day of a month, spelt out because date_trunc of a date depends on the session's zone.
_COMPARED = """
    WITH scope AS MATERIALIZED (
        SELECT * FROM unnest(%s::bigint[], %s::date[], %s::date[]) AS s(person_id, first, until)
    ), fresh AS MATERIALIZED (
        SELECT person_id, team_id, "on", posted_month, measure, bucket, round(total, 6) AS total, count::bigint
          FROM ({records}) AS records
    ), stored AS MATERIALIZED (
        SELECT r.* FROM scope s JOIN performance_rollup r
            ON r.person_id = s.person_id AND {measures} AND r."on" >= s.first AND r."on" < s.until
    ), difference AS MATERIALIZED (
        SELECT stored.id, person_id, team_id, "on", posted_month, measure, bucket,
               coalesce(fresh.total, 0) AS total, coalesce(fresh.count, 0) AS count, fresh.count IS NULL AS is_gone,
               coalesce(stored.total, 0) AS was_total, coalesce(stored.count, 0) AS was_count
          FROM fresh FULL JOIN stored USING (person_id, team_id, "on", posted_month, measure, bucket)
         WHERE (fresh.total, fresh.count) IS DISTINCT FROM (stored.total, stored.count)
    )
"""
_WRITE = """,
    gone AS (
        DELETE FROM performance_rollup r USING difference d WHERE r.id = d.id AND d.is_gone
    ), changed AS (
        UPDATE performance_rollup r SET total = d.total, count = d.count
          FROM difference d WHERE r.id = d.id AND NOT d.is_gone
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
         ORDER BY 1, 2, 3, 4, 5, 6, 7
            ON CONFLICT (level, measure, "on", person_id, team_id, posted_month, bucket)
            DO UPDATE SET total = r.total + excluded.total, count = r.count + excluded.count
        RETURNING id, total, count
    )
    SELECT (SELECT count(*) FROM difference),
           (SELECT array_agg(DISTINCT person_id) FROM difference),
           (SELECT array_agg(DISTINCT team_id) FROM difference),
           (SELECT array_agg(id) FROM summed WHERE total = 0 AND count = 0)
"""


def _sql(family: Family, rest: str) -> str:
    """month() as an expression that reads the same in every zone."""
    import re

    text = _COMPARED.format(records=family.records, measures=family.measures) + rest
    return re.sub(r"\bmonth\(((?:\w+\.)?\"?\w+\"?)\)", r"(\1 - extract(day FROM \1)::int + 1)", text)
