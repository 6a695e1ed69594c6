"""The fields an organisation added, in the form of a noun: what they say comes out as `cleaned_data["custom"]`."""

from typing import Any

from django import forms
from django.forms import BoundField

from sales.models import CustomField
from sales.services.custom import LONGEST, typed
from salesmgmt.lib.refusals import Refused

PREFIX = "custom_"


class Custom(forms.Form):
    """Adds a typed field for each CustomField of `noun`; `initial["custom"]` holds what stands."""

    noun: str

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        stands = self.initial.get("custom") or {}
        self.added = list(CustomField.objects.filter(noun=self.noun).order_by("position", "pk"))
        for field in self.added:
            self.fields[PREFIX + field.key] = _form_field(field)
            value = stands.get(field.key)
            self.initial[PREFIX + field.key] = ("yes" if value else "no") if isinstance(value, bool) else value

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        said = {field.key: cleaned.pop(PREFIX + field.key, None) for field in self.added}
        for field in self.added:
            try:
                said[field.key] = typed(field, said[field.key])
            except Refused as refused:
                self.add_error(PREFIX + field.key, refused.sentence)
        if self.added:
            cleaned["custom"] = said
        return cleaned

    def custom_fields(self) -> list[BoundField]:
        return [self[PREFIX + field.key] for field in self.added]


def _form_field(field: CustomField) -> forms.Field:
    said: dict[str, Any] = {"required": False, "label": field.label}
    match field.kind:
        case CustomField.Kind.NUMBER:
            return forms.DecimalField(max_digits=15, **said)
        case CustomField.Kind.DATE:
            return forms.DateField(widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **said)
        case CustomField.Kind.CHOICE:
            return forms.ChoiceField(choices=[("", "–"), *((value, value) for value in field.choices)], **said)
        case CustomField.Kind.YES_NO:
            return forms.ChoiceField(choices=[("", "–"), ("yes", "Yes"), ("no", "No")], **said)
    return forms.CharField(max_length=LONGEST, **said)
