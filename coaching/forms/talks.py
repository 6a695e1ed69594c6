"""Forms of 1:1s, promises and notes."""

from datetime import date, datetime
from typing import Any

from django import forms

from salesmgmt.lib.days import require_our_time
from salesmgmt.lib.offering import offer
from teams.models import Person

from .cases import DAY


class PlanForm(forms.Form):
    """A 1:1 with one of your people. The time is in the zone of whoever fills it in."""

    person = forms.ModelChoiceField(Person.objects.none(), label="With")
    starts_at = forms.DateTimeField(
        label="When",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"],
        error_messages={"invalid": "Give a day and a time, such as 2026-11-23 10:00."},
        validators=[require_our_time],
    )

    def __init__(self, *args: Any, people: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, person=people.order_by("name", "pk"))


class AgendaForm(forms.Form):
    text = forms.CharField(label="Point", max_length=500)


class ActionForm(forms.Form):
    """A promise: who, what, by when."""

    owner = forms.ModelChoiceField(Person.objects.none(), label="Who", empty_label=None)
    text = forms.CharField(label="Promises what", max_length=300)
    due_on = forms.DateField(label="By when", widget=DAY, validators=[require_our_time])

    def __init__(self, *args: Any, pair: list[Person], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = Person.objects.filter(pk__in=[person.pk for person in pair])
        offer(self, owner=people.order_by("name", "pk"))


class NoteForm(forms.Form):
    """Private to the two unless it says otherwise."""

    PAIR, UP, MINE = "pair", "up", "mine"
    text = forms.CharField(label="Note", widget=forms.Textarea(attrs={"rows": 3}), max_length=10_000)
    readers = forms.ChoiceField(
        label="Who may read it",
        choices=[(PAIR, "The two of us"), (UP, "The two of us and up the line"), (MINE, "Only me")],
    )


def next_talk(today: date, zone: Any) -> datetime:
    """Ten o'clock on the next weekday."""
    day = date.fromordinal(today.toordinal() + (3 if today.weekday() == 4 else 2 if today.weekday() == 5 else 1))
    return datetime(day.year, day.month, day.day, 10, tzinfo=zone)


class MoveTalkForm(forms.Form):
    """Another time for a 1:1, and why. The time is in the zone of whoever fills it in."""

    starts_at = forms.DateTimeField(
        label="New time",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"],
        error_messages={"invalid": "Give a day and a time, such as 2026-11-23 10:00."},
        validators=[require_our_time],
    )
    reason = forms.CharField(label="Why", max_length=300, help_text="For the two of you")


class CancelTalkForm(forms.Form):
    reason = forms.CharField(label="Why", max_length=300, required=False, help_text="For the two of you")


class DoneForm(forms.Form):
    result = forms.CharField(label="What came of it", max_length=300, required=False)
