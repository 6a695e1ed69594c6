"""Forms of rhythms and of how one is."""

from typing import Any

from django import forms

from coaching.models import Pulse, Rhythm
from salesmgmt.lib.days import require_our_time
from salesmgmt.lib.offering import offer
from teams.models import Person

from .cases import DAY


class RhythmForm(forms.Form):
    """Every so many weeks. The time is in the zone of who sets it."""

    person = forms.ModelChoiceField(Person.objects.none(), label="With")
    every_weeks = forms.TypedChoiceField(
        label="How often",
        coerce=int,
        choices=[(1, "Every week"), *((weeks, f"Every {weeks} weeks") for weeks in range(2, 13))],
        initial=2,
    )
    weekday = forms.TypedChoiceField(label="On", coerce=int, choices=Rhythm.Weekday.choices, initial=1)
    at_time = forms.TimeField(
        label="At",
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        initial="10:00",
        error_messages={"invalid": "Give a time such as 10:00."},
    )
    starts_on = forms.DateField(label="From", widget=DAY, validators=[require_our_time])

    def __init__(self, *args: Any, people: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, person=people.order_by("name", "pk"))


class PulseForm(forms.Form):
    kind = forms.ChoiceField(choices=Pulse.Kind.choices)
    score = forms.IntegerField(min_value=1, max_value=5)
