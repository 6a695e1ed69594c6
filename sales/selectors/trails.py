"""What else the API reads: changes as they came, and how things are set up."""

from django.db.models import QuerySet

from sales.models import (
    Account,
    AccountProfile,
    AssignmentRule,
    CustomField,
    Deal,
    DealChange,
    DiscountLimit,
    Lead,
    LeadChange,
)
from teams.models import Viewer, access_of


def deal_changes(user: Viewer) -> QuerySet[DealChange]:
    return DealChange.objects.filter(deal__in=Deal.objects.visible_to(user).values("pk"))


def lead_changes(user: Viewer) -> QuerySet[LeadChange]:
    return LeadChange.objects.filter(lead__in=Lead.objects.visible_to(user).values("pk"))


def account_profiles(user: Viewer) -> QuerySet[AccountProfile]:
    return AccountProfile.objects.filter(account__in=Account.objects.visible_to(user).values("pk"))


def custom_fields() -> QuerySet[CustomField]:
    return CustomField.objects.all()


def discount_limits(user: Viewer) -> QuerySet[DiscountLimit]:
    """One's own role's, and for who leads or sees all everybody's."""
    access = access_of(user)
    limits = DiscountLimit.objects.all()
    return limits if access.sees_all or access.leads else limits.filter(role=access.role)


def assignment_rules(user: Viewer) -> QuerySet[AssignmentRule]:
    """For who sets them up."""
    return AssignmentRule.objects.all() if access_of(user).imports else AssignmentRule.objects.none()
