"""The lines of orders as a table: to four decimals, and the order's net is rounded once (R12)."""

from collections import defaultdict
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sales.models import Order, OrderLine
from salesmgmt.lib.kinds import Field, Kind, Occurrences, Plan, Row
from salesmgmt.lib.money import to_cents
from teams.exchange import Once

from . import EXTERNAL_ID, HUNDRED, OWN, PRODUCT_OF, _given, _key, _settle_orders, _with_external_id, is_own

LINE = ("external_id", "product", "text", "quantity", "list_price", "unit_price", "unit_cost", "discount")


def _plan(plan: Plan) -> None:
    """Lines are known by external id, else as the nth of their product in the order.

    An order whose amount is 0, or which is what its lines came to so far, becomes what they come to now.
    """
    once, known = Once(), _with_external_id(plan, OrderLine.objects.all())
    orders = {one.pk: one for found in plan.index("order").values() for one in found}
    standing = list(OrderLine.objects.present().filter(order__in=orders).order_by("pk"))
    same = Occurrences.of(((one.order_id, one.product_id, one.text), one) for one in standing)
    sums: dict[int, Decimal] = defaultdict(Decimal)
    for one in standing:
        sums[one.order_id] += one.amount
    follows = {pk for pk, one in orders.items() if one.amount == 0 or (sums[pk] and one.amount == to_cents(sums[pk]))}
    lines: dict[int, list[tuple[Row, OrderLine, dict[str, Any]]]] = defaultdict(list)
    for row in plan.taken():
        amount = _amount(plan, row)
        if not plan.refer(row) or amount is None:
            continue
        order = row.found["order"]
        values = _given(row, *LINE) | {"order": order, "amount": amount}
        line = known.get(row.get("external_id"))
        if "external_id" not in values:
            line = same.next((order.pk, _key(row.found.get("product")), row.get("text", "")))
        if is_own(plan, order=order.pk) or is_own(plan, order=line and line.order_id):
            plan.refuse(row, "order", OWN)
            continue
        was = line.amount if line is not None and line.order_id == order.pk else Decimal(0)
        line = line or OrderLine(**values)
        if line.external_id:
            known[line.external_id] = line
        if once.admits(plan, row, line, "external_id"):
            lines[order.pk].append((row, line, values))
            sums[order.pk] += amount - was
    for pk, of_order in lines.items():
        if _nets(plan, orders[pk], sums[pk], of_order[0][0], follows=pk in follows):
            for row, line, values in of_order:
                if line.pk is None:
                    plan.create(line, row)
                    row.act = "created"
                elif plan.change(line, row, **values):
                    row.act = "changed"
        else:
            for row, _, _ in of_order:
                plan.refuse(row, "amount", f"The lines of {orders[pk]} would come to less than was given back of it.")


def _amount(plan: Plan, row: Row) -> Decimal | None:
    """What a line comes to: as it says, else quantity × unit price less discount."""
    if "amount" in row.values:
        return Decimal(row.values["amount"])
    if "quantity" not in row.values or "unit_price" not in row.values:
        plan.refuse(row, "amount", "It is needed; or give quantity and unit_price, from which it follows.")
        return None
    full = row.values["quantity"] * row.values["unit_price"]
    net = full * (HUNDRED - row.get("discount", Decimal(0))) / HUNDRED
    return Decimal(net.quantize(Decimal("0.0001"), ROUND_HALF_UP))


def _nets(plan: Plan, order: Order, lines: Decimal, row: Row, *, follows: bool) -> bool:
    """Let an order come to what its lines come to, where it follows them; False where it can't."""
    net = to_cents(lines)
    if not follows or order.is_booked_by_win:
        if net != order.amount:
            plan.note("The lines come to another sum than their order says; the order's amount is kept.")
        return True
    if net < sum((one.amount for one in order.refunds.present()), Decimal(0)):
        return False
    plan.change(order, row, amount=net)
    return True


def _rows() -> Iterator[dict[str, Any]]:
    lines = OrderLine.objects.present().filter(order__withdrawn_at=None).select_related("order__deal", "product")
    for line in lines.order_by("order_id", "pk").iterator(2000):
        yield {"": line} | {name: getattr(line, name) for name in (*LINE, "order", "amount")}


PRICE: dict[str, Any] = {"least": Decimal(0), "places": 4}

KINDS = [
    Kind(
        "order_lines",
        (
            Field("order", "reference", needed=True, to="order", also=("order_id", "order_number", "number")),
            PRODUCT_OF,
            Field("quantity", "number", places=4, also=("qty", "units")),
            Field("unit_price", "money", **PRICE, also=("price",)),
            Field("discount", "percent", least=Decimal(0), most=HUNDRED, places=4, also=("discount_percent",)),
            Field("amount", "money", places=4, also=("net", "net_amount", "total", "total_price", "value")),
            Field("external_id", longest=100, also=("line_id", "order_line_id", *EXTERNAL_ID[::2])),
            Field("text", also=("description",)),
            Field("list_price", "money", **PRICE),
            Field("unit_cost", "money", **PRICE, also=("cost",)),
        ),
        _plan,
        _rows,
        settle=_settle_orders,
        together=("external_id", "order"),
    )
]
