"""Clean input of approvals."""

from django import forms

ACTS = [("submit", "Submit"), ("approve", "Approve"), ("send_back", "Send back")]


class ApprovalForm(forms.Form):
    act = forms.ChoiceField(choices=ACTS)
    reason = forms.CharField(label="Why it goes back", max_length=500, required=False)
    digest = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)
