"""Deals: opened, changed, moved, decided."""

from typing import Any

from django import forms

from sales.models import Deal, ForecastCategory, LostReason, Product, Stage
from salesmgmt.lib.periods import Period
from teams.models import ExchangeRate, Person
from teams.selectors import organisation_of

from .custom import Custom
from .fields import AccountField, AmountField, ContactField, DayField, ForUser, ListForm, Versioned


class DealForm(ForUser, Versioned, Custom):
    """What a deal says, its stage and status apart."""

    noun = "deal"
    name = forms.CharField(max_length=300)
    account = AccountField(required=False)
    contact = ContactField(required=False)
    owner = forms.ModelChoiceField(Person.objects.none(), empty_label=None)
    product = forms.ModelChoiceField(Product.objects.none(), required=False, empty_label="None")
    amount = AmountField(required=False)
    currency = forms.ChoiceField()
    opened_on = DayField(required=False)
    expected_close_on = DayField(required=False, label="Expected to close on")
    own_forecast_category = forms.ChoiceField(
        required=False, label="Forecast", choices=[("", "As its stage"), *ForecastCategory.choices]
    )
    next_step = forms.CharField(required=False, max_length=200)
    next_step_on = DayField(required=False)
    source = forms.CharField(required=False, max_length=100)

    def __init__(self, *args: Any, owners: Any, currency: str = "", **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["owner"].queryset = owners  # type: ignore[attr-defined]
        if len(owners) == 1:
            self.fields["owner"].widget = forms.HiddenInput()
        products = Product.objects.visible_to(self.user).order_by("name", "pk")
        self.fields["product"].queryset = products  # type: ignore[attr-defined]
        known = ExchangeRate.objects.order_by("currency").values_list("currency", flat=True).distinct()
        codes = dict.fromkeys(code for code in [organisation_of(self.user).currency, currency, *known] if code)
        self.fields["currency"].choices = [(code, code) for code in codes]  # type: ignore[attr-defined]


class DealAddForm(DealForm):
    stage = forms.ModelChoiceField(Stage.objects.order_by("pipeline", "position"), empty_label=None)
    field_order = ("name", "account", "owner", "stage", "amount", "currency", "expected_close_on", "product")


class WinForm(Versioned):
    amount = AmountField(error_messages={"required": "A won deal needs an amount."})
    on = DayField(label="Won on")


class LoseForm(Versioned):
    reason = forms.ModelChoiceField(
        LostReason.objects.order_by("pk"),
        empty_label="Choose a reason",
        error_messages={"required": "Say why the deal was lost."},
    )
    on = DayField(label="Lost on")


class ReopenForm(Versioned):
    on = DayField(label="Reopened on")


class MoveForm(Versioned):
    stage = forms.ModelChoiceField(Stage.objects.order_by("pipeline", "position"), empty_label=None)


class DealListForm(ListForm):
    SORTS = (("closes", "Closes next"), ("closed", "Closed last"), ("amount", "Largest"), ("opened", "Newest"))

    text = forms.CharField(required=False, max_length=200)
    status = forms.ChoiceField(required=False, choices=[*Deal.Status.choices, ("all", "All")])
    stage = forms.IntegerField(required=False, min_value=1, max_value=2**62)
    owner = forms.IntegerField(required=False, min_value=1, max_value=2**62)
    account = forms.IntegerField(required=False, min_value=1, max_value=2**62)
    product = forms.IntegerField(required=False, min_value=1, max_value=2**62)
    closing = forms.CharField(required=False, max_length=7)
    sort = forms.ChoiceField(required=False, choices=SORTS)

    def __init__(self, *args: Any, fiscal_month: int, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fiscal_month = fiscal_month

    def clean_closing(self) -> Period | None:
        key = self.cleaned_data["closing"]
        try:
            return Period.parse(key, fiscal_month=self.fiscal_month) if key else None
        except ValueError as error:
            raise forms.ValidationError(str(error)) from None
