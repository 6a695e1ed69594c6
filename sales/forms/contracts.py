"""Contracts: written down, signed."""

from typing import Any

from django import forms

from salesmgmt.lib.offering import offer
from teams.models import Person

from .fields import AccountField, AmountField, DayField, ForUser, ListForm, Versioned
from .orders import IDS, currencies


def _terms(label: str, most: int = 5000) -> forms.CharField:
    return forms.CharField(required=False, max_length=most, widget=forms.Textarea, label=label)


class ContractForm(ForUser, Versioned):
    """What a contract says, before it is signed."""

    account = AccountField()
    owner = forms.ModelChoiceField(Person.objects.none(), empty_label=None)
    number = forms.CharField(required=False, max_length=100)
    starts_on = DayField()
    ends_on = DayField(required=False, help_text="The last day it holds")
    notice_on = DayField(required=False, label="Notice by")
    value = AmountField(required=False)
    currency = forms.ChoiceField()
    quality_terms = _terms("Terms: quality")
    price_terms = _terms("Terms: price")
    logistics_terms = _terms("Terms: logistics")
    terms = _terms("Other terms", 10_000)
    renew_days_before = forms.IntegerField(
        min_value=0, max_value=3650, initial=90, label="Open the renewal, days before", help_text="Notice or end"
    )

    def __init__(self, *args: Any, owners: Any, currency: str = "", **more: Any) -> None:
        super().__init__(*args, **more)
        offer(self, owner=owners, currency=currencies(self.user, currency))
        if len(owners) == 1:
            self.fields["owner"].widget = forms.HiddenInput()


class ContractChangeForm(ContractForm):
    account = None  # type: ignore[assignment]


class FileForm(Versioned):
    file = forms.FileField(max_length=250, help_text="PDF, PNG, JPEG or Word, 10 MB at most")


class SignForm(Versioned):
    signed_on = DayField()
    signed_by = forms.CharField(max_length=200, label="Signed for the customer by")
    file = forms.FileField(
        required=False, max_length=250, label="The signed paper", help_text="PDF, PNG, JPEG or Word, 10 MB at most"
    )


class ContractListForm(ListForm):
    STATES = (("running", "Running"), ("ending", "Ending soon"), ("draft", "Not signed"), ("ended", "Ended"))

    state = forms.ChoiceField(required=False, choices=STATES)
    text = forms.CharField(required=False, max_length=100)
    owner = forms.IntegerField(**IDS)
    account = forms.IntegerField(**IDS)
