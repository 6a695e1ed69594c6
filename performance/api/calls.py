"""Calls: what people and managers stake on a period."""

from decimal import Decimal
from typing import Any

import django_filters as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from salesmgmt.desk.api import Money, VisibleField, Writer
from salesmgmt.lib import clock
from salesmgmt.lib.periods import Period
from salesmgmt.lib.refusals import Refused
from teams.api import Id, LookedAt, today_of
from teams.models import Look, Team
from teams.selectors import organisation_of, person_of

from .. import services
from ..models import Call
from ..selectors import calls as reading
from .figures import Asked, Number, Question


class CallSerializer(serializers.ModelSerializer):
    person_name = serializers.CharField(source="person.name", read_only=True)
    team_name = serializers.CharField(source="team.name", read_only=True, default=None)

    class Meta:
        model = Call
        fields = (
            "id",
            "person",
            "person_name",
            "team",
            "team_name",
            "period",
            "commit",
            "best_case",
            "currency",
            "note",
            "made_on",
            "made_at",
            "people_commit",
            "people_best_case",
        )
        read_only_fields = fields


class CallWriter(Writer):
    period = serializers.CharField(max_length=8, required=False, default="", help_text="Default: the current quarter")
    commit = Money(min_value=Decimal(0))
    best_case = Money(min_value=Decimal(0))
    note = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")
    team = VisibleField(
        model=Team, required=False, allow_null=True, default=None, help_text="One you lead; empty: your own result"
    )


class CallFilter(filters.FilterSet):
    person = Id("person")
    team = Id("team")
    is_own = filters.BooleanFilter(field_name="team", lookup_expr="isnull", label="Of their own result")

    class Meta:
        model = Call
        fields = ("period",)


class Calls(LookedAt):
    """What people stake on a period. Appended only: the last one of a person, team and period stands."""

    model = Call
    look, lists_all = Look.Page.CALLS, False
    joins = ("person", "team")
    serializer_class = CallSerializer
    filterset_class = CallFilter
    ordering_fields = ("id", "made_on")

    @extend_schema(request=CallWriter, responses={201: CallSerializer})
    def create(self, request: Request) -> Response:
        """Call one's own result, or that of a team one leads; a later call overrides it."""
        said: dict[str, Any] = self.cleaned(CallWriter)
        person, on, calendar = person_of(self.by), today_of(request), organisation_of(self.by).calendar
        if person is None:
            raise Refused("Only somebody who works here makes a call.")
        key = said.pop("period")
        try:
            period = Period.parse(key, calendar) if key else Period.of(on, "quarter", calendar)
        except ValueError as error:
            raise serializers.ValidationError({"period": [str(error)]}) from None
        made = services.make_call(person=person, period=period, by=self.by, at=clock.now(), on=on, **said)
        return self.shown(made, status=201)


class RolledCallSerializer(serializers.Serializer):
    kind = serializers.CharField(help_text="team or person")
    pk = serializers.IntegerField()
    name = serializers.CharField()
    called_on = serializers.DateField(allow_null=True, help_text="Of a team without a call of its own empty")
    commit = Number(help_text="What stands: the call, of a team else what its people's come to")
    best_case = Number()
    people_commit = Number(help_text="Of a team: what its people's calls come to")
    not_called = serializers.IntegerField(help_text="How many people have made none")
    computed = Number(help_text="The computed forecast")
    credited = Number()
    bias = Number(help_text="(called − result) ÷ result, of calls that stood at weeks 1, 5 and 9 of quarters over")
    error = Number(help_text="How far off ÷ result, of the same calls")
    judged = serializers.IntegerField(help_text="How many those were")


class RolledCalls(Question):
    serializer_class = RolledCallSerializer
    look = Look.Page.CALLS

    @extend_schema(parameters=[Asked], responses=RolledCallSerializer(many=True))
    def list(self, request: Request) -> Response:
        """What is called for a team, the teams right below it and its people, with how right each caller was."""
        asked = self.asked(Asked)
        as_of = min(asked["as_of"], asked["period"].last_day)
        told = reading.calls_of(scope=asked["scope"], period=asked["period"], as_of=as_of)
        return Response(RolledCallSerializer(reading.lines_of(told), many=True).data)


ENDPOINTS = {
    "calls": Calls,
    "rolled-calls": RolledCalls,
}
