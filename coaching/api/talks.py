"""1:1s and promises in the API."""

from typing import Any

import django_filters as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from coaching import services
from coaching.models import ActionItem, AgendaItem, Case, OneOnOne
from salesmgmt.desk.api import VisibleField, Writer
from salesmgmt.lib import clock
from teams.api import Id, LookedAt, today_of
from teams.models import Look, Person

from .cases import myself


class OneOnOneSerializer(serializers.ModelSerializer):
    class Meta:
        model = OneOnOne
        fields = ("id", "person", "manager", "case", "starts_at", "state", "planned_at", "held_at", "version")
        read_only_fields = fields


class OneOnOneWriter(Writer):
    person = VisibleField(model=Person)
    starts_at = serializers.DateTimeField()
    case = VisibleField(model=Case, required=False, allow_null=True)


class OneOnOneVersionWriter(Writer):
    version = serializers.IntegerField(required=False, min_value=1)


class OneOnOneMoveWriter(OneOnOneVersionWriter):
    starts_at = serializers.DateTimeField()
    reason = serializers.CharField(max_length=300)


class OneOnOneCancelWriter(OneOnOneVersionWriter):
    reason = serializers.CharField(max_length=300, required=False, allow_blank=True)


class OneOnOneFilter(filters.FilterSet):
    person = Id("person")
    manager = Id("manager")
    state = filters.ChoiceFilter(choices=OneOnOne.State.choices)


class OneOnOnes(LookedAt):
    """Planned talks between a person and their manager."""

    model = OneOnOne
    look, lists_all = Look.Page.TALK, False
    serializer_class = OneOnOneSerializer
    filterset_class = OneOnOneFilter
    ordering_fields = ("id", "starts_at")

    @extend_schema(request=OneOnOneWriter, responses={201: OneOnOneSerializer})
    def create(self, request: Request) -> Response:
        """Plan a 1:1 with one of your people; the agenda is prepared."""
        said = self.cleaned(OneOnOneWriter)
        talk = services.plan_one_on_one(
            manager=myself(request), by=self.by, at=clock.now(), on=today_of(request), **said
        )
        return self.shown(talk, status=201)

    @extend_schema(request=OneOnOneVersionWriter, responses=OneOnOneSerializer)
    @action(detail=True, methods=["post"])
    def hold(self, request: Request, pk: str) -> Response:
        """It took place."""
        said = self.cleaned(OneOnOneVersionWriter)
        return self.shown(services.hold_one_on_one(talk=self.get_object(), by=self.by, at=clock.now(), **said))

    @extend_schema(request=OneOnOneMoveWriter, responses=OneOnOneSerializer)
    @action(detail=True, methods=["post"])
    def move(self, request: Request, pk: str) -> Response:
        """Another time, and why."""
        said = self.cleaned(OneOnOneMoveWriter)
        talk = self.get_object()
        return self.shown(services.move_one_on_one(talk=talk, by=self.by, at=clock.now(), on=today_of(request), **said))

    @extend_schema(request=OneOnOneCancelWriter, responses=OneOnOneSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """It will not take place."""
        said = self.cleaned(OneOnOneCancelWriter)
        return self.shown(services.cancel_one_on_one(talk=self.get_object(), by=self.by, at=clock.now(), **said))


class TickWriter(Writer):
    is_done = serializers.BooleanField()


class AgendaItemSerializer(serializers.ModelSerializer):
    class Meta:
        model = AgendaItem
        fields = ("id", "one_on_one", "source", "text", "link", "position", "is_done", "added_by")
        read_only_fields = fields


class AgendaItemWriter(Writer):
    one_on_one = VisibleField(model=OneOnOne, source="talk")
    text = serializers.CharField(max_length=500)


class AgendaItemFilter(filters.FilterSet):
    one_on_one = Id("one_on_one")
    source = filters.ChoiceFilter(choices=AgendaItem.Source.choices)
    done = filters.BooleanFilter(field_name="is_done")


class AgendaItems(LookedAt):
    """Points of 1:1s, for the two who meet and nobody else."""

    model = AgendaItem
    joins = ("one_on_one",)
    look, about = Look.Page.TALK, "one_on_one.person_id"
    serializer_class = AgendaItemSerializer
    filterset_class = AgendaItemFilter
    ordering_fields = ("id", "position")

    @extend_schema(request=AgendaItemWriter, responses={201: AgendaItemSerializer})
    def create(self, request: Request) -> Response:
        """Put a point for one of your talks."""
        return self.shown(services.add_agenda_item(by=self.by, **self.cleaned(AgendaItemWriter)), status=201)

    @extend_schema(request=TickWriter, responses=AgendaItemSerializer)
    @action(detail=True, methods=["post"])
    def tick(self, request: Request, pk: str) -> Response:
        """It was talked about, or is open again."""
        return self.shown(services.tick_agenda_item(item=self.get_object(), by=self.by, **self.cleaned(TickWriter)))


class ActionItemSerializer(serializers.ModelSerializer):
    class Meta:
        model = ActionItem
        fields = (
            "id", "person", "owner", "coach", "text", "due_on", "one_on_one", "case", "meeting", "made_at", "done_at",
            "result",
        )  # fmt: skip
        read_only_fields = fields


class ActionItemWriter(Writer):
    person = VisibleField(model=Person, help_text="Whom it is about")
    owner = VisibleField(model=Person, required=False, help_text="Who does it; default: whoever asks")
    text = serializers.CharField(max_length=300)
    due_on = serializers.DateField()
    one_on_one = VisibleField(model=OneOnOne, required=False, allow_null=True, source="talk")
    case = VisibleField(model=Case, required=False, allow_null=True)


class DoneWriter(Writer):
    result = serializers.CharField(max_length=300, required=False, allow_blank=True)


class ActionItemFilter(filters.FilterSet):
    person = Id("person")
    owner = Id("owner")
    one_on_one = Id("one_on_one")
    case = Id("case")
    meeting = Id("meeting")
    open = filters.BooleanFilter(field_name="done_at", lookup_expr="isnull", label="Not done yet")


class ActionItems(LookedAt):
    """Promises with an owner and a due date."""

    model = ActionItem
    look = Look.Page.TALK
    serializer_class = ActionItemSerializer
    filterset_class = ActionItemFilter
    ordering_fields = ("id", "due_on")

    @extend_schema(request=ActionItemWriter, responses={201: ActionItemSerializer})
    def create(self, request: Request) -> Response:
        """Note a promise."""
        said: dict[str, Any] = self.cleaned(ActionItemWriter)
        said["owner"] = said.get("owner") or myself(request)
        return self.shown(services.add_action_item(by=self.by, at=clock.now(), **said), status=201)

    @extend_schema(request=DoneWriter, responses=ActionItemSerializer)
    @action(detail=True, methods=["post"])
    def complete(self, request: Request, pk: str) -> Response:
        """It is done, and what came of it."""
        said = self.cleaned(DoneWriter)
        return self.shown(services.complete_action_item(item=self.get_object(), by=self.by, at=clock.now(), **said))


ENDPOINTS = {"one-on-ones": OneOnOnes, "agenda-items": AgendaItems, "action-items": ActionItems}
