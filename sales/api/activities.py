"""Activities in the API."""

import django_filters as filters
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from sales import services
from sales.models import (
    Account,
    Activity,
    Contact,
    Deal,
)
from salesmgmt.desk.api import Changes, Records, VisibleField, Writer
from salesmgmt.lib import clock
from teams.api import Id
from teams.models import Person

from .common import Text, Versioned, own_or_said


class ActivitySerializer(serializers.ModelSerializer):
    owner_name = Text(source="owner.name", read_only=True)

    class Meta:
        model = Activity
        fields = (
            "id",
            "external_id",
            "owner",
            "owner_name",
            "kind",
            "occurred_at",
            "occurred_on",
            "account",
            "contact",
            "deal",
            "outcome",
            "duration_minutes",
            "notes",
            "version",
        )
        read_only_fields = fields


class ActivityWriter(Writer):
    owner = VisibleField(model=Person, required=False, allow_null=True)
    kind = serializers.ChoiceField(Activity.Kind.choices)
    occurred_at = serializers.DateTimeField()
    account = VisibleField(model=Account, required=False, allow_null=True)
    contact = VisibleField(model=Contact, required=False, allow_null=True)
    deal = VisibleField(model=Deal, required=False, allow_null=True)
    outcome = Text(max_length=100, required=False, allow_blank=True)
    duration_minutes = serializers.IntegerField(min_value=0, max_value=1440, required=False, allow_null=True)
    notes = Text(max_length=10_000, required=False, allow_blank=True, trim_whitespace=False)


class ActivityChangeWriter(Changes, ActivityWriter, Versioned):
    pass


class ActivityFilter(filters.FilterSet):
    owner = Id("owner")
    account = Id("account")
    contact = Id("contact")
    deal = Id("deal")
    kind = filters.MultipleChoiceFilter(choices=Activity.Kind.choices)
    since = filters.DateFilter(field_name="occurred_on", lookup_expr="gte")
    until = filters.DateFilter(field_name="occurred_on", lookup_expr="lt")


class Activities(Records):
    """Calls, e-mails, meetings, demos, visits and tasks done."""

    model = Activity
    joins = ("owner",)
    serializer_class = ActivitySerializer
    filterset_class = ActivityFilter
    ordering_fields = ("id", "occurred_at")

    @extend_schema(request=ActivityWriter, responses={201: ActivitySerializer})
    def create(self, request: Request) -> Response:
        """Log an activity; without an owner it is yours."""
        said = own_or_said(request, self.cleaned(ActivityWriter))
        at, minutes = said.pop("occurred_at"), said.pop("duration_minutes", None)
        made = services.log_activity(at=at, minutes=minutes, by=self.by, now=clock.now(), **said)
        return Response(self.get_serializer(made).data, status=201)

    @extend_schema(request=ActivityChangeWriter, responses=ActivitySerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change an activity."""
        said = self.cleaned(ActivityChangeWriter)
        changed = services.change_activity(activity=self.get_object(), by=self.by, now=clock.now(), **said)
        return self.shown(changed)

    @extend_schema(responses={204: OpenApiResponse(description="Withdrawn")})
    def destroy(self, request: Request, pk: str) -> Response:
        """Withdraw an activity from every list and figure."""
        services.withdraw_activity(activity=self.get_object(), by=self.by, at=clock.now())
        return Response(status=204)
