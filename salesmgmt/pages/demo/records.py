"""Writes what happened: customers, deals with their histories, orders, credit, and the work of every day."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import numpy as np

from sales.models import (
    Account,
    Activity,
    Contact,
    Credit,
    CreditShare,
    Deal,
    DealChange,
    LostReason,
    Order,
    Outcome,
    Product,
    Refund,
    Stage,
    Task,
)
from sales.services.credits import post_outcomes, recredit_orders

from . import names
from .calendars import Floats, Ints
from .loading import Moments, analyse, copy_into
from .organisation import ZONE, Company
from .selling import KINDS, Deals, Work

REASON = "Demo company"


@dataclass(slots=True)
class Customers:
    """Accounts as the deals need them, row by row."""

    ids: Ints
    owner: Ints  # whom it was sold by; the account itself may be somebody else's by now
    name: list[str]
    currency: list[str]
    first_contact: Ints


def write_customers(rng: np.random.Generator, company: Company, count: int) -> Customers:
    """Accounts with one to three contacts each, and the price list."""
    Product.objects.bulk_create(
        [
            Product(
                external_id=f"P-{row:03d}",
                name=thing.name,
                family=thing.family,
                list_price=thing.price,
                unit_cost=thing.cost,
                currency="EUR",
            )
            for row, thing in enumerate(names.PRODUCTS, start=1)
        ]
    )
    sellers = [row for row, seat in enumerate(company.seats) if seat.role == "rep" and seat.team in company.markets]
    if not sellers:
        return Customers(np.zeros(0, np.int64), np.zeros(0, np.int64), [], [], np.zeros(0, np.int64))
    owner = np.array(sellers)[rng.permutation(count) % len(sellers)]
    countries = [_one_of(rng, company.markets[company.seats[row].team].countries) for row in owner.tolist()]
    name = names.of_companies(rng, countries)
    people = np.array([person.pk for person in company.people])
    employees = np.round(np.exp(rng.normal(5.2, 1.1, count))).astype(np.int64) + 3
    moments = _moments(company)
    born = moments.at(np.full(count, -30), 600)
    accounts = copy_into(
        Account,
        {
            "external_id": [f"A-{row:05d}" for row in range(1, count + 1)],
            "name": name,
            "industry": [names.INDUSTRIES[row] for row in rng.integers(0, len(names.INDUSTRIES), count).tolist()],
            "country": countries,
            "revenue": (employees * rng.integers(90, 320, count) * 1000).tolist(),
            "employees": employees,
            "owner": people[_successors(company)[owner]],
            "created_at": born,
        },
    )
    many = rng.choice(3, count, p=(0.55, 0.3, 0.15)) + 1
    row_of = np.repeat(np.arange(count), many)
    first, last = rng.integers(0, len(names.FIRST), len(row_of)), rng.integers(0, len(names.LAST), len(row_of))
    contacts = copy_into(
        Contact,
        {
            "external_id": [f"C-{row:06d}" for row in range(1, len(row_of) + 1)],
            "name": [f"{names.FIRST[a]} {names.LAST[b]}" for a, b in zip(first.tolist(), last.tolist(), strict=True)],
            "email": [f"contact{row}@example.com" for row in range(1, len(row_of) + 1)],
            "phone": [f"+49 30 555 {number:04d}" for number in rng.integers(0, 10_000, len(row_of)).tolist()],
            "account": accounts[row_of],
            "created_at": [born[0]] * len(row_of),
        },
    )
    currency = [names.CURRENCIES.get(country, "EUR") for country in countries]
    return Customers(accounts, owner, name, currency, contacts[np.cumsum(many) - many] if count else contacts)


def write_deals(rng: np.random.Generator, company: Company, customers: Customers, deals: Deals) -> tuple[Ints, Ints]:
    """Deals and every change they went through; answers their ids and the account row of each (−1: none)."""
    count, now = len(deals), company.calendar.now
    people = np.array([person.pk for person in company.people])
    moments = _moments(company, deals)
    stages = list(Stage.objects.filter(pipeline__name="Sales").order_by("position"))
    stage_ids, stage_names = np.array([stage.pk for stage in stages]), np.array([stage.name for stage in stages])
    account = _accounts_for(rng, customers, deals.owner, len(company.people))
    has_account = account >= 0
    currency = [customers.currency[row] if row >= 0 else "EUR" for row in account.tolist()]
    product = rng.integers(0, len(names.PRODUCTS), count)
    prices = np.array([thing.price for thing in names.PRODUCTS])
    product[prices[product] > deals.amount] = int(prices.argmin())
    quantity = np.maximum(1, np.round(deals.amount / prices[product])).astype(np.int64)
    rate = np.array([company.rates[code] for code in currency])
    amount = np.maximum(10, np.round(deals.amount / rate, -1)).astype(np.int64)
    is_open = deals.decided >= now
    status = np.where(is_open, "open", np.where(deals.won, "won", "lost"))
    cycle = np.maximum(deals.decided - deals.opened, 1)

    steps = np.sort(
        np.clip(np.array([0.0, 0.2, 0.5, 0.78]) + rng.uniform(-0.08, 0.08, (count, len(stages))), 0, 0.97), axis=1
    )
    steps[:, 0] = 0
    step_days = deals.opened[:, None] + (steps * cycle[:, None]).astype(np.int64)
    reached = np.where(is_open, (step_days < now).sum(axis=1) - 1, np.where(deals.won, 3, rng.integers(0, 4, count)))

    noise = np.round(rng.normal(0, 5, count)).astype(np.int64)
    expected = np.maximum(
        np.where(is_open, deals.decided + noise, deals.decided + np.where(rng.random(count) < 0.5, 0, noise)),
        deals.opened + 1,
    )
    overdue = is_open & (rng.random(count) < 0.07)
    expected = np.where(overdue, np.maximum(now - rng.integers(1, 25, count), deals.opened + 1), expected)
    expected_first = np.where(
        rng.random(count) < 0.35,
        deals.opened + np.round(cycle * rng.uniform(0.55, 0.9, count)).astype(np.int64) + 1,
        expected,
    )
    pushed_on = deals.opened + np.minimum(
        (cycle * 0.6).astype(np.int64), np.maximum(np.minimum(deals.decided, now - 1) - deals.opened, 0)
    )
    grew = rng.random(count) < 0.12
    amount_first = np.where(grew, np.maximum(10, np.round(amount * rng.uniform(0.75, 1.25, count), -1)), amount).astype(
        np.int64
    )
    grew &= amount_first != amount

    why = list(LostReason.objects.filter(key__in=[key for key, _ in names.LOST_WHY]))
    weights = dict(names.LOST_WHY)
    share = np.array([weights[reason.key] for reason in why])
    reasons = np.array([reason.pk for reason in why])[rng.choice(len(why), count, p=share / share.sum())].tolist()
    products = np.array(list(Product.objects.order_by("external_id").values_list("pk", flat=True)))
    closed_on = moments.dates(deals.decided)
    openness = is_open.tolist()
    opened_at = moments.at(deals.opened, 9 * 60 + rng.integers(0, 120, count))
    ids = copy_into(
        Deal,
        {
            "external_id": [f"D-{row:06d}" for row in range(1, count + 1)],
            "name": [
                f"{customers.name[row] if row >= 0 else 'New customer'}: {number} × {names.PRODUCTS[thing].name}"
                for row, number, thing in zip(account.tolist(), quantity.tolist(), product.tolist(), strict=True)
            ],
            "owner": people[deals.owner],
            "account": _or_none(has_account, customers.ids[account] if len(customers.ids) else account),
            "contact": _or_none(has_account, customers.first_contact[account] if len(customers.ids) else account),
            "product": products[product],
            "stage": stage_ids[reached],
            "status": status,
            "amount": amount,
            "currency": currency,
            "opened_on": moments.dates(deals.opened),
            "expected_close_on": moments.dates(expected),
            "closed_on": [None if still else day for still, day in zip(openness, closed_on, strict=True)],
            "lost_reason": [
                reason if state == "lost" else None for reason, state in zip(reasons, status.tolist(), strict=True)
            ],
            "own_forecast_category": [""] * count,
            "source": [_one_of(rng, names.SOURCES) for _ in range(count)],
            "quoted_on": _or_none(reached >= 2, moments.dates(np.minimum(step_days[:, 2], deals.decided))),
            "next_step": [_one_of(rng, names.NEXT_STEPS) if still else "" for still in openness],
            "next_step_on": _or_none(is_open, moments.dates(now + rng.integers(-2, 15, count))),
            "version": [1] * count,
            "created_at": opened_at,
        },
    )

    changed: list[tuple[Ints, list[str], str, list[str], list[str]]] = []
    everyone = np.arange(count)
    by = [person.user_id for person in company.people]

    def tell(rows: Ints, at: list[str], field: str, was: list[str], value: list[str]) -> None:
        changed.append((rows, at, field, was, value))

    nothing = [""] * count
    tell(everyone, opened_at, "stage", nothing, [str(stage_names[0])] * count)
    tell(everyone, opened_at, "status", nothing, ["open"] * count)
    tell(everyone, opened_at, "amount", nothing, [f"{value}.00" for value in amount_first.tolist()])
    tell(everyone, opened_at, "expected_close_on", nothing, moments.dates(expected_first))
    tell(everyone, opened_at, "owner", nothing, [str(key) for key in people[deals.owner].tolist()])
    for place in range(1, len(stages)):
        rows = np.flatnonzero(reached >= place)
        at = moments.at(
            np.minimum(step_days[rows, place], deals.decided[rows]),
            11 * 60 + place * 60 + rng.integers(0, 50, len(rows)),
        )
        tell(rows, at, "stage", [str(stage_names[place - 1])] * len(rows), [str(stage_names[place])] * len(rows))
    rows = np.flatnonzero(grew & (pushed_on < now))
    tell(
        rows,
        moments.at(pushed_on[rows], 11 * 60 + 10),
        "amount",
        [f"{value}.00" for value in amount_first[rows].tolist()],
        [f"{value}.00" for value in amount[rows].tolist()],
    )
    rows = np.flatnonzero((expected_first != expected) & (pushed_on < now))
    tell(
        rows,
        moments.at(pushed_on[rows], 11 * 60 + 20),
        "expected_close_on",
        moments.dates(expected_first[rows]),
        moments.dates(expected[rows]),
    )
    rows = np.flatnonzero(~is_open)
    tell(
        rows,
        moments.at(deals.decided[rows], 16 * 60 + rng.integers(0, 75, len(rows))),
        "status",
        ["open"] * len(rows),
        status[rows].tolist(),
    )
    copy_into(
        DealChange,
        {
            "deal": np.concatenate([ids[part[0]] for part in changed]),
            "by": [by[row] for part in changed for row in deals.owner[part[0]].tolist()],
            "changed_at": [at for part in changed for at in part[1]],
            "field": [part[2] for part in changed for _ in part[1]],
            "was": [was for part in changed for was in part[3]],
            "value": [value for part in changed for value in part[4]],
        },
    )
    _write_orders(rng, company, deals, ids, moments, account, customers, products[product], quantity, amount, currency)
    analyse(Deal, Outcome)
    _reopen_some(rng, company, deals, ids, moments)
    post_outcomes(deal_ids=ids[~is_open].tolist(), by=None, at=moments.moment(now, 1), reason=REASON)
    return ids, account


def _write_orders(
    rng: np.random.Generator,
    company: Company,
    deals: Deals,
    deal_ids: Ints,
    moments: Moments,
    account: Ints,
    customers: Customers,
    product: Ints,
    quantity: Ints,
    amount: Ints,
    currency: list[str],
) -> None:
    """An order for each won deal; a few are shared, overlaid, refunded or cancelled; then their credit."""
    now = company.calendar.now
    won = np.flatnonzero(deals.won & (deals.decided < now))
    won = won[np.argsort(deals.decided[won], kind="stable")]
    people = np.array([person.pk for person in company.people])
    ordered = deals.decided[won]
    ordered_on = moments.dates(ordered)
    delivered = ordered + rng.integers(14, 45, len(won))
    # Without a draw of its own: what is drawn after it stays what it was.
    place = np.arange(len(won))
    promised = ordered + 36 + place % 7
    took = np.where(place % 6 == 0, delivered - ordered - 2, (delivered - ordered) * (4 + place % 3) // 9)
    produced = ordered + np.maximum(took, 1)
    cancelled = (rng.random(len(won)) < 0.002) & (ordered < now - 40)
    ids = copy_into(
        Order,
        {
            "external_id": [f"O-{row:06d}" for row in range(1, len(won) + 1)],
            "number": [f"TI-{day[:4]}-{row:06d}" for row, day in enumerate(ordered_on, start=1)],
            "owner": people[deals.owner[won]],
            "account": _or_none(account[won] >= 0, customers.ids[account[won]] if len(customers.ids) else won),
            "deal": deal_ids[won],
            "product": product[won],
            "quantity": quantity[won],
            "amount": amount[won],
            "currency": [currency[row] for row in won.tolist()],
            "ordered_on": ordered_on,
            "promised_on": moments.dates(promised),
            "produced_on": _or_none(produced < now, moments.dates(np.minimum(produced, now))),
            "delivered_on": _or_none(delivered < now, moments.dates(np.minimum(delivered, now))),
            "is_booked_by_win": [True] * len(won),
            "cancelled_on": _or_none(cancelled, moments.dates(ordered + 12)),
            "created_at": moments.at(ordered, 1020),
        },
    )
    plain = np.array([row for row, seat in enumerate(company.seats) if seat.role == "rep" and not seat.story])
    alone = np.isin(deals.owner[won], plain)
    with_whom = plain[rng.integers(0, len(plain), len(won))] if len(plain) else deals.owner[won]
    draw = rng.random(len(won))
    both = alone & (with_whom != deals.owner[won])
    shared, overlaid = np.flatnonzero(both & (draw < 0.025)), np.flatnonzero(both & (draw > 0.985))
    parts = (
        (shared, deals.owner[won], "primary", 70),
        (shared, with_whom, "primary", 30),
        (overlaid, with_whom, "overlay", 10),
    )
    CreditShare.objects.bulk_create(
        [
            CreditShare(order_id=int(ids[row]), person_id=int(people[who[row]]), kind=kind, percent=percent)
            for rows, who, kind, percent in parts
            for row in rows.tolist()
        ]
    )
    returned = np.flatnonzero(alone & ~cancelled & (draw > 0.3) & (draw < 0.307) & (ordered < now - 35))
    Refund.objects.bulk_create(
        [
            Refund(
                external_id=f"R-{row:06d}",
                order_id=int(ids[row]),
                amount=Decimal(int(amount[won[row]])) / 4,
                occurred_on=moments.dates(ordered[row : row + 1] + 30)[0],
                reason="Part of the delivery returned",
            )
            for row in returned.tolist()
        ],
        batch_size=1000,
    )
    analyse(Order, CreditShare, Refund, Credit)
    recredit_orders(order_ids=ids.tolist(), by=None, at=moments.moment(now, 1), reason=REASON)


def _reopen_some(rng: np.random.Generator, company: Company, deals: Deals, ids: Ints, moments: Moments) -> None:
    """A few deals had been lost before they came back and were won: all three decisions stay in the ledger (R11)."""
    now = company.calendar.now
    plain = np.array([seat.role == "rep" and not seat.story for seat in company.seats])
    late = deals.won & (deals.decided < now - 100) & plain[deals.owner] & (deals.decided - deals.opened > 20)
    at, reason = moments.moment(now, 0), LostReason.objects.get(key="no_budget")
    for row in rng.permutation(np.flatnonzero(late))[:10].tolist():
        again = Deal.objects.filter(pk=int(ids[row]))
        won_on, lost_day, back_day = again.get().closed_on, int(deals.decided[row]) - 12, int(deals.decided[row]) - 6
        lost_on, back_on = (date.fromisoformat(day) for day in moments.dates(np.array([lost_day, back_day])))
        again.update(status="lost", closed_on=lost_on, lost_reason=reason)
        post_outcomes(deal_ids=[int(ids[row])], by=None, at=at, reason=REASON)
        again.update(status="open", closed_on=None, lost_reason=None)
        post_outcomes(deal_ids=[int(ids[row])], by=None, at=at, on=back_on, reason=REASON)
        again.update(status="won", closed_on=won_on)
        for day, was, value in ((lost_day, "open", "lost"), (back_day, "lost", "open")):
            DealChange.objects.create(
                deal_id=int(ids[row]), changed_at=moments.moment(day, 1000), field="status", was=was, value=value
            )


def write_work(
    rng: np.random.Generator, company: Company, customers: Customers, deal_ids: Ints, accounts: Ints, work: Work
) -> None:
    """Activities at working hours; most on a deal, the rest on an account of one's own."""
    count = len(work.owner)
    people = np.array([person.pk for person in company.people])
    moments = _moments(company)
    own_account = _accounts_for(rng, customers, work.owner, len(company.people))
    on_deal = work.deal >= 0
    account = np.where(on_deal, accounts[work.deal] if len(accounts) else -1, own_account)
    known = account >= 0
    kinds = [KINDS[kind] for kind in work.kind.tolist()]
    words = rng.integers(0, 60, count).tolist()
    lengths = {"call": 10, "email": 5, "meeting": 60, "demo": 50, "visit": 150, "task": 25}
    copy_into(
        Activity,
        {
            "external_id": [f"T-{row:07d}" for row in range(1, count + 1)],
            "owner": people[work.owner],
            "kind": kinds,
            "occurred_at": moments.at(work.day, work.minute),
            "occurred_on": moments.dates(work.day),
            "account": _or_none(known, customers.ids[account] if len(customers.ids) else account),
            "contact": _or_none(known, customers.first_contact[account] if len(customers.ids) else account),
            "deal": _or_none(on_deal, deal_ids[work.deal] if len(deal_ids) else work.deal),
            "outcome": [
                names.OUTCOMES[kind][word % len(names.OUTCOMES[kind])] for kind, word in zip(kinds, words, strict=True)
            ],
            "duration_minutes": [lengths[kind] + word % 4 * 5 for kind, word in zip(kinds, words, strict=True)],
            "notes": [names.NOTES[word] if word < len(names.NOTES) else "" for word in words],
            "version": [1] * count,
            "created_at": moments.at(work.day, work.minute + 5),
        },
    )


def write_tasks(rng: np.random.Generator, company: Company) -> None:
    """What is to be done this week, for a sample of each rep's open deals."""
    today = company.calendar.today
    rows = []
    for seat, person in zip(company.seats, company.people, strict=True):
        if seat.role != "rep":
            continue
        open_deals = (
            Deal.objects.open().filter(owner=person).select_related("account").order_by("expected_close_on", "pk")[:4]
        )
        for place, deal in enumerate(open_deals):
            due = np.datetime64(today) + int(rng.integers(-2, 7)) + place
            rows.append(
                Task(
                    owner=person,
                    text=f"{deal.next_step or 'Call back'}: {deal.account or deal.name}"[:300],
                    due_on=due.item(),
                    source="follow_up",
                    deal=deal,
                    account=deal.account,
                )
            )
    Task.objects.bulk_create(rows)


def _moments(company: Company, deals: Deals | None = None) -> Moments:
    calendar = company.calendar
    earliest = min(-400, int(deals.opened.min()) - 1 if deals is not None and len(deals) else 0)
    return Moments(calendar.start, ZONE, earliest=earliest, latest=len(calendar.days) + 400)


def _accounts_for(rng: np.random.Generator, customers: Customers, owners: Ints, people: int) -> Ints:
    """An account of the owner for each, some accounts much more often than others; −1 where there is none."""
    order = np.argsort(customers.owner, kind="stable")
    bounds = np.searchsorted(customers.owner[order], np.arange(people + 1))
    many = (bounds[1:] - bounds[:-1])[owners]
    pick = bounds[owners] + (rng.random(len(owners)) ** 1.7 * many).astype(np.int64)
    if not len(order):
        return np.full(len(owners), -1)
    return np.where((many > 0) & (rng.random(len(owners)) < 0.985), order[np.minimum(pick, len(order) - 1)], -1)


def _successors(company: Company) -> Ints:
    """Who has the accounts of each by now: a colleague where somebody left."""
    rows = np.arange(len(company.seats))
    for row, (seat, tenure) in enumerate(zip(company.seats, company.tenures, strict=True)):
        if tenure.left:
            others = [
                other
                for other, one in enumerate(company.seats)
                if one.team == seat.team and other != row and one.role == "rep"
            ]
            rows[row] = others[0] if others else row
    return rows


def _or_none(known: "np.ndarray[tuple[int], np.dtype[np.bool_]]", values: "Floats | Ints | list[str]") -> list[object]:
    return [value if has else None for has, value in zip(known.tolist(), list(values), strict=True)]


def _one_of(rng: np.random.Generator, values: tuple[str, ...]) -> str:
    return values[int(rng.integers(0, len(values)))]
