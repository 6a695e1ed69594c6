import django.contrib.postgres.constraints
import django.core.validators
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('teams', '0006_everything_with_a_customer'),
    ]

    operations = [
        migrations.CreateModel(
            name='FiscalYear',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField(validators=[django.core.validators.MinValueValidator(1901), django.core.validators.MaxValueValidator(9998)])),
                ('starts_on', models.DateField()),
                ('layout', models.CharField(choices=[('months', 'Calendar months'), ('4-4-5', '4-4-5'), ('4-5-4', '4-5-4'), ('5-4-4', '5-4-4'), ('13', '13')], max_length=6)),
                ('is_nearest', models.BooleanField(default=True, help_text='Of years of weeks: nearest to the first of the month, else the last one not after it')),
                ('made_at', models.DateTimeField()),
                ('reason', models.CharField(blank=True, max_length=200)),
                ('superseded_at', models.DateTimeField(editable=False, null=True)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name='period',
            name='periods_do_not_overlap',
        ),
        migrations.AddField(
            model_name='period',
            name='superseded_at',
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AlterField(
            model_name='organisation',
            name='fiscal_month',
            field=models.PositiveSmallIntegerField(default=1, help_text='First month of the fiscal year, until a set-up of the calendar says otherwise', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(12)]),
        ),
        migrations.AlterField(
            model_name='period',
            name='key',
            field=models.CharField(max_length=8),
        ),
        migrations.AddConstraint(
            model_name='period',
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(condition=models.Q(('superseded_at', None)), expressions=[('during', '&&')], name='periods_do_not_overlap'),
        ),
        migrations.AddConstraint(
            model_name='period',
            constraint=models.UniqueConstraint(condition=models.Q(('superseded_at', None)), fields=('key',), name='one_period_per_key'),
        ),
        migrations.AddConstraint(
            model_name='period',
            constraint=models.CheckConstraint(condition=models.Q(('superseded_at', None), ('closed_at', None), _connector='OR'), name='no_closed_period_is_superseded'),
        ),
        migrations.AddField(
            model_name='fiscalyear',
            name='made_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            model_name='fiscalyear',
            constraint=models.UniqueConstraint(condition=models.Q(('superseded_at', None)), fields=('number',), name='one_set_up_per_fiscal_year'),
        ),
        migrations.AddConstraint(
            model_name='fiscalyear',
            constraint=models.CheckConstraint(condition=models.Q(('number__range', (1901, 9998))), name='fiscal_year_has_four_digits'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='fiscalyear',
            trigger=pgtrigger.compiler.Trigger(name='audit_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n                INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after)\n                SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), to_jsonb(n)\n                  FROM old_rows o JOIN new_rows n USING (id)\n                 WHERE to_jsonb(o) IS DISTINCT FROM to_jsonb(n);\n                RETURN NULL;\n            ', hash='704278955b0ef9ff5ab4b29737980cef32f18d91', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_audit_update_890ab', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='teams_fiscalyear', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='fiscalyear',
            trigger=pgtrigger.compiler.Trigger(name='audit_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after) SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), NULL FROM old_rows o; RETURN NULL;', hash='f3bbe0e2fe3929c8adcab6db05a2203d17feff4b', level='STATEMENT', operation='DELETE', pgid='pgtrigger_audit_delete_7355b', referencing='REFERENCING OLD TABLE AS old_rows ', table='teams_fiscalyear', when='AFTER')),
        ),
    ]
