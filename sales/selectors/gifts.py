"""What was given to whom."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet, Sum

from sales.models import Contact, Gift
from salesmgmt.lib.money import to_cents
from teams.models import Viewer
from teams.selectors import rates


def given_in(contact: Contact, year: int) -> Decimal:
    """What a recipient was given in a calendar year, in reporting currency, by whomever."""
    return given_to([contact.pk], year).get(contact.pk, Decimal(0))


def given_to(contact_ids: Iterable[int], year: int) -> dict[int, Decimal]:
    """The same of several recipients; who was given nothing is left out."""
    rows = Gift.objects.present().filter(contact__in=list(contact_ids), given_on__year=year)
    gifts = list(rows.values_list("contact", "amount", "currency", "given_on"))
    worth = rates((currency, on) for _, _, currency, on in gifts) if gifts else {}
    sums: dict[int, Decimal] = defaultdict(Decimal)
    for contact, amount, currency, on in gifts:
        sums[contact] += to_cents(amount * worth[currency, on])
    return dict(sums)


def gifts(user: Viewer, *, owner: int | None = None, year: int | None = None) -> QuerySet[Gift]:
    """The register as far as somebody may see it."""
    found = Gift.objects.visible_to(user).select_related("contact", "account", "owner")
    asked: dict[str, Any] = {"owner": owner, "given_on__year": year}
    return found.filter(**{name: value for name, value in asked.items() if value})


def year_total(user: Viewer, day: date) -> tuple[int, list[tuple[Decimal, str]]]:
    """How many gifts this year, and their worth by currency."""
    rows = gifts(user, year=day.year).values_list("currency").annotate(total=Sum("amount")).order_by("currency")
    return gifts(user, year=day.year).count(), [(total, currency) for currency, total in rows]
