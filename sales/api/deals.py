"""Deals in the API."""

from typing import Any

import django_filters as filters
from django.db import transaction
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from sales import selectors, services
from sales.models import Account, Competitor, Contact, Deal, ForecastCategory, Pipeline, Product, Stage
from salesmgmt.desk.api import Changes, Money, Records, VisibleField, Writer
from salesmgmt.lib import clock
from teams.api import Id, today_of
from teams.models import Person

from .common import Names, Text, Versioned, own_or_said
from .customers import CustomValues
from .deal_parts import (
    ApprovalSerializer,
    AskWriter,
    DealReasonSerializer,
    DealShareSerializer,
    OddsSerializer,
    ReasonField,
    ReasonsWriter,
    SharesWriter,
    WarningSerializer,
    shares_by,
    warnings_for,
)


class DealSerializer(serializers.ModelSerializer):
    owner_name = Text(source="owner.name", read_only=True)
    account_name = Text(source="account.name", read_only=True, default=None)
    stage = Text(source="stage.name", read_only=True)
    lost_reason = Text(source="lost_reason.key", read_only=True, default=None)
    forecast_category = serializers.ChoiceField(ForecastCategory.choices, read_only=True)
    pipeline = Text(source="stage.pipeline.name", read_only=True)
    probability = OddsSerializer(source="*", read_only=True)
    warnings = serializers.SerializerMethodField()

    @extend_schema_field(WarningSerializer(many=True))
    def get_warnings(self, deal: Deal) -> Any:
        found = self.context.get("warnings")
        if found is None:
            found = warnings_for(self.context["view"], [deal])
        return WarningSerializer(found.get(deal.pk, []), many=True).data

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
            "pipeline",
            "quoted_on",
            "tags",
            "probability",
            "warnings",
        )
        read_only_fields = fields


class StageField(serializers.SlugRelatedField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(slug_field="name", queryset=Stage.objects.order_by("pipeline", "position"), **kwargs)

    def to_internal_value(self, data: Any) -> Any:
        stages = Stage.objects.select_related("pipeline").order_by("pipeline__position", "pipeline", "position")
        if pipeline := self.context.get("pipeline"):
            stages = stages.filter(pipeline=pipeline)
        found = stages.filter(name=data).first() if isinstance(data, str) else None
        if found is None:
            names = ", ".join(dict.fromkeys(stages.values_list("name", flat=True)))
            raise serializers.ValidationError(f"There is no such stage; there are {names}.")
        return found


class PipelineField(serializers.SlugRelatedField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(slug_field="name", queryset=Pipeline.objects.all(), **kwargs)


class DealWriter(Writer):
    name = Text(max_length=300)
    owner = VisibleField(model=Person, required=False, allow_null=True)
    account = VisibleField(model=Account, required=False, allow_null=True)
    contact = VisibleField(model=Contact, required=False, allow_null=True)
    product = VisibleField(model=Product, required=False, allow_null=True)
    stage = StageField(required=False, help_text="Name of the stage; empty: the first")
    pipeline = PipelineField(required=False, help_text="Name of the pipeline; of several with this stage, the first")
    tags = serializers.ListField(child=Text(max_length=50), max_length=20, required=False)
    amount = Money(required=False, allow_null=True, min_value=0)
    currency = Text(min_length=3, max_length=3, required=False)
    opened_on = serializers.DateField(required=False, allow_null=True)
    expected_close_on = serializers.DateField(required=False, allow_null=True)
    own_forecast_category = serializers.ChoiceField(ForecastCategory.choices, required=False, allow_blank=True)
    source = Text(max_length=100, required=False, allow_blank=True)  # type: ignore[assignment]
    next_step = Text(max_length=200, required=False, allow_blank=True)
    next_step_on = serializers.DateField(required=False, allow_null=True)
    custom = CustomValues("deal")


class DealChangeWriter(Changes, DealWriter, Versioned):
    stay = ("stage", "pipeline")  # moving is an act of its own
    competitors = VisibleField(model=Competitor, many=True, required=False)


class MoveWriter(Versioned):
    stage = StageField()


class PipelineWriter(Versioned):
    pipeline = PipelineField()
    stage = Text(required=False, max_length=100, help_text="Name of a stage there; empty: the first")


class Why(Versioned):
    note = Text(max_length=500, required=False, allow_blank=True)
    buyer_reasons = serializers.ListField(
        child=ReasonField(), max_length=20, required=False, help_text="The buyer's own, the main one first"
    )
    buyer_note = Text(max_length=500, required=False, allow_blank=True)


class WinWriter(Why):
    on = serializers.DateField(required=False, help_text="Default: today")
    amount = Money(required=False, min_value=0)
    reasons = serializers.ListField(
        child=ReasonField(), max_length=20, required=False, help_text="Keys; the first is the main one"
    )


class LoseWriter(Why):
    reason = ReasonField(help_text="The main one")
    also = serializers.ListField(child=ReasonField(), max_length=20, required=False)
    on = serializers.DateField(required=False, help_text="Default: today")


class QuoteWriter(Versioned):
    on = serializers.DateField(required=False, help_text="Default: today")


class ReopenWriter(Versioned):
    on = serializers.DateField(required=False, help_text="Default: today")


class DealFilter(Names):
    owner = Id("owner")
    account = Id("account")
    stage = filters.CharFilter(field_name="stage__name")
    pipeline = filters.CharFilter(field_name="stage__pipeline__name")
    competitor = filters.NumberFilter(field_name="competitors", decimal_places=0, min_value=1, max_value=2**63 - 1)
    tag = filters.CharFilter(method="tagged", label="Tag")
    status = filters.MultipleChoiceFilter(choices=Deal.Status.choices)
    closes_from = filters.DateFilter(field_name="expected_close_on", lookup_expr="gte")
    closes_until = filters.DateFilter(field_name="expected_close_on", lookup_expr="lt")
    closed_from = filters.DateFilter(field_name="closed_on", lookup_expr="gte")
    closed_until = filters.DateFilter(field_name="closed_on", lookup_expr="lt")

    def tagged(self, rows: Any, name: str, value: str) -> Any:
        return rows.filter(tags__contains=[value]).exclude(tags=[])


class Deals(Records):
    """Sales in the making, and what became of them."""

    model = Deal
    joins = ("owner", "account", "stage__pipeline", "lost_reason")
    serializer_class = DealSerializer
    filterset_class = DealFilter
    ordering_fields = ("id", "name", "amount", "opened_on", "expected_close_on", "closed_on")

    def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
        """Warnings of a whole page are looked up together."""
        made: Any = super().get_serializer(*args, **kwargs)
        if kwargs.get("many") and args:
            made.child.context["warnings"] = warnings_for(self, list(args[0]))
        return made

    @extend_schema(request=DealWriter, responses={201: DealSerializer})
    def create(self, request: Request) -> Response:
        """Open a deal; without an owner it is yours."""
        said = own_or_said(request, self.cleaned(DealWriter))
        if "pipeline" in said and "stage" in said:
            said["stage"] = self._stage(said["pipeline"], said["stage"].name)
        return self.shown(services.open_deal(by=self.by, at=clock.now(), **said), status=201)

    @extend_schema(request=DealChangeWriter, responses=DealSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change a deal; its stage and status by the acts."""
        said, deal = self.cleaned(DealChangeWriter), self.get_object()
        rivals = said.pop("competitors", None)
        with transaction.atomic():
            deal = services.change_deal(deal=deal, by=self.by, at=clock.now(), **said)
            if rivals is not None:
                deal = services.name_competitors(deal=deal, competitors=rivals, by=self.by, at=clock.now())
        return self.shown(deal)

    @extend_schema(responses={204: OpenApiResponse(description="Withdrawn")})
    def destroy(self, request: Request, pk: str) -> Response:
        """Withdraw a deal from every list and figure."""
        services.withdraw_deal(deal=self.get_object(), by=self.by, at=clock.now())
        return Response(status=204)

    @extend_schema(request=MoveWriter, responses=DealSerializer)
    @action(detail=True, methods=["post"])
    def move(self, request: Request, pk: str) -> Response:
        """Move an open deal to another stage."""
        said, deal = self.cleaned(MoveWriter), self.get_object()
        if said["stage"].pipeline_id != deal.stage.pipeline_id:
            own = Stage.objects.filter(pipeline=deal.stage.pipeline_id, name=said["stage"].name).first()
            said["stage"] = own or said["stage"]
        return self.shown(services.move_deal(deal=deal, by=self.by, at=clock.now(), **said))

    @extend_schema(request=PipelineWriter, responses=DealSerializer)
    @action(detail=True, methods=["post"], url_path="change-pipeline")
    def change_pipeline(self, request: Request, pk: str) -> Response:
        """Sell an open deal another way."""
        said = self.cleaned(PipelineWriter)
        if name := said.pop("stage", ""):
            said["stage"] = self._stage(said["pipeline"], name)
        return self.shown(services.change_pipeline(deal=self.get_object(), by=self.by, at=clock.now(), **said))

    @extend_schema(request=QuoteWriter, responses=DealSerializer)
    @action(detail=True, methods=["post"])
    def quote(self, request: Request, pk: str) -> Response:
        """Quote a deal: its list prices are taken anew and stay as they are then."""
        return self._decide(services.quote_deal, QuoteWriter)

    @extend_schema(request=ReasonsWriter, responses=DealReasonSerializer(many=True))
    @action(detail=True, methods=["post"])
    def reasons(self, request: Request, pk: str) -> Response:
        """Say afterwards why a deal was won or lost."""
        deal = services.give_reasons(deal=self.get_object(), by=self.by, at=clock.now(), **self.cleaned(ReasonsWriter))
        return Response(DealReasonSerializer(selectors.reasons_of(deal), many=True).data)

    @extend_schema(request=SharesWriter, responses=DealShareSerializer(many=True))
    @action(detail=True, methods=["post"])
    def share(self, request: Request, pk: str) -> Response:
        """Say who will share the credit once it is won; nobody does so for credit of their own."""
        said = self.cleaned(SharesWriter)
        parts = said.pop("shares")
        deal = services.share_deal(
            deal=self.get_object(), shares=shares_by(parts, "primary"), overlays=shares_by(parts, "overlay"),
            by=self.by, at=clock.now(), **said,
        )  # fmt: skip
        return Response(DealShareSerializer(selectors.shares_of(deal), many=True).data)

    @extend_schema(request=AskWriter, responses={201: ApprovalSerializer})
    @action(detail=True, methods=["post"], url_path="ask-discount")
    def ask_discount(self, request: Request, pk: str) -> Response:
        """Ask for a discount above the owner's limit."""
        asked = services.ask_discount(deal=self.get_object(), by=self.by, at=clock.now(), **self.cleaned(AskWriter))
        return Response(ApprovalSerializer(asked).data, status=201)

    def _stage(self, pipeline: Pipeline, name: str) -> Stage:
        stages = Stage.objects.select_related("pipeline").filter(pipeline=pipeline)
        if (found := stages.filter(name=name).first()) is None:
            names = ", ".join(stages.order_by("position").values_list("name", flat=True))
            raise serializers.ValidationError({"stage": [f"There is no such stage in {pipeline}; there are {names}."]})
        return found

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
