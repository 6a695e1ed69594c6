"""Every table of this app as of the first release; the steps that led there are named below, for those who took them."""

import django.contrib.postgres.fields
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

from salesmgmt.lib.tables import CreateModels


class Migration(migrations.Migration):

    replaces = [
        ("recognition", "0001_initial"),
        ("recognition", "0002_screens_and_bests"),
        ("recognition", "0003_award_for_clear_improvement"),
    ]

    initial = True

    dependencies = [
        ('teams', '0001_squashed'),
    ]

    operations = [
        CreateModels(
            operations=[
                migrations.CreateModel(
                    name='Suggestion',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='suggestions', to='teams.person')),
                        ('kind', models.CharField(choices=[('quota_reached', 'Quota reached'), ('best_month', 'Best month'), ('most_improved', 'Most improved'), ('streak', 'Streak'), ('improved', 'Clearly improved'), ('other', 'Award')], max_length=14)),
                        ('key', models.CharField(help_text='What makes it unique: the period or day it is about', max_length=60)),
                        ('sentence', models.CharField(max_length=300)),
                        ('evidence', models.JSONField(default=dict)),
                        ('made_on', models.DateField()),
                        ('decided_at', models.DateTimeField(null=True)),
                        ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('is_confirmed', models.BooleanField(null=True)),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('person', 'kind', 'key'), name='suggested_once')],
                    },
                ),
                migrations.CreateModel(
                    name='Award',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='awards', to='teams.person')),
                        ('kind', models.CharField(choices=[('quota_reached', 'Quota reached'), ('best_month', 'Best month'), ('most_improved', 'Most improved'), ('streak', 'Streak'), ('improved', 'Clearly improved'), ('other', 'Award')], max_length=14)),
                        ('title', models.CharField(max_length=200)),
                        ('sentence', models.CharField(max_length=500)),
                        ('suggestion', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='award', to='recognition.suggestion')),
                        ('given_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('given_at', models.DateTimeField()),
                        ('taken_down_at', models.DateTimeField(null=True)),
                    ],
                    options={
                        'indexes': [models.Index(fields=['-given_at'], name='award_by_time')],
                    },
                ),
                migrations.CreateModel(
                    name='Kudos',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('giver', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='kudos_given', to='teams.person')),
                        ('receiver', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='kudos_received', to='teams.person')),
                        ('text', models.CharField(max_length=500)),
                        ('at', models.DateTimeField()),
                        ('taken_down_at', models.DateTimeField(null=True)),
                    ],
                    options={
                        'verbose_name_plural': 'kudos',
                        'indexes': [models.Index(fields=['-at'], name='kudos_by_time')],
                        'constraints': [models.CheckConstraint(condition=models.Q(('giver', models.F('receiver')), _negated=True), name='nobody_praises_themselves')],
                    },
                ),
                migrations.CreateModel(
                    name='Applause',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='teams.person')),
                        ('award', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='applause', to='recognition.award')),
                        ('kudos', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='applause', to='recognition.kudos')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('person', 'award'), name='one_clap_per_award'), models.UniqueConstraint(fields=('person', 'kudos'), name='one_clap_per_kudos'), models.CheckConstraint(condition=models.Q(models.Q(('award', None), ('kudos__isnull', False)), models.Q(('award__isnull', False), ('kudos', None)), _connector='OR'), name='applause_is_for_one')],
                    },
                ),
                migrations.CreateModel(
                    name='PersonalBest',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('measure', models.CharField(max_length=40)),
                        ('kind', models.CharField(choices=[('week', 'Week'), ('month', 'Month'), ('quarter', 'Quarter')], max_length=7)),
                        ('period', models.CharField(max_length=8)),
                        ('value', models.DecimalField(decimal_places=2, max_digits=38)),
                        ('before', models.DecimalField(decimal_places=2, help_text='The best until then', max_digits=38)),
                        ('found_on', models.DateField()),
                        ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='bests', to='teams.person')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('person', 'measure', 'kind', 'period'), name='best_is_told_once'), models.CheckConstraint(condition=models.Q(('value__gt', models.F('before'))), name='best_is_better_than_before')],
                    },
                ),
                migrations.CreateModel(
                    name='Screen',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('name', models.CharField(max_length=100)),
                        ('boards', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('attainment', 'Attainment'), ('ramped', '% of ramped target'), ('improvement', 'Improvement'), ('csat', 'Customer satisfaction'), ('discount', 'Least discount')], max_length=12), help_text='In this order', size=None)),
                        ('seconds', models.PositiveSmallIntegerField(default=20, help_text='Before it turns to the next')),
                        ('digest', models.CharField(blank=True, help_text='SHA-256 of the secret; empty: revoked', max_length=64)),
                        ('is_on', models.BooleanField(default=False)),
                        ('made_at', models.DateTimeField()),
                        ('version', models.PositiveIntegerField(default=1)),
                        ('made_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('team', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.team')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(condition=models.Q(('digest', ''), _negated=True), fields=('digest',), name='one_screen_per_secret'), models.CheckConstraint(condition=models.Q(('seconds__range', (5, 300))), name='screen_turns_in_5_to_300_seconds'), models.CheckConstraint(condition=models.Q(('is_on', False), models.Q(('digest', ''), _negated=True), _connector='OR'), name='a_revoked_screen_is_dark')],
                    },
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='screen',
                    trigger=pgtrigger.compiler.Trigger(name='audit_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n                INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after)\n                SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o) - \'digest\', to_jsonb(n) - \'digest\'\n                  FROM old_rows o JOIN new_rows n USING (id)\n                 WHERE to_jsonb(o) - \'digest\' IS DISTINCT FROM to_jsonb(n) - \'digest\';\n                RETURN NULL;\n            ', hash='d33c2df29be3246ee869fded125bbda2a5df104f', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_audit_update_0f2e8', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='recognition_screen', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='screen',
                    trigger=pgtrigger.compiler.Trigger(name='audit_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after) SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o) - \'digest\', NULL FROM old_rows o; RETURN NULL;', hash='f6a37b96a8f004e9828f6b8b78efafd54be5ebc8', level='STATEMENT', operation='DELETE', pgid='pgtrigger_audit_delete_a233d', referencing='REFERENCING OLD TABLE AS old_rows ', table='recognition_screen', when='AFTER')),
                ),
            ],
        ),
    ]
