"""Cases, their diagnosis with what the person says to it, and questions to departments. Notes stay on their page."""

from datetime import timedelta
from decimal import Decimal
from typing import Any, cast

import django_filters as filters
from django.db.models import Q
from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response

from coaching import selectors, services
from coaching.models import Case, CaseStatement, DiagnosisStep, Question, Step
from performance.models import Flag
from salesmgmt.desk.api import Endpoint, Money, Records, VisibleField, Writer
from salesmgmt.lib import clock
from teams.api import Id, LookedAt
from teams.models import Look, Person, Team, User, access_of
from teams.selectors import organisation_of, person_of


def myself(request: Request) -> Person:
    person = person_of(cast(User, request.user))
    if person is None:
        raise serializers.ValidationError("This is for people with a posting.")
    return person


class CaseSerializer(serializers.ModelSerializer):
    at_stake = Money(max_digits=38, allow_null=True, help_text="In the reporting currency")

    class Meta:
        model = Case
        fields = (
            "id", "person", "owner", "flag", "source", "ask", "raised_by", "subject", "at_stake", "state", "opened_at",
            "due_on", "closed_at", "cause", "is_team_wide", "outcome", "result", "version",
        )  # fmt: skip
        read_only_fields = fields

    def to_representation(self, instance: Case) -> dict[str, Any]:
        """Who runs the installation sees that there is a case, and no words."""
        told: dict[str, Any] = super().to_representation(instance)
        if not getattr(instance, "is_read", True):
            told |= dict.fromkeys(("ask", "cause", "outcome", "result"), "") | {"is_team_wide": None, "at_stake": None}
            if instance.flag_id is None:
                told["subject"] = ""
        return told


def _amount() -> serializers.DecimalField:
    return serializers.DecimalField(
        max_digits=20, decimal_places=2, min_value=0, required=False, help_text="An estimate, in the reporting currency"
    )


class CaseWriter(Writer):
    flag = VisibleField(model=Flag, required=False, help_text="The flag it comes from, or else `person` and `subject`")
    person = VisibleField(model=Person, required=False)
    subject = serializers.CharField(max_length=300, required=False)
    at_stake = _amount()
    due_on = serializers.DateField()
    owner = VisibleField(model=Person, required=False, help_text="Default: whoever asks")

    def validate(self, said: dict[str, Any]) -> dict[str, Any]:
        if ("flag" in said) == ("person" in said or "subject" in said):
            raise serializers.ValidationError("Give a flag, or a person and a subject.")
        if "flag" not in said and not ("person" in said and "subject" in said):
            raise serializers.ValidationError("Give a person and a subject.")
        if "flag" in said and "at_stake" in said:
            raise serializers.ValidationError({"at_stake": "A flag brings its own amount."})
        return said


class RaiseWriter(Writer):
    ask = serializers.ChoiceField(choices=Case.Ask.choices)
    subject = serializers.CharField(max_length=300)
    at_stake = _amount()


class CaseMoveWriter(Writer):
    due_on = serializers.DateField()
    reason = serializers.CharField(max_length=200)
    version = serializers.IntegerField(required=False, min_value=1, max_value=2**31 - 1)


class HandOverWriter(Writer):
    owner = VisibleField(model=Person)
    version = serializers.IntegerField(required=False, min_value=1, max_value=2**31 - 1)


class CloseWriter(Writer):
    cause = serializers.ChoiceField(choices=Case.CAUSES)
    outcome = serializers.ChoiceField(choices=Case.CHOSEN)
    result = serializers.CharField(max_length=500)
    version = serializers.IntegerField(required=False, min_value=1, max_value=2**31 - 1)


class RuleWriter(Writer):
    step = serializers.ChoiceField(choices=Step.choices)
    is_in = serializers.BooleanField()
    is_team_wide = serializers.BooleanField(required=False)
    reason = serializers.CharField(max_length=500)
    not_asked_because = serializers.CharField(
        max_length=500, required=False, allow_blank=True, help_text="Before it lies with the person"
    )
    version = serializers.IntegerField(required=False, min_value=1, max_value=2**31 - 1)


class WithdrawWriter(Writer):
    result = serializers.CharField(max_length=500)
    version = serializers.IntegerField(required=False, min_value=1, max_value=2**31 - 1)


class DiagnosisReopenWriter(Writer):
    step = serializers.ChoiceField(choices=Step.choices)
    reason = serializers.CharField(max_length=200)
    version = serializers.IntegerField(required=False, min_value=1, max_value=2**31 - 1)


class QuestionAskWriter(Writer):
    step = serializers.ChoiceField(choices=[one for one in Step.choices if one[0] != Step.PERSON])
    department = serializers.ChoiceField(choices=Team.Department.choices)
    text = serializers.CharField(max_length=500)
    due_on = serializers.DateField()
    is_other_word = serializers.BooleanField(
        required=False, help_text="What reads like the person's name in the text is another word"
    )
    version = serializers.IntegerField(required=False, min_value=1, max_value=2**31 - 1)


class AskViewWriter(Writer):
    due_on = serializers.DateField(required=False)
    version = serializers.IntegerField(required=False, min_value=1, max_value=2**31 - 1)


class StatementWriter(Writer):
    text = serializers.CharField(max_length=5000)


class QuestionAnswerWriter(Writer):
    text = serializers.CharField(max_length=2000)


class DiagnosisStepSerializer(serializers.ModelSerializer):
    class Meta:
        model = DiagnosisStep
        fields = (
            "id", "case", "step", "is_in", "is_team_wide", "reason", "not_asked_because", "evidence", "ruled_at",
            "reopened_at", "reopened_because",
        )  # fmt: skip
        read_only_fields = fields


class DepartmentQuestionSerializer(serializers.ModelSerializer):
    """Nothing of the case: a department sees only what it was asked."""

    class Meta:
        model = Question
        fields = (
            "id", "step", "department", "text", "asked_at", "asked_by", "due_on", "answer", "answered_at",
            "answered_by",
        )  # fmt: skip
        read_only_fields = fields


class CaseStatementSerializer(serializers.ModelSerializer):
    class Meta:
        model = CaseStatement
        fields = ("id", "person", "text", "at")
        read_only_fields = fields


class CaseFilter(filters.FilterSet):
    person = Id("person")
    owner = Id("owner")
    state = filters.ChoiceFilter(choices=Case.State.choices)
    source = filters.ChoiceFilter(choices=Case.Source.choices)
    cause = filters.ChoiceFilter(choices=Case.CAUSES, method="with_cause")
    team = filters.NumberFilter(method="of_team", label="Posted to the team or below when it was opened")
    overdue = filters.BooleanFilter(method="is_overdue", label="Open past its due date")

    def of_team(self, found: Any, name: str, value: Decimal) -> Any:
        return found.filter(team__path__contains=[int(value)]) if 0 < value < 2**63 else found.none()

    def is_overdue(self, found: Any, name: str, value: bool) -> Any:
        late = Q(state=Case.State.OPEN, due_on__lt=clock.today(organisation_of(self.request.user).time_zone))
        return found.filter(late if value else ~late)

    def with_cause(self, found: Any, name: str, value: str) -> Any:
        """Of those whose words one reads."""
        return found.filter(cause=value, is_read=True)


class StepFilter(filters.FilterSet):
    case = Id("case")
    step = filters.ChoiceFilter(choices=Step.choices)


class QuestionFilter(filters.FilterSet):
    department = filters.ChoiceFilter(choices=Team.Department.choices)
    step = filters.ChoiceFilter(choices=Step.choices)
    waiting = filters.BooleanFilter(field_name="answered_at", lookup_expr="isnull")


class Cases(LookedAt):
    """The work that a flag, a manager or somebody's own word opens."""

    model = Case
    look, lists_all = Look.Page.CASE, False
    serializer_class = CaseSerializer
    filterset_class = CaseFilter
    ordering_fields = ("id", "due_on")

    def get_queryset(self) -> Any:
        found = super().get_queryset().with_reading(self.by)
        return found if self.request.method in SAFE_METHODS else found.filter(is_read=True)

    @extend_schema(request=CaseWriter, responses={201: CaseSerializer})
    def create(self, request: Request) -> Response:
        """Open the case of a flag (there is one for each), or one about a person."""
        said = self.cleaned(CaseWriter)
        said["owner"] = said.get("owner") or myself(request)
        open_it: Any = services.open_case if "flag" in said else services.open_case_about
        return self.shown(open_it(by=self.by, at=clock.now(), **said), status=201)

    @extend_schema(request=RaiseWriter, responses={201: CaseSerializer})
    @action(detail=False, methods=["post"], url_path="raise")
    def raise_case(self, request: Request) -> Response:
        """Say what holds oneself back; it goes to who leads one."""
        return self.shown(services.raise_case(by=self.by, at=clock.now(), **self.cleaned(RaiseWriter)), status=201)

    @extend_schema(request=CaseMoveWriter, responses=CaseSerializer)
    @action(detail=True, methods=["post"])
    def move(self, request: Request, pk: str) -> Response:
        """Another due date."""
        return self._done(services.move_case, CaseMoveWriter)

    @extend_schema(request=HandOverWriter, responses=CaseSerializer)
    @action(detail=True, methods=["post"], url_path="hand-over")
    def hand_over(self, request: Request, pk: str) -> Response:
        """Another owner, who leads the person."""
        return self._done(services.hand_over_case, HandOverWriter)

    @extend_schema(request=CloseWriter, responses=CaseSerializer)
    @action(detail=True, methods=["post"])
    def close(self, request: Request, pk: str) -> Response:
        """Close a case with its cause, its outcome and what came of it."""
        return self._done(services.close_case, CloseWriter)

    @extend_schema(request=WithdrawWriter, responses=CaseSerializer)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: str) -> Response:
        """Take back what one raised oneself."""
        return self._done(services.withdraw_case, WithdrawWriter)

    @extend_schema(request=CaseMoveWriter, responses=CaseSerializer)
    @action(detail=True, methods=["post"], url_path="open-again")
    def open_again(self, request: Request, pk: str) -> Response:
        """Take up a closed case again."""
        return self._done(services.reopen_case, CaseMoveWriter)

    @extend_schema(request=RuleWriter, responses=DiagnosisStepSerializer)
    @action(detail=True, methods=["post"])
    def rule(self, request: Request, pk: str) -> Response:
        """Rule on the next step of the diagnosis."""
        said = self.cleaned(RuleWriter)
        return Response(
            DiagnosisStepSerializer(services.rule_step(case=self.get_object(), by=self.by, at=clock.now(), **said)).data
        )

    @extend_schema(request=DiagnosisReopenWriter, responses=CaseSerializer)
    @action(detail=True, methods=["post"])
    def reopen(self, request: Request, pk: str) -> Response:
        """Take a step up again, and what came after it."""
        return self._done(services.reopen_step, DiagnosisReopenWriter)

    @extend_schema(request=QuestionAskWriter, responses={201: DepartmentQuestionSerializer})
    @action(detail=True, methods=["post"])
    def ask(self, request: Request, pk: str) -> Response:
        """Ask a department; it sees these words alone."""
        said = self.cleaned(QuestionAskWriter)
        made = services.ask_department(case=self.get_object(), by=self.by, at=clock.now(), **said)
        return Response(DepartmentQuestionSerializer(made).data, status=201)

    @extend_schema(request=AskViewWriter, responses=CaseSerializer)
    @action(detail=True, methods=["post"], url_path="ask-view")
    def ask_view(self, request: Request, pk: str) -> Response:
        """Ask the person how they see it."""
        return self._done(services.ask_view, AskViewWriter)

    @extend_schema(request=StatementWriter, responses=CaseSerializer)
    @action(detail=True, methods=["post"])
    def statement(self, request: Request, pk: str) -> Response:
        """Say how one sees one's own case."""
        return self._done(services.state_view, StatementWriter)

    @extend_schema(request=None, responses=OpenApiTypes.OBJECT)
    @action(detail=True, methods=["get"])
    def diagnosis(self, request: Request, pk: str) -> Response:
        """Each step with its evidence as of today, or as it was ruled on, and how the person sees it."""
        found = self.get_object()
        if not selectors.reads_words(self.by, found):
            return Response({"steps": [], "statements": [], "proposal": ""})
        told = selectors.diagnosis_of(case=found, as_of=clock.today(self._zone()))
        steps = [
            {
                "step": part.step, "evidence": part.evidence,
                "ruling": DiagnosisStepSerializer(part.ruling).data if part.ruling else None,
                "questions": DepartmentQuestionSerializer(part.questions, many=True).data,
            }
            for part in told.parts
        ]  # fmt: skip
        statements = CaseStatementSerializer(found.statements.order_by("at", "pk"), many=True).data
        return Response({"steps": steps, "statements": statements, "proposal": told.proposal})

    def _zone(self) -> str:
        return organisation_of(self.by).time_zone

    def _done(self, act: Any, writer: Any) -> Response:
        found, said = self.get_object(), self.cleaned(writer)
        act(case=found, by=self.by, at=clock.now(), **said)
        return self.shown(found)


class DiagnosisSteps(LookedAt):
    """Steps ruled on, with the figures as they stood."""

    model = DiagnosisStep
    joins = ("case",)
    look, about = Look.Page.CASE, "case.person_id"
    serializer_class = DiagnosisStepSerializer
    filterset_class = StepFilter
    ordering_fields = ("id",)


class Questions(Records):
    """What departments are asked."""

    model = Question
    serializer_class = DepartmentQuestionSerializer
    filterset_class = QuestionFilter
    ordering_fields = ("id", "due_on")

    @extend_schema(request=QuestionAnswerWriter, responses=DepartmentQuestionSerializer)
    @action(detail=True, methods=["post"])
    def answer(self, request: Request, pk: str) -> Response:
        """Answer for one's department, once."""
        text = self.cleaned(QuestionAnswerWriter)["text"]
        services.answer_question(question=self.get_object(), text=text, by=self.by, at=clock.now())
        return self.shown(self.get_object())


class CausesAsked(Writer):
    since = serializers.DateField(required=False, help_text="Closed on that day or later")
    until = serializers.DateField(required=False, help_text="Last day on which they were closed")


class CauseSerializer(serializers.Serializer):
    cause = serializers.CharField()
    cases = serializers.IntegerField()
    people = serializers.IntegerField()
    at_stake = Money(max_digits=38, allow_null=True, help_text="In the reporting currency")
    team_wide = serializers.IntegerField()
    solved = serializers.IntegerField(help_text="Solved or improved")


class CausesSerializer(serializers.Serializer):
    cases = serializers.IntegerField(help_text="Closed ones, those of the hidden causes too")
    hidden = serializers.IntegerField(help_text="Cases of causes that fewer than five people had")
    rows = CauseSerializer(many=True)


class Causes(Endpoint):
    """Which causes cost most, over closed cases: for the leadership."""

    serializer_class = CausesSerializer
    pagination_class = None
    filter_backends = ()

    @extend_schema(parameters=[CausesAsked], responses=CausesSerializer)
    def list(self, request: Request) -> Response:
        """The dearest first."""
        if not selectors.may_see_causes(access_of(self.by)):
            raise Http404
        made = CausesAsked(data=request.query_params.dict())
        made.is_valid(raise_exception=True)
        since, until = made.validated_data.get("since"), made.validated_data.get("until")
        found = selectors.causes(user=self.by, start=since, until=until and until + timedelta(days=1))
        return Response(CausesSerializer(found).data)


ENDPOINTS = {"cases": Cases, "diagnosis-steps": DiagnosisSteps, "questions": Questions, "causes": Causes}
