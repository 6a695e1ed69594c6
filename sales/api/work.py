"""Tasks, activity templates, time and market notes in the API."""

from typing import Any

import django_filters as filters
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from sales import services
from sales.models import (
    Account,
    Activity,
    ActivityTemplate,
    Competitor,
    Contact,
    Deal,
    Lead,
    MarketNote,
    Order,
    Product,
    Task,
    TimeEntry,
)
from sales.services.tasks import ELSEWHERE
from salesmgmt.desk.api import Changes, Records, VisibleField, Writer
from salesmgmt.lib import clock
from salesmgmt.lib.refusals import Refused
from teams.api import Id
from teams.models import Person
from teams.selectors import person_of

from .common import Text, Versioned, own_or_said

GONE = {204: OpenApiResponse(description="Withdrawn")}


# ── Tasks ───────────────────────────────────────────────────────────────────────────────────────────────────────


class TaskSerializer(serializers.ModelSerializer):
    owner_name = Text(source="owner.name", read_only=True)

    class Meta:
        model = Task
        fields = (
            "id",
            "owner",
            "owner_name",
            "text",
            "due_on",
            "source",
            "link",
            "account",
            "contact",
            "deal",
            "lead",
            "order",
            "remind_at",
            "recurs",
            "recurs_until",
            "follows",
            "done_at",
            "version",
        )
        read_only_fields = fields


class TaskWriter(Writer):
    owner = VisibleField(model=Person, required=False, allow_null=True)
    text = Text(max_length=300)
    due_on = serializers.DateField()
    account = VisibleField(model=Account, required=False, allow_null=True)
    contact = VisibleField(model=Contact, required=False, allow_null=True)
    deal = VisibleField(model=Deal, required=False, allow_null=True)
    lead = VisibleField(model=Lead, required=False, allow_null=True)
    order = VisibleField(model=Order, required=False, allow_null=True)
    remind_at = serializers.DateTimeField(required=False, allow_null=True)
    recurs = serializers.ChoiceField(Task.Recurs.choices, required=False, allow_blank=True)
    recurs_until = serializers.DateField(required=False, allow_null=True)


class TaskChangeWriter(Changes, TaskWriter, Versioned):
    pass


class SnoozeWriter(Writer):
    to = serializers.DateField(help_text="The day it is put off to")


class TaskFilter(filters.FilterSet):
    owner = Id("owner")
    account = Id("account")
    contact = Id("contact")
    deal = Id("deal")
    lead = Id("lead")
    order = Id("order")
    is_open = filters.BooleanFilter(field_name="done_at", lookup_expr="isnull", label="Not done yet")
    since = filters.DateFilter(field_name="due_on", lookup_expr="gte")
    until = filters.DateFilter(field_name="due_on", lookup_expr="lt")


class Tasks(Records):
    """What somebody has to do, by when."""

    model = Task
    joins = ("owner",)
    serializer_class = TaskSerializer
    filterset_class = TaskFilter
    ordering_fields = ("id", "due_on")

    @extend_schema(request=TaskWriter, responses={201: TaskSerializer})
    def create(self, request: Request) -> Response:
        """Put something on a list; without an owner it is yours."""
        said = own_or_said(request, self.cleaned(TaskWriter))
        return self.shown(services.add_task(by=self.by, **said), status=201)

    @extend_schema(request=TaskChangeWriter, responses=TaskSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change an open task."""
        said = self.cleaned(TaskChangeWriter)
        return self.shown(services.change_task(task=self.get_object(), by=self.by, **said))

    @extend_schema(request=None, responses=TaskSerializer)
    @action(detail=True, methods=["post"])
    def done(self, request: Request, pk: str) -> Response:
        """Tick it off; the next of a series appears. What a flag or promise asked for is done there."""
        return self.shown(services.complete_task(task=self._own(), by=self.by, at=clock.now()))

    @extend_schema(request=None, responses=TaskSerializer)
    @action(detail=True, methods=["post"])
    def reopen(self, request: Request, pk: str) -> Response:
        """Undo a tick."""
        return self.shown(services.reopen_task(task=self._own(), by=self.by))

    @extend_schema(request=SnoozeWriter, responses=TaskSerializer)
    @action(detail=True, methods=["post"])
    def snooze(self, request: Request, pk: str) -> Response:
        """Put it off, and its reminder with it."""
        said = self.cleaned(SnoozeWriter)
        return self.shown(services.snooze_task(task=self.get_object(), by=self.by, **said))

    def _own(self) -> Task:
        task: Task = self.get_object()
        if task.source in ELSEWHERE:
            raise Refused("A flag or a promise asked for this; it is done where it was asked for.")
        return task


# ── Templates ───────────────────────────────────────────────────────────────────────────────────────────────────


class ActivityTemplateSerializer(serializers.ModelSerializer):
    is_shared = serializers.SerializerMethodField()

    class Meta:
        model = ActivityTemplate
        fields = ("id", "name", "is_shared", "kind", "outcome", "duration_minutes", "notes")
        read_only_fields = fields

    def get_is_shared(self, template: ActivityTemplate) -> bool:
        return template.owner_id is None


class ActivityTemplateWriter(Writer):
    name = Text(max_length=100)
    kind = serializers.ChoiceField(Activity.Kind.choices)
    outcome = Text(max_length=100, required=False, allow_blank=True)
    duration_minutes = serializers.IntegerField(min_value=0, max_value=1440, required=False, allow_null=True)
    notes = Text(max_length=2000, required=False, allow_blank=True)


class ActivityTemplateChanges(Changes, ActivityTemplateWriter):
    pass


class SharedTemplateWriter(ActivityTemplateWriter):
    is_shared = serializers.BooleanField(required=False, help_text="Everybody's; admin and operations keep those")


class TemplateFilter(filters.FilterSet):
    kind = filters.MultipleChoiceFilter(choices=Activity.Kind.choices)


class ActivityTemplates(Records):
    """Activities that recur in the same words: everybody's, and your own."""

    model = ActivityTemplate
    serializer_class = ActivityTemplateSerializer
    filterset_class = TemplateFilter
    ordering_fields = ("id", "name")

    @extend_schema(request=SharedTemplateWriter, responses={201: ActivityTemplateSerializer})
    def create(self, request: Request) -> Response:
        """Keep a template."""
        said = self.cleaned(SharedTemplateWriter)
        owner = None if said.pop("is_shared", False) else person_of(self.by)
        return self.shown(services.add_template(owner=owner, by=self.by, **said), status=201)

    @extend_schema(request=ActivityTemplateChanges, responses=ActivityTemplateSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change a template."""
        said = self.cleaned(ActivityTemplateChanges)
        return self.shown(services.change_template(template=self.get_object(), by=self.by, **said))

    @extend_schema(responses={204: OpenApiResponse(description="Gone")})
    def destroy(self, request: Request, pk: str) -> Response:
        """Remove a template; what was logged with it stays."""
        services.remove_template(template=self.get_object(), by=self.by)
        return Response(status=204)


# ── Time ────────────────────────────────────────────────────────────────────────────────────────────────────────


class TimeEntrySerializer(serializers.ModelSerializer):
    owner_name = Text(source="owner.name", read_only=True)

    class Meta:
        model = TimeEntry
        fields = ("id", "external_id", "owner", "owner_name", "on", "kind", "minutes", "note")
        read_only_fields = fields


class TimeEntryWriter(Writer):
    owner = VisibleField(model=Person, required=False, allow_null=True)
    on = serializers.DateField()
    kind = serializers.ChoiceField(TimeEntry.Kind.choices)
    minutes = serializers.IntegerField(min_value=1, max_value=1440)
    note = Text(max_length=200, required=False, allow_blank=True)


class TimeEntryChangeWriter(Changes, TimeEntryWriter):
    stay = ("owner",)  # time is of whoever spent it


class TimeEntryFilter(filters.FilterSet):
    owner = Id("owner")
    kind = filters.MultipleChoiceFilter(choices=TimeEntry.Kind.choices)
    since = filters.DateFilter(field_name="on", lookup_expr="gte")
    until = filters.DateFilter(field_name="on", lookup_expr="lt")


class TimeEntries(Records):
    """Time that went into something else than selling."""

    model = TimeEntry
    joins = ("owner",)
    serializer_class = TimeEntrySerializer
    filterset_class = TimeEntryFilter
    ordering_fields = ("id", "on")

    @extend_schema(request=TimeEntryWriter, responses={201: TimeEntrySerializer})
    def create(self, request: Request) -> Response:
        """Note time; without an owner it is yours."""
        said = own_or_said(request, self.cleaned(TimeEntryWriter))
        return self.shown(services.add_time_entry(by=self.by, **said), status=201)

    @extend_schema(request=TimeEntryChangeWriter, responses=TimeEntrySerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Correct an entry."""
        said = self.cleaned(TimeEntryChangeWriter)
        return self.shown(services.change_time_entry(entry=self.get_object(), by=self.by, **said))

    @extend_schema(responses=GONE)
    def destroy(self, request: Request, pk: str) -> Response:
        """Withdraw an entry from every list and figure."""
        services.withdraw_time_entry(entry=self.get_object(), by=self.by, at=clock.now())
        return Response(status=204)


# ── Market notes ────────────────────────────────────────────────────────────────────────────────────────────────


class MarketNoteSerializer(serializers.ModelSerializer):
    owner_name = Text(source="owner.name", read_only=True)
    competitor = Text(source="competitor.name", read_only=True, default=None)

    class Meta:
        model = MarketNote
        fields = (
            "id",
            "external_id",
            "owner",
            "owner_name",
            "noted_at",
            "text",
            "tags",
            "competitor",
            "product",
            "account",
            "version",
        )
        read_only_fields = fields


class CompetitorField(serializers.SlugRelatedField):
    """A competitor by name; who competes is nobody's secret here."""

    def __init__(self, **more: Any) -> None:
        super().__init__(slug_field="name", queryset=Competitor._default_manager.all(), **more)

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str):
            raise serializers.ValidationError("Name the competitor.")
        return super().to_internal_value(data.replace("\x00", ""))


class MarketNoteWriter(Writer):
    owner = VisibleField(model=Person, required=False, allow_null=True)
    text = Text(max_length=2000)
    competitor = CompetitorField(required=False, allow_null=True)
    product = VisibleField(model=Product, required=False, allow_null=True)
    account = VisibleField(model=Account, required=False, allow_null=True)


class MarketNoteChangeWriter(Changes, MarketNoteWriter, Versioned):
    stay = ("owner",)


class MarketNoteFilter(filters.FilterSet):
    owner = Id("owner")
    account = Id("account")
    product = Id("product")
    competitor = filters.CharFilter(field_name="competitor__name")
    tag = filters.CharFilter(method="tagged", label="One of its #tags")
    since = filters.DateTimeFilter(field_name="noted_at", lookup_expr="gte")
    until = filters.DateTimeFilter(field_name="noted_at", lookup_expr="lt")

    def tagged(self, rows: Any, name: str, value: str) -> Any:
        return rows.filter(tags__contains=[value.lower().lstrip("#")])


class MarketNotes(Records):
    """What competitors and customers do, as it was heard."""

    model = MarketNote
    joins = ("owner", "competitor")
    serializer_class = MarketNoteSerializer
    filterset_class = MarketNoteFilter
    ordering_fields = ("id", "noted_at")

    @extend_schema(request=MarketNoteWriter, responses={201: MarketNoteSerializer})
    def create(self, request: Request) -> Response:
        """Note something; #tags and @names are read from the text."""
        said = own_or_said(request, self.cleaned(MarketNoteWriter))
        return self.shown(services.add_market_note(by=self.by, at=clock.now(), **said), status=201)

    @extend_schema(request=MarketNoteChangeWriter, responses=MarketNoteSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change a note."""
        said = self.cleaned(MarketNoteChangeWriter)
        return self.shown(services.change_market_note(note=self.get_object(), by=self.by, **said))

    @extend_schema(responses=GONE)
    def destroy(self, request: Request, pk: str) -> Response:
        """Withdraw a note from every list."""
        services.withdraw_market_note(note=self.get_object(), by=self.by, at=clock.now())
        return Response(status=204)
