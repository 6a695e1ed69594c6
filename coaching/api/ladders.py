"""Ladders in the API: what stands on their pages, for those who see these."""

from datetime import date, timedelta
from typing import Any

import django_filters as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from coaching import selectors, services
from coaching.models import (
    Case,
    CoachingPlan,
    Enrolment,
    Exit,
    Ladder,
    LadderDecision,
    LadderEvent,
    LadderStep,
    StepGoal,
    StepPause,
    StepReading,
    StepSupport,
)
from salesmgmt.desk.api import Endpoint, VisibleField, Writer
from salesmgmt.lib import clock
from teams.api import Id, LookedAt, today_of
from teams.models import Look, Person, access_of


class LadderGoalSerializer(serializers.ModelSerializer):
    starts_on = serializers.DateField(read_only=True)
    last = serializers.DateField(source="last_day", read_only=True)

    class Meta:
        model = StepGoal
        fields = ("id", "measure", "was", "aim", "reached", "starts_on", "last")
        read_only_fields = fields


class LadderSupportSerializer(serializers.ModelSerializer):
    class Meta:
        model = StepSupport
        fields = (
            "id", "step", "owner", "text", "due_on", "enrolment", "coaching_plan", "given_at", "denied_at",
            "waived_at", "confirmed_at",
        )  # fmt: skip
        read_only_fields = fields


class LadderReadingSerializer(serializers.ModelSerializer):
    was_answered = serializers.SerializerMethodField()

    class Meta:
        model = StepReading
        fields = ("edition", "comment", "at", "was_answered")
        read_only_fields = fields

    def get_was_answered(self, reading: StepReading) -> bool:
        return reading.witness_id is None


class LadderPauseSerializer(serializers.ModelSerializer):
    start = serializers.DateField(source="starts_on", read_only=True)
    last = serializers.SerializerMethodField()

    class Meta:
        model = StepPause
        fields = ("start", "last", "days", "at")
        read_only_fields = fields

    def get_last(self, pause: StepPause) -> date:
        assert pause.until is not None
        return pause.until - timedelta(days=1)


class LadderEventSerializer(serializers.ModelSerializer):
    by = serializers.IntegerField(source="by.person.pk", default=None, read_only=True, help_text="Who did it")

    class Meta:
        model = LadderEvent
        fields = ("step", "kind", "text", "at", "by")
        read_only_fields = fields


class LadderDecisionSerializer(serializers.ModelSerializer):
    class Meta:
        model = LadderDecision
        fields = ("id", "step", "outcome", "reason", "until", "state", "decided_at", "answered_at", "answer")
        read_only_fields = fields

    def to_representation(self, decision: LadderDecision) -> dict[str, Any]:
        """What waits for HR is not told to whom it is about."""
        found: dict[str, Any] = super().to_representation(decision)
        about = decision.step.ladder.person_id
        if not decision.is_answered and access_of(self.context["request"].user).person_id == about:
            found |= {"outcome": "", "reason": "", "until": None}
        return found


class LadderStepSerializer(serializers.ModelSerializer):
    person = serializers.IntegerField(source="ladder.person_id", read_only=True)
    kind = serializers.SerializerMethodField()
    starts_on = serializers.DateField(read_only=True)
    last = serializers.DateField(source="last_day", read_only=True)
    goals = LadderGoalSerializer(many=True, read_only=True)
    support = LadderSupportSerializer(many=True, read_only=True)
    readings = LadderReadingSerializer(many=True, read_only=True)
    pauses = LadderPauseSerializer(many=True, read_only=True)
    decisions = LadderDecisionSerializer(many=True, read_only=True)

    class Meta:
        model = LadderStep
        fields = (
            "id", "ladder", "person", "kind", "state", "text", "edition", "starts_on", "last", "published_at",
            "finished_at", "is_met", "result", "goals", "support", "readings", "pauses",
            "decisions",
        )  # fmt: skip
        read_only_fields = fields

    def get_kind(self, step: LadderStep) -> str:
        return str(LadderStep.Kind(step.kind).name.lower())


class LadderSerializer(serializers.ModelSerializer):
    step = serializers.SerializerMethodField(help_text="The one it stands on, or ended on")
    events = LadderEventSerializer(many=True, read_only=True)

    class Meta:
        model = Ladder
        fields = ("id", "person", "case", "reason", "opened_at", "closed_at", "outcome", "closing", "step", "events")
        read_only_fields = fields

    def get_step(self, ladder: Ladder) -> int:
        return selectors.current_step(ladder).pk


class LadderPauseDueSerializer(serializers.Serializer):
    start = serializers.DateField(help_text="By which `pause` counts it")
    last = serializers.DateField()
    days = serializers.IntegerField(help_text="Working days that were lost")
    ends = serializers.DateField(help_text="Last day of the step then")


class LadderGroundSerializer(serializers.Serializer):
    key = serializers.CharField()
    sentence = serializers.CharField()
    pause = LadderPauseDueSerializer(allow_null=True, help_text="Of leave that is not counted yet")


class LadderWriter(Writer):
    person = VisibleField(model=Person)
    reason = serializers.CharField(max_length=500)
    starts_on = serializers.DateField()
    last = serializers.DateField(help_text="Last day of the training")
    case = VisibleField(model=Case, required=False, allow_null=True)


class LadderReasonWriter(Writer):
    reason = serializers.CharField(max_length=500)


class LadderEditionWriter(Writer):
    edition = serializers.IntegerField(required=False, min_value=1, help_text="Of the step as you have seen it")


class LadderStepWriter(LadderEditionWriter):
    text = serializers.CharField(max_length=5000, allow_blank=True)
    starts_on = serializers.DateField()
    last = serializers.DateField()


class LadderGoalWriter(LadderEditionWriter):
    measure = serializers.CharField(max_length=60)
    was = serializers.DecimalField(max_digits=17, decimal_places=4, required=False, allow_null=True)
    aim = serializers.DecimalField(max_digits=17, decimal_places=4, help_text="Rates as shares: 0.3")
    starts_on = serializers.DateField(required=False)
    last = serializers.DateField(required=False)


class LadderGoalRemoveWriter(LadderEditionWriter):
    measure = serializers.CharField(max_length=60)


class LadderSupportWriter(LadderEditionWriter):
    owner = VisibleField(model=Person)
    text = serializers.CharField(max_length=300)
    due_on = serializers.DateField()
    enrolment = VisibleField(model=Enrolment, required=False, allow_null=True, help_text="The course that it is")
    coaching_plan = VisibleField(
        model=CoachingPlan, required=False, allow_null=True, help_text="The planned help that it is"
    )

    def get_fields(self) -> dict[str, Any]:
        """Those up the line are not in the writer's own sight, and are whom one asks."""
        found = super().get_fields()
        step = self.context.get("step")
        if step is not None:
            people = selectors.helpers_of(step, self.context["on"])
            found["owner"] = serializers.PrimaryKeyRelatedField(queryset=people)
        return found


class LadderReadWriter(LadderEditionWriter):
    comment = serializers.CharField(max_length=5000, required=False, allow_blank=True)


class LadderPauseWriter(LadderEditionWriter):
    start = serializers.DateField(help_text="First day of the leave in the step")


class LadderExtendWriter(LadderEditionWriter):
    last = serializers.DateField()
    reason = serializers.CharField(max_length=300)


class LadderFinishWriter(LadderEditionWriter):
    is_met = serializers.BooleanField()
    result = serializers.CharField(max_length=500)


class LadderDecisionWriter(LadderEditionWriter):
    outcome = serializers.ChoiceField(LadderDecision.Outcome.choices)
    reason = serializers.CharField(max_length=5000)
    until = serializers.DateField(required=False, allow_null=True)


class LadderAnswerWriter(Writer):
    consents = serializers.BooleanField()
    answer = serializers.CharField(max_length=500, required=False, allow_blank=True)


class LadderFilter(filters.FilterSet):
    person = Id("person")
    outcome = filters.ChoiceFilter(choices=Ladder.Outcome.choices)
    open = filters.BooleanFilter(field_name="closed_at", lookup_expr="isnull", label="Not over yet")


class Ladders(LookedAt):
    """Training, coaching, improvement plan, decision: one person's way, step by step."""

    model = Ladder
    look = Look.Page.LADDER
    serializer_class = LadderSerializer
    filterset_class = LadderFilter
    ordering_fields = ("id", "opened_at")

    def get_queryset(self) -> Any:
        return selectors.ladders_with_story(self.by)

    @extend_schema(request=LadderWriter, responses={201: LadderSerializer})
    def create(self, request: Request) -> Response:
        """Open one, with its training as a draft."""
        said = self.cleaned(LadderWriter)
        made = services.open_ladder(by=self.by, at=clock.now(), on=today_of(request), **said)
        return self.shown(made, status=201)

    @extend_schema(request=LadderReasonWriter, responses=LadderSerializer)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: str) -> Response:
        """Take it back, with the reason."""
        said = self.cleaned(LadderReasonWriter)
        return self.shown(services.withdraw_ladder(ladder=self.get_object(), by=self.by, at=clock.now(), **said))

    @extend_schema(request=None, responses=LadderSerializer)
    @action(detail=True, methods=["post"])
    def left(self, request: Request, pk: str) -> Response:
        """Close it because the person has left."""
        found = self.get_object()
        return self.shown(
            services.close_ladder_of_leaver(ladder=found, by=self.by, at=clock.now(), on=today_of(request))
        )


class StepFilter(filters.FilterSet):
    ladder = Id("ladder")
    state = filters.ChoiceFilter(choices=LadderStep.State.choices)


class LadderSteps(LookedAt):
    """A step with its goals, support, what the person said to it, and decisions."""

    model = LadderStep
    look, about = Look.Page.LADDER, "ladder.person_id"
    serializer_class = LadderStepSerializer
    filterset_class = StepFilter
    ordering_fields = ("id",)

    def get_queryset(self) -> Any:
        rows = LadderStep.objects.visible_to(self.by).select_related("ladder__person")
        return rows.prefetch_related("goals", "support", "readings", "pauses", "decisions__step__ladder")

    def _done(self, do: Any, writer: type[Writer], request: Request, **more: Any) -> Response:
        """Do one thing to the step with what the request says; answers the step as it stands then."""
        step = self.get_object()
        do(step=step, by=self.by, at=clock.now(), **more, **self.cleaned(writer))
        return self.shown(step)

    @extend_schema(request=None, responses=LadderGroundSerializer(many=True))
    @action(detail=True, methods=["get"], pagination_class=None, filter_backends=[])
    def grounds(self, request: Request, pk: str) -> Response:
        """What speaks against going on, as of today."""
        found = selectors.grounds_against(self.get_object(), on=today_of(request))
        return Response(LadderGroundSerializer(found, many=True).data)

    @extend_schema(request=LadderStepWriter, responses=LadderStepSerializer)
    @action(detail=True, methods=["post"])
    def change(self, request: Request, pk: str) -> Response:
        """Other words or, of a draft, days."""
        return self._done(services.change_step, LadderStepWriter, request)

    @extend_schema(request=LadderGoalWriter, responses=LadderStepSerializer)
    @action(detail=True, methods=["post"])
    def goal(self, request: Request, pk: str) -> Response:
        """Set a goal in a measure."""
        return self._done(services.set_goal, LadderGoalWriter, request, on=today_of(request))

    @extend_schema(request=LadderGoalRemoveWriter, responses=LadderStepSerializer)
    @action(detail=True, methods=["post"], url_path="goal-remove")
    def goal_remove(self, request: Request, pk: str) -> Response:
        """Ask for less: take a goal out."""
        step, said = self.get_object(), self.cleaned(LadderGoalRemoveWriter)
        goal = step.goals.select_related("step").filter(measure=said.pop("measure")).first()
        if goal is None:
            raise serializers.ValidationError({"measure": ["The step has no goal in this measure."]})
        services.remove_goal(goal=goal, by=self.by, at=clock.now(), **said)
        return self.shown(step)

    @extend_schema(request=LadderSupportWriter, responses=LadderStepSerializer)
    @action(detail=True, methods=["post"], url_path="promise")
    def promise(self, request: Request, pk: str) -> Response:
        """Promise support."""
        step = self.get_object()
        made = LadderSupportWriter(
            data=request.data, context=dict(self.get_serializer_context()) | {"step": step, "on": today_of(request)}
        )
        made.is_valid(raise_exception=True)
        services.promise_support(step=step, by=self.by, at=clock.now(), on=today_of(request), **made.validated_data)
        return self.shown(step)

    @extend_schema(request=LadderEditionWriter, responses=LadderStepSerializer)
    @action(detail=True, methods=["post"])
    def publish(self, request: Request, pk: str) -> Response:
        """Give it to the person."""
        return self._done(services.publish_step, LadderEditionWriter, request, on=today_of(request))

    @extend_schema(request=LadderReadWriter, responses=LadderStepSerializer)
    @action(detail=True, methods=["post"])
    def acknowledge(self, request: Request, pk: str) -> Response:
        """The person has read it; reading is not agreeing."""
        return self._done(services.acknowledge_step, LadderReadWriter, request)

    @extend_schema(request=LadderEditionWriter, responses=LadderStepSerializer)
    @action(detail=True, methods=["post"])
    def witness(self, request: Request, pk: str) -> Response:
        """The person was given it and doesn't answer."""
        return self._done(services.witness_step, LadderEditionWriter, request, on=today_of(request))

    @extend_schema(request=LadderPauseWriter, responses=LadderStepSerializer)
    @action(detail=True, methods=["post"])
    def pause(self, request: Request, pk: str) -> Response:
        """Count a leave: the dates move by its working days."""
        return self._done(services.pause_step, LadderPauseWriter, request)

    @extend_schema(request=LadderExtendWriter, responses=LadderStepSerializer)
    @action(detail=True, methods=["post"])
    def extend(self, request: Request, pk: str) -> Response:
        """More time, with the reason."""
        return self._done(services.extend_step, LadderExtendWriter, request)

    @extend_schema(request=LadderFinishWriter, responses=LadderStepSerializer)
    @action(detail=True, methods=["post"])
    def finish(self, request: Request, pk: str) -> Response:
        """Met ends the ladder; not met goes on, unless a ground speaks against it."""
        return self._done(services.finish_step, LadderFinishWriter, request, on=today_of(request))

    @extend_schema(request=LadderDecisionWriter, responses=LadderStepSerializer)
    @action(detail=True, methods=["post"])
    def decide(self, request: Request, pk: str) -> Response:
        """Propose how it is to end; it holds once HR consents."""
        return self._done(services.propose_decision, LadderDecisionWriter, request, on=today_of(request))

    @extend_schema(request=LadderAnswerWriter, responses=LadderStepSerializer)
    @action(detail=True, methods=["post"])
    def answer(self, request: Request, pk: str) -> Response:
        """HR consents to the decision that waits, or does not."""
        step, said = self.get_object(), self.cleaned(LadderAnswerWriter)
        waiting = step.decisions.order_by("pk").last()
        if waiting is None:
            raise serializers.ValidationError("Nothing is proposed that HR could answer.")
        services.answer_decision(decision=waiting, by=self.by, at=clock.now(), on=today_of(request), **said)
        return self.shown(step)


class SupportFilter(filters.FilterSet):
    step = Id("step")
    owner = Id("owner")


class LadderSupport(LookedAt):
    """Support that was promised with a step."""

    model = StepSupport
    look, about = Look.Page.LADDER, "step.ladder.person_id"
    joins = ("step__ladder",)
    serializer_class = LadderSupportSerializer
    filterset_class = SupportFilter
    ordering_fields = ("id", "due_on")

    @extend_schema(request=None, responses=LadderSupportSerializer)
    @action(detail=True, methods=["post"])
    def give(self, request: Request, pk: str) -> Response:
        """It was given."""
        return self.shown(services.give_support(support=self.get_object(), by=self.by, at=clock.now()))

    @extend_schema(request=LadderEditionWriter, responses=LadderStepSerializer)
    @action(detail=True, methods=["post"])
    def remove(self, request: Request, pk: str) -> Response:
        """Take a promise out of a draft; answers its step as it stands then."""
        said = self.cleaned(LadderEditionWriter)
        step = services.remove_support(support=self.get_object(), by=self.by, at=clock.now(), **said)
        return Response(LadderStepSerializer(step, context=self.get_serializer_context()).data)

    @extend_schema(request=None, responses=LadderSupportSerializer)
    @action(detail=True, methods=["post"])
    def confirm(self, request: Request, pk: str) -> Response:
        """It came, says the person; or HR where they don't answer."""
        return self.shown(services.confirm_support(support=self.get_object(), by=self.by, at=clock.now()))

    @extend_schema(request=None, responses=LadderSupportSerializer)
    @action(detail=True, methods=["post"])
    def deny(self, request: Request, pk: str) -> Response:
        """The person says that it was not."""
        return self.shown(services.deny_support(support=self.get_object(), by=self.by, at=clock.now()))

    @extend_schema(request=None, responses=LadderSupportSerializer)
    @action(detail=True, methods=["post"])
    def waive(self, request: Request, pk: str) -> Response:
        """The person says that it is no longer needed."""
        return self.shown(services.waive_support(support=self.get_object(), by=self.by, at=clock.now()))


class ExitSerializer(serializers.ModelSerializer):
    class Meta:
        model = Exit
        fields = (
            "id", "person", "left_on", "reason", "interviewed_on", "interview", "lesson", "would_return", "at",
            "version",
        )  # fmt: skip
        read_only_fields = fields


class ExitWriter(Writer):
    person = serializers.PrimaryKeyRelatedField(queryset=Person.objects.none())
    left_on = serializers.DateField()
    reason = serializers.ChoiceField(Exit.Reason.choices)
    interviewed_on = serializers.DateField(required=False, allow_null=True)
    interview = serializers.CharField(max_length=10_000, required=False, allow_blank=True)
    lesson = serializers.CharField(max_length=500, required=False, allow_blank=True)
    would_return = serializers.BooleanField(required=False, allow_null=True)

    def get_fields(self) -> dict[str, Any]:
        """HR records whoever left; nobody else records anybody."""
        found = super().get_fields()
        people = selectors.leavers_of(self.context["request"].user)
        found["person"] = serializers.PrimaryKeyRelatedField(queryset=people)
        return found


class ExitChangesWriter(Writer):
    """What is put right; what is left out stays."""

    version = serializers.IntegerField(min_value=1, help_text="Of the exit as it was read")
    left_on = serializers.DateField(required=False)
    reason = serializers.ChoiceField(Exit.Reason.choices, required=False)
    interviewed_on = serializers.DateField(required=False, allow_null=True)
    interview = serializers.CharField(max_length=10_000, required=False, allow_blank=True)
    lesson = serializers.CharField(max_length=500, required=False, allow_blank=True)
    would_return = serializers.BooleanField(required=False, allow_null=True)


class ExitFilter(filters.FilterSet):
    person = Id("person")
    reason = filters.ChoiceFilter(choices=Exit.Reason.choices)


class Exits(LookedAt):
    """Why people left, for HR."""

    model = Exit
    look = Look.Page.EXIT
    serializer_class = ExitSerializer
    filterset_class = ExitFilter
    ordering_fields = ("id", "left_on")

    @extend_schema(request=ExitWriter, responses={201: ExitSerializer})
    def create(self, request: Request) -> Response:
        """Record an exit, once."""
        said = self.cleaned(ExitWriter)
        return self.shown(services.record_exit(by=self.by, at=clock.now(), **said), status=201)

    @extend_schema(request=ExitChangesWriter, responses=ExitSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Put an exit right."""
        said = self.cleaned(ExitChangesWriter)
        return self.shown(services.correct_exit(record=self.get_object(), by=self.by, at=clock.now(), **said))


ENDPOINTS: dict[str, type[Endpoint]] = {
    "ladders": Ladders,
    "ladder-steps": LadderSteps,
    "ladder-support": LadderSupport,
    "exits": Exits,
}
