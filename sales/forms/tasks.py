"""Tasks: added with a word and a day, changed in full."""

from typing import Any

from django import forms

from sales.models import Account, Contact, Deal, Lead, Order, Task
from salesmgmt.lib.offering import offer
from teams.models import Person

from .fields import AccountField, DayField, ForUser, ListForm, MomentField, Versioned

TIES: dict[str, Any] = {"account": Account, "contact": Contact, "deal": Deal, "lead": Lead, "order": Order}
EVERY = [("", "Once"), *Task.Recurs.choices]


class TaskForm(ForUser, Versioned):
    """Everything a task says."""

    text = forms.CharField(max_length=300, label="What is to be done")
    due_on = DayField(label="By when")
    owner = forms.ModelChoiceField(Person.objects.none(), required=False, empty_label=None, label="Who does it")
    account = AccountField(required=False)
    remind_at = MomentField(required=False, label="Remind at")
    recurs = forms.ChoiceField(choices=EVERY, required=False, label="How often")
    recurs_until = DayField(required=False, label="Until, at the latest")

    def __init__(self, *args: Any, owners: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        if len(owners) > 1:
            offer(self, owner=owners)
        else:
            del self.fields["owner"]


class QuickTaskForm(ForUser):
    """A task from any record's page: a word, and one tap for the day."""

    text = forms.CharField(max_length=300, label="What is to be done")
    when = forms.ChoiceField(choices=[(name, name) for name in ("tomorrow", "week", "day")], required=False)
    due_on = DayField(required=False)
    contact = forms.ModelChoiceField(Contact.objects.none(), required=False)
    deal = forms.ModelChoiceField(Deal.objects.none(), required=False)
    lead = forms.ModelChoiceField(Lead.objects.none(), required=False)
    order = forms.ModelChoiceField(Order.objects.none(), required=False)
    account = forms.ModelChoiceField(Account.objects.none(), required=False)

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        offer(self, **{name: model.objects.visible_to(self.user) for name, model in TIES.items()})

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("when") not in {"tomorrow", "week"} and not cleaned.get("due_on"):
            self.add_error("due_on", "Say by which day.")
        return cleaned


class SnoozeForm(forms.Form):
    when = forms.ChoiceField(choices=[(name, name) for name in ("tomorrow", "week", "day")], required=False)
    due_on = DayField(required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("when") not in {"tomorrow", "week"} and not cleaned.get("due_on"):
            self.add_error("due_on", "Say until which day.")
        return cleaned


class TaskListForm(ListForm):
    """Whose list; nobody's number is one's own."""

    owner = forms.IntegerField(required=False, min_value=1, max_value=2**62)
