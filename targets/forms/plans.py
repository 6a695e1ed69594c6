"""Clean input of plans."""

from decimal import Decimal
from typing import Any

from django import forms

from salesmgmt.lib.offering import offer
from targets.models import ELEMENTS, MEASURES, MOST_CAPABILITY, Plan

from .fields import MONEY

WORDS: dict[str, Any] = {"max_length": 10_000, "required": False}
PERCENT: dict[str, Any] = {"min_value": 0, "max_value": 100}


def _lines(rows: int) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


class PlanForm(forms.Form):
    name = forms.CharField(max_length=100)
    period = forms.ChoiceField()
    measure = forms.ChoiceField(
        choices=[(measure.key, measure.label) for measure in MEASURES.values()], initial="bookings", required=False
    )
    amount = forms.DecimalField(
        label="Company target",
        max_digits=18,
        decimal_places=2,
        min_value=Decimal("0.01"),
        help_text="Money in reporting currency; a goal in percent holds for everybody",
    )
    strategy = forms.CharField(**WORDS, widget=_lines(3))
    market = forms.CharField(**WORDS, label="The market", widget=_lines(2))
    competition = forms.CharField(**WORDS, widget=_lines(2))

    def __init__(self, *args: Any, periods: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, period=periods)

    def clean_measure(self) -> str:
        return self.cleaned_data["measure"] or "bookings"


class ShapeForm(forms.Form):
    """What a draft is split by, and what its target rests on."""

    amount = forms.DecimalField(label="Company target", **(MONEY | {"min_value": Decimal("0.01")}))
    weight_past = forms.IntegerField(label="Past results, %", **PERCENT)
    weight_pipeline = forms.IntegerField(label="Pipeline in hand, %", **PERCENT)
    weight_territory = forms.IntegerField(label="Territory potential, %", **PERCENT)
    weight_capability = forms.IntegerField(
        label="Capability, %", min_value=0, max_value=MOST_CAPABILITY, help_text=f"At most {MOST_CAPABILITY}"
    )
    weight_equal = forms.IntegerField(label="Equal share, %", **PERCENT)
    quarters = forms.CharField(
        label="Past quarters weigh", max_length=60, help_text="The latest first: 4, 3, 2, 1; 1, 1 looks at two"
    )
    follows_trend = forms.BooleanField(label="Carry the trend on, a quarter more or less at most", required=False)
    tames_outliers = forms.BooleanField(
        label="Tame outliers: what lies 3 spreads from the median counts as if just there", required=False
    )
    shrink = forms.DecimalField(
        label="At most this much less", required=False, min_value=0, max_value=100, help_text="% of the latest result"
    )
    growth = forms.DecimalField(
        label="At most this much more", required=False, min_value=0, max_value=1000, help_text="% of the latest result"
    )
    stretch = forms.DecimalField(
        label="No one above", required=False, min_value=0, max_value=20, help_text="Own mean + so many spreads"
    )
    market = forms.CharField(**WORDS, label="The market", widget=_lines(2))
    competition = forms.CharField(**WORDS, widget=_lines(2))
    version = forms.IntegerField(widget=forms.HiddenInput)

    @classmethod
    def initial_of(cls, plan: Plan) -> dict[str, Any]:
        found = {name: getattr(plan, name) for name in cls.base_fields if name != "quarters"}
        return found | {"quarters": ", ".join(str(weight) for weight in plan.quarter_weights)}

    def clean_quarters(self) -> list[int]:
        parts = [part.strip() for part in self.cleaned_data["quarters"].split(",")]
        if not all(part.isascii() and part.isdigit() and len(part) < 4 for part in parts):
            raise forms.ValidationError("Whole numbers with commas between, the latest quarter first: 4, 3, 2, 1.")
        return [int(part) for part in parts]

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        weights = [found.get(f"weight_{element}") for element in ELEMENTS]
        given = [weight for weight in weights if weight is not None]
        if given == weights and sum(given) != 100:
            self.add_error("weight_past", f"The weights sum to {sum(given)}%; they must come to 100%.")
        return found

    def settings(self) -> dict[str, Any]:
        found = dict(self.cleaned_data)
        return found | {"quarter_weights": found.pop("quarters")}


RULES = [
    ("hold", "Hold: the others stay, the rest shows as missing or over"),
    ("spread", "Spread: the others share the rest, and those below follow"),
    ("hedge", "Hedge: what is over stays over, on purpose"),
]


class AllocationForm(forms.Form):
    amount = forms.DecimalField(**MONEY)
    reason = forms.CharField(max_length=150, label="Why")
    rule = forms.ChoiceField(choices=RULES, initial="hold", required=False, label="The rest", widget=forms.RadioSelect)
    was = forms.DecimalField(widget=forms.HiddenInput, required=False)

    def clean_rule(self) -> str:
        return self.cleaned_data["rule"] or "hold"


class HedgeForm(forms.Form):
    amount = forms.DecimalField(label="Hedge", **MONEY)
    reason = forms.CharField(max_length=150, label="Why")


class SliceForm(forms.Form):
    amount = forms.DecimalField(**MONEY)
    reason = forms.CharField(max_length=150, label="Why")
    was = forms.DecimalField(widget=forms.HiddenInput, required=False)


class CommitmentForm(forms.Form):
    amount = forms.DecimalField(label="I can commit to", **MONEY)
    reason = forms.CharField(max_length=1000, label="What it rests on", widget=_lines(3))


class PublishForm(forms.Form):
    despite = forms.CharField(max_length=200, required=False, label="Why it is published before these are approved")


class CopyForm(forms.Form):
    """Another scenario of the same period, or the same settings for another one."""

    name = forms.CharField(max_length=100, label="Name of the scenario")
    period = forms.ChoiceField(required=False, label="For", help_text="Of another period the lines are proposed anew.")

    def __init__(self, *args: Any, periods: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs | {"auto_id": "copy_%s"})
        offer(self, period=[("", "The same period"), *periods])
