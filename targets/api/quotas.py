"""Quotas and targets in the API, to read."""

from typing import Any

import django_filters as filters
from rest_framework import serializers

from salesmgmt.desk.api import Records
from targets.models import QuotaEntry, Target
from teams.api import Id, LookedAt
from teams.models import Look
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


class Quotas(LookedAt):
    """The ledger of quotas: a quota is the sum of its entries, each with its reason."""

    model = QuotaEntry
    look, lists_all = Look.Page.QUOTA, False
    serializer_class = QuotaSerializer
    filterset_class = QuotaFilter
    ordering_fields = ("id",)


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
