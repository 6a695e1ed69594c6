"""Proposed changes of quotas in the API: read, let count, refused."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from salesmgmt.desk.api import Money, Records, Writer
from salesmgmt.lib import clock
from targets import services
from targets.api.quotas import DuringFilter
from targets.models import ProposedEntry, QuotaProposal
from teams.api import Id, today_of


class ProposedEntrySerializer(serializers.ModelSerializer):
    starts_on = serializers.DateField(read_only=True)
    until = serializers.DateField(read_only=True, help_text="First day after")
    change = Money(read_only=True)

    class Meta:
        model = ProposedEntry
        fields = ("kind", "starts_on", "until", "before", "after", "change", "currency", "note")
        read_only_fields = fields


class QuotaProposalSerializer(serializers.ModelSerializer):
    person = serializers.IntegerField(source="seat_id", read_only=True)
    starts_on = serializers.DateField(read_only=True)
    until = serializers.DateField(read_only=True, help_text="First day after")
    entries = ProposedEntrySerializer(many=True, read_only=True)

    class Meta:
        model = QuotaProposal
        fields = (
            "id",
            "kind",
            "person",
            "team",
            "measure",
            "state",
            "starts_on",
            "until",
            "entries",
            "decider",
            "needs_yes",
            "counts_on",
            "made_at",
            "decided_at",
            "reason",
            "asked_by",
            "amount",
            "headline",
            "results",
            "economy",
            "competition",
            "version",
        )
        read_only_fields = fields


class QuotaProposalFilter(DuringFilter):
    person = Id("seat")
    team = Id("team")

    class Meta:
        model = QuotaProposal
        fields = ("state", "kind")


class DecisionWriter(Writer):
    version = serializers.IntegerField(min_value=1, required=False, allow_null=True, default=None)


class RefusalWriter(DecisionWriter):
    reason = serializers.CharField(max_length=200)


class QuotaProposals(Records):
    """What postings, leave and calendars would change about quotas, or a manager asks for, before it counts."""

    model = QuotaProposal
    serializer_class = QuotaProposalSerializer
    filterset_class = QuotaProposalFilter
    ordering_fields = ("id", "counts_on")

    def get_queryset(self) -> Any:
        return super().get_queryset().prefetch_related("entries")

    @extend_schema(request=DecisionWriter, responses=QuotaProposalSerializer)
    @action(detail=True, methods=["post"])
    def confirm(self, request: Request, pk: str) -> Response:
        """It counts from now on."""
        said = self.cleaned(DecisionWriter)
        found = self.get_object()
        services.confirm_proposal(proposal=found, by=self.by, at=clock.now(), on=today_of(request), **said)
        return self.shown(found)

    @extend_schema(request=RefusalWriter, responses=QuotaProposalSerializer)
    @action(detail=True, methods=["post"])
    def refuse(self, request: Request, pk: str) -> Response:
        """The ledger stays as it is, with a reason."""
        said = self.cleaned(RefusalWriter)
        found = self.get_object()
        services.refuse_proposal(proposal=found, by=self.by, at=clock.now(), **said)
        return self.shown(found)
