"""What was ordered, and the ledger of who is credited for it."""

from datetime import date
from decimal import Decimal
from typing import Self

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q

from salesmgmt.desk.audit import audited
from salesmgmt.lib.finding import Words
from salesmgmt.lib.ledger import LedgerEntry
from teams.models import (
    Person,
    Record,
    RecordQuerySet,
    Team,
    Viewer,
    access_of,
    external_id_is_unique,
)

from .customers import Account, Product
from .deals import CreditedQuerySet, Deal


class OrderQuerySet(CreditedQuerySet):
    shared_by = "order"

    def standing(self) -> Self:
        """Not cancelled."""
        return self.filter(cancelled_on=None)

    def late(self, by: str = "any") -> Self:
        """Later than promised: made late (`production`), made in time and carried late (`carrier`), or `any`."""
        return self.filter(self._lateness()[by])

    def overdue(self, day: date) -> Self:
        """Promised before a day and not delivered yet."""
        return self.standing().filter(delivered_on=None, promised_on__lt=day)

    @staticmethod
    def _lateness() -> dict[str, Q]:
        made, carried = Q(produced_on__gt=F("promised_on")), Q(delivered_on__gt=F("promised_on"))
        in_time = Q(produced_on__lte=F("promised_on"))
        return {
            "any": made | carried,
            "production": made,
            "carrier": in_time & carried,
            "unknown": Q(produced_on=None) & carried,
        }


class OrderLineQuerySet(RecordQuerySet):
    def visible_to(self, user: Viewer) -> Self:
        """Those of the orders one sees."""
        return self.present().filter(order__in=Order.objects.visible_to(user).values("pk"))


def _listed(name: str, *by: str) -> models.Index:
    """An index that holds all that the list of orders filters and orders by: no row is read but those shown."""
    held = (
        "owner", "account", "ordered_on", "promised_on", "produced_on", "delivered_on", "cancelled_on", "amount", "id",
    )  # fmt: skip
    others = [one for one in held if one not in by and f"-{one}" not in by]
    return models.Index(fields=by, include=others, condition=Q(withdrawn_at=None), name=name)


class Order(Record):
    """What a customer ordered. A won deal books one of its own only when none names it (R12)."""

    number = models.CharField(max_length=100, blank=True)
    owner = models.ForeignKey(Person, models.PROTECT, related_name="orders")
    account = models.ForeignKey(Account, models.PROTECT, null=True, blank=True, related_name="orders")
    deal = models.ForeignKey(Deal, models.PROTECT, null=True, blank=True, related_name="orders")
    product = models.ForeignKey(Product, models.PROTECT, null=True, blank=True, related_name="orders")
    quantity = models.DecimalField(max_digits=18, decimal_places=4, null=True, blank=True)
    amount = models.DecimalField(max_digits=18, decimal_places=2, help_text="Net of tax and discount")
    tax = models.DecimalField(max_digits=18, decimal_places=2, null=True, blank=True, help_text="On top of amount")
    currency = models.CharField(max_length=3)
    ordered_on = models.DateField()
    promised_on = models.DateField(null=True, blank=True)
    produced_on = models.DateField(null=True, blank=True)
    delivered_on = models.DateField(null=True, blank=True)
    delivered_by = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="delivered_orders")
    paid_on = models.DateField(null=True, blank=True, help_text="When the customer had paid all of it")
    is_booked_by_win = models.BooleanField(default=False, editable=False, help_text="Made by winning the deal")
    cancelled_on = models.DateField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1, db_default=1)

    objects = OrderQuerySet.as_manager()

    class Meta:
        triggers = audited()
        constraints = [
            external_id_is_unique("order"),
            models.UniqueConstraint(
                fields=["deal"],
                condition=Q(withdrawn_at=None, cancelled_on=None, deal__isnull=False),
                name="one_order_per_deal",
            ),
        ]
        indexes = [
            _listed("order_list_by_owner", "owner", "ordered_on"),
            models.Index(fields=["account", "ordered_on"], name="order_by_account"),
            _listed("order_list_by_day", "-ordered_on", "-id"),
            _listed("order_list_by_amount", "-amount", "-id"),
            _listed("order_list_by_promise", "promised_on", "id"),
            models.Index(
                fields=["-ordered_on", "-id"],
                include=["promised_on", "owner"],
                condition=Q(withdrawn_at=None, cancelled_on=None, delivered_on=None),
                name="undelivered_order_by_day",
            ),
            models.Index(
                fields=["-ordered_on", "-id"],
                include=["promised_on", "produced_on", "delivered_on", "owner"],
                condition=Q(withdrawn_at=None, cancelled_on=None)
                & (Q(produced_on__gt=F("promised_on")) | Q(delivered_on__gt=F("promised_on"))),
                name="late_order_by_day",
            ),
            models.Index(
                fields=["-ordered_on", "-id"],
                include=["owner"],
                condition=Q(withdrawn_at=None, cancelled_on__isnull=False),
                name="cancelled_order_by_day",
            ),
            GinIndex(Words("number"), condition=~Q(number=""), name="order_by_words"),
        ]

    def __str__(self) -> str:
        return self.number or f"Order {self.pk}"

    @property
    def lateness(self) -> str:
        """Who was late: `production`, the `carrier`, `unknown` where nobody wrote when it was made; "" for nobody."""
        if self.promised_on is None:
            return ""
        if self.produced_on and self.produced_on > self.promised_on:
            return "production"
        if self.delivered_on is None or self.delivered_on <= self.promised_on:
            return ""
        return "carrier" if self.produced_on else "unknown"

    def state_on(self, day: date) -> str:
        """How it stands to its promise, in a word."""
        if self.cancelled_on:
            return "Cancelled"
        if late := self.lateness:
            return {"production": "Made late", "carrier": "Carried late", "unknown": "Late"}[late]
        if self.delivered_on:
            return "In time" if self.promised_on else "Delivered"
        if self.promised_on and self.promised_on < day:
            return "Overdue"
        return "Produced" if self.produced_on else "To be made"


class OrderLine(Record):
    """A line of an order, to four decimals; the order's net is rounded once (R12)."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="lines")
    product = models.ForeignKey(Product, models.PROTECT, null=True, blank=True, related_name="order_lines")
    text = models.CharField(max_length=200, blank=True)
    quantity = models.DecimalField(max_digits=18, decimal_places=4, null=True, blank=True)
    list_price = models.DecimalField(max_digits=18, decimal_places=4, null=True, blank=True)
    unit_price = models.DecimalField(max_digits=18, decimal_places=4, null=True, blank=True)
    unit_cost = models.DecimalField(max_digits=18, decimal_places=4, null=True, blank=True)
    discount = models.DecimalField(max_digits=7, decimal_places=4, null=True, blank=True, help_text="Percent")
    amount = models.DecimalField(max_digits=18, decimal_places=4, help_text="Net of tax and discount")

    objects = OrderLineQuerySet.as_manager()

    class Meta:
        triggers = audited()
        indexes = [
            models.Index(fields=["order"], name="order_line_by_order"),
            models.Index(fields=["product"], name="order_line_by_product"),
        ]
        constraints = [
            external_id_is_unique("order_line"),
            models.CheckConstraint(
                condition=Q(discount=None) | Q(discount__range=(0, 100)), name="line_discount_is_a_percentage"
            ),
        ]


class RefundQuerySet(RecordQuerySet):
    owner_path = "order__owner"


class Refund(Record):
    """Money given back on an order. Net-to-date can't go below zero (R9)."""

    class Kind(models.TextChoices):
        REFUND = "refund", "Refund"
        RETURN = "return", "Goods returned"

    order = models.ForeignKey(Order, models.PROTECT, related_name="refunds")
    amount = models.DecimalField(max_digits=18, decimal_places=2, help_text="Positive, in the order's currency")
    occurred_on = models.DateField()
    reason = models.CharField(max_length=200, blank=True)
    kind = models.CharField(max_length=6, choices=Kind, default=Kind.REFUND, db_default="refund")

    objects = RefundQuerySet.as_manager()

    class Meta:
        triggers = audited()
        constraints = [
            external_id_is_unique("refund"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="refund_is_positive"),
        ]


class CreditShare(models.Model):
    """Who shares an order's credit: percent of 100 (primary) or on top (overlay). Without a row the owner has all."""

    class Kind(models.TextChoices):
        PRIMARY = "primary", "Primary"
        OVERLAY = "overlay", "Overlay"

    order = models.ForeignKey(Order, models.CASCADE, related_name="credit_shares")
    person = models.ForeignKey(Person, models.PROTECT, related_name="credit_shares")
    kind = models.CharField(max_length=7, choices=Kind, default=Kind.PRIMARY)
    percent = models.DecimalField(max_digits=7, decimal_places=4)

    class Meta:
        triggers = audited()
        constraints = [
            models.UniqueConstraint(fields=["order", "person", "kind"], name="one_share_per_person"),
            models.CheckConstraint(condition=Q(percent__gt=0, percent__lte=100), name="share_is_a_percentage"),
        ]


class CreditQuerySet(models.QuerySet):
    def visible_to(self, user: Viewer) -> Self:
        access = access_of(user)
        return self.all() if access.sees_all else self.filter(person__in=access.people)

    def total(self) -> Decimal:
        """Sum in reporting currency."""
        return self.aggregate(total=models.Sum("reporting_amount"))["total"] or Decimal(0)


class Credit(LedgerEntry):
    """Ledger: a person's share of an order. Team and rate are those at the moment of posting (R9, R10, R13)."""

    Kind = CreditShare.Kind

    order = models.ForeignKey(Order, models.PROTECT, related_name="credits")
    person = models.ForeignKey(Person, models.PROTECT, related_name="credits")
    team = models.ForeignKey(Team, models.PROTECT, null=True, related_name="+")
    kind = models.CharField(max_length=7, choices=CreditShare.Kind)
    occurred_on = models.DateField()
    posted_on = models.DateField()
    plan_rate = models.DecimalField(
        max_digits=18, decimal_places=8, null=True, help_text="Empty: judged at the actual rate, there being no other"
    )
    plan_amount = models.DecimalField(max_digits=18, decimal_places=2, null=True, help_text="At the plan rate")

    objects = CreditQuerySet.as_manager()

    class Meta(LedgerEntry.Meta):
        indexes = [
            models.Index(fields=["person", "occurred_on"], name="credit_by_person"),
            models.Index(fields=["order"], name="credit_by_order"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(plan_rate=None, plan_amount=None) | Q(plan_rate__isnull=False, plan_amount__isnull=False),
                name="a_plan_rate_has_its_amount",
            )
        ]
