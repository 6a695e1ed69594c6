"""What the fields of a form offer, where that depends on who fills it."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Manager, QuerySet
from django.forms import BaseForm, ChoiceField, ModelChoiceField


def offer(form: BaseForm, **offered: "QuerySet[Any] | Manager[Any] | Iterable[Any]") -> None:
    """By the field's name: records to choose from, or pairs of value and label."""
    for name, found in offered.items():
        field = form.fields[name]
        if isinstance(found, QuerySet | Manager):
            assert isinstance(field, ModelChoiceField)
            field.queryset = found.all()
        else:
            assert isinstance(field, ChoiceField)
            field.choices = found
