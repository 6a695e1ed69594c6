"""After the delivery: asking how it went, what the customer answers, and what is done where they are not content."""

import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.urls import reverse

from sales.models import Account, Complaint, Contact, Feedback, FeedbackRequest, Order
from sales.selectors.feedback import signer
from salesmgmt.desk.digests import is_mail_set_up
from salesmgmt.desk.models import Delivery
from salesmgmt.desk.tokens import digest
from salesmgmt.lib.refusals import Refused
from teams.models import Organisation, Person, User
from teams.selectors import person_of

from .guards import WITHDRAWN, require_current, require_past, require_sight, require_write
from .notices import owner_and_manager, tell

ASKED_AGAIN = timedelta(days=30)
LASTS = timedelta(days=60)
NO_LONGER = "This link is used up, or older than 60 days."
LOOKS_BACK = 30  # days: what was delivered before the first run, or imported, is not asked about


# ── The task that asks ──────────────────────────────────────────────────────────────────────────────────────────

FOLLOW_UP = """
    INSERT INTO sales_task (owner_id, text, due_on, source, reason, link, account_id, deal_id, order_id)
    SELECT coalesce(seller.id, keeper.id),
           left(format('Ask %%s how %%s went', coalesce(a.name, 'the customer'),
                       coalesce(nullif(o.number, ''), format('order %%s', o.id))), 300),
           %(on)s, 'follow_up', format('Delivered on %%s', to_char(o.delivered_on, 'FMDD Mon YYYY')),
           format('/orders/%%s/#ask', o.id), o.account_id, o.deal_id, o.id
      FROM sales_order o
      LEFT JOIN sales_account a ON a.id = o.account_id
      LEFT JOIN teams_person seller ON seller.id = o.owner_id AND (seller.left_on IS NULL OR seller.left_on > %(on)s)
      LEFT JOIN teams_person keeper ON keeper.id = a.owner_id AND (keeper.left_on IS NULL OR keeper.left_on > %(on)s)
     WHERE o.withdrawn_at IS NULL AND o.cancelled_on IS NULL
       AND o.delivered_on BETWEEN %(earliest)s AND %(latest)s
       AND coalesce(seller.id, keeper.id) IS NOT NULL
       AND NOT EXISTS (SELECT FROM sales_task t WHERE t.order_id = o.id AND t.source = 'follow_up')
       AND NOT EXISTS (SELECT FROM sales_feedback f WHERE f.order_id = o.id AND f.withdrawn_at IS NULL)
     ORDER BY o.delivered_on, o.id
"""


@transaction.atomic
def make_follow_ups(*, on: date) -> int:
    """Tasks to ask how it went, for what was delivered some days ago and not asked about yet; run daily, or twice."""
    days = Organisation.get().follow_up_days
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('sales.make_follow_ups'))")
        cursor.execute(
            FOLLOW_UP,
            {
                "on": on,
                "earliest": on - timedelta(days=max(LOOKS_BACK, days + 7)),
                "latest": on - timedelta(days=days),
            },
        )
        return int(cursor.rowcount)


# ── Feedback ────────────────────────────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def ask_feedback(
    *,
    account: Account | None,
    by: User | None,
    at: datetime,
    order: Order | None = None,
    contact: Contact | None = None,
    is_mailed: bool = False,
) -> str:
    """A secret that opens the public form once; the earlier ones for the same order (or account) stop working."""
    account = account or (order.account if order else None)
    if account is None:
        raise Refused("Say which customer is asked: this order names none.", field="account")
    require_sight(by, account=account, order=order, contact=contact)
    _require_together(account, order, contact)
    if order is not None and not order.amount:
        raise Refused("Nothing was sold by this order; there is nothing to be asked about.", field="contact")
    if contact is not None and contact.is_not_to_be_contacted:
        raise Refused(f"{contact} does not want to be contacted.", field="contact")
    owner = (order.owner if order else account.owner) or (person_of(by) if by else None)
    require_write(by, owner)
    Account.objects.select_for_update().get(pk=account.pk)
    _require_unanswered(account, order, at)
    FeedbackRequest.objects.filter(account=account, order=order, used_at=None, expires_at__gt=at).update(expires_at=at)
    secret = signer().sign(secrets.token_urlsafe(24))
    FeedbackRequest.objects.create(
        account=account, contact=contact, order=order, owner=owner, digest=digest(secret), made_at=at, made_by=by,
        expires_at=at + LASTS, is_mailed=is_mailed,
    )  # fmt: skip
    return secret


@dataclass(frozen=True, slots=True)
class Asked:
    """How a customer is asked: by an e-mail, or by a link that is handed on."""

    link: str = ""
    sent_to: str = ""


@transaction.atomic
def ask_customer(*, order: Order, contact: Contact | None, by: User | None, at: datetime) -> Asked:
    """Ask how an order went: by e-mail, so that the link is in nobody else's hands, where the contact has an address.

    An address of somebody who works here is none of a customer.
    """
    to = contact.email if contact is not None and is_mail_set_up() else ""
    if to and (User.objects.filter(email__iexact=to).exists() or Person.objects.filter(email__iexact=to).exists()):
        to = ""
    secret = ask_feedback(account=None, order=order, contact=contact, by=by, at=at, is_mailed=bool(to))
    link = settings.BASE_URL.rstrip("/") + reverse("feedback-answer", args=[secret])
    if not to:
        return Asked(link=link)
    sender = f"{order.owner.name}, {Organisation.get().name}"
    subject = " ".join(f"How did it go? {order}".split())
    Delivery.objects.create(
        key=f"feedback-{digest(secret)[:40]}", to=to, due_at=at, subject=subject[:200],
        text=f"Dear {contact},\n\nhow did {order} go? It takes a minute to say:\n\n{link}\n\n"
        f"The link can be used once and works for {LASTS.days} days.\n\n{sender}\n",
    )  # fmt: skip
    return Asked(sent_to=to)


def _require_unanswered(account: Account, order: Order | None, at: datetime) -> None:
    """One order is answered by link once, a customer as a whole once in 30 days: a score is not made of repeats."""
    used = FeedbackRequest.objects.filter(account=account, order=order, used_at__isnull=False).order_by("-used_at")
    last = used.values_list("used_at", flat=True).first()
    if last is not None and (order is not None or last > at - ASKED_AGAIN):
        raise Refused(f"{order or account} was answered on {last:%d %b %Y}; it counts once.", field="contact")


@transaction.atomic
def give_feedback(
    *,
    secret: str,
    at: datetime,
    on: date,
    csat: int | None = None,
    nps: int | None = None,
    comment: str = "",
    went_wrong: bool = False,
) -> list[Feedback]:
    """What a customer answers by their link, once. Where something went wrong, it is a complaint as well."""
    asked = (
        FeedbackRequest.objects.select_for_update(of=("self",))
        .select_related("account", "contact", "order", "owner")
        .filter(digest=digest(secret), used_at=None, expires_at__gt=at)
        .first()
    )
    if asked is None:
        raise Refused(NO_LONGER)
    said = {Feedback.Kind.CSAT: csat, Feedback.Kind.NPS: nps}
    scores = [(kind, score) for kind, score in said.items() if score is not None]
    if not scores and not went_wrong:
        raise Refused("Choose a number on one of the two scales.")
    if went_wrong and not comment.strip():
        raise Refused("Tell us what went wrong.", field="comment")
    had_link = not asked.is_mailed and asked.owner is not None and asked.owner.user_id == asked.made_by_id is not None
    given = [
        Feedback.objects.create(
            account=asked.account, contact=asked.contact, order=asked.order, owner=asked.owner, kind=kind,
            score=_score(kind, score), given_on=on, comment="" if place else comment.strip(), owner_had_link=had_link,
        )
        for place, (kind, score) in enumerate(scores)
    ]  # fmt: skip
    asked.used_at = at
    asked.save(update_fields=["used_at"])
    if went_wrong:
        _complain(
            account=asked.account, text=comment.strip(), received_on=on, at=at, by=None, order=asked.order,
            contact=asked.contact, feedback=given[0] if given else None, owner=asked.owner,
        )  # fmt: skip
    else:
        answer = ", ".join(f"{score} of {5 if kind == 'csat' else 10}" for kind, score in scores)
        link = reverse("account", args=[asked.account_id])
        tell([asked.owner], f"{asked.account} answered: {answer}.", link=link, at=at)
    return given


@transaction.atomic
def record_feedback(
    *,
    account: Account,
    kind: str,
    score: int,
    given_on: date,
    by: User | None,
    on: date,
    order: Order | None = None,
    contact: Contact | None = None,
    comment: str = "",
    external_id: str | None = None,
) -> Feedback:
    """Feedback that was said, on the phone or at a visit, to whom it is about or who leads them; kept who wrote it."""
    require_sight(by, account=account, order=order, contact=contact)
    _require_together(account, order, contact)
    owner = order.owner if order else account.owner
    if owner is not None:
        require_write(by, owner)
    if given_on > on:
        raise Refused("Feedback can't be given on a day still to come.", field="given_on")
    return Feedback.objects.create(
        account=account, contact=contact, order=order, owner=owner, kind=kind,
        score=_score(kind, score), given_on=given_on, comment=comment.strip(), recorded_by=by, external_id=external_id,
    )  # fmt: skip


@transaction.atomic
def withdraw_feedback(*, feedback: Feedback, by: User | None, at: datetime) -> None:
    """Take an answer out of every list and score. Whose score it is can't."""
    if by is not None:
        require_write(by, feedback.owner)
        if feedback.owner_id is not None and feedback.owner_id == getattr(person_of(by), "pk", None):
            raise Refused("Nobody withdraws feedback about themselves; ask who leads you.")
    Feedback.objects.filter(pk=feedback.pk, withdrawn_at=None).update(withdrawn_at=at)


def _score(kind: str, score: int) -> int:
    low, high = {"csat": (1, 5), "nps": (0, 10)}.get(kind, (1, 0))
    if low > high:
        raise Refused(f"“{kind}” is no kind of feedback; it is csat or nps.", field="kind")
    if not low <= score <= high:
        raise Refused(f"A score for {kind} is from {low} to {high}, not {score}.", field="score")
    return score


def _require_together(account: Account, order: Order | None, contact: Contact | None) -> None:
    """What belongs to another customer is not said of this one."""
    if order is not None and order.account_id != account.pk:
        raise Refused(f"{order} is not an order of {account}.", field="order")
    elsewhere = contact is not None and contact.account_id not in (None, account.pk)
    if contact is not None and elsewhere and not contact.roles.filter(account=account).exists():
        raise Refused(f"{contact} is not at {account}.", field="contact")


# ── Complaints ──────────────────────────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def receive_complaint(
    *,
    account: Account,
    text: str,
    received_on: date,
    by: User | None,
    at: datetime,
    on: date,
    order: Order | None = None,
    contact: Contact | None = None,
    external_id: str | None = None,
) -> Complaint:
    """A customer is not content: the rep and who leads them are told."""
    require_sight(by, account=account, order=order, contact=contact)
    _require_together(account, order, contact)
    if not text.strip():
        raise Refused("Say what the customer is not content with.", field="text")
    if received_on > on:
        raise Refused("A complaint can't come on a day still to come.", field="received_on")
    owner = (order.owner if order else account.owner) or (person_of(by) if by else None)
    return _complain(
        account=account, text=text.strip(), received_on=received_on, at=at, by=by, order=order, contact=contact,
        owner=owner, external_id=external_id,
    )  # fmt: skip


def _complain(*, at: datetime, by: User | None, owner: Person | None, **said: object) -> Complaint:
    complaint = Complaint.objects.create(owner=owner, **said)
    link = reverse("complaint", args=[complaint.pk])
    concerned = owner_and_manager(owner, complaint.received_on)
    tell(concerned, f"{complaint.account} is not content: {complaint.text}", link=link, at=at, but=by)
    return complaint


@transaction.atomic
def answer_complaint(
    *, complaint: Complaint, on: date, by: User | None, at: datetime, version: int | None = None
) -> Complaint:
    """The customer has had an answer; the complaint stays until it is resolved."""
    complaint = _locked(complaint, by, version)
    if complaint.answered_on is not None:
        raise Refused(f"This was answered on {complaint.answered_on:%d %b %Y} already.")
    require_past(on, at, by)
    return _close(complaint, on, answered_on=on)


@transaction.atomic
def resolve_complaint(
    *, complaint: Complaint, resolution: str, on: date, by: User | None, at: datetime, version: int | None = None
) -> Complaint:
    """Say how a complaint was resolved; one that nobody had answered is answered by it."""
    complaint = _locked(complaint, by, version)
    if not resolution.strip():
        raise Refused("Say how it was resolved.", field="resolution")
    require_past(on, at, by)
    return _close(complaint, on, resolved_on=on, resolution=resolution.strip(), answered_on=complaint.answered_on or on)


@transaction.atomic
def withdraw_complaint(*, complaint: Complaint, by: User | None, at: datetime) -> None:
    """Take back a complaint that was none. Whom it reached can't: who leads them does."""
    require_write(by, complaint.owner)
    if by is not None and complaint.owner_id == getattr(person_of(by), "pk", 0):
        raise Refused("Nobody withdraws a complaint about their own customer; ask who leads you.")
    Complaint.objects.filter(pk=complaint.pk, withdrawn_at=None).update(withdrawn_at=at)


def _locked(complaint: Complaint, by: User | None, version: int | None) -> Complaint:
    complaint = Complaint.objects.select_for_update(of=("self",)).select_related("owner").get(pk=complaint.pk)
    if complaint.withdrawn_at is not None:
        raise Refused(WITHDRAWN)
    require_write(by, complaint.owner)
    require_current(version, complaint.version, noun="complaint", who=None, when=None)
    if complaint.resolved_on is not None:
        raise Refused(f"This was resolved on {complaint.resolved_on:%d %b %Y}.")
    return complaint


def _close(complaint: Complaint, on: date, **values: object) -> Complaint:
    if on < complaint.received_on:
        raise Refused("That is before the day the complaint came.", field="on")
    for name, value in values.items():
        setattr(complaint, name, value)
    complaint.version += 1
    complaint.save(update_fields=[*values, "version"])
    return complaint
