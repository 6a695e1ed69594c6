"""Every table of this app as of the first release; the steps that led there are named below, for those who took them."""

import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.expressions
import pgtrigger.compiler
import pgtrigger.migrations
import targets.models.plans
from django.conf import settings
from django.db import migrations, models

from salesmgmt.lib.tables import CreateModels


# Amounts of ten thousand lines change at once: short rows with room beside them on their page for the next version, so
# that no index has to be written (a heap-only update).
ROOM = "ALTER TABLE targets_allocation SET (fillfactor = 45)"


class Migration(migrations.Migration):

    replaces = [
        ("targets", "0001_initial"),
        ("targets", "0002_quota_entries_name_their_seat"),
        ("targets", "0003_seasons_have_days"),
        ("targets", "0004_seasons_go_by_profile"),
        ("targets", "0005_letters_and_approvals"),
        ("targets", "0006_proposals_and_redistribution"),
        ("targets", "0007_budgets"),
        ("targets", "0008_ramps_by_role_and_start"),
        ("targets", "0009_allocation"),
        ("targets", "0010_periods_of_weeks_fit"),
        ("targets", "0011_plan_acts"),
        ("targets", "0012_light_lines"),
        ("targets", "0013_taken_back_once"),
        ("targets", "0014_a_lines_history_is_read_out_of_acts"),
        ("targets", "0015_who_has_sold_the_same"),
        ("targets", "0016_positions"),
    ]

    initial = True

    dependencies = [
        ('sales', '0001_squashed'),
        ('teams', '0001_squashed'),
    ]

    operations = [
        CreateModels(
            operations=[
                migrations.CreateModel(
                    name='Plan',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('during', django.contrib.postgres.fields.ranges.DateRangeField()),
                        ('name', models.CharField(max_length=100)),
                        ('period', models.CharField(help_text='Key: 2026-Q3', max_length=8)),
                        ('measure', models.CharField(default='bookings', max_length=30)),
                        ('amount', models.DecimalField(decimal_places=2, help_text="The company's target, reporting currency", max_digits=18)),
                        ('strategy', models.TextField(blank=True, max_length=10000)),
                        ('made_at', models.DateTimeField()),
                        ('made_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('published_at', models.DateTimeField(editable=False, null=True)),
                        ('published_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('asks_commitments', models.BooleanField(db_default=False, default=False)),
                        ('competition', models.TextField(blank=True, db_default='', max_length=10000, verbose_name='Competition')),
                        ('copied_from', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='copies', to='targets.plan')),
                        ('follows_trend', models.BooleanField(db_default=False, default=False, verbose_name='Follow the trend')),
                        ('growth', models.DecimalField(blank=True, decimal_places=2, max_digits=6, null=True, verbose_name='At most this much more')),
                        ('market', models.TextField(blank=True, db_default='', max_length=10000, verbose_name='The market')),
                        ('proposed_at', models.DateTimeField(editable=False, null=True)),
                        ('quarter_weights', django.contrib.postgres.fields.ArrayField(base_field=models.PositiveSmallIntegerField(), db_default=[1, 1, 1, 1], default=targets.models.plans.alike, help_text='Latest quarter first', size=None)),
                        ('shrink', models.DecimalField(blank=True, decimal_places=2, max_digits=6, null=True, verbose_name='At most this much less')),
                        ('stretch', models.DecimalField(blank=True, decimal_places=2, max_digits=4, null=True, verbose_name='No one above')),
                        ('tames_outliers', models.BooleanField(db_default=True, default=True, verbose_name='Tame outliers')),
                        ('version', models.PositiveIntegerField(db_default=1, default=1, help_text='Of its settings; a stale form is refused')),
                        ('weight_capability', models.PositiveSmallIntegerField(db_default=0, default=0, verbose_name='Capability')),
                        ('weight_equal', models.PositiveSmallIntegerField(db_default=0, default=0, verbose_name='Equal share')),
                        ('weight_past', models.PositiveSmallIntegerField(db_default=100, default=100, verbose_name='Past results')),
                        ('weight_pipeline', models.PositiveSmallIntegerField(db_default=0, default=0, verbose_name='Pipeline in hand')),
                        ('weight_territory', models.PositiveSmallIntegerField(db_default=0, default=0, verbose_name='Territory potential')),
                    ],
                    options={
                        'constraints': [models.CheckConstraint(condition=models.Q(('during__isempty', False), ('during__startswith__isnull', False)), name='plan_is_a_range'), models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='plan_amount_is_positive'), models.UniqueConstraint(condition=models.Q(('published_at__isnull', False)), fields=('period', 'measure'), name='one_published_plan_per_period'), models.CheckConstraint(condition=models.Q(('weight_past', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.Value(100), '-', models.F('weight_pipeline')), '-', models.F('weight_territory')), '-', models.F('weight_capability')), '-', models.F('weight_equal')))), name='plan_weights_sum_to_a_hundred'), models.CheckConstraint(condition=models.Q(('weight_capability__lte', 20)), name='capability_weighs_at_most_a_fifth')],
                    },
                ),
                migrations.CreateModel(
                    name='Allocation',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('plan', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='allocations', to='targets.plan')),
                        ('team', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.team')),
                        ('person', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='allocations', to='teams.person')),
                        ('proposed', models.DecimalField(decimal_places=2, max_digits=18)),
                        ('amount', models.DecimalField(decimal_places=2, max_digits=18)),
                        ('past', models.DecimalField(decimal_places=2, help_text='Past results it was derived from', max_digits=18, null=True)),
                        ('is_locked', models.BooleanField(default=False)),
                        ('ceiling', models.DecimalField(decimal_places=2, editable=False, max_digits=18, null=True)),
                        ('floor', models.DecimalField(decimal_places=2, editable=False, max_digits=18, null=True)),
                        ('hedge', models.DecimalField(db_default=0, decimal_places=2, default=0, help_text='Given below it beyond its amount, on purpose', max_digits=18)),
                        ('hedge_reason', models.CharField(blank=True, db_default='', max_length=200)),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('plan', 'team', 'person'), name='one_allocation_per_line', nulls_distinct=False), models.CheckConstraint(condition=models.Q(('amount__gte', 0)), name='allocation_is_not_negative'), models.CheckConstraint(condition=models.Q(('hedge__gte', 0)), name='hedge_is_not_negative'), models.CheckConstraint(condition=models.Q(('person', None), ('hedge', 0), _connector='OR'), name='only_teams_hedge')],
                    },
                ),
                migrations.CreateModel(
                    name='AllocationReason',
                    fields=[
                        ('allocation', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='reason', serialize=False, to='targets.allocation')),
                        ('made_of', models.JSONField()),
                    ],
                ),
                migrations.CreateModel(
                    name='Commitment',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('amount', models.DecimalField(decimal_places=2, max_digits=18)),
                        ('reason', models.CharField(max_length=1000)),
                        ('at', models.DateTimeField()),
                        ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('person', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='commitments', to='teams.person')),
                        ('plan', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='commitments', to='targets.plan')),
                        ('team', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.team')),
                    ],
                    options={
                        'constraints': [models.CheckConstraint(condition=models.Q(('amount__gte', 0)), name='commitment_is_not_negative')],
                    },
                ),
                migrations.CreateModel(
                    name='Slice',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('cut', models.CharField(choices=[('family', 'Product family'), ('territory', 'Territory')], max_length=9)),
                        ('family', models.CharField(blank=True, max_length=100)),
                        ('past', models.DecimalField(decimal_places=2, max_digits=18)),
                        ('proposed', models.DecimalField(decimal_places=2, max_digits=18)),
                        ('amount', models.DecimalField(decimal_places=2, max_digits=18)),
                        ('is_locked', models.BooleanField(default=False)),
                        ('plan', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='slices', to='targets.plan')),
                        ('territory', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.territory')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('plan', 'cut', 'family', 'territory'), name='one_slice_per_part', nulls_distinct=False), models.CheckConstraint(condition=models.Q(('amount__gte', 0)), name='slice_is_not_negative')],
                    },
                ),
                migrations.CreateModel(
                    name='SliceChange',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('at', models.DateTimeField()),
                        ('was', models.DecimalField(decimal_places=2, max_digits=18)),
                        ('amount', models.DecimalField(decimal_places=2, max_digits=18)),
                        ('reason', models.CharField(max_length=200)),
                        ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('slice', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='changes', to='targets.slice')),
                    ],
                ),
                migrations.CreateModel(
                    name='Target',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('during', django.contrib.postgres.fields.ranges.DateRangeField()),
                        ('team', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='targets', to='teams.team')),
                        ('measure', models.CharField(default='bookings', max_length=30)),
                        ('amount', models.DecimalField(decimal_places=2, max_digits=18)),
                        ('plan', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='targets', to='targets.plan')),
                        ('published_at', models.DateTimeField()),
                        ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'indexes': [models.Index(fields=['team', 'measure'], name='target_by_team')],
                        'constraints': [models.CheckConstraint(condition=models.Q(('during__isempty', False), ('during__startswith__isnull', False)), name='target_is_a_range')],
                    },
                ),
                migrations.CreateModel(
                    name='PlanAct',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('at', models.DateTimeField()),
                        ('reason', models.CharField(blank=True, max_length=200)),
                        ('amounts', models.JSONField(default=dict, help_text='By line: what it held, what it holds')),
                        ('locks', models.JSONField(default=dict, help_text='By line: whether it was locked, whether it is')),
                        ('hedges', models.JSONField(default=dict, help_text='By line: the hedge and its reason as they were, as they are')),
                        ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('plan', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='acts', to='targets.plan')),
                        ('undoes', models.OneToOneField(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='undone', to='targets.planact')),
                        ('named', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), default=list, help_text='The lines it was about; the others followed', size=None)),
                        ('rest', models.CharField(blank=True, default='', help_text='Why the others did', max_length=200)),
                    ],
                    options={
                        'indexes': [models.Index(fields=['plan', 'by', '-at'], name='act_by_plan')],
                        'constraints': [models.CheckConstraint(condition=models.Q(('undoes', models.F('id')), _negated=True), name='no_act_undoes_itself')],
                    },
                ),
                migrations.CreateModel(
                    name='PlanApproval',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('act', models.CharField(choices=[('submitted', 'Submitted'), ('approved', 'Approved'), ('sent_back', 'Sent back')], max_length=9)),
                        ('digest', models.CharField(help_text='Of the lines it is about: after a change it asks anew', max_length=64)),
                        ('reason', models.CharField(blank=True, max_length=500)),
                        ('at', models.DateTimeField()),
                        ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('plan', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='approvals', to='targets.plan')),
                        ('team', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.team')),
                    ],
                    options={
                        'indexes': [models.Index(fields=['plan', 'team'], name='plan_approval_by_team')],
                        'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('act', 'sent_back'), _negated=True), models.Q(('reason', ''), _negated=True), _connector='OR'), name='what_is_sent_back_says_why')],
                    },
                ),
                migrations.CreateModel(
                    name='BudgetEntry',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('amount', models.DecimalField(decimal_places=2, max_digits=18)),
                        ('currency', models.CharField(max_length=3)),
                        ('rate', models.DecimalField(decimal_places=8, default=1, help_text='One unit in reporting currency', max_digits=18)),
                        ('reporting_amount', models.DecimalField(decimal_places=2, max_digits=18)),
                        ('recorded_at', models.DateTimeField()),
                        ('reason', models.CharField(max_length=200)),
                        ('during', django.contrib.postgres.fields.ranges.DateRangeField()),
                        ('cost', models.CharField(choices=[('salaries', 'Salaries'), ('incentives', 'Incentives'), ('travel', 'Travel'), ('training', 'Training'), ('tools', 'Tools')], max_length=10)),
                        ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('reverses', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='reversed_by', to='targets.budgetentry')),
                        ('team', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='budget_entries', to='teams.team')),
                    ],
                    options={
                        'verbose_name_plural': 'budget entries',
                        'abstract': False,
                        'indexes': [django.contrib.postgres.indexes.GistIndex(fields=['during'], name='budget_during')],
                        'constraints': [models.CheckConstraint(condition=models.Q(('during__isempty', False), ('during__startswith__isnull', False)), name='budget_is_a_range'), models.CheckConstraint(condition=models.Q(('during__endswith__isnull', False)), name='budget_has_an_end'), models.UniqueConstraint(condition=models.Q(('reverses__isnull', False)), fields=('reverses',), name='budget_is_taken_back_once')],
                    },
                ),
                migrations.CreateModel(
                    name='Expense',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('amount', models.DecimalField(decimal_places=2, max_digits=18)),
                        ('currency', models.CharField(max_length=3)),
                        ('rate', models.DecimalField(decimal_places=8, default=1, help_text='One unit in reporting currency', max_digits=18)),
                        ('reporting_amount', models.DecimalField(decimal_places=2, max_digits=18)),
                        ('recorded_at', models.DateTimeField()),
                        ('reason', models.CharField(max_length=200)),
                        ('external_id', models.CharField(blank=True, max_length=100, null=True)),
                        ('cost', models.CharField(choices=[('salaries', 'Salaries'), ('incentives', 'Incentives'), ('travel', 'Travel'), ('training', 'Training'), ('tools', 'Tools')], max_length=10)),
                        ('spent_on', models.DateField()),
                        ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('reverses', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='reversed_by', to='targets.expense')),
                        ('team', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='expenses', to='teams.team')),
                    ],
                    options={
                        'abstract': False,
                        'indexes': [models.Index(fields=['spent_on'], name='expense_by_day'), models.Index(fields=['external_id'], name='expense_by_external_id')],
                        'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('amount__gt', 0), ('reverses', None)), models.Q(('amount__lt', 0), ('reverses__isnull', False)), _connector='OR'), name='expense_is_positive_or_taken_back'), models.UniqueConstraint(condition=models.Q(('reverses__isnull', False)), fields=('reverses',), name='expense_is_taken_back_once')],
                    },
                ),
                migrations.CreateModel(
                    name='Strategy',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('version', models.PositiveSmallIntegerField()),
                        ('text', models.TextField(max_length=10000)),
                        ('reason', models.CharField(blank=True, help_text='Why it changed', max_length=500)),
                        ('at', models.DateTimeField()),
                        ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('plan', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='strategies', to='targets.plan')),
                    ],
                    options={
                        'verbose_name_plural': 'strategies',
                        'constraints': [models.UniqueConstraint(fields=('plan', 'version'), name='one_strategy_per_version'), models.CheckConstraint(condition=models.Q(('version', 1), models.Q(('reason', ''), _negated=True), _connector='OR'), name='a_changed_strategy_says_why')],
                    },
                ),
                migrations.CreateModel(
                    name='Announcement',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('headline', models.CharField(max_length=200)),
                        ('results', models.TextField(blank=True, help_text='What changed in results', max_length=2000)),
                        ('economy', models.TextField(blank=True, help_text='What changed in the economy', max_length=2000)),
                        ('competition', models.TextField(blank=True, help_text='What changed in competition', max_length=2000)),
                        ('at', models.DateTimeField()),
                        ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('person', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.person')),
                        ('plan', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='announcements', to='targets.plan')),
                        ('team', models.ForeignKey(blank=True, help_text='With those below', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.team')),
                        ('strategy', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='announcements', to='targets.strategy')),
                    ],
                    options={
                        'indexes': [models.Index(fields=['plan', 'at'], name='announcement_by_plan')],
                        'constraints': [models.CheckConstraint(condition=models.Q(('team', None), ('person', None), _connector='OR'), name='an_announcement_is_for_a_team_or_a_person'), models.CheckConstraint(condition=models.Q(('competition', ''), ('economy', ''), ('results', ''), _negated=True), name='an_announcement_says_what_changed')],
                    },
                ),
                migrations.CreateModel(
                    name='AnnouncedFigure',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('before', models.DecimalField(decimal_places=2, max_digits=18)),
                        ('after', models.DecimalField(decimal_places=2, max_digits=18)),
                        ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='announced_figures', to='teams.person')),
                        ('announcement', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='figures', to='targets.announcement')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('announcement', 'person'), name='one_figure_per_announcement')],
                    },
                ),
                migrations.CreateModel(
                    name='Response',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('stance', models.CharField(choices=[('accepts', 'Accepts'), ('objects', 'Objects')], max_length=7)),
                        ('quota', models.DecimalField(decimal_places=2, help_text='The figure it is about', max_digits=18)),
                        ('strategy_version', models.PositiveSmallIntegerField(help_text='The strategy that was read beside it')),
                        ('approach', models.TextField(blank=True, help_text='How they will get there', max_length=5000)),
                        ('activities', models.JSONField(default=dict, help_text='Planned per week: kind of activity and how many')),
                        ('help_needed', models.CharField(blank=True, max_length=250)),
                        ('statement', models.TextField(blank=True, help_text='What they object to', max_length=5000)),
                        ('at', models.DateTimeField()),
                        ('announcement', models.ForeignKey(help_text='Empty: to the plan as published', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='responses', to='targets.announcement')),
                        ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='responses', to='teams.person')),
                        ('plan', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='responses', to='targets.plan')),
                        ('accounts', models.ManyToManyField(related_name='+', through='targets.ResponseAccount', to='sales.account')),
                    ],
                    options={
                        'indexes': [models.Index(fields=['plan', 'person'], name='response_by_plan')],
                        'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('stance', 'objects'), _negated=True), models.Q(('statement', ''), _negated=True), _connector='OR'), name='an_objection_has_a_statement')],
                    },
                ),
                migrations.CreateModel(
                    name='ResponseAccount',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='sales.account')),
                        ('response', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='targets.response')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('response', 'account'), name='one_account_per_response')],
                    },
                ),
                migrations.CreateModel(
                    name='Answer',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('kind', models.CharField(choices=[('stands', 'The figure stands'), ('changed', 'The figure is changed'), ('asked_up', 'The next manager up is asked')], max_length=8)),
                        ('text', models.TextField(max_length=5000)),
                        ('was', models.DecimalField(decimal_places=2, max_digits=18, null=True)),
                        ('amount', models.DecimalField(decimal_places=2, help_text='The figure from then on', max_digits=18, null=True)),
                        ('at', models.DateTimeField()),
                        ('asked', models.ForeignKey(help_text='The next manager up', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.person')),
                        ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('response', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='answers', to='targets.response')),
                    ],
                    options={
                        'indexes': [models.Index(fields=['response', 'at'], name='answer_by_response')],
                        'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('amount__isnull', False), ('kind', 'changed'), ('was__isnull', False)), models.Q(models.Q(('kind', 'changed'), _negated=True), ('amount', None), ('was', None)), _connector='OR'), name='a_changed_figure_is_named'), models.CheckConstraint(condition=models.Q(('kind', 'asked_up'), ('asked', None), _connector='OR'), name='only_who_is_asked_is_named'), models.CheckConstraint(condition=models.Q(('amount', None), models.Q(('amount', models.F('was')), _negated=True), _connector='OR'), name='a_changed_figure_differs')],
                    },
                ),
                migrations.CreateModel(
                    name='RampProfile',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('name', models.CharField(max_length=100, unique=True)),
                        ('role', models.CharField(blank=True, choices=[('rep', 'Rep'), ('manager', 'Manager'), ('executive', 'Executive'), ('operations', 'Operations'), ('hr', 'HR'), ('department', 'Department member')], db_default='', max_length=12, verbose_name='Of which role')),
                        ('start', models.CharField(blank=True, choices=[('new', 'New in the company'), ('transfer', 'Moved from another team'), ('return', 'Back from a long leave')], db_default='', help_text='Empty: only where a posting names it', max_length=8, verbose_name='After which start')),
                        ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False)),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(condition=models.Q(('start', ''), _negated=True), fields=('start', 'role'), name='one_ramp_per_role_and_start')],
                    },
                ),
                migrations.CreateModel(
                    name='RampChange',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('at', models.DateTimeField()),
                        ('reason', models.CharField(max_length=200)),
                        ('was', models.JSONField(default=dict)),
                        ('now', models.JSONField(default=dict)),
                        ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('profile', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='changes', to='targets.rampprofile')),
                    ],
                ),
                migrations.CreateModel(
                    name='RampStep',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('profile', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='steps', to='targets.rampprofile')),
                        ('month', models.PositiveSmallIntegerField()),
                        ('percent', models.DecimalField(decimal_places=2, max_digits=5)),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('profile', 'month'), name='one_ramp_step_per_month'), models.CheckConstraint(condition=models.Q(('month__gte', 1)), name='ramp_counts_from_one'), models.CheckConstraint(condition=models.Q(('percent__range', (0, 100))), name='ramp_is_a_percentage')],
                    },
                ),
                migrations.CreateModel(
                    name='SeasonProfile',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('during', django.contrib.postgres.fields.ranges.DateRangeField()),
                        ('period', models.CharField(help_text='Key: 2026-Q3', max_length=8)),
                        ('is_learned', models.BooleanField(default=False)),
                        ('learned_from', models.PositiveSmallIntegerField(default=0, help_text='How many earlier periods it was learned from')),
                        ('version', models.PositiveIntegerField(default=1)),
                        ('weight', models.DecimalField(decimal_places=4, help_text='How far what was learned counts; the rest is flat', max_digits=5, null=True)),
                    ],
                    options={
                        'constraints': [models.CheckConstraint(condition=models.Q(('during__isempty', False), ('during__startswith__isnull', False)), name='season_is_a_range'), models.UniqueConstraint(fields=('during',), name='one_season_per_period')],
                    },
                ),
                migrations.CreateModel(
                    name='SeasonShare',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('bucket', models.CharField(help_text='Key: 2026-07, 2026-P07 or 2026-W31', max_length=8)),
                        ('percent', models.DecimalField(decimal_places=4, max_digits=7)),
                        ('profile', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='shares', to='targets.seasonprofile')),
                        ('starts_on', models.DateField()),
                        ('raw', models.DecimalField(decimal_places=4, help_text='As it was in earlier periods, before it was shrunk', max_digits=7, null=True)),
                    ],
                    options={
                        'constraints': [models.CheckConstraint(condition=models.Q(('percent__range', (0, 100))), name='season_share_is_a_percentage'), models.UniqueConstraint(fields=('profile', 'bucket'), name='one_season_share_per_bucket')],
                    },
                ),
                migrations.CreateModel(
                    name='SeasonChange',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('at', models.DateTimeField()),
                        ('reason', models.CharField(max_length=200)),
                        ('was', models.JSONField(default=dict)),
                        ('now', models.JSONField(default=dict)),
                        ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('profile', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='changes', to='targets.seasonprofile')),
                    ],
                ),
                migrations.CreateModel(
                    name='Position',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('opens_on', models.DateField(help_text='The first day somebody is wanted')),
                        ('reason', models.CharField(max_length=200)),
                        ('opened_at', models.DateTimeField()),
                        ('closed_at', models.DateTimeField(null=True)),
                        ('closed_why', models.CharField(blank=True, max_length=200)),
                        ('closed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('opened_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('plan', models.ForeignKey(help_text='Whose gap opened it', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='positions', to='targets.plan')),
                        ('ramp', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='targets.rampprofile')),
                        ('team', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='positions', to='teams.team')),
                    ],
                    options={
                        'indexes': [models.Index(condition=models.Q(('closed_at', None)), fields=['team'], name='open_position_by_team')],
                        'constraints': [models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='a_position_says_why'), models.CheckConstraint(condition=models.Q(('closed_at', None), models.Q(('closed_why', ''), _negated=True), _connector='OR'), name='a_closed_position_says_why')],
                    },
                ),
                migrations.CreateModel(
                    name='QuotaEntry',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('amount', models.DecimalField(decimal_places=2, max_digits=18)),
                        ('currency', models.CharField(max_length=3)),
                        ('rate', models.DecimalField(decimal_places=8, default=1, help_text='One unit in reporting currency', max_digits=18)),
                        ('reporting_amount', models.DecimalField(decimal_places=2, max_digits=18)),
                        ('recorded_at', models.DateTimeField()),
                        ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('reason', models.CharField(max_length=200)),
                        ('reverses', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='reversed_by', to='targets.quotaentry')),
                        ('during', django.contrib.postgres.fields.ranges.DateRangeField()),
                        ('person', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='quota_entries', to='teams.person')),
                        ('team', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='quota_entries', to='teams.team')),
                        ('measure', models.CharField(default='bookings', max_length=30)),
                        ('kind', models.CharField(choices=[('base', 'Base'), ('employment', 'Employment'), ('fte', 'Part time'), ('leave', 'Leave'), ('ramp', 'Ramp'), ('relief', 'Relief'), ('redistribution', 'Redistribution'), ('vacant', 'Vacant seat'), ('uncovered', 'Uncovered leave')], default='base', max_length=14)),
                        ('plan', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='targets.plan')),
                        ('seat', models.ForeignKey(help_text='From whose quota it follows; theirs, or what it leaves', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.person')),
                        ('basis', models.CharField(blank=True, choices=[('final', 'Taken as it is'), ('base', 'Of the seat: it follows postings, leave and calendars'), ('taken', 'A vacant part that somebody has taken over')], db_default='', default='', help_text='Of a base; empty: not said', max_length=5)),
                    ],
                    options={
                        'verbose_name_plural': 'quota entries',
                        'abstract': False,
                        'indexes': [models.Index(fields=['person', 'measure'], name='quota_by_person'), models.Index(fields=['team', 'measure'], name='quota_by_team'), django.contrib.postgres.indexes.GistIndex(fields=['during'], name='quota_during'), models.Index(fields=['seat', 'measure'], name='quota_by_seat')],
                        'constraints': [models.CheckConstraint(condition=models.Q(('during__isempty', False), ('during__startswith__isnull', False)), name='quota_is_a_range'), models.CheckConstraint(condition=models.Q(('during__endswith__isnull', False)), name='quota_has_an_end'), models.CheckConstraint(condition=models.Q(models.Q(('kind__in', ['vacant', 'uncovered']), ('person', None)), ('person__isnull', False), _connector='OR'), name='only_a_teams_rest_has_no_person'), models.UniqueConstraint(condition=models.Q(('reverses__isnull', False)), fields=('reverses',), name='quota_is_taken_back_once')],
                    },
                ),
                migrations.CreateModel(
                    name='QuotaProposal',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('during', django.contrib.postgres.fields.ranges.DateRangeField()),
                        ('kind', models.CharField(choices=[('follow', 'Follows postings, leave and calendars'), ('seat', 'Takes over a vacant seat')], default='follow', max_length=6)),
                        ('measure', models.CharField(default='bookings', max_length=30)),
                        ('state', models.CharField(choices=[('open', 'Proposed'), ('counted', 'Counts'), ('refused', 'Refused'), ('gone', 'No longer needed')], default='open', max_length=7)),
                        ('facts', models.CharField(help_text='Digest of what the ledger should say', max_length=64)),
                        ('needs_yes', models.BooleanField(help_text='Of who leads the team: it never counts by itself')),
                        ('made_at', models.DateTimeField()),
                        ('counts_on', models.DateField(help_text='The day it counts by itself')),
                        ('decided_at', models.DateTimeField(null=True)),
                        ('reason', models.CharField(blank=True, max_length=200)),
                        ('version', models.PositiveIntegerField(default=1)),
                        ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('decider', models.ForeignKey(help_text='Who leads the team, or the next one up', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.person')),
                        ('left_by', models.ForeignKey(help_text='Whose vacant seat is taken over', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.person')),
                        ('seat', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='quota_proposals', to='teams.person')),
                        ('team', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.team')),
                    ],
                    options={
                        'indexes': [models.Index(condition=models.Q(('state', 'open')), fields=['decider'], name='open_proposal_by_decider')],
                        'constraints': [models.CheckConstraint(condition=models.Q(('during__isempty', False), ('during__startswith__isnull', False)), name='quota_proposal_is_a_range'), models.UniqueConstraint(condition=models.Q(('state', 'open')), fields=('seat', 'team', 'during', 'measure', 'kind'), name='one_open_quota_proposal_per_line'), models.CheckConstraint(condition=models.Q(('state__in', ['open', 'gone']), ('decided_at__isnull', False), _connector='OR'), name='a_decision_has_a_moment')],
                    },
                ),
                migrations.CreateModel(
                    name='ProposedEntry',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('during', django.contrib.postgres.fields.ranges.DateRangeField()),
                        ('kind', models.CharField(choices=[('base', 'Base'), ('employment', 'Employment'), ('fte', 'Part time'), ('leave', 'Leave'), ('ramp', 'Ramp'), ('relief', 'Relief'), ('redistribution', 'Redistribution'), ('vacant', 'Vacant seat'), ('uncovered', 'Uncovered leave')], max_length=14)),
                        ('before', models.DecimalField(decimal_places=2, max_digits=18)),
                        ('after', models.DecimalField(decimal_places=2, max_digits=18)),
                        ('currency', models.CharField(max_length=3)),
                        ('note', models.CharField(blank=True, max_length=300)),
                        ('proposal', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='entries', to='targets.quotaproposal')),
                    ],
                    options={
                        'verbose_name_plural': 'proposed entries',
                        'constraints': [models.CheckConstraint(condition=models.Q(('during__isempty', False), ('during__startswith__isnull', False)), name='proposed_entry_is_a_range'), models.CheckConstraint(condition=models.Q(('before', models.F('after')), _negated=True), name='a_proposed_entry_changes_something')],
                    },
                ),
                migrations.CreateModel(
                    name='Redistribution',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('during', django.contrib.postgres.fields.ranges.DateRangeField()),
                        ('to', django.contrib.postgres.fields.ranges.DateRangeField(help_text='The days the receivers take it on for: the same, or a later period')),
                        ('measure', models.CharField(default='bookings', max_length=30)),
                        ('quota', models.DecimalField(decimal_places=2, help_text="The giver's, before any redistribution", max_digits=18)),
                        ('landing', models.DecimalField(decimal_places=2, help_text='Where the giver was expected to land', max_digits=18)),
                        ('amount', models.DecimalField(decimal_places=2, help_text='What is offered in all', max_digits=18)),
                        ('prefer', models.CharField(choices=[('all', 'Everybody alike'), ('team', 'The same team first'), ('territory', 'The same territory first'), ('sold', 'Who has sold the same first')], default='all', max_length=9)),
                        ('reason', models.CharField(max_length=200)),
                        ('opened_at', models.DateTimeField()),
                        ('needs_agreement', models.BooleanField(help_text="The giver's manager has yet to be asked")),
                        ('agreed_at', models.DateTimeField(null=True)),
                        ('giver', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='redistributions', to='teams.person')),
                        ('opened_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('team', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.team')),
                    ],
                    options={
                        'constraints': [models.CheckConstraint(condition=models.Q(('during__isempty', False), ('during__startswith__isnull', False)), name='redistribution_is_a_range'), models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='a_redistribution_offers_something'), models.CheckConstraint(condition=models.Q(('to__startswith__gte', models.F('during__startswith'))), name='a_redistribution_goes_forward')],
                    },
                ),
                migrations.CreateModel(
                    name='Candidate',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('quota', models.DecimalField(decimal_places=2, help_text='Before any redistribution', max_digits=18)),
                        ('landing', models.DecimalField(decimal_places=2, max_digits=18)),
                        ('room', models.DecimalField(decimal_places=2, help_text='By R8, less what was offered elsewhere', max_digits=18)),
                        ('cap', models.DecimalField(decimal_places=2, help_text='What the manager allows of the room', max_digits=18)),
                        ('tier', models.PositiveSmallIntegerField(default=0, help_text='Asked in this order')),
                        ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.person')),
                        ('team', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.team')),
                        ('redistribution', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='candidates', to='targets.redistribution')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('redistribution', 'person'), name='one_candidate_per_person'), models.CheckConstraint(condition=models.Q(('cap__gte', 0), ('cap__lte', models.F('room'))), name='a_cap_lies_in_the_room')],
                    },
                ),
                migrations.CreateModel(
                    name='Offer',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('turn', models.PositiveSmallIntegerField(help_text='1: asked first; later ones follow a refusal')),
                        ('amount', models.DecimalField(decimal_places=2, max_digits=18)),
                        ('state', models.CharField(choices=[('waiting', 'Asked'), ('counted', 'Taken on'), ('refused', 'Refused'), ('withdrawn', 'Withdrawn'), ('reversed', 'Taken back')], default='waiting', max_length=9)),
                        ('needs_agreement', models.BooleanField(help_text='Across teams: the manager of who is asked agrees too')),
                        ('made_at', models.DateTimeField()),
                        ('accepted_at', models.DateTimeField(null=True)),
                        ('agreed_at', models.DateTimeField(null=True)),
                        ('version', models.PositiveIntegerField(default=1)),
                        ('candidate', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='offers', to='targets.candidate')),
                        ('given', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='targets.quotaentry')),
                        ('taken', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='targets.quotaentry')),
                    ],
                    options={
                        'constraints': [models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='an_offer_is_more_than_nothing'), models.CheckConstraint(condition=models.Q(models.Q(('given__isnull', False), ('state__in', ['counted', 'reversed']), ('taken__isnull', False)), models.Q(('given', None), ('state__in', ['waiting', 'refused', 'withdrawn']), ('taken', None)), _connector='OR'), name='a_counted_offer_has_both_entries'), models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['counted', 'reversed']), _negated=True), ('accepted_at__isnull', False), _connector='OR'), name='nothing_is_taken_without_consent')],
                    },
                ),
                migrations.CreateModel(
                    name='OfferEvent',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('kind', models.CharField(choices=[('offered', 'Offered'), ('accepted', 'Accepted'), ('agreed', 'Agreed'), ('counted', 'Counted'), ('refused', 'Refused'), ('withdrawn', 'Withdrawn'), ('reversed', 'Reversed')], max_length=9)),
                        ('at', models.DateTimeField()),
                        ('reason', models.CharField(blank=True, max_length=200)),
                        ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('offer', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='events', to='targets.offer')),
                    ],
                ),
                migrations.CreateModel(
                    name='PresencePosting',
                    fields=[
                    ],
                    options={
                        'proxy': True,
                    },
                    bases=('teams.posting',),
                ),
                migrations.CreateModel(
                    name='PresenceLeave',
                    fields=[
                    ],
                    options={
                        'proxy': True,
                    },
                    bases=('teams.leave',),
                ),
                migrations.CreateModel(
                    name='PresencePerson',
                    fields=[
                    ],
                    options={
                        'proxy': True,
                    },
                    bases=('teams.person',),
                ),
                migrations.CreateModel(
                    name='PresenceHoliday',
                    fields=[
                    ],
                    options={
                        'proxy': True,
                    },
                    bases=('teams.holiday',),
                ),
                migrations.CreateModel(
                    name='PresenceLeaveKind',
                    fields=[
                    ],
                    options={
                        'proxy': True,
                    },
                    bases=('teams.leavekind',),
                ),
                migrations.CreateModel(
                    name='PresenceOrganisation',
                    fields=[
                    ],
                    options={
                        'proxy': True,
                    },
                    bases=('teams.organisation',),
                ),
                migrations.CreateModel(
                    name='PresenceRampStep',
                    fields=[
                    ],
                    options={
                        'proxy': True,
                    },
                    bases=('targets.rampstep',),
                ),
                migrations.CreateModel(
                    name='PresenceRampProfile',
                    fields=[
                    ],
                    options={
                        'proxy': True,
                    },
                    bases=('targets.rampprofile',),
                ),
                migrations.CreateModel(
                    name='PresenceSeasonShare',
                    fields=[
                    ],
                    options={
                        'proxy': True,
                    },
                    bases=('targets.seasonshare',),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='commitment',
                    trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='b242141d834e2c427f84f78d0bb437b0a56cd714', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_4435f', table='targets_commitment', when='BEFORE')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='planapproval',
                    trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='eef12c652e54106723a87cb77c72843a33818a97', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_d82aa', table='targets_planapproval', when='BEFORE')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='budgetentry',
                    trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='1133e2f378c54bd701232a3922bcbde990cc226c', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_eae60', table='targets_budgetentry', when='BEFORE')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='expense',
                    trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='87b7e4974e0da810f95944bc818449894f06120b', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_b372f', table='targets_expense', when='BEFORE')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='strategy',
                    trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='6fc72ee01c9b57bdc918acd51ced0e82c72b6f1f', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_d78f5', table='targets_strategy', when='BEFORE')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='announcement',
                    trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='823d337387bb44ee23429d36cb75d58e6bd8ea90', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_317c4', table='targets_announcement', when='BEFORE')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='announcedfigure',
                    trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='c965908202b40041b2345b3866e686dac619aa64', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_9d048', table='targets_announcedfigure', when='BEFORE')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='response',
                    trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='96ce62eac39c0b63755a78b7417478205ac14f2e', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_42320', table='targets_response', when='BEFORE')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='responseaccount',
                    trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='13c15097ef7d17b752556169af8f2558598cdabe', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_75a4d', table='targets_responseaccount', when='BEFORE')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='answer',
                    trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='fed7f14443059700627f25251b91c073367aadce', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_f4199', table='targets_answer', when='BEFORE')),
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
                pgtrigger.migrations.AddTrigger(
                    model_name='seasonprofile',
                    trigger=pgtrigger.compiler.Trigger(name='audit_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n                INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after)\n                SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), to_jsonb(n)\n                  FROM old_rows o JOIN new_rows n USING (id)\n                 WHERE to_jsonb(o) IS DISTINCT FROM to_jsonb(n);\n                RETURN NULL;\n            ', hash='06df5ada124a1456046048df3e82fb2243ba9227', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_audit_update_2f265', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='targets_seasonprofile', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='seasonprofile',
                    trigger=pgtrigger.compiler.Trigger(name='audit_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after) SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), NULL FROM old_rows o; RETURN NULL;', hash='32ae9ed82813c45a25076663991588d74af80282', level='STATEMENT', operation='DELETE', pgid='pgtrigger_audit_delete_904e9', referencing='REFERENCING OLD TABLE AS old_rows ', table='targets_seasonprofile', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='seasonshare',
                    trigger=pgtrigger.compiler.Trigger(name='audit_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n                INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after)\n                SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), to_jsonb(n)\n                  FROM old_rows o JOIN new_rows n USING (id)\n                 WHERE to_jsonb(o) IS DISTINCT FROM to_jsonb(n);\n                RETURN NULL;\n            ', hash='aa677b0b777e50773b4bc993877a24a3d040083f', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_audit_update_bfa95', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='targets_seasonshare', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='seasonshare',
                    trigger=pgtrigger.compiler.Trigger(name='audit_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after) SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), NULL FROM old_rows o; RETURN NULL;', hash='f50846eb0f60d5b424483ad586bb9831089e6a4f', level='STATEMENT', operation='DELETE', pgid='pgtrigger_audit_delete_06e8b', referencing='REFERENCING OLD TABLE AS old_rows ', table='targets_seasonshare', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='position',
                    trigger=pgtrigger.compiler.Trigger(name='audit_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n                INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after)\n                SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), to_jsonb(n)\n                  FROM old_rows o JOIN new_rows n USING (id)\n                 WHERE to_jsonb(o) IS DISTINCT FROM to_jsonb(n);\n                RETURN NULL;\n            ', hash='e9fac14b3158002eb0d4272ab6748c396df0eff0', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_audit_update_1b746', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='targets_position', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='position',
                    trigger=pgtrigger.compiler.Trigger(name='audit_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after) SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), NULL FROM old_rows o; RETURN NULL;', hash='1ddfe19b4b6e862b0407935b3ee0ef3c67d4cdd4', level='STATEMENT', operation='DELETE', pgid='pgtrigger_audit_delete_e0c10', referencing='REFERENCING OLD TABLE AS old_rows ', table='targets_position', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='quotaentry',
                    trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='66f9f69949724e729ed4d842341b8fa87e1a6688', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_1214e', table='targets_quotaentry', when='BEFORE')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='quotaproposal',
                    trigger=pgtrigger.compiler.Trigger(name='audit_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n                INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after)\n                SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), to_jsonb(n)\n                  FROM old_rows o JOIN new_rows n USING (id)\n                 WHERE to_jsonb(o) IS DISTINCT FROM to_jsonb(n);\n                RETURN NULL;\n            ', hash='48a6391ece491f2674dc603140804ea498025fee', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_audit_update_a1f29', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='targets_quotaproposal', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='quotaproposal',
                    trigger=pgtrigger.compiler.Trigger(name='audit_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after) SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), NULL FROM old_rows o; RETURN NULL;', hash='fe7eb025d067ff1b11a2e71973d8ec75db0c5ad2', level='STATEMENT', operation='DELETE', pgid='pgtrigger_audit_delete_e0d27', referencing='REFERENCING OLD TABLE AS old_rows ', table='targets_quotaproposal', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='redistribution',
                    trigger=pgtrigger.compiler.Trigger(name='audit_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n                INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after)\n                SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), to_jsonb(n)\n                  FROM old_rows o JOIN new_rows n USING (id)\n                 WHERE to_jsonb(o) IS DISTINCT FROM to_jsonb(n);\n                RETURN NULL;\n            ', hash='6308bc968ca15567c8c5e9388ab2926ff5aed51f', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_audit_update_761a8', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='targets_redistribution', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='redistribution',
                    trigger=pgtrigger.compiler.Trigger(name='audit_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after) SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), NULL FROM old_rows o; RETURN NULL;', hash='b5cc9d1465f7eff5203d41f24cf67ddc5752db4f', level='STATEMENT', operation='DELETE', pgid='pgtrigger_audit_delete_d259f', referencing='REFERENCING OLD TABLE AS old_rows ', table='targets_redistribution', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='offer',
                    trigger=pgtrigger.compiler.Trigger(name='audit_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n                INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after)\n                SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), to_jsonb(n)\n                  FROM old_rows o JOIN new_rows n USING (id)\n                 WHERE to_jsonb(o) IS DISTINCT FROM to_jsonb(n);\n                RETURN NULL;\n            ', hash='de8eb89be6163d65039bf501a804d8c0ae8fc6d5', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_audit_update_6ee9f', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='targets_offer', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='offer',
                    trigger=pgtrigger.compiler.Trigger(name='audit_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after) SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), NULL FROM old_rows o; RETURN NULL;', hash='ce126f07a9e8e67ab4d4f3f2300d22d6b9429dc9', level='STATEMENT', operation='DELETE', pgid='pgtrigger_audit_delete_c7c43', referencing='REFERENCING OLD TABLE AS old_rows ', table='targets_offer', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='presenceposting',
                    trigger=pgtrigger.compiler.Trigger(name='presence_update', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n                INSERT INTO desk_mark (topic, person_id, days)\n                SELECT topic, person_id, stale\n                  FROM (SELECT person_id, range_agg(days) AS days, count(*) AS ranges\n                          FROM (SELECT DISTINCT person_id, days FROM ((SELECT r.person_id AS person_id, r.during AS days, r.id, r.team_id, r.role, r.fte, r.holiday_region, r.working_week, r.ramp FROM old_rows r WHERE true EXCEPT SELECT r.person_id AS person_id, r.during AS days, r.id, r.team_id, r.role, r.fte, r.holiday_region, r.working_week, r.ramp FROM new_rows r WHERE true) UNION ALL (SELECT r.person_id AS person_id, r.during AS days, r.id, r.team_id, r.role, r.fte, r.holiday_region, r.working_week, r.ramp FROM new_rows r WHERE true EXCEPT SELECT r.person_id AS person_id, r.during AS days, r.id, r.team_id, r.role, r.fte, r.holiday_region, r.working_week, r.ramp FROM old_rows r WHERE true)) AS touched) AS each\n                         WHERE NOT isempty(days) GROUP BY person_id) AS people,\n                       unnest(CASE WHEN ranges <= 8 THEN days ELSE datemultirange(range_merge(days)) END) AS stale,\n                       unnest(ARRAY['presence']) AS topic;\n                RETURN NULL;\n            ", hash='3ef628a518918708d660274973c747b636b89ea8', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_presence_update_cf513', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='teams_posting', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='presenceposting',
                    trigger=pgtrigger.compiler.Trigger(name='presence_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n                INSERT INTO desk_mark (topic, person_id, days)\n                SELECT topic, person_id, stale\n                  FROM (SELECT person_id, range_agg(days) AS days, count(*) AS ranges\n                          FROM (SELECT DISTINCT person_id, days FROM (SELECT r.person_id AS person_id, r.during AS days, r.id, r.team_id, r.role, r.fte, r.holiday_region, r.working_week, r.ramp FROM old_rows r WHERE true) AS touched) AS each\n                         WHERE NOT isempty(days) GROUP BY person_id) AS people,\n                       unnest(CASE WHEN ranges <= 8 THEN days ELSE datemultirange(range_merge(days)) END) AS stale,\n                       unnest(ARRAY['presence']) AS topic;\n                RETURN NULL;\n            ", hash='52c0b9a20f1cd94239e1b2644b1f5fb077dbe599', level='STATEMENT', operation='DELETE', pgid='pgtrigger_presence_delete_ba48e', referencing='REFERENCING OLD TABLE AS old_rows ', table='teams_posting', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='presenceposting',
                    trigger=pgtrigger.compiler.Trigger(name='presence_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n                INSERT INTO desk_mark (topic, person_id, days)\n                SELECT topic, person_id, stale\n                  FROM (SELECT person_id, range_agg(days) AS days, count(*) AS ranges\n                          FROM (SELECT DISTINCT person_id, days FROM (SELECT r.person_id AS person_id, r.during AS days, r.id, r.team_id, r.role, r.fte, r.holiday_region, r.working_week, r.ramp FROM new_rows r WHERE true) AS touched) AS each\n                         WHERE NOT isempty(days) GROUP BY person_id) AS people,\n                       unnest(CASE WHEN ranges <= 8 THEN days ELSE datemultirange(range_merge(days)) END) AS stale,\n                       unnest(ARRAY['presence']) AS topic;\n                RETURN NULL;\n            ", hash='5dee72077cd9c0aedcf3b00d91a3133836a1990a', level='STATEMENT', operation='INSERT', pgid='pgtrigger_presence_insert_9de2f', referencing='REFERENCING NEW TABLE AS new_rows ', table='teams_posting', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='presenceleave',
                    trigger=pgtrigger.compiler.Trigger(name='presence_update', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n                INSERT INTO desk_mark (topic, person_id, days)\n                SELECT topic, person_id, stale\n                  FROM (SELECT person_id, range_agg(days) AS days, count(*) AS ranges\n                          FROM (SELECT DISTINCT person_id, days FROM ((SELECT r.person_id AS person_id, r.during AS days, r.id, r.kind_id FROM old_rows r WHERE true EXCEPT SELECT r.person_id AS person_id, r.during AS days, r.id, r.kind_id FROM new_rows r WHERE true) UNION ALL (SELECT r.person_id AS person_id, r.during AS days, r.id, r.kind_id FROM new_rows r WHERE true EXCEPT SELECT r.person_id AS person_id, r.during AS days, r.id, r.kind_id FROM old_rows r WHERE true)) AS touched) AS each\n                         WHERE NOT isempty(days) GROUP BY person_id) AS people,\n                       unnest(CASE WHEN ranges <= 8 THEN days ELSE datemultirange(range_merge(days)) END) AS stale,\n                       unnest(ARRAY['presence']) AS topic;\n                RETURN NULL;\n            ", hash='e9677eab6fc98050872bf356aa57f1d3cac311a1', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_presence_update_d8b26', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='teams_leave', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='presenceleave',
                    trigger=pgtrigger.compiler.Trigger(name='presence_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n                INSERT INTO desk_mark (topic, person_id, days)\n                SELECT topic, person_id, stale\n                  FROM (SELECT person_id, range_agg(days) AS days, count(*) AS ranges\n                          FROM (SELECT DISTINCT person_id, days FROM (SELECT r.person_id AS person_id, r.during AS days, r.id, r.kind_id FROM old_rows r WHERE true) AS touched) AS each\n                         WHERE NOT isempty(days) GROUP BY person_id) AS people,\n                       unnest(CASE WHEN ranges <= 8 THEN days ELSE datemultirange(range_merge(days)) END) AS stale,\n                       unnest(ARRAY['presence']) AS topic;\n                RETURN NULL;\n            ", hash='5729d332972fc72e95cedbd1d08384404ba06e68', level='STATEMENT', operation='DELETE', pgid='pgtrigger_presence_delete_a018a', referencing='REFERENCING OLD TABLE AS old_rows ', table='teams_leave', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='presenceleave',
                    trigger=pgtrigger.compiler.Trigger(name='presence_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n                INSERT INTO desk_mark (topic, person_id, days)\n                SELECT topic, person_id, stale\n                  FROM (SELECT person_id, range_agg(days) AS days, count(*) AS ranges\n                          FROM (SELECT DISTINCT person_id, days FROM (SELECT r.person_id AS person_id, r.during AS days, r.id, r.kind_id FROM new_rows r WHERE true) AS touched) AS each\n                         WHERE NOT isempty(days) GROUP BY person_id) AS people,\n                       unnest(CASE WHEN ranges <= 8 THEN days ELSE datemultirange(range_merge(days)) END) AS stale,\n                       unnest(ARRAY['presence']) AS topic;\n                RETURN NULL;\n            ", hash='9e0a95bc6288edf51d74992d6b9e190180250961', level='STATEMENT', operation='INSERT', pgid='pgtrigger_presence_insert_998c3', referencing='REFERENCING NEW TABLE AS new_rows ', table='teams_leave', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='presenceperson',
                    trigger=pgtrigger.compiler.Trigger(name='presence_update', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n                INSERT INTO desk_mark (topic, person_id, days)\n                SELECT topic, person_id, stale\n                  FROM (SELECT person_id, range_agg(days) AS days, count(*) AS ranges\n                          FROM (SELECT DISTINCT person_id, days FROM ((SELECT r.id AS person_id, '(,)'::daterange AS days, r.id, r.hired_on, r.left_on FROM old_rows r WHERE true EXCEPT SELECT r.id AS person_id, '(,)'::daterange AS days, r.id, r.hired_on, r.left_on FROM new_rows r WHERE true) UNION ALL (SELECT r.id AS person_id, '(,)'::daterange AS days, r.id, r.hired_on, r.left_on FROM new_rows r WHERE true EXCEPT SELECT r.id AS person_id, '(,)'::daterange AS days, r.id, r.hired_on, r.left_on FROM old_rows r WHERE true)) AS touched) AS each\n                         WHERE NOT isempty(days) GROUP BY person_id) AS people,\n                       unnest(CASE WHEN ranges <= 8 THEN days ELSE datemultirange(range_merge(days)) END) AS stale,\n                       unnest(ARRAY['presence']) AS topic;\n                RETURN NULL;\n            ", hash='ee691f7d0cbc30ff1ea2816e253739b9d3d2fc80', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_presence_update_5eb1c', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='teams_person', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='presenceperson',
                    trigger=pgtrigger.compiler.Trigger(name='presence_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n                INSERT INTO desk_mark (topic, person_id, days)\n                SELECT topic, person_id, stale\n                  FROM (SELECT person_id, range_agg(days) AS days, count(*) AS ranges\n                          FROM (SELECT DISTINCT person_id, days FROM (SELECT r.id AS person_id, '(,)'::daterange AS days, r.id, r.hired_on, r.left_on FROM old_rows r WHERE true) AS touched) AS each\n                         WHERE NOT isempty(days) GROUP BY person_id) AS people,\n                       unnest(CASE WHEN ranges <= 8 THEN days ELSE datemultirange(range_merge(days)) END) AS stale,\n                       unnest(ARRAY['presence']) AS topic;\n                RETURN NULL;\n            ", hash='c3886cd2d83ceac6f4d61e1bd130eb460ac7acbf', level='STATEMENT', operation='DELETE', pgid='pgtrigger_presence_delete_c78ce', referencing='REFERENCING OLD TABLE AS old_rows ', table='teams_person', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='presenceholiday',
                    trigger=pgtrigger.compiler.Trigger(name='presence_update', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n                INSERT INTO desk_mark (topic, person_id, days)\n                SELECT topic, person_id, stale\n                  FROM (SELECT person_id, range_agg(days) AS days, count(*) AS ranges\n                          FROM (SELECT DISTINCT person_id, days FROM ((SELECT NULL::bigint AS person_id, daterange(r.on, r.on, '[]') AS days, r.id, r.region FROM old_rows r WHERE true EXCEPT SELECT NULL::bigint AS person_id, daterange(r.on, r.on, '[]') AS days, r.id, r.region FROM new_rows r WHERE true) UNION ALL (SELECT NULL::bigint AS person_id, daterange(r.on, r.on, '[]') AS days, r.id, r.region FROM new_rows r WHERE true EXCEPT SELECT NULL::bigint AS person_id, daterange(r.on, r.on, '[]') AS days, r.id, r.region FROM old_rows r WHERE true)) AS touched) AS each\n                         WHERE NOT isempty(days) GROUP BY person_id) AS people,\n                       unnest(CASE WHEN ranges <= 8 THEN days ELSE datemultirange(range_merge(days)) END) AS stale,\n                       unnest(ARRAY['presence']) AS topic;\n                RETURN NULL;\n            ", hash='69e4f0a489ed912fc900d9dca8395b2f85158eed', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_presence_update_72793', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='teams_holiday', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='presenceholiday',
                    trigger=pgtrigger.compiler.Trigger(name='presence_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n                INSERT INTO desk_mark (topic, person_id, days)\n                SELECT topic, person_id, stale\n                  FROM (SELECT person_id, range_agg(days) AS days, count(*) AS ranges\n                          FROM (SELECT DISTINCT person_id, days FROM (SELECT NULL::bigint AS person_id, daterange(r.on, r.on, '[]') AS days, r.id, r.region FROM old_rows r WHERE true) AS touched) AS each\n                         WHERE NOT isempty(days) GROUP BY person_id) AS people,\n                       unnest(CASE WHEN ranges <= 8 THEN days ELSE datemultirange(range_merge(days)) END) AS stale,\n                       unnest(ARRAY['presence']) AS topic;\n                RETURN NULL;\n            ", hash='caa67b52a8b5293a313c3b025a24c080c65b2ece', level='STATEMENT', operation='DELETE', pgid='pgtrigger_presence_delete_f911b', referencing='REFERENCING OLD TABLE AS old_rows ', table='teams_holiday', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='presenceholiday',
                    trigger=pgtrigger.compiler.Trigger(name='presence_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n                INSERT INTO desk_mark (topic, person_id, days)\n                SELECT topic, person_id, stale\n                  FROM (SELECT person_id, range_agg(days) AS days, count(*) AS ranges\n                          FROM (SELECT DISTINCT person_id, days FROM (SELECT NULL::bigint AS person_id, daterange(r.on, r.on, '[]') AS days, r.id, r.region FROM new_rows r WHERE true) AS touched) AS each\n                         WHERE NOT isempty(days) GROUP BY person_id) AS people,\n                       unnest(CASE WHEN ranges <= 8 THEN days ELSE datemultirange(range_merge(days)) END) AS stale,\n                       unnest(ARRAY['presence']) AS topic;\n                RETURN NULL;\n            ", hash='f34dca3c2245f9269a560d4d04a8abe02265018b', level='STATEMENT', operation='INSERT', pgid='pgtrigger_presence_insert_0d0b5', referencing='REFERENCING NEW TABLE AS new_rows ', table='teams_holiday', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='presenceleavekind',
                    trigger=pgtrigger.compiler.Trigger(name='presence_update', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n                INSERT INTO desk_mark (topic, person_id, days)\n                SELECT topic, person_id, stale\n                  FROM (SELECT person_id, range_agg(days) AS days, count(*) AS ranges\n                          FROM (SELECT DISTINCT person_id, days FROM ((SELECT NULL::bigint AS person_id, '(,)'::daterange AS days, r.id, r.relieves_quota FROM old_rows r WHERE true EXCEPT SELECT NULL::bigint AS person_id, '(,)'::daterange AS days, r.id, r.relieves_quota FROM new_rows r WHERE true) UNION ALL (SELECT NULL::bigint AS person_id, '(,)'::daterange AS days, r.id, r.relieves_quota FROM new_rows r WHERE true EXCEPT SELECT NULL::bigint AS person_id, '(,)'::daterange AS days, r.id, r.relieves_quota FROM old_rows r WHERE true)) AS touched) AS each\n                         WHERE NOT isempty(days) GROUP BY person_id) AS people,\n                       unnest(CASE WHEN ranges <= 8 THEN days ELSE datemultirange(range_merge(days)) END) AS stale,\n                       unnest(ARRAY['presence']) AS topic;\n                RETURN NULL;\n            ", hash='c218a422efde5f07e0d60a78d731985029cb3a4e', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_presence_update_0ab9c', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='teams_leavekind', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='presenceleavekind',
                    trigger=pgtrigger.compiler.Trigger(name='presence_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n                INSERT INTO desk_mark (topic, person_id, days)\n                SELECT topic, person_id, stale\n                  FROM (SELECT person_id, range_agg(days) AS days, count(*) AS ranges\n                          FROM (SELECT DISTINCT person_id, days FROM (SELECT NULL::bigint AS person_id, '(,)'::daterange AS days, r.id, r.relieves_quota FROM old_rows r WHERE true) AS touched) AS each\n                         WHERE NOT isempty(days) GROUP BY person_id) AS people,\n                       unnest(CASE WHEN ranges <= 8 THEN days ELSE datemultirange(range_merge(days)) END) AS stale,\n                       unnest(ARRAY['presence']) AS topic;\n                RETURN NULL;\n            ", hash='a42dd3aa282ab530941f13025932fa88b992a99b', level='STATEMENT', operation='DELETE', pgid='pgtrigger_presence_delete_e3bfa', referencing='REFERENCING OLD TABLE AS old_rows ', table='teams_leavekind', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='presenceorganisation',
                    trigger=pgtrigger.compiler.Trigger(name='presence_update', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n                INSERT INTO desk_mark (topic, person_id, days)\n                SELECT topic, person_id, stale\n                  FROM (SELECT person_id, range_agg(days) AS days, count(*) AS ranges\n                          FROM (SELECT DISTINCT person_id, days FROM ((SELECT NULL::bigint AS person_id, '(,)'::daterange AS days, r.id, r.holiday_region, r.working_week FROM old_rows r WHERE true EXCEPT SELECT NULL::bigint AS person_id, '(,)'::daterange AS days, r.id, r.holiday_region, r.working_week FROM new_rows r WHERE true) UNION ALL (SELECT NULL::bigint AS person_id, '(,)'::daterange AS days, r.id, r.holiday_region, r.working_week FROM new_rows r WHERE true EXCEPT SELECT NULL::bigint AS person_id, '(,)'::daterange AS days, r.id, r.holiday_region, r.working_week FROM old_rows r WHERE true)) AS touched) AS each\n                         WHERE NOT isempty(days) GROUP BY person_id) AS people,\n                       unnest(CASE WHEN ranges <= 8 THEN days ELSE datemultirange(range_merge(days)) END) AS stale,\n                       unnest(ARRAY['presence']) AS topic;\n                RETURN NULL;\n            ", hash='d9c7cba6294ecc98534e22407fa18bdbc1b1b873', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_presence_update_d6439', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='teams_organisation', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='presenceorganisation',
                    trigger=pgtrigger.compiler.Trigger(name='presence_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n                INSERT INTO desk_mark (topic, person_id, days)\n                SELECT topic, person_id, stale\n                  FROM (SELECT person_id, range_agg(days) AS days, count(*) AS ranges\n                          FROM (SELECT DISTINCT person_id, days FROM (SELECT NULL::bigint AS person_id, '(,)'::daterange AS days, r.id, r.holiday_region, r.working_week FROM old_rows r WHERE true) AS touched) AS each\n                         WHERE NOT isempty(days) GROUP BY person_id) AS people,\n                       unnest(CASE WHEN ranges <= 8 THEN days ELSE datemultirange(range_merge(days)) END) AS stale,\n                       unnest(ARRAY['presence']) AS topic;\n                RETURN NULL;\n            ", hash='eebad5341e8688e1214529350034ec0c552b0a6b', level='STATEMENT', operation='DELETE', pgid='pgtrigger_presence_delete_b70e3', referencing='REFERENCING OLD TABLE AS old_rows ', table='teams_organisation', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='presencerampstep',
                    trigger=pgtrigger.compiler.Trigger(name='presence_update', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n                INSERT INTO desk_mark (topic, person_id, days)\n                SELECT topic, person_id, stale\n                  FROM (SELECT person_id, range_agg(days) AS days, count(*) AS ranges\n                          FROM (SELECT DISTINCT person_id, days FROM ((SELECT NULL::bigint AS person_id, '(,)'::daterange AS days, r.id, r.profile_id, r.month, r.percent FROM old_rows r WHERE true EXCEPT SELECT NULL::bigint AS person_id, '(,)'::daterange AS days, r.id, r.profile_id, r.month, r.percent FROM new_rows r WHERE true) UNION ALL (SELECT NULL::bigint AS person_id, '(,)'::daterange AS days, r.id, r.profile_id, r.month, r.percent FROM new_rows r WHERE true EXCEPT SELECT NULL::bigint AS person_id, '(,)'::daterange AS days, r.id, r.profile_id, r.month, r.percent FROM old_rows r WHERE true)) AS touched) AS each\n                         WHERE NOT isempty(days) GROUP BY person_id) AS people,\n                       unnest(CASE WHEN ranges <= 8 THEN days ELSE datemultirange(range_merge(days)) END) AS stale,\n                       unnest(ARRAY['presence']) AS topic;\n                RETURN NULL;\n            ", hash='bccbdc01671486cb3595029b5274ed5193975071', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_presence_update_3c8f3', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='targets_rampstep', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='presencerampstep',
                    trigger=pgtrigger.compiler.Trigger(name='presence_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n                INSERT INTO desk_mark (topic, person_id, days)\n                SELECT topic, person_id, stale\n                  FROM (SELECT person_id, range_agg(days) AS days, count(*) AS ranges\n                          FROM (SELECT DISTINCT person_id, days FROM (SELECT NULL::bigint AS person_id, '(,)'::daterange AS days, r.id, r.profile_id, r.month, r.percent FROM old_rows r WHERE true) AS touched) AS each\n                         WHERE NOT isempty(days) GROUP BY person_id) AS people,\n                       unnest(CASE WHEN ranges <= 8 THEN days ELSE datemultirange(range_merge(days)) END) AS stale,\n                       unnest(ARRAY['presence']) AS topic;\n                RETURN NULL;\n            ", hash='abee4c159f6aee99107a6793ba108799207ced52', level='STATEMENT', operation='DELETE', pgid='pgtrigger_presence_delete_ed820', referencing='REFERENCING OLD TABLE AS old_rows ', table='targets_rampstep', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='presencerampstep',
                    trigger=pgtrigger.compiler.Trigger(name='presence_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n                INSERT INTO desk_mark (topic, person_id, days)\n                SELECT topic, person_id, stale\n                  FROM (SELECT person_id, range_agg(days) AS days, count(*) AS ranges\n                          FROM (SELECT DISTINCT person_id, days FROM (SELECT NULL::bigint AS person_id, '(,)'::daterange AS days, r.id, r.profile_id, r.month, r.percent FROM new_rows r WHERE true) AS touched) AS each\n                         WHERE NOT isempty(days) GROUP BY person_id) AS people,\n                       unnest(CASE WHEN ranges <= 8 THEN days ELSE datemultirange(range_merge(days)) END) AS stale,\n                       unnest(ARRAY['presence']) AS topic;\n                RETURN NULL;\n            ", hash='a34ede3e2f3f041045086008290f946533b2adb9', level='STATEMENT', operation='INSERT', pgid='pgtrigger_presence_insert_854e1', referencing='REFERENCING NEW TABLE AS new_rows ', table='targets_rampstep', when='AFTER')),
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
                    model_name='presenceseasonshare',
                    trigger=pgtrigger.compiler.Trigger(name='presence_update', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n                INSERT INTO desk_mark (topic, person_id, days)\n                SELECT topic, person_id, stale\n                  FROM (SELECT person_id, range_agg(days) AS days, count(*) AS ranges\n                          FROM (SELECT DISTINCT person_id, days FROM ((SELECT NULL::bigint AS person_id, '(,)'::daterange AS days, r.id, r.profile_id, r.bucket, r.percent FROM old_rows r WHERE true EXCEPT SELECT NULL::bigint AS person_id, '(,)'::daterange AS days, r.id, r.profile_id, r.bucket, r.percent FROM new_rows r WHERE true) UNION ALL (SELECT NULL::bigint AS person_id, '(,)'::daterange AS days, r.id, r.profile_id, r.bucket, r.percent FROM new_rows r WHERE true EXCEPT SELECT NULL::bigint AS person_id, '(,)'::daterange AS days, r.id, r.profile_id, r.bucket, r.percent FROM old_rows r WHERE true)) AS touched) AS each\n                         WHERE NOT isempty(days) GROUP BY person_id) AS people,\n                       unnest(CASE WHEN ranges <= 8 THEN days ELSE datemultirange(range_merge(days)) END) AS stale,\n                       unnest(ARRAY['presence']) AS topic;\n                RETURN NULL;\n            ", hash='ca332e392dc92fffc6d6f8b12eeafc81ae12e549', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_presence_update_bba7f', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='targets_seasonshare', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='presenceseasonshare',
                    trigger=pgtrigger.compiler.Trigger(name='presence_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n                INSERT INTO desk_mark (topic, person_id, days)\n                SELECT topic, person_id, stale\n                  FROM (SELECT person_id, range_agg(days) AS days, count(*) AS ranges\n                          FROM (SELECT DISTINCT person_id, days FROM (SELECT NULL::bigint AS person_id, '(,)'::daterange AS days, r.id, r.profile_id, r.bucket, r.percent FROM old_rows r WHERE true) AS touched) AS each\n                         WHERE NOT isempty(days) GROUP BY person_id) AS people,\n                       unnest(CASE WHEN ranges <= 8 THEN days ELSE datemultirange(range_merge(days)) END) AS stale,\n                       unnest(ARRAY['presence']) AS topic;\n                RETURN NULL;\n            ", hash='98cb049aeb4fb89a5cbad635947261a67592afb6', level='STATEMENT', operation='DELETE', pgid='pgtrigger_presence_delete_a56a3', referencing='REFERENCING OLD TABLE AS old_rows ', table='targets_seasonshare', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='presenceseasonshare',
                    trigger=pgtrigger.compiler.Trigger(name='presence_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n                INSERT INTO desk_mark (topic, person_id, days)\n                SELECT topic, person_id, stale\n                  FROM (SELECT person_id, range_agg(days) AS days, count(*) AS ranges\n                          FROM (SELECT DISTINCT person_id, days FROM (SELECT NULL::bigint AS person_id, '(,)'::daterange AS days, r.id, r.profile_id, r.bucket, r.percent FROM new_rows r WHERE true) AS touched) AS each\n                         WHERE NOT isempty(days) GROUP BY person_id) AS people,\n                       unnest(CASE WHEN ranges <= 8 THEN days ELSE datemultirange(range_merge(days)) END) AS stale,\n                       unnest(ARRAY['presence']) AS topic;\n                RETURN NULL;\n            ", hash='aa801d1258121e4ec02c2cdfa7bbc7980af7f157', level='STATEMENT', operation='INSERT', pgid='pgtrigger_presence_insert_7b561', referencing='REFERENCING NEW TABLE AS new_rows ', table='targets_seasonshare', when='AFTER')),
                ),
            ],
        ),
        migrations.RunSQL(ROOM, "ALTER TABLE targets_allocation RESET (fillfactor)"),
    ]
