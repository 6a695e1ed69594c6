"""Leads, campaigns, referrals, suggestions and gifts in the API."""

from typing import Any

import django_filters as filters
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from sales.models import Account, Activity, Campaign, Contact, Gift, Lead, Recommendation, Referral
from sales.selectors.campaigns import reached
from sales.selectors.repeat import may_decide
from sales.services import campaigns, gifts, leads, recommendations, referrals
from salesmgmt.desk.api import Changes, Money, Records, VisibleField, Writer
from salesmgmt.lib import clock
from teams.api import Id, today_of
from teams.models import Person, Territory

from .common import Names, Text, Versioned, own_or_said
from .customers import CustomValues
from .deals import StageField


class LeadSerializer(serializers.ModelSerializer):
    owner_name = Text(source="owner.name", read_only=True, default=None)
    campaign_name = Text(source="campaign.name", read_only=True, default=None)

    class Meta:
        model = Lead
        fields = (
            "id",
            "external_id",
            "name",
            "company",
            "email",
            "phone",
            "country",
            "industry",
            "employees",
            "notes",
            "owner",
            "owner_name",
            "territory",
            "source",
            "campaign",
            "campaign_name",
            "referrer",
            "received_at",
            "first_response_at",
            "status",
            "disqualified_for",
            "decided_at",
            "account",
            "contact",
            "deal",
            "custom",
            "version",
        )
        read_only_fields = fields


class LeadWriter(Writer):
    name = Text(max_length=200)
    company = Text(max_length=200, required=False, allow_blank=True)
    email = serializers.EmailField(max_length=254, required=False, allow_blank=True)
    phone = Text(max_length=50, required=False, allow_blank=True)
    country = Text(max_length=100, required=False, allow_blank=True)
    industry = Text(max_length=100, required=False, allow_blank=True)
    employees = serializers.IntegerField(min_value=0, max_value=2**31 - 1, required=False, allow_null=True)
    notes = Text(max_length=10_000, required=False, allow_blank=True)
    owner = VisibleField(model=Person, required=False, allow_null=True, help_text="Empty: by the rules")
    territory = VisibleField(model=Territory, required=False, allow_null=True)
    source = Text(max_length=100, required=False, allow_blank=True)  # type: ignore[assignment]
    campaign = VisibleField(model=Campaign, required=False, allow_null=True)
    referrer = VisibleField(model=Contact, required=False, allow_null=True)
    received_at = serializers.DateTimeField(required=False, help_text="Default: now")
    custom = CustomValues("lead")


class LeadChangeWriter(Changes, LeadWriter, Versioned):
    pass


class RespondWriter(Versioned):
    kind = serializers.ChoiceField([kind for kind in Activity.Kind.choices if kind[0] != Activity.Kind.TASK])
    occurred_at = serializers.DateTimeField(required=False, help_text="Default: now")
    notes = Text(max_length=10_000, required=False, allow_blank=True)
    outcome = Text(max_length=100, required=False, allow_blank=True)


class QualifyWriter(Versioned):
    account = VisibleField(model=Account, required=False, allow_null=True, help_text="Empty: a new one")
    deal_name = Text(max_length=300, required=False, allow_blank=True)
    stage = StageField(required=False, help_text="Name of the stage; empty: the first")
    amount = Money(required=False, allow_null=True, min_value=0)
    currency = Text(min_length=3, max_length=3, required=False)
    expected_close_on = serializers.DateField(required=False, allow_null=True)


class DisqualifyWriter(Versioned):
    reason = serializers.ChoiceField(Lead.Reason.choices)
    note = Text(max_length=150, required=False, allow_blank=True)


class LeadFilter(Names):
    owner = Id("owner")
    unassigned = filters.BooleanFilter(field_name="owner", lookup_expr="isnull")
    campaign = Id("campaign")
    source = filters.CharFilter(lookup_expr="iexact")
    status = filters.MultipleChoiceFilter(choices=Lead.Status.choices)
    since = filters.DateTimeFilter(field_name="received_at", lookup_expr="gte")
    until = filters.DateTimeFilter(field_name="received_at", lookup_expr="lt")


class Leads(Records):
    """Who may become a customer."""

    model = Lead
    joins = ("owner", "campaign")
    serializer_class = LeadSerializer
    filterset_class = LeadFilter
    ordering_fields = ("id", "received_at", "name")

    @extend_schema(request=LeadWriter, responses={201: LeadSerializer})
    def create(self, request: Request) -> Response:
        """Add a lead; without an owner the rules say whose it is."""
        return self.shown(leads.add_lead(by=self.by, at=clock.now(), **self.cleaned(LeadWriter)), status=201)

    @extend_schema(request=LeadChangeWriter, responses=LeadSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change a lead; its status by the acts."""
        return self._act(leads.change_lead, self.cleaned(LeadChangeWriter))

    @extend_schema(responses={204: OpenApiResponse(description="Withdrawn")})
    def destroy(self, request: Request, pk: str) -> Response:
        """Withdraw a lead from every list."""
        leads.withdraw_lead(lead=self.get_object(), by=self.by, at=clock.now())
        return Response(status=204)

    @extend_schema(request=RespondWriter, responses=LeadSerializer)
    @action(detail=True, methods=["post"])
    def respond(self, request: Request, pk: str) -> Response:
        """Log that somebody spoke or wrote to it; the first time is its response."""
        return self._act(leads.respond_to_lead, self.cleaned(RespondWriter))

    @extend_schema(request=QualifyWriter, responses=LeadSerializer)
    @action(detail=True, methods=["post"])
    def qualify(self, request: Request, pk: str) -> Response:
        """Make it a contact and a deal, at an account that stands or a new one."""
        return self._act(leads.qualify_lead, {"on": today_of(request)} | self.cleaned(QualifyWriter))

    @extend_schema(request=DisqualifyWriter, responses=LeadSerializer)
    @action(detail=True, methods=["post"])
    def disqualify(self, request: Request, pk: str) -> Response:
        """Nothing will come of it, and why."""
        return self._act(leads.disqualify_lead, self.cleaned(DisqualifyWriter))

    @extend_schema(request=Versioned, responses=LeadSerializer)
    @action(detail=True, methods=["post"])
    def reopen(self, request: Request, pk: str) -> Response:
        """A decided lead waits again."""
        return self._act(leads.reopen_lead, self.cleaned(Versioned))

    def _act(self, act: Any, said: dict[str, Any]) -> Response:
        return self.shown(act(lead=self.get_object(), by=self.by, at=clock.now(), **said))


class CampaignSerializer(serializers.ModelSerializer):
    reach = serializers.SerializerMethodField()

    class Meta:
        model = Campaign
        fields = (
            "id",
            "external_id",
            "name",
            "channel",
            "audience",
            "industries",
            "countries",
            "least_employees",
            "most_employees",
            "starts_on",
            "ends_on",
            "cost",
            "currency",
            "version",
            "reach",
        )
        read_only_fields = fields

    def get_reach(self, campaign: Campaign) -> dict[str, Any] | None:
        """Of the leads one's role counts; only of a single campaign."""
        if self.parent is not None:
            return None
        [reach] = reached(self.context["request"].user, [campaign])
        counts = {
            name: getattr(reach, name)
            for name in ("leads", "inside", "outside", "unknown", "qualified", "disqualified", "waiting", "won")
        }
        seconds = reach.median_response.total_seconds() if reach.median_response is not None else None
        return counts | {"won_amount": f"{reach.won_amount:.2f}", "median_response_seconds": seconds}


class CampaignWriter(Writer):
    name = Text(max_length=200)
    channel = Text(max_length=100, required=False, allow_blank=True)
    audience = Text(max_length=500, required=False, allow_blank=True)
    industries = serializers.ListField(child=Text(max_length=100), required=False, max_length=100)
    countries = serializers.ListField(child=Text(max_length=100), required=False, max_length=100)
    least_employees = serializers.IntegerField(min_value=0, max_value=2**31 - 1, required=False, allow_null=True)
    most_employees = serializers.IntegerField(min_value=0, max_value=2**31 - 1, required=False, allow_null=True)
    starts_on = serializers.DateField(required=False, allow_null=True)
    ends_on = serializers.DateField(required=False, allow_null=True)
    cost = Money(required=False, allow_null=True, min_value=0)
    currency = Text(min_length=3, max_length=3, required=False)


class CampaignChangeWriter(Changes, CampaignWriter, Versioned):
    pass


class Campaigns(Records):
    """What marketing does to be heard; a single one with whom it reached."""

    model = Campaign
    serializer_class = CampaignSerializer
    filterset_class = Names
    ordering_fields = ("id", "name")

    @extend_schema(request=CampaignWriter, responses={201: CampaignSerializer})
    def create(self, request: Request) -> Response:
        """Add a campaign: marketing, operations and admin do."""
        return self.shown(campaigns.add_campaign(by=self.by, **self.cleaned(CampaignWriter)), status=201)

    @extend_schema(request=CampaignChangeWriter, responses=CampaignSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change a campaign."""
        said = self.cleaned(CampaignChangeWriter)
        return self.shown(campaigns.change_campaign(campaign=self.get_object(), by=self.by, **said))


class ReferralSerializer(serializers.ModelSerializer):
    class Meta:
        model = Referral
        fields = (
            "id",
            "external_id",
            "owner",
            "account",
            "contact",
            "asked_on",
            "note",
            "lead",
            "declined_on",
            "thanked_on",
            "version",
        )
        read_only_fields = fields


class ReferralWriter(Writer):
    account = VisibleField(model=Account)
    contact = VisibleField(model=Contact, required=False, allow_null=True)
    owner = VisibleField(model=Person, required=False, allow_null=True)
    note = Text(max_length=500, required=False, allow_blank=True)


class FollowWriter(Versioned):
    lead = VisibleField(model=Lead)


class ReferralFilter(filters.FilterSet):
    owner = Id("owner")
    account = Id("account")
    is_thanked = filters.BooleanFilter(field_name="thanked_on", lookup_expr="isnull", exclude=True)
    external_id = filters.CharFilter()


class Referrals(Records):
    """Customers asked for a referral, and what came of it."""

    model = Referral
    serializer_class = ReferralSerializer
    filterset_class = ReferralFilter
    ordering_fields = ("id", "asked_on")

    @extend_schema(request=ReferralWriter, responses={201: ReferralSerializer})
    def create(self, request: Request) -> Response:
        """Say that a customer was asked today."""
        said = own_or_said(request, self.cleaned(ReferralWriter))
        made = referrals.ask_for_referral(by=self.by, on=today_of(request), at=clock.now(), **said)
        return self.shown(made, status=201)

    @extend_schema(request=FollowWriter, responses=ReferralSerializer)
    @action(detail=True, methods=["post"])
    def follow(self, request: Request, pk: str) -> Response:
        """Say which lead came of it."""
        said = self.cleaned(FollowWriter) | {"on": today_of(request), "at": clock.now()}
        return self.shown(referrals.follow_referral(referral=self.get_object(), by=self.by, **said))

    @extend_schema(request=Versioned, responses=ReferralSerializer)
    @action(detail=True, methods=["post"])
    def decline(self, request: Request, pk: str) -> Response:
        """They would rather not."""
        said = self.cleaned(Versioned) | {"on": today_of(request)}
        return self.shown(referrals.decline_referral(referral=self.get_object(), by=self.by, **said))

    @extend_schema(request=Versioned, responses=ReferralSerializer)
    @action(detail=True, methods=["post"])
    def thank(self, request: Request, pk: str) -> Response:
        """They were thanked today."""
        said = self.cleaned(Versioned) | {"on": today_of(request), "at": clock.now()}
        return self.shown(referrals.thank_for_referral(referral=self.get_object(), by=self.by, **said))


class RecommendationSerializer(serializers.ModelSerializer):
    class Meta:
        model = Recommendation
        fields = (
            "id",
            "account",
            "owner",
            "kind",
            "product",
            "contact",
            "contract",
            "sentence",
            "evidence",
            "made_on",
            "state",
            "decided_at",
            "task",
            "order",
            "deal",
        )
        read_only_fields = fields


class RecommendationFilter(filters.FilterSet):
    owner = Id("owner")
    account = Id("account")
    kind = filters.MultipleChoiceFilter(choices=Recommendation.Kind.choices)
    state = filters.MultipleChoiceFilter(choices=Recommendation.State.choices)


class TakeWriter(Writer):
    due_on = serializers.DateField(required=False, help_text="Default: in three days")


class Nothing(Writer):
    """Nothing is to be said."""


class Recommendations(Records):
    """What the records suggest for customers one has."""

    model = Recommendation
    serializer_class = RecommendationSerializer
    filterset_class = RecommendationFilter
    ordering_fields = ("id", "made_on")

    @extend_schema(request=TakeWriter, responses=RecommendationSerializer)
    @action(detail=True, methods=["post"])
    def take(self, request: Request, pk: str) -> Response:
        """Make it a task."""
        said = self.cleaned(TakeWriter) | {"on": today_of(request), "at": clock.now()}
        found = self._decidable()
        recommendations.take_recommendation(recommendation=found, by=self.by, **said)
        return self.shown(found)

    @extend_schema(request=Nothing, responses=RecommendationSerializer)
    @action(detail=True, methods=["post"])
    def dismiss(self, request: Request, pk: str) -> Response:
        """Not this one; it is not made again for a while."""
        self.cleaned(Nothing)
        found = self._decidable()
        return self.shown(recommendations.dismiss_recommendation(recommendation=found, by=self.by, at=clock.now()))

    def _decidable(self) -> Recommendation:
        found: Recommendation = self.get_object()
        if not may_decide(self.by, found):
            raise NotFound
        return found


class GiftSerializer(serializers.ModelSerializer):
    class Meta:
        model = Gift
        fields = ("id", "external_id", "contact", "account", "owner", "occasion", "amount", "currency", "given_on")
        read_only_fields = fields


class GiftWriter(Writer):
    contact = VisibleField(model=Contact)
    account = VisibleField(model=Account, required=False, allow_null=True)
    owner = VisibleField(model=Person, required=False, allow_null=True)
    occasion = Text(max_length=200)
    amount = Money()
    currency = Text(min_length=3, max_length=3, required=False)
    given_on = serializers.DateField(required=False, help_text="Default: today")


class GiftFilter(filters.FilterSet):
    owner = Id("owner")
    account = Id("account")
    contact = Id("contact")
    since = filters.DateFilter(field_name="given_on", lookup_expr="gte")
    until = filters.DateFilter(field_name="given_on", lookup_expr="lt")


class Gifts(Records):
    """The register of gifts."""

    model = Gift
    serializer_class = GiftSerializer
    filterset_class = GiftFilter
    ordering_fields = ("id", "given_on")

    @extend_schema(request=GiftWriter, responses={201: GiftSerializer})
    def create(self, request: Request) -> Response:
        """Register a gift: within the yearly limit per recipient, none to public officials."""
        said = own_or_said(request, {"given_on": today_of(request)} | self.cleaned(GiftWriter))
        return self.shown(gifts.give_gift(by=self.by, at=clock.now(), **said), status=201)

    @extend_schema(responses={204: OpenApiResponse(description="Withdrawn")})
    def destroy(self, request: Request, pk: str) -> Response:
        """Take a gift that was not given out of the register."""
        gifts.withdraw_gift(gift=self.get_object(), by=self.by, at=clock.now())
        return Response(status=204)
