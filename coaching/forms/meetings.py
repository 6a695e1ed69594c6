"""Forms of meetings."""

from typing import Any

from django import forms
from django.utils import timezone

from salesmgmt.lib.days import require_our_time
from salesmgmt.lib.offering import offer
from teams.models import Person, Team

from .cases import DAY

WHEN: dict[str, Any] = {
    "widget": forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    "input_formats": ["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"],
    "error_messages": {"invalid": "Give a day and a time, such as 2026-11-23 10:00."},
    "validators": [require_our_time],
}


class MeetingForm(forms.Form):
    """A meeting of a team one leads. The time is in the zone of whoever fills it in."""

    team = forms.ModelChoiceField(Team.objects.none(), label="Team", empty_label=None)
    title = forms.CharField(label="Title", max_length=100, initial="Team meeting")
    starts_at = forms.DateTimeField(label="When", **WHEN)
    every_weeks = forms.TypedChoiceField(
        label="Again", coerce=int, empty_value=None, required=False,
        choices=[(0, "No, once"), (1, "Every week"), *((weeks, f"Every {weeks} weeks") for weeks in range(2, 13))],
    )  # fmt: skip
    is_open_below = forms.BooleanField(
        label="Everybody below may read it", required=False,
        help_text="Else those who are asked to come: the team, who leads it and the teams right below.",
    )  # fmt: skip

    @property
    def meeting(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name != "every_weeks"}

    @property
    def rhythm(self) -> dict[str, Any]:
        """As the service takes it, from the first meeting on; empty where there is one alone."""
        if not self.cleaned_data["every_weeks"]:
            return {}
        zone = timezone.get_current_timezone()
        starts = self.cleaned_data["starts_at"].astimezone(zone)
        said = {name: value for name, value in self.cleaned_data.items() if name != "starts_at"}
        return said | {
            "weekday": starts.isoweekday(), "at_time": starts.time(), "starts_on": starts.date(), "zone": str(zone)
        }  # fmt: skip

    def __init__(self, *args: Any, teams: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, team=teams.order_by("name", "pk"))


class MoveMeetingForm(forms.Form):
    starts_at = forms.DateTimeField(label="New time", **WHEN)


class MinutesForm(forms.Form):
    minutes = forms.CharField(
        label="Minutes", widget=forms.Textarea(attrs={"rows": 8}), max_length=20_000, required=False
    )


class MeetingDecisionForm(forms.Form):
    text = forms.CharField(label="Decided", max_length=500)


class OutcomeForm(forms.Form):
    outcome = forms.CharField(label="What came of it", max_length=500)


class MeetingAnswerForm(forms.Form):
    answer = forms.CharField(label="Answer", max_length=1000)


class MeetingQuestionForm(forms.Form):
    """A question for the next meeting of one of one's teams."""

    team = forms.ModelChoiceField(Team.objects.none(), label="Team", empty_label=None)
    text = forms.CharField(label="Question or topic", max_length=500)

    def __init__(self, *args: Any, teams: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, team=teams.order_by("name", "pk"))


class PromiseForm(forms.Form):
    """Who of the team does what, by when."""

    owner = forms.ModelChoiceField(Person.objects.none(), label="Who", empty_label=None)
    text = forms.CharField(label="Does what", max_length=300)
    due_on = forms.DateField(label="By when", widget=DAY, validators=[require_our_time])

    def __init__(self, *args: Any, people: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, owner=people.order_by("name", "pk"))


class AttendanceForm(forms.Form):
    """Who came."""

    came = forms.ModelMultipleChoiceField(
        Person.objects.none(), label="Who came", required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, people: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, came=people.order_by("name", "pk"))
