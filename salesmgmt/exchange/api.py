"""Import batches in the API, to read; rows by the thousand, to write."""

from typing import Any

import django_filters as filters
from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from salesmgmt.desk.api import Endpoint, Records, Writer
from salesmgmt.lib import clock

from .kinds import kinds_for
from .models import Batch
from .services import Options
from .services.bulk import MOST, take_rows


class BatchSerializer(serializers.ModelSerializer):
    by = serializers.CharField(read_only=True, allow_null=True, help_text="Name")

    class Meta:
        model = Batch
        fields = (
            "id",
            "kind",
            "file_name",
            "state",
            "by",
            "at",
            "finished_at",
            "undone_at",
            "read",
            "created",
            "changed",
            "equal",
            "refused",
            "message",
        )
        read_only_fields = fields


class BatchFilter(filters.FilterSet):
    kind = filters.CharFilter()
    state = filters.MultipleChoiceFilter(choices=Batch.State.choices)


class Batches(Records):
    """Files that were imported, for those who import."""

    model = Batch
    joins = ("by",)
    serializer_class = BatchSerializer
    filterset_class = BatchFilter
    ordering_fields = ("id", "at")


class BulkWriter(Writer):
    rows = serializers.ListField(
        child=serializers.JSONField(), help_text=f"Up to {MOST:,} objects, by the field names that import takes"
    )
    create_missing = serializers.BooleanField(default=False, help_text="Make what rows refer to and we lack")
    books = serializers.BooleanField(default=True, help_text="Won deals book orders")
    effective = serializers.DateField(required=False, help_text="When changes of posting take effect; default today")

    def validate_rows(self, rows: list[Any]) -> list[Any]:
        if not 0 < len(rows) <= MOST:
            raise serializers.ValidationError(f"A call takes 1 to {MOST:,} rows; this one has {len(rows):,}.")
        return rows


class ReasonSerializer(serializers.Serializer):
    field = serializers.CharField()
    value = serializers.CharField()
    reason = serializers.CharField()


class TakenSerializer(serializers.Serializer):
    row = serializers.IntegerField(help_text="From 1")
    external_id = serializers.CharField(allow_null=True)
    act = serializers.ChoiceField(["created", "changed", "equal", "refused"])
    reasons = ReasonSerializer(many=True)


class BulkSerializer(serializers.Serializer):
    batch = serializers.IntegerField(allow_null=True, help_text="To look at or undo as an import")
    created = serializers.IntegerField()
    changed = serializers.IntegerField()
    equal = serializers.IntegerField()
    refused = serializers.IntegerField()
    made = serializers.ListField(child=serializers.CharField())
    rows = TakenSerializer(many=True)


class Bulk(Endpoint):
    """Rows taken in as those of a file are: new, changed, equal or refused, answered one by one."""

    serializer_class = BulkWriter

    @extend_schema(
        request=BulkWriter,
        responses=BulkSerializer,
        parameters=[OpenApiParameter("noun", str, OpenApiParameter.PATH, description="A kind of import: deals …")],
        tags=["bulk"],
    )
    def create(self, request: Request, noun: str) -> Response:
        """Up to 1,000 rows by external id; only for admin and operations."""
        kind = noun.replace("-", "_")
        if kind not in kinds_for(self.by):
            raise Http404
        made = BulkWriter(data=request.data, context=self.get_serializer_context())
        made.is_valid(raise_exception=True)
        said = made.validated_data
        options = Options(
            create_missing=said["create_missing"], books=said["books"], effective=said.get("effective"), by_row=True
        )
        taken, batch, bare = take_rows(kind=kind, rows=said["rows"], options=options, by=self.by, at=clock.now())
        rows = [
            {
                "row": one.row,
                "external_id": _external_id(said["rows"][one.row - 1]),
                "act": one.act,
                "reasons": [{"field": no.column, "value": no.value, "reason": no.reason} for no in one.refusals],
            }
            for one in taken
        ]
        counts = {act: sum(one.act == act for one in taken) for act in ("created", "changed", "equal", "refused")}
        return Response({"batch": batch and batch.pk, **counts, "made": bare, "rows": rows})


def _external_id(row: Any) -> str | None:
    said = row.get("external_id") if isinstance(row, dict) else None
    return None if said is None else str(said)[:200]


ENDPOINTS = {
    "batches": Batches,
}
