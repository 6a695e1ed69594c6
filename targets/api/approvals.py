"""Approvals of draft plans in the API."""

import django_filters as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from salesmgmt.desk.api import Records, VisibleField, Writer
from salesmgmt.lib import clock
from targets import services
from targets.forms.approvals import ACTS
from targets.models import Plan, PlanApproval
from teams.api import Id
from teams.models import Team


class PlanApprovalSerializer(serializers.ModelSerializer):
    class Meta:
        model = PlanApproval
        fields = ("id", "plan", "team", "act", "digest", "reason", "at")
        read_only_fields = fields


class PlanApprovalWriter(Writer):
    plan = VisibleField(model=Plan)
    team = VisibleField(model=Team)
    act = serializers.ChoiceField(ACTS)
    reason = serializers.CharField(max_length=500, required=False, allow_blank=True, help_text="Why it goes back")
    digest = serializers.CharField(
        max_length=64, required=False, help_text="Of the submission you read: other lines since then are refused"
    )


class PlanApprovalFilter(filters.FilterSet):
    plan = Id("plan")
    team = Id("team")
    act = filters.MultipleChoiceFilter(choices=PlanApproval.Act.choices)


class PlanApprovals(Records):
    """The way of a draft's splits up the line: submitted, approved, sent back."""

    model = PlanApproval
    serializer_class = PlanApprovalSerializer
    filterset_class = PlanApprovalFilter
    ordering_fields = ("id",)

    @extend_schema(request=PlanApprovalWriter, responses={201: PlanApprovalSerializer})
    def create(self, request: Request) -> Response:
        """Submit the split of a team you lead, or decide on one submitted to you."""
        said = self.cleaned(PlanApprovalWriter)
        act, reason = said.pop("act"), said.pop("reason", "")
        if act == "submit":
            made = services.submit_split(by=self.by, at=clock.now(), **said)
        else:
            made = services.decide_split(by=self.by, at=clock.now(), approves=act == "approve", reason=reason, **said)
        return self.shown(made, status=201)
