"""What measures may be made of: tables, the days, people, values and fields of them that a definition may name.

A definition names entries of these tables and nothing else; Django writes the SQL, so no word of it is ever part of a
statement. The same rows serve the rollups, the preview and the records behind a figure.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any, Literal
from zoneinfo import ZoneInfo

from django.db.models import (
    Case,
    DateField,
    DecimalField,
    Exists,
    F,
    IntegerField,
    Model,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Abs, Cast, Coalesce, Extract, Floor, Greatest, Least, Round, TruncDate

from performance.models import Call
from sales.models import (
    Activity,
    Complaint,
    Contract,
    Credit,
    Deal,
    Feedback,
    Lead,
    Order,
    OrderLine,
    Outcome,
    Referral,
    TimeEntry,
)
from sales.selectors.feedback import of_customers
from teams.models import ExchangeRate, Organisation

Type = Literal["text", "choice", "number", "flag"]
_MONEY: DecimalField = DecimalField(max_digits=38, decimal_places=6)


@dataclass(frozen=True, slots=True)
class Field:
    """Something of a row that a condition may be about."""

    label: str
    lookup: str
    type: Type = "text"
    choices: tuple[str, ...] = ()
    holds: Callable[[], Q | Exists] | None = None
    """Of a flag: what makes it true."""


@dataclass(frozen=True, slots=True)
class Amount:
    """Something of a row that can be summed or averaged."""

    label: str
    unit: str
    expression: Callable[[], Any]
    is_whole: bool = True
    """Whole numbers: medians of them are exact, of others to one per cent."""


@dataclass(frozen=True, slots=True)
class Source:
    """A kind of record that measures count. `m_…` names are the annotations that `rows` makes."""

    key: str
    label: str
    topic: str
    """Of the marks that say it changed."""
    model: type[Model]
    base: Callable[[], QuerySet[Any]]
    days: Mapping[str, tuple[str, Any]]
    credits: Mapping[str, tuple[str, str, Q]]
    """Label, path to the person, and which rows."""
    fields: Mapping[str, Field]
    values: Mapping[str, Amount]
    related: tuple[str, ...] = ()
    team: str = ""
    """Where a ledger says in which team a row counts; else the person's posting of the day."""
    posted: str = ""
    ahead: frozenset[str] = frozenset()
    """Days that may lie ahead: what is asked of them is what should happen in a period, not what has so far."""
    count: Any = field(default_factory=lambda: Value(1))
    counts: bool = True
    """Whether counting its rows means something; of a ledger of money it doesn't."""
    said: Callable[[Any], tuple[str, str, tuple[str, int] | None]] = lambda row: ("", str(row), None)
    """Kind, what it is, and its page, of a row behind a figure."""

    def column(self, day: str) -> str:
        """The field that orders its rows by a day; by id where the day is another record's."""
        on = self.days[day][1]
        name = getattr(on, "name", "__")
        return name if "__" not in name else "id"

    def rows(self, *, day: str, credit: str) -> QuerySet[Any]:
        """Each row with the person, the day and the team it counts for."""
        _, person, which = self.credits[credit]
        on = self.days[day][1]
        times = self.count() if callable(self.count) else self.count
        rows: QuerySet[Any] = self.base().filter(which, **{f"{person}__isnull": False}).annotate(
            m_person=F(f"{person}_id"), m_on=on() if callable(on) else on, m_count=times
        )  # fmt: skip
        if self.posted:
            # What counts from a later day than that of its entry on is not reported before that day either.
            rows = rows.annotate(m_posted=Greatest(F(self.posted), F("m_on")))
        return rows.filter(m_on__isnull=False)


def worth(amount: Any, currency: str, *, places: int = 2) -> Any:
    """An amount in the reporting currency, at the last actual rate that began by the day; unknown without one."""
    rate = ExchangeRate.objects.filter(
        currency=OuterRef(currency), kind="actual", during__startswith__lte=OuterRef("m_on")
    )
    latest = Subquery(rate.order_by("-during__startswith").values("rate")[:1])
    return Case(
        When(**{f"{currency}__in": [Organisation.get().currency, ""]}, then=Round(amount, precision=places)),
        default=Round(amount * latest, precision=places),
        output_field=_MONEY,
    )


def _on(moment: str) -> Callable[[], Any]:
    """The day of a moment where the organisation is."""
    return lambda: TruncDate(moment, tzinfo=ZoneInfo(Organisation.get().time_zone))


def _once(day: str) -> Any:
    """What a ledger says counts from that day of its order on: a refund after it on its own day."""
    return Case(When(**{f"{day}__isnull": False}, then=Greatest("occurred_on", day)))


def _seconds(start: str, end: str) -> Any:
    return Extract(F(end) - F(start), "epoch")


def _days_between(start: str, end: str) -> Any:
    """Whole days from a date to another."""
    return Cast(_seconds(start, end) / Value(86400), IntegerField())


def _minutes_between(start: str, end: str) -> Any:
    """Whole minutes from a moment to another."""
    return Cast(Floor(_seconds(start, end) / Value(60)), IntegerField())


def _first_orders(prefix: str) -> Callable[[], Q]:
    """Whether the customer had ordered nothing before the day of the order."""

    def holds() -> Q:
        earlier = (
            Order.objects.present()
            .standing()
            .filter(account=OuterRef(f"{prefix}account"), ordered_on__lt=OuterRef(f"{prefix}ordered_on"))
        )
        return Q(~Exists(earlier), **{f"{prefix}account__isnull": False})

    return holds


def _of_account(prefix: str) -> dict[str, Field]:
    return {
        "industry": Field("Industry of the customer", f"{prefix}account__industry"),
        "country": Field("Country of the customer", f"{prefix}account__country"),
    }


def _of_order(prefix: str) -> dict[str, Field]:
    return {
        "family": Field("Product family", f"{prefix}product__family"),
        **_of_account(prefix),
        "first_order": Field("First day on which the customer ordered", "", "flag", holds=_first_orders(prefix)),
    }


_ANY = Q()


def _named(*parts: Any) -> str:
    return " · ".join(str(part) for part in parts if part)


def _cost() -> Any:
    """Of a line: its own unit cost, else its product's as it is now; unknown without either."""
    return Case(
        When(unit_cost__isnull=False, then=worth(F("quantity") * F("unit_cost"), "order__currency", places=4)),
        default=worth(F("quantity") * F("product__unit_cost"), "product__currency", places=4),
        output_field=_MONEY,
    )


def _renewed(*, capped: bool) -> Callable[[], Any]:
    """What the won deal that renews a contract brings; capped at what the contract was worth."""

    def expression() -> Any:
        before = worth(F("value"), "currency")
        after = worth(F("renewal_deal__amount"), "renewal_deal__currency")
        return Case(
            When(
                renewal_deal__status="won",
                renewal_deal__withdrawn_at=None,
                then=Least(before, after) if capped else after,
            ),
            default=Value(Decimal(0)),
            output_field=_MONEY,
        )

    return expression


CHECKPOINTS = (1, 5, 9)  # weeks of a quarter at whose end a call is judged (R18)


def _checkpoint(week: int) -> Any:
    return Cast(F("starts_on") + Value(timedelta(days=7 * week - 1)), DateField())


def _calls() -> QuerySet[Any]:
    """What people staked on quarters of their own, with the day of the call after it and what was credited."""
    later = (
        Call.objects.filter(person=OuterRef("person"), team=None, period=OuterRef("period"))
        .filter(
            Q(made_on__gt=OuterRef("made_on"))
            | Q(made_on=OuterRef("made_on"), made_at__gt=OuterRef("made_at"))
            | Q(made_on=OuterRef("made_on"), made_at=OuterRef("made_at"), pk__gt=OuterRef("pk"))
        )
        .order_by("made_on")
    )
    credited = (
        Credit.objects.filter(
            person=OuterRef("person"), occurred_on__gte=OuterRef("starts_on"), occurred_on__lt=OuterRef("until")
        )
        .order_by()
        .values("person")
        .annotate(total=Sum(Coalesce("plan_amount", "reporting_amount")))
    )
    return Call.objects.filter(team=None, period__contains="-Q").annotate(
        m_next=Subquery(later.values("made_on")[:1]),
        m_result=Coalesce(Subquery(credited.values("total")[:1]), Value(Decimal(0)), output_field=_MONEY),
    )


def _last_day() -> Any:
    return Cast(F("until") - Value(timedelta(days=1)), DateField())


def _times_stood() -> Any:
    """At how many checkpoints a call was the last one made."""
    times: Any = Value(0)
    for week in CHECKPOINTS:
        last = _checkpoint(week)
        stood = Q(made_on__lte=last) & (Q(m_next__isnull=True) | Q(m_next__gt=last))
        times = times + Case(When(stood, then=Value(1)), default=Value(0))
    return times


SOURCES = {
    source.key: source
    for source in (
        Source(
            "activities", "Activities", "activities", Activity, lambda: Activity.objects.present(),
            days={"done": ("day it took place", F("occurred_on"))},
            credits={"owner": ("who did it", "owner", _ANY)},
            fields={
                "kind": Field("Kind", "kind", "choice", tuple(Activity.Kind.values)),
                "outcome": Field("Outcome", "outcome"),
                "minutes": Field("Minutes", "duration_minutes", "number"),
                "on_a_deal": Field("On a deal", "", "flag", holds=lambda: Q(deal__isnull=False)),
                "on_a_lead": Field("On a lead", "", "flag", holds=lambda: Q(lead__isnull=False)),
            },
            values={"minutes": Amount("minutes", "minutes", lambda: F("duration_minutes"))},
            related=("owner", "account", "deal"),
            said=lambda row: (
                row.get_kind_display(), _named(row.deal, row.account, row.outcome) or row.get_kind_display(),
                ("activity", row.pk),
            ),
        ),
        Source(
            "credits", "Credit of orders", "credits", Credit, lambda: Credit.objects.all(),
            days={
                "booked": ("day of the booking", F("occurred_on")),
                "delivered": ("day of the delivery", _once("order__delivered_on")),
                "paid": ("day of the payment", _once("order__paid_on")),
            },
            credits={
                "primary": ("who shares the credit", "person", Q(kind="primary")),
                "overlay": ("who has an overlay on top", "person", Q(kind="overlay")),
            },
            fields={**_of_order("order__"), "source": Field("Source of the deal", "order__deal__source")},
            values={"amount": Amount("amount", "money", lambda: F("reporting_amount"), is_whole=False)},
            related=("person", "order__account", "order__deal"),
            team="team_id", posted="posted_on", counts=False,
            said=lambda row: (
                row.reason if row.reverses_id or row.amount < 0 else "Booking",
                _named(row.order, row.order.account), ("order", row.order_id),
            ),
        ),
        Source(
            "outcomes", "Deals decided", "outcomes", Outcome, lambda: Outcome.objects.all(),
            days={"decided": ("closing day", F("occurred_on"))},
            credits={"owner": ("the owner of the deal", "person", _ANY)},
            fields={
                "status": Field("Won or lost", "status", "choice", ("won", "lost")),
                "counted": Field("Counts in the win rate", "", "flag", holds=lambda: Q(counts=True)),
                "source": Field("Source of the deal", "deal__source"),
                "family": Field("Product family", "deal__product__family"),
                **_of_account("deal__"),
            },
            values={
                "amount": Amount("amount", "money", lambda: F("amount") * F("count"), is_whole=False),
                "cycle": Amount("days from opened to closed", "days", lambda: F("cycle_days")),
            },
            related=("person", "deal__account"),
            team="team_id", posted="posted_on", count=F("count"),
            said=lambda row: (
                row.get_status_display() if row.count > 0 else f"{row.get_status_display()}, taken back",
                _named(row.deal, row.deal.account), ("deal", row.deal_id),
            ),
        ),
        Source(
            "deals", "Deals", "deals_counted", Deal, lambda: Deal.objects.present(),
            days={
                "opened": ("day it was opened", F("opened_on")),
                "expected": ("expected closing day", F("expected_close_on")),
                "closed": ("closing day", F("closed_on")),
            },
            ahead=frozenset({"expected"}),
            credits={"owner": ("the owner of the deal", "owner", _ANY)},
            fields={
                "status": Field("Open, won or lost", "status", "choice", tuple(Deal.Status.values)),
                "source": Field("Source", "source"),
                "next_step": Field(
                    "Has a next step with a day", "", "flag",
                    holds=lambda: Q(next_step_on__isnull=False) & ~Q(next_step=""),
                ),
                "closed_in_time": Field(
                    "Closed by the expected day", "", "flag", holds=lambda: Q(closed_on__lte=F("expected_close_on"))
                ),
                "family": Field("Product family", "product__family"),
                **_of_account(""),
            },
            values={
                "amount": Amount("amount", "money", lambda: worth(F("amount"), "currency"), is_whole=False),
                "days_off": Amount(
                    "days between expected and actual closing", "days",
                    lambda: Abs(_days_between("expected_close_on", "closed_on")),
                ),
            },
            related=("owner", "account", "stage"),
            said=lambda row: (
                row.stage.name if row.is_open else row.get_status_display(), _named(row, row.account), ("deal", row.pk),
            ),
        ),
        Source(
            "orders", "Orders", "orders", Order, lambda: Order.objects.present().standing(),
            days={
                "ordered": ("day of the order", F("ordered_on")),
                "promised": ("promised day", F("promised_on")),
                "produced": ("day it was made", F("produced_on")),
                "delivered": ("day of the delivery", F("delivered_on")),
                "paid": ("day of the payment", F("paid_on")),
            },
            credits={
                "owner": ("who sold it", "owner", _ANY),
                "deliverer": ("who delivered it", "delivered_by", _ANY),
            },
            fields={
                "promised": Field("Has a promised day", "", "flag", holds=lambda: Q(promised_on__isnull=False)),
                "made_in_time": Field(
                    "Made by the promised day", "", "flag", holds=lambda: Q(produced_on__lte=F("promised_on"))
                ),
                "delivered_in_time": Field(
                    "Delivered by the promised day", "", "flag", holds=lambda: Q(delivered_on__lte=F("promised_on"))
                ),
                **_of_order(""),
            },
            values={
                "amount": Amount("amount", "money", lambda: worth(F("amount"), "currency"), is_whole=False),
                "days_taken": Amount(
                    "days from order to delivery", "days", lambda: _days_between("ordered_on", "delivered_on")
                ),
            },
            related=("owner", "account"),
            said=lambda row: ("Order", _named(row, row.account), ("order", row.pk)),
        ),
        Source(
            "lines", "Lines of orders", "orders", OrderLine,
            lambda: OrderLine.objects.present().filter(order__withdrawn_at=None, order__cancelled_on=None),
            days={
                "ordered": ("day of the order", F("order__ordered_on")),
                "delivered": ("day of the delivery", F("order__delivered_on")),
                "paid": ("day of the payment", F("order__paid_on")),
            },
            credits={"owner": ("who sold it", "order__owner", _ANY)},
            fields={
                "line_family": Field("Product family of the line", "product__family"),
                "listed": Field("Has a list price", "", "flag", holds=lambda: Q(list_price__gt=0)),
                "costed": Field(
                    "Has a cost", "", "flag",
                    holds=lambda: Q(quantity__isnull=False)
                    & (Q(unit_cost__isnull=False) | Q(product__unit_cost__isnull=False)),
                ),
                **_of_order("order__"),
            },
            values={
                "amount": Amount(
                    "amount", "money", lambda: worth(F("amount"), "order__currency", places=4), is_whole=False
                ),
                "margin": Amount(
                    "amount less cost", "money",
                    lambda: worth(F("amount"), "order__currency", places=4) - _cost(), is_whole=False,
                ),
                "listed": Amount(
                    "value at list price", "money",
                    lambda: worth(F("quantity") * F("list_price"), "order__currency", places=4),
                    is_whole=False,
                ),
                "off_list": Amount(
                    "value at list price less amount", "money",
                    lambda: worth(
                        F("quantity") * F("list_price") - F("amount"), "order__currency", places=4
                    ),
                    is_whole=False,
                ),
            },
            related=("order__owner", "order__account", "product"),
            said=lambda row: (
                "Line", _named(row.order, row.product or row.text, row.order.account), ("order", row.order_id),
            ),
        ),
        Source(
            "leads", "Leads", "leads", Lead, lambda: Lead.objects.present(),
            days={
                "received": ("day it came in", _on("received_at")),
                "answered": ("day of the first answer", _on("first_response_at")),
                "decided": ("day it was decided", _on("decided_at")),
            },
            credits={"owner": ("the owner of the lead", "owner", _ANY)},
            fields={
                "status": Field("Status", "status", "choice", tuple(Lead.Status.values)),
                "source": Field("Source", "source"),
                "referred": Field("Referred by a contact", "", "flag", holds=lambda: Q(referrer__isnull=False)),
                "country": Field("Country", "country"),
                "industry": Field("Industry", "industry"),
            },
            values={
                "response": Amount(
                    "minutes to the first answer", "minutes",
                    lambda: _minutes_between("received_at", "first_response_at"),
                ),
            },
            related=("owner",),
            said=lambda row: (row.get_status_display(), _named(row, row.company), ("lead", row.pk)),
        ),
        Source(
            "feedback", "Answers of customers", "feedback", Feedback, lambda: of_customers(Feedback.objects.present()),
            days={"given": ("day of the answer", F("given_on"))},
            credits={"owner": ("who served the customer", "owner", _ANY)},
            fields={
                "kind": Field("Question", "kind", "choice", tuple(Feedback.Kind.values)),
                "score": Field("Score", "score", "number"),
                **_of_account(""),
            },
            values={"score": Amount("score", "score", lambda: F("score"))},
            related=("owner", "account"),
            said=lambda row: (row.get_kind_display(), _named(row.account, row.comment), ("account", row.account_id)),
        ),
        Source(
            "complaints", "Complaints", "complaints", Complaint, lambda: Complaint.objects.present(),
            days={
                "received": ("day it came", F("received_on")),
                "answered": ("day of the answer", F("answered_on")),
                "resolved": ("day it was resolved", F("resolved_on")),
            },
            credits={"owner": ("who has to answer it", "owner", _ANY)},
            fields={
                "answered": Field("Answered", "", "flag", holds=lambda: Q(answered_on__isnull=False)),
                "resolved": Field("Resolved", "", "flag", holds=lambda: Q(resolved_on__isnull=False)),
                **_of_account(""),
            },
            values={
                "days_to_answer": Amount(
                    "days to the answer", "days", lambda: _days_between("received_on", "answered_on")
                ),
                "days_to_resolve": Amount(
                    "days until it was resolved", "days", lambda: _days_between("received_on", "resolved_on")
                ),
            },
            related=("owner", "account"),
            said=lambda row: ("Complaint", _named(row.account, row.text), ("complaint", row.pk)),
        ),
        Source(
            "contracts", "Contracts", "contracts", Contract, lambda: Contract.objects.present(),
            days={
                "starts": ("first day", F("starts_on")),
                "ends": ("last day", F("ends_on")),
                "signed": ("day it was signed", F("signed_on")),
            },
            credits={"owner": ("the owner of the contract", "owner", _ANY)},
            fields={
                "renewed": Field(
                    "Renewed by a won deal", "", "flag",
                    holds=lambda: Q(renewal_deal__status="won", renewal_deal__withdrawn_at=None),
                ),
                **_of_account(""),
            },
            values={
                "value": Amount("value", "money", lambda: worth(F("value"), "currency"), is_whole=False),
                "kept": Amount("renewed value, at most its own", "money", _renewed(capped=True), is_whole=False),
                "renewed": Amount("renewed value", "money", _renewed(capped=False), is_whole=False),
            },
            related=("owner", "account"),
            said=lambda row: ("Contract", _named(row, row.account), ("contract", row.pk)),
        ),
        Source(
            "referrals", "Referrals", "referrals", Referral, lambda: Referral.objects.present(),
            days={"asked": ("day one asked for it", F("asked_on")), "thanked": ("day of the thanks", F("thanked_on"))},
            credits={"owner": ("who asked", "owner", _ANY)},
            fields={
                "led_to_a_lead": Field("A lead came of it", "", "flag", holds=lambda: Q(lead__isnull=False)),
                "declined": Field("Declined", "", "flag", holds=lambda: Q(declined_on__isnull=False)),
                **_of_account(""),
            },
            values={},
            related=("owner", "account"),
            said=lambda row: ("Referral", _named(row.account, row.note), ("account", row.account_id)),
        ),
        Source(
            "calls", "Calls", "calls", Call, _calls,
            days={"ended": ("last day of the quarter", _last_day)},
            credits={"owner": ("who called", "person", _ANY)},
            fields={},
            values={
                "result": Amount("what was credited", "money", lambda: F("m_result"), is_whole=False),
                "hit": Amount(
                    "what was credited less the error", "money",
                    lambda: F("m_result") - Abs(F("commit") - F("m_result")), is_whole=False,
                ),
                "error": Amount("error", "money", lambda: Abs(F("commit") - F("m_result")), is_whole=False),
            },
            related=("person",), count=_times_stood,
            said=lambda row: (f"Call for {row.period}", f"Committed {row.commit}, credited {row.m_result}", None),
        ),
        Source(
            "time", "Time not spent selling", "time", TimeEntry, lambda: TimeEntry.objects.present(),
            days={"spent": ("day it was spent", F("on"))},
            credits={"owner": ("who spent it", "owner", _ANY)},
            fields={"kind": Field("Kind", "kind", "choice", tuple(TimeEntry.Kind.values))},
            values={"minutes": Amount("minutes", "minutes", lambda: F("minutes"))},
            related=("owner",),
            said=lambda row: (row.get_kind_display(), row.note or row.get_kind_display(), None),
        ),
    )
}  # fmt: skip
