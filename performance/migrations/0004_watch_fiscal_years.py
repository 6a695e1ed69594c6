import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('performance', '0003_wide_sums'),
        ('targets', '0004_seasons_go_by_profile'),
        ('teams', '0007_fiscal_calendar'),
    ]

    operations = [
        migrations.CreateModel(
            name='WatchedFiscalYear',
            fields=[
            ],
            options={
                'proxy': True,
                'indexes': [],
                'constraints': [],
            },
            bases=('teams.fiscalyear',),
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='watchedseasonshare',
            name='mark_update',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='watchedseasonshare',
            name='mark_delete',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='watchedseasonshare',
            name='mark_insert',
        ),
        migrations.AlterField(
            model_name='rollup',
            name='posted_month',
            field=models.DateField(help_text='First day of the fiscal month it was posted in'),
        ),
        migrations.AlterField(
            model_name='rollupsum',
            name='posted_month',
            field=models.DateField(help_text='First day of the fiscal month it was posted in'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='watchedseasonshare',
            trigger=pgtrigger.compiler.Trigger(name='mark_update', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n                INSERT INTO desk_mark (topic, person_id, days)\n                SELECT topic, person_id, stale\n                  FROM (SELECT person_id, range_agg(days) AS days, count(*) AS ranges\n                          FROM (SELECT DISTINCT person_id, days FROM ((SELECT NULL::bigint AS person_id, (SELECT p.during FROM targets_seasonprofile p WHERE p.id = r.profile_id) AS days, r.id, r.profile_id, r.starts_on, r.percent FROM old_rows r WHERE true EXCEPT SELECT NULL::bigint AS person_id, (SELECT p.during FROM targets_seasonprofile p WHERE p.id = r.profile_id) AS days, r.id, r.profile_id, r.starts_on, r.percent FROM new_rows r WHERE true) UNION ALL (SELECT NULL::bigint AS person_id, (SELECT p.during FROM targets_seasonprofile p WHERE p.id = r.profile_id) AS days, r.id, r.profile_id, r.starts_on, r.percent FROM new_rows r WHERE true EXCEPT SELECT NULL::bigint AS person_id, (SELECT p.during FROM targets_seasonprofile p WHERE p.id = r.profile_id) AS days, r.id, r.profile_id, r.starts_on, r.percent FROM old_rows r WHERE true)) AS touched) AS each\n                         WHERE NOT isempty(days) GROUP BY person_id) AS people,\n                       unnest(CASE WHEN ranges <= 8 THEN days ELSE datemultirange(range_merge(days)) END) AS stale,\n                       unnest(ARRAY['quota']) AS topic;\n                RETURN NULL;\n            ", hash='46a5d661f17527e5a2ec7dc771068900d5b9fa81', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_mark_update_474a2', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='targets_seasonshare', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='watchedseasonshare',
            trigger=pgtrigger.compiler.Trigger(name='mark_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n                INSERT INTO desk_mark (topic, person_id, days)\n                SELECT topic, person_id, stale\n                  FROM (SELECT person_id, range_agg(days) AS days, count(*) AS ranges\n                          FROM (SELECT DISTINCT person_id, days FROM (SELECT NULL::bigint AS person_id, (SELECT p.during FROM targets_seasonprofile p WHERE p.id = r.profile_id) AS days, r.id, r.profile_id, r.starts_on, r.percent FROM old_rows r WHERE true) AS touched) AS each\n                         WHERE NOT isempty(days) GROUP BY person_id) AS people,\n                       unnest(CASE WHEN ranges <= 8 THEN days ELSE datemultirange(range_merge(days)) END) AS stale,\n                       unnest(ARRAY['quota']) AS topic;\n                RETURN NULL;\n            ", hash='cab68a8c7e11f13b6993248dfb63ff56e3613039', level='STATEMENT', operation='DELETE', pgid='pgtrigger_mark_delete_7420a', referencing='REFERENCING OLD TABLE AS old_rows ', table='targets_seasonshare', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='watchedseasonshare',
            trigger=pgtrigger.compiler.Trigger(name='mark_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n                INSERT INTO desk_mark (topic, person_id, days)\n                SELECT topic, person_id, stale\n                  FROM (SELECT person_id, range_agg(days) AS days, count(*) AS ranges\n                          FROM (SELECT DISTINCT person_id, days FROM (SELECT NULL::bigint AS person_id, (SELECT p.during FROM targets_seasonprofile p WHERE p.id = r.profile_id) AS days, r.id, r.profile_id, r.starts_on, r.percent FROM new_rows r WHERE true) AS touched) AS each\n                         WHERE NOT isempty(days) GROUP BY person_id) AS people,\n                       unnest(CASE WHEN ranges <= 8 THEN days ELSE datemultirange(range_merge(days)) END) AS stale,\n                       unnest(ARRAY['quota']) AS topic;\n                RETURN NULL;\n            ", hash='bc10e526ef0c5adba7f6d3f32b9b72aa667e77e6', level='STATEMENT', operation='INSERT', pgid='pgtrigger_mark_insert_2fbac', referencing='REFERENCING NEW TABLE AS new_rows ', table='targets_seasonshare', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='watchedfiscalyear',
            trigger=pgtrigger.compiler.Trigger(name='mark_update', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n                INSERT INTO desk_mark (topic, person_id, days)\n                SELECT topic, person_id, stale\n                  FROM (SELECT person_id, range_agg(days) AS days, count(*) AS ranges\n                          FROM (SELECT DISTINCT person_id, days FROM ((SELECT NULL::bigint AS person_id, daterange(r.starts_on - 730, NULL) AS days, r.id, r.number, r.starts_on, r.layout, r.is_nearest, r.superseded_at FROM old_rows r WHERE true EXCEPT SELECT NULL::bigint AS person_id, daterange(r.starts_on - 730, NULL) AS days, r.id, r.number, r.starts_on, r.layout, r.is_nearest, r.superseded_at FROM new_rows r WHERE true) UNION ALL (SELECT NULL::bigint AS person_id, daterange(r.starts_on - 730, NULL) AS days, r.id, r.number, r.starts_on, r.layout, r.is_nearest, r.superseded_at FROM new_rows r WHERE true EXCEPT SELECT NULL::bigint AS person_id, daterange(r.starts_on - 730, NULL) AS days, r.id, r.number, r.starts_on, r.layout, r.is_nearest, r.superseded_at FROM old_rows r WHERE true)) AS touched) AS each\n                         WHERE NOT isempty(days) GROUP BY person_id) AS people,\n                       unnest(CASE WHEN ranges <= 8 THEN days ELSE datemultirange(range_merge(days)) END) AS stale,\n                       unnest(ARRAY['activities', 'credits', 'outcomes', 'pipeline', 'quota']) AS topic;\n                RETURN NULL;\n            ", hash='3e7af9eaeb855219a2b9d52000d7d2e78055fcab', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_mark_update_b58df', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='teams_fiscalyear', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='watchedfiscalyear',
            trigger=pgtrigger.compiler.Trigger(name='mark_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n                INSERT INTO desk_mark (topic, person_id, days)\n                SELECT topic, person_id, stale\n                  FROM (SELECT person_id, range_agg(days) AS days, count(*) AS ranges\n                          FROM (SELECT DISTINCT person_id, days FROM (SELECT NULL::bigint AS person_id, daterange(r.starts_on - 730, NULL) AS days, r.id, r.number, r.starts_on, r.layout, r.is_nearest, r.superseded_at FROM old_rows r WHERE true) AS touched) AS each\n                         WHERE NOT isempty(days) GROUP BY person_id) AS people,\n                       unnest(CASE WHEN ranges <= 8 THEN days ELSE datemultirange(range_merge(days)) END) AS stale,\n                       unnest(ARRAY['activities', 'credits', 'outcomes', 'pipeline', 'quota']) AS topic;\n                RETURN NULL;\n            ", hash='9cc47b0be0a879d290a7c4cbbf93ebe659d1dfd1', level='STATEMENT', operation='DELETE', pgid='pgtrigger_mark_delete_5b69e', referencing='REFERENCING OLD TABLE AS old_rows ', table='teams_fiscalyear', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='watchedfiscalyear',
            trigger=pgtrigger.compiler.Trigger(name='mark_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n                INSERT INTO desk_mark (topic, person_id, days)\n                SELECT topic, person_id, stale\n                  FROM (SELECT person_id, range_agg(days) AS days, count(*) AS ranges\n                          FROM (SELECT DISTINCT person_id, days FROM (SELECT NULL::bigint AS person_id, daterange(r.starts_on - 730, NULL) AS days, r.id, r.number, r.starts_on, r.layout, r.is_nearest, r.superseded_at FROM new_rows r WHERE true) AS touched) AS each\n                         WHERE NOT isempty(days) GROUP BY person_id) AS people,\n                       unnest(CASE WHEN ranges <= 8 THEN days ELSE datemultirange(range_merge(days)) END) AS stale,\n                       unnest(ARRAY['activities', 'credits', 'outcomes', 'pipeline', 'quota']) AS topic;\n                RETURN NULL;\n            ", hash='109b61e4982ec6e9eed2791c377a826ead099c92', level='STATEMENT', operation='INSERT', pgid='pgtrigger_mark_insert_45952', referencing='REFERENCING NEW TABLE AS new_rows ', table='teams_fiscalyear', when='AFTER')),
        ),
    ]
