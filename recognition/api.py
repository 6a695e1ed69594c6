"""The wall in the API."""

from typing import Any

import django_filters as filters
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from salesmgmt.desk.api import Endpoint, Records, VisibleField, Writer
from salesmgmt.lib import clock
from salesmgmt.lib.periods import Period
from teams.api import Id, LookedAt, today_of
from teams.edges import looked
from teams.models import Look, Person
from teams.selectors import organisation_of, person_of

from . import selectors, services
from .models import Award, AwardKind, BoardKind, Kudos, PaySettlement


class AwardSerializer(serializers.ModelSerializer):
    person_name = serializers.CharField(source="person.name", read_only=True)
    given_by = serializers.CharField(read_only=True, help_text="Name")

    class Meta:
        model = Award
        fields = ("id", "person", "person_name", "kind", "title", "sentence", "given_by", "given_at")
        read_only_fields = fields


class AwardWriter(Writer):
    person = VisibleField(model=Person)
    title = serializers.CharField(max_length=200)
    sentence = serializers.CharField(max_length=500, help_text="In your own words")


class AwardFilter(filters.FilterSet):
    person = Id("person")
    kind = filters.MultipleChoiceFilter(choices=AwardKind.choices)


class Awards(Records):
    """Praise given by managers, in a sentence of their own."""

    model = Award
    joins = ("person", "given_by")
    serializer_class = AwardSerializer
    filterset_class = AwardFilter
    ordering_fields = ("id", "given_at")

    @extend_schema(request=AwardWriter, responses={201: AwardSerializer})
    def create(self, request: Request) -> Response:
        """Praise one of your people."""
        return self.shown(services.give_award(by=self.by, at=clock.now(), **self.cleaned(AwardWriter)), status=201)


class KudosSerializer(serializers.ModelSerializer):
    giver_name = serializers.CharField(source="giver.name", read_only=True)
    receiver_name = serializers.CharField(source="receiver.name", read_only=True)

    class Meta:
        model = Kudos
        fields = ("id", "giver", "giver_name", "receiver", "receiver_name", "text", "at")
        read_only_fields = fields


class Colleague(VisibleField):
    """Everybody who works here may be thanked."""

    def get_queryset(self) -> Any:
        request: Any = self.context["request"]
        return selectors.colleagues(user=request.user, on=today_of(request))


class KudosWriter(Writer):
    receiver = Colleague(model=Person)
    text = serializers.CharField(max_length=500, help_text="What for")


class KudosFilter(filters.FilterSet):
    giver = Id("giver")
    receiver = Id("receiver")


class KudosList(Records):
    """Thanks from one colleague to another."""

    model = Kudos
    joins = ("giver", "receiver")
    serializer_class = KudosSerializer
    filterset_class = KudosFilter
    ordering_fields = ("id", "at")

    @extend_schema(request=KudosWriter, responses={201: KudosSerializer})
    def create(self, request: Request) -> Response:
        """Thank a colleague in front of all."""
        giver = person_of(self.by)
        if giver is None:
            raise serializers.ValidationError("This is for people with a posting.")
        return self.shown(services.give_kudos(giver=giver, at=clock.now(), **self.cleaned(KudosWriter)), status=201)


class BoardAsked(serializers.Serializer):
    team = serializers.IntegerField(required=False, min_value=1, max_value=2**62, help_text="Default: one's own")
    period = serializers.CharField(required=False, max_length=8, help_text="Key; default: the current quarter")
    by = serializers.ChoiceField(BoardKind.choices, default=BoardKind.ATTAINMENT)


class PlaceSerializer(serializers.Serializer):
    rank = serializers.IntegerField()
    name = serializers.CharField(source="person.name")
    score = serializers.DecimalField(max_digits=None, decimal_places=6)


class OwnSerializer(serializers.Serializer):
    rank = serializers.IntegerField(allow_null=True, help_text="Empty: nobody reads that they are last")
    score = serializers.DecimalField(max_digits=None, decimal_places=6)
    to_next = serializers.DecimalField(max_digits=None, decimal_places=6, allow_null=True)


class BoardSerializer(serializers.Serializer):
    team = serializers.CharField(source="team.name", allow_null=True)
    by = serializers.CharField(source="measure")
    size = serializers.IntegerField(help_text="How many stand on it")
    places = PlaceSerializer(many=True, help_text="The top only")
    own = OwnSerializer(allow_null=True)


class Boards(Endpoint):
    """Who is ahead in a team: the top with names, and where one stands oneself (nobody is shown as last)."""

    pagination_class = None
    filter_backends = ()
    serializer_class = BoardSerializer

    @extend_schema(parameters=[BoardAsked], responses=BoardSerializer)
    def list(self, request: Request) -> Response:
        """The board of a team."""
        read = BoardAsked(data=request.query_params.dict())
        read.is_valid(raise_exception=True)
        said, today = read.validated_data, today_of(request)
        calendar = organisation_of(self.by).calendar
        key, team = said.get("period", ""), None
        try:
            period = Period.parse(key, calendar) if key else Period.of(today, "quarter", calendar)
        except ValueError as error:
            raise serializers.ValidationError({"period": [str(error)]}) from None
        if "team" in said:
            team = selectors.boards_of(self.by).filter(pk=said["team"]).first()
            if team is None:
                raise Http404
        board = selectors.leaderboard(user=self.by, team=team, period=period, as_of=today, by=said["by"])
        return Response(BoardSerializer(board).data)


class PaySettlementSerializer(serializers.ModelSerializer):
    class Meta:
        model = PaySettlement
        fields = ("id", "dispute", "person", "amount", "currency", "note", "settled_at")
        read_only_fields = fields


class PayWaitingSerializer(serializers.Serializer):
    dispute = serializers.IntegerField(source="due.dispute")
    person = serializers.IntegerField(source="due.person.pk")
    amount = serializers.DecimalField(source="due.amount", max_digits=18, decimal_places=2)
    currency = serializers.CharField(source="due.currency")
    may_settle = serializers.BooleanField()


class PaySettlementWriter(Writer):
    dispute = serializers.IntegerField(min_value=1, max_value=2**63 - 1)
    person = serializers.IntegerField(min_value=1, max_value=2**63 - 1)
    note = serializers.CharField(max_length=200, help_text="With which payroll or statement")


class PaySettlements(LookedAt):
    """Pay that disputes granted, as it was settled."""

    model = PaySettlement
    look = Look.Page.DISPUTE
    serializer_class = PaySettlementSerializer
    ordering_fields = ("id", "settled_at")

    @extend_schema(request=PaySettlementWriter, responses={201: PaySettlementSerializer})
    def create(self, request: Request) -> Response:
        """Say that it is settled; who pays."""
        said = self.cleaned(PaySettlementWriter)
        made = services.settle_pay(by=self.by, at=clock.now(), on=today_of(request), **said)
        return self.shown(made, status=201)

    @extend_schema(responses=PayWaitingSerializer(many=True))
    @action(detail=False, methods=["get"], pagination_class=None, filter_backends=[])
    def waiting(self, request: Request) -> Response:
        """What waits to be settled."""
        found = selectors.pay_waiting(self.by, on=today_of(request))
        looked(request, self.look, *{one.due.person.pk for one in found})
        return Response(PayWaitingSerializer(found, many=True).data)


ENDPOINTS = {
    "awards": Awards,
    "boards": Boards,
    "kudos": KudosList,
    "pay-settlements": PaySettlements,
}
