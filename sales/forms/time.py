"""Time that went into something else, activity templates, and mails to be assigned."""

from datetime import date
from typing import Any

from django import forms

from sales.models import Activity, TimeEntry

from .fields import AccountField, DayField, ForUser, ListForm


class TimeEntryForm(forms.Form):
    """Kind, minutes, day."""

    kind = forms.ChoiceField(choices=TimeEntry.Kind.choices)
    minutes = forms.IntegerField(min_value=1, max_value=1440)
    on = DayField(label="Day")
    note = forms.CharField(max_length=200, required=False)

    def __init__(self, *args: Any, today: date, **more: Any) -> None:
        super().__init__(*args, **more)
        self.today = today

    def clean_on(self) -> date:
        on: date = self.cleaned_data["on"]
        if on > self.today:
            raise forms.ValidationError("That day is still to come.")
        return on


class TimeListForm(ListForm):
    week = DayField(required=False)
    owner = forms.IntegerField(required=False, min_value=1, max_value=2**62)


class TemplateForm(forms.Form):
    """What one tap fills in."""

    name = forms.CharField(max_length=100)
    kind = forms.ChoiceField(choices=Activity.Kind.choices)
    outcome = forms.CharField(max_length=100, required=False)
    duration_minutes = forms.IntegerField(required=False, min_value=0, max_value=1440, label="Minutes")
    notes = forms.CharField(required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))


class AssignMailForm(ForUser):
    account = AccountField(label="With which account?")
