"""Flags and their answers."""

from typing import Any

import django_filters as filters
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from salesmgmt.desk.api import Writer
from salesmgmt.lib import clock
from teams.api import Id, LookedAt, today_of
from teams.models import Look, Showing
from teams.selectors import organisation_of

from .. import selectors, services
from ..models import Flag, FlagKind
from ..selectors.flags import without_chances


class FlagSerializer(serializers.ModelSerializer):
    person_name = serializers.CharField(source="person.name", read_only=True)
    p_miss = serializers.SerializerMethodField(help_text="Probability of missing; empty: not computed")
    cost = serializers.SerializerMethodField(help_text="What it is likely to cost; empty where no chance is shown")
    state = serializers.SerializerMethodField()

    class Meta:
        model = Flag
        fields = (
            "id",
            "person",
            "person_name",
            "kind",
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
            "cost",
            "state",
            "as_of",
            "snoozed_until",
            "expires_on",
            "closed_on",
        )
        read_only_fields = fields

    @extend_schema_field(serializers.DecimalField(max_digits=3, decimal_places=2, allow_null=True))
    def get_p_miss(self, flag: Flag) -> str | None:
        return None if flag.p_miss is None or self._is_hidden(flag) else str(flag.p_miss)

    @extend_schema_field(serializers.DecimalField(max_digits=38, decimal_places=2, allow_null=True))
    def get_cost(self, flag: Flag) -> str | None:
        return None if flag.cost is None or self._is_hidden(flag) else str(flag.cost)

    def _is_hidden(self, flag: Flag) -> bool:
        """Whether no chance may be shown, nor what one could be told from."""
        request = self.context["request"]
        organisation = organisation_of(request.user)
        if not organisation.shows(Showing.CHANCES):
            return True
        return bool(organisation.countries_without(Showing.CHANCES) and without_chances([flag], today_of(request)))

    def get_state(self, flag: Flag) -> str:
        today = today_of(self.context["request"])
        return "snoozed" if flag.is_snoozed(today) else "open" if flag.is_open else "closed"


class AnswerWriter(Writer):
    text = serializers.CharField(max_length=1000)


class FlagSnoozeWriter(Writer):
    until = serializers.DateField(help_text="It shows again on this day")
    reason = serializers.CharField(max_length=300)


class FlagFilter(filters.FilterSet):
    person = Id("person")
    kind = filters.ChoiceFilter(choices=FlagKind.choices)
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


class Flags(LookedAt):
    """Who is behind, on what, since when, and the plainest reason."""

    model = Flag
    look, lists_all = Look.Page.FLAG, False
    joins = ("person",)
    serializer_class = FlagSerializer
    filterset_class = FlagFilter
    ordering_fields = ("id", "gap", "cost", "raised_on")

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

    @extend_schema(request=FlagSnoozeWriter, responses=FlagSerializer)
    @action(detail=True, methods=["post"])
    def snooze(self, request: Request, pk: str) -> Response:
        """Who leads the person puts it off until a day."""
        said = self.cleaned(FlagSnoozeWriter)
        services.snooze_flag(flag=self.get_object(), by=self.by, on=today_of(request), at=clock.now(), **said)
        return self.shown(self.get_object())


ENDPOINTS = {
    "flags": Flags,
}
