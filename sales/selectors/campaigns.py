"""Whom campaigns reached, and what came of it."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db.models import (
    BooleanField,
    Case,
    CharField,
    Count,
    DurationField,
    ExpressionWrapper,
    F,
    Func,
    Q,
    QuerySet,
    Sum,
    Value,
    When,
)

from sales.models import Campaign, Lead, Outcome
from salesmgmt.lib.ratios import ratio
from teams.models import Role, Team, User, Viewer, access_of


class AmongThem(Func):
    """Is a text one of an array's, whatever its case?"""

    template = "lower(%(expressions)s::text)::text[])"
    arg_joiner = ") = ANY(lower("
    output_field = BooleanField()


class Median(Func):
    function = "percentile_cont"
    template = "percentile_cont(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = DurationField()
    contains_aggregate = True
    window_compatible = False

    def get_group_by_cols(self) -> list[Any]:
        return []


def _is_marketing(user: User) -> bool:
    """Posted to a team of marketing, or below one."""
    if not hasattr(user, "_is_marketing"):
        access = access_of(user)
        user._is_marketing = bool(  # type: ignore[attr-defined]
            access.role == Role.DEPARTMENT
            and access.team_id
            and (team := Team.objects.filter(pk=access.team_id).first())
            and Team.objects.filter(pk__in=team.path, name__icontains="marketing").exists()
        )
    return bool(user._is_marketing)  # type: ignore[attr-defined]


def may_run_campaigns(user: User) -> bool:
    """Marketing, operations and admin."""
    return access_of(user).imports or _is_marketing(user)


def sees_totals(user: User) -> bool:
    """Whether a campaign reached whom it was meant for is shown to marketing and to whoever sees all."""
    return access_of(user).sees_all or _is_marketing(user)


def leads_counted(user: User) -> QuerySet[Lead]:
    """The leads a campaign's figures are made of: all for who sees totals, else one's own."""
    return Lead.objects.present() if sees_totals(user) else Lead.objects.visible_to(user)


def _asks(name: str) -> Q:
    return ~Q(**{f"campaign__{name}": []})


REACH = Case(
    When(
        Q(_asks("industries"), ~Q(industry=""), ~Q(AmongThem("industry", "campaign__industries")))
        | Q(_asks("countries"), ~Q(country=""), ~Q(AmongThem("country", "campaign__countries")))
        | Q(employees__lt=F("campaign__least_employees"))
        | Q(employees__gt=F("campaign__most_employees")),
        then=Value("outside"),
    ),
    When(
        Q(_asks("industries"), industry="")
        | Q(_asks("countries"), country="")
        | Q(Q(campaign__least_employees__isnull=False) | Q(campaign__most_employees__isnull=False), employees=None),
        then=Value("unknown"),
    ),
    default=Value("inside"),
    output_field=CharField(),
)
"""Outside where anything that is known contradicts the audience; unknown where what was asked for isn't known."""


def with_reach(leads: QuerySet[Lead]) -> QuerySet[Lead]:
    """Leads of campaigns with `reach`: inside, outside or unknown."""
    return leads.filter(campaign__isnull=False).annotate(reach=REACH)


@dataclass(frozen=True, slots=True)
class Reach:
    """What came of a campaign."""

    campaign: Campaign
    leads: int
    inside: int
    outside: int
    unknown: int
    qualified: int
    disqualified: int
    waiting: int
    answered: int
    median_response: timedelta | None
    won: int
    won_amount: Decimal
    """Of their deals, in reporting currency, by the ledger."""
    shows_cost: bool

    @property
    def share_inside(self) -> Decimal | None:
        """Of those of whom it is known."""
        return ratio(self.inside, self.inside + self.outside)

    @property
    def cost_per_lead(self) -> Decimal | None:
        return ratio(self.campaign.cost, self.leads) if self.shows_cost else None

    @property
    def cost_per_qualified(self) -> Decimal | None:
        return ratio(self.campaign.cost, self.qualified) if self.shows_cost else None


def reached(user: User, campaigns: list[Campaign]) -> list[Reach]:
    """Whom each campaign reached, in two queries however many they are."""
    leads = leads_counted(user).filter(campaign__in=campaigns)
    response = ExpressionWrapper(F("first_response_at") - F("received_at"), output_field=DurationField())
    rows: dict[int, Any] = {
        row["campaign"]: row
        for row in with_reach(leads)
        .values("campaign")
        .order_by("campaign")
        .annotate(
            leads=Count("pk"),
            inside=Count("pk", filter=Q(reach="inside")),
            outside=Count("pk", filter=Q(reach="outside")),
            unknown=Count("pk", filter=Q(reach="unknown")),
            qualified=Count("pk", filter=Q(status=Lead.Status.QUALIFIED)),
            disqualified=Count("pk", filter=Q(status=Lead.Status.DISQUALIFIED)),
            answered=Count("first_response_at"),
            median_response=Median(response),
        )
    }
    won: dict[int, Any] = {
        row["deal__leads__campaign"]: row
        for row in Outcome.objects.filter(status="won", deal__withdrawn_at=None, deal__leads__in=leads)
        .values("deal__leads__campaign")
        .order_by("deal__leads__campaign")
        .annotate(won=Sum("count"), amount=Sum("amount"))
    }
    shows_cost = sees_totals(user)
    found = []
    for campaign in campaigns:
        row = rows.get(campaign.pk, {})
        counts: dict[str, int] = {
            name: row.get(name, 0)
            for name in ("leads", "inside", "outside", "unknown", "qualified", "disqualified", "answered")
        }
        sold = won.get(campaign.pk, {})
        found.append(
            Reach(
                campaign=campaign,
                **counts,
                waiting=counts["leads"] - counts["qualified"] - counts["disqualified"],
                median_response=row.get("median_response"),
                won=sold.get("won", 0),
                won_amount=sold.get("amount", Decimal(0)),
                shows_cost=shows_cost,
            )
        )
    return found


def campaigns(user: Viewer, *, text: str = "") -> QuerySet[Campaign]:
    found = Campaign.objects.visible_to(user)
    return found.filter(name__icontains=text) if text else found
