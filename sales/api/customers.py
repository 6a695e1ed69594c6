"""Accounts, contacts and products in the API."""

import django_filters as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from sales import services
from sales.models import (
    Account,
    Contact,
    Product,
)
from salesmgmt.desk.api import Money, Records, VisibleField, Writer, changes
from teams.api import Id
from teams.models import Person
from teams.selectors import person_of

from .common import Names, Text, own_or_said


class AccountSerializer(serializers.ModelSerializer):
    owner_name = Text(source="owner.name", read_only=True, default=None)

    class Meta:
        model = Account
        fields = (
            "id",
            "external_id",
            "name",
            "industry",
            "country",
            "revenue",
            "employees",
            "parent",
            "owner",
            "owner_name",
        )
        read_only_fields = fields


class AccountWriter(Writer):
    name = Text(max_length=200)
    owner = VisibleField(model=Person, required=False, allow_null=True)
    industry = Text(max_length=100, required=False, allow_blank=True)
    country = Text(max_length=100, required=False, allow_blank=True)
    revenue = Money(required=False, allow_null=True)
    employees = serializers.IntegerField(min_value=0, max_value=2**31 - 1, required=False, allow_null=True)
    parent = VisibleField(model=Account, required=False, allow_null=True)  # type: ignore[assignment]


class AccountFilter(Names):
    owner = Id("owner")
    industry = filters.CharFilter()
    country = filters.CharFilter()


class Accounts(Records):
    """Companies that buy or might."""

    model = Account
    joins = ("owner",)
    serializer_class = AccountSerializer
    filterset_class = AccountFilter
    ordering_fields = ("id", "name")

    @extend_schema(request=AccountWriter, responses={201: AccountSerializer})
    def create(self, request: Request) -> Response:
        """Add an account; without an owner it is yours."""
        said = own_or_said(request, self.cleaned(AccountWriter))
        return self.shown(services.add_account(by=self.by, **said), status=201)

    @extend_schema(request=changes(AccountWriter), responses=AccountSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change an account."""
        said = self.cleaned(changes(AccountWriter))
        return self.shown(services.change_account(account=self.get_object(), by=self.by, **said))


class ContactSerializer(serializers.ModelSerializer):
    class Meta:
        model = Contact
        fields = ("id", "external_id", "name", "email", "phone", "account")
        read_only_fields = fields


class ContactWriter(Writer):
    name = Text(max_length=200)
    account = VisibleField(model=Account, required=False, allow_null=True)
    email = serializers.EmailField(required=False, allow_blank=True)
    phone = Text(max_length=50, required=False, allow_blank=True)


class ContactFilter(Names):
    account = Id("account")


class Contacts(Records):
    """People at customers."""

    model = Contact
    serializer_class = ContactSerializer
    filterset_class = ContactFilter
    ordering_fields = ("id", "name")

    @extend_schema(request=ContactWriter, responses={201: ContactSerializer})
    def create(self, request: Request) -> Response:
        """Add a contact."""
        said = self.cleaned(ContactWriter)
        maker = person_of(self.by)
        return self.shown(services.add_contact(by=self.by, made_by=maker, **said), status=201)

    @extend_schema(request=changes(ContactWriter), responses=ContactSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change a contact."""
        said = self.cleaned(changes(ContactWriter))
        return self.shown(services.change_contact(contact=self.get_object(), by=self.by, **said))


class ProductSerializer(serializers.ModelSerializer):
    class Meta:
        model = Product
        fields = ("id", "external_id", "name", "family", "list_price", "currency")
        read_only_fields = fields


class ProductFilter(Names):
    family = filters.CharFilter()


class Products(Records):
    """What is sold, at which list price."""

    model = Product
    serializer_class = ProductSerializer
    filterset_class = ProductFilter
    ordering_fields = ("id", "name")
