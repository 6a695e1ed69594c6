"""What can be found of customers and what happened with them."""

from django.db.models import CharField, F, Q, TextField, Value
from django.db.models.functions import Coalesce, Concat, Left

from salesmgmt.lib.finding import Findable

from .models import Account, Activity, Contact, Contract, Deal, Lead, MarketNote, Order


def _joined(*parts: F, between: str = " · ") -> Coalesce:
    """Names with a sign between; what is missing is left out with its sign."""
    first, *rest = (Coalesce(part, Value(""), output_field=CharField()) for part in parts)
    pieces = [first]
    for part in rest:
        pieces += [Value(between), part]
    return Concat(*pieces, output_field=TextField())


FINDABLE = (
    Findable("Account", "Accounts", "building-2", Account, ("name",), "account", detail=F("industry"), likeness=True),
    Findable(
        "Contact", "Contacts", "contact", Contact, ("name", "email"), "account", detail=F("account__name"),
        page_of="account_id", only=Q(account__isnull=False), likeness=True,
    ),
    Findable(
        "Deal", "Deals", "briefcase", Deal, ("name",), "deal",
        detail=_joined(F("owner__name"), F("account__name"), F("status")), likeness=True, before=Q(status="open"),
    ),
    Findable(
        "Order", "Orders", "file-text", Order, ("number",), "order", title="number", detail=F("account__name"),
        only=~Q(number=""), latest="ordered_on",
    ),
    Findable(
        "Market note", "Market notes", "message-square", MarketNote, ("text",), "market-note",
        title=Left("text", 140), detail=_joined(F("owner__name"), F("competitor__name"), F("account__name")),
        latest="noted_at", fewest=3,
    ),
    Findable(
        "Activity", "Activities", "list-checks", Activity, ("outcome", "notes"), "activity",
        title=Left(Concat("outcome", Value(" "), "notes", output_field=TextField()), 140),
        detail=_joined(F("kind"), F("account__name"), F("owner__name")), only=~Q(notes=""), latest="occurred_at",
        fewest=3,
    ),
    Findable(
        "Lead", "Leads", "funnel", Lead, ("name", "company", "email"), "lead", detail=F("company"), likeness=True
    ),
    Findable(
        "Contract", "Contracts", "handshake", Contract,
        ("number", "terms", "quality_terms", "price_terms", "logistics_terms"), "contract",
        title=_joined(F("number"), F("account__name")), detail=F("account__name"), latest="starts_on", fewest=3,
    ),
)  # fmt: skip
