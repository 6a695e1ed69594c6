"""E-mails that come in by a person's own address: logged once, or kept with why they could not be."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models.functions import Upper

from sales.models import Account, Activity, Contact, Deal, InboundMail
from salesmgmt.desk.models import Token
from salesmgmt.desk.tokens import user_of_token
from salesmgmt.lib.mail import Mail, parse
from salesmgmt.lib.refusals import Refused
from teams.models import Person, User
from teams.selectors import person_of

from .activities import log_activity

ADDRESS = re.compile(r"^log\+([0-9a-f]{32})@")
OLDEST = timedelta(days=400)
LONGEST = 10_000


@dataclass(frozen=True, slots=True)
class Received:
    """What became of a mail: logged, kept (to be looked at), known (came before), ignored."""

    state: str
    why: str = ""
    mail: InboundMail | None = None


def receive_mail(*, raw: bytes, at: datetime, to: str = "") -> Received:
    """Take one mail as it came. `to` is the envelope's address, which a blind copy has nowhere else."""
    mail = parse(raw)
    user = _user_of(mail, to)
    owner = person_of(user) if user else None
    if user is None or owner is None:
        return Received("ignored", "No address of ours that is in use is among its recipients.")
    if mail.is_automatic:
        return Received("ignored", "It is an automatic answer or a list's.")
    with transaction.atomic():
        made = InboundMail(
            message_id=mail.message_id,
            owner=owner,
            received_at=_when(mail, at),
            subject=mail.subject,
            sender=mail.sender,
            addresses=_others(mail, user, owner),
            text=mail.text,
            attachments=list(mail.attachments),
        )
        # Sent twice at the same time, the second waits here and adds nothing.
        InboundMail.objects.bulk_create([made], ignore_conflicts=True)
        kept = InboundMail.objects.select_for_update().get(message_id=mail.message_id, owner=owner)
        if kept.activity_id or kept.discarded_at or kept.problem:
            return Received("known", "It came before.", kept)
        contact, problem = _contact_of(mail, user, owner)
        if contact is None:
            kept.problem = problem
            kept.save(update_fields=["problem"])
            return Received("kept", problem, kept)
        deals = Deal.objects.visible_to(user).open().filter(account=contact.account_id) if contact.account_id else ()
        only = list(deals[:2])
        _log(kept, user, contact=contact, deal=only[0] if len(only) == 1 else None)
    return Received("logged", "", kept)


@transaction.atomic
def assign_mail(
    *,
    mail: InboundMail,
    by: User,
    account: Account | None = None,
    contact: Contact | None = None,
    deal: Deal | None = None,
) -> Activity:
    """Log a mail that was kept, with the customer its owner names."""
    mail = _waiting(mail, by)
    if not (account or contact or deal):
        raise Refused("Say which customer it was with.", field="account")
    return _log(mail, by, account=account, contact=contact, deal=deal)


@transaction.atomic
def discard_mail(*, mail: InboundMail, by: User, at: datetime) -> None:
    """Throw a kept mail away: its text goes, that it came stays, so that it does not come again."""
    mail = _waiting(mail, by)
    mail.discarded_at, mail.text = at, ""
    mail.save(update_fields=["discarded_at", "text"])


def _user_of(mail: Mail, to: str) -> User | None:
    for address in (to.strip().lower(), *mail.delivered_to):
        if (said := ADDRESS.match(address)) and (user := user_of_token(said[1], Token.Purpose.MAIL)):
            found: User = user
            return found
    return None


def _others(mail: Mail, user: User, owner: Person) -> list[str]:
    own = {owner.email.lower(), user.email.lower()}
    return [address for address in mail.recipients if address not in own and not ADDRESS.match(address)][:50]


def _contact_of(mail: Mail, user: User, owner: Person) -> tuple[Contact | None, str]:
    """The first recipient who is a contact its sender sees; or why there is none."""
    if mail.problem:
        return None, mail.problem
    if not mail.sender or mail.sender not in {owner.email.lower(), user.email.lower()}:
        return None, f"It came from {mail.sender or 'nobody'}, not from you."[:300]
    others = _others(mail, user, owner)
    if not others:
        return None, "It names nobody but you."
    asked = [address.upper() for address in others]
    rows = Contact.objects.visible_to(user).exclude(email="").annotate(at=Upper("email")).filter(at__in=asked)
    found = sorted(rows.select_related("account"), key=lambda contact: (asked.index(contact.at), contact.pk))
    first = [contact for contact in found if contact.at == found[0].at]
    if not found:
        return None, f"None of your contacts has the address {', '.join(others[:3])}."[:300]
    if len(first) > 1:
        return None, f"{len(first)} contacts have the address {first[0].email}; say which."[:300]
    return first[0], ""


def _log(
    mail: InboundMail,
    by: User,
    *,
    account: Account | None = None,
    contact: Contact | None = None,
    deal: Deal | None = None,
) -> Activity:
    named = f"\n\nAttached, not kept: {', '.join(mail.attachments)}" if mail.attachments else ""
    notes = f"{mail.subject}\n\n{mail.text}".strip()[: LONGEST - len(named)]
    activity = log_activity(
        owner=mail.owner, kind=Activity.Kind.EMAIL, at=mail.received_at, by=by, account=account, contact=contact,
        deal=deal, notes=f"{notes}{named}",
    )  # fmt: skip
    mail.activity, mail.problem, mail.text = activity, "", ""  # the activity says it now
    mail.save(update_fields=["activity", "problem", "text"])
    return activity


def _waiting(mail: InboundMail, by: User) -> InboundMail:
    mail = InboundMail.objects.select_for_update(of=("self",)).select_related("owner").get(pk=mail.pk)
    me = person_of(by)
    if me is None or mail.owner_id != me.pk:
        raise Refused("Only whose mail it is may say where it belongs.")
    if mail.activity_id or mail.discarded_at:
        raise Refused("This mail was dealt with already.")
    return mail


def _when(mail: Mail, at: datetime) -> datetime:
    """When it was sent, by its own word where that can be."""
    return mail.sent_at if mail.sent_at is not None and at - OLDEST <= mail.sent_at <= at else at
