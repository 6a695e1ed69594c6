"""Questions about accounts and contacts."""

from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.search import TrigramSimilarity
from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Upper

from sales.models import (
    Account,
    AccountProfile,
    Activity,
    Contact,
    ContactRole,
    CustomField,
    Deal,
)
from sales.models.customers import digits_of
from teams.models import Territory, Viewer, access_of

from .naming import holds

MANY_ACCOUNTS = MANY_ROLES = 1000
ALIKE = 0.6  # of the trigrams
FEWEST_DIGITS = 7


@dataclass(frozen=True, slots=True)
class CustomerFilter:
    """What a list of accounts or contacts is narrowed to; empty: everything one may see."""

    text: str = ""
    owner: int | None = None
    tag: str = ""
    industry: str = ""
    territory: int | None = None
    account: int | None = None


def accounts(user: Viewer, asked: CustomerFilter) -> QuerySet[Account]:
    """Accounts somebody may see."""
    found = Account.objects.visible_to(user).select_related("owner", "territory")
    exact = {"owner": asked.owner, "industry": asked.industry, "territory": asked.territory}
    found = found.filter(**{name: value for name, value in exact.items() if value})
    if asked.tag:
        found = found.filter(tags__contains=[asked.tag])
    return found.filter(holds("name", asked.text)) if asked.text else found


def contacts(user: Viewer, asked: CustomerFilter) -> QuerySet[Contact]:
    """Contacts somebody may see; of an account in whatever role."""
    found = _contacts_seen(user).select_related("account__owner")
    if asked.account:
        found = found.filter(Q(account=asked.account) | Q(roles__account=asked.account)).distinct()
    if asked.tag:
        found = found.filter(tags__contains=[asked.tag])
    if asked.owner:
        found = found.filter(account__owner=asked.owner)
    if asked.text:
        found = found.filter(holds("name", asked.text) | Q(email__iexact=asked.text) & ~Q(email=""))
    return found


def contact_lines() -> QuerySet[Contact]:
    """Contacts as their list shows them, for those that were found."""
    return Contact.objects.select_related("account")


def _contacts_seen(user: Viewer) -> QuerySet[Contact]:
    """Contacts somebody may see; told at which accounts, indexes find them however few of all they are."""
    access = access_of(user)
    if access.sees_all:
        return Contact.objects.visible_to(user)
    accounts = list(Account.objects.visible_to(user).order_by().values_list("pk", flat=True)[: MANY_ACCOUNTS + 1])
    if len(accounts) > MANY_ACCOUNTS:
        return Contact.objects.visible_to(user)
    elsewhere = list(ContactRole.objects.filter(account__in=accounts).values_list("contact", flat=True)[:MANY_ROLES])
    if len(elsewhere) == MANY_ROLES:
        return Contact.objects.visible_to(user)
    seen = Q(account__in=accounts) | Q(pk__in=elsewhere) | Q(account=None, made_by__in=access.people)
    return Contact.objects.present().filter(seen)


def account_options(user: Viewer, text: str, *, count: int = 10) -> list[str]:
    """Names of accounts that hold a text, for an input that suggests."""
    found = Account.objects.visible_to(user).filter(name__icontains=text) if text else Account.objects.visible_to(user)
    return list(found.order_by("name", "pk").values_list("name", flat=True)[:count])


def contact_options(user: Viewer, text: str, *, count: int = 10) -> list[str]:
    """Names of contacts that hold a text, for an input that suggests."""
    found = Contact.objects.visible_to(user)
    found = found.filter(name__icontains=text) if text else found
    return list(found.order_by("name", "pk").values_list("name", flat=True)[:count])


def account_called(user: Viewer, name: str) -> Account | None:
    """The account of a name, if it is the only one of it that somebody sees."""
    found = list(Account.objects.visible_to(user).filter(name__iexact=name)[:2]) if name else []
    return found[0] if len(found) == 1 else None


def alike_accounts(user: Viewer, name: str, *, but: int = 0) -> QuerySet[Account]:
    """Accounts with nearly this name, among what somebody may see."""
    return (
        Account.objects.visible_to(user)
        .exclude(pk=but)
        .annotate(upper=Upper("name"))
        .filter(upper__trigram_similar=name.upper())
        .annotate(likeness=TrigramSimilarity("upper", name.upper()))
        .filter(likeness__gte=ALIKE)
        .order_by("-likeness", "pk")
    )


def alike_contacts(
    user: Viewer, *, name: str, email: str = "", phone: str = "", account: Account | None = None
) -> QuerySet[Contact]:
    """Contacts with this e-mail address or phone number, or nearly this name at the same account, among those seen."""
    found = Contact.objects.visible_to(user).select_related("account").annotate(upper=Upper("name"))
    near = Q(upper__trigram_similar=name.upper(), likeness__gte=ALIKE, account=account)
    if email:
        near |= Q(email__iexact=email)
    digits = "".join(sign for sign in phone if sign.isdigit())
    if len(digits) >= FEWEST_DIGITS:
        found = found.annotate(digits=digits_of("phone"))
        near |= ~Q(phone="") & Q(digits=digits)
    likeness = TrigramSimilarity("upper", name.upper())
    return found.annotate(likeness=likeness).filter(near).order_by("-likeness", "pk")


def account_totals(user: Viewer, account: Account) -> dict[str, Any]:
    """What of an account's business somebody may see: how many open deals."""
    return {"open_count": Deal.objects.visible_to(user).filter(account=account, status="open").count()}


def with_last_activity(found: QuerySet[Account], user: Viewer) -> QuerySet[Account]:
    """Accounts with the day of the last activity that somebody may see."""
    last = (
        Activity.objects.visible_to(user).filter(account=OuterRef("pk")).order_by("-occurred_on").values("occurred_on")
    )
    return found.annotate(last_activity_on=Subquery(last[:1]))


def account_lines(user: Viewer) -> QuerySet[Account]:
    """Accounts as their list shows them, for those that were found."""
    lines = Account.objects.select_related("owner").annotate(owner_name=F("owner__name"))
    return with_last_activity(lines, user)


def account_named(user: Viewer, pk: int | None) -> Account | None:
    """The account a URL names, if it is one to be seen."""
    return Account.objects.visible_to(user).filter(pk=pk).first() if pk else None


def contact_named(user: Viewer, pk: int | None) -> Contact | None:
    """The contact a URL names, if it is one to be seen."""
    return Contact.objects.visible_to(user).filter(pk=pk).first() if pk else None


def withdrawn_accounts(user: Viewer) -> QuerySet[Account]:
    """What was taken out of the lists, of those one's people own."""
    access = access_of(user)
    gone = Account.objects.filter(withdrawn_at__isnull=False).select_related("owner")
    return gone if access.sees_all else gone.filter(owner__in=access.people)


def withdrawn_contacts(user: Viewer) -> QuerySet[Contact]:
    """What was taken out of the lists, of those at one's people's accounts or made by them."""
    access = access_of(user)
    gone = Contact.objects.filter(withdrawn_at__isnull=False).select_related("account")
    if access.sees_all:
        return gone
    return gone.filter(Q(account__owner__in=access.people) | Q(account=None, made_by__in=access.people))


def profile_of(account: Account) -> AccountProfile | None:
    """What an account is like, as somebody who sees it may read."""
    return AccountProfile.objects.filter(account=account).select_related("changed_by__person").first()


def custom_said(noun: str, values: dict[str, Any]) -> list[tuple[str, Any]]:
    """What a record says in the fields that were added, by their labels."""
    fields = CustomField.objects.filter(noun=noun).order_by("position", "pk") if values else ()
    words = {True: "Yes", False: "No"}
    return [
        (field.label, words[values[field.key]] if isinstance(values[field.key], bool) else values[field.key])
        for field in fields
        if field.key in values
    ]


def children_of(user: Viewer, account: Account) -> list[Account]:
    """The accounts right below one, of those somebody sees."""
    found = Account.objects.visible_to(user).filter(parent=account).select_related("owner")
    return list(found.order_by("name", "pk")[:50])


def people_at(user: Viewer, account: Account) -> list[Contact]:
    """Who is at an account, mainly or in a further role, with the role they have there."""
    further = ContactRole.objects.filter(account=account).values("contact")
    here = Contact.objects.filter(account=account).values("pk").union(further)  # of an OR all contacts are walked
    found = list(Contact.objects.visible_to(user).filter(pk__in=here).order_by("name", "pk")[:50])
    elsewhere = [contact for contact in found if contact.account_id != account.pk]
    roles = ContactRole.objects.filter(account=account, contact__in=elsewhere).values_list("contact", "title")
    titles = dict(roles) if elsewhere else {}
    for contact in elsewhere:
        contact.title = titles.get(contact.pk, "")
    return found


def roles_of(user: Viewer, contact: Contact) -> QuerySet[ContactRole]:
    """The further accounts a contact is at, of those somebody sees."""
    return ContactRole.objects.visible_to(user).filter(contact=contact).select_related("account").order_by("pk")


def territories() -> QuerySet[Territory]:
    return Territory.objects.order_by("name")
