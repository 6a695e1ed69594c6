"""Deals in the API."""

from typing import Any

import django_filters as filters
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from sales import services
from sales.models import (
    Account,
    Contact,
    Deal,
    ForecastCategory,
    LostReason,
    Product,
    Stage,
)
from salesmgmt.desk.api import Money, Records, VisibleField, Writer, changes
from salesmgmt.lib import clock
from teams.api import Id, today_of
from teams.models import Person

from .common import Names, Text, Versioned, own_or_said
from .customers import CustomValues


class DealSerializer(serializers.ModelSerializer):
    owner_name = Text(source="owner.name", read_only=True)
    account_name = Text(source="account.name", read_only=True, default=None)
    stage = Text(source="stage.name", read_only=True)
    lost_reason = Text(source="lost_reason.key", read_only=True, default=None)
    forecast_category = serializers.ChoiceField(ForecastCategory.choices, read_only=True)

    class Meta:
        model = Deal
        fields = (
            "id",
            "external_id",
            "name",
            "owner",
            "owner_name",
            "account",
            "account_name",
            "contact",
            "product",
            "stage",
            "status",
            "amount",
            "currency",
            "opened_on",
            "expected_close_on",
            "closed_on",
            "lost_reason",
            "forecast_category",
            "source",
            "next_step",
            "next_step_on",
            "custom",
            "version",
        )
        read_only_fields = fields


class StageField(serializers.SlugRelatedField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(slug_field="name", queryset=Stage.objects.order_by("pipeline", "position"), **kwargs)

    def to_internal_value(self, data: Any) -> Any:
        stages = Stage.objects.order_by("pipeline", "position")
        found = stages.filter(name=data).first() if isinstance(data, str) else None
        if found is None:
            names = ", ".join(dict.fromkeys(stages.values_list("name", flat=True)))
            raise serializers.ValidationError(f"There is no such stage; there are {names}.")
        return found


class DealWriter(Writer):
    name = Text(max_length=300)
    owner = VisibleField(model=Person, required=False, allow_null=True)
    account = VisibleField(model=Account, required=False, allow_null=True)
    contact = VisibleField(model=Contact, required=False, allow_null=True)
    product = VisibleField(model=Product, required=False, allow_null=True)
    stage = StageField(required=False, help_text="Name of the stage; empty: the first")
    amount = Money(required=False, allow_null=True, min_value=0)
    currency = Text(min_length=3, max_length=3, required=False)
    opened_on = serializers.DateField(required=False, allow_null=True)
    expected_close_on = serializers.DateField(required=False, allow_null=True)
    own_forecast_category = serializers.ChoiceField(ForecastCategory.choices, required=False, allow_blank=True)
    source = Text(max_length=100, required=False, allow_blank=True)  # type: ignore[assignment]
    next_step = Text(max_length=200, required=False, allow_blank=True)
    next_step_on = serializers.DateField(required=False, allow_null=True)
    custom = CustomValues("deal")


class DealChangeWriter(changes(DealWriter), Versioned):  # type: ignore[misc]
    stage = None  # moving is an act of its own


class MoveWriter(Versioned):
    stage = StageField()


class WinWriter(Versioned):
    on = serializers.DateField(required=False, help_text="Default: today")
    amount = Money(required=False, min_value=0)


class LoseWriter(Versioned):
    reason = serializers.SlugRelatedField(slug_field="key", queryset=LostReason.objects.all())
    on = serializers.DateField(required=False, help_text="Default: today")


class ReopenWriter(Versioned):
    on = serializers.DateField(required=False, help_text="Default: today")


class DealFilter(Names):
    owner = Id("owner")
    account = Id("account")
    stage = filters.CharFilter(field_name="stage__name")
    status = filters.MultipleChoiceFilter(choices=Deal.Status.choices)
    closes_from = filters.DateFilter(field_name="expected_close_on", lookup_expr="gte")
    closes_until = filters.DateFilter(field_name="expected_close_on", lookup_expr="lt")
    closed_from = filters.DateFilter(field_name="closed_on", lookup_expr="gte")
    closed_until = filters.DateFilter(field_name="closed_on", lookup_expr="lt")


class Deals(Records):
    """Sales in the making, and what became of them."""

    model = Deal
    joins = ("owner", "account", "stage", "lost_reason")
    serializer_class = DealSerializer
    filterset_class = DealFilter
    ordering_fields = ("id", "name")

    @extend_schema(request=DealWriter, responses={201: DealSerializer})
    def create(self, request: Request) -> Response:
        """Open a deal; without an owner it is yours."""
        said = own_or_said(request, self.cleaned(DealWriter))
        return self.shown(services.open_deal(by=self.by, at=clock.now(), **said), status=201)

    @extend_schema(request=DealChangeWriter, responses=DealSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change a deal; its stage and status by the acts."""
        said = self.cleaned(DealChangeWriter)
        return self.shown(services.change_deal(deal=self.get_object(), by=self.by, at=clock.now(), **said))

    @extend_schema(responses={204: OpenApiResponse(description="Withdrawn")})
    def destroy(self, request: Request, pk: str) -> Response:
        """Withdraw a deal from every list and figure."""
        services.withdraw_deal(deal=self.get_object(), by=self.by, at=clock.now())
        return Response(status=204)

    @extend_schema(request=MoveWriter, responses=DealSerializer)
    @action(detail=True, methods=["post"])
    def move(self, request: Request, pk: str) -> Response:
        """Move an open deal to another stage."""
        said = self.cleaned(MoveWriter)
        return self.shown(services.move_deal(deal=self.get_object(), by=self.by, at=clock.now(), **said))

    @extend_schema(request=WinWriter, responses=DealSerializer)
    @action(detail=True, methods=["post"])
    def win(self, request: Request, pk: str) -> Response:
        """Win an open deal: it books an order unless one names it."""
        return self._decide(services.win_deal, WinWriter)

    @extend_schema(request=LoseWriter, responses=DealSerializer)
    @action(detail=True, methods=["post"])
    def lose(self, request: Request, pk: str) -> Response:
        """Lose an open deal, for a reason."""
        return self._decide(services.lose_deal, LoseWriter)

    @extend_schema(request=ReopenWriter, responses=DealSerializer)
    @action(detail=True, methods=["post"])
    def reopen(self, request: Request, pk: str) -> Response:
        """Reopen a decided deal: counts and credit are taken back on that day."""
        return self._decide(services.reopen_deal, ReopenWriter)

    def _decide(self, act: Any, writer: type[Writer]) -> Response:
        said = {"on": today_of(self.request)} | self.cleaned(writer)
        return self.shown(act(deal=self.get_object(), by=self.by, at=clock.now(), **said))
