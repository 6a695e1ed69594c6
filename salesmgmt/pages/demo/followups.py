"""What followed the orders of the demo company: lines, problems on the way, answers, complaints, contracts."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
from django.contrib.auth.hashers import make_password

from sales.models import Complaint, Contract, DeliveryProblem, Feedback, Order, OrderLine, Task
from sales.services import make_follow_ups
from salesmgmt.lib.ranges import half_open
from teams.models import Person, Posting, Role, Team, User

from .cast import ROOT
from .loading import copy_into

INSTALLATION = "Installation and training"
SAID = {
    "good": ("Quick and friendly.", "Exactly what we ordered.", "Installation went smoothly.", "", "", ""),
    "fair": ("All right so far.", "The manual could be clearer.", "", ""),
    "poor": ("It came late and nobody told us.", "We had to ask twice.", "One probe was missing."),
}
COMPLAINTS = (
    "Two of the instruments show different values at the same place.",
    "The delivery came three weeks late, and nobody called.",
    "The invoice names another price than the offer.",
    "We wait for the calibration papers since the delivery.",
    "The connector does not fit the housing we ordered.",
)
TERMS = (
    ("quality_terms", "Calibrated to ISO 17025; replacement within five working days."),
    ("price_terms", "3 % from 25 pieces on, 6 % from 100 on; prices hold for the term."),
    ("logistics_terms", "Free delivery, four weeks after the order at the latest."),
)


def write_what_followed(*, seed: int, today: date) -> None:
    """Write all of it, by a generator of its own: what the seed had written stays as it is."""
    rng = np.random.default_rng([seed, 2026])
    orders: list[Any] = list(
        Order.objects.standing()
        .order_by("pk")
        .values("pk", "owner", "account", "product__list_price", "product", "quantity", "amount", "ordered_on",
                "promised_on", "produced_on", "delivered_on", "created_at")
    )  # fmt: skip
    if not orders:
        return
    _write_lines(rng, orders)
    _write_problems(rng, orders)
    _write_answers(rng, orders, today)
    make_follow_ups(on=today)
    done = list(Task.objects.filter(order__isnull=False).order_by("pk").values_list("pk", flat=True))
    some = [pk for place, pk in enumerate(done) if place % 4]
    Task.objects.filter(pk__in=some).update(done_at=datetime.combine(today, time(7), UTC) - timedelta(days=1))
    _write_contracts(rng, orders, today)


def _write_lines(rng: np.random.Generator, orders: list[dict[str, Any]]) -> None:
    """The goods, and for some orders their installation; together exactly the order's net."""
    rows: dict[str, list[Any]] = {
        name: []
        for name in ("order", "product", "text", "quantity", "list_price", "unit_price", "amount", "created_at")
    }

    def add(order: dict[str, Any], product: Any, text: str, quantity: Any, price: Any, amount: Decimal) -> None:
        unit = None if quantity in (None, 0) else (amount / quantity).quantize(Decimal("0.0001"))
        values = (order["pk"], product, text, quantity, price, unit, amount, order["created_at"])
        for name, value in zip(rows, values, strict=True):
            rows[name].append(value)

    for order, is_installed in zip(orders, (rng.random(len(orders)) < 0.3).tolist(), strict=True):
        extra = (order["amount"] * Decimal("0.12")).quantize(Decimal(1)) if is_installed else Decimal(0)
        goods = order["amount"] - extra
        add(order, order["product"], "", order["quantity"], order["product__list_price"], goods)
        if extra:
            add(order, None, INSTALLATION, Decimal(1), None, extra)
    copy_into(OrderLine, rows)


def _write_problems(rng: np.random.Generator, orders: list[dict[str, Any]]) -> None:
    late = [order for order in orders if order["delivered_on"] and order["delivered_on"] > order["promised_on"]]
    rows = []
    for order in late:
        draw = rng.random()
        if draw > 0.5:
            continue
        is_made_late = order["produced_on"] and order["produced_on"] > order["promised_on"]
        kind = "production" if is_made_late else "carrier" if draw < 0.4 else "damaged"
        found = order["delivered_on"]
        rows.append(
            DeliveryProblem(
                order_id=order["pk"], kind=kind, found_on=found,
                resolved_on=found + timedelta(days=int(draw * 20)) if draw < 0.45 else None,
                text="The customer was told." if draw < 0.3 else "",
            )
        )  # fmt: skip
    DeliveryProblem.objects.bulk_create(rows)


def _write_answers(rng: np.random.Generator, orders: list[dict[str, Any]], today: date) -> None:
    """Some customers answer some days after the delivery; those whose goods came late are less content."""
    answers, complaints = [], []
    since = today - timedelta(days=540)
    for order in orders:
        delivered = order["delivered_on"]
        if not delivered or order["account"] is None or delivered < since:
            continue
        draw, mood, days = rng.random(), rng.random(), int(rng.integers(7, 17))
        given = delivered + timedelta(days=days)
        if draw > 0.32 or given >= today:
            continue
        is_late = delivered > order["promised_on"]
        tone = "poor" if mood < (0.45 if is_late else 0.06) else "fair" if mood < 0.45 else "good"
        csat, nps = {"poor": (2, 4), "fair": (4, 7), "good": (5, 9)}[tone]
        words = SAID[tone]
        base = {"account_id": order["account"], "order_id": order["pk"], "owner_id": order["owner"], "given_on": given}
        wobble = int(mood * 100)
        answers.append(Feedback(kind="csat", score=csat - wobble % 2, comment=words[wobble % len(words)], **base))
        answers.append(Feedback(kind="nps", score=min(nps + wobble % 2, 10), **base))
        if tone == "poor" and given > today - timedelta(days=120):
            complaints.append((given, base, wobble))
    Feedback.objects.bulk_create(answers, batch_size=2000)
    rows = []
    for place, (given, base, wobble) in enumerate(sorted(complaints, key=lambda one: (one[0], one[1]["order_id"]))):
        age = (today - given).days
        is_over = age > 10 and place % 9 != 0
        rows.append(
            Complaint(
                account_id=base["account_id"], order_id=base["order_id"], owner_id=base["owner_id"],
                text=COMPLAINTS[wobble % len(COMPLAINTS)], received_on=given,
                answered_on=given + timedelta(days=1) if is_over or age > 3 else None,
                resolved_on=given + timedelta(days=3 + wobble % 6) if is_over else None,
                resolution="Replaced, and the customer called." if is_over else "",
            )
        )  # fmt: skip
    Complaint.objects.bulk_create(rows)


def _write_contracts(rng: np.random.Generator, orders: list[dict[str, Any]], today: date) -> None:
    """The customers who buy most have a contract for a year; a few of them run out soon."""
    bought: dict[int, Decimal] = {}
    owner: dict[int, int] = {}
    for order in orders:
        if order["account"] is not None:
            bought[order["account"]] = bought.get(order["account"], Decimal(0)) + order["amount"]
            owner[order["account"]] = order["owner"]
    best = sorted(bought, key=lambda account: (-bought[account], account))[: max(2, len(bought) // 12)]
    rows = []
    for place, account in enumerate(best):
        ends = today + timedelta(days=(25 if place % 11 else 380) + int(rng.integers(0, 330)))
        starts = ends - timedelta(days=364)
        rows.append(
            Contract(
                external_id=f"K-{place + 1:04d}", account_id=account, owner_id=owner[account],
                number=f"TI-C-{place + 1:04d}", starts_on=starts, ends_on=ends, notice_on=ends - timedelta(days=30),
                value=(bought[account] / 2).quantize(Decimal(100)), currency="EUR",
                signed_on=starts - timedelta(days=12) if place % 11 else None,
                signed_by="The customer's board" if place % 11 else "", renew_days_before=60, **dict(TERMS),
            )
        )  # fmt: skip
    Contract.objects.bulk_create(rows)


def write_delivery_department() -> None:
    """Who delivers: a team that does not sell, and somebody of it who can log in."""
    root = Team.objects.filter(name=ROOT).first()
    if root is None or Team.objects.exclude(department="").exists():
        return
    team = Team.objects.create(name="Delivery", parent=root, department=Team.Department.DELIVERY)
    user = User.objects.create(username="dita", password=make_password("demo"), email="dita@example.com")
    since = Posting.objects.order_by("during").values_list("during", flat=True)[0].lower
    person = Person.objects.create(
        external_id="E-900", name="Dita Novotná", email=user.email, user=user, hired_on=since
    )
    Posting.objects.create(person=person, team=team, role=Role.DEPARTMENT, during=half_open(since))
