import django.db.models.deletion
from django.contrib.postgres.operations import RemoveIndexConcurrently
from django.db import migrations, models

from salesmgmt.desk.operations import AddIndexWhileInUse

OLD = {  # of the foreign keys alone: written for nothing, now that the lists' own serve them
    "account": "sales_deal_account_id_1c340526",
    "product": "sales_deal_product_id_3be994ca",
    "stage": "sales_deal_stage_id_3f0ff4a2",
}


class Migration(migrations.Migration):
    """The indexes of the long lists hold all that the lists filter by, so that a walk along them reads no row."""

    atomic = False

    dependencies = [
        ("sales", "0012_orders_are_paid"),
        ("teams", "0009_skills"),
    ]

    operations = [
        AddIndexWhileInUse(
            model_name='activity',
            index=models.Index(condition=models.Q(('withdrawn_at', None)), fields=['-occurred_at', '-id'], include=('owner', 'kind', 'occurred_on'), name='activity_list_by_time'),
        ),
        AddIndexWhileInUse(
            model_name='activity',
            index=models.Index(condition=models.Q(('withdrawn_at', None)), fields=['owner', '-occurred_at', '-id'], include=('kind', 'occurred_on'), name='activity_list_by_owner'),
        ),
        AddIndexWhileInUse(
            model_name='deal',
            index=models.Index(condition=models.Q(('withdrawn_at', None)), fields=['owner', 'status', 'expected_close_on'], include=('stage', 'product', 'opened_on', 'closed_on', 'amount', 'id'), name='deal_list_by_owner'),
        ),
        AddIndexWhileInUse(
            model_name='deal',
            index=models.Index(condition=models.Q(('withdrawn_at', None)), fields=['stage', 'status'], include=('owner', 'product', 'opened_on', 'expected_close_on', 'closed_on', 'amount', 'id'), name='deal_list_by_stage'),
        ),
        AddIndexWhileInUse(
            model_name='deal',
            index=models.Index(condition=models.Q(('withdrawn_at', None)), fields=['product', 'status'], include=('owner', 'stage', 'opened_on', 'expected_close_on', 'closed_on', 'amount', 'id'), name='deal_list_by_product'),
        ),
        AddIndexWhileInUse(
            model_name='deal',
            index=models.Index(condition=models.Q(('withdrawn_at', None)), fields=['-opened_on', '-id'], include=('owner', 'stage', 'product', 'status', 'expected_close_on', 'closed_on', 'amount'), name='deal_list_by_opening'),
        ),
        AddIndexWhileInUse(
            model_name='deal',
            index=models.Index(condition=models.Q(('withdrawn_at', None)), fields=['-closed_on', '-id'], include=('owner', 'stage', 'product', 'status', 'opened_on', 'expected_close_on', 'amount'), name='deal_list_by_closing'),
        ),
        AddIndexWhileInUse(
            model_name='deal',
            index=models.Index(condition=models.Q(('withdrawn_at', None)), fields=['-amount', '-id'], include=('owner', 'stage', 'product', 'status', 'opened_on', 'expected_close_on', 'closed_on'), name='deal_list_by_amount'),
        ),
        AddIndexWhileInUse(
            model_name='deal',
            index=models.Index(condition=models.Q(('status', 'open'), ('withdrawn_at', None)), fields=['expected_close_on', 'id'], include=('owner', 'stage', 'product', 'status', 'opened_on', 'closed_on', 'amount'), name='open_deal_list_by_close'),
        ),
        AddIndexWhileInUse(
            model_name='order',
            index=models.Index(condition=models.Q(('cancelled_on', None), ('delivered_on', None), ('withdrawn_at', None)), fields=['-ordered_on', '-id'], include=('promised_on', 'owner'), name='undelivered_order_by_day'),
        ),
        AddIndexWhileInUse(
            model_name='order',
            index=models.Index(condition=models.Q(('cancelled_on', None), ('withdrawn_at', None), models.Q(('produced_on__gt', models.F('promised_on')), ('delivered_on__gt', models.F('promised_on')), _connector='OR')), fields=['-ordered_on', '-id'], include=('promised_on', 'produced_on', 'delivered_on', 'owner'), name='late_order_by_day'),
        ),
        RemoveIndexConcurrently(
            model_name='activity',
            name='activity_by_time',
        ),
        RemoveIndexConcurrently(
            model_name='activity',
            name='activity_by_owner_and_time',
        ),
        RemoveIndexConcurrently(
            model_name='deal',
            name='deal_by_owner',
        ),
        RemoveIndexConcurrently(
            model_name='deal',
            name='open_deal_by_close',
        ),
        RemoveIndexConcurrently(
            model_name='deal',
            name='deal_by_opening',
        ),
        RemoveIndexConcurrently(
            model_name='deal',
            name='deal_by_closing',
        ),
        RemoveIndexConcurrently(
            model_name='deal',
            name='deal_by_amount',
        ),
        migrations.SeparateDatabaseAndState(
            # Django would check the foreign keys of every row anew.
            database_operations=[
                migrations.RunSQL(
                    f"DROP INDEX CONCURRENTLY IF EXISTS {name}",
                    f"CREATE INDEX CONCURRENTLY {name} ON sales_deal ({column}_id)",
                )
                for column, name in OLD.items()
            ],
            state_operations=[
                migrations.AlterField(
                    model_name='deal',
                    name='account',
                    field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='deals', to='sales.account'),
                ),
                migrations.AlterField(
                    model_name='deal',
                    name='product',
                    field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='deals', to='sales.product'),
                ),
                migrations.AlterField(
                    model_name='deal',
                    name='stage',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='deals', to='sales.stage'),
                ),
            ],
        ),
    ]
