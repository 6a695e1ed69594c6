"""Questions about deals, accounts, activities and orders, always within what somebody may see."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.postgres.search import TrigramSimilarity
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.urls import reverse

from sales.models import (
    Account,
    Activity,
    Contact,
    Credit,
    Deal,
    DealChange,
    DealQuerySet,
    ForecastCategory,
    Order,
    Outcome,
    Product,
    Stage,
    Task,
    may_write_for,
)
from salesmgmt.lib.periods import Period
from teams.models import Person, User, Viewer, access_of

MANY_ACCOUNTS = 1000
CARDS = 20
LONG_STORY = 200


# ── Lists ───────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class DealFilter:
    """What a list of deals is narrowed to; empty: everything one may see."""

    text: str = ""
    status: str = ""
    stage: int | None = None
    owner: int | None = None
    account: int | None = None
    product: int | None = None
    closing: Period | None = None


def deals(user: Viewer, asked: DealFilter) -> DealQuerySet:
    """The deals somebody may see that match. Of decided deals, `closing` means the day they were closed."""
    found = Deal.objects.visible_to(user).select_related("owner", "account", "stage", "product")
    exact = {"status": asked.status, "stage": asked.stage, "owner": asked.owner, "account": asked.account}
    found = found.filter(**{name: value for name, value in (exact | {"product": asked.product}).items() if value})
    if asked.closing:
        start, end = asked.closing.start, asked.closing.end
        found = found.filter(
            Q(status="open", expected_close_on__gte=start, expected_close_on__lt=end)
            | Q(~Q(status="open"), closed_on__gte=start, closed_on__lt=end)
        )
    return found.filter(_named(asked.text)) if asked.text else found


def _named(text: str) -> Q:
    """Deals whose name or whose account's name holds a text, so that both trigram indexes are of use."""
    accounts = Account.objects.present().filter(name__icontains=text).values_list("pk", flat=True)
    some = list(accounts[: MANY_ACCOUNTS + 1])
    return Q(name__icontains=text) | Q(account__in=some if len(some) <= MANY_ACCOUNTS else accounts)


def overdue_count(user: Viewer, day: date, *, most: int = 100) -> int:
    """How many open deals should have closed before a day, counted no further than `most`."""
    late = Deal.objects.visible_to(user).open().filter(expected_close_on__lt=day).order_by("expected_close_on", "pk")
    return len(late.values_list("pk")[:most])


@dataclass(frozen=True, slots=True)
class Column:
    """A stage of the board: what stands there by currency, and the deals that close first."""

    stage: Stage
    count: int
    amounts: list[tuple[Decimal, str]]
    cards: list[Deal]
    before: Stage | None
    after: Stage | None


def board(user: Viewer, *, owner: int | None = None) -> list[Column]:
    """Open deals by stage, in one query for the sums and one for the cards of each stage."""
    stages = list(Stage.objects.order_by("pipeline", "position"))
    open_deals = Deal.objects.visible_to(user).open()
    if owner:
        open_deals = open_deals.filter(owner=owner)
    counts: dict[int, int] = {}
    amounts: dict[int, list[tuple[Decimal, str]]] = {}
    for row in (
        open_deals.values("stage", "currency").annotate(count=Count("pk"), amount=Sum("amount")).order_by("currency")
    ):
        counts[row["stage"]] = counts.get(row["stage"], 0) + row["count"]
        if row["amount"]:
            amounts.setdefault(row["stage"], []).append((row["amount"], row["currency"]))
    columns = []
    for stage, before, after in zip(stages, [None, *stages], [*stages[1:], None], strict=False):
        cards = open_deals.filter(stage=stage).select_related("owner", "account")
        first = cards.order_by(F("expected_close_on").asc(nulls_last=True), "pk")[:CARDS] if stage.pk in counts else ()
        columns.append(
            Column(
                stage=stage,
                count=counts.get(stage.pk, 0),
                amounts=amounts.get(stage.pk, []),
                cards=list(first),
                before=before if before and before.pipeline_id == stage.pipeline_id else None,
                after=after if after and after.pipeline_id == stage.pipeline_id else None,
            )
        )
    return columns


def accounts(user: Viewer, *, text: str = "", owner: int | None = None) -> QuerySet[Account]:
    """Accounts somebody may see."""
    found = Account.objects.visible_to(user).select_related("owner")
    if text:
        found = found.filter(name__icontains=text)
    return found.filter(owner=owner) if owner else found


def activities(
    user: Viewer,
    *,
    owner: int | None = None,
    kind: str = "",
    account: int | None = None,
    deal: int | None = None,
    start: date | None = None,
    end: date | None = None,
) -> QuerySet[Activity]:
    """Activities somebody may see, of days in `[start, end)`."""
    found = Activity.objects.visible_to(user).select_related("owner", "account", "deal", "contact")
    asked = {
        "owner": owner,
        "kind": kind,
        "account": account,
        "deal": deal,
        "occurred_on__gte": start,
        "occurred_on__lt": end,
    }
    return found.filter(**{name: value for name, value in asked.items() if value})


def orders(
    user: Viewer, *, owner: int | None = None, start: date | None = None, end: date | None = None
) -> QuerySet[Order]:
    """Orders somebody may see, of days in `[start, end)`."""
    found = Order.objects.visible_to(user).select_related("owner", "account", "deal", "product")
    asked = {"owner": owner, "ordered_on__gte": start, "ordered_on__lt": end}
    return found.filter(**{name: value for name, value in asked.items() if value})


def tasks_of(user: Viewer) -> QuerySet[Task]:
    """Tasks somebody may change: their own and those of the people they lead."""
    access = access_of(user)
    return Task.objects.all() if access.imports else Task.objects.filter(owner__in=access.people)


def choosable_owners(user: Viewer, day: date) -> QuerySet[Person]:
    """Whose records somebody may filter by."""
    return Person.objects.visible_to(user).active(day).order_by("name", "pk")


def writable_owners(user: User, day: date) -> QuerySet[Person]:
    """For whom somebody may write: themselves, whom they lead; everybody for admin and operations."""
    access = access_of(user)
    people = Person.objects.present().active(day)
    mine = Q(pk__in=access.people) | Q(pk=access.person_id)
    return (people if access.imports else people.filter(mine)).order_by("name", "pk")


# ── The quick log ───────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Recent:
    """Somebody a rep is busy with, ready to be tapped."""

    value: str
    title: str
    detail: str


def recent_customers(user: Viewer, *, count: int = 8) -> list[Recent]:
    """Deals and accounts of one's latest activities, then the open deals that close next."""
    me = access_of(user).person_id
    if me is None:
        return []
    latest = Activity.objects.present().filter(owner=me).select_related("deal__account", "account")
    found: dict[str, Recent] = {}
    visible_deals = Deal.objects.visible_to(user)
    for activity in latest.order_by(F("occurred_on").desc(), "-pk")[: 4 * count]:
        if activity.deal is not None and activity.deal.withdrawn_at is None:
            if activity.deal.is_open:
                _add(found, activity.deal)
        elif activity.account is not None and activity.account.withdrawn_at is None and activity.deal is None:
            value = f"account:{activity.account_id}"
            found.setdefault(value, Recent(value, activity.account.name, "Account"))
    for deal in (
        visible_deals.open()
        .filter(owner=me)
        .select_related("account")
        .order_by(F("expected_close_on").asc(nulls_last=True), "pk")[:count]
        if len(found) < count
        else ()
    ):
        _add(found, deal)
    return list(found.values())[:count]


def _add(found: dict[str, Recent], deal: Deal) -> None:
    value = f"deal:{deal.pk}"
    title, detail = (deal.account.name, deal.name) if deal.account else (deal.name, "Deal")
    detail = detail.removeprefix(title).lstrip(" :,–-") or "Deal"
    found.setdefault(value, Recent(value, title, detail))


def asked_first(user: Viewer, *, deal: int | None, account: int | None) -> Recent | None:
    """The customer a link to the log named, if it is one to be seen."""
    found: dict[str, Recent] = {}
    if deal and (named := Deal.objects.visible_to(user).filter(pk=deal).select_related("account").first()):
        _add(found, named)
        return next(iter(found.values()))
    if account and (held := Account.objects.visible_to(user).filter(pk=account).first()):
        return Recent(f"account:{held.pk}", held.name, "Account")
    return None


def withdrawn_activities(user: Viewer) -> QuerySet[Activity]:
    """What was taken out of the log by those who may put it back."""
    access = access_of(user)
    gone = Activity.objects.filter(withdrawn_at__isnull=False).select_related("owner")
    return gone if access.sees_all else gone.filter(owner__in=access.people)


def account_options(user: Viewer, text: str, *, count: int = 10) -> list[str]:
    """Names of accounts that hold a text, for an input that suggests."""
    found = Account.objects.visible_to(user).filter(name__icontains=text) if text else Account.objects.visible_to(user)
    return list(found.order_by("name", "pk").values_list("name", flat=True)[:count])


# ── Look-alikes ─────────────────────────────────────────────────────────────────────────────────────────────────


def alike_activities(user: Viewer, activity: Activity) -> QuerySet[Activity]:
    """The same kind with the same customer by the same person on the same day: perhaps logged twice."""
    return (
        Activity.objects.visible_to(user)
        .filter(
            owner=activity.owner_id,
            occurred_on=activity.occurred_on,
            kind=activity.kind,
            account=activity.account_id,
            deal=activity.deal_id,
        )
        .exclude(pk=activity.pk)
    )


def alike_deals(user: Viewer, *, name: str, account: Account | None) -> QuerySet[Deal]:
    """Open deals with nearly this name, at this account where one is given, among what somebody may see."""
    found = Deal.objects.visible_to(user).open().filter(name__trigram_similar=name).select_related("owner", "account")
    if account is not None:
        found = found.filter(account=account)
    return (
        found.annotate(likeness=TrigramSimilarity("name", name)).filter(likeness__gte=0.6).order_by("-likeness", "pk")
    )


def alike_accounts(user: Viewer, name: str) -> QuerySet[Account]:
    """Accounts with nearly this name, among what somebody may see."""
    return (
        Account.objects.visible_to(user)
        .filter(name__icontains=name[:3])
        .annotate(likeness=TrigramSimilarity("name", name))
        .filter(likeness__gte=0.6)
        .order_by("-likeness", "pk")
    )


# ── Stories ─────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, as a line of a story."""

    on: date
    at: datetime
    icon: str
    text: str
    detail: str = ""
    who: str = ""
    url: str = ""
    amount: Decimal | None = None
    currency: str = ""
    is_exact: bool = field(default=False)  # the moment is known, not only the day


ICONS = {
    "call": "phone",
    "email": "mail",
    "meeting": "users",
    "demo": "presentation",
    "visit": "map-pin",
    "task": "check",
}
FIELDS = {
    "amount": "Amount", "expected_close_on": "Closing day", "owner": "Owner", "forecast_category": "Forecast",
    "name": "Name", "account": "Account", "contact": "Contact", "product": "Product", "currency": "Currency",
    "opened_on": "Opened on", "closed_on": "Closed on", "lost_reason": "Lost reason", "source": "Source",
    "next_step": "Next step", "next_step_on": "Next step on",
}  # fmt: skip
NAMED: dict[str, Any] = {"owner": Person, "account": Account, "contact": Contact, "product": Product}


def deal_story(user: Viewer, deal: Deal, zone: str) -> list[Event]:
    """Everything that happened to a deal, the latest first: changes, activities, orders, decisions."""
    changes = list(
        DealChange.objects.filter(deal=deal).select_related("by__person").order_by("-changed_at", "-pk")[:LONG_STORY]
    )
    decisions = Outcome.objects.filter(deal=deal).select_related("person", "by__person").order_by("-pk")[:LONG_STORY]
    booked = Order.objects.visible_to(user).filter(deal=deal).prefetch_related("refunds")
    done = (
        Activity.objects.present().filter(deal=deal).select_related("owner", "contact").order_by("-occurred_at", "-pk")
    )
    events = [
        *_changes(changes, deal, zone),
        *(event for outcome in decisions if (event := _decision(outcome, deal))),
        *_orders(booked),
        *(_activity(activity) for activity in done[:LONG_STORY]),
    ]
    return sorted(events, key=lambda event: (event.on, event.at), reverse=True)


def account_story(user: Viewer, account: Account) -> list[Event]:
    """What happened with an account lately, as far as somebody may see it."""
    done = Activity.objects.visible_to(user).filter(account=account).select_related("owner", "contact", "deal")
    booked = Order.objects.visible_to(user).filter(account=account).prefetch_related("refunds")
    events = [
        *(_activity(activity) for activity in done.order_by("-occurred_at", "-pk")[:50]),
        *_orders(booked.order_by("-ordered_on", "-pk")[:50]),
    ]
    return sorted(events, key=lambda event: (event.on, event.at), reverse=True)[:50]


def _activity(activity: Activity) -> Event:
    minutes = f"{activity.duration_minutes} min" if activity.duration_minutes else ""
    with_whom = f"with {activity.contact}" if activity.contact else ""
    return Event(
        on=activity.occurred_on,
        at=activity.occurred_at,
        icon=ICONS[activity.kind],
        text=" ".join(filter(None, [activity.get_kind_display(), with_whom])),
        detail=" · ".join(filter(None, [activity.outcome, minutes, activity.notes[:200]])),
        who=activity.owner.name,
        url=reverse("activity", args=[activity.pk]),
        is_exact=True,
    )


def _orders(booked: Iterable[Order]) -> Iterator[Event]:
    for order in booked:
        url = reverse("order", args=[order.pk])
        own = "by the win" if order.is_booked_by_win else order.number
        yield Event(
            order.ordered_on, order.created_at, "file-text", f"Order booked {own}".strip(), url=url,
            amount=order.amount, currency=order.currency,
        )  # fmt: skip
        if order.cancelled_on:
            yield Event(order.cancelled_on, order.created_at, "x", "Order cancelled", url=url)
        for refund in order.refunds.all():
            if refund.withdrawn_at is None:
                yield Event(
                    refund.occurred_on, refund.created_at, "undo-2", "Refund", detail=refund.reason, url=url,
                    amount=-refund.amount, currency=order.currency,
                )  # fmt: skip


def _decision(outcome: Outcome, deal: Deal) -> Event | None:
    """A decision that stands, and a reopening on a day of its own; corrections cancel out and say nothing."""
    who = outcome.by.person.name if outcome.by and hasattr(outcome.by, "person") else ""
    if outcome.count > 0:
        word = "Won" if outcome.status == "won" else "Lost"
        reason = deal.lost_reason.name if outcome.status == "lost" and deal.lost_reason else ""
        return Event(
            outcome.occurred_on, outcome.recorded_at, "circle-check" if outcome.status == "won" else "x", word,
            detail=reason, who=who,
        )  # fmt: skip
    if outcome.reverses and outcome.reverses.occurred_on != outcome.occurred_on:
        return Event(outcome.occurred_on, outcome.recorded_at, "refresh-cw", "Reopened", who=who)
    return None


def _changes(changes: list[DealChange], deal: Deal, zone: str) -> Iterator[Event]:
    names = _names(changes)
    for change in changes:
        if change.field == "status" or (change.field == "closed_on"):
            continue
        if change.was == "" and change.field != "stage" and change.changed_at == changes[-1].changed_at:
            continue  # what the deal was opened with; the opening says it
        who = change.by.person.name if change.by and hasattr(change.by, "person") else ""
        on = change.changed_at.astimezone(ZoneInfo(zone)).date()
        was, value = (_said(change.field, text, names) for text in (change.was, change.value))
        if change.field == "stage":
            text = f"{was} → {value}" if was else f"Opened in {value}"
            yield Event(on, change.changed_at, "arrow-right" if was else "plus", text, who=who, is_exact=True)
        else:
            text = f"{FIELDS.get(change.field, change.field)}: {was or 'none'} → {value or 'none'}"
            yield Event(on, change.changed_at, "pencil", text, who=who, is_exact=True)


def _names(changes: list[DealChange]) -> dict[tuple[str, str], str]:
    """What the ids in changes are called, one query for each noun among them."""
    wanted: dict[str, set[str]] = {}
    for change in changes:
        if change.field in NAMED:
            wanted.setdefault(change.field, set()).update(text for text in (change.was, change.value) if text.isdigit())
    return {
        (noun, str(pk)): name
        for noun, ids in wanted.items()
        for pk, name in NAMED[noun]._default_manager.filter(pk__in=ids).values_list("pk", "name")
    }


def _said(noun: str, text: str, names: dict[tuple[str, str], str]) -> str:
    if noun == "forecast_category" and text in ForecastCategory.values:
        return str(ForecastCategory(text).label)
    if noun.endswith("_on") and text:
        try:
            day = date.fromisoformat(text)
        except ValueError:
            return text
        return f"{day.day} {day:%b %Y}"
    return names.get((noun, text), text)


# ── One record ──────────────────────────────────────────────────────────────────────────────────────────────────


def credit_of(user: Viewer, order: Order) -> list[dict[str, Any]]:
    """Who holds how much of an order's credit, as far as somebody may see."""
    held = Credit.objects.visible_to(user).filter(order=order).values("person", "person__name", "kind", "currency")
    return [dict(row) for row in held.annotate(amount=Sum("amount")).order_by("kind", "person__name", "person")]


def account_totals(user: Viewer, account: Account) -> dict[str, Any]:
    """What of an account's business somebody may see: open deals and what was ordered."""
    seen = Deal.objects.visible_to(user).filter(account=account, status="open")
    return seen.aggregate(open_count=Count("pk"), open_amount=Sum("amount"))


def with_last_activity(found: QuerySet[Account], user: Viewer) -> QuerySet[Account]:
    """Accounts with the day of the last activity that somebody may see."""
    last = (
        Activity.objects.visible_to(user).filter(account=OuterRef("pk")).order_by("-occurred_on").values("occurred_on")
    )
    return found.annotate(last_activity_on=Subquery(last[:1]))


def is_writable(user: Viewer, record: Deal | Order | Account | Activity) -> bool:
    """May somebody change this record, not only read it?"""
    return may_write_for(user, record.owner_id)


def owner_of(record: Deal | Account) -> QuerySet[Person]:
    """Whoever owns it now stays a choice, gone or not."""
    return Person.objects.filter(pk=record.owner_id or 0)


def credited_on(order: Order) -> QuerySet[Person]:
    """Who shares an order's credit, and its owner."""
    return Person.objects.filter(Q(pk=order.owner_id) | Q(pk__in=order.credit_shares.values("person")))


def may_share(user: Viewer, order: Order) -> bool:
    """Nobody changes credit of their own."""
    me = access_of(user).person_id
    return me is None or (me != order.owner_id and not order.credit_shares.filter(person=me).exists())


def account_named(user: Viewer, pk: int | None) -> Account | None:
    """The account a URL names, if it is one to be seen."""
    return Account.objects.visible_to(user).filter(pk=pk).first() if pk else None
