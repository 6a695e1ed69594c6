"""A figure opened: the rows behind it, what is left out and why, what was known of it when."""

from datetime import date
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from salesmgmt.lib import keyset
from teams.api import today_of
from teams.selectors import organisation_of

from ..selectors.drill import NotYet, drill
from .figures import FigureAsked, FigureSerializer, Number, Question


class RecordsAsked(FigureAsked):
    known = serializers.DateField(required=False, help_text="Only what was known at the close of this day")
    since = serializers.DateField(required=False, help_text="Only what was learned after this day")
    cursor = serializers.CharField(required=False, default="", max_length=500)
    page_size = serializers.IntegerField(required=False, default=50, min_value=1, max_value=200)


class LineSerializer(serializers.Serializer):
    on = serializers.DateField(allow_null=True)
    person = serializers.CharField()
    kind = serializers.CharField()
    what = serializers.CharField()
    record = serializers.CharField(allow_null=True, help_text="order, deal or activity")
    id = serializers.IntegerField(allow_null=True)
    value = Number()


class LeftOutSerializer(serializers.Serializer):
    count = serializers.IntegerField()
    amount = Number()
    why = serializers.CharField()


class VersionSerializer(serializers.Serializer):
    number = serializers.IntegerField()
    from_on = serializers.DateField()
    formula = serializers.CharField()
    reason = serializers.CharField()


class ToldSerializer(serializers.Serializer):
    on = serializers.DateField()
    then = Number(help_text="What was known at the close of that day; empty: unknown, or nobody kept it")
    now = Number(help_text="By what is known today")
    difference = Number()
    source = serializers.ChoiceField(  # type: ignore[assignment]  # the field of that name
        ["ledger", "snapshot", "frozen", "unknown"],
        help_text="ledger and snapshot: exact; frozen: the figure of that night; unknown: nobody kept what was known",
    )


class OpenedSerializer(serializers.Serializer):
    figure = FigureSerializer()
    made_of = FigureSerializer(many=True, help_text="The figures it is worked out from, where it is no sum of records")
    start = serializers.DateField()
    until = serializers.DateField(help_text="First day after")
    versions = VersionSerializer(many=True, help_text="Empty: built in, one definition for all time")
    left_out = LeftOutSerializer(many=True)
    told = ToldSerializer(allow_null=True, help_text="Then and now, of a past day")
    total = Number(help_text="Of all records, also those you may not open")
    count = serializers.IntegerField()
    rest_total = Number(help_text="Of those you may not open")
    rest_count = serializers.IntegerField()
    outside = Number(help_text="What of the total falls on other days: entries of a quota may reach beyond the period")
    aside = serializers.CharField(help_text="What else the figure counts, where that is no record of these")
    results = LineSerializer(many=True)
    next = serializers.CharField(allow_null=True, help_text="Address of the next page")


class Opened(Question):
    serializer_class = OpenedSerializer

    @extend_schema(parameters=[RecordsAsked], responses=OpenedSerializer)
    def list(self, request: Request) -> Response:
        """The rows behind a figure, with its definition, what it leaves out and why, and what was known of it when."""
        asked = self.asked(RecordsAsked)
        cursor, size, period, as_of = (asked.pop(name) for name in ("cursor", "page_size", "period", "as_of"))
        today = today_of(request)
        user: Any = request.user
        try:
            found = drill(
                scope=asked["scope"], measure=asked["measure"], period=period, as_of=as_of, user=user, today=today,
                basis=asked["basis"], known_on=_past(asked.get("known"), today), since=_past(asked.get("since"), today),
                organisation=organisation_of(user),
            )  # fmt: skip
        except NotYet as error:
            raise serializers.ValidationError({"as_of": [str(error)]}) from None
        behind, told = found.records, found.told
        page = keyset.page(behind.rows, by=behind.by, descending=True, cursor=cursor, size=size)
        query = request.query_params.copy()
        query["cursor"] = page.next or ""
        said = {
            "figure": found.figure,
            "made_of": found.made_of,
            "start": found.period.start,
            "until": found.until,
            "versions": [
                {"number": number, "from_on": version.from_on, "formula": formula, "reason": version.reason}
                for number, version, formula in found.versions
            ],
            "left_out": found.left_out,
            "told": told
            and {
                "on": told.on,
                "then": told.then and told.then.value,
                "now": told.now.value,
                "difference": told.difference,
                "source": told.source,
            },
            "total": behind.total,
            "count": behind.count,
            "rest_total": behind.rest_total,
            "rest_count": behind.rest_count,
            "outside": behind.outside,
            "aside": behind.aside,
            "results": [
                {
                    "on": line.on, "person": line.person, "kind": line.kind, "what": line.what, "value": line.value,
                    "record": line.link and line.link[0], "id": line.link and line.link[1],
                }
                for line in map(behind.line, page.rows)
            ],
            "next": request.build_absolute_uri(f"{request.path}?{query.urlencode()}") if page.next else None,
        }  # fmt: skip
        return Response(OpenedSerializer(said).data)


def _past(day: date | None, today: date) -> date | None:
    return day if day is not None and day < today else None


ENDPOINTS = {
    "records": Opened,
}
