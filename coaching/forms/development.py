"""Forms of development plans, mentors and the path of newcomers."""

from typing import Any

from django import forms
from django.db.models import Q

from coaching.selectors import active_skills, taught
from salesmgmt.lib.days import require_our_time
from salesmgmt.lib.offering import offer
from teams.models import Person, Role, Skill

from .cases import DAY
from .courses import measures


class DevelopmentForm(forms.Form):
    """The next role or level, and the steps there."""

    aim = forms.CharField(max_length=200, label="Next role or level")
    aim_role = forms.ChoiceField(choices=[("", "None of these"), *Role.choices], required=False, label="Role")
    path = forms.CharField(
        max_length=5000, required=False, widget=forms.Textarea(attrs={"rows": 5}), label="Steps there"
    )
    review_on = forms.DateField(label="Looked at again on", widget=DAY, validators=[require_our_time])
    version = forms.IntegerField(min_value=1, max_value=2**31 - 1, required=False, widget=forms.HiddenInput)


class DevelopmentGoalForm(forms.Form):
    """A goal of one's own."""

    text = forms.CharField(max_length=300, label="Goal")
    measure = forms.ChoiceField(required=False)
    wanted = forms.CharField(max_length=60, required=False, label="How much", help_text="Such as 45 % or 3 a week")
    due_on = forms.DateField(label="By when", widget=DAY, validators=[require_our_time])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, measure=measures())


class MentorForm(forms.Form):
    """Ask a colleague."""

    mentor = forms.CharField(max_length=254, label="Mentor", help_text="Their name or e-mail address")
    focus = forms.CharField(max_length=300, label="What about", help_text="The mentor reads it")
    starts_on = forms.DateField(label="From", widget=DAY, validators=[require_our_time])
    until = forms.DateField(label="Until", widget=DAY, validators=[require_our_time], required=False)

    def __init__(self, *args: Any, colleagues: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._colleagues = colleagues

    def clean_mentor(self) -> Person:
        said = self.cleaned_data["mentor"]
        found = list(self._colleagues.filter(Q(email__iexact=said) | Q(name__iexact=said))[:2])
        if len(found) == 1:
            mentor: Person = found[0]
            return mentor
        if found:
            raise forms.ValidationError("More than one colleague is called so; give the e-mail address.")
        raise forms.ValidationError("No colleague with a login is called so; write the name in full.")


class GrowthStepForm(forms.Form):
    """A step of the path to a role."""

    role = forms.ChoiceField(choices=Role.choices, label="Path to")
    months = forms.IntegerField(min_value=1, max_value=60, label="Done after how many months")
    text = forms.CharField(max_length=300, label="What is learned or done")
    skill = forms.ModelChoiceField(Skill.objects.none(), required=False)
    level = forms.IntegerField(min_value=1, max_value=5, required=False, help_text="Of the skill, from 1 to 5")
    course = forms.ModelChoiceField(taught().none(), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, skill=active_skills(), course=taught().order_by("title"))


class OnboardingStepForm(forms.Form):
    """A step of everybody who starts in a role."""

    role = forms.ChoiceField(choices=Role.choices)
    week = forms.IntegerField(min_value=1, max_value=104, help_text="1 is the first week")
    text = forms.CharField(max_length=300, label="What is done")
    course = forms.ModelChoiceField(taught().none(), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, course=taught().order_by("title"))
