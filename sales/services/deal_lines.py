"""Products on a deal: the amount follows from them."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from sales import selectors
from sales.models import Competitor, Deal, DealLine, DealShare, Product, four
from salesmgmt.lib.money import to_cents
from salesmgmt.lib.refusals import Refused
from teams.models import Person, User

from .deals import lock_deal, record_changes, set_deal, touch_deal
from .guards import require_past
from .lines import convert
from .orders import HUNDRED

MOST_LINES = 200
LARGEST = Decimal(10) ** 14
LONGEST = 600  # months


@transaction.atomic
def add_line(
    *,
    deal: Deal,
    by: User | None,
    at: datetime,
    on: date,
    product: Product | None = None,
    text: str = "",
    quantity: Decimal = Decimal(1),
    list_price: Decimal | None = None,
    unit_price: Decimal | None = None,
    discount: Decimal | None = None,
    unit_cost: Decimal | None = None,
    recurs: str = DealLine.Recurs.ONCE,
    term_months: int | None = None,
    version: int | None = None,
) -> DealLine:
    """Put a product on an open deal: at its list price, less a discount in percent, or at a price of one's own."""
    deal = _lock_open(deal, by, version)
    if deal.lines.count() >= MOST_LINES:
        raise Refused(f"A deal has at most {MOST_LINES} lines.")
    line = DealLine(deal=deal, product=product, text=text.strip(), position=deal.lines.count() + 1)
    line.list_price, line.unit_cost = _listed(product, deal, on, list_price, unit_cost)
    _fill(line, quantity=quantity, unit_price=unit_price, discount=discount, recurs=recurs, term_months=term_months)
    line.save()
    _follow(deal, by, at)
    return line


@transaction.atomic
def change_line(
    *, line: DealLine, by: User | None, at: datetime, version: int | None = None, **fields: Any
) -> DealLine:
    """Change quantity, price or term. The list price stays as it stood at the quote."""
    deal = _lock_open(line.deal, by, version)
    line = DealLine.objects.select_related("product").get(pk=line.pk)
    line.text = str(fields.get("text", line.text)).strip()
    said: dict[str, Any] = {"quantity": line.quantity, "recurs": line.recurs, "term_months": line.term_months}
    said |= {name: fields[name] for name in said if name in fields}
    price, discount = fields.get("unit_price"), fields.get("discount")
    if line.recurs != said["recurs"] and said["recurs"] == DealLine.Recurs.ONCE and "term_months" not in fields:
        said["term_months"] = None
    _fill(line, unit_price=line.unit_price if price is None and discount is None else price, discount=discount, **said)
    line.save(update_fields=["text", "quantity", "unit_price", "recurs", "term_months"])
    _follow(deal, by, at)
    line.deal = deal
    return line


@transaction.atomic
def remove_line(*, line: DealLine, by: User | None, at: datetime, version: int | None = None) -> Deal:
    """Take a product off a deal. The last one takes the amount along, which followed from them: it is typed anew."""
    deal = _lock_open(line.deal, by, version)
    DealLine.objects.filter(pk=line.pk, deal=deal).delete()
    _follow(deal, by, at)
    return deal


@transaction.atomic
def quote_deal(*, deal: Deal, on: date, by: User | None, at: datetime, version: int | None = None) -> Deal:
    """Quote a deal on a day: list prices and costs are taken anew from the price list and stay as they are then."""
    deal = _lock_open(deal, by, version)
    require_past(on, at, by)
    lines = [line for line in selectors.lines_of(deal) if line.product is not None]
    for line in lines:
        if line.product is not None and line.product.list_price is not None:
            line.list_price, line.unit_cost = _listed(line.product, deal, on, None, line.unit_cost)
    DealLine.objects.bulk_update(lines, ["list_price", "unit_cost"])
    if not set_deal(deal, by, at, {"quoted_on": on}):
        touch_deal(deal)
    return deal


def _lock_open(deal: Deal, by: User | None, version: int | None) -> Deal:
    deal = lock_deal(deal, by, version)
    if not deal.is_open:
        raise Refused(f"A {deal.status} deal keeps its products; reopen it to change them.")
    return deal


def _listed(
    product: Product | None, deal: Deal, on: date, typed: Decimal | None, cost: Decimal | None
) -> tuple[Decimal, Decimal | None]:
    """List price and cost in the deal's currency: the product's, else what was typed."""
    if product is None or product.list_price is None:
        if typed is None:
            raise Refused("This has no list price; say what one of it costs before discount.", field="list_price")
        return _price(typed, "list_price"), None if cost is None else _price(cost, "unit_cost")
    if typed is not None and four(typed) != four(product.list_price):
        raise Refused(f"The list price of {product} comes from the price list.", field="list_price")
    listed_in = product.currency or deal.currency
    if product.unit_cost is not None:
        cost = convert(product.unit_cost, listed_in, deal.currency, on=on)
    listed = convert(product.list_price, listed_in, deal.currency, on=on)
    return four(listed), None if cost is None else four(cost)


def _fill(
    line: DealLine,
    *,
    quantity: Decimal,
    unit_price: Decimal | None,
    discount: Decimal | None,
    recurs: str,
    term_months: int | None,
) -> None:
    if line.product is None and not line.text:
        raise Refused("Choose a product, or say what it is.", field="text")
    if not quantity.is_finite() or not 0 < quantity < LARGEST:
        raise Refused("A quantity is more than zero.", field="quantity")
    if unit_price is not None and discount is not None:
        raise Refused("Give the price or the discount, not both.", field="discount")
    if discount is not None:
        if not 0 <= discount <= 100:
            raise Refused("A discount is between 0 and 100 %.", field="discount")
        unit_price = line.list_price * (100 - discount) / 100
    if recurs == DealLine.Recurs.ONCE and term_months:
        raise Refused("What is paid once has no term; choose how often it recurs.", field="recurs")
    if recurs != DealLine.Recurs.ONCE and not 1 <= (term_months or 0) <= LONGEST:
        raise Refused(f"Say for how many months it runs, from 1 to {LONGEST}.", field="term_months")
    line.quantity, line.recurs, line.term_months = four(quantity), recurs, term_months or None
    line.unit_price = _price(line.list_price if unit_price is None else unit_price, "unit_price")
    if max(line.quantity * line.list_price, line.quantity * line.unit_price) * line.times >= LARGEST:
        raise Refused("That is more than can be kept.", field="quantity")


def _price(value: Decimal, field: str) -> Decimal:
    if not value.is_finite() or not 0 <= value < LARGEST:
        raise Refused("A price is a number from zero on.", field=field)
    return four(value)


def _follow(deal: Deal, by: User | None, at: datetime) -> None:
    """The deal's amount is what its lines come to."""
    lines = selectors.lines_of(deal)
    amount = to_cents(sum((line.amount for line in lines), Decimal(0))) if lines else None
    if amount is not None and amount >= LARGEST:
        raise Refused("That is more than can be kept.", field="quantity")
    if not set_deal(deal, by, at, {"amount": amount}):
        touch_deal(deal)


# ── Who else is in it ───────────────────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def share_deal(
    *,
    deal: Deal,
    shares: Mapping[Person, Decimal],
    overlays: Mapping[Person, Decimal],
    by: User | None,
    at: datetime,
    version: int | None = None,
) -> Deal:
    """Say who will share the credit once the deal is won: percents that make 100, and overlays on top.

    No share: the owner has all. Nobody changes credit of their own.
    """
    deal = lock_deal(deal, by, version)
    if not deal.is_open:
        raise Refused(f"This deal is {deal.status}; its order says who shares the credit.", field="shares")
    if shares and sum(shares.values()) != HUNDRED:
        raise Refused(f"The shares sum to {sum(shares.values())} %, not to 100 %.", field="shares")
    if any(not 0 < percent <= HUNDRED for percent in [*shares.values(), *overlays.values()]):
        raise Refused("A share is more than 0 % and at most 100 %.", field="shares")
    concerned = {deal.owner_id, *deal.shares.values_list("person_id", flat=True)}
    concerned |= {person.pk for person in (*shares, *overlays)}
    own = Person.objects.filter(user=by).values_list("pk", flat=True).first() if by else None
    if own in concerned:
        raise Refused("Nobody changes credit of their own; ask who leads you.", field="shares")
    deal.shares.all().delete()
    DealShare.objects.bulk_create(
        DealShare(deal=deal, person=person, kind=kind, percent=percent)
        for kind, parts in (("primary", shares), ("overlay", overlays))
        for person, percent in parts.items()
    )
    touch_deal(deal)
    return deal


@transaction.atomic
def name_competitors(
    *, deal: Deal, competitors: Iterable[Competitor], by: User | None, at: datetime, version: int | None = None
) -> Deal:
    """Say who else wants this deal."""
    deal = lock_deal(deal, by, version)
    wanted = list(competitors)
    was = sorted(competitor.name for competitor in deal.competitors.all())
    now = sorted(competitor.name for competitor in wanted)
    if was != now:
        deal.competitors.set(wanted)
        record_changes(deal, by, at, [("competitors", was, now)])
        touch_deal(deal)
    return deal
