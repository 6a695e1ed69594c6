"""Questions about accounts."""

from typing import Any

from django.contrib.postgres.search import TrigramSimilarity
from django.db.models import Count, OuterRef, QuerySet, Subquery, Sum

from sales.models import (
    Account,
    Activity,
    Deal,
)
from teams.models import Viewer

MANY_ACCOUNTS = 1000


def accounts(user: Viewer, *, text: str = "", owner: int | None = None) -> QuerySet[Account]:
    """Accounts somebody may see."""
    found = Account.objects.visible_to(user).select_related("owner")
    if text:
        found = found.filter(name__icontains=text)
    return found.filter(owner=owner) if owner else found


def account_options(user: Viewer, text: str, *, count: int = 10) -> list[str]:
    """Names of accounts that hold a text, for an input that suggests."""
    found = Account.objects.visible_to(user).filter(name__icontains=text) if text else Account.objects.visible_to(user)
    return list(found.order_by("name", "pk").values_list("name", flat=True)[:count])


def alike_accounts(user: Viewer, name: str) -> QuerySet[Account]:
    """Accounts with nearly this name, among what somebody may see."""
    return (
        Account.objects.visible_to(user)
        .filter(name__icontains=name[:3])
        .annotate(likeness=TrigramSimilarity("name", name))
        .filter(likeness__gte=0.6)
        .order_by("-likeness", "pk")
    )


def account_totals(user: Viewer, account: Account) -> dict[str, Any]:
    """What of an account's business somebody may see: open deals and what was ordered."""
    seen = Deal.objects.visible_to(user).filter(account=account, status="open")
    return seen.aggregate(open_count=Count("pk"), open_amount=Sum("amount"))


def with_last_activity(found: QuerySet[Account], user: Viewer) -> QuerySet[Account]:
    """Accounts with the day of the last activity that somebody may see."""
    last = (
        Activity.objects.visible_to(user).filter(account=OuterRef("pk")).order_by("-occurred_on").values("occurred_on")
    )
    return found.annotate(last_activity_on=Subquery(last[:1]))


def account_named(user: Viewer, pk: int | None) -> Account | None:
    """The account a URL names, if it is one to be seen."""
    return Account.objects.visible_to(user).filter(pk=pk).first() if pk else None
