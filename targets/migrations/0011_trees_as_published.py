"""Published plans keep what stood above what; those published before are taken as they stand."""

import django.contrib.postgres.fields
from django.db import migrations, models

FILL = """
    UPDATE targets_allocation a SET path = t.path FROM teams_team t, targets_plan p
     WHERE t.id = a.team_id AND p.id = a.plan_id AND p.published_at IS NOT NULL;
    UPDATE targets_target a SET path = t.path FROM teams_team t WHERE t.id = a.team_id;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("targets", "0010_asks_above"),
    ]

    operations = [
        migrations.AddField(
            model_name="allocation",
            name="path",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.BigIntegerField(),
                editable=False,
                help_text="Of its team when the plan was published",
                null=True,
                size=None,
            ),
        ),
        migrations.AddField(
            model_name="target",
            name="path",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.BigIntegerField(),
                editable=False,
                help_text="Of its team when it was published",
                null=True,
                size=None,
            ),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
