import django.db.models.deletion
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


def without_own_index(model, related_name, old):
    """The index of a foreign key that others serve is dropped; Django would check the key of every row anew."""
    owner = models.ForeignKey(
        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name=related_name, to="teams.person"
    )
    return migrations.SeparateDatabaseAndState(
        database_operations=[
            migrations.RunSQL(
                f"DROP INDEX CONCURRENTLY IF EXISTS {old}",
                f"CREATE INDEX CONCURRENTLY {old} ON sales_{model} (owner_id)",
            )
        ],
        state_operations=[migrations.AlterField(model_name=model, name="owner", field=owner)],
    )


class Migration(migrations.Migration):
    """Somebody's latest activities, the accounts of their deals, and the latest suggestions, each by an index."""

    atomic = False

    dependencies = [
        ("sales", "0008_indexes_built_in_use"),
        ("teams", "0006_everything_with_a_customer"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="activity",
            index=models.Index(
                models.F("owner"),
                models.OrderBy(models.F("occurred_at"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                condition=models.Q(("withdrawn_at", None)),
                name="activity_by_owner_and_time",
            ),
        ),
        AddIndexConcurrently(
            model_name="recommendation",
            index=models.Index(
                models.OrderBy(models.F("made_on"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                name="recommendation_by_day",
            ),
        ),
        AddIndexConcurrently(
            model_name="deal",
            index=models.Index(
                condition=models.Q(("account__isnull", False), ("withdrawn_at", None)),
                fields=["owner", "account"],
                name="deal_by_owner_and_account",
            ),
        ),
        without_own_index("activity", "activities", "sales_activity_owner_id_7795406e"),
        without_own_index("deal", "deals", "sales_deal_owner_id_8cbcac62"),
    ]
