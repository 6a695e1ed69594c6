"""Repeat business: what accounts buy and how often, what they would buy next, and what suggestions led to."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
from django.db import connection
from django.db.models import Count, Q, QuerySet, Sum

from sales import analysis
from sales.models import Account, Contact, Credit, Product, Recommendation, may_write_for
from salesmgmt.lib.ratios import ratio
from teams.models import Organisation, Viewer, access_of

from .contracts import WITHOUT_RENEWAL, in_force
from .gifts import given_to
from .referrals import happy_accounts

ZERO = Decimal(0)
Kind, State = Recommendation.Kind, Recommendation.State
CROSS_SELLS = 1  # of one account at a time: who buys much buys much of everything
REORDERS = 2
BIRTHDAYS_WITHIN = timedelta(days=14)
WINDOW = timedelta(days=90)  # in which an order counts as the answer
ENOUGH = 20  # decided suggestions on either side, before a difference is called one
# A suggestion that was decided is not made again for so long.
QUIET = {
    Kind.REORDER: timedelta(days=60),
    Kind.CROSS_SELL: timedelta(days=180),
    Kind.RENEWAL: timedelta(days=365),
    Kind.BIRTHDAY: timedelta(days=60),
    Kind.REFERRAL: timedelta(days=365),
}


class Purchase(NamedTuple):
    """That an account bought something (perhaps not known what) on a day."""

    account: int
    product: int | None
    on: date


# What was bought on which day: by orders, their lines, and the products of the deals that were won. A day counts once.
PURCHASES = """
    SELECT o.account_id, p.product_id, o.ordered_on
      FROM sales_order o
           CROSS JOIN LATERAL (
               SELECT o.product_id
               UNION SELECT l.product_id FROM sales_orderline l WHERE l.order_id = o.id AND l.withdrawn_at IS NULL
               UNION SELECT d.product_id FROM sales_deal d WHERE d.id = o.deal_id
               UNION SELECT dl.product_id FROM sales_dealline dl WHERE dl.deal_id = o.deal_id
           ) p
     WHERE o.withdrawn_at IS NULL AND o.cancelled_on IS NULL AND o.account_id IS NOT NULL AND o.ordered_on <= %(day)s
       AND (%(account)s IS NULL OR o.account_id = %(account)s)
    UNION
    SELECT d.account_id, p.product_id, d.closed_on
      FROM sales_deal d
           CROSS JOIN LATERAL (
               SELECT d.product_id UNION SELECT dl.product_id FROM sales_dealline dl WHERE dl.deal_id = d.id
           ) p
     WHERE d.status = 'won' AND d.withdrawn_at IS NULL AND d.account_id IS NOT NULL AND d.closed_on <= %(day)s
       AND (%(account)s IS NULL OR d.account_id = %(account)s)
       AND NOT EXISTS (SELECT FROM sales_order o WHERE o.deal_id = d.id AND o.withdrawn_at IS NULL)
"""


def purchases(day: date, account: Account | None = None) -> list[Purchase]:
    """Everything bought until a day, without cancelled orders."""
    with connection.cursor() as cursor:
        cursor.execute(PURCHASES, {"day": day, "account": account.pk if account else None})
        return [Purchase(*row) for row in cursor.fetchall()]


# ── What to suggest ─────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Wanted:
    """A suggestion as the records of a day make it."""

    account: int
    kind: str
    sentence: str
    product: int | None = None
    contact: int | None = None
    contract: int | None = None
    evidence: dict[str, Any] = field(default_factory=dict, compare=False, hash=False)

    @property
    def key(self) -> tuple[Any, ...]:
        return (self.account, self.kind, self.product, self.contact, self.contract)


def wanted(day: date) -> list[Wanted]:
    """Everything that the records suggest on a day, for accounts that are present."""
    accounts = dict(Account.objects.present().values_list("pk", "industry"))
    bought = [one for one in purchases(day) if one.account in accounts]
    products = {pk: (name, family) for pk, name, family in Product.objects.values_list("pk", "name", "family")}
    return [  # lists show the latest first: what brings an order soonest is made last
        *_cross_sells(bought, accounts, products),
        *(
            Wanted(
                happy.account.pk,
                Kind.REFERRAL,
                f"{happy.said}: ask whom else we should know."[:300],
                contact=happy.contact.pk if happy.contact else None,
                evidence={"score": happy.score, "kind": happy.kind, "given_on": happy.given_on.isoformat()},
            )
            for happy in happy_accounts(day)
        ),
        *_birthdays(day),
        *_reorders(bought, products, day),
        *_renewals(day),
    ]


def rhythm_words(rhythm: analysis.Rhythm) -> str:
    """Every 34 days in the middle, 8 orders, 4 of 5 within 51."""
    if rhythm.median is None or rhythm.p80 is None:
        return f"{rhythm.orders} order{'' if rhythm.orders == 1 else 's'}: too few for a rhythm"
    return (
        f"about every {rhythm.median:.0f} days ({rhythm.orders} orders, four of five gaps within {rhythm.p80:.0f} days)"
    )


def _reorders(bought: list[Purchase], products: dict[int, tuple[str, str]], day: date) -> Iterator[Wanted]:
    overall = analysis.rhythms(((one.account, one.on) for one in bought), day)
    late = {account for account, rhythm in overall.items() if rhythm.is_overdue}
    for account in sorted(late):
        yield _reorder(account, None, "Orders", overall[account])
    known = (((one.account, one.product), one.on) for one in bought if one.product in products)
    of_product: dict[int, list[tuple[float, int, analysis.Rhythm]]] = {}
    for (account, product), rhythm in analysis.rhythms(known, day).items():
        if rhythm.is_overdue and account not in late and product is not None:
            of_product.setdefault(account, []).append((rhythm.since / max(rhythm.p80 or 1, 1), product, rhythm))
    for account, found in sorted(of_product.items()):
        for _, product, rhythm in sorted(found, key=lambda row: (-row[0], row[1]))[:REORDERS]:
            yield _reorder(account, product, f"Buys {products[product][0]}", rhythm)


def _reorder(account: int, product: int | None, begins: str, rhythm: analysis.Rhythm) -> Wanted:
    last = f"{rhythm.last_on.day} {rhythm.last_on:%b %Y}"
    evidence = {
        "orders": rhythm.orders,
        "median_days": rhythm.median,
        "p80_days": rhythm.p80,
        "last_on": rhythm.last_on.isoformat(),
    }
    sentence = f"{begins} {rhythm_words(rhythm)}; the last was on {last}."
    return Wanted(account, Kind.REORDER, sentence[:300], product=product, evidence=evidence)


def _cross_sells(
    bought: list[Purchase], accounts: dict[int, str], products: dict[int, tuple[str, str]]
) -> Iterator[Wanted]:
    """By what accounts of the same industry buy together, then by what all do."""
    pairs = {(one.account, one.product) for one in bought if one.product in products}
    if not pairs:
        return
    table = np.array(sorted(pairs), dtype=np.int64)
    rows, row_of = np.unique(table[:, 0], return_inverse=True)
    columns, column_of = np.unique(table[:, 1], return_inverse=True)
    held = np.zeros((len(rows), len(columns)), dtype=np.bool_)
    held[row_of, column_of] = True
    industry = np.array([accounts[account].casefold() for account in rows.tolist()])
    everybody = [rule for rule in analysis.find_rules(held) if rule.is_sure]
    for name in np.unique(industry).tolist():
        members = np.flatnonzero(industry == name)
        alike = analysis.find_rules(held[members]) if name and len(members) < len(rows) else []
        own = [rule for rule in alike if rule.is_sure]
        among = f"accounts of the same industry ({accounts[int(rows[members[0]])]})"
        rules = [*((rule, among) for rule in own), *((rule, "accounts") for rule in everybody)]
        words = {id(rule): text for rule, text in rules}
        offered = analysis.offers(held[members], [rule for rule, _ in rules], most=CROSS_SELLS)
        for place, found in sorted(offered.items()):
            for rule in found:
                yield _cross_sell(int(rows[members[place]]), rule, words[id(rule)], columns, products)


def _cross_sell(
    account: int, rule: analysis.Rule, among: str, columns: Any, products: dict[int, tuple[str, str]]
) -> Wanted:
    given = [int(columns[column]) for column in rule.given]
    then = int(columns[rule.then])
    names = " and ".join(products[product][0] for product in given)
    share = f"{100 * rule.then_count / rule.total:.0f} %"
    sentence = (
        f"Of {rule.given_count} {among} that buy {names}, {rule.both_count} also buy {products[then][0]}; "
        f"of all {rule.total}, {share}: lift {rule.lift:.1f}."
    )
    evidence = {
        "given": given,
        "given_count": rule.given_count,
        "both_count": rule.both_count,
        "then_count": rule.then_count,
        "total": rule.total,
        "lift": round(rule.lift, 2),
    }
    return Wanted(account, Kind.CROSS_SELL, sentence[:300], product=then, evidence=evidence)


def _renewals(day: date) -> Iterator[Wanted]:
    """Contracts in force whose notice date (or end) is near, for which no renewal was opened."""
    ending = in_force().filter(WITHOUT_RENEWAL, ends_on__gte=day, account__withdrawn_at=None)
    for contract in ending.order_by("pk").select_related("account"):
        until = contract.notice_on if contract.notice_on and contract.notice_on >= day else contract.ends_on
        assert until is not None
        if until - timedelta(days=contract.renew_days_before) > day:
            continue
        what = "Notice can be given until" if until == contract.notice_on else "It ends on"
        sentence = f"{contract} is to be renewed. {what} {until.day} {until:%b %Y}; no renewal is open."
        yield Wanted(
            contract.account_id,
            Kind.RENEWAL,
            sentence[:300],
            contract=contract.pk,
            evidence={"until": until.isoformat()},
        )


def _birthdays(day: date) -> Iterator[Wanted]:
    days = [day + timedelta(days=ahead) for ahead in range(BIRTHDAYS_WITHIN.days + 1)]
    soon = Q(pk__in=[])
    for one in days:
        soon |= Q(birthday__month=one.month, birthday__day=one.day)
        if (one.month, one.day) == (3, 1) and not _is_leap(one.year):
            soon |= Q(birthday__month=2, birthday__day=29)
    people = Contact.objects.present().filter(
        soon, is_not_to_be_contacted=False, account__isnull=False, account__withdrawn_at=None
    )
    found = list(people.order_by("pk").only("name", "birthday", "account_id", "is_public_official"))
    given = {year: given_to([contact.pk for contact in found], year) for year in {one.year for one in days}}
    organisation = Organisation.get()
    for contact in found:
        assert contact.birthday is not None
        assert contact.account_id is not None
        on = next(
            (one for one in days if (one.month, one.day) == (contact.birthday.month, contact.birthday.day)),
            date(day.year if day.month <= 3 else day.year + 1, 3, 1),
        )
        had, limit, currency = given[on.year].get(contact.pk, ZERO), organisation.gift_limit, organisation.currency
        left = ZERO if contact.is_public_official else max(limit - had, ZERO)
        gift = (
            "no gift, as a public official" if contact.is_public_official
            else f"a small gift may be worth up to {left:,.2f} {currency} (given this year: {had:,.2f} of {limit:,.2f})"
            if left else f"congratulations only, the {limit:,.2f} {currency} of this year are given"
        )  # fmt: skip
        evidence = {"on": on.isoformat(), "given": str(had), "left": str(left), "currency": currency}
        sentence = f"{contact.name} has a birthday on {on.day} {on:%b}; {gift}."
        yield Wanted(contact.account_id, Kind.BIRTHDAY, sentence[:300], contact=contact.pk, evidence=evidence)


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


# ── An account ──────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Bought:
    """A line of what an account buys."""

    name: str
    rhythm: analysis.Rhythm
    words: str


@dataclass(frozen=True, slots=True)
class Repeat:
    """What an account buys, how often, and what to suggest."""

    overall: Bought | None
    families: list[Bought]
    products: list[Bought]
    open: list[Recommendation]
    decidable: set[int]
    """Which of them one may take or dismiss."""
    shows_rhythm: bool


def recommendations(
    user: Viewer, *, state: str = "", kind: str = "", owner: int | None = None, account: int | None = None
) -> QuerySet[Recommendation]:
    """Suggestions somebody may see."""
    found = Recommendation.objects.visible_to(user).select_related(
        "account", "owner", "product", "contact", "contract", "task", "order", "deal"
    )
    asked = {"state": state, "kind": kind, "owner": owner, "account": account}
    return found.filter(**{name: value for name, value in asked.items() if value})


def may_decide(user: Viewer, row: Recommendation) -> bool:
    """Whose account it is and who leads them; where nobody has it, those who see it and are somebody."""
    if row.owner_id is None:
        return access_of(user).sees_all and access_of(user).person_id is not None
    return may_write_for(user, row.owner_id)


def of_account(user: Viewer, account: Account, day: date) -> Repeat:
    """For the page of an account. Its rhythm is shown to whose it is, to those who lead them and who see all."""
    shows = access_of(user).sees_person(account.owner_id)
    bought = purchases(day, account) if shows else []
    ids = {one.product for one in bought if one.product is not None}
    known = {
        pk: (name, family)
        for pk, name, family in (Product.objects.filter(pk__in=ids).values_list("pk", "name", "family") if ids else ())
    }
    named = [(*known[one.product], one.on) for one in bought if one.product in known]

    def lines(keyed: Iterable[tuple[str, date]]) -> list[Bought]:
        found = [Bought(name, rhythm, rhythm_words(rhythm)) for name, rhythm in analysis.rhythms(keyed, day).items()]
        return sorted(found, key=lambda line: (not line.rhythm.is_overdue, -line.rhythm.orders, line.name))[:8]

    suggested = recommendations(user, state=State.OPEN, account=account.pk)
    suggested = suggested.select_related(None).select_related("product", "contact", "contract")  # as a list needs more
    rows = list(suggested.order_by("kind", "product__name", "pk")[:12])
    return Repeat(
        overall=next(iter(lines((account.name, one.on) for one in bought)), None),
        families=lines((family, on) for _, family, on in named if family),
        products=lines((name, on) for name, _, on in named),
        open=rows,
        decidable={row.pk for row in rows if may_decide(user, row)},
        shows_rhythm=shows,
    )


# ── What it led to ──────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Arm:
    """Suggestions that were acted on, or that were not, and how many were followed by an order within 90 days."""

    count: int = 0
    ripe: int = 0
    """Those whose 90 days are over."""
    ordered: int = 0
    """Of the ripe."""
    amount: Decimal = Decimal(0)
    """Of the orders that followed, ripe or not, in reporting currency."""

    @property
    def rate(self) -> Decimal | None:
        return ratio(self.ordered, self.ripe)


@dataclass(frozen=True, slots=True)
class Measured:
    """One kind: made, decided, and what came of it."""

    kind: str
    label: str
    made: int
    open: int
    taken: Arm
    dismissed: int
    expired: int
    left: Arm
    """Dismissed or let pass."""

    @property
    def verdict(self) -> str:
        """What may be said of the difference."""
        if min(self.taken.ripe, self.left.ripe) < ENOUGH:
            return "too little to tell"
        more = (self.taken.rate or Decimal(0)) - (self.left.rate or Decimal(0))
        spread = _spread(self.taken) + _spread(self.left)
        if more * more <= 4 * spread:
            return "no clear difference"
        return "more orders where taken" if more > 0 else "fewer orders where taken"


def _spread(arm: Arm) -> Decimal:
    rate = arm.rate or Decimal(0)
    return rate * (1 - rate) / max(arm.ripe, 1)


def measured(user: Viewer, day: date) -> list[Measured]:
    """Per kind what became of the suggestions that somebody may see."""
    seen = Recommendation.objects.visible_to(user)
    ripe_taken = Q(decided_at__date__lte=day - WINDOW)
    ripe_left = Q(made_on__lte=day - WINDOW)
    taken, left = Q(state=State.TAKEN), Q(state__in=[State.DISMISSED, State.EXPIRED])
    counts: dict[str, Any] = {
        row["kind"]: row
        for row in seen.values("kind")
        .order_by("kind")
        .annotate(
            made=Count("pk"),
            open_=Count("pk", filter=Q(state=State.OPEN)),
            taken=Count("pk", filter=taken),
            dismissed=Count("pk", filter=Q(state=State.DISMISSED)),
            expired=Count("pk", filter=Q(state=State.EXPIRED)),
            taken_ripe=Count("pk", filter=taken & ripe_taken),
            left_ripe=Count("pk", filter=left & ripe_left),
            taken_ordered=Count("pk", filter=taken & ripe_taken & Q(order__isnull=False)),
            left_ordered=Count("pk", filter=left & ripe_left & Q(order__isnull=False)),
        )
    }
    amounts: dict[tuple[str, bool], Decimal] = {}
    answered = seen.filter(order__isnull=False).values("kind", "state", "order").distinct()
    orders = {row["order"] for row in answered}
    worth = dict(
        Credit.objects.filter(order__in=orders, kind=Credit.Kind.PRIMARY)
        .values_list("order")
        .order_by("order")
        .annotate(Sum("reporting_amount"))
        if orders
        else ()
    )
    for row in answered:
        if row["state"] != State.OPEN:
            key = (row["kind"], row["state"] == State.TAKEN)
            amounts[key] = amounts.get(key, Decimal(0)) + worth.get(row["order"], Decimal(0))
    found = []
    for kind in Kind:
        count = counts.get(kind.value)
        if count is None:
            continue
        found.append(
            Measured(
                kind=kind.value,
                label=str(kind.label),
                made=count["made"],
                open=count["open_"],
                taken=Arm(
                    count["taken"],
                    count["taken_ripe"],
                    count["taken_ordered"],
                    amounts.get((kind.value, True), Decimal(0)),
                ),
                dismissed=count["dismissed"],
                expired=count["expired"],
                left=Arm(
                    count["dismissed"] + count["expired"],
                    count["left_ripe"],
                    count["left_ordered"],
                    amounts.get((kind.value, False), Decimal(0)),
                ),
            )
        )
    return found


def decided_before(day: date) -> QuerySet[Recommendation]:
    """Decided suggestions that still keep the same one from being made again."""
    quiet = Q(pk__in=[])
    for kind, time in QUIET.items():
        quiet |= Q(kind=kind, decided_at__date__gt=day - time)
    return Recommendation.objects.filter(quiet, state__in=[State.TAKEN, State.DISMISSED])
