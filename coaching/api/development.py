"""Development plans, goals, mentors and onboarding in the API."""

import django_filters as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from coaching import selectors, services
from coaching.models import DevelopmentPlan, Goal, GrowthStep, Mentorship, OnboardingStep
from coaching.selectors import may_be_asked
from performance.selectors import catalogue
from salesmgmt.desk.api import Records, VisibleField, Writer
from salesmgmt.lib import clock
from salesmgmt.lib.refusals import Refused
from teams.api import Id, LookedAt, today_of
from teams.models import Look, Person, Role


class DevelopmentPlanSerializer(serializers.ModelSerializer):
    class Meta:
        model = DevelopmentPlan
        fields = (
            "id", "person", "aim", "aim_role", "path", "review_on", "made_at", "person_signed_at", "manager",
            "manager_signed_at", "closed_at", "version",
        )  # fmt: skip
        read_only_fields = fields


class DevelopmentPlanWriter(Writer):
    person = VisibleField(model=Person)
    aim = serializers.CharField(max_length=200)
    aim_role = serializers.ChoiceField(Role.choices, required=False, allow_blank=True)
    path = serializers.CharField(max_length=5000, required=False, allow_blank=True)
    review_on = serializers.DateField()
    version = serializers.IntegerField(min_value=1, required=False)


class DevelopmentSignWriter(Writer):
    version = serializers.IntegerField(min_value=1)


class DevelopmentPlanFilter(filters.FilterSet):
    person = Id("person")
    open = filters.BooleanFilter(field_name="closed_at", lookup_expr="isnull", label="Not closed")


class DevelopmentPlans(LookedAt):
    """Where somebody is heading; for them and who leads them."""

    model = DevelopmentPlan
    look = Look.Page.PLAN
    serializer_class = DevelopmentPlanSerializer
    filterset_class = DevelopmentPlanFilter
    ordering_fields = ("id", "review_on")

    @extend_schema(request=DevelopmentPlanWriter, responses={201: DevelopmentPlanSerializer})
    def create(self, request: Request) -> Response:
        """Write the plan that stands, or the first one; both sign it."""
        said = self.cleaned(DevelopmentPlanWriter)
        made = services.save_development_plan(by=self.by, at=clock.now(), on=today_of(request), **said)
        return self.shown(made, status=201)

    @extend_schema(request=DevelopmentSignWriter, responses=DevelopmentPlanSerializer)
    @action(detail=True, methods=["post"])
    def sign(self, request: Request, pk: str) -> Response:
        """Stand by this version."""
        said = self.cleaned(DevelopmentSignWriter)
        return self.shown(services.sign_development_plan(plan=self.get_object(), by=self.by, at=clock.now(), **said))

    @extend_schema(request=None, responses=DevelopmentPlanSerializer)
    @action(detail=True, methods=["post"])
    def close(self, request: Request, pk: str) -> Response:
        """It is done."""
        return self.shown(services.close_development_plan(plan=self.get_object(), by=self.by, at=clock.now()))


class GoalSerializer(serializers.ModelSerializer):
    class Meta:
        model = Goal
        fields = ("id", "plan", "text", "measure", "wanted", "due_on", "state", "state_at", "version")
        read_only_fields = fields


class GoalWriter(Writer):
    plan = VisibleField(model=DevelopmentPlan)
    text = serializers.CharField(max_length=300)
    measure = serializers.CharField(max_length=60, required=False, allow_blank=True)
    wanted = serializers.CharField(max_length=60, required=False, allow_blank=True)
    due_on = serializers.DateField()

    def validate_measure(self, value: str) -> str:
        if value and value not in catalogue():
            raise serializers.ValidationError(f"There is no measure “{value}”; choose one of the catalogue.")
        return value


class GoalMarkWriter(Writer):
    state = serializers.ChoiceField(Goal.State.choices)
    version = serializers.IntegerField(min_value=1, required=False)


class GoalFilter(filters.FilterSet):
    plan = Id("plan")
    state = filters.ChoiceFilter(choices=Goal.State.choices)


class Goals(LookedAt):
    """People's own goals."""

    model = Goal
    joins = ("plan",)
    look, about = Look.Page.PLAN, "plan.person_id"
    serializer_class = GoalSerializer
    filterset_class = GoalFilter
    ordering_fields = ("id", "due_on")

    @extend_schema(request=GoalWriter, responses={201: GoalSerializer})
    def create(self, request: Request) -> Response:
        """A goal of one's own; both sign the plan again."""
        said = self.cleaned(GoalWriter)
        return self.shown(services.add_goal(by=self.by, at=clock.now(), on=today_of(request), **said), status=201)

    @extend_schema(request=GoalMarkWriter, responses=GoalSerializer)
    @action(detail=True, methods=["post"])
    def mark(self, request: Request, pk: str) -> Response:
        """Reached, dropped, or open again."""
        said = self.cleaned(GoalMarkWriter)
        return self.shown(services.mark_goal(goal=self.get_object(), by=self.by, at=clock.now(), **said))


class MentorshipSerializer(serializers.ModelSerializer):
    starts_on = serializers.DateField(read_only=True)
    until = serializers.DateField(read_only=True, allow_null=True)

    class Meta:
        model = Mentorship
        fields = ("id", "person", "mentor", "focus", "starts_on", "until", "asked_at", "agreed_at", "declined_at")
        read_only_fields = fields


class MentorshipWriter(Writer):
    person = VisibleField(model=Person)
    mentor = serializers.IntegerField(min_value=1, help_text="Id of a colleague with a login")
    focus = serializers.CharField(max_length=300)
    starts_on = serializers.DateField()
    until = serializers.DateField(required=False, allow_null=True)


class MentorAnswerWriter(Writer):
    agrees = serializers.BooleanField()


class MentorshipFilter(filters.FilterSet):
    person = Id("person")
    mentor = Id("mentor")


class Mentorships(LookedAt):
    """Who stands by whom."""

    model = Mentorship
    look = Look.Page.PLAN
    serializer_class = MentorshipSerializer
    filterset_class = MentorshipFilter
    ordering_fields = ("id",)

    @extend_schema(request=MentorshipWriter, responses={201: MentorshipSerializer})
    def create(self, request: Request) -> Response:
        """Ask a colleague; it begins once they agree."""
        said = self.cleaned(MentorshipWriter)
        mentor = may_be_asked(said["person"], today_of(request)).filter(pk=said.pop("mentor")).first()
        if mentor is None:
            raise serializers.ValidationError({"mentor": ["No colleague with a login has this id."]})
        return self.shown(services.ask_mentor(mentor=mentor, by=self.by, at=clock.now(), **said), status=201)

    @extend_schema(request=MentorAnswerWriter, responses=MentorshipSerializer)
    @action(detail=True, methods=["post"])
    def answer(self, request: Request, pk: str) -> Response:
        """Agree or decline."""
        said = self.cleaned(MentorAnswerWriter)
        return self.shown(services.answer_mentorship(mentorship=self.get_object(), by=self.by, at=clock.now(), **said))

    @extend_schema(request=None, responses=MentorshipSerializer)
    @action(detail=True, methods=["post"])
    def end(self, request: Request, pk: str) -> Response:
        """From today on no longer."""
        found = self.get_object()
        return self.shown(services.end_mentorship(mentorship=found, by=self.by, at=clock.now(), on=today_of(request)))


class OnboardingStepSerializer(serializers.ModelSerializer):
    class Meta:
        model = OnboardingStep
        fields = ("id", "role", "week", "text", "course", "ended_at")
        read_only_fields = fields


class OnboardingTickWriter(Writer):
    person = VisibleField(model=Person)
    is_done = serializers.BooleanField()


class OnboardingStepFilter(filters.FilterSet):
    role = filters.ChoiceFilter(choices=Role.choices)


class OnboardingSteps(Records):
    """What newcomers of a role do, week by week."""

    model = OnboardingStep
    serializer_class = OnboardingStepSerializer
    filterset_class = OnboardingStepFilter
    ordering_fields = ("id", "week")

    @extend_schema(request=OnboardingTickWriter, responses=OnboardingStepSerializer)
    @action(detail=True, methods=["post"])
    def tick(self, request: Request, pk: str) -> Response:
        """Done by a newcomer, or not yet after all."""
        step, said = self.get_object(), self.cleaned(OnboardingTickWriter)
        services.tick_onboarding_step(step=step, by=self.by, at=clock.now(), **said)
        return self.shown(step)


class GrowthStepSerializer(serializers.ModelSerializer):
    class Meta:
        model = GrowthStep
        fields = ("id", "role", "months", "text", "skill", "level", "course", "ended_at")
        read_only_fields = fields


class GrowthStepTakeWriter(Writer):
    person = VisibleField(model=Person)


class GrowthStepFilter(filters.FilterSet):
    role = filters.ChoiceFilter(choices=Role.choices)


class GrowthSteps(Records):
    """What leads to a role, step by step."""

    model = GrowthStep
    serializer_class = GrowthStepSerializer
    filterset_class = GrowthStepFilter
    ordering_fields = ("id", "months")

    @extend_schema(request=GrowthStepTakeWriter, responses={201: GoalSerializer})
    @action(detail=True, methods=["post"])
    def take(self, request: Request, pk: str) -> Response:
        """Make it a goal of one's own plan."""
        step, person = self.get_object(), self.cleaned(GrowthStepTakeWriter)["person"]
        plan = selectors.plan_of(self.by, person)
        if plan is None:
            raise Refused(f"{person.name} has no development plan yet; write it first.", field="person")
        goal = services.take_growth_step(plan=plan, step=step, by=self.by, at=clock.now(), on=today_of(request))
        return Response(GoalSerializer(goal).data, status=201)


ENDPOINTS = {
    "development-plans": DevelopmentPlans,
    "goals": Goals,
    "mentorships": Mentorships,
    "onboarding-steps": OnboardingSteps,
    "growth-steps": GrowthSteps,
}
