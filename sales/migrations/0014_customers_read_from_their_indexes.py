from django.db import migrations, models

CONTACT = ("account", "made_by", "email", "withdrawn_at")


class Migration(migrations.Migration):
    dependencies = [("sales", "0013_a_list_of_deals_by_name")]

    operations = [
        migrations.AddIndex(
            "account",
            models.Index(fields=["name", "id"], include=("owner", "withdrawn_at"), name="account_list_by_name"),
        ),
        migrations.AddIndex(
            "account",
            models.Index(
                fields=["-revenue", "-id"],
                include=("name", "owner"),
                condition=models.Q(withdrawn_at=None),
                name="account_list_by_revenue",
            ),
        ),
        migrations.AddIndex(
            "contact", models.Index(fields=["name", "id"], include=CONTACT, name="contact_list_by_name")
        ),
        migrations.RemoveIndex("account", "account_by_name"),
        migrations.RemoveIndex("account", "account_by_revenue"),
        migrations.RemoveIndex("contact", "contact_by_name"),
    ]
