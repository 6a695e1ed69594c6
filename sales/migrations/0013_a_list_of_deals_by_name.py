from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sales", "0012_rates_kept")]

    operations = [
        migrations.AddIndex(
            model_name="deal",
            index=models.Index(
                fields=["name", "id"],
                include=(
                    "owner", "stage", "product", "status", "opened_on", "expected_close_on", "closed_on", "amount",
                ),
                condition=models.Q(withdrawn_at=None),
                name="deal_list_by_name",
            ),
        ),
    ]  # fmt: skip
