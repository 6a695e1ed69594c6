"""Quotas as a spreadsheet has them: a line per person and team, a column for each month, quarter or year."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import chain

from django.db.models import Sum

from salesmgmt.lib.periods import Period
from targets.models import QuotaEntry
from teams.models import Viewer

NAMED = ("person", "name", "team", "measure", "currency")


@dataclass(frozen=True, slots=True)
class QuotaTable:
    """`kind` is that of its columns: quotas given for longer or shorter periods are in tables of their own."""

    kind: str
    header: list[str]
    rows: list[list[str | Decimal | None]]


def quota_table(user: Viewer, year: Period, kind: str = "") -> QuotaTable:
    """What one may see of a fiscal year in one query, as import takes it; by the kind most quotas are given for.

    Without what was redistributed: that is beside the quota.
    """
    periods = {
        (period.start, period.end): period
        for period in chain(year.months(), year.children(), [year])
        if not kind or period.kind == kind
    }
    entries = QuotaEntry.objects.visible_to(user).overlapping(year.start, year.end).exclude(person=None)
    sums = (
        entries.exclude(kind=QuotaEntry.Kind.REDISTRIBUTION)
        .values_list("person__external_id", "person__name", "person_id", "team__name", "measure", "currency", "during")
        .annotate(total=Sum("amount"))
        .order_by("person__name", "person_id", "team__name", "measure", "currency", "during")
    )
    found: dict[str, dict[tuple[str, ...], dict[date, Decimal]]] = defaultdict(lambda: defaultdict(dict))
    for external_id, name, _, team, measure, currency, during, total in sums:
        period = periods.get((during.lower, during.upper))
        if period is not None and total:
            found[period.kind][external_id or name, name, team or "", measure, currency][period.start] = total
    counts = Counter({of: sum(map(len, lines.values())) for of, lines in found.items()})
    kind = kind or next((of for of, _ in counts.most_common(1)), "quarter")
    starts = sorted({start for cells in found[kind].values() for start in cells})
    columns = {period.start: period.key for period in periods.values() if period.kind == kind}
    rows = [[*named, *(cells.get(start) for start in starts)] for named, cells in found[kind].items()]
    return QuotaTable(kind, [*NAMED, *(columns[start] for start in starts)], rows)
