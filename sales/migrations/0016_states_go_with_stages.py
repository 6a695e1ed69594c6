from django.db import migrations

# What was won stands in few stages: told how often the two come together, the database sees which way is short.
SAY = """
    CREATE STATISTICS deal_stage_and_status (mcv) ON stage_id, status FROM sales_deal;
    ANALYZE sales_deal (stage_id, status);
"""


class Migration(migrations.Migration):
    dependencies = [("sales", "0015_lists_of_orders_read_from_their_indexes")]

    operations = [migrations.RunSQL(SAY, "DROP STATISTICS deal_stage_and_status")]
