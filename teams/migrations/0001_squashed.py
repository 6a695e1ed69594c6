"""Every table of this app as of the first release; the steps that led there are named below, for those who took them."""

import django.contrib.auth.models
import django.contrib.auth.validators
import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
import django.contrib.postgres.indexes
import django.core.validators
import django.db.models.deletion
import django.utils.timezone
import pgtrigger.compiler
import pgtrigger.migrations
import teams.models
from django.conf import settings
from django.contrib.postgres.operations import BtreeGistExtension, TrigramExtension
from django.db import migrations, models

from salesmgmt.lib.tables import CreateModels


class Migration(migrations.Migration):

    replaces = [
        ("teams", "0001_initial"),
        ("teams", "0004_profile"),
        ("teams", "0005_audit"),
        ("teams", "0006_everything_with_a_customer"),
        ("teams", "0007_fiscal_calendar"),
        ("teams", "0008_shows_individual_chances"),
        ("teams", "0009_skills"),
        ("teams", "0010_countries_without_ranks"),
        ("teams", "0011_countries_without_chances"),
        ("teams", "0012_countries_without_selling_time"),
        ("teams", "0013_looks"),
    ]

    initial = True

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        BtreeGistExtension(),
        TrigramExtension(),
        CreateModels(
            operations=[
                migrations.CreateModel(
                    name='User',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('password', models.CharField(max_length=128, verbose_name='password')),
                        ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                        ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                        ('username', models.CharField(error_messages={'unique': 'A user with that username already exists.'}, help_text='Required. 150 characters or fewer. Letters, digits and @/./+/-/_ only.', max_length=150, unique=True, validators=[django.contrib.auth.validators.UnicodeUsernameValidator()], verbose_name='username')),
                        ('first_name', models.CharField(blank=True, max_length=150, verbose_name='first name')),
                        ('last_name', models.CharField(blank=True, max_length=150, verbose_name='last name')),
                        ('email', models.EmailField(blank=True, max_length=254, verbose_name='email address')),
                        ('is_staff', models.BooleanField(default=False, help_text='Designates whether the user can log into this admin site.', verbose_name='staff status')),
                        ('is_active', models.BooleanField(default=True, help_text='Designates whether this user should be treated as active. Unselect this instead of deleting accounts.', verbose_name='active')),
                        ('date_joined', models.DateTimeField(default=django.utils.timezone.now, verbose_name='date joined')),
                        ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                        ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
                        ('keys_off', models.BooleanField(default=False, verbose_name='Single-key shortcuts off')),
                        ('time_zone', models.CharField(blank=True, help_text="Of moments shown; empty: the organisation's", max_length=64)),
                    ],
                    options={
                        'verbose_name': 'user',
                        'verbose_name_plural': 'users',
                        'abstract': False,
                    },
                    managers=[
                        ('objects', django.contrib.auth.models.UserManager()),
                    ],
                ),
                migrations.CreateModel(
                    name='Organisation',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('name', models.CharField(max_length=200)),
                        ('currency', models.CharField(default='EUR', help_text='Reporting currency, ISO 4217', max_length=3)),
                        ('time_zone', models.CharField(default='UTC', help_text='Decides the day, IANA name', max_length=64)),
                        ('fiscal_month', models.PositiveSmallIntegerField(default=1, help_text='First month of the fiscal year, until a set-up of the calendar says otherwise', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(12)])),
                        ('holiday_region', models.CharField(blank=True, help_text='Country, or country-subdivision: DE, DE-BY', max_length=16)),
                        ('working_week', django.contrib.postgres.fields.ArrayField(base_field=models.PositiveSmallIntegerField(), default=teams.models.monday_to_friday, help_text='ISO weekdays', size=None)),
                        ('is_demo', models.BooleanField(default=False, editable=False)),
                        ('shows_individual_ranks', models.BooleanField(default=True)),
                        ('follow_up_days', models.PositiveSmallIntegerField(db_default=7, default=7, help_text='After the delivery, a task asks how it went')),
                        ('gift_limit', models.DecimalField(db_default=50, decimal_places=2, default=50, help_text='Per recipient and year (R27)', max_digits=10)),
                        ('shows_selling_time', models.BooleanField(db_default=True, default=True, help_text='Share of time that goes into selling, per person')),
                        ('shows_individual_chances', models.BooleanField(db_default=True, default=True, help_text='How likely each person is to reach an amount')),
                        ('countries_without_ranks', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=2), blank=True, db_default=[], default=list, help_text='Nobody posted there stands on a board of people: DE, FR', size=None)),
                        ('countries_without_chances', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=2), blank=True, db_default=[], default=list, help_text='Of nobody posted there is it shown: DE, FR', size=None)),
                        ('countries_without_selling_time', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=2), blank=True, db_default=[], default=list, help_text='Of nobody posted there is it shown: DE, FR', size=None)),
                    ],
                    options={
                        'constraints': [models.CheckConstraint(condition=models.Q(('pk', 1)), name='there_is_one_organisation'), models.CheckConstraint(condition=models.Q(('fiscal_month__range', (1, 12))), name='fiscal_month_is_a_month')],
                    },
                ),
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
                        ('made_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(condition=models.Q(('superseded_at', None)), fields=('number',), name='one_set_up_per_fiscal_year'), models.CheckConstraint(condition=models.Q(('number__range', (1901, 9998))), name='fiscal_year_has_four_digits')],
                    },
                ),
                migrations.CreateModel(
                    name='Holiday',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('region', models.CharField(max_length=16)),
                        ('on', models.DateField()),
                        ('name', models.CharField(max_length=200)),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('region', 'on'), name='one_holiday_per_region_and_day')],
                    },
                ),
                migrations.CreateModel(
                    name='Period',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('during', django.contrib.postgres.fields.ranges.DateRangeField()),
                        ('key', models.CharField(max_length=8)),
                        ('closed_at', models.DateTimeField(blank=True, editable=False, null=True)),
                        ('superseded_at', models.DateTimeField(blank=True, editable=False, null=True)),
                    ],
                    options={
                        'constraints': [models.CheckConstraint(condition=models.Q(('during__isempty', False), ('during__startswith__isnull', False)), name='period_is_a_range'), django.contrib.postgres.constraints.ExclusionConstraint(condition=models.Q(('superseded_at', None)), expressions=[('during', '&&')], name='periods_do_not_overlap'), models.UniqueConstraint(condition=models.Q(('superseded_at', None)), fields=('key',), name='one_period_per_key'), models.CheckConstraint(condition=models.Q(('superseded_at', None), ('closed_at', None), _connector='OR'), name='no_closed_period_is_superseded')],
                    },
                ),
                migrations.CreateModel(
                    name='PeriodChange',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('period', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='changes', to='teams.period')),
                        ('at', models.DateTimeField()),
                        ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('is_closing', models.BooleanField()),
                        ('reason', models.CharField(blank=True, max_length=200)),
                    ],
                ),
                migrations.CreateModel(
                    name='ExchangeRate',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('during', django.contrib.postgres.fields.ranges.DateRangeField()),
                        ('currency', models.CharField(max_length=3)),
                        ('kind', models.CharField(choices=[('actual', 'Actual'), ('plan', 'Plan')], default='actual', max_length=6)),
                        ('rate', models.DecimalField(decimal_places=8, max_digits=18)),
                    ],
                    options={
                        'constraints': [models.CheckConstraint(condition=models.Q(('during__isempty', False), ('during__startswith__isnull', False)), name='rate_is_a_range'), django.contrib.postgres.constraints.ExclusionConstraint(expressions=[('currency', '='), ('kind', '='), ('during', '&&')], name='one_rate_at_a_time'), models.CheckConstraint(condition=models.Q(('rate__gt', 0)), name='rate_is_positive')],
                    },
                ),
                migrations.CreateModel(
                    name='Team',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('external_id', models.CharField(blank=True, max_length=100, null=True)),
                        ('created_at', models.DateTimeField(auto_now_add=True)),
                        ('withdrawn_at', models.DateTimeField(blank=True, editable=False, null=True)),
                        ('name', models.CharField(max_length=200)),
                        ('parent', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='children', to='teams.team')),
                        ('path', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), default=list, editable=False, help_text='Ids from the root to itself, kept by a trigger', size=None)),
                        ('department', models.CharField(blank=True, choices=[('product', 'Product'), ('marketing', 'Marketing'), ('production', 'Production'), ('delivery', 'Delivery'), ('service', 'Service')], db_default='', help_text='Empty: it sells', max_length=10)),
                    ],
                    options={
                        'indexes': [django.contrib.postgres.indexes.GinIndex(fields=['path'], name='team_path')],
                        'constraints': [models.UniqueConstraint(condition=models.Q(('withdrawn_at', None)), fields=('external_id',), name='team_external_id_is_unique'), models.UniqueConstraint(condition=models.Q(('withdrawn_at', None)), fields=('name',), name='team_name_is_unique')],
                    },
                ),
                migrations.CreateModel(
                    name='Person',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('external_id', models.CharField(blank=True, max_length=100, null=True)),
                        ('created_at', models.DateTimeField(auto_now_add=True)),
                        ('withdrawn_at', models.DateTimeField(blank=True, editable=False, null=True)),
                        ('name', models.CharField(max_length=200)),
                        ('email', models.EmailField(blank=True, max_length=254)),
                        ('user', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='person', to=settings.AUTH_USER_MODEL)),
                        ('hired_on', models.DateField(blank=True, null=True)),
                        ('left_on', models.DateField(blank=True, help_text='First day no longer here', null=True)),
                        ('birthday', models.DateField(blank=True, null=True)),
                    ],
                    options={
                        'verbose_name_plural': 'people',
                        'indexes': [models.Index(fields=['name'], name='person_by_name')],
                        'constraints': [models.UniqueConstraint(condition=models.Q(('withdrawn_at', None)), fields=('external_id',), name='person_external_id_is_unique'), models.CheckConstraint(condition=models.Q(('left_on', None), ('hired_on', None), ('left_on__gte', models.F('hired_on')), _connector='OR'), name='person_leaves_after_joining')],
                    },
                ),
                migrations.CreateModel(
                    name='Territory',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('name', models.CharField(max_length=200, unique=True)),
                        ('parent', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='children', to='teams.territory')),
                    ],
                    options={
                        'verbose_name_plural': 'territories',
                    },
                ),
                migrations.CreateModel(
                    name='Posting',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('during', django.contrib.postgres.fields.ranges.DateRangeField()),
                        ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='postings', to='teams.person')),
                        ('team', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='postings', to='teams.team')),
                        ('role', models.CharField(choices=[('rep', 'Rep'), ('manager', 'Manager'), ('executive', 'Executive'), ('operations', 'Operations'), ('hr', 'HR'), ('department', 'Department member')], default='rep', max_length=12)),
                        ('fte', models.DecimalField(decimal_places=4, default=1, help_text='1 is a full week', max_digits=5)),
                        ('territory', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='postings', to='teams.territory')),
                        ('holiday_region', models.CharField(blank=True, help_text="Empty: the organisation's", max_length=16)),
                        ('working_week', django.contrib.postgres.fields.ArrayField(base_field=models.PositiveSmallIntegerField(), blank=True, null=True, size=None)),
                        ('ramp', models.CharField(blank=True, help_text='Name of a ramp profile, counted from hired_on', max_length=100)),
                    ],
                    options={
                        'indexes': [django.contrib.postgres.indexes.GistIndex(fields=['during'], name='posting_during'), models.Index(fields=['team'], name='posting_team')],
                        'constraints': [models.CheckConstraint(condition=models.Q(('during__isempty', False), ('during__startswith__isnull', False)), name='posting_is_a_range'), django.contrib.postgres.constraints.ExclusionConstraint(expressions=[('person', '='), ('during', '&&')], name='one_posting_at_a_time'), models.CheckConstraint(condition=models.Q(('fte__gt', 0), ('fte__lte', 1)), name='fte_is_a_share_of_one')],
                    },
                ),
                migrations.CreateModel(
                    name='Leadership',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('during', django.contrib.postgres.fields.ranges.DateRangeField()),
                        ('team', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='leaderships', to='teams.team')),
                        ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='leaderships', to='teams.person')),
                    ],
                    options={
                        'constraints': [models.CheckConstraint(condition=models.Q(('during__isempty', False), ('during__startswith__isnull', False)), name='leadership_is_a_range'), django.contrib.postgres.constraints.ExclusionConstraint(expressions=[('team', '='), ('during', '&&')], name='one_manager_at_a_time')],
                    },
                ),
                migrations.CreateModel(
                    name='LeaveKind',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('key', models.CharField(max_length=20, unique=True)),
                        ('name', models.CharField(max_length=100)),
                        ('relieves_quota', models.BooleanField()),
                        ('is_protected', models.BooleanField(default=False)),
                    ],
                ),
                migrations.CreateModel(
                    name='Leave',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('during', django.contrib.postgres.fields.ranges.DateRangeField()),
                        ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='leaves', to='teams.person')),
                        ('kind', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='leaves', to='teams.leavekind')),
                    ],
                    options={
                        'constraints': [models.CheckConstraint(condition=models.Q(('during__isempty', False), ('during__startswith__isnull', False)), name='leave_is_a_range'), models.CheckConstraint(condition=models.Q(('during__endswith__isnull', False)), name='leave_has_a_last_day'), django.contrib.postgres.constraints.ExclusionConstraint(expressions=[('person', '='), ('during', '&&')], name='one_leave_at_a_time')],
                    },
                ),
                migrations.CreateModel(
                    name='Skill',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('name', models.CharField(max_length=100, unique=True)),
                        ('description', models.CharField(blank=True, max_length=300)),
                        ('is_active', models.BooleanField(default=True)),
                    ],
                ),
                migrations.CreateModel(
                    name='SkillRating',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('is_own', models.BooleanField(help_text="The person's own view")),
                        ('score', models.PositiveSmallIntegerField(validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(5)])),
                        ('note', models.CharField(blank=True, max_length=500)),
                        ('at', models.DateTimeField()),
                        ('contested_at', models.DateTimeField(blank=True, editable=False, null=True)),
                        ('contest', models.CharField(blank=True, max_length=500)),
                        ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='skill_ratings', to='teams.person')),
                        ('skill', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='ratings', to='teams.skill')),
                    ],
                    options={
                        'indexes': [models.Index(fields=['person', 'skill'], name='skill_rating_by_person')],
                        'constraints': [models.CheckConstraint(condition=models.Q(('score__range', (1, 5))), name='skill_score_is_from_one_to_five'), models.CheckConstraint(condition=models.Q(('is_own', False), ('contested_at', None), _connector='OR'), name='own_ratings_stand')],
                    },
                ),
                migrations.CreateModel(
                    name='Look',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('page', models.CharField(choices=[('person', 'Your page'), ('figures', 'Records behind a figure'), ('levers', 'What a gap is made of'), ('flag', 'A flag'), ('scorecard', 'Your scorecard'), ('forecast', 'Where you will land'), ('calls', 'Your calls'), ('quota', 'Your quota and letters about it'), ('pipeline', 'Your pipeline'), ('manager', 'Your record as a manager'), ('skills', 'Your skills'), ('leave', 'Your leave and its kind'), ('case', 'A case'), ('talk', 'A 1:1'), ('courses', 'Your courses'), ('plan', 'A development or coaching plan'), ('ladder', 'An improvement plan'), ('dispute', 'A dispute')], max_length=12)),
                        ('on', models.DateField()),
                        ('at', models.DateTimeField(help_text='The first of the day')),
                        ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='looks', to='teams.person')),
                        ('viewer', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='looks', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'indexes': [models.Index(fields=['person', '-at'], name='look_by_person'), models.Index(fields=['on'], name='look_by_age')],
                        'constraints': [models.UniqueConstraint(fields=('person', 'on', 'viewer', 'page'), name='one_look_per_viewer_page_and_day')],
                    },
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='user',
                    trigger=pgtrigger.compiler.Trigger(name='audit_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n                INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after)\n                SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o) - \'password\' - \'last_login\', to_jsonb(n) - \'password\' - \'last_login\'\n                  FROM old_rows o JOIN new_rows n USING (id)\n                 WHERE to_jsonb(o) - \'password\' - \'last_login\' IS DISTINCT FROM to_jsonb(n) - \'password\' - \'last_login\';\n                RETURN NULL;\n            ', hash='4079fd7a2b0ac8fa8545634950147481b83aa8dd', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_audit_update_43f81', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='teams_user', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='user',
                    trigger=pgtrigger.compiler.Trigger(name='audit_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after) SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o) - \'password\' - \'last_login\', NULL FROM old_rows o; RETURN NULL;', hash='4d05059c91bb946e8d99cb0c802fb951a1d3e136', level='STATEMENT', operation='DELETE', pgid='pgtrigger_audit_delete_82dbf', referencing='REFERENCING OLD TABLE AS old_rows ', table='teams_user', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='organisation',
                    trigger=pgtrigger.compiler.Trigger(name='audit_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n                INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after)\n                SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), to_jsonb(n)\n                  FROM old_rows o JOIN new_rows n USING (id)\n                 WHERE to_jsonb(o) IS DISTINCT FROM to_jsonb(n);\n                RETURN NULL;\n            ', hash='2d6da10fab0a149e819c8eec0d3830e530a152bb', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_audit_update_2208d', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='teams_organisation', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='organisation',
                    trigger=pgtrigger.compiler.Trigger(name='audit_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after) SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), NULL FROM old_rows o; RETURN NULL;', hash='09e5cde436f44182f89b55e6080e1e5a5f01475b', level='STATEMENT', operation='DELETE', pgid='pgtrigger_audit_delete_c4a2f', referencing='REFERENCING OLD TABLE AS old_rows ', table='teams_organisation', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='fiscalyear',
                    trigger=pgtrigger.compiler.Trigger(name='audit_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n                INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after)\n                SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), to_jsonb(n)\n                  FROM old_rows o JOIN new_rows n USING (id)\n                 WHERE to_jsonb(o) IS DISTINCT FROM to_jsonb(n);\n                RETURN NULL;\n            ', hash='704278955b0ef9ff5ab4b29737980cef32f18d91', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_audit_update_890ab', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='teams_fiscalyear', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='fiscalyear',
                    trigger=pgtrigger.compiler.Trigger(name='audit_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after) SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), NULL FROM old_rows o; RETURN NULL;', hash='f3bbe0e2fe3929c8adcab6db05a2203d17feff4b', level='STATEMENT', operation='DELETE', pgid='pgtrigger_audit_delete_7355b', referencing='REFERENCING OLD TABLE AS old_rows ', table='teams_fiscalyear', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='holiday',
                    trigger=pgtrigger.compiler.Trigger(name='audit_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n                INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after)\n                SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), to_jsonb(n)\n                  FROM old_rows o JOIN new_rows n USING (id)\n                 WHERE to_jsonb(o) IS DISTINCT FROM to_jsonb(n);\n                RETURN NULL;\n            ', hash='6a87a4897f8b95cc49b7b9cf7b6120f320a43427', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_audit_update_da9c5', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='teams_holiday', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='holiday',
                    trigger=pgtrigger.compiler.Trigger(name='audit_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after) SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), NULL FROM old_rows o; RETURN NULL;', hash='97295c8185deab8fb4545243eb38a8d24a49d902', level='STATEMENT', operation='DELETE', pgid='pgtrigger_audit_delete_d3776', referencing='REFERENCING OLD TABLE AS old_rows ', table='teams_holiday', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='period',
                    trigger=pgtrigger.compiler.Trigger(name='audit_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n                INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after)\n                SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), to_jsonb(n)\n                  FROM old_rows o JOIN new_rows n USING (id)\n                 WHERE to_jsonb(o) IS DISTINCT FROM to_jsonb(n);\n                RETURN NULL;\n            ', hash='9b993d16fc9f81d40449c1d2e8e42d1b1288c089', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_audit_update_630ea', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='teams_period', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='period',
                    trigger=pgtrigger.compiler.Trigger(name='audit_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after) SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), NULL FROM old_rows o; RETURN NULL;', hash='093adb3ea2500832307cd34f05a78d70437a3e4b', level='STATEMENT', operation='DELETE', pgid='pgtrigger_audit_delete_b1e8b', referencing='REFERENCING OLD TABLE AS old_rows ', table='teams_period', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='exchangerate',
                    trigger=pgtrigger.compiler.Trigger(name='audit_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n                INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after)\n                SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), to_jsonb(n)\n                  FROM old_rows o JOIN new_rows n USING (id)\n                 WHERE to_jsonb(o) IS DISTINCT FROM to_jsonb(n);\n                RETURN NULL;\n            ', hash='8cf8663e68410d5af3b50b040b2ff85c039f3b09', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_audit_update_e1c9f', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='teams_exchangerate', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='exchangerate',
                    trigger=pgtrigger.compiler.Trigger(name='audit_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after) SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), NULL FROM old_rows o; RETURN NULL;', hash='87fa7b90b24b49069606a2fdd87862d410ecd48e', level='STATEMENT', operation='DELETE', pgid='pgtrigger_audit_delete_4614b', referencing='REFERENCING OLD TABLE AS old_rows ', table='teams_exchangerate', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='team',
                    trigger=pgtrigger.compiler.Trigger(name='keep_path', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n                    IF NEW.parent_id IS NULL THEN\n                        NEW.path := ARRAY[NEW.id];\n                    ELSE\n                        SELECT path || NEW.id INTO NEW.path FROM teams_team WHERE id = NEW.parent_id;\n                        IF NEW.id = ANY(NEW.path[:cardinality(NEW.path) - 1]) THEN\n                            RAISE EXCEPTION 'A team can''t stand below itself.' USING ERRCODE = 'check_violation',\n                                CONSTRAINT = 'team_tree_has_no_circle';\n                        END IF;\n                    END IF;\n                    RETURN NEW;\n                ", hash='87364080c43d062dc3d0b529e86cf77dff72a842', operation='INSERT OR UPDATE OF "parent_id"', pgid='pgtrigger_keep_path_057a6', table='teams_team', when='BEFORE')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='team',
                    trigger=pgtrigger.compiler.Trigger(name='move_subtree', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (NEW.path IS DISTINCT FROM OLD.path)', func='\n                    UPDATE teams_team SET path = NEW.path || path[cardinality(OLD.path) + 1:]\n                     WHERE path @> ARRAY[NEW.id] AND id <> NEW.id;\n                    RETURN NULL;\n                ', hash='d7161d2de97b0a04ca9cb015c4ee3786ddae0cf1', operation='UPDATE OF "parent_id"', pgid='pgtrigger_move_subtree_02f5b', table='teams_team', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='team',
                    trigger=pgtrigger.compiler.Trigger(name='audit_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n                INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after)\n                SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o) - \'path\', to_jsonb(n) - \'path\'\n                  FROM old_rows o JOIN new_rows n USING (id)\n                 WHERE to_jsonb(o) - \'path\' IS DISTINCT FROM to_jsonb(n) - \'path\';\n                RETURN NULL;\n            ', hash='23e1a8f01879a938f15ef5f316b0f6d6c14fb45a', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_audit_update_684bf', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='teams_team', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='team',
                    trigger=pgtrigger.compiler.Trigger(name='audit_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after) SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o) - \'path\', NULL FROM old_rows o; RETURN NULL;', hash='be29254b44f063e698854d2772b5f8e6507b8a9f', level='STATEMENT', operation='DELETE', pgid='pgtrigger_audit_delete_4a02d', referencing='REFERENCING OLD TABLE AS old_rows ', table='teams_team', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='person',
                    trigger=pgtrigger.compiler.Trigger(name='audit_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n                INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after)\n                SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), to_jsonb(n)\n                  FROM old_rows o JOIN new_rows n USING (id)\n                 WHERE to_jsonb(o) IS DISTINCT FROM to_jsonb(n);\n                RETURN NULL;\n            ', hash='f32b11b06a77eafe2150b5552cadcabb876a288f', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_audit_update_4f714', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='teams_person', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='person',
                    trigger=pgtrigger.compiler.Trigger(name='audit_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after) SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), NULL FROM old_rows o; RETURN NULL;', hash='f7698fb5750268c8306dde1e244c1463956baec3', level='STATEMENT', operation='DELETE', pgid='pgtrigger_audit_delete_f7673', referencing='REFERENCING OLD TABLE AS old_rows ', table='teams_person', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='territory',
                    trigger=pgtrigger.compiler.Trigger(name='audit_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n                INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after)\n                SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), to_jsonb(n)\n                  FROM old_rows o JOIN new_rows n USING (id)\n                 WHERE to_jsonb(o) IS DISTINCT FROM to_jsonb(n);\n                RETURN NULL;\n            ', hash='16556e769c3ef949948a1fb72c84436adc8a5f33', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_audit_update_bcad7', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='teams_territory', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='territory',
                    trigger=pgtrigger.compiler.Trigger(name='audit_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after) SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), NULL FROM old_rows o; RETURN NULL;', hash='9be6281a479be355bcd7e5258dd07e5ec8f1896f', level='STATEMENT', operation='DELETE', pgid='pgtrigger_audit_delete_96b46', referencing='REFERENCING OLD TABLE AS old_rows ', table='teams_territory', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='posting',
                    trigger=pgtrigger.compiler.Trigger(name='audit_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n                INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after)\n                SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), to_jsonb(n)\n                  FROM old_rows o JOIN new_rows n USING (id)\n                 WHERE to_jsonb(o) IS DISTINCT FROM to_jsonb(n);\n                RETURN NULL;\n            ', hash='188915a117d663d26e76af7864f72b885bbeecfa', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_audit_update_ff5e5', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='teams_posting', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='posting',
                    trigger=pgtrigger.compiler.Trigger(name='audit_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after) SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), NULL FROM old_rows o; RETURN NULL;', hash='ed47e74674a7098d6f381092b07d4979b25d8977', level='STATEMENT', operation='DELETE', pgid='pgtrigger_audit_delete_46701', referencing='REFERENCING OLD TABLE AS old_rows ', table='teams_posting', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='leadership',
                    trigger=pgtrigger.compiler.Trigger(name='audit_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n                INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after)\n                SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), to_jsonb(n)\n                  FROM old_rows o JOIN new_rows n USING (id)\n                 WHERE to_jsonb(o) IS DISTINCT FROM to_jsonb(n);\n                RETURN NULL;\n            ', hash='b0b2b7a3b693f8ffad165b124e9a91327287641b', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_audit_update_e3990', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='teams_leadership', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='leadership',
                    trigger=pgtrigger.compiler.Trigger(name='audit_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after) SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), NULL FROM old_rows o; RETURN NULL;', hash='4d03a834af500e765f043d252bdaa89569ab0e23', level='STATEMENT', operation='DELETE', pgid='pgtrigger_audit_delete_f432c', referencing='REFERENCING OLD TABLE AS old_rows ', table='teams_leadership', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='leavekind',
                    trigger=pgtrigger.compiler.Trigger(name='audit_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n                INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after)\n                SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), to_jsonb(n)\n                  FROM old_rows o JOIN new_rows n USING (id)\n                 WHERE to_jsonb(o) IS DISTINCT FROM to_jsonb(n);\n                RETURN NULL;\n            ', hash='fb3182e5d13645d86e4d1fddcc3c4df08eb6abd1', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_audit_update_0bd21', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='teams_leavekind', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='leavekind',
                    trigger=pgtrigger.compiler.Trigger(name='audit_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after) SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), NULL FROM old_rows o; RETURN NULL;', hash='8c265aa5d099983f791e01a56d0dacd012ef7c1d', level='STATEMENT', operation='DELETE', pgid='pgtrigger_audit_delete_8c909', referencing='REFERENCING OLD TABLE AS old_rows ', table='teams_leavekind', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='leave',
                    trigger=pgtrigger.compiler.Trigger(name='audit_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n                INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after)\n                SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), to_jsonb(n)\n                  FROM old_rows o JOIN new_rows n USING (id)\n                 WHERE to_jsonb(o) IS DISTINCT FROM to_jsonb(n);\n                RETURN NULL;\n            ', hash='e98b122bb9fde88e8684b81dd44fb890aedb151a', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_audit_update_4179b', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='teams_leave', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='leave',
                    trigger=pgtrigger.compiler.Trigger(name='audit_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after) SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), NULL FROM old_rows o; RETURN NULL;', hash='b5ce2f28f0ea0f3bef5035ea14f89939fd6af9c6', level='STATEMENT', operation='DELETE', pgid='pgtrigger_audit_delete_c812c', referencing='REFERENCING OLD TABLE AS old_rows ', table='teams_leave', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='skill',
                    trigger=pgtrigger.compiler.Trigger(name='audit_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n                INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after)\n                SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), to_jsonb(n)\n                  FROM old_rows o JOIN new_rows n USING (id)\n                 WHERE to_jsonb(o) IS DISTINCT FROM to_jsonb(n);\n                RETURN NULL;\n            ', hash='c09089a02b67462995978161f7d9330dfdadfc43', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_audit_update_dfdf8', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='teams_skill', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='skill',
                    trigger=pgtrigger.compiler.Trigger(name='audit_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after) SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), NULL FROM old_rows o; RETURN NULL;', hash='eb8f1743af13a785522383fd8e412a87a5ab6880', level='STATEMENT', operation='DELETE', pgid='pgtrigger_audit_delete_2c0e4', referencing='REFERENCING OLD TABLE AS old_rows ', table='teams_skill', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='skillrating',
                    trigger=pgtrigger.compiler.Trigger(name='audit_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n                INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after)\n                SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), to_jsonb(n)\n                  FROM old_rows o JOIN new_rows n USING (id)\n                 WHERE to_jsonb(o) IS DISTINCT FROM to_jsonb(n);\n                RETURN NULL;\n            ', hash='07e57cccb6f07092e6997dff66b28992ba7818a0', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_audit_update_b9ed6', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='teams_skillrating', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='skillrating',
                    trigger=pgtrigger.compiler.Trigger(name='audit_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after) SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), NULL FROM old_rows o; RETURN NULL;', hash='a1e1231c081f859985accff44599d7ab61588787', level='STATEMENT', operation='DELETE', pgid='pgtrigger_audit_delete_8dbde', referencing='REFERENCING OLD TABLE AS old_rows ', table='teams_skillrating', when='AFTER')),
                ),
            ],
        ),
    ]
