"""Where time is lost, in the API: the figures of the process page, and the address of the orders behind each."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from sales import selectors
from salesmgmt.desk.api import Endpoint
from teams.api import today_of
from teams.models import User, access_of

from .common import Text

NAMES = ("team", "owner", "product", "territory")
ID: dict[str, Any] = {"required": False, "min_value": 1, "max_value": 2**62}


class ProcessAsked(serializers.Serializer):
    period = Text(required=False, max_length=10, help_text="Key, or all; default: the current quarter")
    by = serializers.ChoiceField(
        list(selectors.BY), required=False, help_text="Default: team, for who leads none product"
    )
    team = serializers.IntegerField(**ID)
    owner = serializers.IntegerField(**ID)
    product = serializers.IntegerField(**ID)
    territory = serializers.IntegerField(**ID)


class ProcessStepSerializer(serializers.Serializer):
    """Days that a step took: half of the orders less than the median, half of them between low and high."""

    key = Text()
    label = Text()  # type: ignore[assignment]
    count = serializers.IntegerField(help_text="Orders whose step ended in the period")
    low = serializers.FloatField()
    median = serializers.FloatField(allow_null=True)
    high = serializers.FloatField()
    before = serializers.FloatField(allow_null=True, help_text="The median of the period before")
    behind = Text(allow_null=True, help_text="Address of those orders")


class ProcessGroupSerializer(serializers.Serializer):
    id = serializers.IntegerField(allow_null=True, help_text="Of the team, product or territory; empty: of none")
    name = Text()
    steps = ProcessStepSerializer(many=True)
    late = serializers.IntegerField(help_text="Shipped after the promised day")
    promised = serializers.IntegerField(help_text="Shipped, of those with a promise")
    bottleneck = Text(allow_null=True, help_text="Key of the longest step; empty: too few orders")


class ProcessSerializer(serializers.Serializer):
    period = Text()
    by = Text()
    whole = ProcessGroupSerializer()
    groups = ProcessGroupSerializer(many=True)
    as_of = serializers.DateField()


def asked_of(user: User, said: Mapping[str, Any], day: date) -> tuple[selectors.Span, selectors.ProcessFilter]:
    """What a query means: 400 for a period that is none, 404 for what is not for this user."""
    try:
        span = selectors.span_of(user, said.get("period") or "", day)
    except ValueError as error:
        raise serializers.ValidationError({"period": [str(error)]}) from None
    wanted = selectors.asked_of(user, span, said)
    if wanted is None:
        raise NotFound
    return span, wanted


class Processes(Endpoint):
    serializer_class = ProcessSerializer
    pagination_class = None
    filter_backends = ()

    @extend_schema(parameters=[ProcessAsked], responses=ProcessSerializer)
    def list(self, request: Request) -> Response:
        """Where time is lost between a first word and the question how it went, with medians and spread."""
        read = ProcessAsked(data=request.query_params.dict())
        read.is_valid(raise_exception=True)
        said, day, access = read.validated_data, today_of(request), access_of(self.by)
        span, wanted = asked_of(self.by, said, day)
        leads = access.sees_all or access.leads
        by = said.get("by") or ("team" if leads else "product")
        if by == "team" and not leads:
            raise NotFound
        kept = {name: said[name] for name in NAMES if name in said} | {"period": span.key}
        whole = selectors.process(wanted)
        groups = [_told(group, kept | {by: group.pk}) for group in selectors.process_by(wanted, by)]
        told = {"period": span.key, "by": by, "whole": _told(whole, kept), "groups": groups, "as_of": day}
        return Response(ProcessSerializer(told).data)


def _told(group: selectors.Group, kept: Mapping[str, Any]) -> dict[str, Any]:
    slow, address = group.bottleneck, reverse("api-orders-list")
    return {
        "id": group.pk, "name": group.name or "All", "late": group.late, "promised": group.promised,
        "bottleneck": slow and slow.key,
        "steps": [
            {name: getattr(step, name) for name in ("key", "label", "count", "low", "median", "high", "before")}
            # What belongs to none can't be asked for.
            | {"behind": f"{address}?{urlencode({'step': step.key, **kept})}" if None not in kept.values() else None}
            for step in (*group.shown, *group.lateness)
            if step.count
        ],
    }  # fmt: skip
