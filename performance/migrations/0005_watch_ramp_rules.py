import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('performance', '0004_watch_fiscal_years'),
        ('targets', '0008_ramps_by_role_and_start'),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name='watchedposting',
            name='mark_update',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='watchedposting',
            name='mark_delete',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='watchedposting',
            name='mark_insert',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='watchedrampprofile',
            name='mark_update',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='watchedrampprofile',
            name='mark_delete',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='watchedrampprofile',
            name='mark_insert',
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='watchedposting',
            trigger=pgtrigger.compiler.Trigger(name='mark_update', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n                INSERT INTO desk_mark (topic, person_id, days)\n                SELECT topic, person_id, stale\n                  FROM (SELECT person_id, range_agg(days) AS days, count(*) AS ranges\n                          FROM (SELECT DISTINCT person_id, days FROM ((SELECT r.person_id AS person_id, r.during AS days, r.id, r.team_id, r.role, r.fte, r.holiday_region, r.working_week, r.ramp FROM old_rows r WHERE true EXCEPT SELECT r.person_id AS person_id, r.during AS days, r.id, r.team_id, r.role, r.fte, r.holiday_region, r.working_week, r.ramp FROM new_rows r WHERE true) UNION ALL (SELECT r.person_id AS person_id, r.during AS days, r.id, r.team_id, r.role, r.fte, r.holiday_region, r.working_week, r.ramp FROM new_rows r WHERE true EXCEPT SELECT r.person_id AS person_id, r.during AS days, r.id, r.team_id, r.role, r.fte, r.holiday_region, r.working_week, r.ramp FROM old_rows r WHERE true)) AS touched) AS each\n                         WHERE NOT isempty(days) GROUP BY person_id) AS people,\n                       unnest(CASE WHEN ranges <= 8 THEN days ELSE datemultirange(range_merge(days)) END) AS stale,\n                       unnest(ARRAY['activities', 'quota']) AS topic;\n                RETURN NULL;\n            ", hash='756d49dd24eaec6255c0f94db48b6d198cda05ef', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_mark_update_6d6a4', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='teams_posting', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='watchedposting',
            trigger=pgtrigger.compiler.Trigger(name='mark_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n                INSERT INTO desk_mark (topic, person_id, days)\n                SELECT topic, person_id, stale\n                  FROM (SELECT person_id, range_agg(days) AS days, count(*) AS ranges\n                          FROM (SELECT DISTINCT person_id, days FROM (SELECT r.person_id AS person_id, r.during AS days, r.id, r.team_id, r.role, r.fte, r.holiday_region, r.working_week, r.ramp FROM old_rows r WHERE true) AS touched) AS each\n                         WHERE NOT isempty(days) GROUP BY person_id) AS people,\n                       unnest(CASE WHEN ranges <= 8 THEN days ELSE datemultirange(range_merge(days)) END) AS stale,\n                       unnest(ARRAY['activities', 'quota']) AS topic;\n                RETURN NULL;\n            ", hash='f35df8c72db208ca95c4151674574d9c151f0a47', level='STATEMENT', operation='DELETE', pgid='pgtrigger_mark_delete_3e28d', referencing='REFERENCING OLD TABLE AS old_rows ', table='teams_posting', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='watchedposting',
            trigger=pgtrigger.compiler.Trigger(name='mark_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n                INSERT INTO desk_mark (topic, person_id, days)\n                SELECT topic, person_id, stale\n                  FROM (SELECT person_id, range_agg(days) AS days, count(*) AS ranges\n                          FROM (SELECT DISTINCT person_id, days FROM (SELECT r.person_id AS person_id, r.during AS days, r.id, r.team_id, r.role, r.fte, r.holiday_region, r.working_week, r.ramp FROM new_rows r WHERE true) AS touched) AS each\n                         WHERE NOT isempty(days) GROUP BY person_id) AS people,\n                       unnest(CASE WHEN ranges <= 8 THEN days ELSE datemultirange(range_merge(days)) END) AS stale,\n                       unnest(ARRAY['activities', 'quota']) AS topic;\n                RETURN NULL;\n            ", hash='1da29bec6abe0f1d4098a97a65e234eb2b412342', level='STATEMENT', operation='INSERT', pgid='pgtrigger_mark_insert_ba34c', referencing='REFERENCING NEW TABLE AS new_rows ', table='teams_posting', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='watchedrampprofile',
            trigger=pgtrigger.compiler.Trigger(name='mark_update', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n                INSERT INTO desk_mark (topic, person_id, days)\n                SELECT topic, person_id, stale\n                  FROM (SELECT person_id, range_agg(days) AS days, count(*) AS ranges\n                          FROM (SELECT DISTINCT person_id, days FROM ((SELECT NULL::bigint AS person_id, '(,)'::daterange AS days, r.id, r.name, r.start, r.role FROM old_rows r WHERE true EXCEPT SELECT NULL::bigint AS person_id, '(,)'::daterange AS days, r.id, r.name, r.start, r.role FROM new_rows r WHERE true) UNION ALL (SELECT NULL::bigint AS person_id, '(,)'::daterange AS days, r.id, r.name, r.start, r.role FROM new_rows r WHERE true EXCEPT SELECT NULL::bigint AS person_id, '(,)'::daterange AS days, r.id, r.name, r.start, r.role FROM old_rows r WHERE true)) AS touched) AS each\n                         WHERE NOT isempty(days) GROUP BY person_id) AS people,\n                       unnest(CASE WHEN ranges <= 8 THEN days ELSE datemultirange(range_merge(days)) END) AS stale,\n                       unnest(ARRAY['quota']) AS topic;\n                RETURN NULL;\n            ", hash='86540601d49428af1b56ee3b27fb8d3deb207788', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_mark_update_de52f', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='targets_rampprofile', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='watchedrampprofile',
            trigger=pgtrigger.compiler.Trigger(name='mark_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n                INSERT INTO desk_mark (topic, person_id, days)\n                SELECT topic, person_id, stale\n                  FROM (SELECT person_id, range_agg(days) AS days, count(*) AS ranges\n                          FROM (SELECT DISTINCT person_id, days FROM (SELECT NULL::bigint AS person_id, '(,)'::daterange AS days, r.id, r.name, r.start, r.role FROM old_rows r WHERE true) AS touched) AS each\n                         WHERE NOT isempty(days) GROUP BY person_id) AS people,\n                       unnest(CASE WHEN ranges <= 8 THEN days ELSE datemultirange(range_merge(days)) END) AS stale,\n                       unnest(ARRAY['quota']) AS topic;\n                RETURN NULL;\n            ", hash='9a49e0eb9e630a2cfdab23583ae3331932c9b72f', level='STATEMENT', operation='DELETE', pgid='pgtrigger_mark_delete_cd4fc', referencing='REFERENCING OLD TABLE AS old_rows ', table='targets_rampprofile', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='watchedrampprofile',
            trigger=pgtrigger.compiler.Trigger(name='mark_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n                INSERT INTO desk_mark (topic, person_id, days)\n                SELECT topic, person_id, stale\n                  FROM (SELECT person_id, range_agg(days) AS days, count(*) AS ranges\n                          FROM (SELECT DISTINCT person_id, days FROM (SELECT NULL::bigint AS person_id, '(,)'::daterange AS days, r.id, r.name, r.start, r.role FROM new_rows r WHERE true) AS touched) AS each\n                         WHERE NOT isempty(days) GROUP BY person_id) AS people,\n                       unnest(CASE WHEN ranges <= 8 THEN days ELSE datemultirange(range_merge(days)) END) AS stale,\n                       unnest(ARRAY['quota']) AS topic;\n                RETURN NULL;\n            ", hash='1d4c33f86667347ca450a20510c30aa57fd5d1a3', level='STATEMENT', operation='INSERT', pgid='pgtrigger_mark_insert_0b66f', referencing='REFERENCING NEW TABLE AS new_rows ', table='targets_rampprofile', when='AFTER')),
        ),
    ]
