"""Accounts, contacts and products, merges and handovers in the API."""

from typing import Any

import django_filters as filters
from django.db.models import Q
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from sales import selectors, services
from sales.models import (
    Account,
    AccountOwnership,
    Contact,
    ContactRole,
    Deal,
    Handover,
    Merge,
    Product,
)
from salesmgmt.desk.api import Changes, Money, Records, VisibleField, Writer
from salesmgmt.lib import clock
from salesmgmt.lib.refusals import Refused
from teams.api import Id, today_of
from teams.models import Person, Territory
from teams.selectors import person_of

from .common import Names, Text, Versioned, own_or_said


class CustomValues(serializers.DictField):
    """Values of the fields that were added to a noun, by key; null takes one away."""

    def __init__(self, noun: str, **kwargs: Any) -> None:
        self.noun = noun
        super().__init__(required=False, help_text="Values of the fields this organisation added, by key", **kwargs)

    def to_internal_value(self, data: Any) -> Any:
        said = super().to_internal_value(data)
        try:
            services.take_custom(noun=self.noun, said=said, stands={})
        except Refused as refused:
            raise serializers.ValidationError(refused.sentence) from None
        return said


class Tags(serializers.ListField):
    child = Text(max_length=50)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, max_length=30, **kwargs)


class ByMerge(filters.CharFilter):
    """By external id, also that of a record given up in a merge."""

    def __init__(self, noun: str, **kwargs: Any) -> None:
        self.noun = noun
        super().__init__(field_name="external_id", **kwargs)

    def filter(self, rows: Any, value: str) -> Any:
        if not value:
            return rows
        kept = selectors.kept_by_external_id(self.noun, [value]).get(value)
        return rows.filter(Q(external_id=value) | Q(pk=kept or 0))


class AccountSerializer(serializers.ModelSerializer):
    owner_name = Text(source="owner.name", read_only=True, default=None)
    territory = Text(source="territory.name", read_only=True, default=None)

    class Meta:
        model = Account
        fields = (
            "id",
            "external_id",
            "name",
            "industry",
            "country",
            "territory",
            "revenue",
            "employees",
            "parent",
            "owner",
            "owner_name",
            "tags",
            "custom",
            "version",
        )
        read_only_fields = fields


class AccountWriter(Writer):
    name = Text(max_length=200)
    owner = VisibleField(model=Person, required=False, allow_null=True)
    industry = Text(max_length=100, required=False, allow_blank=True)
    country = Text(max_length=100, required=False, allow_blank=True)
    territory = serializers.SlugRelatedField(
        slug_field="name", queryset=Territory.objects.all(), required=False, allow_null=True
    )
    revenue = Money(required=False, allow_null=True)
    employees = serializers.IntegerField(min_value=0, max_value=2**31 - 1, required=False, allow_null=True)
    parent = VisibleField(model=Account, required=False, allow_null=True)  # type: ignore[assignment]
    tags = Tags()
    custom = CustomValues("account")


class AccountChangeWriter(Changes, AccountWriter, Versioned):
    pass


class AccountFilter(Names):
    external_id = ByMerge("account")
    owner = Id("owner")
    parent = Id("parent")
    industry = filters.CharFilter()
    country = filters.CharFilter()
    territory = filters.CharFilter(field_name="territory__name")
    tag = filters.CharFilter(method="tagged", label="One of its tags")

    def tagged(self, rows: Any, name: str, value: str) -> Any:
        return rows.filter(tags__contains=[value])


class Accounts(Records):
    """Companies that buy or might."""

    model = Account
    joins = ("owner", "territory")
    serializer_class = AccountSerializer
    filterset_class = AccountFilter
    ordering_fields = ("id", "name", "revenue")

    @extend_schema(request=AccountWriter, responses={201: AccountSerializer})
    def create(self, request: Request) -> Response:
        """Add an account; without an owner it is yours."""
        said = own_or_said(request, self.cleaned(AccountWriter))
        return self.shown(services.add_account(by=self.by, on=today_of(request), **said), status=201)

    @extend_schema(request=AccountChangeWriter, responses=AccountSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change an account; a new owner has it from today."""
        said = self.cleaned(AccountChangeWriter)
        return self.shown(services.change_account(account=self.get_object(), by=self.by, on=today_of(request), **said))

    @extend_schema(responses={204: OpenApiResponse(description="Withdrawn")})
    def destroy(self, request: Request, pk: str) -> Response:
        """Withdraw an account from every list; its deals and orders stand."""
        services.withdraw_account(account=self.get_object(), by=self.by, at=clock.now())
        return Response(status=204)


class RoleSerializer(serializers.ModelSerializer):
    account_name = Text(source="account.name", read_only=True)

    class Meta:
        model = ContactRole
        fields = ("id", "contact", "account", "account_name", "title")
        read_only_fields = fields


class RoleWriter(Writer):
    contact = VisibleField(model=Contact)
    account = VisibleField(model=Account)
    title = Text(max_length=100, required=False, allow_blank=True)


class RoleFilter(filters.FilterSet):
    contact = Id("contact")
    account = Id("account")


class Roles(Records):
    """What contacts are at further accounts."""

    model = ContactRole
    joins = ("account",)
    serializer_class = RoleSerializer
    filterset_class = RoleFilter
    ordering_fields = ("id",)

    @extend_schema(request=RoleWriter, responses={201: RoleSerializer})
    def create(self, request: Request) -> Response:
        """Say that a contact is somebody at a further account."""
        return self.shown(services.add_role(by=self.by, **self.cleaned(RoleWriter)), status=201)

    @extend_schema(responses={204: OpenApiResponse(description="Removed")})
    def destroy(self, request: Request, pk: str) -> Response:
        """Say that they are nobody there any more."""
        services.remove_role(role=self.get_object(), by=self.by)
        return Response(status=204)


class ContactSerializer(serializers.ModelSerializer):
    class Meta:
        model = Contact
        fields = (
            "id",
            "external_id",
            "name",
            "title",
            "email",
            "phone",
            "account",
            "birthday",
            "prefers",
            "preferences",
            "is_not_to_be_contacted",
            "is_public_official",
            "tags",
            "custom",
            "version",
        )
        read_only_fields = fields


class ContactWriter(Writer):
    name = Text(max_length=200)
    account = VisibleField(model=Account, required=False, allow_null=True)
    title = Text(max_length=100, required=False, allow_blank=True)
    email = serializers.EmailField(required=False, allow_blank=True)
    phone = Text(max_length=50, required=False, allow_blank=True)
    birthday = serializers.DateField(required=False, allow_null=True)
    prefers = serializers.ChoiceField(Contact.Channel.choices, required=False, allow_blank=True)
    preferences = Text(max_length=500, required=False, allow_blank=True)
    is_not_to_be_contacted = serializers.BooleanField(required=False)
    is_public_official = serializers.BooleanField(required=False)
    tags = Tags()
    custom = CustomValues("contact")


class ContactChangeWriter(Changes, ContactWriter, Versioned):
    pass


class ContactFilter(Names):
    external_id = ByMerge("contact")
    account = Id("account")
    email = filters.CharFilter(lookup_expr="iexact")
    tag = filters.CharFilter(method="tagged", label="One of their tags")

    def tagged(self, rows: Any, name: str, value: str) -> Any:
        return rows.filter(tags__contains=[value])


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

    @extend_schema(request=ContactChangeWriter, responses=ContactSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change a contact."""
        said = self.cleaned(ContactChangeWriter)
        return self.shown(services.change_contact(contact=self.get_object(), by=self.by, **said))

    @extend_schema(responses={204: OpenApiResponse(description="Withdrawn")})
    def destroy(self, request: Request, pk: str) -> Response:
        """Withdraw a contact from every list."""
        services.withdraw_contact(contact=self.get_object(), by=self.by, at=clock.now())
        return Response(status=204)


class OwnershipSerializer(serializers.ModelSerializer):
    owner_name = Text(source="owner.name", read_only=True)
    starts_on = serializers.DateField(read_only=True, source="during.lower")
    until = serializers.DateField(read_only=True, source="during.upper", allow_null=True, help_text="First day no more")

    class Meta:
        model = AccountOwnership
        fields = ("id", "account", "owner", "owner_name", "starts_on", "until", "reason")
        read_only_fields = fields


class OwnershipFilter(filters.FilterSet):
    account = Id("account")
    owner = Id("owner")
    on = filters.DateFilter(field_name="during", lookup_expr="contains", label="Those that hold on a day")


class Ownerships(Records):
    """Who an account belonged to, from when until when."""

    model = AccountOwnership
    joins = ("owner",)
    serializer_class = OwnershipSerializer
    filterset_class = OwnershipFilter
    ordering_fields = ("id",)


class MergeSerializer(serializers.ModelSerializer):
    class Meta:
        model = Merge
        fields = ("id", "noun", "kept_id", "given_up_id", "at", "undone_at")
        read_only_fields = fields


class MergeWriter(Writer):
    noun = serializers.ChoiceField(Merge.Noun.choices)
    kept = serializers.IntegerField(min_value=1, max_value=2**63 - 1)
    given_up = serializers.IntegerField(min_value=1, max_value=2**63 - 1)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Both by number, among what the user may see."""
        model: Any = Account if attrs["noun"] == "account" else Contact
        seen = model.objects.visible_to(self.context["request"].user).in_bulk([attrs["kept"], attrs["given_up"]])
        for name in ("kept", "given_up"):
            if attrs[name] not in seen:
                raise serializers.ValidationError({name: [f"There is no {attrs['noun']} {attrs[name]}."]})
        return {"kept": seen[attrs["kept"]], "given_up": seen[attrs["given_up"]]}


class UndoneSerializer(serializers.Serializer):
    stays = serializers.ListField(child=Text(), help_text="What was changed since and stays, sentence by sentence")


class MergeFilter(filters.FilterSet):
    noun = filters.ChoiceFilter(choices=Merge.Noun.choices)
    kept = filters.NumberFilter(field_name="kept_id", decimal_places=0, min_value=1)


class Merges(Records):
    """Records that were one."""

    model = Merge
    serializer_class = MergeSerializer
    filterset_class = MergeFilter
    ordering_fields = ("id",)

    @extend_schema(request=MergeWriter, responses={201: MergeSerializer})
    def create(self, request: Request) -> Response:
        """Merge two accounts or contacts; needs the right to change both."""
        return self.shown(services.merge(by=self.by, at=clock.now(), **self.cleaned(MergeWriter)), status=201)

    @extend_schema(request=None, responses=UndoneSerializer)
    @action(detail=True, methods=["post"])
    def undo(self, request: Request, pk: str) -> Response:
        """Take a merge apart; answers what was changed since and stays."""
        return Response({"stays": services.undo_merge(merge=self.get_object(), by=self.by, at=clock.now())})


class HandoverSerializer(serializers.ModelSerializer):
    giver_name = Text(source="giver.name", read_only=True)
    taker_name = Text(source="taker.name", read_only=True)
    state = serializers.ChoiceField(["waiting", "agreed", "done", "refused"], read_only=True)

    class Meta:
        model = Handover
        fields = (
            "id",
            "giver",
            "giver_name",
            "taker",
            "taker_name",
            "on",
            "reason",
            "state",
            "proposed_at",
            "giver_consent_at",
            "taker_consent_at",
            "refused_at",
            "answer",
            "done_at",
        )
        read_only_fields = fields


class HandoverWriter(Writer):
    giver = VisibleField(model=Person)
    taker = serializers.PrimaryKeyRelatedField(queryset=Person.objects.none())
    on = serializers.DateField(required=False, help_text="Default: today")
    reason = Text(max_length=500)
    accounts = VisibleField(model=Account, many=True, required=False)
    deals = VisibleField(model=Deal, many=True, required=False)

    def get_fields(self) -> dict[str, Any]:
        """A book may go to another team: who takes is among all who work here."""
        found: dict[str, Any] = super().get_fields()
        request = self.context.get("request")
        if request is not None and request.user.is_authenticated:
            found["taker"].queryset = selectors.takers(today_of(request))
        return found


class HandoverAnswerWriter(Writer):
    consents = serializers.BooleanField()
    answer = Text(max_length=500, required=False, allow_blank=True, help_text="Needed where one refuses")


class HandoverFilter(filters.FilterSet):
    giver = Id("giver")
    taker = Id("taker")


class Handovers(Records):
    """Books of business on their way from one person to another."""

    model = Handover
    joins = ("giver", "taker")
    serializer_class = HandoverSerializer
    filterset_class = HandoverFilter
    ordering_fields = ("id",)

    @extend_schema(request=HandoverWriter, responses={201: HandoverSerializer})
    def create(self, request: Request) -> Response:
        """Propose that accounts and open deals go to somebody else."""
        said: dict[str, Any] = {"on": today_of(request), "accounts": [], "deals": []} | self.cleaned(HandoverWriter)
        return self.shown(services.propose_handover(by=self.by, at=clock.now(), **said), status=201)

    @extend_schema(request=HandoverAnswerWriter, responses=HandoverSerializer)
    @action(detail=True, methods=["post"])
    def answer(self, request: Request, pk: str) -> Response:
        """Consent or refuse, for the side one leads."""
        said = self.cleaned(HandoverAnswerWriter)
        return self.shown(services.answer_handover(handover=self.get_object(), by=self.by, at=clock.now(), **said))

    @extend_schema(request=None, responses=HandoverSerializer)
    @action(detail=True, methods=["post"], url_path="take-back")
    def take_back(self, request: Request, pk: str) -> Response:
        """Take back what one proposed, until its day."""
        return self.shown(services.take_back_handover(handover=self.get_object(), by=self.by, at=clock.now()))


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
