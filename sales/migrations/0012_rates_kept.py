"""Credit keeps the plan rate beside the actual one, a decided deal the rate it was counted at."""

from django.db import migrations, models
from django.db.models import Q

# What was credited before: at the plan rate of its order's day, rounded as difference posting rounds it.
FILL = """
    ALTER TABLE sales_credit DISABLE TRIGGER USER;
    UPDATE sales_credit c SET plan_rate = told.rate, plan_amount = told.amount
      FROM (SELECT id, rate, round(whole * rate, 2) - round((whole - amount) * rate, 2) AS amount
              FROM (SELECT c.id, c.amount, x.rate,
                           sum(c.amount) OVER (PARTITION BY c.order_id, c.person_id, c.kind, c.team_id, c.currency, c.rate
                                                   ORDER BY c.occurred_on, c.id) AS whole
                      FROM sales_credit c JOIN sales_order o ON o.id = c.order_id
                      JOIN teams_exchangerate x ON x.currency = c.currency AND x.kind = 'plan'
                       AND x.during @> o.ordered_on
                     WHERE c.currency <> (SELECT currency FROM teams_organisation)) AS summed) AS told
     WHERE c.id = told.id;
    ALTER TABLE sales_credit ENABLE TRIGGER USER;
    INSERT INTO desk_mark (topic, person_id, days)
    SELECT 'credits', person_id, daterange(min(occurred_on), NULL) FROM sales_credit
     WHERE plan_rate IS NOT NULL GROUP BY person_id;
"""


class Migration(migrations.Migration):
    dependencies = [("sales", "0011_leads_are_answered_after_they_came_in"), ("desk", "0001_squashed")]

    operations = [
        migrations.AddField(
            "credit",
            "plan_rate",
            models.DecimalField(
                max_digits=18, decimal_places=8, null=True,
                help_text="Empty: judged at the actual rate, there being no other",
            ),
        ),
        migrations.AddField(
            "credit",
            "plan_amount",
            models.DecimalField(max_digits=18, decimal_places=2, null=True, help_text="At the plan rate"),
        ),
        migrations.AddField(
            "outcome",
            "currency",
            models.CharField(max_length=3, blank=True, default="", db_default="", help_text="Of the deal"),
        ),
        migrations.AddField(
            "outcome",
            "rate",
            models.DecimalField(
                max_digits=18, decimal_places=8, null=True, help_text="One unit in reporting currency; empty: not noted"
            ),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AddConstraint(
            "credit",
            models.CheckConstraint(
                condition=Q(plan_rate=None, plan_amount=None) | Q(plan_rate__isnull=False, plan_amount__isnull=False),
                name="a_plan_rate_has_its_amount",
            ),
        ),
    ]
