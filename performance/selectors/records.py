"""The rows behind a figure: those the viewer may open, and one line for the rest, so that they sum to the figure."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import (
    Case,
    Count,
    DecimalField,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)  # fmt: skip
from django.db.models.functions import Cast, Coalesce, Round

from performance.models import DealVersion, Rollup
from sales.models import Activity, Credit, Deal, Outcome
from salesmgmt.lib.clock import close_of
from salesmgmt.lib.ledger import known_by
from salesmgmt.lib.periods import Period
from targets.models import BOOKINGS, QuotaEntry
from teams.models import ExchangeRate, Organisation, Person, Posting, Viewer, access_of

from .catalogue import ACTIVITY_KINDS, Measure, measures_of
from .cells import Basis
from .figures import counts_until
from .known import AT_PLAN, in_scope, posted_until, source_of, within
from .parts import Part, parts_of, versions_in_force
from .scope import Scope

ZERO = Decimal(0)
_MONEY: DecimalField = DecimalField(max_digits=24, decimal_places=2)
_VALUE: DecimalField = DecimalField(max_digits=38, decimal_places=4)


@dataclass(frozen=True, slots=True)
class Line:
    """One row as the page and the file show it; `link` names a page and the id it takes."""

    on: date | None
    person: str
    kind: str
    what: str
    link: tuple[str, int] | None
    value: Decimal | None


@dataclass(frozen=True, slots=True)
class Records:
    """The rows of a measure that a viewer may open, and what the rest of the figure is."""

    measure: Measure
    rows: QuerySet[Any]
    by: str
    """The field the rows are ordered by, latest first."""
    unit: str
    total: Decimal
    """Of all rows, also those the viewer may not open."""
    count: int
    shown_total: Decimal
    shown_count: int
    line: Callable[[Any], Line]
    outside: Decimal = ZERO
    """What of the total falls on other days than the figure's: entries of a quota reach beyond a period."""
    aside: str = ""
    """What else the figure counts, where that is no row of these."""

    @property
    def rest_count(self) -> int:
        return self.count - self.shown_count

    @property
    def rest_total(self) -> Decimal:
        return self.total - self.shown_total


def records(
    *,
    scope: Scope,
    measure: str,
    period: Period,
    as_of: date,
    today: date,
    user: Viewer,
    basis: Basis = "restated",
    known: date | None = None,
    since: date | None = None,
) -> Records:
    """The rows behind a measure of a scope in a period as of a day. KeyError for a measure there is none of.

    A pipeline's rows are the deals as they stood at the close of that day; of today, as they are. Of a ledger only the
    entries `known` at the close of a day, or only those that were learned `since`.
    """
    asked = measures_of([measure])[measure]
    told = _told(measure, known, since)
    start, until = period.start, counts_until(asked, period, as_of)
    if asked.method:
        return _of_definition(asked, scope, period, as_of, user, basis)
    if measure in {"pipeline", "coverage"}:
        if as_of < today:
            return _of_snapshot(asked, scope, start, until, user, as_of)
        return _of_deals(asked, scope, start, until, user, as_of)
    if measure == "quota" or (measure == "expected" and told):
        return _of_entries(asked, scope, start, until, user, told)
    if measure == "expected":
        return _of_days(asked, scope, start, until, user)
    if measure in ("activities", *ACTIVITY_KINDS.values()):
        return _of_activities(asked, scope, start, until, user)
    if measure in {"bookings", "overlay", "attainment", "pace", "gap"}:
        return _of_credits(asked, scope, period, as_of, user, basis, told)
    return _of_outcomes(asked, scope, period, as_of, user, basis, told)


def _told(measure: str, known: date | None, since: date | None) -> Q:
    """Which entries of a ledger are asked for, by when they were learned."""
    if source_of(measure) != "ledger":
        return Q()
    zone = Organisation.get().time_zone
    told = Q() if known is None else known_by(close_of(known, zone))
    return told if since is None else told & ~known_by(close_of(since, zone))


def _ledger(model: Any, scope: Scope, period: Period, as_of: date, basis: Basis, told: Q) -> QuerySet[Any]:
    until = min(as_of + timedelta(days=1), period.end)
    return within(model.objects.filter(told), scope, period, until, basis)


def _made(
    asked: Measure, everything: QuerySet[Any], seen: QuerySet[Any], value: Any, by: str, unit: str,
    line: Callable[[Any], Line], user: Viewer,
) -> Records:  # fmt: skip
    total, count = _summed(everything, value)
    shown_total, shown_count = (total, count) if access_of(user).sees_all else _summed(seen, value)
    return Records(asked, seen, by, unit, total, count, shown_total, shown_count, line)


def _summed(rows: QuerySet[Any], value: Any) -> tuple[Decimal, int]:
    found = rows.order_by().aggregate(total=Sum(value), count=Count("pk"))
    return Decimal(found["total"] or 0), found["count"]


def _of_credits(
    asked: Measure, scope: Scope, period: Period, as_of: date, user: Viewer, basis: Basis, told: Q
) -> Records:
    kinds = ["overlay"] if asked.key == "overlay" else ["primary", *(["overlay"] if scope.kind == "person" else [])]
    rows = _ledger(Credit, scope, period, as_of, basis, told).filter(kind__in=kinds)
    seen = rows.filter(pk__in=Credit.objects.visible_to(user).values("pk")) if not access_of(user).sees_all else rows
    seen = seen.select_related("person", "order__account", "order__deal")

    def line(credit: Credit) -> Line:
        order = credit.order
        what = " · ".join(str(part) for part in (order, order.account) if part)
        kind = "Overlay" if credit.kind == Credit.Kind.OVERLAY else "Booking"
        if credit.reverses_id or credit.amount < 0:
            kind = credit.reason
        is_judged = asked.key not in {"bookings", "overlay"} and credit.plan_amount is not None  # R13
        amount = credit.plan_amount if is_judged else credit.reporting_amount
        return Line(credit.occurred_on, credit.person.name, kind, what, ("order", order.pk), amount)

    value = "reporting_amount" if asked.key in {"bookings", "overlay"} else AT_PLAN
    return _made(asked, rows, seen, value, "occurred_on", "money", line, user)


_STATUSES = {"deals_lost": ["lost"], "win_rate": ["won", "lost"], "win_rate_value": ["won", "lost"]}


def _of_outcomes(
    asked: Measure, scope: Scope, period: Period, as_of: date, user: Viewer, basis: Basis, told: Q
) -> Records:
    rows = _ledger(Outcome, scope, period, as_of, basis, told).filter(status__in=_STATUSES.get(asked.key, ["won"]))
    if asked.key.startswith("win_rate"):
        rows = rows.filter(counts=True)
    if asked.key == "sales_cycle":
        rows = rows.filter(cycle_days__isnull=False)
    seen = rows.filter(pk__in=Outcome.objects.visible_to(user).values("pk")) if not access_of(user).sees_all else rows
    seen = seen.select_related("person", "deal__account")
    by_count = asked.unit == "count" or asked.key == "win_rate"

    def line(outcome: Outcome) -> Line:
        deal = outcome.deal
        what = " · ".join(str(part) for part in (deal, deal.account) if part)
        kind = outcome.get_status_display() if outcome.count > 0 else f"{outcome.get_status_display()}, taken back"
        if asked.key == "sales_cycle":
            value = Decimal(outcome.cycle_days or 0) * outcome.count
        else:
            value = Decimal(outcome.count) if by_count else outcome.amount
        return Line(outcome.occurred_on, outcome.person.name, kind, what, ("deal", deal.pk), value)

    value = F("cycle_days") * F("count") if asked.key == "sales_cycle" else "count" if by_count else "amount"
    unit = "days" if asked.key == "sales_cycle" else "count" if by_count else "money"
    return _made(asked, rows, seen, value, "occurred_on", unit, line, user)


def _of_activities(asked: Measure, scope: Scope, start: date, until: date, user: Viewer) -> Records:
    rows = Activity.objects.present().filter(occurred_on__gte=start, occurred_on__lt=until)
    if asked.key != "activities":
        rows = rows.filter(kind=asked.key.removeprefix("activities."))
    if scope.kind == "person":
        rows = rows.filter(owner=scope.pk)
    elif scope.kind == "team":
        posted = Posting.objects.filter(
            person=OuterRef("owner"), team__in=scope.team_ids, during__contains=OuterRef("occurred_on")
        )
        rows = rows.filter(Exists(posted))
    seen = rows if access_of(user).sees_all else rows.filter(owner__in=access_of(user).people)
    seen = seen.select_related("owner", "account", "deal")

    def line(activity: Activity) -> Line:
        what = " · ".join(str(part) for part in (activity.deal, activity.account, activity.outcome) if part)
        kind = activity.get_kind_display()
        return Line(
            activity.occurred_on, activity.owner.name, kind, what or kind, ("activity", activity.pk), Decimal(1)
        )

    return _made(asked, rows, seen, Value(1), "occurred_on", "count", line, user)


def _of_definition(asked: Measure, scope: Scope, period: Period, as_of: date, user: Viewer, basis: Basis) -> Records:
    """The rows that the version which holds at the end counts; of a ratio those above and below the line.

    Where another part or an earlier version counts rows of another source, day or person, those are not among them.
    """
    start, until = period.start, counts_until(asked, period, as_of)
    to_date = min(until, max(as_of + timedelta(days=1), start))
    versions = versions_in_force(asked.versions)
    version = next(version for version, first, _ in reversed(versions) if first < until or version is versions[0][0])
    above, *below = parts_of(version)
    alike = [part for part in (above, *below) if _way(part) == _way(above)]
    source = above.source
    is_reported = basis == "reported" and bool(source.posted)
    counted = Q(pk__in=[])
    for one, first, end in versions:
        for part in parts_of(one, first if is_reported else max(first, start), end):
            if _way(part) == _way(above):
                last = min(end, until if part.is_ahead else to_date)
                counted |= part.matches() & Q(m_on__gte=part.first, m_on__lt=last)
    worth = Coalesce(Cast(above.expression(), _VALUE) * F("m_count"), Value(0), output_field=_VALUE)
    rows = source.rows(day=above.day, credit=above.credit).annotate(m_counts=above.holds())
    rows = rows.annotate(m_worth=Case(When(m_counts=True, then=worth), default=Value(0), output_field=_VALUE))
    if len(alike) == 1 and above.value:
        rows = rows.annotate(m_value=above.expression()).filter(m_value__isnull=False)
    rows = rows.filter(counted)
    if is_reported:
        rows = rows.filter(m_posted__gte=start, m_posted__lt=posted_until(period))
    if scope.kind == "person":
        rows = rows.filter(m_person=scope.pk)
    elif scope.kind == "team" and source.team:
        rows = rows.filter(**{f"{source.team}__in": scope.team_ids})
    elif scope.kind == "team":
        posted = Posting.objects.filter(
            person=OuterRef("m_person"), team__in=scope.team_ids, during__contains=OuterRef("m_on")
        )
        rows = rows.filter(Exists(posted))
    seen = rows if access_of(user).sees_all else rows.filter(m_person__in=access_of(user).people)
    seen = seen.select_related(*source.related)
    names: dict[int, str] = {}
    unit = source.values[above.value].unit if above.value else "count"

    def line(row: Any) -> Line:
        if not names:
            names.update(Person.objects.values_list("pk", "name"))
        kind, what, link = source.said(row)
        if below and len(alike) > 1:
            kind = f"{kind}, counts" if row.m_counts else f"{kind}, counts below the line only"
        return Line(row.m_on, names[row.m_person], kind, what, link, row.m_worth)

    made = _made(asked, rows, seen, "m_worth", source.column(above.day), unit, line, user)
    others = " and ".join(part.source.label.lower() for part in below if part not in alike)
    return replace(made, aside=f"These are the records above the line; below it count {others}") if others else made


def _way(part: Part) -> tuple[str, str, str]:
    return part.source.key, part.day, part.credit


def _of_deals(asked: Measure, scope: Scope, start: date, until: date, user: Viewer, as_of: date) -> Records:
    rate = ExchangeRate.objects.filter(
        currency=OuterRef("currency"), during__startswith__lte=OuterRef("expected_close_on")
    ).order_by("-kind", "-during__startswith")  # the plan's before the actual one, as in the rollups
    worth = Case(
        When(currency=Organisation.get().currency, then=F("amount")),
        default=Round(F("amount") * Subquery(rate.values("rate")[:1]), precision=2),
        output_field=_MONEY,
    )
    rows = Deal.objects.present().open().filter(expected_close_on__gte=start, expected_close_on__lt=until)
    if scope.kind == "person":
        rows = rows.filter(owner=scope.pk)
    elif scope.kind == "team":
        rows = rows.filter(owner__in=Posting.objects.on(as_of).filter(team__in=scope.team_ids).values("person"))
    rows = rows.annotate(worth=worth)
    # The same measure leaves out what has an amount and no rate.
    rows = rows.filter(Q(amount=None) | Q(worth__isnull=False))
    seen = rows if access_of(user).sees_all else rows.filter(owner__in=access_of(user).people)
    seen = seen.select_related("owner", "account", "stage")

    def line(deal: Any) -> Line:
        what = " · ".join(str(part) for part in (deal, deal.account) if part)
        return Line(deal.expected_close_on, deal.owner.name, deal.stage.name, what, ("deal", deal.pk), deal.worth)

    return _made(
        asked, rows, seen, Coalesce("worth", Value(0), output_field=_MONEY), "expected_close_on", "money", line, user
    )


def _of_snapshot(asked: Measure, scope: Scope, start: date, until: date, user: Viewer, on: date) -> Records:
    """Deals as they stood at the close of a day; what has no rate is left out, as from the figure."""
    held = Q(until=None) | Q(until__gt=on)
    rows = in_scope(DealVersion.objects.filter(held, status="open", on__lte=on, value__isnull=False), scope)
    rows = rows.filter(due_on__gte=start, due_on__lt=until)
    seen = rows if access_of(user).sees_all else rows.filter(person__in=access_of(user).people)
    seen = seen.select_related("deal__account", "person", "stage")

    def line(version: Any) -> Line:
        deal = version.deal
        what = " · ".join(str(part) for part in (deal, deal.account) if part)
        stage = version.stage.name if version.stage else "Open"
        return Line(version.due_on, version.person.name, stage, what, ("deal", deal.pk), version.value)

    return _made(asked, rows, seen, "value", "due_on", "money", line, user)


def _of_entries(asked: Measure, scope: Scope, start: date, until: date, user: Viewer, told: Q) -> Records:
    """The entries that a quota is the sum of, whole: of one that reaches beyond these days the figure has a part."""
    rows = in_scope(QuotaEntry.objects.overlapping(start, until), scope).filter(told, measure=BOOKINGS)
    rows = rows.exclude(kind=QuotaEntry.Kind.REDISTRIBUTION)
    seen = rows if access_of(user).sees_all else rows.filter(pk__in=QuotaEntry.objects.visible_to(user).values("pk"))
    seen = seen.select_related("person", "team", "by")

    def line(entry: QuotaEntry) -> Line:
        who = entry.person.name if entry.person else str(entry.team)
        days = f"{entry.during.lower:%-d %b %Y} until {entry.during.upper:%-d %b %Y}"
        what = " · ".join(str(part) for part in (entry.reason, days, entry.by) if part)
        return Line(entry.recorded_at.date(), who, entry.get_kind_display(), what, None, entry.reporting_amount)

    return _made(asked, rows, seen, "reporting_amount", "recorded_at", "money", line, user)


def _of_days(asked: Measure, scope: Scope, start: date, until: date, user: Viewer) -> Records:
    rows = in_scope(Rollup.objects.all(), scope).filter(measure="expected", on__gte=start, on__lt=until)
    seen = rows if access_of(user).sees_all else rows.filter(_held(user))
    names: dict[int, str] = {}

    def line(day: Rollup) -> Line:
        if not names:
            names.update(Person.objects.values_list("pk", "name"))
        who = names.get(day.person_id, "Nobody")
        return Line(day.on, who, "Quota", "What the plan expects of the day", None, day.total)

    return _made(asked, rows, seen, "total", "on", "money", line, user)


def _held(user: Viewer) -> Q:
    access = access_of(user)
    return Q(person__in=access.people) | Q(person=0, team__path__overlap=[*access.led_team_ids])
