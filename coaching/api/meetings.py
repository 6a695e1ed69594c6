"""Meetings of teams in the API."""

import django_filters as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from coaching import services
from coaching.models import Meeting, MeetingDecision, MeetingQuestion
from salesmgmt.desk.api import Records, VisibleField, Writer
from salesmgmt.lib import clock
from teams.api import Id, today_of
from teams.models import Person, Team


class MeetingSerializer(serializers.ModelSerializer):
    class Meta:
        model = Meeting
        fields = ("id", "team", "chair", "title", "starts_at", "state", "minutes", "planned_at", "held_at", "version")
        read_only_fields = fields


class MeetingWriter(Writer):
    team = VisibleField(model=Team)
    title = serializers.CharField(max_length=100)
    starts_at = serializers.DateTimeField()


class VersionWriter(Writer):
    version = serializers.IntegerField(required=False, min_value=1)


class MoveWriter(VersionWriter):
    starts_at = serializers.DateTimeField()


class HeldWriter(VersionWriter):
    came = serializers.ListField(child=VisibleField(model=Person), max_length=500)


class MinutesWriter(VersionWriter):
    minutes = serializers.CharField(max_length=20_000, allow_blank=True)


class MeetingFilter(filters.FilterSet):
    team = Id("team")
    state = filters.ChoiceFilter(choices=Meeting.State.choices)


class Meetings(Records):
    """Of the teams one is posted to or leads."""

    model = Meeting
    serializer_class = MeetingSerializer
    filterset_class = MeetingFilter
    ordering_fields = ("id", "starts_at")

    @extend_schema(request=MeetingWriter, responses={201: MeetingSerializer})
    def create(self, request: Request) -> Response:
        """Call a meeting of a team you lead; its agenda is prepared."""
        said = self.cleaned(MeetingWriter)
        made = services.plan_meeting(by=self.by, at=clock.now(), on=today_of(request), **said)
        return self.shown(made, status=201)

    @extend_schema(request=MoveWriter, responses=MeetingSerializer)
    @action(detail=True, methods=["post"])
    def move(self, request: Request, pk: str) -> Response:
        """Another time."""
        said = self.cleaned(MoveWriter)
        meeting = self.get_object()
        return self.shown(
            services.move_meeting(meeting=meeting, by=self.by, at=clock.now(), on=today_of(request), **said)
        )

    @extend_schema(request=VersionWriter, responses=MeetingSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """It will not take place."""
        said = self.cleaned(VersionWriter)
        meeting = self.get_object()
        return self.shown(
            services.cancel_meeting(meeting=meeting, by=self.by, at=clock.now(), on=today_of(request), **said)
        )

    @extend_schema(request=HeldWriter, responses=MeetingSerializer)
    @action(detail=True, methods=["post"])
    def hold(self, request: Request, pk: str) -> Response:
        """It took place, and who came."""
        said = self.cleaned(HeldWriter)
        meeting = self.get_object()
        return self.shown(
            services.hold_meeting(meeting=meeting, by=self.by, at=clock.now(), on=today_of(request), **said)
        )

    @extend_schema(request=MinutesWriter, responses=MeetingSerializer)
    @action(detail=True, methods=["post"])
    def minutes(self, request: Request, pk: str) -> Response:
        """What was said."""
        said = self.cleaned(MinutesWriter)
        return self.shown(services.write_minutes(meeting=self.get_object(), by=self.by, at=clock.now(), **said))


class DecisionSerializer(serializers.ModelSerializer):
    class Meta:
        model = MeetingDecision
        fields = ("id", "meeting", "text", "decided_at", "outcome", "settled_at")
        read_only_fields = fields


class DecisionWriter(Writer):
    meeting = VisibleField(model=Meeting)
    text = serializers.CharField(max_length=500)


class OutcomeWriter(Writer):
    outcome = serializers.CharField(max_length=500)


class DecisionFilter(filters.FilterSet):
    meeting = Id("meeting")
    open = filters.BooleanFilter(field_name="settled_at", lookup_expr="isnull", label="Not reported on yet")


class Decisions(Records):
    """What meetings decided, and what came of it."""

    model = MeetingDecision
    serializer_class = DecisionSerializer
    filterset_class = DecisionFilter
    ordering_fields = ("id", "decided_at")

    @extend_schema(request=DecisionWriter, responses={201: DecisionSerializer})
    def create(self, request: Request) -> Response:
        """Note a decision."""
        said = self.cleaned(DecisionWriter)
        return self.shown(services.decide_in_meeting(by=self.by, at=clock.now(), **said), status=201)

    @extend_schema(request=OutcomeWriter, responses=DecisionSerializer)
    @action(detail=True, methods=["post"])
    def settle(self, request: Request, pk: str) -> Response:
        """Say what came of it."""
        said = self.cleaned(OutcomeWriter)
        return self.shown(services.settle_decision(decision=self.get_object(), by=self.by, at=clock.now(), **said))


class QuestionSerializer(serializers.ModelSerializer):
    class Meta:
        model = MeetingQuestion
        fields = ("id", "team", "author", "text", "asked_at", "meeting", "answer", "answered_at")
        read_only_fields = fields


class QuestionWriter(Writer):
    team = VisibleField(model=Team)
    text = serializers.CharField(max_length=500)


class AnswerWriter(Writer):
    meeting = VisibleField(model=Meeting)
    answer = serializers.CharField(max_length=1000)


class QuestionFilter(filters.FilterSet):
    team = Id("team")
    open = filters.BooleanFilter(field_name="answered_at", lookup_expr="isnull", label="Not answered yet")


class Questions(Records):
    """What people put for the next meeting of their team."""

    model = MeetingQuestion
    serializer_class = QuestionSerializer
    filterset_class = QuestionFilter
    ordering_fields = ("id", "asked_at")

    @extend_schema(request=QuestionWriter, responses={201: QuestionSerializer})
    def create(self, request: Request) -> Response:
        """Put a question."""
        said = self.cleaned(QuestionWriter)
        return self.shown(services.ask_meeting(by=self.by, at=clock.now(), **said), status=201)

    @extend_schema(request=AnswerWriter, responses=QuestionSerializer)
    @action(detail=True, methods=["post"])
    def answer(self, request: Request, pk: str) -> Response:
        """Say what a meeting answered."""
        said = self.cleaned(AnswerWriter)
        return self.shown(services.answer_in_meeting(question=self.get_object(), by=self.by, at=clock.now(), **said))


ENDPOINTS = {"meetings": Meetings, "meeting-decisions": Decisions, "meeting-questions": Questions}
