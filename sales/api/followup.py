"""What comes after the order in the API: deliveries, their problems, feedback, complaints."""

from typing import Any

import django_filters as filters
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from sales import selectors, services
from sales.models import Account, Complaint, Contact, DeliveryProblem, Feedback, Order
from salesmgmt.desk.api import Records, VisibleField, Writer
from salesmgmt.lib import clock
from teams.api import Id, today_of

from .common import Text, Versioned
from .orders import DatesWriter


class DeliverySerializer(serializers.ModelSerializer):
    account_name = Text(source="account.name", read_only=True, default=None)
    product_name = Text(source="product.name", read_only=True, default=None)
    lateness = Text(read_only=True)

    class Meta:
        model = Order
        fields = (
            "id",
            "number",
            "account_name",
            "product_name",
            "quantity",
            "ordered_on",
            "promised_on",
            "produced_on",
            "delivered_on",
            "lateness",
            "version",
        )
        read_only_fields = fields


class DeliveryFilter(filters.FilterSet):
    delivered = filters.BooleanFilter(field_name="delivered_on", lookup_expr="isnull", exclude=True)
    promised_from = filters.DateFilter(field_name="promised_on", lookup_expr="gte")
    promised_until = filters.DateFilter(field_name="promised_on", lookup_expr="lt")


class Deliveries(Records):
    """Orders as those who make and carry see them: no amounts. Empty for everybody else."""

    model = Order
    serializer_class = DeliverySerializer
    filterset_class = DeliveryFilter
    ordering_fields = ("id", "promised_on")

    def get_queryset(self) -> Any:
        return selectors.deliveries(self.by, state="all")

    @extend_schema(request=DatesWriter, responses=DeliverySerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Say when an order was promised, produced, delivered; null takes a day back."""
        said = self.cleaned(DatesWriter)
        return self.shown(services.record_delivery(order=self.get_object(), by=self.by, on=today_of(request), **said))


class ProblemSerializer(serializers.ModelSerializer):
    class Meta:
        model = DeliveryProblem
        fields = ("id", "external_id", "order", "kind", "found_on", "resolved_on", "text", "version")
        read_only_fields = fields


class OrderField(VisibleField):
    """An order one sells, or is to deliver."""

    def get_queryset(self) -> Any:
        return selectors.orders_with_problems(self.context["request"].user)


class ProblemWriter(Writer):
    order = OrderField(model=Order)
    kind = serializers.ChoiceField(DeliveryProblem.Kind.choices)
    found_on = serializers.DateField(required=False, help_text="Default: today")
    text = Text(max_length=1000, required=False, allow_blank=True)


class ResolvedWriter(Versioned):
    on = serializers.DateField(required=False, help_text="Default: today")


class ProblemFilter(filters.FilterSet):
    order = Id("order")
    kind = filters.ChoiceFilter(choices=DeliveryProblem.Kind.choices)
    resolved = filters.BooleanFilter(field_name="resolved_on", lookup_expr="isnull", exclude=True)
    external_id = filters.CharFilter()


class DeliveryProblems(Records):
    """What went wrong between the order and the customer's hands."""

    model = DeliveryProblem
    serializer_class = ProblemSerializer
    filterset_class = ProblemFilter
    ordering_fields = ("id", "found_on")

    def get_queryset(self) -> Any:
        return selectors.delivery_problems(self.by)

    @extend_schema(request=ProblemWriter, responses={201: ProblemSerializer})
    def create(self, request: Request) -> Response:
        """Record a problem; whoever sold the order is told."""
        day = today_of(request)
        said = {"found_on": day} | self.cleaned(ProblemWriter)
        return self.shown(services.record_problem(by=self.by, at=clock.now(), on=day, **said), status=201)

    @extend_schema(responses={204: OpenApiResponse(description="Withdrawn")})
    def destroy(self, request: Request, pk: str) -> Response:
        """Take back a problem that was none."""
        services.withdraw_problem(problem=self.get_object(), by=self.by, at=clock.now())
        return Response(status=204)

    @extend_schema(request=ResolvedWriter, responses=ProblemSerializer)
    @action(detail=True, methods=["post"])
    def resolve(self, request: Request, pk: str) -> Response:
        """Say that it is out of the world."""
        said = {"on": today_of(request)} | self.cleaned(ResolvedWriter)
        return self.shown(services.resolve_problem(problem=self.get_object(), by=self.by, at=clock.now(), **said))


class FeedbackSerializer(serializers.ModelSerializer):
    class Meta:
        model = Feedback
        fields = (
            "id", "external_id", "account", "contact", "order", "owner", "kind", "score", "given_on", "comment",
            "owner_had_link",
        )  # fmt: skip
        read_only_fields = fields


class FeedbackWriter(Writer):
    account = VisibleField(model=Account)
    kind = serializers.ChoiceField(Feedback.Kind.choices)
    score = serializers.IntegerField(min_value=0, max_value=10, help_text="csat 1 to 5, nps 0 to 10")
    given_on = serializers.DateField(required=False, help_text="Default: today")
    order = VisibleField(model=Order, required=False, allow_null=True)
    contact = VisibleField(model=Contact, required=False, allow_null=True)
    comment = Text(max_length=5000, required=False, allow_blank=True)


class FeedbackFilter(filters.FilterSet):
    account = Id("account")
    owner = Id("owner")
    order = Id("order")
    kind = filters.ChoiceFilter(choices=Feedback.Kind.choices)
    since = filters.DateFilter(field_name="given_on", lookup_expr="gte")
    until = filters.DateFilter(field_name="given_on", lookup_expr="lt")
    external_id = filters.CharFilter()


class FeedbackList(Records):
    """What customers answered."""

    model = Feedback
    serializer_class = FeedbackSerializer
    filterset_class = FeedbackFilter
    ordering_fields = ("id", "given_on")

    @extend_schema(request=FeedbackWriter, responses={201: FeedbackSerializer})
    def create(self, request: Request) -> Response:
        """Write down what a customer said; it is kept who wrote it."""
        day = today_of(request)
        said = {"given_on": day} | self.cleaned(FeedbackWriter)
        return self.shown(services.record_feedback(by=self.by, on=day, **said), status=201)

    @extend_schema(responses={204: OpenApiResponse(description="Withdrawn")})
    def destroy(self, request: Request, pk: str) -> Response:
        """Take an answer out of every list and score; whose score it is can't."""
        services.withdraw_feedback(feedback=self.get_object(), by=self.by, at=clock.now())
        return Response(status=204)


class ComplaintSerializer(serializers.ModelSerializer):
    class Meta:
        model = Complaint
        fields = (
            "id",
            "external_id",
            "account",
            "contact",
            "order",
            "owner",
            "text",
            "received_on",
            "answered_on",
            "resolved_on",
            "resolution",
            "version",
        )
        read_only_fields = fields


class ComplaintWriter(Writer):
    account = VisibleField(model=Account)
    text = Text(max_length=5000)
    received_on = serializers.DateField(required=False, help_text="Default: today")
    order = VisibleField(model=Order, required=False, allow_null=True)
    contact = VisibleField(model=Contact, required=False, allow_null=True)


class AnsweredWriter(Versioned):
    on = serializers.DateField(required=False, help_text="Default: today")


class ResolutionWriter(AnsweredWriter):
    resolution = Text(max_length=1000)


class ComplaintFilter(filters.FilterSet):
    account = Id("account")
    owner = Id("owner")
    order = Id("order")
    resolved = filters.BooleanFilter(field_name="resolved_on", lookup_expr="isnull", exclude=True)
    external_id = filters.CharFilter()


class Complaints(Records):
    """Customers who are not content, until it is resolved."""

    model = Complaint
    serializer_class = ComplaintSerializer
    filterset_class = ComplaintFilter
    ordering_fields = ("id", "received_on")

    @extend_schema(request=ComplaintWriter, responses={201: ComplaintSerializer})
    def create(self, request: Request) -> Response:
        """Record a complaint; the rep and who leads them are told."""
        day = today_of(request)
        said = {"received_on": day} | self.cleaned(ComplaintWriter)
        return self.shown(services.receive_complaint(by=self.by, at=clock.now(), on=day, **said), status=201)

    @extend_schema(responses={204: OpenApiResponse(description="Withdrawn")})
    def destroy(self, request: Request, pk: str) -> Response:
        """Take back a complaint that was none; whom it reached can't."""
        services.withdraw_complaint(complaint=self.get_object(), by=self.by, at=clock.now())
        return Response(status=204)

    @extend_schema(request=AnsweredWriter, responses=ComplaintSerializer)
    @action(detail=True, methods=["post"])
    def answer(self, request: Request, pk: str) -> Response:
        """The customer has had an answer."""
        said = {"on": today_of(request)} | self.cleaned(AnsweredWriter)
        return self.shown(services.answer_complaint(complaint=self.get_object(), by=self.by, at=clock.now(), **said))

    @extend_schema(request=ResolutionWriter, responses=ComplaintSerializer)
    @action(detail=True, methods=["post"])
    def resolve(self, request: Request, pk: str) -> Response:
        """Say how it was resolved."""
        said = {"on": today_of(request)} | self.cleaned(ResolutionWriter)
        return self.shown(services.resolve_complaint(complaint=self.get_object(), by=self.by, at=clock.now(), **said))
