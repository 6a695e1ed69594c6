import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('targets', '0007_budgets'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='RampChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('reason', models.CharField(max_length=200)),
                ('was', models.JSONField(default=dict)),
                ('now', models.JSONField(default=dict)),
            ],
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='presencerampprofile',
            name='presence_update',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='presencerampprofile',
            name='presence_delete',
        ),
        migrations.AddField(
            model_name='rampprofile',
            name='role',
            field=models.CharField(blank=True, choices=[('rep', 'Rep'), ('manager', 'Manager'), ('executive', 'Executive'), ('operations', 'Operations'), ('hr', 'HR'), ('department', 'Department member')], db_default='', max_length=12, verbose_name='Of which role'),
        ),
        migrations.AddField(
            model_name='rampprofile',
            name='start',
            field=models.CharField(blank=True, choices=[('new', 'New in the company'), ('transfer', 'Moved from another team'), ('return', 'Back from a long leave')], db_default='', help_text='Empty: only where a posting names it', max_length=8, verbose_name='After which start'),
        ),
        migrations.AddField(
            model_name='rampprofile',
            name='version',
            field=models.PositiveIntegerField(db_default=1, default=1, editable=False),
        ),
        migrations.AddField(
            model_name='seasonprofile',
            name='weight',
            field=models.DecimalField(decimal_places=4, help_text='How far what was learned counts; the rest is flat', max_digits=5, null=True),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='presencerampprofile',
            trigger=pgtrigger.compiler.Trigger(name='presence_update', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n                INSERT INTO desk_mark (topic, person_id, days)\n                SELECT topic, person_id, stale\n                  FROM (SELECT person_id, range_agg(days) AS days, count(*) AS ranges\n                          FROM (SELECT DISTINCT person_id, days FROM ((SELECT NULL::bigint AS person_id, '(,)'::daterange AS days, r.id, r.name, r.start, r.role FROM old_rows r WHERE true EXCEPT SELECT NULL::bigint AS person_id, '(,)'::daterange AS days, r.id, r.name, r.start, r.role FROM new_rows r WHERE true) UNION ALL (SELECT NULL::bigint AS person_id, '(,)'::daterange AS days, r.id, r.name, r.start, r.role FROM new_rows r WHERE true EXCEPT SELECT NULL::bigint AS person_id, '(,)'::daterange AS days, r.id, r.name, r.start, r.role FROM old_rows r WHERE true)) AS touched) AS each\n                         WHERE NOT isempty(days) GROUP BY person_id) AS people,\n                       unnest(CASE WHEN ranges <= 8 THEN days ELSE datemultirange(range_merge(days)) END) AS stale,\n                       unnest(ARRAY['presence']) AS topic;\n                RETURN NULL;\n            ", hash='9e785d8fe4c4e7c5a1fd4d4ccb13558214e7f716', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_presence_update_26c7e', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='targets_rampprofile', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='presencerampprofile',
            trigger=pgtrigger.compiler.Trigger(name='presence_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n                INSERT INTO desk_mark (topic, person_id, days)\n                SELECT topic, person_id, stale\n                  FROM (SELECT person_id, range_agg(days) AS days, count(*) AS ranges\n                          FROM (SELECT DISTINCT person_id, days FROM (SELECT NULL::bigint AS person_id, '(,)'::daterange AS days, r.id, r.name, r.start, r.role FROM old_rows r WHERE true) AS touched) AS each\n                         WHERE NOT isempty(days) GROUP BY person_id) AS people,\n                       unnest(CASE WHEN ranges <= 8 THEN days ELSE datemultirange(range_merge(days)) END) AS stale,\n                       unnest(ARRAY['presence']) AS topic;\n                RETURN NULL;\n            ", hash='95aae6aa71df13488f34a85e91385515e9e65b2f', level='STATEMENT', operation='DELETE', pgid='pgtrigger_presence_delete_2e863', referencing='REFERENCING OLD TABLE AS old_rows ', table='targets_rampprofile', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='rampprofile',
            trigger=pgtrigger.compiler.Trigger(name='audit_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n                INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after)\n                SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), to_jsonb(n)\n                  FROM old_rows o JOIN new_rows n USING (id)\n                 WHERE to_jsonb(o) IS DISTINCT FROM to_jsonb(n);\n                RETURN NULL;\n            ', hash='15683482363eea2834c3aec03d17891b5e17dea0', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_audit_update_1d46f', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='targets_rampprofile', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='rampprofile',
            trigger=pgtrigger.compiler.Trigger(name='audit_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after) SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), NULL FROM old_rows o; RETURN NULL;', hash='c3accca3aa80de429ff7bd5c1d818e243d829d06', level='STATEMENT', operation='DELETE', pgid='pgtrigger_audit_delete_50ca8', referencing='REFERENCING OLD TABLE AS old_rows ', table='targets_rampprofile', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='rampstep',
            trigger=pgtrigger.compiler.Trigger(name='audit_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n                INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after)\n                SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), to_jsonb(n)\n                  FROM old_rows o JOIN new_rows n USING (id)\n                 WHERE to_jsonb(o) IS DISTINCT FROM to_jsonb(n);\n                RETURN NULL;\n            ', hash='8e87c7b6cec3b114aba839b7dcbe92f176015b2c', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_audit_update_10223', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='targets_rampstep', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='rampstep',
            trigger=pgtrigger.compiler.Trigger(name='audit_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after) SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), NULL FROM old_rows o; RETURN NULL;', hash='a1f48a270706cf5b82c81411cdde246eecfe6584', level='STATEMENT', operation='DELETE', pgid='pgtrigger_audit_delete_c9d0c', referencing='REFERENCING OLD TABLE AS old_rows ', table='targets_rampstep', when='AFTER')),
        ),
        migrations.AddConstraint(
            model_name='rampprofile',
            constraint=models.UniqueConstraint(condition=models.Q(('start', ''), _negated=True), fields=('start', 'role'), name='one_ramp_per_role_and_start'),
        ),
        migrations.AddField(
            model_name='rampchange',
            name='by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='rampchange',
            name='profile',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='changes', to='targets.rampprofile'),
        ),
    ]
