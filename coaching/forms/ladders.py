"""Forms of ladders and exits."""

from typing import Any

from django import forms

from coaching.models import Case, CoachingPlan, Enrolment, Exit, LadderDecision
from performance.selectors import Measure
from salesmgmt.lib.days import require_our_time
from salesmgmt.lib.offering import offer
from teams.models import Person

from .cases import DAY

WORDS = forms.Textarea(attrs={"rows": 3})
EDITION: dict[str, Any] = {"widget": forms.HiddenInput, "min_value": 1, "required": False}


def _day(label: str, **more: Any) -> forms.DateField:
    return forms.DateField(label=label, widget=DAY, validators=[require_our_time], **more)


class OpenLadderForm(forms.Form):
    """Begins with training, as a draft: the person may read it, and is asked to once it is published."""

    person = forms.ModelChoiceField(Person.objects.none(), label="Who")
    reason = forms.CharField(label="What is lacking, as a fact", max_length=500, widget=WORDS)
    starts_on = _day("Training from")
    last = _day("To (last day)")
    case = forms.ModelChoiceField(Case.objects.none(), required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, people: Any, cases: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, person=people.order_by("name", "pk"), case=cases)


class LadderStepForm(forms.Form):
    text = forms.CharField(label="What is expected, and how", max_length=5000, widget=WORDS, required=False)
    starts_on = _day("From")
    last = _day("To (last day)")
    edition = forms.IntegerField(**EDITION)


class LadderGoalForm(forms.Form):
    """A measure, from where to where. Rates are written in percent."""

    measure = forms.ChoiceField(label="Measure")
    was = forms.DecimalField(
        label="From",
        max_digits=15,
        decimal_places=4,
        required=False,
        help_text="Empty: what as many days before brought",
    )
    aim = forms.DecimalField(label="To", max_digits=15, decimal_places=4, help_text="A rate in percent: 30")
    last = _day("By (last day)", required=False)
    edition = forms.IntegerField(**EDITION)

    def __init__(self, *args: Any, measures: dict[str, Measure], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.measures = measures
        offer(self, measure=[(key, one.label) for key, one in measures.items()])

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or {}
        if (measure := self.measures.get(said.get("measure", ""))) and measure.unit == "ratio":
            for name in ("was", "aim"):
                if said.get(name) is not None:
                    said[name] = said[name] / 100
        return said


class LadderSupportForm(forms.Form):
    owner = forms.ModelChoiceField(Person.objects.none(), label="Who", empty_label=None)
    text = forms.CharField(label="Gives what", max_length=300)
    due_on = _day("By when")
    enrolment = forms.ModelChoiceField(
        Enrolment.objects.none(), label="As this course", required=False, empty_label="None",
        help_text="The course or the plan then tells whether it was given.",
    )  # fmt: skip
    coaching_plan = forms.ModelChoiceField(
        CoachingPlan.objects.none(), label="As this planned help", required=False, empty_label="None"
    )
    edition = forms.IntegerField(**EDITION)

    def __init__(self, *args: Any, people: Any, courses: Any, plans: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, owner=people, enrolment=courses, coaching_plan=plans)


class LadderReadForm(forms.Form):
    """Reading is not agreeing."""

    comment = forms.CharField(label="What you think of it", max_length=5000, widget=WORDS, required=False)
    edition = forms.IntegerField(**EDITION)


class LadderExtendForm(forms.Form):
    last = _day("To (last day)")
    reason = forms.CharField(label="Why", max_length=300)
    edition = forms.IntegerField(**EDITION)


class LadderFinishForm(forms.Form):
    is_met = forms.TypedChoiceField(
        label="The goals are",
        choices=[("yes", "met: the ladder ends"), ("no", "not met: on to the next step")],
        coerce=lambda said: said == "yes",
        widget=forms.RadioSelect,
    )
    result = forms.CharField(label="What came of it", max_length=500)
    edition = forms.IntegerField(**EDITION)


class LadderDecisionForm(forms.Form):
    outcome = forms.ChoiceField(label="Outcome", choices=LadderDecision.Outcome.choices)
    until = _day("Extended to (last day)", required=False)
    reason = forms.CharField(label="Your reasons", max_length=5000, widget=WORDS)
    edition = forms.IntegerField(**EDITION)


class LadderAnswerForm(forms.Form):
    consents = forms.TypedChoiceField(
        label="HR",
        choices=[("yes", "consents"), ("no", "does not consent")],
        coerce=lambda said: said == "yes",
        widget=forms.RadioSelect,
    )
    answer = forms.CharField(label="Why", max_length=500, required=False)


class WithdrawLadderForm(forms.Form):
    reason = forms.CharField(label="Why it is taken back", max_length=500)


class ExitWords(forms.Form):
    """What HR heard."""

    left_on = _day("First day no longer here")
    reason = forms.ChoiceField(label="Main reason", choices=Exit.Reason.choices)
    interviewed_on = _day("Day of the interview", required=False)
    interview = forms.CharField(label="What they said", max_length=10_000, widget=WORDS, required=False)
    lesson = forms.CharField(label="What to learn from it, naming nobody", max_length=500, required=False)
    would_return = forms.NullBooleanField(label="Would come back", required=False)


class ExitCorrectForm(ExitWords):
    version = forms.IntegerField(min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)


class ExitForm(ExitWords):
    person = forms.ModelChoiceField(Person.objects.none(), label="Who")
    field_order = ("person", "left_on")

    def __init__(self, *args: Any, people: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, person=people.order_by("name", "pk"))
