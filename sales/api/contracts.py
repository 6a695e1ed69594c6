"""Contracts in the API, with the paper itself."""

import django_filters as filters
from django.http import Http404, HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from sales import selectors, services
from sales.models import Account, Contract
from salesmgmt.desk.api import Changes, Money, Records, VisibleField, Writer
from salesmgmt.desk.edges import kept_file
from salesmgmt.desk.rest import FileParser
from salesmgmt.lib import clock
from teams.api import Id, today_of
from teams.models import Person

from .common import Text, Versioned
from .deals import DealSerializer


class ContractSerializer(serializers.ModelSerializer):
    class Meta:
        model = Contract
        fields = (
            "id",
            "external_id",
            "account",
            "owner",
            "number",
            "starts_on",
            "ends_on",
            "notice_on",
            "value",
            "currency",
            "terms",
            "quality_terms",
            "price_terms",
            "logistics_terms",
            "file_name",
            "file_digest",
            "signed_on",
            "signed_by",
            "amends",
            "renewal_deal",
            "renew_days_before",
            "version",
        )
        read_only_fields = fields


class ContractWriter(Writer):
    account = VisibleField(model=Account)
    owner = VisibleField(model=Person, required=False, allow_null=True)
    amends = VisibleField(model=Contract, required=False, allow_null=True)
    number = Text(max_length=100, required=False, allow_blank=True)
    starts_on = serializers.DateField()
    ends_on = serializers.DateField(required=False, allow_null=True)
    notice_on = serializers.DateField(required=False, allow_null=True)
    value = Money(required=False, allow_null=True, min_value=0)
    currency = Text(min_length=3, max_length=3, required=False)
    terms = Text(max_length=10_000, required=False, allow_blank=True)
    quality_terms = Text(max_length=5000, required=False, allow_blank=True)
    price_terms = Text(max_length=5000, required=False, allow_blank=True)
    logistics_terms = Text(max_length=5000, required=False, allow_blank=True)
    renew_days_before = serializers.IntegerField(required=False, min_value=0, max_value=3650)


class ContractChangeWriter(Changes, ContractWriter, Versioned):
    stay = ("account", "amends")


class SignWriter(Versioned):
    signed_on = serializers.DateField(required=False, help_text="Default: today")
    signed_by = Text(max_length=200)


class FileWriter(Versioned):
    file = serializers.FileField(max_length=250, help_text="PDF, PNG, JPEG or Word, 10 MB at most")


class ContractFilter(filters.FilterSet):
    account = Id("account")
    owner = Id("owner")
    amends = Id("amends")
    signed = filters.BooleanFilter(field_name="signed_on", lookup_expr="isnull", exclude=True)
    ends_from = filters.DateFilter(field_name="ends_on", lookup_expr="gte")
    ends_until = filters.DateFilter(field_name="ends_on", lookup_expr="lt")
    external_id = filters.CharFilter()


class Contracts(Records):
    """What was agreed with customers. A signed one can't be changed; an amendment is a new one that names it."""

    model = Contract
    serializer_class = ContractSerializer
    filterset_class = ContractFilter
    ordering_fields = ("id", "ends_on")

    @extend_schema(request=ContractWriter, responses={201: ContractSerializer})
    def create(self, request: Request) -> Response:
        """Write a contract, or an amendment, down."""
        return self.shown(services.add_contract(by=self.by, **self.cleaned(ContractWriter)), status=201)

    @extend_schema(request=ContractChangeWriter, responses=ContractSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change what is not signed yet."""
        said = self.cleaned(ContractChangeWriter)
        return self.shown(services.change_contract(contract=self.get_object(), by=self.by, **said))

    @extend_schema(responses={204: OpenApiResponse(description="Withdrawn")})
    def destroy(self, request: Request, pk: str) -> Response:
        """Withdraw a contract from every list."""
        services.withdraw_contract(contract=self.get_object(), by=self.by, at=clock.now())
        return Response(status=204)

    @extend_schema(request={"multipart/form-data": FileWriter}, responses=ContractSerializer)
    @action(detail=True, methods=["post"], parser_classes=[FileParser])
    def file(self, request: Request, pk: str) -> Response:
        """Keep the paper of a contract that is not signed yet, in the place of one that was kept."""
        said = self.cleaned(FileWriter)
        return self.shown(services.attach_file(contract=self.get_object(), by=self.by, **said))

    @extend_schema(request=None, responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    @file.mapping.get
    def paper(self, request: Request, pk: str) -> HttpResponse:
        """The paper as it was kept."""
        contract = self.get_object()
        paper = selectors.paper_of(contract)
        if paper is None:
            raise Http404
        return kept_file(*paper, name=contract.file_name)

    @extend_schema(request=SignWriter, responses=ContractSerializer)
    @action(detail=True, methods=["post"])
    def sign(self, request: Request, pk: str) -> Response:
        """Sign a contract whose paper is kept already."""
        day = today_of(request)
        said = {"signed_on": day} | self.cleaned(SignWriter)
        return self.shown(services.sign_contract(contract=self.get_object(), by=self.by, on=day, **said))

    @extend_schema(request=None, responses={201: DealSerializer})
    @action(detail=True, methods=["post"])
    def renew(self, request: Request, pk: str) -> Response:
        """Open the deal that renews it, once."""
        day = today_of(request)
        deal = services.renew_contract(contract=self.get_object(), by=self.by, at=clock.now(), on=day)
        return Response(DealSerializer(deal, context=self.get_serializer_context()).data, status=201)
