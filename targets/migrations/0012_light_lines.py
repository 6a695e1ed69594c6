import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# Amounts of ten thousand lines change at once: short rows with room beside them on their page for the next version, so
# that no index has to be written (a heap-only update).
ROOM = "ALTER TABLE targets_allocation SET (fillfactor = 45)"
MOVE = """
    INSERT INTO targets_allocationreason (allocation_id, made_of)
    SELECT id, reasons FROM targets_allocation WHERE reasons <> '{}'
"""
BACK = """
    UPDATE targets_allocation a SET reasons = r.made_of FROM targets_allocationreason r WHERE r.allocation_id = a.id
"""


class Migration(migrations.Migration):

    dependencies = [
        ('targets', '0011_plan_acts'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='AllocationReason',
            fields=[
                ('allocation', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='reason', serialize=False, to='targets.allocation')),
                ('made_of', models.JSONField()),
            ],
        ),
        migrations.RunSQL([MOVE, 'SET CONSTRAINTS ALL IMMEDIATE'], [BACK, 'SET CONSTRAINTS ALL IMMEDIATE']),
        migrations.RemoveField('allocation', 'reasons'),
        migrations.RunSQL(ROOM, 'ALTER TABLE targets_allocation RESET (fillfactor)'),
        migrations.AlterField(
            model_name='allocationchange',
            name='by',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
    ]
