"""Monthly reports: read, commented and sent as on their pages."""

import django_filters as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from salesmgmt.desk.api import Records, Writer
from salesmgmt.lib import clock
from teams.api import Id, today_of

from ..models import Report
from ..services.reports import comment_report, send_report


class ReportSerializer(serializers.ModelSerializer):
    team_name = serializers.CharField(source="team.name", read_only=True)
    state = serializers.SerializerMethodField()

    class Meta:
        model = Report
        fields = (
            "id", "team", "team_name", "period", "state", "due_on", "comment", "as_of", "sent_at", "sentence",
            "figures", "version",
        )  # fmt: skip
        read_only_fields = fields

    def get_state(self, report: Report) -> str:
        return "sent" if report.is_sent else "draft"


class CommentWriter(Writer):
    comment = serializers.CharField(max_length=5000, allow_blank=True)
    version = serializers.IntegerField(min_value=1, help_text="Of the report as you have seen it")


class ReportFilter(filters.FilterSet):
    team = Id("team")
    period = filters.CharFilter()
    sent = filters.BooleanFilter(field_name="sent_at", lookup_expr="isnull", exclude=True)


class Reports(Records):
    """A month of a team; `figures` are those that were sent, empty in a draft."""

    model = Report
    joins = ("team",)
    serializer_class = ReportSerializer
    filterset_class = ReportFilter
    ordering_fields = ("id", "period")

    @extend_schema(request=CommentWriter, responses=ReportSerializer)
    @action(detail=True, methods=["post"])
    def comment(self, request: Request, pk: str) -> Response:
        """Say what is behind the figures, before the report is sent."""
        said = self.cleaned(CommentWriter)
        return self.shown(
            comment_report(report=self.get_object(), by=self.by, at=clock.now(), on=today_of(request), **said)
        )

    @extend_schema(request=None, responses=ReportSerializer)
    @action(detail=True, methods=["post"])
    def send(self, request: Request, pk: str) -> Response:
        """Freeze the figures of this moment and send them up the line."""
        return self.shown(send_report(report=self.get_object(), by=self.by, at=clock.now(), on=today_of(request)))


ENDPOINTS = {
    "reports": Reports,
}
