from datetime import date

import django.contrib.postgres.fields.ranges
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.backends.postgresql.psycopg_any import DateRange

from salesmgmt.lib.periods import FiscalCalendar, Period


def fill(apps, schema_editor):
    """Each season gets the days that its key has stood for."""
    share_model = apps.get_model("targets", "SeasonShare")
    organisation = apps.get_model("teams", "Organisation").objects.first()
    calendar = FiscalCalendar.from_month(organisation.fiscal_month if organisation else 1)
    profiles = {}
    for share in share_model.objects.order_by("pk"):
        if share.period not in profiles:
            period = Period.parse(share.period, calendar)
            profiles[share.period] = apps.get_model("targets", "SeasonProfile").objects.create(
                period=share.period, during=DateRange(period.start, period.end, "[)"), is_learned=share.is_learned
            )
        share.profile = profiles[share.period]
        try:
            share.starts_on = Period.parse(share.bucket, calendar).start
        except ValueError:  # a bucket that no day has ever fallen into
            share.starts_on = date(9999, 1, 1)
        share.save(update_fields=["profile", "starts_on"])


class Migration(migrations.Migration):
    dependencies = [
        ("teams", "0006_everything_with_a_customer"),
        ("targets", "0002_quota_entries_name_their_seat"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.CreateModel(
            name="SeasonProfile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("during", django.contrib.postgres.fields.ranges.DateRangeField()),
                ("period", models.CharField(help_text="Key: 2026-Q3", max_length=7)),
                ("is_learned", models.BooleanField(default=False)),
                (
                    "learned_from",
                    models.PositiveSmallIntegerField(
                        default=0, help_text="How many earlier periods it was learned from"
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1)),
            ],
        ),
        migrations.AddField(
            "seasonshare",
            "profile",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="shares",
                to="targets.seasonprofile",
            ),
        ),
        migrations.AddField("seasonshare", "starts_on", models.DateField(null=True)),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
