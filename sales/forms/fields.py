"""Fields and shapes that sales' forms share."""

import re
from datetime import date, datetime
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator

from sales.models import Account, Contact
from teams.models import RecordQuerySet, User

EARLIEST, LATEST = date(1990, 1, 1), date(2100, 1, 1)


NUMBERED = re.compile(r"^(.*?)\s*#(\d{1,18})$", re.DOTALL)


class DayField(forms.DateField):
    """A day between 1990 and 2100, picked or typed."""

    def __init__(self, **more: Any) -> None:
        sentence = "That is not a day of our time."
        limits = [MinValueValidator(EARLIEST, sentence), MaxValueValidator(LATEST, sentence)]
        widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        super().__init__(widget=widget, validators=limits, **more)


class MomentField(forms.DateTimeField):
    """A moment in the current zone, to the minute."""

    def __init__(self, **more: Any) -> None:
        widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
        super().__init__(widget=widget, input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"], **more)

    def to_python(self, value: Any) -> datetime | None:
        if value and re.match(r"^(0|1[0-8]|2[1-9]|[3-9])", str(value).strip()):
            raise forms.ValidationError("That is not a day of our time.")
        return super().to_python(value)


class AmountField(forms.DecimalField):
    """Money in whole cents, from zero on."""

    def __init__(self, **more: Any) -> None:
        super().__init__(max_digits=16, decimal_places=2, min_value=0, **more)
        self.widget.attrs |= {"inputmode": "decimal", "step": "0.01"}


class ByNameField(forms.CharField):
    """A record somebody may see, by its name; "Name #12" where several share one. Suggests as one types."""

    def __init__(self, model: type[Account] | type[Contact], *, options: str, **more: Any) -> None:
        super().__init__(max_length=230, **more)
        self.model = model
        self.user: User | None = None
        self.stands: Account | Contact | None = None  # left as it is, it stays, whoever else is called so
        self.noun = model._meta.verbose_name
        self.widget.attrs |= {"list": options, "autocomplete": "off"}

    def prepare_value(self, value: Any) -> Any:
        return value.name if isinstance(value, self.model) else value

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text or self.user is None:
            return None
        if self.stands is not None and text == self.stands.name:
            return self.stands
        seen: RecordQuerySet = self.model.objects.visible_to(self.user)
        if (numbered := NUMBERED.match(text)) and (
            one := seen.filter(pk=numbered[2], name__iexact=numbered[1]).first()
        ):
            return one
        found = list(seen.filter(name__iexact=text).order_by("pk")[:5])
        if len(found) == 1:
            return found[0]
        if not found:
            raise forms.ValidationError(f"There is no {self.noun} called “{text[:60]}” among those you see.")
        choices = ", ".join(f"“{record.name} #{record.pk}”" for record in found)
        raise forms.ValidationError(f"Several have this name; write one of {choices}.")


class AccountField(ByNameField):
    def __init__(self, **more: Any) -> None:
        super().__init__(Account, options="account-options", **more)
        self.widget.attrs |= {
            "hx-get": "/accounts/options/",
            "hx-trigger": "input changed delay:250ms",
            "hx-target": "#account-options",
            "hx-swap": "outerHTML",
            "hx-sync": "this:replace",
        }


class ContactField(ByNameField):
    def __init__(self, **more: Any) -> None:
        super().__init__(Contact, options="contact-options", **more)
        self.widget.attrs |= {
            "hx-get": "/contacts/options/",
            "hx-trigger": "input changed delay:250ms",
            "hx-target": "#contact-options",
            "hx-swap": "outerHTML",
            "hx-sync": "this:replace",
        }


class ForUser(forms.Form):
    """A form that knows who fills it, so that each choice is among what they may see."""

    def __init__(self, *args: Any, user: User, **more: Any) -> None:
        super().__init__(*args, **more)
        self.user = user
        for name, field in self.fields.items():
            if isinstance(field, ByNameField):
                field.user = user
                stands = self.initial.get(name)
                field.stands = stands if isinstance(stands, field.model) else None


def not_ahead(moment: datetime | None, now: datetime) -> datetime | None:
    """What was done was done already."""
    if moment is not None and moment > now:
        raise forms.ValidationError("That moment is still to come.")
    return moment


class Versioned(forms.Form):
    """A form that says which state of the record it was made from."""

    version = forms.IntegerField(required=False, widget=forms.HiddenInput, min_value=0, max_value=2**31 - 1)

    def renew(self, version: int) -> None:
        """After a refusal the form shows what was typed, and goes by the record as it is now."""
        self.data = self.data.copy()  # type: ignore[attr-defined]
        self.data[self.add_prefix("version")] = str(version)  # type: ignore[index]


class ListForm(forms.Form):
    """What a list is narrowed to, from its URL. What makes no sense is left out, not refused."""

    cursor = forms.CharField(required=False, max_length=500)

    @property
    def asked(self) -> dict[str, Any]:
        """What was asked and makes sense."""
        self.is_valid()
        return self.cleaned_data
