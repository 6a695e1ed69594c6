"""Letters in the API: figures with their reasons, what people say to them, answers, announcements, strategies."""

from typing import Any

import django_filters as filters
from django.db.models import Prefetch
from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response as Said

from sales.models import Account
from salesmgmt.desk.api import Endpoint, Money, Records, VisibleField, Writer
from salesmgmt.lib import clock
from targets import selectors, services
from targets.models import AnnouncedFigure, Announcement, Answer, Plan, Response, Strategy
from teams.api import Id, LookedAt, today_of
from teams.edges import looked
from teams.models import Look, Person, Team
from teams.selectors import person_of

Text = serializers.CharField


# ── Strategies ──────────────────────────────────────────────────────────────────────────────────────────────────


class StrategySerializer(serializers.ModelSerializer):
    class Meta:
        model = Strategy
        fields = ("id", "plan", "version", "text", "reason", "at")
        read_only_fields = fields


class StrategyWriter(Writer):
    plan = VisibleField(model=Plan)
    text = Text(max_length=10_000)
    reason = Text(max_length=500, required=False, allow_blank=True, help_text="Why it changes")
    version = serializers.IntegerField(
        required=False, min_value=0, max_value=32_767, help_text="The one you read; 0: there was none"
    )


class StrategyFilter(filters.FilterSet):
    plan = Id("plan")


class Strategies(Records):
    """The strategy of a plan in words: a version each time it was written anew; the last one holds."""

    model = Strategy
    serializer_class = StrategySerializer
    filterset_class = StrategyFilter
    ordering_fields = ("id", "version")

    @extend_schema(request=StrategyWriter, responses={201: StrategySerializer})
    def create(self, request: Request) -> Said:
        """Write the next version; for those who plan for all."""
        said = self.cleaned(StrategyWriter)
        return self.shown(services.change_strategy(by=self.by, at=clock.now(), **({"reason": ""} | said)), status=201)


# ── Announcements ───────────────────────────────────────────────────────────────────────────────────────────────


class AnnouncedFigureSerializer(serializers.ModelSerializer):
    class Meta:
        model = AnnouncedFigure
        fields = ("person", "before", "after")
        read_only_fields = fields


class AnnouncementSerializer(serializers.ModelSerializer):
    figures = AnnouncedFigureSerializer(many=True, read_only=True, help_text="Of the people you see")

    class Meta:
        model = Announcement
        fields = (
            "id",
            "plan",
            "team",
            "person",
            "headline",
            "results",
            "economy",
            "competition",
            "strategy",
            "at",
            "figures",
        )
        read_only_fields = fields


class FigureWriter(Writer):
    person = VisibleField(model=Person)
    amount = Money(min_value=0)


class AnnouncementWriter(Writer):
    plan = VisibleField(model=Plan)
    team = VisibleField(model=Team, required=False, allow_null=True, help_text="With those below")
    person = VisibleField(model=Person, required=False, allow_null=True)
    headline = Text(max_length=200)
    results = Text(max_length=2000, required=False, allow_blank=True)
    economy = Text(max_length=2000, required=False, allow_blank=True)
    competition = Text(max_length=2000, required=False, allow_blank=True)
    strategy = Text(max_length=10_000, required=False, allow_blank=True, help_text="The next version, in words")
    figures = FigureWriter(many=True, required=False, help_text="New figures; others stay")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs.get("team") and attrs.get("person"):
            raise serializers.ValidationError({"person": ["Name a team or a person, not both."]})
        return attrs


class AnnouncementFilter(filters.FilterSet):
    plan = Id("plan")
    team = Id("team")
    person = Id("person")


class Announcements(Records):
    """Changes during a plan's period, told as the plan was; people answer again."""

    model = Announcement
    serializer_class = AnnouncementSerializer
    filterset_class = AnnouncementFilter
    ordering_fields = ("id",)

    def get_queryset(self) -> Any:
        seen = AnnouncedFigure.objects.visible_to(self.by).order_by("person", "pk")
        return super().get_queryset().prefetch_related(Prefetch("figures", seen))

    @extend_schema(request=AnnouncementWriter, responses={201: AnnouncementSerializer})
    def create(self, request: Request) -> Said:
        """Announce a change to the company, a team and those below it, or one person."""
        said = self.cleaned(AnnouncementWriter)
        figures = {row["person"].pk: row["amount"] for row in said.pop("figures", [])}
        return self.shown(services.announce(by=self.by, at=clock.now(), figures=figures, **said), status=201)


# ── Responses and answers ───────────────────────────────────────────────────────────────────────────────────────


class AnswerSerializer(serializers.ModelSerializer):
    class Meta:
        model = Answer
        fields = ("id", "response", "kind", "text", "was", "amount", "asked", "at")
        read_only_fields = fields


class ResponseSerializer(serializers.ModelSerializer):
    answers = AnswerSerializer(many=True, read_only=True)

    class Meta:
        model = Response
        fields = (
            "id",
            "plan",
            "announcement",
            "person",
            "stance",
            "quota",
            "strategy_version",
            "approach",
            "accounts",
            "activities",
            "help_needed",
            "statement",
            "at",
            "answers",
        )
        read_only_fields = fields


class ResponseWriter(Writer):
    plan = VisibleField(model=Plan)
    stance = serializers.ChoiceField(Response.Stance.choices)
    approach = Text(max_length=5000, required=False, allow_blank=True, help_text="How you will get there")
    accounts = VisibleField(model=Account, many=True, required=False)
    activities = serializers.DictField(
        child=serializers.IntegerField(min_value=0, max_value=500),
        required=False,
        help_text="Planned per week, by kind of activity",
    )
    help_needed = Text(max_length=250, required=False, allow_blank=True)
    statement = Text(max_length=5000, required=False, allow_blank=True, help_text="What you object to")
    quota = Money(required=False, help_text="The figure you read; another one since then is refused")
    version = serializers.IntegerField(required=False, min_value=0, max_value=32_767, help_text="The strategy you read")


class ReplyWriter(Writer):
    kind = serializers.ChoiceField(Answer.Kind.choices)
    text = Text(max_length=5000, help_text="Your reasons")
    amount = Money(required=False, min_value=0, help_text="The new figure, where it is changed")
    seen = serializers.IntegerField(
        required=False, min_value=0, max_value=10_000, help_text="How many answers you read"
    )


class ResponseFilter(filters.FilterSet):
    plan = Id("plan")
    person = Id("person")
    stance = filters.MultipleChoiceFilter(choices=Response.Stance.choices)


class Responses(LookedAt):
    """What people say to their figures, with the answers."""

    model = Response
    look = Look.Page.QUOTA
    serializer_class = ResponseSerializer
    filterset_class = ResponseFilter
    ordering_fields = ("id",)

    def get_queryset(self) -> Any:
        return super().get_queryset().prefetch_related("answers", "accounts")

    @extend_schema(request=ResponseWriter, responses={201: ResponseSerializer})
    def create(self, request: Request) -> Said:
        """Accept your figure, or object to it with a statement."""
        said = self.cleaned(ResponseWriter)
        person = person_of(self.by)
        if person is None:
            raise Http404
        return self.shown(services.respond(person=person, by=self.by, at=clock.now(), **said), status=201)

    @extend_schema(request=ReplyWriter, responses={201: AnswerSerializer})
    @action(detail=True, methods=["post"])
    def answer(self, request: Request, pk: str) -> Said:
        """Answer it: the figure stands, is changed, or the next manager up is asked."""
        made = services.answer_response(
            response=self.get_object(), by=self.by, at=clock.now(), **self.cleaned(ReplyWriter)
        )
        return Said(AnswerSerializer(made).data, status=201)


class AnswerFilter(filters.FilterSet):
    response = Id("response")
    kind = filters.MultipleChoiceFilter(choices=Answer.Kind.choices)


class Answers(Records):
    """What managers answered."""

    model = Answer
    serializer_class = AnswerSerializer
    filterset_class = AnswerFilter
    ordering_fields = ("id",)


# ── Letters ─────────────────────────────────────────────────────────────────────────────────────────────────────


class StepSerializer(serializers.Serializer):
    kind = Text()
    before = Money()
    counted = Text()
    arithmetic = Text()
    after = Money()
    amount = Money()
    left_out = serializers.ListField(child=Text())


class EntrySerializer(serializers.Serializer):
    kind = Text()
    reason = Text()
    amount = Money(source="reporting_amount")


class SectionSerializer(serializers.Serializer):
    team = serializers.IntegerField(source="team.pk", default=None)
    starts_on = serializers.DateField(source="start")
    until = serializers.DateField(source="end", help_text="First day after")
    working_days = serializers.IntegerField()
    base = Money()
    reason = Text()
    note = Text()
    steps = StepSerializer(many=True)
    entries = EntrySerializer(many=True)
    total = Money()


class LetterSerializer(serializers.Serializer):
    plan = serializers.IntegerField(source="letter.plan.pk")
    person = serializers.IntegerField(source="letter.person.pk")
    original = Money(source="letter.original", help_text="What attainment is judged by")
    revised = Money(source="letter.revised", help_text="With what was redistributed")
    strategy_version = serializers.IntegerField(source="letter.strategy.version", default=0)
    state = Text(source="standing.state")
    due_on = serializers.DateField(source="standing.due_on")
    is_overdue = serializers.BooleanField(source="standing.is_overdue")
    sections = SectionSerializer(source="letter.sections", many=True)


class Letters(Endpoint):
    """A person's figure of a published plan, each entry with its arithmetic, and where their answer is."""

    serializer_class = LetterSerializer
    pagination_class = None
    filter_backends = ()

    @extend_schema(
        parameters=[OpenApiParameter("plan", int, required=True), OpenApiParameter("person", int, required=True)],
        responses=LetterSerializer,
    )
    def list(self, request: Request) -> Said:
        """One letter."""
        asked = {}
        for name in ("plan", "person"):
            value = request.query_params.get(name, "")
            if not (value.isascii() and value.isdigit() and len(value) < 19):
                raise serializers.ValidationError({name: ["Say which, by its id."]})
            asked[name] = int(value)
        plan = Plan.objects.visible_to(self.by).filter(pk=asked["plan"], published_at__isnull=False).first()
        person = selectors.people_of(plan, self.by).filter(pk=asked["person"]).first() if plan else None
        if plan is None or person is None:
            raise Http404
        looked(request, Look.Page.QUOTA, person.pk)
        day = today_of(request)
        (letter,) = selectors.letters(plan, [person], as_of=day)
        standing = selectors.standings(plan, [person.pk], as_of=day)[person.pk]
        return Said(LetterSerializer({"letter": letter, "standing": standing}).data)
