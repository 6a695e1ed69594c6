"""Clean input of budgets, spending and what-if."""

from decimal import Decimal
from typing import Any

from django import forms

from salesmgmt.lib.days import require_our_time
from targets.models import Cost

from .fields import MONEY


class BudgetForm(forms.Form):
    cost = forms.ChoiceField(choices=Cost.choices)
    amount = forms.DecimalField(label="Budget for the period", **MONEY)
    reason = forms.CharField(max_length=200, label="Why")


class ExpenseForm(forms.Form):
    cost = forms.ChoiceField(choices=Cost.choices)
    amount = forms.DecimalField(**MONEY | {"min_value": Decimal("0.01")})
    spent_on = forms.DateField(
        label="Spent on",
        validators=[require_our_time],
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    reason = forms.CharField(max_length=200, label="For what")


class CapacityForm(forms.Form):
    """What-if of a plan; everything has a usual value."""

    attainment = forms.DecimalField(label="Expected attainment, %", min_value=0, max_value=300, decimal_places=1)
    attrition = forms.DecimalField(label="People who leave a year, %", min_value=0, max_value=100, decimal_places=1)
    hires = forms.IntegerField(label="More people", min_value=0, max_value=1000)
    hired_in = forms.TypedChoiceField(label="Hired in", coerce=int)
    ramp = forms.ChoiceField(label="Their ramp", required=False)

    def __init__(self, *args: Any, months: list[tuple[int, str]], ramps: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["hired_in"].choices = months  # type: ignore[attr-defined]
        self.fields["ramp"].choices = [("", "None"), *((name, name) for name in ramps)]  # type: ignore[attr-defined]
