"""People, teams and postings in the API."""

from collections.abc import Iterable
from datetime import date
from operator import attrgetter
from typing import Any, cast

import django_filters as filters
from django.db.models import OuterRef, Subquery
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from salesmgmt.desk.api import Endpoint, Records, Writer
from salesmgmt.lib import clock
from salesmgmt.lib.periods import WEEKS, SetUp

from . import selectors, services
from .edges import looked
from .models import FiscalYear, Leave, Look, Period, Person, Posting, Role, Team, User, access_of


def today_of(request: Request) -> date:
    """Today in the organisation's zone."""
    return clock.today(selectors.organisation_of(cast(User, request.user)).time_zone)


class LookedAt(Records):
    """Records about people. Whoever reads one is noted for its person: opened, by whatever GET of it, in a list that
    is about this person alone, or in any list where a row says as much as the record.
    """

    look: str
    about = "person_id"
    lists_all = True

    def people_of(self, record: Any) -> Iterable[int | None]:
        return (attrgetter(self.about)(record),)

    def get_object(self) -> Any:
        found = super().get_object()
        if self.request.method in {"GET", "HEAD"}:
            looked(self.request, self.look, *self.people_of(found))
        return found

    def paginate_queryset(self, queryset: Any) -> Any:
        rows = super().paginate_queryset(queryset)
        people = {pk for row in rows or () for pk in self.people_of(row)}
        if self.lists_all or len(people) == 1:
            looked(self.request, self.look, *people)
        return rows


class Id(filters.NumberFilter):
    """A relation by id; what the user may not see matches nothing."""

    def __init__(self, field_name: str, **kwargs: Any) -> None:
        super().__init__(field_name=f"{field_name}_id", decimal_places=0, min_value=1, **kwargs)


class MeSerializer(serializers.Serializer):
    username = serializers.CharField()
    name = serializers.CharField()
    person = serializers.IntegerField(allow_null=True)
    role = serializers.CharField()
    team = serializers.IntegerField(allow_null=True)
    leads = serializers.ListField(child=serializers.IntegerField())
    today = serializers.DateField()
    currency = serializers.CharField()
    time_zone = serializers.CharField()


class Me(Endpoint):
    """Who asks, and what they may see."""

    serializer_class = MeSerializer
    pagination_class = None
    filter_backends = ()

    def list(self, request: Request) -> Response:
        """Who I am."""
        user: Any = request.user
        access, person, organisation = access_of(user), selectors.person_of(user), selectors.organisation_of(user)
        return Response(
            MeSerializer(
                {
                    "username": user.username,
                    "name": person.name if person else str(user),
                    "person": access.person_id,
                    "role": access.role,
                    "team": access.team_id,
                    "leads": access.led_team_ids,
                    "today": clock.today(organisation.time_zone),
                    "currency": organisation.currency,
                    "time_zone": organisation.time_zone,
                }
            ).data
        )


class PersonSerializer(serializers.ModelSerializer):
    team = serializers.IntegerField(read_only=True, allow_null=True, help_text="Where the person is posted today")
    role = serializers.ChoiceField(Role.choices, read_only=True, allow_null=True)

    class Meta:
        model = Person
        fields = ("id", "external_id", "name", "email", "team", "role", "hired_on", "left_on")


class PersonFilter(filters.FilterSet):
    q = filters.CharFilter(field_name="name", lookup_expr="icontains", label="Part of the name")
    team = filters.NumberFilter(field_name="team", label="Posted there today")
    external_id = filters.CharFilter()


class People(LookedAt):
    """The people one sees."""

    model = Person
    look, about, lists_all = Look.Page.PERSON, "pk", False
    serializer_class = PersonSerializer
    filterset_class = PersonFilter
    ordering_fields = ("id", "name")

    def get_queryset(self) -> Any:
        user: Any = self.request.user
        posted = Posting.objects.visible_to(user).filter(person=OuterRef("pk"))
        if user.is_authenticated:
            posted = posted.on(today_of(self.request))
        return (
            super()
            .get_queryset()
            .annotate(team=Subquery(posted.values("team")[:1]), role=Subquery(posted.values("role")[:1]))
        )


class TeamSerializer(serializers.ModelSerializer):
    class Meta:
        model = Team
        fields = ("id", "external_id", "name", "parent", "path")
        read_only_fields = fields


class TeamFilter(filters.FilterSet):
    q = filters.CharFilter(field_name="name", lookup_expr="icontains", label="Part of the name")
    parent = Id("parent", label="Directly below")


class Teams(Records):
    """The teams one sees, as a tree."""

    model = Team
    serializer_class = TeamSerializer
    filterset_class = TeamFilter
    ordering_fields = ("id", "name")


class PostingSerializer(serializers.ModelSerializer):
    starts_on = serializers.DateField(read_only=True)
    until = serializers.DateField(read_only=True, allow_null=True, help_text="First day it no longer holds")
    territory = serializers.CharField(source="territory.name", read_only=True, default=None)

    class Meta:
        model = Posting
        fields = ("id", "person", "team", "role", "fte", "territory", "holiday_region", "ramp", "starts_on", "until")


class PostingFilter(filters.FilterSet):
    person = Id("person")
    team = Id("team")
    on = filters.DateFilter(field_name="during", lookup_expr="contains", label="Holds on this day")


class Postings(Records):
    """Who is posted where, from a day until another."""

    model = Posting
    joins = ("territory",)
    serializer_class = PostingSerializer
    filterset_class = PostingFilter
    ordering_fields = ("id",)


class FiscalYearSerializer(serializers.ModelSerializer):
    class Meta:
        model = FiscalYear
        fields = ("id", "number", "starts_on", "layout", "is_nearest", "made_at", "reason")
        read_only_fields = fields


class FiscalYearWriter(Writer):
    number = serializers.IntegerField(min_value=1901, max_value=9900)
    starts_on = serializers.DateField()
    layout = serializers.ChoiceField(["months", *WEEKS])
    is_nearest = serializers.BooleanField(default=True)
    reason = serializers.CharField(max_length=200)


class FiscalYears(Records):
    """From which fiscal years on the calendar goes by another set-up."""

    model = FiscalYear
    serializer_class = FiscalYearSerializer
    ordering_fields = ("id",)

    @extend_schema(request=FiscalYearWriter, responses={201: FiscalYearSerializer})
    def create(self, request: Request) -> Response:
        """Change the calendar from a fiscal year on; nothing is deleted."""
        said = self.cleaned(FiscalYearWriter)
        setup = SetUp(said["number"], said["starts_on"], said["layout"], said["is_nearest"])
        made = services.change_calendar(setup=setup, by=self.by, at=clock.now(), reason=said["reason"])
        return self.shown(made, status=201)


class PeriodSerializer(serializers.ModelSerializer):
    starts_on = serializers.DateField(read_only=True)
    until = serializers.DateField(read_only=True, help_text="First day after")

    class Meta:
        model = Period
        fields = ("id", "key", "starts_on", "until", "closed_at")
        read_only_fields = fields


class PeriodFilter(filters.FilterSet):
    key = filters.CharFilter()
    on = filters.DateFilter(field_name="during", lookup_expr="contains", label="Holds this day")
    closed = filters.BooleanFilter(field_name="closed_at", lookup_expr="isnull", exclude=True)


class ClosePeriodWriter(Writer):
    reason = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)


class ReopenPeriodWriter(Writer):
    reason = serializers.CharField(max_length=200)


class Periods(Records):
    """The stored periods of the fiscal calendar, which close."""

    model = Period
    serializer_class = PeriodSerializer
    filterset_class = PeriodFilter
    ordering_fields = ("id",)

    @extend_schema(request=ClosePeriodWriter, responses=PeriodSerializer)
    @action(detail=True, methods=["post"])
    def close(self, request: Request, pk: str) -> Response:
        """Close it: late facts post to the next open period from now on."""
        period = self.get_object()
        services.close_period(key=period.key, by=self.by, at=clock.now(), **self.cleaned(ClosePeriodWriter))
        return self.shown(period)

    @extend_schema(request=ReopenPeriodWriter, responses=PeriodSerializer)
    @action(detail=True, methods=["post"])
    def reopen(self, request: Request, pk: str) -> Response:
        """Open it again, for a stated reason."""
        period = self.get_object()
        services.reopen_period(key=period.key, by=self.by, at=clock.now(), **self.cleaned(ReopenPeriodWriter))
        return self.shown(period)


class LeaveSerializer(serializers.ModelSerializer):
    starts_on = serializers.DateField(read_only=True)
    until = serializers.DateField(read_only=True, help_text="First day back")
    relieves_quota = serializers.BooleanField(source="kind.relieves_quota", read_only=True)
    kind = serializers.SerializerMethodField(help_text="For HR and the person alone; empty for everybody else")

    class Meta:
        model = Leave
        fields = ("id", "person", "starts_on", "until", "relieves_quota", "kind")
        read_only_fields = fields

    def get_kind(self, leave: Leave) -> str:
        return leave.kind_for(self.context["request"].user)


class LeaveFilter(filters.FilterSet):
    person = Id("person")
    on = filters.DateFilter(field_name="during", lookup_expr="contains", label="Away on this day")


class Leaves(LookedAt):
    """Who is away when: dates, and whether it relieves quota."""

    model = Leave
    look = Look.Page.LEAVE
    joins = ("kind",)
    serializer_class = LeaveSerializer
    filterset_class = LeaveFilter
    ordering_fields = ("id",)

    def people_of(self, record: Leave) -> Iterable[int | None]:
        """HR alone reads more than dates."""
        return super().people_of(record) if access_of(self.by).role == Role.HR else ()


class LookSerializer(serializers.ModelSerializer):
    viewer_name = serializers.CharField(source="viewer.person.name", read_only=True, default=None)

    class Meta:
        model = Look
        fields = ("id", "viewer", "viewer_name", "page", "on", "at")
        read_only_fields = fields


class LookFilter(filters.FilterSet):
    page = filters.ChoiceFilter(choices=Look.Page.choices)
    on = filters.DateFilter()


class Looks(Records):
    """Who looked at one's own figures, once a day for each kind of page."""

    model = Look
    joins = ("viewer__person",)
    serializer_class = LookSerializer
    filterset_class = LookFilter
    ordering_fields = ("id",)


ENDPOINTS = {
    "me": Me,
    "leaves": Leaves,
    "looks": Looks,
    "people": People,
    "teams": Teams,
    "postings": Postings,
    "fiscal-years": FiscalYears,
    "periods": Periods,
}
