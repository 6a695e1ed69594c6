import django.contrib.postgres.indexes
import django.db.models.functions.text
from django.db import migrations, models

import salesmgmt.lib.finding
from salesmgmt.desk.operations import AddIndexWhileInUse


class Migration(migrations.Migration):
    """The indexes of 0005 on tables that may be large, without anybody waiting for them."""

    atomic = False
    dependencies = [
        ('sales', '0007_triggers_of_it'),
    ]

    operations = [
        AddIndexWhileInUse(
            model_name='account',
            index=models.Index(fields=['industry', 'name'], name='account_by_industry'),
        ),
        AddIndexWhileInUse(
            model_name='account',
            index=django.contrib.postgres.indexes.GinIndex(salesmgmt.lib.finding.Words('name'), name='account_by_words'),
        ),
        AddIndexWhileInUse(
            model_name='account',
            index=django.contrib.postgres.indexes.GinIndex(fields=['tags'], name='account_by_tag'),
        ),
        AddIndexWhileInUse(
            model_name='contact',
            index=models.Index(fields=['account'], name='contact_by_account'),
        ),
        AddIndexWhileInUse(
            model_name='contact',
            index=django.contrib.postgres.indexes.GinIndex(django.contrib.postgres.indexes.OpClass(django.db.models.functions.text.Upper('name'), name='gin_trgm_ops'), name='contact_name_likeness'),
        ),
        AddIndexWhileInUse(
            model_name='contact',
            index=django.contrib.postgres.indexes.GinIndex(salesmgmt.lib.finding.Words('name', 'email'), name='contact_by_words'),
        ),
        AddIndexWhileInUse(
            model_name='contact',
            index=models.Index(django.db.models.functions.text.Upper('email'), condition=models.Q(('email', ''), _negated=True), name='contact_by_email'),
        ),
        AddIndexWhileInUse(
            model_name='contact',
            index=django.contrib.postgres.indexes.GinIndex(fields=['tags'], name='contact_by_tag'),
        ),
        AddIndexWhileInUse(
            model_name='contact',
            index=models.Index(models.Func(models.F('phone'), models.Value('\\D'), models.Value(''), models.Value('g'), function='regexp_replace', output_field=models.CharField()), condition=models.Q(('phone', ''), _negated=True), name='contact_by_phone'),
        ),
        AddIndexWhileInUse(
            model_name='order',
            index=django.contrib.postgres.indexes.GinIndex(salesmgmt.lib.finding.Words('number'), condition=models.Q(('number', ''), _negated=True), name='order_by_words'),
        ),
        AddIndexWhileInUse(
            model_name='deal',
            index=django.contrib.postgres.indexes.GinIndex(condition=models.Q(('tags', []), _negated=True), fields=['tags'], name='deal_by_tag'),
        ),
        AddIndexWhileInUse(
            model_name='deal',
            index=django.contrib.postgres.indexes.GinIndex(salesmgmt.lib.finding.Words('name'), name='deal_by_words'),
        ),
        AddIndexWhileInUse(
            model_name='activity',
            index=models.Index(condition=models.Q(('account__isnull', False)), fields=['account', 'occurred_at'], name='activity_by_account'),
        ),
        AddIndexWhileInUse(
            model_name='activity',
            index=models.Index(condition=models.Q(('contact__isnull', False)), fields=['contact', 'occurred_at'], name='activity_by_contact'),
        ),
        AddIndexWhileInUse(
            model_name='activity',
            index=django.contrib.postgres.indexes.GinIndex(salesmgmt.lib.finding.Words('outcome', 'notes'), condition=models.Q(('notes', ''), _negated=True), name='activity_by_words'),
        ),
        AddIndexWhileInUse(
            model_name='activity',
            index=models.Index(condition=models.Q(('lead__isnull', False)), fields=['lead'], name='activity_by_lead'),
        ),
        AddIndexWhileInUse(
            model_name='task',
            index=models.Index(condition=models.Q(('done_at', None), ('remind_at__isnull', False), ('reminded_at', None)), fields=['remind_at'], name='task_to_remind_of'),
        ),
        AddIndexWhileInUse(
            model_name='task',
            index=models.Index(condition=models.Q(('account__isnull', False), ('done_at__isnull', False)), fields=['account', 'done_at'], name='done_task_by_account'),
        ),
    ]
