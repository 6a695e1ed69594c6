"""Import batches in the API, to read."""

import django_filters as filters
from rest_framework import serializers

from salesmgmt.desk.api import Records

from .models import Batch


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
