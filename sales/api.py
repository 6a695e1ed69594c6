"""Customers, deals, activities, orders and credits in the API."""

from typing import Any, cast

import django_filters as filters
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from salesmgmt.desk.api import Money, Records, VisibleField, Writer, changes
from salesmgmt.lib import clock
from teams.api import Id, today_of
from teams.models import Person, User
from teams.selectors import person_of

from . import services
from .models import (
    Account,
    Activity,
    Contact,
    Credit,
    Deal,
    ForecastCategory,
    LostReason,
    Order,
    Product,
    Refund,
    Stage,
)

Text = serializers.CharField


def own_or_said(request: Request, said: dict[str, Any]) -> dict[str, Any]:
    """Without an owner, it is whoever asks."""
    if said.get("owner") is None:
        said["owner"] = person_of(cast(User, request.user))
        if said["owner"] is None:
            raise serializers.ValidationError({"owner": ["Say whose this is."]})
    return said


class Names(filters.FilterSet):
    q = filters.CharFilter(field_name="name", lookup_expr="icontains", label="Part of the name")
    external_id = filters.CharFilter()


# ── Accounts, contacts, products ────────────────────────────────────────────────────────────────────────────────


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


# ── Deals ───────────────────────────────────────────────────────────────────────────────────────────────────────


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


class Versioned(Writer):
    version = serializers.IntegerField(
        required=False, min_value=1, help_text="As you read it; what was changed since is refused"
    )


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


# ── Activities ──────────────────────────────────────────────────────────────────────────────────────────────────


class ActivitySerializer(serializers.ModelSerializer):
    owner_name = Text(source="owner.name", read_only=True)

    class Meta:
        model = Activity
        fields = (
            "id",
            "external_id",
            "owner",
            "owner_name",
            "kind",
            "occurred_at",
            "occurred_on",
            "account",
            "contact",
            "deal",
            "outcome",
            "duration_minutes",
            "notes",
            "version",
        )
        read_only_fields = fields


class ActivityWriter(Writer):
    owner = VisibleField(model=Person, required=False, allow_null=True)
    kind = serializers.ChoiceField(Activity.Kind.choices)
    occurred_at = serializers.DateTimeField()
    account = VisibleField(model=Account, required=False, allow_null=True)
    contact = VisibleField(model=Contact, required=False, allow_null=True)
    deal = VisibleField(model=Deal, required=False, allow_null=True)
    outcome = Text(max_length=100, required=False, allow_blank=True)
    duration_minutes = serializers.IntegerField(min_value=0, max_value=1440, required=False, allow_null=True)
    notes = Text(max_length=10_000, required=False, allow_blank=True, trim_whitespace=False)


class ActivityChangeWriter(changes(ActivityWriter), Versioned):  # type: ignore[misc]
    pass


class ActivityFilter(filters.FilterSet):
    owner = Id("owner")
    account = Id("account")
    contact = Id("contact")
    deal = Id("deal")
    kind = filters.MultipleChoiceFilter(choices=Activity.Kind.choices)
    since = filters.DateFilter(field_name="occurred_on", lookup_expr="gte")
    until = filters.DateFilter(field_name="occurred_on", lookup_expr="lt")


class Activities(Records):
    """Calls, e-mails, meetings, demos, visits and tasks done."""

    model = Activity
    joins = ("owner",)
    serializer_class = ActivitySerializer
    filterset_class = ActivityFilter
    ordering_fields = ("id", "occurred_at")

    @extend_schema(request=ActivityWriter, responses={201: ActivitySerializer})
    def create(self, request: Request) -> Response:
        """Log an activity; without an owner it is yours."""
        said = own_or_said(request, self.cleaned(ActivityWriter))
        at, minutes = said.pop("occurred_at"), said.pop("duration_minutes", None)
        made = services.log_activity(at=at, minutes=minutes, by=self.by, **said)
        return Response(self.get_serializer(made).data, status=201)

    @extend_schema(request=ActivityChangeWriter, responses=ActivitySerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change an activity."""
        said = self.cleaned(ActivityChangeWriter)
        return self.shown(services.change_activity(activity=self.get_object(), by=self.by, **said))

    @extend_schema(responses={204: OpenApiResponse(description="Withdrawn")})
    def destroy(self, request: Request, pk: str) -> Response:
        """Withdraw an activity from every list and figure."""
        services.withdraw_activity(activity=self.get_object(), by=self.by, at=clock.now())
        return Response(status=204)


# ── Orders and credits ──────────────────────────────────────────────────────────────────────────────────────────


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
