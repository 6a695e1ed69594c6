"""Daily closing snapshots of deals: versions that follow the deals, their changes, postings and rates.

A row of `DealVersion` holds for the days at whose close a deal stood so. Whatever changes a deal, whenever that is said
to have been, its versions are worked out anew and what differs is written: the cost follows the change.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from django.db import connection, transaction

from performance import live
from performance.models import PipelineFlow
from performance.models.snapshots import DEALS, POSTINGS, RATES, TRACKED
from salesmgmt.desk.models import Mark
from teams.models import Organisation

from .rollups import Difference, with_months

PORTION = 2000  # deals worked out in one transaction
LOCK_SPACE, LOCKS = 7011, 128  # deals are locked modulo this, so that no portion can exhaust the lock table

STATE = (
    "until", "status", "person_id", "team_id", "stage_id", "category", "amount", "currency", "due_on", "month",
    "value", "worth", "was_status", "was_person_id", "was_team_id", "was_due_on", "was_month", "was_value",
)  # fmt: skip
_SAID = ("status", "stage", "owner", "amount", "expected_close_on", "forecast_category", "currency")
# Those that a deal always has: what its first change says of them held before it, too.
_ALWAYS = ("status", "stage", "owner", "currency")


def _rate(kinds: str) -> str:
    """The rate of the latest range that began by the day; of the first of these kinds that has one."""
    return f"""
        CASE WHEN v.currency = %(own)s THEN 1 ELSE (
             SELECT e.rate FROM teams_exchangerate e
              WHERE e.currency = v.currency AND e.kind IN ({kinds}) AND lower(e.during) <= coalesce(v.due_on, v."on")
              ORDER BY e.kind DESC, lower(e.during) DESC LIMIT 1) END
    """  # nosec B608 (constants; 'plan' comes after 'actual')


def _filled(name: str) -> str:
    """The last value said by then: the day before it makes the latest the greatest."""
    return f"substr(max(to_char(day, 'YYYYMMDD') || {name} COLLATE \"C\") OVER told, 9) AS {name}"


def _columns(table: str) -> str:
    return ", ".join(f"{table}.{column}" for column in STATE)


_FRESH = with_months(f"""
    WITH deal AS MATERIALIZED (
        SELECT d.id, d.opened_on, (d.created_at AT TIME ZONE %(zone)s)::date AS created_on,
               (d.withdrawn_at AT TIME ZONE %(zone)s)::date AS gone_on, s.pipeline_id, d.owner_id,
               d.status, s.name AS stage, d.owner_id::text AS owner, coalesce(d.amount::text, '') AS amount,
               coalesce(d.expected_close_on::text, '') AS expected_close_on,
               d.own_forecast_category AS forecast_category, d.currency
          FROM sales_deal d JOIN sales_stage s ON s.id = d.stage_id WHERE d.id = ANY(%(deals)s)
    ), change AS MATERIALIZED (
        SELECT c.deal_id, c.field, (c.changed_at AT TIME ZONE %(zone)s)::date AS day, c.was, c.value,
               row_number() OVER (PARTITION BY c.deal_id, c.field ORDER BY c.changed_at, c.id) AS nth,
               lead(c.changed_at) OVER (PARTITION BY c.deal_id, c.field ORDER BY c.changed_at, c.id) AS next_at
          FROM deal JOIN sales_dealchange c ON c.deal_id = deal.id AND c.field IN ({", ".join(map(repr, TRACKED))})
    ), start AS MATERIALIZED (
        SELECT d.id, coalesce(min(c.day), min(d.opened_on), min(d.created_on)) AS day
          FROM deal d LEFT JOIN change c ON c.deal_id = d.id GROUP BY d.id
    ), said AS (
        -- What held before the first change of a field; of one that never changed, what the deal says now.
        SELECT d.id AS deal_id, start.day, n.field,
               CASE WHEN c.deal_id IS NULL THEN n.now
                    WHEN c.was <> '' OR NOT n.is_always THEN c.was ELSE c.value END AS value
          FROM deal d JOIN start USING (id)
         CROSS JOIN LATERAL (VALUES {", ".join(f"('{f}', d.{f}, {f in _ALWAYS})" for f in _SAID)})
                 AS n(field, now, is_always)
          LEFT JOIN change c ON c.deal_id = d.id AND c.field = n.field AND c.nth = 1
         WHERE c.day IS NULL OR c.day > start.day
        UNION ALL
        -- The last of each day. From the last change on it is what the deal says now, whatever the way it was written.
        SELECT c.deal_id, c.day, c.field, CASE WHEN c.next_at IS NULL THEN n.now ELSE c.value END
          FROM change c JOIN deal d ON d.id = c.deal_id
          JOIN LATERAL (VALUES {", ".join(f"('{f}', d.{f})" for f in _SAID)}) AS n(field, now) ON n.field = c.field
         WHERE c.next_at IS NULL OR (c.next_at AT TIME ZONE %(zone)s)::date > c.day
    ), sparse AS (
        SELECT deal_id, day, {", ".join(f"max(value) FILTER (WHERE field = '{f}') AS {f}" for f in _SAID)}
          FROM said GROUP BY deal_id, day
    ), told AS (
        SELECT deal_id, day, lead(day) OVER told AS until, {", ".join(map(_filled, _SAID))}
          FROM sparse WINDOW told AS (PARTITION BY deal_id ORDER BY day)
    ), typed AS (
        SELECT t.deal_id, t.day, least(t.until, d.gone_on) AS until, t.status, d.pipeline_id, t.stage,
               CASE WHEN t.owner ~ '^[0-9]{{1,18}}$' THEN t.owner::bigint ELSE d.owner_id END AS person_id,
               t.forecast_category AS category, t.currency,
               CASE WHEN t.amount ~ '^[0-9]{{1,16}}(\\.[0-9]{{1,2}})?$' THEN t.amount::numeric END AS amount,
               CASE WHEN t.expected_close_on ~ '^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}$'
                    THEN t.expected_close_on::date END AS due_on
          FROM told t JOIN deal d ON d.id = t.deal_id WHERE d.gone_on IS NULL OR t.day < d.gone_on
    ), split AS (
        -- An open deal moves with its owner's postings.
        SELECT t.deal_id, p.day, t.status, t.pipeline_id, t.stage, t.person_id, t.category, t.currency, t.amount,
               t.due_on
          FROM typed t
         CROSS JOIN LATERAL (
               SELECT t.day
                UNION
               SELECT b.day
                 FROM teams_posting g
                CROSS JOIN LATERAL (VALUES (lower(g.during)), (upper(g.during))) AS b(day)
                WHERE t.status = 'open' AND g.person_id = t.person_id AND b.day > t.day
                  AND (t.until IS NULL OR b.day < t.until)) p
        UNION ALL
        SELECT * FROM (
            SELECT DISTINCT ON (t.deal_id) t.deal_id, d.gone_on, 'gone', t.pipeline_id, t.stage, t.person_id,
                   t.category, t.currency, t.amount, t.due_on
              FROM typed t JOIN deal d ON d.id = t.deal_id WHERE d.gone_on IS NOT NULL
             ORDER BY t.deal_id, t.day DESC) AS gone
    ), placed AS (
        SELECT s.deal_id, s.day, s.status, s.person_id, coalesce(g.team_id, 0) AS team_id, x.id AS stage_id, s.category,
               s.amount, s.currency, s.due_on
          FROM split s
          LEFT JOIN teams_posting g ON g.person_id = s.person_id AND g.during @> s.day
          LEFT JOIN LATERAL (
               SELECT id FROM sales_stage n WHERE n.name = s.stage
                ORDER BY n.pipeline_id <> s.pipeline_id, n.pipeline_id LIMIT 1) x ON true
    ), compared AS (
        SELECT p.*, row(status, person_id, team_id, stage_id, category, amount, currency, due_on) AS state,
               lag(row(status, person_id, team_id, stage_id, category, amount, currency, due_on))
                   OVER (PARTITION BY deal_id ORDER BY day) AS before,
               lag(day) OVER (PARTITION BY deal_id ORDER BY day) AS last
          FROM placed p
    ), version AS (
        SELECT deal_id, day AS "on", lead(day) OVER (PARTITION BY deal_id ORDER BY day) AS until, status, person_id,
               team_id, stage_id, category, amount, currency, due_on
          FROM compared WHERE last IS NULL OR state IS DISTINCT FROM before
    ), valued AS (
        SELECT v.*, CASE WHEN v.amount IS NULL THEN 0 ELSE round(v.amount * x.plan, 2) END AS value,
               CASE WHEN v.amount IS NULL THEN 0 ELSE round(v.amount * x.actual, 2) END AS worth
          FROM version v
         CROSS JOIN LATERAL (SELECT {_rate("'plan', 'actual'")} AS plan, {_rate("'actual'")} AS actual) x
    ), dated AS (
        SELECT v.*, CASE WHEN v.due_on IS NOT NULL AND v.value IS NOT NULL THEN fiscal(v.due_on) END AS month
          FROM valued v
    ), fresh AS MATERIALIZED (
        SELECT v.*, coalesce(lag(status) OVER before, '') AS was_status,
               coalesce(lag(person_id) OVER before, person_id) AS was_person_id,
               coalesce(lag(team_id) OVER before, team_id) AS was_team_id, lag(due_on) OVER before AS was_due_on,
               lag(month) OVER before AS was_month, lag(value) OVER before AS was_value
          FROM dated v WINDOW before AS (PARTITION BY deal_id ORDER BY "on")
    ), stored AS MATERIALIZED (
        SELECT v.* FROM unnest(%(deals)s::bigint[]) AS k(id) JOIN performance_dealversion v ON v.deal_id = k.id
    ), difference AS MATERIALIZED (
        SELECT deal_id, "on", stored.id, fresh.status IS NULL AS is_gone, stored.person_id AS stood_person_id,
               stored.team_id AS stood_team_id, stored AS stood, {_columns("fresh")},
               row({_columns("stored")})::text AS stands, row({_columns("fresh")})::text AS told
          FROM fresh FULL JOIN stored USING (deal_id, "on")
         WHERE stored.id IS NULL OR fresh.status IS NULL
            OR row({_columns("fresh")}) IS DISTINCT FROM row({_columns("stored")})
    )
""")  # nosec B608 (constants)

# Every move of a version that stands (sign 1) or stood (-1). A day is told in this sequence: reassigned, amount, date,
# closed (R20); whatever was not open before comes in at what it is worth at the end of that day.
_FLOWS = with_months("""
    SELECT level, team, f.month, day, step, other_month, other_team, sum(sign * amount) AS amount,
           sum(sign) AS count, sum(sign * deals) AS deals
      FROM ({versions}) AS v
     CROSS JOIN LATERAL (VALUES
           ('new', v.team_id, v.month, NULL, 0,
            CASE WHEN v.was_status IN ('', 'gone') AND v.status <> 'gone' THEN v.value END, 1),
           ('reopened', v.team_id, v.month, NULL, 0,
            CASE WHEN v.was_status IN ('won', 'lost') AND v.status NOT IN ('gone', v.was_status) THEN v.value END, 1),
           ('reassigned', v.was_team_id, v.was_month, NULL, v.team_id,
            CASE WHEN v.was_status = 'open' AND v.status <> 'gone' AND v.team_id <> v.was_team_id
                 THEN -v.was_value END, -1),
           ('reassigned', v.team_id, v.was_month, NULL, v.was_team_id,
            CASE WHEN v.was_status = 'open' AND v.status <> 'gone' AND v.team_id <> v.was_team_id
                 THEN v.was_value END, 1),
           (CASE WHEN v.value > v.was_value THEN 'grew' ELSE 'shrank' END, v.team_id, v.was_month, NULL, 0,
            CASE WHEN v.was_status = 'open' AND v.status <> 'gone' AND v.value <> v.was_value
                 THEN v.value - v.was_value END, 0),
           ('pushed_out', v.team_id, v.was_month, v.month, 0,
            CASE WHEN v.was_status = 'open' AND v.status <> 'gone' AND v.month IS DISTINCT FROM v.was_month
                 THEN -coalesce(v.value, v.was_value) END, -1),
           ('pulled_in', v.team_id, v.month, v.was_month, 0,
            CASE WHEN v.was_status = 'open' AND v.status <> 'gone' AND v.month IS DISTINCT FROM v.was_month
                 THEN v.value END, 1),
           ('won', v.team_id, v.month, NULL, 0,
            CASE WHEN v.status = 'won' AND v.was_status <> 'won' THEN -v.value END, -1),
           ('lost', v.team_id, v.month, NULL, 0,
            CASE WHEN v.status = 'lost' AND v.was_status <> 'lost' THEN -v.value END, -1),
           ('removed', v.was_team_id, v.was_month, NULL, 0,
            CASE WHEN v.was_status = 'open' AND v.status = 'gone' THEN -v.was_value END, -1)
           ) AS m(step, team_id, month, to_month, other_team, amount, deals)
     CROSS JOIN LATERAL (SELECT m.month, coalesce(m.to_month, '0001-01-01'::date) AS other_month) AS f
     CROSS JOIN LATERAL (VALUES ('td', v."on", m.team_id), ('tm', month(v."on"), m.team_id), ('cd', v."on", 0),
                                ('cm', month(v."on"), 0)) AS l(level, day, team)
     WHERE f.month IS NOT NULL AND m.amount IS NOT NULL AND (m.step <> 'reassigned' OR level IN ('td', 'tm'))
     GROUP BY 1, 2, 3, 4, 5, 6, 7
""")
_NAMES = (
    "level", "team_id", "month", "on", "step", "other_month", "other_team_id", "amount", "count", "deals",
)  # fmt: skip
_CELL = 'level, team_id, month, "on", step, other_month, other_team_id'
_MOVED = (
    "status", "team_id", "month", "value", "was_status", "was_team_id", "was_month", "was_value",
)  # fmt: skip
_BOTH = f"""
    SELECT 1 AS sign, "on", {", ".join(_MOVED)} FROM difference WHERE NOT is_gone
     UNION ALL
    SELECT -1, "on", {", ".join(f"(stood).{column}" for column in _MOVED)} FROM difference WHERE id IS NOT NULL
"""  # nosec B608 (constants)
_WRITE = f""",
    gone AS (
        DELETE FROM performance_dealversion v USING difference d WHERE v.id = d.id AND d.is_gone
    ), changed AS (
        UPDATE performance_dealversion v SET {", ".join(f"{column} = d.{column}" for column in STATE)}
          FROM difference d WHERE v.id = d.id AND NOT d.is_gone
    ), made AS (
        INSERT INTO performance_dealversion (deal_id, "on", {", ".join(STATE)})
        SELECT deal_id, "on", {", ".join(STATE)} FROM difference WHERE id IS NULL
    ), summed AS (
        INSERT INTO performance_pipelineflow AS f ({_CELL}, amount, count, deals)
        SELECT * FROM ({_FLOWS.format(versions=_BOTH)}) AS flow
         WHERE amount <> 0 OR count <> 0 OR deals <> 0 ORDER BY 1, 2, 3, 4, 5, 6, 7
            ON CONFLICT ({_CELL}) DO UPDATE
           SET amount = f.amount + excluded.amount, count = f.count + excluded.count, deals = f.deals + excluded.deals
        RETURNING id, amount, count, deals
    )
    SELECT count(*), array_agg(DISTINCT coalesce(person_id, stood_person_id)),
           array_agg(DISTINCT coalesce(team_id, stood_team_id)),
           (SELECT array_agg(id) FROM summed WHERE amount = 0 AND count = 0 AND deals = 0)
      FROM difference
"""  # nosec B608 (constants)
_REPORT = """
    SELECT deal_id, "on", stands, told FROM difference d
     WHERE NOT EXISTS (SELECT 1 FROM desk_mark m
                        WHERE m.topic = %(topic)s AND (m.person_id = d.deal_id OR m.person_id IS NULL))
     ORDER BY 1, 2
"""

# Marks that mean many deals, and which: each becomes a mark for every one of them.
_EXPANDED = {
    POSTINGS: """
        SELECT DISTINCT v.deal_id FROM marks m JOIN performance_dealversion v
            ON v.person_id = m.person_id AND v."on" < coalesce(upper(m.days), 'infinity')
           AND coalesce(v.until, 'infinity') >= coalesce(lower(m.days), '-infinity')
    """,
    RATES: """
        SELECT DISTINCT v.deal_id FROM performance_dealversion v CROSS JOIN teams_organisation o
         WHERE v.currency <> o.currency
           AND coalesce(v.due_on, v."on") >= (SELECT min(coalesce(lower(m.days), '-infinity')) FROM marks m)
    """,
    DEALS: "SELECT id FROM sales_deal UNION SELECT deal_id FROM performance_dealversion",
}
TOPICS = tuple(_EXPANDED)
_EXPAND = """
    WITH picked AS (
        SELECT id FROM desk_mark WHERE topic = %s {whose} ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
    ), marks AS (
        DELETE FROM desk_mark m USING picked p WHERE m.id = p.id RETURNING m.person_id, m.days
    ), made AS (
        INSERT INTO desk_mark (topic, person_id, days)
        SELECT %s, each.id, '(,)' FROM ({deals}) AS each(id) WHERE EXISTS (SELECT FROM marks)
    )
    SELECT count(*) FROM marks
"""


def expand(topic: str) -> int:
    """Turn marks about many deals into one for each; answer how many marks it was."""
    whose = "AND person_id IS NULL" if topic == DEALS else ""
    statement = _EXPAND.format(whose=whose, deals=_EXPANDED[topic])
    [(count,)] = _execute(statement, [topic, PORTION, DEALS])
    return int(count)


def drain() -> int:
    """Do the next portion of the deals that are marked; answer how many marks it was."""
    with transaction.atomic():
        picked = _execute(
            "SELECT id, person_id FROM desk_mark WHERE topic = %s AND person_id IS NOT NULL"
            " ORDER BY person_id LIMIT %s FOR UPDATE SKIP LOCKED",
            [DEALS, PORTION],
        )
        if picked:
            _write(sorted({deal for _, deal in picked}))
            _execute("DELETE FROM desk_mark WHERE id = ANY(%s)", [[mark for mark, _ in picked]])
    return len(picked)


DRAINERS: tuple[Callable[[], int], ...] = (*(partial(expand, topic) for topic in _EXPANDED), drain)


def drain_all() -> None:
    """Do whatever waits."""
    for drainer in DRAINERS:
        while drainer():
            pass


def waiting() -> int:
    """How many marks wait."""
    return Mark.objects.filter(topic__in=TOPICS).count()


def _write(deals: Sequence[int]) -> int:
    """Lock the deals, and only then, in a new statement, make their versions what the records say."""
    locks = sorted({deal % LOCKS for deal in deals})
    _execute("SELECT pg_advisory_xact_lock(%s, number) FROM unnest(%s::int[]) AS number", [LOCK_SPACE, locks])
    [(count, people, teams, zeros)] = _execute(_FRESH + _WRITE, _arguments(deals))
    if zeros:
        _execute(
            "DELETE FROM performance_pipelineflow WHERE id = ANY(%s) AND amount = 0 AND count = 0 AND deals = 0",
            [zeros],
        )
    if count:
        transaction.on_commit(partial(live.bump, people=people, teams=teams))
    return int(count)


def rebuild(*, write: bool = True) -> Iterator[Difference]:
    """Work out every version from the records; yield what differs, and put it right unless told only to look.

    Deals with a waiting mark are known to be stale and are not reported. Runs beside writers and drainers.
    """
    last = 0
    while True:
        deals = [
            pk
            for (pk,) in _execute(
                "SELECT id FROM sales_deal WHERE id > %(last)s UNION"
                " SELECT deal_id FROM performance_dealversion WHERE deal_id > %(last)s ORDER BY 1 LIMIT %(most)s",
                {"last": last, "most": PORTION},
            )
        ]
        if not deals:
            break
        with transaction.atomic():
            rows = _execute(_FRESH + _REPORT, _arguments(deals))
            if write and rows:
                _write(deals)
        yield from [
            Difference("deal versions", (deal, on), (stands, ""), (told, "")) for deal, on, stands, told in rows
        ]
        last = deals[-1]
    yield from _rebuild_flows(write=write)


_ALL = f'SELECT 1 AS sign, "on", {", ".join(_MOVED)} FROM performance_dealversion'  # nosec B608 (constants)
_FLOWS_DIFFER = f"""
    WITH fresh AS (
        SELECT level, team AS team_id, month, day AS "on", step, other_month, other_team AS other_team_id, amount,
               count, deals
          FROM ({_FLOWS.format(versions=_ALL)}) AS flow
    )
    SELECT stored.id, {_CELL}, coalesce(stored.amount, 0), coalesce(stored.count, 0), coalesce(stored.deals, 0),
           coalesce(fresh.amount, 0), coalesce(fresh.count, 0), coalesce(fresh.deals, 0)
      FROM fresh FULL JOIN performance_pipelineflow AS stored USING ({_CELL})
     WHERE (stored.amount, stored.count, stored.deals) IS DISTINCT FROM (fresh.amount, fresh.count, fresh.deals)
       AND (stored.id IS NOT NULL OR (fresh.amount, fresh.count, fresh.deals) <> (0, 0, 0))
     ORDER BY 2, 3, 4, 5
"""  # nosec B608 (constants)


def _rebuild_flows(*, write: bool) -> Iterator[Difference]:
    """The flows against the versions they sum, on one snapshot."""
    with transaction.atomic():
        if write:  # drainers wait: what they have done since would be summed twice
            _execute("SELECT pg_advisory_xact_lock(%s, n) FROM generate_series(0, %s) AS n", [LOCK_SPACE, LOCKS - 1])
        rows = _execute(_FLOWS_DIFFER, [])
        if write and rows:
            _execute("DELETE FROM performance_pipelineflow WHERE id = ANY(%s)", [[row[0] for row in rows if row[0]]])
            made = [row[1:8] + row[11:] for row in rows if any(row[11:])]
            PipelineFlow.objects.bulk_create(PipelineFlow(**dict(zip(_NAMES, row, strict=True))) for row in made)
    yield from [Difference("flows", row[1:8], row[8:10], row[11:13]) for row in rows]


def _arguments(deals: Sequence[int]) -> dict[str, Any]:
    organisation = Organisation.get()
    return {"deals": list(deals), "zone": organisation.time_zone, "own": organisation.currency, "topic": DEALS}


def _execute(sql: str, parameters: Sequence[Any] | dict[str, Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall() if cursor.description else []
