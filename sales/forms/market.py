"""Market notes."""

from typing import Any

from django import forms

from sales.models import Competitor, Product
from salesmgmt.lib.offering import offer

from .fields import AccountField, ForUser, ListForm, Versioned

WRITING = {
    "rows": 3,
    "placeholder": "@Nordwind cuts its list price by 8 % #price",
    "aria-describedby": "note-completions",
    "hx-get": "/market/options/",
    "hx-trigger": "input changed delay:200ms",
    "hx-target": "#note-completions",
    "hx-swap": "outerHTML",
    "hx-sync": "this:replace",
    "data-completes": "note-completions",
}


class MarketNoteForm(forms.Form):
    """One box."""

    text = forms.CharField(max_length=2000, label="What did you hear or see?", widget=forms.Textarea(attrs=WRITING))


class MarketNoteChangeForm(ForUser, Versioned):
    """Everything a note says."""

    text = forms.CharField(max_length=2000, label="What you heard or saw", widget=forms.Textarea(attrs={"rows": 5}))
    competitor = forms.ModelChoiceField(Competitor.objects.none(), required=False, empty_label="None named")
    product = forms.ModelChoiceField(Product.objects.none(), required=False, empty_label="None named")
    account = AccountField(required=False)

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        products = Product.objects.visible_to(self.user).order_by("name", "pk")
        offer(self, competitor=Competitor.objects.order_by("name"), product=products)


class MarketNoteListForm(ListForm):
    text = forms.CharField(required=False, max_length=200)
    tag = forms.CharField(required=False, max_length=50)
    competitor = forms.IntegerField(required=False, min_value=1, max_value=2**62)
    product = forms.IntegerField(required=False, min_value=1, max_value=2**62)
    account = forms.IntegerField(required=False, min_value=1, max_value=2**62)
    owner = forms.IntegerField(required=False, min_value=1, max_value=2**62)
