"""Clean input of decisions about proposed changes of quotas."""

from typing import Any

from django import forms

from salesmgmt.lib.offering import offer


class DecisionForm(forms.Form):
    """Which state of the proposal somebody has seen, and why they refuse it."""

    version = forms.IntegerField(min_value=1, max_value=10**9, widget=forms.HiddenInput)
    reason = forms.CharField(max_length=200, required=False, label="Why the quota stays as it is")


class ChosenForm(forms.Form):
    """Several at once, each as it was seen: `pk:version`."""

    chosen = forms.TypedMultipleChoiceField(label="Changes", error_messages={"required": "Choose at least one change."})

    def __init__(self, *args: Any, rows: list[tuple[int, int]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, chosen=[(f"{pk}:{version}", "") for pk, version in rows])

    @property
    def versions(self) -> dict[int, int]:
        pairs = (text.split(":") for text in self.cleaned_data["chosen"])
        return {int(pk): int(version) for pk, version in pairs}
