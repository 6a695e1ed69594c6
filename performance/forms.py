"""What a person may say about a flag."""

from django import forms


class AnswerForm(forms.Form):
    text = forms.CharField(
        label="Your answer",
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4, "maxlength": 1000}),
        help_text="Seen by you and those who lead you.",
    )
