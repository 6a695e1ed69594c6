"""What the past says of deals in each stage, learned every night: odds, and what is usual for those that are won."""

from datetime import date

from django.db import connection, transaction

# Since when each deal stood in each stage or beyond; one whose changes nobody kept, since it was opened.
REACHED = """
    WITH stood AS (
        SELECT c.deal_id, s.pipeline_id, s.position, min(c.changed_at)::date AS on_day
          FROM sales_dealchange c
          JOIN sales_deal d ON d.id = c.deal_id AND d.withdrawn_at IS NULL
          JOIN sales_stage now ON now.id = d.stage_id
          JOIN sales_stage s ON s.pipeline_id = now.pipeline_id AND s.name = c.value
         WHERE c.field = 'stage' AND c.changed_at < %(as_of)s::date + 1
         GROUP BY 1, 2, 3
        UNION ALL
        SELECT d.id, s.pipeline_id, s.position, NULL
          FROM sales_deal d JOIN sales_stage s ON s.id = d.stage_id WHERE d.withdrawn_at IS NULL
    ), first AS (
        SELECT deal_id, pipeline_id, position, min(on_day) AS on_day FROM stood GROUP BY 1, 2, 3
    )
    SELECT f.deal_id, s.id AS stage_id, coalesce(min(f.on_day), min(d.opened_on)) AS on_day,
           bool_or(f.position = s.position) AS stood_here, d.status, d.closed_on
      FROM first f
      JOIN sales_stage s ON s.pipeline_id = f.pipeline_id AND s.position <= f.position
      JOIN sales_deal d ON d.id = f.deal_id
      LEFT JOIN sales_lostreason r ON r.id = d.lost_reason_id
     WHERE coalesce(r.counts, true)
     GROUP BY f.deal_id, s.id, d.status, d.closed_on
"""

# Nine of ten that are decided are so after `wait` days; who reached the stage before that is old enough (R16).
ODDS = f"""
    WITH reached AS MATERIALIZED ({REACHED}), wait AS (
        SELECT stage_id, percentile_disc(0.9) WITHIN GROUP (ORDER BY closed_on - on_day) AS days
          FROM reached WHERE status <> 'open' AND closed_on >= on_day GROUP BY stage_id
    ), cohort AS (
        SELECT r.stage_id, count(*) AS reached, count(*) FILTER (WHERE r.status = 'won') AS won,
               min(r.on_day) AS since, max(r.on_day) AS last
          FROM reached r JOIN wait w USING (stage_id)
         WHERE r.on_day <= %(as_of)s::date - w.days AND r.on_day > %(as_of)s::date - 730 - w.days
         GROUP BY r.stage_id
    ), skipped AS (
        SELECT stage_id, count(*) AS deals FROM reached WHERE status = 'won' AND NOT stood_here GROUP BY stage_id
    )
    UPDATE sales_stage s
       SET reached = c.reached, reached_won = c.won, reached_from = c.since, reached_until = c.last,
           skipped_won = coalesce(k.deals, 0)
      FROM sales_stage x LEFT JOIN cohort c ON c.stage_id = x.id LEFT JOIN skipped k ON k.stage_id = x.id
     WHERE x.id = s.id
"""

# The longest that each won deal was left alone in each stage, between what happened there; of the last two years.
QUIET = f"""
    WITH reached AS MATERIALIZED ({REACHED}), stay AS (
        SELECT r.deal_id, r.stage_id, r.on_day,
               least(coalesce(lead(r.on_day) OVER (PARTITION BY r.deal_id ORDER BY s.position), r.closed_on),
                     r.closed_on) AS until
          FROM reached r JOIN sales_stage s ON s.id = r.stage_id
         WHERE r.status = 'won' AND r.closed_on > %(as_of)s::date - 730
    ), happened AS (
        SELECT deal_id, stage_id, on_day AS day FROM stay WHERE until >= on_day
        UNION ALL SELECT deal_id, stage_id, until FROM stay WHERE until >= on_day
        UNION ALL
        SELECT y.deal_id, y.stage_id, a.occurred_on
          FROM stay y JOIN sales_activity a ON a.deal_id = y.deal_id AND a.withdrawn_at IS NULL
           AND a.occurred_on BETWEEN y.on_day AND y.until
    ), gap AS (
        SELECT deal_id, stage_id, day - lag(day) OVER (PARTITION BY deal_id, stage_id ORDER BY day) AS days
          FROM happened
    ), longest AS (
        SELECT deal_id, stage_id, max(days) AS days FROM gap GROUP BY 1, 2
    ), usual AS (
        SELECT stage_id, percentile_disc(0.9) WITHIN GROUP (ORDER BY days) AS days, count(*) AS deals
          FROM longest WHERE days IS NOT NULL GROUP BY stage_id
    )
    UPDATE sales_stage s SET quiet_days = u.days, quiet_deals = u.deals
      FROM sales_stage x LEFT JOIN usual u ON u.stage_id = x.id
     WHERE x.id = s.id
"""

WON = """
    WITH won AS (
        SELECT s.pipeline_id, count(*) AS deals, min(o.amount) AS least, max(o.amount) AS most,
               max(o.cycle_days) AS longest
          FROM sales_outcome o
          JOIN sales_deal d ON d.id = o.deal_id AND d.withdrawn_at IS NULL
          JOIN sales_stage s ON s.id = d.stage_id
         WHERE o.status = 'won' AND o.count = 1
           AND NOT EXISTS (SELECT FROM sales_outcome r WHERE r.reverses_id = o.id)
         GROUP BY s.pipeline_id
    )
    UPDATE sales_pipeline p
       SET won_deals = coalesce(w.deals, 0), least_won = w.least, most_won = w.most, longest_won_days = w.longest
      FROM sales_pipeline x LEFT JOIN won w ON w.pipeline_id = x.id
     WHERE x.id = p.id
"""


@transaction.atomic
def learn_odds(*, as_of: date) -> None:
    """Work out anew what each stage's and pipeline's own history says, in a fixed number of statements."""
    with connection.cursor() as cursor:
        # Whole tables are read against each other: looping over indexes instead takes minutes where there are many.
        cursor.execute("SET LOCAL enable_nestloop = off")
        for statement in (ODDS, QUIET, WON):
            cursor.execute(statement, {"as_of": as_of})
        cursor.execute("SET LOCAL enable_nestloop = on")
