"""Plans of coaching in the API, each with what came of it."""

from typing import Any

import django_filters as filters
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from coaching import selectors, services
from coaching.models import Case, CoachingPlan, HelpEffect
from salesmgmt.desk.api import Records, VisibleField, Writer
from salesmgmt.lib import clock
from teams.api import Id, LookedAt, today_of
from teams.models import Look, Person


class CoachingPlanSerializer(serializers.ModelSerializer):
    class Meta:
        model = CoachingPlan
        fields = (
            "id", "person", "coach", "kind", "measure", "starts_on", "until", "text", "case", "planned_at",
            "frozen_at", "version",
        )  # fmt: skip
        read_only_fields = fields


class CoachingPlanWriter(Writer):
    person = VisibleField(model=Person)
    coach = VisibleField(model=Person, required=False, help_text="Who helps; default: whoever asks")
    kind = serializers.ChoiceField(choices=CoachingPlan.Kind.choices)
    measure = serializers.CharField(max_length=60)
    starts_on = serializers.DateField()
    until = serializers.DateField(help_text="The first day it is over")
    text = serializers.CharField(max_length=500, required=False, allow_blank=True)
    case = VisibleField(model=Case, required=False, allow_null=True)


class CoachingPlanMoveWriter(Writer):
    until = serializers.DateField()
    reason = serializers.CharField(max_length=200)
    version = serializers.IntegerField(required=False, min_value=1)


class CoachingPlanCancelWriter(Writer):
    version = serializers.IntegerField(required=False, min_value=1)


class CoachingPlanFilter(filters.FilterSet):
    person = Id("person")
    coach = Id("coach")
    case = Id("case")
    kind = filters.ChoiceFilter(choices=CoachingPlan.Kind.choices)


EFFECT = inline_serializer(
    "EffectOfCoaching",
    {
        "verdict": serializers.CharField(),
        "sentence": serializers.CharField(),
        "value": serializers.FloatField(allow_null=True),
        "low": serializers.FloatField(allow_null=True),
        "high": serializers.FloatField(allow_null=True, help_text="Null: without an end"),
        "comparable_people": serializers.IntegerField(),
    },
)


class CoachingPlans(LookedAt):
    """Help somebody gets for a measure over some weeks."""

    model = CoachingPlan
    look = Look.Page.PLAN
    serializer_class = CoachingPlanSerializer
    filterset_class = CoachingPlanFilter
    ordering_fields = ("id", "starts_on")

    def get_queryset(self) -> Any:
        return super().get_queryset().standing()

    @extend_schema(request=CoachingPlanWriter, responses={201: CoachingPlanSerializer})
    def create(self, request: Request) -> Response:
        """Plan help for one of your people; comparable people are fixed at its start."""
        said = self.cleaned(CoachingPlanWriter)
        plan = services.plan_coaching(by=self.by, at=clock.now(), on=today_of(request), **said)
        return self.shown(plan, status=201)

    @extend_schema(request=CoachingPlanMoveWriter, responses=CoachingPlanSerializer)
    @action(detail=True, methods=["post"])
    def move(self, request: Request, pk: str) -> Response:
        """An earlier or later end, with the reason."""
        said = self.cleaned(CoachingPlanMoveWriter)
        plan = services.move_plan(plan=self.get_object(), by=self.by, at=clock.now(), on=today_of(request), **said)
        return self.shown(plan)

    @extend_schema(request=CoachingPlanCancelWriter, responses=CoachingPlanSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """Before it begins."""
        said = self.cleaned(CoachingPlanCancelWriter)
        plan = services.cancel_plan(plan=self.get_object(), by=self.by, at=clock.now(), on=today_of(request), **said)
        return self.shown(plan)

    @extend_schema(responses=EFFECT)
    @action(detail=True, methods=["get"])
    def effect(self, request: Request, pk: str) -> Response:
        """What came of it up to today, beside comparable people."""
        judged = selectors.effect_of(plan=self.get_object(), as_of=today_of(request), user=self.by)
        found = judged.effect
        return Response(
            {
                "verdict": judged.verdict,
                "sentence": judged.sentence,
                "value": found and round(found.value, 4),
                "low": found and round(found.low, 4),
                "high": round(found.high, 4) if found and found.high != float("inf") else None,
                "comparable_people": found.peers if found else 0,
            }
        )


class HelpEffectSerializer(serializers.ModelSerializer):
    class Meta:
        model = HelpEffect
        fields = (
            "id", "kind", "measure", "whom", "plans", "people", "peers", "value", "low", "high", "verdict", "as_of",
        )  # fmt: skip
        read_only_fields = fields


class HelpEffects(Records):
    """Which kinds of help work here and for whom, as worked out last night."""

    model = HelpEffect
    serializer_class = HelpEffectSerializer
    ordering_fields = ("id",)


ENDPOINTS = {"coaching-plans": CoachingPlans, "help-effects": HelpEffects}
