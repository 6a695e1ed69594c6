"""Orders and credits in the API."""

from typing import Any

import django_filters as filters
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from sales import selectors, services
from sales.models import (
    Account,
    Contact,
    Credit,
    Deal,
    Order,
    OrderLine,
    Product,
    Refund,
)
from sales.services import Line
from salesmgmt.desk.api import Money, Records, VisibleField, Writer
from salesmgmt.lib import clock
from teams.api import Id, today_of
from teams.models import Person

from .common import Text, own_or_said
from .process import asked_of


class RefundSerializer(serializers.ModelSerializer):
    class Meta:
        model = Refund
        fields = ("id", "external_id", "order", "amount", "kind", "occurred_on", "reason")
        read_only_fields = fields


class OrderSerializer(serializers.ModelSerializer):
    owner_name = Text(source="owner.name", read_only=True)
    lateness = Text(read_only=True, help_text="production, carrier, unknown (late, nobody says where), or empty")

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
            "tax",
            "currency",
            "ordered_on",
            "promised_on",
            "produced_on",
            "delivered_on",
            "paid_on",
            "lateness",
            "cancelled_on",
            "version",
        )
        read_only_fields = fields


class Exact(Money):
    """A number of four decimals that is not below zero."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**({"decimal_places": 4, "min_value": 0, "required": False, "allow_null": True} | kwargs))


class OrderLineSerializer(serializers.ModelSerializer):
    class Meta:
        model = OrderLine
        fields = (
            "id",
            "external_id",
            "order",
            "product",
            "text",
            "quantity",
            "list_price",
            "unit_price",
            "unit_cost",
            "discount",
            "amount",
        )
        read_only_fields = fields


class LineWriter(Writer):
    product = VisibleField(model=Product, required=False, allow_null=True)
    text = Text(max_length=200, required=False, allow_blank=True)
    quantity = Exact()
    list_price = Exact()
    unit_price = Exact(help_text="Before discount; empty: the list price")
    unit_cost = Exact()
    discount = Exact(max_digits=7, max_value=100, help_text="Percent")
    amount = Exact(min_value=None, help_text="Net; empty: quantity × price less discount")


class LinesWriter(Writer):
    lines = LineWriter(many=True, max_length=500)  # type: ignore[call-arg]
    version = serializers.IntegerField(required=False, min_value=1)


def as_lines(said: list[dict[str, Any]]) -> list[Line]:
    return [Line(**line) for line in said]


class DatesWriter(Writer):
    promised_on = serializers.DateField(required=False, allow_null=True)
    produced_on = serializers.DateField(required=False, allow_null=True)
    delivered_on = serializers.DateField(required=False, allow_null=True)
    paid_on = serializers.DateField(required=False, allow_null=True)
    version = serializers.IntegerField(required=False, min_value=1)


class OrderWriter(Writer):
    owner = VisibleField(model=Person, required=False, allow_null=True)
    amount = Money(min_value=0, required=False, allow_null=True, help_text="Net; empty: what the lines make")
    tax = Money(min_value=0, required=False, allow_null=True, help_text="On top of amount")
    lines = LineWriter(many=True, required=False, max_length=500)  # type: ignore[call-arg]
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
    kind = serializers.ChoiceField(Refund.Kind.choices, required=False)
    on = serializers.DateField(required=False, help_text="Default: today")
    reason = Text(max_length=200)


class FeedbackAskWriter(Writer):
    contact = VisibleField(model=Contact, required=False, allow_null=True)


class FeedbackLinkSerializer(serializers.Serializer):
    link = Text(read_only=True, help_text="Empty where it went by e-mail")
    sent_to = Text(read_only=True, help_text="The contact's address it was mailed to; else empty")


class CancelWriter(Writer):
    on = serializers.DateField(required=False, help_text="Default: today")
    reason = Text(max_length=200)


NUMBER = {"decimal_places": 0, "min_value": 1, "max_value": 2**62}


class OrderFilter(filters.FilterSet):
    owner = Id("owner")
    account = Id("account")
    deal = Id("deal")
    external_id = filters.CharFilter()
    since = filters.DateFilter(field_name="ordered_on", lookup_expr="gte")
    until = filters.DateFilter(field_name="ordered_on", lookup_expr="lt")
    delivered = filters.BooleanFilter(field_name="delivered_on", lookup_expr="isnull", exclude=True)
    late = filters.ChoiceFilter(
        choices=[(key, key) for key in ("any", "production", "carrier", "unknown")], method="filter_late"
    )

    step = filters.ChoiceFilter(
        choices=[(key, key) for key in (*selectors.STEPS, *selectors.LATE, "late")],
        method="filter_step",
        label="Behind a figure of the process, of its period, team, product and territory",
    )
    period = filters.CharFilter(method="with_step", max_length=10)
    team = filters.NumberFilter(method="with_step", **NUMBER)
    product = filters.NumberFilter(method="with_step", **NUMBER)
    territory = filters.NumberFilter(method="with_step", **NUMBER)

    def filter_step(self, queryset: Any, name: str, value: str) -> Any:
        _, wanted = asked_of(self.request.user, self.form.cleaned_data, today_of(self.request))
        return queryset.filter(pk__in=selectors.orders_behind(wanted, value))

    def with_step(self, queryset: Any, name: str, value: Any) -> Any:
        if not self.form.cleaned_data.get("step"):
            raise serializers.ValidationError({name: ["Without step it says nothing."]})
        return queryset

    def filter_late(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.standing().late(value)


class Orders(Records):
    """What customers ordered."""

    model = Order
    joins = ("owner",)
    serializer_class = OrderSerializer
    filterset_class = OrderFilter
    ordering_fields = ("id", "ordered_on", "amount", "promised_on")

    @extend_schema(request=OrderWriter, responses={201: OrderSerializer})
    def create(self, request: Request) -> Response:
        """Book an order and credit its owner; without an owner it is yours."""
        said = own_or_said(request, self.cleaned(OrderWriter))
        said["lines"] = as_lines(said.get("lines", []))
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

    @extend_schema(responses={204: OpenApiResponse(description="Withdrawn")})
    def destroy(self, request: Request, pk: str) -> Response:
        """Take an order out of every list and figure that was entered by mistake; a won deal books its own again."""
        services.withdraw_order(order=self.get_object(), by=self.by, at=clock.now())
        return Response(status=204)

    @extend_schema(request=FeedbackAskWriter, responses={201: FeedbackLinkSerializer})
    @action(detail=True, methods=["post"])
    def ask(self, request: Request, pk: str) -> Response:
        """Ask the customer how it went, by a link that works once: it is mailed to the contact, or shown this once.

        What is answered by a link that was shown to whose order it is counts for no score of theirs.
        """
        said = {"contact": None} | self.cleaned(FeedbackAskWriter)
        asked = services.ask_customer(order=self.get_object(), by=self.by, at=clock.now(), **said)
        return Response(FeedbackLinkSerializer(asked).data, status=201)

    @extend_schema(request=LinesWriter, responses=OrderSerializer)
    @action(detail=True, methods=["post"])
    def lines(self, request: Request, pk: str) -> Response:
        """Make the lines these: net and credit follow by the difference."""
        said = self.cleaned(LinesWriter)
        said["lines"] = as_lines(said["lines"])
        return self.shown(services.set_order_lines(order=self.get_object(), by=self.by, at=clock.now(), **said))

    @extend_schema(request=DatesWriter, responses=OrderSerializer)
    @action(detail=True, methods=["post"])
    def dates(self, request: Request, pk: str) -> Response:
        """Say when it was promised, produced, delivered; null takes a day back."""
        said = self.cleaned(DatesWriter)
        return self.shown(services.record_delivery(order=self.get_object(), by=self.by, on=today_of(request), **said))


class OrderLineFilter(filters.FilterSet):
    order = Id("order")
    product = Id("product")
    external_id = filters.CharFilter()


class OrderLines(Records):
    """What orders consist of, to four decimals."""

    model = OrderLine
    serializer_class = OrderLineSerializer
    filterset_class = OrderLineFilter
    ordering_fields = ("id",)


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
            "plan_rate",
            "plan_amount",
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
