"""Logging and changing activities, and tasks."""

from datetime import datetime
from typing import Any

from django import forms
from django.db.models import Q

from sales.models import Account, Activity, Contact, Deal
from salesmgmt.lib.offering import offer
from teams.models import Person

from .fields import AccountField, ContactField, DayField, ForUser, MomentField, SortedListForm, not_ahead


class LogForm(ForUser):
    """Kind, and with whom: one tap each. The rest has its defaults."""

    kind = forms.ChoiceField(
        choices=Activity.Kind.choices, widget=forms.RadioSelect, error_messages={"required": "Choose what you did."}
    )
    who = forms.RegexField(r"^(deal|account):\d{1,18}$|^none$", required=False, max_length=30)
    account = AccountField(required=False)
    contact = ContactField(required=False)
    owner = forms.ModelChoiceField(Person.objects.none(), required=False, empty_label=None, label="Who did it")
    occurred_at = MomentField(required=False, label="When")
    outcome = forms.CharField(required=False, max_length=100)
    minutes = forms.IntegerField(required=False, min_value=0, max_value=1440)
    notes = forms.CharField(required=False, max_length=10_000, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args: Any, owners: Any, now: datetime, **more: Any) -> None:
        super().__init__(*args, **more)
        self.now = now
        offer(self, owner=owners)

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
            there = Q(account=activity.account_id) | Q(roles__account=activity.account_id) | Q(pk=activity.contact_id)
            contacts = Contact.objects.visible_to(self.user).filter(there).order_by("name", "pk").distinct()
            offer(self, contact=contacts)
        offer(self, deal=Deal.objects.visible_to(self.user).filter(held).order_by("name", "pk"))

    def clean_occurred_at(self) -> datetime | None:
        return not_ahead(self.cleaned_data["occurred_at"], self.now)


class ActivityListForm(SortedListForm):
    text = forms.CharField(required=False, max_length=200)
    owner = forms.IntegerField(required=False, min_value=1, max_value=2**62)
    kind = forms.ChoiceField(required=False, choices=Activity.Kind.choices)
    account = forms.IntegerField(required=False, min_value=1, max_value=2**62)
    contact = forms.IntegerField(required=False, min_value=1, max_value=2**62)
    deal = forms.IntegerField(required=False, min_value=1, max_value=2**62)
    template = forms.IntegerField(required=False, min_value=1, max_value=2**62)
    start = DayField(required=False)
    until = DayField(required=False)
