"""Clean input of fiscal calendars, seasons and ramps."""

from decimal import Decimal
from typing import Any

from django import forms

from salesmgmt.lib.periods import WEEKS, SetUp
from targets.models import RampProfile
from teams.models import Role

LAYOUTS = [
    ("months", "Calendar months"),
    *((key, f"Weeks: {key}" if key != "13" else "13 periods of four weeks") for key in WEEKS),
]
RULES = [
    ("proportional", "The others keep their proportions"),
    ("equal", "Each of the others takes the same of the difference"),
    ("none", "As typed: it has to sum to 100 %"),
]
PERCENT: dict[str, Any] = {"max_digits": 7, "min_value": Decimal(0), "max_value": Decimal(100)}


class SetUpForm(forms.Form):
    """From which fiscal year on, when it starts, and how it falls into periods."""

    year = forms.IntegerField(label="From fiscal year", min_value=1901, max_value=9900)
    starts_on = forms.DateField(label="It starts on", widget=forms.DateInput(attrs={"type": "date"}))
    layout = forms.ChoiceField(label="Periods", choices=LAYOUTS)
    rule = forms.ChoiceField(
        label="Later years of weeks start",
        choices=[
            ("nearest", "on that weekday nearest to the first of the month"),
            ("last", "on that weekday, the last one not after the first of the month"),
        ],
    )

    @property
    def setup(self) -> SetUp:
        said = self.cleaned_data
        return SetUp(said["year"], said["starts_on"], said["layout"], said["rule"] == "nearest")


class ReasonForm(forms.Form):
    reason = forms.CharField(max_length=200, label="Why")


class TurnForm(forms.Form):
    reason = forms.CharField(max_length=200, label="Why", required=False)
    act = forms.ChoiceField(choices=[("close", "Close"), ("reopen", "Open again")], widget=forms.HiddenInput)


class SeasonForm(forms.Form):
    """A share for each part of a period, what happens to the rest, and why."""

    rule = forms.ChoiceField(label="The rest", choices=RULES)
    reason = forms.CharField(max_length=200, label="Why")
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    def __init__(self, *args: Any, shares: dict[str, Decimal], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.keys = list(shares)
        parts = {
            f"share_{key}": forms.DecimalField(
                label=key, decimal_places=4, initial=f"{percent.normalize():f}", **PERCENT
            )
            for key, percent in shares.items()
        }
        self.fields = {**parts, **self.fields}

    @property
    def shares(self) -> dict[str, Decimal]:
        return {key: self.cleaned_data[f"share_{key}"] for key in self.keys}


class RelearnForm(forms.Form):
    act = forms.ChoiceField(choices=[("months", "months"), ("weeks", "weeks"), ("flat", "flat")])
    reason = forms.CharField(max_length=200)
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)


class RampForm(forms.Form):
    """A ramp as people say it: 25, 50, 75 for its months."""

    name = forms.CharField(max_length=100)
    start = forms.ChoiceField(
        label="Applies after",
        required=False,
        choices=[("", "Only where a posting names it"), *RampProfile.Start.choices],
    )
    role = forms.ChoiceField(label="To", required=False, choices=[("", "Every role without its own"), *Role.choices])
    percents = forms.CharField(
        label="Percent of a full quota in months 1, 2, 3…",
        max_length=500,
        help_text="Separated by spaces or commas, such as 25 50 75; after the last one all of it is asked",
    )
    reason = forms.CharField(max_length=200, label="Why")
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0, initial=0)

    def clean_percents(self) -> dict[int, Decimal]:
        text: str = self.cleaned_data["percents"]
        found: dict[int, Decimal] = {}
        for month, word in enumerate(text.replace(",", " ").replace(";", " ").replace("%", " ").split(), 1):
            try:
                percent = Decimal(word)
            except ArithmeticError:
                raise forms.ValidationError(f"“{word}” is no percentage; write such as 25 50 75.") from None
            if not (percent.is_finite() and 0 <= percent <= 100):
                raise forms.ValidationError(f"Month {month} has {word}; a step is between 0 and 100 %.")
            found[month] = percent.quantize(Decimal("0.01"))
        if not 1 <= len(found) <= 60:
            raise forms.ValidationError("A ramp has between 1 and 60 months.")
        return found
