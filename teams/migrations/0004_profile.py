from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("teams", "0003_months"),
    ]

    operations = [
        migrations.AddField(
            model_name='user',
            name='keys_off',
            field=models.BooleanField(default=False, verbose_name='Single-key shortcuts off'),
        ),
        migrations.AddField(
            model_name='user',
            name='time_zone',
            field=models.CharField(blank=True, help_text="Of moments shown; empty: the organisation's", max_length=64),
        ),
    ]
