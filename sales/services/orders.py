"""Orders, refunds, and who shares an order's credit."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from sales.models import Account, CreditShare, Deal, Order, Product, Refund
from salesmgmt.lib.holds import refuse_held
from salesmgmt.lib.refusals import Refused
from teams.models import Organisation, Person, User

from .credits import recredit_orders
from .discounts import require_discount
from .guards import WITHDRAWN, own_of, require_money, require_others, require_past, require_sight, require_write
from .lines import Line, PriceList, complete, convert, net_of, require_order_discount, write_lines
from .reopenings import require_as_won

HUNDRED = Decimal(100)


@transaction.atomic
def book_order(
    *,
    owner: Person,
    ordered_on: date,
    by: User | None,
    at: datetime,
    amount: Decimal | None = None,
    tax: Decimal | None = None,
    lines: Sequence[Line] = (),
    account: Account | None = None,
    deal: Deal | None = None,
    product: Product | None = None,
    quantity: Decimal | None = None,
    currency: str = "",
    number: str = "",
    external_id: str | None = None,
    promised_on: date | None = None,
    produced_on: date | None = None,
    delivered_on: date | None = None,
) -> Order:
    """Book an order and credit its owner. One that names a deal takes the place of the order the win had booked.

    Its amount is what its lines make, rounded once (R12); an order without lines says it. One for a deal is booked by
    who may write that too, and gives its credit to another only by who leads both. One for a deal that is won already
    credits its author with no more than the win did, and on no other day.
    """
    require_write(by, owner)
    require_sight(by, account=account, deal=deal)
    require_past(ordered_on, at, by, field="ordered_on")
    if delivered_on is not None and delivered_on < ordered_on:
        raise Refused("An order can't be delivered before the day it was ordered.", field="delivered_on")
    currency = currency or (deal.currency if deal else Organisation.get().currency)
    prices = None
    if deal is not None:
        deal = Deal.objects.select_for_update(of=("self",)).select_related("owner").get(pk=deal.pk)
        require_write(by, deal.owner)
        prices = PriceList.of(deal, currency=currency, by=by, at=at)
    full = complete(lines, currency=currency, prices=prices)
    net = net_of(full)
    if lines and amount is not None and require_money(amount) != net:
        raise Refused(f"The lines make {net}, not {amount}; leave the amount to them.", field="amount")
    booked = require_money(net if lines else amount)
    if booked is None:
        raise Refused("An order says its amount, or has lines that make it.", field="amount")
    gone: list[int] = []
    own = None
    if deal is not None:
        if owner.pk != deal.owner_id:
            require_others(by, owner, deal.owner, field="owner")
        if deal.status != Deal.Status.WON:  # a win was judged by itself
            require_discount(deal, by=by, at=at)
            require_as_won(deal, by, at, on=ordered_on, amount=convert(booked, currency, deal.currency, on=ordered_on))
        elif Order.objects.filter(deal=deal).exists():
            own = own_of(by)
        elif booked > (deal.amount or 0) or (currency, ordered_on) != (deal.currency, deal.closed_on):
            sharers = (share.person for share in deal.shares.select_related("person"))
            require_others(by, owner, *sharers, field="amount")  # the first of a win that booked none: as it was won
        require_order_discount(deal, full, booked, currency, by=by, at=at)
        gone = make_way(deal_ids=[deal.pk], at=at)
        if other := Order.objects.present().filter(deal=deal, cancelled_on=None).first():
            raise Refused(
                f"{other} already names this deal; an order belongs to one deal, a deal to one order.", field="deal"
            )
    order = Order.objects.create(
        owner=owner,
        account=account or (deal.account if deal else None),
        deal=deal,
        product=product or (deal.product if deal else None),
        quantity=quantity,
        amount=booked,
        tax=require_money(tax, field="tax"),
        currency=currency,
        ordered_on=ordered_on,
        number=number,
        external_id=external_id,
        promised_on=promised_on,
        produced_on=produced_on,
        delivered_on=delivered_on,
    )
    write_lines(order, lines, full, at)
    settled = book_won_deals(deal_ids=[deal.pk], at=at) if deal else []
    recredit_orders(order_ids=[*gone, order.pk, *settled], by=by, at=at, reason="Order booked", own=own)
    return order


@transaction.atomic
def cancel_order(*, order: Order, on: date, by: User | None, at: datetime, reason: str) -> Order:
    """Cancel an order: its credit is taken back on the day of the cancellation, and its win books no other."""
    order = _locked(order, by)
    if order.cancelled_on is not None:
        raise Refused(f"This order was cancelled on {order.cancelled_on:%d %b %Y}.")
    require_past(on, at, by)
    if on < order.ordered_on:
        raise Refused("An order can't be cancelled before the day it was ordered.", field="on")
    if not reason.strip():
        raise Refused("Say why the order is cancelled.", field="reason")
    order.cancelled_on = on
    order.version += 1
    order.save(update_fields=["cancelled_on", "version"])
    Deal.objects.filter(orders=order, status=Deal.Status.WON).update(books_order=False)
    recredit_orders(order_ids=[order.pk], by=by, at=at, reason=reason)
    return order


@transaction.atomic
def refund_order(
    *,
    order: Order,
    amount: Decimal,
    on: date,
    by: User | None,
    at: datetime,
    reason: str,
    kind: str = Refund.Kind.REFUND,
    external_id: str | None = None,
) -> Refund:
    """Give money back on an order, for goods that came back or for another cause.

    Negative entries by the same shares, on the day of the refund; each names the entry it takes back.
    """
    order = _locked(order, by)
    amount = require_money(amount) or Decimal(0)
    if amount <= 0:
        raise Refused("A refund is more than zero; write it as a positive amount.", field="amount")
    if order.cancelled_on is not None and on >= order.cancelled_on:
        raise Refused(f"This order was cancelled on {order.cancelled_on:%d %b %Y}; nothing is left to refund.")
    require_past(on, at, by)
    if on < order.ordered_on:
        raise Refused("A refund can't be before the day of the order.", field="on")
    left = order.amount - sum((refund.amount for refund in order.refunds.present()), Decimal(0))
    if amount > left:
        raise Refused(f"Only {left} {order.currency} of this order is left to refund.", field="amount")
    refund = Refund.objects.create(
        order=order, amount=amount, occurred_on=on, reason=reason, kind=kind, external_id=external_id
    )
    recredit_orders(order_ids=[order.pk], by=by, at=at, reason=reason or "Refund")
    return refund


@transaction.atomic
def share_credit(
    *,
    order: Order,
    shares: Mapping[Person, Decimal],
    overlays: Mapping[Person, Decimal],
    by: User | None,
    at: datetime,
    reason: str = "Credit shared",
) -> None:
    """Say who shares an order's credit: percents that make 100, and overlays on top. No share: the owner has all.

    Nobody changes credit of their own.
    """
    order = _locked(order, by)
    refuse_held("order", [order.pk], field="shares")
    _share(order, shares, overlays, by=by, at=at, reason=reason)


@transaction.atomic
def settle_credit(
    *,
    order: Order,
    shares: Mapping[Person, Decimal],
    overlays: Mapping[Person, Decimal],
    by: User,
    at: datetime,
    reason: str,
) -> None:
    """`share_credit` as a dispute was decided: its author leads nobody concerned, and is not concerned."""
    _share(_locked(order, None), shares, overlays, by=by, at=at, reason=reason)


def _share(
    order: Order,
    shares: Mapping[Person, Decimal],
    overlays: Mapping[Person, Decimal],
    *,
    by: User | None,
    at: datetime,
    reason: str,
) -> None:
    if shares and sum(shares.values()) != HUNDRED:
        raise Refused(f"The shares sum to {sum(shares.values())} %, not to 100 %.", field="shares")
    if any(not 0 < percent <= HUNDRED for percent in [*shares.values(), *overlays.values()]):
        raise Refused("A share is more than 0 % and at most 100 %.", field="shares")
    concerned = {order.owner_id, *order.credit_shares.values_list("person_id", flat=True)}
    concerned |= {person.pk for person in (*shares, *overlays)}
    own = Person.objects.filter(user=by).values_list("pk", flat=True).first() if by else None
    if own in concerned:
        raise Refused("Nobody changes credit of their own; ask who leads you.", field="shares")
    order.credit_shares.all().delete()
    CreditShare.objects.bulk_create(
        CreditShare(order=order, person=person, kind=kind, percent=percent)
        for kind, parts in ((CreditShare.Kind.PRIMARY, shares), (CreditShare.Kind.OVERLAY, overlays))
        for person, percent in parts.items()
    )
    recredit_orders(order_ids=[order.pk], by=by, at=at, reason=reason)


@transaction.atomic
def withdraw_order(*, order: Order, by: User | None, at: datetime, reason: str = "Order withdrawn") -> None:
    """Take an order out of every list and figure; a won deal gets back the order that its win had booked.

    Nobody gains credit of their own by it: neither that of the win's order, nor what was refunded or cancelled.
    """
    order = _locked(order, by)
    if order.is_booked_by_win and order.cancelled_on is None and order.deal is not None:
        raise Refused(f"Winning {order.deal} booked this order; cancel it, or reopen the deal.")
    order.withdrawn_at = at
    order.save(update_fields=["withdrawn_at"])
    if order.cancelled_on is not None and Order.objects.filter(deal=order.deal_id, is_booked_by_win=True).exists():
        Deal.objects.filter(orders=order).update(books_order=True)  # the cancellation goes with it
    settled = book_won_deals(deal_ids=[order.deal_id], at=at) if order.deal_id else []
    recredit_orders(order_ids=[order.pk, *settled], by=by, at=at, reason=reason, own=own_of(by))


@transaction.atomic
def restore_order(*, order: Order, by: User | None, at: datetime, reason: str = "Order restored") -> None:
    """Undo a withdrawal."""
    require_write(by, order.owner)
    gone = make_way(deal_ids=[order.deal_id], at=at) if order.deal_id else []
    other = (
        Order.objects.present().filter(deal=order.deal_id, deal__isnull=False, cancelled_on=None).exclude(pk=order.pk)
    )
    if order.cancelled_on is None and other.exists():
        raise Refused(f"{other.get()} has taken this order's deal since.", field="deal")
    order.withdrawn_at = None
    order.save(update_fields=["withdrawn_at"])
    settled = book_won_deals(deal_ids=[order.deal_id], at=at) if order.deal_id else []
    recredit_orders(order_ids=[*gone, order.pk, *settled], by=by, at=at, reason=reason)


@transaction.atomic
def withdraw_refund(*, refund: Refund, by: User | None, at: datetime, reason: str = "Refund withdrawn") -> None:
    """Take a refund back, on its own day; whose credit comes back by it can't."""
    order = _locked(refund.order, by)
    refund.withdrawn_at = at
    refund.save(update_fields=["withdrawn_at"])
    recredit_orders(order_ids=[order.pk], by=by, at=at, reason=reason, own=own_of(by))


def _locked(order: Order, by: User | None) -> Order:
    order = Order.objects.select_for_update(of=("self",)).select_related("owner").get(pk=order.pk)
    if order.withdrawn_at is not None:
        raise Refused(WITHDRAWN)
    require_write(by, order.owner)
    return order


# ── Won deals and their orders, one deal or 200,000 at a time ───────────────────────────────────────────────────


@transaction.atomic
def make_way(*, deal_ids: Iterable[int], at: datetime) -> list[int]:
    """Withdraw the orders that these deals' wins had booked, before orders are inserted that name the deals.

    Answers the orders withdrawn; after the insert call `book_won_deals`, then `recredit_orders` with all of them.
    """
    booked = Order.objects.present().filter(deal__in=list(deal_ids), is_booked_by_win=True, cancelled_on=None)
    ids = list(booked.values_list("pk", flat=True))
    Order.objects.filter(pk__in=ids).update(withdrawn_at=at)
    return ids


# The win's own orders of deals that are no longer won: cancelled on a day (a reopening), or withdrawn (an undo).
GIVE_UP = """
    UPDATE sales_order o SET
           cancelled_on = coalesce(o.cancelled_on, CASE WHEN d.withdrawn_at IS NULL THEN %(on)s::date END),
           withdrawn_at = CASE WHEN d.withdrawn_at IS NOT NULL OR %(on)s::date IS NULL THEN %(at)s END
      FROM sales_deal d JOIN unnest(%(ids)s::bigint[]) i(id) USING (id)
     WHERE o.deal_id = d.id AND o.is_booked_by_win AND o.withdrawn_at IS NULL
       AND (d.withdrawn_at IS NOT NULL
            OR (o.cancelled_on IS NULL AND (d.status <> 'won' OR d.amount IS NULL OR NOT d.books_order)))
    RETURNING o.id
"""

# A reopened deal whose order came from elsewhere: the credit is taken back on the day of the reopening all the same.
CANCEL_NAMED = """
    UPDATE sales_order o SET cancelled_on = greatest(%(on)s::date, o.ordered_on)
      FROM sales_deal d JOIN unnest(%(ids)s::bigint[]) i(id) USING (id)
     WHERE o.deal_id = d.id AND o.withdrawn_at IS NULL AND o.cancelled_on IS NULL AND NOT o.is_booked_by_win
       AND d.withdrawn_at IS NULL AND d.status = 'open'
       AND (SELECT sum(w.count) FROM sales_outcome w WHERE w.deal_id = d.id AND w.status = 'won') > 0
    RETURNING o.id
"""

BRING_BACK = """
    UPDATE sales_order o SET withdrawn_at = NULL
      FROM (
        SELECT DISTINCT ON (b.deal_id) b.id
          FROM sales_order b JOIN unnest(%(ids)s::bigint[]) i(id) ON i.id = b.deal_id
          JOIN sales_deal d ON d.id = b.deal_id
         WHERE b.is_booked_by_win AND b.withdrawn_at IS NOT NULL AND b.cancelled_on IS NULL
           AND d.withdrawn_at IS NULL AND d.status = 'won' AND d.amount IS NOT NULL AND d.books_order
           AND NOT EXISTS (SELECT FROM sales_order n
                            WHERE n.deal_id = d.id AND n.withdrawn_at IS NULL AND n.cancelled_on IS NULL)
         ORDER BY b.deal_id, b.id DESC
      ) latest
     WHERE o.id = latest.id
    RETURNING o.id
"""

FOLLOW = """
    UPDATE sales_order o
       SET owner_id = d.owner_id, account_id = d.account_id, product_id = d.product_id, amount = d.amount,
           currency = d.currency, ordered_on = d.closed_on
      FROM sales_deal d JOIN unnest(%(ids)s::bigint[]) i(id) USING (id)
     WHERE o.deal_id = d.id AND o.is_booked_by_win AND o.withdrawn_at IS NULL AND o.cancelled_on IS NULL
       AND d.withdrawn_at IS NULL AND d.status = 'won' AND d.amount IS NOT NULL
       AND (o.owner_id, o.account_id, o.product_id, o.amount, o.currency, o.ordered_on)
           IS DISTINCT FROM (d.owner_id, d.account_id, d.product_id, d.amount, d.currency, d.closed_on)
    RETURNING o.id
"""

BOOK = """
    INSERT INTO sales_order (owner_id, account_id, deal_id, product_id, amount, currency, ordered_on, number,
                             is_booked_by_win, created_at)
    SELECT d.owner_id, d.account_id, d.id, d.product_id, d.amount, d.currency, d.closed_on, '', true, %(at)s
      FROM sales_deal d JOIN unnest(%(ids)s::bigint[]) i(id) USING (id)
     WHERE d.withdrawn_at IS NULL AND d.status = 'won' AND d.amount IS NOT NULL AND d.books_order
       AND NOT EXISTS (SELECT FROM sales_order n
                        WHERE n.deal_id = d.id AND n.withdrawn_at IS NULL AND n.cancelled_on IS NULL)
     ORDER BY d.id
    RETURNING id
"""

# What was said of the order that stood here before holds for the one that stands here now.
KEEP_REFUNDS = """
    UPDATE sales_refund r SET order_id = now.id
      FROM sales_order was JOIN unnest(%(ids)s::bigint[]) i(id) ON i.id = was.deal_id
      JOIN sales_order now ON now.deal_id = was.deal_id AND now.withdrawn_at IS NULL AND now.cancelled_on IS NULL
     WHERE r.order_id = was.id AND r.withdrawn_at IS NULL AND was.withdrawn_at IS NOT NULL
    RETURNING now.id
"""

KEEP_SHARES = """
    INSERT INTO sales_creditshare (order_id, person_id, kind, percent)
    SELECT now.id, s.person_id, s.kind, s.percent
      FROM sales_order now JOIN unnest(%(ids)s::bigint[]) i(id) ON i.id = now.deal_id
      JOIN LATERAL (SELECT was.id FROM sales_order was
                     WHERE was.deal_id = now.deal_id AND was.withdrawn_at IS NOT NULL AND was.is_booked_by_win
                     ORDER BY was.withdrawn_at DESC LIMIT 1) was ON true
      JOIN sales_creditshare s ON s.order_id = was.id
     WHERE now.withdrawn_at IS NULL AND now.cancelled_on IS NULL AND NOT now.is_booked_by_win
       AND NOT EXISTS (SELECT FROM sales_creditshare t WHERE t.order_id = now.id)
    RETURNING order_id
"""

# What a deal was made of, and who was to share its credit, goes over to its order on the day it is won.
COPY_LINES = """
    INSERT INTO sales_orderline (order_id, product_id, text, quantity, list_price, unit_price, unit_cost, discount,
                                 amount, created_at)
    SELECT o.id, l.product_id, l.text, l.quantity, l.list_price, l.unit_price, l.unit_cost,
           CASE WHEN l.list_price > 0
                THEN greatest(0, round(100 * (l.list_price - l.unit_price) / l.list_price, 4)) END,
           round(l.quantity * l.unit_price * coalesce(l.term_months, 1)
                 / CASE l.recurs WHEN 'year' THEN 12 ELSE 1 END, 4), %(at)s
      FROM sales_dealline l JOIN unnest(%(ids)s::bigint[]) i(id) ON i.id = l.deal_id
      JOIN sales_order o ON o.deal_id = l.deal_id AND o.is_booked_by_win
                        AND o.withdrawn_at IS NULL AND o.cancelled_on IS NULL
     WHERE NOT EXISTS (SELECT FROM sales_orderline x WHERE x.order_id = o.id)
     ORDER BY o.id, l.position, l.id
    RETURNING order_id
"""

COPY_SHARES = """
    INSERT INTO sales_creditshare (order_id, person_id, kind, percent)
    SELECT o.id, s.person_id, s.kind, s.percent
      FROM sales_dealshare s JOIN unnest(%(ids)s::bigint[]) i(id) ON i.id = s.deal_id
      JOIN sales_deal d ON d.id = s.deal_id AND d.status = 'won'
      JOIN sales_order o ON o.deal_id = d.id AND o.withdrawn_at IS NULL AND o.cancelled_on IS NULL
     WHERE NOT EXISTS (SELECT FROM sales_creditshare x WHERE x.order_id = o.id)
       AND coalesce((SELECT sum(w.count) FROM sales_outcome w WHERE w.deal_id = d.id AND w.status = 'won'), 0) <= 0
    RETURNING order_id
"""


@transaction.atomic
def book_won_deals(*, deal_ids: Iterable[int], at: datetime, on: date | None = None) -> list[int]:
    """Set right the orders that won deals book themselves; answer the orders touched, for `recredit_orders`.

    A won deal with an amount gets an order, with the deal's lines and shares, when none names it; its own order
    follows the deal's owner, amount and day;
    a deal that is no longer won gives its order up, on `on` where it was reopened, as if it had never been without it.
    Call it before `post_outcomes`, whose ledger says which deals had been won.
    """
    touched: set[int] = set()
    values: dict[str, Any] = {
        "ids": "{" + ",".join(str(int(number)) for number in sorted(set(deal_ids))) + "}",
        "at": at,
        "on": on,
    }
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM sales_order WHERE deal_id = ANY(%(ids)s::bigint[]) LIMIT 1", values)
        statements = [BOOK]
        if cursor.fetchone() is not None:
            reopening = [CANCEL_NAMED] if on is not None else []
            statements = [GIVE_UP, *reopening, BRING_BACK, FOLLOW, BOOK, KEEP_REFUNDS, KEEP_SHARES]
        for statement in [*statements, COPY_LINES, COPY_SHARES]:
            cursor.execute(statement, values)
            touched.update(row[0] for row in cursor.fetchall())
    return sorted(touched)
