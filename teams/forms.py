"""Clean input of logging in, the profile and API tokens."""

from decimal import Decimal
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.db.models import QuerySet

from salesmgmt.lib.days import require_our_time
from salesmgmt.lib.offering import offer

from .models import LeaveKind, Person, Skill, User, access_of


class LoginForm(AuthenticationForm):
    """Name and password; somebody who has left is told what a wrong password is told."""

    def confirm_login_allowed(self, user: Any) -> None:
        super().confirm_login_allowed(user)
        if access_of(user).role == "none" and Person.objects.filter(user=user, left_on__isnull=False).exists():
            raise self.get_invalid_login_error()


class ProfileForm(forms.Form):
    name = forms.CharField(max_length=150)
    email = forms.EmailField(required=False, label="E-mail")
    time_zone = forms.ChoiceField(required=False, help_text="In which moments are shown. Days are the organisation's.")
    keys_off = forms.BooleanField(required=False, label="Turn off single-key shortcuts")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        zones = sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith("Etc/"))
        named = [(zone, zone.replace("_", " ")) for zone in zones]
        offer(self, time_zone=[("", "The organisation's"), ("UTC", "UTC"), *named])

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        # A reset link goes to an address; two logins that share one would each get the other's.
        if email and User.objects.filter(email__iexact=email).exclude(pk=self.user.pk).exists():
            raise forms.ValidationError("This address can't be used.")
        return email


def _day() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class LeaveForm(forms.Form):
    """Days somebody is away, both included, and why."""

    person = forms.ModelChoiceField(Person.objects.none(), empty_label="Choose somebody")
    kind = forms.ModelChoiceField(LeaveKind.objects.order_by("name"), empty_label=None)
    start = forms.DateField(label="First day away", validators=[require_our_time], widget=_day())
    last = forms.DateField(label="Last day away", validators=[require_our_time], widget=_day())

    def __init__(self, *args: Any, people: QuerySet[Person], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, person=people)


class PayForm(forms.Form):
    """Somebody's base pay from a day on."""

    person = forms.ModelChoiceField(Person.objects.none(), empty_label="Choose somebody")
    yearly = forms.DecimalField(
        label="Base pay of a fiscal year",
        max_digits=14,
        decimal_places=2,
        min_value=Decimal("0.01"),
        help_text="For a full week, without commission",
    )
    currency = forms.RegexField(
        r"^[A-Za-z]{3}$", error_messages={"invalid": "A currency has three letters, such as EUR."}
    )
    on = forms.DateField(label="From", validators=[require_our_time], widget=_day())
    until = forms.DateField(
        required=False,
        validators=[require_our_time],
        widget=_day(),
        help_text="First day it no longer holds; empty: until the next",
    )

    def __init__(self, *args: Any, people: QuerySet[Person], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"].queryset = people  # type: ignore[attr-defined]

    def clean_currency(self) -> str:
        return str(self.cleaned_data["currency"]).upper()


class TokenForm(forms.Form):
    name = forms.CharField(max_length=100, label="What is it for?")


class RatingForm(forms.Form):
    """One skill of a person, rated from 1 to 5."""

    skill = forms.ModelChoiceField(queryset=Skill.objects.none(), empty_label=None)
    score = forms.TypedChoiceField(coerce=int, choices=[(score, str(score)) for score in range(1, 6)], initial=3)
    note = forms.CharField(max_length=500, required=False, label="What it rests on")

    def __init__(self, *args: Any, skills: list[Skill], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, skill=Skill.objects.filter(pk__in=[skill.pk for skill in skills]).order_by("name"))


class SkillForm(forms.Form):
    name = forms.CharField(max_length=100)
    description = forms.CharField(max_length=300, required=False)
