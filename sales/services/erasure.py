"""Forgetting a customer's person: contact and lead, and what was written about them. What was sold stays."""

from typing import Any

from django.db.models import F, Q, TextField, Value
from django.db.models.functions import Cast, Concat

from sales.models import (
    Account,
    Activity,
    Complaint,
    Contact,
    ContactRole,
    Feedback,
    InboundMail,
    Lead,
    LeadChange,
    LookAlike,
    Merge,
    Recommendation,
    Referral,
    Task,
)
from salesmgmt.desk.erasure import Forgotten
from salesmgmt.desk.models import Delivery
from teams.models import Person

LEAST_DIGITS = 6
# What was signed is evidence of what was agreed, and is never rewritten.
LEFT_ALONE = ("sales_contract",)


def forget_customer(*, record: Contact | Lead) -> Forgotten:
    """Blank a contact or lead, those that are the same person, and every note about them."""
    contacts, leads = _same(record)
    known: list[Contact | Lead] = [*Contact.objects.filter(pk__in=contacts), *Lead.objects.filter(pk__in=leads)]
    forgotten = Forgotten()
    for one in known:
        forgotten.say(*_own_words(one, contacts, leads))
        forgotten.know("contact" if isinstance(one, Contact) else "lead", one.external_id, one.email)
    activities = Activity.objects.filter(Q(contact__in=contacts) | Q(lead__in=leads))
    named = [word.lower() for word in forgotten.words if "@" in word]
    mails = InboundMail.objects.filter(Q(activity__in=activities) | Q(sender__in=named) | Q(addresses__overlap=named))
    forgotten.blank(mails, subject="", sender="", addresses=[], text="", attachments=[])
    forgotten.blank(activities, notes="")
    tasks = Task.objects.filter(Q(contact__in=contacts) | Q(lead__in=leads))
    forgotten.blank(tasks, text="Erased", reason="")
    forgotten.blank(Recommendation.objects.filter(contact__in=contacts), sentence="Erased", evidence={})
    forgotten.blank(Feedback.objects.filter(contact__in=contacts), comment="")
    complaints = Complaint.objects.filter(contact__in=contacts)
    forgotten.blank(complaints.exclude(resolution=""), text="Erased", resolution="Erased")
    forgotten.blank(complaints.filter(resolution=""), text="Erased")
    forgotten.blank(Referral.objects.filter(Q(contact__in=contacts) | Q(lead__in=leads)), note="")
    forgotten.blank(ContactRole.objects.filter(contact__in=contacts), title="")
    merges = Merge.objects.filter(Q(kept_id__in=contacts) | Q(given_up_id__in=contacts), noun="contact")
    forgotten.blank(merges, filled={})
    changes = LeadChange.objects.filter(lead__in=leads, field__in=["name", "email", "phone", "company", "notes"])
    forgotten.blank(changes, was="", value="")
    LookAlike.objects.filter(Q(one_id__in=contacts) | Q(other_id__in=contacts), noun="contact").delete()
    addresses = Contact.objects.filter(pk__in=contacts).exclude(email="").values("email")
    Delivery.objects.filter(to__in=addresses).delete()
    said: dict[str, Any] = {"email": "", "phone": "", "custom": {}, "external_id": None, "version": F("version") + 1}
    forgotten.blank(
        Contact.objects.filter(pk__in=contacts), name=_nobody("contact"), birthday=None, title="", prefers="",
        preferences="", tags=[], is_not_to_be_contacted=True, **said,
    )  # fmt: skip
    forgotten.blank(Lead.objects.filter(pk__in=leads), name=_nobody("lead"), notes="", **said)
    return forgotten


def _nobody(noun: str) -> Concat:
    """Told apart by their numbers alone."""
    return Concat(Value(f"Erased {noun} "), Cast("pk", TextField()))


def _same(record: Contact | Lead) -> tuple[set[int], set[int]]:
    """Contacts and leads that are one person: what a lead became, what was merged."""
    contacts = {record.pk} if isinstance(record, Contact) else set()
    leads = {record.pk} if isinstance(record, Lead) else set()
    known = 0
    while known < len(contacts) + len(leads):
        known = len(contacts) + len(leads)
        leads |= set(Lead.objects.filter(contact__in=contacts).values_list("pk", flat=True))
        became = Lead.objects.filter(pk__in=leads, contact__isnull=False)
        merged = Merge.objects.filter(noun="contact", kept_id__in=contacts, undone_at=None)
        contacts |= {*became.values_list("contact", flat=True), *merged.values_list("given_up_id", flat=True)}
    return contacts, leads


def _own_words(one: Contact | Lead, contacts: set[int], leads: set[int]) -> list[str]:
    """What names nobody else: a mailbox shared with a colleague, a namesake and a switchboard stay."""

    def is_shared(**said: str) -> bool:
        others = Contact.objects.exclude(pk__in=contacts), Lead.objects.exclude(pk__in=leads)
        return any(rows.filter(**said).exists() for rows in others)

    words = []
    works_here = Person.objects.filter(Q(email__iexact=one.email, email__gt="") | Q(name__iexact=one.name)).exists()
    if one.email and not is_shared(email__iexact=one.email) and not works_here:
        words.append(one.email)
    is_firm = Account.objects.filter(name__iexact=one.name).exists()
    if " " in one.name.strip() and not is_shared(name__iexact=one.name) and not works_here and not is_firm:
        words.append(one.name)
    if sum(map(str.isdigit, one.phone)) >= LEAST_DIGITS and not is_shared(phone=one.phone):
        words.append(one.phone)
    return words
