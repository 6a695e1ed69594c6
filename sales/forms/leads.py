"""Leads, campaigns, referrals, suggestions and gifts."""

from datetime import datetime
from typing import Any

from django import forms

from sales.models import Activity, Campaign, Contact, Lead, Recommendation, Stage
from salesmgmt.lib.offering import offer
from teams.models import ExchangeRate, Person, Territory
from teams.selectors import organisation_of

from .custom import Custom
from .fields import (
    AccountField,
    AmountField,
    ByNameField,
    DayField,
    ForUser,
    ListForm,
    MomentField,
    SortedListForm,
    Versioned,
    not_ahead,
)

PK: dict[str, Any] = {"required": False, "min_value": 1, "max_value": 2**62}


def _currencies(own: str) -> list[tuple[str, str]]:
    known = ExchangeRate.objects.order_by("currency").values_list("currency", flat=True).distinct()
    return [(code, code) for code in dict.fromkeys([own, *known])]


class LeadListForm(SortedListForm):
    text = forms.CharField(required=False, max_length=200)
    status = forms.ChoiceField(
        required=False, choices=[(tab, tab) for tab in ("waiting", "qualified", "disqualified", "all")]
    )
    source = forms.CharField(required=False, max_length=100)
    campaign = forms.IntegerField(**PK)
    owner = forms.RegexField(r"^(\d{1,18}|none)$", required=False)
    reach = forms.ChoiceField(required=False, choices=[(one, one) for one in ("inside", "outside", "unknown")])


class LeadForm(ForUser, Versioned, Custom):
    """What is known of somebody who may become a customer."""

    noun = "lead"
    name = forms.CharField(max_length=200)
    company = forms.CharField(required=False, max_length=200)
    email = forms.EmailField(required=False, max_length=254, label="E-mail")
    phone = forms.CharField(required=False, max_length=50)
    source = forms.CharField(required=False, max_length=100)
    campaign = forms.ModelChoiceField(Campaign.objects.none(), required=False, empty_label="None")
    owner = forms.ModelChoiceField(Person.objects.none(), required=False, empty_label="By the rules")
    country = forms.CharField(required=False, max_length=100)
    industry = forms.CharField(required=False, max_length=100)
    employees = forms.IntegerField(required=False, min_value=0, max_value=2**31 - 1)
    territory = forms.ModelChoiceField(Territory.objects.none(), required=False, empty_label="None")
    referrer = ByNameField(Contact, required=False, label="Referred by", help_text="Name of a contact")
    received_at = MomentField(required=False, label="Came in", help_text="Empty: now")
    notes = forms.CharField(required=False, max_length=10_000, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args: Any, owners: Any, now: datetime, **more: Any) -> None:
        super().__init__(*args, **more)
        self.now = now
        campaigns = Campaign.objects.visible_to(self.user).order_by("name")
        offer(self, owner=owners, campaign=campaigns, territory=Territory.objects.order_by("name"))

    def clean_received_at(self) -> datetime | None:
        said: datetime | None = self.cleaned_data["received_at"]
        stood: datetime | None = self.initial.get("received_at")
        if said and stood and said == stood.replace(second=0, microsecond=0):
            return stood  # as it was shown, to the minute
        return not_ahead(said, self.now)


class LeadChangeForm(LeadForm):
    owner = forms.ModelChoiceField(Person.objects.none(), required=False, empty_label="Nobody")


class RespondForm(Versioned):
    kind = forms.ChoiceField(
        choices=[choice for choice in Activity.Kind.choices if choice[0] != Activity.Kind.TASK],
        label="How",
        error_messages={"required": "Choose how you spoke to them."},
    )
    occurred_at = MomentField(required=False, label="When", help_text="Empty: now")
    notes = forms.CharField(required=False, max_length=10_000, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, now: datetime, **more: Any) -> None:
        super().__init__(*args, **more)
        self.now = now

    def clean_occurred_at(self) -> datetime | None:
        return not_ahead(self.cleaned_data["occurred_at"], self.now)


class QualifyForm(ForUser, Versioned):
    account = AccountField(required=False, help_text="Empty: a new account of the lead's company")
    deal_name = forms.CharField(required=False, max_length=300, label="Deal")
    stage = forms.ModelChoiceField(Stage.objects.order_by("pipeline", "position"), empty_label=None)
    amount = AmountField(required=False)
    currency = forms.ChoiceField()
    expected_close_on = DayField(required=False, label="Expected to close on")

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        choices = _currencies(organisation_of(self.user).currency)
        offer(self, currency=choices)


class DisqualifyForm(Versioned):
    reason = forms.ChoiceField(
        choices=[("", "Choose a reason"), *Lead.Reason.choices], error_messages={"required": "Say why."}
    )
    note = forms.CharField(required=False, max_length=150)


class WordsField(forms.CharField):
    """Words with commas between, as a list."""

    def __init__(self, **more: Any) -> None:
        super().__init__(required=False, max_length=2000, **more)

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        words = list(dict.fromkeys(word.strip() for word in super().clean(value).split(",") if word.strip()))
        if any(len(word) > 100 for word in words):
            raise forms.ValidationError("Each has at most 100 characters; put commas between them.")
        return words


class CampaignForm(ForUser, Versioned):
    name = forms.CharField(max_length=200)
    channel = forms.CharField(required=False, max_length=100)
    audience = forms.CharField(required=False, max_length=500, label="Meant for")
    industries = WordsField(help_text="With commas between; empty: any")
    countries = WordsField(help_text="With commas between; empty: any")
    least_employees = forms.IntegerField(required=False, min_value=0, max_value=2**31 - 1, label="Employees from")
    most_employees = forms.IntegerField(required=False, min_value=0, max_value=2**31 - 1, label="Employees up to")
    starts_on = DayField(required=False)
    ends_on = DayField(required=False)
    cost = AmountField(required=False)


class ReferralForm(ForUser, forms.Form):
    account = AccountField(error_messages={"required": "Say which customer was asked."})
    contact = ByNameField(Contact, required=False, help_text="Who was asked")
    note = forms.CharField(required=False, max_length=500)


class FollowForm(ForUser, Versioned):
    lead = ByNameField(Lead, error_messages={"required": "Name the lead that came of it."})


class RepeatListForm(ListForm):
    kind = forms.ChoiceField(required=False, choices=Recommendation.Kind.choices)
    state = forms.ChoiceField(required=False, choices=[*Recommendation.State.choices, ("all", "All")])
    owner = forms.IntegerField(**PK)
    account = forms.IntegerField(**PK)


class GiftForm(ForUser, forms.Form):
    contact = ByNameField(Contact, error_messages={"required": "Say who gets it."})
    occasion = forms.CharField(max_length=200)
    amount = AmountField(label="Worth")
    currency = forms.ChoiceField()
    given_on = DayField(label="Given on")

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        choices = _currencies(organisation_of(self.user).currency)
        offer(self, currency=choices)


class GiftListForm(ListForm):
    owner = forms.IntegerField(**PK)
    year = forms.IntegerField(required=False, min_value=1990, max_value=2100)
    recommendation = forms.IntegerField(**PK)
