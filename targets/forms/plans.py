"""Clean input of plans."""

from decimal import Decimal
from typing import Any

from django import forms

from .fields import MONEY


class PlanForm(forms.Form):
    name = forms.CharField(max_length=100)
    period = forms.ChoiceField()
    amount = forms.DecimalField(
        label="Company target",
        max_digits=18,
        decimal_places=2,
        min_value=Decimal("0.01"),
        help_text="Reporting currency",
    )
    strategy = forms.CharField(max_length=10_000, required=False, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args: Any, periods: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["period"].choices = periods  # type: ignore[attr-defined]


class ProposeForm(forms.Form):
    """Guardrails around the latest result, in percent; empty: none."""

    shrink = forms.DecimalField(
        label="At most this much less", required=False, min_value=0, max_value=100, help_text="% of the latest result"
    )
    growth = forms.DecimalField(
        label="At most this much more", required=False, min_value=0, max_value=1000, help_text="% of the latest result"
    )

    def share(self, name: str) -> Decimal | None:
        percent: Decimal | None = self.cleaned_data[name]
        return None if percent is None else percent / 100


class AllocationForm(forms.Form):
    amount = forms.DecimalField(**MONEY)
    reason = forms.CharField(max_length=150, label="Why")
    spread = forms.BooleanField(required=False, label="Spread the rest over the others, and split anew below")
