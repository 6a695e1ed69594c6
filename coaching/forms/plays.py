"""Forms of plays: they clean, services save."""

from typing import Any

from django import forms

from coaching.models import Play
from sales.models import Product, Stage
from salesmgmt.lib.offering import offer
from teams.models import User


def _long(label: str, most: int, *, rows: int = 3, **more: Any) -> forms.CharField:
    return forms.CharField(label=label, max_length=most, widget=forms.Textarea(attrs={"rows": rows}), **more)


class PlayForm(forms.Form):
    """What a play says and where it fits."""

    name = forms.CharField(label="Name", max_length=120)
    technique = _long("What one does", 3000, rows=4)
    talk_track = _long("What one says, word for word", 3000, required=False)
    objection = forms.CharField(label="Objection it answers", max_length=500, required=False)
    answer = _long("The answer to it", 2000, required=False)
    example = _long("An example", 3000, required=False)
    stage = forms.ModelChoiceField(Stage.objects.none(), label="Fits stage", required=False, empty_label="Any")
    segment = forms.CharField(label="Fits industry", max_length=100, required=False, help_text="Empty: any")
    product = forms.ModelChoiceField(Product.objects.none(), label="Fits product", required=False, empty_label="Any")
    version = forms.IntegerField(required=False, widget=forms.HiddenInput, min_value=1, max_value=2**31 - 1)

    def __init__(self, *args: Any, user: User, **more: Any) -> None:
        super().__init__(*args, **more)
        stages = Stage.objects.select_related("pipeline").order_by("pipeline__name", "position", "pk")
        offer(self, stage=stages, product=Product.objects.visible_to(user).order_by("name", "pk"))


class PlayCommentForm(forms.Form):
    text = _long("Comment", 2000)


class PlayReasonForm(forms.Form):
    reason = forms.CharField(label="Why", max_length=300)


class PlayListForm(forms.Form):
    """What the list is narrowed to; what makes no sense is left out."""

    text = forms.CharField(required=False, max_length=100)
    state = forms.ChoiceField(required=False, choices=[("", ""), *Play.State.choices])
    stage = forms.IntegerField(required=False, min_value=1, max_value=2**62)
    cursor = forms.CharField(required=False, max_length=500)

    @property
    def asked(self) -> dict[str, Any]:
        self.is_valid()
        return self.cleaned_data


class PlayUseForm(forms.Form):
    play = forms.ModelChoiceField(Play.objects.none(), label="Play", empty_label="Choose a play")

    def __init__(self, *args: Any, user: User, **more: Any) -> None:
        super().__init__(*args, **more)
        self.plays = Play.objects.visible_to(user).in_use().order_by("name", "pk")
        offer(self, play=self.plays)
