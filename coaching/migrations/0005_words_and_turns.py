import django.db.models.deletion
from django.db import migrations, models


def tell_readers(apps, schema_editor):
    """What people wrote in their own 1:1s and cases "for the two" was written to who led them there."""
    own = apps.get_model("coaching", "Note").objects.filter(author=models.F("person"), is_for_author_only=False)
    for place, path in (("OneOnOne", "manager"), ("Case", "owner")):
        field = "one_on_one" if place == "OneOnOne" else "case"
        of = apps.get_model("coaching", place).objects.filter(pk=models.OuterRef(field)).values(path)
        own.filter(reader=None).exclude(**{field: None}).update(reader=models.Subquery(of))


class Migration(migrations.Migration):
    dependencies = [
        ("coaching", "0004_growth_paths"),
        ("teams", "0003_months"),
    ]

    operations = [
        migrations.AddField(
            model_name="case",
            name="late_told_on",
            field=models.DateField(editable=False, help_text="When the owner was told that it is overdue", null=True),
        ),
        migrations.AddField(
            model_name="diagnosisstep",
            name="not_asked_because",
            field=models.CharField(
                blank=True, db_default="", help_text="Of departments, before it lies with the person", max_length=500
            ),
        ),
        migrations.AddField(
            model_name="note",
            name="reader",
            field=models.ForeignKey(
                blank=True,
                help_text="To whom the person wrote it",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="teams.person",
            ),
        ),
        migrations.AlterField(
            model_name="case",
            name="outcome",
            field=models.CharField(
                blank=True,
                choices=[
                    ("solved", "Solved"),
                    ("improved", "Improved"),
                    ("unchanged", "Not improved"),
                    ("elsewhere", "The cause lies elsewhere and was passed on"),
                    ("withdrawn", "Withdrawn: it should not have been opened"),
                    ("left", "The person has left"),
                ],
                db_default="",
                default="",
                max_length=9,
            ),
        ),
        migrations.RunPython(tell_readers, migrations.RunPython.noop),
    ]
