import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# An act kept its amounts, and each of its lines the same again beside it. What no act tells becomes one.
NAME = """
    UPDATE targets_planact act SET named = coalesce(own.lines, '{}'), rest = coalesce(own.rest, '')
      FROM (SELECT p.id, array_agg(c.allocation_id) FILTER (WHERE c.reason NOT LIKE 'Rest of %') AS lines,
                   max(c.reason) FILTER (WHERE c.reason LIKE 'Rest of %') AS rest
              FROM targets_planact p
              JOIN targets_allocation a ON a.plan_id = p.plan_id
              JOIN targets_allocationchange c ON c.allocation_id = a.id AND c.at = p.at
             GROUP BY p.id) own
     WHERE own.id = act.id
"""
MOVE = """
    INSERT INTO targets_planact (plan_id, at, by_id, reason, named, rest, amounts, locks, hedges)
    SELECT a.plan_id, c.at, c.by_id,
           coalesce(max(c.reason) FILTER (WHERE c.reason NOT LIKE 'Rest of %'), max(c.reason)),
           coalesce(array_agg(a.id) FILTER (WHERE c.reason NOT LIKE 'Rest of %'), '{}'),
           coalesce(max(c.reason) FILTER (WHERE c.reason LIKE 'Rest of %'), ''),
           jsonb_object_agg(a.id::text, jsonb_build_array((c.was * 100)::bigint, (c.amount * 100)::bigint)), '{}', '{}'
      FROM targets_allocationchange c JOIN targets_allocation a ON a.id = c.allocation_id
     WHERE NOT EXISTS (SELECT FROM targets_planact p WHERE p.plan_id = a.plan_id AND p.at = c.at)
     GROUP BY a.plan_id, c.at, c.by_id, c.reason LIKE 'Hedge of %'
     ORDER BY c.at
"""


class Migration(migrations.Migration):

    dependencies = [
        ('targets', '0013_taken_back_once'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='planact',
            name='named',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), default=list, help_text='The lines it was about; the others followed', size=None),
        ),
        migrations.AddField(
            model_name='planact',
            name='rest',
            field=models.CharField(blank=True, default='', help_text='Why the others did', max_length=200),
        ),
        migrations.AlterField(
            model_name='planact',
            name='by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.RunSQL([NAME, MOVE, 'SET CONSTRAINTS ALL IMMEDIATE'], migrations.RunSQL.noop),
        migrations.DeleteModel(name='AllocationChange'),
    ]
