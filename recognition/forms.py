"""Forms of recognition: they clean, services save."""

from typing import Any

from django import forms
from django.db.models import QuerySet

from recognition.models import BoardKind
from salesmgmt.lib.offering import offer
from teams.models import Person, Team

WORDS = forms.Textarea(attrs={"rows": 2})


class KudosForm(forms.Form):
    prefix = "kudos"
    receiver = forms.ModelChoiceField(Person.objects.none(), label="Thank", empty_label="Choose a colleague")
    text = forms.CharField(label="For what", max_length=500, widget=WORDS)

    def __init__(self, *args: Any, people: QuerySet[Person], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, receiver=people)


class AwardForm(forms.Form):
    prefix = "award"
    person = forms.ModelChoiceField(Person.objects.none(), label="Who", empty_label="Choose one of your people")
    title = forms.CharField(label="Award", max_length=200)
    sentence = forms.CharField(label="In your own words", max_length=500, widget=WORDS)

    def __init__(self, *args: Any, people: QuerySet[Person], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, person=people)


class WordForm(forms.Form):
    """A manager's own sentence on what the system found."""

    sentence = forms.CharField(label="In your own words", max_length=500, widget=WORDS)


class ScreenForm(forms.Form):
    """A wall screen: where it hangs, whose boards it shows, and how quickly it turns."""

    name = forms.CharField(max_length=100, label="Where it hangs")
    team = forms.ModelChoiceField(Team.objects.none(), empty_label="Choose a team")
    boards = forms.MultipleChoiceField(
        choices=BoardKind.choices,
        widget=forms.CheckboxSelectMultiple,
        initial=[BoardKind.RAMPED, BoardKind.IMPROVEMENT],
    )
    seconds = forms.IntegerField(min_value=5, max_value=300, initial=20, label="Seconds before it turns")

    def __init__(self, *args: Any, teams: QuerySet[Team], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, team=teams)


class SwitchForm(forms.Form):
    """Which state of a screen somebody has seen."""

    version = forms.IntegerField(min_value=1, max_value=10**9)


class SettleForm(forms.Form):
    """Which pay, and with what it was settled."""

    dispute = forms.IntegerField(min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput)
    person = forms.IntegerField(min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput)
    note = forms.CharField(label="With which payroll or statement", max_length=200)
