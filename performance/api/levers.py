"""What a gap is made of."""

from dataclasses import astuple
from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from teams.models import Look
from teams.selectors import organisation_of

from .. import selectors
from ..analysis.levers import Levers, Work, rounded
from ..selectors.findings import INPUTS
from .figures import Asked, Number, Question


class LeversAsked(Asked):
    against = serializers.ChoiceField(
        ["past", "peers"], default="past", help_text="Own earlier periods, or comparable people"
    )


class InputsSerializer(serializers.Serializer):
    activities = Number(help_text="A: customer-facing activities")
    open_deals = Number(help_text="D: mean of the days")
    won = Number(help_text="W")
    decided = Number(help_text="K: won and lost")
    credited = Number(help_text="R")
    working_days = Number(help_text="Of those who were there; the reference is scaled to as many")


class BothSerializer(serializers.Serializer):
    now = InputsSerializer()
    reference = InputsSerializer(allow_null=True, help_text="Empty: there is nothing to compare with")


class LeversSerializer(serializers.Serializer):
    plan_stretch = Number(help_text="Reference − expected: what the plan asks beyond it, below zero")
    activity = Number()
    conversion = Number()
    size = Number()
    speed = Number()
    total = Number(help_text="Credited − expected by the day: exactly the sum of the five")
    credited = Number()
    expected = Number()
    inputs = BothSerializer()
    against = serializers.CharField()
    compared = serializers.ListField(
        child=serializers.CharField(), help_text="Keys of the earlier periods, or how many comparable people"
    )
    note = serializers.CharField(help_text="Why there is nothing to compare with")
    currency = serializers.CharField()
    period = serializers.CharField()
    as_of = serializers.DateField()


def _inputs(work: Work) -> dict[str, Decimal]:
    said = zip(INPUTS, astuple(work), strict=True)
    return {
        name: rounded(value) if name == "credited" else Decimal(value.numerator) / value.denominator
        for name, value in said
    }


class LeversOf(Question):
    serializer_class = LeversSerializer
    look = Look.Page.LEVERS

    @extend_schema(parameters=[LeversAsked], responses=LeversSerializer)
    def list(self, request: Request) -> Response:
        """The gap to plan as plan stretch and four levers, by Shapley's value; they sum to it to the cent."""
        asked: dict[str, Any] = self.asked(LeversAsked)
        found: Levers = selectors.levers(**asked)
        now = _inputs(found.now)
        said = {
            name: getattr(found, name) for name in ("plan_stretch", "activity", "conversion", "size", "speed", "total")
        }
        said |= {
            "credited": now["credited"],
            "expected": found.expected,
            "inputs": {"now": now, "reference": _inputs(found.reference) if found.reference else None},
            "against": asked["against"],
            "compared": found.compared,
            "note": found.note,
            "currency": organisation_of(self.by).currency,
            "period": asked["period"].key,
            "as_of": asked["as_of"],
        }
        return Response(LeversSerializer(said).data)


ENDPOINTS = {
    "levers": LeversOf,
}
