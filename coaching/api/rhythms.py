"""Rhythms of 1:1s, and moods as far as they are one's own or were said to one, in the API."""

from zoneinfo import ZoneInfo

import django_filters as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from coaching import services
from coaching.models import Pulse, Rhythm
from salesmgmt.desk.api import Records, VisibleField, Writer
from salesmgmt.lib import clock
from teams.api import Id, LookedAt, today_of
from teams.models import Look, Organisation, Person

from .cases import myself


class RhythmSerializer(serializers.ModelSerializer):
    class Meta:
        model = Rhythm
        fields = (
            "id", "person", "manager", "every_weeks", "weekday", "at_time", "zone", "starts_on", "made_at", "ended_on",
            "why_ended", "version",
        )  # fmt: skip
        read_only_fields = fields


class RecurringWriter(Writer):
    every_weeks = serializers.IntegerField(min_value=1, max_value=12)
    weekday = serializers.IntegerField(min_value=1, max_value=7, help_text="1 is Monday")
    at_time = serializers.TimeField()
    zone = serializers.CharField(required=False, max_length=64, help_text="IANA name; default: your own")
    starts_on = serializers.DateField()

    def validate_zone(self, zone: str) -> str:
        try:
            return ZoneInfo(zone).key
        except (ValueError, OSError, KeyError):
            raise serializers.ValidationError(f"“{zone[:64]}” is no time zone; one is Europe/Berlin.") from None


class RhythmWriter(RecurringWriter):
    person = VisibleField(model=Person)


class EndWriter(Writer):
    version = serializers.IntegerField(required=False, min_value=1)


class RhythmFilter(filters.FilterSet):
    person = Id("person")
    manager = Id("manager")
    standing = filters.BooleanFilter(field_name="ended_on", lookup_expr="isnull", label="Not ended")


class Rhythms(Records):
    """How often two people meet, on which day and at what time."""

    model = Rhythm
    serializer_class = RhythmSerializer
    filterset_class = RhythmFilter
    ordering_fields = ("id", "starts_on")

    @extend_schema(request=RhythmWriter, responses={201: RhythmSerializer})
    def create(self, request: Request) -> Response:
        """Set the rhythm with one of your people; it takes the place of the one you had."""
        said = self.cleaned(RhythmWriter)
        said.setdefault("zone", self.by.time_zone or Organisation.get().time_zone)
        made = services.set_rhythm(manager=myself(request), by=self.by, at=clock.now(), on=today_of(request), **said)
        return self.shown(made, status=201)

    @extend_schema(request=EndWriter, responses=RhythmSerializer)
    @action(detail=True, methods=["post"])
    def end(self, request: Request, pk: str) -> Response:
        """Plan no more talks from it."""
        said = self.cleaned(EndWriter)
        rhythm = self.get_object()
        return self.shown(services.end_rhythm(rhythm=rhythm, by=self.by, at=clock.now(), on=today_of(request), **said))


class PulseSerializer(serializers.ModelSerializer):
    class Meta:
        model = Pulse
        fields = ("id", "person", "kind", "score", "on", "at")
        read_only_fields = fields


class PulseWriter(Writer):
    kind = serializers.ChoiceField(choices=Pulse.Kind.choices)
    score = serializers.IntegerField(min_value=1, max_value=5)


class PulseFilter(filters.FilterSet):
    person = Id("person")
    kind = filters.ChoiceFilter(choices=Pulse.Kind.choices)


class Pulses(LookedAt):
    """Mood and workload: your own, and what people you lead said to you."""

    model = Pulse
    look = Look.Page.TALK
    serializer_class = PulseSerializer
    filterset_class = PulseFilter
    ordering_fields = ("id", "on")

    @extend_schema(request=PulseWriter, responses={201: PulseSerializer})
    def create(self, request: Request) -> Response:
        """Say how you are; the last word of a day counts."""
        said = self.cleaned(PulseWriter)
        return self.shown(services.say_pulse(by=self.by, at=clock.now(), on=today_of(request), **said), status=201)


ENDPOINTS = {"rhythms": Rhythms, "pulses": Pulses}
