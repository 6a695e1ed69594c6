"""What makes rollups stale. TRUNCATE fires none of these; only the owner may do it, and rebuilds the rollups after."""

from collections.abc import Sequence

import pgtrigger

from sales.models import (
    Account,
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
    Product,
    Referral,
    TimeEntry,
)
from salesmgmt.desk.watches import ALWAYS, EVERYBODY, Watch
from targets.models import QuotaEntry, RampProfile, RampStep, SeasonShare
from teams.models import ExchangeRate, FiscalYear, Holiday, Leave, LeaveKind, Organisation, Person, Posting

from .calls import Call
from .measures import MeasureDefinition, MeasureVersion
from .rollups import NOBODY


def _day(column: str) -> str:
    return f"daterange(r.{column}, r.{column}, '[]')"


def _days(*days: str) -> str:
    """Each of some dates that is known, as SQL over `r`."""
    ranges = ", ".join(f"CASE WHEN {day} IS NULL THEN 'empty' ELSE daterange({day}, {day}, '[]') END" for day in days)
    return f"unnest(ARRAY[{ranges}])"


_SEASON = "(SELECT p.during FROM targets_seasonprofile p WHERE p.id = r.profile_id)"
_OWNED = "r.withdrawn_at IS NULL AND r.owner_id IS NOT NULL"
# Of records that count in the team of the day, and of those that are turned into the reporting currency.
_POSTED = [
    "activities", "calls", "complaints", "contracts", "deals_counted", "feedback", "leads", "orders", "referrals",
    "time",
]  # fmt: skip
_IN_MONEY = ["contracts", "deals_counted", "orders", "pipeline"]


def _moments(*columns: str) -> str:
    zone = "(SELECT time_zone FROM teams_organisation)"
    return _days(*(f"(r.{column} AT TIME ZONE {zone})::date" for column in columns))


def _days_of_order(order: str) -> str:
    return _days(*(f"{order}.{day}" for day in ("ordered_on", "promised_on", "produced_on", "delivered_on", "paid_on")))


def _days_of_deal(deal: str) -> str:
    return _days(*(f"{deal}.{day}" for day in ("opened_on", "expected_close_on", "closed_on")))


def _days_of_credit(order: str, credit: str) -> str:
    """The day it was booked, and from when on the order was delivered and paid."""
    later = [
        f"CASE WHEN {order}.{day} IS NOT NULL THEN greatest({credit}.occurred_on, {order}.{day}) END"
        for day in ("delivered_on", "paid_on")
    ]
    return _days(f"{credit}.occurred_on", *later)


_CREDITS = Watch(
    ["credits"], "r.person_id", _days_of_credit("o", "r"),
    ["team_id", "posted_on", "kind", "reporting_amount", "plan_amount"],
    joins="JOIN sales_order o ON o.id = r.order_id",
)  # fmt: skip
_CALLS = Watch(
    ["calls"], "r.person_id", "daterange(r.until - 1, r.until)", ["commit", "made_on", "made_at"], "r.team_id IS NULL"
)
_CREDITS_OF_CALLS = Watch(
    ["calls"], "r.person_id", "daterange(c.until - 1, c.until)", ["reporting_amount", "plan_amount"], name="mark_calls",
    joins="JOIN performance_call c ON c.person_id = r.person_id AND c.team_id IS NULL"
    " AND r.occurred_on >= c.starts_on AND r.occurred_on < c.until",
)  # fmt: skip
_OUTCOMES = Watch(
    ["outcomes"], "r.person_id", _day("occurred_on"),
    ["team_id", "posted_on", "status", "count", "amount", "cycle_days", "counts"],
)  # fmt: skip
_ACTIVITIES = Watch(
    ["activities"], "r.owner_id", _day("occurred_on"),
    ["kind", "duration_minutes", "outcome", "deal_id IS NULL AS no_deal", "lead_id IS NULL AS no_lead"],
    "r.withdrawn_at IS NULL",
)  # fmt: skip
_OPEN_DEALS = Watch(
    ["pipeline"], "r.owner_id", _day("expected_close_on"), ["amount", "currency"],
    "r.status = 'open' AND r.withdrawn_at IS NULL AND r.expected_close_on IS NOT NULL",
)  # fmt: skip
_DEALS = Watch(
    ["deals_counted"], "r.owner_id", _days_of_deal("r"),
    ["status", "amount", "currency", "source", "product_id", "account_id", "expected_close_on", "closed_on",
     "next_step = '' AS no_step", "next_step_on IS NULL AS no_day"],
    _OWNED, name="mark_deals",
)  # fmt: skip
_ORDERS = Watch(
    ["orders"], "w.person_id", _days_of_order("r"),
    ["amount", "currency", "product_id", "account_id", "ordered_on", "promised_on", "produced_on", "delivered_on"],
    "r.withdrawn_at IS NULL AND r.cancelled_on IS NULL AND w.person_id IS NOT NULL",
    joins="CROSS JOIN LATERAL (VALUES (r.owner_id), (r.delivered_by_id)) AS w(person_id)",
)  # fmt: skip
_LINES = Watch(
    ["orders"], "o.owner_id", _days("o.ordered_on", "o.delivered_on", "o.paid_on"),
    ["product_id", "quantity", "list_price", "unit_cost", "amount"], "r.withdrawn_at IS NULL",
    joins="JOIN sales_order o ON o.id = r.order_id",
)  # fmt: skip
_LEADS = Watch(
    ["leads"], "r.owner_id", _moments("received_at", "first_response_at", "decided_at"),
    ["status", "source", "country", "industry", "referrer_id IS NULL AS unreferred", "received_at",
     "first_response_at"],
    _OWNED,
)  # fmt: skip
_FEEDBACK = Watch(["feedback"], "r.owner_id", _day("given_on"), ["kind", "score", "account_id"], _OWNED)
_COMPLAINTS = Watch(
    ["complaints"], "r.owner_id", _days("r.received_on", "r.answered_on", "r.resolved_on"),
    ["account_id", "received_on", "answered_on", "resolved_on"], _OWNED,
)  # fmt: skip
_CONTRACTS = Watch(
    ["contracts"], "r.owner_id", _days("r.starts_on", "r.ends_on", "r.signed_on"),
    ["value", "currency", "account_id", "renewal_deal_id"], _OWNED,
)  # fmt: skip
_REFERRALS = Watch(
    ["referrals"], "r.owner_id", _days("r.asked_on", "r.thanked_on"),
    ["account_id", "lead_id IS NULL AS no_lead", "declined_on IS NULL AS stands"], _OWNED,
)  # fmt: skip
_TIME = Watch(["time"], "r.owner_id", _day("on"), ["kind", "minutes"], _OWNED)

# Whose records hang on another: topic, the way from it to them, whose they are and on which days they count.
_Path = tuple[str, str, str, str]
_CREDITS_OF_ORDERS = "JOIN sales_credit c ON c.order_id = o.id"
_CREDIT_DAYS = _days_of_credit("o", "c")
_WHO_OF_ORDERS = "JOIN LATERAL (VALUES (o.owner_id), (o.delivered_by_id)) AS w(person_id) ON w.person_id IS NOT NULL"


def _hanging(table: str, *paths: _Path) -> str:
    """SQL of topic, person and days of what hangs on the rows that `marks` name."""
    return " UNION ALL ".join(
        f"SELECT '{topic}'::text AS topic, {person} AS person_id, {days} AS days"  # nosec B608 (constants)
        f" FROM marks m JOIN {table} r ON r.id = m.person_id {joins}"
        for topic, joins, person, days in paths
    )


# All but where a customer's orders before these days stand: then none of those after them is the first, nor was.
_AFTER = (
    "JOIN sales_order o ON o.account_id = r.id AND o.ordered_on > lower(m.days) AND NOT EXISTS ("
    "SELECT FROM sales_order e WHERE e.account_id = r.id AND e.withdrawn_at IS NULL AND e.cancelled_on IS NULL"
    " AND e.ordered_on < lower(m.days))"
)

ABOVE = {
    "of_deal": _hanging(
        "sales_deal",
        ("credits", f"JOIN sales_order o ON o.deal_id = r.id {_CREDITS_OF_ORDERS}", "c.person_id", _CREDIT_DAYS),
        ("outcomes", "JOIN sales_outcome c ON c.deal_id = r.id", "c.person_id", _days("c.occurred_on")),
    ),
    "of_renewal": _hanging(
        "sales_deal",
        ("contracts", "JOIN sales_contract c ON c.renewal_deal_id = r.id AND c.owner_id IS NOT NULL", "c.owner_id",
         _days("c.starts_on", "c.ends_on", "c.signed_on")),
    ),
    "of_product": _hanging(
        "sales_product",
        ("credits", f"JOIN sales_order o ON o.product_id = r.id {_CREDITS_OF_ORDERS}", "c.person_id", _CREDIT_DAYS),
        ("outcomes", "JOIN sales_deal d ON d.product_id = r.id JOIN sales_outcome c ON c.deal_id = d.id",
         "c.person_id", _days("c.occurred_on")),
        ("deals_counted", "JOIN sales_deal d ON d.product_id = r.id", "d.owner_id", _days_of_deal("d")),
        ("orders", f"JOIN sales_order o ON o.product_id = r.id {_WHO_OF_ORDERS}", "w.person_id", _days_of_order("o")),
        ("orders", "JOIN sales_orderline l ON l.product_id = r.id JOIN sales_order o ON o.id = l.order_id",
         "o.owner_id", _days_of_order("o")),
    ),
    "of_account": _hanging(
        "sales_account",
        ("credits", f"JOIN sales_order o ON o.account_id = r.id {_CREDITS_OF_ORDERS}", "c.person_id", _CREDIT_DAYS),
        ("outcomes", "JOIN sales_deal d ON d.account_id = r.id JOIN sales_outcome c ON c.deal_id = d.id",
         "c.person_id", _days("c.occurred_on")),
        ("deals_counted", "JOIN sales_deal d ON d.account_id = r.id", "d.owner_id", _days_of_deal("d")),
        ("orders", f"JOIN sales_order o ON o.account_id = r.id {_WHO_OF_ORDERS}", "w.person_id", _days_of_order("o")),
        *(
            (topic, f"JOIN {table} c ON c.account_id = r.id AND c.owner_id IS NOT NULL", "c.owner_id", days)
            for topic, table, days in (
                ("feedback", "sales_feedback", _days("c.given_on")),
                ("complaints", "sales_complaint", _days("c.received_on", "c.answered_on", "c.resolved_on")),
                ("contracts", "sales_contract", _days("c.starts_on", "c.ends_on", "c.signed_on")),
                ("referrals", "sales_referral", _days("c.asked_on", "c.thanked_on")),
            )
        ),
    ),
    "first_order": _hanging(
        "sales_account",
        ("orders", f"{_AFTER} {_WHO_OF_ORDERS}", "w.person_id", _days_of_order("o")),
        ("credits", f"{_AFTER} {_CREDITS_OF_ORDERS}", "c.person_id", _CREDIT_DAYS),
    ),
}  # fmt: skip
"""Marks that name a record instead of a person, and what hangs on it.

What that is, the drainer looks up: a trigger would not see what another transaction has yet to commit, and whoever
drains that one's marks would not yet see this change.
"""


def _above(topic: str, columns: Sequence[str]) -> Watch:
    return Watch([topic], "r.id", ALWAYS, columns, is_above=True, name=f"mark_{topic}")


_ABOVE_DEAL = [
    _above("of_deal", ["source", "product_id", "account_id"]),
    _above("of_renewal", ["status", "amount", "currency", "withdrawn_at"]),
]
# Looked up at once: whoever writes credit holds the order.
_ABOVE_ORDER = Watch(
    ["credits"], "c.person_id", _days_of_credit("r", "c"),
    ["ordered_on", "delivered_on", "paid_on", "product_id", "account_id", "deal_id", "cancelled_on", "withdrawn_at"],
    joins="JOIN sales_credit c ON c.order_id = r.id", is_above=True, name="mark_credits_0",
)  # fmt: skip
# Whether an order is a customer's first may change with an order before it.
_FIRST_ORDERS = Watch(
    ["first_order"], "r.account_id", _day("ordered_on"), ["withdrawn_at", "cancelled_on"], "r.account_id IS NOT NULL",
    name="mark_first_order",
)  # fmt: skip

_RATES = Watch(_IN_MONEY, EVERYBODY, "daterange(lower(r.during), NULL)", ["currency", "kind", "rate", "during"])
_QUOTAS = Watch(
    ["quota"], f"coalesce(r.person_id, {NOBODY})", "r.during", ["team_id", "measure", "kind", "reporting_amount"]
)
_POSTINGS = Watch(
    [*_POSTED, "quota"],
    "r.person_id",
    "r.during",
    ["team_id", "role", "fte", "holiday_region", "working_week", "ramp"],
)
_LEAVES = Watch(["quota"], "r.person_id", "r.during", ["kind_id"])
_PEOPLE = Watch(["quota"], "r.id", ALWAYS, ["hired_on", "left_on"], on_insert=False)
_HOLIDAYS = Watch(["quota"], EVERYBODY, _day("on"), ["region"])
_KINDS = Watch(["quota"], EVERYBODY, ALWAYS, ["relieves_quota"], on_insert=False)
_CALENDAR = Watch(
    [*_IN_MONEY, "leads", "quota"], EVERYBODY, ALWAYS,
    ["currency", "fiscal_month", "holiday_region", "working_week", "time_zone"], on_insert=False,
)  # fmt: skip
_RAMPS = Watch(["quota"], EVERYBODY, ALWAYS, ["profile_id", "month", "percent"])
_PROFILES = Watch(["quota"], EVERYBODY, ALWAYS, ["name", "start", "role"])
_SEASONS = Watch(["quota"], EVERYBODY, _SEASON, ["profile_id", "starts_on", "percent"])
# From the year before on, which may end elsewhere now: what was posted when is summed by fiscal months.
_YEARS = Watch(
    [*_POSTED, "credits", "outcomes", "pipeline", "quota"], EVERYBODY, "daterange(r.starts_on - 730, NULL)",
    ["number", "starts_on", "layout", "is_nearest", "superseded_at"],
)  # fmt: skip


def _defined(name: str, operation: pgtrigger.Operation, days: str, versions: str, **tables: str) -> pgtrigger.Trigger:
    """A definition that changes makes stale what any of its versions counts, and nothing else."""
    return pgtrigger.Trigger(
        name=name,
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=operation,
        referencing=pgtrigger.Referencing(**tables),
        func=f"""
            INSERT INTO desk_mark (topic, person_id, days)
            SELECT CASE counted WHEN 'lines' THEN 'orders' WHEN 'deals' THEN 'deals_counted' ELSE counted END,
                   NULL::bigint, range_merge(range_agg({days}))
              FROM new_rows r {versions}, unnest(ARRAY[v.source, v.of_source]) AS counted
             WHERE counted <> '' GROUP BY 1;
            RETURN NULL;
        """,
    )


class WatchedCall(Call):
    class Meta:
        proxy = True
        triggers = _CALLS.triggers()


class WatchedMeasureDefinition(MeasureDefinition):
    class Meta:
        proxy = True
        triggers = [
            _defined(
                "mark_update", pgtrigger.Update, ALWAYS,
                "JOIN old_rows o ON o.id = r.id AND o.is_active <> r.is_active"
                " JOIN performance_measureversion v ON v.definition_id = r.id",
                old="old_rows", new="new_rows",
            )
        ]  # fmt: skip


class WatchedMeasureVersion(MeasureVersion):
    class Meta:
        proxy = True
        triggers = [
            _defined(
                "mark_insert", pgtrigger.Insert, "daterange(r.from_on, NULL)",
                "JOIN performance_measureversion v ON v.definition_id = r.definition_id", new="new_rows",
            )
        ]  # fmt: skip


def _all_of(*watches: Watch) -> list[pgtrigger.Trigger]:
    return [trigger for watch in watches for trigger in watch.triggers()]


class WatchedCredit(Credit):
    class Meta:
        proxy = True
        triggers = _all_of(_CREDITS, _CREDITS_OF_CALLS)


class WatchedOutcome(Outcome):
    class Meta:
        proxy = True
        triggers = _OUTCOMES.triggers()


class WatchedActivity(Activity):
    class Meta:
        proxy = True
        triggers = _ACTIVITIES.triggers()


class WatchedDeal(Deal):
    class Meta:
        proxy = True
        triggers = _all_of(_OPEN_DEALS, _DEALS, *_ABOVE_DEAL)


class WatchedOrder(Order):
    class Meta:
        proxy = True
        triggers = _all_of(_ORDERS, _ABOVE_ORDER, _FIRST_ORDERS)


class WatchedOrderLine(OrderLine):
    class Meta:
        proxy = True
        triggers = _LINES.triggers()


class WatchedAccount(Account):
    class Meta:
        proxy = True
        triggers = _above("of_account", ["industry", "country"]).triggers()


class WatchedProduct(Product):
    class Meta:
        proxy = True
        triggers = _above("of_product", ["family", "unit_cost", "currency"]).triggers()


class WatchedLead(Lead):
    class Meta:
        proxy = True
        triggers = _LEADS.triggers()


class WatchedFeedback(Feedback):
    class Meta:
        proxy = True
        triggers = _FEEDBACK.triggers()


class WatchedComplaint(Complaint):
    class Meta:
        proxy = True
        triggers = _COMPLAINTS.triggers()


class WatchedContract(Contract):
    class Meta:
        proxy = True
        triggers = _CONTRACTS.triggers()


class WatchedReferral(Referral):
    class Meta:
        proxy = True
        triggers = _REFERRALS.triggers()


class WatchedTimeEntry(TimeEntry):
    class Meta:
        proxy = True
        triggers = _TIME.triggers()


class WatchedQuotaEntry(QuotaEntry):
    class Meta:
        proxy = True
        triggers = _QUOTAS.triggers()


class WatchedPosting(Posting):
    class Meta:
        proxy = True
        triggers = _POSTINGS.triggers()


class WatchedLeave(Leave):
    class Meta:
        proxy = True
        triggers = _LEAVES.triggers()


class WatchedLeaveKind(LeaveKind):
    class Meta:
        proxy = True
        triggers = _KINDS.triggers()


class WatchedPerson(Person):
    class Meta:
        proxy = True
        triggers = _PEOPLE.triggers()


class WatchedHoliday(Holiday):
    class Meta:
        proxy = True
        triggers = _HOLIDAYS.triggers()


class WatchedOrganisation(Organisation):
    class Meta:
        proxy = True
        triggers = _CALENDAR.triggers()


class WatchedExchangeRate(ExchangeRate):
    class Meta:
        proxy = True
        triggers = _RATES.triggers()


class WatchedRampStep(RampStep):
    class Meta:
        proxy = True
        triggers = _RAMPS.triggers()


class WatchedRampProfile(RampProfile):
    class Meta:
        proxy = True
        triggers = _PROFILES.triggers()


class WatchedSeasonShare(SeasonShare):
    class Meta:
        proxy = True
        triggers = _SEASONS.triggers()


class WatchedFiscalYear(FiscalYear):
    class Meta:
        proxy = True
        triggers = _YEARS.triggers()


WATCHES = (
    WatchedCredit, WatchedOutcome, WatchedActivity, WatchedDeal, WatchedQuotaEntry, WatchedPosting, WatchedLeave,
    WatchedLeaveKind, WatchedPerson, WatchedHoliday, WatchedOrganisation, WatchedExchangeRate, WatchedRampStep,
    WatchedRampProfile, WatchedSeasonShare, WatchedFiscalYear, WatchedOrder, WatchedOrderLine, WatchedAccount,
    WatchedProduct, WatchedLead, WatchedFeedback, WatchedComplaint, WatchedContract, WatchedReferral, WatchedTimeEntry,
    WatchedMeasureDefinition, WatchedMeasureVersion, WatchedCall,
)  # fmt: skip
