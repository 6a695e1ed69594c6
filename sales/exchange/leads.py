"""Leads as a table."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from sales.models import Campaign, Lead, LeadChange
from sales.services.assignment import assign_leads
from salesmgmt.lib.kinds import Field, Kind, Occurrences, Plan, Settling
from teams.exchange import Once

from . import EXTERNAL_ID, OWNER, _given, _with_external_id

LEAD = (
    "external_id", "name", "company", "email", "phone", "country", "industry", "employees", "owner", "source",
    "first_response_at", "status", "referrer", "notes",
)  # fmt: skip
DECIDED = {Lead.Status.QUALIFIED, Lead.Status.DISQUALIFIED}


def _plan(plan: Plan) -> None:
    once, known = Once(), _with_external_id(plan, Lead.objects.all())
    campaigns = {one.name.casefold(): one for one in Campaign.objects.present().order_by("-pk")}
    same = Occurrences.of(())
    if any("external_id" not in row.values for row in plan.taken()):
        same = Occurrences.of(
            (_key(one), one) for one in Lead.objects.present().filter(external_id=None).order_by("pk")
        )
    for row in plan.taken():
        values = _given(row, *LEAD)
        lead = known.get(row.get("external_id"))
        if "external_id" not in values:
            lead = same.next(_key(Lead(**{name: values.get(name, "") for name in ("name", "company", "email")})))
        received_at = row.get("created_at", lead.received_at if lead else plan.at)
        status = values.get("status", lead.status if lead else Lead.Status.NEW)
        answered_at = row.get("first_response_at", lead.first_response_at if lead else None)
        if answered_at is not None and answered_at < received_at:
            plan.refuse(row, "first_response_at", "It comes before created_at; nobody answers before being asked.")
        reason = row.get("reason", lead.disqualified_for if lead and lead.status == status else "")
        if reason and status != Lead.Status.DISQUALIFIED:
            plan.refuse(row, "reason", "Only a disqualified lead has a reason.")
        if not plan.refer(row):
            continue
        values = _given(row, *LEAD) | {"received_at": received_at, "status": status, "disqualified_for": reason}
        stood = lead.decided_at if lead and lead.status == status else None
        values["decided_at"] = row.get("decided_at", stood or answered_at or received_at) if status in DECIDED else None
        if "campaign" in row.values:
            name = row.values["campaign"]
            if name.casefold() not in campaigns:
                campaigns[name.casefold()] = plan.create(Campaign(name=name), row)
                plan.made.append(f"campaign {name}")
            values["campaign"] = campaigns[name.casefold()]
        if lead is None:
            lead = plan.create(Lead(**values), row)
            row.act = "created"
            known |= {lead.external_id: lead} if lead.external_id else {}
            once.admits(plan, row, lead, "external_id")
            told = LeadChange(lead=lead, changed_at=received_at, by=plan.by, field="status", value=status)
            plan.create(told, row, is_quiet=True)
        elif once.admits(plan, row, lead, "external_id") and (before := plan.change(lead, row, **values)):
            row.act = "changed"
            for name in {"status", "owner", "campaign", "first_response_at"} & before.keys():
                change = LeadChange(lead=lead, changed_at=plan.at, by=plan.by, field=name)
                change.was, change.value = _told(before[name]), _told(getattr(lead, name))
                plan.create(change, row)


def _key(one: Lead) -> tuple[str, ...]:
    """By what a lead without external id is known again."""
    return one.name.casefold(), one.company.casefold(), one.email.casefold()


def _told(value: Any) -> str:
    return "" if value is None else str(getattr(value, "pk", value))


def _settle(settling: Settling) -> None:
    """Those that wait and that the file gives to nobody go by the rules."""
    assign_leads(lead_ids=settling.ids.get(Lead._meta.label, ()), by=settling.by, at=settling.at)


def _rows() -> Iterator[dict[str, Any]]:
    leads = Lead.objects.present().select_related("owner", "campaign", "referrer").order_by("pk")
    for lead in leads.iterator(2000):
        yield {name: getattr(lead, name) for name in (*LEAD, "campaign", "decided_at")} | {
            "": lead,
            "created_at": lead.received_at,
            "reason": lead.disqualified_for,
        }


KINDS = [
    Kind(
        "leads",
        (
            Field("external_id", longest=100, also=("lead_id", *EXTERNAL_ID)),
            Field("name", needed=True, also=("lead", "lead_name", "full_name", "contact")),
            Field("company", also=("company_name", "account", "organization", "organisation")),
            Field("email", "email", also=("e_mail", "mail", "email_address")),
            Field("owner", "reference", to="person", also=OWNER.also),
            Field("source", longest=100, also=("lead_source",)),
            Field("campaign", also=("campaign_name",)),
            Field("created_at", "moment", also=("created", "created_date", "received_at", "created_on", "date")),
            Field("first_response_at", "moment", also=("first_responded_at", "first_response")),
            Field("status", "choice", choices=tuple(Lead.Status.values), also=("lead_status", "state")),
            Field("referrer", "reference", to="contact", also=("referred_by",)),
            Field("reason", "choice", choices=tuple(Lead.Reason.values), also=("disqualified_for",)),
            Field("decided_at", "moment", also=("converted_at", "converted_date")),
            Field("phone", longest=50, also=("telephone", "mobile", "phone_number")),
            Field("country", longest=100),
            Field("industry", longest=100),
            Field("employees", "whole", least=Decimal(0), also=("number_of_employees",)),
            Field("notes", longest=10_000, also=("note", "comment", "description")),
        ),
        _plan,
        _rows,
        settle=_settle,
        together=("external_id", "name+company+email"),
    )
]
