"""What goes with better results, with what chance alone would do."""

from datetime import timedelta
from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from salesmgmt.desk.api import Endpoint
from teams.api import today_of
from teams.models import access_of

from ..selectors.works import may_compare, teams_led, what_works

LONGEST = timedelta(days=5 * 366)


class WorksAsked(serializers.Serializer):
    since = serializers.DateField(required=False, help_text="First closing day, at most five years back; default: two")
    until = serializers.DateField(required=False, help_text="First day after; default: tomorrow")
    team = serializers.IntegerField(required=False, min_value=1, max_value=2**62, help_text="Default: the company")


class IntervalSerializer(serializers.Serializer):
    value = serializers.FloatField()
    low = serializers.FloatField(help_text="Of the range that holds it in 95 of 100 cases")
    high = serializers.FloatField()


class WorkSerializer(serializers.Serializer):
    cut = serializers.CharField(source="cut.key")
    value = serializers.CharField()
    deals = serializers.IntegerField()
    won = serializers.IntegerField()
    win_rate = IntervalSerializer(allow_null=True)
    difference = IntervalSerializer(
        source="difference.interval", allow_null=True, default=None, help_text="From comparable deals"
    )
    is_enough = serializers.BooleanField(help_text="Whether either side holds as many deals as a claim takes")
    wins_differ = serializers.BooleanField(help_text="Beyond chance, over all that was compared")
    cycle = IntervalSerializer(allow_null=True, help_text="Median days of the deals won")
    cycle_differs = serializers.BooleanField()
    amount = IntervalSerializer(allow_null=True, help_text="Median amount of the deals won")
    amount_differs = serializers.BooleanField()


class Works(Endpoint):
    """Products, segments, sources, habits and plays against results."""

    pagination_class = None
    filter_backends = ()
    serializer_class = WorkSerializer

    @extend_schema(parameters=[WorksAsked], responses=WorkSerializer(many=True))
    def list(self, request: Request) -> Response:
        """Every group of deals beside comparable ones."""
        if not may_compare(access_of(self.by)):
            raise Http404
        read = WorksAsked(data=request.query_params.dict())
        read.is_valid(raise_exception=True)
        said: dict[str, Any] = read.validated_data
        until = said.get("until") or today_of(request) + timedelta(days=1)
        start = said.get("since") or until - timedelta(days=731)
        if until - start > LONGEST:
            raise serializers.ValidationError({"since": ["Ask for five years at most."]})
        team = None
        if "team" in said:
            team = teams_led(self.by).filter(pk=said["team"]).first()
            if team is None:
                raise Http404
        return Response(WorkSerializer(what_works(start=start, until=until, team=team).rows, many=True).data)


ENDPOINTS = {
    "what-works": Works,
}
