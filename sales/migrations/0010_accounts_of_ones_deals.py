import django.db.models.deletion
from django.db import migrations, models

from salesmgmt.desk.operations import AddIndexWhileInUse

OLD = "sales_deal_owner_id_8cbcac62"


class Migration(migrations.Migration):
    """At which accounts somebody's people have deals, by an index alone; that of the foreign key is written for nothing."""

    atomic = False

    dependencies = [("sales", "0009_indexes_of_long_lists")]

    operations = [
        AddIndexWhileInUse(
            model_name="deal",
            index=models.Index(
                condition=models.Q(("account__isnull", False), ("withdrawn_at", None)),
                fields=["owner", "account"],
                name="deal_by_owner_and_account",
            ),
        ),
        migrations.SeparateDatabaseAndState(
            # Django would check the foreign key of every row anew.
            database_operations=[
                migrations.RunSQL(
                    f"DROP INDEX CONCURRENTLY IF EXISTS {OLD}",
                    f"CREATE INDEX CONCURRENTLY {OLD} ON sales_deal (owner_id)",
                )
            ],
            state_operations=[
                migrations.AlterField(
                    model_name="deal",
                    name="owner",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deals",
                        to="teams.person",
                    ),
                ),
            ],
        ),
    ]
