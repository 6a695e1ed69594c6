"""Every table of this app as of the first release; the steps that led there are named below, for those who took them."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from salesmgmt.lib.tables import CreateModels


class Migration(migrations.Migration):

    replaces = [
        ("exchange", "0001_initial"),
        ("exchange", "0002_rows_stand_in_a_batch"),
        ("exchange", "0003_large_files_engine"),
    ]

    initial = True

    dependencies = [
        ('teams', '0001_squashed'),
    ]

    operations = [
        CreateModels(
            operations=[
                migrations.CreateModel(
                    name='Batch',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('kind', models.CharField(max_length=20)),
                        ('file_name', models.CharField(max_length=255)),
                        ('file', models.FileField(blank=True, upload_to='imports/')),
                        ('digest', models.CharField(max_length=64)),
                        ('mapping', models.JSONField(default=dict)),
                        ('options', models.JSONField(default=dict)),
                        ('state', models.CharField(choices=[('uploaded', 'Uploaded'), ('previewed', 'Previewed'), ('queued', 'Waiting'), ('running', 'Running'), ('stopped', 'Stopped'), ('done', 'Taken'), ('failed', 'Failed'), ('undoing', 'Being undone'), ('undone', 'Undone')], default='uploaded', max_length=9)),
                        ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('at', models.DateTimeField()),
                        ('finished_at', models.DateTimeField(null=True)),
                        ('undone_at', models.DateTimeField(null=True)),
                        ('undone_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('read', models.PositiveIntegerField(default=0)),
                        ('created', models.PositiveIntegerField(default=0)),
                        ('changed', models.PositiveIntegerField(default=0)),
                        ('equal', models.PositiveIntegerField(default=0)),
                        ('refused', models.PositiveIntegerField(default=0)),
                        ('message', models.TextField(blank=True)),
                        ('found', models.JSONField(default=dict, help_text='Dialect, encoding, date format and decimal mark that were found')),
                        ('is_stopping', models.BooleanField(default=False, help_text='Somebody asked the worker to stop')),
                        ('position', models.PositiveIntegerField(default=0, help_text='Line up to which a large file was taken in')),
                        ('total', models.PositiveIntegerField(help_text='Rows of the file; known once it was read', null=True)),
                    ],
                    options={
                        'verbose_name_plural': 'batches',
                        'indexes': [models.Index(fields=['-at'], name='batch_by_time')],
                    },
                ),
                migrations.CreateModel(
                    name='BatchRow',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('batch', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rows', to='exchange.batch')),
                        ('line', models.PositiveIntegerField(help_text='Line of the file at which the row starts; the header is 1')),
                        ('act', models.CharField(choices=[('created', 'New'), ('changed', 'Changed'), ('removed', 'Removed'), ('refused', 'Refused')], max_length=7)),
                        ('model', models.CharField(blank=True, help_text='app_label.Model', max_length=60)),
                        ('object_id', models.BigIntegerField(null=True)),
                        ('before', models.JSONField(null=True)),
                        ('after', models.JSONField(null=True)),
                        ('column', models.CharField(blank=True, max_length=200)),
                        ('value', models.TextField(blank=True)),
                        ('reason', models.TextField(blank=True)),
                        ('raw', models.JSONField(help_text='The refused row as it was read', null=True)),
                        ('through_id', models.BigIntegerField(help_text='Where one row speaks for a range: its last number', null=True)),
                    ],
                    options={
                        'indexes': [models.Index(fields=['batch', 'line'], name='batch_row_by_line')],
                    },
                ),
                migrations.CreateModel(
                    name='Mapping',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('kind', models.CharField(max_length=20)),
                        ('name', models.CharField(max_length=100)),
                        ('content', models.JSONField()),
                        ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('kind', 'name'), name='mapping_name_is_unique')],
                    },
                ),
            ],
        ),
    ]
