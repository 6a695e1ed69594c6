"""What the replays come to is kept by period. The past is replayed anew in the next night, to fill it."""

from typing import Any

from django.db import migrations, models


def replay_anew(apps: Any, schema_editor: Any) -> None:
    apps.get_model("performance", "BacktestRun").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("performance", "0002_reference_data")]
    operations = [
        migrations.CreateModel(
            name='BacktestScore',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('level', models.CharField(choices=[('person', 'Person'), ('team', 'Team')], max_length=6)),
                ('measure', models.CharField(max_length=30)),
                ('period', models.CharField(max_length=8)),
                ('checkpoint', models.DecimalField(decimal_places=3, max_digits=4)),
                ('as_of', models.DateField()),
                ('tally', models.JSONField()),
                ('made_at', models.DateTimeField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('level', 'measure', 'period', 'checkpoint'), name='one_backtest_score_per_checkpoint')],
            },
        ),
        migrations.RunPython(replay_anew, migrations.RunPython.noop),
    ]
