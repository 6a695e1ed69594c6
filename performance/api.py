"""Figures, pace, series and flags in the API: the same that the pages show."""

from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import Any

import django_filters as filters
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from salesmgmt.desk.api import Endpoint, Money, Records, VisibleField, Writer
from salesmgmt.lib import clock
from salesmgmt.lib.periods import Period
from targets import services as targets
from targets.models import Offer, Redistribution
from teams.api import Id, today_of
from teams.models import Person
from teams.selectors import current_period, organisation_of, period

from . import selectors, services
from .models import Flag
from .services.redistributions import share_out


class Asked(serializers.Serializer):
    """Whose figure, of when."""

    of = serializers.CharField(help_text="company, team:NAME or person:EXTERNAL_ID-or-NAME", max_length=300)
    period = serializers.CharField(required=False, help_text="Key; default: the current quarter", max_length=8)
    as_of = serializers.DateField(required=False, help_text="Default: today")


class FigureAsked(Asked):
    measure = serializers.CharField(max_length=40)
    basis = serializers.ChoiceField(["restated", "reported"], default="restated")


class SeriesAsked(Asked):
    measure = serializers.CharField(max_length=40)
    by = serializers.ChoiceField(["day", "week", "month"], default="day")


class Number(serializers.DecimalField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_digits=None, decimal_places=None, allow_null=True, **kwargs)

    def to_representation(self, value: Any) -> Any:
        """Six places are enough for a ratio; money has its two."""
        number = Decimal(value)
        short = (
            round(number, 6) if isinstance(exponent := number.as_tuple().exponent, int) and exponent < -6 else number
        )
        return super().to_representation(short)


class FigureSerializer(serializers.Serializer):
    measure = serializers.CharField()
    value = Number(help_text="Empty: unknown")
    unit = serializers.CharField()
    currency = serializers.CharField(allow_null=True)
    numerator = Number()
    denominator = Number()
    as_of = serializers.DateField()
    definition = serializers.CharField()
    records = serializers.CharField(help_text="Address of the rows behind it")


class PaceSerializer(serializers.Serializer):
    quota = Number()
    expected = Number()
    credited = Number()
    pace = Number()
    attainment = Number()
    gap = Number()
    needed_per_day = Number()
    status = serializers.CharField()
    currency = serializers.CharField()
    as_of = serializers.DateField()
    revised_quota = Number(help_text="With what was redistributed; empty: nothing was. All else is by the original")
    revised_attainment = Number()
    taken = Number(help_text="Redistributed to them; below zero: from them")
    delivered = Number(help_text="min(taken, what was credited beyond the original quota)")


class PointSerializer(serializers.Serializer):
    on = serializers.DateField()
    value = Number()


class Question(Endpoint):
    """A figure is asked for by query string."""

    pagination_class = None
    filter_backends = ()

    def asked(self, serializer: type[Asked]) -> dict[str, Any]:
        """Scope, period, day and the rest; 400 for what can't be read, 404 for what is not for this user."""
        read = serializer(data=self.request.query_params.dict())
        read.is_valid(raise_exception=True)
        said: dict[str, Any] = dict(read.validated_data)
        user: Any = self.request.user
        organisation = organisation_of(user)
        as_of: date = said.pop("as_of", None) or today_of(self.request)
        key = said.pop("period", None)
        try:
            period = (
                Period.parse(key, organisation.calendar) if key else Period.of(as_of, "quarter", organisation.calendar)
            )
        except ValueError as error:
            raise serializers.ValidationError({"period": [str(error)]}) from None
        if said.get("measure", "bookings") not in selectors.MEASURES:
            raise serializers.ValidationError({"measure": [f"There are {', '.join(selectors.MEASURES)}."]})
        try:
            scope = selectors.Scope.parse(said.pop("of"), user)
        except ObjectDoesNotExist:
            raise Http404 from None
        return said | {"scope": scope, "period": period, "as_of": as_of}


class Figures(Question):
    serializer_class = FigureSerializer

    @extend_schema(parameters=[FigureAsked], responses=FigureSerializer)
    def list(self, request: Request) -> Response:
        """A figure with what is needed to trust it."""
        return Response(FigureSerializer(selectors.figure(**self.asked(FigureAsked))).data)


class Paces(Question):
    serializer_class = PaceSerializer

    @extend_schema(parameters=[Asked], responses=PaceSerializer)
    def list(self, request: Request) -> Response:
        """Credited against what the plan expected by the day."""
        asked = self.asked(Asked)
        found = selectors.pace(**asked)
        second = selectors.revised(scope=asked["scope"], pace=found)
        more = {
            "revised_quota": second and second.quota,
            "revised_attainment": second and second.attainment,
            "taken": second and second.moved,
            "delivered": second and second.delivered,
        }
        return Response(PaceSerializer(asdict(found) | more).data)


class Series(Question):
    serializer_class = PointSerializer

    @extend_schema(parameters=[SeriesAsked], responses=PointSerializer(many=True))
    def list(self, request: Request) -> Response:
        """A measure over the days, weeks or months of a period."""
        try:
            points = selectors.series(**self.asked(SeriesAsked))
        except ValueError as error:
            raise serializers.ValidationError({"measure": [str(error)]}) from None
        return Response(PointSerializer([{"on": on, "value": value} for on, value in points], many=True).data)


class FlagSerializer(serializers.ModelSerializer):
    person_name = serializers.CharField(source="person.name", read_only=True)
    p_miss = serializers.SerializerMethodField(help_text="Probability of missing; empty: not computed")
    state = serializers.SerializerMethodField()

    class Meta:
        model = Flag
        fields = (
            "id",
            "person",
            "person_name",
            "measure",
            "period",
            "raised_on",
            "behind_since",
            "p_miss",
            "expected",
            "actual",
            "gap",
            "severity",
            "cause",
            "sentence",
            "state",
            "as_of",
            "closed_on",
        )
        read_only_fields = fields

    def get_p_miss(self, flag: Flag) -> Decimal | None:
        return None

    def get_state(self, flag: Flag) -> str:
        return "open" if flag.is_open else "closed"


class AnswerWriter(Writer):
    text = serializers.CharField(max_length=1000)


class FlagFilter(filters.FilterSet):
    person = Id("person")
    of = filters.CharFilter(method="of_scope", label="company, team:NAME or person:EXTERNAL_ID-or-NAME")
    open = filters.BooleanFilter(field_name="closed_on", lookup_expr="isnull", label="Open ones")

    def of_scope(self, queryset: Any, name: str, value: str) -> Any:
        try:
            scope = selectors.Scope.parse(value, self.request.user)
        except ObjectDoesNotExist:
            raise Http404 from None
        if scope.kind == "person":
            return queryset.filter(person=scope.pk)
        return queryset.filter(team__in=scope.team_ids) if scope.kind == "team" else queryset


class Flags(Records):
    """Who is behind, on what, since when, and the plainest reason."""

    model = Flag
    joins = ("person",)
    serializer_class = FlagSerializer
    filterset_class = FlagFilter
    ordering_fields = ("id", "gap", "raised_on")

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One flag; the person has seen it then."""
        flag = self.get_object()
        services.see_flag(flag=flag, by=self.by, at=clock.now())
        return Response(self.get_serializer(flag).data)

    @extend_schema(request=AnswerWriter, responses=FlagSerializer)
    @action(detail=True, methods=["post"])
    def answer(self, request: Request, pk: str) -> Response:
        """What the person says to a flag about them."""
        said = self.cleaned(AnswerWriter)
        services.answer_flag(flag=self.get_object(), by=self.by, at=clock.now(), **said)
        return self.shown(self.get_object())


# ── Redistribution ──────────────────────────────────────────────────────────────────────────────────────────────


class RedistributionSerializer(serializers.ModelSerializer):
    giver_name = serializers.CharField(source="giver.name", read_only=True)
    starts_on = serializers.DateField(read_only=True)
    until = serializers.DateField(read_only=True, help_text="First day after")
    to_starts_on = serializers.DateField(source="to.lower", read_only=True)
    to_until = serializers.DateField(source="to.upper", read_only=True)

    class Meta:
        model = Redistribution
        fields = (
            "id",
            "giver",
            "giver_name",
            "team",
            "measure",
            "starts_on",
            "until",
            "to_starts_on",
            "to_until",
            "quota",
            "landing",
            "amount",
            "prefer",
            "reason",
            "needs_agreement",
            "agreed_at",
            "opened_at",
        )
        read_only_fields = fields


class CapWriter(Writer):
    person = VisibleField(model=Person)
    cap = Money(min_value=Decimal(0))


class RedistributionWriter(Writer):
    giver = VisibleField(model=Person)
    period = serializers.CharField(max_length=8, required=False, default="", help_text="Default: the current quarter")
    to = serializers.CharField(max_length=8, required=False, default="", help_text="A later period; default: the same")
    amount = Money(required=False, default=None, min_value=Decimal("0.01"), help_text="Default: the whole shortfall")
    prefer = serializers.ChoiceField(Redistribution.Prefer.choices, default=Redistribution.Prefer.ALL)
    reason = serializers.CharField(max_length=200)
    caps = CapWriter(many=True, required=False, default=list)


class Redistributions(Records):
    """Parts of quotas that are offered to colleagues; for who leads the giver."""

    model = Redistribution
    joins = ("giver",)
    serializer_class = RedistributionSerializer
    ordering_fields = ("id", "opened_at")

    @extend_schema(request=RedistributionWriter, responses={201: RedistributionSerializer})
    def create(self, request: Request) -> Response:
        """Ask those who have room; nothing moves before they say yes."""
        said = self.cleaned(RedistributionWriter)
        caps = {one["person"].pk: one["cap"] for one in said.pop("caps")}
        on = today_of(request)
        try:
            key, to = said.pop("period"), said.pop("to")
            during = period(key) if key else current_period("quarter", on)
            later = period(to) if to else during
        except ValueError as error:
            raise serializers.ValidationError({"period": [str(error)]}) from None
        made = share_out(period=during, to=later, caps=caps, by=self.by, at=clock.now(), on=on, **said)
        return self.shown(made, status=201)

    @extend_schema(request=None, responses=RedistributionSerializer)
    @action(detail=True, methods=["post"])
    def agree(self, request: Request, pk: str) -> Response:
        """The giver's manager agrees, across teams."""
        found = self.get_object()
        targets.agree_to_redistribution(redistribution=found, by=self.by, at=clock.now(), on=today_of(request))
        return self.shown(found)


class OfferSerializer(serializers.ModelSerializer):
    person = serializers.IntegerField(source="candidate.person_id", read_only=True)
    starts_on = serializers.DateField(source="candidate.redistribution.to.lower", read_only=True)
    until = serializers.DateField(source="candidate.redistribution.to.upper", read_only=True)

    class Meta:
        model = Offer
        fields = (
            "id",
            "person",
            "amount",
            "state",
            "starts_on",
            "until",
            "needs_agreement",
            "made_at",
            "accepted_at",
            "agreed_at",
            "version",
        )
        read_only_fields = fields


class OfferWriter(Writer):
    version = serializers.IntegerField(min_value=1, required=False, allow_null=True, default=None)


class OfferReasonWriter(OfferWriter):
    reason = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")


class OfferFilter(filters.FilterSet):
    person = Id("candidate__person")

    class Meta:
        model = Offer
        fields = ("state",)


class Offers(Records):
    """What people are asked to take on. Whose shortfall it is is not said."""

    model = Offer
    joins = ("candidate__redistribution",)
    serializer_class = OfferSerializer
    filterset_class = OfferFilter
    ordering_fields = ("id",)

    def _act(self, request: Request, do: Any, writer: type[OfferWriter]) -> Response:
        said = self.cleaned(writer)
        found = self.get_object()
        do(offer=found, by=self.by, at=clock.now(), on=today_of(request), **said)
        return self.shown(found)

    @extend_schema(request=OfferWriter, responses=OfferSerializer)
    @action(detail=True, methods=["post"])
    def accept(self, request: Request, pk: str) -> Response:
        """Take it on; only who is asked may."""
        return self._act(request, targets.accept_offer, OfferWriter)

    @extend_schema(request=OfferReasonWriter, responses=OfferSerializer)
    @action(detail=True, methods=["post"])
    def refuse(self, request: Request, pk: str) -> Response:
        """Leave it; it is offered to the others."""
        return self._act(request, targets.refuse_offer, OfferReasonWriter)

    @extend_schema(request=OfferWriter, responses=OfferSerializer)
    @action(detail=True, methods=["post"])
    def agree(self, request: Request, pk: str) -> Response:
        """The manager of who is asked agrees, across teams."""
        return self._act(request, targets.agree_to_offer, OfferWriter)

    @extend_schema(request=OfferReasonWriter, responses=OfferSerializer)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: str) -> Response:
        """No longer ask; the part stays with the giver."""
        return self._act(request, targets.withdraw_offer, OfferReasonWriter)

    @extend_schema(request=OfferReasonWriter, responses=OfferSerializer)
    @action(detail=True, methods=["post"])
    def reverse(self, request: Request, pk: str) -> Response:
        """Take back what counted, by entries that name what they reverse."""
        return self._act(request, targets.reverse_offer, OfferReasonWriter)
