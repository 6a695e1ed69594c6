"""Who coaches the person in promises made before."""

from django.db import migrations

FILL = """
    UPDATE coaching_actionitem AS item
       SET coach_id = coalesce(
               (SELECT manager_id FROM coaching_oneonone WHERE id = item.one_on_one_id),
               (SELECT owner_id FROM coaching_case WHERE id = item.case_id)
           )
     WHERE coach_id IS NULL AND coalesce(one_on_one_id, case_id) IS NOT NULL
"""


class Migration(migrations.Migration):
    dependencies = [("coaching", "0050_rhythms_and_meetings"), ("desk", "0006_deliveries")]

    operations = [migrations.RunSQL(FILL, migrations.RunSQL.noop)]
