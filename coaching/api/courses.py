"""Skill levels, courses and who takes them, in the API. Which answers are right is nowhere in it."""

from typing import Any

import django_filters as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from coaching import services
from coaching.models import Case, Course, Enrolment, Lesson, QuizAttempt, QuizChoice, QuizQuestion, SkillTarget
from coaching.selectors import reads_reasons
from salesmgmt.desk.api import Records, VisibleField, Writer
from salesmgmt.lib import clock
from teams.api import Id, LookedAt
from teams.models import Look, Person, Role, Skill, access_of


class SkillTargetSerializer(serializers.ModelSerializer):
    class Meta:
        model = SkillTarget
        fields = ("id", "role", "skill", "level")
        read_only_fields = fields


class SkillTargetWriter(Writer):
    role = serializers.ChoiceField(Role.choices)
    skill = VisibleField(model=Skill)
    level = serializers.IntegerField(min_value=0, max_value=5, help_text="0 asks none")


class SkillTargetFilter(filters.FilterSet):
    role = filters.ChoiceFilter(choices=Role.choices)
    skill = Id("skill")


class SkillTargets(Records):
    """The level that a role asks of a skill."""

    model = SkillTarget
    serializer_class = SkillTargetSerializer
    filterset_class = SkillTargetFilter
    ordering_fields = ("id",)

    @extend_schema(request=SkillTargetWriter, responses={201: SkillTargetSerializer(many=True)})
    def create(self, request: Request) -> Response:
        """Set a level; answers all levels of the role."""
        said = self.cleaned(SkillTargetWriter)
        services.set_skill_targets(role=said["role"], levels={said["skill"].pk: said["level"]}, by=self.by)
        rows = self.get_queryset().filter(role=said["role"]).order_by("skill__name")
        return Response(SkillTargetSerializer(rows, many=True).data, status=201)


class CourseSerializer(serializers.ModelSerializer):
    class Meta:
        model = Course
        fields = (
            "id", "title", "summary", "author", "measure", "due_days", "renew_months", "made_at", "retired_at",
            "edition",
        )  # fmt: skip
        read_only_fields = fields


class CourseWriter(Writer):
    title = serializers.CharField(max_length=200)
    summary = serializers.CharField(max_length=500, required=False, allow_blank=True)
    measure = serializers.CharField(max_length=60, required=False, allow_blank=True)
    due_days = serializers.IntegerField(min_value=1, max_value=730, required=False)
    renew_months = serializers.IntegerField(min_value=1, max_value=120, required=False, allow_null=True)
    skills = VisibleField(model=Skill, many=True, required=False)


class CourseChanges(CourseWriter):
    title = serializers.CharField(max_length=200, required=False)
    edition = serializers.IntegerField(min_value=1, required=False)


class LessonWriter(Writer):
    title = serializers.CharField(max_length=200)
    kind = serializers.ChoiceField(Lesson.Kind.choices, required=False)
    text = serializers.CharField(max_length=20_000, required=False, allow_blank=True)
    video_url = serializers.URLField(max_length=500, required=False, allow_blank=True)
    pass_percent = serializers.IntegerField(min_value=1, max_value=100, required=False)


class CourseFilter(filters.FilterSet):
    q = filters.CharFilter(field_name="title", lookup_expr="icontains", label="Part of the title")
    measure = filters.CharFilter()
    retired = filters.BooleanFilter(field_name="retired_at", lookup_expr="isnull", exclude=True, label="Taught no more")


class QuizChoiceSerializer(serializers.ModelSerializer):
    class Meta:
        model = QuizChoice
        fields = ("id", "text")


class QuizQuestionSerializer(serializers.ModelSerializer):
    choices = QuizChoiceSerializer(many=True)

    class Meta:
        model = QuizQuestion
        fields = ("id", "position", "text", "choices")


class LessonSerializer(serializers.ModelSerializer):
    course = serializers.IntegerField(source="version.course_id", read_only=True)
    version = serializers.IntegerField(source="version.number", read_only=True)
    questions = QuizQuestionSerializer(many=True, read_only=True)

    class Meta:
        model = Lesson
        fields = (
            "id", "course", "version", "position", "kind", "title", "text", "video_url", "file_name", "file_digest",
            "pass_percent", "questions",
        )  # fmt: skip
        read_only_fields = fields


class Courses(Records):
    """What is taught; drafts for who writes courses."""

    model = Course
    serializer_class = CourseSerializer
    filterset_class = CourseFilter
    ordering_fields = ("id", "title")

    @extend_schema(request=CourseWriter, responses={201: CourseSerializer})
    def create(self, request: Request) -> Response:
        """Begin a course; nobody takes it before it is published."""
        return self.shown(services.add_course(by=self.by, at=clock.now(), **self.cleaned(CourseWriter)), status=201)

    @extend_schema(request=CourseChanges, responses=CourseSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """What it is called and for."""
        said = self.cleaned(CourseChanges)
        return self.shown(services.change_course(course=self.get_object(), by=self.by, **said))

    @extend_schema(request=LessonWriter, responses={201: LessonSerializer})
    @action(detail=True, methods=["post"])
    def lessons(self, request: Request, pk: str) -> Response:
        """A further lesson at the end of the draft."""
        made = services.add_lesson(course=self.get_object(), by=self.by, **self.cleaned(LessonWriter))
        return Response(LessonSerializer(made).data, status=201)

    @extend_schema(request=None, responses=CourseSerializer)
    @action(detail=True, methods=["post"])
    def draft(self, request: Request, pk: str) -> Response:
        """Begin the next version as a copy."""
        course = self.get_object()
        services.draft_course(course=course, by=self.by, at=clock.now())
        return self.shown(course)

    @extend_schema(request=None, responses=CourseSerializer)
    @action(detail=True, methods=["post"])
    def publish(self, request: Request, pk: str) -> Response:
        """Teach the draft from now on."""
        course = self.get_object()
        services.publish_course(course=course, by=self.by, at=clock.now())
        return self.shown(course)

    @extend_schema(request=None, responses=CourseSerializer)
    @action(detail=True, methods=["post"])
    def retire(self, request: Request, pk: str) -> Response:
        """Nobody is given it any more."""
        return self.shown(services.retire_course(course=self.get_object(), by=self.by, at=clock.now()))


class LessonFilter(filters.FilterSet):
    course = filters.NumberFilter(field_name="version__course_id")
    kind = filters.ChoiceFilter(choices=Lesson.Kind.choices)


class QuizChoiceWriter(Writer):
    text = serializers.CharField(max_length=300)
    is_right = serializers.BooleanField(default=False)


class QuizQuestionWriter(Writer):
    text = serializers.CharField(max_length=500)
    explanation = serializers.CharField(max_length=500, required=False, allow_blank=True)
    choices = QuizChoiceWriter(many=True)


class Lessons(Records):
    """Lessons with the questions of a quiz, without what is right."""

    model = Lesson
    serializer_class = LessonSerializer
    filterset_class = LessonFilter
    ordering_fields = ("id",)
    joins = ("version",)

    def get_queryset(self) -> Any:
        return super().get_queryset().prefetch_related("questions__choices")

    @extend_schema(request=QuizQuestionWriter, responses={201: LessonSerializer})
    @action(detail=True, methods=["post"])
    def questions(self, request: Request, pk: str) -> Response:
        """A further question of a draft's quiz."""
        said = self.cleaned(QuizQuestionWriter)
        said["choices"] = [(one["text"], one["is_right"]) for one in said["choices"]]
        lesson = self.get_object()
        services.add_question(lesson=lesson, by=self.by, **said)
        return self.shown(lesson, status=201)


class EnrolmentSerializer(serializers.ModelSerializer):
    class Meta:
        model = Enrolment
        fields = (
            "id", "person", "course", "version", "reason", "case", "renews", "assigned_at", "agreed_on", "due_on",
            "started_at", "passed_at", "valid_until", "withdrawn_at",
        )  # fmt: skip
        read_only_fields = fields

    def to_representation(self, instance: Enrolment) -> dict[str, Any]:
        found: dict[str, Any] = super().to_representation(instance)
        if not reads_reasons(access_of(self.context["request"].user)):
            found["reason"] = ""
        return found


class EnrolmentWriter(Writer):
    person = VisibleField(model=Person)
    course = VisibleField(model=Course)
    due_on = serializers.DateField()
    reason = serializers.CharField(max_length=300)
    case = VisibleField(model=Case, required=False, allow_null=True)


class EnrolmentMoveWriter(Writer):
    due_on = serializers.DateField()


class LessonDoneWriter(Writer):
    lesson = VisibleField(model=Lesson)


class QuizAnswerWriter(LessonDoneWriter):
    chosen = serializers.DictField(
        child=serializers.ListField(child=serializers.IntegerField(min_value=1), max_length=50),
        help_text="Ids of the choices, by id of the question",
    )

    def validate_chosen(self, value: dict[str, list[int]]) -> dict[int, list[int]]:
        if any(not (key.isascii() and key.isdigit() and len(key) < 19) for key in value):
            raise serializers.ValidationError("A question is named by its id, such as 12.")
        return {int(key): picked for key, picked in value.items()}


class QuizAttemptSerializer(serializers.ModelSerializer):
    class Meta:
        model = QuizAttempt
        fields = ("id", "enrolment", "lesson", "at", "right", "asked", "is_passed")


class EnrolmentFilter(filters.FilterSet):
    person = Id("person")
    course = Id("course")
    open = filters.BooleanFilter(field_name="passed_at", lookup_expr="isnull", label="Not passed yet")
    due_before = filters.DateFilter(field_name="due_on", lookup_expr="lt")


class Enrolments(LookedAt):
    """Who takes which course, by when, and who has passed it."""

    model = Enrolment
    look, lists_all = Look.Page.COURSES, False
    serializer_class = EnrolmentSerializer
    filterset_class = EnrolmentFilter
    ordering_fields = ("id", "due_on")

    @extend_schema(request=EnrolmentWriter, responses={201: EnrolmentSerializer})
    def create(self, request: Request) -> Response:
        """Give a course to oneself or one of one's people."""
        return self.shown(services.enrol(by=self.by, at=clock.now(), **self.cleaned(EnrolmentWriter)), status=201)

    @extend_schema(request=EnrolmentMoveWriter, responses=EnrolmentSerializer)
    @action(detail=True, methods=["post"])
    def move(self, request: Request, pk: str) -> Response:
        """Another due date."""
        said = self.cleaned(EnrolmentMoveWriter)
        return self.shown(services.move_enrolment(enrolment=self.get_object(), by=self.by, at=clock.now(), **said))

    @extend_schema(request=None, responses=EnrolmentSerializer)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: str) -> Response:
        """It need not be done any more."""
        return self.shown(services.withdraw_enrolment(enrolment=self.get_object(), by=self.by, at=clock.now()))

    @extend_schema(request=LessonDoneWriter, responses=EnrolmentSerializer)
    @action(detail=True, methods=["post"])
    def finish_lesson(self, request: Request, pk: str) -> Response:
        """Been through a lesson."""
        said = self.cleaned(LessonDoneWriter)
        return self.shown(services.finish_lesson(enrolment=self.get_object(), by=self.by, at=clock.now(), **said))

    @extend_schema(request=QuizAnswerWriter, responses={201: QuizAttemptSerializer})
    @action(detail=True, methods=["post"])
    def answer_quiz(self, request: Request, pk: str) -> Response:
        """Answer a quiz: how many are right, not which."""
        said = self.cleaned(QuizAnswerWriter)
        made = services.answer_quiz(enrolment=self.get_object(), by=self.by, at=clock.now(), **said)
        return Response(QuizAttemptSerializer(made).data, status=201)


ENDPOINTS = {"skill-targets": SkillTargets, "courses": Courses, "lessons": Lessons, "enrolments": Enrolments}
