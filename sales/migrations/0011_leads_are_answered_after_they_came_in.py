from django.db import migrations, models
from django.db.models import F, Q


def mend(apps, schema_editor):
    """Where the moment it came in was moved past the answer, the answer is the last moment it can have come in."""
    leads = apps.get_model("sales", "Lead").objects
    leads.filter(first_response_at__lt=F("received_at")).update(received_at=F("first_response_at"))


class Migration(migrations.Migration):
    dependencies = [("sales", "0010_who_had_the_link")]

    operations = [
        migrations.RunPython(mend, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="lead",
            constraint=models.CheckConstraint(
                condition=Q(first_response_at=None) | Q(first_response_at__gte=F("received_at")),
                name="lead_is_answered_after_it_came_in",
            ),
        ),
    ]
