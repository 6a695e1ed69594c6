"""Clean input of quotas."""

from django import forms

from .fields import MONEY


class QuotaForm(forms.Form):
    amount = forms.DecimalField(label="New quota", **MONEY)
    reason = forms.CharField(max_length=200, label="Why", help_text="The person reads it beside the entry.")
