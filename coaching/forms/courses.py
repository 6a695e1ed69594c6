"""Forms of courses: written, assigned, answered."""

from collections.abc import Sequence
from typing import Any

from django import forms

from coaching.models import CourseRule, Lesson, QuizQuestion
from performance.selectors import catalogue
from sales.models import Product
from salesmgmt.lib.days import require_our_time
from salesmgmt.lib.offering import offer
from teams.models import Person, Role, Skill

from .cases import DAY

CHOICES = 5  # lines of a question's form


def measures() -> list[tuple[str, str]]:
    return [("", "None"), *sorted(((key, one.label) for key, one in catalogue().items()), key=lambda row: row[1])]


class CourseForm(forms.Form):
    """What a course is called and for."""

    title = forms.CharField(max_length=200)
    summary = forms.CharField(max_length=500, required=False, label="In a sentence")
    skills = forms.ModelMultipleChoiceField(
        Skill.objects.none(), required=False, widget=forms.CheckboxSelectMultiple, label="Skills it teaches"
    )
    measure = forms.ChoiceField(required=False, label="Measure it should move")
    due_days = forms.IntegerField(min_value=1, max_value=730, initial=14, label="Days until it is due")
    renew_months = forms.IntegerField(
        min_value=1, max_value=120, required=False, label="Renew after, months", help_text="Empty: it holds for good"
    )
    edition = forms.IntegerField(min_value=1, max_value=2**31 - 1, required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, skills=Skill.objects.filter(is_active=True).order_by("name"), measure=measures())


class LessonForm(forms.Form):
    """A lesson: words, and a file, a video or a quiz beside them."""

    title = forms.CharField(max_length=200)
    kind = forms.ChoiceField(choices=Lesson.Kind.choices)
    text = forms.CharField(
        max_length=20_000, required=False, widget=forms.Textarea(attrs={"rows": 10}),
        help_text="An empty line begins a paragraph. # heading, - list, **bold**, [link](https://…)",
    )  # fmt: skip
    video_url = forms.URLField(
        max_length=500, required=False, label="Address of the video", help_text="https only", assume_scheme="https"
    )
    file = forms.FileField(max_length=250, required=False, help_text="PDF, PNG, JPEG or Word, 10 MB at most")
    pass_percent = forms.IntegerField(min_value=1, max_value=100, initial=80, label="Pass mark of a quiz, %")


class QuestionForm(forms.Form):
    """A question, its choices, and which of them are right."""

    text = forms.CharField(max_length=500, label="Question")
    explanation = forms.CharField(max_length=500, required=False, help_text="Shown once the quiz is passed")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for place in range(1, CHOICES + 1):
            self.fields[f"choice_{place}"] = forms.CharField(
                max_length=300, required=place < 3, label=f"Choice {place}"
            )
            self.fields[f"right_{place}"] = forms.BooleanField(required=False, label=f"Choice {place} is right")

    @property
    def choices(self) -> list[tuple[str, bool]]:
        said = self.cleaned_data
        return [(said[f"choice_{place}"], said[f"right_{place}"]) for place in range(1, CHOICES + 1)]


class CourseRuleForm(forms.Form):
    """Who is given a course by itself."""

    kind = forms.ChoiceField(choices=CourseRule.Kind.choices, label="Given to")
    role = forms.ChoiceField(choices=[("", "Any role"), *Role.choices], required=False)
    skill = forms.ModelChoiceField(Skill.objects.none(), required=False, label="Skill that lacks")
    product = forms.ModelChoiceField(Product.objects.none(), required=False, label="Product launched")
    starts_on = forms.DateField(label="From", widget=DAY, validators=[require_our_time])
    due_days = forms.IntegerField(min_value=1, max_value=730, initial=14, label="Days until it is due")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(
            self,
            skill=Skill.objects.filter(is_active=True).order_by("name"),
            product=Product.objects.filter(withdrawn_at=None).order_by("name"),
        )


class AssignForm(forms.Form):
    """Give a course to one of one's people."""

    person = forms.ModelChoiceField(Person.objects.none(), label="Who")
    due_on = forms.DateField(label="By when", widget=DAY, validators=[require_our_time])
    reason = forms.CharField(max_length=300, label="What for")

    def __init__(self, *args: Any, people: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, person=people.order_by("name", "pk"))


class DueForm(forms.Form):
    due_on = forms.DateField(label="Due on", widget=DAY, validators=[require_our_time])


class QuizForm(forms.Form):
    """The questions of a quiz. Which choices are right is nowhere in it."""

    def __init__(self, *args: Any, questions: Sequence[QuizQuestion], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.questions = questions
        for question in questions:
            choices = sorted(question.choices.all(), key=lambda choice: choice.position)
            several = sum(1 for choice in choices if choice.is_right) > 1
            kind: Any = forms.MultipleChoiceField if several else forms.ChoiceField
            self.fields[f"q{question.pk}"] = kind(
                choices=[(str(choice.pk), choice.text) for choice in choices],
                widget=forms.CheckboxSelectMultiple if several else forms.RadioSelect,
                label=question.text,
                help_text="Choose all that apply" if several else "",
                error_messages={"required": "Choose an answer.", "invalid_choice": "This is none of the answers."},
            )

    @property
    def chosen(self) -> dict[int, set[int]]:
        found = {}
        for question in self.questions:
            said = self.cleaned_data[f"q{question.pk}"]
            found[question.pk] = {int(one) for one in (said if isinstance(said, list) else [said])}
        return found
