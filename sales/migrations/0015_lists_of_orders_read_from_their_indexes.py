from django.db import migrations, models

HELD = ("owner", "account", "ordered_on", "promised_on", "produced_on", "delivered_on", "cancelled_on", "amount", "id")


def listed(name, *by):
    others = tuple(one for one in HELD if one not in by and f"-{one}" not in by)
    index = models.Index(fields=by, include=others, condition=models.Q(withdrawn_at=None), name=name)
    return migrations.AddIndex("order", index)


class Migration(migrations.Migration):
    dependencies = [("sales", "0014_customers_read_from_their_indexes")]

    operations = [
        listed("order_list_by_owner", "owner", "ordered_on"),
        listed("order_list_by_day", "-ordered_on", "-id"),
        listed("order_list_by_amount", "-amount", "-id"),
        listed("order_list_by_promise", "promised_on", "id"),
        migrations.AddIndex(
            "order",
            models.Index(
                fields=["-ordered_on", "-id"],
                include=("owner",),
                condition=models.Q(withdrawn_at=None, cancelled_on__isnull=False),
                name="cancelled_order_by_day",
            ),
        ),
        migrations.RemoveIndex("order", "order_by_owner"),
        migrations.RemoveIndex("order", "order_by_day"),
        migrations.RemoveIndex("order", "order_by_amount"),
        migrations.RemoveIndex("order", "order_by_promise"),
    ]
