"""Forms of plans of coaching: they clean, services save."""

from typing import Any

from django import forms

from coaching.models import CoachingPlan
from salesmgmt.lib.days import require_our_time
from salesmgmt.lib.offering import offer
from teams.models import Person

from .cases import DAY


class CoachingPlanForm(forms.Form):
    """Who gets which help, for which measure, from when until when."""

    person = forms.ModelChoiceField(Person.objects.none(), label="Who is helped", empty_label="Choose a person")
    kind = forms.ChoiceField(label="Kind of help", choices=CoachingPlan.Kind.choices)
    coach = forms.ModelChoiceField(
        Person.objects.none(), label="Who helps", required=False, empty_label="I do", help_text="A mentor, a trainer"
    )
    measure = forms.ChoiceField(label="Measure it is for")
    starts_on = forms.DateField(label="From", widget=DAY, validators=[require_our_time])
    until = forms.DateField(
        label="Until", widget=DAY, validators=[require_our_time], help_text="The first day it is over"
    )
    text = forms.CharField(
        label="What exactly", required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, people: Any, coaches: Any, measures: list[tuple[str, str]], **more: Any) -> None:
        super().__init__(*args, **more)
        offer(self, person=people.order_by("name", "pk"), coach=coaches.order_by("name", "pk"), measure=measures)


class MovePlanForm(forms.Form):
    until = forms.DateField(label="Until", widget=DAY, validators=[require_our_time])
    reason = forms.CharField(label="Why", max_length=200)
    version = forms.IntegerField(required=False, widget=forms.HiddenInput, min_value=1, max_value=2**31 - 1)
