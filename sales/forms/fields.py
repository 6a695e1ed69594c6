"""Fields and shapes that sales' forms share."""

import re
from datetime import datetime
from typing import Any

from django import forms

from sales.models import Account, Contact, Lead
from salesmgmt.lib.days import EARLIEST, LATEST, OUTSIDE, require_our_time
from teams.models import RecordQuerySet, User

NUMBERED = re.compile(r"^(.*?)\s*#(\d{1,18})$", re.DOTALL)


class DayField(forms.DateField):
    """A day, picked or typed."""

    default_validators = [require_our_time]

    def __init__(self, **more: Any) -> None:
        super().__init__(widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **more)


class MomentField(forms.DateTimeField):
    """A moment in the current zone, to the minute."""

    def __init__(self, **more: Any) -> None:
        widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
        super().__init__(widget=widget, input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"], **more)

    def to_python(self, value: Any) -> datetime | None:
        # Asked of the text: the first and last moments there are can't be told in another zone.
        year = re.match(r"\s*(\d{4})-", str(value or ""))
        if year and not EARLIEST <= int(year[1]) <= LATEST:
            raise forms.ValidationError(OUTSIDE)
        return super().to_python(value)


class AmountField(forms.DecimalField):
    """Money in whole cents, from zero on."""

    def __init__(self, **more: Any) -> None:
        super().__init__(max_digits=16, decimal_places=2, min_value=0, **more)
        self.widget.attrs |= {"inputmode": "decimal", "step": "0.01"}


class ByNameField(forms.CharField):
    """A record somebody may see, by its name; "Name #12" where several share one. Suggests as one types."""

    def __init__(self, model: type[Account] | type[Contact] | type[Lead], *, options: str = "", **more: Any) -> None:
        super().__init__(max_length=230, **more)
        self.model = model
        self.user: User | None = None
        self.stands: Any = None  # left as it is, it stays, whoever else is called so
        self.noun = model._meta.verbose_name
        self.widget.attrs |= {"list": options, "autocomplete": "off"} if options else {"autocomplete": "off"}

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


class ListForm(forms.Form):
    """What a list is narrowed to, from its URL. What makes no sense is left out, not refused."""

    cursor = forms.CharField(required=False, max_length=500)

    @property
    def asked(self) -> dict[str, Any]:
        """What was asked and makes sense."""
        self.is_valid()
        return self.cleaned_data


class SortedListForm(ListForm):
    """A list that comes in several orders; one that there is not is the usual one."""

    sort = forms.CharField(required=False, max_length=20)
