"""Orders: refunded, cancelled, shared."""

from typing import Any

from django import forms

from teams.models import Person

from .fields import AmountField, DayField, ListForm


class OrderListForm(ListForm):
    owner = forms.IntegerField(required=False, min_value=1, max_value=2**62)
    start = DayField(required=False)
    until = DayField(required=False)


class RefundForm(forms.Form):
    amount = AmountField()
    on = DayField(label="Refunded on")
    reason = forms.CharField(max_length=200)


class CancelForm(forms.Form):
    on = DayField(label="Cancelled on")
    reason = forms.CharField(max_length=200)


class ShareForm(forms.Form):
    """Percents of people, a line each: who has what share, and who has how much on top."""

    def __init__(self, *args: Any, people: list[Person], **more: Any) -> None:
        super().__init__(*args, **more)
        self.people = people
        for person in people:
            for kind in ("share", "overlay"):
                self.fields[f"{kind}-{person.pk}"] = forms.DecimalField(
                    required=False, min_value=0, max_value=100, max_digits=7, decimal_places=4, label=person.name
                )

    def lines(self) -> list[tuple[Person, Any, Any]]:
        """Each person with the two fields about them."""
        return [(person, self[f"share-{person.pk}"], self[f"overlay-{person.pk}"]) for person in self.people]

    def parts(self, kind: str) -> dict[Person, Any]:
        """Percent by person, without zeros."""
        given = {person: self.cleaned_data.get(f"{kind}-{person.pk}") for person in self.people}
        return {person: percent for person, percent in given.items() if percent}
