"""One box over people, accounts, contacts, deals and orders, within what the viewer may see."""

from dataclasses import dataclass

from django.db.models import F, Q
from django.urls import reverse

from sales.models import Account, Contact, Deal, Order
from teams.models import Person, Viewer

EACH = 6


@dataclass(frozen=True, slots=True)
class Hit:
    """Something found: what it is called, what it is, where it is."""

    text: str
    detail: str
    kind: str
    icon: str
    url: str


def find(user: Viewer, text: str) -> list[Hit]:
    """Up to six of each noun whose name holds `text`; nothing for less than two characters. Five queries."""
    text = text.replace("\x00", "").strip()[:200]
    if len(text) < 2:
        return []
    people = Person.objects.visible_to(user).filter(name__icontains=text).order_by("name", "pk")[:EACH]
    accounts = Account.objects.visible_to(user).filter(name__icontains=text).order_by("name", "pk")[:EACH]
    deals = (
        Deal.objects.visible_to(user)
        .filter(name__icontains=text)
        .order_by(F("opened_on").desc(nulls_last=True), "-pk")
        .select_related("owner")[:EACH]
    )
    contacts = (
        Contact.objects.visible_to(user)
        .filter(Q(name__icontains=text) | Q(email__icontains=text))
        .filter(account__isnull=False)
        .order_by("name", "pk")
        .select_related("account")[:EACH]
    )
    orders = (
        Order.objects.visible_to(user)
        .filter(number__icontains=text, deal__isnull=False)
        .order_by("-ordered_on", "-pk")
        .select_related("deal")[:EACH]
    )
    hits = [Hit(p.name, "", "Person", "user", reverse("person", args=[p.pk])) for p in people]
    hits += [Hit(a.name, a.industry, "Account", "building-2", reverse("account", args=[a.pk])) for a in accounts]
    hits += [
        Hit(c.name, getattr(c.account, "name", ""), "Contact", "contact", reverse("account", args=[c.account_id]))
        for c in contacts
    ]
    hits += [
        Hit(d.name, f"{d.owner.name} · {d.get_status_display()}", "Deal", "briefcase", reverse("deal", args=[d.pk]))
        for d in deals
    ]
    hits += [
        Hit(o.number, getattr(o.deal, "name", ""), "Order", "file-text", reverse("deal", args=[o.deal_id]))
        for o in orders
    ]
    return hits
