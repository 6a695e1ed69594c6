"""A scorecard for reps and one for managers, to be changed by operations."""

from datetime import UTC, date, datetime

from django.db import migrations
from django.db.backends.postgresql.psycopg_any import DateRange

ALWAYS = DateRange(date(1900, 1, 1), None, "[)")
FIRST = {
    "rep": [("pace", "60", "1"), ("win_rate", "20", "0.3"), ("activities", "20", "20")],
    "manager": [("pace", "70", "1"), ("win_rate", "30", "0.3")],
}


def write(apps, schema_editor):
    Scorecard = apps.get_model("performance", "Scorecard")
    Part = apps.get_model("performance", "ScorecardPart")
    for role, parts in FIRST.items():
        card = Scorecard.objects.create(
            role=role, during=ALWAYS, made_at=datetime(2026, 1, 1, tzinfo=UTC), reason="To begin with"
        )
        Part.objects.bulk_create(
            Part(scorecard=card, measure=measure, weight=weight, goal=goal, position=place)
            for place, (measure, weight, goal) in enumerate(parts)
        )


class Migration(migrations.Migration):
    dependencies = [("performance", "0014_scorecards_and_reports")]
    operations = [migrations.RunPython(write, migrations.RunPython.noop)]
