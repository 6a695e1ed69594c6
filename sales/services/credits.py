"""Difference posting: the only code that writes the credit and outcome ledgers, one order or 200,000 at a time.

Each works out what the ledger should say, compares, and appends the difference; running it twice adds nothing.
"""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction

from salesmgmt.lib.refusals import Refused
from teams.models import User
from teams.selectors import posting_days

from .guards import OWN_CREDIT

# The sum of an order's shares and refunds decides whether it can be credited; one row per order that can't.
PROBLEMS = """
    WITH wanted AS (
        SELECT o.* FROM sales_order o JOIN unnest(%(ids)s::bigint[]) i(id) USING (id) WHERE o.withdrawn_at IS NULL
    ), refunded AS (
        SELECT r.order_id, sum(r.amount) AS amount
          FROM sales_refund r JOIN wanted o ON o.id = r.order_id
         WHERE r.withdrawn_at IS NULL GROUP BY r.order_id
    ), shared AS (
        SELECT s.order_id, sum(s.percent) AS percent
          FROM sales_creditshare s JOIN wanted o ON o.id = s.order_id
         WHERE s.kind = 'primary' GROUP BY s.order_id
    )
    SELECT o.id, CASE
        WHEN o.amount < 0 THEN 'An order''s amount can''t be below zero; record a refund on the order it belongs to.'
        WHEN refunded.amount > o.amount THEN
            format('Refunds of %%s are more than the %%s of the order.', refunded.amount, o.amount)
        WHEN shared.percent <> 100 THEN
            format('The shares of the order sum to %%s %%%%, not to 100 %%%%.', trim_scale(shared.percent))
        ELSE format('There is no rate for %%s on %%s.', o.currency, to_char(o.ordered_on, 'FMDD Mon YYYY'))
    END
    FROM wanted o
    LEFT JOIN refunded ON refunded.order_id = o.id
    LEFT JOIN shared ON shared.order_id = o.id
    WHERE o.amount < 0 OR refunded.amount > o.amount OR shared.percent <> 100
       OR (o.currency <> (SELECT currency FROM teams_organisation)
           AND NOT EXISTS (SELECT FROM teams_exchangerate x WHERE x.currency = o.currency AND x.kind = 'actual'
                              AND x.during @> o.ordered_on)
           AND NOT EXISTS (SELECT FROM sales_credit c WHERE c.order_id = o.id AND c.currency = o.currency
                              AND c.occurred_on = o.ordered_on))
    ORDER BY o.id
"""

RECREDIT = """
    WITH wanted AS MATERIALIZED (
        SELECT o.* FROM sales_order o JOIN unnest(%(ids)s::bigint[]) i(id) USING (id)
    ), priced AS MATERIALIZED (
        -- What was credited once keeps its rates: one corrected later moves no past figure.
        SELECT o.*, greatest(o.cancelled_on, o.ordered_on) AS ends_on,
               CASE WHEN kept.id IS NOT NULL THEN kept.rate WHEN is_own THEN 1 ELSE x.actual END AS rate,
               CASE WHEN kept.id IS NOT NULL THEN kept.plan_rate WHEN NOT is_own THEN x.plan END AS plan_rate
          FROM wanted o
          JOIN LATERAL (SELECT o.currency = (SELECT currency FROM teams_organisation) AS is_own) own ON true
          LEFT JOIN LATERAL (
               SELECT c.id, c.rate, c.plan_rate FROM sales_credit c
                WHERE c.order_id = o.id AND c.currency = o.currency AND c.occurred_on = o.ordered_on
                ORDER BY c.id DESC LIMIT 1) kept ON true
          LEFT JOIN LATERAL (
               SELECT max(r.rate) FILTER (WHERE r.kind = 'actual') AS actual,
                      max(r.rate) FILTER (WHERE r.kind = 'plan') AS plan
                 FROM teams_exchangerate r
                WHERE NOT is_own AND r.currency = o.currency AND r.during @> o.ordered_on) x ON true
         WHERE o.withdrawn_at IS NULL
    ), happened AS (
        SELECT id AS order_id, ordered_on AS day, amount FROM priced
        UNION ALL
        SELECT o.id, greatest(r.occurred_on, o.ordered_on), -r.amount
          FROM sales_refund r JOIN priced o ON o.id = r.order_id WHERE r.withdrawn_at IS NULL
        UNION ALL
        SELECT id, ends_on, 0 FROM priced WHERE cancelled_on IS NOT NULL
    ), net AS (
        -- The net-to-date after each day on which it changed (R9).
        SELECT h.order_id, h.day, CASE WHEN o.cancelled_on IS NOT NULL AND h.day >= o.ends_on THEN 0
               ELSE sum(sum(h.amount)) OVER (PARTITION BY h.order_id ORDER BY h.day) END AS amount
          FROM happened h JOIN priced o ON o.id = h.order_id
         GROUP BY h.order_id, h.day, o.cancelled_on, o.ends_on
    ), share AS (
        SELECT s.order_id, s.person_id, s.kind, s.percent
          FROM sales_creditshare s JOIN priced o ON o.id = s.order_id
        UNION ALL
        SELECT o.id, o.owner_id, 'primary', 100 FROM priced o
         WHERE NOT EXISTS (SELECT FROM sales_creditshare s WHERE s.order_id = o.id AND s.kind = 'primary')
    ), weighed AS (
        -- Whole cents and what is left of them, in exact numbers.
        SELECT n.order_id, n.day, n.amount, s.person_id, s.kind, p.external_id, s.percent,
               div(n.amount * 100 * s.percent, sum(s.percent) OVER same) AS cents,
               mod(n.amount * 100 * s.percent, sum(s.percent) OVER same) AS remainder
          FROM net n JOIN share s USING (order_id) JOIN teams_person p ON p.id = s.person_id
        WINDOW same AS (PARTITION BY n.order_id, n.day, s.kind)
    ), rounded AS (
        SELECT order_id, day, person_id, kind, CASE kind
            WHEN 'overlay' THEN round(amount * percent / 100, 2)
            ELSE (cents + CASE WHEN row_number() OVER (PARTITION BY order_id, day, kind
                    ORDER BY remainder DESC, external_id COLLATE "C" NULLS LAST, person_id)
                <= amount * 100 - sum(cents) OVER (PARTITION BY order_id, day, kind) THEN 1 ELSE 0 END) / 100
            END AS amount
          FROM weighed
    ), target AS (
        -- Each day's step, with the team and the rates of the order's day, whenever the step was.
        SELECT r.order_id, r.day, r.person_id, r.kind, posting.team_id, o.currency, o.rate, o.plan_rate,
               r.amount - coalesce(lag(r.amount) OVER held, 0) AS amount,
               round(r.amount * o.rate, 2) - coalesce(lag(round(r.amount * o.rate, 2)) OVER held, 0)
                   AS reporting_amount,
               round(r.amount * o.plan_rate, 2) - coalesce(lag(round(r.amount * o.plan_rate, 2)) OVER held, 0)
                   AS plan_amount
          FROM rounded r JOIN priced o ON o.id = r.order_id
          LEFT JOIN teams_posting posting ON posting.person_id = r.person_id AND posting.during @> o.ordered_on
        WINDOW held AS (PARTITION BY r.order_id, r.person_id, r.kind ORDER BY r.day)
    ), difference AS (
        SELECT order_id, day, person_id, kind, team_id, currency, rate, plan_rate,
               sum(amount) AS amount, sum(reporting_amount) AS reporting_amount, sum(plan_amount) AS plan_amount
          FROM (
            SELECT order_id, day, person_id, kind, team_id, currency, rate, plan_rate,
                   amount, reporting_amount, plan_amount
              FROM target
            UNION ALL
            SELECT c.order_id, c.occurred_on, c.person_id, c.kind, c.team_id, c.currency, c.rate, c.plan_rate,
                   -c.amount, -c.reporting_amount, -c.plan_amount
              FROM sales_credit c JOIN wanted o ON o.id = c.order_id
          ) both_sides
         GROUP BY order_id, day, person_id, kind, team_id, currency, rate, plan_rate
        HAVING sum(amount) <> 0 OR sum(reporting_amount) <> 0 OR sum(plan_amount) <> 0
    ), days AS (
        SELECT * FROM unnest(%(days)s::date[], %(posted)s::date[]) AS d(day, posted_on)
    )
    INSERT INTO sales_credit (order_id, person_id, team_id, kind, occurred_on, posted_on, currency, rate, plan_rate,
                              amount, reporting_amount, plan_amount, recorded_at, by_id, reason, reverses_id)
    SELECT d.order_id, d.person_id, d.team_id, d.kind, d.day, days.posted_on, d.currency, d.rate, d.plan_rate,
           d.amount, d.reporting_amount, d.plan_amount, %(at)s, %(by)s, %(reason)s, (
            SELECT c.id FROM sales_credit c
             WHERE c.order_id = d.order_id AND c.person_id = d.person_id AND c.kind = d.kind
               AND c.team_id IS NOT DISTINCT FROM d.team_id AND c.currency = d.currency AND c.rate = d.rate
               AND sign(c.amount) = -sign(d.amount) AND (d.amount < 0 OR c.occurred_on = d.day)
             ORDER BY c.occurred_on = d.day DESC, c.id DESC LIMIT 1)
      FROM difference d JOIN days USING (day) WHERE d.amount > 0 OR NOT %(first_what_adds)s
     ORDER BY d.order_id, d.day, d.amount, d.kind, d.person_id
"""

CREDIT_DAYS = """
    SELECT ordered_on FROM sales_order WHERE id = ANY(%(ids)s::bigint[])
    UNION SELECT cancelled_on FROM sales_order WHERE id = ANY(%(ids)s::bigint[]) AND cancelled_on IS NOT NULL
    UNION SELECT occurred_on FROM sales_refund WHERE order_id = ANY(%(ids)s::bigint[])
    UNION SELECT occurred_on FROM sales_credit WHERE order_id = ANY(%(ids)s::bigint[])
"""

GIVEN_BACK = """
    SELECT o.id FROM sales_order o JOIN unnest(%(ids)s::bigint[]) i(id) USING (id)
     WHERE o.cancelled_on IS NOT NULL
        OR EXISTS (SELECT FROM sales_refund r WHERE r.order_id = o.id AND r.withdrawn_at IS NULL)
"""

LAST = "SELECT coalesce(max(id), 0) FROM sales_credit WHERE order_id = ANY(%(ids)s::bigint[])"

# A day on which what was appended since comes to more for a person.
GAINED = """
    SELECT FROM sales_credit
     WHERE order_id = ANY(%(ids)s::bigint[]) AND person_id = %(own)s AND id > %(last)s
     GROUP BY occurred_on HAVING sum(reporting_amount) > 0 LIMIT 1
"""

DEALS_WITHOUT_RATE = """
    SELECT d.id, format('There is no rate for %%s on %%s.', d.currency, to_char(d.closed_on, 'FMDD Mon YYYY'))
      FROM sales_deal d JOIN unnest(%(ids)s::bigint[]) i(id) USING (id)
     WHERE d.withdrawn_at IS NULL AND d.status <> 'open' AND d.amount <> 0
       AND d.currency <> (SELECT currency FROM teams_organisation)
       AND NOT EXISTS (SELECT FROM teams_exchangerate x
                        WHERE x.currency = d.currency AND x.kind = 'actual' AND x.during @> d.closed_on)
       AND NOT EXISTS (SELECT FROM sales_outcome o WHERE o.deal_id = d.id AND o.currency = d.currency
                          AND o.occurred_on = d.closed_on AND o.rate IS NOT NULL)
     ORDER BY d.id
"""

OUTCOME_DAYS = """
    SELECT closed_on FROM sales_deal WHERE id = ANY(%(ids)s::bigint[]) AND closed_on IS NOT NULL
    UNION SELECT occurred_on FROM sales_outcome WHERE deal_id = ANY(%(ids)s::bigint[])
    UNION SELECT %(on)s::date WHERE %(on)s::date IS NOT NULL
"""

DAYS = "unnest(%(days)s::date[], %(posted)s::date[]) AS days(day, posted_on)"

COLUMNS = "deal_id, person_id, team_id, status, occurred_on, amount, cycle_days, counts, currency, rate"

# What the ledger says of withdrawn deals, cell by cell: each has to come to nothing on its own day.
WITHDRAWN_CELLS = """
    SELECT o.deal_id, o.person_id, o.team_id, o.status, o.occurred_on, o.amount * o.count AS amount, o.cycle_days,
           o.counts, o.currency, o.rate, sum(o.count)::int AS net
      FROM sales_outcome o JOIN unnest(%(ids)s::bigint[]) i(id) ON i.id = o.deal_id
      JOIN sales_deal d ON d.id = o.deal_id
     WHERE d.withdrawn_at IS NOT NULL
     GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
"""

# A withdrawn deal that had been reopened: the −1 on the day of the reopening is met by a +1 on that day.
FORGET_REOPENINGS = f"""
    WITH cell AS MATERIALIZED ({WITHDRAWN_CELLS} HAVING sum(o.count) < 0)
    INSERT INTO sales_outcome ({COLUMNS}, count, posted_on, recorded_at, by_id, reason)
    SELECT {COLUMNS}, 1, posted_on, %(at)s, %(by)s, %(reason)s
      FROM cell JOIN {DAYS} ON day = occurred_on, generate_series(1, -net)
"""

# What was counted once keeps its rate: a rate corrected later moves no past figure.
TARGET = """
    SELECT d.id AS deal_id, d.owner_id AS person_id, posting.team_id, d.status, d.closed_on AS occurred_on,
           round(coalesce(d.amount, 0) * coalesce(kept.rate, x.rate, 1), 2) AS amount,
           CASE WHEN d.opened_on <= d.closed_on THEN d.closed_on - d.opened_on END AS cycle_days,
           d.status = 'won' OR coalesce(lost.counts, true) AS counts, d.currency, coalesce(kept.rate, x.rate, 1) AS rate
      FROM sales_deal d JOIN unnest(%(ids)s::bigint[]) i(id) USING (id)
      LEFT JOIN teams_posting posting ON posting.person_id = d.owner_id AND posting.during @> d.closed_on
      LEFT JOIN teams_exchangerate x
             ON x.currency = d.currency AND x.kind = 'actual' AND x.during @> d.closed_on
            AND d.currency <> (SELECT currency FROM teams_organisation)
      LEFT JOIN LATERAL (
           SELECT o.rate FROM sales_outcome o
            WHERE o.deal_id = d.id AND o.currency = d.currency AND o.occurred_on = d.closed_on AND o.rate IS NOT NULL
            ORDER BY o.id DESC LIMIT 1) kept ON true
      LEFT JOIN sales_lostreason lost ON lost.id = d.lost_reason_id
     WHERE d.withdrawn_at IS NULL AND d.status <> 'open'
"""

STANDING = """
    SELECT o.* FROM sales_outcome o JOIN unnest(%(ids)s::bigint[]) i(id) ON i.id = o.deal_id
     WHERE o.count = 1 AND NOT EXISTS (SELECT FROM sales_outcome r WHERE r.reverses_id = o.id)
"""

SAME = """
    s.deal_id = t.deal_id AND s.person_id = t.person_id AND s.team_id IS NOT DISTINCT FROM t.team_id
    AND s.status = t.status AND s.occurred_on = t.occurred_on AND s.amount = t.amount
    AND s.cycle_days IS NOT DISTINCT FROM t.cycle_days AND s.counts = t.counts
"""

TAKE_BACK = f"""
    WITH target AS MATERIALIZED ({TARGET}), standing AS MATERIALIZED ({STANDING}),
    ranked AS (
        SELECT s.*, d.withdrawn_at, row_number() OVER (PARTITION BY s.deal_id ORDER BY s.occurred_on, s.id) AS place
          FROM standing s JOIN sales_deal d ON d.id = s.deal_id
         WHERE NOT EXISTS (SELECT FROM target t WHERE {SAME})
    ), cell AS (
        SELECT c.*, row_number() OVER (PARTITION BY c.deal_id ORDER BY c.occurred_on) AS place
          FROM ({WITHDRAWN_CELLS} HAVING sum(o.count) > 0) c, generate_series(1, c.net)
    ), back AS (
        SELECT {COLUMNS.replace("occurred_on", "coalesce(%(on)s::date, occurred_on) AS occurred_on")}, id AS reverses_id
          FROM ranked WHERE withdrawn_at IS NULL
        UNION ALL
        SELECT {", ".join("cell." + name for name in COLUMNS.split(", "))}, ranked.id
          FROM cell JOIN ranked USING (deal_id, place)
    )
    INSERT INTO sales_outcome ({COLUMNS}, count, posted_on, recorded_at, by_id, reason, reverses_id)
    SELECT {COLUMNS.replace("amount", "-amount")}, -1, posted_on,
           %(at)s, %(by)s, %(reason)s, reverses_id
      FROM back JOIN {DAYS} ON day = occurred_on ORDER BY deal_id
"""

COUNT = f"""
    WITH target AS MATERIALIZED ({TARGET}), s AS MATERIALIZED ({STANDING})
    INSERT INTO sales_outcome ({COLUMNS}, count, posted_on, recorded_at, by_id, reason)
    SELECT {COLUMNS}, 1, posted_on, %(at)s, %(by)s, %(reason)s
      FROM target t JOIN {DAYS} ON day = occurred_on WHERE NOT EXISTS (SELECT FROM s WHERE {SAME})
     ORDER BY deal_id
"""


def problems_with_orders(*, order_ids: Iterable[int]) -> dict[int, str]:
    """Why orders can't be credited, as a sentence for each that can't ; none: `recredit_orders` goes through."""
    return dict(_rows(PROBLEMS, {"ids": _array(order_ids)}))


@transaction.atomic
def recredit_orders(
    *, order_ids: Iterable[int], by: User | None, at: datetime, reason: str, own: int | None = None
) -> int:
    """Append to the credit ledger what it lacks of these orders' net-to-date; answer how many entries (R9).

    A withdrawn order comes to nothing on each of its days, a cancelled one on the day of the cancellation. Entries are
    dated by what happened (order, refund, cancellation), carry the team and the rates of the order's day (the actual
    one, and beside it that of the plan, by which attainment is judged: R13), and post to the first open month. Refused
    where they credit the person `own` with more on any day, in whatever way.
    """
    ids = _array(order_ids)
    values: dict[str, Any] = {"ids": ids, "at": at, "by": by and by.pk, "reason": reason, "own": own}
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM sales_order WHERE id = ANY(%(ids)s::bigint[]) ORDER BY id FOR UPDATE", values)
        values |= _posting_days(cursor, CREDIT_DAYS, values)
        cursor.execute(PROBLEMS + " LIMIT 1", values)
        if problem := cursor.fetchone():
            raise Refused(problem[1], field="amount")
        if own is not None:
            cursor.execute(LAST, values)
            values["last"] = cursor.fetchone()[0]
        # What is taken back names what it takes back, so that has to stand first.
        cursor.execute(GIVEN_BACK, values)
        appended = 0
        if given_back := [row[0] for row in cursor.fetchall()]:
            cursor.execute(RECREDIT, values | {"ids": _array(given_back), "first_what_adds": True})
            appended += cursor.rowcount
        cursor.execute(RECREDIT, values | {"first_what_adds": False})
        appended += int(cursor.rowcount)
        if own is not None:
            cursor.execute(GAINED, values)
            if cursor.fetchone() is not None:
                raise Refused(OWN_CREDIT, field="amount")
        return appended


@transaction.atomic
def post_outcomes(
    *, deal_ids: Iterable[int], by: User | None, at: datetime, reason: str, on: date | None = None
) -> int:
    """Append to the outcome ledger what it lacks of these deals' decisions; answer how many entries (R11).

    What no longer holds is taken back on `on` (a reopening), or without it on its own day (a correction, an undo).
    """
    values: dict[str, Any] = {"ids": _array(deal_ids), "at": at, "by": by and by.pk, "reason": reason, "on": on}
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM sales_deal WHERE id = ANY(%(ids)s::bigint[]) ORDER BY id FOR UPDATE", values)
        values |= _posting_days(cursor, OUTCOME_DAYS, values)
        cursor.execute(DEALS_WITHOUT_RATE + " LIMIT 1", values)
        if problem := cursor.fetchone():
            raise Refused(problem[1], field="currency")
        cursor.execute("SELECT FROM sales_outcome WHERE deal_id = ANY(%(ids)s::bigint[]) LIMIT 1", values)
        appended, correcting = 0, (FORGET_REOPENINGS, TAKE_BACK) if cursor.fetchone() is not None else ()
        for statement in (*correcting, COUNT):
            cursor.execute(statement, values)
            appended += cursor.rowcount
        return appended


def _posting_days(cursor: Any, statement: str, values: dict[str, Any]) -> dict[str, list[date]]:
    """Each day that entries may fall on with the day it is posted on; the months are held against closing."""
    cursor.execute(statement, values)
    posted = posting_days(row[0] for row in cursor.fetchall())
    return {"days": list(posted), "posted": list(posted.values())}


def _array(ids: Iterable[int]) -> str:
    return "{" + ",".join(str(int(number)) for number in sorted(set(ids))) + "}"


def _rows(statement: str, values: dict[str, Any]) -> list[tuple[int, str]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [(row[0], row[1]) for row in cursor.fetchall()]
