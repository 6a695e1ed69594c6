"""A book of business goes from one person to another, on a day, once both managers have consented."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.urls import reverse

from sales.models import Account, Complaint, Contract, Deal, DealChange, DealShare, Handover, HandoverItem, Lead, Task
from sales.selectors.handovers import consents_of, may_propose_for, takers
from salesmgmt.desk.models import Notice
from salesmgmt.lib import clock
from salesmgmt.lib.holds import refuse_held
from salesmgmt.lib.refusals import Refused
from teams.models import Organisation, Person, User, access_of
from teams.selectors import manager_of

from .guards import name_of, organisation_for
from .leads import change_lead
from .ownerships import follow_owners

EARLIEST, FURTHEST = date(1990, 1, 1), timedelta(days=366)


@transaction.atomic
def propose_handover(
    *,
    giver: Person,
    taker: Person,
    on: date,
    reason: str,
    accounts: Sequence[Account],
    deals: Sequence[Deal],
    by: User,
    at: datetime,
) -> Handover:
    """Propose that accounts and open deals go to somebody else. A manager who proposes consents for their own side."""
    today = _today(by, at)
    if giver.pk == taker.pk:
        raise Refused("A handover is between two people.", field="taker")
    if not EARLIEST <= on <= today + FURTHEST:
        raise Refused("A handover is at most a year ahead, and not before 1990.", field="on")
    if not may_propose_for(by, giver, today):
        raise Refused("Only who owns a book of business and those who lead them can hand it over.", field="giver")
    if taker.withdrawn_at is not None or (taker.left_on is not None and taker.left_on <= max(on, today)):
        raise Refused(f"{taker.name} is not here on that day.", field="taker")
    if not accounts and not deals:
        raise Refused("Choose what is handed over: an account or an open deal at least.", field="accounts")
    records: list[Account | Deal] = [*accounts, *deals]
    for record in records:
        if record.owner_id != giver.pk or record.withdrawn_at is not None:
            raise Refused(f"{record} is not {giver.name}'s to hand over.", field="accounts")
    if closed := next((deal for deal in deals if not deal.is_open), None):
        raise Refused(f"{closed} is {closed.status}; what is decided stays with who earned it.", field="deals")
    refuse_held("account", [account.pk for account in accounts], field="accounts")
    made = Handover.objects.create(giver=giver, taker=taker, on=on, reason=reason, proposed_at=at, proposed_by=by)
    HandoverItem.objects.bulk_create(
        [HandoverItem(handover=made, account=account) for account in accounts]
        + [HandoverItem(handover=made, deal=deal) for deal in deals]
    )
    _consent(made, consents_of(by, made, today), by, at)
    asked = {
        manager
        for person, consented in ((giver, made.giver_consent_at), (taker, made.taker_consent_at))
        if consented is None and (manager := manager_of(person, today)) is not None
    }
    _tell(asked, f"{name_of(by)} asks for your consent: {giver} hands over to {taker}.", made, at, but=by)
    _tell({giver, taker}, f"{name_of(by)} proposed that {giver} hands over to {taker}.", made, at, but=by, unless=asked)
    _go_on(made, by=by, at=at, today=today)
    return made


@transaction.atomic
def answer_handover(*, handover: Handover, consents: bool, by: User, at: datetime, answer: str = "") -> Handover:
    """Consent for the side (or both) that one leads, or refuse with a sentence."""
    today = _today(by, at)
    handover = _waiting(handover)
    sides = consents_of(by, handover, today)
    if not sides:
        raise Refused("Only the managers of who gives and who takes are asked, and each once.")
    if not consents and not answer.strip():
        raise Refused("Say why not.", field="answer")
    handover.answer = answer.strip() or handover.answer
    if consents:
        _consent(handover, sides, by, at)
        _go_on(handover, by=by, at=at, today=today)
    else:
        _refuse(handover, by, at, f"{name_of(by)} refused that {handover.giver} hands over to {handover.taker}.")
    return handover


@transaction.atomic
def take_back_handover(*, handover: Handover, by: User, at: datetime) -> Handover:
    """Whoever proposed a handover may take it back until its day."""
    handover = _waiting(handover)
    if handover.proposed_by_id != by.pk:
        raise Refused("Only who proposed a handover can take it back.")
    handover.answer = "Taken back"
    _refuse(handover, by, at, f"{name_of(by)} took back that {handover.giver} hands over to {handover.taker}.")
    return handover


@transaction.atomic
def settle_ownership(
    *,
    giver: Person,
    taker: Person,
    accounts: Sequence[Account],
    deals: Sequence[Deal],
    on: date,
    reason: str,
    by: User,
    at: datetime,
    takes_back: Handover | None = None,
) -> Handover:
    """A handover as a dispute was decided: the decision takes the place of both managers' consent.

    One that takes another back moves, beside the accounts and deals, only what that one had moved.
    """
    if access_of(by).person_id in {giver.pk, taker.pk}:
        raise Refused("Nobody decides about accounts of their own.")
    if giver.pk == taker.pk:
        raise Refused(f"{giver.name} has it already.", field="taker")
    if taker.withdrawn_at is not None or (taker.left_on is not None and taker.left_on <= on):
        raise Refused(f"{taker.name} is not here any more.", field="taker")
    records: list[Account | Deal] = [*accounts, *deals]
    for record in records:
        if record.owner_id != giver.pk or record.withdrawn_at is not None:
            raise Refused(f"{record} is not {giver.name}'s any more.", field="taker")
    made = Handover.objects.create(
        giver=giver, taker=taker, on=on, reason=reason, proposed_at=at, proposed_by=by,
        giver_consent_at=at, giver_consent_by=by, taker_consent_at=at, taker_consent_by=by,
    )  # fmt: skip
    HandoverItem.objects.bulk_create(
        [HandoverItem(handover=made, account=account) for account in accounts]
        + [HandoverItem(handover=made, deal=deal) for deal in deals]
    )
    _carry_out(made, by=by, at=at, takes_back=takes_back)
    return made


@transaction.atomic
def carry_out_handovers(*, on: date, at: datetime) -> int:
    """Carry out what both managers agreed on and whose day has come; answers how many."""
    due = Handover.objects.select_for_update(of=("self",), skip_locked=True).select_related("giver", "taker")
    agreed = due.filter(
        on__lte=on, done_at=None, refused_at=None, giver_consent_at__isnull=False, taker_consent_at__isnull=False
    )
    found = list(agreed.order_by("on", "pk"))
    here = set(takers(on).filter(pk__in=[handover.taker_id for handover in found]).values_list("pk", flat=True))
    for handover in found:
        if handover.taker_id in here:
            _carry_out(handover, by=None, at=at)
        else:
            _wait(handover, on, at)
    return sum(handover.taker_id in here for handover in found)


def _wait(handover: Handover, on: date, at: datetime) -> None:
    """Who was to take it is not here (any more): nothing moves, and both managers are told, once."""
    text = f"{handover.taker} is not here to take over from {handover.giver}; take it back and propose another."
    agreed: Any = {handover.giver: handover.giver_consent_by, handover.taker: handover.taker_consent_by}
    told = {manager_of(person, on) or getattr(by, "person", None) for person, by in agreed.items()}
    if not Notice.objects.filter(link=reverse("handover", args=[handover.pk]), text=text[:300]).exists():
        _tell(told, text, handover, at, but=None)


def _today(by: User, at: datetime) -> date:
    return clock.day_of(at, organisation_for(by).time_zone)


def _waiting(handover: Handover) -> Handover:
    locked = Handover.objects.select_for_update(of=("self",)).select_related("giver", "taker").get(pk=handover.pk)
    if locked.done_at is not None or locked.refused_at is not None:
        raise Refused(f"This handover is {locked.state} already.")
    return locked


def _consent(handover: Handover, sides: Iterable[str], by: User, at: datetime) -> None:
    for side in sides:
        setattr(handover, f"{side}_consent_at", at)
        setattr(handover, f"{side}_consent_by", by)
    handover.save()


def _refuse(handover: Handover, by: User, at: datetime, text: str) -> None:
    handover.refused_at, handover.refused_by = at, by
    handover.save()
    _tell({handover.giver, handover.taker}, text, handover, at, but=by)
    proposer: Person | None = getattr(handover.proposed_by, "person", None)
    _tell({proposer} - {handover.giver, handover.taker, None}, text, handover, at, but=by)


def _go_on(handover: Handover, *, by: User, at: datetime, today: date) -> None:
    if handover.state == "agreed" and handover.on <= today:
        _carry_out(handover, by=by, at=at)


def _carry_out(handover: Handover, *, by: User | None, at: datetime, takes_back: Handover | None = None) -> None:
    """Owners change from the day on, of what is still the giver's; ledgers stay with who earned them."""
    giver, taker = handover.giver, handover.taker
    items = HandoverItem.objects.filter(handover=handover)
    accounts = list(
        Account.objects.select_for_update()
        .filter(pk__in=items.filter(account__isnull=False).values("account"), owner=giver, withdrawn_at=None)
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    deals = list(
        Deal.objects.select_for_update()
        .filter(pk__in=items.filter(deal__isnull=False).values("deal"), owner=giver, status="open", withdrawn_at=None)
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    Account.objects.filter(pk__in=accounts).update(owner=taker, version=F("version") + 1)
    follow_owners(account_ids=accounts, on=handover.on, by=by, reason=f"Handover {handover.pk}: {handover.reason}")
    Deal.objects.filter(pk__in=deals).update(owner=taker, version=F("version") + 1)
    DealChange.objects.bulk_create(
        DealChange(
            deal_id=pk, changed_at=at, by=by, field=DealChange.Field.OWNER, was=str(giver.pk), value=str(taker.pk)
        )
        for pk in deals
    )
    _hand_shares(deals, giver, taker)
    about: Any = Q(account__in=accounts) | Q(deal__in=deals)
    found: dict[str, Any] = {
        "tasks": Task.objects.filter(about, owner=giver, done_at=None),
        "contracts": Contract.objects.filter(account__in=accounts, owner=giver),
        "complaints": Complaint.objects.filter(account__in=accounts, owner=giver, resolved_on=None),
        "leads": Lead.objects.present()
        .waiting()
        .filter(Q(account__in=accounts) | Q(contact__account__in=accounts), owner=giver),
    }
    if takes_back is not None and takes_back.moved is not None:
        found = {name: rows.filter(pk__in=takes_back.moved.get(name, [])) for name, rows in found.items()}
    handover.moved = {name: list(rows.order_by("pk").values_list("pk", flat=True)) for name, rows in found.items()}
    for lead in Lead.objects.filter(pk__in=handover.moved["leads"]).order_by("pk"):
        change_lead(lead=lead, owner=taker, by=None, at=at)  # a lead keeps a line of each change
    for name in ("tasks", "contracts", "complaints"):
        moved = found[name].model.objects.filter(pk__in=handover.moved[name])
        moved.update(owner=taker, version=F("version") + 1)
    handover.done_at = at
    handover.save(update_fields=["done_at", "moved"])
    organisation = organisation_for(by) if by else Organisation.get()
    on = clock.day_of(at, organisation.time_zone)
    told = {giver, taker} | {one for person in (giver, taker) if (one := manager_of(person, on)) is not None}
    said = f"{len(accounts)} account{'s' * (len(accounts) != 1)} and {len(deals)} deal{'s' * (len(deals) != 1)}"
    _tell(told, f"{said} went from {giver} to {taker}.", handover, at, but=by)


def _hand_shares(deals: Sequence[int], giver: Person, taker: Person) -> None:
    """The part of the credit that was to be the giver's goes along with the deal, to what the taker has in it."""
    for share in DealShare.objects.filter(deal__in=deals, person=giver).order_by("pk"):
        own = DealShare.objects.filter(deal=share.deal_id, person=taker, kind=share.kind).first()
        if own is None:
            share.person = taker
            share.save(update_fields=["person"])
        else:
            own.percent = min(own.percent + share.percent, Decimal(100))
            own.save(update_fields=["percent"])
            share.delete()


def _tell(
    people: Iterable[Person | None],
    text: str,
    handover: Handover,
    at: datetime,
    *,
    but: User | None,
    unless: Iterable[Person] = (),
) -> None:
    left_out = {person.pk for person in unless}
    Notice.objects.bulk_create(
        Notice(user_id=person.user_id, text=text[:300], link=reverse("handover", args=[handover.pk]), at=at)
        for person in people
        if person is not None and person.user_id and person.pk not in left_out and person.user_id != (but and but.pk)
    )
