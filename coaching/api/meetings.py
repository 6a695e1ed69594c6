"""Meetings of teams in the API."""

from typing import Any

import django_filters as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from coaching import selectors, services
from coaching.models import Meeting, MeetingDecision, MeetingPoint, MeetingQuestion, MeetingRhythm
from salesmgmt.desk.api import Records, VisibleField, Writer
from salesmgmt.lib import clock
from teams.api import Id, today_of
from teams.models import Organisation, Person, Team

from .rhythms import RecurringWriter
from .talks import ActionItemSerializer, TickWriter


class MeetingSerializer(serializers.ModelSerializer):
    class Meta:
        model = Meeting
        fields = (
            "id", "team", "chair", "title", "starts_at", "is_open_below", "state", "minutes", "planned_at", "held_at",
            "version",
        )  # fmt: skip
        read_only_fields = fields


class MeetingWriter(Writer):
    team = VisibleField(model=Team)
    title = serializers.CharField(max_length=100)
    starts_at = serializers.DateTimeField()
    is_open_below = serializers.BooleanField(required=False, help_text="Everybody posted below the team reads it")


class MeetingVersionWriter(Writer):
    version = serializers.IntegerField(required=False, min_value=1)


class MeetingOpenWriter(MeetingVersionWriter):
    is_open_below = serializers.BooleanField()


class MeetingRhythmSerializer(serializers.ModelSerializer):
    class Meta:
        model = MeetingRhythm
        fields = (
            "id", "team", "chair", "title", "every_weeks", "weekday", "at_time", "zone", "starts_on", "is_open_below",
            "made_at", "ended_on", "why_ended", "version",
        )  # fmt: skip
        read_only_fields = fields


class MeetingRhythmWriter(RecurringWriter):
    team = VisibleField(model=Team)
    title = serializers.CharField(max_length=100)
    is_open_below = serializers.BooleanField(required=False)


class MeetingRhythmFilter(filters.FilterSet):
    team = Id("team")
    standing = filters.BooleanFilter(field_name="ended_on", lookup_expr="isnull", label="Not ended")


class MeetingRhythms(Records):
    """How often teams meet."""

    model = MeetingRhythm
    serializer_class = MeetingRhythmSerializer
    filterset_class = MeetingRhythmFilter
    ordering_fields = ("id", "starts_on")

    @extend_schema(request=MeetingRhythmWriter, responses={201: MeetingRhythmSerializer})
    def create(self, request: Request) -> Response:
        """Set how often a team you lead meets; it takes the place of the rhythm it had."""
        said = self.cleaned(MeetingRhythmWriter)
        said.setdefault("zone", self.by.time_zone or Organisation.get().time_zone)
        made = services.set_meeting_rhythm(by=self.by, at=clock.now(), on=today_of(request), **said)
        return self.shown(made, status=201)

    @extend_schema(request=MeetingVersionWriter, responses=MeetingRhythmSerializer)
    @action(detail=True, methods=["post"])
    def end(self, request: Request, pk: str) -> Response:
        """No more meetings are planned from it."""
        said = self.cleaned(MeetingVersionWriter)
        rhythm = self.get_object()
        return self.shown(
            services.end_meeting_rhythm(rhythm=rhythm, by=self.by, at=clock.now(), on=today_of(request), **said)
        )


class MeetingMoveWriter(MeetingVersionWriter):
    starts_at = serializers.DateTimeField()


class HeldWriter(MeetingVersionWriter):
    came = serializers.ListField(child=VisibleField(model=Person), max_length=500)


class MinutesWriter(MeetingVersionWriter):
    minutes = serializers.CharField(max_length=20_000, allow_blank=True)


class MeetingPromiseWriter(Writer):
    owner = serializers.PrimaryKeyRelatedField(
        queryset=Person.objects.none(), help_text="Of those who are asked to come"
    )
    text = serializers.CharField(max_length=300)
    due_on = serializers.DateField()

    def get_fields(self) -> dict[str, Any]:
        """Those who are asked to come may be outside the writer's own sight."""
        found = super().get_fields()
        if "people" in self.context:
            found["owner"] = serializers.PrimaryKeyRelatedField(queryset=self.context["people"])
        return found


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

    @extend_schema(request=MeetingMoveWriter, responses=MeetingSerializer)
    @action(detail=True, methods=["post"])
    def move(self, request: Request, pk: str) -> Response:
        """Another time."""
        said = self.cleaned(MeetingMoveWriter)
        meeting = self.get_object()
        return self.shown(
            services.move_meeting(meeting=meeting, by=self.by, at=clock.now(), on=today_of(request), **said)
        )

    @extend_schema(request=MeetingVersionWriter, responses=MeetingSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """It will not take place."""
        said = self.cleaned(MeetingVersionWriter)
        meeting = self.get_object()
        return self.shown(services.cancel_meeting(meeting=meeting, by=self.by, at=clock.now(), **said))

    @extend_schema(request=MeetingOpenWriter, responses=MeetingSerializer)
    @action(detail=True, methods=["post"])
    def open(self, request: Request, pk: str) -> Response:
        """Let everybody below read it, or those alone who are asked to come."""
        said = self.cleaned(MeetingOpenWriter)
        return self.shown(services.open_meeting(meeting=self.get_object(), by=self.by, at=clock.now(), **said))

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

    @extend_schema(request=MeetingPromiseWriter, responses={201: ActionItemSerializer})
    @action(detail=True, methods=["post"])
    def promise(self, request: Request, pk: str) -> Response:
        """Note who does what by when; it stands among the action items."""
        meeting, on = self.get_object(), today_of(request)
        made = MeetingPromiseWriter(data=request.data, context={"people": selectors.attendees(meeting.team, on)})
        made.is_valid(raise_exception=True)
        item = services.promise_in_meeting(meeting=meeting, by=self.by, at=clock.now(), on=on, **made.validated_data)
        return Response(ActionItemSerializer(item).data, status=201)


class MeetingPointSerializer(serializers.ModelSerializer):
    class Meta:
        model = MeetingPoint
        fields = ("id", "meeting", "source", "text", "link", "position", "is_done")
        read_only_fields = fields


class MeetingPointFilter(filters.FilterSet):
    meeting = Id("meeting")
    source = filters.ChoiceFilter(choices=MeetingPoint.Source.choices)
    done = filters.BooleanFilter(field_name="is_done")


class MeetingPoints(Records):
    """What meetings talk about, as far as each may read it."""

    model = MeetingPoint
    serializer_class = MeetingPointSerializer
    filterset_class = MeetingPointFilter
    ordering_fields = ("id", "position")

    def get_queryset(self) -> Any:
        return selectors.points_of(self.by).select_related("meeting__team")

    @extend_schema(request=TickWriter, responses=MeetingPointSerializer)
    @action(detail=True, methods=["post"])
    def tick(self, request: Request, pk: str) -> Response:
        """It was talked about, or is open again."""
        return self.shown(services.tick_point(point=self.get_object(), by=self.by, **self.cleaned(TickWriter)))


class MeetingDecisionSerializer(serializers.ModelSerializer):
    class Meta:
        model = MeetingDecision
        fields = ("id", "meeting", "text", "decided_at", "outcome", "settled_at")
        read_only_fields = fields


class MeetingDecisionWriter(Writer):
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
    serializer_class = MeetingDecisionSerializer
    filterset_class = DecisionFilter
    ordering_fields = ("id", "decided_at")

    @extend_schema(request=MeetingDecisionWriter, responses={201: MeetingDecisionSerializer})
    def create(self, request: Request) -> Response:
        """Note a decision."""
        said = self.cleaned(MeetingDecisionWriter)
        return self.shown(services.decide_in_meeting(by=self.by, at=clock.now(), **said), status=201)

    @extend_schema(request=OutcomeWriter, responses=MeetingDecisionSerializer)
    @action(detail=True, methods=["post"])
    def settle(self, request: Request, pk: str) -> Response:
        """Say what came of it."""
        said = self.cleaned(OutcomeWriter)
        return self.shown(services.settle_decision(decision=self.get_object(), by=self.by, at=clock.now(), **said))


class MeetingQuestionSerializer(serializers.ModelSerializer):
    class Meta:
        model = MeetingQuestion
        fields = ("id", "team", "author", "text", "asked_at", "meeting", "answer", "answered_at")
        read_only_fields = fields


class MeetingQuestionWriter(Writer):
    team = VisibleField(model=Team)
    text = serializers.CharField(max_length=500)


class MeetingAnswerWriter(Writer):
    meeting = VisibleField(model=Meeting)
    answer = serializers.CharField(max_length=1000)


class QuestionFilter(filters.FilterSet):
    team = Id("team")
    open = filters.BooleanFilter(field_name="answered_at", lookup_expr="isnull", label="Not answered yet")


class Questions(Records):
    """What people put for the next meeting of their team."""

    model = MeetingQuestion
    serializer_class = MeetingQuestionSerializer
    filterset_class = QuestionFilter
    ordering_fields = ("id", "asked_at")

    @extend_schema(request=MeetingQuestionWriter, responses={201: MeetingQuestionSerializer})
    def create(self, request: Request) -> Response:
        """Put a question."""
        said = self.cleaned(MeetingQuestionWriter)
        return self.shown(services.ask_meeting(by=self.by, at=clock.now(), **said), status=201)

    @extend_schema(request=MeetingAnswerWriter, responses=MeetingQuestionSerializer)
    @action(detail=True, methods=["post"])
    def answer(self, request: Request, pk: str) -> Response:
        """Say what a meeting answered."""
        said = self.cleaned(MeetingAnswerWriter)
        return self.shown(services.answer_in_meeting(question=self.get_object(), by=self.by, at=clock.now(), **said))


ENDPOINTS = {
    "meetings": Meetings,
    "meeting-points": MeetingPoints,
    "meeting-decisions": Decisions,
    "meeting-questions": Questions,
    "meeting-rhythms": MeetingRhythms,
}
