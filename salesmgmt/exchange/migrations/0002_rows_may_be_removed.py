from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("exchange", "0001_initial")]
    operations = [
        migrations.AlterField(
            model_name="batchrow",
            name="act",
            field=models.CharField(
                choices=[("created", "New"), ("changed", "Changed"), ("removed", "Removed"), ("refused", "Refused")],
                max_length=7,
            ),
        )
    ]
