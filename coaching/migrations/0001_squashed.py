"""Every table of this app as of the first release; the steps that led there are named below, for those who took them."""

import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.contrib.postgres.indexes
import django.core.validators
import django.db.models.constraints
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
import salesmgmt.lib.finding
from django.conf import settings
from django.db import migrations, models

from salesmgmt.lib.tables import CreateModels


class Migration(migrations.Migration):

    replaces = [
        ("coaching", "0001_initial"),
        ("coaching", "0002_initial"),
        ("coaching", "0003_diagnosis"),
        ("coaching", "0010_learning"),
        ("coaching", "0012_course_effects"),
        ("coaching", "0020_plans_and_plays"),
        ("coaching", "0030_ladders"),
        ("coaching", "0031_ladders_witness"),
        ("coaching", "0040_disputes"),
        ("coaching", "0050_rhythms_and_meetings"),
        ("coaching", "0051_fill_coach"),
    ]

    initial = True

    dependencies = [
        ('desk', '0001_squashed'),
        ('performance', '0001_squashed'),
        ('sales', '0001_squashed'),
        ('targets', '0001_squashed'),
        ('teams', '0001_squashed'),
    ]

    operations = [
        CreateModels(
            operations=[
                migrations.CreateModel(
                    name='Case',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('subject', models.CharField(max_length=300)),
                        ('state', models.CharField(choices=[('open', 'Open'), ('closed', 'Closed')], default='open', max_length=6)),
                        ('opened_at', models.DateTimeField()),
                        ('due_on', models.DateField()),
                        ('closed_at', models.DateTimeField(null=True)),
                        ('result', models.CharField(blank=True, max_length=500)),
                        ('flag', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='case', to='performance.flag')),
                        ('owner', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='owned_cases', to='teams.person')),
                        ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='cases', to='teams.person')),
                        ('ask', models.CharField(blank=True, choices=[('blocked', "I'm blocked"), ('tool', 'I lack a tool'), ('help', 'I need help or training'), ('other', 'Something else holds me back')], db_default='', default='', max_length=7)),
                        ('at_stake', models.DecimalField(decimal_places=2, help_text='The gap when it was opened, in the reporting currency', max_digits=38, null=True)),
                        ('cause', models.CharField(blank=True, choices=[('product', 'Product'), ('price', 'Price'), ('delivery', 'Manufacturing and delivery'), ('service', 'Service'), ('marketing', 'Marketing'), ('training', 'Training and support'), ('person', 'The person'), ('none', 'No cause found')], db_default='', default='', max_length=9)),
                        ('is_team_wide', models.BooleanField(help_text='Whether the cause held for the whole team', null=True)),
                        ('outcome', models.CharField(blank=True, choices=[('solved', 'Solved'), ('improved', 'Improved'), ('unchanged', 'Not improved'), ('elsewhere', 'The cause lies elsewhere and was passed on'), ('withdrawn', 'Withdrawn: it should not have been opened')], db_default='', default='', max_length=9)),
                        ('raised_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.person')),
                        ('source', models.CharField(choices=[('flag', 'From a flag'), ('manager', 'Opened by who leads'), ('person', 'Raised by the person')], db_default='flag', default='flag', max_length=7)),
                        ('team', models.ForeignKey(blank=True, help_text="The person's when it was opened", null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='teams.team')),
                        ('version', models.PositiveIntegerField(db_default=1, default=1)),
                        ('view_asked_at', models.DateTimeField(help_text='When the person was asked how they see it', null=True)),
                        ('view_due_on', models.DateField(null=True)),
                    ],
                    options={
                        'indexes': [models.Index(fields=['owner', 'state'], name='case_by_owner'), models.Index(condition=models.Q(('state', 'open')), fields=['due_on', 'id'], name='open_case_by_due_day'), models.Index(condition=models.Q(('state', 'closed')), fields=['-closed_at', '-id'], name='closed_case_by_moment')],
                        'constraints': [models.CheckConstraint(condition=models.Q(('outcome', ''), ('state', 'closed'), _connector='OR'), name='open_cases_have_no_outcome'), models.CheckConstraint(condition=models.Q(('outcome', ''), models.Q(('cause', ''), _negated=True), _connector='OR'), name='cases_close_with_cause_and_outcome')],
                    },
                ),
                migrations.CreateModel(
                    name='CaseChange',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('at', models.DateTimeField()),
                        ('what', models.CharField(max_length=300)),
                        ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('case', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='changes', to='coaching.case')),
                    ],
                ),
                migrations.CreateModel(
                    name='Course',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('title', models.CharField(max_length=200, unique=True)),
                        ('summary', models.CharField(blank=True, max_length=500)),
                        ('measure', models.CharField(blank=True, help_text='Key of the measure that it should move', max_length=60)),
                        ('due_days', models.PositiveSmallIntegerField(default=14, help_text='From being assigned')),
                        ('renew_months', models.PositiveSmallIntegerField(blank=True, help_text='Empty: it holds for good', null=True)),
                        ('made_at', models.DateTimeField()),
                        ('retired_at', models.DateTimeField(blank=True, null=True)),
                        ('edition', models.PositiveIntegerField(default=1, help_text='Counts changes, for forms that are stale')),
                        ('author', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.person')),
                    ],
                ),
                migrations.CreateModel(
                    name='CourseSkill',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('course', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='teaches', to='coaching.course')),
                        ('skill', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='taught_by', to='teams.skill')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('course', 'skill'), name='a_course_teaches_a_skill_once')],
                    },
                ),
                migrations.CreateModel(
                    name='CourseVersion',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('number', models.PositiveSmallIntegerField()),
                        ('made_at', models.DateTimeField()),
                        ('published_at', models.DateTimeField(blank=True, null=True)),
                        ('course', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='versions', to='coaching.course')),
                        ('published_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('course', 'number'), name='course_versions_are_numbered'), models.UniqueConstraint(condition=models.Q(('published_at', None)), fields=('course',), name='one_draft_per_course')],
                    },
                ),
                migrations.CreateModel(
                    name='Lesson',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('position', models.PositiveSmallIntegerField()),
                        ('kind', models.CharField(choices=[('text', 'Text'), ('file', 'File'), ('video', 'Video'), ('quiz', 'Quiz')], default='text', max_length=5)),
                        ('title', models.CharField(max_length=200)),
                        ('text', models.TextField(blank=True, max_length=20000)),
                        ('video_url', models.URLField(blank=True, max_length=500)),
                        ('file', models.FileField(blank=True, max_length=300, upload_to='lessons/%Y/')),
                        ('file_name', models.CharField(blank=True, max_length=255)),
                        ('file_digest', models.CharField(blank=True, help_text='SHA-256', max_length=64)),
                        ('pass_percent', models.PositiveSmallIntegerField(default=80, help_text='Of a quiz')),
                        ('version', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='lessons', to='coaching.courseversion')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(deferrable=django.db.models.constraints.Deferrable['DEFERRED'], fields=('version', 'position'), name='one_lesson_per_place'), models.CheckConstraint(condition=models.Q(('pass_percent__range', (1, 100))), name='pass_mark_is_a_percentage'), models.CheckConstraint(condition=models.Q(('video_url', ''), ('video_url__startswith', 'https://'), _connector='OR'), name='video_is_on_https')],
                    },
                ),
                migrations.CreateModel(
                    name='QuizQuestion',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('position', models.PositiveSmallIntegerField()),
                        ('text', models.CharField(max_length=500)),
                        ('explanation', models.CharField(blank=True, help_text='Shown once the quiz is passed', max_length=500)),
                        ('lesson', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='questions', to='coaching.lesson')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('lesson', 'position'), name='one_question_per_place')],
                    },
                ),
                migrations.CreateModel(
                    name='QuizChoice',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('position', models.PositiveSmallIntegerField()),
                        ('text', models.CharField(max_length=300)),
                        ('is_right', models.BooleanField(default=False)),
                        ('question', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='choices', to='coaching.quizquestion')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('question', 'position'), name='one_choice_per_place')],
                    },
                ),
                migrations.CreateModel(
                    name='CourseRule',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('kind', models.CharField(choices=[('role', 'Everybody of a role'), ('newcomer', 'Who has just started'), ('launch', 'At the launch of a product'), ('gap', 'Who is below the level of their role in a skill')], max_length=8)),
                        ('role', models.CharField(blank=True, choices=[('rep', 'Rep'), ('manager', 'Manager'), ('executive', 'Executive'), ('operations', 'Operations'), ('hr', 'HR'), ('department', 'Department member')], help_text='Empty: of any role', max_length=12)),
                        ('starts_on', models.DateField(help_text='Of a launch its day; of newcomers: who starts from this day on')),
                        ('due_days', models.PositiveSmallIntegerField(default=14)),
                        ('made_at', models.DateTimeField()),
                        ('ended_at', models.DateTimeField(blank=True, null=True)),
                        ('course', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rules', to='coaching.course')),
                        ('product', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='sales.product')),
                        ('skill', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.skill')),
                    ],
                    options={
                        'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('kind', 'gap'), _negated=True), ('skill__isnull', False), _connector='OR'), name='a_gap_is_in_a_skill'), models.CheckConstraint(condition=models.Q(models.Q(('kind', 'launch'), _negated=True), ('product__isnull', False), _connector='OR'), name='a_launch_has_a_product')],
                    },
                ),
                migrations.CreateModel(
                    name='Enrolment',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('reason', models.CharField(max_length=300)),
                        ('assigned_at', models.DateTimeField()),
                        ('agreed_on', models.DateField(help_text='The due date before leave moved it')),
                        ('due_on', models.DateField()),
                        ('started_at', models.DateTimeField(blank=True, null=True)),
                        ('passed_at', models.DateTimeField(blank=True, null=True)),
                        ('valid_until', models.DateField(blank=True, help_text='The certificate holds before it', null=True)),
                        ('reminded_at', models.DateTimeField(blank=True, editable=False, null=True)),
                        ('overdue_told_at', models.DateTimeField(blank=True, editable=False, null=True)),
                        ('withdrawn_at', models.DateTimeField(blank=True, editable=False, null=True)),
                        ('assigned_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('case', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='enrolments', to='coaching.case')),
                        ('course', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='enrolments', to='coaching.course')),
                        ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='enrolments', to='teams.person')),
                        ('renews', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='renewal', to='coaching.enrolment')),
                        ('rule', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='enrolments', to='coaching.courserule')),
                        ('version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='enrolments', to='coaching.courseversion')),
                    ],
                    options={
                        'indexes': [models.Index(fields=['course', 'person'], name='enrolment_by_course'), models.Index(condition=models.Q(('passed_at', None), ('withdrawn_at', None)), fields=['due_on'], name='open_enrolment_by_due')],
                        'constraints': [models.UniqueConstraint(condition=models.Q(('passed_at', None), ('withdrawn_at', None)), fields=('person', 'course'), name='one_open_enrolment_per_course'), models.CheckConstraint(condition=models.Q(('due_on__gte', models.F('agreed_on'))), name='leave_moves_due_dates_later')],
                    },
                ),
                migrations.CreateModel(
                    name='LessonDone',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('at', models.DateTimeField()),
                        ('enrolment', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='done', to='coaching.enrolment')),
                        ('lesson', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='coaching.lesson')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('enrolment', 'lesson'), name='a_lesson_is_done_once')],
                    },
                ),
                migrations.CreateModel(
                    name='QuizAttempt',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('at', models.DateTimeField()),
                        ('right', models.PositiveSmallIntegerField()),
                        ('asked', models.PositiveSmallIntegerField()),
                        ('is_passed', models.BooleanField()),
                        ('enrolment', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='attempts', to='coaching.enrolment')),
                        ('lesson', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='attempts', to='coaching.lesson')),
                    ],
                    options={
                        'indexes': [models.Index(fields=['enrolment', 'lesson'], name='attempt_by_enrolment')],
                        'constraints': [models.CheckConstraint(condition=models.Q(('right__lte', models.F('asked'))), name='not_more_right_than_asked')],
                    },
                ),
                migrations.CreateModel(
                    name='QuizAnswer',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('attempt', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='answers', to='coaching.quizattempt')),
                        ('choice', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='coaching.quizchoice')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('attempt', 'choice'), name='a_choice_is_made_once')],
                    },
                ),
                migrations.CreateModel(
                    name='CourseEffect',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('as_of', models.DateField()),
                        ('people', models.PositiveIntegerField(help_text='Who took it and could be compared')),
                        ('verdict', models.CharField(max_length=60)),
                        ('value', models.DecimalField(decimal_places=4, help_text='0.12: 12 % above the expected', max_digits=9, null=True)),
                        ('low', models.DecimalField(decimal_places=4, max_digits=9, null=True)),
                        ('high', models.DecimalField(decimal_places=4, help_text='Empty: open', max_digits=9, null=True)),
                        ('course', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='effect', to='coaching.course')),
                    ],
                ),
                migrations.CreateModel(
                    name='DevelopmentPlan',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('aim', models.CharField(help_text='The next role or level', max_length=200)),
                        ('aim_role', models.CharField(blank=True, choices=[('rep', 'Rep'), ('manager', 'Manager'), ('executive', 'Executive'), ('operations', 'Operations'), ('hr', 'HR'), ('department', 'Department member')], max_length=12)),
                        ('path', models.TextField(blank=True, help_text='The steps there', max_length=5000)),
                        ('review_on', models.DateField()),
                        ('made_at', models.DateTimeField()),
                        ('person_signed_at', models.DateTimeField(blank=True, null=True)),
                        ('manager_signed_at', models.DateTimeField(blank=True, null=True)),
                        ('closed_at', models.DateTimeField(blank=True, null=True)),
                        ('version', models.PositiveIntegerField(default=1)),
                        ('made_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('manager', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.person')),
                        ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='development_plans', to='teams.person')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(condition=models.Q(('closed_at', None)), fields=('person',), name='one_development_plan_at_a_time'), models.CheckConstraint(condition=models.Q(('manager', None), models.Q(('manager', models.F('person')), _negated=True), _connector='OR'), name='nobody_signs_as_their_own_manager')],
                    },
                ),
                migrations.CreateModel(
                    name='Goal',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('text', models.CharField(max_length=300)),
                        ('measure', models.CharField(blank=True, max_length=60)),
                        ('wanted', models.CharField(blank=True, help_text='Of the measure: “45 %”, “3 a week”', max_length=60)),
                        ('due_on', models.DateField()),
                        ('state', models.CharField(choices=[('open', 'Open'), ('reached', 'Reached'), ('dropped', 'Dropped')], default='open', max_length=7)),
                        ('state_at', models.DateTimeField()),
                        ('version', models.PositiveIntegerField(default=1)),
                        ('plan', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='goals', to='coaching.developmentplan')),
                    ],
                ),
                migrations.CreateModel(
                    name='Mentorship',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('during', django.contrib.postgres.fields.ranges.DateRangeField()),
                        ('focus', models.CharField(max_length=300)),
                        ('asked_at', models.DateTimeField()),
                        ('agreed_at', models.DateTimeField(blank=True, null=True)),
                        ('declined_at', models.DateTimeField(blank=True, null=True)),
                        ('asked_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('mentor', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='mentored', to='teams.person')),
                        ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='mentorships', to='teams.person')),
                    ],
                    options={
                        'constraints': [models.CheckConstraint(condition=models.Q(('during__isempty', False), ('during__startswith__isnull', False)), name='mentorship_is_a_range'), models.CheckConstraint(condition=models.Q(('person', models.F('mentor')), _negated=True), name='nobody_mentors_themselves'), models.CheckConstraint(condition=models.Q(('agreed_at', None), ('declined_at', None), _connector='OR'), name='a_mentor_agrees_or_declines'), django.contrib.postgres.constraints.ExclusionConstraint(condition=models.Q(('declined_at', None)), expressions=[('person', '='), ('mentor', '='), ('during', '&&')], name='one_mentorship_of_two_at_a_time')],
                    },
                ),
                migrations.CreateModel(
                    name='OnboardingStep',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('role', models.CharField(choices=[('rep', 'Rep'), ('manager', 'Manager'), ('executive', 'Executive'), ('operations', 'Operations'), ('hr', 'HR'), ('department', 'Department member')], default='rep', max_length=12)),
                        ('week', models.PositiveSmallIntegerField(help_text='1 is the first week')),
                        ('text', models.CharField(max_length=300)),
                        ('ended_at', models.DateTimeField(blank=True, null=True)),
                        ('course', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='coaching.course')),
                    ],
                    options={
                        'indexes': [models.Index(fields=['role', 'week'], name='onboarding_step_by_role')],
                        'constraints': [models.CheckConstraint(condition=models.Q(('week__range', (1, 104))), name='onboarding_lasts_two_years')],
                    },
                ),
                migrations.CreateModel(
                    name='OnboardingTick',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('done_at', models.DateTimeField()),
                        ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='onboarding_ticks', to='teams.person')),
                        ('step', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='ticks', to='coaching.onboardingstep')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('person', 'step'), name='an_onboarding_step_is_done_once')],
                    },
                ),
                migrations.CreateModel(
                    name='DiagnosisStep',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('step', models.CharField(choices=[('product', 'Product'), ('price', 'Price'), ('delivery', 'Manufacturing and delivery'), ('service', 'Service'), ('marketing', 'Marketing'), ('training', 'Training and support'), ('person', 'The person')], max_length=9)),
                        ('is_in', models.BooleanField(help_text='A cause; else ruled out')),
                        ('is_team_wide', models.BooleanField(default=False, help_text='Comparable people show it too')),
                        ('reason', models.CharField(max_length=500)),
                        ('evidence', models.JSONField(default=dict, help_text='The figures as they stood, with the way to their records')),
                        ('ruled_at', models.DateTimeField()),
                        ('reopened_at', models.DateTimeField(null=True)),
                        ('reopened_because', models.CharField(blank=True, max_length=300)),
                        ('case', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='steps', to='coaching.case')),
                        ('reopened_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('ruled_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(condition=models.Q(('reopened_at', None)), fields=('case', 'step'), name='a_step_is_ruled_once'), models.CheckConstraint(condition=models.Q(('is_in', True), ('is_team_wide', True), ('step', 'person'), _negated=True), name='a_persons_cause_is_not_the_teams')],
                    },
                ),
                migrations.CreateModel(
                    name='Question',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('step', models.CharField(choices=[('product', 'Product'), ('price', 'Price'), ('delivery', 'Manufacturing and delivery'), ('service', 'Service'), ('marketing', 'Marketing'), ('training', 'Training and support'), ('person', 'The person')], max_length=9)),
                        ('department', models.CharField(choices=[('product', 'Product'), ('marketing', 'Marketing'), ('production', 'Production'), ('delivery', 'Delivery'), ('service', 'Service')], max_length=10)),
                        ('text', models.CharField(max_length=500)),
                        ('asked_at', models.DateTimeField()),
                        ('due_on', models.DateField()),
                        ('reminded_on', models.DateField(null=True)),
                        ('answer', models.CharField(blank=True, max_length=2000)),
                        ('answered_at', models.DateTimeField(null=True)),
                        ('answered_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.person')),
                        ('asked_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.person')),
                        ('case', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='questions', to='coaching.case')),
                    ],
                    options={
                        'indexes': [models.Index(condition=models.Q(('answered_at', None)), fields=['department', 'due_on'], name='open_question_by_place'), models.Index(fields=['-asked_at', '-id'], name='question_by_moment')],
                        'constraints': [models.CheckConstraint(condition=models.Q(('answered_at', None), models.Q(('answer', ''), _negated=True), _connector='OR'), name='answers_say_something'), models.CheckConstraint(condition=models.Q(('step', 'person'), _negated=True), name='nobody_is_asked_about_a_person')],
                    },
                ),
                migrations.CreateModel(
                    name='CaseStatement',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('text', models.TextField(max_length=5000)),
                        ('at', models.DateTimeField()),
                        ('case', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='statements', to='coaching.case')),
                        ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.person')),
                    ],
                    options={
                        'indexes': [models.Index(fields=['case', 'at'], name='statement_by_case')],
                    },
                ),
                migrations.CreateModel(
                    name='Dispute',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('subject', models.CharField(choices=[('credit', 'Credit'), ('territory', 'Territory'), ('quota', 'Quota'), ('conduct', 'Conduct'), ('pay', 'Pay')], max_length=9)),
                        ('ground', models.CharField(choices=[('left_out', 'I took part and was left out'), ('too_small', 'My part is too small'), ('mistake', 'A mistake was made'), ('unequal', 'Others are treated otherwise'), ('promise', 'It was promised differently'), ('changed', 'Circumstances have changed'), ('treatment', 'How I was treated')], max_length=9)),
                        ('title', models.CharField(help_text="What it is about, without anybody's words", max_length=200)),
                        ('opened_at', models.DateTimeField()),
                        ('period', models.CharField(blank=True, help_text="Key of the quota's period: 2026-Q4", max_length=8)),
                        ('state', models.CharField(choices=[('open', 'Open'), ('decided', 'Decided'), ('appealed', 'Appealed'), ('final', 'Final'), ('withdrawn', 'Withdrawn')], default='open', max_length=9)),
                        ('round', models.PositiveSmallIntegerField(choices=[(1, 'First decision'), (2, 'Appeal')], default=1)),
                        ('statements_due_on', models.DateField(help_text='Of the running round')),
                        ('decide_by', models.DateField(help_text='Of the running round')),
                        ('appeal_until', models.DateField(blank=True, null=True)),
                        ('version', models.PositiveIntegerField(default=1)),
                        ('account', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='disputes', to='sales.account')),
                        ('opened_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='opened_disputes', to='teams.person')),
                        ('order', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='disputes', to='sales.order')),
                    ],
                    options={
                        'indexes': [models.Index(fields=['subject', 'ground', 'state'], name='dispute_by_kind')],
                        'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('account', None), ('order__isnull', False), ('period', ''), ('subject', 'credit')), models.Q(('account__isnull', False), ('order', None), ('period', ''), ('subject', 'territory')), models.Q(('account', None), ('order', None), ('subject', 'quota'), models.Q(('period', ''), _negated=True)), models.Q(('account', None), ('order', None), ('period', ''), ('subject__in', ['conduct', 'pay'])), _connector='OR'), name='a_dispute_names_what_it_is_about'), models.UniqueConstraint(condition=models.Q(('state__in', ['open', 'decided', 'appealed'])), fields=('order',), name='one_open_dispute_per_order'), models.UniqueConstraint(condition=models.Q(('state__in', ['open', 'decided', 'appealed'])), fields=('account',), name='one_open_dispute_per_account'), models.UniqueConstraint(condition=models.Q(('state__in', ['open', 'decided', 'appealed']), models.Q(('period', ''), _negated=True)), fields=('opened_by', 'period'), name='one_open_dispute_per_quota')],
                    },
                ),
                migrations.CreateModel(
                    name='Party',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('is_claimant', models.BooleanField(default=False)),
                        ('added_at', models.DateTimeField()),
                        ('dispute', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='parties', to='coaching.dispute')),
                        ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='disputes', to='teams.person')),
                    ],
                    options={
                        'verbose_name_plural': 'parties',
                        'constraints': [models.UniqueConstraint(fields=('dispute', 'person'), name='a_party_is_named_once')],
                    },
                ),
                migrations.CreateModel(
                    name='Statement',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('round', models.PositiveSmallIntegerField(choices=[(1, 'First decision'), (2, 'Appeal')])),
                        ('asked_at', models.DateTimeField()),
                        ('due_on', models.DateField()),
                        ('due_at', models.DateTimeField(help_text="The end of that day in the organisation's zone")),
                        ('text', models.TextField(blank=True, max_length=10000)),
                        ('said_at', models.DateTimeField(null=True)),
                        ('missed_at', models.DateTimeField(null=True)),
                        ('reminded_at', models.DateTimeField(null=True)),
                        ('party', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='statements', to='coaching.party')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('party', 'round'), name='one_statement_per_round'), models.CheckConstraint(condition=models.Q(('missed_at', None), ('missed_at__gte', models.F('due_at')), _connector='OR'), name='a_deadline_is_missed_after_it')],
                    },
                ),
                migrations.CreateModel(
                    name='Evidence',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('kind', models.CharField(choices=[('credits', 'Credits of the order'), ('shares', 'Shares of order and deal'), ('owners', 'Owners of the account'), ('quota', 'Entries of the quota'), ('added', 'Added')], max_length=7)),
                        ('as_of', models.DateField()),
                        ('at', models.DateTimeField()),
                        ('content', models.JSONField(default=dict, help_text='columns and rows, as texts')),
                        ('text', models.TextField(blank=True, max_length=2000)),
                        ('link', models.CharField(blank=True, max_length=300)),
                        ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.person')),
                        ('dispute', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='evidence', to='coaching.dispute')),
                    ],
                    options={
                        'verbose_name_plural': 'evidence',
                    },
                ),
                migrations.CreateModel(
                    name='Decider',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('round', models.PositiveSmallIntegerField(choices=[(1, 'First decision'), (2, 'Appeal')])),
                        ('since', models.DateTimeField()),
                        ('ended_at', models.DateTimeField(null=True)),
                        ('why_ended', models.CharField(blank=True, max_length=200)),
                        ('reminded_at', models.DateTimeField(null=True)),
                        ('named_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='disputes_to_decide', to='teams.person')),
                        ('dispute', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='deciders', to='coaching.dispute')),
                    ],
                    options={
                        'indexes': [models.Index(condition=models.Q(('ended_at', None)), fields=['person'], name='decider_by_person')],
                        'constraints': [models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('dispute', 'round'), name='one_decider_at_a_time')],
                    },
                ),
                migrations.CreateModel(
                    name='Decision',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('round', models.PositiveSmallIntegerField(choices=[(1, 'First decision'), (2, 'Appeal')])),
                        ('outcome', models.CharField(choices=[('granted', 'Granted'), ('dismissed', 'Dismissed'), ('upheld', 'The first decision stands'), ('overturned', 'The first decision is overturned')], max_length=10)),
                        ('reasons', models.TextField(blank=True, max_length=10000)),
                        ('decided_at', models.DateTimeField()),
                        ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('decider', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='decided_disputes', to='teams.person')),
                        ('dispute', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='decisions', to='coaching.dispute')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('dispute', 'round'), name='one_decision_per_round'), models.CheckConstraint(condition=models.Q(models.Q(('outcome__in', ['granted', 'dismissed']), ('round', 1)), models.Q(('outcome__in', ['upheld', 'overturned']), ('round', 2)), _connector='OR'), name='a_round_has_its_outcomes')],
                    },
                ),
                migrations.CreateModel(
                    name='Remedy',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('kind', models.CharField(choices=[('credit', 'Credit'), ('territory', 'Territory'), ('quota', 'Quota'), ('conduct', 'Conduct'), ('pay', 'Pay')], max_length=9)),
                        ('amount', models.DecimalField(decimal_places=2, help_text='By how much a quota changed or pay is to change', max_digits=18, null=True)),
                        ('currency', models.CharField(blank=True, max_length=3)),
                        ('text', models.CharField(blank=True, help_text='What is to be done', max_length=500)),
                        ('at', models.DateTimeField()),
                        ('decision', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='remedies', to='coaching.decision')),
                        ('entry', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='targets.quotaentry')),
                        ('handover', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='sales.handover')),
                        ('person', models.ForeignKey(help_text='Whose record changes', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.person')),
                        ('reverses', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='reversed_by', to='coaching.remedy')),
                    ],
                    options={
                        'verbose_name_plural': 'remedies',
                    },
                ),
                migrations.CreateModel(
                    name='RemedyShare',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('kind', models.CharField(choices=[('primary', 'Primary'), ('overlay', 'Overlay')], max_length=7)),
                        ('was', models.DecimalField(decimal_places=4, max_digits=7, null=True)),
                        ('percent', models.DecimalField(decimal_places=4, max_digits=7, null=True)),
                        ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.person')),
                        ('remedy', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='shares', to='coaching.remedy')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('remedy', 'person', 'kind'), name='one_remedy_share_per_person')],
                    },
                ),
                migrations.CreateModel(
                    name='DisputeEvent',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('kind', models.CharField(choices=[('opened', 'Opened'), ('party', 'Party added'), ('statement', 'Statement given'), ('missed', 'Statement not given in time'), ('evidence', 'Evidence added'), ('decider', 'Decider named'), ('replaced', 'Decider replaced'), ('decided', 'Decided'), ('appealed', 'Appealed'), ('final', 'Final'), ('withdrawn', 'Withdrawn')], max_length=9)),
                        ('at', models.DateTimeField()),
                        ('round', models.PositiveSmallIntegerField(choices=[(1, 'First decision'), (2, 'Appeal')])),
                        ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('dispute', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='events', to='coaching.dispute')),
                        ('person', models.ForeignKey(help_text='Whom it concerns', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.person')),
                    ],
                ),
                migrations.CreateModel(
                    name='Ladder',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('reason', models.CharField(help_text='What is lacking, as a fact', max_length=500)),
                        ('opened_at', models.DateTimeField()),
                        ('closed_at', models.DateTimeField(null=True)),
                        ('outcome', models.CharField(blank=True, choices=[('met', 'Goals met'), ('role_changed', 'Role changed'), ('ended', 'Employment ended'), ('withdrawn', 'Taken back')], max_length=12)),
                        ('closing', models.CharField(blank=True, help_text='What came of it, in words', max_length=500)),
                        ('case', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='ladders', to='coaching.case')),
                        ('opened_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='ladders', to='teams.person')),
                    ],
                    options={
                        'indexes': [models.Index(fields=['-opened_at', '-id'], name='ladder_by_opening')],
                        'constraints': [models.UniqueConstraint(condition=models.Q(('closed_at', None)), fields=('person',), name='one_open_ladder_per_person'), models.CheckConstraint(condition=models.Q(models.Q(('closed_at', None), ('outcome', '')), models.Q(('closed_at__isnull', False), models.Q(('outcome', ''), _negated=True)), _connector='OR'), name='a_closed_ladder_has_an_outcome'), models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='a_ladder_says_why')],
                    },
                ),
                migrations.CreateModel(
                    name='LadderStep',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('during', django.contrib.postgres.fields.ranges.DateRangeField()),
                        ('kind', models.PositiveSmallIntegerField(choices=[(1, 'Training'), (2, 'Coaching'), (3, 'Improvement plan'), (4, 'Decision')])),
                        ('state', models.CharField(choices=[('draft', 'Draft'), ('published', 'Published'), ('acknowledged', 'Acknowledged'), ('complete', 'Complete')], default='draft', max_length=12)),
                        ('text', models.TextField(blank=True, help_text='What is expected, and how it is helped', max_length=5000)),
                        ('edition', models.PositiveIntegerField(default=1, help_text='Counts what the person has to read anew')),
                        ('made_at', models.DateTimeField()),
                        ('published_at', models.DateTimeField(null=True)),
                        ('finished_at', models.DateTimeField(null=True)),
                        ('is_met', models.BooleanField(null=True)),
                        ('result', models.CharField(blank=True, max_length=500)),
                        ('ladder', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='steps', to='coaching.ladder')),
                    ],
                    options={
                        'constraints': [models.CheckConstraint(condition=models.Q(('during__isempty', False), ('during__startswith__isnull', False)), name='ladder_step_is_a_range'), models.UniqueConstraint(fields=('ladder', 'kind'), name='each_step_once_per_ladder'), models.CheckConstraint(condition=models.Q(('during__endswith__isnull', False)), name='a_step_has_a_last_day'), models.CheckConstraint(condition=models.Q(('kind__range', (1, 4))), name='a_ladder_has_four_steps'), models.CheckConstraint(condition=models.Q(('state', 'draft'), ('published_at__isnull', False), _connector='OR'), name='a_step_is_published_first'), models.CheckConstraint(condition=models.Q(models.Q(('finished_at__isnull', False), ('is_met__isnull', False), ('state', 'complete')), models.Q(models.Q(('state', 'complete'), _negated=True), ('finished_at', None), ('is_met', None)), _connector='OR'), name='a_complete_step_has_a_result')],
                    },
                ),
                migrations.CreateModel(
                    name='StepGoal',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('during', django.contrib.postgres.fields.ranges.DateRangeField()),
                        ('measure', models.CharField(max_length=60)),
                        ('was', models.DecimalField(decimal_places=4, max_digits=18, null=True, verbose_name='From')),
                        ('aim', models.DecimalField(decimal_places=4, max_digits=18, verbose_name='To')),
                        ('reached', models.DecimalField(decimal_places=4, help_text='Frozen as the step ended', max_digits=18, null=True)),
                        ('step', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='goals', to='coaching.ladderstep')),
                    ],
                    options={
                        'constraints': [models.CheckConstraint(condition=models.Q(('during__isempty', False), ('during__startswith__isnull', False)), name='step_goal_is_a_range'), models.UniqueConstraint(fields=('step', 'measure'), name='one_goal_per_measure')],
                    },
                ),
                migrations.CreateModel(
                    name='StepSupport',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('text', models.CharField(max_length=300)),
                        ('due_on', models.DateField()),
                        ('made_at', models.DateTimeField()),
                        ('given_at', models.DateTimeField(null=True)),
                        ('denied_at', models.DateTimeField(help_text='The person says that it was not given', null=True)),
                        ('waived_at', models.DateTimeField(help_text='The person says that it is no longer needed', null=True)),
                        ('owner', models.ForeignKey(help_text='Who gives it', on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.person')),
                        ('step', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='support', to='coaching.ladderstep')),
                    ],
                    options={
                        'verbose_name_plural': 'step support',
                        'constraints': [models.CheckConstraint(condition=models.Q(('denied_at', None), ('given_at__isnull', False), _connector='OR'), name='only_given_support_is_denied')],
                    },
                ),
                migrations.CreateModel(
                    name='StepPause',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('during', django.contrib.postgres.fields.ranges.DateRangeField()),
                        ('days', models.PositiveSmallIntegerField(help_text='Working days')),
                        ('at', models.DateTimeField()),
                        ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('step', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='pauses', to='coaching.ladderstep')),
                    ],
                    options={
                        'constraints': [models.CheckConstraint(condition=models.Q(('during__isempty', False), ('during__startswith__isnull', False)), name='step_pause_is_a_range')],
                    },
                ),
                migrations.CreateModel(
                    name='StepReading',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('edition', models.PositiveIntegerField()),
                        ('comment', models.TextField(blank=True, max_length=5000)),
                        ('at', models.DateTimeField()),
                        ('step', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='readings', to='coaching.ladderstep')),
                        ('witness', models.ForeignKey(help_text='They did not answer: who handed it over beside the coach', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('step', 'edition'), name='an_edition_is_read_once')],
                    },
                ),
                migrations.CreateModel(
                    name='LadderDecision',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('outcome', models.CharField(choices=[('met', 'Goals met'), ('extended', 'Extended'), ('role_changed', 'Role changed'), ('ended', 'Employment ended')], max_length=12)),
                        ('reason', models.TextField(max_length=5000)),
                        ('until', models.DateField(help_text='Of an extension: its last day', null=True)),
                        ('state', models.CharField(choices=[('proposed', 'Waits for HR'), ('consented', 'HR consents'), ('withheld', 'HR does not consent')], default='proposed', max_length=9)),
                        ('decided_at', models.DateTimeField()),
                        ('answered_at', models.DateTimeField(null=True)),
                        ('answer', models.CharField(blank=True, max_length=500)),
                        ('answered_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('decided_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('step', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='decisions', to='coaching.ladderstep')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(condition=models.Q(('state', 'proposed')), fields=('step',), name='one_decision_waits_at_a_time'), models.CheckConstraint(condition=models.Q(models.Q(('answered_at', None), ('state', 'proposed')), models.Q(models.Q(('state', 'proposed'), _negated=True), ('answered_at__isnull', False), ('answered_by__isnull', False)), _connector='OR'), name='hr_answers_once'), models.CheckConstraint(condition=models.Q(('answered_by', None), models.Q(('answered_by', models.F('decided_by')), _negated=True), _connector='OR'), name='two_people_decide'), models.CheckConstraint(condition=models.Q(models.Q(('outcome', 'extended'), ('until__isnull', False)), models.Q(models.Q(('outcome', 'extended'), _negated=True), ('until', None)), _connector='OR'), name='only_an_extension_has_a_new_date')],
                    },
                ),
                migrations.CreateModel(
                    name='LadderEvent',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('kind', models.CharField(choices=[('opened', 'Opened'), ('changed', 'Changed'), ('published', 'Published'), ('acknowledged', 'Acknowledged'), ('paused', 'Paused'), ('extended', 'Extended'), ('support', 'Support'), ('completed', 'Completed'), ('proposed', 'Decision proposed'), ('answered', 'HR answered'), ('closed', 'Closed')], max_length=12)),
                        ('text', models.CharField(blank=True, max_length=500)),
                        ('at', models.DateTimeField()),
                        ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('ladder', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='events', to='coaching.ladder')),
                        ('step', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='events', to='coaching.ladderstep')),
                    ],
                    options={
                        'indexes': [models.Index(fields=['ladder', 'at'], name='ladder_event_by_ladder')],
                    },
                ),
                migrations.CreateModel(
                    name='Exit',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('left_on', models.DateField(verbose_name='First day no longer here')),
                        ('reason', models.CharField(choices=[('growth', 'No growth'), ('pay', 'Pay'), ('manager', 'The manager'), ('targets', 'Targets or territory'), ('work', 'The work itself'), ('private', 'Private reasons'), ('results', 'Results'), ('position', 'The position was cut'), ('retirement', 'Retirement'), ('other', 'Something else')], max_length=10)),
                        ('interviewed_on', models.DateField(blank=True, null=True, verbose_name='Day of the interview')),
                        ('interview', models.TextField(blank=True, max_length=10000)),
                        ('lesson', models.CharField(blank=True, help_text='What to learn from it, naming nobody', max_length=500)),
                        ('would_return', models.BooleanField(blank=True, null=True)),
                        ('at', models.DateTimeField()),
                        ('version', models.PositiveIntegerField(default=1)),
                        ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('person', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='exit', to='teams.person')),
                        ('ladder', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='exit', to='coaching.ladder')),
                    ],
                    options={
                        'indexes': [models.Index(fields=['-left_on', '-id'], name='exit_by_day')],
                    },
                ),
                migrations.CreateModel(
                    name='Meeting',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('title', models.CharField(max_length=100)),
                        ('starts_at', models.DateTimeField()),
                        ('state', models.CharField(choices=[('planned', 'Planned'), ('held', 'Held'), ('cancelled', 'Cancelled')], default='planned', max_length=9)),
                        ('minutes', models.TextField(blank=True, max_length=20000)),
                        ('planned_at', models.DateTimeField()),
                        ('prepared_at', models.DateTimeField(editable=False, null=True)),
                        ('held_at', models.DateTimeField(editable=False, null=True)),
                        ('version', models.PositiveIntegerField(default=1)),
                        ('chair', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='chaired_meetings', to='teams.person')),
                        ('team', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='meetings', to='teams.team')),
                    ],
                    options={
                        'indexes': [models.Index(fields=['team', '-starts_at'], name='meeting_by_team')],
                        'constraints': [models.UniqueConstraint(fields=('team', 'starts_at'), name='one_meeting_of_a_team_at_a_time')],
                    },
                ),
                migrations.CreateModel(
                    name='MeetingChange',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('what', models.CharField(max_length=300)),
                        ('at', models.DateTimeField()),
                        ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('meeting', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='changes', to='coaching.meeting')),
                    ],
                ),
                migrations.CreateModel(
                    name='MeetingPoint',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('source', models.CharField(choices=[('question', 'Question'), ('promise', 'Open promise'), ('figure', 'Numbers that changed'), ('market', 'Market notes'), ('play', 'A play that works'), ('praise', 'Recognition to give')], max_length=8)),
                        ('about', models.CharField(help_text='What it is known by when the agenda is prepared anew', max_length=60)),
                        ('text', models.CharField(max_length=500)),
                        ('link', models.CharField(blank=True, max_length=300)),
                        ('position', models.PositiveSmallIntegerField()),
                        ('is_done', models.BooleanField(default=False)),
                        ('meeting', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='points', to='coaching.meeting')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('meeting', 'about'), name='a_point_stands_once')],
                    },
                ),
                migrations.CreateModel(
                    name='MeetingQuestion',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('text', models.CharField(max_length=500)),
                        ('asked_at', models.DateTimeField()),
                        ('answer', models.CharField(blank=True, max_length=1000)),
                        ('answered_at', models.DateTimeField(null=True)),
                        ('author', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.person')),
                        ('meeting', models.ForeignKey(blank=True, help_text='Where it was answered', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='questions', to='coaching.meeting')),
                        ('team', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='questions', to='teams.team')),
                    ],
                    options={
                        'indexes': [models.Index(condition=models.Q(('answered_at', None)), fields=['team', 'asked_at'], name='open_question_by_team')],
                    },
                ),
                migrations.CreateModel(
                    name='MeetingDecision',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('text', models.CharField(max_length=500)),
                        ('decided_at', models.DateTimeField()),
                        ('outcome', models.CharField(blank=True, max_length=500)),
                        ('settled_at', models.DateTimeField(null=True)),
                        ('meeting', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='decisions', to='coaching.meeting')),
                        ('settled_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                ),
                migrations.CreateModel(
                    name='Attendance',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('came', models.BooleanField()),
                        ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.person')),
                        ('meeting', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='attendances', to='coaching.meeting')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('meeting', 'person'), name='one_attendance_per_person')],
                    },
                ),
                migrations.CreateModel(
                    name='OneOnOne',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('starts_at', models.DateTimeField()),
                        ('state', models.CharField(choices=[('planned', 'Planned'), ('held', 'Held'), ('cancelled', 'Cancelled')], default='planned', max_length=9)),
                        ('planned_at', models.DateTimeField()),
                        ('held_at', models.DateTimeField(null=True)),
                        ('version', models.PositiveIntegerField(default=1)),
                        ('case', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='one_on_ones', to='coaching.case')),
                        ('manager', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='led_one_on_ones', to='teams.person')),
                        ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='one_on_ones', to='teams.person')),
                        ('is_excused', models.BooleanField(db_default=False, default=False, help_text='Called off for leave or a new manager')),
                        ('prepared_at', models.DateTimeField(editable=False, null=True)),
                        ('rhythm_on', models.DateField(blank=True, editable=False, help_text="The day of the pair's rhythm it stands for, wherever it moved", null=True)),
                    ],
                    options={
                        'indexes': [models.Index(fields=['person', '-starts_at'], name='one_on_one_by_person'), models.Index(fields=['manager', '-starts_at'], name='one_on_one_by_manager'), models.Index(condition=models.Q(('state', 'planned')), fields=['starts_at'], name='one_on_one_to_come')],
                        'constraints': [models.CheckConstraint(condition=models.Q(('person', models.F('manager')), _negated=True), name='nobody_coaches_themselves'), models.UniqueConstraint(fields=('person', 'manager', 'starts_at'), name='one_talk_at_a_time'), models.UniqueConstraint(fields=('person', 'manager', 'rhythm_on'), name='one_talk_per_day_of_a_rhythm')],
                    },
                ),
                migrations.CreateModel(
                    name='OneOnOneChange',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('kind', models.CharField(choices=[('planned', 'Planned'), ('moved', 'Moved'), ('held', 'Held'), ('cancelled', 'Called off')], max_length=9)),
                        ('starts_at', models.DateTimeField(help_text='As it stood then')),
                        ('reason', models.CharField(blank=True, max_length=300)),
                        ('at', models.DateTimeField()),
                        ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('one_on_one', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='changes', to='coaching.oneonone')),
                    ],
                ),
                migrations.CreateModel(
                    name='AgendaItem',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('source', models.CharField(choices=[('flag', 'Flag'), ('promise', 'Promise'), ('left', 'Left over from last time'), ('change', 'Change since last time'), ('win', 'Win'), ('manual', 'Added')], default='manual', max_length=7)),
                        ('text', models.CharField(max_length=500)),
                        ('link', models.CharField(blank=True, max_length=300)),
                        ('position', models.PositiveSmallIntegerField()),
                        ('is_done', models.BooleanField(default=False)),
                        ('added_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.person')),
                        ('one_on_one', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='agenda', to='coaching.oneonone')),
                        ('about', models.CharField(blank=True, db_default='', help_text='What a prepared point is known by', max_length=60)),
                    ],
                ),
                migrations.CreateModel(
                    name='ActionItem',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('person', models.ForeignKey(help_text='Whom it is about', on_delete=django.db.models.deletion.PROTECT, related_name='action_items', to='teams.person')),
                        ('owner', models.ForeignKey(help_text='Who does it', on_delete=django.db.models.deletion.PROTECT, related_name='owned_action_items', to='teams.person')),
                        ('text', models.CharField(max_length=300)),
                        ('due_on', models.DateField()),
                        ('made_at', models.DateTimeField()),
                        ('done_at', models.DateTimeField(null=True)),
                        ('case', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='action_items', to='coaching.case')),
                        ('one_on_one', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='action_items', to='coaching.oneonone')),
                        ('coach', models.ForeignKey(blank=True, help_text='Who coaches the person in it', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.person')),
                        ('result', models.CharField(blank=True, db_default='', help_text='What came of it', max_length=300)),
                        ('meeting', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='action_items', to='coaching.meeting')),
                    ],
                    options={
                        'indexes': [models.Index(condition=models.Q(('done_at', None)), fields=['owner', 'due_on'], name='open_action_by_owner'), models.Index(condition=models.Q(('done_at', None)), fields=['coach', 'due_on'], name='open_action_by_coach')],
                    },
                ),
                migrations.CreateModel(
                    name='Note',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('text', models.TextField(max_length=10000)),
                        ('is_shared_up', models.BooleanField(default=False)),
                        ('is_for_author_only', models.BooleanField(default=False)),
                        ('at', models.DateTimeField()),
                        ('author', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='written_notes', to='teams.person')),
                        ('case', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='notes', to='coaching.case')),
                        ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='coaching_notes', to='teams.person')),
                        ('one_on_one', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='notes', to='coaching.oneonone')),
                    ],
                    options={
                        'indexes': [models.Index(fields=['person', '-at'], name='note_by_person')],
                    },
                ),
                migrations.CreateModel(
                    name='CoachingPlan',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('kind', models.CharField(choices=[('course', 'Course'), ('talks', '1:1 plan'), ('ride_along', 'Ride-along'), ('mentoring', 'Mentoring'), ('practice', 'Play practice'), ('tool', 'Tool'), ('workload', 'Workload'), ('other', 'Other help')], max_length=10)),
                        ('measure', models.CharField(help_text='Key of the measure it is for', max_length=60)),
                        ('starts_on', models.DateField()),
                        ('until', models.DateField(help_text='The first day it is over')),
                        ('text', models.CharField(blank=True, max_length=500)),
                        ('planned_at', models.DateTimeField()),
                        ('cancelled_at', models.DateTimeField(help_text='Before it began', null=True)),
                        ('version', models.PositiveIntegerField(default=1)),
                        ('frozen_at', models.DateTimeField(help_text='When baseline and comparable people were fixed', null=True)),
                        ('peers', models.JSONField(default=list, help_text='Comparable people, as of the start')),
                        ('baseline_amount', models.DecimalField(decimal_places=4, max_digits=24, null=True)),
                        ('baseline_units', models.DecimalField(decimal_places=4, help_text='Days present, or cases a ratio is of', max_digits=24, null=True)),
                        ('case', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='coaching_plans', to='coaching.case')),
                        ('coach', models.ForeignKey(help_text='Who helps', on_delete=django.db.models.deletion.PROTECT, related_name='led_coaching_plans', to='teams.person')),
                        ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='coaching_plans', to='teams.person')),
                    ],
                    options={
                        'indexes': [models.Index(fields=['coach', 'starts_on'], name='coaching_plan_by_coach')],
                        'constraints': [models.CheckConstraint(condition=models.Q(('until__gt', models.F('starts_on'))), name='coaching_takes_a_while'), models.CheckConstraint(condition=models.Q(('person', models.F('coach')), _negated=True), name='nobody_helps_themselves'), models.UniqueConstraint(condition=models.Q(('cancelled_at', None)), fields=('person', 'kind', 'measure', 'starts_on'), name='planned_once')],
                    },
                ),
                migrations.CreateModel(
                    name='CoachingPlanChange',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('at', models.DateTimeField()),
                        ('what', models.CharField(max_length=300)),
                        ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('plan', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='changes', to='coaching.coachingplan')),
                    ],
                ),
                migrations.CreateModel(
                    name='Play',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('name', models.CharField(max_length=120)),
                        ('technique', models.TextField(max_length=3000)),
                        ('talk_track', models.TextField(blank=True, max_length=3000)),
                        ('objection', models.CharField(blank=True, max_length=500)),
                        ('answer', models.TextField(blank=True, max_length=2000)),
                        ('example', models.TextField(blank=True, max_length=3000)),
                        ('segment', models.CharField(blank=True, help_text='Industry of the customer', max_length=100)),
                        ('state', models.CharField(choices=[('proposed', 'Proposed'), ('adopted', 'Adopted'), ('retired', 'Retired')], default='proposed', max_length=8)),
                        ('proposed_at', models.DateTimeField()),
                        ('version', models.PositiveIntegerField(default=1)),
                        ('author', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='plays', to='teams.person')),
                        ('product', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='sales.product')),
                        ('stage', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='sales.stage')),
                    ],
                    options={
                        'indexes': [models.Index(models.OrderBy(models.F('proposed_at'), descending=True), models.OrderBy(models.F('id'), descending=True), name='play_by_time'), django.contrib.postgres.indexes.GinIndex(salesmgmt.lib.finding.Words('name', 'technique', 'objection'), name='play_by_words')],
                        'constraints': [models.UniqueConstraint(condition=models.Q(('state', 'retired'), _negated=True), fields=('name',), name='plays_in_use_have_names_of_their_own')],
                    },
                ),
                migrations.CreateModel(
                    name='PlayVersion',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('name', models.CharField(max_length=120)),
                        ('technique', models.TextField(max_length=3000)),
                        ('talk_track', models.TextField(blank=True, max_length=3000)),
                        ('objection', models.CharField(blank=True, max_length=500)),
                        ('answer', models.TextField(blank=True, max_length=2000)),
                        ('example', models.TextField(blank=True, max_length=3000)),
                        ('segment', models.CharField(blank=True, help_text='Industry of the customer', max_length=100)),
                        ('number', models.PositiveIntegerField()),
                        ('at', models.DateTimeField(help_text='When it was replaced')),
                        ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('play', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='versions', to='coaching.play')),
                        ('product', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='sales.product')),
                        ('stage', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='sales.stage')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('play', 'number'), name='a_version_is_kept_once')],
                    },
                ),
                migrations.CreateModel(
                    name='PlayChange',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('at', models.DateTimeField()),
                        ('state', models.CharField(choices=[('proposed', 'Proposed'), ('adopted', 'Adopted'), ('retired', 'Retired')], max_length=8)),
                        ('reason', models.CharField(blank=True, max_length=300)),
                        ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('play', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='changes', to='coaching.play')),
                    ],
                ),
                migrations.CreateModel(
                    name='PlayVote',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('at', models.DateTimeField()),
                        ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='play_votes', to='teams.person')),
                        ('play', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='votes', to='coaching.play')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('play', 'person'), name='one_vote_each')],
                    },
                ),
                migrations.CreateModel(
                    name='PlayComment',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('text', models.TextField(max_length=2000)),
                        ('at', models.DateTimeField()),
                        ('author', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='play_comments', to='teams.person')),
                        ('play', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='comments', to='coaching.play')),
                    ],
                ),
                migrations.CreateModel(
                    name='PlayUse',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('used_on', models.DateField()),
                        ('at', models.DateTimeField()),
                        ('activity', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='play_uses', to='sales.activity')),
                        ('deal', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='play_uses', to='sales.deal')),
                        ('person', models.ForeignKey(help_text='Who said so', on_delete=django.db.models.deletion.PROTECT, related_name='play_uses', to='teams.person')),
                        ('play', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='uses', to='coaching.play')),
                    ],
                    options={
                        'indexes': [models.Index(fields=['deal'], name='play_use_by_deal'), models.Index(fields=['activity'], name='play_use_by_activity')],
                        'constraints': [models.CheckConstraint(condition=models.Q(('deal__isnull', False), ('activity__isnull', False), _connector='OR'), name='a_play_is_used_on_something'), models.UniqueConstraint(fields=('play', 'deal', 'activity'), name='a_use_is_told_once', nulls_distinct=False)],
                    },
                ),
                migrations.CreateModel(
                    name='Rhythm',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('every_weeks', models.PositiveSmallIntegerField(validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(12)])),
                        ('weekday', models.PositiveSmallIntegerField(choices=[(1, 'Monday'), (2, 'Tuesday'), (3, 'Wednesday'), (4, 'Thursday'), (5, 'Friday'), (6, 'Saturday'), (7, 'Sunday')])),
                        ('at_time', models.TimeField()),
                        ('zone', models.CharField(help_text='In which the time is meant, IANA name', max_length=64)),
                        ('starts_on', models.DateField(help_text='Its first day')),
                        ('made_at', models.DateTimeField()),
                        ('ended_on', models.DateField(editable=False, null=True)),
                        ('why_ended', models.CharField(blank=True, editable=False, max_length=100)),
                        ('version', models.PositiveIntegerField(default=1)),
                        ('manager', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='led_rhythms', to='teams.person')),
                        ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='rhythms', to='teams.person')),
                    ],
                    options={
                        'indexes': [models.Index(condition=models.Q(('ended_on', None)), fields=['manager'], name='standing_rhythm_by_manager')],
                        'constraints': [models.CheckConstraint(condition=models.Q(('person', models.F('manager')), _negated=True), name='nobody_has_a_rhythm_with_themselves'), models.CheckConstraint(condition=models.Q(('every_weeks__range', (1, 12))), name='rhythm_is_of_one_to_twelve_weeks'), models.CheckConstraint(condition=models.Q(('weekday__range', (1, 7))), name='rhythm_has_an_iso_weekday'), models.UniqueConstraint(condition=models.Q(('ended_on', None)), fields=('person', 'manager'), name='one_standing_rhythm_per_pair')],
                    },
                ),
                migrations.CreateModel(
                    name='Pulse',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('kind', models.CharField(choices=[('mood', 'Mood'), ('workload', 'Workload')], max_length=8)),
                        ('score', models.PositiveSmallIntegerField(help_text='Empty: erased', null=True)),
                        ('on', models.DateField()),
                        ('at', models.DateTimeField()),
                        ('manager', models.ForeignKey(help_text='To whom it was said', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.person')),
                        ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='pulses', to='teams.person')),
                    ],
                    options={
                        'indexes': [models.Index(fields=['person', 'kind', '-on'], name='pulse_by_person'), models.Index(fields=['on'], name='pulse_by_day')],
                        'constraints': [models.CheckConstraint(condition=models.Q(('score', None), ('score__range', (1, 5)), _connector='OR'), name='pulse_is_from_one_to_five')],
                    },
                ),
                migrations.CreateModel(
                    name='SkillTarget',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('role', models.CharField(choices=[('rep', 'Rep'), ('manager', 'Manager'), ('executive', 'Executive'), ('operations', 'Operations'), ('hr', 'HR'), ('department', 'Department member')], max_length=12)),
                        ('level', models.PositiveSmallIntegerField()),
                        ('skill', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='targets', to='teams.skill')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('role', 'skill'), name='one_level_per_role_and_skill'), models.CheckConstraint(condition=models.Q(('level__range', (1, 5))), name='wanted_level_is_from_one_to_five')],
                    },
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='case',
                    trigger=pgtrigger.compiler.Trigger(name='audit_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n                INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after)\n                SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), to_jsonb(n)\n                  FROM old_rows o JOIN new_rows n USING (id)\n                 WHERE to_jsonb(o) IS DISTINCT FROM to_jsonb(n);\n                RETURN NULL;\n            ', hash='7c8423e201a4ddb8b35fd9aa8edd352586246249', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_audit_update_e464e', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='coaching_case', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='case',
                    trigger=pgtrigger.compiler.Trigger(name='audit_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after) SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), NULL FROM old_rows o; RETURN NULL;', hash='060a065e86b4fea5fe091f6191f5d35110a624db', level='STATEMENT', operation='DELETE', pgid='pgtrigger_audit_delete_3cbdd', referencing='REFERENCING OLD TABLE AS old_rows ', table='coaching_case', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='course',
                    trigger=pgtrigger.compiler.Trigger(name='audit_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n                INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after)\n                SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), to_jsonb(n)\n                  FROM old_rows o JOIN new_rows n USING (id)\n                 WHERE to_jsonb(o) IS DISTINCT FROM to_jsonb(n);\n                RETURN NULL;\n            ', hash='4a7061291a1d55ccf27f6efca5e8d3fe7bf500da', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_audit_update_ac443', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='coaching_course', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='course',
                    trigger=pgtrigger.compiler.Trigger(name='audit_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after) SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), NULL FROM old_rows o; RETURN NULL;', hash='df409c57b9a7870c18fc4c180db0f445448d8106', level='STATEMENT', operation='DELETE', pgid='pgtrigger_audit_delete_62021', referencing='REFERENCING OLD TABLE AS old_rows ', table='coaching_course', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='courseversion',
                    trigger=pgtrigger.compiler.Trigger(name='audit_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n                INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after)\n                SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), to_jsonb(n)\n                  FROM old_rows o JOIN new_rows n USING (id)\n                 WHERE to_jsonb(o) IS DISTINCT FROM to_jsonb(n);\n                RETURN NULL;\n            ', hash='f08f236c1d389dcbed958d6c14e3d56bb1ef659f', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_audit_update_8c249', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='coaching_courseversion', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='courseversion',
                    trigger=pgtrigger.compiler.Trigger(name='audit_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after) SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), NULL FROM old_rows o; RETURN NULL;', hash='fc34d71acab0889598550fab354ad6f84f612dc8', level='STATEMENT', operation='DELETE', pgid='pgtrigger_audit_delete_cc0f9', referencing='REFERENCING OLD TABLE AS old_rows ', table='coaching_courseversion', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='lesson',
                    trigger=pgtrigger.compiler.Trigger(name='audit_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n                INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after)\n                SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), to_jsonb(n)\n                  FROM old_rows o JOIN new_rows n USING (id)\n                 WHERE to_jsonb(o) IS DISTINCT FROM to_jsonb(n);\n                RETURN NULL;\n            ', hash='8d6d46db06aac89ccfed3f5a6c30f819ea2daab3', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_audit_update_37e5a', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='coaching_lesson', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='lesson',
                    trigger=pgtrigger.compiler.Trigger(name='audit_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after) SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), NULL FROM old_rows o; RETURN NULL;', hash='250b218b3ded09ca74251127bbeb42b0610978f0', level='STATEMENT', operation='DELETE', pgid='pgtrigger_audit_delete_73122', referencing='REFERENCING OLD TABLE AS old_rows ', table='coaching_lesson', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='courserule',
                    trigger=pgtrigger.compiler.Trigger(name='audit_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n                INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after)\n                SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), to_jsonb(n)\n                  FROM old_rows o JOIN new_rows n USING (id)\n                 WHERE to_jsonb(o) IS DISTINCT FROM to_jsonb(n);\n                RETURN NULL;\n            ', hash='5215ba2d23da7f8c632dba437ad0d1ea3f3af752', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_audit_update_1c80e', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='coaching_courserule', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='courserule',
                    trigger=pgtrigger.compiler.Trigger(name='audit_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after) SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), NULL FROM old_rows o; RETURN NULL;', hash='cf99496f3e61ebefba4e8066732e512fceb67c19', level='STATEMENT', operation='DELETE', pgid='pgtrigger_audit_delete_36a63', referencing='REFERENCING OLD TABLE AS old_rows ', table='coaching_courserule', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='enrolment',
                    trigger=pgtrigger.compiler.Trigger(name='audit_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n                INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after)\n                SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), to_jsonb(n)\n                  FROM old_rows o JOIN new_rows n USING (id)\n                 WHERE to_jsonb(o) IS DISTINCT FROM to_jsonb(n);\n                RETURN NULL;\n            ', hash='bb115b1af09e415f8dd6c3f5ab334da58c052285', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_audit_update_466a9', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='coaching_enrolment', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='enrolment',
                    trigger=pgtrigger.compiler.Trigger(name='audit_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after) SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), NULL FROM old_rows o; RETURN NULL;', hash='d8c2163ccaff31724cb2c10b7ad321212f820b35', level='STATEMENT', operation='DELETE', pgid='pgtrigger_audit_delete_d7e1d', referencing='REFERENCING OLD TABLE AS old_rows ', table='coaching_enrolment', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='courseeffect',
                    trigger=pgtrigger.compiler.Trigger(name='audit_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n                INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after)\n                SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), to_jsonb(n)\n                  FROM old_rows o JOIN new_rows n USING (id)\n                 WHERE to_jsonb(o) IS DISTINCT FROM to_jsonb(n);\n                RETURN NULL;\n            ', hash='fb189739aa144d042c6ca1ff088ece2e3e47f3cf', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_audit_update_b29c9', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='coaching_courseeffect', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='courseeffect',
                    trigger=pgtrigger.compiler.Trigger(name='audit_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after) SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), NULL FROM old_rows o; RETURN NULL;', hash='ab9ffc4dc9ed713e33e6f34c6e5593417003a086', level='STATEMENT', operation='DELETE', pgid='pgtrigger_audit_delete_9b1d4', referencing='REFERENCING OLD TABLE AS old_rows ', table='coaching_courseeffect', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='developmentplan',
                    trigger=pgtrigger.compiler.Trigger(name='audit_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n                INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after)\n                SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), to_jsonb(n)\n                  FROM old_rows o JOIN new_rows n USING (id)\n                 WHERE to_jsonb(o) IS DISTINCT FROM to_jsonb(n);\n                RETURN NULL;\n            ', hash='f79808b1900cd461b2867d180283fe241baec02e', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_audit_update_d337b', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='coaching_developmentplan', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='developmentplan',
                    trigger=pgtrigger.compiler.Trigger(name='audit_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after) SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), NULL FROM old_rows o; RETURN NULL;', hash='edbc788c69744400bf0ce829fcec4db3c7358d65', level='STATEMENT', operation='DELETE', pgid='pgtrigger_audit_delete_07912', referencing='REFERENCING OLD TABLE AS old_rows ', table='coaching_developmentplan', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='goal',
                    trigger=pgtrigger.compiler.Trigger(name='audit_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n                INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after)\n                SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), to_jsonb(n)\n                  FROM old_rows o JOIN new_rows n USING (id)\n                 WHERE to_jsonb(o) IS DISTINCT FROM to_jsonb(n);\n                RETURN NULL;\n            ', hash='b86cca8e35f718a1a66a3f8d8e751edde6836a15', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_audit_update_21e04', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='coaching_goal', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='goal',
                    trigger=pgtrigger.compiler.Trigger(name='audit_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after) SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), NULL FROM old_rows o; RETURN NULL;', hash='0da583dde19cba257edef12935b460e9856d128b', level='STATEMENT', operation='DELETE', pgid='pgtrigger_audit_delete_69e24', referencing='REFERENCING OLD TABLE AS old_rows ', table='coaching_goal', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='mentorship',
                    trigger=pgtrigger.compiler.Trigger(name='audit_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n                INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after)\n                SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), to_jsonb(n)\n                  FROM old_rows o JOIN new_rows n USING (id)\n                 WHERE to_jsonb(o) IS DISTINCT FROM to_jsonb(n);\n                RETURN NULL;\n            ', hash='77496163f7a4f3881b65c9a1ebc86398f203e3c9', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_audit_update_5708a', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='coaching_mentorship', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='mentorship',
                    trigger=pgtrigger.compiler.Trigger(name='audit_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after) SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), NULL FROM old_rows o; RETURN NULL;', hash='88e7a94ae1f542bec482da380a0cc2d00f482261', level='STATEMENT', operation='DELETE', pgid='pgtrigger_audit_delete_8ee40', referencing='REFERENCING OLD TABLE AS old_rows ', table='coaching_mentorship', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='onboardingstep',
                    trigger=pgtrigger.compiler.Trigger(name='audit_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n                INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after)\n                SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), to_jsonb(n)\n                  FROM old_rows o JOIN new_rows n USING (id)\n                 WHERE to_jsonb(o) IS DISTINCT FROM to_jsonb(n);\n                RETURN NULL;\n            ', hash='ee3856d28478509b6d576b4ba3d31912ffdfd6a5', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_audit_update_061f2', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='coaching_onboardingstep', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='onboardingstep',
                    trigger=pgtrigger.compiler.Trigger(name='audit_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after) SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), NULL FROM old_rows o; RETURN NULL;', hash='7694a28d7d6a5c83b20e1fb67085dcb48ce42f04', level='STATEMENT', operation='DELETE', pgid='pgtrigger_audit_delete_a68bc', referencing='REFERENCING OLD TABLE AS old_rows ', table='coaching_onboardingstep', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='onboardingtick',
                    trigger=pgtrigger.compiler.Trigger(name='audit_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n                INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after)\n                SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), to_jsonb(n)\n                  FROM old_rows o JOIN new_rows n USING (id)\n                 WHERE to_jsonb(o) IS DISTINCT FROM to_jsonb(n);\n                RETURN NULL;\n            ', hash='023612a83c980f61a7155c5703a01e53c90c68bb', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_audit_update_a8d6a', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='coaching_onboardingtick', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='onboardingtick',
                    trigger=pgtrigger.compiler.Trigger(name='audit_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after) SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), NULL FROM old_rows o; RETURN NULL;', hash='dbc41429cb90de64cf5f47a02366843ad53fd05b', level='STATEMENT', operation='DELETE', pgid='pgtrigger_audit_delete_6d2ec', referencing='REFERENCING OLD TABLE AS old_rows ', table='coaching_onboardingtick', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='diagnosisstep',
                    trigger=pgtrigger.compiler.Trigger(name='audit_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n                INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after)\n                SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), to_jsonb(n)\n                  FROM old_rows o JOIN new_rows n USING (id)\n                 WHERE to_jsonb(o) IS DISTINCT FROM to_jsonb(n);\n                RETURN NULL;\n            ', hash='b31764c5d064e555b9b4931f0090d9f0b5618968', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_audit_update_8febb', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='coaching_diagnosisstep', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='diagnosisstep',
                    trigger=pgtrigger.compiler.Trigger(name='audit_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after) SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), NULL FROM old_rows o; RETURN NULL;', hash='bf10d511c26f47afa6d3eac050a19870e7f0129a', level='STATEMENT', operation='DELETE', pgid='pgtrigger_audit_delete_13888', referencing='REFERENCING OLD TABLE AS old_rows ', table='coaching_diagnosisstep', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='question',
                    trigger=pgtrigger.compiler.Trigger(name='audit_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n                INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after)\n                SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), to_jsonb(n)\n                  FROM old_rows o JOIN new_rows n USING (id)\n                 WHERE to_jsonb(o) IS DISTINCT FROM to_jsonb(n);\n                RETURN NULL;\n            ', hash='792d98621ed864dc85453d24f8b6c971dec79563', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_audit_update_cf877', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='coaching_question', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='question',
                    trigger=pgtrigger.compiler.Trigger(name='audit_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after) SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), NULL FROM old_rows o; RETURN NULL;', hash='22b45d4a93ccbfa5b7726e69b92993432ea5a4e0', level='STATEMENT', operation='DELETE', pgid='pgtrigger_audit_delete_dfa03', referencing='REFERENCING OLD TABLE AS old_rows ', table='coaching_question', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='casestatement',
                    trigger=pgtrigger.compiler.Trigger(name='audit_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n                INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after)\n                SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o) - \'text\', to_jsonb(n) - \'text\'\n                  FROM old_rows o JOIN new_rows n USING (id)\n                 WHERE to_jsonb(o) - \'text\' IS DISTINCT FROM to_jsonb(n) - \'text\';\n                RETURN NULL;\n            ', hash='7df002b2689740bb5d8b91aea7eedcde3ea97be1', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_audit_update_8ae0e', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='coaching_casestatement', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='casestatement',
                    trigger=pgtrigger.compiler.Trigger(name='audit_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after) SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o) - \'text\', NULL FROM old_rows o; RETURN NULL;', hash='b18e7dc71efc31066740958a3ca11747b8e6bb1a', level='STATEMENT', operation='DELETE', pgid='pgtrigger_audit_delete_044ef', referencing='REFERENCING OLD TABLE AS old_rows ', table='coaching_casestatement', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='dispute',
                    trigger=pgtrigger.compiler.Trigger(name='audit_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n                INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after)\n                SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), to_jsonb(n)\n                  FROM old_rows o JOIN new_rows n USING (id)\n                 WHERE to_jsonb(o) IS DISTINCT FROM to_jsonb(n);\n                RETURN NULL;\n            ', hash='f76f0b905e8d8ca4cd5f7ab7a5165f8f18f525ed', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_audit_update_fb7fc', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='coaching_dispute', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='dispute',
                    trigger=pgtrigger.compiler.Trigger(name='audit_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after) SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), NULL FROM old_rows o; RETURN NULL;', hash='15e8eb5a61bdb47d6974389060ce0d1087b440fa', level='STATEMENT', operation='DELETE', pgid='pgtrigger_audit_delete_83c5a', referencing='REFERENCING OLD TABLE AS old_rows ', table='coaching_dispute', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='dispute',
                    trigger=pgtrigger.compiler.Trigger(name='never_deleted', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='9db07822faa2c2112a690db0e553aceb8f502832', operation='DELETE', pgid='pgtrigger_never_deleted_e2625', table='coaching_dispute', when='BEFORE')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='party',
                    trigger=pgtrigger.compiler.Trigger(name='never_deleted', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='b5c39cb9e2794d01132ff86a783e9de446af9488', operation='DELETE', pgid='pgtrigger_never_deleted_e934e', table='coaching_party', when='BEFORE')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='party',
                    trigger=pgtrigger.compiler.Trigger(name='a_decided_round_is_over', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE of_dispute bigint; of_round smallint;', func="\n                    of_dispute := NEW.dispute_id;\n                    of_round := (SELECT round FROM coaching_dispute WHERE id = NEW.dispute_id FOR UPDATE);\n                    \n    PERFORM 1 FROM coaching_dispute WHERE id = of_dispute FOR UPDATE;\n    IF EXISTS (SELECT FROM coaching_decision d WHERE d.dispute_id = of_dispute AND d.round = of_round) THEN\n        RAISE EXCEPTION 'This round is decided already.'\n              USING ERRCODE = 'check_violation', CONSTRAINT = 'a_decided_round_is_over';\n    END IF;\n    RETURN NEW;\n\n                ", hash='4d2c9fcb50c02eb521c24306732791050e5808bb', operation='INSERT', pgid='pgtrigger_a_decided_round_is_over_4b4ab', table='coaching_party', when='BEFORE')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='statement',
                    trigger=pgtrigger.compiler.Trigger(name='audit_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n                INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after)\n                SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o) - \'text\', to_jsonb(n) - \'text\'\n                  FROM old_rows o JOIN new_rows n USING (id)\n                 WHERE to_jsonb(o) - \'text\' IS DISTINCT FROM to_jsonb(n) - \'text\';\n                RETURN NULL;\n            ', hash='ed937d00b90ed27efc71908237ae24e2801b0b5d', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_audit_update_97294', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='coaching_statement', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='statement',
                    trigger=pgtrigger.compiler.Trigger(name='audit_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after) SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o) - \'text\', NULL FROM old_rows o; RETURN NULL;', hash='e9c05ada3dd5fd64d249e030ba43a3c97f8092a0', level='STATEMENT', operation='DELETE', pgid='pgtrigger_audit_delete_06678', referencing='REFERENCING OLD TABLE AS old_rows ', table='coaching_statement', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='statement',
                    trigger=pgtrigger.compiler.Trigger(name='never_deleted', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='cce82d652a63c2768e8599652cdaa48c66d18a15', operation='DELETE', pgid='pgtrigger_never_deleted_179f5', table='coaching_statement', when='BEFORE')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='statement',
                    trigger=pgtrigger.compiler.Trigger(name='a_decided_round_is_over', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE of_dispute bigint; of_round smallint;', func="\n                    IF TG_OP = 'UPDATE' THEN\n                        IF (NEW.said_at, NEW.missed_at, NEW.party_id, NEW.round)\n                           IS NOT DISTINCT FROM (OLD.said_at, OLD.missed_at, OLD.party_id, OLD.round) THEN\n                            RETURN NEW;\n                        END IF;\n                        IF NEW.said_at IS DISTINCT FROM OLD.said_at AND OLD.said_at IS NOT NULL\n                           OR NEW.missed_at IS DISTINCT FROM OLD.missed_at AND OLD.missed_at IS NOT NULL\n                           OR (NEW.party_id, NEW.round) IS DISTINCT FROM (OLD.party_id, OLD.round) THEN\n                            RAISE EXCEPTION 'What was said stands.'\n                                  USING ERRCODE = 'check_violation', CONSTRAINT = 'a_statement_stands';\n                        END IF;\n                    END IF;\n                    of_dispute := (SELECT dispute_id FROM coaching_party WHERE id = NEW.party_id);\n                    of_round := NEW.round;\n                    \n    PERFORM 1 FROM coaching_dispute WHERE id = of_dispute FOR UPDATE;\n    IF EXISTS (SELECT FROM coaching_decision d WHERE d.dispute_id = of_dispute AND d.round = of_round) THEN\n        RAISE EXCEPTION 'This round is decided already.'\n              USING ERRCODE = 'check_violation', CONSTRAINT = 'a_decided_round_is_over';\n    END IF;\n    RETURN NEW;\n\n                ", hash='9bd8ab6991ff54339177fed032e3c8125587fcc9', operation='INSERT OR UPDATE OF "said_at", "missed_at", "party_id", "round"', pgid='pgtrigger_a_decided_round_is_over_64ee4', table='coaching_statement', when='BEFORE')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='evidence',
                    trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func='RAISE EXCEPTION \'pgtrigger: Cannot update of "kind", "as_of", "at", "content", "link" or delete rows from % table\', TG_TABLE_NAME;', hash='d3ddbc1021c47a4ef05453c8c0c0244f12131570', operation='UPDATE OF "kind", "as_of", "at", "content", "link" OR DELETE', pgid='pgtrigger_append_only_8b52c', table='coaching_evidence', when='BEFORE')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='decider',
                    trigger=pgtrigger.compiler.Trigger(name='audit_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n                INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after)\n                SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), to_jsonb(n)\n                  FROM old_rows o JOIN new_rows n USING (id)\n                 WHERE to_jsonb(o) IS DISTINCT FROM to_jsonb(n);\n                RETURN NULL;\n            ', hash='8426c80c784ad30f21d86ad9fec124b1a1e00b55', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_audit_update_c2294', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='coaching_decider', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='decider',
                    trigger=pgtrigger.compiler.Trigger(name='audit_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after) SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), NULL FROM old_rows o; RETURN NULL;', hash='a5afdcbe668e0750014df5d30d361db7ce798338', level='STATEMENT', operation='DELETE', pgid='pgtrigger_audit_delete_9d95f', referencing='REFERENCING OLD TABLE AS old_rows ', table='coaching_decider', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='decider',
                    trigger=pgtrigger.compiler.Trigger(name='never_deleted', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='6c1e3971c5b65523d3914302ba50cc821a4a63af', operation='DELETE', pgid='pgtrigger_never_deleted_9c94b', table='coaching_decider', when='BEFORE')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='decision',
                    trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func='RAISE EXCEPTION \'pgtrigger: Cannot update of "dispute_id", "round", "decider_id", "outcome", "decided_at", "by_id" or delete rows from % table\', TG_TABLE_NAME;', hash='942ffc369f5589fb1642bab61093b5810ff0e54b', operation='UPDATE OF "dispute_id", "round", "decider_id", "outcome", "decided_at", "by_id" OR DELETE', pgid='pgtrigger_append_only_eb290', table='coaching_decision', when='BEFORE')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='decision',
                    trigger=pgtrigger.compiler.Trigger(name='a_decision_hears_all_parties', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n                    PERFORM 1 FROM coaching_dispute WHERE id = NEW.dispute_id FOR UPDATE;\n                    IF NOT EXISTS (SELECT FROM coaching_party p WHERE p.dispute_id = NEW.dispute_id)\n                       OR EXISTS (SELECT FROM coaching_party p\n                                   WHERE p.dispute_id = NEW.dispute_id AND NOT EXISTS (\n                                       SELECT FROM coaching_statement s\n                                        WHERE s.party_id = p.id AND s.round = NEW.round\n                                          AND least(s.said_at, s.missed_at) <= NEW.decided_at)) THEN\n                        RAISE EXCEPTION 'Not all parties have been heard.'\n                              USING ERRCODE = 'check_violation', CONSTRAINT = 'a_decision_hears_all_parties';\n                    END IF;\n                    IF EXISTS (SELECT FROM coaching_party p\n                                WHERE p.dispute_id = NEW.dispute_id AND p.person_id = NEW.decider_id) THEN\n                        RAISE EXCEPTION 'A party does not decide.'\n                              USING ERRCODE = 'check_violation', CONSTRAINT = 'nobody_decides_about_themselves';\n                    END IF;\n                    IF NOT EXISTS (SELECT FROM coaching_decider d\n                                    WHERE d.dispute_id = NEW.dispute_id AND d.round = NEW.round\n                                      AND d.person_id = NEW.decider_id AND d.ended_at IS NULL)\n                       OR NEW.round > 1 AND EXISTS (SELECT FROM coaching_decision d\n                                    WHERE d.dispute_id = NEW.dispute_id AND d.decider_id = NEW.decider_id) THEN\n                        RAISE EXCEPTION 'Somebody else decides this round.'\n                              USING ERRCODE = 'check_violation', CONSTRAINT = 'only_its_decider_decides_a_round';\n                    END IF;\n                    RETURN NEW;\n                ", hash='f954dc552de598e05e07947391b5b74e93c225f9', operation='INSERT', pgid='pgtrigger_a_decision_hears_all_parties_a05c0', table='coaching_decision', when='BEFORE')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='remedy',
                    trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func='RAISE EXCEPTION \'pgtrigger: Cannot update of "decision_id", "kind", "person_id", "amount", "currency", "entry_id", "handover_id", "reverses_id", "at" or delete rows from % table\', TG_TABLE_NAME;', hash='e6cac752964a4c15fb3fe5770b729197fffb8f4c', operation='UPDATE OF "decision_id", "kind", "person_id", "amount", "currency", "entry_id", "handover_id", "reverses_id", "at" OR DELETE', pgid='pgtrigger_append_only_91288', table='coaching_remedy', when='BEFORE')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='remedyshare',
                    trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='86e64bf6176a326dfb89aa379be5be7cd405f2bd', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_c4311', table='coaching_remedyshare', when='BEFORE')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='disputeevent',
                    trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='4ad3846ea9fd90c2579de8bfd27b712b1288e885', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_cda97', table='coaching_disputeevent', when='BEFORE')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='ladder',
                    trigger=pgtrigger.compiler.Trigger(name='audit_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n                INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after)\n                SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o) - \'reason\' - \'closing\', to_jsonb(n) - \'reason\' - \'closing\'\n                  FROM old_rows o JOIN new_rows n USING (id)\n                 WHERE to_jsonb(o) - \'reason\' - \'closing\' IS DISTINCT FROM to_jsonb(n) - \'reason\' - \'closing\';\n                RETURN NULL;\n            ', hash='344ff8c83ce95dd21f036408cbb35eb33f34c521', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_audit_update_5e02b', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='coaching_ladder', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='ladder',
                    trigger=pgtrigger.compiler.Trigger(name='audit_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after) SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o) - \'reason\' - \'closing\', NULL FROM old_rows o; RETURN NULL;', hash='feaa28dbc95cad18e22627e31b63039540bcd634', level='STATEMENT', operation='DELETE', pgid='pgtrigger_audit_delete_8d8bd', referencing='REFERENCING OLD TABLE AS old_rows ', table='coaching_ladder', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='ladder',
                    trigger=pgtrigger.compiler.Trigger(name='hard_outcomes_need_consent', sql=pgtrigger.compiler.UpsertTriggerSql(condition="WHEN (NEW.outcome IN ('role_changed', 'ended'))", func="\n                    IF NOT EXISTS (\n                        SELECT FROM coaching_ladderdecision made JOIN coaching_ladderstep step ON step.id = made.step_id\n                         WHERE step.ladder_id = NEW.id AND made.state = 'consented' AND made.outcome = NEW.outcome\n                    ) THEN\n                        RAISE EXCEPTION 'HR has not consented to this outcome.' USING ERRCODE = 'check_violation',\n                            CONSTRAINT = 'a_hard_outcome_has_consent';\n                    END IF;\n                    RETURN NEW;\n                ", hash='cb3b6013e8106f2ca57b46da7c506687967d58a2', operation='INSERT OR UPDATE OF "outcome"', pgid='pgtrigger_hard_outcomes_need_consent_c067a', table='coaching_ladder', when='BEFORE')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='ladderstep',
                    trigger=pgtrigger.compiler.Trigger(name='audit_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n                INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after)\n                SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o) - \'text\' - \'result\', to_jsonb(n) - \'text\' - \'result\'\n                  FROM old_rows o JOIN new_rows n USING (id)\n                 WHERE to_jsonb(o) - \'text\' - \'result\' IS DISTINCT FROM to_jsonb(n) - \'text\' - \'result\';\n                RETURN NULL;\n            ', hash='cb9e695d402f4569c81d6b1b4dfe3f334d07ea80', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_audit_update_d75d9', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='coaching_ladderstep', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='ladderstep',
                    trigger=pgtrigger.compiler.Trigger(name='audit_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after) SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o) - \'text\' - \'result\', NULL FROM old_rows o; RETURN NULL;', hash='aedd36ed83424ca42531926c903f7320854c483e', level='STATEMENT', operation='DELETE', pgid='pgtrigger_audit_delete_58045', referencing='REFERENCING OLD TABLE AS old_rows ', table='coaching_ladderstep', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='ladderstep',
                    trigger=pgtrigger.compiler.Trigger(name='steps_follow_each_other', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (NEW.kind > 1)', func="\n                    IF NOT EXISTS (\n                        SELECT FROM coaching_ladderstep before\n                         WHERE before.ladder_id = NEW.ladder_id AND before.kind = NEW.kind - 1\n                           AND before.state = 'complete' AND NOT before.is_met\n                    ) THEN\n                        RAISE EXCEPTION 'The step before is not complete.' USING ERRCODE = 'check_violation',\n                            CONSTRAINT = 'no_step_is_skipped';\n                    END IF;\n                    RETURN NEW;\n                ", hash='02dc835ffc9c29a28f5c49241a9cffab3cf5901e', operation='INSERT', pgid='pgtrigger_steps_follow_each_other_49fd7', table='coaching_ladderstep', when='BEFORE')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='ladderstep',
                    trigger=pgtrigger.compiler.Trigger(name='complete_stays_complete', sql=pgtrigger.compiler.UpsertTriggerSql(condition="WHEN (OLD.kind <> NEW.kind OR OLD.ladder_id <> NEW.ladder_id OR (OLD.state = 'complete' AND (NEW.state <> 'complete' OR OLD.is_met <> NEW.is_met OR OLD.during <> NEW.during)))", func="\n                    RAISE EXCEPTION 'A complete step stays as it is.' USING ERRCODE = 'check_violation',\n                        CONSTRAINT = 'a_complete_step_stays';\n                ", hash='447296be991006b050860bd0369c5d9384e2ea81', operation='UPDATE', pgid='pgtrigger_complete_stays_complete_2b901', table='coaching_ladderstep', when='BEFORE')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='stepgoal',
                    trigger=pgtrigger.compiler.Trigger(name='audit_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n                INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after)\n                SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), to_jsonb(n)\n                  FROM old_rows o JOIN new_rows n USING (id)\n                 WHERE to_jsonb(o) IS DISTINCT FROM to_jsonb(n);\n                RETURN NULL;\n            ', hash='0b6783428a23bcc7a7648c6f09de804b64ac69a8', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_audit_update_f877f', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='coaching_stepgoal', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='stepgoal',
                    trigger=pgtrigger.compiler.Trigger(name='audit_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after) SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), NULL FROM old_rows o; RETURN NULL;', hash='1a9c78aaf9c3872b3083eff36bfa2c0b1ea4967b', level='STATEMENT', operation='DELETE', pgid='pgtrigger_audit_delete_62f20', referencing='REFERENCING OLD TABLE AS old_rows ', table='coaching_stepgoal', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='stepsupport',
                    trigger=pgtrigger.compiler.Trigger(name='audit_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n                INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after)\n                SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o) - \'text\', to_jsonb(n) - \'text\'\n                  FROM old_rows o JOIN new_rows n USING (id)\n                 WHERE to_jsonb(o) - \'text\' IS DISTINCT FROM to_jsonb(n) - \'text\';\n                RETURN NULL;\n            ', hash='0652798d8d7e3c03004c5008241d3b590ac805d5', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_audit_update_409d1', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='coaching_stepsupport', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='stepsupport',
                    trigger=pgtrigger.compiler.Trigger(name='audit_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after) SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o) - \'text\', NULL FROM old_rows o; RETURN NULL;', hash='44a5bf4b5a4b39a6887cc9b2578067e42fbf4765', level='STATEMENT', operation='DELETE', pgid='pgtrigger_audit_delete_55ae8', referencing='REFERENCING OLD TABLE AS old_rows ', table='coaching_stepsupport', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='stepreading',
                    trigger=pgtrigger.compiler.Trigger(name='audit_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n                INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after)\n                SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o) - \'comment\', to_jsonb(n) - \'comment\'\n                  FROM old_rows o JOIN new_rows n USING (id)\n                 WHERE to_jsonb(o) - \'comment\' IS DISTINCT FROM to_jsonb(n) - \'comment\';\n                RETURN NULL;\n            ', hash='e6accda7d45433b29fe26153fc72b3af1a0864be', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_audit_update_16b5b', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='coaching_stepreading', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='stepreading',
                    trigger=pgtrigger.compiler.Trigger(name='audit_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after) SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o) - \'comment\', NULL FROM old_rows o; RETURN NULL;', hash='696c908a13474b5b58de5ed460ee51bbfc3e8c10', level='STATEMENT', operation='DELETE', pgid='pgtrigger_audit_delete_605ee', referencing='REFERENCING OLD TABLE AS old_rows ', table='coaching_stepreading', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='ladderdecision',
                    trigger=pgtrigger.compiler.Trigger(name='audit_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n                INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after)\n                SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o) - \'reason\' - \'answer\', to_jsonb(n) - \'reason\' - \'answer\'\n                  FROM old_rows o JOIN new_rows n USING (id)\n                 WHERE to_jsonb(o) - \'reason\' - \'answer\' IS DISTINCT FROM to_jsonb(n) - \'reason\' - \'answer\';\n                RETURN NULL;\n            ', hash='cb43eb6ce5c9a8f74cd02a22ad01e568e85b43c8', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_audit_update_926d6', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='coaching_ladderdecision', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='ladderdecision',
                    trigger=pgtrigger.compiler.Trigger(name='audit_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after) SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o) - \'reason\' - \'answer\', NULL FROM old_rows o; RETURN NULL;', hash='41d50240ae6cfe84928521cf3a39110158c3b672', level='STATEMENT', operation='DELETE', pgid='pgtrigger_audit_delete_d50f8', referencing='REFERENCING OLD TABLE AS old_rows ', table='coaching_ladderdecision', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='exit',
                    trigger=pgtrigger.compiler.Trigger(name='audit_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n                INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after)\n                SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o) - \'interview\' - \'lesson\', to_jsonb(n) - \'interview\' - \'lesson\'\n                  FROM old_rows o JOIN new_rows n USING (id)\n                 WHERE to_jsonb(o) - \'interview\' - \'lesson\' IS DISTINCT FROM to_jsonb(n) - \'interview\' - \'lesson\';\n                RETURN NULL;\n            ', hash='7544a929c535d329f0491463778a87461636752b', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_audit_update_1bba4', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='coaching_exit', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='exit',
                    trigger=pgtrigger.compiler.Trigger(name='audit_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after) SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o) - \'interview\' - \'lesson\', NULL FROM old_rows o; RETURN NULL;', hash='c853a856191d03107a5d59e59ba3f5d453d62ff3', level='STATEMENT', operation='DELETE', pgid='pgtrigger_audit_delete_baf1b', referencing='REFERENCING OLD TABLE AS old_rows ', table='coaching_exit', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='meeting',
                    trigger=pgtrigger.compiler.Trigger(name='audit_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n                INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after)\n                SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o) - \'minutes\', to_jsonb(n) - \'minutes\'\n                  FROM old_rows o JOIN new_rows n USING (id)\n                 WHERE to_jsonb(o) - \'minutes\' IS DISTINCT FROM to_jsonb(n) - \'minutes\';\n                RETURN NULL;\n            ', hash='666b4940f07460a197191d4666316b9406681d2a', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_audit_update_a5af4', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='coaching_meeting', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='meeting',
                    trigger=pgtrigger.compiler.Trigger(name='audit_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after) SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o) - \'minutes\', NULL FROM old_rows o; RETURN NULL;', hash='a3115ec641dba9752b99ddc93ea5c8a39ffd4d91', level='STATEMENT', operation='DELETE', pgid='pgtrigger_audit_delete_1f8c8', referencing='REFERENCING OLD TABLE AS old_rows ', table='coaching_meeting', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='meetingquestion',
                    trigger=pgtrigger.compiler.Trigger(name='audit_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n                INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after)\n                SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o) - \'text\' - \'answer\', to_jsonb(n) - \'text\' - \'answer\'\n                  FROM old_rows o JOIN new_rows n USING (id)\n                 WHERE to_jsonb(o) - \'text\' - \'answer\' IS DISTINCT FROM to_jsonb(n) - \'text\' - \'answer\';\n                RETURN NULL;\n            ', hash='00c014c729a897c35afaf899d8122c4fedbf963b', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_audit_update_003fe', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='coaching_meetingquestion', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='meetingquestion',
                    trigger=pgtrigger.compiler.Trigger(name='audit_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after) SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o) - \'text\' - \'answer\', NULL FROM old_rows o; RETURN NULL;', hash='32479006c8a876f02fad5336941275502a129daf', level='STATEMENT', operation='DELETE', pgid='pgtrigger_audit_delete_24462', referencing='REFERENCING OLD TABLE AS old_rows ', table='coaching_meetingquestion', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='meetingdecision',
                    trigger=pgtrigger.compiler.Trigger(name='audit_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n                INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after)\n                SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o) - \'text\' - \'outcome\', to_jsonb(n) - \'text\' - \'outcome\'\n                  FROM old_rows o JOIN new_rows n USING (id)\n                 WHERE to_jsonb(o) - \'text\' - \'outcome\' IS DISTINCT FROM to_jsonb(n) - \'text\' - \'outcome\';\n                RETURN NULL;\n            ', hash='1e31264ae1822da2364875090706f979fe67fee1', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_audit_update_538e2', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='coaching_meetingdecision', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='meetingdecision',
                    trigger=pgtrigger.compiler.Trigger(name='audit_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after) SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o) - \'text\' - \'outcome\', NULL FROM old_rows o; RETURN NULL;', hash='99e93deccb07f34abaa218e5c19793c22cb5f691', level='STATEMENT', operation='DELETE', pgid='pgtrigger_audit_delete_75f65', referencing='REFERENCING OLD TABLE AS old_rows ', table='coaching_meetingdecision', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='attendance',
                    trigger=pgtrigger.compiler.Trigger(name='audit_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n                INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after)\n                SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), to_jsonb(n)\n                  FROM old_rows o JOIN new_rows n USING (id)\n                 WHERE to_jsonb(o) IS DISTINCT FROM to_jsonb(n);\n                RETURN NULL;\n            ', hash='78eb1282645767e268ff9189a52848f0e09d8713', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_audit_update_8a790', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='coaching_attendance', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='attendance',
                    trigger=pgtrigger.compiler.Trigger(name='audit_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after) SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), NULL FROM old_rows o; RETURN NULL;', hash='bc8a5ea170c7a2be5a9c5c77cd46bbd42c1a4613', level='STATEMENT', operation='DELETE', pgid='pgtrigger_audit_delete_d0830', referencing='REFERENCING OLD TABLE AS old_rows ', table='coaching_attendance', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='actionitem',
                    trigger=pgtrigger.compiler.Trigger(name='audit_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n                INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after)\n                SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o) - \'text\' - \'result\', to_jsonb(n) - \'text\' - \'result\'\n                  FROM old_rows o JOIN new_rows n USING (id)\n                 WHERE to_jsonb(o) - \'text\' - \'result\' IS DISTINCT FROM to_jsonb(n) - \'text\' - \'result\';\n                RETURN NULL;\n            ', hash='f8df5e1f613df9b5faf9f69da2bf0130c157a47f', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_audit_update_dd225', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='coaching_actionitem', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='actionitem',
                    trigger=pgtrigger.compiler.Trigger(name='audit_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after) SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o) - \'text\' - \'result\', NULL FROM old_rows o; RETURN NULL;', hash='0a35cbe335fcc2c6a4c1cd6d2a146132f006f88a', level='STATEMENT', operation='DELETE', pgid='pgtrigger_audit_delete_41ee5', referencing='REFERENCING OLD TABLE AS old_rows ', table='coaching_actionitem', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='coachingplan',
                    trigger=pgtrigger.compiler.Trigger(name='audit_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n                INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after)\n                SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o) - \'text\', to_jsonb(n) - \'text\'\n                  FROM old_rows o JOIN new_rows n USING (id)\n                 WHERE to_jsonb(o) - \'text\' IS DISTINCT FROM to_jsonb(n) - \'text\';\n                RETURN NULL;\n            ', hash='9f31a0d523a4953c6af9afc197d025d168891fb2', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_audit_update_cdfc0', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='coaching_coachingplan', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='coachingplan',
                    trigger=pgtrigger.compiler.Trigger(name='audit_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after) SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o) - \'text\', NULL FROM old_rows o; RETURN NULL;', hash='9d5311a23d8d0cb4ff19532bf277c3f1712cad55', level='STATEMENT', operation='DELETE', pgid='pgtrigger_audit_delete_3f9b1', referencing='REFERENCING OLD TABLE AS old_rows ', table='coaching_coachingplan', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='play',
                    trigger=pgtrigger.compiler.Trigger(name='audit_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n                INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after)\n                SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), to_jsonb(n)\n                  FROM old_rows o JOIN new_rows n USING (id)\n                 WHERE to_jsonb(o) IS DISTINCT FROM to_jsonb(n);\n                RETURN NULL;\n            ', hash='bb05478f73fa4d6eb3ee11297bbd42c01bf7b20f', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_audit_update_a5705', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='coaching_play', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='play',
                    trigger=pgtrigger.compiler.Trigger(name='audit_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after) SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), NULL FROM old_rows o; RETURN NULL;', hash='0e8d67711dd825a857da205a7484537dc4cd082e', level='STATEMENT', operation='DELETE', pgid='pgtrigger_audit_delete_00ff5', referencing='REFERENCING OLD TABLE AS old_rows ', table='coaching_play', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='playuse',
                    trigger=pgtrigger.compiler.Trigger(name='audit_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n                INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after)\n                SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), to_jsonb(n)\n                  FROM old_rows o JOIN new_rows n USING (id)\n                 WHERE to_jsonb(o) IS DISTINCT FROM to_jsonb(n);\n                RETURN NULL;\n            ', hash='c71431661d3955aa78341b53b5ba61c1f12227c0', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_audit_update_17707', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='coaching_playuse', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='playuse',
                    trigger=pgtrigger.compiler.Trigger(name='audit_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after) SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), NULL FROM old_rows o; RETURN NULL;', hash='1775544d1f10f0207e5c8a71092f95b73253af10', level='STATEMENT', operation='DELETE', pgid='pgtrigger_audit_delete_8ed54', referencing='REFERENCING OLD TABLE AS old_rows ', table='coaching_playuse', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='rhythm',
                    trigger=pgtrigger.compiler.Trigger(name='audit_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n                INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after)\n                SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), to_jsonb(n)\n                  FROM old_rows o JOIN new_rows n USING (id)\n                 WHERE to_jsonb(o) IS DISTINCT FROM to_jsonb(n);\n                RETURN NULL;\n            ', hash='c65d6b67cea5a5ccc84183617d1d4d9781a9a75a', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_audit_update_4ad96', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='coaching_rhythm', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='rhythm',
                    trigger=pgtrigger.compiler.Trigger(name='audit_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after) SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), NULL FROM old_rows o; RETURN NULL;', hash='f5a4a6e5e56d91d2ff37a5721595de6f4f92b79b', level='STATEMENT', operation='DELETE', pgid='pgtrigger_audit_delete_996b0', referencing='REFERENCING OLD TABLE AS old_rows ', table='coaching_rhythm', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='skilltarget',
                    trigger=pgtrigger.compiler.Trigger(name='audit_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n                INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after)\n                SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), to_jsonb(n)\n                  FROM old_rows o JOIN new_rows n USING (id)\n                 WHERE to_jsonb(o) IS DISTINCT FROM to_jsonb(n);\n                RETURN NULL;\n            ', hash='9c6d76fd8bfd9c8fbe3c797bd3ffadea4dd5ac22', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_audit_update_f13c4', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='coaching_skilltarget', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='skilltarget',
                    trigger=pgtrigger.compiler.Trigger(name='audit_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after) SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), NULL FROM old_rows o; RETURN NULL;', hash='a3ee08c6f9da1143b1b1eab1071d4ca282dbf269', level='STATEMENT', operation='DELETE', pgid='pgtrigger_audit_delete_ea528', referencing='REFERENCING OLD TABLE AS old_rows ', table='coaching_skilltarget', when='AFTER')),
                ),
            ],
        ),
    ]
