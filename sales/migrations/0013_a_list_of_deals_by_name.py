from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sales", "0011_leads_are_answered_after_they_came_in")]

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
