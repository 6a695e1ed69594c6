from django.db import migrations

LEAVE_KINDS = [
    # key, name, relieves quota, protected (R3)
    ("vacation", "Vacation", False, False),
    ("sick", "Sick", False, False),
    ("long_sick", "Long sickness", True, True),
    ("parental", "Parental leave", True, True),
    ("unpaid", "Unpaid leave", True, False),
]


def fill(apps, schema_editor):
    apps.get_model("teams", "Organisation").objects.create(pk=1, name="Our company")
    kind = apps.get_model("teams", "LeaveKind")
    for key, name, relieves, protected in LEAVE_KINDS:
        kind.objects.create(key=key, name=name, relieves_quota=relieves, is_protected=protected)


class Migration(migrations.Migration):
    dependencies = [("teams", "0001_squashed")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
