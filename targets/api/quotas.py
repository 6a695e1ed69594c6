"""Quotas and targets in the API: the ledger to read, a figure to change or to give."""

from decimal import Decimal
from typing import Any

import django_filters as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from salesmgmt.desk.api import Money, Records, VisibleField, Writer
from salesmgmt.lib import clock
from salesmgmt.lib.periods import Period
from salesmgmt.lib.refusals import Refused
from targets import selectors, services
from targets.models import BOOKINGS, QuotaEntry, Target
from teams.api import Id, LookedAt, today_of
from teams.models import Look, Person, Team
from teams.selectors import period


class DuringFilter(filters.FilterSet):
    """Rows that overlap a period or hold on a day."""

    period = filters.CharFilter(method="in_period", label="Key: 2026-07, 2026-Q3, 2026-FY")
    on = filters.DateFilter(field_name="during", lookup_expr="contains", label="Holds on this day")

    def in_period(self, queryset: Any, name: str, value: str) -> Any:
        try:
            asked = period(value)
        except ValueError as error:
            raise serializers.ValidationError({"period": [str(error)]}) from None
        return queryset.overlapping(asked.start, asked.end)


class QuotaSerializer(serializers.ModelSerializer):
    starts_on = serializers.DateField(read_only=True)
    until = serializers.DateField(read_only=True, help_text="First day after")

    class Meta:
        model = QuotaEntry
        fields = (
            "id",
            "person",
            "team",
            "measure",
            "kind",
            "amount",
            "currency",
            "starts_on",
            "until",
            "reason",
            "recorded_at",
            "reverses",
        )
        read_only_fields = fields


class QuotaFilter(DuringFilter):
    person = Id("person")
    team = Id("team")
    kind = filters.MultipleChoiceFilter(choices=QuotaEntry.Kind.choices)


class _Figure(Writer):
    person = VisibleField(model=Person)
    period = serializers.CharField(max_length=8, help_text="Key: 2026-Q3, 2026-FY")
    measure = serializers.CharField(max_length=30, default=BOOKINGS)
    amount = Money(min_value=0)
    reason = serializers.CharField(max_length=200, help_text="The person reads it")

    def validate_period(self, value: str) -> Period:
        try:
            return period(value)
        except ValueError as error:
            raise serializers.ValidationError(str(error)) from None


class QuotaChangeWriter(_Figure):
    """Of a published figure at least one of what changed in results, economy and competition."""

    results = serializers.CharField(max_length=2000, required=False, allow_blank=True)
    economy = serializers.CharField(max_length=2000, required=False, allow_blank=True)
    competition = serializers.CharField(max_length=2000, required=False, allow_blank=True)


class QuotaGivenWriter(_Figure):
    """The amount is that of a full seat; employment, part time, leave and ramp follow from it."""

    team = VisibleField(model=Team)


class HeldToSerializer(serializers.Serializer):
    quota = Money(allow_null=True, help_text="What they are held to now")
    waits = serializers.IntegerField(allow_null=True, help_text="The quota proposal that the next manager up decides")


class Quotas(LookedAt):
    """The ledger of quotas: a quota is the sum of its entries, each with its reason."""

    model = QuotaEntry
    look, lists_all = Look.Page.QUOTA, False
    serializer_class = QuotaSerializer
    filterset_class = QuotaFilter
    ordering_fields = ("id",)

    @extend_schema(request=QuotaChangeWriter, responses=HeldToSerializer)
    @action(detail=False, methods=["post"])
    def change(self, request: Request) -> Response:
        """Change what somebody is held to; by more than one may alone it waits for the next manager up."""
        said = self.cleaned(QuotaChangeWriter)
        waits = services.change_quota(by=self.by, at=clock.now(), **said)
        return self._held_to(said, waits=waits.pk if waits is not None else None)

    @extend_schema(request=QuotaGivenWriter, responses={201: HeldToSerializer})
    @action(detail=False, methods=["post"])
    def give(self, request: Request) -> Response:
        """Give somebody a figure who has none yet, as on a new seat."""
        said = self.cleaned(QuotaGivenWriter)
        team, measure = said.pop("team"), said.pop("measure")
        free = selectors.free_seats(said["person"], said["period"], on=today_of(request))
        seat = next((one.key for one in free if (one.team, one.of.key) == (team, measure)), None)
        if seat is None:
            raise Refused(f"{said['person']} has a figure there already, or is not posted there.", field="team")
        services.give_quota(seat=seat, by=self.by, at=clock.now(), **said)
        return self._held_to(said | {"measure": measure}, status=201)

    def _held_to(self, said: dict[str, Any], *, waits: int | None = None, status: int = 200) -> Response:
        days = {"start": said["period"].start, "end": said["period"].end, "measure": said["measure"]}
        kinds = selectors.goals_of(person_ids=[said["person"].pk], **days).get(said["person"].pk)
        quota = sum(kinds.values(), Decimal(0)) if kinds else None
        return Response(HeldToSerializer({"quota": quota, "waits": waits}).data, status=status)


class TargetSerializer(serializers.ModelSerializer):
    starts_on = serializers.DateField(read_only=True)
    until = serializers.DateField(read_only=True, allow_null=True, help_text="First day after")

    class Meta:
        model = Target
        fields = ("id", "team", "measure", "amount", "starts_on", "until", "plan", "published_at")
        read_only_fields = fields


class TargetFilter(DuringFilter):
    team = Id("team")


class Targets(Records):
    """What teams are held to; the row published last holds."""

    model = Target
    serializer_class = TargetSerializer
    filterset_class = TargetFilter
    ordering_fields = ("id",)
