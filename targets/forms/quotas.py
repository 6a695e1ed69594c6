"""Clean input of quotas."""

from collections.abc import Sequence
from typing import Any

from django import forms

from salesmgmt.lib.offering import offer
from targets.selectors import FreeSeat

from .fields import MONEY

LARGE = forms.Textarea(attrs={"rows": 2})


class QuotaForm(forms.Form):
    """Another quota and why; of a published figure also what changed, as an announcement says it."""

    amount = forms.DecimalField(label="New quota", **MONEY)
    reason = forms.CharField(max_length=200, label="Why", help_text="The person reads it beside the entry.")
    results = forms.CharField(label="What changed in results", max_length=2000, required=False, widget=LARGE)
    economy = forms.CharField(label="What changed in the economy", max_length=2000, required=False, widget=LARGE)
    competition = forms.CharField(label="What changed in competition", max_length=2000, required=False, widget=LARGE)

    def __init__(self, *args: Any, is_published: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not is_published:
            for name in ("results", "economy", "competition"):
                del self.fields[name]


class GiveForm(forms.Form):
    """A figure for somebody who has none yet."""

    seat = forms.ChoiceField(label="Seat")
    amount = forms.DecimalField(
        label="Of a full seat", help_text="Employment, part time, leave and ramp follow from it.", **MONEY
    )
    reason = forms.CharField(max_length=200, label="Why", help_text="The person reads it beside the entry.")

    def __init__(self, *args: Any, seats: Sequence[FreeSeat], **kwargs: Any) -> None:
        initial = {"reason": "New seat", "amount": seats[0].usual} | kwargs.pop("initial", {})
        super().__init__(*args, **kwargs | {"initial": initial, "prefix": "new"})
        offer(self, seat=[(seat.key, _seat(seat)) for seat in seats])


def _seat(seat: FreeSeat) -> str:
    named = f"{seat.plan or seat.of.label}, {seat.team}"
    return named if seat.usual is None else f"{named}: {seat.usual:,.2f} on average"
