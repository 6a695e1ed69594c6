"""After the order: what customers answer, and what they complain about."""

from typing import Any

from django import forms

from sales.models import Contact, Feedback, Order
from salesmgmt.lib.offering import offer

from .fields import AccountField, DayField, ForUser, ListForm, Versioned
from .orders import IDS


class AskForm(forms.Form):
    """Whom to ask: the first contact is chosen already, nobody in particular comes last."""

    contact = forms.ModelChoiceField(Contact.objects.none(), required=False)

    def __init__(self, *args: Any, contacts: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        field: Any = self.fields["contact"]
        field.queryset = contacts
        people = [(one.pk, str(one)) for one in contacts]
        field.widget.choices = [*people, ("", "Nobody in particular")]
        field.initial = people[0][0] if people else None


class AnswerForm(forms.Form):
    """The customer's: two scales, words, and whether something went wrong."""

    csat = forms.TypedChoiceField(
        required=False,
        coerce=int,
        empty_value=None,
        choices=[(n, str(n)) for n in range(1, 6)],
        widget=forms.RadioSelect,
        label="How content are you with us?",
    )
    nps = forms.TypedChoiceField(
        required=False,
        coerce=int,
        empty_value=None,
        choices=[(n, str(n)) for n in range(11)],
        widget=forms.RadioSelect,
        label="How likely are you to recommend us?",
    )
    comment = forms.CharField(required=False, max_length=5000, widget=forms.Textarea, label="In your words")
    went_wrong = forms.BooleanField(required=False, label="Something went wrong; please get in touch")


class FeedbackForm(ForUser):
    account = AccountField()
    kind = forms.ChoiceField(choices=Feedback.Kind.choices, label="What was asked")
    score = forms.IntegerField(min_value=0, max_value=10, help_text="Satisfaction 1 to 5, recommendation 0 to 10")
    given_on = DayField(label="Said on")
    order = forms.ModelChoiceField(Order.objects.none(), required=False, empty_label="None")
    comment = forms.CharField(required=False, max_length=5000, widget=forms.Textarea, label="In their words")

    def __init__(self, *args: Any, orders: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        offer(self, order=orders)
        self.fields["score"].widget.attrs["inputmode"] = "numeric"


class FeedbackListForm(ListForm):
    kind = forms.ChoiceField(required=False, choices=Feedback.Kind.choices)
    owner = forms.IntegerField(**IDS)
    account = forms.IntegerField(**IDS)
    period = forms.CharField(required=False, max_length=10)


class ComplaintForm(ForUser):
    account = AccountField()
    text = forms.CharField(max_length=5000, widget=forms.Textarea, label="What they are not content with")
    received_on = DayField(label="Came on")
    order = forms.ModelChoiceField(Order.objects.none(), required=False, empty_label="None")

    def __init__(self, *args: Any, orders: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        offer(self, order=orders)


class ComplaintAnswerForm(Versioned):
    on = DayField(label="Answered on")


class ResolveForm(Versioned):
    resolution = forms.CharField(max_length=1000, widget=forms.Textarea, label="How it was resolved")
    on = DayField(label="Resolved on")


class ComplaintListForm(ListForm):
    STATES = (("open", "Open"), ("overdue", "Overdue"), ("resolved", "Resolved"), ("all", "All"))

    state = forms.ChoiceField(required=False, choices=STATES)
    owner = forms.IntegerField(**IDS)
    account = forms.IntegerField(**IDS)
