from datetime import date

from django.db import migrations
from django.db.backends.postgresql.psycopg_any import DateRange

YEARS = range(1990, 2060)


def fill(apps, schema_editor):
    """Months are stored, so that posting and closing have a row to meet on (house, "Period")."""
    period = apps.get_model("teams", "Period")
    months = [date(year, month, 1) for year in YEARS for month in range(1, 13)]
    after = [*months[1:], date(YEARS.stop, 1, 1)]
    period.objects.bulk_create(
        [
            period(key=f"{start:%Y-%m}", during=DateRange(start, end, "[)"))
            for start, end in zip(months, after, strict=True)
        ],
        ignore_conflicts=True,
    )


class Migration(migrations.Migration):
    dependencies = [("teams", "0002_reference_data")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
