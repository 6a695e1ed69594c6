"""Forms of recognition: they clean, services save."""

from typing import Any

from django import forms
from django.db.models import QuerySet

from teams.models import Person

WORDS = forms.Textarea(attrs={"rows": 2})


class KudosForm(forms.Form):
    prefix = "kudos"
    receiver = forms.ModelChoiceField(Person.objects.none(), label="Thank", empty_label="Choose a colleague")
    text = forms.CharField(label="For what", max_length=500, widget=WORDS)

    def __init__(self, *args: Any, people: QuerySet[Person], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["receiver"].queryset = people  # type: ignore[attr-defined]


class AwardForm(forms.Form):
    prefix = "award"
    person = forms.ModelChoiceField(Person.objects.none(), label="Who", empty_label="Choose one of your people")
    title = forms.CharField(label="Award", max_length=200)
    sentence = forms.CharField(label="In your own words", max_length=500, widget=WORDS)

    def __init__(self, *args: Any, people: QuerySet[Person], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"].queryset = people  # type: ignore[attr-defined]


class WordForm(forms.Form):
    """A manager's own sentence on what the system found."""

    sentence = forms.CharField(label="In your own words", max_length=500, widget=WORDS)
