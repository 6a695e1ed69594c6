"""Where a period will land."""

from dataclasses import asdict
from typing import cast

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from teams.api import today_of
from teams.models import Look, User
from teams.selectors import organisation_of

from ..selectors.forecasting import forecast, shown, without_small
from .figures import Asked, Number, Question


class ForecastSerializer(serializers.Serializer):
    quota = Number()
    credited = Number()
    expected = Number(help_text="The landing; empty: nothing can be said")
    low = Number(help_text="Of the 80 % range")
    high = Number()
    p_miss = Number(help_text="Probability to end below the quota; empty: unknown, or not to be shown")
    note = serializers.CharField(help_text="Why something is unknown")
    currency = serializers.CharField()
    period = serializers.CharField()
    as_of = serializers.DateField()


NONE = dict.fromkeys(("quota", "credited", "expected", "low", "high", "p_miss"))


class Forecasts(Question):
    serializer_class = ForecastSerializer
    look = Look.Page.FORECAST

    @extend_schema(parameters=[Asked], responses=ForecastSerializer)
    def list(self, request: Request) -> Response:
        """The landing of a period as it was forecast on the day, or at most three days before."""
        asked = self.asked(Asked)
        organisation = organisation_of(cast(User, request.user))
        scope, as_of = asked["scope"], asked["as_of"]
        found = forecast(**asked)
        if found is not None:
            only = shown if scope.kind == "person" else without_small
            found = only({scope.pk or 0: found}, as_of, organisation, today=today_of(request))[scope.pk or 0]
        said = asdict(found) if found else NONE | {"as_of": as_of, "note": "No forecast was made of that day."}
        said |= {"currency": organisation.currency, "period": asked["period"].key}
        return Response(ForecastSerializer(said).data)


ENDPOINTS = {"forecasts": Forecasts}
