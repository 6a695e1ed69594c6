"""What a change of the fiscal calendar means for what was planned: it all stays, with its own days."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Count, QuerySet

from salesmgmt.lib.periods import FiscalCalendar, Kind, Period
from targets.models import Plan, QuotaEntry, SeasonProfile, Target
from teams.models import FiscalYear, PeriodChange
from teams.models import Period as StoredPeriod

KINDS: tuple[Kind, ...] = ("month", "quarter", "year")


@dataclass(frozen=True, slots=True)
class Kept:
    """Plans, quotas or a season for days that are no period of the new calendar."""

    label: str
    start: date
    end: date
    what: str


def kept_by(before: FiscalCalendar, after: FiscalCalendar, *, since: date) -> list[Kept]:
    """What stands for a period that would move: it keeps its own days, and so its amount."""

    def moved(start: date, end: date) -> Period | None:
        was = next((each for kind in KINDS if (each := Period.of(start, kind, before)).end == end), None)
        if was is None or was.start != start or Period.of(start, was.kind, after) == was:
            return None
        return was

    found: dict[Period, list[str]] = {}
    for noun, rows in (
        ("plan", Plan.objects.all()),
        ("team target", Target.objects.all()),
        ("quota", QuotaEntry.objects.filter(person__isnull=False)),
        ("season", SeasonProfile.objects.all()),
    ):
        later = rows.filter(during__endswith__gt=since)
        count = Count("person", distinct=True) if noun == "quota" else Count("pk")
        for during, number in later.values_list("during").annotate(number=count).order_by("during"):
            if period := moved(during.lower, during.upper):
                found.setdefault(period, []).append(f"{number} {noun}{'' if number == 1 else 's'}")
    return [Kept(each.label, each.start, each.last_day, ", ".join(what)) for each, what in sorted(found.items())]


def set_ups() -> QuerySet[FiscalYear]:
    """Every word on the calendar, those that stand and those that were superseded, the latest first."""
    return FiscalYear.objects.select_related("made_by").order_by("-made_at", "-pk")


@dataclass(frozen=True, slots=True)
class StoredMonth:
    """A month of the calendar with the row that closes."""

    period: Period
    stored: StoredPeriod | None
    last: PeriodChange | None

    @property
    def is_closed(self) -> bool:
        return self.stored is not None and self.stored.is_closed


def months_of(period: Period) -> list[StoredMonth]:
    """The months of a period with their state and who turned them last, in two queries."""
    rows = StoredPeriod.objects.standing().overlapping(period.start, period.end)
    stored = {row.key: row for row in rows}
    last: dict[int, PeriodChange] = {}
    for change in PeriodChange.objects.filter(period__in=stored.values()).select_related("by").order_by("at", "pk"):
        last[change.period_id] = change
    return [
        StoredMonth(month, row := stored.get(month.key), last.get(row.pk) if row else None) for month in period.months()
    ]


def turns_of(period: Period) -> QuerySet[PeriodChange]:
    """Every closing and reopening of months in a period, the latest first."""
    rows = StoredPeriod.objects.overlapping(period.start, period.end)
    return PeriodChange.objects.filter(period__in=rows).select_related("by", "period").order_by("-at", "-pk")
