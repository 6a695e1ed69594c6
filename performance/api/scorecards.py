"""A person's score, with the parts that make it up."""

from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from teams.models import Look, Person
from teams.selectors import organisation_of

from ..selectors.scorecards import Card, card
from .figures import Asked, Number, Question


class PartSerializer(serializers.Serializer):
    measure = serializers.CharField()
    value = Number(help_text="Empty: unknown")
    goal = Number(help_text="For the days the person was there, where it adds up")
    weight = Number(help_text="Percent")
    lower_is_better = serializers.BooleanField()
    score = Number(help_text="1 is the goal; not capped")
    points = Number(help_text="Weight × score; the points sum to the total")
    note = serializers.CharField(help_text="Why it is unknown")
    records = serializers.CharField(help_text="Where the rows behind it are")


class ScorecardSerializer(serializers.Serializer):
    person = serializers.IntegerField()
    person_name = serializers.CharField()
    role = serializers.CharField()
    period = serializers.CharField()
    as_of = serializers.DateField()
    total = Number(help_text="100 is every goal reached; empty while a part is unknown")
    parts = PartSerializer(many=True)


def _shown(card: Card) -> dict[str, Any]:
    return {
        "person": card.person.pk,
        "person_name": card.person.name,
        "role": card.role,
        "period": card.period.key,
        "as_of": card.as_of,
        "total": card.total,
        "parts": [
            {
                "measure": part.measure.key,
                "value": part.figure.value,
                "goal": part.goal,
                "weight": part.weight,
                "lower_is_better": part.is_lower_better,
                "score": part.score,
                "points": part.points,
                "note": part.why,
                "records": part.figure.records,
            }
            for part in card.parts
        ],
    }


class Scorecards(Question):
    serializer_class = ScorecardSerializer
    look = Look.Page.SCORECARD

    @extend_schema(parameters=[Asked], responses=ScorecardSerializer)
    def list(self, request: Request) -> Response:
        """The score of a person in a period; 404 for a role without a scorecard."""
        asked = self.asked(Asked)
        scope = asked.pop("scope")
        if scope.kind != "person":
            raise serializers.ValidationError({"of": ["A scorecard is a person's: say person:EXTERNAL_ID-or-NAME."]})
        person = Person.objects.visible_to(self.by).get(pk=scope.pk)
        found = card(person=person, organisation=organisation_of(self.by), **asked)
        if found is None:
            raise Http404
        return Response(ScorecardSerializer(_shown(found)).data)


ENDPOINTS = {
    "scorecards": Scorecards,
}
