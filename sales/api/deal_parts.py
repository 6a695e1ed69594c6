"""What hangs on deals, in the API: products, reasons, shares, discounts asked for, rivals, pipelines."""

from decimal import Decimal
from typing import Any

import django_filters as filters
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from sales import selectors, services
from sales.models import (
    BulkAct,
    Competitor,
    Deal,
    DealLine,
    DealReason,
    DealShare,
    DiscountApproval,
    LostReason,
    Pipeline,
    Product,
    Stage,
)
from salesmgmt.desk.api import Changes, Endpoint, Records, VisibleField, Writer
from salesmgmt.lib import clock
from salesmgmt.lib.refusals import Refused
from teams.api import Id, today_of
from teams.models import Person

from .common import Text, Versioned


class Four(serializers.DecimalField):
    """A price or quantity with four decimals, as a string."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**({"max_digits": 18, "decimal_places": 4} | kwargs))


class Percent(serializers.DecimalField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**({"max_digits": 7, "decimal_places": 4} | kwargs))


class ByDeal(filters.FilterSet):
    deal = Id("deal")


# ── Products ────────────────────────────────────────────────────────────────────────────────────────────────────


class DealLineSerializer(serializers.ModelSerializer):
    product_name = Text(source="product.name", read_only=True, default=None)
    currency = Text(source="deal.currency", read_only=True)
    discount = serializers.DecimalField(7, 2, read_only=True, allow_null=True)
    amount = Four(read_only=True, help_text="Net, over the whole term")
    first_year = Four(read_only=True)

    class Meta:
        model = DealLine
        fields = (
            "id",
            "deal",
            "product",
            "product_name",
            "text",
            "quantity",
            "list_price",
            "unit_price",
            "unit_cost",
            "discount",
            "recurs",
            "term_months",
            "amount",
            "first_year",
            "currency",
        )
        read_only_fields = fields


class DealLineWriter(Versioned):
    deal = VisibleField(model=Deal)
    product = VisibleField(model=Product, required=False, allow_null=True)
    text = Text(max_length=200, required=False, allow_blank=True)
    quantity = Four(required=False, help_text="Default: 1")
    list_price = Four(required=False, allow_null=True, help_text="Where the product has none")
    unit_price = Four(required=False, allow_null=True, help_text="Default: the list price, less the discount")
    discount = serializers.DecimalField(5, 2, required=False, allow_null=True, help_text="Percent")
    unit_cost = Four(required=False, allow_null=True, help_text="Where the product has none")
    recurs = serializers.ChoiceField(DealLine.Recurs.choices, required=False)
    term_months = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=600)


class DealLineChangeWriter(Changes, DealLineWriter):
    stay = ("deal", "product", "list_price", "unit_cost")  # as they stood at the quote


class DealLines(Records):
    """Products on deals; a deal's amount follows from them."""

    model = DealLine
    joins = ("deal", "product")
    serializer_class = DealLineSerializer
    filterset_class = ByDeal
    ordering_fields = ("id",)

    @extend_schema(request=DealLineWriter, responses={201: DealLineSerializer})
    def create(self, request: Request) -> Response:
        """Put a product on an open deal."""
        said = self.cleaned(DealLineWriter)
        return self.shown(services.add_line(by=self.by, at=clock.now(), on=today_of(request), **said), status=201)

    @extend_schema(request=DealLineChangeWriter, responses=DealLineSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change quantity, price or term."""
        said = self.cleaned(DealLineChangeWriter)
        return self.shown(services.change_line(line=self.get_object(), by=self.by, at=clock.now(), **said))

    @extend_schema(responses={204: OpenApiResponse(description="Removed")})
    def destroy(self, request: Request, pk: str) -> Response:
        """Take a product off a deal."""
        services.remove_line(line=self.get_object(), by=self.by, at=clock.now())
        return Response(status=204)


# ── Reasons, shares, discounts ──────────────────────────────────────────────────────────────────────────────────


class ReasonField(serializers.SlugRelatedField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(slug_field="key", queryset=LostReason.objects.all(), **kwargs)


class DealReasonSerializer(serializers.ModelSerializer):
    reason = Text(source="reason.key", read_only=True)

    class Meta:
        model = DealReason
        fields = ("id", "deal", "reason", "side", "is_main", "note")
        read_only_fields = fields


class ReasonsWriter(Versioned):
    reasons = serializers.ListField(child=ReasonField(), max_length=20, help_text="Keys; the first is the main one")
    note = Text(max_length=500, required=False, allow_blank=True)
    buyer_reasons = serializers.ListField(child=ReasonField(), max_length=20, required=False)
    buyer_note = Text(max_length=500, required=False, allow_blank=True)


class DealReasons(Records):
    """Why deals were won and lost; the buyer's own reason apart. Said with the win or the loss, or afterwards."""

    model = DealReason
    joins = ("reason",)
    serializer_class = DealReasonSerializer
    filterset_class = ByDeal
    ordering_fields = ("id",)


class DealShareSerializer(serializers.ModelSerializer):
    person_name = Text(source="person.name", read_only=True)

    class Meta:
        model = DealShare
        fields = ("id", "deal", "person", "person_name", "kind", "percent")
        read_only_fields = fields


class ShareWriter(Writer):
    person = VisibleField(model=Person)
    percent = Percent()
    kind = serializers.ChoiceField([("primary", "Primary"), ("overlay", "Overlay")], required=False)


class SharesWriter(Versioned):
    shares = ShareWriter(many=True, help_text="Primary shares make 100; none: the owner has all")


def shares_by(shares: list[dict[str, Any]], kind: str) -> dict[Person, Decimal]:
    """Percent by person, of one kind; who is named twice is refused."""
    found: dict[Person, Decimal] = {}
    for share in shares:
        if share.get("kind", "primary") != kind:
            continue
        if share["person"] in found:
            raise Refused(f"{share['person']} is named twice.", field="shares")
        found[share["person"]] = share["percent"]
    return found


class DealShares(Records):
    """Who will share the credit of open deals, and shared it when they were won."""

    model = DealShare
    joins = ("person",)
    serializer_class = DealShareSerializer
    filterset_class = ByDeal
    ordering_fields = ("id",)


class ApprovalSerializer(serializers.ModelSerializer):
    class Meta:
        model = DiscountApproval
        fields = (
            "id",
            "deal",
            "percent",
            "reason",
            "asked_at",
            "asked_by",
            "is_approved",
            "decided_at",
            "decided_by",
            "answer",
        )
        read_only_fields = fields


class AskWriter(Writer):
    reason = Text(max_length=500)


class DecideWriter(Writer):
    answer = Text(max_length=500, required=False, allow_blank=True)


class ApprovalFilter(ByDeal):
    is_open = filters.BooleanFilter(field_name="is_approved", lookup_expr="isnull", label="Not answered yet")


class Approvals(Records):
    """Discounts above a limit: asked for on the deal, answered here by who may give them."""

    model = DiscountApproval
    joins = ("deal__owner", "asked_by")
    serializer_class = ApprovalSerializer
    filterset_class = ApprovalFilter
    ordering_fields = ("id",)

    @extend_schema(request=DecideWriter, responses=ApprovalSerializer)
    @action(detail=True, methods=["post"])
    def approve(self, request: Request, pk: str) -> Response:
        """Give the discount."""
        return self._decide(approved=True)

    @extend_schema(request=DecideWriter, responses=ApprovalSerializer)
    @action(detail=True, methods=["post"])
    def refuse(self, request: Request, pk: str) -> Response:
        """Refuse it, and say why."""
        return self._decide(approved=False)

    def _decide(self, *, approved: bool) -> Response:
        said = self.cleaned(DecideWriter)
        approval = services.decide_discount(
            approval=self.get_object(), approved=approved, by=self.by, at=clock.now(), **said
        )
        return self.shown(approval)


# ── Reference data ──────────────────────────────────────────────────────────────────────────────────────────────


class CompetitorSerializer(serializers.ModelSerializer):
    class Meta:
        model = Competitor
        fields = ("id", "name", "strengths", "weaknesses", "is_active")
        read_only_fields = fields


class Competitors(Records):
    """Who else sells to the same customers."""

    model = Competitor
    serializer_class = CompetitorSerializer
    ordering_fields = ("id", "name")


class StageSerializer(serializers.ModelSerializer):
    pipeline_name = Text(source="pipeline.name", read_only=True)
    odds = serializers.DecimalField(
        5,
        1,
        read_only=True,
        help_text="Percent won, from own history; `probability` is the usual",
    )

    class Meta:
        model = Stage
        fields = (
            "id",
            "pipeline",
            "pipeline_name",
            "name",
            "position",
            "probability",
            "forecast_category",
            "odds",
            "reached",
            "reached_won",
            "reached_from",
            "reached_until",
        )
        read_only_fields = fields


class StageFilter(filters.FilterSet):
    pipeline = Id("pipeline")


class Stages(Records):
    """Steps of the pipelines, with what became of the deals that reached them."""

    model = Stage
    serializer_class = StageSerializer
    filterset_class = StageFilter
    ordering_fields = ("id", "position")

    def get_queryset(self) -> Any:
        return Stage.objects.select_related("pipeline")


class PipelineSerializer(serializers.ModelSerializer):
    class Meta:
        model = Pipeline
        fields = ("id", "name", "position", "is_active", "won_deals", "least_won", "most_won", "longest_won_days")
        read_only_fields = fields


class Pipelines(Records):
    """Ways of selling."""

    model = Pipeline
    serializer_class = PipelineSerializer
    ordering_fields = ("id", "position")

    def get_queryset(self) -> Any:
        return Pipeline.objects.all()


# ── Many at once ────────────────────────────────────────────────────────────────────────────────────────────────


class BulkActSerializer(serializers.ModelSerializer):
    class Meta:
        model = BulkAct
        fields = ("id", "act", "said", "at", "changed", "left", "undone_at", "kept")
        read_only_fields = fields


class BulkActWriter(Writer):
    deals = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1), min_length=1, max_length=services.MOST_AT_ONCE
    )
    act = serializers.ChoiceField(BulkAct.Act.choices)
    owner = VisibleField(model=Person, required=False)
    stage = serializers.PrimaryKeyRelatedField(queryset=Stage.objects.select_related("pipeline"), required=False)
    close_on = serializers.DateField(required=False)
    reason = ReasonField(required=False)
    on = serializers.DateField(required=False, help_text="Lost on; default: today")
    tag = Text(max_length=50, required=False)
    next_step = Text(max_length=200, required=False)
    next_step_on = serializers.DateField(required=False, allow_null=True)


class BulkActs(Records):
    """One change to many deals, and its undo for a day; each sees their own."""

    model = BulkAct
    serializer_class = BulkActSerializer
    ordering_fields = ("id",)

    @extend_schema(request=BulkActWriter, responses={201: BulkActSerializer})
    def create(self, request: Request) -> Response:
        """Change many deals; `left` says which were not, and why."""
        said = {"on": today_of(request)} | self.cleaned(BulkActWriter)
        ids = said.pop("deals")
        seen = list(Deal.objects.visible_to(self.by).filter(pk__in=ids).values_list("pk", flat=True))
        if missing := len(set(ids) - set(seen)):
            raise serializers.ValidationError({"deals": [f"{missing} of these deals are not there."]})
        return self.shown(services.change_deals(deal_ids=seen, by=self.by, at=clock.now(), **said), status=201)

    @extend_schema(request=None, responses=BulkActSerializer)
    @action(detail=True, methods=["post"])
    def undo(self, request: Request, pk: str) -> Response:
        """Set back what still stands as it was set; `kept` says what does not."""
        return self.shown(services.undo_bulk(bulk=self.get_object(), by=self.by, at=clock.now()))


# ── What a deal says of itself ──────────────────────────────────────────────────────────────────────────────────


class OddsSerializer(serializers.Serializer):
    percent = serializers.DecimalField(5, 1, source="odds")
    reached = serializers.IntegerField(source="stage.reached", allow_null=True)
    won = serializers.IntegerField(source="stage.reached_won", allow_null=True)


class WarningSerializer(serializers.Serializer):
    kind = Text()
    sentence = Text()


def warnings_for(endpoint: Endpoint, deals: list[Deal]) -> dict[int, list[selectors.DealWarning]]:
    """Of the deals that are shown, in two queries at most; none where none is open."""
    if not any(deal.is_open for deal in deals):
        return {}
    return selectors.warnings_of(deals, today_of(endpoint.request), selectors.all_stages())
