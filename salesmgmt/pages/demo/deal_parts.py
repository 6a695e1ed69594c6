"""What hangs on deals: another pipeline, products, discounts, rivals, reasons, shares, views.

Nothing here touches what was decided, credited or done. Which deal gets what follows from its number.
"""

from datetime import datetime

from django.db import connection

from sales.models import Competitor, DiscountLimit, Pipeline, Stage
from salesmgmt.desk.models import SavedView
from teams.models import User

from .organisation import Company

RIVALS = {
    "Nordlicht Instruments": ("Price, short delivery times", "Service after the sale"),
    "Tessera Systems": ("Breadth of the range", "Slow to quote"),
    "Kestrel & Moor": ("Long relations with hospitals", "Old technology"),
    "Aurelio Tecnica": ("Local stock in the south", "No maintenance contracts"),
}
PARTNER_STAGES = (("Introduction", 10, "pipeline"), ("Joint plan", 30, "pipeline"), ("Joint offer", 55, "best_case"))
RATE = """coalesce((SELECT x.rate FROM teams_exchangerate x WHERE x.currency = d.currency AND x.kind = 'actual'
                     AND x.during @> %(today)s::date LIMIT 1), 1)"""

PARTNERS = """
    WITH moved AS (
        UPDATE sales_deal d SET stage_id = %(introduction)s
          FROM sales_stage s
         WHERE s.id = d.stage_id AND s.name = 'Prospecting' AND d.status = 'open' AND d.id %% 7 = 3
        RETURNING d.id
    )
    UPDATE sales_dealchange c SET value = 'Introduction' FROM moved
     WHERE c.deal_id = moved.id AND c.field = 'stage' AND c.value = 'Prospecting'
"""

# As many of the product as the amount pays at list price; what is missing of it is the discount.
LINES = f"""
    INSERT INTO sales_dealline (deal_id, product_id, text, quantity, list_price, unit_price, unit_cost, recurs,
                                position)
    SELECT id, product_id, '', quantity, greatest(listed, unit), unit, least(cost, unit), 'once', 1
      FROM (
        SELECT d.id, d.product_id, d.amount, q.quantity, round(p.list_price / r.rate, 4) AS listed,
               round(p.unit_cost / r.rate, 4) AS cost, round(d.amount / q.quantity, 4) AS unit
          FROM sales_deal d
          JOIN sales_product p ON p.id = d.product_id AND p.list_price > 0
          JOIN LATERAL (SELECT {RATE} AS rate) r ON true
          JOIN LATERAL (SELECT greatest(1, round(d.amount * r.rate / p.list_price)) AS quantity) q ON true
         WHERE d.status = 'open' AND d.amount > 0 AND d.id %% 3 <> 0
      ) made
     WHERE round(quantity * unit, 2) = amount
"""

REASONS = """
    INSERT INTO sales_dealreason (deal_id, reason_id, side, is_main, note)
    SELECT d.id, d.lost_reason_id, 'rep', true, '' FROM sales_deal d
     WHERE d.status = 'lost' AND d.closed_on > %(today)s::date - 200
    UNION ALL
    SELECT d.id, r.id, 'rep', false, '' FROM sales_deal d JOIN sales_lostreason r ON r.key = 'timing'
     WHERE d.status = 'lost' AND d.closed_on > %(today)s::date - 200 AND d.id %% 3 = 0 AND d.lost_reason_id <> r.id
    UNION ALL
    SELECT d.id, r.id, 'buyer', true, 'Said so when asked' FROM sales_deal d
      JOIN sales_lostreason r ON r.key = CASE d.id %% 2 WHEN 0 THEN 'service' ELSE 'price' END
     WHERE d.status = 'lost' AND d.closed_on > %(today)s::date - 200 AND d.id %% 4 = 1
    UNION ALL
    SELECT d.id, r.id, 'rep', true, '' FROM sales_deal d
      JOIN sales_lostreason r ON r.key = (ARRAY['product', 'service', 'delivery', 'relationship'])[d.id %% 4 + 1]
     WHERE d.status = 'won' AND d.closed_on > %(today)s::date - 200 AND d.id %% 2 = 0
"""

AGAINST = """
    INSERT INTO sales_deal_competitors (deal_id, competitor_id)
    SELECT d.id, c.id FROM sales_deal d
      JOIN (SELECT id, row_number() OVER (ORDER BY name) AS place FROM sales_competitor) c ON c.place = d.id %% 4 + 1
     WHERE d.status = 'open' AND d.id %% 5 = 2
"""

SHARES = """
    INSERT INTO sales_dealshare (deal_id, person_id, kind, percent)
    SELECT d.id, w.person_id, w.kind, w.percent
      FROM (
        SELECT d.*, (SELECT mate.person_id FROM teams_posting mine
                       JOIN teams_posting mate ON mate.team_id = mine.team_id AND mate.person_id <> mine.person_id
                        AND mate.role = 'rep' AND mate.during @> %(today)s::date
                      WHERE mine.person_id = d.owner_id AND mine.during @> %(today)s::date
                      ORDER BY mate.person_id LIMIT 1) AS mate_id
          FROM sales_deal d WHERE d.status = 'open' AND d.id %% 40 = 7
      ) d
      JOIN LATERAL (VALUES (d.owner_id, 'primary', 70), (d.mate_id, 'primary', 30)) w(person_id, kind, percent) ON true
     WHERE d.mate_id IS NOT NULL
"""

TAGS = """
    UPDATE sales_deal SET tags = CASE id %% 3 WHEN 0 THEN ARRAY['trade fair'] ELSE ARRAY['framework contract'] END
     WHERE status = 'open' AND id %% 11 = 4
"""

# Two discounts of maya's people wait for her answer.
ASKED = """
    INSERT INTO sales_discountapproval (deal_id, percent, by_family, reason, asked_at, asked_by_id, answer)
    SELECT l.deal_id, round(100 * (l.list_price - l.unit_price) / l.list_price, 2),
           CASE WHEN p.family = '' THEN '{}' ELSE
                jsonb_build_object(p.family, round(100 * (l.list_price - l.unit_price) / l.list_price, 2)::text) END,
           'They buy for three more sites next year', %(at)s, o.user_id, ''
      FROM sales_dealline l
      JOIN sales_deal d ON d.id = l.deal_id
      JOIN sales_product p ON p.id = l.product_id
      JOIN teams_person o ON o.id = d.owner_id
      JOIN teams_user u ON u.id = o.user_id AND u.username IN ('ana', 'ben')
     WHERE 100 * (l.list_price - l.unit_price) / l.list_price BETWEEN 11 AND 30
     ORDER BY d.expected_close_on, d.id LIMIT 2
"""


def write_deal_parts(company: Company, *, at: datetime) -> None:
    """A fixed number of statements, whatever the size."""
    partners = Pipeline.objects.create(name="Partners", position=1)
    stages = [
        Stage.objects.create(pipeline=partners, name=name, position=place, probability=odds, forecast_category=category)
        for place, (name, odds, category) in enumerate(PARTNER_STAGES, start=1)
    ]
    Competitor.objects.bulk_create(
        Competitor(name=name, strengths=strong, weaknesses=weak) for name, (strong, weak) in RIVALS.items()
    )
    DiscountLimit.objects.bulk_create(
        DiscountLimit(role=role, percent=top) for role, top in (("rep", 10), ("manager", 30))
    )
    maya = User.objects.filter(username="maya").first()
    if maya is not None:
        SavedView.objects.create(
            user=maya, page="deals", name="Largest open", query="status=open&sort=amount", is_shared=True
        )
    today = company.calendar.today
    with connection.cursor() as cursor:
        for statement in (PARTNERS, LINES, REASONS, AGAINST, SHARES, TAGS, ASKED):
            cursor.execute(statement, {"today": today, "at": at, "introduction": stages[0].pk})
