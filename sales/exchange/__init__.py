"""Accounts, contacts, products, stages, deals, activities, orders, credits and refunds as tables."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from copy import copy
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

from sales.loading import ACTIVITIES, DEALS
from sales.models import (
    Account,
    Activity,
    Contact,
    CreditShare,
    Deal,
    DealChange,
    ForecastCategory,
    Order,
    OrderLine,
    Pipeline,
    Product,
    Refund,
    Stage,
)
from sales.selectors import aliases, beyond_limits, kept_by_external_id
from sales.services import book_won_deals, follow_owners, make_way, post_outcomes, recredit_orders
from salesmgmt.lib import clock
from salesmgmt.lib.kinds import Field, Kind, Occurrences, Plan, Referent, Row, Settling, folded, named_by
from salesmgmt.lib.ranges import BEFORE_ALL_RECORDS
from teams.exchange import Once, match
from teams.exchange.tables import yes_or_no
from teams.models import ExchangeRate, Organisation

HUNDRED = Decimal(100)
LOOK_ALIKE = timedelta(days=30)

# ── What rows may refer to ──────────────────────────────────────────────────────────────────────────────────────


def _accounts(texts: set[str]) -> Iterable[tuple[Account, list[str]]]:
    """Accounts by id or name, those that others were merged into, and all above them."""
    wanted = {text.casefold() for text in texts}
    merged = {text: pk for text, pk in aliases("account").items() if text in wanted}
    with connection.cursor() as cursor:
        cursor.execute(_ACCOUNTS, {"texts": list(texts), "merged": list(merged.values())})
        accounts = Account.objects.in_bulk([pk for (pk,) in cursor.fetchall()])
    for account in sorted(accounts.values(), key=lambda one: one.pk):
        if account.parent_id in accounts:
            account.parent = accounts[account.parent_id]
        yield account, [text for text in (account.external_id, account.name) if text]
    for text, pk in merged.items():
        if pk in accounts:
            yield accounts[pk], [text]


_ACCOUNTS = f"""
    WITH RECURSIVE wanted AS (SELECT unnest(%(texts)s::text[]) AS text), above AS (
        SELECT id FROM ({named_by("sales_account", "external_id", "name")}) found
         UNION
        SELECT unnest(%(merged)s::bigint[])
         UNION
        SELECT a.parent_id FROM above JOIN sales_account a USING (id) WHERE a.parent_id IS NOT NULL)
    SELECT id FROM above JOIN sales_account a USING (id) WHERE a.withdrawn_at IS NULL
"""


def _products(texts: set[str]) -> Iterable[tuple[Product, list[str]]]:
    for product in Product.objects.present().order_by("pk"):
        yield product, [text for text in (product.external_id, product.name) if text]


def _named(records: QuerySet[Any], texts: set[str], *names: str) -> Iterator[tuple[Any, list[str]]]:
    wanted = Q(external_id__in=texts)
    for name in names:
        wanted |= Q(**{f"{name}__in": texts})
    for record in records.present().filter(wanted).order_by("pk"):  # type: ignore[attr-defined]
        yield record, [text for text in (record.external_id, *(getattr(record, name) for name in names)) if text]


def _contacts(texts: set[str]) -> Iterator[tuple[Contact, list[str]]]:
    yield from _named(Contact.objects.all(), texts, "email", "name")
    kept = kept_by_external_id("contact", texts)
    records = Contact.objects.present().in_bulk(kept.values())
    yield from ((records[pk], [text]) for text, pk in kept.items() if pk in records)


def _orders(texts: set[str]) -> Iterator[tuple[Order, list[str]]]:
    """Orders by their own id or number, or by the id of the deal whose order they are."""
    wanted = Q(external_id__in=texts) | Q(number__in=texts) | Q(deal__external_id__in=texts, cancelled_on=None)
    for order in Order.objects.present().filter(wanted).select_related("deal").order_by("pk"):
        yield order, [text for text in (order.external_id, order.number, order.deal and order.deal.external_id) if text]


def _make_account(plan: Plan, text: str, row: Row) -> Account:
    account = plan.create(Account(name=text[:200]), row)
    plan.register("account", account, text)
    plan.made.append(f"account {text}")
    return account


def _make_product(plan: Plan, text: str, row: Row) -> Product:
    product = plan.create(Product(name=text[:200]), row)
    plan.register("product", product, text)
    plan.made.append(f"product {text}")
    return product


def _exactly(table: str, external_id: str, *names: str) -> tuple[str, ...]:
    """By external id; only what is none of these, by its names."""
    return named_by(table, external_id, is_exact=True), named_by(table, *names, is_exact=True)


def _merged(noun: str, *columns: str) -> str:
    """By what named a record that was given up in a merge: the one kept, at the end of every chain of merges."""
    texts = " OR ".join(f"{folded(f'g.{column}')} = {folded('w.text')}" for column in columns)
    return f"""
        WITH RECURSIVE way AS (
            SELECT given_up_id, kept_id FROM sales_merge WHERE noun = '{noun}' AND undone_at IS NULL
             UNION
            SELECT way.given_up_id, m.kept_id FROM way JOIN sales_merge m ON m.given_up_id = way.kept_id
             WHERE m.noun = '{noun}' AND m.undone_at IS NULL)
        SELECT w.text, k.id FROM way JOIN sales_{noun} g ON g.id = way.given_up_id JOIN wanted w ON {texts}
          JOIN sales_{noun} k ON k.id = way.kept_id AND k.withdrawn_at IS NULL
    """  # nosec B608


REFERENTS = [
    Referent(
        "account",
        "account",
        _accounts,
        _make_account,
        (named_by("sales_account", "external_id", "name"), _merged("account", "external_id", "name")),
    ),
    Referent("product", "product", _products, _make_product, (named_by("sales_product", "external_id", "name"),)),
    Referent(
        "contact",
        "contact",
        _contacts,
        named=(*_exactly("sales_contact", "external_id", "email", "name"), _merged("contact", "external_id")),
    ),
    Referent(
        "deal",
        "deal",
        lambda texts: _named(Deal.objects.select_related("account", "product"), texts, "name"),
        named=_exactly("sales_deal", "external_id", "name"),
    ),
    Referent("order", "order", _orders),
]


def _key(record: Any) -> Any:
    """A record in a natural key: its number, or itself while it has none."""
    return None if record is None else record.pk or id(record)


def _given(row: Row, *names: str) -> dict[str, Any]:
    """What a row says of these fields, references resolved."""
    return {name: row.found.get(name, row.values[name]) for name in names if name in row.values}


OWN = "Nobody takes in credit of their own; ask a colleague to import this row."


def is_own(plan: Plan, *people: int | None, order: int | None = None, deal: int | None = None) -> bool:
    """Whether a row is about credit of who imports it: theirs by what it says, or theirs, all or a share, by now."""
    own = plan.own_person_id
    if own is None:
        return False
    if "own" not in plan.memo:
        of_deals = Q(owner=own) | Q(shares__person=own) | Q(orders__owner=own) | Q(orders__credit_shares__person=own)
        of_orders = Q(owner=own) | Q(credit_shares__person=own) | Q(deal__owner=own) | Q(deal__shares__person=own)
        plan.memo["own"] = (
            set(Deal.objects.present().filter(of_deals).values_list("pk", flat=True)),
            set(Order.objects.present().filter(of_orders).values_list("pk", flat=True)),
        )
    deals, orders = plan.memo["own"]
    return own in people or deal in deals or order in orders


def _tagged(plan: Plan, row: Row) -> dict[str, Any]:
    """Tags, several of them with semicolons between."""
    if "tags" not in row.values:
        return {}
    tags = [tag for part in row.values["tags"].split(";") if (tag := part.strip())]
    if any(len(tag) > 50 for tag in tags):
        plan.refuse(row, "tags", "A tag is longer than the 50 characters that are kept.")
    return {"tags": tags}


def known_ids(plan: Plan) -> set[str]:
    """The external ids a file gives."""
    return {row.values["external_id"] for row in plan.rows if "external_id" in row.values}


def _with_external_id(plan: Plan, records: QuerySet[Any]) -> dict[str, Any]:
    ids = known_ids(plan)
    return {record.external_id: record for record in records.present().filter(external_id__in=ids)}  # type: ignore[attr-defined]


# ── Accounts, contacts, products, stages ────────────────────────────────────────────────────────────────────────

ACCOUNT = ("external_id", "name", "industry", "country", "revenue", "employees", "parent", "owner", "territory", "tags")


def _is_merged(plan: Plan, row: Row, known: dict[str, int]) -> bool:
    """A row about a record that was given up in a merge is taken and changes nothing: the one kept stands for it."""
    if str(row.get("external_id") or row.get("name", "")).casefold() not in known:
        return False
    plan.note("Given up in a merge: the record that was kept stands as it is.")
    return True


def _plan_accounts(plan: Plan) -> None:
    once, merged = Once(), aliases("account")
    for row in plan.taken():
        if _is_merged(plan, row, merged):
            continue
        account, goes_on = match(plan, "account", row, "name")
        if not goes_on or not plan.refer(row):
            continue
        parent = row.found.get("parent")
        above = parent
        while above is not None and account is not None:
            if above is account:
                plan.refuse(row, "parent", "An account can't be below itself.")
                break
            above = above.parent
        if row.refusals:
            continue
        values = _given(row, *ACCOUNT) | _tagged(plan, row)
        if row.refusals:
            continue
        if account is None:
            account = plan.create(Account(**values), row)
            row.act = "created"
            once.admits(plan, row, account, "name")
        elif once.admits(plan, row, account, "name") and plan.change(account, row, **values):
            row.act = "changed"
        plan.register("account", account, account.external_id, account.name)


def _settle_accounts(settling: Settling) -> None:
    """Whose an account is from when follows what it says; of new ones nobody tells since when, so since always."""
    accounts = settling.ids.get("sales.Account", set())
    on = clock.day_of(settling.at, Organisation.get().time_zone)
    follow_owners(account_ids=accounts, on=on, by=settling.by, reason=settling.reason, since=BEFORE_ALL_RECORDS)


def _account_rows() -> Iterator[dict[str, Any]]:
    for account in (
        Account.objects.present().select_related("parent", "owner", "territory").order_by("pk").iterator(2000)
    ):
        yield {"": account} | {name: getattr(account, name) for name in ACCOUNT} | {"tags": "; ".join(account.tags)}


CONTACT = ("external_id", "name", "email", "phone", "account", "birthday", "title", "prefers", "preferences", "made_by")
ASKS = ("is_public_official", "is_not_to_be_contacted")


def _plan_contacts(plan: Plan) -> None:
    once, known = Once(), _with_external_id(plan, Contact.objects.all())
    names = {row.values["name"] for row in plan.taken() if "external_id" not in row.values}
    merged = kept_by_external_id("contact", known_ids(plan))
    same = Occurrences.of(
        ((one.name, one.account_id), one) for one in Contact.objects.present().filter(name__in=names).order_by("pk")
    )
    for row in plan.taken():
        if row.get("external_id") in merged:
            _is_merged(plan, row, {row.values["external_id"].casefold(): 0})
            continue
        if not plan.refer(row):
            continue
        values = _given(row, *CONTACT) | _tagged(plan, row)
        values |= {name: row.values[name] == "yes" for name in ASKS if name in row.values}
        if row.refusals:
            continue
        if "external_id" in row.values:
            contact = known.get(row.values["external_id"])
        else:
            contact = same.next((row.values["name"], _key(row.found.get("account"))))
        if contact is None:
            contact = plan.create(Contact(**values), row)
            known |= {contact.external_id: contact} if contact.external_id else {}
            row.act = "created"
            once.admits(plan, row, contact, "name")
        elif once.admits(plan, row, contact, "external_id") and plan.change(contact, row, **values):
            row.act = "changed"


def _contact_rows() -> Iterator[dict[str, Any]]:
    for contact in Contact.objects.present().select_related("account", "made_by").order_by("pk").iterator(2000):
        told = {name: getattr(contact, name) for name in CONTACT}
        told |= {name: "yes" if getattr(contact, name) else "no" for name in ASKS}
        yield {"": contact} | told | {"tags": "; ".join(contact.tags)}


PRODUCT = ("external_id", "name", "family", "list_price", "unit_cost", "currency")


def _plan_products(plan: Plan) -> None:
    once = Once()
    for row in plan.taken():
        product, goes_on = match(plan, "product", row, "name")
        if not goes_on:
            continue
        values = _given(row, *PRODUCT)
        if any(one is not product and one.name == values["name"] for one in plan.lookup("product", values["name"])):
            plan.refuse(row, "name", "Another product is called so.")
            continue
        if product is None:
            product = plan.create(Product(**{"currency": plan.organisation.currency} | values), row)
            row.act = "created"
            once.admits(plan, row, product, "name")
        elif once.admits(plan, row, product, "name"):
            if not product.currency and "list_price" in values:
                values.setdefault("currency", plan.organisation.currency)
            row.act = "changed" if plan.change(product, row, **values) else "equal"
        plan.register("product", product, product.external_id, product.name)


def _product_rows() -> Iterator[dict[str, Any]]:
    for product in Product.objects.present().order_by("pk"):
        yield {"": product} | {name: getattr(product, name) for name in PRODUCT}


def _plan_stages(plan: Plan) -> None:
    pipelines = {one.name.casefold(): one for one in Pipeline.objects.order_by("-pk")}
    first = Pipeline.objects.order_by("pk").first()
    stages = {
        (one.pipeline.name.casefold(), one.name.casefold()): one for one in Stage.objects.select_related("pipeline")
    }
    places = {(one.pipeline.name.casefold(), one.position): one for one in stages.values()}
    for row in plan.taken():
        name = row.get("pipeline", first.name if first else "Sales")
        stage = stages.get((name.casefold(), row.values["name"].casefold()))
        taken = [place for pipeline, place in places if pipeline == name.casefold()]
        place = row.get("position", stage.position if stage else max(taken, default=0) + 1)
        if places.get((name.casefold(), place), stage) is not stage:
            plan.refuse(row, "position", f"“{places[name.casefold(), place].name}” stands there.")
            continue
        pipeline = pipelines.get(name.casefold())
        if pipeline is None:
            pipeline = pipelines[name.casefold()] = plan.create(Pipeline(name=name), row)
        values = _given(row, "probability", "forecast_category") | {"position": place}
        if stage is None:
            stage = plan.create(Stage(pipeline=pipeline, name=row.values["name"], **values), row)
            stages[name.casefold(), stage.name.casefold()] = stage
            row.act = "created"
        elif plan.change(stage, row, **values):
            row.act = "changed"
        places[name.casefold(), place] = stage


def _stage_rows() -> Iterator[dict[str, Any]]:
    for stage in Stage.objects.select_related("pipeline").order_by("pipeline", "position"):
        fields = ("pipeline", "name", "position", "probability", "forecast_category")
        yield {name: getattr(stage, name) for name in fields}


# ── Deals ───────────────────────────────────────────────────────────────────────────────────────────────────────

DEAL = (
    "external_id", "owner", "account", "contact", "product", "amount", "currency", "opened_on", "expected_close_on",
    "source", "quoted_on", "next_step", "next_step_on",
)  # fmt: skip
TRACKED = {field.value: field for field in DealChange.Field}


class Rates:
    """Whether a currency has an actual rate on a day."""

    def __init__(self, reporting: str) -> None:
        self._reporting = reporting
        self._ranges: dict[str, list[Any]] = defaultdict(list)
        for currency, during in ExchangeRate.objects.filter(kind="actual").values_list("currency", "during"):
            self._ranges[currency].append(during)

    def refusal(self, currency: str, day: date) -> str:
        if currency == self._reporting:
            return ""
        if any(one.lower <= day and (one.upper is None or day < one.upper) for one in self._ranges[currency]):
            return ""
        return f"There is no rate for {currency} on {day:%-d %b %Y}; import rates first."


def _settle_deals(settling: Settling) -> None:
    deals = settling.ids.get("sales.Deal", set())
    touched = book_won_deals(deal_ids=deals, at=settling.at)
    said = {"by": settling.by, "at": settling.at, "reason": settling.reason}
    recredit_orders(order_ids=touched, own=settling.own, **said)
    post_outcomes(deal_ids=deals, **said)


def _deal_rows() -> Iterator[dict[str, Any]]:
    deals = Deal.objects.present().select_related(
        "owner", "account", "contact", "product", "stage__pipeline", "lost_reason"
    )
    for deal in deals.order_by("pk").iterator(2000):
        yield {name: getattr(deal, name) for name in (*DEAL, "name", "stage", "status", "closed_on")} | {
            "": deal,
            "lost_reason": deal.lost_reason and deal.lost_reason.key,
            "forecast_category": deal.own_forecast_category,
            "books_order": None if deal.books_order else "no",
            "tags": "; ".join(deal.tags),
            "pipeline": deal.stage.pipeline,
        }


# ── Activities ──────────────────────────────────────────────────────────────────────────────────────────────────

ACTIVITY = (
    "external_id", "owner", "kind", "occurred_at", "account", "contact", "deal", "outcome", "duration_minutes", "notes",
    "lead",
)  # fmt: skip


def _activity_rows() -> Iterator[dict[str, Any]]:
    activities = Activity.objects.present().select_related("owner", "account", "contact", "deal", "lead")
    for activity in activities.order_by("pk").iterator(2000):
        yield {"": activity} | {name: getattr(activity, name) for name in ACTIVITY}


# ── Orders, credits, refunds ────────────────────────────────────────────────────────────────────────────────────

ORDER = (
    "external_id", "number", "owner", "account", "deal", "product", "quantity", "amount", "currency", "ordered_on",
    "promised_on", "produced_on", "delivered_on", "cancelled_on", "tax", "paid_on",
)  # fmt: skip


def _plan_orders(plan: Plan) -> None:
    rates, once, known = Rates(plan.organisation.currency), Once(), _with_external_id(plan, Order.objects.all())
    standing = Order.objects.present().filter(is_booked_by_win=False)
    numbers = {row.values["number"] for row in plan.taken() if "number" in row.values}
    numbered = {one.number: one for one in standing.filter(number__in=numbers).order_by("-pk")}
    days = [row.values["ordered_on"] for row in plan.taken()]
    same = Occurrences.of(())
    booked: dict[tuple[Any, ...], list[Order]] = {}
    if days:
        span = (min(days) - LOOK_ALIKE, max(days) + LOOK_ALIKE)
        amounts = {row.values["amount"] for row in plan.taken()}
        near = list(Order.objects.present().filter(ordered_on__range=span, amount__in=amounts).order_by("pk"))
        same = Occurrences.of((_order_key(one), one) for one in near if not one.is_booked_by_win)
        for one in near:
            booked.setdefault((one.account_id, one.owner_id, one.amount), []).append(one)
    deals = {one.pk for found in plan.index("deal").values() for one in found}
    for_deal = {one.deal_id: one for one in standing.filter(deal__in=deals, cancelled_on=None)}
    by_lines: set[int] = set()
    if any(row.values["amount"] == 0 for row in plan.taken()):
        of_file = {one.pk for one in (*known.values(), *numbered.values())}
        by_lines.update(OrderLine.objects.present().filter(order__in=of_file).values_list("order_id", flat=True))
    wins: dict[tuple[Any, Any], Order] = {}
    if any(row.get("booked_by_win") == "yes" for row in plan.taken()):
        booked_by_win = Order.objects.present().filter(Q(deal__in=deals) | Q(deal=None), is_booked_by_win=True)
        wins |= {(one.deal_id, one.cancelled_on): one for one in booked_by_win}
    refunded = _refunded("order_id", Refund.objects.filter(order__is_booked_by_win=False))
    for row in plan.taken():
        if not plan.refer(row):
            continue
        values = _given(row, *ORDER)
        deal = values.get("deal")
        defaults = {"account": deal and deal.account, "product": deal and deal.product}
        defaults["currency"] = deal.currency if deal else plan.organisation.currency
        order = known.get(row.get("external_id")) or numbered.get(row.get("number"))
        if order is None and not {"external_id", "number"} & row.values.keys():
            if row.get("booked_by_win") == "yes":
                order = wins.get((_key(deal), row.get("cancelled_on")))
            else:
                order = same.next(_order_key(Order(**defaults | values)))
        if is_own(plan, values["owner"].pk, order=order.pk if order else None, deal=deal and deal.pk):
            plan.refuse(row, "owner", OWN)
            continue
        if "booked_by_win" in row.values:
            values["is_booked_by_win"] = row.values["booked_by_win"] == "yes"
        if order is not None and not values["amount"] and order.pk in by_lines:
            values["amount"] = order.amount  # nothing: its lines say what it comes to
        for name in ("ordered_on", "cancelled_on"):
            if values.get(name, plan.today) > plan.today:
                plan.refuse(row, name, "That day is still to come.")
        if row.get("cancelled_on", values["ordered_on"]) < values["ordered_on"]:
            plan.refuse(row, "cancelled_on", "An order can't be cancelled before the day it was ordered.")
        currency = values.get("currency", order.currency if order else defaults["currency"])
        if refusal := rates.refusal(str(currency), values["ordered_on"]):
            plan.refuse(row, "currency", refusal, currency)
        other = for_deal.get(_key(deal)) if deal is not None and "cancelled_on" not in row.values else None
        if other is not None and _key(other) != _key(order):
            plan.refuse(
                row, "deal", f"{other} already names this deal; an order belongs to one deal, a deal to one order."
            )
        if order is None and deal is not None and deal.is_open and "cancelled_on" not in values:
            for sentence in _unapproved(plan, deal, values["amount"], str(currency)):
                plan.refuse(row, "amount", sentence)
        if order is not None and values["amount"] < refunded[order.pk]:
            plan.refuse(row, "amount", f"{refunded[order.pk]} of this order was given back; it can't be less.")
        if row.refusals:
            continue
        if order is None:
            order = plan.create(Order(**defaults | values), row)
            row.act = "created"
            once.admits(plan, row, order, "number")
            known |= {order.external_id: order} if order.external_id else {}
            if order.number:
                numbered[order.number] = order
            if deal is None and order.account is not None:
                for other in booked.get((order.account_id, order.owner_id, order.amount), []):
                    if abs(other.ordered_on - order.ordered_on) <= LOOK_ALIKE:
                        of = other.number or other.external_id or f"of {other.ordered_on:%-d %b %Y}"
                        plan.look_alikes.append(
                            f"Line {row.line} looks like the order {of}: same account, owner and amount."
                        )
                        break
        elif once.admits(plan, row, order, "number"):
            stood = order.cancelled_on is None
            if plan.change(order, row, **values):
                row.act = "changed"
            won = deal or order.deal if stood and order.cancelled_on is not None else None
            if won is not None and won.status == Deal.Status.WON:
                plan.change(won, row, books_order=False)  # as `cancel_order` does
        if deal is not None and order.cancelled_on is None:
            for_deal[_key(deal)] = order


def _unapproved(plan: Plan, deal: Deal, amount: Decimal, currency: str) -> Iterator[str]:
    """What a deal that is open here is ordered for is within the limits of here, or approved before (R14)."""
    ordered = copy(deal)
    if currency == deal.currency:
        ordered.amount = amount if deal.amount is None else min(amount, deal.amount)
    for _, sentence in beyond_limits([ordered], on=plan.today):
        yield f"{sentence[0].upper()}{sentence[1:]}; have it approved before the order."


def _refunded(by: str, refunds: QuerySet[Refund]) -> dict[int, Decimal]:
    """What was given back, by order or by deal."""
    sums: dict[int, Decimal] = defaultdict(Decimal)
    for pk, amount in refunds.filter(withdrawn_at=None, order__withdrawn_at=None).values_list(by, "amount"):
        sums[pk] += amount
    return sums


def _order_key(one: Order) -> tuple[Any, ...]:
    return (
        one.owner_id or _key(one.owner),
        one.account_id or (_key(one.account) if one.account else None),
        one.deal_id,
        one.product_id or (_key(one.product) if one.product else None),
        one.amount,
        one.currency,
        one.ordered_on,
    )


def _prepare_orders(plan: Plan) -> None:
    """Orders that a win had booked make way for those that name the deal."""
    deals = [step.record.deal_id for step in plan.steps if isinstance(step.record, Order) and step.record.deal_id]
    plan.touched.setdefault("sales.Order", set()).update(make_way(deal_ids=deals, at=plan.at) if deals else ())


def _settle_orders(settling: Settling) -> None:
    orders = set(settling.ids.get("sales.Order", set()))
    orders.update(
        Refund.objects.filter(pk__in=settling.ids.get("sales.Refund", set())).values_list("order_id", flat=True)
    )
    deals = set(Order.objects.filter(pk__in=orders, deal__isnull=False).values_list("deal_id", flat=True))
    orders.update(book_won_deals(deal_ids=deals, at=settling.at) if deals else ())
    said = {"by": settling.by, "at": settling.at, "reason": settling.reason}
    recredit_orders(order_ids=orders, own=settling.own, **said)


def _order_rows() -> Iterator[dict[str, Any]]:
    orders = Order.objects.present().select_related("owner", "account", "deal", "product")
    for order in orders.order_by("pk").iterator(2000):
        yield {name: getattr(order, name) for name in ORDER} | {
            "": order,
            "booked_by_win": "yes" if order.is_booked_by_win else None,
        }


def _plan_credits(plan: Plan) -> None:
    groups: dict[int, list[Row]] = defaultdict(list)
    for row in plan.taken():
        if ("share" in row.values) == ("overlay" in row.values):
            plan.refuse(row, "share", "Give either share (percent of 100) or overlay (percent on top).")
        if row.refusals or not plan.refer(row):
            continue
        order, person = row.found["order"], row.found["person"]
        if is_own(plan, person.pk, order.owner_id, order=order.pk):
            plan.refuse(row, "person", OWN)
        groups[order.pk].append(row)
    standing: dict[int, list[CreditShare]] = defaultdict(list)
    for share in CreditShare.objects.filter(order__in=groups):
        standing[share.order_id].append(share)
    for order_id, rows in groups.items():
        primary = [row for row in rows if "share" in row.values]
        whole = sum((row.values["share"] for row in primary), Decimal(0))
        if primary and (whole != HUNDRED or any(row.refusals for row in primary)):
            for row in primary:
                if not row.refusals:
                    plan.refuse(
                        row,
                        "share",
                        f"The shares of the order that can be taken sum to {whole.normalize():f} %, not to 100 %.",
                    )
        given: dict[tuple[str, int], Row] = {}
        shares = {(share.kind, share.person_id): share for share in standing[order_id]}
        for row in rows:
            if row.refusals:
                continue
            kind = "primary" if "share" in row.values else "overlay"
            percent = row.values["share" if kind == "primary" else "overlay"]
            person = row.found["person"]
            key = (kind, _key(person))
            if key in given:
                if given[key].raw != row.raw:
                    plan.refuse(row, "person", f"Line {given[key].line} already gives their part.")
                continue
            given[key] = row
            stands = shares.get(key)
            if stands is None:
                plan.create(CreditShare(order=row.found["order"], person=person, kind=kind, percent=percent), row)
                row.act = "created"
            elif plan.change(stands, row, percent=percent):
                row.act = "changed"
        for key, share in shares.items():
            if key[0] == "primary" and key not in given and any(kind == "primary" for kind, _ in given):
                row = next(row for (kind, _), row in given.items() if kind == "primary")
                plan.remove(share, row)
                row.act = "changed" if row.act == "equal" else row.act


def _credit_rows() -> Iterator[dict[str, Any]]:
    shares = CreditShare.objects.filter(order__withdrawn_at=None).select_related("order__deal", "person")
    for share in shares.order_by("order_id", "pk").iterator(2000):
        column = "share" if share.kind == "primary" else "overlay"
        yield {"order": share.order, "person": share.person, column: share.percent}


REFUND = ("external_id", "order", "amount", "occurred_on", "reason", "kind")


def _plan_refunds(plan: Plan) -> None:
    once, known = Once(), _with_external_id(plan, Refund.objects.all())
    given_back: dict[int, Decimal] = defaultdict(Decimal)
    orders = {one.pk for found in plan.index("order").values() for one in found}
    standing = list(Refund.objects.present().filter(order__in=orders).order_by("pk"))
    same = Occurrences.of(((one.order_id, one.amount, one.occurred_on), one) for one in standing if not one.external_id)
    for one in standing:
        given_back[one.order_id] += one.amount
    for row in plan.taken():
        if not plan.refer(row):
            continue
        values = _given(row, *REFUND)
        order = values["order"]
        refund = (
            known.get(row.values["external_id"])
            if "external_id" in row.values
            else same.next((order.pk, values["amount"], values["occurred_on"]))
        )
        was = refund.amount if refund is not None and refund.order_id == order.pk else Decimal(0)
        left = order.amount - given_back[order.pk] + was
        if is_own(plan, order=order.pk) or is_own(plan, order=refund and refund.order_id):
            plan.refuse(row, "order", OWN)
        elif order.cancelled_on is not None:
            plan.refuse(
                row, "order", f"This order was cancelled on {order.cancelled_on:%-d %b %Y}; nothing is left to refund."
            )
        elif values["occurred_on"] > plan.today:
            plan.refuse(row, "occurred_on", "That day is still to come.")
        elif values["occurred_on"] < order.ordered_on:
            plan.refuse(
                row, "occurred_on", f"The order is of {order.ordered_on:%-d %b %Y}; a refund can't come before it."
            )
        elif values["amount"] > left:
            plan.refuse(row, "amount", f"Only {left} {order.currency} of this order is left to refund.")
        if row.refusals:
            continue
        if refund is None:
            refund = plan.create(Refund(**values), row)
            known |= {refund.external_id: refund} if refund.external_id else {}
            row.act = "created"
            once.admits(plan, row, refund, "external_id")
            given_back[order.pk] += refund.amount
        elif once.admits(plan, row, refund, "external_id"):
            given_back[order.pk] += values["amount"] - was
            if plan.change(refund, row, **values):
                row.act = "changed"


def _refund_rows() -> Iterator[dict[str, Any]]:
    for refund in Refund.objects.present().select_related("order__deal").order_by("pk").iterator(2000):
        yield {"": refund} | {name: getattr(refund, name) for name in REFUND}


def follow(settling: Settling) -> None:
    """People were posted elsewhere, now or then: what was credited to their teams follows, by difference posting."""
    if "teams.Posting" not in settling.ids:
        return
    people = settling.ids.get("teams.Person", set())
    orders = Order.objects.filter(
        Q(owner__in=people) | Q(pk__in=CreditShare.objects.filter(person__in=people).values("order"))
    )
    deals = Deal.objects.exclude(status=Deal.Status.OPEN).filter(owner__in=people)
    at, by, reason = settling.at, settling.by, settling.reason
    recredit_orders(order_ids=orders.values_list("pk", flat=True), by=by, at=at, reason=reason)
    post_outcomes(deal_ids=deals.values_list("pk", flat=True), by=by, at=at, reason=reason)


# ── The kinds ───────────────────────────────────────────────────────────────────────────────────────────────────

EXTERNAL_ID = ("id", "number", "key")
OWNER = Field(
    "owner",
    "reference",
    needed=True,
    to="person",
    also=("sales_agent", "owner_name", "rep", "sales_rep", "salesperson", "assigned_to"),
)
ACCOUNT_OF = Field(
    "account", "reference", to="account", also=("account_name", "company", "customer", "organization", "organisation")
)
PRODUCT_OF = Field("product", "reference", to="product", also=("product_name", "item"))
CURRENCY = Field("currency", "currency", also=("currency_code", "iso_code"))
MONEY: dict[str, Any] = {"least": Decimal(0), "places": 2}
TAGS = Field("tags", longest=2000, also=("labels", "label", "tag"))

KINDS = [
    Kind(
        "accounts",
        (
            Field("external_id", longest=100, also=("account_id", "customer_id", *EXTERNAL_ID)),
            Field("name", needed=True, also=("account", "account_name", "company", "company_name", "customer")),
            Field("industry", longest=100, also=("sector", "branch")),
            Field("country", longest=100, also=("office_location", "location", "billing_country")),
            Field("revenue", "money", **MONEY, also=("annual_revenue", "turnover")),
            Field("employees", "whole", least=Decimal(0), also=("number_of_employees", "headcount", "size")),
            Field("parent", "reference", to="account", also=("subsidiary_of", "parent_account", "parent_company")),
            Field("owner", "reference", to="person", also=OWNER.also),
            Field("territory", "reference", to="territory"),
            TAGS,
        ),
        _plan_accounts,
        _account_rows,
        settle=_settle_accounts,
        within="parent",
        together=("external_id|name|parent",),
    ),
    Kind(
        "contacts",
        (
            Field("external_id", longest=100, also=("contact_id", *EXTERNAL_ID)),
            Field("name", needed=True, also=("contact", "contact_name", "full_name")),
            Field("email", "email", also=("e_mail", "mail", "email_address")),
            Field("phone", longest=50, also=("telephone", "mobile", "phone_number")),
            ACCOUNT_OF,
            Field("birthday", "date", also=("birth_date", "birthdate", "date_of_birth")),
            Field("title", longest=100, also=("job_title", "position", "role")),
            Field("prefers", "choice", choices=tuple(Contact.Channel.values)),
            Field("preferences", longest=500),
            *map(yes_or_no, ASKS),
            TAGS,
            Field("made_by", "reference", to="person"),
        ),
        _plan_contacts,
        _contact_rows,
        together=("external_id", "name+account"),
    ),
    Kind(
        "products",
        (
            Field("external_id", longest=100, also=("product_id", "sku", "product_code", *EXTERNAL_ID)),
            Field("name", needed=True, also=("product", "product_name", "item")),
            Field("family", longest=100, also=("series", "category", "product_family", "group")),
            Field("list_price", "money", least=Decimal(0), places=4, also=("sales_price", "price", "unit_price")),
            Field("unit_cost", "money", least=Decimal(0), places=4, also=("cost",)),
            CURRENCY,
        ),
        _plan_products,
        _product_rows,
        together=("external_id|name",),
    ),
    Kind(
        "stages",
        (
            Field("pipeline", longest=100),
            Field("name", needed=True, longest=100, also=("stage", "stage_name")),
            Field("position", "whole", least=Decimal(1), most=Decimal(1000), also=("order", "rank")),
            Field("probability", "percent", least=Decimal(0), most=HUNDRED),
            Field("forecast_category", "choice", choices=tuple(ForecastCategory.values)),
        ),
        _plan_stages,
        _stage_rows,
    ),
    Kind(
        "deals",
        (
            Field("external_id", longest=100, also=("opportunity_id", "deal_id", *EXTERNAL_ID)),
            Field("name", longest=300, also=("deal", "deal_name", "opportunity", "opportunity_name", "title")),
            OWNER,
            ACCOUNT_OF,
            PRODUCT_OF,
            Field("stage", longest=100, also=("deal_stage", "stage_name", "pipeline_stage")),
            Field("status", "choice", choices=tuple(Deal.Status.values), also=("state", "outcome")),
            Field("amount", "money", **MONEY, also=("close_value", "value", "deal_value", "sum")),
            CURRENCY,
            Field("opened_on", "date", also=("engage_date", "created", "created_date", "created_on", "open_date")),
            Field("expected_close_on", "date", also=("expected_close_date", "expected_close", "due_date")),
            Field("closed_on", "date", also=("close_date", "closed_date", "won_on", "closed")),
            Field("lost_reason", longest=100, also=("loss_reason", "reason")),
            Field("forecast_category", "choice", choices=tuple(ForecastCategory.values)),
            Field("source", longest=100, also=("lead_source",)),
            Field("books_order", "choice", choices=("yes", "no")),
            Field("pipeline", longest=100),
            Field("contact", "reference", to="contact"),
            Field("quoted_on", "date", also=("quote_date",)),
            Field("next_step", also=("next_action",)),
            Field("next_step_on", "date", also=("next_step_date", "next_activity_date")),
            TAGS,
        ),
        None,
        _deal_rows,
        settle=_settle_deals,
        loader=DEALS,
    ),
    Kind(
        "activities",
        (
            Field("external_id", longest=100, also=("activity_id", *EXTERNAL_ID)),
            OWNER,
            Field("kind", "choice", needed=True, choices=tuple(Activity.Kind.values), also=("type", "activity_type")),
            Field(
                "occurred_at", "moment", needed=True, also=("date", "datetime", "when", "activity_date", "timestamp")
            ),
            ACCOUNT_OF,
            Field("contact", "reference", to="contact", also=("contact_name",)),
            Field("deal", "reference", to="deal", also=("opportunity", "deal_name")),
            Field("outcome", longest=100, also=("result",)),
            Field("duration_minutes", "whole", least=Decimal(0), most=Decimal(1440), also=("minutes", "duration")),
            Field("notes", longest=10_000, also=("note", "comment", "description", "subject")),
            Field("lead", "reference", to="lead"),
            Field("done", "choice", choices=("yes", "no")),  # no: it is still to do, by that day
        ),
        None,
        _activity_rows,
        loader=ACTIVITIES,
    ),
    Kind(
        "orders",
        (
            Field("external_id", longest=100, also=("order_id", "id", "key")),
            Field("number", longest=100, also=("order_number", "order_no")),
            OWNER,
            ACCOUNT_OF,
            Field("deal", "reference", to="deal", also=("opportunity", "opportunity_id", "deal_id")),
            PRODUCT_OF,
            Field("quantity", "number", least=Decimal(0), places=4, also=("qty", "units")),
            Field("amount", "money", needed=True, **MONEY, also=("net", "net_amount", "value", "total")),
            CURRENCY,
            Field("ordered_on", "date", needed=True, also=("order_date", "date", "booked_on")),
            Field("promised_on", "date", also=("promised_date", "required_date", "due_date")),
            Field("produced_on", "date", also=("produced_date",)),
            Field("delivered_on", "date", also=("delivered_date", "shipped_date", "delivery_date")),
            Field("cancelled_on", "date", also=("cancelled_date",)),
            Field("booked_by_win", "choice", choices=("yes", "no")),
            Field("tax", "money", **MONEY, also=("vat", "tax_amount")),
            Field("paid_on", "date", also=("paid_date", "payment_date")),
        ),
        _plan_orders,
        _order_rows,
        prepare=_prepare_orders,
        settle=_settle_orders,
        together=("external_id", "number", "deal", "owner+account+ordered_on+amount"),
    ),
    Kind(
        "credits",
        (
            Field("order", "reference", needed=True, to="order", also=("order_id", "order_number", "number")),
            Field("person", "reference", needed=True, to="person", also=("owner", "rep", "sales_agent", "name")),
            Field("share", "percent", least=Decimal("0.0001"), most=HUNDRED, places=4, also=("percent", "split")),
            Field("overlay", "percent", least=Decimal("0.0001"), most=HUNDRED, places=4),
        ),
        _plan_credits,
        _credit_rows,
        settle=_settle_orders,
        together=("order",),
    ),
    Kind(
        "refunds",
        (
            Field("external_id", longest=100, also=("refund_id", *EXTERNAL_ID)),
            Field("order", "reference", needed=True, to="order", also=("order_id", "order_number")),
            Field("amount", "money", needed=True, least=Decimal("0.01"), also=("value", "refund_amount")),
            Field("occurred_on", "date", needed=True, also=("date", "refund_date", "refunded_on")),
            Field("reason", also=("comment", "note")),
            Field("kind", "choice", choices=tuple(Refund.Kind.values), also=("type",)),
        ),
        _plan_refunds,
        _refund_rows,
        settle=_settle_orders,
        together=("external_id", "order"),
    ),
]
