"""The catalogue of measures."""

from typing import Any

from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from salesmgmt.desk.api import Endpoint

from .. import selectors
from ..models import MeasureDefinition, MeasureVersion
from ..selectors.catalogue import formula_of


class MeasureVersionSerializer(serializers.ModelSerializer):
    formula = serializers.SerializerMethodField()

    class Meta:
        model = MeasureVersion
        fields = ("from_on", "source", "value", "day", "credit", "conditions", "of_source", "of_value", "of_day",
                  "of_credit", "of_conditions", "formula", "reason", "recorded_at")  # fmt: skip
        read_only_fields = fields

    def get_formula(self, version: MeasureVersion) -> str:
        return formula_of(version)


class MeasureSerializer(serializers.Serializer):
    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # the field of that name
    unit = serializers.CharField()
    kind = serializers.CharField(help_text="leading, lagging or support")
    method = serializers.CharField(help_text="Empty: built in")
    better = serializers.CharField(help_text="higher, lower or empty")
    is_prorated = serializers.BooleanField()
    is_sketch = serializers.BooleanField(help_text="Its values are kept to one per cent, not exactly")
    definition = serializers.CharField()
    versions = MeasureVersionSerializer(many=True)


class Measures(Endpoint):
    """What everybody is measured by."""

    serializer_class = MeasureSerializer
    pagination_class = None
    filter_backends = ()
    lookup_field = "key"
    lookup_value_regex = r"[a-z0-9_.]{1,40}"

    @extend_schema(responses=MeasureSerializer(many=True))
    def list(self, request: Request) -> Response:
        """Every measure with its formula and versions."""
        return Response(MeasureSerializer(list(self._every().values()), many=True).data)

    @extend_schema(parameters=[OpenApiParameter("key", str, OpenApiParameter.PATH)], responses=MeasureSerializer)
    def retrieve(self, request: Request, key: str) -> Response:
        """One of them."""
        found = self._every().get(key)
        if found is None:
            raise Http404
        return Response(MeasureSerializer(found).data)

    def _every(self) -> dict[str, Any]:
        if not MeasureDefinition.objects.visible_to(self.by).exists():
            raise Http404
        return selectors.catalogue()


ENDPOINTS = {"measures": Measures}
