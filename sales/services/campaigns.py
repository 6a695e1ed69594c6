"""Campaigns: what marketing does to be heard, and by whom it meant to be."""

from typing import Any

from django.db import transaction

from sales.models import Campaign
from sales.selectors.campaigns import may_run_campaigns
from salesmgmt.lib.refusals import Refused
from teams.models import User

from .guards import WITHDRAWN, organisation_for, require_current, require_money

FIELDS = frozenset(
    {
        "name", "channel", "audience", "industries", "countries", "least_employees", "most_employees", "starts_on",
        "ends_on", "cost", "currency",
    }
)  # fmt: skip


@transaction.atomic
def add_campaign(*, by: User | None, external_id: str | None = None, **fields: Any) -> Campaign:
    """Add a campaign: marketing, operations and admin do."""
    _require_marketing(by)
    campaign = Campaign(external_id=external_id)
    _fill(campaign, by, fields)
    campaign.save()
    return campaign


@transaction.atomic
def change_campaign(*, campaign: Campaign, by: User | None, version: int | None = None, **fields: Any) -> Campaign:
    """Change what a campaign says."""
    _require_marketing(by)
    campaign = Campaign.objects.select_for_update(of=("self",)).get(pk=campaign.pk)
    if campaign.withdrawn_at is not None:
        raise Refused(WITHDRAWN)
    require_current(version, campaign.version, noun="campaign", who=None, when=None)
    _fill(campaign, by, fields)
    campaign.version += 1
    campaign.save(update_fields=[*fields, "currency", "version"])
    return campaign


def _fill(campaign: Campaign, by: User | None, fields: dict[str, Any]) -> None:
    if unknown := fields.keys() - FIELDS:
        raise TypeError(f"A campaign has no {', '.join(sorted(unknown))}.")
    for field, value in fields.items():
        setattr(campaign, field, value)
    campaign.name = campaign.name.strip()
    if not campaign.name:
        raise Refused("A campaign needs a name.", field="name")
    if Campaign.objects.present().filter(name=campaign.name).exclude(pk=campaign.pk).exists():
        raise Refused(f"There is a campaign called “{campaign.name}” already.", field="name")
    if campaign.starts_on and campaign.ends_on and campaign.ends_on < campaign.starts_on:
        raise Refused("A campaign ends after it starts.", field="ends_on")
    least, most = campaign.least_employees, campaign.most_employees
    if least is not None and most is not None and most < least:
        raise Refused(
            f"From {least} to {most} employees is nobody; the second number is the larger.", field="most_employees"
        )
    campaign.cost = require_money(campaign.cost, field="cost")
    campaign.currency = campaign.currency or organisation_for(by).currency


def _require_marketing(by: User | None) -> None:
    if by is not None and not may_run_campaigns(by):
        raise Refused("Marketing, operations and admin run the campaigns.")
