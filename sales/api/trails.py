"""What records went through, and what is set up around them: to be read; what was entered by mistake is withdrawn."""

from typing import Any

import django_filters as filters
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from sales import selectors, services
from sales.models import (
    AccountProfile,
    AssignmentRule,
    CustomField,
    DealChange,
    DiscountLimit,
    InboundMail,
    LeadChange,
    LookAlike,
    Refund,
)
from salesmgmt.desk.api import Records
from salesmgmt.desk.models import SavedView
from salesmgmt.lib import clock
from teams.api import Id

from .orders import RefundSerializer

CHANGE = ("changed_at", "by", "field", "was", "value")


class DealChangeSerializer(serializers.ModelSerializer):
    class Meta:
        model = DealChange
        fields = ("id", "deal", *CHANGE)
        read_only_fields = fields


class ChangeFilter(filters.FilterSet):
    field = filters.CharFilter()
    since = filters.IsoDateTimeFilter(field_name="changed_at", lookup_expr="gte")
    until = filters.IsoDateTimeFilter(field_name="changed_at", lookup_expr="lt")


class DealChangeFilter(ChangeFilter):
    deal = Id("deal")


class DealChanges(Records):
    """Every change of a deal: stages, closing days (slippage), amounts, owners."""

    model = DealChange
    serializer_class = DealChangeSerializer
    filterset_class = DealChangeFilter
    ordering_fields = ("id",)

    def get_queryset(self) -> Any:
        return selectors.deal_changes(self.by)


class LeadChangeSerializer(serializers.ModelSerializer):
    class Meta:
        model = LeadChange
        fields = ("id", "lead", *CHANGE, "reason")
        read_only_fields = fields


class LeadChangeFilter(ChangeFilter):
    lead = Id("lead")


class LeadChanges(Records):
    """Every change of a lead, and the rule that assigned it."""

    model = LeadChange
    serializer_class = LeadChangeSerializer
    filterset_class = LeadChangeFilter
    ordering_fields = ("id",)

    def get_queryset(self) -> Any:
        return selectors.lead_changes(self.by)


class RefundFilter(filters.FilterSet):
    order = Id("order")
    kind = filters.ChoiceFilter(choices=Refund.Kind.choices)
    since = filters.DateFilter(field_name="occurred_on", lookup_expr="gte")
    until = filters.DateFilter(field_name="occurred_on", lookup_expr="lt")
    external_id = filters.CharFilter()


class Refunds(Records):
    """What was given back on orders."""

    model = Refund
    serializer_class = RefundSerializer
    filterset_class = RefundFilter
    ordering_fields = ("id", "occurred_on")

    @extend_schema(responses={204: OpenApiResponse(description="Withdrawn")})
    def destroy(self, request: Request, pk: str) -> Response:
        """Take a refund back that was none: its credit comes back on its own day."""
        services.withdraw_refund(refund=self.get_object(), by=self.by, at=clock.now())
        return Response(status=204)


class ProfileSerializer(serializers.ModelSerializer):
    class Meta:
        model = AccountProfile
        fields = ("id", "account", "decision", "cares_about", "needs", "do_differently", "changed_at", "version")
        read_only_fields = fields


class ProfileFilter(filters.FilterSet):
    account = Id("account")


class AccountProfiles(Records):
    """What customers are like and need, and what to do differently there."""

    model = AccountProfile
    serializer_class = ProfileSerializer
    filterset_class = ProfileFilter
    ordering_fields = ("id",)

    def get_queryset(self) -> Any:
        return selectors.account_profiles(self.by)


class LookAlikeSerializer(serializers.ModelSerializer):
    class Meta:
        model = LookAlike
        fields = ("id", "noun", "one_id", "other_id", "likeness", "why")
        read_only_fields = fields


class LookAlikeFilter(filters.FilterSet):
    noun = filters.CharFilter()


class LookAlikes(Records):
    """Accounts and contacts that may be one; for who reviews them."""

    model = LookAlike
    serializer_class = LookAlikeSerializer
    filterset_class = LookAlikeFilter
    ordering_fields = ("id",)

    def get_queryset(self) -> Any:
        return selectors.pairs(self.by)


class MailSerializer(serializers.ModelSerializer):
    class Meta:
        model = InboundMail
        fields = ("id", "received_at", "sender", "addresses", "subject", "problem", "text", "activity", "discarded_at")
        read_only_fields = fields


class MailFilter(filters.FilterSet):
    waiting = filters.BooleanFilter(field_name="activity", lookup_expr="isnull")


class Mails(Records):
    """Mails that came to one's own log address; nobody else's."""

    model = InboundMail
    serializer_class = MailSerializer
    filterset_class = MailFilter
    ordering_fields = ("id", "received_at")


# ── What is set up ──────────────────────────────────────────────────────────────────────────────────────────────


class CustomFieldSerializer(serializers.ModelSerializer):
    class Meta:
        model = CustomField
        fields = ("id", "noun", "key", "label", "kind", "choices", "position")
        read_only_fields = fields


class CustomFieldFilter(filters.FilterSet):
    noun = filters.ChoiceFilter(choices=CustomField.Noun.choices)


class CustomFields(Records):
    """Fields that this organisation added to a noun; their values stand in the records' `custom`."""

    model = CustomField
    serializer_class = CustomFieldSerializer
    filterset_class = CustomFieldFilter
    ordering_fields = ("id",)

    def get_queryset(self) -> Any:
        return selectors.custom_fields()


class DiscountLimitSerializer(serializers.ModelSerializer):
    class Meta:
        model = DiscountLimit
        fields = ("id", "role", "family", "percent")
        read_only_fields = fields


class DiscountLimits(Records):
    """How much discount a role may give by itself: one's own, and for who leads or sees all everybody's."""

    model = DiscountLimit
    serializer_class = DiscountLimitSerializer
    ordering_fields = ("id",)

    def get_queryset(self) -> Any:
        return selectors.discount_limits(self.by)


class AssignmentRuleSerializer(serializers.ModelSerializer):
    class Meta:
        model = AssignmentRule
        fields = (
            "id", "name", "position", "is_active", "source", "campaign", "country", "industry", "territory", "method",
            "person", "team",
        )  # fmt: skip
        read_only_fields = fields


class AssignmentRules(Records):
    """Who gets new leads; for who sets it up."""

    model = AssignmentRule
    serializer_class = AssignmentRuleSerializer
    ordering_fields = ("id",)

    def get_queryset(self) -> Any:
        return selectors.assignment_rules(self.by)


class SavedViewSerializer(serializers.ModelSerializer):
    class Meta:
        model = SavedView
        fields = ("id", "page", "name", "query", "is_shared")
        read_only_fields = fields


class SavedViews(Records):
    """Filters of lists under a name: one's own, and those that others share."""

    model = SavedView
    serializer_class = SavedViewSerializer
    ordering_fields = ("id",)


ENDPOINTS = {
    "deal-changes": DealChanges,
    "lead-changes": LeadChanges,
    "refunds": Refunds,
    "account-profiles": AccountProfiles,
    "look-alikes": LookAlikes,
    "mails": Mails,
    "custom-fields": CustomFields,
    "discount-limits": DiscountLimits,
    "assignment-rules": AssignmentRules,
    "saved-views": SavedViews,
}
