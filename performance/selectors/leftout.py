"""What a figure leaves out, and why."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, QuerySet, Sum

from sales.models import Activity, Credit, Deal, Outcome
from salesmgmt.lib.money import to_cents
from salesmgmt.lib.periods import Period
from targets.models import BOOKINGS, QuotaEntry
from teams.models import Posting

from .catalogue import ACTIVITY_KINDS
from .cells import Basis
from .figures import Figure
from .known import AT_PLAN, in_scope, within
from .scope import Scope


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Rows that one might look for among those counted."""

    count: int
    amount: Decimal | None
    """In the reporting currency, where it is an amount."""
    why: str


def left_out(*, scope: Scope, figure: Figure, period: Period, until: date, basis: Basis = "restated") -> list[LeftOut]:
    """What a figure of a period up to `until` leaves out, in one query for each reason; none without a row."""
    found: list[LeftOut] = []
    match figure.measure:
        case "bookings" | "attainment" | "pace" | "gap" if scope.kind != "person":
            rows = within(Credit.objects.filter(kind="overlay"), scope, period, until, basis)
            found += _told(rows, _worth(figure), "overlay credit on top, in no total of a team or the company")
        case "win_rate" | "win_rate_value":
            rows = within(Outcome.objects.filter(counts=False), scope, period, until, basis)
            found += _told(rows, "amount", "duplicate or bad fit, which nobody could have won")
        case "sales_cycle":
            rows = within(Outcome.objects.filter(status="won", cycle_days=None), scope, period, until, basis)
            found += _told(rows, "amount", "won deal that does not say when it was opened")
        case "quota":
            entries = in_scope(QuotaEntry.objects.overlapping(period.start, period.end), scope)
            entries = entries.filter(measure=BOOKINGS, kind=QuotaEntry.Kind.REDISTRIBUTION)
            found += _told(entries, "reporting_amount", "redistribution: everybody is judged by the original quota")
        case "pipeline" | "coverage":
            rows = _owned(Deal.objects.present().open().filter(expected_close_on=None), scope, figure.as_of)
            found += _told(rows, None, "open deal without a day it is expected to close on")
            if figure.left_out:
                found.append(LeftOut(figure.left_out, None, "open deal in a currency without a rate"))
        case "activities" | _ if figure.measure in ("activities", *ACTIVITY_KINDS.values()):
            rows = Activity.objects.filter(withdrawn_at__isnull=False, occurred_on__gte=period.start)
            rows = rows.filter(occurred_on__lt=until)
            if figure.measure != "activities":
                rows = rows.filter(kind=figure.measure.removeprefix("activities."))
            found += _told(_owned(rows, scope, figure.as_of), None, "taken out of the log")
        case _ if figure.left_out:
            found.append(LeftOut(figure.left_out, None, "record that lacks what is added up"))
    if basis == "reported":
        found += _posted_elsewhere(scope, figure, period, until)
    return found


def _posted_elsewhere(scope: Scope, figure: Figure, period: Period, until: date) -> list[LeftOut]:
    """What occurred in these days and was posted in a later month, as theirs was closed."""
    if figure.measure in {"bookings", "overlay", "attainment", "pace", "gap"}:
        model: Any = Credit
        value = _worth(figure)
    elif figure.measure in {"deals_won", "deals_lost", "won_value", "win_rate", "win_rate_value", "average_deal"}:
        model, value = Outcome, "amount"
    else:
        return []
    rows = within(model.objects.all(), scope, period, until, "restated")
    reported = within(model.objects.all(), scope, period, until, "reported")
    return _told(
        rows.exclude(pk__in=reported.values("pk")), value, "entry posted in another month, theirs being closed"
    )


def _worth(figure: Figure) -> Any:
    """Of an entry of credit, at the rates that the figure is at (R13)."""
    return F("reporting_amount") if figure.measure in {"bookings", "overlay"} else AT_PLAN


def _told(rows: QuerySet[Any], value: Any, why: str) -> list[LeftOut]:
    asked: dict[str, Any] = {"count": Count("pk")} | ({"amount": Sum(value)} if value else {})
    found = rows.order_by().aggregate(**asked)
    amount = found.get("amount")
    return [LeftOut(found["count"], None if amount is None else to_cents(amount), why)] if found["count"] else []


def _owned(rows: QuerySet[Any], scope: Scope, on: date) -> QuerySet[Any]:
    """Rows of those who are posted in a scope on a day."""
    if scope.kind == "person":
        return rows.filter(owner=scope.pk)
    if scope.kind == "team":
        return rows.filter(owner__in=Posting.objects.on(on).filter(team__in=scope.team_ids).values("person"))
    return rows
