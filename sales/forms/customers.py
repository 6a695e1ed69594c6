"""Accounts and contacts, what they are like, and books of business that go over."""

from typing import Any

from django import forms

from sales.models import Account, AccountProfile, Contact, Deal
from salesmgmt.lib.offering import offer
from teams.models import Person, Territory

from .custom import Custom
from .fields import AccountField, AmountField, ContactField, DayField, ForUser, SortedListForm, Versioned


class TagsField(forms.CharField):
    """Words with commas between them."""

    def __init__(self, **more: Any) -> None:
        super().__init__(required=False, max_length=1000, help_text="With commas between them", **more)

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        return [tag.strip() for tag in super().clean(value).split(",") if tag.strip()]


class CustomerListForm(SortedListForm):
    text = forms.CharField(required=False, max_length=200)
    owner = forms.IntegerField(required=False, min_value=1, max_value=2**62)
    tag = forms.CharField(required=False, max_length=50)
    industry = forms.CharField(required=False, max_length=100)
    territory = forms.IntegerField(required=False, min_value=1, max_value=2**62)
    account = forms.IntegerField(required=False, min_value=1, max_value=2**62)


class AccountForm(ForUser, Versioned, Custom):
    noun = "account"
    name = forms.CharField(max_length=200)
    owner = forms.ModelChoiceField(Person.objects.none(), required=False, empty_label="Nobody: everybody sees it")
    industry = forms.CharField(required=False, max_length=100)
    country = forms.CharField(required=False, max_length=100)
    territory = forms.ModelChoiceField(Territory.objects.none(), required=False, empty_label="None")
    parent = AccountField(required=False, label="Part of", help_text="The account it belongs to")
    employees = forms.IntegerField(required=False, min_value=0, max_value=2**31 - 1)
    revenue = AmountField(required=False)
    tags = TagsField()

    def __init__(self, *args: Any, owners: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        offer(self, owner=owners, territory=Territory.objects.order_by("name"))


class ContactForm(Custom):
    """A person at an account: what one asks first."""

    noun = "contact"
    name = forms.CharField(max_length=200)
    title = forms.CharField(required=False, max_length=100, label="Role there")
    email = forms.EmailField(required=False, max_length=254, label="E-mail")
    phone = forms.CharField(required=False, max_length=50)


class ContactFullForm(ForUser, Versioned, ContactForm):
    """Everything a contact says."""

    account = AccountField(required=False)
    birthday = forms.DateField(required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    prefers = forms.ChoiceField(required=False, choices=[("", "No preference"), *Contact.Channel.choices])
    preferences = forms.CharField(
        required=False,
        max_length=500,
        help_text="Best times, language, what to avoid",
        widget=forms.Textarea({"rows": 2}),
    )
    is_not_to_be_contacted = forms.BooleanField(required=False, label="Do not contact")
    is_public_official = forms.BooleanField(required=False, label="Public official: no gifts")
    tags = TagsField()
    field_order = (
        "name", "title", "account", "email", "phone", "birthday", "prefers", "preferences", "tags",
        "is_not_to_be_contacted", "is_public_official",
    )  # fmt: skip

    def clean_birthday(self) -> Any:
        day = self.cleaned_data["birthday"]
        if day is not None and not 1900 <= day.year < 2100:
            raise forms.ValidationError("Nobody was born then; a birthday is between 1900 and 2100.")
        return day


class RoleForm(ForUser):
    account = AccountField()
    title = forms.CharField(required=False, max_length=100, label="Role there")


class ProfileForm(Versioned):
    """What an account is like, in four answers."""

    do_differently = forms.CharField(
        required=False, max_length=2000, widget=forms.Textarea({"rows": 3}), label="What to do differently here"
    )
    needs = forms.CharField(required=False, max_length=2000, widget=forms.Textarea({"rows": 3}), label="What they need")
    decision = forms.ChoiceField(
        required=False, choices=[("", "Not known"), *AccountProfile.Decision.choices], label="How they decide"
    )
    cares_about = forms.MultipleChoiceField(
        required=False, choices=AccountProfile.Care.choices, widget=forms.CheckboxSelectMultiple
    )


class AccountMergeForm(ForUser):
    other = AccountField(label="The other account")


class ContactMergeForm(ForUser):
    other = ContactField(label="The other contact")


class HandoverForm(forms.Form):
    """Who takes what from when."""

    taker = forms.ModelChoiceField(Person.objects.none(), label="To", empty_label="Choose a person")
    on = DayField(label="From")
    reason = forms.CharField(max_length=500, label="Why")
    everything = forms.BooleanField(required=False, label="The whole book: all accounts and open deals")
    accounts = forms.ModelMultipleChoiceField(Account.objects.none(), required=False)
    deals = forms.ModelMultipleChoiceField(Deal.objects.none(), required=False)

    def __init__(self, *args: Any, takers: Any, accounts: Any, deals: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        offer(self, taker=takers, accounts=accounts, deals=deals)


class GiverForm(forms.Form):
    giver = forms.ModelChoiceField(Person.objects.none(), required=False)

    def __init__(self, *args: Any, givers: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        offer(self, giver=givers)


class HandoverAnswerForm(forms.Form):
    answer = forms.CharField(required=False, max_length=500, label="A sentence")
