"""Clean input of plan letters: responses, answers, strategies, announcements."""

from decimal import Decimal
from typing import Any

from django import forms

from sales.models import Account, Activity
from salesmgmt.lib.offering import offer
from targets.models import Answer, Response
from targets.services.letters import MOST_PER_WEEK

from .fields import MONEY

PREFIX = "per_week_"
SAID = ("headline", "results", "economy", "competition", "strategy")
LARGE = forms.Textarea(attrs={"rows": 3})


class ResponseForm(forms.Form):
    """How one will get there, and yes or no. Carries what was read: the figure and the strategy's version."""

    approach = forms.CharField(label="How will you get there?", max_length=5000, required=False, widget=LARGE)
    accounts = forms.ModelMultipleChoiceField(
        Account.objects.none(),
        label="Accounts you count on",
        required=False,
        help_text="Several with Ctrl",
    )
    help_needed = forms.CharField(
        label="Help you need", max_length=250, required=False, help_text="It goes on your manager's list of tasks."
    )
    statement = forms.CharField(
        label="If you object: what to?", max_length=5000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    stance = forms.ChoiceField(
        label="Your answer",
        choices=[(Response.Stance.ACCEPTS, "I accept the figure"), (Response.Stance.OBJECTS, "I object")],
        widget=forms.RadioSelect,
    )
    quota = forms.DecimalField(widget=forms.HiddenInput, required=False, max_digits=18, decimal_places=2)
    version = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0, max_value=32_767)

    def __init__(self, *args: Any, accounts: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, accounts=accounts)
        self.fields["accounts"].widget.attrs["size"] = 6
        for kind, label in Activity.Kind.choices:
            field = forms.IntegerField(label=f"{label}s" if kind != "email" else "E-mails", min_value=0,
                                       max_value=MOST_PER_WEEK, required=False)  # fmt: skip
            field.widget.attrs["inputmode"] = "numeric"
            self.fields[PREFIX + kind] = field

    @property
    def weekly(self) -> list[forms.BoundField]:
        return [self[PREFIX + kind] for kind in Activity.Kind.values]

    @property
    def said(self) -> dict[str, Any]:
        """What the service takes."""
        data = dict(self.cleaned_data)
        activities = {kind: data.pop(PREFIX + kind) for kind in Activity.Kind.values}
        return data | {"activities": {kind: n for kind, n in activities.items() if n}}


class AnswerForm(forms.Form):
    kind = forms.ChoiceField(label="Your answer", choices=Answer.Kind.choices, widget=forms.RadioSelect)
    amount = forms.DecimalField(label="New figure", required=False, help_text="Where it is changed", **MONEY)
    text = forms.CharField(label="Your reasons", max_length=5000, widget=forms.Textarea(attrs={"rows": 3}))
    seen = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0, max_value=10_000)


class StrategyForm(forms.Form):
    text = forms.CharField(label="The strategy in words", max_length=10_000, widget=forms.Textarea(attrs={"rows": 8}))
    reason = forms.CharField(label="Why it changes", max_length=500, required=False)
    version = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0, max_value=32_767)


class AnnouncementForm(forms.Form):
    """What changed, and for whom; the new figures stand in fields of their own, one for each person."""

    headline = forms.CharField(label="What changes, in one line", max_length=200)
    results = forms.CharField(label="What changed in results", max_length=2000, required=False, widget=LARGE)
    economy = forms.CharField(label="What changed in the economy", max_length=2000, required=False, widget=LARGE)
    competition = forms.CharField(label="What changed in competition", max_length=2000, required=False, widget=LARGE)
    strategy = forms.CharField(
        label="New strategy in words", max_length=10_000, required=False, widget=LARGE, help_text="Empty: it stays."
    )

    def __init__(self, *args: Any, people: Any = (), figures: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.people = list(people)
        for person in self.people:
            stands = (figures or {}).get(person.pk)
            self.fields[f"figure_{person.pk}"] = forms.DecimalField(label=person.name, required=False, **MONEY)
            self.fields[f"seen_{person.pk}"] = forms.DecimalField(
                widget=forms.HiddenInput, required=False, max_digits=18, decimal_places=2, initial=stands
            )

    @property
    def words(self) -> list[forms.BoundField]:
        return [
            self[name] for name in ("headline", "results", "economy", "competition", "strategy") if name in self.fields
        ]

    @property
    def lines(self) -> list[tuple[Any, Any, forms.BoundField, forms.BoundField]]:
        return [
            (person, self.fields[f"seen_{person.pk}"].initial, self[f"figure_{person.pk}"], self[f"seen_{person.pk}"])
            for person in self.people
        ]

    @property
    def said(self) -> dict[str, Any]:
        data = self.cleaned_data
        given = {one.pk: data.get(f"figure_{one.pk}") for one in self.people}
        seen: dict[int, Decimal] = {
            one.pk: value for one in self.people if (value := data.get(f"seen_{one.pk}")) is not None
        }
        words = {name: data.get(name, "") for name in SAID}
        return words | {"figures": {pk: amount for pk, amount in given.items() if amount is not None}, "seen": seen}
