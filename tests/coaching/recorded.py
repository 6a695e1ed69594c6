"""Shares of what went wrong, as the records in the database from which a diagnosis counts them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from performance.analysis.signals import Share
from sales.models import (
    Account,
    Campaign,
    Complaint,
    Deal,
    DealLine,
    DealReason,
    Feedback,
    Lead,
    LostReason,
    Order,
    Product,
    Stage,
)
from teams.models import Person

Pairs = Mapping[str, tuple[Share, Share]]
REASONS = ("product", "price", "delivery", "service")
DAY = timedelta(days=1)


@dataclass
class Records:
    """What is to be written, kind by kind, and at once for everybody."""

    account: Account = field(default_factory=lambda: Account.objects.create(name="Halden"))
    fair: Campaign = field(default_factory=lambda: Campaign.objects.create(name="Fair", industries=["Dairies"]))
    old: Product = field(default_factory=lambda: Product.objects.create(name="Meter"))
    new: Product = field(default_factory=lambda: Product.objects.create(name="Gateway"))
    stage: Stage = field(default_factory=lambda: Stage.objects.earliest("pk"))
    why: dict[str, LostReason] = field(default_factory=lambda: LostReason.objects.in_bulk(field_name="key"))
    rows: dict[type[Any], list[Any]] = field(default_factory=dict)

    def add(self, *rows: Any) -> None:
        for row in rows:
            self.rows.setdefault(type(row), []).append(row)

    def write(self) -> None:
        for model in (Deal, DealReason, DealLine, Order, Complaint, Feedback, Lead):
            model.objects.bulk_create(self.rows.get(model, []))  # type: ignore[attr-defined]

    def deal(self, owner: Person, status: str, closed: date, **more: Any) -> Deal:
        more = {"opened_on": closed - 20 * DAY, "amount": 1000} | more
        made = Deal(owner=owner, name=status, stage=self.stage, currency="EUR", status=status, closed_on=closed, **more)
        self.add(made)
        return made

    def of_person(
        self, owner: Person, said: Pairs, days: tuple[date, date], deals: tuple[list[Deal], ...] = ([], [])
    ) -> None:
        """Records on one day of the window and one of the year before, and reasons for deals that there are."""
        for place, on in enumerate(days):
            shares = {key: pair[place] for key, pair in said.items()}
            lost = [deal for deal in deals[place] if deal.status == "lost"]
            won = [deal for deal in deals[place] if deal.status == "won"]
            self._reasons(owner, shares, on, lost)
            self._discounts(owner, shares, on, won)
            self._orders(owner, shares, on)
            self._leads(owner, shares, on)
        if "untaught" in said:
            self._products(owner, said["untaught"], days[0])

    def _reasons(self, owner: Person, shares: Mapping[str, Share], on: date, lost: list[Deal]) -> None:
        for side in ("rep", "buyer"):
            known = max((shares[f"{side}.{key}"].cases for key in REASONS if f"{side}.{key}" in shares), default=0)
            while len(lost) < known:
                lost.append(self.deal(owner, "lost", on))
            named = [key for key in REASONS for _ in range(int(shares.get(f"{side}.{key}", Share()).part))]
            for deal, key in zip(lost[:known], [*named, *["no_decision"] * (known - len(named))], strict=True):
                if side == "rep":
                    deal.lost_reason = self.why[key]
                else:
                    self.add(DealReason(deal=deal, reason=self.why[key], side="buyer", is_main=True))

    def _discounts(self, owner: Person, shares: Mapping[str, Share], on: date, won: list[Deal]) -> None:
        given = shares.get("discount", Share())
        while len(won) < given.cases:
            won.append(self.deal(owner, "won", on))
        price = Decimal(1000) * (1 - Decimal(given.value or 0))
        self.add(
            *(
                DealLine(deal=deal, text="Meter", list_price=1000, unit_price=price.quantize(Decimal("0.0001")))
                for deal in won[: given.cases]
            )
        )

    def _orders(self, owner: Person, shares: Mapping[str, Share], on: date) -> None:
        made, carried, wrong = (shares.get(key, Share()) for key in ("production", "carrier", "complaint"))
        count = max(made.cases, carried.cases, wrong.cases)
        assert made.part + carried.part <= count, "an order is late for one of the two"
        for n in range(count):
            late, slow = n < made.part, n >= count - carried.part
            order = Order(
                owner=owner, account=self.account, amount=Decimal(100), currency="EUR", ordered_on=on, promised_on=on,
                produced_on=on + DAY if late else on, delivered_on=on + DAY if late or slow else on,
            )  # fmt: skip
            self.add(order)
            if n < wrong.part:
                self.add(Complaint(account=self.account, order=order, owner=owner, text="Wet", received_on=on))
        answers = shares.get("csat", Share())
        for n in range(answers.cases):
            score = 2 if n < answers.part else 5
            self.add(Feedback(account=self.account, owner=owner, kind="csat", score=score, given_on=on))

    def _leads(self, owner: Person, shares: Mapping[str, Share], on: date) -> None:
        late, none, away = (shares.get(key, Share()) for key in ("response", "unfit", "reach"))
        came = datetime.combine(on, time(9), UTC)
        for n in range(max(late.cases, none.cases, away.cases)):
            is_none, is_decided = n < none.part, n < none.cases
            status = "disqualified" if is_none else "qualified"
            self.add(
                Lead(
                    name="Lead", owner=owner, received_at=came,
                    first_response_at=came + (2 * DAY if n < late.part else timedelta(hours=1)),
                    status=status if is_decided else "working", decided_at=came if is_decided else None,
                    disqualified_for="no_need" if is_none and is_decided else "",
                    campaign=self.fair if n < away.cases else None,
                    industry="Mills" if n < away.part else "Dairies",
                )
            )  # fmt: skip

    def _products(self, owner: Person, pair: tuple[Share, Share], on: date) -> None:
        """Decided deals on what is new, and on what was sold for long, in the same days."""
        for product, share, age in ((self.new, pair[0], 20), (self.old, pair[1], 300)):
            for n in range(share.cases):
                status = "lost" if n < share.part else "won"
                self.deal(owner, status, on, product=product, opened_on=on - age * DAY)
