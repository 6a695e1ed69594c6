"""Everything that happened with a customer, the latest first, a page at a time.

Each table gives narrow rows (moment, number) by an index of its own, no more than a page holds; their union is cut to
a page, and only what stands on it is read in full. So a page costs what it shows, however long the history is.
To write the union is longer work than to run it: it is kept, with what differs from page to page as its parameters.
"""

import binascii
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import (
    CharField,
    DateField,
    DateTimeField,
    ExpressionWrapper,
    F,
    Func,
    IntegerField,
    Q,
    QuerySet,
    Value,
)
from django.db.models.functions import Cast
from django.urls import reverse

from sales.models import (
    Account,
    AccountOwnership,
    Activity,
    Complaint,
    Contact,
    Contract,
    Deal,
    DealChange,
    DeliveryProblem,
    Feedback,
    Gift,
    Lead,
    MarketNote,
    Merge,
    Order,
    Referral,
    Refund,
    Shares,
    Task,
    shares_of,
    viewer_of,
)
from salesmgmt.lib.ranges import BEFORE_ALL_RECORDS
from teams.models import Access, Viewer, access_of

from .merges import names_of
from .stories import FIELDS, ICONS, Event, names_in, said_of

SIZE = 30
FIRST_EVENTS = 10  # on the page of the record itself
KINDS = {
    "activity": "Activities",
    "deal": "Deals",
    "order": "Orders and deliveries",
    "feedback": "Feedback and complaints",
    "contract": "Contracts",
    "lead": "Leads and referrals",
    "note": "Market notes",
    "task": "Tasks done",
    "gift": "Gifts",
    "record": "Owners and merges",
}


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose timeline: an account or a contact that the viewer may see, and the accounts it is at that they see too."""

    user: Viewer
    record: Account | Contact
    account_ids: tuple[int, ...]

    @property
    def here(self) -> dict[str, Any]:
        """A table that names accounts and contacts: the rows about this one."""
        return {"account" if isinstance(self.record, Account) else "contact": self.record}

    @property
    def is_account(self) -> bool:
        return isinstance(self.record, Account)

    def seen(self, rows: Any) -> Any:
        """Of what belongs to accounts: the viewer's people's, and what lies at accounts they see."""
        access = access_of(self.user)
        present = rows.present().filter(**self.here)
        if access.sees_all or self.is_account:
            return present
        return present.filter(Q(owner__in=access.people) | Q(account__in=self.account_ids))


@dataclass(frozen=True, slots=True)
class Part:
    """One table's share of a timeline: which rows, by which column they are dated, and how they are told."""

    kind: str
    at: str
    rows: Callable[[Subject], Any]
    tell: Callable[[Subject, list[int], str], dict[int, Event]]


@dataclass(frozen=True, slots=True)
class TimelinePage:
    """Events, and the cursor of the page after (None: there is none)."""

    events: list[Event]
    next: str | None
    is_first: bool


def timeline(
    user: Viewer, record: Account | Contact, zone: str, *, kind: str = "", cursor: str = "", size: int = SIZE
) -> TimelinePage:
    """What happened with an account or a contact, as far as somebody who sees it may see it."""
    subject = Subject(user, record, _accounts_seen(user, record))
    after = _read(cursor, zone)
    found = _found(subject, kind, zone, after, size)
    rows = found[:size]
    by_place: dict[int, list[int]] = {}
    for _, place, pk in rows:
        by_place.setdefault(place, []).append(pk)
    told = {place: PARTS[place].tell(subject, ids, zone) for place, ids in by_place.items()}
    events = [event for _, place, pk in rows if (event := told[place].get(pk))]
    return TimelinePage(events, _write(rows[-1]) if len(found) > size else None, after is None)


def _accounts_seen(user: Viewer, record: Account | Contact) -> tuple[int, ...]:
    if isinstance(record, Account):
        return (record.pk,)
    here = Q(pk=record.account_id) | Q(contact_roles__contact=record)
    return tuple(Account.objects.visible_to(user).filter(here).values_list("pk", flat=True).distinct())


# ── The statement ───────────────────────────────────────────────────────────────────────────────────────────────

Row = tuple[datetime, int, int]  # when, which part, which record
# What no record holds stands in a statement that is kept for what a page asks.
RECORD, LAST = 2**62, 2**62 + 1
MOMENT, DAY = datetime(1, 1, 3, tzinfo=UTC), date(1, 1, 3)
FIRST_ACCOUNT = 2**62 + 2


@dataclass(frozen=True, slots=True)
class Cursor:
    """The row after which a page begins; `day` is that of its moment here, and whether it is the day's very start."""

    at: datetime
    place: int
    pk: int
    day: date
    is_midnight: bool


def _found(subject: Subject, kind: str, zone: str, after: Cursor | None, size: int) -> list[Row]:
    """The rows of a page, and one more if there is one."""
    count = 0 if subject.is_account else len(subject.account_ids)
    stands = (after.place, after.is_midnight) if after else None
    access, shares = access_of(subject.user), shares_of(subject.user)
    statement = _statement(access, shares, subject.is_account, count, kind, zone, stands, size)
    if statement is None:
        return []
    sql, params = statement
    put: dict[Any, Any] = {RECORD: subject.record.pk}
    put |= {FIRST_ACCOUNT + place: pk for place, pk in enumerate(subject.account_ids)}
    if after:
        put |= {MOMENT: after.at, DAY: after.day, LAST: after.pk}
    with connection.cursor() as cursor:
        cursor.execute(sql, [put.get(value, value) for value in params])
        rows: list[tuple[datetime, int, int]] = cursor.fetchall()
    return rows


@lru_cache(maxsize=512)
def _statement(
    access: Access,
    shares: Shares,
    is_account: bool,
    count: int,
    kind: str,
    zone: str,
    stands: tuple[int, bool] | None,
    size: int,
) -> tuple[str, tuple[Any, ...]] | None:
    """The union for whoever has this access and these shares of others' records; None where it can hold nothing.

    Of the record, the accounts it is at and the cursor it knows only the shape.
    """
    record: Account | Contact = Account(pk=RECORD) if is_account else Contact(pk=RECORD)
    ids = (RECORD,) if is_account else tuple(FIRST_ACCOUNT + place for place in range(count))
    subject = Subject(viewer_of(access, shares), record, ids)
    after = Cursor(MOMENT, stands[0], LAST, DAY, stands[1]) if stands else None
    parts = [
        _narrow(place, part, subject, zone, after, size)
        for place, part in enumerate(PARTS)
        if not kind or part.kind == kind
    ]
    first, *others = [part for part in parts if part is not None] or [Activity.objects.none().values_list("pk")]
    whole = first.union(*others, all=True).order_by("-moment", "place", "-id")[: size + 1] if others else first
    try:
        sql, params = whole.query.sql_with_params()
    except EmptyResultSet:
        return None
    return sql, tuple(params)


def _narrow(
    place: int, part: Part, subject: Subject, zone: str, after: Cursor | None, size: int
) -> QuerySet[Any, Any] | None:
    rows = part.rows(subject)
    if rows is None:
        return None
    is_moment = part.at.endswith("at")
    if after is not None:
        rows = rows.filter(_beyond(part.at, place, after, is_moment=is_moment))
    at = F(part.at) if is_moment else _midnight(F(part.at), zone)
    narrow = rows.annotate(moment=at, place=Value(place, output_field=IntegerField()))
    return narrow.order_by(F(part.at).desc(), "-pk").values_list("moment", "place", "id")[: size + 1]  # type: ignore[no-any-return]


def _midnight(day: Any, zone: str) -> Any:
    """The moment at which a day begins here, for rows that know only their day."""
    return ExpressionWrapper(
        Func(Value(zone, CharField()), Cast(day, DateTimeNoZone()), function="timezone"), output_field=DateTimeField()
    )


class DateTimeNoZone(DateField):
    """`timestamp`, as `timezone(zone, timestamp)` takes it."""

    def db_type(self, connection: Any) -> str:
        return "timestamp"

    def cast_db_type(self, connection: Any) -> str:
        return "timestamp"


def _beyond(column: str, place: int, after: Cursor, *, is_moment: bool) -> Q:
    """Rows that stand after the cursor: earlier, or at the same moment in a later table, or further down in its own."""
    here: Any = after.at if is_moment else after.day
    if not (is_moment or after.is_midnight) or place > after.place:
        return Q(**{f"{column}__lte": here})
    if place < after.place:
        return Q(**{f"{column}__lt": here})
    return Q(**{f"{column}__lte": here}) & (Q(**{f"{column}__lt": here}) | Q(pk__lt=after.pk))


def _write(row: Row) -> str:
    at, place, pk = row
    return urlsafe_b64encode(json.dumps([at.isoformat(), place, pk]).encode()).decode().rstrip("=")


def _read(cursor: str, zone: str) -> Cursor | None:
    if not cursor:
        return None
    try:
        said, place, pk = json.loads(urlsafe_b64decode(cursor[:500] + "=" * (-len(cursor) % 4)))
        at = datetime.fromisoformat(said)
        if at.tzinfo is None or not 0 <= int(place) < len(PARTS) or not 0 <= int(pk) < 2**63:
            return None
        at.astimezone(ZoneInfo("UTC")) + timedelta(days=2)
        day = at.astimezone(ZoneInfo(zone)).date()
        return Cursor(at, int(place), int(pk), day, datetime.combine(day, time(), ZoneInfo(zone)) == at)
    except (ValueError, TypeError, OverflowError, binascii.Error, RecursionError, AttributeError):
        return None


# ── Which rows ──────────────────────────────────────────────────────────────────────────────────────────────────


def _owned(model: Any) -> Callable[[Subject], Any]:
    """Rows that name the account or contact, of the viewer's people."""
    return lambda subject: model.objects.visible_to(subject.user).filter(**subject.here)


def _at_accounts(model: Any) -> Callable[[Subject], Any]:
    return lambda subject: subject.seen(model.objects)


def _deal_changes(subject: Subject) -> Any:
    """Openings, moves, decisions, and what was one thing and became another; what it was opened with goes unsaid."""
    deals = Deal.objects.visible_to(subject.user).filter(**subject.here)
    changes = DealChange.objects.filter(deal__in=deals.values("pk"))
    return changes.exclude(field__in=["closed_on", "lost_reason"]).filter(~Q(was="") | Q(field="stage"))


def _of_orders(model: Any, path: str = "order") -> Callable[[Subject], Any]:
    def rows(subject: Subject) -> Any:
        if not subject.is_account:
            return None
        orders = Order.objects.visible_to(subject.user).filter(account=subject.record.pk)
        return model.objects.present().filter(**{f"{path}__in": orders.values("pk")})

    return rows


def _orders(column: str) -> Callable[[Subject], Any]:
    def rows(subject: Subject) -> Any:
        if not subject.is_account:
            return None
        found = Order.objects.visible_to(subject.user).filter(account=subject.record.pk)
        return found if column == "ordered_on" else found.filter(**{f"{column}__isnull": False})

    return rows


def _contracts(column: str) -> Callable[[Subject], Any]:
    return lambda subject: (
        Contract.objects.present().filter(account=subject.record.pk, **{f"{column}__isnull": False})
        if subject.is_account
        else None
    )


def _leads(subject: Subject) -> Any:
    seen = Lead.objects.visible_to(subject.user)
    if subject.is_account:
        return seen.filter(account=subject.record.pk)
    return seen.filter(Q(contact=subject.record) | Q(referrer=subject.record))


def _notes(subject: Subject) -> Any:
    return MarketNote.objects.present().filter(account=subject.record.pk) if subject.is_account else None


def _complaints_resolved(subject: Subject) -> Any:
    return subject.seen(Complaint.objects).filter(resolved_on__isnull=False)


def _tasks(subject: Subject) -> Any:
    return Task.objects.visible_to(subject.user).filter(**subject.here, done_at__isnull=False)


def _merges(subject: Subject) -> Any:
    noun = "account" if subject.is_account else "contact"
    return Merge.objects.filter(noun=noun, kept_id=subject.record.pk)


def _ownerships(subject: Subject) -> Any:
    if not subject.is_account:
        return None
    first = Func(F("during"), function="lower", output_field=DateField())
    return (
        AccountOwnership.objects.filter(account=subject.record.pk)
        .annotate(since=first)
        .exclude(since=BEFORE_ALL_RECORDS)
    )


# ── How they are told ───────────────────────────────────────────────────────────────────────────────────────────


def _day(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(zone))


def _name(user: Any) -> str:
    person = getattr(user, "person", None) if user else None
    return person.name if person else ""


SAID_OF_ACTIVITY = ("kind", "occurred_on", "occurred_at", "duration_minutes", "outcome", "notes", "owner__name")


def _tell_activities(subject: Subject, ids: list[int], zone: str) -> dict[int, Event]:
    other = "contact" if subject.is_account else "account"
    rows = Activity.objects.filter(pk__in=ids).select_related("owner", other)
    events = {}
    for row in rows.only(*SAID_OF_ACTIVITY, f"{other}__name"):
        minutes = f"{row.duration_minutes} min" if row.duration_minutes else ""
        whom = getattr(row, other)
        text = f"{row.get_kind_display()}{f' with {whom}' if whom else ''}"
        detail = " · ".join(filter(None, [row.outcome, minutes, row.notes[:200]]))
        events[row.pk] = Event(
            row.occurred_on, row.occurred_at, ICONS[row.kind], text, detail, row.owner.name,
            reverse("activity", args=[row.pk]), is_exact=True,
        )  # fmt: skip
    return events


SAID_OF_CHANGE = (
    "field", "was", "value", "changed_at", "by__person__name", "by__username", "deal__name", "deal__amount",
    "deal__currency", "deal__lost_reason__name",
)  # fmt: skip
DECIDED = {"won": ("circle-check", "Won"), "lost": ("x", "Lost")}


def _tell_changes(subject: Subject, ids: list[int], zone: str) -> dict[int, Event]:
    found = DealChange.objects.filter(pk__in=ids).select_related("deal__lost_reason", "by__person")
    rows = list(found.only(*SAID_OF_CHANGE))
    names, events = names_in(rows), {}
    for row in rows:
        deal, decided = row.deal, row.field == "status"
        was, value = (said_of(row.field, text, names) for text in (row.was, row.value))
        what = FIELDS.get(row.field, row.get_field_display())
        icon, detail, amount = "pencil", f"{what}: {was} → {value or 'none'}", None
        if row.field == "stage":
            icon, detail = ("arrow-right", f"{was} → {value}") if was else ("plus", f"Opened in {value}")
            amount = None if was else deal.amount
        elif decided:
            icon, detail = DECIDED.get(value, ("refresh-cw", "Reopened"))
            if value == "lost" and deal.lost_reason:
                detail = f"Lost: {deal.lost_reason.name}"
            amount = deal.amount
        events[row.pk] = Event(
            row.changed_at.astimezone(ZoneInfo(zone)).date(), row.changed_at, icon, deal.name, detail, _name(row.by),
            reverse("deal", args=[deal.pk]), amount, deal.currency, is_exact=True,
        )  # fmt: skip
    return events


def _tell_orders(column: str, icon: str, words: str) -> Callable[[Subject, list[int], str], dict[int, Event]]:
    def tell(subject: Subject, ids: list[int], zone: str) -> dict[int, Event]:
        events = {}
        found = Order.objects.filter(pk__in=ids).select_related("owner")
        for row in found.only("number", "amount", "currency", "promised_on", column, "owner__name"):
            day = getattr(row, column)
            late = (day - row.promised_on).days if column == "delivered_on" and row.promised_on else 0
            events[row.pk] = Event(
                day, _day(day, zone), icon, f"{words} {row.number}".strip(), f"{late} days late" if late > 0 else "",
                row.owner.name, reverse("order", args=[row.pk]), row.amount if column == "ordered_on" else None,
                row.currency,
            )  # fmt: skip
        return events

    return tell


def _tell_refunds(subject: Subject, ids: list[int], zone: str) -> dict[int, Event]:
    return {
        row.pk: Event(
            row.occurred_on, _day(row.occurred_on, zone), "undo-2", row.get_kind_display(), row.reason,
            url=reverse("order", args=[row.order_id]), amount=-row.amount, currency=row.order.currency,
        )
        for row in Refund.objects.filter(pk__in=ids).select_related("order")
    }  # fmt: skip


def _tell_problems(subject: Subject, ids: list[int], zone: str) -> dict[int, Event]:
    return {
        row.pk: Event(
            row.found_on, _day(row.found_on, zone), "triangle-alert", f"Delivery problem: {row.get_kind_display()}",
            row.text, _name(row.recorded_by), reverse("order", args=[row.order_id]),
        )
        for row in DeliveryProblem.objects.filter(pk__in=ids).select_related("recorded_by__person")
    }  # fmt: skip


def _tell_feedback(subject: Subject, ids: list[int], zone: str) -> dict[int, Event]:
    return {
        row.pk: Event(
            row.given_on, _day(row.given_on, zone), "star",
            f"{row.get_kind_display()}: {row.score} of {5 if row.kind == 'csat' else 10}", row.comment,
            row.contact.name if row.contact else "",
        )
        for row in Feedback.objects.filter(pk__in=ids).select_related("contact")
    }  # fmt: skip


def _tell_complaints(column: str, words: str) -> Callable[[Subject, list[int], str], dict[int, Event]]:
    def tell(subject: Subject, ids: list[int], zone: str) -> dict[int, Event]:
        return {
            row.pk: Event(
                getattr(row, column), _day(getattr(row, column), zone),
                "message-circle" if column == "received_on" else "circle-check", words,
                (row.text if column == "received_on" else row.resolution)[:200], row.owner.name if row.owner else "",
            )
            for row in Complaint.objects.filter(pk__in=ids).select_related("owner")
        }  # fmt: skip

    return tell


def _tell_contracts(column: str, words: str) -> Callable[[Subject, list[int], str], dict[int, Event]]:
    def tell(subject: Subject, ids: list[int], zone: str) -> dict[int, Event]:
        events = {}
        for row in Contract.objects.filter(pk__in=ids).select_related("owner"):
            at = row.created_at if column == "created_at" else _day(getattr(row, column), zone)
            events[row.pk] = Event(
                at.astimezone(ZoneInfo(zone)).date(), at, "handshake", f"{words}: {row}",
                row.signed_by if column == "signed_on" else "", row.owner.name if row.owner else "",
                amount=row.value, currency=row.currency,
            )  # fmt: skip
        return events

    return tell


def _tell_leads(subject: Subject, ids: list[int], zone: str) -> dict[int, Event]:
    events = {}
    found = Lead.objects.filter(pk__in=ids).select_related("owner", "campaign")
    for row in found.only("name", "source", "status", "received_at", "referrer", "owner__name", "campaign__name"):
        said = f"referred {row.name}" if row.referrer_id == subject.record.pk and not subject.is_account else row.name
        whence = " · ".join(filter(None, [row.source, row.campaign.name if row.campaign else ""]))
        events[row.pk] = Event(
            row.received_at.astimezone(ZoneInfo(zone)).date(), row.received_at, "funnel",
            f"Lead: {said}", " · ".join(filter(None, [row.get_status_display(), whence])),
            row.owner.name if row.owner else "", is_exact=True,
        )  # fmt: skip
    return events


def _tell_referrals(subject: Subject, ids: list[int], zone: str) -> dict[int, Event]:
    return {
        row.pk: Event(
            row.asked_on, _day(row.asked_on, zone), "heart-handshake",
            f"Asked for a referral{f': {row.lead.name}' if row.lead else ''}", row.note, row.owner.name,
        )
        for row in Referral.objects.filter(pk__in=ids).select_related("owner", "lead")
    }  # fmt: skip


def _tell_notes(subject: Subject, ids: list[int], zone: str) -> dict[int, Event]:
    events = {}
    for row in MarketNote.objects.filter(pk__in=ids).select_related("owner", "competitor", "product"):
        about = [str(one) for one in (row.competitor, row.product, *row.tags) if one]
        events[row.pk] = Event(
            row.noted_at.astimezone(ZoneInfo(zone)).date(), row.noted_at, "message-square", row.text[:200],
            " · ".join(about), row.owner.name, is_exact=True,
        )  # fmt: skip
    return events


def _tell_tasks(subject: Subject, ids: list[int], zone: str) -> dict[int, Event]:
    events = {}
    for row in Task.objects.filter(pk__in=ids).select_related("owner"):
        at: Any = row.done_at
        events[row.pk] = Event(
            at.astimezone(ZoneInfo(zone)).date(), at, "check", f"Done: {row.text}", row.reason, row.owner.name,
            row.link if row.link.startswith("/") else "", is_exact=True,
        )  # fmt: skip
    return events


def _tell_gifts(subject: Subject, ids: list[int], zone: str) -> dict[int, Event]:
    return {
        row.pk: Event(
            row.given_on, _day(row.given_on, zone), "award", f"Gift to {row.contact}", row.occasion, row.owner.name,
            amount=row.amount, currency=row.currency,
        )
        for row in Gift.objects.filter(pk__in=ids).select_related("owner", "contact")
    }  # fmt: skip


def _tell_merges(undone: bool) -> Callable[[Subject, list[int], str], dict[int, Event]]:
    def tell(subject: Subject, ids: list[int], zone: str) -> dict[int, Event]:
        rows = list(Merge.objects.filter(pk__in=ids).select_related("by__person", "undone_by__person"))
        names = names_of(rows[0].noun, [row.given_up_id for row in rows]) if rows else {}
        events = {}
        for row in rows:
            at: Any = row.undone_at if undone else row.at
            text = f"{names.get(row.given_up_id, '')} {'stands apart again' if undone else 'was merged into this one'}"
            events[row.pk] = Event(
                at.astimezone(ZoneInfo(zone)).date(), at, "link", text, "",
                _name(row.undone_by if undone else row.by), is_exact=True,
            )  # fmt: skip
        return events

    return tell


def _tell_ownerships(subject: Subject, ids: list[int], zone: str) -> dict[int, Event]:
    return {
        row.pk: Event(
            row.starts_on, _day(row.starts_on, zone), "user", f"{row.owner} looks after them", row.reason, _name(row.by)
        )
        for row in AccountOwnership.objects.filter(pk__in=ids).select_related("owner", "by__person")
    }


# The order decides between what happened at the same moment; a cursor names a place in it.
PARTS: tuple[Part, ...] = (
    Part("activity", "occurred_at", _owned(Activity), _tell_activities),
    Part("deal", "changed_at", _deal_changes, _tell_changes),
    Part("order", "cancelled_on", _orders("cancelled_on"), _tell_orders("cancelled_on", "x", "Order cancelled")),
    Part("order", "occurred_on", _of_orders(Refund), _tell_refunds),
    Part("order", "found_on", _of_orders(DeliveryProblem), _tell_problems),
    Part("order", "delivered_on", _orders("delivered_on"), _tell_orders("delivered_on", "circle-check", "Delivered")),
    Part("order", "ordered_on", _orders("ordered_on"), _tell_orders("ordered_on", "file-text", "Order booked")),
    Part("feedback", "given_on", _at_accounts(Feedback), _tell_feedback),
    Part("feedback", "resolved_on", _complaints_resolved, _tell_complaints("resolved_on", "Complaint resolved")),
    Part("feedback", "received_on", _at_accounts(Complaint), _tell_complaints("received_on", "Complaint")),
    Part("contract", "signed_on", _contracts("signed_on"), _tell_contracts("signed_on", "Contract signed")),
    Part("contract", "created_at", _contracts("created_at"), _tell_contracts("created_at", "Contract drawn up")),
    Part("lead", "received_at", _leads, _tell_leads),
    Part("lead", "asked_on", _owned(Referral), _tell_referrals),
    Part("note", "noted_at", _notes, _tell_notes),
    Part("task", "done_at", _tasks, _tell_tasks),
    Part("gift", "given_on", _owned(Gift), _tell_gifts),
    Part("record", "undone_at", lambda subject: _merges(subject).filter(undone_at__isnull=False), _tell_merges(True)),
    Part("record", "at", _merges, _tell_merges(False)),
    Part("record", "since", _ownerships, _tell_ownerships),
)
