"""Redistributions and their offers."""

from decimal import Decimal
from typing import Any

import django_filters as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from salesmgmt.desk.api import Money, Records, VisibleField, Writer
from salesmgmt.lib import clock
from targets import services as targets
from targets.models import Offer, Redistribution
from teams.api import Id, today_of
from teams.models import Person
from teams.selectors import current_period, period

from ..services.redistributions import share_out


class RedistributionSerializer(serializers.ModelSerializer):
    giver_name = serializers.CharField(source="giver.name", read_only=True)
    starts_on = serializers.DateField(read_only=True)
    until = serializers.DateField(read_only=True, help_text="First day after")
    to_starts_on = serializers.DateField(source="to.lower", read_only=True)
    to_until = serializers.DateField(source="to.upper", read_only=True)

    class Meta:
        model = Redistribution
        fields = (
            "id",
            "giver",
            "giver_name",
            "team",
            "measure",
            "starts_on",
            "until",
            "to_starts_on",
            "to_until",
            "quota",
            "landing",
            "amount",
            "prefer",
            "reason",
            "needs_agreement",
            "agreed_at",
            "opened_at",
        )
        read_only_fields = fields


class CapWriter(Writer):
    person = VisibleField(model=Person)
    cap = Money(min_value=Decimal(0))


class RedistributionWriter(Writer):
    giver = VisibleField(model=Person)
    period = serializers.CharField(max_length=8, required=False, default="", help_text="Default: the current quarter")
    to = serializers.CharField(max_length=8, required=False, default="", help_text="A later period; default: the same")
    amount = Money(required=False, default=None, min_value=Decimal("0.01"), help_text="Default: the whole shortfall")
    prefer = serializers.ChoiceField(Redistribution.Prefer.choices, default=Redistribution.Prefer.ALL)
    reason = serializers.CharField(max_length=200)
    caps = CapWriter(many=True, required=False, default=list)


class Redistributions(Records):
    """Parts of quotas that are offered to colleagues; for who leads the giver."""

    model = Redistribution
    joins = ("giver",)
    serializer_class = RedistributionSerializer
    ordering_fields = ("id", "opened_at")

    @extend_schema(request=RedistributionWriter, responses={201: RedistributionSerializer})
    def create(self, request: Request) -> Response:
        """Ask those who have room; nothing moves before they say yes."""
        said = self.cleaned(RedistributionWriter)
        caps = {one["person"].pk: one["cap"] for one in said.pop("caps")}
        on = today_of(request)
        try:
            key, to = said.pop("period"), said.pop("to")
            during = period(key) if key else current_period("quarter", on)
            later = period(to) if to else during
        except ValueError as error:
            raise serializers.ValidationError({"period": [str(error)]}) from None
        made = share_out(period=during, to=later, caps=caps, by=self.by, at=clock.now(), on=on, **said)
        return self.shown(made, status=201)

    @extend_schema(request=None, responses=RedistributionSerializer)
    @action(detail=True, methods=["post"])
    def agree(self, request: Request, pk: str) -> Response:
        """The giver's manager agrees, across teams."""
        found = self.get_object()
        targets.agree_to_redistribution(redistribution=found, by=self.by, at=clock.now(), on=today_of(request))
        return self.shown(found)


class OfferSerializer(serializers.ModelSerializer):
    person = serializers.IntegerField(source="candidate.person_id", read_only=True)
    starts_on = serializers.DateField(source="candidate.redistribution.to.lower", read_only=True)
    until = serializers.DateField(source="candidate.redistribution.to.upper", read_only=True)

    class Meta:
        model = Offer
        fields = (
            "id",
            "person",
            "amount",
            "state",
            "starts_on",
            "until",
            "needs_agreement",
            "made_at",
            "accepted_at",
            "agreed_at",
            "version",
        )
        read_only_fields = fields


class OfferWriter(Writer):
    version = serializers.IntegerField(min_value=1, required=False, allow_null=True, default=None)


class OfferReasonWriter(OfferWriter):
    reason = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")


class OfferFilter(filters.FilterSet):
    person = Id("candidate__person")

    class Meta:
        model = Offer
        fields = ("state",)


class Offers(Records):
    """What people are asked to take on. Whose shortfall it is is not said."""

    model = Offer
    joins = ("candidate__redistribution",)
    serializer_class = OfferSerializer
    filterset_class = OfferFilter
    ordering_fields = ("id",)

    def _act(self, request: Request, do: Any, writer: type[OfferWriter]) -> Response:
        said = self.cleaned(writer)
        found = self.get_object()
        do(offer=found, by=self.by, at=clock.now(), on=today_of(request), **said)
        return self.shown(found)

    @extend_schema(request=OfferWriter, responses=OfferSerializer)
    @action(detail=True, methods=["post"])
    def accept(self, request: Request, pk: str) -> Response:
        """Take it on; only who is asked may."""
        return self._act(request, targets.accept_offer, OfferWriter)

    @extend_schema(request=OfferReasonWriter, responses=OfferSerializer)
    @action(detail=True, methods=["post"])
    def refuse(self, request: Request, pk: str) -> Response:
        """Leave it; it is offered to the others."""
        return self._act(request, targets.refuse_offer, OfferReasonWriter)

    @extend_schema(request=OfferWriter, responses=OfferSerializer)
    @action(detail=True, methods=["post"])
    def agree(self, request: Request, pk: str) -> Response:
        """The manager of who is asked agrees, across teams."""
        return self._act(request, targets.agree_to_offer, OfferWriter)

    @extend_schema(request=OfferReasonWriter, responses=OfferSerializer)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: str) -> Response:
        """No longer ask; the part stays with the giver."""
        return self._act(request, targets.withdraw_offer, OfferReasonWriter)

    @extend_schema(request=OfferReasonWriter, responses=OfferSerializer)
    @action(detail=True, methods=["post"])
    def reverse(self, request: Request, pk: str) -> Response:
        """Take back what counted, by entries that name what they reverse."""
        return self._act(request, targets.reverse_offer, OfferReasonWriter)


ENDPOINTS = {
    "redistributions": Redistributions,
    "offers": Offers,
}
