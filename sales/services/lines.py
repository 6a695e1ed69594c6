"""Lines of orders: four decimals each, the order's net rounded once (R12); its credit follows by difference."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

from django.db import connection, transaction

from sales import selectors
from sales.models import Deal, Order, OrderLine, Product, four
from salesmgmt.lib import clock
from salesmgmt.lib.money import to_cents
from salesmgmt.lib.refusals import Refused
from teams.models import User
from teams.selectors import rates

from .credits import recredit_orders
from .discounts import require_discount
from .guards import WITHDRAWN, organisation_for, own_of, require_current, require_write

STEP = Decimal("0.0001")
MOST = Decimal(10) ** 14
LINES = 500


@dataclass(frozen=True, slots=True)
class Line:
    """A line as somebody says it. Without an amount it is quantity × price less discount."""

    product: Product | None = None
    text: str = ""
    quantity: Decimal | None = None
    list_price: Decimal | None = None
    unit_price: Decimal | None = None
    unit_cost: Decimal | None = None
    discount: Decimal | None = None
    amount: Decimal | None = None


@dataclass(frozen=True, slots=True)
class PriceList:
    """What products are listed at on the order of a deal: as it was frozen there or in the deal, else as it is `on`."""

    frozen: dict[int, list[Decimal]]
    on: date

    @classmethod
    def of(cls, deal: Deal, *, currency: str, by: User | None, at: datetime, order: Order | None = None) -> "PriceList":
        frozen: dict[int, list[Decimal]] = {}
        quoted = deal.lines.all() if currency == deal.currency else ()
        for line in (*quoted, *(order.lines.present() if order else ())):
            if line.product_id is not None and line.list_price is not None:
                frozen.setdefault(line.product_id, []).append(line.list_price)
        return cls(frozen, clock.day_of(at, organisation_for(by).time_zone))

    def price(self, product: Product, typed: Decimal | None, currency: str) -> Decimal | None:
        known = self.frozen.get(product.pk, [])
        if known and (typed is None or typed in known):
            return max(known) if typed is None else typed
        if product.list_price is None:
            return typed
        listed = four(convert(product.list_price, product.currency or currency, currency, on=self.on))
        if typed is not None and four(typed) != listed:
            raise Refused(f"The list price of {product} comes from the price list.", field="lines")
        return listed


def convert(amount: Decimal, currency: str, into: str, *, on: date) -> Decimal:
    """An amount in another currency, at the rates of a day."""
    if currency == into:
        return amount
    known = rates([(currency, on), (into, on)])
    return amount * known[currency, on] / known[into, on]


def complete(lines: Sequence[Line], *, currency: str, prices: PriceList | None = None) -> list[Line]:
    """Lines with their amounts; list price and cost are frozen as they are now, where the product says them."""
    if len(lines) > LINES:
        raise Refused(f"An order has at most {LINES} lines, not {len(lines)}.", field="lines")
    return [_complete(line, number, currency, prices) for number, line in enumerate(lines, start=1)]


def _complete(line: Line, number: int, currency: str, prices: PriceList | None) -> Line:
    product = line.product
    if product is not None and prices is not None:
        line = replace(line, list_price=prices.price(product, line.list_price, currency))
    if product is not None and product.currency in ("", currency):
        line = replace(
            line,
            list_price=product.list_price if line.list_price is None else line.list_price,
            unit_cost=product.unit_cost if line.unit_cost is None else line.unit_cost,
        )
    price = line.list_price if line.unit_price is None else line.unit_price
    amount = line.amount
    if line.discount is not None and not 0 <= line.discount <= 100:
        raise Refused(f"Line {number}: a discount is from 0 to 100 %, not {line.discount}.", field="lines")
    if amount is None:
        if price is None:
            raise Refused(f"Line {number} has neither a price nor an amount.", field="lines")
        amount = (1 if line.quantity is None else line.quantity) * price * (100 - (line.discount or 0)) / 100
    if not amount.is_finite() or abs(amount) >= MOST:
        raise Refused(f"Line {number}: its amount is larger than can be kept.", field="lines")
    return replace(line, unit_price=price, amount=amount.quantize(STEP, ROUND_HALF_UP))


def net_of(lines: Sequence[Line]) -> Decimal:
    """The order's net: the sum of its lines, rounded once."""
    return to_cents(sum((line.amount or Decimal(0) for line in lines), Decimal(0)))


def require_order_discount(
    deal: Deal, lines: Sequence[Line], net: Decimal, currency: str, *, by: User | None, at: datetime
) -> None:
    """A deal's order gives no more than a win might have given: by its lines, or by its net on what the deal lists."""
    today = clock.day_of(at, organisation_for(by).time_zone)
    totals, listed = selectors.totals_of_order(lines), selectors.totals_of(selectors.lines_of(deal))
    if listed.list_value:
        totals = selectors.sold_for(totals, listed, convert(net, currency, deal.currency, on=today))
    require_discount(deal, by=by, at=at, totals=totals)


def write_lines(order: Order, lines: Sequence[Line], full: Sequence[Line], at: datetime) -> None:
    """Make an order's lines these, `full` as `complete` has them: what is the same stays as it was frozen, the rest is
    withdrawn or added."""
    stand = list(order.lines.present().order_by("pk"))
    fresh = []
    for said, line in zip(lines, full, strict=True):
        same = next((row for row in stand if _is_same(row, said, line)), None)
        if same is None:
            fresh.append(OrderLine(order=order, **{name: getattr(line, name) for name in Line.__slots__}))
        else:
            stand.remove(same)
    OrderLine.objects.filter(pk__in=[row.pk for row in stand]).update(withdrawn_at=at)
    OrderLine.objects.bulk_create(fresh)


def _is_same(row: OrderLine, said: Line, line: Line) -> bool:
    """List price and cost were frozen with the line; they differ only where somebody says so."""
    frozen = all(
        getattr(said, name) is None or getattr(said, name) == getattr(row, name) for name in ("list_price", "unit_cost")
    )
    named = ("text", "quantity", "unit_price", "discount", "amount")
    product = line.product.pk if line.product else None
    return frozen and row.product_id == product and all(getattr(row, name) == getattr(line, name) for name in named)


@transaction.atomic
def set_order_lines(
    *, order: Order, lines: Sequence[Line], by: User | None, at: datetime, version: int | None = None
) -> Order:
    """Make an order's lines these; its net follows, and its credit by the difference. No lines: the net stays.

    Nobody raises credit of their own by it.
    """
    order = Order.objects.select_for_update(of=("self",)).select_related("owner", "deal__owner").get(pk=order.pk)
    if order.withdrawn_at is not None:
        raise Refused(WITHDRAWN)
    require_write(by, order.owner)
    require_current(version, order.version, noun="order", who=None, when=None)
    if order.cancelled_on is not None:
        raise Refused(f"This order was cancelled on {order.cancelled_on:%d %b %Y}; its lines stay as they are.")
    deal = order.deal
    prices = PriceList.of(deal, currency=order.currency, by=by, at=at, order=order) if deal else None
    full = complete(lines, currency=order.currency, prices=prices)
    if deal is not None and lines:
        require_order_discount(deal, full, net_of(full), order.currency, by=by, at=at)
    write_lines(order, lines, full, at)
    Order.objects.filter(pk=order.pk).update(version=order.version + 1)
    renet_orders(order_ids=[order.pk], by=by, at=at, reason="Lines changed", own=own_of(by))
    order.refresh_from_db()
    return order


# An order of the win that its lines say otherwise of is no longer the win's: the deal's amount would come back.
RENET = """
    WITH net AS (
        SELECT l.order_id, round(sum(l.amount), 2) AS amount
          FROM sales_orderline l JOIN unnest(%(ids)s::bigint[]) i(id) ON i.id = l.order_id
         WHERE l.withdrawn_at IS NULL GROUP BY l.order_id
    )
    UPDATE sales_order o SET amount = net.amount, is_booked_by_win = false
      FROM net WHERE o.id = net.order_id AND o.withdrawn_at IS NULL AND o.amount <> net.amount
    RETURNING o.id
"""


@transaction.atomic
def renet_orders(
    *, order_ids: Iterable[int], by: User | None, at: datetime, reason: str, own: int | None = None
) -> int:
    """Have the amounts of orders follow their present lines, and credit the difference; how many had to (R12)."""
    ids = "{" + ",".join(str(int(number)) for number in sorted(set(order_ids))) + "}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM sales_order WHERE id = ANY(%s::bigint[]) ORDER BY id FOR UPDATE", [ids])
        cursor.execute(RENET, {"ids": ids})
        changed = [row[0] for row in cursor.fetchall()]
    if changed:
        recredit_orders(order_ids=changed, by=by, at=at, reason=reason, own=own)
    return len(changed)
