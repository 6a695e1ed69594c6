"""Figures, pace and series, as the pages show them."""

from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from salesmgmt.desk.api import Endpoint
from salesmgmt.lib.periods import Period
from teams.api import today_of
from teams.edges import looked
from teams.models import Look
from teams.selectors import organisation_of

from .. import selectors
from ..selectors.cells import BY_MONTHS, is_reported


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
    beside = Number(
        help_text="What is judged at the plan's rates at the actual ones; bookings at those of the plan. Empty: equal"
    )
    records = serializers.CharField(help_text="Address of the rows behind it")
    note = serializers.CharField(help_text="Why it is unknown, or “met”: a coverage without a gap; what it is against")
    left_out = serializers.IntegerField(help_text="How many records lack what is added up")


class PaceSerializer(serializers.Serializer):
    quota = Number(help_text="Of a team the sum of those below")
    target = Number(help_text="Of a team whose plan gives it one: attainment and gap are against it, pace is not")
    expected = Number()
    credited = Number(help_text="At the plan's rates, as the quota")
    credited_actual = Number(help_text="At the actual rates")
    pace = Number()
    attainment = Number()
    attainment_actual = Number(help_text="At the actual rates")
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
    look = Look.Page.FIGURES  # what a look at a person here is

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
        if said.get("basis") == "reported" and not is_reported(period.start, organisation.calendar, period.kind):
            raise serializers.ValidationError({"basis": [BY_MONTHS]})
        try:
            selectors.measures_of([said.get("measure", "bookings")])
        except KeyError:
            known = ", ".join(selectors.catalogue())
            raise serializers.ValidationError({"measure": [f"There are {known}."]}) from None
        try:
            scope = selectors.Scope.parse(said.pop("of"), user)
        except ObjectDoesNotExist:
            raise Http404 from None
        if scope.kind == "person":
            looked(self.request, self.look, scope.pk)
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


ENDPOINTS = {
    "figures": Figures,
    "pace": Paces,
    "series": Series,
}
