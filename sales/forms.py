"""Clean input of sales' pages. What a field refuses, it refuses in one sentence."""

import re
from datetime import date, datetime
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import Q

from sales.models import Account, Activity, Contact, Deal, ForecastCategory, LostReason, Product, Stage
from salesmgmt.lib.periods import Period
from teams.models import ExchangeRate, Person, RecordQuerySet, User
from teams.selectors import organisation_of

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
        self.noun = model._meta.verbose_name
        self.widget.attrs |= {"list": options, "autocomplete": "off"}

    def prepare_value(self, value: Any) -> Any:
        return value.name if isinstance(value, self.model) else value

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text or self.user is None:
            return None
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


class ForUser(forms.Form):
    """A form that knows who fills it, so that each choice is among what they may see."""

    def __init__(self, *args: Any, user: User, **more: Any) -> None:
        super().__init__(*args, **more)
        self.user = user
        for field in self.fields.values():
            if isinstance(field, ByNameField):
                field.user = user


# ── Activities ──────────────────────────────────────────────────────────────────────────────────────────────────


class LogForm(ForUser):
    """Kind, and with whom: one tap each. The rest has its defaults."""

    kind = forms.ChoiceField(
        choices=Activity.Kind.choices, widget=forms.RadioSelect, error_messages={"required": "Choose what you did."}
    )
    who = forms.RegexField(r"^(deal|account):\d{1,18}$|^none$", required=False, max_length=30)
    account = AccountField(required=False)
    owner = forms.ModelChoiceField(Person.objects.none(), required=False, empty_label=None, label="Who did it")
    occurred_at = MomentField(required=False, label="When")
    outcome = forms.CharField(required=False, max_length=100)
    minutes = forms.IntegerField(required=False, min_value=0, max_value=1440)
    notes = forms.CharField(required=False, max_length=10_000, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args: Any, owners: Any, now: datetime, **more: Any) -> None:
        super().__init__(*args, **more)
        self.now = now
        self.fields["owner"].queryset = owners  # type: ignore[attr-defined]

    def clean_occurred_at(self) -> datetime:
        return not_ahead(self.cleaned_data["occurred_at"], self.now) or self.now

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        noun, _, pk = (cleaned.get("who") or "").partition(":")
        if noun == "deal":
            cleaned["deal"] = Deal.objects.visible_to(self.user).filter(pk=pk).select_related("account").first()
        elif noun == "account":
            cleaned["account"] = Account.objects.visible_to(self.user).filter(pk=pk).first()
        if pk and cleaned.get(noun) is None:
            self.add_error(None, "That customer is no longer among those you see; choose another.")
        return cleaned


class ActivityForm(ForUser):
    """Everything an activity says."""

    kind = forms.ChoiceField(choices=Activity.Kind.choices)
    occurred_at = MomentField(label="When")
    account = AccountField(required=False)
    deal = forms.ModelChoiceField(Deal.objects.none(), required=False, empty_label="No deal")
    contact = forms.ModelChoiceField(Contact.objects.none(), required=False, empty_label="Nobody named")
    outcome = forms.CharField(required=False, max_length=100)
    duration_minutes = forms.IntegerField(required=False, min_value=0, max_value=1440, label="Minutes")
    notes = forms.CharField(required=False, max_length=10_000, widget=forms.Textarea(attrs={"rows": 5}))
    version = forms.IntegerField(required=False, widget=forms.HiddenInput, min_value=0, max_value=2**31 - 1)

    def __init__(self, *args: Any, activity: Activity, now: datetime, **more: Any) -> None:
        super().__init__(*args, **more)
        self.now = now
        held = Q(pk=activity.deal_id or 0)
        if activity.account_id:
            held |= Q(account=activity.account_id)
            contacts = Contact.objects.visible_to(self.user).filter(account=activity.account_id).order_by("name", "pk")
            self.fields["contact"].queryset = contacts  # type: ignore[attr-defined]
        deals = Deal.objects.visible_to(self.user).filter(held).order_by("name", "pk")
        self.fields["deal"].queryset = deals  # type: ignore[attr-defined]

    def clean_occurred_at(self) -> datetime | None:
        return not_ahead(self.cleaned_data["occurred_at"], self.now)


def not_ahead(moment: datetime | None, now: datetime) -> datetime | None:
    """What was done was done already."""
    if moment is not None and moment > now:
        raise forms.ValidationError("That moment is still to come.")
    return moment


# ── Deals ───────────────────────────────────────────────────────────────────────────────────────────────────────


class Versioned(forms.Form):
    """A form that says which state of the record it was made from."""

    version = forms.IntegerField(required=False, widget=forms.HiddenInput, min_value=0, max_value=2**31 - 1)

    def renew(self, version: int) -> None:
        """After a refusal the form shows what was typed, and goes by the record as it is now."""
        self.data = self.data.copy()  # type: ignore[attr-defined]
        self.data[self.add_prefix("version")] = str(version)  # type: ignore[index]


class DealForm(ForUser, Versioned):
    """What a deal says, its stage and status apart."""

    name = forms.CharField(max_length=300)
    account = AccountField(required=False)
    owner = forms.ModelChoiceField(Person.objects.none(), empty_label=None)
    product = forms.ModelChoiceField(Product.objects.none(), required=False, empty_label="None")
    amount = AmountField(required=False)
    currency = forms.ChoiceField()
    opened_on = DayField(required=False)
    expected_close_on = DayField(required=False, label="Expected to close on")
    own_forecast_category = forms.ChoiceField(
        required=False, label="Forecast", choices=[("", "As its stage"), *ForecastCategory.choices]
    )
    next_step = forms.CharField(required=False, max_length=200)
    next_step_on = DayField(required=False)
    source = forms.CharField(required=False, max_length=100)

    def __init__(self, *args: Any, owners: Any, currency: str = "", **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["owner"].queryset = owners  # type: ignore[attr-defined]
        if len(owners) == 1:
            self.fields["owner"].widget = forms.HiddenInput()
        products = Product.objects.visible_to(self.user).order_by("name", "pk")
        self.fields["product"].queryset = products  # type: ignore[attr-defined]
        known = ExchangeRate.objects.order_by("currency").values_list("currency", flat=True).distinct()
        codes = dict.fromkeys(code for code in [organisation_of(self.user).currency, currency, *known] if code)
        self.fields["currency"].choices = [(code, code) for code in codes]  # type: ignore[attr-defined]


class DealAddForm(DealForm):
    stage = forms.ModelChoiceField(Stage.objects.order_by("pipeline", "position"), empty_label=None)
    field_order = ("name", "account", "owner", "stage", "amount", "currency", "expected_close_on", "product")


class WinForm(Versioned):
    amount = AmountField(error_messages={"required": "A won deal needs an amount."})
    on = DayField(label="Won on")


class LoseForm(Versioned):
    reason = forms.ModelChoiceField(
        LostReason.objects.order_by("pk"),
        empty_label="Choose a reason",
        error_messages={"required": "Say why the deal was lost."},
    )
    on = DayField(label="Lost on")


class ReopenForm(Versioned):
    on = DayField(label="Reopened on")


class MoveForm(Versioned):
    stage = forms.ModelChoiceField(Stage.objects.order_by("pipeline", "position"), empty_label=None)


class ListForm(forms.Form):
    """What a list is narrowed to, from its URL. What makes no sense is left out, not refused."""

    cursor = forms.CharField(required=False, max_length=500)

    @property
    def asked(self) -> dict[str, Any]:
        """What was asked and makes sense."""
        self.is_valid()
        return self.cleaned_data


class DealListForm(ListForm):
    SORTS = (("closes", "Closes next"), ("closed", "Closed last"), ("amount", "Largest"), ("opened", "Newest"))

    text = forms.CharField(required=False, max_length=200)
    status = forms.ChoiceField(required=False, choices=[*Deal.Status.choices, ("all", "All")])
    stage = forms.IntegerField(required=False, min_value=1, max_value=2**62)
    owner = forms.IntegerField(required=False, min_value=1, max_value=2**62)
    account = forms.IntegerField(required=False, min_value=1, max_value=2**62)
    product = forms.IntegerField(required=False, min_value=1, max_value=2**62)
    closing = forms.CharField(required=False, max_length=7)
    sort = forms.ChoiceField(required=False, choices=SORTS)

    def __init__(self, *args: Any, fiscal_month: int, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fiscal_month = fiscal_month

    def clean_closing(self) -> Period | None:
        key = self.cleaned_data["closing"]
        try:
            return Period.parse(key, fiscal_month=self.fiscal_month) if key else None
        except ValueError as error:
            raise forms.ValidationError(str(error)) from None


class AccountListForm(ListForm):
    text = forms.CharField(required=False, max_length=200)
    owner = forms.IntegerField(required=False, min_value=1, max_value=2**62)


class ActivityListForm(ListForm):
    owner = forms.IntegerField(required=False, min_value=1, max_value=2**62)
    kind = forms.ChoiceField(required=False, choices=Activity.Kind.choices)
    account = forms.IntegerField(required=False, min_value=1, max_value=2**62)
    deal = forms.IntegerField(required=False, min_value=1, max_value=2**62)
    start = DayField(required=False)
    until = DayField(required=False)


class OrderListForm(ListForm):
    owner = forms.IntegerField(required=False, min_value=1, max_value=2**62)
    start = DayField(required=False)
    until = DayField(required=False)


# ── Accounts, orders, tasks ─────────────────────────────────────────────────────────────────────────────────────


class AccountForm(ForUser):
    name = forms.CharField(max_length=200)
    industry = forms.CharField(required=False, max_length=100)
    country = forms.CharField(required=False, max_length=100)
    employees = forms.IntegerField(required=False, min_value=0, max_value=2**31 - 1)
    revenue = AmountField(required=False)
    owner = forms.ModelChoiceField(Person.objects.none(), required=False, empty_label="Nobody: everybody sees it")

    def __init__(self, *args: Any, owners: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["owner"].queryset = owners  # type: ignore[attr-defined]


class ContactForm(forms.Form):
    name = forms.CharField(max_length=200)
    email = forms.EmailField(required=False, max_length=254)
    phone = forms.CharField(required=False, max_length=50)


class RefundForm(forms.Form):
    amount = AmountField()
    on = DayField(label="Refunded on")
    reason = forms.CharField(max_length=200)


class CancelForm(forms.Form):
    on = DayField(label="Cancelled on")
    reason = forms.CharField(max_length=200)


class ShareForm(forms.Form):
    """Percents of people, a line each: who has what share, and who has how much on top."""

    def __init__(self, *args: Any, people: list[Person], **more: Any) -> None:
        super().__init__(*args, **more)
        self.people = people
        for person in people:
            for kind in ("share", "overlay"):
                self.fields[f"{kind}-{person.pk}"] = forms.DecimalField(
                    required=False, min_value=0, max_value=100, max_digits=7, decimal_places=4, label=person.name
                )

    def lines(self) -> list[tuple[Person, Any, Any]]:
        """Each person with the two fields about them."""
        return [(person, self[f"share-{person.pk}"], self[f"overlay-{person.pk}"]) for person in self.people]

    def parts(self, kind: str) -> dict[Person, Any]:
        """Percent by person, without zeros."""
        given = {person: self.cleaned_data.get(f"{kind}-{person.pk}") for person in self.people}
        return {person: percent for person, percent in given.items() if percent}


class TaskForm(forms.Form):
    text = forms.CharField(max_length=300, label="What is to be done")
    due_on = DayField(label="By when")
