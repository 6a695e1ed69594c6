from django.db import migrations

STAGES = [
    # name, probability, forecast category
    ("Prospecting", 10, "pipeline"),
    ("Qualification", 25, "pipeline"),
    ("Proposal", 50, "best_case"),
    ("Negotiation", 75, "commit"),
]
LOST_REASONS = [
    # key, name, counts in the win rate (R16, R26)
    ("product", "Product", True),
    ("price", "Price", True),
    ("delivery", "Delivery", True),
    ("service", "Service", True),
    ("marketing", "Marketing", True),
    ("timing", "Timing", True),
    ("competitor", "Competitor", True),
    ("relationship", "Relationship", True),
    ("no_decision", "No decision", True),
    ("no_budget", "No budget", True),
    ("bad_fit", "Bad fit", False),
    ("duplicate", "Duplicate", False),
    ("not_given", "Not given", True),
]


def fill(apps, schema_editor):
    pipeline = apps.get_model("sales", "Pipeline").objects.create(name="Sales")
    for position, (name, probability, category) in enumerate(STAGES, start=1):
        apps.get_model("sales", "Stage").objects.create(
            pipeline=pipeline, name=name, position=position, probability=probability, forecast_category=category
        )
    for key, name, counts in LOST_REASONS:
        apps.get_model("sales", "LostReason").objects.create(key=key, name=name, counts=counts)


class Migration(migrations.Migration):
    dependencies = [("sales", "0001_squashed")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
