"""Clean input of budgets, spending and what-if."""

from decimal import Decimal
from typing import Any

from django import forms

from salesmgmt.lib.days import require_our_time
from salesmgmt.lib.offering import offer
from targets.models import Cost, RampProfile
from teams.models import Team

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
        offer(self, hired_in=months, ramp=[("", "None"), *((name, name) for name in ramps)])


class PositionForm(forms.Form):
    """Who is wanted: in which team, from which month, on which ramp, and why."""

    team = forms.ModelChoiceField(Team.objects.none(), empty_label="Choose a team")
    hires = forms.IntegerField(label="How many", min_value=1, max_value=100)
    hired_in = forms.TypedChoiceField(label="From", coerce=int)
    ramp = forms.ModelChoiceField(RampProfile.objects.none(), label="Ramp", required=False, empty_label="None")
    reason = forms.CharField(max_length=200, label="Why")

    def __init__(self, *args: Any, teams: Any, ramps: Any, months: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, team=teams, ramp=ramps, hired_in=months)


class CloseForm(forms.Form):
    reason = forms.CharField(max_length=200, label="Why")
