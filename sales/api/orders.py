"""Orders and credits in the API."""

import django_filters as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from sales import services
from sales.models import (
    Account,
    Credit,
    Deal,
    Order,
    Product,
    Refund,
)
from salesmgmt.desk.api import Money, Records, VisibleField, Writer
from salesmgmt.lib import clock
from teams.api import Id, today_of
from teams.models import Person

from .common import Text, own_or_said


class RefundSerializer(serializers.ModelSerializer):
    class Meta:
        model = Refund
        fields = ("id", "external_id", "order", "amount", "occurred_on", "reason")
        read_only_fields = fields


class OrderSerializer(serializers.ModelSerializer):
    owner_name = Text(source="owner.name", read_only=True)

    class Meta:
        model = Order
        fields = (
            "id",
            "external_id",
            "number",
            "owner",
            "owner_name",
            "account",
            "deal",
            "product",
            "quantity",
            "amount",
            "currency",
            "ordered_on",
            "promised_on",
            "produced_on",
            "delivered_on",
            "cancelled_on",
        )
        read_only_fields = fields


class OrderWriter(Writer):
    owner = VisibleField(model=Person, required=False, allow_null=True)
    amount = Money(min_value=0)
    ordered_on = serializers.DateField()
    account = VisibleField(model=Account, required=False, allow_null=True)
    deal = VisibleField(model=Deal, required=False, allow_null=True)
    product = VisibleField(model=Product, required=False, allow_null=True)
    quantity = Money(decimal_places=4, required=False, allow_null=True)
    currency = Text(min_length=3, max_length=3, required=False)
    number = Text(max_length=100, required=False, allow_blank=True)
    promised_on = serializers.DateField(required=False, allow_null=True)
    produced_on = serializers.DateField(required=False, allow_null=True)
    delivered_on = serializers.DateField(required=False, allow_null=True)


class RefundWriter(Writer):
    amount = Money(help_text="Positive, in the order's currency")
    on = serializers.DateField(required=False, help_text="Default: today")
    reason = Text(max_length=200)


class CancelWriter(Writer):
    on = serializers.DateField(required=False, help_text="Default: today")
    reason = Text(max_length=200)


class OrderFilter(filters.FilterSet):
    owner = Id("owner")
    account = Id("account")
    deal = Id("deal")
    external_id = filters.CharFilter()
    since = filters.DateFilter(field_name="ordered_on", lookup_expr="gte")
    until = filters.DateFilter(field_name="ordered_on", lookup_expr="lt")


class Orders(Records):
    """What customers ordered."""

    model = Order
    joins = ("owner",)
    serializer_class = OrderSerializer
    filterset_class = OrderFilter
    ordering_fields = ("id", "ordered_on", "amount")

    @extend_schema(request=OrderWriter, responses={201: OrderSerializer})
    def create(self, request: Request) -> Response:
        """Book an order and credit its owner; without an owner it is yours."""
        said = own_or_said(request, self.cleaned(OrderWriter))
        return self.shown(services.book_order(by=self.by, at=clock.now(), **said), status=201)

    @extend_schema(request=RefundWriter, responses={201: RefundSerializer})
    @action(detail=True, methods=["post"])
    def refund(self, request: Request, pk: str) -> Response:
        """Give money back: negative entries by the same shares."""
        said = {"on": today_of(request)} | self.cleaned(RefundWriter)
        refund = services.refund_order(order=self.get_object(), by=self.by, at=clock.now(), **said)
        return Response(RefundSerializer(refund).data, status=201)

    @extend_schema(request=CancelWriter, responses=OrderSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """Cancel an order: its credit is taken back on that day."""
        said = {"on": today_of(request)} | self.cleaned(CancelWriter)
        return self.shown(services.cancel_order(order=self.get_object(), by=self.by, at=clock.now(), **said))


class CreditSerializer(serializers.ModelSerializer):
    class Meta:
        model = Credit
        fields = (
            "id",
            "order",
            "person",
            "team",
            "kind",
            "amount",
            "currency",
            "rate",
            "reporting_amount",
            "occurred_on",
            "posted_on",
            "recorded_at",
            "reason",
            "reverses",
        )
        read_only_fields = fields


class CreditFilter(filters.FilterSet):
    order = Id("order")
    person = Id("person")
    team = Id("team")
    kind = filters.ChoiceFilter(choices=Credit.Kind.choices)
    since = filters.DateFilter(field_name="occurred_on", lookup_expr="gte")
    until = filters.DateFilter(field_name="occurred_on", lookup_expr="lt")


class Credits(Records):
    """The ledger of credit: appended, never changed."""

    model = Credit
    serializer_class = CreditSerializer
    filterset_class = CreditFilter
    ordering_fields = ("id", "occurred_on")
