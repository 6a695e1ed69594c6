"""Courses, what they are made of, who takes them, and what they knew in the end."""

from datetime import date
from typing import Self

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q

from sales.models import Product
from salesmgmt.desk.audit import audited
from salesmgmt.lib.finding import Words
from teams.models import Person, Role, Skill, Viewer, access_of

from .cases import Case
from .plans import EffectKept


class CourseQuerySet(models.QuerySet):
    def visible_to(self, user: Viewer) -> Self:
        """Drafts only for who may write courses."""
        access = access_of(user)
        if access.role == "none":
            return self.none()
        if access.sees_all:
            return self.all()
        seen = Q(versions__published_at__isnull=False) | Q(author=access.person_id if access.leads else None)
        return self.filter(pk__in=self.model._default_manager.filter(seen).values("pk"))


class Course(models.Model):
    """Something to learn. What it says stands in its versions; the latest published one is taught."""

    title = models.CharField(max_length=200, unique=True)
    summary = models.CharField(max_length=500, blank=True)
    author = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    measure = models.CharField(max_length=60, blank=True, help_text="Key of the measure that it should move")
    due_days = models.PositiveSmallIntegerField(default=14, help_text="From being assigned")
    renew_months = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Empty: it holds for good")
    made_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True, blank=True)
    edition = models.PositiveIntegerField(default=1, help_text="Counts changes, for forms that are stale")

    objects = CourseQuerySet.as_manager()

    class Meta:
        triggers = audited()
        indexes = [GinIndex(Words("title", "summary"), name="course_by_words")]

    def __str__(self) -> str:
        return self.title


class CourseSkill(models.Model):
    """A skill that a course teaches."""

    course = models.ForeignKey(Course, models.CASCADE, related_name="teaches")
    skill = models.ForeignKey(Skill, models.PROTECT, related_name="taught_by")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["course", "skill"], name="a_course_teaches_a_skill_once")]


class CourseVersion(models.Model):
    """What a course says. A published one never changes: whoever passed it keeps a certificate of that one."""

    course = models.ForeignKey(Course, models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField()
    made_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True, blank=True)
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        triggers = audited()
        constraints = [
            models.UniqueConstraint(fields=["course", "number"], name="course_versions_are_numbered"),
            models.UniqueConstraint(fields=["course"], condition=Q(published_at=None), name="one_draft_per_course"),
        ]

    def __str__(self) -> str:
        return f"{self.course}, version {self.number}"


class LessonQuerySet(models.QuerySet):
    def visible_to(self, user: Viewer) -> Self:
        """Of what was published; a draft's for who writes the course."""
        access = access_of(user)
        seen = self.filter(version__course__in=Course.objects.visible_to(user))
        if access.sees_all:
            return seen
        mine = Q(version__course__author=access.person_id) if access.leads else Q(pk=None)
        return seen.filter(mine | Q(version__published_at__isnull=False))


class Lesson(models.Model):
    """A page of a course: words, and what its kind says beside them."""

    class Kind(models.TextChoices):
        TEXT = "text", "Text"
        FILE = "file", "File"
        VIDEO = "video", "Video"
        QUIZ = "quiz", "Quiz"

    version = models.ForeignKey(CourseVersion, models.CASCADE, related_name="lessons")
    position = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=5, choices=Kind, default=Kind.TEXT)
    title = models.CharField(max_length=200)
    text = models.TextField(max_length=20_000, blank=True)
    video_url = models.URLField(max_length=500, blank=True)
    file = models.FileField(upload_to="lessons/%Y/", blank=True, max_length=300)
    file_name = models.CharField(max_length=255, blank=True)
    file_digest = models.CharField(max_length=64, blank=True, help_text="SHA-256")
    pass_percent = models.PositiveSmallIntegerField(default=80, help_text="Of a quiz")

    objects = LessonQuerySet.as_manager()

    class Meta:
        triggers = audited()
        constraints = [
            models.UniqueConstraint(
                fields=["version", "position"], name="one_lesson_per_place", deferrable=models.Deferrable.DEFERRED
            ),
            models.CheckConstraint(condition=Q(pass_percent__range=(1, 100)), name="pass_mark_is_a_percentage"),
            models.CheckConstraint(
                condition=Q(video_url="") | Q(video_url__startswith="https://"), name="video_is_on_https"
            ),
        ]

    def __str__(self) -> str:
        return self.title


class QuizQuestion(models.Model):
    """A question of a quiz. It is answered right by exactly its right choices."""

    lesson = models.ForeignKey(Lesson, models.CASCADE, related_name="questions")
    position = models.PositiveSmallIntegerField()
    text = models.CharField(max_length=500)
    explanation = models.CharField(max_length=500, blank=True, help_text="Shown once the quiz is passed")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["lesson", "position"], name="one_question_per_place")]


class QuizChoice(models.Model):
    """An answer to choose from."""

    question = models.ForeignKey(QuizQuestion, models.CASCADE, related_name="choices")
    position = models.PositiveSmallIntegerField()
    text = models.CharField(max_length=300)
    is_right = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["question", "position"], name="one_choice_per_place")]


class CourseRule(models.Model):
    """Who is given a course without anybody's hand: looked at every night, once per person."""

    class Kind(models.TextChoices):
        ROLE = "role", "Everybody of a role"
        NEWCOMER = "newcomer", "Who has just started"
        LAUNCH = "launch", "At the launch of a product"
        GAP = "gap", "Who is below the level of their role in a skill"

    course = models.ForeignKey(Course, models.CASCADE, related_name="rules")
    kind = models.CharField(max_length=8, choices=Kind)
    role = models.CharField(max_length=12, choices=Role, blank=True, help_text="Empty: of any role")
    skill = models.ForeignKey(Skill, models.PROTECT, null=True, blank=True, related_name="+")
    product = models.ForeignKey(Product, models.PROTECT, null=True, blank=True, related_name="+")
    starts_on = models.DateField(help_text="Of a launch its day; of newcomers: who starts from this day on")
    due_days = models.PositiveSmallIntegerField(default=14)
    made_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        triggers = audited()
        constraints = [
            models.CheckConstraint(condition=~Q(kind="gap") | Q(skill__isnull=False), name="a_gap_is_in_a_skill"),
            models.CheckConstraint(
                condition=~Q(kind="launch") | Q(product__isnull=False), name="a_launch_has_a_product"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.course}"


class EnrolmentQuerySet(models.QuerySet):
    def visible_to(self, user: Viewer) -> Self:
        """One's own, and those of the people one leads."""
        access = access_of(user)
        return self.all() if access.sees_all else self.filter(person__in=access.people)

    def standing(self) -> Self:
        return self.filter(withdrawn_at=None)

    def open(self) -> Self:
        return self.filter(withdrawn_at=None, passed_at=None)


class Enrolment(models.Model):
    """Somebody takes a course: why, by when, how far they are, and the certificate once it is passed."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="enrolments")
    course = models.ForeignKey(Course, models.PROTECT, related_name="enrolments")
    version = models.ForeignKey(CourseVersion, models.PROTECT, related_name="enrolments")
    reason = models.CharField(max_length=300)
    rule = models.ForeignKey(CourseRule, models.PROTECT, null=True, blank=True, related_name="enrolments")
    case = models.ForeignKey(Case, models.SET_NULL, null=True, blank=True, related_name="enrolments")
    renews = models.OneToOneField("self", models.PROTECT, null=True, blank=True, related_name="renewal")
    assigned_at = models.DateTimeField()
    assigned_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    agreed_on = models.DateField(help_text="The due date before leave moved it")
    due_on = models.DateField()
    started_at = models.DateTimeField(null=True, blank=True)
    passed_at = models.DateTimeField(null=True, blank=True)
    valid_until = models.DateField(null=True, blank=True, help_text="The certificate holds before it")
    reminded_at = models.DateTimeField(null=True, blank=True, editable=False)
    overdue_told_at = models.DateTimeField(null=True, blank=True, editable=False)
    withdrawn_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = EnrolmentQuerySet.as_manager()

    class Meta:
        triggers = audited()
        constraints = [
            models.UniqueConstraint(
                fields=["person", "course"],
                condition=Q(passed_at=None, withdrawn_at=None),
                name="one_open_enrolment_per_course",
            ),
            models.CheckConstraint(condition=Q(due_on__gte=F("agreed_on")), name="leave_moves_due_dates_later"),
        ]
        indexes = [
            models.Index(fields=["course", "person"], name="enrolment_by_course"),
            models.Index(
                fields=["due_on"], condition=Q(passed_at=None, withdrawn_at=None), name="open_enrolment_by_due"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.course}"

    def is_overdue(self, day: date) -> bool:
        return self.passed_at is None and self.due_on < day


class OfEnrolmentQuerySet(models.QuerySet):
    def visible_to(self, user: Viewer) -> Self:
        return self.filter(enrolment__in=Enrolment.objects.visible_to(user))


class LessonDone(models.Model):
    """A lesson somebody has been through."""

    enrolment = models.ForeignKey(Enrolment, models.CASCADE, related_name="done")
    lesson = models.ForeignKey(Lesson, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    objects = OfEnrolmentQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["enrolment", "lesson"], name="a_lesson_is_done_once")]


class QuizAttempt(models.Model):
    """A quiz was answered: how many questions right, of how many."""

    enrolment = models.ForeignKey(Enrolment, models.CASCADE, related_name="attempts")
    lesson = models.ForeignKey(Lesson, models.PROTECT, related_name="attempts")
    at = models.DateTimeField()
    right = models.PositiveSmallIntegerField()
    asked = models.PositiveSmallIntegerField()
    is_passed = models.BooleanField()

    objects = OfEnrolmentQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["enrolment", "lesson"], name="attempt_by_enrolment")]
        constraints = [models.CheckConstraint(condition=Q(right__lte=F("asked")), name="not_more_right_than_asked")]


class QuizAnswer(models.Model):
    """A choice somebody made in an attempt."""

    attempt = models.ForeignKey(QuizAttempt, models.CASCADE, related_name="answers")
    choice = models.ForeignKey(QuizChoice, models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["attempt", "choice"], name="a_choice_is_made_once")]


class CourseEffectQuerySet(models.QuerySet):
    def visible_to(self, user: Viewer) -> Self:
        """About groups of five and more: for who leads and who sees all."""
        access = access_of(user)
        return (
            self.filter(course__in=Course.objects.visible_to(user)) if access.sees_all or access.leads else self.none()
        )


class CourseEffect(EffectKept):
    """What a course does to the measure it is for, over everybody who began it."""

    course = models.OneToOneField(Course, models.CASCADE, related_name="effect")

    objects = CourseEffectQuerySet.as_manager()

    class Meta:
        triggers = audited()
