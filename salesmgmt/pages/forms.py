"""Clean input of the pages."""

from django import forms


class TaskForm(forms.Form):
    """Something to do, and by when."""

    text = forms.CharField(label="What", max_length=300)
    due_on = forms.DateField(label="Due", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
