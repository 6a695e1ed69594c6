"""Quotas as a spreadsheet has them: a line per person and team, a column for each month, quarter or year."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import Count, Q, Sum

from salesmgmt.lib.periods import Period
from targets.models import QuotaEntry
from targets.selectors.entries import Sums, in_one_currency
from teams.models import Organisation, Viewer

NAMED = ("person", "name", "team", "measure", "currency")
LEFT = "People who have left your teams"


@dataclass(frozen=True, slots=True)
class QuotaTable:
    """`kind` is that of its columns: quotas given for longer or shorter periods are in tables of their own."""

    kind: str
    header: list[str]
    rows: list[list[str | Decimal | None]]


def held_by_people_who_left(user: Viewer, period: Period) -> list[tuple[str, str, Decimal, int]]:
    """What counts in the teams one leads of people who have left them: by measure and currency the sum, of how many."""
    gone = QuotaEntry.objects.overlapping(period.start, period.end).of_people_who_left(user)
    sums = gone.values_list("measure", "currency").annotate(total=Sum("amount"), entries=Count("pk"))
    return list(sums.order_by("measure", "currency"))


def quota_table(user: Viewer, year: Period, kind: str = "") -> QuotaTable:
    """What one may see of a fiscal year, as import takes it; by the kind most quotas are given for.

    What is held for less than a period, as of a seat taken over within it, counts in that. Without what was
    redistributed: that is beside the quota. People who have left the teams one leads are one line for each team.
    """
    periods = [*year.months(), *year.children(), year]  # the shortest first
    entries = QuotaEntry.objects.overlapping(year.start, year.end).exclude(person=None)
    entries = entries.exclude(kind=QuotaEntry.Kind.REDISTRIBUTION)
    sums = (
        entries.visible_to(user)
        .values_list("person__external_id", "person__name", "person_id", "team__name", "measure", "during", "currency")
        .annotate(
            total=Sum("amount"), worth=Sum("reporting_amount"), own=Count("pk", filter=~Q(kind=QuotaEntry.Kind.RELIEF))
        )
        .order_by("person__name", "person_id", "team__name", "measure", "during", "currency")
    )
    gone = (
        entries.of_people_who_left(user)
        .values_list("person_id", "team__name", "measure", "during", "currency")
        .annotate(
            total=Sum("amount"), worth=Sum("reporting_amount"), own=Count("pk", filter=~Q(kind=QuotaEntry.Kind.RELIEF))
        )
        .order_by("team__name", "measure", "during", "currency")
    )
    rows_of: list[tuple[Any, ...]] = [
        *((person, (key or name, name, team or "", of), *rest) for key, name, person, team, of, *rest in sums),
        *((person, ("", LEFT, team, of), *rest) for person, team, of, *rest in gone),
    ]
    given: dict[tuple[Any, ...], list[DateRange]] = defaultdict(list)
    for person, named, during, _, _, _, own in rows_of:
        if own:
            given[person, named].append(during)
    cells: dict[tuple[tuple[str, ...], Period], dict[str, Sums]] = defaultdict(lambda: defaultdict(Sums))
    for person, named, during, currency, total, worth, own in rows_of:
        if not own:  # a relief of the open days only stands beside the quota that holds them
            around = (one for one in given[person, named] if one.lower <= during.lower and during.upper <= one.upper)
            during = next(around, during)
        period = next((one for one in periods if one.start <= during.lower and during.upper <= one.end), None)
        if period is not None and kind in ("", period.kind):
            cell = cells[named, period][currency]
            cell.amount, cell.reporting = cell.amount + total, cell.reporting + worth
    found: dict[str, dict[tuple[str, ...], dict[date, Decimal]]] = defaultdict(lambda: defaultdict(dict))
    usual = Organisation.get().currency
    for (named, period), by_currency in cells.items():
        currency, total = in_one_currency(by_currency, usual)
        if total:
            found[period.kind][*named, currency][period.start] = total
    counts = Counter({of: sum(map(len, lines.values())) for of, lines in found.items()})
    kind = kind or next((of for of, _ in counts.most_common(1)), "quarter")
    starts = sorted({start for cells in found[kind].values() for start in cells})
    columns = {period.start: period.key for period in periods if period.kind == kind}
    rows = [[*named, *(amounts.get(start) for start in starts)] for named, amounts in found[kind].items()]
    return QuotaTable(kind, [*NAMED, *(columns[start] for start in starts)], rows)
