"""What deals were at the close of each day. Derived from deals and their changes; `rebuild_rollups` makes it anew."""

from datetime import date

from django.contrib.postgres.indexes import GistIndex
from django.db import models
from django.db.models import F, Func, Q

from sales.models import Deal, DealChange, Stage
from salesmgmt.desk.watches import ALWAYS, EVERYBODY, Watch
from teams.models import ExchangeRate, FiscalYear, Organisation, Person, Posting, Team

DEALS, POSTINGS, RATES = "snapshots", "snapshot_postings", "snapshot_rates"
"""Topics: marks of the first name a deal (nobody: every deal), of the others a person and days, or days of rates."""


class DealVersion(models.Model):
    """How a deal stood at the close of every day of `[on, until)`, and how it stood before: one row per state.

    The day is that of the change, in the organisation's zone: what was known at that close. Person and team are those
    of that day; 0 stands for no team. `value` is the amount in the reporting currency at the plan rate that applies
    where the deal is due (the actual one where there is no plan rate), `worth` at the actual rate; both are empty
    where there is no rate. An amount nobody has named is 0. A withdrawn deal is `gone` from that day on.
    """

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        WON = "won", "Won"
        LOST = "lost", "Lost"
        GONE = "gone", "Withdrawn"

    deal = models.ForeignKey(Deal, models.DO_NOTHING, related_name="versions", db_constraint=False, db_index=False)
    on = models.DateField()
    until = models.DateField(null=True, help_text="First day no longer; empty: it still stands so")
    status = models.CharField(max_length=4, choices=Status)
    person = models.ForeignKey(Person, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False)
    team = models.ForeignKey(Team, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False)
    stage = models.ForeignKey(
        Stage, models.DO_NOTHING, null=True, related_name="+", db_constraint=False, db_index=False
    )
    category = models.CharField(max_length=10, blank=True, help_text="The deal's own; empty: its stage's")
    amount = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    currency = models.CharField(max_length=3)
    due_on = models.DateField(null=True)
    month = models.DateField(null=True, help_text="First day of the fiscal month it is due in; empty without a value")
    value = models.DecimalField(max_digits=28, decimal_places=2, null=True)
    worth = models.DecimalField(max_digits=28, decimal_places=2, null=True)
    was_status = models.CharField(max_length=4, blank=True, help_text="Empty: there was no such deal")
    was_person = models.ForeignKey(Person, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False)
    was_team = models.ForeignKey(Team, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False)
    was_due_on = models.DateField(null=True)
    was_month = models.DateField(null=True)
    was_value = models.DecimalField(max_digits=28, decimal_places=2, null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["deal", "on"], name="one_deal_version_per_day")]
        indexes = [
            models.Index(fields=["team", "on"], name="deal_version_by_team"),
            models.Index(fields=["person", "on"], name="deal_version_by_person"),
            models.Index(fields=["was_team", "on"], condition=~Q(was_team=F("team")), name="deal_version_by_team_left"),
            models.Index(
                fields=["was_person", "on"], condition=~Q(was_person=F("person")), name="deal_version_by_person_left"
            ),
            GistIndex(
                F("team"),
                Func(F("on"), F("until"), function="daterange"),
                name="open_deal_version_by_day",
                condition=Q(status="open"),
            ),
            models.Index(fields=["due_on"], condition=Q(status="open", value=None), name="deal_version_without_rate"),
        ]

    def __str__(self) -> str:
        return f"{self.deal_id} from {self.on} on: {self.status}"


class PipelineFlow(models.Model):
    """What moved pipelines, summed: by the team, the day or month it happened, the step and the month it was due in.

    Kept by the drainer of the versions, so that a waterfall reads no more as deals are added. What moves between two
    months or teams stands once for each of both, beside the other one: within a longer period or a larger team it is no
    step. Months of an unknown day are `NEVER`. What came in before a day less what went out is what was open then.
    """

    NEVER = date(1, 1, 1)

    class Level(models.TextChoices):
        TEAM_DAY = "td"
        TEAM_MONTH = "tm"
        COMPANY_DAY = "cd"
        COMPANY_MONTH = "cm"

    level = models.CharField(max_length=2, choices=Level)
    team_id = models.BigIntegerField()
    month = models.DateField(help_text="First day of the fiscal month the deal was due in")
    on = models.DateField()
    step = models.CharField(max_length=10)
    other_month = models.DateField(help_text="Where it went to or came from")
    other_team_id = models.BigIntegerField()
    amount = models.DecimalField(max_digits=38, decimal_places=2, help_text="Below zero: it left")
    count = models.BigIntegerField()
    deals = models.BigIntegerField(help_text="Came in less those that left")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["level", "team_id", "month", "on", "step", "other_month", "other_team_id"],
                include=["amount", "count", "deals"],
                name="one_pipeline_flow_per_cell",
            )
        ]


def _watch(topic: str, key: str, days: str, columns: list[str], matters: str = "true", on_insert: bool = True) -> Watch:
    return Watch([topic], key, days, columns, matters, on_insert, name="snapshot")


class SnapshotDeal(Deal):
    class Meta:
        proxy = True
        triggers = _watch(
            DEALS, "r.id", ALWAYS,
            ["owner_id", "stage_id", "status", "amount", "currency", "opened_on", "expected_close_on",
             "own_forecast_category", "withdrawn_at"],
        ).triggers()  # fmt: skip


TRACKED = ("stage", "status", "amount", "expected_close_on", "owner", "forecast_category", "currency")


class SnapshotDealChange(DealChange):
    class Meta:
        proxy = True
        triggers = _watch(
            DEALS, "r.deal_id", ALWAYS, ["changed_at", "field", "was", "value"],
            f"r.field IN ({', '.join(repr(name) for name in TRACKED)})",
        ).triggers()  # fmt: skip


class SnapshotPosting(Posting):
    class Meta:
        proxy = True
        triggers = _watch(POSTINGS, "r.person_id", "r.during", ["team_id"]).triggers()


class SnapshotRate(ExchangeRate):
    class Meta:
        proxy = True
        triggers = _watch(
            RATES, EVERYBODY, "daterange(lower(r.during), NULL)", ["currency", "kind", "rate", "during"]
        ).triggers()


class SnapshotOrganisation(Organisation):
    class Meta:
        proxy = True
        triggers = _watch(DEALS, EVERYBODY, ALWAYS, ["currency", "time_zone"], on_insert=False).triggers()


class SnapshotStage(Stage):
    class Meta:
        proxy = True
        triggers = _watch(DEALS, EVERYBODY, ALWAYS, ["name", "pipeline_id"], on_insert=False).triggers()


class SnapshotFiscalYear(FiscalYear):
    class Meta:
        proxy = True
        triggers = _watch(
            DEALS, EVERYBODY, ALWAYS, ["number", "starts_on", "layout", "is_nearest", "superseded_at"]
        ).triggers()
