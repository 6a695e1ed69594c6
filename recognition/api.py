"""The wall in the API."""

import django_filters as filters
from rest_framework import serializers

from salesmgmt.desk.api import Records
from teams.api import Id

from .models import Award, AwardKind, Kudos


class AwardSerializer(serializers.ModelSerializer):
    person_name = serializers.CharField(source="person.name", read_only=True)
    given_by = serializers.CharField(read_only=True, help_text="Name")

    class Meta:
        model = Award
        fields = ("id", "person", "person_name", "kind", "title", "sentence", "given_by", "given_at")
        read_only_fields = fields


class AwardFilter(filters.FilterSet):
    person = Id("person")
    kind = filters.MultipleChoiceFilter(choices=AwardKind.choices)


class Awards(Records):
    """Praise given by managers, in a sentence of their own."""

    model = Award
    joins = ("person", "given_by")
    serializer_class = AwardSerializer
    filterset_class = AwardFilter
    ordering_fields = ("id", "given_at")


class KudosSerializer(serializers.ModelSerializer):
    giver_name = serializers.CharField(source="giver.name", read_only=True)
    receiver_name = serializers.CharField(source="receiver.name", read_only=True)

    class Meta:
        model = Kudos
        fields = ("id", "giver", "giver_name", "receiver", "receiver_name", "text", "at")
        read_only_fields = fields


class KudosFilter(filters.FilterSet):
    giver = Id("giver")
    receiver = Id("receiver")


class KudosList(Records):
    """Thanks from one colleague to another."""

    model = Kudos
    joins = ("giver", "receiver")
    serializer_class = KudosSerializer
    filterset_class = KudosFilter
    ordering_fields = ("id", "at")
