"""Clean input of sales' pages. What a field refuses, it refuses in one sentence."""

from .activities import ActivityForm, ActivityListForm, LogForm, TaskForm
from .customers import AccountForm, AccountListForm, ContactForm
from .deals import DealAddForm, DealForm, DealListForm, LoseForm, MoveForm, ReopenForm, WinForm
from .fields import (
    NUMBERED,
    AccountField,
    AmountField,
    ByNameField,
    DayField,
    ForUser,
    ListForm,
    MomentField,
    Versioned,
    not_ahead,
)
from .orders import CancelForm, OrderListForm, RefundForm, ShareForm

__all__ = [
    "NUMBERED",
    "AccountField",
    "AccountForm",
    "AccountListForm",
    "ActivityForm",
    "ActivityListForm",
    "AmountField",
    "ByNameField",
    "CancelForm",
    "ContactForm",
    "DayField",
    "DealAddForm",
    "DealForm",
    "DealListForm",
    "ForUser",
    "ListForm",
    "LogForm",
    "LoseForm",
    "MomentField",
    "MoveForm",
    "OrderListForm",
    "RefundForm",
    "ReopenForm",
    "ShareForm",
    "TaskForm",
    "Versioned",
    "WinForm",
    "not_ahead",
]
