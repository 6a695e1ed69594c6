"""Leads as a table."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from sales.models import Campaign, Lead, LeadChange
from sales.services.assignment import assign_leads
from salesmgmt.lib.kinds import Field, Kind, Occurrences, Plan, Row, Settling
from teams.exchange import Once
from teams.models import Person

from . import EXTERNAL_ID, OWNER, _given, _with_external_id

LEAD = (
    "external_id", "name", "company", "email", "phone", "country", "industry", "employees", "owner", "source",
    "first_response_at", "status", "referrer", "notes", "territory",
)  # fmt: skip
BECAME = {"converted_account": "account", "converted_contact": "contact", "converted_deal": "deal"}
DECIDED = {Lead.Status.QUALIFIED, Lead.Status.DISQUALIFIED}


def _plan(plan: Plan) -> None:
    once, known = Once(), _with_external_id(plan, Lead.objects.all())
    campaigns = {
        text.casefold(): one
        for one in Campaign.objects.present().order_by("-pk")
        for text in (one.name, one.external_id)
        if text
    }
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
        for name in ("created_at", "first_response_at"):
            if row.get(name, plan.at) > plan.at:
                plan.refuse(row, name, "That moment is still to come.")
        if answered_at is not None and answered_at < received_at:
            plan.refuse(row, "first_response_at", "It comes before created_at; nobody answers before being asked.")
        reason = row.get("reason", lead.disqualified_for if lead and lead.status == status else "")
        if reason and status != Lead.Status.DISQUALIFIED:
            plan.refuse(row, "reason", "Only a disqualified lead has a reason.")
        if not plan.refer(row):
            continue
        became = {of: row.found[name] for name, of in BECAME.items() if name in row.found}
        values = (
            _given(row, *LEAD) | became | {"received_at": received_at, "status": status, "disqualified_for": reason}
        )
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
    named = ("owner", "campaign", "referrer", "territory", "account", "contact", "deal")
    for lead in Lead.objects.present().select_related(*named).order_by("pk").iterator(2000):
        yield {name: getattr(lead, name) for name in (*LEAD, "campaign", "decided_at")} | {
            "": lead,
            **{name: getattr(lead, of) for name, of in BECAME.items()},
            "created_at": lead.received_at,
            "reason": lead.disqualified_for,
        }


# ── What leads went through ─────────────────────────────────────────────────────────────────────────────────────

FIELDS = ("status", "owner", "campaign", "first_response_at")
NAMED: dict[str, Any] = {"owner": ("person", Person), "campaign": ("campaign", Campaign)}  # kept by their numbers


def _plan_changes(plan: Plan) -> None:
    """The changes that are not there yet, in place of the one that the import of a lead had to suppose.

    They tell the past: what a lead says today is for the leads themselves to say.
    """
    named = {
        field: plan.find(key, {row.get("value", "") for row in plan.taken() if row.values["field"] == field})
        for field, (key, _) in NAMED.items()
    }
    given: dict[tuple[int, str], list[tuple[Row, str]]] = defaultdict(list)
    for row in plan.taken():
        field, value = row.values["field"], row.get("value", "")
        if row.values["changed_at"] > plan.at:
            plan.refuse(row, "changed_at", "That moment is still to come.")
        if field in NAMED:
            row.values.pop("was", None)  # a name is no number: it follows from the change before
        if field == "status" and value not in Lead.Status.values:
            plan.refuse(row, "value", f"It must be one of {', '.join(Lead.Status.values)}.")
        elif field == "first_response_at" and value and not _is_moment(value):
            plan.refuse(row, "value", "It is not a moment; write 2026-03-31T09:00:00+00:00.")
        elif field in NAMED and value:
            known = named[field].get(value.casefold(), [])
            if len(known) != 1:
                called = f"{len(known)} are called so; use the external id." if known else "There is none."
                plan.refuse(row, "value", f"It names no {NAMED[field][0]}: {called}")
            else:
                value = str(known[0].pk)
        if plan.refer(row):
            given[row.found["lead"].pk, field].append((row, value))
    standing: dict[tuple[int, str], list[LeadChange]] = defaultdict(list)
    for one in LeadChange.objects.filter(lead__in={pk for pk, _ in given}).order_by("changed_at", "id"):
        standing[one.lead_id, one.field].append(one)
    for key, rows in given.items():
        _merge(plan, rows, standing[key])


def _merge(plan: Plan, rows: list[tuple[Row, str]], standing: list[LeadChange]) -> None:
    """One field's changes: those that stand and those given, in the sequence of their moments."""
    lead = rows[0][0].found["lead"]
    known = {(one.changed_at, one.value): one for one in standing}
    story: list[tuple[LeadChange, Row]] = []
    told_before: dict[int, str] = {}  # as the file says; else what the change before it came to
    for row, value in rows:
        change = known.pop((row.values["changed_at"], value), None)
        if change is None:
            change = LeadChange(lead=lead, changed_at=row.values["changed_at"], field=row.values["field"], value=value)
            change.by, change.reason = row.found.get("by", plan.by), row.get("reason", "")
            row.act = "created"
        elif "reason" in row.values and plan.change(change, row, reason=row.values["reason"]):
            row.act = "changed"
        if "was" in row.values:
            told_before[id(change)] = row.values["was"]
        story.append((change, row))
    supposed = known.get((lead.received_at, lead.status))
    if supposed is not None and supposed.field == "status" and supposed.was == "":
        plan.remove(known.pop((lead.received_at, lead.status)), rows[0][0])
    story += [(one, rows[0][0]) for one in known.values()]
    was = ""
    for change, row in sorted(story, key=lambda one: one[0].changed_at):
        told = told_before.get(id(change), was)
        if change.pk is None:
            change.was = told
            plan.create(change, row)
        elif change.was != told and plan.change(change, row, was=told) and row.act == "equal":
            row.act = "changed"
        was = change.value


def _is_moment(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _change_rows() -> Iterator[dict[str, Any]]:
    named = {field: {str(one.pk): one for one in model.objects.all()} for field, (_, model) in NAMED.items()}
    changes = LeadChange.objects.filter(lead__withdrawn_at=None, field__in=FIELDS).select_related("lead", "by")
    for one in changes.order_by("lead_id", "changed_at", "id").iterator(2000):
        value: Any = named[one.field].get(one.value, one.value) if one.field in NAMED else one.value
        told = {name: getattr(one, name) for name in ("lead", "changed_at", "field", "reason")}
        was = one.was if one.field not in NAMED else None
        yield told | {"value": value, "was": was, "by": one.by and one.by.username}


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
            Field("territory", "reference", to="territory"),
            Field("converted_account", "reference", to="account"),
            Field("converted_contact", "reference", to="contact"),
            Field("converted_deal", "reference", to="deal"),
        ),
        _plan,
        _rows,
        settle=_settle,
        together=("external_id", "name+company+email"),
    ),
    Kind(
        "lead_changes",
        (
            Field("lead", "reference", needed=True, to="lead", also=("lead_id",)),
            Field("changed_at", "moment", needed=True, also=("at", "when", "date", "created_date", "timestamp")),
            Field("field", "choice", needed=True, choices=FIELDS, also=("property",)),
            Field("value", also=("new_value", "to")),
            Field("was", also=("old_value",)),
            Field("reason"),
            Field("by", "reference", to="login"),
        ),
        _plan_changes,
        _change_rows,
        together=("lead",),
    ),
]
