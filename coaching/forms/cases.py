"""Forms of cases: they clean, services save."""

from django import forms

from salesmgmt.lib.days import require_our_time

DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class CaseForm(forms.Form):
    due_on = forms.DateField(label="To be settled by", widget=DAY, validators=[require_our_time])


class MoveCaseForm(CaseForm):
    reason = forms.CharField(label="Why", max_length=200)


class CloseCaseForm(forms.Form):
    result = forms.CharField(label="What came of it", max_length=500)
