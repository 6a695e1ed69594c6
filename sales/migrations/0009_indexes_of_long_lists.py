import django.db.models.deletion
from django.db import migrations, models

from salesmgmt.desk.operations import AddIndexWhileInUse

OLD = "sales_activity_owner_id_7795406e"


class Migration(migrations.Migration):
    """Somebody's latest activities by an index of their own; the one of the foreign key alone is written for nothing."""

    atomic = False

    dependencies = [
        ("sales", "0008_indexes_built_in_use"),
        ("teams", "0006_everything_with_a_customer"),
    ]

    operations = [
        AddIndexWhileInUse(
            model_name="activity",
            index=models.Index(
                models.F("owner"),
                models.OrderBy(models.F("occurred_at"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                condition=models.Q(("withdrawn_at", None)),
                name="activity_by_owner_and_time",
            ),
        ),
        AddIndexWhileInUse(
            model_name="recommendation",
            index=models.Index(
                models.OrderBy(models.F("made_on"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                name="recommendation_by_day",
            ),
        ),
        migrations.SeparateDatabaseAndState(
            # Django would check the foreign key of every row anew.
            database_operations=[
                migrations.RunSQL(
                    f"DROP INDEX CONCURRENTLY IF EXISTS {OLD}",
                    f"CREATE INDEX CONCURRENTLY {OLD} ON sales_activity (owner_id)",
                )
            ],
            state_operations=[
                migrations.AlterField(
                    model_name="activity",
                    name="owner",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="activities",
                        to="teams.person",
                    ),
                ),
            ],
        ),
    ]
