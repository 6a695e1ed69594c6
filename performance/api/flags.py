"""Flags and their answers."""

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

from salesmgmt.desk.api import Records, Writer
from salesmgmt.lib import clock
from teams.api import Id

from .. import selectors, services
from ..models import Flag


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


ENDPOINTS = {
    "flags": Flags,
}
