"""Budgets and spending in the API."""

import django_filters as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from salesmgmt.desk.api import Money, Records, VisibleField, Writer
from salesmgmt.lib import clock
from targets import services
from targets.models import BudgetEntry, Cost, Expense, Plan, Position, RampProfile
from teams.api import Id
from teams.models import Organisation, Team

from .quotas import DuringFilter


class BudgetSerializer(serializers.ModelSerializer):
    starts_on = serializers.DateField(read_only=True)
    until = serializers.DateField(read_only=True, help_text="First day after")

    class Meta:
        model = BudgetEntry
        fields = ("id", "team", "cost", "amount", "currency", "starts_on", "until", "reason", "recorded_at", "reverses")
        read_only_fields = fields


class BudgetFilter(DuringFilter):
    team = Id("team")
    cost = filters.MultipleChoiceFilter(choices=Cost.choices)


class Budgets(Records):
    """The ledger of budgets: a budget is the sum of its entries."""

    model = BudgetEntry
    serializer_class = BudgetSerializer
    filterset_class = BudgetFilter
    ordering_fields = ("id",)


class ExpenseSerializer(serializers.ModelSerializer):
    class Meta:
        model = Expense
        fields = (
            "id",
            "external_id",
            "team",
            "cost",
            "amount",
            "currency",
            "spent_on",
            "reason",
            "recorded_at",
            "reverses",
        )
        read_only_fields = fields


class ExpenseWriter(Writer):
    team = VisibleField(model=Team)
    cost = serializers.ChoiceField(Cost.choices)
    amount = Money()
    currency = serializers.RegexField(r"^[A-Z]{3}$", required=False)
    spent_on = serializers.DateField()
    reason = serializers.CharField(max_length=200, help_text="For what")


class ExpenseFilter(filters.FilterSet):
    team = Id("team")
    cost = filters.MultipleChoiceFilter(choices=Cost.choices)
    since = filters.DateFilter(field_name="spent_on", lookup_expr="gte")
    until = filters.DateFilter(field_name="spent_on", lookup_expr="lt")


class Expenses(Records):
    """Money spent on selling; one that was wrong is taken back by an entry that names it."""

    model = Expense
    joins = ("team",)
    serializer_class = ExpenseSerializer
    filterset_class = ExpenseFilter
    ordering_fields = ("id", "spent_on")

    @extend_schema(request=ExpenseWriter, responses={201: ExpenseSerializer})
    def create(self, request: Request) -> Response:
        """Note money spent by a team you lead."""
        said = self.cleaned(ExpenseWriter)
        today = clock.today(Organisation.get().time_zone)
        return self.shown(services.record_expense(by=self.by, at=clock.now(), on=today, **said), status=201)

    @extend_schema(request=None, responses={201: ExpenseSerializer})
    @action(detail=True, methods=["post"], url_path="take-back")
    def take_back(self, request: Request, pk: str) -> Response:
        """Reverse one that was wrong."""
        return self.shown(services.take_back_expense(expense=self.get_object(), by=self.by, at=clock.now()), status=201)


class PositionSerializer(serializers.ModelSerializer):
    class Meta:
        model = Position
        fields = ("id", "team", "plan", "opens_on", "ramp", "reason", "opened_at", "closed_at", "closed_why")
        read_only_fields = fields


class PositionWriter(Writer):
    team = VisibleField(model=Team)
    opens_on = serializers.DateField()
    count = serializers.IntegerField(min_value=1, max_value=100, default=1)
    ramp = serializers.PrimaryKeyRelatedField(queryset=RampProfile.objects.all(), required=False, allow_null=True)
    plan = VisibleField(model=Plan, required=False, allow_null=True)
    reason = serializers.CharField(max_length=200)


class ClosingWriter(Writer):
    reason = serializers.CharField(max_length=200)


class PositionFilter(filters.FilterSet):
    team = Id("team")
    plan = Id("plan")
    is_open = filters.BooleanFilter(field_name="closed_at", lookup_expr="isnull")


class Positions(Records):
    """Seats that somebody is wanted for; they count in the capacity of a plan until they are closed."""

    model = Position
    serializer_class = PositionSerializer
    filterset_class = PositionFilter
    ordering_fields = ("id", "opens_on")
    joins = ("team",)

    @extend_schema(request=PositionWriter, responses={201: PositionSerializer(many=True)})
    def create(self, request: Request) -> Response:
        """Want so many people more in a team from a day on; for who plans for all."""
        made = services.open_positions(by=self.by, at=clock.now(), **self.cleaned(PositionWriter))
        return Response(PositionSerializer(made, many=True).data, status=201)

    @extend_schema(request=ClosingWriter, responses=PositionSerializer)
    @action(detail=True, methods=["post"])
    def close(self, request: Request, pk: str) -> Response:
        """Somebody holds it now, or nobody is wanted any more."""
        said = self.cleaned(ClosingWriter)
        return self.shown(services.close_position(position=self.get_object(), by=self.by, at=clock.now(), **said))
