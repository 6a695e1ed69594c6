"""The diagnosis of a case: steps ruled in order, what departments were asked, how the person sees it."""

from datetime import date
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from salesmgmt.desk.audit import audited
from teams.models import Person, Team, Viewer, access_of

from .cases import Case, Step


class ByCaseQuerySet(models.QuerySet):
    """Words of a case."""

    def visible_to(self, user: Viewer) -> Self:
        return self.filter(case__in=Case.objects.read_by(user))


class DiagnosisStepQuerySet(ByCaseQuerySet):
    def standing(self) -> Self:
        """Without what was taken up again."""
        return self.filter(reopened_at=None)


class DiagnosisStep(models.Model):
    """A step ruled in or out, with the figures as they stood then; taken up again, it is ruled by a further row."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="steps")
    step = models.CharField(max_length=9, choices=Step)
    is_in = models.BooleanField(help_text="A cause; else ruled out")
    is_team_wide = models.BooleanField(default=False, help_text="Comparable people show it too")
    reason = models.CharField(max_length=500)
    not_asked_because = models.CharField(
        max_length=500, blank=True, db_default="", help_text="Of departments, before it lies with the person"
    )
    evidence = models.JSONField(default=dict, help_text="The figures as they stood, with the way to their records")
    ruled_at = models.DateTimeField()
    ruled_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    reopened_at = models.DateTimeField(null=True)
    reopened_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    reopened_because = models.CharField(max_length=300, blank=True)

    objects = DiagnosisStepQuerySet.as_manager()

    class Meta:
        triggers = audited()
        constraints = [
            models.UniqueConstraint(
                fields=["case", "step"], condition=Q(reopened_at=None), name="a_step_is_ruled_once"
            ),
            models.CheckConstraint(
                condition=~Q(step="person", is_in=True, is_team_wide=True), name="a_persons_cause_is_not_the_teams"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_step_display()} ruled {'in' if self.is_in else 'out'}"


class QuestionQuerySet(models.QuerySet):
    def visible_to(self, user: Viewer) -> Self:
        """Of a department its questions, about oneself excepted; of who leads the person what they asked."""
        access = access_of(user)
        if access.person_id is None:
            return self.none()
        asked = Q(department=access.department) & ~Q(case__person=access.person_id)
        own = Q(case__in=Case.objects.read_by(user))
        return self.filter(own | asked if access.department else own)

    def waiting(self) -> Self:
        return self.filter(answered_at=None, case__state=Case.State.OPEN)


class Question(models.Model):
    """What a department is asked for a diagnosis. It sees these words and not the case, nor whom it is about."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="questions")
    step = models.CharField(max_length=9, choices=Step)
    department = models.CharField(max_length=10, choices=Team.Department)
    text = models.CharField(max_length=500)
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    due_on = models.DateField()
    reminded_on = models.DateField(null=True)
    answer = models.CharField(max_length=2000, blank=True)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")

    objects = QuestionQuerySet.as_manager()

    class Meta:
        triggers = audited()
        indexes = [
            models.Index(fields=["department", "due_on"], condition=Q(answered_at=None), name="open_question_by_place"),
            models.Index(fields=["-asked_at", "-id"], name="question_by_moment"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(answered_at=None) | ~Q(answer=""), name="answers_say_something"),
            models.CheckConstraint(condition=~Q(step="person"), name="nobody_is_asked_about_a_person"),
        ]

    def __str__(self) -> str:
        return f"{self.get_department_display()}: {self.get_step_display()}"

    def is_awaited(self, on: date) -> bool:
        """Neither answered nor past its day."""
        return self.answered_at is None and on <= self.due_on


class CaseStatement(models.Model):
    """How somebody sees their own case, in their words; it stands beside the diagnosis and nobody changes it."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="statements")
    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    text = models.TextField(max_length=5000)
    at = models.DateTimeField()

    objects = ByCaseQuerySet.as_manager()

    class Meta:
        triggers = audited("text")
        indexes = [models.Index(fields=["case", "at"], name="statement_by_case")]
