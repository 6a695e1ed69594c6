"""What happened: accounts, deals, activities, orders, and the credit ledger."""

from .activities import Activity, Task
from .customers import Account, AccountQuerySet, Contact, ContactQuerySet, Product, ProductQuerySet, may_write_for
from .deals import (
    FEW,
    Deal,
    DealChange,
    DealQuerySet,
    ForecastCategory,
    LostReason,
    Outcome,
    OutcomeQuerySet,
    Pipeline,
    Stage,
    credited_on,
)
from .orders import Credit, CreditQuerySet, CreditShare, Order, OrderQuerySet, Refund, RefundQuerySet

__all__ = [
    "FEW",
    "Account",
    "AccountQuerySet",
    "Activity",
    "Contact",
    "ContactQuerySet",
    "Credit",
    "CreditQuerySet",
    "CreditShare",
    "Deal",
    "DealChange",
    "DealQuerySet",
    "ForecastCategory",
    "LostReason",
    "Order",
    "OrderQuerySet",
    "Outcome",
    "OutcomeQuerySet",
    "Pipeline",
    "Product",
    "ProductQuerySet",
    "Refund",
    "RefundQuerySet",
    "Stage",
    "Task",
    "credited_on",
    "may_write_for",
]
