"""Who is happy enough to be asked for a referral, and what came of those who were."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet

from sales.models import Account, Complaint, Contact, Feedback, Lead, Referral
from teams.models import Viewer

HAPPY_FOR = timedelta(days=90)
NOT_AGAIN_FOR = timedelta(days=365)
HAPPY = Q(kind=Feedback.Kind.NPS, score__gte=9) | Q(kind=Feedback.Kind.CSAT, score=5)
WORDS = {Feedback.Kind.NPS: "would recommend us with {} of 10", Feedback.Kind.CSAT: "is satisfied with {} of 5"}


@dataclass(frozen=True, slots=True)
class Happy:
    """A customer who said so."""

    account: Account
    contact: Contact | None
    kind: str
    score: int
    given_on: date

    @property
    def said(self) -> str:
        """Marta Ruiz would recommend us with 10 of 10 (3 Nov)."""
        who = self.contact.name if self.contact else self.account.name
        return f"{who} {WORDS[Feedback.Kind(self.kind)].format(self.score)} ({self.given_on.day} {self.given_on:%b})"


def happy_accounts(day: date, user: Viewer | None = None) -> list[Happy]:
    """By what they said last in 90 days; without an open complaint, and nobody asked for a referral in a year."""
    complains = Complaint.objects.present().filter(account=OuterRef("account"), resolved_on=None)
    asked = Referral.objects.present().filter(account=OuterRef("account"), asked_on__gt=day - NOT_AGAIN_FOR)
    said = (
        Feedback.objects.present()
        .filter(given_on__gt=day - HAPPY_FOR, given_on__lte=day, account__withdrawn_at=None)
        .filter(~Exists(complains), ~Exists(asked))
        .order_by("account", "-given_on", "-pk")
        .distinct("account")
    )
    if user is not None:
        said = said.filter(account__in=Account.objects.visible_to(user).values("pk"))
    last = Feedback.objects.filter(HAPPY, pk__in=said.values("pk")).select_related("account__owner", "contact")
    return [
        Happy(row.account, row.contact, row.kind, row.score, row.given_on)
        for row in last.order_by("-given_on", "-pk")
        if row.contact is None or not row.contact.is_not_to_be_contacted
    ]


def referrals(user: Viewer, *, owner: int | None = None) -> QuerySet[Referral]:
    """Referrals somebody may see, with the lead and the deal that came of each."""
    found = Referral.objects.visible_to(user).select_related("account", "contact", "owner", "lead__deal")
    return found.filter(owner=owner) if owner else found


def to_thank(user: Viewer) -> QuerySet[Referral]:
    """Those whose lead was qualified, and who were not thanked."""
    return referrals(user).filter(thanked_on=None, lead__status=Lead.Status.QUALIFIED, lead__withdrawn_at=None)
