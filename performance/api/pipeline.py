"""What moved a pipeline between two days."""

from datetime import date
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from teams.selectors import organisation_of

from .. import selectors
from ..selectors.pipeline import STEPS, day_before
from .figures import Asked, Number, Question


class WaterfallAsked(Asked):
    until = serializers.DateField(required=False, help_text="The day at whose close it ends; default: as_of")

    def get_fields(self) -> dict[str, Any]:
        first = serializers.DateField(
            required=False, help_text="The day at whose close it starts; default: the last before the period"
        )
        return super().get_fields() | {"from": first}


class WaterfallSerializer(serializers.Serializer):
    """Every step is signed, what left is below zero: start + steps = end."""

    start = Number()
    new = Number()
    reopened = Number()
    pulled_in = Number()
    pushed_out = Number()
    grew = Number()
    shrank = Number()
    won = Number()
    lost = Number()
    reassigned = Number()
    removed = Number()
    end = Number()
    deals = serializers.DictField(child=serializers.IntegerField(), help_text="How many are behind each")
    currency = serializers.CharField()
    period = serializers.CharField()
    until = serializers.DateField()
    left_out = serializers.IntegerField(help_text="Open deals at the end in a currency without a rate")

    def get_fields(self) -> dict[str, Any]:
        return super().get_fields() | {"from": serializers.DateField()}


class Waterfalls(Question):
    serializer_class = WaterfallSerializer

    @extend_schema(parameters=[WaterfallAsked], responses=WaterfallSerializer)
    def list(self, request: Request) -> Response:
        """The pipeline of a period at the close of two days, and every step between them, at the plan rate."""
        asked = self.asked(WaterfallAsked)
        as_of: date = asked.pop("as_of")
        period = asked["period"]
        start = asked.pop("from", None) or day_before(period)
        until = asked.pop("until", None) or max(min(as_of, period.last_day), start)
        if until < start:
            raise serializers.ValidationError({"until": [f"{until} lies before {start}, the day it starts from."]})
        told = selectors.waterfall(**asked, start=start, until=until)
        counts = {"start": told.start_count, "end": told.end_count}
        return Response(
            WaterfallSerializer(
                {
                    **{name: told.steps[name][0] for name in STEPS},
                    "start": told.start,
                    "end": told.end,
                    "deals": counts | {name: told.steps[name][1] for name in STEPS},
                    "currency": organisation_of(self.by).currency,
                    "period": period.key,
                    "from": start,
                    "until": until,
                    "left_out": told.left_out,
                }
            ).data
        )


ENDPOINTS = {
    "waterfall": Waterfalls,
}
