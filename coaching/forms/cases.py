"""Forms of cases and their diagnosis: they clean, services save."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms

from coaching.models import Case, Course, Step
from salesmgmt.lib.days import require_our_time
from salesmgmt.lib.offering import offer
from teams.models import Person, Team

DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
ROWS = forms.Textarea(attrs={"rows": 3})


class Versioned(forms.Form):
    """Knows the case as it stood when the form was opened."""

    version = forms.IntegerField(required=False, min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)


class CaseForm(Versioned):
    due_on = forms.DateField(label="To be settled by", widget=DAY, validators=[require_our_time])


class MoveCaseForm(CaseForm):
    reason = forms.CharField(label="Why", max_length=200)


def amount() -> forms.DecimalField:
    return forms.DecimalField(
        label="What it is likely to cost", min_value=0, max_digits=20, decimal_places=2, required=False,
        help_text="Your estimate, in the currency of reports; may be left empty.",
    )  # fmt: skip


class OpenCaseForm(forms.Form):
    """A case about one of one's people, without a flag."""

    person = forms.ModelChoiceField(Person.objects.none(), label="About")
    subject = forms.CharField(label="What you see", max_length=300, help_text="About the gap, not about the person.")
    at_stake = amount()
    due_on = forms.DateField(label="To be settled by", widget=DAY, validators=[require_our_time])

    def __init__(self, *args: Any, people: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, person=people.order_by("name", "pk"))


class RaiseCaseForm(forms.Form):
    """What holds oneself back."""

    ask = forms.ChoiceField(label="What is it?", choices=Case.Ask.choices, widget=forms.RadioSelect)
    subject = forms.CharField(label="In a sentence", max_length=300)
    at_stake = amount()


class HandOverForm(Versioned):
    owner = forms.ModelChoiceField(Person.objects.none(), label="New owner", empty_label=None)

    def __init__(self, *args: Any, owners: Sequence[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, owner=Person.objects.filter(pk__in=owners).order_by("name", "pk"))


class CloseCaseForm(Versioned):
    OUTCOMES = [one for one in Case.Outcome.choices if one[0] in Case.CHOSEN]
    cause = forms.ChoiceField(label="Main cause", choices=Case.CAUSES)
    outcome = forms.ChoiceField(label="Outcome", choices=OUTCOMES)
    result = forms.CharField(label="What came of it", max_length=500)

    def __init__(self, *args: Any, causes: Sequence[Step] | None = None, source: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if source == Case.Source.PERSON:  # only they withdraw it
            offer(self, outcome=[one for one in self.OUTCOMES if one[0] != Case.Outcome.WITHDRAWN])
        if causes is not None:
            offer(self, cause=[*((step.value, step.label) for step in causes), Case.CAUSES[-1]])


class WithdrawForm(Versioned):
    result = forms.CharField(label="Why it is no longer needed", max_length=500)


class RulingForm(Versioned):
    """One step: ruled in or out, and why."""

    step = forms.ChoiceField(choices=Step.choices, widget=forms.HiddenInput)
    ruling = forms.ChoiceField(
        label="Your ruling", choices=[("out", "Ruled out: not a cause"), ("in", "Ruled in: a cause")],
        widget=forms.RadioSelect,
    )  # fmt: skip
    is_team_wide = forms.BooleanField(label="Others in the team show it too", required=False)
    reason = forms.CharField(label="Why", max_length=500, widget=ROWS, help_text="The person reads it.")
    not_asked_because = forms.CharField(label="Why they were not asked", max_length=500, required=False, widget=ROWS)

    def __init__(self, *args: Any, unasked: Sequence[Step] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if unasked:
            left_out = ", ".join(step.label.lower() for step in unasked)
            said = f"No department was asked about {left_out}. Before it lies with the person, ask or say why not."
            self.fields["not_asked_because"].help_text = said
        elif unasked is not None:
            del self.fields["not_asked_because"]

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if "ruling" in said:
            said["is_in"] = said.pop("ruling") == "in"
        return said


class ReopenForm(Versioned):
    step = forms.ChoiceField(label="Step", choices=Step.choices)
    reason = forms.CharField(label="Why it is taken up again", max_length=200)


class AskForm(Versioned):
    """A question to a department."""

    step = forms.ChoiceField(label="About", choices=[one for one in Step.choices if one[0] != Step.PERSON])
    department = forms.ChoiceField(label="Whom", choices=Team.Department.choices)
    text = forms.CharField(
        label="Question", max_length=500, widget=ROWS,
        help_text="They see these words alone: neither the case nor whom it is about.",
    )  # fmt: skip
    due_on = forms.DateField(label="Answer by", widget=DAY, validators=[require_our_time])
    is_other_word = forms.BooleanField(label="It is not the name", required=False, widget=forms.HiddenInput)

    def offer_other_word(self) -> None:
        """A word reads like the name of the person: whoever asks may say that it is another one."""
        self.fields["is_other_word"].widget = forms.CheckboxInput()


class AskViewForm(Versioned):
    due_on = forms.DateField(label="To be heard by", widget=DAY, validators=[require_our_time])


class CaseCourseForm(forms.Form):
    """A course that the case calls for."""

    course = forms.ModelChoiceField(Course.objects.none(), label="Course", empty_label=None)
    due_on = forms.DateField(label="To be passed by", widget=DAY, validators=[require_our_time])

    def __init__(self, *args: Any, courses: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, course=courses.order_by("title", "pk"))


class StatementForm(forms.Form):
    text = forms.CharField(label="How you see it", max_length=5000, widget=forms.Textarea(attrs={"rows": 4}))


class QuestionAnswerForm(forms.Form):
    text = forms.CharField(label="Answer", max_length=2000, widget=ROWS)


class CaseListForm(forms.Form):
    """Filters of the list; what can't be read is left out."""

    STATES = (("open", "Open"), ("overdue", "Overdue"), ("closed", "Closed"), ("all", "All"))

    state = forms.ChoiceField(choices=STATES, required=False)
    cause = forms.ChoiceField(choices=Case.CAUSES, required=False)
    person = forms.CharField(max_length=200, required=False)
    source = forms.ChoiceField(choices=Case.Source.choices, required=False)
    team = forms.IntegerField(min_value=1, max_value=2**63 - 1, required=False)
    owner = forms.IntegerField(min_value=1, max_value=2**63 - 1, required=False)
    cursor = forms.CharField(max_length=200, required=False)

    @property
    def asked(self) -> dict[str, Any]:
        self.is_valid()
        numbers = {name: self.cleaned_data.get(name) for name in ("team", "owner")}
        found = {name: str(self.cleaned_data.get(name) or "") for name in self.fields}
        return found | {"state": found["state"] or "open"} | numbers


class CausesForm(forms.Form):
    """Cases closed between two days; what can't be read is left out."""

    since = forms.DateField(label="From", required=False, widget=DAY, validators=[require_our_time])
    until = forms.DateField(label="Up to", required=False, widget=DAY, validators=[require_our_time])

    @property
    def asked(self) -> dict[str, date | None]:
        self.is_valid()
        return {name: self.cleaned_data.get(name) for name in self.fields}
