"""Accounts and contacts."""

from typing import Any

from django import forms

from teams.models import Person

from .fields import AmountField, ForUser, ListForm


class AccountListForm(ListForm):
    text = forms.CharField(required=False, max_length=200)
    owner = forms.IntegerField(required=False, min_value=1, max_value=2**62)


class AccountForm(ForUser):
    name = forms.CharField(max_length=200)
    industry = forms.CharField(required=False, max_length=100)
    country = forms.CharField(required=False, max_length=100)
    employees = forms.IntegerField(required=False, min_value=0, max_value=2**31 - 1)
    revenue = AmountField(required=False)
    owner = forms.ModelChoiceField(Person.objects.none(), required=False, empty_label="Nobody: everybody sees it")

    def __init__(self, *args: Any, owners: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["owner"].queryset = owners  # type: ignore[attr-defined]


class ContactForm(forms.Form):
    name = forms.CharField(max_length=200)
    email = forms.EmailField(required=False, max_length=254)
    phone = forms.CharField(required=False, max_length=50)
