"""Referrals: a happy customer is asked, the lead that comes of it is followed to its deal, and the customer thanked."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Q

from sales.models import Account, Contact, Lead, Recommendation, Referral, Task
from salesmgmt.lib.refusals import Refused
from teams.models import Person, User

from .guards import WITHDRAWN, require_current, require_sight, require_write

YEAR = timedelta(days=365)
THANK_WITHIN = timedelta(days=2)
SOURCE = "referral"


@transaction.atomic
def ask_for_referral(
    *,
    account: Account,
    owner: Person,
    by: User | None,
    on: date,
    at: datetime,
    contact: Contact | None = None,
    note: str = "",
    external_id: str | None = None,
) -> Referral:
    """Write down that a customer was asked whom else we should know; not twice within a year."""
    require_write(by, owner)
    require_sight(by, account=account, contact=contact)
    if contact is not None and contact.is_not_to_be_contacted:
        raise Refused(f"{contact} is not to be contacted.", field="contact")
    # Two who ask at once wait for each other here.
    Account.objects.select_for_update(of=("self",)).get(pk=account.pk)
    last = Referral.objects.present().filter(account=account, asked_on__gt=on - YEAR).order_by("-asked_on").first()
    if last is not None:
        raise Refused(
            f"{account} was asked on {last.asked_on:%-d %b %Y}; ask again a year after that.", field="account"
        )
    suggested = Recommendation.objects.open().filter(account=account, kind=Recommendation.Kind.REFERRAL)
    suggested.update(state=Recommendation.State.TAKEN, decided_at=at, decided_by=by)
    return Referral.objects.create(
        owner=owner, account=account, contact=contact, asked_on=on, note=note, external_id=external_id
    )


@transaction.atomic
def follow_referral(
    *, referral: Referral, lead: Lead, by: User | None, at: datetime, on: date, version: int | None = None
) -> Referral:
    """Say which lead came of it."""
    referral = _locked(referral, by, version)
    require_sight(by, lead=lead)
    if referral.lead_id == lead.pk:
        return referral
    if referral.lead_id is not None:
        raise Refused("Another lead came of this already.", field="lead")
    if Referral.objects.filter(lead=lead).exists():
        raise Refused("This lead came of another referral.", field="lead")
    if referral.declined_on is not None:
        raise Refused(f"They declined on {referral.declined_on:%-d %b %Y}.", field="lead")
    referral.lead = lead
    if lead.referrer_id is None and referral.contact_id is not None:
        lead.referrer_id = referral.contact_id
        lead.save(update_fields=["referrer"])
    _saved(referral, "lead")
    ask_to_thank(at=at, on=on, lead_ids=[lead.pk])
    return referral


@transaction.atomic
def decline_referral(*, referral: Referral, by: User | None, on: date, version: int | None = None) -> Referral:
    """They would rather not."""
    referral = _locked(referral, by, version)
    if referral.lead_id is not None:
        raise Refused("A lead came of it already.")
    if referral.declined_on is None:
        _require_after(referral, on)
        referral.declined_on = on
        _saved(referral, "declined_on")
    return referral


@transaction.atomic
def thank_for_referral(
    *, referral: Referral, by: User | None, on: date, at: datetime, version: int | None = None
) -> Referral:
    """They were thanked; the task that asked for it is done."""
    referral = _locked(referral, by, version)
    if referral.declined_on is not None:
        raise Refused(f"They declined on {referral.declined_on:%-d %b %Y}.")
    _require_after(referral, on)
    referral.thanked_on = on
    _saved(referral, "thanked_on")
    Task.objects.filter(source=SOURCE, lead=referral.lead_id, lead__isnull=False, done_at=None).update(done_at=at)
    return referral


@transaction.atomic
def ask_to_thank(*, at: datetime, on: date, lead_ids: Iterable[int] | None = None) -> int:
    """A task to thank whoever referred a lead: once when it is qualified, once when its deal is won.

    Asked again, it adds nothing. Answers how many tasks it took.
    """
    came = Referral.objects.present().filter(lead__withdrawn_at=None, lead__status=Lead.Status.QUALIFIED)
    if lead_ids is not None:
        came = came.filter(lead__in=list(lead_ids))
    came = came.filter(Q(thanked_on=None) | Q(lead__deal__status="won"))
    joined = ("account", "contact", "owner", "lead__deal")
    found = list(came.select_related(*joined).select_for_update(of=("self",)).order_by("pk"))
    asked = {
        (lead, reason)
        for lead, reason in Task.objects.filter(source=SOURCE, lead__in=[row.lead_id for row in found]).values_list(
            "lead_id", "reason"
        )
    }
    rows = []
    for referral in found:
        lead = referral.lead
        assert lead is not None
        deal = lead.deal
        is_won = deal is not None and deal.status == "won" and deal.withdrawn_at is None
        reason = "Their referral became a customer." if is_won else "Their referral became a deal."
        thanked = referral.thanked_on is not None and not (
            is_won and deal and deal.closed_on and referral.thanked_on < deal.closed_on
        )
        if (lead.pk, reason) in asked or thanked:
            continue
        who = f"{referral.contact} ({referral.account})" if referral.contact else str(referral.account)
        rows.append(
            Task(
                owner=referral.owner,
                text=f"Thank {who} for referring {lead.company or lead.name}"[:300],
                due_on=on + THANK_WITHIN,
                source=SOURCE,
                reason=reason,
                link="/referrals/",
                account=referral.account,
                contact=referral.contact,
                lead=lead,
            )
        )
    return len(Task.objects.bulk_create(rows))


def _locked(referral: Referral, by: User | None, version: int | None) -> Referral:
    found = Referral.objects.select_for_update(of=("self",)).select_related("owner", "account").get(pk=referral.pk)
    if found.withdrawn_at is not None:
        raise Refused(WITHDRAWN)
    require_write(by, found.owner)
    require_current(version, found.version, noun="referral", who=None, when=None)
    return found


def _require_after(referral: Referral, on: date) -> None:
    if on < referral.asked_on:
        raise Refused(f"They were asked on {referral.asked_on:%-d %b %Y}, after that day.", field="on")


def _saved(referral: Referral, field: str) -> None:
    referral.version += 1
    referral.save(update_fields=[field, "version"])
