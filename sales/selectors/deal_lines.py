"""What the products on a deal come to, what discount that is, and who may give it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, QuerySet, Sum

from sales.models import Deal, DealLine, DiscountApproval, DiscountLimit, discount_of
from salesmgmt.lib.money import to_cents
from salesmgmt.lib.ratios import ratio
from teams.models import Person, Posting, Role, Viewer, access_of

ZERO, CENT = Decimal(0), Decimal("0.01")
FEWEST_DEALS = 5  # before somebody's discounts are compared
# They answer for the whole of it.
WITHOUT_LIMIT = ("admin", Role.EXECUTIVE, Role.OPERATIONS)


@dataclass(frozen=True, slots=True)
class Totals:
    """A deal's lines added up; each sum rounded once (R12)."""

    amount: Decimal = ZERO
    one_off: Decimal = ZERO
    recurring: Decimal = ZERO
    first_year: Decimal = ZERO
    list_value: Decimal = ZERO
    cost: Decimal | None = None
    discount: Decimal | None = None
    discount_by_family: dict[str, Decimal] = field(default_factory=dict)

    @property
    def margin(self) -> Decimal | None:
        """What is left after cost; unknown where a line's cost is."""
        return None if self.cost is None else self.amount - self.cost

    @property
    def margin_share(self) -> Decimal | None:
        return ratio(self.margin, self.amount)

    @property
    def is_recurring(self) -> bool:
        return self.recurring > 0


def discounts_given(person_ids: Iterable[int], *, start: date, end: date) -> dict[int, Decimal]:
    """Share off the list value that each of these people gave on deals won in `[start, end)` (R14), from five deals."""
    won = DealLine.objects.filter(
        deal__status=Deal.Status.WON, deal__withdrawn_at=None, deal__closed_on__gte=start, deal__closed_on__lt=end,
        deal__owner__in=list(person_ids), list_price__gt=0,
    )  # fmt: skip
    sums = (
        won.order_by()
        .values_list("deal__owner")
        .annotate(
            off=Sum(F("quantity") * (F("list_price") - F("unit_price"))),
            whole=Sum(F("quantity") * F("list_price")),
            deals=Count("deal", distinct=True),
        )
    )
    return {owner: off / whole for owner, off, whole, deals in sums if deals >= FEWEST_DEALS}


def lines_of(deal: Deal) -> list[DealLine]:
    """In the order they are shown."""
    return list(DealLine.objects.filter(deal=deal).select_related("product").order_by("position", "pk"))


def totals_of(lines: Iterable[DealLine]) -> Totals:
    """Sums; the discount is weighted by list value, so that free goods count (R14)."""
    lines = list(lines)
    if not lines:
        return Totals()
    once = sum((line.amount for line in lines if line.recurs == DealLine.Recurs.ONCE), ZERO)
    amount = sum((line.amount for line in lines), ZERO)
    costs = [line.cost for line in lines]
    families: dict[str, list[DealLine]] = {}
    for line in lines:
        if line.product is not None and line.product.family:
            families.setdefault(line.product.family, []).append(line)
    by_family = {family: _discount(mine) for family, mine in families.items()}
    return Totals(
        amount=to_cents(amount),
        one_off=to_cents(once),
        recurring=to_cents(amount) - to_cents(once),
        first_year=to_cents(sum((line.first_year for line in lines), ZERO)),
        list_value=to_cents(sum((line.list_value for line in lines), ZERO)),
        cost=None if None in costs else to_cents(sum((cost for cost in costs if cost is not None), ZERO)),
        discount=_discount(lines),
        discount_by_family={family: given for family, given in by_family.items() if given is not None},
    )


def _discount(lines: list[DealLine]) -> Decimal | None:
    listed = [line for line in lines if line.list_price > 0]
    return discount_of(sum((line.list_value for line in listed), ZERO), sum((line.amount for line in listed), ZERO))


# ── Limits ──────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Excess:
    """A discount above a limit: of a family, or (empty) of the deal as a whole."""

    family: str
    percent: Decimal
    limit: Decimal

    @property
    def sentence(self) -> str:
        what = f"{self.percent.normalize():f} % off {self.family or 'this deal'}"
        return f"{what} is more than the {self.limit.normalize():f} % that {{who}} may give"


def limits_of(role: str) -> dict[str, Decimal]:
    """What a role may give by product family; a role without a row has no limit, no role the strictest."""
    asked = DiscountLimit.objects.filter(role=role) if role else DiscountLimit.objects.all()
    return dict(asked.order_by("family", "-percent").values_list("family", "percent"))


def excess_of(totals: Totals, role: str, limits: Mapping[str, Decimal] | None = None) -> list[Excess]:
    """Which limits of a role a deal's discount is above; `limits`: the role's, where they are read already."""
    limits = limits_of(role) if limits is None else limits
    given = {"": totals.discount, **totals.discount_by_family}
    return [
        Excess(family, percent, limit)
        for family, limit in limits.items()
        if (percent := given.get(family)) is not None and percent > limit
    ]


def role_on(person: Person, day: date) -> str:
    """What somebody is posted as on a day."""
    found = Posting.objects.on(day).filter(person=person).values_list("role", flat=True).first()
    return str(found or "")


def totals_of_order(lines: Iterable[Any]) -> Totals:
    """What discount an order's lines come to: as the price, the percentage and the amount say, whichever says most.

    A line that recurs lists one period and comes to all of them: its list value follows from what it comes to.
    """
    given: dict[str, list[tuple[Decimal, Decimal]]] = {"": []}
    for line in lines:
        listed = (line.list_price or ZERO) * (1 if line.quantity is None else line.quantity)
        if listed <= 0:
            continue
        price = line.list_price if line.unit_price is None else line.unit_price
        off = max((line.discount or ZERO) / 100, 1 - price / line.list_price, 1 - line.amount / listed)
        off = min(max(off, ZERO), Decimal(1))
        value = max(listed, line.amount / (1 - off)) if off < 1 else listed
        for family in {"", line.product.family if line.product else ""}:
            given.setdefault(family, []).append((value, value * (1 - off)))
    found = {
        family: discount_of(sum((value for value, _ in pairs), ZERO), sum((net for _, net in pairs), ZERO))
        for family, pairs in given.items()
    }
    by_family = {family: percent for family, percent in found.items() if family and percent is not None}
    return Totals(discount=found[""], discount_by_family=by_family)


def sold_for(totals: Totals, listed: Totals, net: Decimal | None) -> Totals:
    """What discount `totals` are where `net` is paid for what is listed: theirs or that, whichever says more.

    What was rounded to a cent is no discount.
    """
    off = None if net is None else discount_of(listed.list_value, net + CENT)
    return replace(totals, discount=max((one for one in (totals.discount, off) if one is not None), default=None))


def is_approved(deal: Deal, totals: Totals) -> bool:
    """Whether this discount, or a higher one, was approved; one that has risen since is asked for anew."""
    for approval in DiscountApproval.objects.filter(deal=deal, is_approved=True):
        as_a_whole = (totals.discount or ZERO) <= approval.percent
        families = totals.discount_by_family.items()
        if as_a_whole and all(given <= Decimal(approval.by_family.get(family, "0")) for family, given in families):
            return True
    return False


def beyond_limits(
    deals: Iterable[Deal], *, given: Mapping[int, list[DealLine]] | None = None, on: date | None = None
) -> list[tuple[Deal, str]]:
    """Those whose discount is above what their owner may give `on` a day, and was not approved.

    Without a day: might give on the day they closed, as far as their role of then is known. `given`: lines by deal that
    are about to be written, beside those that stand or in their place.
    """
    deals = list(deals) if DiscountLimit.objects.exists() else []
    lines: dict[int, dict[Any, DealLine]] = {deal.pk: {} for deal in deals}
    for line in DealLine.objects.filter(deal__in=lines).select_related("product"):
        lines[line.deal_id][line.pk] = line
    found = []
    for deal in deals:
        lines[deal.pk] |= {line.pk or id(line): line for line in (given or {}).get(deal.pk, [])}
        totals = totals_of(lines[deal.pk].values())
        if on is not None:
            totals = sold_for(totals, totals, deal.amount)
        day = on or deal.closed_on
        role = role_on(deal.owner, day) if totals.discount and day else ""
        above = excess_of(totals, role) if totals.discount and (role or on) else []
        if above and not is_approved(deal, totals):
            found.append((deal, above[0].sentence.format(who=deal.owner.name)))
    return found


def may_decide(user: Viewer, approval: DiscountApproval, limits: Mapping[str, Decimal] | None = None) -> bool:
    """Who leads the deal's owner and whose own limit suffices, and who has none; never one's own."""
    access = access_of(user)
    if user.pk == approval.asked_by_id or access.person_id == approval.deal.owner_id:
        return False
    if access.role in WITHOUT_LIMIT:
        return True
    if not access.leads or approval.deal.owner_id not in access.people:
        return False
    families = {family: Decimal(given) for family, given in approval.by_family.items()}
    return not excess_of(Totals(discount=approval.percent, discount_by_family=families), access.role, limits)


def decidable(user: Viewer, approvals: Iterable[DiscountApproval]) -> list[DiscountApproval]:
    """Those of them that are this user's to decide; the limits are read once."""
    limits = limits_of(access_of(user).role)
    return [approval for approval in approvals if may_decide(user, approval, limits)]


def open_approvals(user: Viewer) -> QuerySet[DiscountApproval]:
    """Discounts that wait for an answer, of deals one sees."""
    asked = DiscountApproval.objects.filter(is_approved=None, deal__in=Deal.objects.visible_to(user).values("pk"))
    return asked.select_related("deal__owner", "deal__account", "asked_by")
