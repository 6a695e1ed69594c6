"""What a figure of a past day was by what was known then, beside what is known of that day now."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

from django.db.models import Case, CharField, Count, F, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Coalesce, Concat

from sales.models import Credit, Outcome
from salesmgmt.lib.clock import close_of
from salesmgmt.lib.ledger import known_by
from salesmgmt.lib.periods import Kind, Period
from targets.selectors import quota_known
from teams.models import Organisation

from .catalogue import measures_of
from .cells import Basis, Cells
from .figures import AGAINST, Figure, counts_until, figure, figure_of
from .frozen import frozen
from .goals import targets
from .pipeline import NO_DEALS, open_pipeline
from .scope import Scope

Source = Literal["ledger", "snapshot", "frozen", "unknown"]

LEDGERS = frozenset(
    {
        "bookings", "overlay", "deals_won", "deals_lost", "won_value", "win_rate", "win_rate_value", "average_deal",
        "sales_cycle", "quota", "expected", "attainment", "pace", "gap",
    }
)  # fmt: skip
SNAPSHOTS = frozenset({"pipeline", "coverage"})
AT_PLAN: Any = Coalesce("plan_amount", "reporting_amount")
"""What an entry of credit is judged at (R13)."""
BEYOND_PLAN: Any = F("reporting_amount") - F("plan_amount")


@dataclass(frozen=True, slots=True)
class Known:
    """A figure as of a day: as it was known at the close of that day, and as it is known now."""

    on: date
    then: Figure | None
    """Empty where nobody kept what was known."""
    now: Figure
    source: Source
    """What `then` is read from: entries by when they were recorded, the snapshot of that close, a frozen figure."""
    night: date | None = None
    """Of a frozen figure the night it was frozen, the last one up to `on`."""

    @property
    def difference(self) -> Decimal | None:
        """What was learned since; unknown where either is."""
        if self.then is None or self.then.value is None or self.now.value is None:
            return None
        return self.now.value - self.then.value


def source_of(measure: str) -> Source:
    """How exactly one can say what was known of a measure."""
    return "ledger" if measure in LEDGERS else "snapshot" if measure in SNAPSHOTS else "frozen"


def known(
    *,
    scope: Scope,
    measure: str,
    period: Period,
    on: date,
    as_of: date | None = None,
    basis: Basis = "restated",
    organisation: Organisation | None = None,
) -> Known:
    """A figure as of a day (default: `on`) by what was known at the close of `on`, and by what is known now.

    Exact for what ledgers and snapshots hold: an entry made live counts from the moment it was recorded, one that was
    brought over by its own dates. A pipeline's `now` is that of the day too: it stood so, whatever came later. Of other
    measures the figure is known that was frozen that night, of whole months, quarters and years.
    """
    organisation = organisation or Organisation.get()
    day = min(on, as_of or on)
    now = figure(scope=scope, measure=measure, period=period, as_of=day, basis=basis, organisation=organisation)
    asked = measures_of([measure])[measure]
    source = source_of(measure)
    if source == "frozen":
        return _frozen(scope, now, period, counts_until(asked, period, day), on, day)
    until = max(min(day + timedelta(days=1), period.end), period.start)
    moment = close_of(on, organisation.time_zone)
    cells = _cells(scope, period, until, moment, basis, is_by_day=measure in {"expected", "pace"})
    pipeline = NO_DEALS
    if source == "snapshot":
        pipeline = open_pipeline(scope=scope, period=period, as_of=day)
    target = targets(scope, [(period.start, period.end)], known=moment)[0] if measure in AGAINST else None
    then = figure_of(asked, cells, pipeline, scope, period, day, basis, organisation.currency, target)
    return Known(on, replace(then, records=f"{then.records}&known={on.isoformat()}"), now, source)


def _frozen(scope: Scope, now: Figure, period: Period, until: date, on: date, day: date) -> Known:
    if now.value is None and now.note:  # withheld now, it was no less somebody's then
        return Known(on, None, now, "unknown")
    # What was frozen that night counted the days up to it, and of what may lie ahead all of the period: the figure of
    # `day` has to count the same.
    whole = _whole(period, until)
    is_same = whole is not None and (until == whole.end or (on == day and until == day + timedelta(days=1)))
    kept = frozen(scope=scope, measure=now.measure, period=whole, as_of=on) if whole and is_same else None
    if kept is None:
        return Known(on, None, now, "unknown")
    then = replace(
        now, value=kept.value, numerator=kept.numerator, denominator=kept.denominator, as_of=kept.night, left_out=0
    )
    return Known(on, then, now, "frozen", kept.night)


def _whole(period: Period, until: date) -> Period | None:
    """The shortest period of the calendar with the same first day that holds the days up to `until`."""
    kinds: tuple[Kind, ...] = ("month", "quarter", "year")
    found = (Period.of(period.start, kind, period.calendar) for kind in kinds)
    return next((one for one in found if one.start == period.start and until <= one.end), None)


def _cells(scope: Scope, period: Period, until: date, moment: datetime, basis: Basis, *, is_by_day: bool) -> Cells:
    """What the rollups would have said, from the ledgers' entries that were known; the quota also up to `until`."""
    sums: dict[tuple[int, str, str], tuple[Decimal, int]] = {}
    credits = within(Credit.objects.filter(known_by(moment)), scope, period, until, basis)
    name: Any = Case(When(kind="overlay", then=Value("overlay")), default=Value("bookings"), output_field=CharField())
    for key, total, count in _summed(credits, name, AT_PLAN, Count("pk")):
        sums[0, "to_date", key] = (total, count)
    for key, total, count in _summed(credits.exclude(plan_amount=None), name, BEYOND_PLAN, Count("pk")):
        sums[0, "to_date", f"{key}.actual"] = (total, count)
    outcomes = within(Outcome.objects.filter(known_by(moment)), scope, period, until, basis)
    for prefix, rows in (("deals_", outcomes), ("uncounted_", outcomes.filter(counts=False))):
        for key, total, count in _summed(rows, Concat(Value(prefix), "status"), "amount", Sum("count")):
            sums[0, "to_date", key] = (total, count)
    cycles = outcomes.filter(status="won", cycle_days__isnull=False).order_by().values_list("cycle_days")
    buckets = {(0, "to_date", "sales_cycle"): dict(cycles.annotate(times=Sum("count")))}
    whose: dict[str, Any] = {"person_ids": [scope.pk]} if scope.kind == "person" else {}
    if scope.kind == "team":
        whose = {"team_ids": scope.team_ids}
    quota = quota_known(known=moment, start=period.start, end=period.end, **whose)
    if quota is not None:
        begun = is_by_day and until > period.start
        so_far = (quota_known(known=moment, start=period.start, end=until, **whose) if begun else None) or Decimal(0)
        sums[0, "to_date", "expected"] = (so_far, 1)
        sums[0, "rest", "expected"] = (quota - so_far, 1)
    return Cells(sums, {}, buckets)


def _summed(rows: QuerySet[Any], name: Any, value: Any, count: Any) -> list[tuple[str, Decimal, int]]:
    grouped = rows.order_by().annotate(name=name).values("name")
    return list(grouped.annotate(total=Sum(value), times=count).values_list("name", "total", "times"))


def within(rows: QuerySet[Any], scope: Scope, period: Period, until: date, basis: Basis) -> QuerySet[Any]:
    """The entries of a ledger in a scope that count in a period up to `until`."""
    return in_scope(rows, scope).filter(counts_in(period, until, basis))


def in_scope(rows: QuerySet[Any], scope: Scope) -> QuerySet[Any]:
    """The rows of a scope; each carries the team it counts in."""
    if scope.kind == "person":
        return rows.filter(person=scope.pk)
    return rows.filter(team__in=scope.team_ids) if scope.kind == "team" else rows


def counts_in(period: Period, until: date, basis: Basis) -> Q:
    """By the day it occurred; reported by the month of posting, of what occurred before `until` (R10)."""
    if basis == "restated":
        return Q(occurred_on__gte=period.start, occurred_on__lt=until)
    return Q(posted_on__gte=period.start, posted_on__lt=posted_until(period), occurred_on__lt=until)


def posted_until(period: Period) -> date:
    """What is reported is kept by months: of days that end within one, all of it."""
    return Period.of(period.end - timedelta(days=1), "month", period.calendar).end
