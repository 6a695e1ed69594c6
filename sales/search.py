"""What can be found of customers and what happened with them."""

from django.db.models import F, Func, Q, TextField, Value
from django.db.models.functions import Concat, Left, NullIf

from salesmgmt.lib.finding import Findable

from .models import Account, Activity, Contact, Contract, Deal, Lead, MarketNote, Order


def _joined(*names: str) -> Func:
    """What there is of some texts, with a sign between."""
    said = (NullIf(F(name), Value("")) for name in names)
    return Func(Value(" · "), *said, function="concat_ws", output_field=TextField())


FINDABLE = (
    Findable("Account", "Accounts", "building-2", Account, ("name",), "account", detail=F("industry"), likeness=True),
    Findable(
        "Contact", "Contacts", "contact", Contact, ("name", "email"), "contact", detail=F("account__name"),
        likeness=True,
    ),
    Findable(
        "Deal", "Deals", "briefcase", Deal, ("name",), "deal",
        detail=_joined("owner__name", "account__name", "status"), likeness=True, before=Q(status="open"),
    ),
    Findable(
        "Order", "Orders", "file-text", Order, ("number",), "order", title="number", detail=F("account__name"),
        only=~Q(number=""), latest="ordered_on",
    ),
    Findable(
        "Market note", "Market notes", "message-square", MarketNote, ("text",), "market-note",
        title=Left("text", 140), detail=_joined("owner__name", "competitor__name", "account__name"),
        latest="noted_at", fewest=3,
    ),
    Findable(
        "Activity", "Activities", "list-checks", Activity, ("outcome", "notes"), "activity",
        title=Left(Concat("outcome", Value(" "), "notes", output_field=TextField()), 140),
        detail=_joined("kind", "account__name", "owner__name"), only=~Q(notes=""), latest="occurred_at",
        fewest=3,
    ),
    Findable(
        "Lead", "Leads", "funnel", Lead, ("name", "company", "email"), "lead", detail=F("company"), likeness=True
    ),
    Findable(
        "Contract", "Contracts", "handshake", Contract,
        ("number", "terms", "quality_terms", "price_terms", "logistics_terms"), "contract",
        title=_joined("number", "account__name"), latest="starts_on", fewest=3,
    ),
)  # fmt: skip
