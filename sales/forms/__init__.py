"""Clean input of sales' pages. What a field refuses, it refuses in one sentence."""

from .activities import ActivityForm, ActivityListForm, LogForm
from .customers import AccountForm, AccountListForm, ContactForm
from .deals import DealAddForm, DealForm, DealListForm, LoseForm, MoveForm, ReopenForm, WinForm
from .fields import (
    EARLIEST,
    LATEST,
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
from .market import MarketNoteChangeForm, MarketNoteForm, MarketNoteListForm
from .orders import CancelForm, OrderListForm, RefundForm, ShareForm
from .tasks import QuickTaskForm, SnoozeForm, TaskForm, TaskListForm
from .time import AssignMailForm, TemplateForm, TimeEntryForm, TimeListForm

__all__ = [
    "EARLIEST",
    "LATEST",
    "NUMBERED",
    "AccountField",
    "AccountForm",
    "AccountListForm",
    "ActivityForm",
    "ActivityListForm",
    "AmountField",
    "AssignMailForm",
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
    "MarketNoteChangeForm",
    "MarketNoteForm",
    "MarketNoteListForm",
    "MomentField",
    "MoveForm",
    "OrderListForm",
    "QuickTaskForm",
    "RefundForm",
    "ReopenForm",
    "ShareForm",
    "SnoozeForm",
    "TaskForm",
    "TaskListForm",
    "TemplateForm",
    "TimeEntryForm",
    "TimeListForm",
    "Versioned",
    "WinForm",
    "not_ahead",
]
