"""Leads: added, answered, assigned, qualified into account, contact and deal, or not; and reopened."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Model

from sales.models import (
    Account,
    Activity,
    Campaign,
    Contact,
    Deal,
    Lead,
    LeadChange,
    Referral,
    Stage,
    Task,
)
from salesmgmt.lib.refusals import Refused
from teams.models import Person, Territory, User, access_of
from teams.selectors import person_of

from .accounts import add_account, add_contact
from .activities import log_activity
from .assignment import assign_leads, tell_owners
from .custom import take_custom
from .deals import open_deal
from .guards import WITHDRAWN, require_current, require_sight, require_write
from .referrals import ask_to_thank

CHANGEABLE = frozenset(
    {
        "name", "company", "email", "phone", "country", "industry", "employees", "notes", "owner", "territory",
        "source", "campaign", "referrer", "received_at", "custom",
    }
)  # fmt: skip


@transaction.atomic
def add_lead(
    *,
    name: str,
    by: User | None,
    at: datetime,
    owner: Person | None = None,
    company: str = "",
    email: str = "",
    phone: str = "",
    country: str = "",
    industry: str = "",
    employees: int | None = None,
    notes: str = "",
    territory: Territory | None = None,
    source: str = "",
    campaign: Campaign | None = None,
    referrer: Contact | None = None,
    contact: Contact | None = None,
    received_at: datetime | None = None,
    custom: dict[str, Any] | None = None,
    external_id: str | None = None,
) -> Lead:
    """Write down somebody who may become a customer. Without an owner the rules say whose it is."""
    if owner is not None:
        require_write(by, owner)
    require_sight(by, campaign=campaign, referrer=referrer, contact=contact)
    if not name.strip():
        raise Refused("A lead needs a name.", field="name")
    _require_received(received_at, at)
    lead = Lead.objects.create(
        name=name.strip(),
        owner=owner,
        company=company.strip(),
        email=email,
        phone=phone,
        country=country,
        industry=industry,
        employees=employees,
        notes=notes,
        territory=territory,
        source=source,
        campaign=campaign,
        referrer=referrer,
        contact=contact,
        received_at=received_at or at,
        custom=take_custom(noun="lead", said=custom or {}, stands={}),
        external_id=external_id,
    )
    _record(lead, by, at, [("status", None, lead.status)])
    if referrer is not None:
        _follow_referral(lead)
    if owner is None:
        assign_leads(lead_ids=[lead.pk], by=by, at=at)
        lead.refresh_from_db()
    else:
        tell_owners(leads=[lead], people={owner.pk: owner}, by=by, at=at)
    return lead


@transaction.atomic
def change_lead(*, lead: Lead, by: User | None, at: datetime, version: int | None = None, **fields: Any) -> Lead:
    """Change what a lead says, its owner too. Its status has acts of its own."""
    lead = _locked(lead, by, version)
    if unknown := fields.keys() - CHANGEABLE:
        raise TypeError(f"A lead has no {', '.join(sorted(unknown))} to change.")
    if fields.get("owner") is not None:
        require_write(by, fields["owner"])
    if "owner" in fields and fields["owner"] is None and lead.owner is not None and not _sees_unassigned(by):
        raise Refused("Say whose it is; only who leads a team leaves a lead to nobody.", field="owner")
    ties = {name: fields[name] for name in ("campaign", "referrer") if name in fields}
    ties = {name: record for name, record in ties.items() if record != getattr(lead, name)}
    require_sight(by, **ties)
    if not fields.get("name", lead.name).strip():
        raise Refused("A lead needs a name.", field="name")
    if "received_at" in fields:
        _require_received(fields["received_at"], at)
        _require_answer_later(lead, by, fields["received_at"])
    if "custom" in fields:
        fields["custom"] = take_custom(noun="lead", said=fields["custom"], stands=lead.custom)
    changed = _set(lead, by, at, fields)
    if "referrer" in changed and lead.referrer is not None:
        _follow_referral(lead)
    if "owner" in changed and lead.owner is not None:
        tell_owners(leads=[lead], people={lead.owner.pk: lead.owner}, by=by, at=at)
    return lead


@transaction.atomic
def respond_to_lead(
    *,
    lead: Lead,
    by: User | None,
    at: datetime,
    occurred_at: datetime | None = None,
    kind: str = Activity.Kind.CALL,
    notes: str = "",
    outcome: str = "",
    version: int | None = None,
) -> Lead:
    """Log that somebody spoke or wrote to a lead: the first time, that is its response."""
    lead = _locked(lead, by, version)
    _require_waiting(lead)
    moment = occurred_at or at
    if moment > at:
        raise Refused("That moment is still to come.", field="occurred_at")
    if moment < lead.received_at:
        raise Refused("That was before the lead came in.", field="occurred_at")
    owner = lead.owner or (person_of(by) if by else None)
    if owner is None:
        raise Refused("Nobody has this lead yet; give it to somebody first.", field="owner")
    log_activity(
        owner=owner, kind=kind, at=moment, by=by, lead=lead, contact=lead.contact, notes=notes, outcome=outcome
    )
    lead.refresh_from_db()
    if lead.status == Lead.Status.NEW:
        _set(lead, by, at, {"status": Lead.Status.WORKING})
    return lead


@transaction.atomic
def qualify_lead(
    *,
    lead: Lead,
    by: User | None,
    at: datetime,
    on: date,
    account: Account | None = None,
    deal_name: str = "",
    stage: Stage | None = None,
    amount: Decimal | None = None,
    currency: str | None = None,
    expected_close_on: date | None = None,
    version: int | None = None,
) -> Lead:
    """A lead becomes a contact and a deal, at an account that stands or a new one; its story goes along."""
    lead = _locked(lead, by, version)
    _require_waiting(lead)
    owner = lead.owner
    if owner is None:
        raise Refused("Nobody has this lead yet; give it to somebody first.", field="owner")
    require_sight(by, account=account)
    if account is None:
        account = lead.contact.account if lead.contact else None
    if account is None:
        account = add_account(
            name=lead.company or lead.name,
            owner=owner,
            by=by,
            industry=lead.industry,
            country=lead.country,
            employees=lead.employees,
            territory=lead.territory,
        )
    contact = lead.contact or _known_contact(account, lead) or _new_contact(account, lead, by)
    deal = open_deal(
        owner=owner,
        name=deal_name.strip() or f"{account.name}: first deal"[:300],
        by=by,
        at=at,
        account=account,
        contact=contact,
        stage=stage,
        amount=amount,
        currency=currency,
        opened_on=on,
        expected_close_on=expected_close_on,
        source=lead.source,
    )
    became = {"account": account, "contact": contact, "deal": deal}
    _set(lead, by, at, {"status": Lead.Status.QUALIFIED, "decided_at": at, **became}, reason=f"Became {deal.name}")
    Task.objects.filter(lead=lead, done_at=None).update(**became)
    told = Activity.objects.filter(lead=lead)
    told.filter(contact=None).update(contact=contact)
    told.filter(deal=None).update(account=account, deal=deal)
    ask_to_thank(at=at, on=on, lead_ids=[lead.pk])
    return lead


@transaction.atomic
def disqualify_lead(
    *, lead: Lead, reason: str, by: User | None, at: datetime, note: str = "", version: int | None = None
) -> Lead:
    """Nothing will come of it, and why."""
    lead = _locked(lead, by, version)
    _require_waiting(lead)
    if reason not in Lead.Reason.values:
        raise Refused(f"Say why: one of {', '.join(Lead.Reason.values)}.", field="reason")
    decided = {"status": Lead.Status.DISQUALIFIED, "decided_at": at, "disqualified_for": reason}
    label = str(Lead.Reason(reason).label)
    _set(lead, by, at, decided, reason=f"{label}: {note.strip()}" if note.strip() else label)
    return lead


@transaction.atomic
def reopen_lead(*, lead: Lead, by: User | None, at: datetime, version: int | None = None) -> Lead:
    """A decided lead waits again; not while the deal that came of it stands."""
    lead = _locked(lead, by, version)
    if lead.is_waiting:
        raise Refused("This lead is open already.")
    if lead.deal is not None and lead.deal.withdrawn_at is None and lead.deal.status != Deal.Status.LOST:
        raise Refused(f"It became the deal {lead.deal.name}, which is {lead.deal.status}; it can't be a lead again.")
    back = {"status": Lead.Status.WORKING, "decided_at": None, "disqualified_for": ""}
    _set(lead, by, at, back, reason="Reopened")
    return lead


@transaction.atomic
def withdraw_lead(*, lead: Lead, by: User | None, at: datetime) -> None:
    """Take a lead out of every list."""
    lead = _locked(lead, by, None)
    lead.withdrawn_at = at
    lead.save(update_fields=["withdrawn_at"])


def _known_contact(account: Account, lead: Lead) -> Contact | None:
    here = Contact.objects.present().filter(account=account)
    return here.filter(email__iexact=lead.email).order_by("pk").first() if lead.email else None


def _new_contact(account: Account, lead: Lead, by: User | None) -> Contact:
    return add_contact(
        name=lead.name,
        by=by,
        account=account,
        email=lead.email,
        phone=lead.phone,
        made_by=person_of(by) if by else None,
    )


def _follow_referral(lead: Lead) -> None:
    """The last time its referrer was asked, and nothing had come of it yet: this came of it."""
    asked = Referral.objects.select_for_update(of=("self",)).filter(
        contact=lead.referrer, lead=None, declined_on=None, withdrawn_at=None
    )
    referral = asked.order_by("-asked_on", "-pk").first()
    if referral is not None and not Referral.objects.filter(lead=lead).exists():
        referral.lead = lead
        referral.version += 1
        referral.save(update_fields=["lead", "version"])


def _require_write(by: User | None, lead: Lead) -> None:
    """Whose lead it is and who leads them; what nobody has, whoever leads a team takes or gives."""
    if lead.owner is None and by is not None and access_of(by).leads:
        return
    require_write(by, lead.owner)


def _sees_unassigned(by: User | None) -> bool:
    return by is None or access_of(by).leads or access_of(by).imports


def _locked(lead: Lead, by: User | None, version: int | None) -> Lead:
    joined = ("owner", "campaign", "referrer", "territory", "account", "contact__account", "deal")
    locked = Lead.objects.select_for_update(of=("self",)).select_related(*joined).get(pk=lead.pk)
    if locked.withdrawn_at is not None:
        raise Refused(WITHDRAWN)
    _require_write(by, locked)
    if version is not None and version != locked.version:
        last = (
            LeadChange.objects.filter(lead=locked).select_related("by__person").order_by("-changed_at", "-pk").first()
        )
        who, when = (last.by, last.changed_at) if last else (None, None)
        require_current(version, locked.version, noun="lead", who=who, when=when)
    return locked


def _require_waiting(lead: Lead) -> None:
    if not lead.is_waiting and lead.decided_at is not None:
        raise Refused(f"This lead was {lead.status} on {lead.decided_at:%-d %b %Y}; reopen it first.")


def _require_received(received_at: datetime | None, at: datetime) -> None:
    if received_at is not None and received_at > at:
        raise Refused("A lead comes in before it is written down; that moment is still to come.", field="received_at")


def _require_answer_later(lead: Lead, by: User | None, received_at: datetime) -> None:
    """What came in later was answered sooner: whose lead it is doesn't say so."""
    if lead.first_response_at is not None and received_at > lead.first_response_at:
        raise Refused("It was answered before that; a lead comes in first.", field="received_at")
    if received_at > lead.received_at and by is not None and access_of(by).person_id == lead.owner_id:
        raise Refused("Only who leads you says that it came in later than it stands here.", field="received_at")


def _set(lead: Lead, by: User | None, at: datetime, fields: dict[str, Any], *, reason: str = "") -> set[str]:
    """Write what differs, with a LeadChange for each; the version goes up."""
    changed = [(field, getattr(lead, field), value) for field, value in fields.items() if getattr(lead, field) != value]
    if not changed:
        return set()
    for field, _, value in changed:
        setattr(lead, field, value)
    lead.version += 1
    lead.save(update_fields=[*(field for field, _, _ in changed), "version"])
    _record(lead, by, at, [change for change in changed if change[0] != "decided_at"], reason)
    return {field for field, _, _ in changed}


def _record(lead: Lead, by: User | None, at: datetime, changes: list[tuple[str, Any, Any]], reason: str = "") -> None:
    LeadChange.objects.bulk_create(
        LeadChange(
            lead=lead, changed_at=at, by=by, field=field, was=_said(was), value=_said(value), reason=reason[:200]
        )
        for field, was, value in changes
    )


def _said(value: Any) -> str:
    """Id of a record, ISO moment, or the text itself, as far as it fits."""
    if value is None:
        return ""
    if isinstance(value, Model):
        return str(value.pk)
    if isinstance(value, dict):
        return ", ".join(f"{name}: {said}" for name, said in sorted(value.items()))[:200]
    return value.isoformat() if isinstance(value, datetime) else str(value)[:200]
