"""Where a period will land."""

from dataclasses import asdict
from typing import cast

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from salesmgmt.desk.api import Endpoint
from teams.api import today_of
from teams.models import Look, User, access_of
from teams.selectors import organisation_of

from ..selectors import backtests
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


class MethodSerializer(serializers.Serializer):
    name = serializers.CharField()
    brier = serializers.FloatField(help_text="Mean square of what the probability was off by")
    wape = serializers.FloatField(help_text="What landings were off by, of all that came")
    hits = serializers.FloatField(allow_null=True, help_text="Of those who missed, the share warned of")
    false_alarms = serializers.FloatField(allow_null=True, help_text="Of those warned of, the share that did reach it")


class FifthSerializer(serializers.Serializer):
    low = serializers.FloatField()
    high = serializers.FloatField()
    count = serializers.IntegerField()
    said = serializers.FloatField(allow_null=True, help_text="The mean probability to miss")
    missed = serializers.FloatField(allow_null=True, help_text="The share that did")


class ScoresSerializer(serializers.Serializer):
    of = serializers.CharField(help_text="people; teams, with the company")
    checkpoint = serializers.DecimalField(
        max_digits=4, decimal_places=3, allow_null=True, help_text="Share of the quarter that was over; empty: over all"
    )
    count = serializers.IntegerField()
    unknown = serializers.IntegerField(help_text="Cases in which it said that it does not know")
    held = serializers.FloatField(allow_null=True, help_text="Share of the 80 % ranges that held")
    methods = MethodSerializer(many=True, help_text="The forecast first, then plain methods on the same cases")
    fifths = FifthSerializer(many=True, help_text="Calibration, by fifths of the probability")


class Backtest(Endpoint):
    """How good the forecasts were: past quarters replayed with only what was known then."""

    pagination_class = None
    filter_backends = ()
    serializer_class = ScoresSerializer

    @extend_schema(responses=ScoresSerializer(many=True))
    def list(self, request: Request) -> Response:
        """People over all and at each checkpoint, teams and the company over all."""
        if access_of(self.by).role == "none":
            raise Http404
        found = [
            asdict(backtests.scores_of(one)) | {"of": of, "checkpoint": point}
            for of, point, one in backtests.judged().every()
        ]
        return Response(ScoresSerializer(found, many=True).data)


ENDPOINTS = {"forecasts": Forecasts, "backtest": Backtest}
