"""Plans, their lines, cuts and commitments in the API."""

from typing import Any, ClassVar

import django_filters as filters
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from salesmgmt.desk.api import Money, Records, Writer
from salesmgmt.lib import clock
from targets import selectors, services
from targets.api.quotas import DuringFilter
from targets.models import ELEMENTS, MEASURES, Allocation, Commitment, Plan, Slice
from teams.api import Id, LookedAt
from teams.models import Look, Organisation, Team, access_of
from teams.selectors import period

FOR_PLANNERS = (
    "amount",
    "market",
    "competition",
    *(f"weight_{element}" for element in ELEMENTS),
    "quarter_weights",
    "follows_trend",
    "tames_outliers",
    "shrink",
    "growth",
    "stretch",
)


class PlanSerializer(serializers.ModelSerializer):
    """The company's target, what it rests on and how it is split stand for those who see all; to others as null."""

    starts_on = serializers.DateField(read_only=True)
    until = serializers.DateField(read_only=True, help_text="First day after")

    class Meta:
        model = Plan
        fields = (
            "id",
            "name",
            "period",
            "starts_on",
            "until",
            "measure",
            "strategy",
            "copied_from",
            *FOR_PLANNERS,
            "asks_commitments",
            "made_at",
            "proposed_at",
            "published_at",
            "version",
        )
        read_only_fields = fields
        extra_kwargs: ClassVar[dict[str, Any]] = {name: {"allow_null": True} for name in FOR_PLANNERS}

    def to_representation(self, instance: Plan) -> dict[str, Any]:
        found = super().to_representation(instance)
        hidden = () if access_of(self.context["request"].user).sees_all else FOR_PLANNERS
        return found | dict.fromkeys(hidden)


class PlanWriter(Writer):
    name = serializers.CharField(max_length=100)
    period = serializers.CharField(max_length=8, help_text="Key: 2026-Q3, 2026-FY")
    measure = serializers.ChoiceField(list(MEASURES), default="bookings")
    amount = Money()
    strategy = serializers.CharField(max_length=10_000, required=False, allow_blank=True)
    market = serializers.CharField(max_length=10_000, required=False, allow_blank=True)
    competition = serializers.CharField(max_length=10_000, required=False, allow_blank=True)

    def validate_period(self, value: str) -> Any:
        try:
            return period(value)
        except ValueError as error:
            raise serializers.ValidationError(str(error)) from None


class _Weight(serializers.IntegerField):
    def __init__(self) -> None:
        super().__init__(min_value=0, max_value=100, required=False)


class ShapeWriter(Writer):
    """What is left out stays as it is."""

    amount = Money(required=False)
    weight_past = _Weight()
    weight_pipeline = _Weight()
    weight_territory = _Weight()
    weight_capability = _Weight()
    weight_equal = _Weight()
    quarter_weights = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=999), required=False, help_text="The latest quarter first"
    )
    follows_trend = serializers.BooleanField(required=False)
    tames_outliers = serializers.BooleanField(required=False)
    shrink = serializers.DecimalField(max_digits=6, decimal_places=2, required=False, allow_null=True)
    growth = serializers.DecimalField(max_digits=6, decimal_places=2, required=False, allow_null=True)
    stretch = serializers.DecimalField(max_digits=4, decimal_places=2, required=False, allow_null=True)
    market = serializers.CharField(max_length=10_000, required=False, allow_blank=True)
    competition = serializers.CharField(max_length=10_000, required=False, allow_blank=True)
    version = serializers.IntegerField(required=False)


class CopyWriter(Writer):
    name = serializers.CharField(max_length=100)
    period = serializers.CharField(
        max_length=8, required=False, help_text="Another one, by its key: its lines are then proposed anew"
    )

    def validate_period(self, value: str) -> Any:
        try:
            return period(value)
        except ValueError as error:
            raise serializers.ValidationError(str(error)) from None


class CommitmentWriter(Writer):
    team = serializers.IntegerField(required=False, allow_null=True, help_text="One that you lead; without it: you")
    amount = Money(min_value=0)
    reason = serializers.CharField(max_length=1000)


class CommitmentSerializer(serializers.ModelSerializer):
    class Meta:
        model = Commitment
        fields = ("id", "plan", "team", "person", "amount", "reason", "at")
        read_only_fields = fields


class SliceSerializer(serializers.ModelSerializer):
    name = serializers.CharField(read_only=True)
    so_far = serializers.DecimalField(
        max_digits=18, decimal_places=2, read_only=True, allow_null=True, help_text="Booked in the days of the plan"
    )

    class Meta:
        model = Slice
        fields = (
            *("id", "plan", "cut", "name", "family", "territory", "past", "proposed", "amount", "so_far"),
            "is_locked",
        )
        read_only_fields = fields


class PublishWriter(Writer):
    despite = serializers.CharField(
        max_length=200, required=False, allow_blank=True, help_text="Why, while splits wait for approval"
    )


class AskCommitmentsWriter(Writer):
    asks = serializers.BooleanField()


class PlanFilter(DuringFilter):
    measure = filters.CharFilter()
    is_published = filters.BooleanFilter(field_name="published_at", lookup_expr="isnull", exclude=True)


class Plans(Records):
    """Company targets for a period, and how they are split; several scenarios may stand beside one another."""

    model = Plan
    serializer_class = PlanSerializer
    filterset_class = PlanFilter
    ordering_fields = ("id",)

    @extend_schema(request=PlanWriter, responses={201: PlanSerializer})
    def create(self, request: Request) -> Response:
        """Set out a target; `propose` splits it."""
        said = self.cleaned(PlanWriter)
        return self.shown(services.make_plan(by=self.by, at=clock.now(), **said), status=201)

    @extend_schema(request=ShapeWriter, responses=PlanSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change the weights, guardrails or story of a draft; the lines are proposed anew."""
        said = self.cleaned(ShapeWriter)
        today = clock.today(Organisation.get().time_zone)
        return self.shown(services.reshape_plan(plan=self.get_object(), by=self.by, at=clock.now(), on=today, **said))

    @extend_schema(request=None, responses=PlanSerializer)
    @action(detail=True, methods=["post"])
    def propose(self, request: Request, pk: str) -> Response:
        """Split the target by its weights and guardrails; locked lines stay."""
        plan = self.get_object()
        today = clock.today(Organisation.get().time_zone)
        services.propose_allocation(plan=plan, by=self.by, at=clock.now(), on=today)
        return self.shown(plan)

    @extend_schema(request=CopyWriter, responses={201: PlanSerializer})
    @action(detail=True, methods=["post"])
    def copy(self, request: Request, pk: str) -> Response:
        """Another scenario from this one."""
        said = self.cleaned(CopyWriter)
        return self.shown(services.copy_plan(plan=self.get_object(), by=self.by, at=clock.now(), **said), status=201)

    @extend_schema(request=PublishWriter, responses=PlanSerializer)
    @action(detail=True, methods=["post"])
    def publish(self, request: Request, pk: str) -> Response:
        """Hold people to it; publishing again proposes what has changed since."""
        plan = self.get_object()
        services.publish_plan(plan=plan, by=self.by, at=clock.now(), **self.cleaned(PublishWriter))
        return self.shown(plan)

    @extend_schema(request=AskCommitmentsWriter, responses=PlanSerializer)
    @action(detail=True, methods=["post"])
    def ask(self, request: Request, pk: str) -> Response:
        """Open a draft for commitments, or close it."""
        said = self.cleaned(AskCommitmentsWriter)
        return self.shown(services.ask_commitments(plan=self.get_object(), by=self.by, at=clock.now(), **said))

    @extend_schema(request=CommitmentWriter, responses={201: CommitmentSerializer})
    @action(detail=True, methods=["post"])
    def commitments(self, request: Request, pk: str) -> Response:
        """Say what you can commit to, or what a team that you lead can."""
        seen = Plan.objects.visible_to(self.by).filter(pk=pk) or selectors.asked_plans(self.by).filter(pk=pk)
        plan = get_object_or_404(seen)
        said = self.cleaned(CommitmentWriter)
        named = said.pop("team", None)
        team = Team.objects.visible_to(self.by).filter(pk=named).first() if named else None
        if named and team is None:
            raise serializers.ValidationError({"team": ["There is no such team that you lead."]})
        made = services.commit_to(plan=plan, team=team, by=self.by, at=clock.now(), **said)
        return Response(CommitmentSerializer(made).data, status=201)

    @extend_schema(responses=SliceSerializer(many=True))
    @action(detail=True)
    def slices(self, request: Request, pk: str) -> Response:
        """The target by product family and by territory, for those who see all."""
        rows = selectors.slices_of(self.get_object(), self.by, as_of=clock.today(Organisation.get().time_zone))
        return Response(SliceSerializer(rows, many=True).data)

    @extend_schema(responses={200: dict})
    @action(detail=True)
    def compare(self, request: Request, pk: str) -> Response:
        """The lines of this plan beside those of the others for its period: amounts, and differences to this one."""
        plan = self.get_object()
        plans = [plan, *selectors.scenarios_of(plan, self.by)]
        return Response(
            {
                "plans": [{"id": each.pk, "name": each.name} for each in plans],
                "lines": [
                    {
                        "team": row.row.line.team_id,
                        "person": row.row.line.person_id,
                        "amounts": [None if amount is None else f"{amount:.2f}" for amount in row.amounts],
                        "differences": [None if amount is None else f"{amount:.2f}" for amount in row.differences],
                    }
                    for row in selectors.compare(plans, self.by)
                ],
            }
        )


class AllocationSerializer(serializers.ModelSerializer):
    class Meta:
        model = Allocation
        fields = (
            "id",
            "plan",
            "team",
            "person",
            "past",
            "proposed",
            "amount",
            "floor",
            "ceiling",
            "is_locked",
            "hedge",
            "hedge_reason",
        )
        read_only_fields = fields


class AllocationChangeWriter(Writer):
    amount = Money(min_value=0)
    reason = serializers.CharField(max_length=150)
    rule = serializers.ChoiceField(["hold", "spread", "hedge"], default="hold")
    was = Money(required=False, help_text="What the line held when you looked; refused where it holds something else")


class HedgeWriter(Writer):
    amount = Money(min_value=0)
    reason = serializers.CharField(max_length=150)


class AllocationFilter(filters.FilterSet):
    plan = Id("plan")
    team = Id("team")
    person = Id("person")
    is_locked = filters.BooleanFilter()


class Allocations(LookedAt):
    """The lines of plans, of those teams and people whose lines one may see."""

    model = Allocation
    look, lists_all = Look.Page.QUOTA, False
    serializer_class = AllocationSerializer
    filterset_class = AllocationFilter
    ordering_fields = ("id", "amount")
    joins = ("plan", "team", "person")

    @extend_schema(request=AllocationChangeWriter, responses=AllocationSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Give a line another amount, with a reason; the rest follows by the rule. Never one's own figure."""
        said = self.cleaned(AllocationChangeWriter)
        line = self.get_object()
        return self.shown(services.change_allocation(allocation=line, by=self.by, at=clock.now(), **said))

    @extend_schema(request=HedgeWriter, responses=AllocationSerializer)
    @action(detail=True, methods=["post"])
    def hedge(self, request: Request, pk: str) -> Response:
        """Have a team's people bring more than the team is held to, on purpose."""
        said = self.cleaned(HedgeWriter)
        return self.shown(services.set_hedge(allocation=self.get_object(), by=self.by, at=clock.now(), **said))
