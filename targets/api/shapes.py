"""Seasons and ramps in the API."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from salesmgmt.desk.api import Records, Writer
from salesmgmt.lib import clock
from targets import services
from targets.models import RampProfile, RampStep, SeasonProfile, SeasonShare
from teams.models import Role
from teams.selectors import period


class SeasonShareSerializer(serializers.ModelSerializer):
    class Meta:
        model = SeasonShare
        fields = ("bucket", "starts_on", "percent", "raw")
        read_only_fields = fields


class SeasonSerializer(serializers.ModelSerializer):
    starts_on = serializers.DateField(read_only=True)
    until = serializers.DateField(read_only=True, help_text="First day after")
    shares = SeasonShareSerializer(many=True, read_only=True)

    class Meta:
        model = SeasonProfile
        fields = ("id", "period", "starts_on", "until", "is_learned", "learned_from", "weight", "version", "shares")
        read_only_fields = fields


class SeasonWriter(Writer):
    period = serializers.CharField(max_length=8)
    shares = serializers.DictField(child=serializers.DecimalField(7, 4, min_value=0, max_value=100), allow_empty=False)
    rule = serializers.ChoiceField(["proportional", "equal", "none"], default="proportional")
    reason = serializers.CharField(max_length=200)
    version = serializers.IntegerField(min_value=0, default=0)

    def validate_period(self, key: str) -> Any:
        try:
            return period(key)
        except ValueError as error:
            raise serializers.ValidationError(str(error)) from None


class Seasons(Records):
    """How the quotas of a quarter or year fall on its months or weeks."""

    model = SeasonProfile
    serializer_class = SeasonSerializer
    ordering_fields = ("id",)

    def get_queryset(self) -> Any:
        return super().get_queryset().prefetch_related("shares")

    @extend_schema(request=SeasonWriter, responses={201: SeasonSerializer})
    def create(self, request: Request) -> Response:
        """Say some shares of a period; the rest is brought to 100 % by the rule."""
        made = services.set_season(by=self.by, at=clock.now(), **self.cleaned(SeasonWriter))
        return self.shown(made, status=201)


class RampStepSerializer(serializers.ModelSerializer):
    class Meta:
        model = RampStep
        fields = ("month", "percent")
        read_only_fields = fields


class RampSerializer(serializers.ModelSerializer):
    steps = RampStepSerializer(many=True, read_only=True)

    class Meta:
        model = RampProfile
        fields = ("id", "name", "start", "role", "version", "steps")
        read_only_fields = fields


class RampWriter(Writer):
    name = serializers.CharField(max_length=100)
    percents = serializers.ListField(
        child=serializers.DecimalField(5, 2, min_value=0, max_value=100), min_length=1, max_length=60
    )
    start = serializers.ChoiceField(RampProfile.Start.choices, allow_blank=True, default="")
    role = serializers.ChoiceField(Role.choices, allow_blank=True, default="")
    reason = serializers.CharField(max_length=200)

    def validate_percents(self, percents: list[Any]) -> dict[int, Any]:
        return dict(enumerate(percents, 1))


class Ramps(Records):
    """How much of a full quota is asked in the months after a start."""

    model = RampProfile
    serializer_class = RampSerializer
    ordering_fields = ("id",)

    def get_queryset(self) -> Any:
        return super().get_queryset().prefetch_related("steps")

    @extend_schema(request=RampWriter, responses={201: RampSerializer})
    def create(self, request: Request) -> Response:
        """Make a profile, with the reason for it."""
        return self.shown(services.set_ramp(by=self.by, at=clock.now(), **self.cleaned(RampWriter)), status=201)
