"""Cases in the API. Notes are not: they are read where they are written."""

from typing import cast

import django_filters as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from coaching import services
from coaching.models import Case
from performance.models import Flag
from salesmgmt.desk.api import VisibleField, Writer
from salesmgmt.lib import clock
from teams.api import Id, LookedAt
from teams.models import Look, Person, User
from teams.selectors import person_of


def myself(request: Request) -> Person:
    person = person_of(cast(User, request.user))
    if person is None:
        raise serializers.ValidationError("This is for people with a posting.")
    return person


class CaseSerializer(serializers.ModelSerializer):
    class Meta:
        model = Case
        fields = ("id", "person", "owner", "flag", "subject", "state", "opened_at", "due_on", "closed_at", "result")
        read_only_fields = fields


class CaseWriter(Writer):
    flag = VisibleField(model=Flag)
    due_on = serializers.DateField()
    owner = VisibleField(model=Person, required=False, help_text="Default: whoever asks")


class CloseWriter(Writer):
    result = serializers.CharField(max_length=500)


class CaseFilter(filters.FilterSet):
    person = Id("person")
    owner = Id("owner")
    state = filters.ChoiceFilter(choices=Case.State.choices)


class Cases(LookedAt):
    """The work a flag opens."""

    model = Case
    look = Look.Page.CASE
    serializer_class = CaseSerializer
    filterset_class = CaseFilter
    ordering_fields = ("id", "due_on")

    @extend_schema(request=CaseWriter, responses={201: CaseSerializer})
    def create(self, request: Request) -> Response:
        """Open the case of a flag; there is one for each."""
        said = self.cleaned(CaseWriter)
        said.setdefault("owner", None)
        said["owner"] = said["owner"] or myself(request)
        return self.shown(services.open_case(by=self.by, at=clock.now(), **said), status=201)

    @extend_schema(request=CloseWriter, responses=CaseSerializer)
    @action(detail=True, methods=["post"])
    def close(self, request: Request, pk: str) -> Response:
        """Close a case with what came of it."""
        said = self.cleaned(CloseWriter)
        return self.shown(services.close_case(case=self.get_object(), by=self.by, at=clock.now(), **said))


ENDPOINTS = {"cases": Cases}
