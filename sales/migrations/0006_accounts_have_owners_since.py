from django.db import migrations

# Nothing tells since when: each account has belonged to its owner since before all records.
FILL = """
    INSERT INTO sales_accountownership (account_id, owner_id, during, reason)
    SELECT id, owner_id, daterange('1900-01-01', NULL), '' FROM sales_account WHERE owner_id IS NOT NULL
"""


class Migration(migrations.Migration):
    dependencies = [("sales", "0005_everything_with_a_customer")]
    operations = [migrations.RunSQL(FILL, migrations.RunSQL.noop)]
